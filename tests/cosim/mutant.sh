#!/usr/bin/env bash
# mutant.sh PROGRAM SOURCE_DIR CACHE MUTANT [OPTIONS]: plants one fault in a copy of the RTL and passes when
# lock-step reports it (exit 10, naming the place) or the driver refuses the device (exit 3).
# MUTANT `none` (`lattice_none`) must be found equal: else the others prove nothing. MUTANT trace_FABRIC_*: PROGRAM
# is trace_records, which checks every record of the trace port. MUTANT pins_*: it is output_paths.
set -euo pipefail
program=$1 source_dir=$2 cache=$3 mutant=$4
shift 4
here=$source_dir/tests/cosim
cases=mutants.yaml
if [[ $mutant == lattice_* ]]; then cases=mutants_lattice.yaml; fi
if [[ $mutant == sparse_* ]]; then cases=mutants_sparse.yaml; fi
if [[ $mutant == exchange_* ]]; then cases=mutants_exchange.yaml; fi
if [[ $mutant == statistics_* ]]; then cases=mutants_statistics.yaml; fi
if [[ $mutant == sparse_ladder_* ]]; then cases=mutants_sparse_ladder.yaml; fi
run=("$program" lockstep "$here/$cases")
if [[ $mutant == trace_* ]]; then run=("$program" "$(cut -d_ -f2 <<<"$mutant")"); fi
if [[ $mutant == pins_* ]]; then run=("$program"); fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/host" "$cache"
cp -r "$source_dir/rtl" "$source_dir/sim" "$folder/"
cp -r "$source_dir/host/base" "$folder/host/"
echo '-Wno-fatal' >>"$folder/rtl/verilator.flags" # a fault may leave a signal unused

. "$source_dir/tests/plant.sh"

