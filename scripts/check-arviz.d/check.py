"""Opens chains.nc and chains_reference.nc of every case with ArviZ and compares its estimators with
`pbitloop stats` on the same arrays, and its ESS of energy with the report's. Called by
scripts/check-arviz, which documents it."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import warnings

import arviz
import numpy

warnings.simplefilter("ignore")
# The report's tau has a tail attached and its window ends otherwise: on resolved chains its ESS and
# ArviZ's ess(method="mean"), which estimates the same quantity, differ by a few per cent. The rank-
# normalised "bulk" ESS is another quantity.
REPORT_TOLERANCE = 0.05
ESTIMATORS = {
    "ess_basic": lambda x: arviz.ess(x, method="mean"),
    "ess_bulk": lambda x: arviz.ess(x, method="bulk"),
    "ess_tail": lambda x: arviz.ess(x, method="tail"),
    "rhat": lambda x: arviz.rhat(x, method="split"),
    "rhat_rank": lambda x: arviz.rhat(x, method="rank"),
    "mcse_mean": lambda x: arviz.mcse(x, method="mean"),
}


def ours(program, folder, x):
    path = os.path.join(folder, "x.npy")
    numpy.save(path, x)
    run = subprocess.run([program, "stats", path, "--json"], capture_output=True, text=True)
    if run.returncode not in (0, 11, 12):
        sys.exit(f"check-arviz: {program} stats: {run.stderr.strip()}")
    return json.loads(run.stdout)["observables"][0]["estimators"]["stan"]


def difference(a, b):
    if a is None or numpy.isnan(a) or numpy.isnan(b):
        return 0.0 if (a is None or numpy.isnan(a)) and numpy.isnan(b) else numpy.inf
    return abs(a - b) / max(abs(b), 1e-300)


def check_schema(path, data, case):
    assert set(data.groups()) >= {"posterior", "sample_stats"}, data.groups()
    for name, variable in data.posterior.data_vars.items():
        assert variable.dims == ("chain", "draw"), (path, name, variable.dims)
        assert variable.shape == (case["chains"], case["draws"]), (path, name, variable.shape)
        assert numpy.isfinite(variable.values).all(), (path, name)
    expected = {o["name"] for o in case["observables"]}
    assert set(data.posterior.data_vars) == expected, (path, expected)
    assert (data.sample_stats["energy"].values == data.posterior["energy"].values).all(), path
    for key in ("created_at", "creation_library", "inference_library"):
        assert key in data.posterior.attrs, (path, key)


def check_stan(path, name, x, arguments, worst):
    """The estimators that both have, on one array."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        mine = ours(arguments.program, folder, x)
    for key, estimator in ESTIMATORS.items():
        if key == "ess_tail" and len(numpy.unique(x)) == 2:
            continue  # a quantile's indicator is constant: unknown here as in posterior, ArviZ: N
        theirs = float(estimator(x))
        d = difference(mine[key], theirs)
        worst[key] = max(worst.get(key, 0.0), d)
        if d > arguments.tolerance:
            failed += 1
            print(f"DIFFERS {path} {name} {key}: ArviZ {theirs!r}, ours {mine[key]!r}")
    return failed


def check_file(path, side, case, arguments, worst):
    data = arviz.from_netcdf(path)
    check_schema(path, data, case)
    failed, widest = 0, 0.0
    for o in case["observables"]:
        name = o["name"]
        failed += check_stan(path, name, data.posterior[name].values, arguments, worst)
        if o[side]["resolution"] != "resolved":
            continue
        theirs = float(arviz.ess(data, var_names=[name], method="mean")[name])
        d = difference(o["ess"][side]["value"], theirs)
        widest = max(widest, d)
        if name == "energy":
            print(f"{path}: ESS of energy, report {o['ess'][side]['value']:.5g}, ArviZ {theirs:.5g}")
        if d > REPORT_TOLERANCE:
            failed += 1
            print(f"DIFFERS {path} {name}: ESS of the report {100 * d:.1f} % from ArviZ's")
    print(f"{path}: {len(case['observables'])} observables, ESS of the report and ArviZ's differ by "
          f"{100 * widest:.1f} % at most")
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--tolerance", type=float, required=True)
    parser.add_argument("folder")
    arguments = parser.parse_args()
    with open(os.path.join(arguments.folder, "report.json"), encoding="utf-8") as file:
        report = json.load(file)
    failed, worst = 0, {}
    for case in report["cases"]:
        for name, side in (("chains.nc", "device"), ("chains_reference.nc", "reference")):
            path = os.path.join(arguments.folder, case["name"], name)
            if not os.path.exists(path):
                sys.exit(f"check-arviz: {path} is missing")
            failed += check_file(path, side, case, arguments, worst)
    print(f"ArviZ {arviz.__version__}: largest relative difference "
          + ", ".join(f"{key} {value:.2g}" for key, value in worst.items()))
    return 1 if failed else 0


sys.exit(main())
