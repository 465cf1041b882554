#!/bin/sh
# One behaviour of the command line per call: cli_test.sh PROGRAM BEHAVIOUR
# A behaviour is a function below; it fails by its first unmet expectation.
set -u
program=$1
behaviour=$2
subcommand=
here=$(cd "$(dirname "$0")" && pwd)
. "$here/harness.sh"

write_config() {
  cat >"$folder/c.yaml" <<'YAML'
schema: 1
cases:
  - name: small
    random: {visible: 3, hidden: 2}
YAML
}

no_command_is_bad_usage() {
  run 2
  errors_say "no command"
  output_is_empty
}

an_unknown_command_suggests_the_nearest() {
  run 2 comapre x.yaml
  errors_say "unknown command 'comapre'; did you mean 'compare'?"
  run 2 help trian
  errors_say "did you mean 'train'?"
  run 2 frobnicate
  errors_say "unknown command 'frobnicate'; see --help"
}

an_unknown_option_suggests_the_nearest() {
  run 2 compare c.yaml --sede 3
  errors_say "unknown option '--sede'; did you mean '--seed'?"
  run 2 compare c.yaml --devcie=twin
  errors_say "unknown option '--devcie'; did you mean '--device'?"
  run 2 compare -q c.yaml
  errors_say "unknown option '-q'"
}

options_are_checked_for_their_values() {
  run 2 compare c.yaml --seed
  errors_say "option --seed needs N"
  run 2 compare c.yaml --quiet=1
  errors_say "option --quiet takes no value"
  run 2 compare c.yaml --seed 1 --seed=2
  errors_say "option --seed given twice"
  run 2 compare
  errors_say "CONFIG is missing"
  run 2 compare a.yaml b.yaml
  errors_say "unexpected 'b.yaml'"
}

both_forms_of_an_option_reach_the_configuration() {
  write_config
  run 2 compare c.yaml --device fpga
  errors_say "--set device=fpga: device: 'fpga' is none of rtl, twin"
  run 2 compare c.yaml --device=fpga
  errors_say "--set device=fpga: device: 'fpga' is none of rtl, twin"
}

words_behind_two_dashes_are_no_options() {
  run 2 train -- -a.yaml -b.yaml
  errors_say "unexpected '-b.yaml'"
}

an_unknown_key_suggests_the_nearest() {
  write_config
  run 2 compare c.yaml --set cases.small.drwas=3
  errors_say "--set cases.small.drwas=3: unknown key 'drwas'; did you mean 'draws'?"
}

all_faults_of_a_file_come_at_once_with_positions() {
  printf 'schema: 1\nsede: 3\ncases:\n  - name: a\n    kernel: cylic\n    draws: 0\n' >c.yaml
  run 2 compare c.yaml
  errors_say "c.yaml:2:1: unknown key 'sede'; did you mean 'seed'?"
  errors_say "c.yaml:5:13: kernel: 'cylic' is none of cyclic, palindromic, coin, random_site; did you mean 'cyclic'?"
  errors_say "c.yaml:6:12: draws: 0 is out of range"
  output_is_empty
}

a_missing_file_is_a_configuration_error() {
  run 2 compare nowhere.yaml
  errors_say "nowhere.yaml: cannot read the configuration: No such file"
}

a_missing_model_is_looked_for_in_the_source_tree() {
  printf 'schema: 1\ncases:\n  - {name: a, model: no/such}\n' >c.yaml
  PBITLOOP_SOURCE_DIR=/tmp/elsewhere run 2 compare c.yaml
  errors_say "/tmp/elsewhere/no/such"
  unset PBITLOOP_SOURCE_DIR
  run 2 compare c.yaml
  errors_say "tried no/such, /"
}

help_is_there_for_the_program_and_every_command() {
  run 0 --help
  for command in compare train regimes lockstep trace stats power exact graph lab area rng info help; do
    output_says "  $command "
  done
  for command in compare train regimes lockstep snapshot stats power exact graph lab area rng info help; do
    run 0 "$command" --help
    output_says "usage: pbitloop $command"
    cp out first
    run 0 help "$command"
    cmp -s first out || fail "help $command differs from $command --help"
  done
}

