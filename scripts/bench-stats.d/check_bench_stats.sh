#!/usr/bin/env bash
# scripts/bench-stats --json has every row, and means that agree with what is known without it.
#
# Usage: check_bench_stats.sh PBL_BENCH_STATS
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if ! command -v python3 >/dev/null; then
  echo "SKIPPED: python3 is not installed"
  exit 77
fi
output=$(PBITLOOP_BENCH_STATS=$1 "$here/../bench-stats" --json --quick 2>/dev/null)
python3 - "$output" <<'PYTHON'
import json
import math
import sys

report = json.loads(sys.argv[1])
ratios = {}
for row in report["accuracy"]:
    assert row["repetitions"] == 10, row
    ratios[row["name"], row["chains"], row["draws"], round(row["exact_tau_full"], 3)] = row["ratio"]
assert len(ratios) == 8, sorted(ratios)


def close(row, estimator, expected, sigmas=5):
    """Mean of ten runs against a value known otherwise, by the runs' own scatter."""
    value = ratios[row][estimator]
    bound = sigmas * value["sd"] / math.sqrt(value["runs"]) + 0.01
    assert abs(value["mean"] - expected) < bound, (row, estimator, value, expected)


# An autoregression of order one is what the lag-1 rule supposes, and two states are one.
close(("two-state", 1, 10000, 19.0), "lag1", 1.0)
close(("two-state", 16, 1000, 19.0), "ours", 1.0)
close(("two-state", 4, 1000, 0.333), "ours", 1.0)
# E S_n / sigma2 = 1 - 2 l (1 - l^n) / (n (1 - l^2))
l, n = 0.98, 250
close(("two-state", 64, 250, 99.0), "chain_means", 1 - 2 * l * (1 - l**n) / (n * (1 - l * l)))
# Antithetic: pairs (1,2), (3,4) of (-1/2)^k stop at once, tau 1 instead of 1/3.
close(("two-state", 4, 1000, 0.333), "chain_lag1_pairs", 3.0)
# Eight spins: published values of statistics.md 5.8.
close(("8 spins, energy", 4, 4000, 13.742), "lag1", 0.12)
close(("8 spins, energy", 4, 4000, 13.742), "emcee", 0.32)
close(("8 spins, energy", 4, 4000, 13.742), "wolff", 0.25)

gate = report["frozen_chain"]
assert [(row["chains"], row["draws"]) for row in gate] == [
    (16, 500), (16, 1000), (16, 2000), (4, 2000)]
assert all(row["emcee"] >= 0.8 for row in gate[:3]), gate  # published: 99 to 100 %
assert all(row["ours_energy"] <= 0.2 for row in gate[:3]), gate

for row in report["qop"]:  # plug-in: E|m|^2 = q + 1/R, times nu/(nu-2) for the division by tr S
    q, chains, p = row["exact"], row["chains"], 24
    variance = [1 / (1 + i) for i in range(p)]
    nu = (chains - 1) * sum(variance) ** 2 / sum(v * v for v in variance)
    bound = 5 * row["plug_in"]["sd"] / math.sqrt(row["repetitions"])
    expected = (q + 1 / chains) * nu / (nu - 2)
    assert abs(row["plug_in"]["mean"] - expected) < bound, (row, expected)
    assert 0.8 < row["coverage"] <= 1, row
assert len(report["qop"]) == 6 and len(report["targets"]) == 8 + 7 + 3 + 6
print("rows:", len(ratios), len(gate), len(report["qop"]))
PYTHON
