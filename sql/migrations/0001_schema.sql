-- The tables. sql/README.md explains every column, which rule (R1-R8) allows it, who writes it and how long it lives.
-- IDs are bytea throughout: a User-Name is bytes, and no byte of it may make PostgreSQL refuse a row.

CREATE SCHEMA IF NOT EXISTS guard;

CREATE TABLE guard.setting (
    key         text PRIMARY KEY,
    value       text NOT NULL
);

CREATE TABLE guard.incident (
    incident_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_key text NOT NULL UNIQUE,      -- from the events alone: the same events make the same incident again
    service      text NOT NULL CHECK (service IN ('pppoe', 'smtp_auth')),
    id           bytea NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 253),
    state        text NOT NULL DEFAULT 'recorded'
                 CHECK (state IN ('recorded', 'review', 'suspended', 'released', 'closed')),
    opened_at    timestamptz NOT NULL,      -- time of the event
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX incident_of_id ON guard.incident (service, id);
CREATE INDEX incident_in_work ON guard.incident (state) WHERE state IN ('review', 'suspended');

CREATE TABLE guard.finding (
    finding_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id bigint NOT NULL REFERENCES guard.incident ON DELETE CASCADE,
    finding_key text NOT NULL UNIQUE,
    rule        text NOT NULL CHECK (rule <> ''),
    grade       text NOT NULL CHECK (grade IN ('certain', 'probable', 'notable')),
    action      text NOT NULL CHECK (action IN ('suspend', 'review', 'block', 'record')),
    reason      text,                       -- why the action is not what the grade says: observe, storm, breaker, ...
    event_time  timestamptz NOT NULL,
    summary_en  text NOT NULL,
    summary_ja  text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX finding_of_incident ON guard.finding (incident_id);

CREATE TABLE guard.evidence (
    finding_id bigint NOT NULL REFERENCES guard.finding ON DELETE CASCADE,
    position   integer NOT NULL CHECK (position >= 0),
    event_time timestamptz NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('accept', 'reject', 'assign', 'alive', 'release')),
    address    inet,
    region     text,
    PRIMARY KEY (finding_id, position)
);

CREATE TABLE guard.suspension (
    suspension_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id     bigint NOT NULL REFERENCES guard.incident,
    service         text NOT NULL CHECK (service IN ('pppoe', 'smtp_auth')),
    id              bytea NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 253),
    rule            text NOT NULL CHECK (rule <> ''),
    suspended_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    released_at     timestamptz,
    released_by     text,
    release_channel text CHECK (release_channel IN ('password', 'staff')),
    release_reason  text,
    CONSTRAINT suspension_release_complete
        CHECK (num_nonnulls(released_at, released_by, release_channel, release_reason) IN (0, 4)),
    CONSTRAINT suspension_release_later CHECK (released_at >= suspended_at)
);
-- An ID is suspended once or not at all; also what the enforcer reads.
CREATE UNIQUE INDEX suspension_open ON guard.suspension (service, id) WHERE released_at IS NULL;
CREATE INDEX suspension_released ON guard.suspension (released_at) WHERE released_at IS NOT NULL;
CREATE INDEX suspension_of_incident ON guard.suspension (incident_id);

-- R3 lists the source, the times and the number of attempts, and no ID: there is none in here.
CREATE TABLE guard.block (
    block_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    block_key       text NOT NULL UNIQUE,
    source          inet NOT NULL,          -- /32 or /64
    rule            text NOT NULL CHECK (rule <> ''),
    started_at      timestamptz NOT NULL,
    last_attempt_at timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    attempts        bigint NOT NULL CHECK (attempts >= 0),
    ids             bigint NOT NULL CHECK (ids >= 0),
    accepts         bigint NOT NULL CHECK (accepts >= 0),
    summary_en      text NOT NULL,
    summary_ja      text NOT NULL,
    enforced        boolean NOT NULL DEFAULT true,  -- false: recorded only, for the reason given
    reason          text,                           -- observe mode, an own network, a failing backend
    ended_at        timestamptz,
    CONSTRAINT block_reason_given CHECK (enforced OR reason IS NOT NULL),
    CONSTRAINT block_in_order CHECK (last_attempt_at >= started_at AND expires_at >= last_attempt_at)
);
CREATE INDEX block_open ON guard.block (source) WHERE ended_at IS NULL;

