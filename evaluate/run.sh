#!/usr/bin/env bash
# evaluate/run.sh --subscribers N --days N --seed S [--profile guideline|cautious] [--scenario NAME[,NAME]] [--smtp N]
#                 [--thieves N] [--baselines] [--json] [--keep DIR]
# The whole loop: an ISP's life is simulated and replayed, one process each, through a pipe, so that both cores work and no file of
# events is written; then the findings are held against the truth. Exit code of guardctl evaluate: 1 where a target is missed.
# Time and memory of each step go to standard error. --baselines writes the events to a file, since they are read twice.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
	sed -n '2,3s,^# ,,p' "$0" >&2
	exit 2
}
seed= subscribers= days= profile=guideline scenario=all keep= baselines= json= more=()
while [ $# -gt 0 ]; do
	case $1 in
	--baselines) baselines=1 ;;
	--json) json=1 ;;
	--subscribers | --days | --seed | --profile | --scenario | --keep)
		[ $# -ge 2 ] || usage
		printf -v "${1#--}" %s "$2"
		shift
		;;
	--smtp | --thieves)
		[ $# -ge 2 ] || usage
		more+=("$1" "$2")
		shift
		;;
	*) usage ;;
	esac
	shift
done
[ -n "$subscribers" ] && [ -n "$days" ] && [ -n "$seed" ] || usage

guardctl=${GUARDCTL:-build/release/bin/guardctl}
if [ -z "${GUARDCTL:-}" ]; then
	scripts/setup.sh >&2
	cmake --preset release >build/release.configure.log
	cmake --build --preset release --target guardctl >build/evaluate.log || { cat build/evaluate.log >&2; exit 2; }
fi

if [ -n "$keep" ]; then
	directory=$keep
	mkdir -p "$directory"
else
	directory=$(mktemp -d "${TMPDIR:-/tmp}/guard-evaluate.XXXXXX")
	trap 'rm -rf "$directory"' EXIT
fi
isp=$directory/isp findings=$directory/findings.jsonl

# measured NAME COMMAND...: runs it; what it took goes to standard error.
measured() {
	python3 -c '
import os, sys, time
begin = time.monotonic()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
status, usage = os.wait4(child, 0)[1:]
print("%s: %.1f s, %.1f s of CPU, %.0f MB" % (sys.argv[1], time.monotonic() - begin, usage.ru_utime + usage.ru_stime,
      usage.ru_maxrss / 1024), file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status) % 256)' "$@"
}
simulate() {
	measured simulate "$guardctl" simulate --seed "$seed" --subscribers "$subscribers" --days "$days" --scenario "$scenario" \
		"${more[@]}" --out "$isp" "$@"
}
replay() {
	measured replay "$guardctl" replay --pools "$isp/pools.csv" --contracts "$isp/contracts.csv" --gateways "$isp/gateways.txt" \
		--geo "$isp/world.mmdb" --profile "$profile" --findings "$findings" "$@" || [ $? -eq 1 ]  # 1: there are findings
}

if [ -n "$baselines" ]; then
	simulate
	replay "$isp/events.jsonl"
else
	mkfifo "$directory/events"
	simulate --events - >"$directory/events" &
	simulator=$!
	exec 3<"$directory/events"
	# The files about the ISP are there before the first event, this one last.
	until [ -e "$isp/truth.csv" ]; do
		kill -0 "$simulator" 2>/dev/null || exit 2
		sleep 0.1
	done
	replay - <&3
	exec 3<&-
	wait "$simulator"
fi
measured evaluate "$guardctl" evaluate "$isp" --findings "$findings" --profile "$profile" --wrong "$directory/wrong.jsonl" \
	${baselines:+--baselines} ${json:+--json}
