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
  for command in compare train lockstep info help; do
    output_says "  $command "
  done
  for command in compare train lockstep info help; do
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
  for command in compare train lockstep info help; do
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

"$behaviour"