weights_that_a_device_clips_are_told() {
  run 0 train "$SOURCE_DIR/configs/train_guard.yaml" --device twin --out r --set training.epochs=40 \
    --set training.log_every_epochs=40 --set model.initial_scale=10 --set hw.weight_int=1 \
    --set hw.weight_frac=6 --set evaluation.ais_chains=0 --set evaluation.tau_chains=0
  errors_say "did not fit s[1][6] and were clipped"
}

help_keys_is_the_reference_page() {
  run 0 help keys
  cmp out "$SOURCE_DIR/docs/configuration.md" || fail "docs/configuration.md is outdated"
}

the_version_is_that_of_the_project() {
  run 0 --version
  [ "$(cat out)" = "pbitloop $VERSION" ] || fail "not $VERSION"
}

the_manual_names_every_option_and_command() {
  for command in compare train regimes lockstep snapshot stats power exact graph lab area rng selftest info help; do
    run 0 "$command" --help
    for word in $command $(sed -n 's/^  \(--[a-z]*\).*/\1/p' out); do
      grep -qF -- "$word" "$SOURCE_DIR/docs/man/pbitloop.1.scd" || fail "manual lacks $word"
    done
  done
}

a_full_disk_is_not_success() {
  [ -c /dev/full ] || exit 77
  "$program" --help >/dev/full 2>err
  code=$?
  : >out
  [ "$code" -eq 3 ] || fail "exit code $code instead of 3"
  errors_say "cannot write the output"
}

# compare_twin EXIT_CODE OPTIONS...
compare_twin() {
  expected=$1
  shift
  run "$expected" compare c.yaml --quiet --device twin --out r "$@"
}

write_two_cases() {
  cat >"$folder/c.yaml" <<'YAML'
schema: 1
cases:
  - name: first
    random: {visible: 3, hidden: 2}
    draws: 400
  - name: second
    random: {visible: 3, hidden: 2}
    draws: 400
YAML
}

# faults that the device's hash catches end a run when its case comes up
break_second() {
  printf '    faults: {before_hash: true, weight: {row: 0, col: 0, offset: 3}}\n' >>c.yaml
}

too_few_draws_or_chains_are_unresolved() {
  write_config
  compare_twin 11 --set cases.small.draws=1
  compare_twin 11 --set cases.small.chains=1
  compare_twin 11 --set cases.small.chains=2 --set cases.small.exact=true
  output_says "VERDICT UNRESOLVED"
}

chains_that_cannot_move_are_frozen() {
  write_config
  compare_twin 12 --set cases.small.clamp=0-4
  compare_twin 12 --set cases.small.random.bias_scale=1000
  compare_twin 12 --set cases.small.random.scale=1000
  output_says "VERDICT FROZEN"
  ! grep -q nan out || fail "nan in the table"
}

a_case_that_does_not_fit_shows_before_any_is_sampled() {
  write_two_cases
  compare_twin 2 --set cases.second.beta=16
  errors_say "case second: beta 16 does not fit"
  output_is_empty
  [ ! -e r ] || fail "a results folder was made"
}

what_only_lockstep_can_do_is_refused_by_compare() {
  write_two_cases
  compare_twin 2 --set cases.second.coupled=true
  errors_say "case second: coupled is only for pbitloop lockstep"
  compare_twin 2 --set cases.second.regulator.mode=guard --set cases.second.regulator.window_sweeps=5 \
    --set cases.second.regulator.freeze=true
  errors_say "case second: a comparison under regulator.mode guard needs regulator.window_sweeps"
  [ ! -e r ] || fail "a results folder was made"
}

finished_cases_are_reported_when_a_later_one_fails() {
  write_two_cases
  break_second
  compare_twin 3
  errors_say "case second"
  output_says "INCOMPLETE: 1 cases of 2"
  grep -q '"verdict": "INCOMPLETE"' r/report.json || fail "report.json is not incomplete"
  grep -q INCOMPLETE r/report.html || fail "report.html is not incomplete"
}

