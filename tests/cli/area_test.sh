#!/bin/sh
# One behaviour of `pbitloop area` per call: area_test.sh PROGRAM BEHAVIOUR
# All run with a stand-in for Yosys, whose answer is known.
set -u
real_program=$1
behaviour=$2
subcommand=area
here=$(cd "$(dirname "$0")" && pwd)
. "$here/harness.sh"
export PBITLOOP_CACHE="$folder/a cache"

# with_path PATH: what is called below finds tools only there
with_path() {
  program=$folder/program
  printf '#!/bin/sh\nPATH="%s" exec "%s" "$@"\n' "$1" "$real_program" >"$program"
  chmod +x "$program"
}

# stand_in BODY: a yosys that notes its calls and scripts, then does BODY
stand_in() {
  mkdir -p bin
  cat >bin/yosys <<YOSYS
#!/bin/sh
if [ "\$1" = -V ]; then
  echo 'Yosys 0.99 (stand-in)'
  exit 0
fi
cat area.ys >>'$folder/scripts'
echo call >>'$folder/calls'
$1
YOSYS
  chmod +x bin/yosys
  with_path "$folder/bin:$PATH"
}

calls() { if [ -e calls ]; then wc -l <calls; else echo 0; fi; }

# What Yosys 0.23 prints for a design with a sub-module, and the later way of printing it. The
# block of the whole design comes last.
statistics='cat >cells.txt <<TEXT
=== sub ===

   Number of cells:               7
     SB_LUT4                         7

=== design hierarchy ===

   Number of wires:              900
   Number of memory bits:          0
   Number of cells:             1234
     SB_CARRY                       90
     SB_DFF                        100
     SB_DFFER                       23
     SB_LUT4                      1000
     SB_RAM40_4K                     4
     SB_UNKNOWN                     17

Longest topological path in pbit_top (length=31):
    0: \\foo
TEXT'
later_statistics='cat >cells.txt <<TEXT
=== pbit_top ===

        +----------Local Count, excluding submodules.
        |
      900 wires
        0 memory bits
     1234 cells
       90   SB_CARRY
      123   SB_DFF
     1000   SB_LUT4
        4   SB_RAM40_4K

Longest topological path in pbit_top (length=31):
TEXT'

write_config() {
  cat >c.yaml <<'YAML'
schema: 1
hw: {field_bits: 0}
cases:
  - name: small
    random: {visible: 3, hidden: 2}
    chains: 2
    hw: {lanes: 1}
YAML
}

options_are_checked() {
  write_config
  stand_in "$statistics"
  run 2
  errors_say "CONFIG is missing"
  run 2 c.yaml --target ice4
  errors_say "'ice4' is none of ice40, ecp5, xilinx, generic; did you mean ice40"
  for seconds in 0 -1 nan inf soon 3s ''; do
    run 2 c.yaml --timeout "$seconds"
    errors_say "option --timeout: '$seconds' is not a number of seconds above 0"
  done
  run 2 c.yaml --target generic --netlist n
  errors_say "option --netlist: what --target generic makes cannot be placed"
  run 3 c.yaml --netlist no/such/folder
  errors_say "no/such/folder: cannot create the folder"
  run 2 nowhere.yaml
  errors_say "nowhere.yaml: cannot read the configuration"
  run 2 c.yaml --set cases.small.hw.lanes=3
  errors_say "lanes: 3 do not divide the 2 chains"
  run 2 c.yaml --set hw.weight_int=20 --set hw.weight_frac=20
  output_is_empty
  [ "$(calls)" -eq 0 ] || fail "a synthesis was started"
}

cells_are_counted_by_kind() {
  write_config
  for text in "$statistics" "$later_statistics"; do
    stand_in "$text"
    rm -rf "$PBITLOOP_CACHE"
    run 0 c.yaml --json --quiet
    for entry in '"lut": 1000' '"ff": 123' '"bram": 4' '"carry": 90' '"dsp": 0' '"cells": 1234' \
      '"depth": 31' '"lut_per_update": 200' '"cached": false' '"target": "ice40"' \
      '"yosys": "Yosys 0.99 (stand-in)"'; do
      output_says "$entry"
    done
  done
  run 0 c.yaml
  grep -qE '^small +3 x 2 +1 +1000 +123 +4 +0 +0 +90 +0 +31 +200\.0 +24\.6 ' out || fail "wrong row"
}

# The parameters are those of docs/device.md: 3 x 2, fields of 12 + ceil(log2(5)) + 1 bits, hardware.
the_script_has_the_parameters_of_the_variant() {
  write_config
  stand_in "$statistics"
  run 0 c.yaml --quiet
  for word in '-set Visible 3' '-set Hidden 2' '-set Replicas 2' '-set Lanes 1' '-set FieldBits 16' \
    '-set IsSim 0' '-set TableLog2 10' 'synth_ice40 -top pbit_top' 'rtl/pbit_top.sv' '-Irtl/pkg'; do
    grep -qF -- "$word" scripts || fail "no '$word' in $(cat scripts)"
  done
  if grep -qF -- '-set IsSim 1' scripts; then fail "a simulation is synthesised"; fi
  [ "$(grep -o 'rtl/[a-z_/0-9]*\.sv' scripts | wc -l)" -eq "$(grep -c '\.sv$' "$SOURCE_DIR/rtl/pbit.f")" ] ||
    fail "not the sources of pbit.f: $(cat scripts)"
}

