-- Role guard_notifier: sends what is queued to whom it belongs.
-- The lists are complete: a right that is not on them fails the test, and so does one that is missing.
\i tests/sql/pgtap/rights.inc
SELECT plan(5);

SELECT set_eq($$SELECT * FROM pg_temp.functions_of('guard_notifier')$$, ARRAY[
    'guard.configure_notices(text,text,bigint)',
    'guard.normalise_id(bytea)',
    'guard.normalise_id(text)',
    'guard.normalised(bytea,boolean,boolean)',
    'guard.raise_alarm(text,text)',
    'guard.record_bounce(text,text,boolean)',
    'guard.reserve_pace(text,text,integer,interval)',
    'guard.setting_of(text)',
    'guard.stored_bytes(text)'], 'functions of guard_notifier');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_notifier', 'SELECT')$$, ARRAY[
    'delivery',
    'finding (finding_id, incident_id, action, event_time, summary_en, summary_ja)',
    'incident (incident_id, opened_at)',
    'notice',
    'schema_version',
    'setting',
    'subscriber (service, id, name, mail, language, phone, postal_code, postal_address)',
    'suspension (suspension_id, incident_id, rule, suspended_at, released_at)'],
    'SELECT of guard_notifier');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_notifier', 'INSERT')$$, ARRAY[
    'delivery (notice_id, step, channel, state, due_at, give_up_at, recipient_masked, answer, done_at)'],
    'INSERT of guard_notifier');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_notifier', 'UPDATE')$$, ARRAY[
    'delivery (state, due_at, paced_at, tries, maybe_twice, leased_by, lease_until, recipient_masked, answer, accepted_at, done_at)',
    'notice (state, plan, step, escalate_at, plan_at)'],
    'UPDATE of guard_notifier');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_notifier', 'DELETE')$$, ARRAY[]::text[],
    'DELETE of guard_notifier');

SELECT * FROM finish();
ROLLBACK;
