#!/usr/bin/env bash
# Formal proofs of one block, with the SAT solver inside Yosys.
#
# Usage: prove.sh FOLDER WORK_FOLDER PROOF ACTION
#   FOLDER   root of the project
#   prove    every assertion, from reset on and for ever (k-induction) or for a number of clocks
#   reach    every cover, one by one, so that no proof holds because nothing can happen
#   fault F  fault F in a copy of the RTL: a run from reset breaks the assertion that its line names
#   second   the first induction by another solver, z3, through yosys-smtbmc
#   all      the first three, with every fault
#
# PROOF.proof, one a line; the top module is formal_PROOF:
#   rtl FILE...                       below rtl/
#   induction K [NAME=VALUE...]       with PBIT_INSIDE defined
#   bmc CLOCKS [NAME=VALUE...]
#   reach CLOCKS [NAME=VALUE...]
#   fault NAME CLOCKS ASSERTION FILE SED-COMMAND    which changes exactly one line; parameters of reach
# CLOCKS of reach and fault: N, clock by clock up to it, or M-N: one search in those clocks.
# Exit status 77: a tool is not installed, named.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$1 work=$2/$3 proof=$3 action=$4
top=formal_$proof

. "$here/../needs.sh"
needs yosys
mkdir -p "$work"
lines() { sed -n "s/^$1 \+//p" "$here/$proof.proof"; }
read -r -a rtl < <(lines rtl)

# design RTL_FOLDER DEFINE... -- NAME=VALUE...: Yosys commands that read and flatten the proof
design() {
  local folder=$1 defines='' parameters=''
  shift
  while [[ $1 != -- ]]; do
    defines+=" -D$1"
    shift
  done
  shift
  local value
  for value in "$@"; do parameters+=" -set ${value/=/ }"; done
  echo "read_verilog -sv -formal$defines -I$folder/pkg ${rtl[*]/#/$folder/} $here/$top.sv;"
  [[ -z $parameters ]] || echo "chparam$parameters $top;"
  # `check` stops at a name inside the block that is no longer there
  echo "prep -flatten -top $top; check -assert; async2sync; dffunmap; chformal -early;"
  echo "chformal -cover -remove; memory_map; opt -full;"
}

# solve NAME COMMANDS: 0 if Yosys is content
solve() {
  if yosys -q -l "$work/$1.log" -p "$2" >"$work/$1.out" 2>&1; then return 0; fi
  tail -n 5 "$work/$1.out"
  return 1
}
sat='sat -seq 1 -prove-asserts -set-assumes -tempinduct'
# search CLOCKS: sat command that looks for a run from reset; one question for M-N
search() {
  if [[ $1 == *-* ]]; then
    echo "sat -seq ${1#*-} -prove-asserts -prove-skip $((${1%-*} - 1)) -set-assumes -falsify"
  else
    echo "$sat -tempinduct-baseonly -maxsteps $1 -falsify"
  fi
}
# CPU time of one run of Yosys
cpu() { grep -oE 'CPU: user [0-9.]+s' "$work/$1.log" | cut -d' ' -f3; }

prove() {
  local method depth values number=0
  while read -r method depth values; do
    number=$((number + 1))
    # shellcheck disable=SC2086  # words
    case $method in
      induction)
        solve "prove$number" \
          "$(design "$root/rtl" PBIT_INSIDE -- $values) $sat -maxsteps $depth -verify" ;;
      bmc)
        solve "prove$number" \
          "$(design "$root/rtl" -- $values) $sat -tempinduct-baseonly -maxsteps $depth -verify" ;;
    esac || {
      echo "FAILED: $proof, $method $depth $values: see $work/prove$number.log"
      exit 1
    }
    echo "PROVED $proof, $method $depth $values ($(cpu "prove$number"))"
  done < <(grep -E '^(induction|bmc) ' "$here/$proof.proof")
  [[ $number -gt 0 ]]
}

# The contrary of a cover as the only assertion: a counterexample is a way to reach it.
reach() {
  local depth values name commands
  if [[ -z $(lines reach) ]]; then
    echo "NOT RUN: $proof.proof has no line \`reach'"
    return
  fi
  while read -r depth values; do
    # shellcheck disable=SC2086
    commands="$(design "$root/rtl" PBIT_REACH -- $values) design -save all;"
    for name in "${covers[@]}"; do
      commands+=" design -load all; select -assert-count 1 t:\$assert c:$name %i;"
      commands+=" delete t:\$assert c:$name %d; opt_clean;"
      commands+=" log reaching $name; $(search "$depth");"
    done
    if ! solve reach "$commands"; then
      echo "FAILED: $proof, last of these is not reached in $depth clocks:"
      grep '^reaching' "$work/reach.log"
      exit 1
    fi
    echo "REACHED $proof: ${covers[*]} ($(cpu reach))"
  done < <(lines reach)
}

fault() {
  local name clocks assertion file change values copy=$work/$1
  read -r _ values < <(lines reach) || true # there may be none
  read -r name clocks assertion file change < <(lines fault | grep "^$1 ")
  rm -rf "$copy"
  mkdir -p "$copy"
  cp -r "$root/rtl" "$copy/rtl"
  sed -i "$change" "$copy/rtl/$file"
  if [[ $(diff "$root/rtl/$file" "$copy/rtl/$file" | grep -c '^>') -ne 1 ]]; then
    echo "FAILED: fault $name has to change one line of rtl/$file: $change"
    exit 1
  fi
  # shellcheck disable=SC2086
  if ! solve "$name" "$(design "$copy/rtl" -- $values)
      select -assert-count 1 t:\$assert c:$assertion %i; delete t:\$assert c:$assertion %d; opt_clean;
      $(search "$clocks")"; then
    echo "FAILED: fault $name does not break $assertion within $clocks clocks"
    exit 1
  fi
  rm -rf "$copy"
  echo "FOUND $proof, fault $name breaks $assertion ($(cpu "$name"))"
}

second() {
  local depth values
  needs yosys-smtbmc z3
  read -r depth values < <(lines induction)
  # shellcheck disable=SC2086
  solve second "$(design "$root/rtl" PBIT_INSIDE -- $values) dffunmap; write_smt2 -wires $work/second.smt2"
  # without --unroll z3 does not come to an end
  yosys-smtbmc -s z3 --unroll --noprogress -t "$depth" "$work/second.smt2" >"$work/second.out" &&
    yosys-smtbmc -s z3 --unroll --noprogress -i -t "$depth" "$work/second.smt2" \
      >>"$work/second.out" || {
    grep -E 'Assert|Status' "$work/second.out"
    echo "FAILED: $proof, z3, induction $depth $values"
    exit 1
  }
  echo "PROVED $proof by z3, induction $depth $values"
}

mapfile -t covers < <(grep -oE 'PBIT_COVER\([a-z0-9_]+_C' "$here/$top.sv" | cut -d'(' -f2)
[[ ${#covers[@]} -gt 0 ]]
case $action in
  prove) prove ;;
  reach) reach ;;
  fault) fault "$5" ;;
  second) second ;;
  all)
    prove
    reach
    while read -r name _; do fault "$name"; done < <(lines fault)
    ;;
  *)
    sed -n '2,20s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
    ;;
esac
