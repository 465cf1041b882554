"""Builds pbit_top for a simulator and lets cocotb drive it; called by scripts/check-foreign-master."""
import argparse
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

from cocotb_tools.runner import get_runner

from hardware import ROOT, SHAPES, Hardware
from mutants import MUTANTS, plant

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = {"example": ["example"], "options": ["test_bus", "test_runs", "test_options"]}


def sources(rtl):
    with open(os.path.join(rtl, "pbit.f"), encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    return [os.path.join(rtl, line) for line in lines if line and not line.startswith(("//", "+"))]


def serve(program, folder):
    """A twin that is lent; returns process and address."""
    address = "unix:" + os.path.join(folder, "twin")
    server = subprocess.Popen([program, "serve", "--device", "twin", "--listen", address, "--quiet"],
                              stdout=subprocess.PIPE, text=True)
    if not server.stdout.readline().startswith("serving"):
        sys.exit("check-foreign-master: pbitloop serve does not start")
    return server, address


def build(simulator, hardware, rtl, folder):
    """Compiles; returns the runner."""
    runner = get_runner(simulator)
    options = {"icarus": ["-g2012", "-Wno-timescale"],
               "verilator": ["-Wno-fatal", "-fno-const-bit-op-tree", "-O1", "--x-assign", "unique",
                             "--x-initial", "unique", os.path.join(rtl, "pbit.vlt")]}[simulator]
    runner.build(sources=sources(rtl), includes=[os.path.join(rtl, "pkg")], hdl_toplevel="pbit_top",
                 build_args=options, parameters=hardware.parameters(), build_dir=folder, always=True,
                 timescale=("1ns", "1ps"), log_file=os.path.join(folder, "build.log"))
    return runner


def run(runner, hardware, modules, folder, options):
    """Runs tests; returns [(name, passed, message)] and what the simulator printed."""
    log, results = os.path.join(folder, "log"), os.path.join(folder, "results.xml")
    server, address = serve(options.program, folder)
    environment = {"PBL_SHAPE": hardware.name, "PBL_SEED": str(options.seed), "PBL_TWIN": address,
                   "PBL_PATIENCE": "60" if options.mutants else "600",
                   "PYTHONWARNINGS": "ignore", "COCOTB_LOG_LEVEL": "WARNING", "COCOTB_ANSI_OUTPUT": "0",
                   "COCOTB_RANDOM_SEED": str(options.seed)}
    try:
        runner.test(hdl_toplevel="pbit_top", test_module=modules, build_dir=folder, test_dir=folder,
                    results_xml=results, test_filter="|".join(options.test or []) or None, extra_env=environment, log_file=log)
    except (SystemExit, RuntimeError):
        pass  # the results say it
    finally:
        server.kill()
        server.communicate()
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    out = []
    if os.path.exists(results):
        for case in ElementTree.parse(results).getroot().iter("testcase"):
            bad = next((e for e in case if e.tag in ("failure", "error")), None)
            out.append((case.get("name"), bad is None,
                        "" if bad is None else (bad.get("error_msg") or bad.get("message") or "").strip()))
    return out, text


def check(options, shape, rtl, modules=None, quiet=False):
    """Returns the tests that failed, [(name, message)]."""
    hardware, began = Hardware(shape), time.time()
    with tempfile.TemporaryDirectory(prefix="pbitloop-foreign-") as folder:
        runner = build(options.simulator, hardware, rtl, folder)
        built = time.time()
        results, text = run(runner, hardware, modules or MODULES.get(shape, ["test_bus", "test_runs"]),
                            folder, options)
    results = [r for r in results if "not run: " not in r[2]]
    failed = [(name, message) for name, passed, message in results if not passed]
    if not results:
        failed = [("cocotb", "no test ended: the simulator stops, or stays in one clock")]
    if not quiet:
        for name, passed, message in results:
            print(f"  {'ok    ' if passed else 'FAILED'} {name}{': ' + message if message else ''}")
        if failed:
            why = text.split(f"{failed[0][0]} failed")[-1].split(" WARNING  cocotb.regression")[0]
            print("    " + "\n    ".join(why.splitlines()[:80]))
        print(f"{options.simulator}, {shape}: {len(results) - len(failed)} of {len(results)} tests passed, "
              f"{built - began:.1f} s to build, {time.time() - built:.1f} s to run", flush=True)
    return failed


def find_mutants(options):
    """Returns whether one was not found."""
    survived = 0
    chosen = [m for m in MUTANTS if not options.test or any(t in m[0] for t in options.test)]
    for name, shape, tests, plants in chosen:
        with tempfile.TemporaryDirectory(prefix="pbitloop-mutant-") as folder:
            rtl = plant(os.path.join(ROOT, "rtl"), os.path.join(folder, "rtl"), plants)
            only = argparse.Namespace(**{**vars(options), "test": [tests]})
            failed = check(only, shape, rtl, quiet=True)
        survived += not failed
        why = failed[0][1].splitlines()[:1] if failed else []
        what = f"{failed[0][0]}: {''.join(why)[:90]}" if failed else ""
        print(f"  {'found ' if failed else 'MISSED'} {name}  {what}", flush=True)
    print(f"{len(chosen) - survived} of {len(chosen)} planted faults found")
    return survived > 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--simulator", default="icarus")
    parser.add_argument("--shape", action="append")
    parser.add_argument("--test", action="append", help="only tests whose name matches")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", action="store_true")
    options = parser.parse_args()
    if options.mutants:
        sys.exit(find_mutants(options))
    failed = False
    for shape in options.shape or list(SHAPES):
        failed |= bool(check(options, shape, os.path.join(ROOT, "rtl")))
    with open(os.path.join(HERE, "example.py"), encoding="utf-8") as example, \
            open(os.path.join(ROOT, "docs", "hil.md"), encoding="utf-8") as page:
        if example.read() not in page.read():
            print("FAILED: docs/hil.md does not show scripts/check-foreign-master.d/example.py as it is")
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    # the runner hands this path on to the simulator
    sys.path[:0] = [HERE, os.path.join(ROOT, "sim", "hil", "python")]
    main()