CREATE TABLE guard.subscriber (
    service     text NOT NULL CHECK (service IN ('pppoe', 'smtp_auth')),
    id          bytea NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 253),
    name        text,
    mail        text,
    language    text NOT NULL DEFAULT 'ja' CHECK (language IN ('ja', 'en')),
    sessions    integer NOT NULL DEFAULT 1 CHECK (sessions >= 1),
    home_region text CHECK (home_region ~ '^[A-Z]{2}(-[A-Z0-9]{1,3})?$'),
    PRIMARY KEY (service, id)
);

CREATE TABLE guard.notice (
    notice_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id      bigint NOT NULL REFERENCES guard.incident,
    kind             text NOT NULL CHECK (kind IN ('suspended', 'released')),
    idempotency_key  text NOT NULL UNIQUE,  -- one notice per subscriber and occasion, whoever queues it how often
    service          text NOT NULL CHECK (service IN ('pppoe', 'smtp_auth')),
    id               bytea NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 253),
    channel          text NOT NULL DEFAULT 'mail' CHECK (channel IN ('mail')),
    state            text NOT NULL DEFAULT 'queued'
                     CHECK (state IN ('queued', 'sending', 'sent', 'dead', 'cancelled')),
    language         text NOT NULL CHECK (language IN ('ja', 'en')),  -- left out: the subscriber's, else the default
    created_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    due_at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    give_up_at       timestamptz NOT NULL,                            -- left out: setting notice.give_up_seconds
    tries            integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    lease_until      timestamptz,
    leased_by        text,
    message_id       text NOT NULL UNIQUE,                            -- left out: from the idempotency key
    recipient_masked text,
    last_answer      text,
    sent_at          timestamptz,
    CONSTRAINT notice_sent_complete CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
    CONSTRAINT notice_lease_complete
        CHECK ((state = 'sending') = (lease_until IS NOT NULL) AND (state = 'sending') = (leased_by IS NOT NULL))
);
CREATE INDEX notice_due ON guard.notice (due_at) WHERE state IN ('queued', 'sending');
CREATE INDEX notice_of_incident ON guard.notice (incident_id);

CREATE TABLE guard.disconnect (
    disconnect_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id   bigint NOT NULL REFERENCES guard.incident,
    service       text NOT NULL CHECK (service IN ('pppoe', 'smtp_auth')),
    id            bytea NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 253),
    address       inet,
    nas           text NOT NULL,            -- its name in the operator's list
    state         text NOT NULL DEFAULT 'queued'
                  CHECK (state IN ('queued', 'acknowledged', 'refused', 'silent', 'given_up', 'cancelled')),
    tries         integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    due_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_answer   text,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    done_at       timestamptz
);
CREATE INDEX disconnect_due ON guard.disconnect (due_at) WHERE done_at IS NULL;
CREATE INDEX disconnect_of_incident ON guard.disconnect (incident_id);

CREATE TABLE guard.progress (
    spool      text PRIMARY KEY,
    position   text NOT NULL,
    event_time timestamptz,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE guard.allowed (
    service    text NOT NULL CHECK (service IN ('pppoe', 'smtp_auth')),
    id         bytea NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 253),
    owner      text NOT NULL CHECK (owner <> ''),
    reason     text NOT NULL CHECK (reason <> ''),
    expires_at timestamptz NOT NULL,
    created_by text NOT NULL DEFAULT session_user,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (service, id),
    CONSTRAINT allowed_at_most_90_days CHECK (expires_at <= created_at + interval '90 days')
);

CREATE TABLE guard.breaker (
    breaker_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    opened_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    reason     text NOT NULL CHECK (reason <> ''),
    closed_at  timestamptz,
    closed_by  text,
    CONSTRAINT breaker_closed_complete CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE UNIQUE INDEX breaker_open ON guard.breaker ((true)) WHERE closed_at IS NULL;

CREATE TABLE guard.alarm (
    alarm_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    raised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind      text NOT NULL CHECK (kind <> ''),
    detail    text NOT NULL DEFAULT '',
    closed_at timestamptz
);
CREATE INDEX alarm_open ON guard.alarm (kind) WHERE closed_at IS NULL;

CREATE TABLE guard.audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor    text NOT NULL DEFAULT session_user,
    action   text NOT NULL CHECK (action <> ''),
    object   text NOT NULL,
    detail   jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_of_object ON guard.audit (object);
