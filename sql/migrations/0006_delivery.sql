-- A notice may go by several roads: by mail and by short message at once, by letter when nobody answers. The notice stays
-- what it was, one message to one subscriber about one incident; how it goes is in guard.delivery, one row for each road.

-- Whom to reach how (R1, R2: contact the subscriber individually). Loaded by the operator; the notifier alone reads it.
ALTER TABLE guard.subscriber
    ADD COLUMN phone          text CHECK (length(phone) <= 32),
    ADD COLUMN postal_code    text CHECK (length(postal_code) <= 16),
    ADD COLUMN postal_address text CHECK (length(postal_address) <= 500);

INSERT INTO guard.setting (key, value) VALUES ('retention.notice_days', '365');

-- The notice ----------------------------------------------------------------------------------------------------------

CREATE TABLE guard.delivery (
    delivery_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    notice_id        bigint NOT NULL REFERENCES guard.notice ON DELETE CASCADE,
    step             integer NOT NULL CHECK (step >= 1),      -- of the notice's plan
    channel          text NOT NULL CHECK (channel ~ '^[a-z][a-z0-9_]{0,31}$'),
    copy             integer NOT NULL DEFAULT 1 CHECK (copy >= 1),  -- more than one: a person had it sent again
    key              text NOT NULL UNIQUE,                    -- filled in by a trigger; the same for every try
    message_id       text NOT NULL UNIQUE,                    -- filled in by a trigger; the same for every try
    state            text NOT NULL DEFAULT 'queued'
                     CHECK (state IN ('queued', 'sending', 'accepted', 'answered', 'bounced', 'dead', 'cancelled')),
    priority         integer NOT NULL,                        -- of the notice
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    paced_at         timestamptz,                             -- the moment that the rate limit gave it
    give_up_at       timestamptz NOT NULL,
    tries            integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    maybe_twice      integer NOT NULL DEFAULT 0 CHECK (maybe_twice >= 0),
    leased_by        text,
    lease_until      timestamptz,
    recipient_masked text,
    answer           text,
    accepted_at      timestamptz,
    bounced_at       timestamptz,
    answered_at      timestamptz,
    done_at          timestamptz,
    UNIQUE (notice_id, channel, copy),
    CONSTRAINT delivery_lease_complete CHECK (num_nonnulls(leased_by, lease_until) IN (0, 2)),
    CONSTRAINT delivery_leased_while_open CHECK (leased_by IS NULL OR state IN ('queued', 'sending')),
    CONSTRAINT delivery_sending_is_leased CHECK (state <> 'sending' OR leased_by IS NOT NULL),
    CONSTRAINT delivery_accepted_complete CHECK (
        CASE state WHEN 'cancelled' THEN true
                   ELSE (state IN ('accepted', 'answered', 'bounced')) = (accepted_at IS NOT NULL) END),
    CONSTRAINT delivery_bounced_complete CHECK ((state = 'bounced') = (bounced_at IS NOT NULL)),
    CONSTRAINT delivery_answered_complete CHECK ((state = 'answered') = (answered_at IS NOT NULL)),
    CONSTRAINT delivery_done_complete CHECK ((state IN ('dead', 'cancelled')) = (done_at IS NOT NULL))
);
CREATE INDEX delivery_due ON guard.delivery (priority, due_at) WHERE state IN ('queued', 'sending');
CREATE INDEX delivery_give_up ON guard.delivery (give_up_at) WHERE state IN ('queued', 'sending');

ALTER TABLE guard.notice
    ADD COLUMN priority    integer NOT NULL DEFAULT 10,  -- less goes first
    ADD COLUMN plan        text,                         -- "mail+sms, phone_list"; empty: not begun
    ADD COLUMN step        integer NOT NULL DEFAULT 0 CHECK (step >= 0),
    ADD COLUMN escalate_at timestamptz,                  -- when the next step begins if nobody answers; empty: never by time
    ADD COLUMN plan_at     timestamptz,                  -- when somebody has to think about the next step; empty: never
    ADD COLUMN answered_at timestamptz,
    ADD COLUMN answered_by text,
    ADD CONSTRAINT notice_answered_complete CHECK (num_nonnulls(answered_at, answered_by) IN (0, 2));

