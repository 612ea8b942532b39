-- Dead letters: what the analyzer decided and the tables would not take. A row that can never be stored must neither stop
-- what comes behind it nor get lost without a word.

CREATE TABLE guard.dead_letter (
    dead_letter_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    what           text NOT NULL CHECK (what IN ('decision', 'late session')),
    rule           text,
    service        text,
    id             bytea,                   -- of a source that guesses: none (R3)
    event_time     timestamptz,             -- left out when it was that which was refused
    sqlstate       text NOT NULL,
    content        bytea NOT NULL CHECK (octet_length(content) <= 65536)
);

-- Its term is that of a finding that led to nothing.
ALTER FUNCTION guard.terms() RENAME TO terms_of_cases;
CREATE FUNCTION guard.terms() RETURNS TABLE (what text, row_id bigint, since timestamptz, ends timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM guard.terms_of_cases()
    UNION ALL
    SELECT 'dead letters', dead_letter_id, at, at + guard.days_of('retention.recorded_days') FROM guard.dead_letter
$$;

CREATE OR REPLACE FUNCTION guard.classes() RETURNS TABLE (place integer, what text, days integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT v.place, v.what, coalesce(guard.setting_of(v.key)::integer, v.fixed)
    FROM (VALUES (1, 'notable findings', 'retention.notable_days', 0),
                 (2, 'findings without effect', 'retention.recorded_days', 0),
                 (3, 'cases', 'retention.incident_days', 0),
                 (4, 'blocks', 'retention.block_days', 0),
                 (5, 'proofs of notice', 'retention.notice_days', 0),
                 (6, 'alarms', 'retention.alarm_days', 0),
                 (7, 'breakers', 'retention.incident_days', 0),
                 (8, 'password changes', 'retention.alarm_days', 0),
                 (9, 'undo requests', 'retention.audit_days', 0),
                 (10, 'allow list', NULL, 0),
                 (11, 'rate limits', NULL, 0),
                 (12, 'tickets', NULL, 1),
                 (13, 'audit log', 'retention.audit_days', 0),
                 (14, 'dead letters', 'retention.recorded_days', 0)) AS v (place, what, key, fixed)
$$;

CREATE OR REPLACE FUNCTION guard.apply_retention() RETURNS TABLE (what text, gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now_is timestamptz := clock_timestamp();
    class  record;
    total  jsonb := '{}';
BEGIN
    PERFORM pg_advisory_xact_lock(x'72657461696e'::bigint);  -- "retain": one at a time
    PERFORM guard.seal_audit(true);
    FOR class IN SELECT c.what, coalesce(array_agg(t.row_id) FILTER (WHERE t.row_id IS NOT NULL), '{}') AS rows
                 FROM guard.classes() AS c LEFT JOIN guard.terms() AS t ON t.what = c.what AND t.ends < now_is
                 GROUP BY c.place, c.what ORDER BY c.place LOOP
        CASE class.what
            WHEN 'notable findings', 'findings without effect', 'cases' THEN gone := guard.drop_incidents(class.rows);
            WHEN 'blocks' THEN gone := guard.drop_blocks(class.rows);
            WHEN 'audit log' THEN
                SELECT coalesce(sum(guard.drop_audit_month(to_date(m::text, 'YYYYMM'))), 0) INTO gone
                FROM unnest(class.rows) AS m;
            ELSE
                CASE class.what
                    WHEN 'proofs of notice' THEN DELETE FROM guard.notice WHERE notice_id = ANY (class.rows);
                    WHEN 'alarms' THEN DELETE FROM guard.alarm WHERE alarm_id = ANY (class.rows);
                    WHEN 'breakers' THEN DELETE FROM guard.breaker WHERE breaker_id = ANY (class.rows);
                    WHEN 'password changes' THEN DELETE FROM guard.password_change WHERE change_id = ANY (class.rows);
                    WHEN 'undo requests' THEN DELETE FROM guard.undo WHERE undo_id = ANY (class.rows);
                    WHEN 'allow list' THEN DELETE FROM guard.allowed WHERE expires_at < now_is;
                    WHEN 'rate limits' THEN DELETE FROM guard.pace WHERE next_at < now_is;
                    WHEN 'dead letters' THEN DELETE FROM guard.dead_letter WHERE dead_letter_id = ANY (class.rows);
                    WHEN 'tickets' THEN DELETE FROM guard.evidence_ticket WHERE opened_at < now_is - interval '1 day';
                END CASE;
                GET DIAGNOSTICS gone = ROW_COUNT;
        END CASE;
        what := class.what;
        IF gone > 0 THEN total := total || jsonb_build_object(what, gone); END IF;
        RETURN NEXT;
    END LOOP;
    IF total <> '{}' THEN
        INSERT INTO guard.audit (action, object, detail) VALUES ('retention', 'all', total);
    END IF;
END $$;

-- In one look: how much there is of what, since when, and whether a person is wanted.
CREATE OR REPLACE FUNCTION guard.status() RETURNS TABLE (what text, number bigint, since timestamptz, wants_a_person boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'suspended', count(*), min(suspended_at), false FROM guard.suspension WHERE released_at IS NULL
    UNION ALL
    SELECT 'in review', count(*), min(since), count(*) > 0 FROM guard.incidents WHERE state = 'review' AND outcome IS NULL
    UNION ALL
    SELECT 'review overdue', count(*), min(due_at), count(*) > 0 FROM guard.incidents WHERE overdue
    UNION ALL
    SELECT 'breaker open', count(*), min(opened_at), count(*) > 0 FROM guard.breaker WHERE closed_at IS NULL
    UNION ALL
    SELECT 'open alarms', count(*), min(raised_at), count(*) > 0 FROM guard.alarm WHERE closed_at IS NULL
    UNION ALL
    SELECT 'blocked sources', count(*), min(started_at), false FROM guard.block
    WHERE enforced AND ended_at IS NULL AND expires_at > clock_timestamp()
    UNION ALL
    SELECT 'notices queued', count(*), min(created_at), false FROM guard.notice WHERE state = 'queued'
    UNION ALL
    SELECT 'disconnects not done', count(*), min(created_at), false FROM guard.disconnect WHERE done_at IS NULL
    UNION ALL
    SELECT 'on the allow list', count(*), min(created_at), false FROM guard.allowed WHERE expires_at > clock_timestamp()
    UNION ALL
    SELECT 'spools read', count(*), min(updated_at), coalesce(min(updated_at) < clock_timestamp() - interval '5 minutes', false)
    FROM guard.progress WHERE spool <> 'control'
    UNION ALL
    SELECT 'dead letters', count(*), min(at), false FROM guard.dead_letter  -- an alarm says so
    UNION ALL
    -- The deletion runs every hour.
    SELECT 'past its term', coalesce(sum(past), 0)::bigint, NULL, coalesce(sum(past), 0) > 0
    FROM guard.check_retention('2 hours')
$$;

-- To be read as a case is: that it is read is on record, and committed, before it is read.
CREATE FUNCTION guard.dead_letters_open(purpose text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM guard.check_purpose(purpose);
    INSERT INTO guard.audit (action, object, detail) VALUES ('read', 'dead_letters', jsonb_build_object('purpose', purpose));
    -- No case has this number: the ticket opens nothing else.
    INSERT INTO guard.evidence_ticket (incident_id) VALUES (0) RETURNING ticket INTO made;
    RETURN made;
END $$;

CREATE FUNCTION guard.dead_letters_read(ticket uuid)
RETURNS TABLE (number bigint, at timestamptz, what text, rule text, service text, id bytea, event_time timestamptz, sqlstate text,
               content bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF guard.incident_of_ticket(ticket) IS DISTINCT FROM 0 THEN
        RAISE EXCEPTION 'this ticket is not for the dead letters' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY SELECT d.dead_letter_id, d.at, d.what, d.rule, d.service, d.id, d.event_time, d.sqlstate, d.content
                 FROM guard.dead_letter AS d ORDER BY d.dead_letter_id;
END $$;

REVOKE ALL ON guard.dead_letter FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.terms(), guard.dead_letters_open(text), guard.dead_letters_read(uuid) FROM PUBLIC;
GRANT INSERT (what, rule, service, id, event_time, sqlstate, content) ON guard.dead_letter TO guard_analyzer;
GRANT EXECUTE ON FUNCTION guard.dead_letters_open(text), guard.dead_letters_read(uuid) TO guard_desk;
