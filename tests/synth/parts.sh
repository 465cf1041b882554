#!/usr/bin/env bash
# Yosys, through scripts/area-parts, finds in each generator the flip-flops of its state and no
# more: four words of 32 bits, the word that comes next and a mark that it does not yet; one word.
set -euo pipefail
shopt -s extglob
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

code=0
table=$(scripts/area-parts 'generator xoshiro' 'generator LFSR32, 1 step' 'generator xorshift32') || code=$?
[[ $code -ne 77 ]] || exit 77
printf '%s\n' "$table"
[[ $code -eq 0 ]]
# name, LUT, FF
[[ $table == *'| generator xoshiro128++ | '*([0-9])' | 161 | 0 |'* ]]
[[ $table == *'| generator LFSR32, 1 step | '*([0-9])' | 32 | 0 |'* ]]
[[ $table == *'| generator xorshift32 | '*([0-9])' | 32 | 0 |'* ]]
if scripts/area-parts --target asic 2>/dev/null || scripts/area-parts nothing 2>/dev/null; then
  echo "FAILED: a bad target or part got through"
  exit 1
fi