a_failed_rerun_leaves_no_older_report() {
  write_config
  compare_twin 0 --set cases.small.draws=4000
  [ -e r/report.json ] || fail "no report"
  compare_twin 3 --set timeout_cycles=1
  errors_say "raise timeout_cycles"
  [ ! -e r/report.json ] && [ ! -e r/report.html ] || fail "an older report is left"
}

# 64/eps^2 at alpha .01, power .9 and information .23, published to two digits
power_gives_the_published_number_of_updates() {
  run 0 power --information 0.23
  output_says " 6.47e+05 "
  run 0 power --information 0.23 --beta-error=0.001 --json
  output_says '"updates": 64692987.'
  output_says '"sweeps": null'
  run 0 power --random 6x6,0.2,3 --beta-error 0.01 --weight-error 0.05 --moment-error 0.01
  output_says "(enumerated, 12 p-bits, beta 1)"
  output_says "edge innovations        36 "
  output_says "mean over chains        12 "
}

power_refuses_what_it_cannot_answer() {
  run 2 power
  errors_say "one of --model, --random and --information is needed"
  run 2 power --information 0.2 --random 2x2,1,1
  errors_say "one of --model"
  run 2 power --information 0.2 --weight-error 1
  errors_say "--information tells only about --beta-error"
  run 2 power --information 0.2 --beta-error 1%
  errors_say "option --beta-error: '1%' is not a number"
  run 2 power --information 0.2 --beta-error 0
  errors_say "never found"
  run 2 power --information 0.2 --alpha 2
  errors_say "alpha 2"
  run 2 power --random 2by2
  errors_say "is not like 64x32,0.1,1"
  run 3 power --model /nowhere
  errors_say "/nowhere"
  output_is_empty
}

# A ring of four, t = tanh(2K), K = 0.5: eigenvalues t^2, t(t+1)/2, (1+t)/2, 1 - (1-t)/4 and
# log Z = ln((2 cosh K)^4 + (2 sinh K)^4).
exact_gives_the_closed_forms_of_a_ring() {
  run 0 exact --grid 2x2,0.5,0,1 --ferro --kernel all,site --observable mag,mag_visible --quiet
  output_says "log Z            3.297642005"
  for row in "cyclic         0.5800257" "palindromic    0.5800257" "coin           0.6708099" \
    "random         0.8807971" "site           0.9403985"; do
    output_says "$row"
  done
  grep -qE '^cyclic .* 1\.881098 +' out || fail "tau of mag_visible is not 1/2 + t^2/(1 - t^2)"
}

# The worked example of docs/oracles.md: the line behind the dollar, and the lines below it.
exact_prints_what_its_page_shows() {
  page=$SOURCE_DIR/docs/oracles.md
  example=$(sed -n 's/^ *\$ pbitloop \(exact .*\)$/\1/p' "$page" | head -n 1)
  [ -n "$example" ] || fail "no example in $page"
  # shellcheck disable=SC2086
  run 0 $example
  sed -n '/^ *\$ pbitloop exact/,/^```$/p' "$page" | sed '1d;$d' >shown
  cmp -s shown out || fail "docs/oracles.md shows $(diff shown out)"
}

exact_refuses_what_it_cannot_solve() {
  run 2 exact
  errors_say "one of MODEL, --random, --grid and --lattice is needed"
  run 2 exact --random 100x20,0.1,1 --quiet
  errors_say "kernels can be had up to 24 p-bits"
  run 2 exact --random 40x30,0.1,1 --kernel none
  errors_say "the smaller side can have at most 28"
  run 2 exact --random 2x2,1,1 --kernel cyclc
  errors_say "'cyclc' is none of cyclic"
  run 2 exact --random 2x2,1,1 --observable v2
  errors_say "v0 to v1"
  run 2 exact --grid 4by5
  errors_say "is not like WxL,J,F,SEED"
  run 2 exact --random 2x2,1,1 --ferro
  errors_say "--ferro goes with --grid"
  run 2 exact --random 2x2,1,1 --chains 0
  errors_say "whole number from 1"
  output_is_empty
}

