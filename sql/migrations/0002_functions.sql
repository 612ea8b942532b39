-- Settings with their defaults, the one normalisation of IDs, the audit log, notices, release.
-- Every function that runs with its owner's rights names its schemas in full and pins search_path.

INSERT INTO guard.setting (key, value) VALUES
    ('id.case', 'lower'),
    ('id.realm', 'keep'),
    ('trusted_password_roles', ''),
    ('mail.domain', 'pppoe-guard.invalid'),
    ('notice.language', 'ja'),
    ('notice.give_up_seconds', '259200'),
    ('retention.recorded_days', '30'),
    ('retention.incident_days', '180'),
    ('retention.alarm_days', '90'),
    ('retention.audit_days', '1095');

ALTER TABLE guard.setting
    ADD CONSTRAINT setting_id_case CHECK (key <> 'id.case' OR value IN ('lower', 'keep')),
    ADD CONSTRAINT setting_id_realm CHECK (key <> 'id.realm' OR value IN ('keep', 'strip')),
    ADD CONSTRAINT setting_mail_domain
        CHECK (key <> 'mail.domain' OR value ~ '^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$'),
    ADD CONSTRAINT setting_notice_language CHECK (key <> 'notice.language' OR value IN ('ja', 'en')),
    ADD CONSTRAINT setting_number CHECK (key !~ '_(days|seconds)$' OR value ~ '^[1-9][0-9]{0,8}$'),
    -- What staff did is kept for a year at the least, whoever edits the settings.
    ADD CONSTRAINT setting_audit_days CHECK (key <> 'retention.audit_days' OR value::integer >= 365);

CREATE FUNCTION guard.setting_of(key text) RETURNS text
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS
$$ SELECT value FROM guard.setting AS s WHERE s.key = setting_of.key $$;

-- IDs ------------------------------------------------------------------------------------------------------------------

