#!/usr/bin/env bash
# The statistics unit in Yosys: no latch, one driver everywhere, and every memory is read by a clock,
# so that it can be a block memory.
#
# Usage: statistics.sh [FAULT]    FAULT: a memory is read without a clock, and has to be found
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../needs.sh"
needs yosys
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/../../rtl/stats" "$here/../../rtl/pkg" "$work"
if [[ ${1-} != '' ]]; then
  sed -i -e 's/^  assign host_row_o .*/  assign mem_word = mem0[host_address_i ^ address_i];\n&/' \
    -e 's/logic host_bank_q;/&\n  logic [Columns*Width-1:0] mem_word;/' \
    -e 's/row0_q <= mem0.*/row0_q <= mem_word ^ row1_q;/' "$work/stats/bank_sums.sv"
  grep -q '^  assign mem_word' "$work/stats/bank_sums.sv" || {
    echo 'FAILED: the fault found no place in bank_sums.sv' >&2
    exit 1
  }
fi
cd "$work"
yosys -q -p "read_verilog -sv -Ipkg stats/*.sv $here/../../rtl/bus/axis_packer.sv
  chparam -set Statistics 1 -set Pbits 37 -set Bits 4 -set Lanes 4 -set Replicas 8 -set Contexts 2 \
    -set LaneBits 2 -set Pairs 40 sample_path
  hierarchy -check -top sample_path
  proc; opt; check -assert; memory -nomap; opt
  select -assert-none t:\$dlatch t:\$adlatch t:\$dlatchsr
  tee -q -o memories.txt dump t:\$mem*"
# a bit for each read port
python3 - "${1-}" <<'PYTHON'
import re, sys

text = open("memories.txt").read()
names = re.findall(r'parameter \\MEMID "\\+(\w+)"', text)
clocked = re.findall(r"parameter \\RD_CLK_ENABLE \d+'([01x]+)", text)
bad = [n for n, c in zip(names, clocked) if set(c) != {"1"}]
print(f"{len(names)} memories, {len(bad)} read without a clock: {' '.join(bad)}")
if len(names) < 12 or len(names) != len(clocked):
    sys.exit("FAILED: not all memories are there")
sys.exit(bool(bad) != bool(sys.argv[1]))
PYTHON
