-- Role guard_retention: deletes what is past its term, and reads nothing.
-- The lists are complete: a right that is not on them fails the test, and so does one that is missing.
\i tests/sql/pgtap/rights.inc
SELECT plan(5);

SELECT set_eq($$SELECT * FROM pg_temp.functions_of('guard_retention')$$, ARRAY[
    'guard.apply_retention()',
    'guard.check_retention(interval)',
    'guard.normalised(bytea,boolean,boolean)',
    'guard.seal_audit(boolean)',
    'guard.stored_bytes(text)'], 'functions of guard_retention');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_retention', 'SELECT')$$, ARRAY[
    'schema_version',
    'setting'],
    'SELECT of guard_retention');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_retention', 'INSERT')$$, ARRAY[]::text[],
    'INSERT of guard_retention');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_retention', 'UPDATE')$$, ARRAY[]::text[],
    'UPDATE of guard_retention');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_retention', 'DELETE')$$, ARRAY[]::text[],
    'DELETE of guard_retention');

SELECT * FROM finish();
ROLLBACK;
