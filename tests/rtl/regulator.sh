#!/usr/bin/env bash
# The regulator's arithmetic under Icarus, against exact integers and the properties it must have.
#
# Usage: regulator.sh WORK_FOLDER BETA_BITS BETA_FRAC [FAULT]
# With FAULT (sign, old_filter) the expectation is wrong in that place, and it has to be noticed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$1 bits=$2 frac=$3 fault=${4-}
if ! command -v iverilog >/dev/null; then
  echo "SKIPPED: iverilog is not installed"
  exit 77
fi
folder=$(mktemp -d "$work/regulator.XXXXXX")
trap 'rm -rf "$folder"' EXIT
"$here/regulator_check.py" table "$here/../../rtl/control/exp2_table.sv" | tee "$folder/table"
[[ $(tail -n 1 "$folder/table") == PASS* ]]
"$here/regulator_check.py" vectors >"$folder/vectors.hex"
"$here/run_icarus.sh" "$work" tb_temperature_regulator "BetaBits=$bits" "BetaFrac=$frac" \
  "+vectors=$folder/vectors.hex" >"$folder/steps"
"$here/regulator_check.py" check "$bits" "$frac" "$fault" <"$folder/steps" | tee "$folder/verdict"
verdict=$(tail -n 1 "$folder/verdict")
if [[ -n $fault ]]; then [[ $verdict == FAIL* ]]; else [[ $verdict == PASS* ]]; fi
