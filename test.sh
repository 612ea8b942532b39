#!/usr/bin/env bash
# Installs what is missing, builds the dev preset and runs every test. Arguments go to ctest: ./test.sh -L unit, -R spool, ...
# Without arguments the decoders are fuzzed as well, for a few minutes: tests/fuzz/run.sh --quick.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/lib.sh

scripts/setup.sh
build_preset dev
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
with_directory test ctest --preset dev --parallel 2 --no-tests=error "$@" 2>&1 | tee "$log" || status=$?
fuzzed=
if [ $# -eq 0 ]; then
	tests/fuzz/run.sh --quick || { status=1 fuzzed=", and a finding of the fuzzers"; }
fi
failed=$(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests? failed out of [0-9]+$/\1/p' "$log")
total=$(sed -nE 's/^[0-9]+% tests passed, [0-9]+ tests? failed out of ([0-9]+)$/\1/p' "$log")
echo "$((${total:-0} - ${failed:-0})) passed, ${failed:-0} failed$fuzzed"
exit "$status"
