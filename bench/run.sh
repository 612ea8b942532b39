#!/usr/bin/env bash
# bench/run.sh                      lists the benchmarks
# bench/run.sh NAME [ARGUMENT...]   builds the release preset and runs one; prints one JSON object a line
# CPU time is what counts: machines are noisy. Every figure is the median of five runs, or a mean difference with its 95 % interval
# over paired runs, with a yardstick from the same run where there is one, and the load average of the machine when it was printed.
# "bench/run.sh radius --help" says what can be measured in a real FreeRADIUS, and how long it takes.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -lt 1 ] || [ ! -f "bench/bench_$1.cpp" ]; then
	echo "usage: bench/run.sh NAME, one of:"
	for file in bench/bench_*.cpp; do
		name=${file#bench/bench_}
		printf '   %-14s %s\n' "${name%.cpp}" "$(sed -n '1s,^// ,,p' "$file")"
	done
	exit 2
fi
name=$1
shift
scripts/setup.sh
cmake --preset release >build/release.configure.log
cmake --build --preset release --target "bench_$name" >build/bench.log || { cat build/bench.log >&2; exit 1; }
exec "build/release/bin/bench_$name" "$@"
