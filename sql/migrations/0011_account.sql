-- The figures of a month for the published account (R8), without an ID or an address. Small counts are still in here: who
-- publishes suppresses them (`guardctl report transparency`).
CREATE FUNCTION guard.transparency(first_day date) RETURNS TABLE (section text, item text, measure text, value numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH span AS (
        SELECT date_trunc('month', first_day)::date AS month,
               date_trunc('month', first_day::timestamp) AT TIME ZONE 'UTC' AS since,
               (date_trunc('month', first_day::timestamp) + interval '1 month') AT TIME ZONE 'UTC' AS until
    ), suspended AS (
        SELECT s.rule, extract(epoch FROM s.released_at - s.suspended_at) / 60 AS minutes,
               CASE WHEN s.released_at IS NULL THEN 'still suspended' WHEN s.release_channel = 'password' THEN 'password changed'
                    WHEN s.release_reason LIKE 'undo %' THEN 'undone' ELSE 'released by staff' END AS ended,
               coalesce(r.outcome IN ('ordinary', 'dismissed'), false) AS wrong
        FROM span, guard.suspension AS s LEFT JOIN guard.review AS r USING (incident_id)
        WHERE s.suspended_at >= span.since AND s.suspended_at < span.until
    ), by_rule AS (
        SELECT s.rule, count(*) AS number, percentile_cont(0.5) WITHIN GROUP (ORDER BY s.minutes) AS median,
               percentile_cont(0.95) WITHIN GROUP (ORDER BY s.minutes) AS p95
        FROM suspended AS s GROUP BY s.rule
    ), blocked AS (
        SELECT b.rule AS item, m.measure, m.value
        FROM span, guard.block AS b
        CROSS JOIN LATERAL (VALUES ('count', 1::numeric),
                                   ('minutes', extract(epoch FROM least(b.ended_at, b.expires_at) - b.started_at) / 60),
                                   ('attempts', b.attempts)) AS m (measure, value)
        WHERE b.enforced AND b.started_at >= span.since AND b.started_at < span.until
        UNION ALL
        SELECT a.item, a.measure, a.value FROM span, guard.account AS a
        WHERE a.month = span.month AND a.section = 'blocks'
    )
    SELECT 'suspensions', b.rule, m.measure, m.value::numeric
    FROM by_rule AS b
    CROSS JOIN LATERAL (VALUES ('count', b.number::double precision), ('median_minutes', b.median), ('p95_minutes', b.p95))
        AS m (measure, value)
    WHERE m.value IS NOT NULL
    UNION ALL
    SELECT 'suspensions_ended', v.ended, 'count', count(s.ended)
    FROM (VALUES ('password changed'), ('released by staff'), ('undone'), ('still suspended')) AS v (ended)
    LEFT JOIN suspended AS s ON s.ended = v.ended GROUP BY v.ended
    UNION ALL
    SELECT 'suspensions_judged', v.item, 'count', count(s.wrong)
    FROM (VALUES ('wrongly suspended', true), ('not found wrong', false)) AS v (item, wrong)
    LEFT JOIN suspended AS s ON s.wrong = v.wrong GROUP BY v.item
    UNION ALL
    SELECT 'reviews', coalesce(r.outcome, 'waiting'), 'count', count(*)
    FROM span, guard.review AS r WHERE r.due_at IS NOT NULL AND r.since >= span.since AND r.since < span.until GROUP BY 2
    UNION ALL
    SELECT 'blocks', item, measure, sum(value) FROM blocked GROUP BY 2, 3
    UNION ALL
    SELECT 'notices', d.channel || ' ' || d.state, 'count', count(*)
    FROM span, guard.delivery AS d WHERE d.created_at >= span.since AND d.created_at < span.until GROUP BY 2
    UNION ALL
    SELECT 'breaker', 'opened', 'count', count(*) FROM span, guard.breaker AS b
    WHERE b.opened_at >= span.since AND b.opened_at < span.until
    UNION ALL
    SELECT 'guards', f.reason, 'count', count(DISTINCT f.incident_id)
    FROM span, guard.finding AS f
    WHERE f.reason IN ('storm', 'breaker', 'lag', 'pool_table', 'backend', 'no_contract', 'allowed')
    AND f.recorded_at >= span.since AND f.recorded_at < span.until GROUP BY 2
$$;

-- Status -----------------------------------------------------------------------------------------------------------------

-- In one look: how much there is of what, since when, and whether a person is wanted.
CREATE FUNCTION guard.status() RETURNS TABLE (what text, number bigint, since timestamptz, wants_a_person boolean)
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
    FROM guard.progress
    UNION ALL
    -- The deletion runs every hour.
    SELECT 'past its term', coalesce(sum(past), 0)::bigint, NULL, coalesce(sum(past), 0) > 0
    FROM guard.check_retention('2 hours')
$$;

-- Rights -----------------------------------------------------------------------------------------------------------------

REVOKE ALL ON FUNCTION guard.transparency(date), guard.status() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION guard.status() TO guard_desk, guard_auditor;
GRANT EXECUTE ON FUNCTION guard.transparency(date) TO guard_auditor;

-- The auditor reads the log without IDs; the log itself is the owner's.
REVOKE SELECT ON guard.audit FROM guard_auditor;