exact_writes_json_and_moments() {
  run 0 exact --random 3x2,0.5,1 --json --moments m.json --quiet
  for key in log_z energy_variance kernels relaxation_steps tau_steps q_op; do
    output_says "\"$key\""
  done
  grep -q '"visible_hidden"' m.json || fail "no moments"
  run 0 exact --random 60x12,0.1,1 --kernel none --quiet
  output_says "log Z"
}

exact_stops_when_asked_to() {
  "$program" exact --random 11x11,0.4,1 --window 100000 --kernel coin >out 2>err &
  sleep 1
  kill -TERM $! || fail "it had ended already"
  started=$(date +%s)
  wait $!
  code=$?
  took=$(($(date +%s) - started))
  [ "$code" -eq 3 ] || fail "exit code $code instead of 3"
  [ "$took" -le 5 ] || fail "$took s from the request to the end"
  errors_say "interrupted"
}

a_diverging_training_is_stopped() {
  cat >c.yaml <<'YAML'
schema: 1
out: m
dataset: {name: bars, rows: 2, cols: 3}
model: {hidden: 2}
training: {epochs: 1000, log_every_epochs: 1000, learning_rate: 100, weight_decay: 10}
YAML
  run 3 train c.yaml --quiet
  errors_say "training diverged in epoch"
  [ ! -e m/model.yaml ] || fail "a model was written"
}

rng_options_are_checked() {
  run 2 rng
  errors_say "give one of --words, --stream, --test and --ab"
  run 2 rng --words 8 --generator lfsr
  errors_say "'lfsr' is none of xoshiro128++, lfsr32, xorshift32; did you mean lfsr32"
  run 2 rng --words 8 --steps 8
  errors_say "--steps belongs to lfsr32"
  run 2 rng --words 8 --generator xorshift32 --steps 8
  errors_say "--steps belongs to lfsr32"
  run 2 rng --words 8 --generator lfsr32 --steps 33
  errors_say "steps 33 is out of range 1..32"
  run 2 rng --words 1e3
  errors_say "'1e3' is no whole number"
  run 2 rng --words 8 --lanes 4 --lane 4
  errors_say "lane 4 is out of range 0..3"
  run 2 rng --ab c.yaml --lanes 2
  errors_say "--lanes does not go with --ab"
  output_is_empty
}

# xoshiro128++ seeded by 0 starts from the published outputs of splitmix64(0),
# e220a8397b1dcdaf and 6e789e6aa1b965f4: first word rotl(s0 + s3, 7) + s0
rng_streams_words_least_byte_first() {
  run 0 rng --words 1 --seed 0
  s0=$((0x7b1dcdaf))
  sum=$(((s0 + 0x6e789e6a) & 0xffffffff))
  word=$((((sum << 7 | sum >> 25) + s0) & 0xffffffff))
  expected=$(printf '%02x%02x%02x%02x' $((word & 255)) $((word >> 8 & 255)) \
    $((word >> 16 & 255)) $((word >> 24 & 255)))
  [ "$(od -An -tx1 out | tr -d ' \n')" = "$expected" ] || fail "first word is not $expected"
  run 0 rng --words 100 --lanes 2 --order interleaved --quiet
  [ "$(wc -c <out)" -eq 400 ] || fail "not 400 bytes"
}

rng_stream_ends_cleanly_with_its_reader() {
  { "$program" rng --stream --quiet 2>err; echo $? >code; } | head -c 100000 >out
  [ "$(cat code)" = 0 ] || fail "exit code $(cat code)"
  [ ! -s err ] || fail "words on stderr"
}

