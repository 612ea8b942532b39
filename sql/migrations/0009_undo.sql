-- Undoing what a rule did, when the rule or its data turn out to have been wrong: all that one version of it did in a range
-- of time, counted beforehand, asked for by one person and approved by another.

INSERT INTO guard.setting (key, value) VALUES ('rules.version', '');  -- of program and thresholds; the analyzer writes it

-- Under which version a finding was made and a source blocked; empty: before versions were written down.
ALTER TABLE guard.finding ADD COLUMN rule_version text NOT NULL DEFAULT '';
ALTER TABLE guard.finding ALTER COLUMN rule_version SET DEFAULT guard.setting_of('rules.version');
ALTER TABLE guard.block ADD COLUMN rule_version text NOT NULL DEFAULT '';
ALTER TABLE guard.block ALTER COLUMN rule_version SET DEFAULT guard.setting_of('rules.version');

CREATE TABLE guard.undo (
    undo_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule         text NOT NULL CHECK (rule <> ''),
    rule_version text,               -- empty: every version
    done_from    timestamptz NOT NULL,
    done_until   timestamptz NOT NULL,
    reason       text NOT NULL,
    suspensions  bigint NOT NULL,    -- counted when it was asked for
    blocks       bigint NOT NULL,
    reviews      bigint NOT NULL,
    requested_by text NOT NULL DEFAULT session_user,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    approved_by  text,
    approved_at  timestamptz,
    CONSTRAINT undo_in_order CHECK (done_from < done_until),
    CONSTRAINT undo_by_two CHECK (approved_by <> requested_by),
    CONSTRAINT undo_approval_complete CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);

