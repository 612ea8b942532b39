-- A changed password ends a suspension (R1, R2: "until the danger is over"). FreeRADIUS's password table has no column that
-- says when a row was changed, so a trigger watches it. What it must not do:
--   * fail or hold up the operator's statement: every error ends as an alarm;
--   * copy a password: what is kept is a keyed digest that only the owner of this schema can read, and only for IDs that
--     are suspended, and only until they no longer are;
--   * release on a change that is none: the same value again, a nightly reload, a DELETE, another attribute;
--   * release on a change that the thief may have made: only trusted roles do, see setting trusted_password_roles.

CREATE TABLE guard.secret (
    name  text PRIMARY KEY,
    value bytea NOT NULL
);
-- Two keys of 64 bytes from the server's strong generator (a version 4 UUID holds 122 random bits).
INSERT INTO guard.secret
SELECT name, sha256(string_agg(uuid_send(gen_random_uuid()), '')) || sha256(string_agg(uuid_send(gen_random_uuid()), ''))
FROM (VALUES ('password.inner'), ('password.outer')) AS keys (name), generate_series(1, 8)
GROUP BY name;

-- Which tables hold passwords, and of which services. Written by install_radcheck_trigger.
CREATE TABLE guard.password_table (
    relation regclass PRIMARY KEY,
    services text[] NOT NULL CHECK (services <> '{}' AND services <@ ARRAY['pppoe', 'smtp_auth'])
);

-- The passwords that were in force when the suspension began, or were set since by somebody not trusted.
CREATE TABLE guard.known_password (
    suspension_id bigint NOT NULL REFERENCES guard.suspension ON DELETE CASCADE,
    attribute     text NOT NULL,
    digest        bytea NOT NULL,
    PRIMARY KEY (suspension_id, attribute, digest)
);

-- One row for each password row written of a suspended ID; judged when the transaction commits. No foreign key: its check
-- would wait for whoever has locked the suspension, and the operator's statement with it.
CREATE TABLE guard.password_change (
    change_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    suspension_id bigint NOT NULL,
    changed_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_by    text NOT NULL DEFAULT session_user,
    outcome       text CHECK (outcome IN ('released', 'same', 'old_remains', 'gone', 'untrusted', 'first_seen',
                                          'other_kind', 'already_released'))
);
CREATE INDEX password_change_open ON guard.password_change (change_id) WHERE outcome IS NULL;

