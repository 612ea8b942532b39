-- What was left open in the life of a suspension: state machines as constraints, rights down to the column, channels of
-- password changes by name, mass changes of passwords, IDs as rlm_sql writes them, mass events as one row for the desk.

-- State machines -----------------------------------------------------------------------------------------------------------

CREATE FUNCTION guard.incident_may_move() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state <> ALL (CASE OLD.state
                         WHEN 'recorded' THEN ARRAY['review', 'suspended', 'closed']
                         WHEN 'review' THEN ARRAY['suspended', 'closed']
                         WHEN 'suspended' THEN ARRAY['released']
                         WHEN 'closed' THEN ARRAY['suspended']
                         ELSE ARRAY[]::text[] END)
       OR NEW.state = 'released' AND EXISTS (SELECT FROM guard.suspension AS s
                                             WHERE s.incident_id = NEW.incident_id AND s.released_at IS NULL) THEN
        RAISE EXCEPTION 'an incident that is % cannot become %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'incident_may_move';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER incident_may_move BEFORE UPDATE OF state ON guard.incident
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION guard.incident_may_move();

-- A suspension ends once, and is about one ID and one incident for good.
CREATE FUNCTION guard.suspension_may_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.released_at IS NOT NULL AND NEW.released_at IS NULL
       OR (NEW.incident_id, NEW.service, NEW.id, NEW.rule) IS DISTINCT FROM (OLD.incident_id, OLD.service, OLD.id, OLD.rule) THEN
        RAISE EXCEPTION 'a suspension can only be ended, and once'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'suspension_may_change';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER suspension_may_change BEFORE UPDATE ON guard.suspension
    FOR EACH ROW EXECUTE FUNCTION guard.suspension_may_change();

UPDATE guard.disconnect SET done_at = coalesce(done_at, clock_timestamp()) WHERE state NOT IN ('queued', 'silent');
UPDATE guard.disconnect SET state = 'given_up' WHERE state IN ('queued', 'silent') AND done_at IS NOT NULL;
ALTER TABLE guard.disconnect
    ADD CONSTRAINT disconnect_done_complete CHECK ((state IN ('queued', 'silent')) = (done_at IS NULL));
CREATE FUNCTION guard.disconnect_may_move() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a disconnect that is % cannot become %', OLD.state, NEW.state
        USING ERRCODE = 'check_violation', CONSTRAINT = 'disconnect_may_move';
END $$;
CREATE TRIGGER disconnect_may_move BEFORE UPDATE OF state ON guard.disconnect
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state
                       AND (OLD.state NOT IN ('queued', 'silent') OR NEW.state = 'queued'))
    EXECUTE FUNCTION guard.disconnect_may_move();

-- Settings -----------------------------------------------------------------------------------------------------------------

INSERT INTO guard.setting (key, value) VALUES
    ('trusted_password_channels', ''),
    ('release.mass_count', '20');
ALTER TABLE guard.setting
    ADD CONSTRAINT setting_mass_count CHECK (key <> 'release.mass_count' OR value ~ '^[1-9][0-9]{0,8}$');

