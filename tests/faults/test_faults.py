"""The program on devices with planted faults, which a server lends: exit code 3, one message that names the place, draws and
checkpoints kept, the next run sound, the server alive."""
import os
import resource
import signal
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from harness import PROGRAM, SOURCE, ProgramTest  # noqa: E402

SERVER = os.environ["PBL_FAULTY_SERVER"]
SOUND = os.path.join(SOURCE, "tests", "e2e", "sound.yaml")  # its variant is built for other tests, too
TRACE = os.path.join(SOURCE, "tests", "cosim", "trace.yaml")


def config(name):
    return os.path.join(HERE, name + ".yaml")


class Faults(ProgramTest):
    def lend(self, device="twin"):
        self.server = subprocess.Popen([SERVER, "unix:" + self.path("socket"), self.folder, device],
                                       stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        self.assertIn("serving", self.server.stdout.readline())
        self.device = "remote:unix:" + self.path("socket")

    def end(self):
        if self.server.returncode is not None:
            return
        self.server.send_signal(signal.SIGCONT)
        self.server.kill()
        self.server.communicate()

    def plant(self, fault):
        with open(self.path("fault"), "w", encoding="ascii") as file:
            file.write(fault)

    def counts(self):
        """{(address, direction): accesses} of the last client, and [advances, words..]."""
        deadline = time.monotonic() + 10
        while not os.path.exists(self.path("counts")) and time.monotonic() < deadline:
            time.sleep(.01)
        used, other = {}, []
        for line in self.bytes_of("counts").decode().splitlines():
            words = line.split()
            if not line.startswith("0x"):
                other += [int(n) for n in words[1:]]
                continue
            for direction, n in zip(("read", "write"), words[1:]):
                if int(n) > 0:
                    used[words[0], direction] = int(n)
        return used, other

    def run_with(self, fault, expected, *arguments):
        """One run with this fault; stderr must be one message."""
        self.plant(fault)
        print(fault)  # the last one is that which failed
        done = self.run_program(expected, *arguments, "--quiet", "--device", self.device)
        if expected == 3 and "hash mismatch" not in done.stderr:  # which explains itself
            self.assertEqual(done.stderr.count("\n"), 1, f"{fault}: {done.stderr}")
            self.assertTrue(done.stderr.startswith("pbitloop: "), done.stderr)
        self.assertIsNone(self.server.poll(), fault)
        return done.stderr

    def sample(self, fault, expected, name, out="bad", options=()):
        subprocess.run(["rm", "-rf", self.path(out)], check=True)
        return self.run_with(fault, expected, "compare", name, "--out", out, *options)

    def draws(self, out, case="a"):
        """(chains, draws, bytes) and the bytes, or None."""
        if not os.path.exists(self.path(out, case, "device.npy")):
            return None
        shape = self.npy_shape(out, case, "device.npy")
        return shape, self.bytes_of(out, case, "device.npy")[-shape[0] * shape[1] * shape[2]:]

    def assert_prefix(self, fault, case="a"):
        """Draws that were kept are those of the sound run; returns how many."""
        kept = self.draws("bad", case)
        if kept is None:
            return 0
        (chains, n, row), bits = kept
        (_, total, _), sound = self.draws("sound", case)
        for chain in range(chains):
            self.assertTrue(bits[chain * n * row:(chain + 1) * n * row] ==
                            sound[chain * total * row:][:n * row], fault)
        self.assertFalse(os.path.exists(self.path("bad", "report.json")), fault)
        return n

    # ---- bus errors ----

    def fail_registers(self, name, chosen, which):
        """A bus error at the chosen accesses: (register, direction, how often it is used) -> list of counts."""
        self.lend()
        self.sample("none", None, name, "sound")
        used, _ = self.counts()
        kept = tried = 0
        for k, ((address, direction), n) in enumerate(sorted(used.items())):
            for at in which(n) if chosen(k) else ():
                fault = f"bus {address} {direction} {at}"
                said = self.sample(fault, 3, name)
                self.assertIn(f"{direction} of register {address}: bus error", said, fault)
                kept += self.assert_prefix(fault) > 0
                tried += 1
        self.sample("none", None, name, "again")
        self.assertTrue(self.draws("again") == self.draws("sound"))
        print(f"{tried} runs, {kept} with draws")
        return tried, kept

    def test_a_bus_error_at_a_register_ends_the_comparison_with_3(self):
        """The last access of every ninth register; all of them and the first: nightly."""
        tried, kept = self.fail_registers(config("regulated"), lambda k: k % 9 == 0, lambda n: (n,))
        self.assertGreater(tried, 8)
        self.assertGreater(kept, 2)

    def test_a_bus_error_at_every_register_ends_the_comparison_with_3(self):
        every = lambda k: True
        ends = lambda n: sorted({1, n // 2 + 1, n})
        tried, kept = self.fail_registers(config("regulated"), every, ends)
        self.assertGreater(tried, 120)
        self.assertGreater(kept, 20)
        self.end()
        tried, _ = self.fail_registers(config("ladder"), every, ends)
        self.assertGreater(tried, 120)

    # ---- streams, clocks, ends ----

    def test_every_fault_of_a_device_ends_the_comparison_with_3(self):
        name = config("regulated")
        self.lend()
        self.sample("none", None, name, "sound")
        _, (_, advances, words, records, _) = self.counts()
        self.assertEqual(self.draws("sound")[0], (4, 400, 2))
        # 60 adapted draws and two frames of four chains each come before; a frame is a word
        for fault, least, text in (
                (f"dead {advances // 2}", 0, "does not answer any more"),
                (f"dead {advances}", 300, "does not answer any more"),
                ("hung", 0, "no stream word for"),
                (f"frozen {advances}", 300, "no stream word for"),
                (f"stopped {advances}", 300, "its clock stands still"),
                (f"backwards {advances // 2}", 0, "went back"),
                (f"mute samples {words - 20}", 300, "words of the sample stream were lost"),
                (f"tlast samples {words - 20}", 300, "TLAST is 0 at word 1 of 1"),
                (f"double samples {words - 20}", 0, "sample stream"),
                (f"endless samples {words - 20}", 300, "sample stream"),
                (f"tlast telemetry {records - 20}", 300, "telemetry stream"),
                (f"drop telemetry {records - 20}", 300, "telemetry stream"),
                (f"mute telemetry {records - 20}", 300, "telemetry stream"),
                ("value 0x000 0xff", 0, "ID is"),
                ("value 0x024 0x20 2", 0, "STATUS"),
                ("value 0x050 1", 0, "IMG_HASH")):
            said = self.sample(fault, 3, name, options=("--set", "timeout_cycles=100000"))
            self.assertIn(text, said, fault)
            if "double" not in fault:  # whose place nobody can know when a frame is one word
                self.assertGreaterEqual(self.assert_prefix(fault), least, fault)
        self.sample("none", None, name, "again")
        self.assertTrue(self.draws("again") == self.draws("sound"))

    def test_a_line_that_is_up_or_a_hash_that_never_comes_ends_in_seconds(self):
        """Also with the default patience of 10^9 clocks, of which every round has one."""
        self.lend()
        for fault, text in (("never_done", "no STATUS.DONE"), ("never_hashed", "no STATUS.HASH_VALID")):
            said = self.sample(fault, 3, config("regulated"), options=("--set", "timeout_cycles=1000000000"))
            self.assertIn(text, said, fault)
            self.assertIn("stops again and again", said, fault)

    def test_words_that_are_noise_make_the_verdict_differs(self):
        self.lend()
        short = ("--set", "cases.sound.draws=4000")
        self.sample("noise samples 100", 10, SOUND, options=short)
        self.sample("none", None, SOUND, options=short)

    def test_a_million_clocks_of_back_pressure_change_no_byte(self):
        self.lend()
        name = config("regulated")
        self.sample("none", None, name, "sound")
        self.sample("stall 10 1000000", None, name)
        self.assertTrue(self.draws("bad") == self.draws("sound"))

    def test_a_million_clocks_of_back_pressure_change_no_byte_of_the_rtl(self):
        self.lend("rtl")
        short = ("--set", "cases.sound.draws=2000")
        self.sample("none", None, SOUND, "sound", short)
        self.sample("stall 3 1000000", None, SOUND, "bad", short)
        self.assertTrue(self.draws("bad", "sound") == self.draws("sound", "sound"))
        import json
        stalls = [json.loads(self.bytes_of(out, "report.json"))["cases"][0]["counters"]["stall_cycles"]
                  for out in ("sound", "bad")]
        self.assertGreater(stalls[1] - stalls[0], 990000)

    # ---- the other commands ----

    def test_a_training_keeps_its_epochs_and_goes_on_to_the_same_bytes(self):
        self.lend()
        run = ("train", config("train"), "--out")
        self.run_with("none", 0, *run, "sound")
        used, (_, advances, words, _, _) = self.counts()
        reads, writes = used["0x024", "read"], used["0x040", "write"]
        for fault, text in ((f"dead {advances - 1}", "does not answer"), (f"tlast samples {words - 5}", "TLAST"),
                            (f"mute samples {words - 5}", "were lost"), (f"bus 0x024 read {reads - 3}", "bus error"),
                            (f"frozen {advances - 1}", "raise timeout_cycles"), (f"bus 0x040 write {writes - 2}", "bus error")):
            subprocess.run(["rm", "-rf", self.path("bad")], check=True)
            said = self.run_with(fault, 3, *run, "bad", "--set", "timeout_cycles=100000")
            self.assertIn(text, said)
            self.assertRegex(said, r"epoch [2-8], update")
            self.run_with("none", 0, *run, "bad")
            for file in ("weights.npy", "log.csv"):
                self.assertTrue(self.bytes_of("bad", file) == self.bytes_of("sound", file), fault)

    def test_lockstep_ends_with_3_or_finds_the_difference(self):
        self.lend()
        run = ("lockstep", SOUND, "--set", "lockstep.sweeps=1200", "--set", "lockstep.throttle_permille=1000")
        self.run_with("none", 0, *run)
        self.run_with("noise samples 400", 10, *run)
        for fault, text in (("tlast samples 400", "TLAST"), ("dead 3", "does not answer"),
                            ("bus 0x060 read 2", "bus error"), ("mute samples 1", "were lost")):
            self.assertIn(text, self.run_with(fault, 3, *run))

    def test_a_broken_trace_ends_with_3_or_is_found(self):
        self.lend("rtl")
        run = ("trace", TRACE, "--case", "dense_coin_clamped", "--sweeps", "20", "--out", "t.trace")
        self.run_with("none", 0, *run)
        for fault, text in (("tlast trace 50", "TLAST"), ("drop trace 50", "TLAST"), ("double trace 50", "TLAST"),
                            ("dead 3", "does not answer"), ("mute trace 403", "trace record")):
            self.assertIn(text, self.run_with(fault, 3, *run))
        self.run_with("noise trace 50", 10, *run)
        self.run_with("mute trace 401", 10, *run)  # a whole number of records
        self.run_with("none", 0, *run)
        self.run_program(0, "trace", "--check", "t.trace", "--quiet")

    # ---- a user who has waited enough ----

    def interrupted(self, fault, stop_server=False):
        """A run that stands; Ctrl-C must end it in seconds with its draws."""
        self.plant(fault)
        client = subprocess.Popen([PROGRAM, "compare", SOUND, "--out", "bad", "--device", self.device,
                                   "--set", "cases.sound.draws=1000000"], cwd=self.folder,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in client.stderr:
            if "sampling" in line:
                break
        if stop_server:
            self.server.send_signal(signal.SIGSTOP)
        time.sleep(.3)
        client.send_signal(signal.SIGINT)
        start = time.monotonic()
        _, rest = client.communicate(timeout=60)
        self.server.send_signal(signal.SIGCONT)
        self.assertEqual(client.returncode, 3, rest)
        self.assertGreater(self.npy_shape("bad", "sound", "device.npy")[1], 0)
        return rest, time.monotonic() - start

    def test_ctrl_c_ends_a_run_whose_device_stands(self):
        self.lend()
        said, seconds = self.interrupted("frozen 40")
        self.assertIn("cycles", said)
        self.assertLess(seconds, 20)

    def test_ctrl_c_ends_a_run_whose_server_is_silent(self):
        self.lend()
        said, seconds = self.interrupted("none", stop_server=True)
        self.assertIn("nothing moved for 5000 ms", said)
        self.assertLess(seconds, 20)

    # ---- bad input ----

    def test_a_full_disk_is_a_message_and_keeps_the_chains(self):
        """Files of at most 8 and 40 KiB: those of netCDF do not fit, and the library must not fall over at the end."""
        for name in ("regulated", "ladder"):
            for kib in (8, 40):
                limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (kib << 10, kib << 10))
                done = subprocess.run([PROGRAM, "compare", config(name), "--device", "twin", "--quiet", "--out", "f"],
                                      cwd=self.folder, text=True, capture_output=True, check=False, preexec_fn=limit)
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn("File too large", done.stderr)
                self.assertGreater(self.npy_shape("f", "a", "device.npy")[1], 0)

    def test_hostile_options_are_refused_at_once(self):
        os.mkdir(self.path("folder"))
        trace = ("trace", TRACE, "--case", "dense_coin_clamped", "--quiet", "--out")
        serve = ("serve", "--device", "twin", "--listen", "unix:s", "--config")
        for expected, text, *arguments in (
                (2, "empty name", *trace, ""),
                (3, "it is a folder", *trace, "folder"),
                (3, "No such file", *trace, "/nonexistent/t"),
                (3, "/dev/null is no folder", *trace, "/dev/null/t"),
                (2, "larger than 1 MiB", *serve, "/dev/zero"),
                (2, "larger than 1 MiB", *serve, "/dev/full"),
                (2, "larger than 1 MiB", "area", "/dev/zero"),
                (2, "Is a directory", *serve, "folder"),
                (2, "its betas are missing", "compare", SOUND, "--set", "cases.sound.ladder.every=3"),
                (2, "its betas are missing", "lockstep", SOUND, "--set", "cases.sound.ladder.scheme=random")):
            done = self.run_program(expected, *arguments)
            self.assertIn(text, done.stderr, arguments)
            self.assertLess(self.cpu_seconds, 2, arguments)


if __name__ == "__main__":
    unittest.main()