-- What is to be undone: what of it is still in force. `of_version` NULL: whichever.
CREATE FUNCTION guard.undo_scope(of_rule text, of_version text, since timestamptz, until timestamptz)
RETURNS TABLE (what text, number bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'suspension', s.suspension_id FROM guard.suspension AS s
    WHERE s.released_at IS NULL AND s.rule = of_rule AND s.suspended_at >= since AND s.suspended_at < until
    AND (of_version IS NULL OR of_version = (
        SELECT f.rule_version FROM guard.finding AS f WHERE f.incident_id = s.incident_id AND f.rule = s.rule
        ORDER BY (f.action = 'suspend') DESC, f.finding_id DESC LIMIT 1))
    UNION ALL
    SELECT 'block', b.block_id FROM guard.block AS b
    WHERE b.ended_at IS NULL AND b.expires_at > clock_timestamp() AND b.rule = of_rule AND b.started_at >= since
    AND b.started_at < until AND (of_version IS NULL OR b.rule_version = of_version)
    UNION ALL
    -- Only cases that nothing but this rule has brought to a person.
    SELECT 'review', i.incident_id FROM guard.incident AS i
    WHERE i.state = 'review'
    AND EXISTS (SELECT FROM guard.finding AS f WHERE f.incident_id = i.incident_id AND f.action = 'review')
    AND NOT EXISTS (SELECT FROM guard.finding AS f WHERE f.incident_id = i.incident_id AND f.action IN ('review', 'suspend')
                    AND NOT (f.rule = of_rule AND f.recorded_at >= since AND f.recorded_at < until
                             AND (of_version IS NULL OR f.rule_version = of_version)))
$$;

CREATE FUNCTION guard.undo_count(of_rule text, of_version text, since timestamptz, until timestamptz)
RETURNS TABLE (suspensions bigint, blocks bigint, reviews bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) FILTER (WHERE what = 'suspension'), count(*) FILTER (WHERE what = 'block'),
           count(*) FILTER (WHERE what = 'review')
    FROM guard.undo_scope(of_rule, of_version, since, until)
$$;

-- Asks for it; nothing is undone yet. Returns the number to approve.
CREATE FUNCTION guard.undo_request(of_rule text, of_version text, since timestamptz, until timestamptz, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint;
BEGIN
    PERFORM guard.check_purpose(why);
    INSERT INTO guard.undo (rule, rule_version, done_from, done_until, reason, suspensions, blocks, reviews)
    SELECT of_rule, of_version, since, until, why, c.suspensions, c.blocks, c.reviews
    FROM guard.undo_count(of_rule, of_version, since, until) AS c
    RETURNING undo_id INTO number;
    INSERT INTO guard.audit (action, object, detail)
    SELECT 'undo request', 'undo:' || number, to_jsonb(u) - 'undo_id' FROM guard.undo AS u WHERE undo_id = number;
    RETURN number;
END $$;

-- A second person approves, and it is done. Refused: by who asked for it, twice, a week later, and if there is more to undo by now
-- than was asked for. What has ended by itself meanwhile is left out. Returns what was done.
CREATE FUNCTION guard.undo_approve(request bigint) RETURNS TABLE (suspensions bigint, blocks bigint, reviews bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asked guard.undo;
    line  record;
    text_of_it text;
BEGIN
    SELECT * INTO asked FROM guard.undo WHERE undo_id = request FOR UPDATE;
    IF NOT FOUND THEN RAISE EXCEPTION 'there is no such request' USING ERRCODE = 'no_data_found'; END IF;
    IF asked.approved_at IS NOT NULL THEN
        RAISE EXCEPTION 'this request was approved before' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    IF asked.requested_by = session_user THEN
        RAISE EXCEPTION 'a second person has to approve' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF asked.requested_at < clock_timestamp() - interval '7 days' THEN
        RAISE EXCEPTION 'the request is older than a week' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    suspensions := 0; blocks := 0; reviews := 0;
    text_of_it := left('undo ' || request || ': ' || asked.reason, 500);
    FOR line IN SELECT * FROM guard.undo_scope(asked.rule, asked.rule_version, asked.done_from, asked.done_until) LOOP
        IF line.what = 'suspension' THEN
            PERFORM guard.release_suspension(s.service, s.id, 'staff', session_user, text_of_it)
            FROM guard.suspension AS s WHERE s.suspension_id = line.number;
            INSERT INTO guard.review AS r (incident_id, outcome, decided_at, decided_by, reason)
            SELECT s.incident_id, 'dismissed', clock_timestamp(), session_user, text_of_it
            FROM guard.suspension AS s WHERE s.suspension_id = line.number
            ON CONFLICT (incident_id) DO UPDATE SET outcome = excluded.outcome, decided_at = excluded.decided_at,
                                                    decided_by = excluded.decided_by, reason = excluded.reason;
            suspensions := suspensions + 1;
        ELSIF line.what = 'block' THEN
            UPDATE guard.block SET ended_at = clock_timestamp() WHERE block_id = line.number;
            blocks := blocks + 1;
        ELSE
            PERFORM guard.decide_incident(line.number, 'dismissed', text_of_it);
            reviews := reviews + 1;
        END IF;
    END LOOP;
    IF suspensions > asked.suspensions OR blocks > asked.blocks OR reviews > asked.reviews THEN
        RAISE EXCEPTION 'there is more to undo by now than was asked for: ask again'
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    UPDATE guard.undo SET approved_by = session_user, approved_at = clock_timestamp() WHERE undo_id = request;
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('undo', 'undo:' || request,
            jsonb_build_object('suspensions', suspensions, 'blocks', blocks, 'reviews', reviews, 'requested_by', asked.requested_by));
    RETURN NEXT;
END $$;

REVOKE ALL ON guard.undo FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.undo_scope(text, text, timestamptz, timestamptz),
    guard.undo_count(text, text, timestamptz, timestamptz), guard.undo_request(text, text, timestamptz, timestamptz, text),
    guard.undo_approve(bigint) FROM PUBLIC;
GRANT SELECT ON guard.undo TO guard_desk, guard_auditor;
GRANT EXECUTE ON FUNCTION guard.undo_count(text, text, timestamptz, timestamptz),
    guard.undo_request(text, text, timestamptz, timestamptz, text), guard.undo_approve(bigint) TO guard_desk;
