#!/bin/sh
# One behaviour of the command line per call: cli_test.sh PROGRAM BEHAVIOUR
# A behaviour is a function below; it fails by its first unmet expectation.
set -u
program=$1
behaviour=$2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1 # outside the source tree, on purpose

fail() {
  echo "FAILED: $*" >&2
  echo "--- stdout" >&2
  cat out >&2
  echo "--- stderr" >&2
  cat err >&2
  exit 1
}

# run EXIT_CODE ARGUMENTS...
run() {
  expected=$1
  shift
  "$program" "$@" >out 2>err
  code=$?
  [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected: $*"
}

errors_say() { grep -qF -- "$1" err || fail "no '$1' on stderr"; }
output_says() { grep -qF -- "$1" out || fail "no '$1' on stdout"; }
output_is_empty() { [ ! -s out ] || fail "stdout is not empty"; }

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
  errors_say "c.yaml:5:13: kernel: 'cylic' is none of cyclic, palindromic; did you mean 'cyclic'?"
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
  for command in compare train lockstep stats power rng info help; do
    output_says "  $command "
  done
  for command in compare train lockstep stats power rng info help; do
    run 0 "$command" --help
    output_says "usage: pbitloop $command"
    cp out first
    run 0 help "$command"
    cmp -s first out || fail "help $command differs from $command --help"
  done
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
  for command in compare train lockstep stats power rng info help; do
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
  compare_twin 2 --set cases.second.regulator.mode=guard --set cases.second.regulator.window_sweeps=5
  errors_say "case second: regulator.mode guard is only for pbitloop lockstep"
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
  errors_say "'lfsr' is none of xoshiro128++, lfsr32; did you mean lfsr32"
  run 2 rng --words 8 --steps 8
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
  run 2 rng --ab c.yaml --set cases.bad.random.visible=8 --quiet
  errors_say "11 p-bits; the A/B takes at most 10"
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

"$behaviour"
