# Sourced by the tests of the command line: a folder of its own, one call at a time, expectations.
# `program` is what `run` calls, `subcommand` (may be empty) the word in front of its arguments.
# shellcheck shell=sh disable=SC2154
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
  # shellcheck disable=SC2086  # words
  "$program" $subcommand "$@" >out 2>err
  code=$?
  [ "$code" -eq "$expected" ] || fail "exit code $code instead of $expected: $*"
}

errors_say() { grep -qF -- "$1" err || fail "no '$1' on stderr"; }
output_says() { grep -qF -- "$1" out || fail "no '$1' on stdout"; }
output_is_empty() { [ ! -s out ] || fail "stdout is not empty"; }
