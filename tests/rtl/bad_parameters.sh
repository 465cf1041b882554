#!/usr/bin/env bash
# Parameters that the device cannot have stop one tool at elaboration, and its message says which.
#
# Usage: bad_parameters.sh verilator | iverilog | yosys
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../rtl"

tool=${1:?tool}
if ! command -v "$tool" >/dev/null; then
  echo "SKIPPED: $tool is not installed"
  exit 77
fi
mapfile -t sources < <(grep -v -e '^//' -e '^+' pbit.f)

# elaborate PARAMETER=VALUE...
elaborate() {
  case $tool in
    verilator)
      verilator --lint-only -Wno-fatal -f pbit.f --top-module pbit_top "${@/#/-G}"
      ;;
    iverilog)
      iverilog -g2012 -Ipkg -tnull -s pbit_top "${@/#/-Ppbit_top.}" "${sources[@]}"
      ;;
    yosys)
      local parameters
      parameters=$(printf ' -chparam %s' "${@/=/ }")
      yosys -q -p "read_verilog -sv -Ipkg ${sources[*]}; hierarchy -check -top pbit_top $parameters"
      ;;
  esac 2>&1
}

# Without this a tool that refuses everything would pass.
if ! output=$(elaborate Visible=5 Hidden=3); then
  printf 'sound parameters are refused:\n%s\n' "$output"
  exit 1
fi

failed=0
# stops_at NAME PARAMETER=VALUE...: the message has to name pbit_bad_parameter_NAME
stops_at() {
  local name=$1 output
  shift
  if output=$(elaborate "$@"); then
    echo "FAILED: $* is accepted"
    failed=1
  elif [[ $output != *pbit_bad_parameter_"$name"* ]]; then
    printf 'FAILED: %s: the message does not say pbit_bad_parameter_%s:\n%s\n' "$*" "$name" "$output"
    failed=1
  else
    echo "ok: $* stops at pbit_bad_parameter_$name"
  fi
}

stops_at lanes Replicas=4 Lanes=3
stops_at lanes Replicas=64 Lanes=64
stops_at field_bits FieldBits=15 # 12-bit weights of 6 + 2 terms need 16
stops_at field_bits FieldBits=33
stops_at visible Visible=0
stops_at visible Visible=1025
stops_at hidden Hidden=0
stops_at weight_bits WeightBits=25
stops_at threshold_bits ThresholdBits=33
stops_at index_shift TableLog2=12 RangeLog2=0 BetaFrac=4

ladder=(Exchange=1 Replicas=6 Lanes=2)
if ! output=$(elaborate "${ladder[@]}"); then
  printf 'sound replica exchange is refused:\n%s\n' "$output"
  failed=1
fi
stops_at exchange_frac "${ladder[@]}" WeightFrac=40 BetaFrac=19
stops_at exchange Exchange=1
stops_at exchange Exchange=1 Replicas=130 Lanes=2
stops_at statistics Statistics=1 Replicas=3 Lanes=3
stops_at stat_pairs StatPairs=1
stops_at stat_pairs Statistics=1 StatPairs=1048577
stops_at regulator Regulator=2
stops_at trace Trace=2
stops_at generator Generator=3
stops_at cells_per_generator CellsPerGenerator=2 # dense: one cell a lane

lattice=(Fabric=2 Visible=18 Hidden=18 Side=6 Sites=3 NRules=1 "RuleB=48'h1")
if ! output=$(elaborate "${lattice[@]}"); then
  printf 'a sound lattice is refused:\n%s\n' "$output"
  failed=1
fi
stops_at fabric Fabric=4
stops_at side "${lattice[@]}" Hidden=17
stops_at side "${lattice[@]}" Side=5 Visible=10 Hidden=10
stops_at sites "${lattice[@]}" Sites=2  # a row of one colour has 3
stops_at sites "${lattice[@]}" Sites=12 # four rows of 6
stops_at rules "${lattice[@]}" NRules=7
stops_at field_bits "${lattice[@]}" FieldBits=15 # 12-bit weights, 4 + 2 terms

sparse=(Fabric=3 Visible=0 Hidden=0 Pbits=16 EdgeRows=8 Groups=4 Sites=2)
if ! output=$(elaborate "${sparse[@]}"); then
  printf 'a sound sparse device is refused:\n%s\n' "$output"
  failed=1
fi
stops_at visible "${sparse[@]}" Visible=6
stops_at pbits "${sparse[@]}" Pbits=1
stops_at pbits "${sparse[@]}" Pbits=65537
stops_at edge_rows "${sparse[@]}" EdgeRows=0
stops_at groups "${sparse[@]}" Groups=65537
stops_at sparse_sites "${sparse[@]}" Sites=65
stops_at sparse_sites "${sparse[@]}" Sites=0
stops_at field_bits "${sparse[@]}" FieldBits=23 # 12-bit weights, 1024 + 2 terms
exit "$failed"
