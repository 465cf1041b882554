"""Training as a user sees it: killed at any moment it goes on to the same bytes."""
import hashlib
import os
import random
import signal
import subprocess
import time
import unittest

from harness import PROGRAM, SOURCE, ProgramTest

GUARD = os.path.join(SOURCE, "configs", "train_guard.yaml")
QUICK = ["--quiet", "--set", "training.epochs=1500", "--set", "training.checkpoint_every_epochs=40",
         "--set", "training.log_every_epochs=20", "--set", "evaluation.every_epochs=300",
         "--set", "evaluation.ais_temperatures=100", "--set", "evaluation.tau_sweeps=500"]
FILES = ["weights.npy", "visible_bias.npy", "hidden_bias.npy", "model.yaml", "log.csv"]


class Train(ProgramTest):
    def digest(self, folder):
        total = hashlib.sha256()
        for name in FILES:
            total.update(self.bytes_of(folder, name))
        return total.hexdigest()

    def kill_and_resume(self, kills, *options):
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

    def test_50_kills_change_no_byte(self):
        self.kill_and_resume(50)

    def test_10_kills_change_no_byte_on_the_twin(self):
        self.kill_and_resume(10, "--device", "twin", "--set", "training.epochs=400")

    def test_a_resumed_run_that_draws_other_words_would_be_seen(self):
        command = ["train", GUARD, *QUICK]
        self.run_program(0, *command, "--out", "whole")
        self.run_program(0, *command, "--out", "other", "--seed", "2")
        self.assertNotEqual(self.digest("other"), self.digest("whole"))


if __name__ == "__main__":
    unittest.main()