-- What is there already went by mail, or was about to. What was not begun is planned anew; what may have been sent is not.
INSERT INTO guard.delivery (notice_id, step, channel, key, message_id, state, priority, created_at, due_at, give_up_at, tries,
                            leased_by, lease_until, recipient_masked, answer, accepted_at, done_at)
SELECT n.notice_id, 1, 'mail',
       left(encode(sha256(convert_to('delivery:' || n.idempotency_key || ':mail:1', 'UTF8')), 'hex'), 40), n.message_id,
       CASE n.state WHEN 'sent' THEN 'accepted' ELSE n.state END, 10, n.created_at, n.due_at, n.give_up_at, n.tries,
       n.leased_by, n.lease_until, n.recipient_masked, n.last_answer, n.sent_at,
       CASE WHEN n.state IN ('dead', 'cancelled') THEN clock_timestamp() END
FROM guard.notice AS n
WHERE n.state IN ('sending', 'sent', 'dead') OR n.tries > 0;

UPDATE guard.notice AS n SET plan = 'mail', step = 1 WHERE EXISTS (SELECT FROM guard.delivery AS d WHERE d.notice_id = n.notice_id);
UPDATE guard.notice SET plan_at = due_at WHERE plan IS NULL AND state = 'queued';

DROP INDEX guard.notice_due;
ALTER TABLE guard.notice
    DROP CONSTRAINT notice_lease_complete,
    DROP CONSTRAINT notice_sent_complete,
    DROP CONSTRAINT notice_state_check,
    DROP CONSTRAINT notice_incident_id_fkey,   -- the proof of a notice outlives the incident, by its number alone
    DROP COLUMN channel, DROP COLUMN due_at, DROP COLUMN tries, DROP COLUMN lease_until, DROP COLUMN leased_by,
    DROP COLUMN recipient_masked, DROP COLUMN last_answer,
    ALTER COLUMN plan_at SET DEFAULT clock_timestamp(),
    ALTER COLUMN id DROP NOT NULL;
UPDATE guard.notice SET state = 'queued' WHERE state = 'sending';
ALTER TABLE guard.notice
    ADD CONSTRAINT notice_state_check CHECK (state IN ('queued', 'sent', 'dead', 'cancelled')),
    ADD CONSTRAINT notice_sent_complete CHECK (state <> 'sent' OR sent_at IS NOT NULL),
    ADD CONSTRAINT notice_id_while_open CHECK (id IS NOT NULL OR state <> 'queued'),
    ADD CONSTRAINT notice_plan_complete CHECK ((step > 0) = (plan IS NOT NULL));
CREATE INDEX notice_to_plan ON guard.notice (plan_at) WHERE plan_at IS NOT NULL;

CREATE OR REPLACE FUNCTION guard.complete_notice() RETURNS trigger
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
    NEW.priority := CASE NEW.kind WHEN 'suspended' THEN 10 ELSE 20 END;  -- who is cut off waits for word
    RETURN NEW;
END $$;

-- The delivery --------------------------------------------------------------------------------------------------------

-- The key goes to gateways, so nothing of the subscriber is in it. The first mail has the Message-ID of the notice.
CREATE FUNCTION guard.complete_delivery() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    notice guard.notice;
BEGIN
    SELECT * INTO STRICT notice FROM guard.notice AS n WHERE n.notice_id = NEW.notice_id;
    NEW.key := left(encode(sha256(convert_to(
        'delivery:' || notice.idempotency_key || ':' || NEW.channel || ':' || NEW.copy, 'UTF8')), 'hex'), 40);
    NEW.message_id := CASE WHEN NEW.channel = 'mail' AND NEW.copy = 1 THEN notice.message_id
                           ELSE '<' || NEW.key || substr(notice.message_id, strpos(notice.message_id, '@')) END;
    NEW.priority := coalesce(NEW.priority, notice.priority);
    NEW.give_up_at := coalesce(NEW.give_up_at,
        NEW.due_at + make_interval(secs => guard.setting_of('notice.give_up_seconds')::integer));
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_complete BEFORE INSERT ON guard.delivery
    FOR EACH ROW EXECUTE FUNCTION guard.complete_delivery();

