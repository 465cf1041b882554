"""Boards behind a file, another process: same bytes, faults survived, clear messages, exit codes."""
import fcntl
import json
import os
import signal
import struct
import subprocess
import time
import unittest

from harness import HERE, PROGRAM, SOURCE, ProgramTest

SOUND = os.path.join(HERE, "sound.yaml")
SHORT = ["--set", "cases.sound.draws=500"]
LONG = ["--set", "cases.sound.draws=1000000", "--set", "cases.sound.sweeps_per_draw=100"]


class Uio(ProgramTest):
    def serve(self, *options, device="twin", config=SOUND, file="board", listen=None):
        """Starts a server; returns it. The board is uio:./FILE, or a lent device at unix:LISTEN."""
        where = ["--listen", f"unix:{listen}"] if listen else ["--file", f"./{file}"]
        return self.start_server(device, "--config", config, *where, *options)[0]

    def samples(self, device, *options, config=SOUND, case="sound"):
        """Bytes of the samples, and what the device counted."""
        out = device.translate(str.maketrans(":/.", "___"))
        report = self.compare(None, config, "--device", device, *options, out=out)["cases"][0]
        return self.bytes_of(out, case, "device.npy"), report["counters"], report["timings"]["device_cycles"]

    # ---- the same run ----

    def test_a_board_gives_the_bytes_and_busy_clocks_of_a_twin(self):
        server = self.serve()
        own = self.samples("twin", *SHORT)
        self.assertTrue(own == self.samples("uio:./board", *SHORT))
        self.assertFalse(own[0] == self.samples("uio:./board", *SHORT, "--seed", "2")[0])  # it can fail
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)
        self.assertEqual(server.returncode, 0)
        self.assertFalse(os.path.exists(self.path("board")))

    def test_a_training_on_a_board_gives_the_bytes_of_a_twin(self):
        config = os.path.join(SOURCE, "configs", "train_bars.yaml")
        self.serve(config=config)
        for out, device in (("own", "twin"), ("trained", "uio:./board")):
            self.run_program(0, "train", config, "--quiet", "--out", out, "--device", device,
                             "--set", "training.epochs=3")
        for name in ("weights.npy", "log.csv"):
            self.assertTrue(self.bytes_of("own", name) == self.bytes_of("trained", name), name)

    def test_regulated_runs_on_a_board_give_the_bytes_of_a_twin(self):
        config = self.path("c.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("schema: 1\nseed: 3\ncases:\n  - name: a\n"
                       "    random: {visible: 6, hidden: 6, seed: 7}\n    chains: 8\n"
                       "    burn_in_sweeps: 100\n    draws: 1000\n    regulator: {mode: setpoint, "
                       "flip_rate: 0.3, window_sweeps: 10, windows: 30}\n")
        self.serve(config=config)
        self.assertTrue(self.samples("twin", config=config, case="a") ==
                        self.samples("uio:./board", config=config, case="a"))
        # beta is read while a sweep runs, which a board does not wait for
        done = self.run_program(2, "trace", config, "--device", "uio:./board", "--set", "hw.trace=true")
        self.assertIn("a board does not wait", done.stderr)

    def test_every_back_end_gives_the_same_bytes_and_busy_clocks(self):
        """rtl, tlm, and behind a socket or a file rtl, tlm and twin: one configuration, one set of bytes."""
        own = self.samples("rtl", *SHORT)
        devices = ["twin"]
        if "absent" not in self.run_program(0, "info").stdout.split("back-end tlm:")[1].splitlines()[0]:
            self.serve(device="tlm", listen="tlm.s")
            devices += ["tlm", "remote:unix:tlm.s"]
        self.serve(device="rtl", listen="rtl.s")
        self.serve(listen="twin.s")
        self.serve()
        self.serve(device="rtl", file="rtl_board")
        devices += ["remote:unix:rtl.s", "remote:unix:twin.s", "uio:./board", "uio:./rtl_board"]
        for device in devices:
            self.assertTrue(own == self.samples(device, *SHORT), device)
        self.run_program(0, "lockstep", SOUND, "--device", "uio:./rtl_board", "--quiet",
                         "--set", "lockstep.sweeps=300")

    # ---- what goes wrong ----

    def test_a_killed_board_ends_the_run_with_3_and_keeps_its_chains(self):
        for signal_, text in ((signal.SIGKILL, "has ended or was killed"),
                              (signal.SIGSTOP, "timeout: the server of ./board has not answered for 500 ms")):
            server = self.serve()
            client = subprocess.Popen([PROGRAM, "compare", SOUND, "--out", "r", "--device", "uio:./board", *LONG,
                                       "--set", "uio_timeout_ms=500"], cwd=self.folder,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for line in client.stderr:
                if "sampling" in line:
                    break
            time.sleep(0.3)  # some draws
            server.send_signal(signal_)
            said = client.communicate(timeout=60)[1]
            self.assertEqual(client.returncode, 3, said)
            self.assertIn(text, said)
            shape = self.npy_shape("r", "sound", "device.npy")
            self.assertGreater(shape[1], 0)
            self.assertLess(shape[1], 1000000)
            self.end_server(server)

    def test_info_lists_a_board_that_is_free_in_use_and_left(self):
        def state():
            board = json.loads(self.run_program(0, "info", "--json", "./board").stdout)["boards"][-1]
            self.assertEqual((board["where"], board["name"], board["window_bytes"]), ("./board", None, 8192))
            line = [l for l in self.run_program(0, "info", "./board").stdout.splitlines() if " uio:./board, " in l]
            self.assertEqual(len(line), 1)
            return board["state"], line[0].split("bytes, ")[1]

        server = self.serve()
        self.assertEqual(state(), ("emulated, free",) * 2)
        with open(self.path("board"), "r+b") as file:  # as a client does
            lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 1, 1, 0)
            fcntl.fcntl(file, 37, lock)  # F_OFD_SETLK
            self.assertEqual(state(), ("emulated, in use",) * 2)
        self.assertEqual(state(), ("emulated, free",) * 2)
        server.kill()
        server.wait()
        self.assertEqual(state(), ("emulated, no server", "emulated, but its server is gone"))
        for path, code, text in (("nowhere", 3, "No such file"), (".", 3, "is no file of"), (__file__, 3, "plain file")):
            self.assertIn(text, self.run_program(code, "info", path).stderr)
        self.run_program(2, "info", "--variants", "./board")

    def test_boards_that_cannot_be_are_refused_by_name(self):
        ask = ["compare", SOUND, "--quiet", *SHORT, "--device"]
        with open(self.path("plain"), "w", encoding="utf-8") as file:
            file.write("hello\n")
        self.assertIn("is a plain file", self.run_program(3, *ask, "uio:./plain").stderr)
        self.assertIn("No such file", self.run_program(3, *ask, "uio:./nobody").stderr)
        self.assertIn("no UIO device has the name", self.run_program(3, *ask, "uio:no_such_board").stderr)
        self.assertIn("needs the key uio", self.run_program(2, *ask, "uio").stderr)
        serve = ["serve", "--device", "twin"]
        self.assertIn("is not a device file",
                      self.run_program(2, *serve, "--file", "plain", "--config", SOUND).stderr)
        self.assertIn("needs --config", self.run_program(2, *serve, "--file", "b").stderr)
        self.assertIn("one of --listen", self.run_program(2, *serve).stderr)
        self.assertIn("has no case", self.run_program(2, *serve, "--file", "b", "--config", SOUND,
                                                      "--case", "soun").stderr)
        self.serve("--case", "sound")
        self.assertIn("another hardware variant",
                      self.run_program(3, *ask, "uio:./board", "--set", "hw.table_size=256").stderr)


if __name__ == "__main__":
    unittest.main()
