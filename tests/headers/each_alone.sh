#!/usr/bin/env bash
# each_alone.sh COMPILER SOURCE_DIRECTORY: compiles every header alone, two at a time; names those that do not.
# What every test program has defined is defined here, too.
# The C headers that need FreeRADIUS's own are left out: the module's three files include them first.
set -euo pipefail
compiler=$1
cd "$2"
alone() {
	printf '#include "%s"\n' "$2" | "$1" -std=c++20 -I. -DGUARD_BINARY_DIR='""' -DGUARD_SOURCE_DIR='""' -fsyntax-only -x c++ - 2>&1 || { echo "$2 does not compile alone"; return 1; }
}
export -f alone
headers=$(find . -path ./build -prune -o \( -name '*.hpp' -o -name guard_core.h \) -printf '%P\n')
count=$(wc -l <<<"$headers")
[ "$count" -gt 50 ] || { echo "found only $count headers below $PWD"; exit 1; }
xargs -P 2 -I{} bash -c 'alone "$0" "{}"' "$compiler" <<<"$headers"
echo "$count headers compile alone"
