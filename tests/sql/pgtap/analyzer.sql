-- Role guard_analyzer: records, suspends, blocks; ends no suspension, opens no evidence it did not write, reads no contact.
-- The lists are complete: a right that is not on them fails the test, and so does one that is missing.
\i tests/sql/pgtap/rights.inc
SELECT plan(5);

SELECT set_eq($$SELECT * FROM pg_temp.functions_of('guard_analyzer')$$, ARRAY[
    'guard.apply_retention()',
    'guard.escalate_reviews()',
    'guard.judge_password_changes()',
    'guard.normalise_id(bytea)',
    'guard.normalise_id(text)',
    'guard.normalised(bytea,boolean,boolean)',
    'guard.raise_alarm(text,text)',
    'guard.seal_audit(boolean)',
    'guard.setting_of(text)',
    'guard.stored_bytes(text)'], 'functions of guard_analyzer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_analyzer', 'SELECT')$$, ARRAY[
    'alarm',
    'allowed',
    'block',
    'breaker',
    'disconnect',
    'evidence',
    'finding',
    'incident',
    'notice',
    'progress',
    'review (incident_id, outcome, decided_at)',
    'schema_version',
    'setting',
    'subscriber (service, id, sessions, home_region)',
    'suspension'],
    'SELECT of guard_analyzer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_analyzer', 'INSERT')$$, ARRAY[
    'alarm',
    'audit',
    'block',
    'breaker',
    'dead_letter (what, rule, service, id, event_time, sqlstate, content)',
    'disconnect',
    'evidence',
    'finding',
    'incident',
    'notice',
    'progress',
    'setting',
    'suspension'],
    'INSERT of guard_analyzer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_analyzer', 'UPDATE')$$, ARRAY[
    'alarm (closed_at)',
    'block',
    'disconnect',
    'finding (action, reason)',
    'incident (state)',
    'progress',
    'setting'],
    'UPDATE of guard_analyzer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_analyzer', 'DELETE')$$, ARRAY[]::text[],
    'DELETE of guard_analyzer');

SELECT * FROM finish();
ROLLBACK;
