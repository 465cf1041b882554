#!/usr/bin/env python3
"""covering.py PROGRAM [--sweeps N] [--only TEXT]: lock-step of RTL and twin over every combination of
fabric, kernel, generator and layout of replicas (150), with clamps, back-pressure, thinning and the
values that registers start with spread over them so that every pair of levels of any two factors
occurs. Prints the design and one line a configuration file; exit code 1 when anything DIFFERS."""
import argparse
import itertools
import os
import re
import subprocess
import sys
import tempfile

KERNELS = {"dense": ["cyclic", "palindromic", "coin"], "lattice": ["cyclic", "palindromic", "coin"],
           "sparse": ["cyclic", "palindromic", "coin", "random_site"]}
GENERATORS = {"xoshiro": "", "lfsr_1": ", generator: lfsr32, lfsr_steps: 1",
              "lfsr_8": ", generator: lfsr32, lfsr_steps: 8",
              "lfsr_32": ", generator: lfsr32, lfsr_steps: 32",
              "xorshift": ", generator: xorshift32"}
LAYOUTS = {"1x1": (1, 1), "2x3": (2, 3), "8x2": (8, 2)}  # lanes x contexts
MODELS = {"dense": "random: {visible: 6, hidden: 5, seed: %d}",
          "lattice": "lattice: {scale: 0.6, field_scale: 0.3, seed: %d}",
          "sparse": 'graph: {source: "regular:20,5", couplings: "normal,0.5", fields: "normal,0.2", '
                    "seed: %d}"}
HARDWARE = {"dense": "", "lattice": ", side: 6, sites_per_clock: 9",
            "sparse": ", sites_per_clock: 3, pbits: 32, edge_rows: 128, groups: 32"}
CLAMPS = ["", '\n    clamp: "0,7-8"']
THINNING = [1, 7]
THROTTLES = [1000, 300]
RESETS = [1, 2, 3]


def design():
    """Rows of the design, each a dict of factor: level."""
    rows = []
    for fabric in KERNELS:
        for row in itertools.product([fabric], KERNELS[fabric], GENERATORS, LAYOUTS):
            k = len(rows)
            rows.append(dict(zip(("fabric", "kernel", "generator", "layout"), row),
                             clamp=k % 2, thinning=k // 2 % 2, throttle=(k + k // 4 + k // 12) % 2,
                             reset=k // 3 % 3))
    return rows


def uncovered(rows):
    """Pairs of levels of two factors that no row has, but for kernels that a fabric lacks."""
    names = list(rows[0])
    missing = []
    for a, b in itertools.combinations(names, 2):
        seen = {(r[a], r[b]) for r in rows}
        for pair in itertools.product({r[a] for r in rows}, {r[b] for r in rows}):
            lacking = (a, b) == ("fabric", "kernel") and pair[1] not in KERNELS[pair[0]]
            if pair not in seen and not lacking:
                missing.append((a, b) + pair)
    return missing


def case(number, row):
    lanes, contexts = LAYOUTS[row["layout"]]
    fabric = row["fabric"]
    return (f"  - name: {fabric}_{row['kernel']}_{row['generator']}_{row['layout']}\n"
            f"    {MODELS[fabric] % (number + 1)}\n"
            f"    beta: 0.81\n    kernel: {row['kernel']}\n    chains: {lanes * contexts}\n"
            f"    sweeps_per_draw: {THINNING[row['thinning']]}{CLAMPS[row['clamp']]}\n"
            f"    hw: {{fabric: {fabric}, lanes: {lanes}{HARDWARE[fabric]}"
            f"{GENERATORS[row['generator']]}}}\n")


def run(program, folder, name, rows, sweeps, throttle, reset):
    path = os.path.join(folder, name + ".yaml")
    with open(path, "w", encoding="ascii") as f:
        f.write(f"schema: 1\nseed: 31\nlockstep: {{sweeps: {sweeps}, throttle_permille: {throttle}, "
                f"reset_seed: {reset}}}\ncases:\n")
        f.writelines(case(k, row) for k, row in rows)
    done = subprocess.run([program, "lockstep", "--quiet", path], text=True, capture_output=True,
                          check=False)
    equal = len(re.findall(rf"^EQUAL case .*, {sweeps} sweeps,", done.stdout, re.M))
    print(f"{name}: {equal} of {len(rows)} equal over {sweeps} sweeps, back-pressure "
          f"{throttle} per mille, reset seed {reset}", flush=True)
    if done.returncode != 0 or equal != len(rows):
        print(done.stdout[-3000:], done.stderr[-2000:], sep="\n")
    return equal


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--sweeps", type=int, default=2002, help="a multiple of 7")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    arguments = parser.parse_args()
    rows = design()
    missing = uncovered(rows)
    if missing:
        sys.exit(f"not covered: {missing}")
    files = {}
    for number, row in enumerate(rows):
        name = f"{row['fabric']}_{row['kernel']}_{row['generator']}_{row['layout']}"
        if arguments.only in name:
            key = (row["throttle"], row["reset"], number // 30)
            files.setdefault(key, []).append((number, row))
    wanted = sum(len(chosen) for chosen in files.values())
    equal = 0
    with tempfile.TemporaryDirectory() as folder:
        for k, ((throttle, reset, _), chosen) in enumerate(sorted(files.items())):
            equal += run(arguments.program, folder, f"covering_{k}", chosen, arguments.sweeps,
                         THROTTLES[throttle], RESETS[reset])
    print(f"{equal} of {wanted} combinations equal; {len(rows)} in the design, all pairs covered")
    sys.exit(equal != wanted or wanted == 0)


main()