rng_test_tells_good_from_bad() {
  run 0 rng --test --words 8192 --lanes 4 --quiet
  output_says "distribution: no fault found"
  run 10 rng --test --words 8192 --lanes 4 --generator lfsr32 --steps 1 --json t.json --quiet
  output_says "distribution: FAULTY"
  grep -q '"distribution_passed": false' t.json || fail "no verdict in t.json"
}

rng_ab_finds_the_one_step_lfsr() {
  cat >c.yaml <<'YAML'
schema: 1
cases:
  - {name: good, random: {visible: 3, hidden: 3}, draws: 5000}
  - {name: bad, random: {visible: 3, hidden: 3}, draws: 5000, hw: {generator: lfsr32, lfsr_steps: 1}}
YAML
  run 0 rng --ab c.yaml --json ab.json --quiet
  output_says "lfsr32 x 1"
  [ "$(grep -c '"innovation_p": 0,' ab.json)" = 1 ] || fail "not one faulty row"
  run 2 rng --ab c.yaml --set cases.bad.random.visible=14 --quiet
  errors_say "17 p-bits; the A/B takes at most 16"
  run 2 rng --ab c.yaml --set cases.bad.kernel=random_site --quiet
  errors_say "drop kernel random_site"
  run 2 rng --ab c.yaml --set cases.bad.sweeps_per_draw=2 --quiet
  errors_say "set it to 1"
}

# npy FILE SHAPE: uint8 array from stdin
npy() {
  header=$(printf "{'descr': '|u1', 'fortran_order': False, 'shape': (%s), }" "$2")
  {
    printf '\223NUMPY\001\000\166\000'
    printf '%-117s\n' "$header"
    cat
  } >"$1"
}

# N characters 0 or 1 from a multiplicative generator: white enough
noise() {
  awk -v n="$1" 'BEGIN { s = 12345; for (i = 0; i < n; i++) {
    s = (s * 16807) % 2147483647; printf "%d", (s > 1073741823) } }'
}

trace_checks_its_options_and_files() {
  config="$SOURCE_DIR/tests/cosim/trace.yaml"
  run 2 trace
  errors_say "trace: give either CONFIG or --check FILE"
  run 2 trace "$config" --check a.trace
  errors_say "trace: give either CONFIG or --check FILE"
  run 2 trace --check a.trace --sweeps 3
  errors_say "--check takes no other option but --quiet"
  run 2 trace "$config" --sweeps 0
  errors_say "option --sweeps: '0' is no number from 1 to"
  run 2 trace "$config" --first 1e3
  errors_say "option --first: '1e3' is no number"
  run 2 trace "$config" --case nobody
  errors_say "the configuration has no case 'nobody'"
  run 2 trace "$config" --out a.trace
  errors_say "a file takes one case: choose it with --case NAME"
  run 3 trace --check nosuch.trace
  errors_say "cannot open nosuch.trace: No such file"
  echo "no trace" >a.trace
  run 3 trace --check a.trace
  errors_say "a.trace is no trace of pbitloop"
  printf 'PBLTRACE\002\000\000\000' >a.trace
  run 3 trace --check a.trace
  errors_say "a.trace: version 2 of the format, this program reads 1"
  printf 'PBLTRACE\001\000\000\000' >a.trace
  run 3 trace --check a.trace
  errors_say "a.trace: the file ends after 0 sweeps"
}

stats_of_moving_frozen_and_bad_arrays() {
  noise 16000 | npy moving.npy "16, 1000"
  run 0 stats moving.npy
  output_says "VERDICT RESOLVED"
  noise 16000 | tr 01 00 | npy frozen.npy "16, 500, 2"
  run 12 stats frozen.npy --names up,down
  output_says "FROZEN up: every chain is constant"
  output_says "VERDICT FROZEN"
  ! grep -q nan out || fail "nan in the table"
  noise 300 | npy few.npy "3, 100"
  run 11 stats few.npy
  output_says "VERDICT SHORT"
  { noise 1500; noise 100 | tr 01 00; } | npy stuck.npy "16, 100"
  run 11 stats stuck.npy
  output_says "PARTIAL x: some chains are constant"
  noise 10 | npy flat.npy "10,"
  run 2 stats flat.npy
  errors_say "1 dimensions"
  run 2 stats frozen.npy --names only
  errors_say "--names gives 1 names, the array has 2 observables"
  run 2 stats moving.npy --thin 0
  errors_say "--thin 0: give a number of at least 1"
  run 2 stats moving.npy --superchains 5
  errors_say "give at least 2, and a divisor"
  echo text >text.npy
  run 3 stats text.npy
  errors_say "not a .npy file"
  run 3 stats nowhere.npy
}

