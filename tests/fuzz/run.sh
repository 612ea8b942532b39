#!/usr/bin/env bash
# tests/fuzz/run.sh [--runs N] [NAME...]   builds the preset `fuzz` and runs the targets, two at a time, each N times (default
# 1,000,000) from its corpus; one line for each. --quick: what test.sh has time for, fewer runs of the slow targets and none
# that goes on after 180 s. Status 1 when there is a finding; its input stays in build/fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib.sh

usage() {
	echo "usage: tests/fuzz/run.sh [--runs N | --quick] [NAME...], of: $(all_names | xargs)" >&2
	exit 2
}

all_names() {
	local source
	for source in tests/fuzz/fuzz_*.cpp; do basename "$source" .cpp | sed 's/^fuzz_//'; done
}

# The parsers of replay take 1,000,000; of the others the slow ones open files, compute digests.
quick_runs() {
	case $1 in
	segment) echo 20000 ;;
	pools | subscribers) echo 30000 ;;
	disconnect_reply) echo 100000 ;;
	snapshot) echo 50000 ;;
	*) echo 1000000 ;;
	esac
}

longest_input() {
	case $1 in
	record) echo 400 ;;
	address | position) echo 128 ;;
	table) echo 512 ;;
	snapshot) echo 8192 ;;
	*) echo 1024 ;;
	esac
}

# Prints the line of one target. New inputs go to a directory that is thrown away: the corpus is what make_corpus.sh makes.
fuzz() {
	local name=$1 log=$GUARD_TEST_DIRECTORY/$1.log new=$GUARD_TEST_DIRECTORY/$1.new findings=build/fuzz/findings
	local begin=$SECONDS status=0 result=ok last
	mkdir -p "$new" "$findings"
	"build/fuzz/bin/fuzz_$name" -runs="$2" -max_len="$(longest_input "$name")" -max_total_time="$time" -timeout=20 -rss_limit_mb=2048 \
		-artifact_prefix="$findings/$name-" "$new" "tests/fuzz/corpus/$name" >"$log" 2>&1 || status=$?
	[ "$status" = 0 ] || result=FINDING
	last=$(grep -aE '^#[0-9]+.* cov: ' "$log" | tail -n 1 || true)
	printf '%-17s %9s runs %4d s  corpus %4s  coverage %5s  %s  %s\n' "$name" "$(sed -nE 's/^#([0-9]+).*/\1/p' <<<"$last")" \
		$((SECONDS - begin)) "$(sed -nE 's,.* corp: ([0-9]+)/.*,\1,p' <<<"$last")" \
		"$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' <<<"$last")" "$result" "$(grep -a '^reached: ' "$log" || true)"
	[ "$status" != 0 ] || return 0
	grep -aE '^broken property|^SUMMARY|runtime error|^terminate called' "$log" || tail -n 5 "$log"
	cp "$log" "$findings/$name.log"
	sed -nE 's,.*Test unit written to (.*)$,replay it: build/fuzz/bin/fuzz_'"$name"' \1; all of it: '"$findings/$name.log",p "$log"
	return 1
}

fuzz_all() {
	local status=0 name running=0
	# Freed memory is kept back from use for a while; little of it is enough for inputs so small, and much faster.
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=16
	for name in "${names[@]}"; do
		if [ "$running" = 2 ]; then
			wait -n || status=1
			running=1
		fi
		if [ "$runs" = quick ]; then fuzz "$name" "$(quick_runs "$name")" & else fuzz "$name" "$runs" & fi
		running=$((running + 1))
	done
	while [ "$running" -gt 0 ]; do
		wait -n || status=1
		running=$((running - 1))
	done
	return "$status"
}

runs=1000000 time=0 names=()  # 0: no limit
while [ $# -gt 0 ]; do
	case $1 in
	--runs)
		[[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage
		runs=$2
		shift
		;;
	--quick) runs=quick time=180 ;;
	*)
		[ -f "tests/fuzz/fuzz_$1.cpp" ] || usage
		names+=("$1")
		;;
	esac
	shift
done
# The longest first.
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(printf 'table\nrecord\n'; all_names | grep -vxE 'table|record')

scripts/setup.sh
build_preset fuzz >build/fuzz.log 2>&1 || { cat build/fuzz.log >&2; exit 1; }
with_directory fuzz fuzz_all
