#!/usr/bin/env bash
# A 16 x 16 lattice with one instance per p-bit (structural_lattice.sv) against the device's lattice of
# the same size, both Verilated: p-bit updates per second of processor time and seconds to build.
# Called by scripts/bench structural, which documents the options.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
device=$1 rounds=5 seconds=0.5
shift
while [[ $# -gt 0 ]]; do
  case $1 in
    --rounds) rounds=$2 ;;
    --seconds) seconds=$2 ;;
    *)
      echo "usage: scripts/bench structural [--rounds N] [--seconds S]" >&2
      exit 2
      ;;
  esac
  shift 2
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cpu() { # seconds of processor time of a command and its children
  local TIMEFORMAT='%U %S'
  { time "$@" >"$work/out" 2>"$work/err"; } 2>&1 | awk '{print $1 + $2}'
}
echo "building the structural lattice: minutes" >&2
build=$(cpu verilator --binary -O3 -Wno-fatal -Wno-lint --noassert -fno-const-bit-op-tree -j 2 \
  -CFLAGS "-O3 -march=native" --top-module structural_lattice -Mdir "$work/obj" \
  -I"$here/../../rtl/pkg" "$here/structural_lattice.sv" "$here/../../rtl/pbit/xoshiro128pp.sv")
program=$work/obj/Vstructural_lattice
[[ -x $program ]] || {
  tail -n 5 "$work/err" >&2
  exit 3
}
once=$(cpu "$program" +sweeps=20000)
sweeps=$(awk -v s="$seconds" -v t="$once" 'BEGIN {printf "%d", 1 + 20000 * s / (t + 1e-3)}')
for ((i = 0; i < rounds; i++)); do
  cpu "$program" "+sweeps=$sweeps" >>"$work/structural"
  "$device" --only lattice_16x16_g12 --rounds 1 --seconds "$seconds" --json >"$work/json"
  python3 - "$work/json" >>"$work/device" <<'PY'
import json, sys
rows = json.load(open(sys.argv[1]))["rows"]
best = max(rows, key=lambda row: row["updates_per_cpu_s"])
print(best["updates_per_cpu_s"], best["verilate_and_compile_s"], best["compiler"])
PY
done
python3 - "$work" "$sweeps" "$build" <<'PY'
import statistics, sys
work, sweeps, build = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
peer = statistics.median(256 * sweeps / float(line) for line in open(work + "/structural"))
rows = [line.split() for line in open(work + "/device")]
device = statistics.median(float(row[0]) for row in rows)
print(f"lattice_16x16_g12, rolled, {rows[0][2]}: {device:.3e} updates per CPU second, built in {float(rows[0][1]):.1f} s")
print(f"one instance per p-bit, g++: {peer:.3e} updates per CPU second, built in {build:.1f} CPU seconds")
print(f"ratio {device / peer:.2f}")
PY
