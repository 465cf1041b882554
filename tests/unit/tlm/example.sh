#!/usr/bin/env bash
# The firmware of the example platform learns its pictures, and to the same weights whatever the
# quantum is.
#
# Usage: example.sh PROGRAM
set -euo pipefail

first=
for quantum in 1 1000 1000000; do
  text=$("$1" --quantum-ns "$quantum")
  model=$(grep -o '^model: .*' <<<"$text")
  first=${first:-$model}
  if [[ $model != "$first" ]]; then
    echo "quantum $quantum ns: $model, quantum 1 ns: $first" >&2
    exit 1
  fi
done
awk '/^divergence before:/ { before = $3 } /^divergence after:/ { after = $3 }
  END { print "divergence", before, "->", after; exit !(before > 0.9 && after < 0.2) }' <<<"$text"
