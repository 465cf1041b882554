#!/usr/bin/env bash
# mutant.sh PROGRAM SOURCE_DIR CACHE MUTANT [OPTIONS]: plants one fault in a copy of the RTL and passes when
# lock-step reports it (exit 10, naming the place) or the driver refuses the device (exit 3).
# MUTANT `none` must be found equal: else the others prove nothing.
set -euo pipefail
program=$1 source_dir=$2 cache=$3 mutant=$4
shift 4
here=$source_dir/tests/cosim
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/host" "$cache"
cp -r "$source_dir/rtl" "$source_dir/sim" "$folder/"
cp -r "$source_dir/host/base" "$folder/host/"
echo '-Wno-fatal' >>"$folder/rtl/verilator.flags" # a fault may leave a signal unused

# plant FILE OLD NEW: replaces a text that must occur exactly once, whatever its white space.
plant() {
  python3 - "$folder/rtl/$1" "$2" "$3" <<'PY' || exit 1
import re, sys
path, old, new = sys.argv[1:]
text = open(path).read()
pattern = r"\s+".join(re.escape(word) for word in old.split())
if len(re.findall(pattern, text)) != 1:
    sys.exit(f"FAILED: '{old}' does not occur exactly once in {path}; update the mutant")
open(path, "w").write(re.sub(pattern, lambda _: new, text))
PY
}