stats_json_is_complete() {
  noise 32000 | npy two.npy "16, 1000, 2"
  run 0 stats two.npy --json --thin 4 --names a,b
  command -v python3 >/dev/null || exit 77
  python3 - out <<'PYTHON' || fail "the JSON lacks something"
import json, sys
d = json.load(open(sys.argv[1]))
assert (d["n_chains"], d["n_draws"], d["thin"], d["verdict"]) == (16, 1000, 4, "RESOLVED"), d
assert [o["name"] for o in d["observables"]] == ["a", "b"]
for o in d["observables"]:
    assert o["verdict"] == "RESOLVED" and o["clause"] is None and o["gate"], o
    for key in ("tau", "tau_sweeps", "ess"):
        assert o[key]["low"] <= o[key]["value"] <= o[key]["high"], (key, o[key])
    assert abs(o["tau_sweeps"]["value"] - 4 * o["tau"]["value"]) < 1e-12
    assert abs(o["ess"]["value"] * 2 * o["tau"]["value"] - 16000) < 1e-6
    assert {"geyer_pooled_mean", "geyer_chain_mean", "sokal", "gamma_1_5", "gamma_2_0", "stan",
            "batch_means", "chain_means"} <= set(o["estimators"])
PYTHON
}

# The worked example of docs/regulation.md: file, command and output.
lab_prints_what_its_page_shows() {
  page=$SOURCE_DIR/docs/regulation.md
  file=configs/regulation/example.yaml
  cd "$SOURCE_DIR" || exit 1
  "$program" lab $file --quiet >"$folder/out" 2>"$folder/err"
  code=$?
  cd "$folder" || exit 1
  [ "$code" -eq 0 ] || fail "exit code $code instead of 0"
  sed -n '/^ *\$ pbitloop lab/,/^```$/p' "$page" | sed '1d;$d' >shown
  cmp -s shown out || fail "docs/regulation.md shows $(diff shown out)"
  sed -n '/^```yaml$/,/^```$/p' "$page" | sed '1d;$d' >shown
  cmp -s shown "$SOURCE_DIR/$file" || fail "docs/regulation.md has another example.yaml"
}

lab_exits_10_when_an_expectation_does_not_hold() {
  run 10 lab "$SOURCE_DIR/configs/regulation/example.yaml" --quiet --set 'expect[0].max=0'
  output_says "FAIL: 1 of 3 expectations do not hold"
}

lab_finds_faults_before_it_runs() {
  printf 'schema: 1\nruns: [{name: a}]\nexpect: [{run: a, quantity: gapp, min: 0}]\n' >c.yaml
  run 2 lab c.yaml
  errors_say "c.yaml:3:10: no quantity 'gapp'; did you mean 'gap'?"
  run 2 lab c.yaml --set runs.a.windosw=3
  errors_say "did you mean 'windows'?"
  run 2 lab
  errors_say "CONFIG is missing"
  output_is_empty
}

