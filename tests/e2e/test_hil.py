"""A device that another process lends: same bytes, faults survived, clear messages, exit codes."""
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest

from harness import HERE, PROGRAM, SOURCE, ProgramTest

SOUND = os.path.join(HERE, "sound.yaml")
SHORT = ["--set", "cases.sound.draws=2000"]
LONG = ["--set", "cases.sound.draws=1000000", "--set", "cases.sound.sweeps_per_draw=100"]
PYTHON = os.path.join(SOURCE, "sim", "hil", "python")
EXAMPLES = os.path.join(SOURCE, "scripts", "hil.d")


def numpy_python():
    """An interpreter with NumPy, or None."""
    for python in (sys.executable, "/usr/bin/python3"):
        if os.path.exists(python) and subprocess.run([python, "-c", "import numpy"], check=False,
                                                     capture_output=True).returncode == 0:
            return python
    return None


class Hil(ProgramTest):
    def serve(self, *options, listen=None, device="twin"):
        """Starts a server; returns it and its address."""
        listen = listen or "unix:" + self.path("socket")
        return self.start_server(device, "--listen", listen, *options)

    def skip(self, why):
        print("skipped:", why)  # by name, for CTest
        self.skipTest(why)

    def samples(self, device, *options, config=SOUND, case="sound"):
        """Bytes of the samples, and clocks that the device counted."""
        out = re.sub(r"\W", "_", device)
        report = self.compare(None, config, "--device", device, *options, out=out)
        counters = report["cases"][0]["counters"]
        return (self.bytes_of(out, case, "device.npy"), counters["busy_cycles"],
                counters["stall_cycles"], counters["flips"])

    def client(self, address, *options):
        return subprocess.Popen([PROGRAM, "compare", SOUND, "--out", "r", "--device",
                                 f"remote:{address}", *LONG, *options], cwd=self.folder,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    @staticmethod
    def until(process, word):
        text = ""
        for line in process.stderr:
            text += line
            if word in line:
                return text
        raise AssertionError(f"no '{word}' in {text}")

    # ---- the same run ----

    def test_a_lent_twin_gives_the_bytes_and_clocks_of_a_twin(self):
        own = self.samples("twin", *SHORT)
        _, address = self.serve()
        self.assertTrue(own == self.samples(f"remote:{address}", *SHORT))
        _, tcp = self.serve(listen="127.0.0.1:0")
        self.assertTrue(own == self.samples(f"remote:{tcp}", *SHORT))

    def test_a_lent_rtl_gives_the_bytes_and_clocks_of_the_rtl(self):
        own = self.samples("rtl", *SHORT)
        _, address = self.serve("--config", SOUND, device="rtl")
        self.assertTrue(own == self.samples(f"remote:{address}", *SHORT))
        # and lock-step: a lent device in place of this program's own RTL
        self.run_program(0, "lockstep", SOUND, "--device", f"remote:{address}", "--quiet",
                         "--set", "lockstep.sweeps=300", "--set", "lockstep.throttle_permille=700")

    def test_regulated_and_annealed_runs_give_the_bytes_of_a_twin(self):
        _, address = self.serve()
        config = self.path("c.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("schema: 1\nseed: 3\ncases:\n  - name: a\n"
                       "    random: {visible: 6, hidden: 6, seed: 7}\n    chains: 8\n"
                       "    burn_in_sweeps: 100\n    draws: 1000\n    regulator: {mode: setpoint, "
                       "flip_rate: 0.3, window_sweeps: 10, windows: 30}\n")
        self.assertTrue(self.samples("twin", config=config, case="a") ==
                        self.samples(f"remote:{address}", config=config, case="a"))

    def test_a_training_on_a_lent_twin_gives_the_bytes_of_a_twin(self):
        _, address = self.serve()
        config = os.path.join(SOURCE, "configs", "train_bars.yaml")
        for out, device in (("own", "twin"), ("lent", f"remote:{address}")):
            self.run_program(0, "train", config, "--quiet", "--out", out, "--device", device,
                             "--set", "training.epochs=3")
        for name in ("weights.npy", "log.csv"):
            self.assertTrue(self.bytes_of("own", name) == self.bytes_of("lent", name), name)

    # ---- the Python client ----

    def example(self, expected, name, *arguments):
        python = numpy_python()
        if python is None:
            self.skip("no Python with NumPy")
        done = subprocess.run([python, "-B", os.path.join(EXAMPLES, name + ".py"), *arguments],
                              cwd=self.folder, text=True, capture_output=True, check=False,
                              env={**os.environ, "PYTHONPATH": PYTHON})
        self.assertEqual(done.returncode, expected, done.stdout + done.stderr)
        return done.stdout

    def test_the_python_client_draws_the_samples_of_the_quickstart(self):
        """The example's case is the second one of the quickstart: all its bits, from Python."""
        _, address = self.serve()
        with open(os.path.join(EXAMPLES, "quickstart.py"), encoding="utf-8") as file:
            self.assertLessEqual(len(file.readlines()), 30)
        model = os.path.join(SOURCE, "models", "fashion_rbm_64")
        printed = self.example(0, "quickstart", address, model, self.path("python.npy"))
        config = os.path.join(SOURCE, "configs", "quickstart.yaml")
        with open(config, encoding="utf-8") as file:
            quick = file.read()
        # The other cases as short as can be, this one a quarter: its number, which its seeds have, stays.
        done = self.run_program(None, "compare", config, "--quiet", "--device", "twin", "--out", "q",
                                "--set", "cases.exact_6x6.draws=200",
                                "--set", "cases.exact_6x6.device_pairs=0",
                                "--set", "cases.fashion_784x64.draws=1000",
                                "--set", "cases.regulated_6x6.draws=200")
        self.assertIn("fashion_784x64", done.stdout)
        self.assertIn("seed: 20260301", quick)
        self.assertEqual(self.npy_shape("python.npy"), (16, 4000, 106))
        self.assertEqual(self.npy_shape("q/fashion_784x64/device.npy"), (16, 1000, 106))
        python, own = self.bytes_of("python.npy"), self.bytes_of("q/fashion_784x64/device.npy")
        python, own = python[-16 * 4000 * 106:], own[-16 * 1000 * 106:]
        for chain in range(16):
            self.assertTrue(python[chain * 4000 * 106:][:1000 * 106] ==
                            own[chain * 1000 * 106:][:1000 * 106], chain)
        energy = float(re.search(r"energy (\S+),", printed).group(1))
        self.assertLess(abs(energy + 661.3), 5, printed)

    def test_the_other_examples_run(self):
        _, address = self.serve()
        self.assertIn("least energy", self.example(0, "annealing", address))
        self.assertIn("MB/s", self.example(0, "latency", address))

    def test_the_python_client_knows_secrets_and_refusals(self):
        self.needs_libsodium()
        secret, other = self.secret(), self.secret("other", b"0" * 32)
        _, address = self.serve("--secret", secret, listen="127.0.0.1:0")
        program = ("import sys; from pbitloop_hil import Device, HilError\n"
                   "try:\n    with Device(sys.argv[1], hw={}, secret=sys.argv[2] or None) as dev:\n"
                   "        print(hex(dev.read('ID')), dev.cycles > 0)\n"
                   "except HilError as error: print(error.code, error)\n")
        for key, expected in ((secret, "0x50424954 True"), (other, "3 not authenticated"),
                              ("", "None the server asks for a secret")):
            done = subprocess.run([sys.executable, "-B", "-c", program, address, key], text=True,
                                  capture_output=True, check=False,
                                  env={**os.environ, "PYTHONPATH": PYTHON})
            self.assertIn(expected, done.stdout, done.stderr)

    # ---- faults ----

    def test_a_killed_server_ends_the_run_with_3_and_keeps_its_chains(self):
        server, address = self.serve()
        client = self.client(address)
        self.until(client, "sampling")
        server.kill()
        _, rest = client.communicate(timeout=60)
        self.assertEqual(client.returncode, 3, rest)
        self.assertIn(f"connection to the device at {address} was lost", rest)
        shape = self.npy_shape("r", "sound", "device.npy")
        self.assertTrue(0 < shape[1] < 1000000, shape)
        self.assertFalse(os.path.exists(self.path("r", "report.json")))

    def test_a_killed_client_frees_the_server_within_a_second(self):
        server, address = self.serve()
        client = self.client(address)
        self.until(client, "sampling")
        done = self.run_program(3, "compare", SOUND, "--out", "s", "--quiet", "--device",
                                f"remote:{address}", *SHORT)
        since = r"in use by pbitloop\[%d\] \(process %d of user \d+\) since 20\d\d-" % (client.pid, client.pid)
        self.assertRegex(done.stderr, since)
        client.kill()
        client.communicate()
        start = time.monotonic()
        self.until(server, f"pbitloop[{client.pid}] (process {client.pid}")  # holds the device
        self.until(server, "left after")
        self.assertLess(time.monotonic() - start, 1)
        self.run_program(None, "compare", SOUND, "--out", "s", "--quiet", "--device",
                         f"remote:{address}", *SHORT)

    def test_half_frames_noise_and_silence_leave_the_server_ready(self):
        server, address = self.serve()
        hello = struct.pack("<IIHHIQ", 0x4C494850, 38, 1, 0, 0, 0)
        links = []
        for data in (hello[:10], hello + b"\1\0", b"GET / HTTP/1.1\r\n\r\n" * 9, os.urandom(5000), b""):
            link = socket.socket(socket.AF_UNIX)
            link.connect(address[5:])
            link.sendall(data)
            links.append(link)  # and stays
            self.addCleanup(link.close)
        self.run_program(None, "compare", SOUND, "--quiet", "--device", f"remote:{address}", *SHORT)
        for link in links[2:4]:  # told, and closed
            link.settimeout(10)
            reply = link.recv(4096)
            self.assertEqual(struct.unpack_from("<H", reply, 10)[0], 1)
            self.assertEqual(link.recv(4096), b"")
        links[0].settimeout(10)  # who does not greet within five seconds is dropped
        self.assertEqual(links[0].recv(4096), b"")
        self.assertIsNone(server.poll())

    @staticmethod
    def frame(opcode, body):
        return struct.pack("<IIHHIQ", 0x4C494850, len(body), opcode, 0, 0, 0) + body

    def slow_reader(self, address):
        """A client that holds the device and asks for more than its socket takes, without reading a reply; and how often
        it has asked."""
        link = socket.socket(socket.AF_UNIX)
        self.addCleanup(link.close)
        link.connect(address[5:])
        sys.path.insert(0, PYTHON)
        from pbitloop_hil import HW_DEFAULT, HW_NAMES
        words = [HW_DEFAULT.get(name, 0) for name in HW_NAMES]
        link.sendall(self.frame(1, struct.pack("<HH32sH", 1, 0, b"", 4) + b"slow") +
                     self.frame(3, struct.pack(f"<QH{len(words)}I", 0, len(words), *words)))
        link.settimeout(.2)
        asked = 0
        try:
            while asked < 200000:
                link.sendall(self.frame(6, struct.pack("<II", 0x008 | 3, 50000)))  # 200 KB, SCRATCH
                asked += 1
        except TimeoutError:
            pass
        return link, asked

    def read_all(self, link, most):
        """Replies until the end of the connection or `most` of them: (opcode, code, words)."""
        data, replies = b"", []
        link.settimeout(30)
        while len(replies) < most:
            while len(data) >= 24 and len(data) >= 24 + struct.unpack_from("<I", data, 4)[0]:
                size, opcode, code = struct.unpack_from("<IHH", data, 4)
                replies.append((opcode, code, size // 4))
                data = data[24 + size:]
            if len(replies) >= most:
                break
            try:
                more = link.recv(1 << 20)
            except ConnectionError:
                more = b""
            if not more:
                break
            data += more
        return replies

    def test_a_slow_reader_keeps_nobody_waiting_and_loses_nothing(self):
        """Others hear at once that the device is in use, and get it once the holder has taken nothing for half a second."""
        server, address = self.serve()
        link, asked = self.slow_reader(address)
        self.assertGreater(asked, 1)
        start = time.monotonic()
        other = socket.socket(socket.AF_UNIX)  # INFO while the other stands
        self.addCleanup(other.close)
        other.connect(address[5:])
        other.settimeout(10)
        other.sendall(self.frame(1, struct.pack("<HH32sH", 1, 0, b"", 5) + b"other") + self.frame(5, b""))
        self.assertEqual([code for _, code, _ in self.read_all(other, 2)], [0, 0])
        self.assertLess(time.monotonic() - start, 1)
        # it reads after all, and gets everything that it asked for
        replies = self.read_all(link, asked + 2)
        self.assertEqual(replies[2:], [(0x8006, 0, 50000)] * asked)
        # the next one reads nothing, and the device goes to who wants it
        link.close()
        link, _ = self.slow_reader(address)
        time.sleep(.5)
        start = time.monotonic()
        self.run_program(None, "compare", SOUND, "--quiet", "--device", f"remote:{address}", *SHORT)
        print(f"served after {time.monotonic() - start:.2f} s, with the run")
        self.until(server, "does not read; the device goes to another")

    def test_a_client_that_does_not_read_is_dropped(self):
        """After 10 s, also when nobody else wants the device."""
        server, address = self.serve()
        link, _ = self.slow_reader(address)
        self.until(server, "left after")
        link.settimeout(10)
        with self.assertRaises(OSError):
            while True:
                link.sendall(self.frame(9, b""))
        self.run_program(None, "compare", SOUND, "--quiet", "--device", f"remote:{address}", *SHORT)

    def test_idle_connections_keep_nobody_out(self):
        """Sixteen connections that have greeted and say nothing more: the oldest gives way."""
        _, address = self.serve()
        hello = self.frame(1, struct.pack("<HH32sH", 1, 0, b"", 4) + b"idle")
        for _ in range(16):
            link = socket.socket(socket.AF_UNIX)
            self.addCleanup(link.close)
            link.connect(address[5:])
            link.sendall(hello)
            self.read_all(link, 1)
        time.sleep(.6)
        self.run_program(None, "compare", SOUND, "--quiet", "--device", f"remote:{address}", *SHORT)

    def test_another_version_is_refused_and_named(self):
        _, address = self.serve()
        link = socket.socket(socket.AF_UNIX)
        self.addCleanup(link.close)
        link.connect(address[5:])
        body = struct.pack("<HH32sH", 2, 0, b"", 1) + b"x"
        link.sendall(struct.pack("<IIHHIQ", 0x4C494850, len(body), 1, 0, 7, 0) + body)
        reply = link.recv(4096)
        self.assertEqual(struct.unpack_from("<HHI", reply, 8), (0x8001, 2, 7))
        self.assertIn(b"speaks version 1.0 of the protocol, the client 2.0", reply)

    # ---- who may come ----

    def secret(self, name="secret", content=b"a shared secret of some length\n", mode=0o600):
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(content)
        os.chmod(path, mode)
        return path

    def needs_libsodium(self):
        done = self.run_program(2, "serve", "--listen", "127.0.0.1:0", "--secret", "/nowhere")
        if "libsodium" in done.stderr:
            self.skip("built without libsodium (libsodium-dev)")

    def test_other_addresses_than_loopback_need_a_secret(self):
        done = self.run_program(2, "serve", "--device", "twin", "--listen", "0.0.0.0:0")
        self.assertIn("can be reached from other machines", done.stderr)
        self.needs_libsodium()
        server, address = self.serve("--secret", self.secret(), "--quiet", listen="0.0.0.0:0")
        self.assertIn("WARNING", server.stderr.readline())
        self.run_program(None, "compare", SOUND, "--quiet", *SHORT, "--secret", "secret", "--device",
                         "remote:127.0.0.1:" + address.split(":")[1])

    def test_a_wrong_or_missing_secret_is_refused(self):
        self.needs_libsodium()
        _, address = self.serve("--secret", self.secret())
        self.secret("other", b"b shared secret of some length\n")
        ask = ["compare", SOUND, "--quiet", *SHORT, "--device", f"remote:{address}"]
        self.assertIn("not the server's", self.run_program(3, *ask, "--secret", "other").stderr)
        self.assertIn("asks for a secret", self.run_program(3, *ask).stderr)
        self.run_program(None, *ask, "--secret", "secret")
        _, open_address = self.serve(listen="127.0.0.1:0")
        ask[-1] = f"remote:{open_address}"
        self.assertIn("has no secret", self.run_program(3, *ask, "--secret", "secret").stderr)

    def test_files_that_others_can_use_are_refused(self):
        listen = ["serve", "--device", "twin", "--listen"]
        folder = self.path("open")
        os.mkdir(folder)
        os.chmod(folder, 0o777)
        done = self.run_program(2, *listen, f"unix:{folder}/s")
        self.assertIn("others can write", done.stderr)
        done = self.run_program(2, *listen, "unix:" + self.secret("file"))
        self.assertIn("is not a socket", done.stderr)
        self.needs_libsodium()
        for mode in (0o640, 0o604):
            done = self.run_program(2, *listen, "127.0.0.1:0", "--secret", self.secret(mode=mode))
            self.assertIn("can be used by others", done.stderr)
        done = self.run_program(2, *listen, "127.0.0.1:0", "--secret", self.secret(content=b"short"))
        self.assertIn("5 bytes", done.stderr)
        _, address = self.serve()
        self.assertEqual(os.stat(address[5:]).st_mode & 0o777, 0o600)

    def test_hardware_that_is_not_offered_and_bad_options_are_refused_by_name(self):
        _, address = self.serve("--config", SOUND)
        done = self.run_program(3, "compare", SOUND, "--quiet", "--device", f"remote:{address}",
                                "--set", "hw.table_size=256")
        self.assertIn("none of them", done.stderr)
        done = self.run_program(2, "compare", SOUND, "--device", "remote")
        self.assertIn("needs the key remote", done.stderr)
        done = self.run_program(3, "compare", SOUND, "--quiet", "--device", "remote:unix:nobody")
        self.assertIn("is `pbitloop serve` running?", done.stderr)
        for bad in ("unix:", "here", "127.0.0.1:x"):
            self.run_program(2, "serve", "--device", "twin", "--listen", bad)
        self.run_program(2, "serve", "--device", "tvin", "--listen", "unix:x")

    def test_a_server_that_is_stopped_leaves_no_socket(self):
        server, address = self.serve()
        self.assertTrue(os.path.exists(address[5:]))
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)
        self.assertEqual(server.returncode, 0)
        self.assertFalse(os.path.exists(address[5:]))


if __name__ == "__main__":
    unittest.main()