-- Cleartext-Password, NT-Password, Crypt-Password, SSHA2-256-Password, PBKDF2-Password, Password-With-Header, ...
CREATE FUNCTION guard.is_password_attribute(attribute text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(attribute) ~ '(^|-)password$' OR lower(attribute) = 'password-with-header';

-- A nested keyed hash (the construction of HMAC with two independent keys): without the keys, which stay in guard.secret,
-- a digest does not let anyone try passwords.
CREATE FUNCTION guard.password_digest(attribute text, value text) RETURNS bytea
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT sha256((SELECT s.value FROM guard.secret AS s WHERE name = 'password.outer') ||
                  sha256((SELECT s.value FROM guard.secret AS s WHERE name = 'password.inner') ||
                         guard.stored_bytes(lower(attribute) || ':' || password_digest.value)))
$$;

-- The password rows of an ID as they are now, however its name is written in the table. The condition is spelled out with
-- constants so that the index sql/README.md proposes for large tables can serve it.
CREATE FUNCTION guard.current_passwords(of_service text, of_id bytea) RETURNS TABLE (attribute text, digest bytea)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    watched regclass;
BEGIN
    FOR watched IN SELECT t.relation FROM guard.password_table AS t WHERE of_service = ANY (t.services) LOOP
        RETURN QUERY EXECUTE format(
            'SELECT DISTINCT lower(attribute::text), guard.password_digest(attribute::text, value::text) FROM %s '
            'WHERE guard.normalised(guard.stored_bytes(username::text), %L::boolean, %L::boolean) = $1 '
            'AND guard.is_password_attribute(attribute::text)',
            watched, guard.setting_of('id.case') = 'lower', guard.setting_of('id.realm') = 'strip') USING of_id;
    END LOOP;
END $$;

-- Member of a trusted role by grant. Not pg_has_role(): that holds a superuser to be a member of every role, and a nightly
-- reload by a superuser is no password change.
CREATE FUNCTION guard.is_trusted(who text) RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE granted AS (
        SELECT oid FROM pg_roles WHERE rolname = who
        UNION
        SELECT m.roleid FROM pg_auth_members AS m JOIN granted ON m.member = granted.oid
    )
    SELECT EXISTS (SELECT FROM granted JOIN pg_roles USING (oid)
                   WHERE rolname = ANY (regexp_split_to_array(guard.setting_of('trusted_password_roles'), '\s*,\s*')))
$$;

-- Remembers the present passwords of a suspended ID as known: none of them will release it.
CREATE FUNCTION guard.remember_passwords(of_suspension bigint) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO guard.known_password (suspension_id, attribute, digest)
    SELECT s.suspension_id, c.attribute, c.digest
    FROM guard.suspension AS s, guard.current_passwords(s.service, s.id) AS c
    WHERE s.suspension_id = of_suspension
    ON CONFLICT DO NOTHING
$$;

-- For handlers of errors: an alarm, or if even that fails a warning. Never an error.
CREATE FUNCTION guard.report_failure(what text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM guard.raise_alarm('password_watch', what);
EXCEPTION WHEN OTHERS THEN
    RAISE WARNING 'pppoe guard: %; and no alarm: %', what, SQLERRM;
END $$;

CREATE FUNCTION guard.suspension_begins() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
    IF NEW.released_at IS NULL THEN PERFORM guard.remember_passwords(NEW.suspension_id); END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS THEN
    -- The suspension counts; that the password cannot release it is for a person to know.
    PERFORM guard.report_failure('passwords unknown at the beginning of suspension ' || NEW.suspension_id || ': ' ||
                                 SQLERRM);
    RETURN NULL;
END $$;
CREATE TRIGGER suspension_begins AFTER INSERT ON guard.suspension
    FOR EACH ROW EXECUTE FUNCTION guard.suspension_begins();

CREATE FUNCTION guard.suspension_ends() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM guard.known_password WHERE suspension_id = NEW.suspension_id;
    RETURN NULL;
END $$;
CREATE TRIGGER suspension_ends AFTER UPDATE OF released_at ON guard.suspension
    FOR EACH ROW WHEN (NEW.released_at IS NOT NULL) EXECUTE FUNCTION guard.suspension_ends();

-- What a change of the password rows means, judged on all of them together as they are at the end of the transaction.
CREATE FUNCTION guard.password_verdict(change guard.password_change) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    verdict text;
BEGIN
    WITH suspended AS (
        SELECT service, id FROM guard.suspension WHERE suspension_id = change.suspension_id
    ), now_set AS (
        SELECT c.attribute, k.digest IS NOT NULL AS known
        FROM suspended, guard.current_passwords(suspended.service, suspended.id) AS c
        LEFT JOIN guard.known_password AS k
            ON k.suspension_id = change.suspension_id AND k.attribute = c.attribute AND k.digest = c.digest
    ), known_before AS (
        SELECT attribute FROM guard.known_password WHERE suspension_id = change.suspension_id
    )
    SELECT CASE
        WHEN count(*) = 0 THEN 'gone'
        WHEN bool_and(known) THEN 'same'
        WHEN NOT EXISTS (SELECT FROM known_before) THEN 'first_seen'
        -- The stolen password still opens the door beside the new one.
        WHEN bool_or(known) THEN 'old_remains'
        -- Another way to store the password, say a hash instead of the clear text: whether it is a new one cannot be seen.
        WHEN NOT bool_or(attribute IN (SELECT k.attribute FROM known_before AS k)) THEN 'other_kind'
        WHEN NOT guard.is_trusted(change.changed_by) THEN 'untrusted'
        ELSE 'released'
    END INTO verdict FROM now_set;
    RETURN verdict;
END $$;

-- Acts on one change. Returns the outcome.
CREATE FUNCTION guard.judge_password_change(change guard.password_change) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    suspended guard.suspension;
    verdict   text;
BEGIN
    SELECT * INTO suspended FROM guard.suspension WHERE suspension_id = change.suspension_id FOR NO KEY UPDATE;
    verdict := CASE WHEN suspended.released_at IS NOT NULL THEN 'already_released' ELSE guard.password_verdict(change) END;
    IF verdict = 'released' THEN
        PERFORM guard.release_suspension(suspended.service, suspended.id, 'password', change.changed_by,
                                         'the password was changed');
    ELSIF verdict NOT IN ('same', 'gone', 'already_released') THEN
        -- Half of a change ('old_remains') is not held against the other half; any other value now counts as known, or
        -- the next reload of the table by a trusted role would release on it.
        IF verdict <> 'old_remains' THEN PERFORM guard.remember_passwords(change.suspension_id); END IF;
        INSERT INTO guard.audit (actor, action, object, detail)
        VALUES (change.changed_by,
                CASE verdict WHEN 'untrusted' THEN 'password changed by an untrusted role'
                             WHEN 'old_remains' THEN 'password added, the old one remains'
                             WHEN 'first_seen' THEN 'password set, none was known when the suspension began'
                             ELSE 'password stored in another form' END,
                'incident:' || suspended.incident_id,
                jsonb_build_object('suspension', suspended.suspension_id, 'suspended', true));
    END IF;
    UPDATE guard.password_change SET outcome = verdict WHERE change_id = change.change_id;
    RETURN verdict;
END $$;

-- query_canceled is named because OTHERS leaves it out: a statement_timeout of the operator's that runs out in here must not
-- take the operator's change with it. The row keeps no outcome, so judge_password_changes() tries again.
CREATE FUNCTION guard.password_change_commits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
    PERFORM guard.judge_password_change(NEW);
    RETURN NULL;
EXCEPTION WHEN OTHERS OR query_canceled THEN
    PERFORM guard.report_failure('a password change of suspension ' || NEW.suspension_id || ' could not be judged: ' ||
                                 SQLERRM);
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER password_change_commits AFTER INSERT ON guard.password_change
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION guard.password_change_commits();

-- Judges what an error left open; the analyzer calls it once a minute. Returns how many were judged.
CREATE FUNCTION guard.judge_password_changes() RETURNS bigint
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
    RETURN judged;
END $$;

-- On the operator's table. Runs for every row of a nightly reload, hence small statements, each with a plan that stays: about
-- 15 us a password row and 4 us any other (one statement that does it all takes 33 us).
CREATE FUNCTION guard.radcheck_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    lower_case  boolean;
    strip_realm boolean;
    changed     bytea;
BEGIN
    IF guard.is_password_attribute(NEW.attribute::text) THEN
        SELECT value = 'lower' INTO lower_case FROM guard.setting WHERE key = 'id.case';
        SELECT value = 'strip' INTO strip_realm FROM guard.setting WHERE key = 'id.realm';
        changed := guard.normalised(guard.stored_bytes(NEW.username::text), lower_case, strip_realm);
        PERFORM FROM guard.suspension AS s
        WHERE s.id = changed AND s.released_at IS NULL AND s.service = ANY (TG_ARGV[0]::text[]);
        IF FOUND THEN
            INSERT INTO guard.password_change (suspension_id)
            SELECT s.suspension_id FROM guard.suspension AS s
            WHERE s.id = changed AND s.released_at IS NULL AND s.service = ANY (TG_ARGV[0]::text[]);
        END IF;
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS OR query_canceled THEN
    PERFORM guard.report_failure('a password change in ' || TG_RELID::regclass || ' was not seen: ' || SQLERRM);
    RETURN NULL;
END $$;

-- Watches a table of the form of FreeRADIUS's radcheck (username, attribute, value). `services`: whose passwords are in it;
-- one radiusd that serves both from one table has one password for both. Calling it again changes the services.
CREATE FUNCTION guard.install_radcheck_trigger(relation regclass, services text[] DEFAULT ARRAY['pppoe', 'smtp_auth'])
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO guard.password_table AS t VALUES (relation, services)
    ON CONFLICT ON CONSTRAINT password_table_pkey DO UPDATE SET services = excluded.services;
    EXECUTE format('CREATE OR REPLACE TRIGGER pppoe_guard AFTER INSERT OR UPDATE ON %s FOR EACH ROW '
                   'EXECUTE FUNCTION guard.radcheck_changed(%L)', relation, services);
    PERFORM guard.remember_passwords(s.suspension_id) FROM guard.suspension AS s
    WHERE s.released_at IS NULL AND s.service = ANY (services)
    AND NOT EXISTS (SELECT FROM guard.known_password AS k WHERE k.suspension_id = s.suspension_id);
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('watch passwords', relation::text, jsonb_build_object('services', services));
END $$;

-- For operators whose passwords are elsewhere (LDAP, a customer portal): the trusted channel says so itself. False if the
-- ID is not suspended; a role that is not trusted is refused, and that is recorded by its error.
CREATE FUNCTION guard.password_changed(service text, id bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT guard.is_trusted(session_user) THEN
        RAISE EXCEPTION 'role % is not in trusted_password_roles', session_user USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN guard.release_suspension(service, id, 'password', session_user, 'the password was changed');
END $$;

DO $$
BEGIN
    IF to_regclass('public.radcheck') IS NOT NULL THEN
        PERFORM guard.install_radcheck_trigger('public.radcheck');
    END IF;
END $$;
