#!/bin/sh
# The trace port of the RTL against the independent replay: run_trace.sh PROGRAM BEHAVIOUR [ARGUMENTS]
set -u
program=$1
behaviour=$2
shift 2
subcommand=trace
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../cli/harness.sh"

# every_update_is_what_it_should_be CASES SWEEPS CONFIG
every_update_is_what_it_should_be() {
  run 0 "$here/$3" --sweeps "$2" --quiet
  cat out
  n=$(grep -c "^EQUAL case .* sweeps 1 to $2, [1-9][0-9]* updates" out)
  [ "$n" -eq "$1" ] || fail "$n equal cases of $2 sweeps instead of $1"
}

# What the host is not told: the replay knows the image alone.
a_wrong_device_is_found_and_named() {
  dense="$here/trace.yaml --case dense_coin_clamped --sweeps 20 --quiet --set"
  sparse="$here/trace.yaml --case sparse_coin_clamped --sweeps 20 --quiet --set"
  run 10 $dense cases.dense_coin_clamped.faults.weight.row=1 \
    --set cases.dense_coin_clamped.faults.weight.offset=4
  output_says "DIFFERS case dense_coin_clamped: sweep 1, update"
  output_says "local field"
  run 10 $dense cases.dense_coin_clamped.faults.beta_gain=1.02
  output_says "table entry"
  run 10 $sparse cases.sparse_coin_clamped.faults.weight.col=1 \
    --set cases.sparse_coin_clamped.faults.weight.offset=4
  output_says "local field"
  cat out
}

a_stored_trace_is_checked_again() {
  run 0 "$here/trace.yaml" --case sparse_random_site --sweeps 7 --first 4 --quiet --out a.trace
  output_says "sweeps 4 to 10, 560 updates"
  output_says "trace: a.trace"
  run 0 --check a.trace --quiet
  output_says "EQUAL file a.trace: sparse fabric, 20 p-bits, 4 replicas, random_site kernel, sweeps 4 to 10, 560 updates"
  head -c 9000 a.trace >b.trace
  run 3 --check b.trace --quiet
  errors_say "b.trace: the file ends after"
  errors_say "it was cut"
  # a file of a wrong device says the same as the run
  run 10 "$here/trace.yaml" --case dense_coin_clamped --sweeps 7 --quiet --out c.trace \
    --set cases.dense_coin_clamped.faults.beta_gain=1.02
  grep "expected\|found" out >told
  run 10 --check c.trace --quiet
  grep "expected\|found" out | cmp -s - told || fail "the file tells something else"
}

"$behaviour" "$@"