a_result_is_kept_until_something_changes() {
  write_config
  stand_in "$statistics"
  run 0 c.yaml --quiet
  run 0 c.yaml --quiet
  output_says "*: synthesised earlier"
  [ "$(calls)" -eq 1 ] || fail "$(calls) calls instead of 1"
  run 0 c.yaml --quiet --target ecp5
  run 0 c.yaml --quiet --set hw.threshold_bits=16
  [ "$(calls)" -eq 3 ] || fail "$(calls) calls instead of 3"
  run 0 c.yaml --quiet --set seed=7 # no hardware
  [ "$(calls)" -eq 3 ] || fail "$(calls) calls instead of 3"
  for file in "$PBITLOOP_CACHE"/area/*.txt; do head -n 8 "$file" >cut && cp cut "$file"; done
  run 0 c.yaml --quiet # half a file is none
  [ "$(calls)" -eq 4 ] || fail "$(calls) calls instead of 4"
}

cases_of_one_variant_are_synthesised_once() {
  stand_in "$statistics"
  run 0 "$SOURCE_DIR/configs/quickstart.yaml" --quiet
  output_says "the same hardware: regulated_6x6"
  grep -qE '^fashion_784x64 +784 x 64 +16 ' out || fail "no row of 784 x 64"
  output_says "hw.field_bits=0 makes fields of 16 bits"
  [ "$(calls)" -eq 2 ] || fail "$(calls) calls instead of 2"
  run 0 "$SOURCE_DIR/configs/train_guard.yaml" --quiet
  grep -qE '^train_guard +9 x 9 +32 ' out || fail "no row of 9 x 9 in 32 lanes"
}

a_lattice_and_a_graph_have_the_sizes_of_their_fabric() {
  cat >c.yaml <<'YAML'
schema: 1
cases:
  - {name: square, lattice: {seed: 1}, chains: 2, hw: {fabric: lattice, side: 6, graph: g4}}
  - {name: five, graph: {source: "complete:5"}, chains: 2, hw: {fabric: sparse}}
  - {name: seven, graph: {source: "complete:7"}, chains: 2, hw: {fabric: sparse, pbits: 8, edge_rows: 64, groups: 8}}
  - {name: eight, graph: {source: "complete:8"}, chains: 2, hw: {fabric: sparse, edge_rows: 64}}
YAML
  stand_in "$statistics"
  run 0 c.yaml --quiet
  [ "$(calls)" -eq 3 ] || fail "$(calls) variants synthesised, expected 3"
  grep -q "Fabric 2" scripts || fail "no lattice"
  grep -qE '^square +18 x 18 +2 ' out || fail "no row of 18 x 18: $(cat out)"
  grep -qE '^five +8 +2 +1000 .* 62\.5 ' out || fail "no row of 8 p-bits: $(cat out)"
  grep -q "Pbits 8" scripts || fail "no sparse fabric of 8 p-bits"
  run 2 c.yaml --quiet --set cases.five.hw.groups=2
  errors_say "it needs 5 groups"
}

a_time_limit_ends_the_synthesis() {
  write_config
  stand_in 'sleep 600 & echo $! >'"'$folder/sleeper'"'; wait'
  run 3 c.yaml --quiet --timeout 0.5
  errors_say "took more than 0.5 s"
  errors_say "--timeout"
  left_nothing
}

left_nothing() {
  # a dead child that nobody waits for is still a process
  if grep -q '^State:.*[RSD] (' "/proc/$(cat sleeper)/status" 2>/dev/null; then
    fail "its child still runs"
  fi
  [ -z "$(ls "$PBITLOOP_CACHE/area")" ] || fail "left $(ls "$PBITLOOP_CACHE/area")"
}

an_interrupt_ends_the_synthesis() {
  write_config
  stand_in 'sleep 600 & echo $! >'"'$folder/sleeper'"'; wait'
  # not the stand-in for the program, which would take the signal
  PATH="$folder/bin:$PATH" "$real_program" area c.yaml --quiet >out 2>err &
  waits=0
  while [ ! -s sleeper ]; do
    waits=$((waits + 1))
    [ "$waits" -lt 300 ] || fail "the synthesis did not start"
    sleep 0.1
  done
  kill -TERM $!
  wait $!
  code=$?
  [ "$code" -eq 3 ] || fail "exit code $code instead of 3"
  errors_say "interrupted"
  left_nothing
}

a_failing_synthesis_shows_its_last_words() {
  write_config
  stand_in 'echo "ERROR: the chip is too small"; exit 1'
  run 3 c.yaml --quiet
  errors_say "ERROR: the chip is too small"
  errors_say "small: yosys failed (exit status 1)"
  stand_in 'echo nothing >cells.txt'
  run 3 c.yaml --quiet
  errors_say "no complete statistics of Yosys"
}

a_missing_yosys_is_named_with_its_package() {
  write_config
  mkdir none
  with_path "$folder/none"
  run 3 c.yaml --quiet
  errors_say "yosys: program not found"
  errors_say "apt-get install yosys"
  output_is_empty
}

a_netlist_is_kept_where_asked() {
  write_config
  stand_in "$statistics
echo netlist >netlist.json"
  run 0 c.yaml --quiet --netlist n
  [ "$(cat n/small.json)" = netlist ] || fail "no netlist"
  grep -qx 'write_json netlist.json' scripts || fail "no write_json"
  run 0 c.yaml --quiet --netlist n # a cached result has no netlist
  [ "$(calls)" -eq 2 ] || fail "$(calls) calls instead of 2"
}

"$behaviour"
