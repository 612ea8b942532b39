-- Passwords that changed unseen. The trigger on the operator's table never fails the operator's statement: where it meets an
-- error (a full disk, a lock that lasts), the change goes through, and an alarm tells of it, if that can be written. The
-- subscriber would stay suspended with a new password, and nobody know. So the analyzer looks each minute whether a password is
-- another one than when the suspension began while nothing tells of a change. Who made it is not known, so it releases nobody: a
-- person is asked.

-- Keeps the suspension and asks a person, with an alarm.
CREATE FUNCTION guard.review_passwords(of_suspension guard.suspension, alarm text, what text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO guard.review AS r (incident_id, due_at, about)
    VALUES (of_suspension.incident_id,
            clock_timestamp() + make_interval(secs => guard.setting_of('review.due_seconds')::integer), 'passwords')
    ON CONFLICT (incident_id) DO UPDATE
    SET since = clock_timestamp(), due_at = excluded.due_at, about = 'passwords', escalated_at = NULL, outcome = NULL,
        decided_at = NULL, decided_by = NULL, reason = NULL;
    SELECT guard.raise_alarm(alarm, what)
$$;
CREATE OR REPLACE FUNCTION guard.review_passwords(of_suspension guard.suspension) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT guard.review_passwords(of_suspension, 'password_mass',
                                  'passwords of many suspended IDs were changed at once: they stay suspended')
$$;

-- All that are in force are others than those known of the suspension, and no change is recorded that is still to be judged.
CREATE FUNCTION guard.passwords_changed_unseen(of_suspension bigint) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT guard.password_verdict(jsonb_populate_record(NULL::guard.password_change, jsonb_build_object(
               'suspension_id', of_suspension, 'changed_by', ''))) = 'untrusted'
    AND NOT EXISTS (SELECT FROM guard.password_change WHERE suspension_id = of_suspension AND outcome IS NULL)
$$;

-- Of the suspensions that last, in no order and for a tenth of a second: without an index on the operator's table each takes a
-- while.
CREATE FUNCTION guard.find_unseen_passwords() RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    began     CONSTANT timestamptz := clock_timestamp();
    candidate bigint;
    suspended guard.suspension;
    unseen    bigint := 0;
BEGIN
    FOR candidate IN
        SELECT s.suspension_id FROM guard.suspension AS s
        WHERE s.released_at IS NULL
        AND EXISTS (SELECT FROM guard.known_password AS k WHERE k.suspension_id = s.suspension_id)
        ORDER BY random()
    LOOP
        EXIT WHEN clock_timestamp() > began + interval '100 milliseconds';
        CONTINUE WHEN NOT guard.passwords_changed_unseen(candidate);
        -- A change that is seen is judged, and commits, under this lock: behind it what is still there is unseen.
        SELECT * INTO suspended FROM guard.suspension
        WHERE suspension_id = candidate AND released_at IS NULL FOR NO KEY UPDATE;
        CONTINUE WHEN NOT FOUND OR NOT guard.passwords_changed_unseen(candidate);
        PERFORM guard.remember_passwords(candidate);
        PERFORM guard.review_passwords(suspended, 'password_watch',
                                       'the password of a suspended ID was changed unseen: it stays suspended');
        INSERT INTO guard.audit (actor, action, object, detail)
        VALUES ('guard', 'password changed unseen', 'incident:' || suspended.incident_id,
                jsonb_build_object('suspension', candidate, 'suspended', true));
        unseen := unseen + 1;
    END LOOP;
    RETURN unseen;
END $$;

CREATE OR REPLACE FUNCTION guard.judge_password_changes() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    change guard.password_change;
    judged bigint := 0;
BEGIN
    FOR change IN SELECT * FROM guard.password_change WHERE outcome IS NULL ORDER BY change_id FOR UPDATE SKIP LOCKED LOOP
        BEGIN
            PERFORM guard.judge_password_change(change);
            judged := judged + 1;
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'pppoe guard: change % could not be judged: %', change.change_id, SQLERRM;
        END;
    END LOOP;
    BEGIN
        PERFORM guard.find_unseen_passwords();
    EXCEPTION WHEN OTHERS THEN
        RAISE WARNING 'pppoe guard: it could not be seen whether passwords have changed: %', SQLERRM;
    END;
    RETURN judged;
END $$;

REVOKE ALL ON FUNCTION guard.review_passwords(guard.suspension, text, text), guard.passwords_changed_unseen(bigint),
    guard.find_unseen_passwords() FROM PUBLIC;
