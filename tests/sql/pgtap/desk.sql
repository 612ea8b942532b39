-- Role guard_desk: sees cases, reads evidence by ticket, decides, releases; reads no table of persons.
-- The lists are complete: a right that is not on them fails the test, and so does one that is missing.
\i tests/sql/pgtap/rights.inc
SELECT plan(5);

SELECT set_eq($$SELECT * FROM pg_temp.functions_of('guard_desk')$$, ARRAY[
    'guard.allow_id(text,bytea,text,text,timestamp with time zone,text)',
    'guard.cancel_notice(bigint,text)',
    'guard.check_retention(interval)',
    'guard.close_alarm(bigint,text)',
    'guard.close_breaker(text)',
    'guard.dead_letters_open(text)',
    'guard.dead_letters_read(uuid)',
    'guard.decide_incident(bigint,text,text)',
    'guard.decide_mass_event(bigint,text,text)',
    'guard.disallow_id(text,bytea,text)',
    'guard.disconnects_read(uuid)',
    'guard.evidence_open(bigint,text)',
    'guard.evidence_read(uuid)',
    'guard.incident_read(uuid)',
    'guard.lift_block(bigint,text)',
    'guard.mass_open(bigint,text)',
    'guard.mass_read(uuid)',
    'guard.normalise_id(bytea)',
    'guard.normalise_id(text)',
    'guard.normalised(bytea,boolean,boolean)',
    'guard.notice_answered(bigint,text)',
    'guard.notices_read(uuid)',
    'guard.phone_list_open(text)',
    'guard.phone_list_read(uuid)',
    'guard.resend_notice(bigint,text,text)',
    'guard.setting_of(text)',
    'guard.staff_release(text,bytea,text)',
    'guard.status()',
    'guard.stored_bytes(text)',
    'guard.undo_approve(bigint)',
    'guard.undo_count(text,text,timestamp with time zone,timestamp with time zone)',
    'guard.undo_request(text,text,timestamp with time zone,timestamp with time zone,text)'], 'functions of guard_desk');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_desk', 'SELECT')$$, ARRAY[
    'alarm',
    'allowed',
    'block',
    'breaker',
    'incidents',
    'mass_events',
    'notices',
    'schema_version',
    'setting',
    'suspended',
    'undo'],
    'SELECT of guard_desk');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_desk', 'INSERT')$$, ARRAY[]::text[],
    'INSERT of guard_desk');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_desk', 'UPDATE')$$, ARRAY[]::text[],
    'UPDATE of guard_desk');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_desk', 'DELETE')$$, ARRAY[]::text[],
    'DELETE of guard_desk');

SELECT * FROM finish();
ROLLBACK;