lab_json_is_complete() {
  run 0 lab "$SOURCE_DIR/configs/regulation/example.yaml" --quiet --json --seeds 2 \
    --set defaults.windows=20 --set 'expect[0].max=1' --set 'expect[1].min=0' \
    --set 'expect[2].min=-100'
  command -v python3 >/dev/null || exit 77
  python3 - out <<'PYTHON' || fail "the JSON lacks something"
import json, sys
d = json.load(open(sys.argv[1]))
assert d["passed"] and d["seeds"] == 2 and [r["name"] for r in d["runs"]] == ["fixed", "guard"]
gap = d["runs"][0]["quantities"]["gap"]
assert len(gap["seeds"]) == 2 and gap["low"] < gap["mean"] < gap["high"]
assert abs(gap["mean"] - sum(gap["seeds"]) / 2) < 1e-12
assert [e["passed"] for e in d["expectations"]] == [True] * 3
assert d["expectations"][1]["quantity"] == "gap / fixed"
PYTHON
}

write_training() {
  cat >c.yaml <<'YAML'
schema: 1
out: m
dataset: {name: bars, rows: 3, cols: 3}
model: {hidden: 5, initial_scale: 0.05}
training: {units: binary, start: blank, learning_rate: 0.05, batch_size: 14, chains: 32,
           epochs: 40, checkpoint_every_epochs: 10, log_every_epochs: 5}
regulator: {mode: guard, flip_rate: 0.05, gain: 0.1, gauge_fixing: true}
evaluation: {ais_chains: 16, ais_temperatures: 50, tau_chains: 16, tau_sweeps: 200}
YAML
}

what_a_training_cannot_do_is_refused_before_it_starts() {
  write_training
  run 2 train c.yaml --quiet --set regulator.window_updates=2
  errors_say "window_updates is 2, but an epoch has 1 updates"
  run 2 train c.yaml --quiet --set evaluation.every_epochs=7
  errors_say "every_epochs 7 must be a multiple of log_every_epochs 5"
  run 2 train c.yaml --quiet --device twin --set training.chains=257
  errors_say "replicas is 257, allowed: 1..256"
  [ ! -e m/checkpoint/state.bin ] || fail "there is a checkpoint"
}

a_second_training_into_a_folder_is_refused() {
  write_training
  "$program" train c.yaml --quiet --set training.epochs=1000000 >first 2>&1 &
  first=$!
  for _ in $(seq 200); do
    [ -e m/timing.csv ] && break
    sleep 0.05
  done
  run 2 train c.yaml --quiet
  errors_say "m: process $first on "
  errors_say "is writing into this folder"
  kill -INT "$first"
  wait "$first" && fail "the first training ended by itself"
  run 2 train c.yaml --quiet --set training.epochs=1 --seed 2
  errors_say "belongs to another run"
}

# lock_folder FOLDER: as a process of another machine would have it, until unlock_folder
lock_folder() {
  mkdir -p "$1"
  exec 9>"$1/.pbitloop.lock"
  flock -n 9 || fail "$1 is locked already"
  echo "process 4711 on elsewhere" >&9
}
unlock_folder() { exec 9>&-; }

# is_left_alone FOLDER ARGUMENTS...
is_left_alone() {
  shared=$1
  shift
  lock_folder "$shared"
  run 2 "$@" --quiet
  errors_say "$shared: process 4711 on elsewhere is writing into this folder"
  output_is_empty
  [ "$(ls -A "$shared")" = .pbitloop.lock ] || fail "$shared was written into"
  unlock_folder
}

a_folder_that_another_run_writes_into_is_left_alone() {
  command -v flock >/dev/null || exit 77
  write_training
  is_left_alone m train c.yaml
  is_left_alone m regimes c.yaml --seeds 2 --set evaluation.every_epochs=20 \
    --set training.log_every_epochs=20
  rm -r m
  write_config
  is_left_alone r compare c.yaml --out r --device twin
  is_left_alone r compare c.yaml --out r --device twin --snapshot-every 1
  is_left_alone n area c.yaml --netlist n
  # what a killed run left blocks nobody, and goes away
  compare_twin 0
  [ ! -e r/.pbitloop.lock ] || fail "the lock is still there"
}

a_run_that_was_refused_leaves_no_folder() {
  write_config
  run 3 compare c.yaml --out new/folder --device twin --restore nowhere --quiet
  errors_say "nowhere: there is no such snapshot"
  [ ! -e new ] || fail "a results folder was made"
}

