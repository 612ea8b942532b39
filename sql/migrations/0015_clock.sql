-- The guard against wrong clocks is one of the guards that are told of.

-- The figures of a month for the published account (R8), without an ID or an address. Small counts are still in here: who
-- publishes suppresses them (`guardctl report transparency`).
CREATE OR REPLACE FUNCTION guard.transparency(first_day date) RETURNS TABLE (section text, item text, measure text, value numeric)
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
    WHERE f.reason IN ('storm', 'breaker', 'lag', 'pool_table', 'clock', 'backend', 'no_contract', 'allowed')
    AND f.recorded_at >= span.since AND f.recorded_at < span.until GROUP BY 2
$$;
