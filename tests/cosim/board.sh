#!/usr/bin/env bash
# Verilates the board and drives it with the host's own code: board.sh BOARD_DEVICE WORK_FOLDER [FAULT]
#   FAULT  lasts, depth: planted in a copy of the RTL; passes when it is found
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=$1 fault=${3-}
folder=$(mktemp -d "$2/board.XXXXXX")
trap 'rm -rf "$folder"' EXIT
cp -r "$here/../../rtl" "$folder/rtl"
case $fault in
  '') ;;
  lasts) sed -i 's/{lasts_o\[30:0\], head_q\[32\]}/{lasts_o[30:0], head_q[32] ^ head_q[0]}/' "$folder/rtl/board/stream_fifo.sv" ;;
  depth) sed -i "s/count_o < 16'(Depth)/count_o <= 16'(Depth)/" "$folder/rtl/board/stream_fifo.sv" ;;
  *) exit 2 ;;
esac
if [[ -n $fault ]] && diff -rq "$folder/rtl" "$here/../../rtl" >/dev/null; then
  echo "FAILED: nothing was planted"
  exit 1
fi
cd "$folder/rtl"
verilator --cc -f verilator.flags pbit.vlt board/board.vlt -f pbit.f -f board/board.f --top-module pbit_board \
  --prefix Vboard --Mdir "$folder/v" -CFLAGS '-fPIC -O1' -GLanes=3 -GReplicas=6 -GFieldBits=32 -GIsSim=1 -GLfsrSteps=32 \
  -GSampleDepth=4 -GTelemetryDepth=4
make -s -C "$folder/v" -f Vboard.mk OPT_FAST=-O1 OPT_SLOW=-O0 Vboard__ALL.a verilated.o verilated_threads.o >/dev/null
root=$(verilator --getenv VERILATOR_ROOT)
g++ -std=c++17 -O1 -fPIC -shared -o "$folder/board.so" -I"$folder/v" -I"$root/include" \
  "$here/board_shim.cpp" "$folder/v/verilated.o" "$folder/v/verilated_threads.o" -Wl,--whole-archive "$folder/v/Vboard__ALL.a" \
  -Wl,--no-whole-archive -pthread
if [[ -n $fault ]]; then
  if "$program" "$folder/board.so"; then exit 1; fi
else
  "$program" "$folder/board.so"
fi
