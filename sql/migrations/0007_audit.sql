-- The audit log in monthly partitions, and a chain of hashes over it that shows a row that was changed, added or taken away.
--
-- A row is chained by a sealer after it was committed, never by whoever writes it: a chain in the writing transaction would
-- have to be locked until its end, and one idle session of the desk would then hold up every suspension.

DROP TRIGGER audit_is_append_only ON guard.audit;
DROP TRIGGER audit_is_not_truncated ON guard.audit;
DROP INDEX guard.audit_of_object;
ALTER TABLE guard.audit RENAME TO audit_before;

CREATE TABLE guard.audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor    text NOT NULL DEFAULT session_user,
    action   text NOT NULL CHECK (action <> ''),
    object   text NOT NULL,
    detail   jsonb NOT NULL DEFAULT '{}'
) PARTITION BY RANGE (at);
CREATE INDEX audit_of_object ON guard.audit (object);
CREATE INDEX audit_at ON guard.audit (at);

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON guard.audit
    FOR EACH ROW EXECUTE FUNCTION guard.audit_is_append_only();
CREATE TRIGGER audit_is_not_truncated BEFORE TRUNCATE ON guard.audit
    FOR EACH STATEMENT EXECUTE FUNCTION guard.audit_is_append_only();

-- For the months that nobody has made a partition for: no insert fails for want of one.
CREATE TABLE guard.audit_other PARTITION OF guard.audit DEFAULT;
CREATE TRIGGER audit_is_not_truncated BEFORE TRUNCATE ON guard.audit_other
    FOR EACH STATEMENT EXECUTE FUNCTION guard.audit_is_append_only();

