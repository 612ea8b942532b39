-- Role guard_importer: loads contracts and contacts; sees no case.
-- The lists are complete: a right that is not on them fails the test, and so does one that is missing.
\i tests/sql/pgtap/rights.inc
SELECT plan(5);

SELECT set_eq($$SELECT * FROM pg_temp.functions_of('guard_importer')$$, ARRAY[
    'guard.normalised(bytea,boolean,boolean)',
    'guard.note_import(bigint,bigint,bigint)',
    'guard.setting_of(text)',
    'guard.stored_bytes(text)'], 'functions of guard_importer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_importer', 'SELECT')$$, ARRAY[
    'schema_version',
    'setting',
    'subscriber'],
    'SELECT of guard_importer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_importer', 'INSERT')$$, ARRAY[
    'subscriber'],
    'INSERT of guard_importer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_importer', 'UPDATE')$$, ARRAY[
    'subscriber'],
    'UPDATE of guard_importer');

SELECT set_eq($$SELECT * FROM pg_temp.columns_of('guard_importer', 'DELETE')$$, ARRAY[
    'subscriber'],
    'DELETE of guard_importer');

SELECT * FROM finish();
ROLLBACK;
