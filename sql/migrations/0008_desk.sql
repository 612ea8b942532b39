-- What people decide and look at: review of findings, evidence by ticket, breaker, alarms, allow list, blocks.
-- Each function takes the name of whoever calls it from the database login (session_user) and writes it into the audit log.

INSERT INTO guard.setting (key, value) VALUES
    ('review.due_seconds', '86400'),
    ('detection.modes', '{"": "observe"}');   -- of the rules, "" for those not named; the analyzer writes it from its configuration
ALTER TABLE guard.setting
    ADD CONSTRAINT setting_modes CHECK (key <> 'detection.modes' OR value::jsonb ->> '' IN ('observe', 'review', 'enforce'));

-- The mode in which a rule runs.
CREATE FUNCTION guard.mode_of(rule text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(m ->> rule, m ->> '') FROM (SELECT guard.setting_of('detection.modes')::jsonb AS m) AS modes
$$;

-- A case that was closed and leads to a suspension after all is open again.
CREATE FUNCTION guard.suspension_opens_case() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE guard.incident SET state = 'suspended' WHERE incident_id = NEW.incident_id AND state <> 'suspended';
    RETURN NULL;
END $$;
CREATE TRIGGER suspension_opens_case AFTER INSERT ON guard.suspension
    FOR EACH ROW WHEN (NEW.released_at IS NULL) EXECUTE FUNCTION guard.suspension_opens_case();

-- Review -----------------------------------------------------------------------------------------------------------------

CREATE TABLE guard.review (
    incident_id  bigint PRIMARY KEY REFERENCES guard.incident ON DELETE CASCADE,
    since        timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at       timestamptz,           -- empty: it never waited, a person judged it afterwards
    escalated_at timestamptz,
    outcome      text CHECK (outcome IN ('misuse', 'ordinary', 'dismissed')),
    decided_at   timestamptz,
    decided_by   text,
    reason       text,
    CONSTRAINT review_decision_complete CHECK (num_nonnulls(outcome, decided_at, decided_by, reason) IN (0, 4))
);
CREATE INDEX review_open ON guard.review (due_at) WHERE outcome IS NULL;
CREATE INDEX review_decided ON guard.review (decided_at) WHERE outcome IS NOT NULL;

CREATE FUNCTION guard.review_begins() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO guard.review (incident_id, due_at)
    VALUES (NEW.incident_id, clock_timestamp() + make_interval(secs => guard.setting_of('review.due_seconds')::integer))
    ON CONFLICT (incident_id) DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER review_begins AFTER INSERT OR UPDATE OF state ON guard.incident
    FOR EACH ROW WHEN (NEW.state = 'review') EXECUTE FUNCTION guard.review_begins();
INSERT INTO guard.review (incident_id, due_at)
SELECT incident_id, clock_timestamp() + interval '1 day' FROM guard.incident WHERE state = 'review';

-- Past its time a review is told of again, as an alarm; it neither releases nor suspends. Called once a minute. Returns how
-- many went past it.
CREATE FUNCTION guard.escalate_reviews() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    late bigint;
BEGIN
    WITH escalated AS (
        UPDATE guard.review AS r SET escalated_at = clock_timestamp()
        FROM guard.incident AS i
        WHERE i.incident_id = r.incident_id AND i.state = 'review' AND r.outcome IS NULL AND r.escalated_at IS NULL
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

-- A person has found that it was misuse. In review that suspends, if the mode of the rule lets anything suspend; the breaker
-- limits machines. Returns what became of it.
CREATE FUNCTION guard.suspend_by_person(case_of guard.incident, why text) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    of_rule text;
BEGIN
    SELECT f.rule INTO of_rule FROM guard.finding AS f WHERE f.incident_id = case_of.incident_id
    ORDER BY (f.action = 'review') DESC, f.finding_id DESC LIMIT 1;
    IF of_rule IS NULL OR guard.mode_of(of_rule) = 'observe' THEN RETURN 'observed'; END IF;
    INSERT INTO guard.suspension (incident_id, service, id, rule)
    VALUES (case_of.incident_id, case_of.service, case_of.id, of_rule)
    ON CONFLICT (service, id) WHERE released_at IS NULL DO NOTHING;
    IF NOT FOUND THEN RETURN 'suspended already'; END IF;
    INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id)
    VALUES (case_of.incident_id, 'suspended', 'suspended:' || case_of.incident_key, case_of.service, case_of.id)
    ON CONFLICT (idempotency_key) DO NOTHING;
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('suspend', 'incident:' || case_of.incident_id, jsonb_build_object('rule', of_rule, 'reason', why));
    RETURN 'suspended';
END $$;

-- A named member of staff judges an incident, once; anew only after more was found:
--   misuse     in review: the ID is suspended; else the verdict alone is kept
--   ordinary   the subscriber's own doing: its places count as seen from now on
--   dismissed  nothing to go by, a fault of data: the places are held against nobody any longer, and teach nothing
-- The last two end the suspension of the incident, if it lasts. A verdict of misuse may be taken back, no other. Returns
-- `suspended`, `suspended already`, `observed` (the mode lets nothing suspend), `confirmed`, `released`, `closed`; and where
-- nothing was done `unknown`, `decided` (by somebody else), `allowed` (the ID is on the allow list).
CREATE FUNCTION guard.decide_incident(number bigint, verdict text, why text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    case_of guard.incident;
    before  text;
    result  text := 'closed';
BEGIN
    PERFORM guard.check_purpose(why);
    SELECT * INTO case_of FROM guard.incident WHERE incident_id = number FOR NO KEY UPDATE;
    IF NOT FOUND THEN RETURN 'unknown'; END IF;
    SELECT r.outcome INTO before FROM guard.review AS r WHERE r.incident_id = number
    AND NOT EXISTS (SELECT FROM guard.finding AS f WHERE f.incident_id = number AND f.recorded_at > r.decided_at) FOR UPDATE;
    IF before IS NOT NULL AND (before <> 'misuse' OR verdict = 'misuse') THEN RETURN 'decided'; END IF;
    IF verdict = 'misuse' AND case_of.state = 'review' THEN
        IF EXISTS (SELECT FROM guard.allowed AS a WHERE a.service = case_of.service AND a.id = case_of.id
                   AND a.expires_at > clock_timestamp()) THEN RETURN 'allowed'; END IF;
        result := guard.suspend_by_person(case_of, why);
    ELSIF verdict = 'misuse' THEN
        result := 'confirmed';
    ELSIF EXISTS (SELECT FROM guard.suspension AS s WHERE s.incident_id = number AND s.released_at IS NULL) THEN
        PERFORM guard.release_suspension(case_of.service, case_of.id, 'staff', session_user, why);
        result := 'released';
    END IF;
    UPDATE guard.incident SET state = 'closed' WHERE incident_id = number AND state IN ('review', 'recorded');
    INSERT INTO guard.review AS r (incident_id, outcome, decided_at, decided_by, reason)
    VALUES (number, verdict, clock_timestamp(), session_user, why)
    ON CONFLICT (incident_id) DO UPDATE
    SET outcome = excluded.outcome, decided_at = excluded.decided_at, decided_by = excluded.decided_by, reason = excluded.reason;
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('incident ' || verdict, 'incident:' || number, jsonb_build_object('reason', why, 'result', result));
    RETURN result;
END $$;

-- The desk's list: no ID, no address, no sentence. Who a case is about is read by ticket.
CREATE VIEW guard.incidents AS
    SELECT i.incident_id, i.service, i.state, i.opened_at, f.rule, f.grade, f.why, f.findings, r.since, r.due_at,
           i.state = 'review' AND r.outcome IS NULL AND r.due_at < clock_timestamp() AS overdue,
           r.outcome, r.decided_at, r.decided_by
    FROM guard.incident AS i
    LEFT JOIN guard.review AS r USING (incident_id)
    LEFT JOIN LATERAL (
        SELECT (array_agg(x.rule ORDER BY x.action = 'suspend' DESC, x.action = 'review' DESC, x.finding_id DESC))[1] AS rule,
               (array_agg(x.grade ORDER BY x.action = 'suspend' DESC, x.action = 'review' DESC, x.finding_id DESC))[1] AS grade,
               (array_agg(x.reason ORDER BY x.action = 'suspend' DESC, x.action = 'review' DESC, x.finding_id DESC))[1] AS why,
               count(*) AS findings
        FROM guard.finding AS x WHERE x.incident_id = i.incident_id) AS f ON true;

-- Evidence by ticket -----------------------------------------------------------------------------------------------------

-- To read a record is recorded (R7), and a rollback must not hide it: opening writes the audit row and gives a ticket, and
-- only a ticket of a transaction that has committed opens anything.
CREATE TABLE guard.evidence_ticket (
    ticket      uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    incident_id bigint,      -- empty: for the phone list
    opened_by   text NOT NULL DEFAULT session_user,
    opened_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    opened_in   xid8 NOT NULL DEFAULT pg_current_xact_id()
);

CREATE FUNCTION guard.evidence_open(number bigint, purpose text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM guard.check_purpose(purpose);
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('read', 'incident:' || number, jsonb_build_object('purpose', purpose));
    INSERT INTO guard.evidence_ticket (incident_id) VALUES (number) RETURNING ticket INTO made;
    RETURN made;
END $$;

-- The incident that a ticket opens, for a quarter of an hour and for whoever asked for it; NULL for the phone list.
CREATE FUNCTION guard.incident_of_ticket(shown uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
    RETURN found_one.incident_id;
END $$;

-- What the desk reads on the phone: findings, and the events they rest on.
CREATE FUNCTION guard.evidence_read(ticket uuid)
RETURNS TABLE (rule text, grade text, action text, reason text, summary_en text, summary_ja text,
               event_time timestamptz, kind text, address inet, region text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint := guard.incident_of_ticket(ticket);
BEGIN
    RETURN QUERY
        SELECT f.rule, f.grade, f.action, f.reason, f.summary_en, f.summary_ja,
               coalesce(e.event_time, f.event_time), e.kind, e.address, e.region
        FROM guard.finding AS f LEFT JOIN guard.evidence AS e USING (finding_id)
        WHERE f.incident_id = number
        ORDER BY f.finding_id, e.position;
END $$;

-- Whom the case is about, and what was decided; no row if there is no such incident.
CREATE FUNCTION guard.incident_read(ticket uuid)
RETURNS TABLE (incident_id bigint, service text, id text, state text, opened_at timestamptz, rule text, suspended_at timestamptz,
               released_at timestamptz, released_by text, release_reason text, due_at timestamptz, outcome text,
               decided_at timestamptz, decided_by text, decision_reason text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint := guard.incident_of_ticket(ticket);
BEGIN
    RETURN QUERY
        SELECT i.incident_id, i.service, encode(i.id, 'escape'), i.state, i.opened_at, s.rule, s.suspended_at, s.released_at,
               s.released_by, s.release_reason, r.due_at, r.outcome, r.decided_at, r.decided_by, r.reason
        FROM guard.incident AS i
        LEFT JOIN guard.review AS r ON r.incident_id = i.incident_id
        LEFT JOIN LATERAL (SELECT x.rule, x.suspended_at, x.released_at, x.released_by, x.release_reason
                           FROM guard.suspension AS x WHERE x.incident_id = i.incident_id
                           ORDER BY x.suspension_id DESC LIMIT 1) AS s ON true
        WHERE i.incident_id = number;
END $$;

-- The proof of every delivery of a case.
CREATE FUNCTION guard.notices_read(ticket uuid)
RETURNS TABLE (notice_id bigint, kind text, plan text, step integer, channel text, copy integer, state text, due_at timestamptz,
               tries integer, maybe_twice integer, recipient_masked text, answer text, accepted_at timestamptz,
               bounced_at timestamptz, answered_at timestamptz, done_at timestamptz, message_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint := guard.incident_of_ticket(ticket);
BEGIN
    RETURN QUERY
        SELECT n.notice_id, n.kind, n.plan, d.step, d.channel, d.copy, coalesce(d.state, n.state), d.due_at, d.tries, d.maybe_twice,
               d.recipient_masked, d.answer, d.accepted_at, d.bounced_at, d.answered_at, d.done_at, d.message_id
        FROM guard.notice AS n LEFT JOIN guard.delivery AS d USING (notice_id)
        WHERE n.incident_id = number ORDER BY n.notice_id, d.delivery_id;
END $$;

-- Whom to call: what is on the phone list and not answered. The one place where the desk sees names and numbers.
CREATE FUNCTION guard.phone_list_open(purpose text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM guard.check_purpose(purpose);
    INSERT INTO guard.audit (action, object, detail) VALUES ('read', 'phone_list', jsonb_build_object('purpose', purpose));
    INSERT INTO guard.evidence_ticket (incident_id) VALUES (NULL) RETURNING ticket INTO made;
    RETURN made;
END $$;

CREATE FUNCTION guard.phone_list_read(ticket uuid)
RETURNS TABLE (incident_id bigint, service text, kind text, listed_at timestamptz, language text, name text, phone text,
               suspended_at timestamptz, released_at timestamptz, summary text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF guard.incident_of_ticket(ticket) IS NOT NULL THEN
        RAISE EXCEPTION 'this ticket is for a case' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
        SELECT n.incident_id, n.service, n.kind, d.accepted_at, n.language, s.name, s.phone, u.suspended_at, u.released_at,
               CASE n.language WHEN 'ja' THEN f.summary_ja ELSE f.summary_en END
        FROM guard.delivery AS d
        JOIN guard.notice AS n USING (notice_id)
        LEFT JOIN guard.subscriber AS s ON s.service = n.service AND s.id = n.id
        LEFT JOIN LATERAL (SELECT x.suspended_at, x.released_at FROM guard.suspension AS x
                           WHERE x.incident_id = n.incident_id ORDER BY x.suspension_id DESC LIMIT 1) AS u ON true
        LEFT JOIN LATERAL (SELECT x.summary_ja, x.summary_en FROM guard.finding AS x WHERE x.incident_id = n.incident_id
                           ORDER BY (x.action = 'suspend') DESC, x.finding_id LIMIT 1) AS f ON true
        WHERE d.channel = 'phone_list' AND d.state = 'accepted' ORDER BY d.priority, d.accepted_at;
END $$;

-- A rollback after reading hid that it had been read.
DROP FUNCTION guard.open_incident(bigint, text), guard.open_notices(bigint, text), guard.phone_list(text);

-- Breaker, alarms, allow list, blocks ------------------------------------------------------------------------------------

-- False: it is closed already.
CREATE FUNCTION guard.close_breaker(why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number bigint;
BEGIN
    PERFORM guard.check_purpose(why);
    UPDATE guard.breaker SET closed_at = clock_timestamp(), closed_by = session_user WHERE closed_at IS NULL
    RETURNING breaker_id INTO number;
    IF NOT FOUND THEN RETURN false; END IF;
    UPDATE guard.alarm SET closed_at = clock_timestamp(), closed_by = session_user WHERE kind = 'breaker' AND closed_at IS NULL;
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('breaker close', 'breaker:' || number, jsonb_build_object('reason', why));
    RETURN true;
END $$;

ALTER TABLE guard.alarm ADD COLUMN closed_by text;

CREATE FUNCTION guard.close_alarm(number bigint, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM guard.check_purpose(why);
    UPDATE guard.alarm SET closed_at = clock_timestamp(), closed_by = session_user
    WHERE alarm_id = number AND closed_at IS NULL;
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('alarm close', 'alarm:' || number, jsonb_build_object('reason', why));
    RETURN true;
END $$;

-- A probe or a service ID may stay for a year, if somebody with a name has approved that; anything else 90 days.
ALTER TABLE guard.allowed
    ADD COLUMN approved_by text CHECK (approved_by <> ''),
    DROP CONSTRAINT allowed_at_most_90_days,
    ADD CONSTRAINT allowed_at_most_90_days
        CHECK (expires_at <= created_at + CASE WHEN approved_by IS NULL THEN interval '90 days' ELSE interval '366 days' END);

-- Puts an ID on the allow list, or renews it.
CREATE FUNCTION guard.allow_id(of_service text, of_id bytea, answers text, why text, until timestamptz, approval text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM guard.check_purpose(why);
    -- Said here and not left to the constraint, whose message would repeat the row with its ID.
    IF until <= clock_timestamp()
       OR until > clock_timestamp() + make_interval(days => (CASE WHEN approval IS NULL THEN 90 ELSE 366 END)) THEN
        RAISE EXCEPTION 'the expiry must be within 90 days; with a named approval of a probe, within 366'
            USING ERRCODE = 'check_violation';
    END IF;
    IF coalesce(answers !~ '\S' OR length(answers) > 200, true) OR approval !~ '\S' OR length(approval) > 200 THEN
        RAISE EXCEPTION 'owner and approval are names of 1 to 200 characters' USING ERRCODE = 'check_violation';
    END IF;
    INSERT INTO guard.allowed AS a (service, id, owner, reason, expires_at, created_by, approved_by)
    VALUES (of_service, of_id, answers, why, until, session_user, approval)
    ON CONFLICT (service, id) DO UPDATE
    SET owner = excluded.owner, reason = excluded.reason, expires_at = excluded.expires_at, created_by = excluded.created_by,
        created_at = excluded.created_at, approved_by = excluded.approved_by;
END $$;

CREATE FUNCTION guard.disallow_id(of_service text, of_id bytea, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM guard.check_purpose(why);
    DELETE FROM guard.allowed WHERE service = of_service AND id = of_id;
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('allowed removed', 'allowed:' || of_service, jsonb_build_object('reason', why));
    RETURN true;
END $$;

-- Ends a block before its time. The analyzer does not renew it: an attack that begins anew is a block of its own.
CREATE FUNCTION guard.lift_block(number bigint, why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM guard.check_purpose(why);
    UPDATE guard.block SET ended_at = clock_timestamp()
    WHERE block_id = number AND ended_at IS NULL AND expires_at > clock_timestamp();
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('block lift', 'block:' || number, jsonb_build_object('reason', why));
    RETURN true;
END $$;

-- Rights -----------------------------------------------------------------------------------------------------------------

REVOKE ALL ON guard.review, guard.incidents, guard.evidence_ticket FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.mode_of(text), guard.suspension_opens_case(), guard.review_begins(), guard.escalate_reviews(),
    guard.suspend_by_person(guard.incident, text), guard.decide_incident(bigint, text, text), guard.evidence_open(bigint, text),
    guard.incident_of_ticket(uuid), guard.evidence_read(uuid), guard.incident_read(uuid), guard.notices_read(uuid),
    guard.phone_list_open(text), guard.phone_list_read(uuid), guard.close_breaker(text),
    guard.close_alarm(bigint, text), guard.allow_id(text, bytea, text, text, timestamptz, text),
    guard.disallow_id(text, bytea, text), guard.lift_block(bigint, text) FROM PUBLIC;

GRANT SELECT ON guard.incidents, guard.breaker, guard.alarm, guard.allowed, guard.block TO guard_desk;
GRANT EXECUTE ON FUNCTION guard.decide_incident(bigint, text, text), guard.evidence_open(bigint, text), guard.evidence_read(uuid),
    guard.incident_read(uuid), guard.notices_read(uuid), guard.phone_list_open(text), guard.phone_list_read(uuid),
    guard.close_breaker(text), guard.close_alarm(bigint, text),
    guard.allow_id(text, bytea, text, text, timestamptz, text), guard.disallow_id(text, bytea, text),
    guard.lift_block(bigint, text) TO guard_desk;
GRANT SELECT ON guard.incidents, guard.review TO guard_auditor;
GRANT SELECT (incident_id, outcome, decided_at) ON guard.review TO guard_analyzer;
GRANT EXECUTE ON FUNCTION guard.escalate_reviews() TO guard_analyzer;