-- The bytes in which a text is stored: those are what radiusd compares. Not convert_to(), which an index cannot use.
CREATE FUNCTION guard.stored_bytes(name text) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN decode(replace(name, '\', '\\'), 'escape');

-- event/identity.cpp without its limits on length. The escape format turns every byte into ASCII and back, so that the
-- regular expression and lower() see neither an encoding nor a NUL; an expression, so that the planner can inline it.
CREATE FUNCTION guard.normalised(name bytea, lower_case boolean, strip_realm boolean) RETURNS bytea
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN decode(
    CASE WHEN lower_case
         THEN lower(CASE WHEN strip_realm THEN regexp_replace(encode(name, 'escape'), '@[^@]*$', '')
                         ELSE encode(name, 'escape') END COLLATE "C")
         ELSE CASE WHEN strip_realm THEN regexp_replace(encode(name, 'escape'), '@[^@]*$', '')
                   ELSE encode(name, 'escape') END
    END, 'escape');

-- The ID under which everything is kept; NULL when nothing (or more than 253 bytes) is left.
CREATE FUNCTION guard.normalise_id(name bytea) RETURNS bytea
LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    id bytea := guard.normalised(name, guard.setting_of('id.case') = 'lower', guard.setting_of('id.realm') = 'strip');
BEGIN
    RETURN CASE WHEN octet_length(id) BETWEEN 1 AND 253 THEN id END;
END $$;

CREATE FUNCTION guard.normalise_id(name text) RETURNS bytea
LANGUAGE sql STABLE STRICT SET search_path = pg_catalog, pg_temp AS
$$ SELECT guard.normalise_id(guard.stored_bytes(name)) $$;

-- Audit ----------------------------------------------------------------------------------------------------------------

CREATE FUNCTION guard.audit_is_append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Past its term a row must go (R8); before, nobody deletes it.
    IF TG_OP = 'DELETE' THEN
        IF OLD.at < clock_timestamp() - make_interval(days => guard.setting_of('retention.audit_days')::integer) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'guard.audit is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON guard.audit
    FOR EACH ROW EXECUTE FUNCTION guard.audit_is_append_only();
CREATE TRIGGER audit_is_not_truncated BEFORE TRUNCATE ON guard.audit
    FOR EACH STATEMENT EXECUTE FUNCTION guard.audit_is_append_only();

-- For tables a person writes: what was there before and after. The arguments name the columns that identify the row.
CREATE FUNCTION guard.audit_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after  jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    object text := TG_TABLE_NAME;
BEGIN
    IF before IS NOT DISTINCT FROM after THEN RETURN NULL; END IF;
    FOR i IN 0 .. TG_NARGS - 1 LOOP
        object := object || ':' || (coalesce(after, before) ->> TG_ARGV[i]);
    END LOOP;
    INSERT INTO guard.audit (action, object, detail)
    VALUES (TG_TABLE_NAME || ' ' || lower(TG_OP), object, jsonb_build_object('before', before, 'after', after));
    RETURN NULL;
END $$;

CREATE TRIGGER setting_is_audited AFTER INSERT OR UPDATE OR DELETE ON guard.setting
    FOR EACH ROW EXECUTE FUNCTION guard.audit_change('key');
CREATE TRIGGER allowed_is_audited AFTER INSERT OR UPDATE OR DELETE ON guard.allowed
    FOR EACH ROW EXECUTE FUNCTION guard.audit_change('service', 'id');
CREATE TRIGGER breaker_is_audited AFTER INSERT OR UPDATE OR DELETE ON guard.breaker
    FOR EACH ROW EXECUTE FUNCTION guard.audit_change('breaker_id');

-- Raises an alarm, unless the same one is still open.
CREATE FUNCTION guard.raise_alarm(kind text, detail text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO guard.alarm (kind, detail)
    SELECT raise_alarm.kind, raise_alarm.detail
    WHERE NOT EXISTS (SELECT FROM guard.alarm AS a WHERE a.closed_at IS NULL
                      AND a.kind = raise_alarm.kind AND a.detail = raise_alarm.detail)
$$;

-- Notices --------------------------------------------------------------------------------------------------------------

-- What a notice needs and who queues it need not know. The Message-ID is fixed here, once: a second copy after a crash
-- carries the same one, and the mail system of the subscriber can fold the two.
CREATE FUNCTION guard.complete_notice() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.language := coalesce(NEW.language,
        (SELECT s.language FROM guard.subscriber AS s WHERE s.service = NEW.service AND s.id = NEW.id),
        guard.setting_of('notice.language'));
    NEW.give_up_at := coalesce(NEW.give_up_at,
        NEW.created_at + make_interval(secs => guard.setting_of('notice.give_up_seconds')::integer));
    NEW.message_id := coalesce(NEW.message_id,
        '<' || left(encode(sha256(convert_to('notice:' || NEW.idempotency_key, 'UTF8')), 'hex'), 40) || '@' ||
        guard.setting_of('mail.domain') || '>');
    RETURN NEW;
END $$;

CREATE TRIGGER notice_complete BEFORE INSERT ON guard.notice
    FOR EACH ROW EXECUTE FUNCTION guard.complete_notice();

-- What the notifier's configuration says about notices that the database makes by itself.
CREATE FUNCTION guard.configure_notices(mail_domain text, language text, give_up_seconds bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE guard.setting AS s SET value = n.value
    FROM (VALUES ('mail.domain', mail_domain), ('notice.language', language),
                 ('notice.give_up_seconds', give_up_seconds::text)) AS n (key, value)
    WHERE s.key = n.key AND s.value <> n.value
$$;

-- Wake-ups: the channel is the argument. They carry nothing, who is woken reads the table.
CREATE FUNCTION guard.wake() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], '');
    RETURN NULL;
END $$;

CREATE TRIGGER suspension_wakes AFTER INSERT OR UPDATE OR DELETE ON guard.suspension
    FOR EACH STATEMENT EXECUTE FUNCTION guard.wake('guard_enforcement');
CREATE TRIGGER block_wakes AFTER INSERT OR UPDATE OF ended_at OR DELETE ON guard.block
    FOR EACH STATEMENT EXECUTE FUNCTION guard.wake('guard_enforcement');
CREATE TRIGGER notice_wakes AFTER INSERT ON guard.notice
    FOR EACH STATEMENT EXECUTE FUNCTION guard.wake('guard_notice');

-- Release --------------------------------------------------------------------------------------------------------------

-- Ends the open suspension of an ID and all that hangs on it; false if there is none. Internal: who may call it, and on
-- what condition, is decided by staff_release, password_changed and the trigger on the password table.
CREATE FUNCTION guard.release_suspension(of_service text, of_id bytea, via text, by_whom text, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended guard.suspension;
BEGIN
    UPDATE guard.suspension
    SET released_at = greatest(clock_timestamp(), suspended_at), released_by = by_whom, release_channel = via,
        release_reason = why
    WHERE service = of_service AND id = of_id AND released_at IS NULL
    RETURNING * INTO ended;
    IF NOT FOUND THEN RETURN false; END IF;

    UPDATE guard.incident SET state = 'released' WHERE incident_id = ended.incident_id;
    UPDATE guard.disconnect SET state = 'cancelled', done_at = clock_timestamp()
    WHERE incident_id = ended.incident_id AND state IN ('queued', 'silent') AND done_at IS NULL;
    INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id)
    VALUES (ended.incident_id, 'released',
            'released:' || (SELECT incident_key FROM guard.incident WHERE incident_id = ended.incident_id) || ':' ||
            ended.suspension_id, of_service, of_id)
    ON CONFLICT (idempotency_key) DO NOTHING;
    INSERT INTO guard.audit (actor, action, object, detail)
    VALUES (by_whom, 'release', 'incident:' || ended.incident_id,
            jsonb_build_object('suspension', ended.suspension_id, 'channel', via, 'reason', why));
    RETURN true;
END $$;

-- A named member of staff ends a suspension. The reason is for whoever asks later; false if the ID is not suspended.
CREATE FUNCTION guard.staff_release(service text, id bytea, reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF coalesce(reason !~ '\S' OR length(reason) > 500, true) THEN
        RAISE EXCEPTION 'a release needs a reason of 1 to 500 characters' USING ERRCODE = 'check_violation';
    END IF;
    RETURN guard.release_suspension(service, id, 'staff', session_user, reason);
END $$;

-- What the desk reads on the phone. Reading a record is recorded (R7); an unknown number is an empty answer, also recorded.
CREATE FUNCTION guard.open_incident(number bigint, purpose text)
RETURNS TABLE (rule text, grade text, action text, reason text, summary_en text, summary_ja text,
               event_time timestamptz, kind text, address inet, region text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF coalesce(purpose !~ '\S' OR length(purpose) > 500, true) THEN
        RAISE EXCEPTION 'reading a record needs a purpose of 1 to 500 characters' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('read', 'incident:' || number, jsonb_build_object('purpose', purpose));
    RETURN QUERY
        SELECT f.rule, f.grade, f.action, f.reason, f.summary_en, f.summary_ja,
               coalesce(e.event_time, f.event_time), e.kind, e.address, e.region
        FROM guard.finding AS f LEFT JOIN guard.evidence AS e USING (finding_id)
        WHERE f.incident_id = number
        ORDER BY f.finding_id, e.position;
END $$;

-- The desk's list of who is suspended now; the evidence behind a line is opened by open_incident.
CREATE VIEW guard.suspended AS
    SELECT s.incident_id, s.service, encode(s.id, 'escape') AS id_text, s.id, s.rule, s.suspended_at,
           f.summary_en, f.summary_ja
    FROM guard.suspension AS s
    LEFT JOIN LATERAL (SELECT summary_en, summary_ja FROM guard.finding AS f
                       WHERE f.incident_id = s.incident_id ORDER BY (f.action = 'suspend') DESC, f.finding_id DESC
                       LIMIT 1) AS f ON true
    WHERE s.released_at IS NULL;
