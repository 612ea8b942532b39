-- Role guard_auditor: counts and reads what was done, without an ID.
-- The lists are complete: a right that is not on them fails the test, and so does one that is missing.
\i tests/sql/pgtap/rights.inc
SELECT plan(5);

SELECT set_eq($$SELECT * FROM pg_temp.functions_of('guard_auditor')$$, ARRAY[
    'guard.check_retention(interval)',
    'guard.normalise_id(bytea)',
    'guard.normalise_id(text)',
    'guard.normalised(bytea,boolean,boolean)',
    'guard.seal_audit(boolean)',
    'guard.setting_of(text)',
    'guard.status()',
    'guard.stored_bytes(text)',
    'guard.transparency(date)',
    'guard.verify_audit(text)'], 'functions of guard_auditor');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_auditor', 'SELECT')$$, ARRAY[
    'account',
    'alarm',
    'audit_log',
    'block',
    'breaker',
    'delivery (delivery_id, notice_id, step, channel, copy, state, created_at, tries, maybe_twice, accepted_at, bounced_at, answered_at, done_at)',
    'disconnect (disconnect_id, incident_id, service, nas, state, tries, created_at, done_at)',
    'finding (finding_id, incident_id, rule, grade, action, reason, event_time, recorded_at)',
    'incident (incident_id, service, state, opened_at, recorded_at)',
    'incidents',
    'mass_events',
    'notice (notice_id, incident_id, kind, service, state, created_at, sent_at, plan, step, answered_at)',
    'password_change',
    'progress',
    'review',
    'schema_version',
    'setting',
    'suspension (suspension_id, incident_id, service, rule, suspended_at, released_at, released_by, release_channel, release_reason)',
    'undo'],
    'SELECT of guard_auditor');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_auditor', 'INSERT')$$, ARRAY[]::text[],
    'INSERT of guard_auditor');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_auditor', 'UPDATE')$$, ARRAY[]::text[],
    'UPDATE of guard_auditor');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_auditor', 'DELETE')$$, ARRAY[]::text[],
    'DELETE of guard_auditor');

SELECT * FROM finish();
ROLLBACK;
