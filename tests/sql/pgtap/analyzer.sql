-- Role guard_analyzer: records, suspends, blocks; ends no suspension, opens no evidence it did not write, reads no contact.
-- The lists are complete: a right that is not on them fails the test, and so does one that is missing.
\i tests/sql/pgtap/rights.inc
SELECT plan(5);

SELECT set_eq($$SELECT * FROM pg_temp.functions_of('guard_analyzer')$$, ARRAY[
    'guard.apply_retention()',
    'guard.check_retention(interval)',
    'guard.escalate_reviews()',
    'guard.join_mass_event(bigint,text,timestamp with time zone)',
    'guard.judge_password_changes()',
    'guard.normalise_id(bytea)',
    'guard.normalise_id(text)',
    'guard.normalised(bytea,boolean,boolean)',
    'guard.publish_setting(text,text)',
    'guard.raise_alarm(text,text)',
    'guard.seal_audit(boolean)',
    'guard.setting_of(text)',
    'guard.stored_bytes(text)'], 'functions of guard_analyzer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_analyzer', 'SELECT')$$, ARRAY[
    'allowed',
    'block',
    'breaker (breaker_id, closed_at)',
    'disconnect',
    'evidence',
    'finding',
    'incident',
    'notice (idempotency_key)',
    'progress',
    'review (incident_id, outcome, decided_at)',
    'schema_version',
    'setting',
    'subscriber (service, id, sessions, home_region)',
    'suspension'],
    'SELECT of guard_analyzer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_analyzer', 'INSERT')$$, ARRAY[
    'audit (actor, action, object, detail)',
    'block',
    'breaker (reason)',
    'dead_letter (what, rule, service, id, event_time, sqlstate, content)',
    'disconnect (incident_id, service, id, address, nas)',
    'evidence',
    'finding',
    'incident (incident_key, service, id, state, opened_at)',
    'notice (incident_id, kind, idempotency_key, service, id)',
    'progress',
    'suspension (incident_id, service, id, rule)'],
    'INSERT of guard_analyzer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_analyzer', 'UPDATE')$$, ARRAY[
    'block (last_attempt_at, expires_at, attempts, accepts, ended_at)',
    'disconnect (state, tries, due_at, last_answer, done_at)',
    'finding (action, reason)',
    'incident (state)',
    'progress'],
    'UPDATE of guard_analyzer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_analyzer', 'DELETE')$$, ARRAY[]::text[],
    'DELETE of guard_analyzer');

SELECT * FROM finish();
ROLLBACK;