CREATE FUNCTION guard.delivery_may_move() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state <> ALL (CASE OLD.state
                         WHEN 'queued' THEN ARRAY['sending', 'dead', 'cancelled']
                         WHEN 'sending' THEN ARRAY['queued', 'accepted', 'dead']
                         WHEN 'accepted' THEN ARRAY['answered', 'bounced', 'cancelled']
                         ELSE ARRAY[]::text[] END) THEN
        RAISE EXCEPTION 'a delivery that is % cannot become %', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'delivery_may_move';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_may_move BEFORE UPDATE OF state ON guard.delivery
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION guard.delivery_may_move();

-- What a delivery's outcome means for its notice: one accepted delivery makes it sent; a failed one is thought about at once.
CREATE FUNCTION guard.delivery_moves_notice() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.state = 'accepted' THEN
        UPDATE guard.notice SET state = 'sent', sent_at = coalesce(sent_at, NEW.accepted_at)
        WHERE notice_id = NEW.notice_id AND state <> 'sent';
    ELSE
        UPDATE guard.notice SET plan_at = clock_timestamp()
        WHERE notice_id = NEW.notice_id AND state <> 'cancelled' AND answered_at IS NULL;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER delivery_moves_notice AFTER UPDATE OF state ON guard.delivery
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state AND NEW.state IN ('accepted', 'dead', 'bounced'))
    EXECUTE FUNCTION guard.delivery_moves_notice();

-- The rate limit, over all notifiers: when the next notice of a channel, or of one mail domain, may go. Rows are written by
-- reserve_pace alone and go when they say nothing any more.
CREATE TABLE guard.pace (
    channel text NOT NULL,
    domain  text NOT NULL DEFAULT '',   -- empty: the channel as a whole
    next_at timestamptz NOT NULL,
    PRIMARY KEY (channel, domain)
);

-- Reserves `wanted` moments in a row and returns the first of them; the others follow `every` apart.
CREATE FUNCTION guard.reserve_pace(of_channel text, of_domain text, wanted integer, every interval) RETURNS timestamptz
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO guard.pace AS p (channel, domain, next_at)
    VALUES (of_channel, of_domain, clock_timestamp() + wanted * every)
    ON CONFLICT (channel, domain) DO UPDATE SET next_at = greatest(p.next_at, clock_timestamp()) + wanted * every
    RETURNING next_at - wanted * every
$$;