a_training_that_cannot_write_keeps_its_epochs() {
  write_training
  mkdir -p m/log.csv.tmp
  run 3 train c.yaml --quiet --set training.checkpoint_every_epochs=0
  errors_say "cannot write m/log.csv.tmp"
  [ -s m/checkpoint/state.bin ] || fail "no checkpoint"
  rmdir m/log.csv.tmp
  run 0 train c.yaml --quiet
  rm -r m
  (ulimit -f 1 && "$program" train c.yaml --quiet --set training.chains=512 >out 2>err)
  [ $? -eq 3 ] || fail "a file beyond the limit of its size"
  errors_say "File too large"
}

a_shortened_telemetry_is_refused() {
  write_training
  run 0 train c.yaml --quiet --device twin
  head -c 300 m/telemetry.csv >t && cp t m/telemetry.csv
  run 3 train c.yaml --quiet --device twin --set training.epochs=50
  errors_say "m/telemetry.csv is missing or shorter than at the checkpoint"
  cmp -s t m/telemetry.csv || fail "the telemetry was changed"
  rm m/telemetry.csv
  run 3 train c.yaml --quiet --device twin --set training.epochs=50
  errors_say "m/telemetry.csv is missing"
}

a_runaway_temperature_on_a_device_is_a_numerical_failure() {
  write_training
  run 3 train c.yaml --quiet --device twin --set regulator.mode=srtrbm \
    --set training.learning_rate=100 --set training.weight_decay=10
  errors_say "the device holds -4 to 4; lower the learning rate or regulator.gain"
}

a_checkpoint_that_is_a_folder_is_refused() {
  write_training
  mkdir -p m/checkpoint/state.bin
  run 3 train c.yaml --quiet
  errors_say "m/checkpoint/state.bin is not a file; remove it"
}

compare_regimes() {
  code=$1
  shift
  run "$code" regimes c.yaml --quiet --seeds 2 --only fixed,adaptive,frozen \
    --set evaluation.every_epochs=5 --set training.epochs=10 "$@"
}

regimes_never_take_over_runs_of_another_configuration() {
  write_training
  compare_regimes 0
  compare_regimes 0
  ! grep -q "^model:" out || fail "a finished run was trained again"
  compare_regimes 2 --set training.learning_rate=0.2
  errors_say "m/fixed/1 was trained with 'learning_rate: 0.05', asked for is 'learning_rate: 0.2'"
  compare_regimes 2 --set evaluation.ais_temperatures=60
  errors_say "'ais_temperatures: 50'"
  rm m/*/*/settings.yaml # as from an older version
  compare_regimes 2 --set training.learning_rate=0.2
  errors_say "belongs to another run"
}

regimes_of_a_longer_adaptive_run_say_that_frozen_ones_start_anew() {
  write_training
  compare_regimes 0
  compare_regimes 2 --set training.epochs=20
  errors_say "remove the frozen run"
  rm -r m/frozen
  compare_regimes 0 --set training.epochs=20
}

regimes_check_their_options() {
  write_training
  run 2 regimes c.yaml --only ""
  errors_say "--only: the list is empty"
  run 2 regimes c.yaml --only frozen
  errors_say "frozen needs adaptive"
  run 2 regimes c.yaml --set evaluation.every_epochs=4
  errors_say "must be a multiple of training.log_every_epochs 5"
  compare_regimes 0 --set device=twin
}

a_pipe_is_written_to_and_not_replaced() {
  mkfifo p
  timeout 30 cat p >got &
  run 0 exact --random 2x2,0.5,1 --quiet --moments p
  wait
  [ -p p ] || fail "the pipe is gone"
  grep -q visible_hidden got || fail "nothing came through"
}

files_of_the_wrong_kind_are_named() {
  mkfifo p
  run 3 stats p
  errors_say "p: not a regular file"
  run 3 exact nosuch
  errors_say "no model folder nosuch, neither here nor in"
}

"$behaviour"
