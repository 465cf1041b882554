#!/usr/bin/env bash
# Drive the twin, record what crosses the bus, and play it to the RTL under Icarus.
#
# Usage: replay.sh WORK_FOLDER DUMP_PROGRAM SHAPE ready|busy
set -euo pipefail

work=$1 dump=$2 shape=$3 receiver=$4
if ! command -v iverilog >/dev/null; then
  echo "SKIPPED: iverilog is not installed"
  exit 77
fi
vectors=$(mktemp -d "$work/vectors.XXXXXX")
trap 'rm -rf "$vectors"' EXIT
# The program also prints the shape as parameters of the testbench, one a line.
parameters=$("$dump" "$shape" "$vectors"/{bus,stream,telemetry}.hex)
mapfile -t parameters <<<"$parameters"
"$(dirname "${BASH_SOURCE[0]}")/run_icarus.sh" "$work" tb_pbit_top "${parameters[@]}" \
  "+bus=$vectors/bus.hex" "+stream=$vectors/stream.hex" \
  "+telemetry=$vectors/telemetry.hex" "+receiver=$receiver"
