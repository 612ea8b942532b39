#!/usr/bin/env bash
# tests/chaos/run.sh [--rounds N] [--seed S] [--from R] [--only FAULT]... [--rate N] [--keep]; --help says more
# Builds what is needed (preset dev) and plays rounds of faults on a private, real chain under load. Exit code 1 when
# anything was lost, came twice or was refused wrongly. As root it also fills disks.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/lib.sh

scripts/setup.sh >&2
mkdir -p build
cmake --preset dev >build/dev.configure.log || { cat build/dev.configure.log >&2; exit 2; }
cmake --build --preset dev --target pppoe-guard-chaos >build/chaos.log || { cat build/chaos.log >&2; exit 2; }
with_directory chaos build/dev/bin/pppoe-guard-chaos "$@"
