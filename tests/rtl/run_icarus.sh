#!/usr/bin/env bash
# Compile and run one self-checking testbench under Icarus. It has to print PASS as its last line.
#
# Usage: run_icarus.sh WORK_FOLDER TESTBENCH [PARAMETER=VALUE | +plusarg]...
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if ! command -v iverilog >/dev/null; then
  echo "SKIPPED: iverilog is not installed"
  exit 77
fi
work=$1 testbench=$2
shift 2
parameters=() plusargs=()
for argument in "$@"; do
  if [[ $argument == +* ]]; then plusargs+=("$argument"); else parameters+=("$argument"); fi
done

# Tests of one testbench with different parameters run at the same time.
program=$(mktemp "$work/$testbench.XXXXXX")
trap 'rm -f "$program"' EXIT
cd "$here/../../rtl"
mapfile -t sources < <(grep -hv -e '^//' -e '^+' pbit.f board/board.f)
# "sorry: constant selects in always_*": Icarus 11 then waits for the whole vector, which is the same.
iverilog -g2012 -Wall -Wno-timescale -Ipkg -I"$here" -s "$testbench" -o "$program" \
  ${parameters[@]+"${parameters[@]/#/-P$testbench.}"} "${sources[@]}" "$here/$testbench.sv" 2>&1 |
  { grep -v 'sorry: constant selects' || true; }
# A file of vectors is shorter than the memory that holds it.
output=$(vvp -n "$program" ${plusargs[@]+"${plusargs[@]}"} 2>&1 | grep -v 'Not enough words') || true
printf '%s\n' "$output"
[[ ${output##*$'\n'} == PASS* && $output != *FAIL* ]]
