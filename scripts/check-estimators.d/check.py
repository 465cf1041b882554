"""Writes arrays, asks pbitloop and every other program that is installed, compares. Called by
scripts/check-estimators, which documents it. Needs only the standard library; emcee brings its NumPy.
"""
import argparse
import json
import logging
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile

MASK = (1 << 64) - 1


def uniforms(seed):
    """Top 53 bits of splitmix64."""
    state = seed
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield ((z ^ (z >> 31)) >> 11) * 2.0**-53


def two_state(l, p, seed, n):
    u = uniforms(seed)
    x = [1.0 if next(u) < p else 0.0]
    while len(x) < n:
        x.append(1.0 if next(u) < (1 - l) * p + (l if x[-1] else 0.0) else 0.0)
    return x


def autoregression(phi, seed, n):
    u, x, value = uniforms(seed), [], 0.0
    for _ in range(n):
        value = phi * value + (next(u) - 0.5)
        x.append(value)
    return x


def arrays():
    """name: chains. A to E are the published sets; the rest are longer, odd and skewed."""
    return {
        "A": [two_state(0.8, 0.5, s, 1000) for s in range(1, 5)],
        "B": [two_state(0.95, 0.3, s, 1000) for s in range(11, 15)],
        "C": [autoregression(0.9, s, 1000) for s in range(21, 25)],
        "D": [two_state(-0.6, 0.5, s, 1000) for s in range(31, 35)],
        "E": [two_state(0.8, 0.5, s, 999) for s in range(41, 44)],
        "G": [autoregression(0.98, s, 5001) for s in range(51, 67)],
        "H": [[math.exp(3 * v) for v in autoregression(0.5, s, 800)] for s in range(71, 79)],
        "I": [autoregression(-0.7, s, 1500) for s in range(81, 85)],
    }


def write_npy(path, chains):
    shape = f"({len(chains)}, {len(chains[0])})"
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    head = head.ljust(128 - 11) + "\n"
    with open(path, "wb") as f:
        f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode())
        for chain in chains:
            f.write(struct.pack(f"<{len(chain)}d", *chain))


def write_csv(path, chains):
    with open(path, "w") as f:
        for row in zip(*chains):
            f.write(",".join(repr(v) for v in row) + "\n")


def ask_pbitloop(program, path):
    run = subprocess.run([program, "stats", path, "--json"], capture_output=True, text=True)
    if run.returncode not in (0, 11, 12):
        sys.exit(f"check-estimators: {program}: {run.stderr.strip()}")
    return json.loads(run.stdout)["observables"][0]["estimators"]


def ours(program, folder, name, chains):
    whole, first = os.path.join(folder, "all.npy"), os.path.join(folder, "first.npy")
    write_npy(whole, chains)
    write_npy(first, chains[:1])
    e, one = ask_pbitloop(program, whole), ask_pbitloop(program, first)
    out = dict(e["stan"])
    out.update({k: v for k, v in one["geyer_chain_mean"].items() if k.startswith("sigma2")})
    out["emcee_tau"] = 2 * e["sokal"]["tau"]
    out["emcee_tau_first"] = 2 * one["sokal"]["tau"]
    out["effective_size"] = e["stan"]["ess_basic_unsplit"]
    return {(name, key): math.nan if value is None else value for key, value in out.items()}


def ask_r(folder):
    if shutil.which("Rscript") is None:
        return [("-", f"r-cran-{p}", "missing", 0.0) for p in ("posterior", "coda", "mcmc")]
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers.R")
    run = subprocess.run(["Rscript", "--vanilla", script, folder], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"check-estimators: Rscript: {run.stderr.strip()}")
    rows = [line.split() for line in run.stdout.splitlines()]
    return [(s, p, q, math.nan if v == "NA" else float(v)) for s, p, q, v in rows]


def ask_emcee(sets):
    try:
        import emcee
        import numpy
    except ImportError:
        return [("-", "python3-emcee", "missing", 0.0)]
    logging.disable(logging.WARNING)  # chains shorter than 50 tau are meant to be
    rows = []
    for name, chains in sets.items():
        x = numpy.array(chains).T
        for quantity, part in (("emcee_tau", x), ("emcee_tau_first", x[:, :1])):
            tau = emcee.autocorr.integrated_time(part, quiet=True)[0]
            rows.append((name, "python3-emcee", quantity, float(tau)))
    return rows


def ask_arviz(sets):
    """ArviZ stops its lag loop two lags later than posterior and splits odd chains otherwise."""
    try:
        import arviz
        import numpy
    except ImportError:
        return [("-", "ArviZ", "missing", 0.0)]
    rows = []
    for name, chains in sets.items():
        x = numpy.array(chains)
        rows.append((name, "ArviZ", "ess_basic", float(arviz.ess(x, method="mean"))))
        rows.append((name, "ArviZ", "ess_bulk", float(arviz.ess(x, method="bulk"))))
        rows.append((name, "ArviZ", "rhat", float(arviz.rhat(x, method="split"))))
        rows.append((name, "ArviZ", "rhat_rank", float(arviz.rhat(x, method="rank"))))
    return rows


def difference(a, b):
    if math.isnan(a) or math.isnan(b):
        return 0.0 if math.isnan(a) and math.isnan(b) else math.inf
    return abs(a - b) / max(abs(b), 1e-300)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--tolerance", type=float, default=1e-9)
    arguments = parser.parse_args()
    sets = arrays()
    mine = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, chains in sets.items():
            mine.update(ours(arguments.program, folder, name, chains))
            write_csv(os.path.join(folder, name + ".csv"), chains)
        rows = ask_r(folder) + ask_emcee(sets) + ask_arviz(sets)
    worst, count, failed = {}, {}, 0
    for name, peer, quantity, value in rows:
        if quantity == "missing":
            print(f"SKIPPED {peer}: not installed")
            continue
        d = difference(mine[name, quantity], value)
        if peer == "r-cran-coda":
            if name not in "DI":  # antithetic: ours is capped where an autoregression is not
                print(f"set {name}: coda effectiveSize {value:.6g}, ours {mine[name, quantity]:.6g}")
            d = 0.0 if name in "DI" else abs(math.log(value / mine[name, quantity]))
            bad = not d < math.log(1.5)
        else:
            bad = not d <= arguments.tolerance
        if bad:
            failed += 1
            print(f"DIFFERS set {name}, {peer} {quantity}: {value!r}, ours {mine[name, quantity]!r}")
        worst[peer] = max(worst.get(peer, 0.0), d)
        count[peer] = count.get(peer, 0) + 1
    for peer in worst:
        print(f"{peer}: {count[peer]} values, largest relative difference {worst[peer]:.2g}")
    if not worst:
        print("no other program is installed")
        return 77
    return 1 if failed else 0


sys.exit(main())
