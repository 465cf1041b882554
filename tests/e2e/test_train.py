"""Training as a user sees it: killed at any moment it goes on to the same bytes."""
import glob
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import unittest

from harness import PROGRAM, SOURCE, ProgramTest

sys.path.insert(0, os.path.join(SOURCE, "tests", "unit", "report"))
from check_plots import marks, figures  # noqa: E402
from check_train import check_page  # noqa: E402

GUARD = os.path.join(SOURCE, "configs", "train_guard.yaml")
HIL = os.path.join(SOURCE, "configs", "mnist", "hil.yaml")
FASHION = os.environ.get("PBITLOOP_FASHION_MNIST") or "/usr/share/datasets/fashion-mnist"
PARAMETERS = ["weights.npy", "visible_bias.npy", "hidden_bias.npy"]
QUICK = ["--quiet", "--set", "training.epochs=1500", "--set", "training.checkpoint_every_epochs=40",
         "--set", "training.log_every_epochs=20", "--set", "evaluation.every_epochs=300",
         "--set", "evaluation.ais_temperatures=100", "--set", "evaluation.tau_sweeps=500"]
FILES = ["weights.npy", "visible_bias.npy", "hidden_bias.npy", "model.yaml", "log.csv", "report.html",
         "report.json"]


class Train(ProgramTest):
    def digest(self, folder):
        total = hashlib.sha256()
        for name in FILES:
            total.update(self.bytes_of(folder, name))
        return total.hexdigest()

    def check_timing(self, folder, epochs):
        """A line per epoch, however often the run was killed, and one for the evaluation at the end."""
        lines = self.bytes_of(folder, "timing.csv").decode().splitlines()
        self.assertEqual(lines[0], "epoch,training_seconds,evaluation_seconds")
        rows = [line.split(",") for line in lines[1:]]
        self.assertEqual([int(row[0]) for row in rows], [*range(1, epochs + 1), epochs])
        self.assertEqual([row[1] == "" for row in rows], [False] * epochs + [True])
        self.assertTrue(all(float(row[2]) >= 0 for row in rows))

    def kill_and_resume(self, kills, epochs, *options):
        command = ["train", GUARD, *QUICK, *options]
        self.run_program(0, *command, "--out", "whole")
        whole = self.seconds
        rng = random.Random(7)
        killed = 0
        for attempt in range(20 * kills):
            child = subprocess.Popen([PROGRAM, *command, "--out", "killed"], cwd=self.folder,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rng.uniform(0.0, 3.0 * whole / kills))
            child.send_signal(signal.SIGKILL)
            killed += child.wait() == -signal.SIGKILL
            if killed == kills:
                break
            if child.returncode == 0:  # it got through: begin again, elsewhere in time
                self.assertEqual(self.digest("killed"), self.digest("whole"), f"attempt {attempt}")
                os.remove(self.path("killed", "checkpoint", "state.bin"))
        print(f"{killed} kills, whole run {whole:.2f} s")
        self.assertEqual(killed, kills)
        self.run_program(0, *command, "--out", "killed")
        self.assertEqual(self.digest("killed"), self.digest("whole"))
        self.check_timing("killed", epochs)
        self.check_timing("whole", epochs)

    def test_50_kills_change_no_byte(self):
        self.kill_and_resume(50, 1500)

    def test_10_kills_change_no_byte_on_the_twin(self):
        self.kill_and_resume(10, 400, "--device", "twin", "--set", "training.epochs=400")

    def test_200_updates_on_the_rtl_are_those_of_the_twin(self):
        short = ["--set", "training.epochs=200", "--set", "training.log_every_epochs=50",
                 "--set", "regulator.mode=setpoint", "--set", "regulator.flip_rate=0.3"]
        for device in ("rtl", "twin"):
            self.run_program(0, "train", GUARD, *QUICK, *short, "--device", device, "--out", device)
        for name in [*PARAMETERS, "log.csv", "telemetry.csv"]:  # the report names the device
            self.assertEqual(self.bytes_of("rtl", name), self.bytes_of("twin", name), name)
        windows = self.bytes_of("rtl", "telemetry.csv").decode().splitlines()[1:]
        self.assertEqual(len(windows), 200)
        self.assertGreater(len({line.split(",")[9] for line in windows}), 50)  # lambda moved

    def test_200_updates_of_784x128_on_the_rtl_are_those_of_the_twin(self):
        """Two epochs of 100 updates, 128 chains. Few lanes and a short table compile and upload fast."""
        if not glob.glob(os.path.join(FASHION, "train-images-idx3-ubyte*")):
            print("skipped: no Fashion-MNIST; install dataset-fashion-mnist")
            self.skipTest("no data")
        run = ["train", HIL, "--quiet", "--threads", "1", "--set", "dataset.name=fashion-mnist",
               "--set", "dataset.path=", "--set", "dataset.max_images=12800", "--set", "training.epochs=2",
               "--set", "evaluation.ais_chains=0", "--set", "evaluation.tau_chains=0",
               "--set", "hw.lanes=4", "--set", "hw.table_size=256"]
        for out, *options in (("rtl", "--device", "rtl"), ("twin", "--device", "twin"),
                              ("finer", "--device", "twin", "--set", "hw.weight_frac=7"),
                              ("seed", "--device", "twin", "--seed", "2")):
            self.run_program(0, *run, *options, "--out", out)
            print(f"{out}: {self.cpu_seconds:.0f} s of processor time, its build included")
        self.assertEqual(self.bytes_of("rtl", "log.csv"), self.bytes_of("twin", "log.csv"))
        for name in PARAMETERS:
            self.assertEqual(self.bytes_of("rtl", name), self.bytes_of("twin", name), name)
            for other in ("finer", "seed"):  # planted: one more bit of a weight, other words
                self.assertNotEqual(self.bytes_of(other, name), self.bytes_of("twin", name), name)

    def test_a_resumed_run_that_draws_other_words_would_be_seen(self):
        command = ["train", GUARD, *QUICK]
        self.run_program(0, *command, "--out", "whole")
        self.run_program(0, *command, "--out", "other", "--seed", "2")
        self.assertNotEqual(self.digest("other"), self.digest("whole"))

    def test_the_report_has_the_last_row_of_the_log(self):
        self.run_program(0, "train", GUARD, *QUICK, "--out", "run", "--set", "training.epochs=60",
                         "--device", "twin", "--threads", "1")
        self.run_program(0, "train", GUARD, *QUICK, "--out", "again", "--set", "training.epochs=60",
                         "--device", "twin", "--threads", "2")
        self.assertEqual(self.digest("run"), self.digest("again"))
        log = self.bytes_of("run", "log.csv").decode().splitlines()
        names, last = log[0].split(","), log[-1].split(",")
        report = json.loads(self.bytes_of("run", "report.json"))
        self.assertEqual(["epoch", *report["last_row"]], names)
        self.assertEqual(report["epoch"], int(last[0]))
        for name, text in zip(names[1:], last[1:]):
            value = report["last_row"][name]
            self.assertEqual(text, "" if value is None else f"{value:.9g}", name)
        page = self.bytes_of("run", "report.html").decode()
        found = figures(page)
        check_page(page, set(found))
        self.assertLessEqual({"temperature", "likelihood", "tau", "weights", "chains", "window-beta"},
                             set(found))
        self.assertEqual(len(marks(found["window-beta"], "device")), 60)  # a window per epoch

    def compare_regimes(self, metrics, *options):
        """The figures of regimes.html of fixed and guard, which show these metrics, and the table."""
        done = self.run_program(0, "regimes", GUARD, *QUICK, "--set", "training.epochs=600", "--seeds", "2",
                                "--only", "fixed,guard", "--out", "regimes", *options,
                                "--set", "training.checkpoint_every_epochs=300")
        page = self.bytes_of("regimes", "regimes.html").decode()
        kinds = {f"{m}-{x}" for m in metrics for x in ("epoch", "coupling", "likelihood")}
        check_page(page, kinds - {"coupling-coupling", "log_likelihood_test-likelihood"})
        self.assertEqual(page.count("<table>"), 3)
        for name in ("fixed", "guard"):
            self.assertIn(f'<th scope="row">{name}</th>', page)
        return figures(page), done.stdout

    def test_the_comparison_of_regimes_draws_its_page(self):
        found, table = self.compare_regimes(
            {"log_likelihood_test", "coupling", "flip_rate", "test_error", "ais_variance", "ais_ess",
             "log_tau"},
            "--set", "dataset.rows=4", "--set", "dataset.cols=4", "--set", "model.hidden=15")
        self.assertIn("AIS variance", table)
        # Evaluations after 300 and 600 epochs, rows of the log every 20.
        for k in (0, 4):
            self.assertEqual(len(marks(found["ais_ess-coupling"], f"series-{k}")), 2)
            self.assertEqual(len(marks(found["flip_rate-coupling"], f"series-{k}")), 30)
            seeds = [e for e in found["flip_rate-coupling"].iter()
                     if e.get("class") == f"series-{k} seed"]
            self.assertEqual(len(seeds), 2)

    def test_small_models_are_compared_by_exact_numbers_and_on_a_device(self):
        metrics = {"log_likelihood_test", "coupling", "flip_rate", "test_error", "log_tau", "spectral_gap"}
        found, table = self.compare_regimes(metrics, "--set", "model.hidden=4", "--device", "twin",
                                            "--set", "hw.lanes=4")
        self.assertNotIn("AIS", table)
        for k in (0, 4):
            self.assertEqual(len(marks(found["spectral_gap-coupling"], f"series-{k}")), 2)
        end = {r["name"]: r["end"] for r in json.loads(self.bytes_of("regimes", "regimes.json"))["regimes"]}
        for name in ("fixed", "guard"):
            gaps = []
            for seed in ("1", "2"):
                log = self.bytes_of("regimes", name, seed, "log.csv").decode().splitlines()
                last = dict(zip(log[0].split(","), log[-1].split(",")))
                self.assertEqual((last["ais_variance"], last["ais_ess_fraction"]), ("", ""))
                gaps.append(float(last["gap"]))
                self.assertTrue(0 < gaps[-1] < 1)
                # the device regulates: a window per update, none where T is fixed
                windows = os.path.exists(self.path("regimes", name, seed, "telemetry.csv"))
                self.assertEqual(windows, name == "guard")
            self.assertAlmostEqual(end[name]["spectral_gap"]["value"], sum(gaps) / 2, delta=1e-7)
            self.assertIsNone(end[name]["ais_variance"]["value"])


if __name__ == "__main__":
    unittest.main()
