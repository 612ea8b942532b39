-- Data is kept for a set term and then deleted (R8, and R1/R2: no longer than needed). The terms are settings.

-- Deletes what is past its term. Returns how many rows of what went; the counts, and nothing else, stay in the audit log.
-- Called once a day by the analyzer.
CREATE FUNCTION guard.apply_retention() RETURNS TABLE (what text, gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now_is   timestamptz := clock_timestamp();
    recorded timestamptz := now_is - make_interval(days => guard.setting_of('retention.recorded_days')::integer);
    handled  timestamptz := now_is - make_interval(days => guard.setting_of('retention.incident_days')::integer);
    alarmed  timestamptz := now_is - make_interval(days => guard.setting_of('retention.alarm_days')::integer);
    audited  timestamptz := now_is - make_interval(days => guard.setting_of('retention.audit_days')::integer);
    old      bigint[];
BEGIN
    -- A finding that led to nothing goes early; one that a person or the machine acted on, after the longer term. Nothing
    -- goes while its ID is suspended, or while a notice is on its way.
    SELECT coalesce(array_agg(i.incident_id), '{}') INTO old
    FROM guard.incident AS i
    CROSS JOIN LATERAL (
        SELECT greatest(i.recorded_at, max(f.recorded_at)) AS at FROM guard.finding AS f
        WHERE f.incident_id = i.incident_id) AS last_finding
    CROSS JOIN LATERAL (
        SELECT max(s.released_at) AS at FROM guard.suspension AS s WHERE s.incident_id = i.incident_id) AS last_release
    WHERE greatest(last_finding.at, last_release.at) < CASE WHEN i.state = 'recorded' THEN recorded ELSE handled END
    AND NOT EXISTS (SELECT FROM guard.suspension AS s WHERE s.incident_id = i.incident_id AND s.released_at IS NULL)
    AND NOT EXISTS (SELECT FROM guard.notice AS n WHERE n.incident_id = i.incident_id AND n.state IN ('queued', 'sending'));

    DELETE FROM guard.notice WHERE incident_id = ANY (old);
    DELETE FROM guard.disconnect WHERE incident_id = ANY (old);
    DELETE FROM guard.password_change AS c USING guard.suspension AS s
    WHERE c.suspension_id = s.suspension_id AND s.incident_id = ANY (old);
    DELETE FROM guard.suspension WHERE incident_id = ANY (old);
    DELETE FROM guard.incident WHERE incident_id = ANY (old);
    what := 'incident'; GET DIAGNOSTICS gone = ROW_COUNT; RETURN NEXT;

    DELETE FROM guard.block WHERE least(ended_at, expires_at) < handled;
    what := 'block'; GET DIAGNOSTICS gone = ROW_COUNT; RETURN NEXT;
    DELETE FROM guard.alarm WHERE closed_at < alarmed;
    what := 'alarm'; GET DIAGNOSTICS gone = ROW_COUNT; RETURN NEXT;
    DELETE FROM guard.breaker WHERE closed_at < handled;
    what := 'breaker'; GET DIAGNOSTICS gone = ROW_COUNT; RETURN NEXT;
    DELETE FROM guard.password_change WHERE changed_at < alarmed AND outcome IS NOT NULL;
    what := 'password_change'; GET DIAGNOSTICS gone = ROW_COUNT; RETURN NEXT;
    DELETE FROM guard.allowed WHERE expires_at < now_is;
    what := 'allowed'; GET DIAGNOSTICS gone = ROW_COUNT; RETURN NEXT;
    DELETE FROM guard.audit WHERE at < audited;
    what := 'audit'; GET DIAGNOSTICS gone = ROW_COUNT; RETURN NEXT;

    INSERT INTO guard.audit (action, object, detail)
    VALUES ('retention', 'incident', jsonb_build_object('incidents', cardinality(old)));
END $$;
