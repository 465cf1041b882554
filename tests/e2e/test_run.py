"""A run as a user sees it: results folder, report keys, interruption, determinism, messages."""
import os
import re
import signal
import subprocess
import unittest

from harness import HERE, PROGRAM, SOURCE, ProgramTest

QUICKSTART = os.path.join(SOURCE, "configs", "quickstart.yaml")
SOUND = os.path.join(HERE, "sound.yaml")
# 6 x 6 for a second; chains too short for a verdict but not for these tests
SHORT = ["--set", "cases.sound.draws=2000"]


class Run(ProgramTest):
    def test_the_quickstart_agrees(self):
        report = self.compare(0, QUICKSTART)
        self.assertEqual(report["verdict"], "AGREES")
        self.assertEqual([c["name"] for c in report["cases"]], ["exact_6x6", "fashion_784x64", "regulated_6x6"])
        loop = report["cases"][2]["regulation"]
        self.assertEqual(loop["n_adapting"], 60)
        self.assertGreater(loop["p_value"], 1e-4)
        self.assertLess(abs(sum(loop["flip_rate"][60:]) / len(loop["flip_rate"][60:]) - 0.3), 0.01)
        self.assertEqual(len(set(loop["temperature"][60:])), 1)  # frozen
        for case in report["cases"]:
            self.assertGreaterEqual(case["chains"], 16)
            self.assertEqual(case["verdict"], "AGREES")

    def test_report_json_has_the_documented_keys(self):
        report = self.compare(0, SOUND, out="r")
        with open(os.path.join(SOURCE, "docs", "report.md"), encoding="utf-8") as file:
            page = file.read()

        def documented(heading):  # the first column of the table below a heading
            section = page.split(heading + "\n")[1].split("\n#")[0]
            return {key for line in section.splitlines() if line.startswith("| `")
                    for key in re.findall(r"`(\w+)`", line.split("|")[1])}

        case = report["cases"][0]
        self.assertGreater(len(documented("## report.json")), 10)
        self.assertLessEqual(documented("## report.json"), set(report))
        self.assertGreater(len(documented("### A case")), 20)
        self.assertLessEqual(documented("### A case"), set(case))
        for observable in case["observables"]:
            for key in ("tau", "ess", "q_op"):
                for side in ("device", "reference"):
                    estimate = observable[key][side]
                    self.assertLessEqual({"value", "low", "high"}, set(estimate))
                    self.assertLessEqual(estimate["low"], estimate["value"])
                    self.assertLessEqual(estimate["value"], estimate["high"])

    def test_the_results_folder_is_complete(self):
        self.compare(0, SOUND, out="deep/r")
        for name in ("config.yaml", "report.json", "report.html"):
            self.assertGreater(os.path.getsize(self.path("deep/r", name)), 200, name)
        for side in ("device.npy", "reference.npy"):  # 12 p-bits are two bytes
            self.assertEqual(self.npy_shape("deep/r/sound", side), (16, 20000, 2))
        self.assertEqual(sorted(os.listdir(self.path("deep/r/sound"))), sorted(self.chain_files()))
        again = self.path("deep/r/config.yaml")
        self.compare(0, again, out="again")  # the resolved configuration is one
        self.assertTrue(self.bytes_of("deep/r/sound/device.npy") ==
                        self.bytes_of("again/sound/device.npy"))

    def test_set_changes_one_key(self):
        report = self.compare(0, SOUND, "--set", "cases.sound.kernel=palindromic",
                              "--set", "hw.lanes=4")
        self.assertEqual(report["cases"][0]["kernel"], "palindromic")
        self.assertEqual(report["cases"][0]["hw"]["lanes"], 4)
        self.assertIn("kernel: palindromic", report["config"]["resolved"])

    def chains(self, out, *options):
        done = subprocess.run([PROGRAM, "compare", SOUND, "--out", out, "--quiet", *SHORT,
                               *options], cwd=self.folder, capture_output=True, check=False)
        self.assertIn(done.returncode, (0, 11), done.stderr)
        return [self.bytes_of(out, "sound", name) for name in self.chain_files()]

    def chain_files(self):
        """What a case folder holds: the netCDF files only of a program built with netCDF."""
        info = self.run_program(0, "info").stdout
        self.assertIn("netCDF:", info)
        absent = "netCDF:        absent" in info
        return ["device.npy", "reference.npy"] + (
            [] if absent else ["chains.nc", "chains_reference.nc"])

    def test_the_same_seed_gives_the_same_bytes_for_any_number_of_threads(self):
        one = self.chains("one", "--threads", "1")
        self.assertTrue(one == self.chains("two", "--threads", "2"))
        other = self.chains("other", "--threads", "1", "--seed", "2")
        self.assertNotEqual(one[0], other[0])
        self.assertNotEqual(one[1], other[1])

    def test_rtl_and_twin_record_the_same_bytes(self):
        both = [self.chains(device, "--device", device)[:2] for device in ("rtl", "twin")]
        self.assertTrue(both[0] == both[1])  # .npy; chains.nc names its back-end

    def test_an_interrupted_run_keeps_its_chains(self):
        process = subprocess.Popen(
            [PROGRAM, "compare", SOUND, "--out", "r", "--set", "cases.sound.draws=1000000",
             "--set", "cases.sound.sweeps_per_draw=100"],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        text = ""
        for line in process.stderr:
            text += line
            if line.startswith("sampling"):
                process.send_signal(signal.SIGINT)
                break
        _, rest = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3, text + rest)
        stopped = re.search(r"stopped after (\d+) of 1000000 draws", rest)
        self.assertIsNotNone(stopped, rest)
        draws = int(stopped.group(1))
        self.assertTrue(0 < draws < 1000000)
        self.assertEqual(self.npy_shape("r", "sound", "device.npy"), (16, draws, 2))
        self.assertTrue(os.path.exists(self.path("r", "config.yaml")))
        self.assertFalse(os.path.exists(self.path("r", "report.json")))

    def test_a_missing_model_folder_is_named(self):
        with open(self.path("c.yaml"), "w", encoding="utf-8") as file:
            file.write("schema: 1\ncases:\n  - {name: a, model: models/no_such_rbm}\n")
        done = self.run_program(2, "compare", "c.yaml")
        self.assertIn("c.yaml:3:", done.stderr)
        self.assertIn("models/no_such_rbm", done.stderr)
        self.assertFalse(os.path.exists(self.path("results")))


if __name__ == "__main__":
    unittest.main()