-- A mail that was accepted came back (RFC 3464). The status code stays; the text may hold anything and does not.
CREATE FUNCTION guard.record_bounce(of_message text, status text, permanent boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found_one guard.delivery;
BEGIN
    IF coalesce(status !~ '^[245]\.[0-9]{1,3}\.[0-9]{1,3}$', true) THEN
        RAISE EXCEPTION 'no status code of RFC 3463' USING ERRCODE = 'check_violation';
    END IF;
    SELECT * INTO found_one FROM guard.delivery WHERE message_id = of_message FOR UPDATE;
    IF NOT FOUND THEN RETURN 'unknown'; END IF;
    IF found_one.state = 'bounced' OR found_one.state = 'answered' THEN RETURN 'already'; END IF;
    IF NOT permanent OR found_one.state <> 'accepted' THEN RETURN 'noted'; END IF;
    UPDATE guard.delivery SET state = 'bounced', bounced_at = clock_timestamp(),
           answer = coalesce(left(answer, 200), '') || ' / returned: ' || status
    WHERE delivery_id = found_one.delivery_id;
    PERFORM pg_notify('guard_notice', '');
    RETURN 'bounced';
END $$;

-- The desk ------------------------------------------------------------------------------------------------------------

-- By the case number, without IDs and addresses.
CREATE VIEW guard.notices AS
    SELECT n.incident_id, n.notice_id, n.service, n.kind, n.state, n.plan, n.step, n.created_at, n.sent_at, n.answered_at,
           d.deliveries, d.maybe_twice, d.failed
    FROM guard.notice AS n
    CROSS JOIN LATERAL (
        SELECT string_agg(channel || CASE WHEN copy > 1 THEN '#' || copy ELSE '' END || '=' || state, ' ' ORDER BY delivery_id)
                   AS deliveries,
               coalesce(sum(maybe_twice), 0) AS maybe_twice,
               count(*) FILTER (WHERE state IN ('dead', 'bounced')) AS failed
        FROM guard.delivery WHERE notice_id = n.notice_id) AS d;

CREATE FUNCTION guard.check_purpose(purpose text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF coalesce(purpose !~ '\S' OR length(purpose) > 500, true) THEN
        RAISE EXCEPTION 'this needs a reason of 1 to 500 characters' USING ERRCODE = 'check_violation';
    END IF;
END $$;

-- The proof of every delivery of a case. Reading it is recorded (R7).
CREATE FUNCTION guard.open_notices(number bigint, purpose text)
RETURNS TABLE (notice_id bigint, kind text, plan text, step integer, channel text, copy integer, state text, due_at timestamptz,
               tries integer, maybe_twice integer, recipient_masked text, answer text, accepted_at timestamptz,
               bounced_at timestamptz, answered_at timestamptz, done_at timestamptz, message_id text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM guard.check_purpose(purpose);
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('read', 'notices:' || number, jsonb_build_object('purpose', purpose));
    RETURN QUERY
        SELECT n.notice_id, n.kind, n.plan, d.step, d.channel, d.copy, coalesce(d.state, n.state), d.due_at, d.tries, d.maybe_twice,
               d.recipient_masked, d.answer, d.accepted_at, d.bounced_at, d.answered_at, d.done_at, d.message_id
        FROM guard.notice AS n LEFT JOIN guard.delivery AS d USING (notice_id)
        WHERE n.incident_id = number ORDER BY n.notice_id, d.delivery_id;
END $$;

-- Whom to call: what is on the phone list and not answered. The one place where the desk sees names and numbers; recorded.
CREATE FUNCTION guard.phone_list(purpose text)
RETURNS TABLE (incident_id bigint, service text, kind text, listed_at timestamptz, language text, name text, phone text,
               suspended_at timestamptz, released_at timestamptz, summary text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM guard.check_purpose(purpose);
    INSERT INTO guard.audit (action, object, detail) VALUES ('read', 'phone_list', jsonb_build_object('purpose', purpose));
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

-- The subscriber was reached, by a call of ours or one of theirs: nothing more goes out about the case. False: nothing was
-- open about it.
CREATE FUNCTION guard.notice_answered(number bigint, what text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one guard.notice;
BEGIN
    PERFORM guard.check_purpose(what);
    PERFORM FROM guard.delivery AS d JOIN guard.notice AS n USING (notice_id) WHERE n.incident_id = number
    ORDER BY d.delivery_id FOR UPDATE OF d;
    UPDATE guard.delivery AS d SET state = 'answered', answered_at = clock_timestamp()
    FROM guard.notice AS n WHERE n.notice_id = d.notice_id AND n.incident_id = number
    AND d.channel = 'phone_list' AND d.state = 'accepted';
    UPDATE guard.delivery AS d SET state = 'cancelled', done_at = clock_timestamp(), leased_by = NULL, lease_until = NULL
    FROM guard.notice AS n WHERE n.notice_id = d.notice_id AND n.incident_id = number AND d.state = 'queued';
    UPDATE guard.notice SET answered_at = clock_timestamp(), answered_by = session_user, plan_at = NULL,
           state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END
    WHERE incident_id = number AND answered_at IS NULL AND state <> 'cancelled';
    IF NOT FOUND THEN RETURN false; END IF;
    INSERT INTO guard.audit (action, object, detail)
    VALUES ('notice answered', 'incident:' || number, jsonb_build_object('reason', what));
    RETURN true;
END $$;

-- Another copy of the latest notice of a case, under a Message-ID of its own, now. Of the channels that have tried it, or of
-- one. Returns how many go.
CREATE FUNCTION guard.resend_notice(number bigint, of_channel text, why text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    latest guard.notice;
    copies integer;
BEGIN
    PERFORM guard.check_purpose(why);
    SELECT * INTO latest FROM guard.notice WHERE incident_id = number ORDER BY notice_id DESC LIMIT 1;
    IF NOT FOUND OR latest.id IS NULL OR latest.step = 0 THEN RETURN 0; END IF;
    INSERT INTO guard.delivery (notice_id, step, channel, copy)
    SELECT latest.notice_id, latest.step, c.channel,
           1 + coalesce((SELECT max(d.copy) FROM guard.delivery AS d
                         WHERE d.notice_id = latest.notice_id AND d.channel = c.channel), 0)
    FROM (SELECT of_channel AS channel WHERE of_channel IS NOT NULL
          UNION
          SELECT DISTINCT d.channel FROM guard.delivery AS d WHERE d.notice_id = latest.notice_id AND of_channel IS NULL) AS c
    WHERE NOT EXISTS (SELECT FROM guard.delivery AS d WHERE d.notice_id = latest.notice_id AND d.channel = c.channel
                      AND d.state IN ('queued', 'sending'));
    GET DIAGNOSTICS copies = ROW_COUNT;
    IF copies > 0 THEN
        UPDATE guard.notice SET state = CASE WHEN sent_at IS NULL THEN 'queued' ELSE 'sent' END
        WHERE notice_id = latest.notice_id AND state IN ('dead', 'cancelled');
        INSERT INTO guard.audit (action, object, detail)
        VALUES ('notice resend', 'incident:' || number, jsonb_build_object('copies', copies, 'reason', why));
        PERFORM pg_notify('guard_notice', '');
    END IF;
    RETURN copies;
END $$;

-- What has not gone out about a case does not go. What is being sent this moment is. Returns how many deliveries and notices
-- it stopped.
CREATE FUNCTION guard.cancel_notice(number bigint, why text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    deliveries integer;
    notices    integer;
BEGIN
    PERFORM guard.check_purpose(why);
    PERFORM FROM guard.delivery AS d JOIN guard.notice AS n USING (notice_id) WHERE n.incident_id = number
    ORDER BY d.delivery_id FOR UPDATE OF d;
    UPDATE guard.delivery AS d SET state = 'cancelled', done_at = clock_timestamp(), leased_by = NULL, lease_until = NULL
    FROM guard.notice AS n WHERE n.notice_id = d.notice_id AND n.incident_id = number
    AND (d.state = 'queued' OR d.channel = 'phone_list' AND d.state = 'accepted');
    GET DIAGNOSTICS deliveries = ROW_COUNT;
    UPDATE guard.notice SET plan_at = NULL, state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END
    WHERE incident_id = number AND (state = 'queued' OR plan_at IS NOT NULL);
    GET DIAGNOSTICS notices = ROW_COUNT;
    IF deliveries + notices > 0 THEN
        INSERT INTO guard.audit (action, object, detail)
        VALUES ('notice cancel', 'incident:' || number, jsonb_build_object('deliveries', deliveries, 'reason', why));
    END IF;
    RETURN deliveries + notices;
END $$;

-- Retention -----------------------------------------------------------------------------------------------------------

-- As in 0004, but for the proof of notices: when the incident goes, its notices lose the ID and what could lead to it, and
-- stay for a term of their own: case number, time, channel, masked recipient, answer.
CREATE OR REPLACE FUNCTION guard.apply_retention() RETURNS TABLE (what text, gone bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    now_is   timestamptz := clock_timestamp();
    recorded timestamptz := now_is - make_interval(days => guard.setting_of('retention.recorded_days')::integer);
    handled  timestamptz := now_is - make_interval(days => guard.setting_of('retention.incident_days')::integer);
    proven   timestamptz := now_is - make_interval(days => guard.setting_of('retention.notice_days')::integer);
    alarmed  timestamptz := now_is - make_interval(days => guard.setting_of('retention.alarm_days')::integer);
    audited  timestamptz := now_is - make_interval(days => guard.setting_of('retention.audit_days')::integer);
    old      bigint[];
BEGIN
    SELECT coalesce(array_agg(i.incident_id), '{}') INTO old
    FROM guard.incident AS i
    CROSS JOIN LATERAL (
        SELECT greatest(i.recorded_at, max(f.recorded_at)) AS at FROM guard.finding AS f
        WHERE f.incident_id = i.incident_id) AS last_finding
    CROSS JOIN LATERAL (
        SELECT max(s.released_at) AS at FROM guard.suspension AS s WHERE s.incident_id = i.incident_id) AS last_release
    WHERE greatest(last_finding.at, last_release.at) < CASE WHEN i.state = 'recorded' THEN recorded ELSE handled END
    AND NOT EXISTS (SELECT FROM guard.suspension AS s WHERE s.incident_id = i.incident_id AND s.released_at IS NULL)
    AND NOT EXISTS (SELECT FROM guard.notice AS n LEFT JOIN guard.delivery AS d USING (notice_id)
                    WHERE n.incident_id = i.incident_id AND (n.state = 'queued' OR d.state IN ('queued', 'sending')));

    -- The key of a notice is made from the incident's, which holds the ID.
    UPDATE guard.notice SET id = NULL, idempotency_key = 'notice:' || notice_id, plan_at = NULL WHERE incident_id = ANY (old);
    DELETE FROM guard.disconnect WHERE incident_id = ANY (old);
    DELETE FROM guard.password_change AS c USING guard.suspension AS s
    WHERE c.suspension_id = s.suspension_id AND s.incident_id = ANY (old);
    DELETE FROM guard.suspension WHERE incident_id = ANY (old);
    DELETE FROM guard.incident WHERE incident_id = ANY (old);
    what := 'incident'; GET DIAGNOSTICS gone = ROW_COUNT; RETURN NEXT;

    DELETE FROM guard.notice AS n
    WHERE n.id IS NULL
    AND (SELECT greatest(n.created_at, n.sent_at, n.answered_at, max(greatest(d.accepted_at, d.bounced_at, d.answered_at, d.done_at)))
         FROM guard.delivery AS d WHERE d.notice_id = n.notice_id) < proven;
    what := 'notice'; GET DIAGNOSTICS gone = ROW_COUNT; RETURN NEXT;
    DELETE FROM guard.pace WHERE next_at < now_is;
    what := 'pace'; GET DIAGNOSTICS gone = ROW_COUNT; RETURN NEXT;
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

-- Rights --------------------------------------------------------------------------------------------------------------

REVOKE ALL ON guard.delivery, guard.pace, guard.notices FROM PUBLIC;
REVOKE ALL ON FUNCTION guard.complete_delivery(), guard.delivery_may_move(), guard.delivery_moves_notice(),
    guard.reserve_pace(text, text, integer, interval), guard.record_bounce(text, text, boolean), guard.check_purpose(text),
    guard.open_notices(bigint, text), guard.phone_list(text), guard.notice_answered(bigint, text),
    guard.resend_notice(bigint, text, text), guard.cancel_notice(bigint, text) FROM PUBLIC;

GRANT SELECT (phone, postal_code, postal_address) ON guard.subscriber TO guard_notifier;
GRANT SELECT (rule) ON guard.suspension TO guard_notifier;
GRANT SELECT ON guard.delivery TO guard_notifier;
GRANT INSERT (notice_id, step, channel, state, due_at, give_up_at, recipient_masked, answer, done_at)
    ON guard.delivery TO guard_notifier;
GRANT UPDATE (state, due_at, paced_at, tries, maybe_twice, leased_by, lease_until, recipient_masked, answer, accepted_at, done_at)
    ON guard.delivery TO guard_notifier;
GRANT UPDATE (state, plan, step, escalate_at, plan_at) ON guard.notice TO guard_notifier;
REVOKE UPDATE (sent_at) ON guard.notice FROM guard_notifier;  -- the trigger's now
GRANT EXECUTE ON FUNCTION guard.reserve_pace(text, text, integer, interval), guard.record_bounce(text, text, boolean)
    TO guard_notifier;

GRANT SELECT ON guard.notices TO guard_desk;
GRANT EXECUTE ON FUNCTION guard.open_notices(bigint, text), guard.phone_list(text), guard.notice_answered(bigint, text),
    guard.resend_notice(bigint, text, text), guard.cancel_notice(bigint, text) TO guard_desk;

GRANT SELECT (plan, step, answered_at) ON guard.notice TO guard_auditor;
GRANT SELECT (delivery_id, notice_id, step, channel, copy, state, created_at, tries, maybe_twice, accepted_at, bounced_at,
    answered_at, done_at) ON guard.delivery TO guard_auditor;
