-- Terms by class of data (R8, and R1/R2: no longer than needed): one list of what has a term, used by what deletes, by what
-- checks that nothing is past its term, and by the published account.

INSERT INTO guard.setting (key, value) VALUES
    ('retention.notable_days', '14'),
    ('retention.block_days', '30');

-- What of blocks is left for the published account when the blocks themselves go: no address.
CREATE TABLE guard.account (
    month   date NOT NULL CHECK (extract(day FROM month) = 1),
    section text NOT NULL,
    item    text NOT NULL,
    measure text NOT NULL,
    value   numeric NOT NULL,
    PRIMARY KEY (month, section, item, measure)
);

CREATE FUNCTION guard.days_of(key text) RETURNS interval
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT make_interval(days => guard.setting_of(key)::integer) $$;

-- Every row whose term runs: since when, and until when it may stay. Not in the list is what still lasts: an open suspension, a
-- notice on its way, an open alarm. The audit log goes by months, each counted from its end.
CREATE FUNCTION guard.terms() RETURNS TABLE (what text, row_id bigint, since timestamptz, ends timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.what, c.incident_id, c.since,
           c.since + CASE c.what WHEN 'notable findings' THEN guard.days_of('retention.notable_days')
                                 WHEN 'findings without effect' THEN guard.days_of('retention.recorded_days')
                                 ELSE guard.days_of('retention.incident_days') END
    FROM (
        SELECT i.incident_id, greatest(i.recorded_at, f.last, s.last, r.decided_at) AS since,
               CASE WHEN i.state <> 'recorded' OR r.outcome IS NOT NULL THEN 'cases' WHEN f.notable THEN 'notable findings'
                    ELSE 'findings without effect' END AS what
        FROM guard.incident AS i
        LEFT JOIN guard.review AS r USING (incident_id)
        CROSS JOIN LATERAL (SELECT max(x.recorded_at) AS last, bool_and(x.grade = 'notable') AS notable
                            FROM guard.finding AS x WHERE x.incident_id = i.incident_id) AS f
        CROSS JOIN LATERAL (SELECT max(x.released_at) AS last, bool_or(x.released_at IS NULL) AS open
                            FROM guard.suspension AS x WHERE x.incident_id = i.incident_id) AS s
        WHERE s.open IS NOT TRUE
        AND NOT EXISTS (SELECT FROM guard.notice AS n LEFT JOIN guard.delivery AS d USING (notice_id)
                        WHERE n.incident_id = i.incident_id AND (n.state = 'queued' OR d.state IN ('queued', 'sending')))
    ) AS c
    UNION ALL
    SELECT 'proofs of notice', n.notice_id, n.since, n.since + guard.days_of('retention.notice_days')
    FROM (SELECT x.notice_id,
                 greatest(x.created_at, x.sent_at, x.answered_at,
                          (SELECT max(greatest(d.accepted_at, d.bounced_at, d.answered_at, d.done_at))
                           FROM guard.delivery AS d WHERE d.notice_id = x.notice_id)) AS since
          FROM guard.notice AS x WHERE x.id IS NULL) AS n
    UNION ALL
    SELECT 'blocks', block_id, least(ended_at, expires_at), least(ended_at, expires_at) + guard.days_of('retention.block_days')
    FROM guard.block WHERE least(ended_at, expires_at) < clock_timestamp()
    UNION ALL
    SELECT 'alarms', alarm_id, closed_at, closed_at + guard.days_of('retention.alarm_days') FROM guard.alarm
    WHERE closed_at IS NOT NULL
    UNION ALL
    SELECT 'breakers', breaker_id, closed_at, closed_at + guard.days_of('retention.incident_days') FROM guard.breaker
    WHERE closed_at IS NOT NULL
    UNION ALL
    SELECT 'password changes', change_id, changed_at, changed_at + guard.days_of('retention.alarm_days')
    FROM guard.password_change WHERE outcome IS NOT NULL
    UNION ALL
    SELECT 'allow list', 0, expires_at, expires_at FROM guard.allowed WHERE expires_at < clock_timestamp()
    UNION ALL
    SELECT 'rate limits', 0, next_at, next_at FROM guard.pace WHERE next_at < clock_timestamp()
    UNION ALL
    SELECT 'tickets', 0, opened_at, opened_at + interval '1 day' FROM guard.evidence_ticket
    UNION ALL
    SELECT 'undo requests', undo_id, coalesce(approved_at, requested_at),
           coalesce(approved_at, requested_at) + guard.days_of('retention.audit_days') FROM guard.undo
    UNION ALL
    SELECT 'audit log', to_char(m.month, 'YYYYMM')::bigint, m.oldest,
           (m.month + interval '1 month') AT TIME ZONE 'UTC' + guard.days_of('retention.audit_days')
    FROM (SELECT guard.month_of(at) AS month, min(at) AS oldest FROM guard.audit GROUP BY 1) AS m
$$;

-- The list of all classes, and their terms in days; 0: at once.
CREATE FUNCTION guard.classes() RETURNS TABLE (place integer, what text, days integer)
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
                 (13, 'audit log', 'retention.audit_days', 0)) AS v (place, what, key, fixed)
$$;

