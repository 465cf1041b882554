#!/usr/bin/env bash
# The device's lattice 16 x 16 of degree 12 under Icarus: prints p-bit updates per second of processor
# time, clocks per second of it, and the seconds of compilation. Exit code 77 without iverilog. Called
# by scripts/bench rtl.
#
# Usage: icarus.sh [SECONDS]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
seconds=${1:-5}
command -v iverilog >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cpu() { # seconds of processor time of a command and its children
  local TIMEFORMAT='%U %S'
  { time "$@" >"$work/out" 2>"$work/err"; } 2>&1 | awk '{print $1 + $2}'
}
cd "$here/../../rtl"
mapfile -t sources < <(grep -v -e '^//' -e '^+' pbit.f)
build=$(cpu iverilog -g2012 -Ipkg -s icarus_lattice -o "$work/program" "${sources[@]}" \
  "$here/icarus_lattice.sv")
[[ -s $work/program ]] || {
  tail -n 5 "$work/err" >&2
  exit 3
}
start=$(cpu vvp -n "$work/program" +sweeps=1)
few=$(cpu vvp -n "$work/program" +sweeps=20)
sweeps=$(awk -v s="$seconds" -v a="$start" -v b="$few" 'BEGIN {
  t = (b - a) / 19; if (t < 1e-4) t = 1e-4; printf "%d", 10 + s / t}')
long=$(cpu vvp -n "$work/program" "+sweeps=$((sweeps + 1))")
clocks=$(awk '/clocks/ {print $1}' "$work/out")
awk -v n="$sweeps" -v t="$long" -v s="$start" -v b="$build" -v c="$clocks" 'BEGIN {
  if (c == "" || t <= s) exit 3
  printf "%.6g %.6g %.3g\n", 256 * n / (t - s), c / (t - s), b}'