CREATE FUNCTION guard.month_of(at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_trunc('month', at AT TIME ZONE 'UTC')::date;

-- Makes the partitions of this month and the next two. ATTACH does not wait for writers nor hold them up, as CREATE TABLE
-- PARTITION OF would; what a session keeps locked is tried again next time.
CREATE FUNCTION guard.make_audit_months() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
    month date;
    name  text;
BEGIN
    FOR month IN SELECT (guard.month_of(clock_timestamp()) + make_interval(months => n))::date FROM generate_series(0, 2) AS n LOOP
        name := 'audit_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass('guard.' || name) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE guard.%I (LIKE guard.audit INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
            EXECUTE format('REVOKE ALL ON guard.%I FROM PUBLIC', name);
            EXECUTE format('CREATE TRIGGER audit_is_not_truncated BEFORE TRUNCATE ON guard.%I '
                           'FOR EACH STATEMENT EXECUTE FUNCTION guard.audit_is_append_only()', name);
            EXECUTE format('ALTER TABLE guard.audit ATTACH PARTITION guard.%I FOR VALUES FROM (%L) TO (%L)', name,
                           month::text || ' 00:00:00+00', (month + interval '1 month')::date::text || ' 00:00:00+00');
        EXCEPTION WHEN lock_not_available OR check_violation THEN
            NULL;  -- locked, or rows of that month are in audit_other already: they stay there
        END;
    END LOOP;
END $$;
SELECT guard.make_audit_months();

INSERT INTO guard.audit (audit_id, at, actor, action, object, detail) OVERRIDING SYSTEM VALUE
SELECT audit_id, at, actor, action, object, detail FROM guard.audit_before ORDER BY audit_id;
SELECT setval(pg_get_serial_sequence('guard.audit', 'audit_id'), greatest(max(audit_id), 1)) FROM guard.audit_before;
DROP TABLE guard.audit_before;

-- The chain --------------------------------------------------------------------------------------------------------------

-- One row for each month that has sealed rows; it stays when the rows go, and with it their number and last hash.
CREATE TABLE guard.audit_month (
    month          date PRIMARY KEY CHECK (extract(day FROM month) = 1),
    sealed         bigint NOT NULL DEFAULT 0 CHECK (sealed >= 0),
    after_month    date,            -- the chain goes on where that of this month stood when the first row was sealed
    after_position bigint,
    first_hash     bytea NOT NULL,
    last_hash      bytea NOT NULL,
    dropped_at     timestamptz,
    CONSTRAINT audit_month_after_complete CHECK ((after_month IS NULL) = (after_position IS NULL)),
    CONSTRAINT audit_month_after_earlier CHECK (after_month < month)
);

CREATE TABLE guard.audit_chain (
    month    date NOT NULL REFERENCES guard.audit_month,
    position bigint NOT NULL CHECK (position >= 1),
    audit_id bigint NOT NULL UNIQUE,
    hash     bytea NOT NULL,
    PRIMARY KEY (month, position)
);

CREATE FUNCTION guard.audit_hash(before bytea, audit_id bigint, at timestamptz, actor text, action text, object text, detail jsonb)
RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(before || convert_to(jsonb_build_array(audit_id, (extract(epoch FROM at) * 1000000)::bigint, actor, action,
                                                     object, detail)::text, 'UTF8'));

-- Chains the rows that were committed and are not chained yet; called once a minute. Rows of an open transaction are not seen
-- and nobody waits for them: they take a later place. Looks at the last two days, with `everything` at all. Returns how many.
CREATE FUNCTION guard.seal_audit(everything boolean DEFAULT false) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    line   record;
    chain  guard.audit_month;
    before guard.audit_month;
    done   bigint := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(x'617564697473'::bigint) THEN RETURN 0; END IF;  -- "audits": one sealer at a time
    PERFORM guard.make_audit_months();
    FOR line IN SELECT a.*, guard.month_of(a.at) AS month FROM guard.audit AS a
                WHERE (everything OR a.at > clock_timestamp() - interval '2 days')
                AND NOT EXISTS (SELECT FROM guard.audit_chain AS c WHERE c.audit_id = a.audit_id)
                ORDER BY month, a.audit_id LIMIT CASE WHEN everything THEN NULL ELSE 5000 END LOOP
        IF chain.month IS DISTINCT FROM line.month THEN
            -- Once a month and not once a row: each version of that row would be one more to step over.
            UPDATE guard.audit_month SET sealed = chain.sealed, last_hash = chain.last_hash WHERE month = chain.month;
            SELECT * INTO chain FROM guard.audit_month WHERE month = line.month;
            IF NOT FOUND THEN
                SELECT * INTO before FROM guard.audit_month WHERE month < line.month ORDER BY month DESC LIMIT 1;
                chain.month := line.month;
                chain.sealed := 0;
                chain.last_hash := sha256(convert_to('guard.audit ' || line.month, 'UTF8') || coalesce(before.last_hash, ''));
                INSERT INTO guard.audit_month (month, after_month, after_position, first_hash, last_hash)
                VALUES (chain.month, before.month, before.sealed, chain.last_hash, chain.last_hash);
            END IF;
        END IF;
        chain.sealed := chain.sealed + 1;
        chain.last_hash := guard.audit_hash(chain.last_hash, line.audit_id, line.at, line.actor, line.action, line.object,
                                            line.detail);
        INSERT INTO guard.audit_chain VALUES (chain.month, chain.sealed, line.audit_id, chain.last_hash);
        done := done + 1;
    END LOOP;
    UPDATE guard.audit_month SET sealed = chain.sealed, last_hash = chain.last_hash WHERE month = chain.month;
    RETURN done;
END $$;

-- What the chain of a month says of its rows: empty, or the first fault.
CREATE FUNCTION guard.audit_fault(chain guard.audit_month) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before   guard.audit_month;
    line     record;
    expected bytea := chain.first_hash;
    counted  bigint := 0;
    linked   bytea := '';
BEGIN
    IF chain.after_month IS NOT NULL THEN
        SELECT * INTO before FROM guard.audit_month WHERE month = chain.after_month;
        IF NOT FOUND THEN RETURN 'the month before it, ' || to_char(chain.after_month, 'YYYY-MM') || ', is missing'; END IF;
        IF chain.after_position = before.sealed THEN linked := before.last_hash;
        ELSIF before.dropped_at IS NULL THEN
            SELECT c.hash INTO linked FROM guard.audit_chain AS c
            WHERE c.month = chain.after_month AND c.position = chain.after_position;
        ELSE linked := NULL;  -- the row it goes on from went with its term
        END IF;
    END IF;
    IF linked IS NOT NULL AND chain.first_hash <> sha256(convert_to('guard.audit ' || chain.month, 'UTF8') || linked) THEN
        RETURN 'it does not go on from the month before it';
    END IF;
    IF chain.dropped_at IS NOT NULL THEN RETURN ''; END IF;
    FOR line IN SELECT c.position, c.audit_id AS chained, c.hash, a.* FROM guard.audit_chain AS c
                LEFT JOIN guard.audit AS a ON a.audit_id = c.audit_id AND guard.month_of(a.at) = chain.month
                WHERE c.month = chain.month ORDER BY c.position LOOP
        counted := counted + 1;
        IF line.position <> counted THEN RETURN 'a row is missing before place ' || line.position; END IF;
        IF line.audit_id IS NULL THEN RETURN 'row ' || line.chained || ' is missing'; END IF;
        expected := guard.audit_hash(expected, line.audit_id, line.at, line.actor, line.action, line.object, line.detail);
        IF expected <> line.hash THEN RETURN 'row ' || line.chained || ' was changed'; END IF;
    END LOOP;
    IF counted <> chain.sealed OR expected <> chain.last_hash THEN RETURN 'rows are missing at the end'; END IF;
    RETURN '';
END $$;

-- Every month of the log, held against its chain. `known`: a hash that was noted earlier, in hexadecimal, in whatever month.
CREATE FUNCTION guard.verify_audit(known text DEFAULT NULL)
RETURNS TABLE (month date, sealed bigint, not_sealed bigint, last_hash text, dropped_at timestamptz, holds_known boolean, fault text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH loose AS (
        SELECT guard.month_of(a.at) AS month, count(*) AS number FROM guard.audit AS a
        WHERE NOT EXISTS (SELECT FROM guard.audit_chain AS c WHERE c.audit_id = a.audit_id) GROUP BY 1
    )
    SELECT coalesce(m.month, l.month), coalesce(m.sealed, 0), coalesce(l.number, 0), encode(m.last_hash, 'hex'), m.dropped_at,
           coalesce(encode(m.last_hash, 'hex') = lower(known) OR EXISTS (
               SELECT FROM guard.audit_chain AS c WHERE c.month = m.month AND encode(c.hash, 'hex') = lower(known)), false),
           CASE WHEN m.month IS NULL THEN '' ELSE guard.audit_fault(m) END
    FROM guard.audit_month AS m FULL JOIN loose AS l ON l.month = m.month
    ORDER BY 1
$$;

-- The log without the IDs that rows of the allow list name.
CREATE VIEW guard.audit_log AS
    SELECT audit_id, at, actor, action,
           CASE WHEN object LIKE 'allowed:%' THEN 'allowed:' || split_part(object, ':', 2) ELSE object END AS object,
           CASE WHEN object LIKE 'allowed:%' THEN detail #- '{before,id}' #- '{after,id}' ELSE detail END AS detail
    FROM guard.audit;

REVOKE ALL ON guard.audit, guard.audit_other, guard.audit_month, guard.audit_chain, guard.audit_log FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.month_of(timestamptz), guard.make_audit_months(), guard.seal_audit(boolean),
    guard.audit_hash(bytea, bigint, timestamptz, text, text, text, jsonb), guard.audit_fault(guard.audit_month),
    guard.verify_audit(text) FROM PUBLIC;
GRANT INSERT ON guard.audit TO guard_analyzer;
GRANT EXECUTE ON FUNCTION guard.seal_audit(boolean) TO guard_analyzer, guard_auditor;
GRANT SELECT ON guard.audit_log TO guard_auditor;
GRANT EXECUTE ON FUNCTION guard.verify_audit(text) TO guard_auditor;
