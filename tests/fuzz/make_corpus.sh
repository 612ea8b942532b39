#!/usr/bin/env bash
# Makes tests/fuzz/corpus anew: of what write_seeds.cpp makes with the real encoders, the files that add coverage. To be
# run when a format or a target has changed; the result is committed.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib.sh
[ $# -eq 0 ] || { echo "usage: tests/fuzz/make_corpus.sh" >&2; exit 2; }

make_corpus() {
	local seeds=$GUARD_TEST_DIRECTORY/seeds source name corpus
	build/fuzz/bin/write_fuzz_seeds "$seeds"
	for source in tests/fuzz/fuzz_*.cpp; do
		name=$(basename "$source" .cpp)
		name=${name#fuzz_}
		corpus=tests/fuzz/corpus/$name
		rm -rf "$corpus"
		mkdir -p "$corpus"
		"build/fuzz/bin/fuzz_$name" -merge=1 "$corpus" "$seeds/$name" 2>"$GUARD_TEST_DIRECTORY/log" ||
			{ cat "$GUARD_TEST_DIRECTORY/log" >&2; return 1; }
		printf '%-18s %4d of %4d files\n' "$name" "$(ls "$corpus" | wc -l)" "$(ls "$seeds/$name" | wc -l)"
	done
}

scripts/setup.sh
build_preset fuzz
with_directory fuzz make_corpus
