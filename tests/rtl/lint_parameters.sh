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

case ${1:?set} in
  # every counter and index at its least width
  least) set -- Visible=1 Hidden=1 ;;
  default) set -- ;;
  # the quickstart's trained machine
  wide_image) set -- Visible=784 Hidden=64 Replicas=16 Lanes=16 ;;
  # contexts, and fields of the least width: 12 + ceil(log2(37 + 2)) + 1
  four_lanes) set -- Visible=37 Hidden=20 Replicas=4 Lanes=2 FieldBits=19 ;;
  # nothing a power of two, more hidden than visible
  widest_threshold) set -- Visible=5 Hidden=33 Replicas=6 Lanes=3 ThresholdBits=32 ;;
  lfsr) set -- Visible=8 Hidden=8 Generator=1 LfsrSteps=32 ;;
  largest) set -- Visible=1024 Hidden=1024 Replicas=2 Lanes=2 ;;
  *)
    echo "unknown parameter set $1" >&2
    exit 2
    ;;
esac
verilator --lint-only -Wall -f verilator.flags pbit.vlt -f pbit.f --top-module pbit_top \
  "${@/#/-G}"