-- What the configuration file says, and nothing else: no term, no deadline.
CREATE FUNCTION guard.publish_setting(of_key text, new_value text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF of_key IS NULL OR of_key NOT IN ('id.case', 'id.realm', 'trusted_password_roles', 'trusted_password_channels',
                                        'release.mass_count', 'mail.domain', 'notice.language', 'notice.give_up_seconds',
                                        'detection.modes', 'rules.version') THEN
        RAISE EXCEPTION 'setting % does not come from the configuration file', of_key
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE guard.setting AS s SET value = new_value WHERE s.key = of_key AND s.value <> new_value;
END $$;

-- IDs as rlm_sql writes them -----------------------------------------------------------------------------------------------

-- Unless auto_escape is set, rlm_sql asks for a name in a form of its own, and radcheck must hold it in that form or the login
-- fails: first with backslashes (\\, \", \t, \351), then every byte outside of safe_characters as =XX. "o'hara" is "o=27hara",
-- "isp\taro" is "isp=5C=5Ctaro". Both forms are the same ID.
CREATE FUNCTION guard.sql_unescaped(name bytea) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    half  bytea := '';
    plain bytea := '';
    at    integer := 1;
    code  text;
BEGIN
    WHILE at <= octet_length(name) LOOP
        code := encode(substr(name, at + 1, 2), 'escape');
        IF get_byte(name, at - 1) = 61 AND code ~ '^[0-9A-Fa-f]{2}$' THEN
            half := half || decode(code, 'hex');
            at := at + 3;
        ELSE
            half := half || substr(name, at, 1);
            at := at + 1;
        END IF;
    END LOOP;
    at := 1;
    WHILE at <= octet_length(half) LOOP
        code := encode(substr(half, at + 1, 3), 'escape');
        IF get_byte(half, at - 1) <> 92 OR at = octet_length(half) THEN
            plain := plain || substr(half, at, 1);
            at := at + 1;
        ELSIF code ~ '^[0-3][0-7]{2}$' THEN
            plain := plain || decode('\' || code, 'escape');
            at := at + 4;
        ELSE
            plain := plain || CASE left(code, 1) WHEN 'n' THEN '\x0a' WHEN 'r' THEN '\x0d' WHEN 't' THEN '\x09'
                                                 ELSE substr(half, at + 1, 1) END::bytea;
            at := at + 2;
        END IF;
    END LOOP;
    RETURN plain;
END $$;

-- With the safe_characters that FreeRADIUS ships. Characters of UTF-8 stay as they are; bytes that are none do not (`all_high`).
CREATE FUNCTION guard.sql_escaped(id bytea, lower_case boolean, all_high boolean) RETURNS bytea
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    escaped bytea := '';
    byte    integer;
    form    text;
BEGIN
    FOR at IN 0 .. octet_length(id) - 1 LOOP
        byte := get_byte(id, at);
        form := CASE WHEN byte = 92 THEN '=5C=5C' WHEN byte = 34 THEN '=5C=22' WHEN byte = 9 THEN '=5Ct' WHEN byte = 10 THEN '=5Cn'
                     WHEN byte = 13 THEN '=5Cr'
                     WHEN byte < 32 OR byte = 127 OR byte >= 128 AND all_high
                         THEN '=5C' || (byte >> 6) || (byte >> 3 & 7) || (byte & 7)
                     WHEN byte < 128 AND chr(byte) !~ '[@a-zA-Z0-9._: /-]' THEN '=' || upper(lpad(to_hex(byte), 2, '0')) END;
        escaped := escaped || coalesce(convert_to(CASE WHEN lower_case THEN lower(form) ELSE form END, 'UTF8'),
                                       substr(id, at + 1, 1));
    END LOOP;
    RETURN escaped;
END $$;

CREATE OR REPLACE FUNCTION guard.current_passwords(of_service text, of_id bytea) RETURNS TABLE (attribute text, digest bytea)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lower_case boolean := guard.setting_of('id.case') = 'lower';
    -- Most IDs have nothing to escape, and each suspension asks.
    forms      bytea[] := CASE WHEN encode(of_id, 'escape') ~ '^[@a-zA-Z0-9._: /-]*$' THEN ARRAY[of_id]
                               ELSE ARRAY[of_id, guard.sql_escaped(of_id, lower_case, false),
                                          guard.sql_escaped(of_id, lower_case, true)] END;
    watched    regclass;
BEGIN
    FOR watched IN SELECT t.relation FROM guard.password_table AS t WHERE of_service = ANY (t.services) LOOP
        RETURN QUERY EXECUTE format(
            'SELECT DISTINCT lower(attribute::text), guard.password_digest(attribute::text, value::text) FROM %s '
            'WHERE guard.normalised(guard.stored_bytes(username::text), %L::boolean, %L::boolean) = ANY ($1) '
            'AND guard.is_password_attribute(attribute::text)',
            watched, lower_case, guard.setting_of('id.realm') = 'strip') USING forms;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION guard.radcheck_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    lower_case  boolean;
    strip_realm boolean;
    changed     bytea;
    unescaped   bytea;
BEGIN
    IF guard.is_password_attribute(NEW.attribute::text) THEN
        SELECT value = 'lower' INTO lower_case FROM guard.setting WHERE key = 'id.case';
        SELECT value = 'strip' INTO strip_realm FROM guard.setting WHERE key = 'id.realm';
        changed := guard.normalised(guard.stored_bytes(NEW.username::text), lower_case, strip_realm);
        unescaped := changed;
        IF strpos(NEW.username::text, '=') > 0 THEN
            unescaped := guard.normalised(guard.sql_unescaped(guard.stored_bytes(NEW.username::text)), lower_case, strip_realm);
        END IF;
        PERFORM FROM guard.suspension AS s
        WHERE s.id IN (changed, unescaped) AND s.released_at IS NULL AND s.service = ANY (TG_ARGV[0]::text[]);
        IF FOUND THEN
            INSERT INTO guard.password_change (suspension_id)
            SELECT s.suspension_id FROM guard.suspension AS s
            WHERE s.id IN (changed, unescaped) AND s.released_at IS NULL AND s.service = ANY (TG_ARGV[0]::text[]);
        END IF;
    END IF;
    RETURN NULL;
EXCEPTION WHEN OTHERS OR query_canceled THEN
    PERFORM guard.report_failure('a password change in ' || TG_RELID::regclass || ' was not seen: ' || SQLERRM);
    RETURN NULL;
END $$;

-- Password changes: channels, and many at once -----------------------------------------------------------------------------

ALTER TABLE guard.password_change
    ADD COLUMN channel    text CHECK (channel ~ '\S' AND length(channel) <= 64),
    ADD COLUMN changed_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ADD COLUMN mass       boolean,   -- of one of many at once; empty: not asked
    DROP CONSTRAINT password_change_outcome_check,
    ADD CONSTRAINT password_change_outcome_check
        CHECK (outcome IN ('released', 'same', 'old_remains', 'gone', 'untrusted', 'first_seen', 'other_kind',
                           'already_released', 'mass'));
CREATE INDEX password_change_lately ON guard.password_change (changed_at) WHERE outcome IN ('released', 'mass');
CREATE INDEX password_change_together ON guard.password_change (changed_in);

-- What a person is asked about: a finding, or whether a suspension may end that many changes of passwords at once would have ended.
ALTER TABLE guard.review
    ADD COLUMN about text NOT NULL DEFAULT 'finding' CHECK (about IN ('finding', 'passwords'));

-- Whether this change would be one of more than release.mass_count that one role makes within ten minutes, or in one
-- transaction: then none of that transaction releases.
CREATE FUNCTION guard.is_mass_change(change guard.password_change) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    most     bigint := guard.setting_of('release.mass_count')::bigint;
    lately   bigint;
    together bigint;
    result   boolean;
BEGIN
    SELECT mass INTO result FROM guard.password_change WHERE change_id = change.change_id;
    IF result IS NOT NULL THEN RETURN result; END IF;
    SELECT count(DISTINCT p.suspension_id) INTO lately FROM guard.password_change AS p
    WHERE p.outcome IN ('released', 'mass') AND p.changed_at > clock_timestamp() - interval '10 minutes'
    AND p.changed_by = change.changed_by AND p.changed_in <> change.changed_in;
    SELECT count(DISTINCT p.suspension_id) INTO together FROM guard.password_change AS p
    WHERE p.changed_in = change.changed_in AND (p.outcome IS NULL OR p.outcome IN ('released', 'mass'));
    IF lately + together <= most THEN RETURN false; END IF;
    -- A reload writes every password again: only what differs counts.
    SELECT count(DISTINCT p.suspension_id) INTO together FROM guard.password_change AS p
    WHERE p.changed_in = change.changed_in
    AND (p.outcome IN ('released', 'mass') OR p.outcome IS NULL AND guard.password_verdict(p) = 'released');
    result := lately + together > most;
    UPDATE guard.password_change SET mass = result WHERE changed_in = change.changed_in AND outcome IS NULL;
    RETURN result;
END $$;

-- Keeps the suspension and asks a person.
CREATE FUNCTION guard.review_passwords(of_suspension guard.suspension) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO guard.review AS r (incident_id, due_at, about)
    VALUES (of_suspension.incident_id,
            clock_timestamp() + make_interval(secs => guard.setting_of('review.due_seconds')::integer), 'passwords')
    ON CONFLICT (incident_id) DO UPDATE
    SET since = clock_timestamp(), due_at = excluded.due_at, about = 'passwords', escalated_at = NULL, outcome = NULL,
        decided_at = NULL, decided_by = NULL, reason = NULL;
    SELECT guard.raise_alarm('password_mass', 'passwords of many suspended IDs were changed at once: they stay suspended')
$$;

CREATE OR REPLACE FUNCTION guard.judge_password_change(change guard.password_change) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    suspended guard.suspension;
    verdict   text;
BEGIN
    SELECT * INTO suspended FROM guard.suspension WHERE suspension_id = change.suspension_id FOR NO KEY UPDATE;
    verdict := CASE WHEN suspended.released_at IS NOT NULL THEN 'already_released' ELSE guard.password_verdict(change) END;
    IF verdict = 'released' AND guard.is_mass_change(change) THEN verdict := 'mass'; END IF;
    IF verdict = 'released' THEN
        PERFORM guard.release_suspension(suspended.service, suspended.id, 'password', change.changed_by,
                                         'the password was changed');
    ELSIF verdict NOT IN ('same', 'gone', 'already_released') THEN
        -- Half of a change ('old_remains') is not held against the other half; any other value now counts as known, or
        -- the next reload of the table by a trusted role would release on it.
        IF verdict <> 'old_remains' THEN PERFORM guard.remember_passwords(change.suspension_id); END IF;
        IF verdict = 'mass' THEN PERFORM guard.review_passwords(suspended); END IF;
        INSERT INTO guard.audit (actor, action, object, detail)
        VALUES (change.changed_by,
                CASE verdict WHEN 'untrusted' THEN 'password changed by an untrusted role'
                             WHEN 'old_remains' THEN 'password added, the old one remains'
                             WHEN 'first_seen' THEN 'password set, none was known when the suspension began'
                             WHEN 'mass' THEN 'password changed with many others'
                             ELSE 'password stored in another form' END,
                'incident:' || suspended.incident_id,
                jsonb_build_object('suspension', suspended.suspension_id, 'suspended', true));
    END IF;
    UPDATE guard.password_change SET outcome = verdict WHERE change_id = change.change_id;
    RETURN verdict;
END $$;

-- As before; what was judged when it was written (see password_changed_by) is not judged again.
DROP TRIGGER password_change_commits ON guard.password_change;
CREATE CONSTRAINT TRIGGER password_change_commits AFTER INSERT ON guard.password_change
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.outcome IS NULL)
    EXECUTE FUNCTION guard.password_change_commits();

-- A password was changed elsewhere (LDAP, a customer portal), through a channel that the caller names; with no name the role
-- itself must be trusted. Returns `released`, `not suspended`, `untrusted` or `mass`, all but the second audited.
CREATE FUNCTION guard.password_changed_by(of_service text, of_id bytea, of_channel text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    suspended guard.suspension;
    made      guard.password_change;
    verdict   text := CASE WHEN CASE WHEN of_channel IS NULL THEN guard.is_trusted(session_user)
                                     ELSE of_channel = ANY (regexp_split_to_array(
                                              guard.setting_of('trusted_password_channels'), '\s*,\s*')) END
                           THEN 'released' ELSE 'untrusted' END;
BEGIN
    SELECT * INTO suspended FROM guard.suspension AS s
    WHERE s.service = of_service AND s.id = of_id AND s.released_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'not suspended'; END IF;
    INSERT INTO guard.password_change (suspension_id, channel, outcome) VALUES (suspended.suspension_id, of_channel, verdict)
    RETURNING * INTO made;
    IF verdict = 'released' AND guard.is_mass_change(made) THEN
        verdict := 'mass';
        UPDATE guard.password_change SET outcome = verdict WHERE change_id = made.change_id;
    END IF;
    IF verdict = 'released' THEN
        PERFORM guard.release_suspension(of_service, of_id, 'password', session_user,
                                         'the password was changed' || coalesce(' through the channel ' || of_channel, ''));
        RETURN verdict;
    END IF;
    IF verdict = 'mass' THEN PERFORM guard.review_passwords(suspended); END IF;
    INSERT INTO guard.audit (action, object, detail)
    VALUES (CASE verdict WHEN 'mass' THEN 'password changed with many others'
                         ELSE 'password changed through an untrusted channel' END,
            'incident:' || suspended.incident_id,
            jsonb_build_object('suspension', suspended.suspension_id, 'suspended', true, 'channel', of_channel));
    RETURN verdict;
END $$;

CREATE OR REPLACE FUNCTION guard.password_changed(service text, id bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT guard.is_trusted(session_user) THEN
        RAISE EXCEPTION 'role % is not in trusted_password_roles', session_user USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN guard.password_changed_by(service, id, NULL) = 'released';
END $$;

CREATE OR REPLACE FUNCTION guard.escalate_reviews() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    late bigint;
BEGIN
    WITH escalated AS (
        UPDATE guard.review AS r SET escalated_at = clock_timestamp()
        FROM guard.incident AS i
        WHERE i.incident_id = r.incident_id AND r.outcome IS NULL AND r.escalated_at IS NULL
        AND i.state = CASE r.about WHEN 'passwords' THEN 'suspended' ELSE 'review' END
        AND r.due_at < clock_timestamp()
        RETURNING r.incident_id
    ), told AS (
        INSERT INTO guard.audit (actor, action, object)
        SELECT 'guard', 'review overdue', 'incident:' || incident_id FROM escalated RETURNING 1
    )
    SELECT count(*) INTO late FROM told;
    IF late > 0 THEN PERFORM guard.raise_alarm('review_overdue', 'incidents wait for a decision past their time'); END IF;
    RETURN late;
END $$;

-- Mass events --------------------------------------------------------------------------------------------------------------

-- Many IDs did the same at once (reason `storm`): one row for the desk, the cases behind it. No ID in it; it goes with the last
-- of its incidents.
CREATE TABLE guard.mass_event (
    mass_event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    service       text NOT NULL CHECK (service IN ('pppoe', 'smtp_auth')),
    regions       text NOT NULL,              -- between which they went, in the order of their names
    first_at      timestamptz NOT NULL,       -- of the findings
    last_at       timestamptz NOT NULL,
    outcome       text CHECK (outcome IN ('ordinary', 'dismissed')),
    decided_at    timestamptz,
    decided_by    text,
    reason        text,
    CONSTRAINT mass_event_in_order CHECK (first_at <= last_at),
    CONSTRAINT mass_event_decision_complete CHECK (num_nonnulls(outcome, decided_at, decided_by, reason) IN (0, 4))
);
CREATE INDEX mass_event_open ON guard.mass_event (service, regions) WHERE outcome IS NULL;
ALTER TABLE guard.incident ADD COLUMN mass_event_id bigint REFERENCES guard.mass_event ON DELETE SET NULL;
CREATE INDEX incident_of_mass_event ON guard.incident (mass_event_id) WHERE mass_event_id IS NOT NULL;

-- An event goes on while no half hour passes without a finding of it. Called by the analyzer in the transaction of the finding.
CREATE FUNCTION guard.join_mass_event(number bigint, of_regions text, at timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    case_of guard.incident;
    joined  bigint;
BEGIN
    SELECT * INTO case_of FROM guard.incident WHERE incident_id = number AND state = 'review' FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN NULL; END IF;
    SELECT m.mass_event_id INTO joined FROM guard.mass_event AS m
    WHERE m.service = case_of.service AND m.regions = of_regions AND m.outcome IS NULL
    AND at BETWEEN m.first_at - interval '30 minutes' AND m.last_at + interval '30 minutes'
    ORDER BY m.mass_event_id LIMIT 1 FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        INSERT INTO guard.mass_event (service, regions, first_at, last_at) VALUES (case_of.service, of_regions, at, at)
        RETURNING mass_event_id INTO joined;
    END IF;
    UPDATE guard.mass_event SET first_at = least(first_at, at), last_at = greatest(last_at, at) WHERE mass_event_id = joined;
    UPDATE guard.incident SET mass_event_id = joined WHERE incident_id = number;
    RETURN joined;
END $$;

CREATE FUNCTION guard.drop_mass_events() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM guard.mass_event AS m
    WHERE NOT EXISTS (SELECT FROM guard.incident AS i WHERE i.mass_event_id = m.mass_event_id);
    RETURN NULL;
END $$;
CREATE TRIGGER incidents_take_mass_events_along AFTER DELETE ON guard.incident
    FOR EACH STATEMENT EXECUTE FUNCTION guard.drop_mass_events();

-- `waiting`: for a person. `mass_event`: it is to be judged with others; a case that waits for another reason as well is not.
CREATE OR REPLACE VIEW guard.incidents AS
    SELECT i.incident_id, i.service, i.state, i.opened_at, f.rule, f.grade, f.why, f.findings, r.since, r.due_at,
           w.waiting AND r.due_at < clock_timestamp() AS overdue, r.outcome, r.decided_at, r.decided_by,
           w.waiting, CASE WHEN f.mass THEN i.mass_event_id END AS mass_event, r.about
    FROM guard.incident AS i
    LEFT JOIN guard.review AS r USING (incident_id)
    CROSS JOIN LATERAL (
        SELECT coalesce(r.outcome IS NULL AND i.state = CASE r.about WHEN 'passwords' THEN 'suspended' ELSE 'review' END, false)
                   AS waiting) AS w
    LEFT JOIN LATERAL (
        SELECT (array_agg(x.rule ORDER BY x.action = 'suspend' DESC, x.action = 'review' DESC, x.finding_id DESC))[1] AS rule,
               (array_agg(x.grade ORDER BY x.action = 'suspend' DESC, x.action = 'review' DESC, x.finding_id DESC))[1] AS grade,
               (array_agg(x.reason ORDER BY x.action = 'suspend' DESC, x.action = 'review' DESC, x.finding_id DESC))[1] AS why,
               count(*) AS findings,
               coalesce(bool_and(x.reason IS NOT DISTINCT FROM 'storm') FILTER (WHERE x.action IN ('review', 'suspend')), false)
                   AS mass
        FROM guard.finding AS x WHERE x.incident_id = i.incident_id) AS f ON true;

CREATE VIEW guard.mass_events AS
    SELECT m.mass_event_id, m.service, m.regions, m.first_at, m.last_at, i.incidents, i.waiting, i.due_at,
           coalesce(i.overdue, false) AS overdue, m.outcome, m.decided_at, m.decided_by
    FROM guard.mass_event AS m
    CROSS JOIN LATERAL (
        SELECT count(*) AS incidents, count(*) FILTER (WHERE v.waiting) AS waiting, min(v.due_at) FILTER (WHERE v.waiting) AS due_at,
               bool_or(v.overdue) AS overdue
        FROM guard.incident AS x JOIN guard.incidents AS v USING (incident_id)
        WHERE x.mass_event_id = m.mass_event_id AND v.mass_event = m.mass_event_id) AS i;

-- Tickets for a mass event, as for a case.
ALTER TABLE guard.evidence_ticket ADD COLUMN mass_event_id bigint;

CREATE OR REPLACE FUNCTION guard.incident_of_ticket(shown uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_one guard.evidence_ticket := guard.good_ticket(shown);
BEGIN
    IF found_one.mass_event_id IS NOT NULL THEN
        RAISE EXCEPTION 'this ticket is for a mass event' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN found_one.incident_id;
END $$;

-- A ticket that opens something now: of a committed transaction, for a quarter of an hour and for whoever asked for it.
CREATE FUNCTION guard.good_ticket(shown uuid) RETURNS guard.evidence_ticket
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_one guard.evidence_ticket;
BEGIN
    SELECT * INTO found_one FROM guard.evidence_ticket WHERE ticket = shown AND opened_by = session_user;
    IF NOT FOUND OR found_one.opened_at < clock_timestamp() - interval '15 minutes' THEN
        RAISE EXCEPTION 'no such ticket of yours, or it is older than 15 minutes' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF pg_xact_status(found_one.opened_in) IS DISTINCT FROM 'committed' THEN
        RAISE EXCEPTION 'the ticket opens nothing before its transaction has committed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN found_one;
END $$;

CREATE FUNCTION guard.mass_open(number bigint, purpose text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM guard.check_purpose(purpose);
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('read', 'mass event:' || number, jsonb_build_object('purpose', purpose));
    INSERT INTO guard.evidence_ticket (mass_event_id) VALUES (number) RETURNING ticket INTO made;
    RETURN made;
END $$;

-- The IDs behind a mass event, each with its newest finding.
CREATE FUNCTION guard.mass_read(ticket uuid)
RETURNS TABLE (incident_id bigint, id text, state text, waiting boolean, rule text, grade text, event_time timestamptz,
               summary_en text, summary_ja text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint := (guard.good_ticket(ticket)).mass_event_id;
BEGIN
    RETURN QUERY
        SELECT i.incident_id, encode(i.id, 'escape'), i.state, v.waiting AND v.mass_event IS NOT NULL, f.rule, f.grade,
               f.event_time, f.summary_en, f.summary_ja
        FROM guard.incident AS i JOIN guard.incidents AS v USING (incident_id)
        CROSS JOIN LATERAL (SELECT x.* FROM guard.finding AS x WHERE x.incident_id = i.incident_id
                            ORDER BY (x.reason = 'storm') DESC NULLS LAST, x.finding_id DESC LIMIT 1) AS f
        WHERE i.mass_event_id = number ORDER BY i.incident_id;
END $$;

-- All of its cases that wait, at once: ordinary or dismissed. That somebody misused an ID is found of that ID alone. Returns how
-- many were judged; NULL if there is no such event, 0 if nothing of it waits.
CREATE FUNCTION guard.decide_mass_event(number bigint, verdict text, why text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    member bigint;
    judged bigint := 0;
BEGIN
    PERFORM guard.check_purpose(why);
    IF verdict NOT IN ('ordinary', 'dismissed') THEN
        RAISE EXCEPTION 'a mass event is ordinary or dismissed; misuse is found of one ID' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM FROM guard.mass_event WHERE mass_event_id = number FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN NULL; END IF;
    FOR member IN SELECT v.incident_id FROM guard.incidents AS v WHERE v.mass_event = number AND v.waiting
                  ORDER BY v.incident_id LOOP
        PERFORM guard.decide_incident(member, verdict, why);
        judged := judged + 1;
    END LOOP;
    IF judged = 0 THEN RETURN 0; END IF;
    UPDATE guard.mass_event SET outcome = verdict, decided_at = clock_timestamp(), decided_by = session_user, reason = why
    WHERE mass_event_id = number;
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('mass event ' || verdict, 'mass event:' || number, jsonb_build_object('reason', why, 'incidents', judged));
    RETURN judged;
END $$;

-- The case --------------------------------------------------------------------------------------------------------------------

-- What the NASes answered when they were asked to end the sessions of a case.
CREATE FUNCTION guard.disconnects_read(ticket uuid)
RETURNS TABLE (created_at timestamptz, address inet, nas text, state text, tries integer, answer text, done_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint := guard.incident_of_ticket(ticket);
BEGIN
    RETURN QUERY
        SELECT d.created_at, d.address, d.nas, d.state, d.tries, d.last_answer, d.done_at
        FROM guard.disconnect AS d WHERE d.incident_id = number ORDER BY d.disconnect_id;
END $$;

-- An undo covers what was done until it was asked for, so that what is counted then can only become less.
CREATE OR REPLACE FUNCTION guard.undo_request(of_rule text, of_version text, since timestamptz, until timestamptz, why text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint;
    upto   timestamptz := least(until, clock_timestamp());
BEGIN
    PERFORM guard.check_purpose(why);
    INSERT INTO guard.undo (rule, rule_version, done_from, done_until, reason, suspensions, blocks, reviews)
    SELECT of_rule, of_version, since, upto, why, c.suspensions, c.blocks, c.reviews
    FROM guard.undo_count(of_rule, of_version, since, upto) AS c
    RETURNING undo_id INTO number;
    INSERT INTO guard.audit (action, object, detail)
    SELECT 'undo request', 'undo:' || number, to_jsonb(u) - 'undo_id' FROM guard.undo AS u WHERE undo_id = number;
    RETURN number;
END $$;

-- Rights --------------------------------------------------------------------------------------------------------------------

-- Whoever writes into the log without owning it does so in its own name; 'analyzer' is what the daemon calls itself.
CREATE FUNCTION guard.audit_names_who_writes() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.actor NOT IN (session_user, 'analyzer') AND NOT has_table_privilege('guard.audit', 'DELETE') THEN
        RAISE EXCEPTION 'the audit log is written in one''s own name' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_names_who_writes BEFORE INSERT ON guard.audit
    FOR EACH ROW EXECUTE FUNCTION guard.audit_names_who_writes();

REVOKE INSERT, UPDATE ON guard.setting FROM guard_analyzer;
REVOKE ALL ON guard.alarm, guard.audit, guard.breaker, guard.disconnect, guard.incident, guard.notice, guard.suspension
    FROM guard_analyzer;
REVOKE UPDATE ON guard.block FROM guard_analyzer;
GRANT UPDATE (last_attempt_at, expires_at, attempts, accepts, ended_at) ON guard.block TO guard_analyzer;
GRANT SELECT (breaker_id, closed_at), INSERT (reason) ON guard.breaker TO guard_analyzer;
GRANT INSERT (actor, action, object, detail) ON guard.audit TO guard_analyzer;
GRANT SELECT, INSERT (incident_id, service, id, address, nas), UPDATE (state, tries, due_at, last_answer, done_at)
    ON guard.disconnect TO guard_analyzer;
GRANT SELECT, INSERT (incident_key, service, id, state, opened_at), UPDATE (state) ON guard.incident TO guard_analyzer;
GRANT SELECT (idempotency_key), INSERT (incident_id, kind, idempotency_key, service, id) ON guard.notice TO guard_analyzer;
GRANT SELECT, INSERT (incident_id, service, id, rule) ON guard.suspension TO guard_analyzer;

-- The index that sql/README.md proposes for the operator's password table computes with these two, as whoever writes there: without
-- this right the operator's statement would fail. They read nothing, and without USAGE of the schema nobody else can call them.
GRANT EXECUTE ON FUNCTION guard.normalised(bytea, boolean, boolean), guard.stored_bytes(text) TO PUBLIC;

REVOKE ALL ON guard.mass_event, guard.mass_events FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.incident_may_move(), guard.suspension_may_change(), guard.disconnect_may_move(),
    guard.publish_setting(text, text), guard.sql_unescaped(bytea), guard.sql_escaped(bytea, boolean, boolean),
    guard.is_mass_change(guard.password_change), guard.review_passwords(guard.suspension),
    guard.password_changed_by(text, bytea, text), guard.join_mass_event(bigint, text, timestamptz), guard.drop_mass_events(),
    guard.good_ticket(uuid), guard.mass_open(bigint, text), guard.mass_read(uuid), guard.decide_mass_event(bigint, text, text),
    guard.disconnects_read(uuid), guard.audit_names_who_writes() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guard.publish_setting(text, text), guard.join_mass_event(bigint, text, timestamptz),
    guard.check_retention(interval) TO guard_analyzer;
GRANT EXECUTE ON FUNCTION guard.password_changed_by(text, bytea, text) TO guard_provisioning;
GRANT SELECT ON guard.mass_events TO guard_desk, guard_auditor;
GRANT EXECUTE ON FUNCTION guard.mass_open(bigint, text), guard.mass_read(uuid), guard.decide_mass_event(bigint, text, text),
    guard.disconnects_read(uuid) TO guard_desk;
