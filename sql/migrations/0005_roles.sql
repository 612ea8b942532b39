-- Who may do what. Each daemon logs in under a role of its own that is a member of one of these; each person under a
-- personal one, because the audit log names session_user. Nobody but the owner reads guard.secret and guard.known_password.

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['guard_analyzer', 'guard_notifier', 'guard_desk', 'guard_auditor', 'guard_provisioning'] LOOP
        -- Roles belong to the whole cluster: another database of it may have made them.
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
END $$;

REVOKE ALL ON SCHEMA guard FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA guard FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA guard FROM PUBLIC;

GRANT USAGE ON SCHEMA guard TO guard_analyzer, guard_notifier, guard_desk, guard_auditor, guard_provisioning;
GRANT SELECT ON guard.setting, guard.schema_version
    TO guard_analyzer, guard_notifier, guard_desk, guard_auditor, guard_provisioning;
GRANT EXECUTE ON FUNCTION guard.setting_of(text), guard.stored_bytes(text), guard.normalised(bytea, boolean, boolean),
    guard.normalise_id(bytea), guard.normalise_id(text) TO guard_analyzer, guard_notifier, guard_desk, guard_auditor, guard_provisioning;

-- The analyzer records and suspends. It cannot end a suspension, nor change what it has recorded but for the outcome.
GRANT SELECT, INSERT ON guard.incident, guard.finding, guard.evidence, guard.suspension, guard.notice, guard.breaker,
    guard.alarm TO guard_analyzer;
GRANT SELECT, INSERT, UPDATE ON guard.block, guard.disconnect, guard.progress, guard.setting TO guard_analyzer;
GRANT UPDATE (state) ON guard.incident TO guard_analyzer;
GRANT UPDATE (action, reason) ON guard.finding TO guard_analyzer;
GRANT UPDATE (closed_at) ON guard.alarm TO guard_analyzer;
GRANT SELECT ON guard.allowed TO guard_analyzer;
GRANT SELECT (service, id, sessions, home_region) ON guard.subscriber TO guard_analyzer;
GRANT INSERT ON guard.audit TO guard_analyzer;
GRANT EXECUTE ON FUNCTION guard.raise_alarm(text, text), guard.judge_password_changes(), guard.apply_retention()
    TO guard_analyzer;

-- The notifier sends what is queued to whom it belongs.
GRANT SELECT ON guard.notice TO guard_notifier;
GRANT UPDATE (state, due_at, tries, lease_until, leased_by, recipient_masked, last_answer, sent_at)
    ON guard.notice TO guard_notifier;
GRANT SELECT (service, id, name, mail, language) ON guard.subscriber TO guard_notifier;
GRANT SELECT (incident_id, opened_at) ON guard.incident TO guard_notifier;
GRANT SELECT (finding_id, incident_id, action, event_time, summary_en, summary_ja) ON guard.finding TO guard_notifier;
GRANT SELECT (suspension_id, incident_id, suspended_at, released_at) ON guard.suspension TO guard_notifier;
GRANT EXECUTE ON FUNCTION guard.raise_alarm(text, text), guard.configure_notices(text, text, bigint) TO guard_notifier;

-- The desk sees who is suspended, opens a record (which is recorded) and ends a suspension with a reason.
GRANT SELECT ON guard.suspended TO guard_desk;
GRANT EXECUTE ON FUNCTION guard.staff_release(text, bytea, text), guard.open_incident(bigint, text) TO guard_desk;

-- The auditor counts and reads what staff did, without the IDs of the subscribers (R8).
GRANT SELECT ON guard.block, guard.breaker, guard.alarm, guard.audit, guard.progress, guard.password_change
    TO guard_auditor;
GRANT SELECT (incident_id, service, state, opened_at, recorded_at) ON guard.incident TO guard_auditor;
GRANT SELECT (finding_id, incident_id, rule, grade, action, reason, event_time, recorded_at)
    ON guard.finding TO guard_auditor;
GRANT SELECT (suspension_id, incident_id, service, rule, suspended_at, released_at, released_by, release_channel,
    release_reason) ON guard.suspension TO guard_auditor;
GRANT SELECT (notice_id, incident_id, kind, service, channel, state, created_at, tries, sent_at)
    ON guard.notice TO guard_auditor;
GRANT SELECT (disconnect_id, incident_id, service, nas, state, tries, created_at, done_at)
    ON guard.disconnect TO guard_auditor;

-- The system through which passwords are changed, where that is not a table in this database.
GRANT EXECUTE ON FUNCTION guard.password_changed(text, bytea) TO guard_provisioning;
