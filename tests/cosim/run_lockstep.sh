#!/usr/bin/env bash
# run_lockstep.sh PROGRAM CASES SWEEPS CONFIG [OPTIONS]: passes when the program compares CASES cases over
# SWEEPS sweeps each and finds all of them equal.
set -euo pipefail
program=$1 cases=$2 sweeps=$3
shift 3
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
code=0
"$program" lockstep "$@" >"$folder/out" 2>"$folder/err" || code=$?
cat "$folder/out"
if [[ $code -ne 0 ]]; then
  tail -n 20 "$folder/err" >&2
  echo "FAILED: exit code $code instead of 0" >&2
  exit 1
fi
equal=$(grep -c "^EQUAL case .*, $sweeps sweeps," "$folder/out" || true)
if [[ $equal -ne $cases ]]; then
  echo "FAILED: $equal equal cases of $sweeps sweeps instead of $cases" >&2
  exit 1
fi
