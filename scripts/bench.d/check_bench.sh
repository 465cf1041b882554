#!/usr/bin/env bash
# scripts/bench --json names all engines once, with numbers that fit together.
#
# Usage: check_bench.sh PBL_BENCH
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
for tool in verilator python3; do
  if ! command -v "$tool" >/dev/null; then
    echo "SKIPPED: $tool is not installed"
    exit 77
  fi
done
output=$(PBITLOOP_BENCH=$1 "$here/../bench" --json --rounds 1 --seconds 0.02)
python3 - "$output" <<'PYTHON'
import json
import sys

report = json.loads(sys.argv[1])
rows = {row["name"]: row for row in report["rows"]}
assert len(rows) == len(report["rows"]), "a name comes twice"
for name in ("rtl", "twin", "reference"):
    for suffix in ("", "_sampled"):
        row, base = rows[name + suffix], rows["rtl" + suffix]
        assert row["updates_per_s"] > 0, row
        ratio = row["updates_per_s"] / base["updates_per_s"]
        assert abs(row["ratio_to_rtl"] / ratio - 1) < 1e-9, row
for key in ("cpu", "versions", "commit"):
    assert report[key], key
print(", ".join(rows))
PYTHON