expect='^DIFFERS case .*(sweep [0-9]+, replica [0-9]+, p-bit|register|ENERGY|window [0-9]+, |records of|label of replica|EXCH_|STAT_SELECT|all banks)'
if [[ $mutant == trace_* ]]; then expect='^DIFFERS kernel'; fi
if [[ $mutant == pins_* ]]; then expect='^DIFFERS output m_axis_tvalid'; fi
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
    plant bus/axis_packer.sv "'(push_data_i)" "'({push_data_i[0], push_data_i[Bits-1]})" ;;
  flips_count_clamped)
    plant fabric/dense_lane.sv 'draw5_i && (new5_o != old5_q)' 'draw5_i && (outcome5 != old5_q)' ;;
  saturations_counted_early)
    plant pbit/pbit_cell.sv 'sat_o     = sat5_q;' 'sat_o     = sat4_q;' ;;
  energy_sign)
    plant fabric/dense_lane.sv "<= -(sum_field_q" '<= (sum_field_q' ;;
  palindromic_energy_lacks_biases)
    plant fabric/dense_lane.sv "hidden_last_i ? sum_bias_q : '0" "1'b0 ? sum_bias_q : '0" ;;
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
    plant fabric/dense_operations.sv '!palindromic_i && !reversed_i' '!reversed_i' ;;
  coupled_uses_own_word)
    plant fabric/dense_fabric.sv 'coupled_i ? random5[(l-1)*32+:32]' "1'b0 ? random5[(l-1)*32+:32]" ;;
  coin_stuck)
    plant control/control_generator.sv '(fresh_q ? word_o[31] : reversed_q)' "1'b0" ;;
  coin_of_low_bit)
    plant control/control_generator.sv 'fresh_q ? word_o[31]' 'fresh_q ? word_o[0]'
    plant control/control_generator.sv 'reversed_q <= word_o[31]' 'reversed_q <= word_o[0]' ;;
  coin_drawn_in_read_only_pass)
    plant control/control_generator.sv 'sweep_i && coin_i && !read_only_i)' 'sweep_i && coin_i)' ;;
  coin_of_first_context_for_all)
    plant pbit_top.sv '.begin_i(op_load),' ".begin_i(op_load && op_load_context == '0)," ;;
  reversed_energy_lacks_biases)
    plant pbit_top.sv 'seq_palindromic || reversed' 'seq_palindromic' ;;
  reversed_counts_minus_of_other_context)
    plant fabric/dense_lane.sv 'hid_minus_q <= minus_mem[load_context_i];' '' ;;
  host_minus_not_counted)
    plant fabric/dense_lane.sv 'hid_minus_q <= host_minus;' '' ;;
  reversed_frame_has_new_visible_states)
    plant fabric/dense_operations.sv '(vis_o && !tail_o) || hid_o' '(acc_o && !acc_init_o) || hid_o' ;;
  schedule_one_sweep_late)
    plant control/beta_schedule.sv 'count >= wanted_q' 'sweeps_o >= wanted_q' ;;
  schedule_position_not_cleared)
    plant control/beta_schedule.sv 'if (clear_i) begin' "if (1'b0) begin" ;;
  schedule_last_entry_dropped)
    plant control/beta_schedule.sv "entry_o < last_i ? entry_o + 6'd1" "entry_o + 6'd1 < last_i ? entry_o + 6'd1" ;;
  schedule_begins_at_beta)
    plant control/regulator.sv 'moves || scheduled || ladder' 'moves || ladder' ;;
  schedule_moves_when_frozen)
    plant control/beta_schedule.sv 'if (sweep_done_i && enable_i && !freeze_i)' 'if (sweep_done_i && enable_i)'
    plant control/beta_schedule.sv '&& !freeze_i && (entry' '&& (entry' ;;
  lambda_step_sign)
    plant control/temperature_regulator.sv 'delta_q <= -filter_error;' 'delta_q <= filter_error;' ;;
  filter_uses_old_value)
    plant control/temperature_regulator.sv 'filter_o <= filter_o + work_q[47:16]; step_q <= Error;' \
      'filter_o <= filter_o + work_q[47:16]; delta_q <= -filter_error; step_q <= DeadBand;' ;;
  host_beta_in_every_mode)
    plant control/sweep_sequencer.sv 'if (sweep_beta_i) beta_d = beta_i;' 'beta_d = beta_i;' ;;
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
  pins_none) ;;
  pins_valid_waits_for_ready)
    plant pbit_top.sv 'm_axis_tvalid = pack_tvalid || label_tvalid;' \
      'm_axis_tvalid = (pack_tvalid || label_tvalid) && m_axis_tready;' ;;
  lattice_none) ;;
  lattice_slot_of_rule_mirrored) # a wrong tap: -b becomes b
    plant fabric/lattice_row.sv 'd % 4 == 1 ? 2 * Half - B' 'd % 4 == 1 ? B' ;;
  lattice_neighbour_row_off_by_one)
    plant fabric/lattice_bank.sv "below = 32'(row) + " "below = 32'(row) + 1 + " ;;
  lattice_row_parity_stale)
    plant fabric/lattice_fabric.sv 'odd ^ (Banks % 2 == 1 && row[0])' 'odd' ;;
  lattice_rows_do_not_wrap)
    plant fabric/lattice_bank.sv 'if (below >= BankRows) below = below - BankRows;' \
      'if (below >= BankRows) below = BankRows - 1;' ;;
  lattice_x_does_not_wrap)
    plant fabric/lattice_row.sv \
      'turned1  = ((word >> Shift1) & Low1) | ((word << (Half - Shift1)) & ~Low1);' \
      'turned1 = (word >> Shift1) & Low1;' ;;
  lattice_part_of_row_not_shifted)
    plant fabric/lattice_row.sv '(rotated >> offset0_i) |' '(rotated >> 0) |' ;;
  lattice_other_parts_overwritten)
    plant fabric/lattice_bank.sv '& ~write_mask_i' "& {Half{1'b0}}" ;;
  lattice_words_do_not_wrap)
    plant fabric/lattice_states.sv 'if (low >= Words) low = low - Words;' \
      'if (low >= Words) low = Words - 1;' ;;
  lattice_second_word_is_the_first)
    plant fabric/lattice_states.sv "low == Words - 1 ? 32'd0 : low + 32'd1" 'low' ;;
  lattice_row_from_the_host_clears_its_word)
    plant fabric/lattice_states.sv 'replaced = word;' "replaced = '0;" ;;
  lattice_constant_lacks_a_weight)
    plant fabric/lattice_weights.sv "slot_i == '0 ? word : sum_q + word" \
      "slot_i == '0 ? '0 : sum_q + word" ;;
  lattice_field_not_doubled)
    plant fabric/lattice_row.sv '(fields[i*32+:32] << 1)' 'fields[i*32+:32]' ;;
  lattice_lanes_share_generator_words)
    plant fabric/lattice_fabric.sv "rng_we_i && 32'(host_lane) == l" 'rng_we_i' ;;
  lattice_clamp_dropped)
    plant fabric/lattice_row.sv '(outcome3 & ~clamp3_i) | (old3_i & clamp3_i)' 'outcome3' ;;
  lattice_flips_count_clamped)
    plant fabric/lattice_row.sv 'flip4_o      <= new3 ^ old3_i' 'flip4_o <= outcome3 ^ old3_i' ;;
  lattice_coupled_uses_own_word)
    plant fabric/lattice_fabric.sv 'coupled_i ? words[(l-1)' "1'b0 ? words[(l-1)" ;;
  lattice_energy_takes_biases_of_last_half)
    plant fabric/lattice_lane.sv '-(field_q + other_bias_q)' '-(field_q + bias_q)' ;;
  lattice_context_ignored)
    plant fabric/lattice_fabric.sv "(32'(context_i) * 2 + 32'(!odd))" "(32'(!odd))" ;;
  lattice_frame_lacks_its_last_step)
    plant fabric/lattice_operations.sv \
      'if (emit_group_o && last_step) frame_odd_q <= !frame_odd_q;' \
      "if (emit_group_o && 32'(index_q) == Steps - 2) frame_odd_q <= !frame_odd_q;" ;;
  lattice_last_group_is_full)
    plant fabric/lattice_fabric.sv "group_q ? 6'(LastGroup) : 6'd32" "6'd32" ;;
  lattice_frame_lanes_before_sites)
    plant fabric/lattice_fabric.sv 'emit_q[s*Lanes+l] <= heads[l*Sites+s];' \
      'emit_q[s*Lanes+l] <= heads[s*Lanes+l];' ;;
  lattice_palindrome_without_return)
    plant fabric/lattice_operations.sv 'second_q || (even_q && !palindromic_i)' \
      'second_q || even_q' ;;
  lattice_drain_too_short)
    plant fabric/lattice_operations.sv 'int Drain = 6' 'int Drain = 3' ;;
  sparse_none) ;;
  sparse_guard_compares_with_the_block_before)
    plant control/sparse_check.sv 'block_word_q[15:0] == block_q' \
      "block_word_q[15:0] == block_q - 16'd1" ;;
  sparse_drain_of_7)
    plant fabric/sparse_operations.sv 'int Drain = 8' 'int Drain = 7' ;;
  sparse_energy_pass_forgotten)
    plant fabric/sparse_fabric.sv '.pass_i(unknown_q && !sweep_done_i)' ".pass_i(1'b0)" ;;
  sparse_energy_pass_lacks_biases)
    plant fabric/sparse_fabric.sv '<< pass0_q;' ';' ;;
  sparse_palindrome_repeats_the_tail_block)
    plant fabric/sparse_operations.sv "if (turn) next_group = tail_group - 16'd1;" \
      "if (turn) next_group = group_q;" ;;
  sparse_cell_without_pbit_draws)
    plant fabric/sparse_cells.sv '!pass4_i && active4_i[s])' '!pass4_i)' ;;
  sparse_energy_pass_draws)
    plant fabric/sparse_cells.sv 'valid4_i && !pass4_i && active4_i[s])' 'valid4_i && active4_i[s])' ;;
  sparse_cell_without_pbit_writes)
    plant fabric/sparse_fabric.sv "active1_q[s] <= cells0_q[s*EntryBits+ValidAt];" \
      "active1_q[s] <= 1'b1;" ;;
  sparse_empty_group_takes_a_row)
    plant fabric/sparse_fabric.sv '&& !empty0_q' '' ;;
  sparse_bias_in_every_row)
    plant fabric/sparse_cells.sv \
      '(first1_i ? biases1_i[s*32+:32] : acc_q[(s*Lanes+l)*32+:32])' \
      '((first1_i ? 0 : acc_q[(s*Lanes+l)*32+:32]) + biases1_i[s*32+:32])' ;;
  sparse_clamp_ignored)
    plant fabric/sparse_cells.sv 'pass || clamps4_i[s] ||' 'pass ||' ;;
  sparse_context_ignored)
    plant fabric/sparse_states.sv "Contexts > 1 ? AddressBits'(context_i) << PbitBits : '0" "'0" ;;
  sparse_coupled_uses_own_word)
    plant fabric/sparse_cells.sv 'u = coupled ? words[' "u = 1'b0 ? words[" ;;
  sparse_energy_of_context_not_loaded)
    plant fabric/sparse_energy.sv 'if (!keep_i || load_context_i != context_i)' 'if (!keep_i)' ;;
  sparse_frame_swaps_pbits)
    plant fabric/sparse_operations.sv 'frame_pbit_o = frame_q[15:0];' \
      "frame_pbit_o = frame_q[15:0] ^ 16'd1;" ;;
  exchange_none) ;;
  exchange_sign)
    plant control/exchange_decision.sv 'beta_step_i[BetaBits] != energy_step_i[48]' \
      'beta_step_i[BetaBits] == energy_step_i[48]' ;;
  exchange_draws_only_below_zero)
    plant control/replica_exchange.sv "draw_o = (trying && clock == 5'd8) ||" \
      "draw_o = (trying && clock == 5'd8 && energy_step_q[48] != (low_beta_q < high_beta_q)) ||" ;;
  exchange_parity_stays)
    plant control/replica_exchange.sv 'parity_q <= !parity_q;' 'parity_q <= parity_q;' ;;
  exchange_parity_of_low_bit)
    plant control/replica_exchange.sv 'random_i ? word_i[31]' 'random_i ? word_i[0]' ;;
  exchange_betas_stay)
    plant control/replica_exchange.sv '(trying && swapped_q &&' "(trying && 1'b0 &&" ;;
  exchange_betas_of_lane_0)
    plant control/replica_exchange.sv "row_q[32'(lane_q)*BetaBits+:BetaBits] <= high_beta_q;" \
      'row_q[0+:BetaBits] <= high_beta_q;' ;;
  exchange_energies_of_lane_0)
    plant control/replica_exchange.sv 'energy_lane_o = lane_q;' "energy_lane_o = '0;" ;;
  exchange_first_context_keeps_its_betas)
    plant control/replica_exchange.sv 'else if (run && end_o) lane_beta_o <= beta_mem[0];' '' ;;
  exchange_rungs_not_looked_up)
    plant control/replica_exchange.sv "entry_o = 6'(looked_up);" "entry_o = '0;" ;;
  exchange_label_frame_after_the_pass)
    plant control/replica_exchange.sv '(labels_end && !pass_due)' 'labels_end'
    plant control/replica_exchange.sv "count_q[4:0] == '1 && last_try);" \
      "count_q[4:0] == '1 && last_try && !label_due_q);"
    plant control/replica_exchange.sv 'label_due ? Labels : Head;' 'pass_due ? Head : Labels;'
    plant control/replica_exchange.sv 'if (end_o) begin phase_q <= Rest;' \
      "if (phase_q == Try && count_q[4:0] == '1 && last_try && label_due_q) begin
         phase_q <= Labels; end else if (end_o) begin phase_q <= Rest;" ;;
  exchange_label_frame_overtakes_the_packer)
    plant control/replica_exchange.sv 'label_tvalid_o = valid_q && stream_free_i;' \
      'label_tvalid_o = valid_q;' ;;
  exchange_position_not_carried)
    plant control/replica_exchange.sv 'if (clear_i) begin' 'if (clear_i || (begin_i && after_start_i)) begin' ;;
  exchange_freeze_ignored)
    plant control/replica_exchange.sv 'pass_due = !freeze_i && every_i' 'pass_due = every_i'
    plant control/replica_exchange.sv 'enable_i && !freeze_i &&' 'enable_i &&' ;;
  exchange_counts_of_the_other_pair)
    plant control/replica_exchange.sv "shown_pair = ContextBits'(select_i);" \
      "shown_pair = ContextBits'(select_i ^ 6'd1);" ;;
  exchange_labels_not_cleared)
    plant control/exchange_labels.sv 'else if (clear_i) begin' "else if (1'b0) begin" ;;
  exchange_look_up_one_clock_short)
    plant control/replica_exchange.sv "== Replicas + 3;" '== Replicas + 2;' ;;
  sparse_ladder_none) ;;
  sparse_ladder_row_of_the_word_before_the_pass)
    plant fabric/sparse_operations.sv '(random_i || coin_i)' "1'b0" ;;
  sparse_ladder_row_read_again_only_if_reversed)
    plant fabric/sparse_operations.sv '(random_i || coin_i)' '(random_i || reversed_i)' ;;
  trace_*_none) ;;
  trace_dense_old_and_new_exchanged)
    plant bus/trace_port.sv 'update_i[116:112]' '{update_i[116:114], update_i[112], update_i[113]}' ;;
  trace_dense_word_of_the_neighbour) plant fabric/dense_fabric.sv 'word5[lane*32+:32],' 'word5[(lane^1)*32+:32],' ;;
  trace_dense_clamped_of_the_next_update)
    plant fabric/dense_fabric.sv 'raws5[lane*2+:2], clamp5_q,' 'raws5[lane*2+:2], clamp4_q,' ;;
  trace_dense_hidden_counted_from_0)
    plant fabric/dense_fabric.sv "hid5_q ? 16'(index5_q) + 16'(Visible) :" "hid5_q ? 16'(index5_q) :" ;;
  trace_dense_record_lost_to_a_slow_receiver)
    plant bus/trace_port.sv "active && count_q != 2'd2;" 'active;' ;;
  trace_dense_frames_pushed_while_held) plant pbit_top.sv 'push_i(emit && en)' 'push_i(emit && pack_ready)' ;;
  trace_dense_array_runs_on) plant bus/trace_port.sv 'hold_o = taps && !ends;' "hold_o = taps && 1'b0;" ;;
  trace_lattice_field_of_the_step_behind)
    plant fabric/lattice_row.sv "field3_q[32*32'(site)+:32]};" "field2_q[32*32'(site)+:32]};" ;;
  trace_lattice_saturated_masked_by_clamp)
    plant fabric/lattice_row.sv 'sat3_q[site], clamp3_i[site],' 'sat3_q[site] && !clamp3_i[site], clamp3_i[site],' ;;
  trace_lattice_odd_sites_numbered_as_even)
    plant fabric/lattice_fabric.sv "trace_site_i + (odd3_q ? 16'(Side * Half) : 16'd0)" 'trace_site_i' ;;
  trace_sparse_twins_show_their_own_word)
    plant fabric/sparse_cells.sv 'words[32*decides+:32], field4_q' 'words[32*number+:32], field4_q' ;;
  trace_sparse_energy_pass_traced)
    plant fabric/sparse_fabric.sv 'trace_valid_o = valid4_q && !pass4_q;' 'trace_valid_o = valid4_q;' ;;
  trace_sparse_cells_without_pbit_traced)
    plant bus/trace_port.sv 'active = update_i[117];' "active = 1'b1;" ;;
  statistics_none) ;;
  statistics_words_pushed_in_a_hold) plant pbit_top.sv 'emit && en)' 'emit && pack_ready)' ;;
  statistics_energies_of_the_windows)
    plant pbit_top.sv 'energy_taken_i(energy_read || energy_wanted)' 'energy_taken_i(energy_read)' ;;
  statistics_do_not_hold) plant pbit_top.sv '|| hold || unit_hold' '|| hold' ;;
  statistics_last_sample_lost)
    plant control/sweep_sequencer.sv '!(due || unit_due)' '!due' ;;
  statistics_samples_of_the_stream)
    plant control/sweep_sequencer.sv 'to_unit_o = unit_q ||' 'to_unit_o = emit_q ||' ;;
  statistics_unit_frames_on_the_stream)
    plant control/sweep_sequencer.sv 'to_stream_o = emit_q ||' 'to_stream_o = emit_q || to_unit_o ||' ;;
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
  "${run[@]}" "$@" >"$folder/out" 2>"$folder/err" || code=$?
cat "$folder/out"
fail() {
  tail -n 20 "$folder/err" >&2
  echo "FAILED: mutant $mutant: $*" >&2
  exit 1
}
if [[ $mutant == none || $mutant == *_none ]]; then
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
