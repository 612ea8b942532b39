-- Role guard_provisioning: says that a password was changed.
-- The lists are complete: a right that is not on them fails the test, and so does one that is missing.
\i tests/sql/pgtap/rights.inc
SELECT plan(5);

SELECT set_eq($$SELECT * FROM pg_temp.functions_of('guard_provisioning')$$, ARRAY[
    'guard.normalise_id(bytea)',
    'guard.normalise_id(text)',
    'guard.normalised(bytea,boolean,boolean)',
    'guard.password_changed(text,bytea)',
    'guard.password_changed_by(text,bytea,text)',
    'guard.setting_of(text)',
    'guard.stored_bytes(text)'], 'functions of guard_provisioning');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_provisioning', 'SELECT')$$, ARRAY[
    'schema_version',
    'setting'],
    'SELECT of guard_provisioning');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_provisioning', 'INSERT')$$, ARRAY[]::text[],
    'INSERT of guard_provisioning');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_provisioning', 'UPDATE')$$, ARRAY[]::text[],
    'UPDATE of guard_provisioning');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_provisioning', 'DELETE')$$, ARRAY[]::text[],
    'DELETE of guard_provisioning');

SELECT * FROM finish();
ROLLBACK;