expect='^DIFFERS case .*(sweep [0-9]+, replica [0-9]+, p-bit|register|ENERGY|window [0-9]+, |records of)'
case $mutant in
  none) ;;
  table_index_truncated)
    plant pbit/pbit_cell.sv 'Half = Rounding != 0 ? 1 : 0' 'Half = Rounding != 0 ? 0 : 0' ;;
  table_index_one_high)
    plant pbit/pbit_cell.sv 'steps = prod >> IndexShift;' "steps = (prod >> IndexShift) + 1'b1;" ;;
  xoshiro_rotates_by_12)
    plant pbit/xoshiro128pp.sv '{t3[20:0], t3[31:21]}' '{t3[19:0], t3[31:20]}' ;;
  lanes_share_generator_words)
    plant fabric/dense_fabric.sv "rng_we_i && 32'(host_col_i[15:2]) == l" 'rng_we_i' ;;
  hidden_biases_ignored)
    plant fabric/dense_lane.sv 'acc_q       <= row_i[Hidden*FieldBits-1:0];' "acc_q       <= '0;" ;;
  minus_correction_dropped)
    plant fabric/dense_lane.sv "total(extra_q + FieldBits'(minus2_q))" 'total(extra_q)' ;;
  weights_unsigned)
    plant fabric/dense_fabric.sv '{(FieldBits - WeightBits) {row_q[j*WeightBits+WeightBits-1]}}' \
      "{(FieldBits - WeightBits) {1'b0}}" ;;
  stream_lanes_swapped)
    plant bus/axis_packer.sv "'(push_data_i)" "'({push_data_i[0], push_data_i[Lanes-1]})" ;;
  flips_count_clamped)
    plant fabric/dense_lane.sv 'draw5_i && (new5_o != old5_q)' 'draw5_i && (outcome5 != old5_q)' ;;
  saturations_counted_early)
    plant pbit/pbit_cell.sv 'sat_o     = sat5_q;' 'sat_o     = sat4_q;' ;;
  energy_sign)
    plant fabric/dense_lane.sv "<= -(sum_field_q" '<= (sum_field_q' ;;
  palindromic_energy_lacks_biases)
    plant fabric/dense_lane.sv "palindromic_i ? sum_bias_q : '0" "1'b0 ? sum_bias_q : '0" ;;
  beta_not_latched_at_start)
    plant control/sweep_sequencer.sv \
      'beta_d = regulates_i ? beta_q : beta_i;' '' ;;
  clamp_ignored)
    plant fabric/dense_lane.sv 'clamp5_i ? old5_q : outcome5' 'outcome5' ;;
  context_not_loaded)
    plant fabric/dense_lane.sv 'if (!next_i || load_context_i != context_i)' 'if (!next_i)' ;;
  single_context_loads_old_word) # needs as many lanes as replicas
    plant fabric/dense_lane.sv 'if (!next_i || load_context_i != context_i)' "if (1'b1)" ;;
  stall_ignored)
    plant pbit_top.sv 'en    = !stall;' "en    = 1'b1;" ;;
  full_packer_takes_words)
    plant bus/axis_packer.sv 'ready_o = !flush_q &&' "ready_o = 1'b1 ||" ;;
  palindrome_without_return)
    plant control/sweep_sequencer.sv 'palindromic_q ? Acc : Next' "1'b0 ? Acc : Next" ;;
  coupled_uses_own_word)
    plant fabric/dense_fabric.sv 'coupled_i ? random5[(l-1)*32+:32]' "1'b0 ? random5[(l-1)*32+:32]" ;;
  lambda_step_sign)
    plant control/temperature_regulator.sv 'delta_q <= -filter_error;' 'delta_q <= filter_error;' ;;
  filter_uses_old_value)
    plant control/temperature_regulator.sv 'filter_o <= filter_o + work_q[47:16]; step_q <= Error;' \
      'filter_o <= filter_o + work_q[47:16]; delta_q <= -filter_error; step_q <= DeadBand;' ;;
  host_beta_in_every_mode)
    plant control/sweep_sequencer.sv 'if (host_beta_i) beta_d = beta_i;' 'beta_d = beta_i;' ;;
  energy_of_last_lane_dropped)
    plant control/window_statistics.sv "32'(lane_q) == Lanes - 1" "32'(lane_q) == Lanes - 2" ;;
  energy_reference_of_every_sweep)
    plant control/window_statistics.sv "position_o == '0 && context_i == '0" "context_i == '0" ;;
  flips_of_blocks_swapped)
    plant fabric/dense_fabric.sv 'flip_hidden_o = hid5_q;' 'flip_hidden_o = !hid5_q;' ;;
  rate_not_rounded)
    plant control/temperature_regulator.sv "shift_q == 6'd1 ? work_q + 64'd1 : work_q" 'work_q' ;;
  dead_band_ignored)
    plant control/temperature_regulator.sv '!srtrbm && size <=' "1'b0 && size <=" ;;
  macro_ignored)
    plant control/temperature_regulator.sv 'if (srtrbm) work_q' "if (1'b0) work_q" ;;
  freeze_ignored)
    plant control/temperature_regulator.sv 'else if (freeze_i) step_q' "else if (1'b0) step_q" ;;
  pause_one_clock_short)
    plant control/sweep_sequencer.sv "if (pause_q == '1) begin" "if (pause_q == 7'd126) begin pause_d = '0;" ;;
  record_overtakes_the_former)
    plant control/regulator.sv '(at_pause_i && pause_window_i && record_busy) ||' '' ;;
  weight_bus_bit_stuck)
    plant fabric/weight_memory.sv 'pushed = {push_data_i,' "pushed = {push_data_i & ~WeightBits'(4),"
    expect='hash' ;;
  *) echo "FAILED: no mutant '$mutant'" >&2; exit 1 ;;
esac

# Every mutant is compiled for a few thousand sweeps: without optimisation it is done sooner.
cat >"$folder/cxx" <<'SH'
#!/bin/sh
exec c++ "$@" -O0
SH
chmod +x "$folder/cxx"
code=0
PBITLOOP_SOURCE_DIR=$folder PBITLOOP_CACHE=$cache PBITLOOP_CXX=$folder/cxx \
  "$program" lockstep "$here/mutants.yaml" "$@" >"$folder/out" 2>"$folder/err" || code=$?
cat "$folder/out"
fail() {
  tail -n 20 "$folder/err" >&2
  echo "FAILED: mutant $mutant: $*" >&2
  exit 1
}
if [[ $mutant == none ]]; then
  [[ $code -eq 0 ]] || fail "exit code $code instead of 0"
elif [[ $code -eq 10 ]]; then
  grep -qE -- "$expect" "$folder/out" || fail "exit code 10 without the place of the difference"
elif [[ $code -eq 3 ]]; then
  # refused or given up by the driver, not a variant that does not compile
  if grep -q 'external tool failed' "$folder/err"; then fail "does not compile"; fi
  tail -n 3 "$folder/err"
else
  fail "survived with exit code $code"
fi
