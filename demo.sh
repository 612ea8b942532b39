#!/usr/bin/env bash
# Installs what is missing, builds, and plays the whole chain on real, private parts: see README.md.
#   ./demo.sh          plays the story, cleans up, exits non-zero if anything differs from what was expected
#   ./demo.sh --keep   leaves it running afterwards, says how to look around, cleans up on Ctrl-C
# As root or with sudo (only to install packages). Safe to run twice at once.
set -euo pipefail
case "${1:-}" in "" | --keep) ;; *) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 2 ;; esac
cd "$(dirname "$0")"
. scripts/lib.sh

scripts/setup.sh
build_preset release
with_directory demo build/release/bin/pppoe-guard-demo "$@"
