#!/usr/bin/env bash
# Plants one fault in a copy of the RTL and passes when the bench of the statistics unit,
# tb_statistics, notices it.
#
# Usage: statistics_mutant.sh WORK_FOLDER MUTANT
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

series=stats/batch_series.sv pbits=stats/pbit_counts.sv pairs=stats/pair_counts.sv
control=stats/sample_control.sv
case $mutant in
  carry_stops_one_level_late)
    plant $series '!t_i[{1'\''b0, level_q}]' \
      '(level_q != 0 && !t_i[{1'\''b0, level_q} - 5'\''d1])' ;;
  products_with_no_batch_before) plant $series "blocks != '0 ? former_q : '0" 'former_q' ;;
  batch_before_is_lost_in_a_swap)
    plant $series "blocks != '0 ? former_q" "blocks != '0 && levels_seen_i[level1_q] ? former_q" ;;
  levels_keep_what_the_bank_had)
    plant $series 'fresh2_q  <= !levels_seen_i[level1_q]' "fresh2_q  <= 1'b0" ;;
  padding_is_projected) plant $pbits "k < 32'(left) && coefficients" 'coefficients' ;;
  projection_has_the_wrong_sign) plant $pbits '!= coefficients[k*8+2*m+1]' '== coefficients[k*8+2*m+1]' ;;
  counters_begin_in_every_context) plant $pbits 'fresh_q <= context0_i && row' 'fresh_q <= row' ;;
  pair_counted_at_its_neighbour)
    plant $pairs "index1_q <= PairBits'(next_q)" "index1_q <= PairBits'(next_q == 0 ? pairs_i - 1 : next_q - 1)" ;;
  new_pairs_keep_what_the_bank_had)
    plant $pairs 'next_q >= pairs_seen_i' "pairs_seen_i == '0" ;;
  energy_of_another_context)
    plant stats/energy_samples.sv 'energy_context_o <= context_i' "energy_context_o <= '0" ;;
  energy_of_the_next_sweep) plant stats/statistics_unit.sv 'at_next_i && waiting' "1'b0" ;;
  energies_wrap) plant stats/energy_samples.sv 'if (cut) value' "if (1'b0) value" ;;
  word_taken_twice) plant stats/sample_path.sv '!ready && unit_has' "1'b0" ;;
  word_sent_twice) plant stats/sample_path.sv '!ready && stream_has' "1'b0" ;;
  full_bank_takes_more) plant $control 'assign full         = t_o' "assign full = 1'b0 && t_o" ;;
  swap_inside_a_sample)
    plant $control '(swap_i || pending_o) && state_q == Idle && !take_o' \
      '(swap_i || pending_o) && (state_q == Idle || state_q == Frame) && !take_o' ;;
  *)
    echo "FAILED: no mutant '$mutant'" >&2
    exit 1
    ;;
esac
for parameters in 'Runs=4 Pbits=11' 'Runs=4 Pbits=37 Lanes=1 Contexts=3 FrameAfter=1'; do
  # shellcheck disable=SC2086
  output=$("$folder/tests/rtl/run_icarus.sh" "$folder" tb_statistics $parameters) && code=0 || code=$?
  printf '%s\n' "$output" | head -n 3
  [[ $code -ne 0 && $output == *FAIL:* ]] && exit 0
done
echo "FAILED: mutant $mutant is not noticed"
exit 1
