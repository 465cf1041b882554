#!/usr/bin/env bash
# Verilator -Wall over one set of parameters, with the flags and waivers of every build.
#
# Usage: lint_parameters.sh SET
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../rtl"

if ! command -v verilator >/dev/null; then
  echo "SKIPPED: verilator is not installed"
  exit 77
fi

lattice() { # SIDE SITES [PARAMETER=VALUE]...
  local pbits=$(($1 * $1 / 2)) side=$1 sites=$2
  shift 2
  parameters=(Fabric=2 Visible=$pbits Hidden=$pbits Side="$side" Sites="$sites" "$@")
}

sparse() { # PBITS EDGE_ROWS GROUPS SITES [PARAMETER=VALUE]...
  parameters=(Fabric=3 Visible=0 Hidden=0 Pbits="$1" EdgeRows="$2" Groups="$3" Sites="$4" "${@:5}")
}

flags=() parameters=()
case ${1:?set} in
  # every counter and index at its least width
  least) parameters=(Visible=1 Hidden=1) ;;
  default) ;;
  # the quickstart's trained machine
  wide_image) parameters=(Visible=784 Hidden=64 Replicas=16 Lanes=16) ;;
  # contexts, and fields of the least width: 12 + ceil(log2(37 + 2)) + 1
  four_lanes) parameters=(Visible=37 Hidden=20 Replicas=4 Lanes=2 FieldBits=19) ;;
  # nothing a power of two, more hidden than visible
  widest_threshold) parameters=(Visible=5 Hidden=33 Replicas=6 Lanes=3 Generator=2 ThresholdBits=32) ;;
  lfsr) parameters=(Visible=8 Hidden=8 Generator=1 LfsrSteps=32) ;;
  largest) parameters=(Visible=1024 Hidden=1024 Replicas=2 Lanes=2) ;;
  # the lattice: part of a row, words that are not padded; several rows; the size of the DTM paper
  lattice_one_cell) lattice 4 1 NRules=1 "RuleB=48'h1" FieldBits=16 ;;
  lattice_rows) lattice 12 12 NRules=2 Lanes=2 Replicas=6 Generator=2 CellsPerGenerator=4 "RuleA=48'h400" "RuleB=48'h101" IsSim=1 ;;
  lattice_70) lattice 70 35 NRules=3 "RuleA=48'h90400" "RuleB=48'h0a0101" IsSim=1 ;;
  # the sparse fabric: least widths, words that are not padded, nothing a power of two, the largest
  sparse_least) sparse 2 1 1 1 FieldBits=24 ;;
  sparse_contexts) sparse 16 32 8 2 Lanes=2 Replicas=4 CellsPerGenerator=2 ;;
  sparse_wide) sparse 1000 300 30 7 Lanes=3 Replicas=3 Generator=2 WeightBits=20 IsSim=1 ;;
  sparse_largest) sparse 65536 65536 65536 16 Lanes=16 Replicas=32 IsSim=1 ;;
  # without the temperature regulator: dense, and with all other options
  no_regulator) parameters=(Regulator=0) ;;
  no_regulator_options) parameters=(Visible=5 Hidden=9 Replicas=8 Lanes=4 Regulator=0 Exchange=1 Statistics=1 Trace=1) ;;
  no_regulator_lattice) lattice 12 12 NRules=2 Lanes=2 Replicas=6 "RuleA=48'h400" "RuleB=48'h101" IsSim=1 Regulator=0 ;;
  no_regulator_sparse) sparse 16 32 8 2 Lanes=2 Replicas=10 IsSim=1 Regulator=0 Exchange=1 ;;
  # replica exchange: the least ladder, the longest, nothing a power of two, every fabric
  exchange_least) parameters=(Exchange=1 Replicas=2) ;;
  exchange_longest) parameters=(Exchange=1 Replicas=256 Lanes=4 BetaBits=24 BetaFrac=20) ;;
  exchange_lattice) lattice 12 12 NRules=2 Lanes=3 Replicas=15 "RuleA=48'h400" "RuleB=48'h101" IsSim=1 Exchange=1 ;;
  exchange_sparse) sparse 16 32 8 2 Lanes=2 Replicas=10 IsSim=1 Exchange=1 ;;
  # the statistics unit: one lane without pairs, 32 lanes, each fabric, the most of everything
  statistics_least) parameters=(Visible=1 Hidden=1 Statistics=1) ;;
  statistics_wide) parameters=(Visible=5 Hidden=9 Replicas=96 Lanes=32 Statistics=1 StatPairs=7) ;;
  statistics_lattice) lattice 12 12 NRules=2 Lanes=4 Replicas=8 "RuleA=48'h400" "RuleB=48'h101" Statistics=1 StatPairs=300 Exchange=1 Trace=1 ;;
  statistics_sparse) sparse 1000 300 30 7 Lanes=2 Replicas=4 IsSim=1 Statistics=1 StatPairs=1 ;;
  statistics_largest) sparse 65536 65536 65536 16 Lanes=16 Replicas=256 IsSim=1 Statistics=1 StatPairs=1048576 Exchange=1 Trace=1 ;;
  # the trace port of each fabric
  trace_dense) parameters=(Visible=5 Hidden=9 Replicas=6 Lanes=3 Trace=1) ;;
  trace_lattice) lattice 12 12 NRules=2 Lanes=2 Replicas=6 "RuleA=48'h400" "RuleB=48'h101" Trace=1 ;;
  trace_sparse) sparse 1000 300 30 7 Lanes=3 Replicas=3 WeightBits=20 IsSim=1 Trace=1 ;;
  *)
    echo "unknown parameter set $1" >&2
    exit 2
    ;;
esac
case ${parameters[0]-} in
  Fabric=2) flags=(-f lattice.flags) ;;
  Fabric=3) flags=(-f sparse.flags) ;;
esac
verilator --lint-only -Wall -f verilator.flags ${flags[@]+"${flags[@]}"} pbit.vlt -f pbit.f \
  --top-module pbit_top ${parameters[@]+"${parameters[@]/#/-G}"}
