#!/usr/bin/env bash
# bench/run.sh           lists the benchmarks
# bench/run.sh NAME      builds the release preset and runs one; prints one JSON object a line
# CPU time is what counts: machines are noisy. Every figure is the median of five runs, with a yardstick from the same run where
# there is one, and the load average of the machine when it was printed.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -ne 1 ] || [ ! -f "bench/bench_$1.cpp" ]; then
	echo "usage: bench/run.sh NAME, one of:"
	for file in bench/bench_*.cpp; do
		name=${file#bench/bench_}
		printf '   %-14s %s\n' "${name%.cpp}" "$(sed -n '1s,^// ,,p' "$file")"
	done
	exit 2
fi
scripts/setup.sh
cmake --preset release >build/release.configure.log
cmake --build --preset release --target "bench_$1" >build/bench.log || { cat build/bench.log >&2; exit 1; }
exec "build/release/bin/bench_$1"
