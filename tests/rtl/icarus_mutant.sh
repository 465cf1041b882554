#!/usr/bin/env bash
# Plants one fault in a copy of the RTL and passes when a bench notices it: that of the sparse
# device, tb_sparse (faults that lock-step does not see: a guard that lets too much pass), or for
# MUTANT trace_* that of the trace port, tb_trace_port, for statistics_* that of the statistics unit,
# tb_statistics, for board_* that of what stands around the device on a board, tb_pbit_board, for
# no_regulator_* that of a device without the temperature regulator, tb_no_regulator.
#
# Usage: icarus_mutant.sh WORK_FOLDER MUTANT
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$1 mutant=$2
if ! command -v iverilog >/dev/null; then
  echo "SKIPPED: iverilog is not installed"
  exit 77
fi
folder=$(mktemp -d "$work/mutant.XXXXXX")
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/tests"
cp -r "$here/../../rtl" "$folder/rtl"
cp -r "$here" "$folder/tests/rtl"
. "$here/../plant.sh"

check=control/sparse_check.sv registers=control/device_registers.sv
operations=fabric/sparse_operations.sv trace=bus/trace_port.sv
series=stats/batch_series.sv pbits=stats/pbit_counts.sv pairs=stats/pair_counts.sv
samples=stats/sample_control.sv
bench=tb_sparse
if [[ $mutant == trace_* ]]; then bench=tb_trace_port; fi
if [[ $mutant == statistics_* ]]; then bench=tb_statistics; fi
if [[ $mutant == board_* ]]; then bench=tb_pbit_board; fi
if [[ $mutant == no_regulator_* ]]; then bench=tb_no_regulator; fi
case $mutant in
  guard_sees_no_neighbour)
    plant $check 'odd && cell_valid_q && block_word_q[15:0] == block_q' "1'b0" ;;
  guard_starts_blocks_at_one_only) # all later blocks have one number
    plant $check "block_q <= group_q == '0 ? '0 : block_q + 16'(first); end if (col_q == LastCol)" \
      "block_q <= 16'(group_q != '0); end if (col_q == LastCol)" ;;
  guard_lets_pbits_be_updated_twice)
    plant $check 'cell_valid_q && block_word_q[16] ?' "1'b0 ?" ;;
  guard_does_not_count) plant $check 'count_q < pbits_i' "1'b0" ;;
  guard_lets_lists_leave_the_memory)
    plant $check "33'(start_row_i) + 33'(length_i) > 33'(EdgeRows) ||" '' ;;
  guard_lets_lists_of_no_pbit_pass) plant $check 'if (!group_word_i[31])' "if (1'b0)" ;;
  guard_lets_tail_be_taken_back) plant $check '!tail_q && !first : tail_q' "!tail_q && !first : 1'b0" ;;
  start_needs_no_proof) plant $registers 'proof_i || sweeps_q' "1'b1 || sweeps_q" ;;
  edges_keep_the_proof) plant $registers '(weight_push_o || group_push_o ||' '(group_push_o ||' ;;
  hash_lacks_the_edges) plant $check 'state_q == ListWord || state_q == TableWord' 'state_q == TableWord' ;;
  valid_bit_ignored)
    plant fabric/sparse_fabric.sv 'edges0[s*EntryBits+ValidAt] && !empty0_q' '!empty0_q' ;;
  pick_of_31_bits) plant $operations ">> 32) : '0" ">> 31) : '0" ;;
  picks_of_all_but_the_last_group)
    plant $operations "(49'(last_group_i) + 49'd1)" "49'(last_group_i)" ;;
  pick_not_redrawn) plant $operations "step && picks && offset_q == '0;" "1'b0;" ;;
  energy_pass_takes_a_pick) plant $operations 'picks = random_i && !pass_q;' 'picks = random_i;' ;;
  coin_of_low_bit)
    plant control/control_generator.sv 'fresh_q ? word_o[31]' 'fresh_q ? word_o[0]'
    plant control/control_generator.sv 'reversed_q <= word_o[31]' 'reversed_q <= word_o[0]'
    plant pbit_top.sv 'control_word[31]' 'control_word[0]' ;;
  reversed_blocks_end_with_last) plant $operations 'back_q ? first_i : (pass_q' "1'b0 ? first_i : (pass_q" ;;
  reversed_sweep_begins_at_0)
    plant $operations "random_i ? pick : reversed_i ? last_group_i : '0" "random_i ? pick : '0" ;;
  random_scan_beside_the_coin) plant $registers 'data_i[0] || data_i[2] ||' 'data_i[0] ||' ;;
  drain_of_7) plant fabric/sparse_operations.sv 'int Drain = 8' 'int Drain = 7' ;;
  energy_pass_forgotten)
    plant fabric/sparse_fabric.sv '.pass_i(unknown_q && !sweep_done_i)' ".pass_i(1'b0)" ;;
  trace_full_buffer_takes_words) plant $trace "active && count_q != 2'd2;" 'active;' ;;
  trace_last_record_twice) plant $trace 'done_q <= (ends || done_q) && !en_i;' "done_q <= 1'b0;" ;;
  trace_array_not_held) plant $trace 'hold_o = taps && !ends;' "hold_o = 1'b0;" ;;
  trace_sites_before_lanes)
    plant $trace "if (32'(lane_o) == Lanes - 1) site_o <=" "if (1'b1) site_o <=" ;;
  trace_cells_without_pbit) plant $trace 'active = update_i[117];' "active = 1'b1;" ;;
  trace_last_sweep_left_out) plant $trace 'since < sweeps_q' "since + 32'd1 < sweeps_q" ;;
  trace_never_ends) plant $trace "(sweeps_q == '0 || since < sweeps_q)" "1'b1" ;;
  trace_not_busy_with_its_last_word) plant $trace "busy_o = count_q != '0;" 'busy_o = count_q[1];' ;;
  trace_replica_of_context_0) plant $trace "8'(32'(context_i) * Lanes + " "8'(32'(0) * Lanes + " ;;
  trace_registers_move_in_a_run) plant $trace 'else if (write_i && idle_i)' 'else if (write_i)' ;;
  statistics_carry_stops_one_level_late)
    plant $series '!t_i[{1'\''b0, level_q}]' \
      '(level_q != 0 && !t_i[{1'\''b0, level_q} - 5'\''d1])' ;;
  statistics_products_with_no_batch_before) plant $series "blocks != '0 ? former_q : '0" 'former_q' ;;
  statistics_batch_before_is_lost_in_a_swap)
    plant $series "blocks != '0 ? former_q" "blocks != '0 && levels_seen_i[level1_q] ? former_q" ;;
  statistics_levels_keep_what_the_bank_had)
    plant $series 'fresh2_q  <= !levels_seen_i[level1_q]' "fresh2_q  <= 1'b0" ;;
  statistics_padding_is_projected) plant $pbits "k < 32'(left) && coefficients" 'coefficients' ;;
  statistics_projection_has_the_wrong_sign) plant $pbits '!= coefficients[k*8+2*m+1]' '== coefficients[k*8+2*m+1]' ;;
  statistics_counters_begin_in_every_context) plant $pbits 'fresh_q <= context0_i && row' 'fresh_q <= row' ;;
  statistics_pair_counted_at_its_neighbour)
    plant $pairs "index1_q <= PairBits'(next_q)" "index1_q <= PairBits'(next_q == 0 ? pairs_i - 1 : next_q - 1)" ;;
  statistics_new_pairs_keep_what_the_bank_had)
    plant $pairs 'next_q >= pairs_seen_i' "pairs_seen_i == '0" ;;
  statistics_energy_of_another_context)
    plant stats/energy_samples.sv 'energy_context_o <= context_i' "energy_context_o <= '0" ;;
  statistics_energy_of_the_next_sweep) plant stats/statistics_unit.sv 'at_next_i && waiting' "1'b0" ;;
  statistics_energies_wrap) plant stats/energy_samples.sv 'if (cut) value' "if (1'b0) value" ;;
  statistics_word_taken_twice) plant stats/sample_path.sv '!ready && unit_has' "1'b0" ;;
  statistics_word_sent_twice) plant stats/sample_path.sv '!ready && stream_has' "1'b0" ;;
  statistics_full_bank_takes_more) plant $samples 'assign full         = t_o' "assign full = 1'b0 && t_o" ;;
  statistics_swap_inside_a_sample)
    plant $samples '(swap_i || pending_o) && state_q == Idle && !take_o' \
      '(swap_i || pending_o) && (state_q == Idle || state_q == Frame) && !take_o' ;;
  no_regulator_modes_pause_as_if_it_were_there)
    plant control/regulator.sv "Regulator != 0 && mode >= 3'd2" "mode >= 3'd2" ;;
  no_regulator_writes_are_accepted)
    plant control/absent_options.sv '`PBIT_REG_T_MAX: {readable_o, writable_o} = {2{Regulator == 0}};' \
      '`PBIT_REG_T_MAX: readable_o = Regulator == 0;' ;;
  no_regulator_telemetry_bit_is_not_refused)
    plant control/regulator_registers.sv "32'h00003F28" "32'h00003F08" ;;
  no_regulator_window_clear_is_refused)
    plant $registers '(data_i[4] && Regulator != 0) ||' 'data_i[4] ||' ;;
  no_regulator_is_not_shown) plant $registers 'Regulator == 0, Trace' "1'b0, Trace" ;;
  board_lasts_in_the_other_order)
    plant board/stream_fifo.sv '{lasts_o[30:0], head_q[32]}' '{head_q[32], lasts_o[31:1]}' ;;
  board_fifo_takes_one_word_too_many)
    plant board/stream_fifo.sv "count_o < 16'(Depth)" "count_o <= 16'(Depth)" ;;
  board_fifo_survives_a_reset) plant board/pbit_board.sv '.clear_i(reset)' ".clear_i(1'b0)" ;;
  board_words_are_taken_without_a_read)
    plant board/board_registers.sv 'read_i && in_fifo &&' 'in_fifo &&' ;;
  board_high_word_of_another_time)
    plant board/board_registers.sv "if (read_i && address_i == 12'h010) cycles_hi_q" 'cycles_hi_q' ;;
  board_last_error_in_place_of_the_first)
    plant board/board_registers.sv "if (errors_q == 32'd0) error_at_q" 'error_at_q' ;;
  board_device_in_reset_is_waited_for)
    plant board/board_bus.sv 'held_q <= hold_i && !araddr_q[12]' "held_q <= 1'b0" ;;
  board_errors_in_reset_are_not_counted)
    plant board/board_bus.sv 'bad = held_q || (' 'bad = (' ;;
  *)
    echo "FAILED: no mutant '$mutant'" >&2
    exit 1
    ;;
esac
shapes=('')
if [[ $bench == tb_statistics ]]; then
  shapes=('Runs=4 Pbits=11' 'Runs=4 Pbits=37 Lanes=1 Contexts=3 FrameAfter=1')
fi
for shape in "${shapes[@]}"; do
  # shellcheck disable=SC2086
  output=$("$folder/tests/rtl/run_icarus.sh" "$folder" $bench $shape) && code=0 || code=$?
  printf '%s\n' "$output" | head -n 5
  [[ $code -ne 0 && $output == *FAIL:* ]] && exit 0
done
echo "FAILED: mutant $mutant is not noticed"
exit 1