-- How much of what is held, since when, and how much is past its term by more than `grace`: that must be 0.
CREATE FUNCTION guard.check_retention(grace interval DEFAULT '0')
RETURNS TABLE (what text, days integer, held bigint, oldest timestamptz, past bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.what, c.days, count(t.what), min(t.since), count(*) FILTER (WHERE t.ends < clock_timestamp() - grace)
    FROM guard.classes() AS c LEFT JOIN guard.terms() AS t ON t.what = c.what
    GROUP BY c.place, c.what, c.days ORDER BY c.place
$$;

CREATE FUNCTION guard.drop_incidents(old bigint[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    -- The key of a notice is made from the incident's, which holds the ID.
    UPDATE guard.notice SET id = NULL, idempotency_key = 'notice:' || notice_id, plan_at = NULL WHERE incident_id = ANY (old);
    DELETE FROM guard.disconnect WHERE incident_id = ANY (old);
    DELETE FROM guard.password_change AS c USING guard.suspension AS s
    WHERE c.suspension_id = s.suspension_id AND s.incident_id = ANY (old);
    DELETE FROM guard.suspension WHERE incident_id = ANY (old);
    DELETE FROM guard.incident WHERE incident_id = ANY (old);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

CREATE FUNCTION guard.drop_blocks(old bigint[]) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    INSERT INTO guard.account AS a (month, section, item, measure, value)
    SELECT guard.month_of(b.started_at), 'blocks', b.rule, m.measure, sum(m.value)
    FROM guard.block AS b
    CROSS JOIN LATERAL (VALUES ('count', 1), ('minutes', extract(epoch FROM least(b.ended_at, b.expires_at) - b.started_at) / 60),
                               ('attempts', b.attempts)) AS m (measure, value)
    WHERE b.block_id = ANY (old) AND b.enforced GROUP BY 1, 3, 4
    ON CONFLICT (month, section, item, measure) DO UPDATE SET value = a.value + excluded.value;
    DELETE FROM guard.block WHERE block_id = ANY (old);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

-- A month of the audit log: its partition goes as a whole, number and last hash of its rows stay. What somebody has locked is
-- left for the next time: nobody who writes into the log waits for this. Returns how many rows went.
CREATE FUNCTION guard.drop_audit_month(old date) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    name text := 'audit_' || to_char(old, 'YYYY_MM');
    gone bigint;
BEGIN
    -- All of it must be in the chain first, or what is dropped could not be accounted for.
    IF EXISTS (SELECT FROM guard.audit AS a WHERE guard.month_of(a.at) = old
               AND NOT EXISTS (SELECT FROM guard.audit_chain AS c WHERE c.audit_id = a.audit_id)) THEN RETURN 0; END IF;
    SELECT count(*) INTO gone FROM guard.audit AS a WHERE guard.month_of(a.at) = old;
    BEGIN
        IF to_regclass('guard.' || name) IS NOT NULL THEN EXECUTE format('DROP TABLE guard.%I', name); END IF;
        DELETE FROM guard.audit_other WHERE guard.month_of(at) = old;
    EXCEPTION WHEN lock_not_available THEN
        RETURN 0;
    END;
    DELETE FROM guard.audit_chain WHERE month = old;
    UPDATE guard.audit_month SET dropped_at = clock_timestamp() WHERE month = old;
    RETURN gone;
END $$;

-- Deletes what is past its term. Returns how many rows of what went; the counts, and nothing else, stay in the audit log.
-- Called by `guardctl retention run`, which a timer starts, and once a day by the analyzer.
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

DO $$
BEGIN
    -- Roles belong to the whole cluster: another database of it may have made them.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'guard_retention') THEN CREATE ROLE guard_retention NOLOGIN; END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'guard_importer') THEN CREATE ROLE guard_importer NOLOGIN; END IF;
END $$;

REVOKE ALL ON guard.account FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.days_of(text), guard.terms(), guard.classes(), guard.check_retention(interval),
    guard.drop_incidents(bigint[]), guard.drop_blocks(bigint[]), guard.drop_audit_month(date) FROM PUBLIC;
GRANT USAGE ON SCHEMA guard TO guard_retention;
GRANT SELECT ON guard.setting, guard.schema_version TO guard_retention;
GRANT EXECUTE ON FUNCTION guard.apply_retention(), guard.check_retention(interval), guard.seal_audit(boolean) TO guard_retention;
GRANT EXECUTE ON FUNCTION guard.check_retention(interval) TO guard_auditor, guard_desk;
GRANT SELECT ON guard.account TO guard_auditor;

-- Contracts and contacts, loaded from the customer system: `guardctl subscribers import`.
CREATE FUNCTION guard.note_import(new_rows bigint, changed bigint, removed bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('subscribers import', 'subscriber', jsonb_build_object('new', new_rows, 'changed', changed, 'removed', removed))
$$;
REVOKE ALL ON FUNCTION guard.note_import(bigint, bigint, bigint) FROM PUBLIC;
GRANT USAGE ON SCHEMA guard TO guard_importer;
GRANT SELECT ON guard.setting, guard.schema_version TO guard_importer;
GRANT SELECT, INSERT, UPDATE, DELETE ON guard.subscriber TO guard_importer;
GRANT EXECUTE ON FUNCTION guard.note_import(bigint, bigint, bigint), guard.setting_of(text) TO guard_importer;
