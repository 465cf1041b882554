#!/usr/bin/env bash
# Yosys on small variants of the device.
#
# Usage: netlist.sh ACTION VARIANT WORK_FOLDER COMPARE_PROGRAM
#   synth    generic gates: no latch, no undriven or doubly driven net, no warning; prints cell counts
#   compare  the gates, verilated, sample what the twin samples
#   rtl      the RTL of silicon (IsSim=0), verilated, samples what the twin samples
#   fault    one gate of another kind, and `compare` has to see it
#   refuse   a latch, and a net with two drivers, do not get through `synth`
#   ice40    cell counts for iCE40
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
action=$1 variant=$2 work=$3 program=$4

. "$here/../needs.sh"
needs yosys
mkdir -p "$work"

# The device with this variant's parameters, as Yosys commands.
read_device() {
  local sources parameters
  sources=$(grep -v -e '^//' -e '^+' "$root/rtl/pbit.f" | sed "s|^|$root/rtl/|" | tr '\n' ' ')
  # -GVisible=4 -> -set Visible 4
  parameters=$("$program" parameters "$variant" | sed 's/^-G\(.*\)=\(.*\)$/-set \1 \2/' | tr '\n' ' ')
  [[ -n $parameters ]]
  echo "read_verilog -sv -I$root/rtl/pkg $sources; chparam $parameters pbit_top;"
}

# To gates, below all of them or, in the variant with all options, down to its memories.
to_gates() {
  if [[ $variant != options ]]; then
    echo "synth -flatten -top $1;"
    return
  fi
  echo "synth -flatten -top $1 -run begin:fine; opt -fast -full; opt -undriven -fine; techmap; opt -fast;"
  echo "abc -fast; opt -fast; clean;"
}

# sound COMMANDS TOP: the rules that every variant has to pass; the netlist goes to netlist.v.
sound() {
  local log=$work/yosys.log
  # Checked before optimisation, too, which may hide what it removes.
  yosys -q -l "$log" -p "$1 hierarchy -check -top $2; proc; check -assert;
    select -assert-none t:\$dlatch t:\$dlatchsr t:\$adlatch;
    $(to_gates "$2") check -assert; select -assert-none t:\$_DLATCH*_ t:\$*latch*;
    write_verilog -noattr $work/netlist.v; tee -q -o $work/cells.txt stat" || return 1
  if grep -i warning "$log"; then
    echo "yosys warns: $log"
    return 1
  fi
}

# build_object ARGUMENTS: netlist.so of the netlist or RTL that Verilator's arguments name, with the shim
# that every variant has
build_object() {
  needs verilator c++
  local include obj=$work/obj
  include=$(verilator --getenv VERILATOR_ROOT)/include
  rm -rf "$obj"
  # Not rtl/verilator.flags: a netlist cannot be free of -Wall's warnings.
  verilator --cc -Wno-fatal -Wno-lint -fno-const-bit-op-tree --x-assign unique --x-initial unique \
    --noassert -O3 --prefix Vpbit --top-module pbit_top -Mdir "$obj" "$@"
  local runtime=("$include/verilated.cpp")
  if [[ -e $include/verilated_threads.cpp ]]; then runtime+=("$include/verilated_threads.cpp"); fi
  c++ -std=c++17 -O1 -fPIC -shared -pthread -DVM_COVERAGE=0 -DVM_SC=0 -DVM_TRACE=0 -I"$obj" \
    -I"$include" -I"$include/vltstd" -I"$root/sim/rtl" -I"$root/sim" -I"$root/host/base" \
    -o "$work/netlist.so" "${runtime[@]}" "$root/sim/rtl/pbl_rtl_shim.cpp" "$obj"/*.cpp
}

case $action in
  synth)
    rm -f "$work/netlist.v"
    sound "$(read_device)" pbit_top
    cat "$work/cells.txt"
    ;;
  rtl)
    mapfile -t parameters < <("$program" parameters "$variant")
    cd "$root/rtl"
    build_object "${parameters[@]}" -f pbit.f
    "$program" compare "$variant" "$work/netlist.so"
    ;;
  compare)
    build_object "$work/netlist.v"
    "$program" compare "$variant" "$work/netlist.so"
    ;;
  fault)
    # u ^ pos, the word that is compared with the table entry, becomes u | pos in one bit.
    mkdir -p "$work/fault"
    sed '0,/^  assign .* ^ .*u_cell\.pos5_q/s/^\(  assign .*\) ^ \(.*u_cell\.pos5_q\)/\1 | \2/' \
      "$work/netlist.v" >"$work/fault/netlist.v"
    work=$work/fault
    if diff "$work/../netlist.v" "$work/netlist.v"; then
      echo "FAILED: no gate to change was found"
      exit 1
    fi
    build_object "$work/netlist.v"
    status=0
    "$program" compare "$variant" "$work/netlist.so" || status=$?
    if [[ $status -ne 1 ]]; then
      echo "FAILED: exit status $status, a difference (1) was expected"
      exit 1
    fi
    ;;
  refuse)
    work=$work/refuse
    mkdir -p "$work"
    cat >"$work/latch.v" <<'VERILOG'
module latch (input a, input d, output reg q);
  always @* if (a) q = d;
endmodule
VERILOG
    cat >"$work/drivers.v" <<'VERILOG'
module drivers (input a, input b, input c, output q);
  assign q = a & b;
  assign q = b ^ c;
endmodule
VERILOG
    for fault in latch drivers; do
      if sound "read_verilog -sv $work/$fault.v;" "$fault"; then
        echo "FAILED: $work/$fault.v got through"
        exit 1
      fi
    done
    ;;
  ice40)
    yosys -q -p "$(read_device) synth_ice40 -top pbit_top; tee -o $work/ice40.txt stat"
    cat "$work/ice40.txt"
    ;;
  *)
    echo "unknown action $action" >&2
    exit 2
    ;;
esac
