"""A comparison that is interrupted and continued: the same bytes and numbers as without interruption."""
import json
import os
import random
import re
import signal
import struct
import subprocess
import time
import unittest
import zlib

from harness import HERE, PROGRAM, SOURCE, ProgramTest

KINDS = os.path.join(HERE, "snapshots.yaml")
# What differs from run to run without any interruption, too
TIMES = {"started", "seconds", "device_seconds", "reference_seconds", "ess_per_second",
         "device_updates_per_second", "reference_updates_per_second"}


def difference(a, b, path=""):
    """The first place where two reports differ, times aside; None."""
    if isinstance(a, dict) and isinstance(b, dict):
        if a.keys() != b.keys():
            return path
        pairs = [(a[k], b[k], f"{path}.{k}") for k in a if k not in TIMES]
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        pairs = [(x, y, f"{path}[{k}]") for k, (x, y) in enumerate(zip(a, b))]
    else:
        return None if a == b and isinstance(a, type(b)) else f"{path}: {a} {b}"
    return next((d for d in (difference(*pair) for pair in pairs) if d), None)


class Snapshot(ProgramTest):
    def single_cases(self):
        """Names of configurations with one case each."""
        with open(KINDS, encoding="utf-8") as file:
            head, *cases = file.read().split("  - name: ")
        names = []
        for case in cases:
            names.append(case.split()[0])
            with open(self.path(names[-1] + ".yaml"), "w", encoding="utf-8") as file:
                file.write(f"{head}  - name: {case}")
        return names

    def start_config(self, text):
        with open(self.path("c.yaml"), "w", encoding="utf-8") as file:
            file.write(text)

    def assert_same(self, one, other):
        reports = []
        for folder in (one, other):
            with open(self.path(folder, "report.json"), encoding="utf-8") as file:
                reports.append(json.load(file))
        for report in reports:
            del report["config"]["resolved"]  # names the results folder
        self.assertIsNone(difference(*reports))
        n_files = 0
        for folder, _, files in os.walk(self.path(one)):
            for name in files:
                path = os.path.relpath(os.path.join(folder, name), self.path(one))
                if name.endswith((".npy", ".nc")):
                    n_files += 1
                    self.assertTrue(self.bytes_of(one, path) == self.bytes_of(other, path), path)
        self.assertGreaterEqual(n_files, 2 * len(reports[0]["cases"]))
        self.assertFalse(os.path.exists(self.path(other, "snapshot")))

    def continue_at(self, name, after, *options):
        self.run_program(0, "snapshot", name + ".yaml", "--case", name, "--after", str(after),
                         "--out", "s", "--quiet", *options)
        done = self.run_program(None, "compare", name + ".yaml", "--restore", "s", "--out", "r",
                                *options)
        self.assertRegex(done.stderr, rf"case {name}: from a snapshot with \d+ of \d+ draws")
        self.assert_same("whole", "r")

    def test_every_kind_of_case_goes_on_to_the_same_bytes(self):
        g = random.Random(5)
        self.single_cases()  # the other kinds: by night
        for name in ("regulated", "counted", "ladder", "lattice", "sparse", "random_site"):
            self.compare(None, name + ".yaml", out="whole")
            self.continue_at(name, g.randrange(300))

    def test_many_moments_of_every_kind_of_case(self):
        g = random.Random(6)
        for name in self.single_cases():
            self.compare(None, name + ".yaml", out="whole")
            for _ in range(15):
                self.continue_at(name, g.randrange(900) if g.randrange(4) and
                                 name not in ("palindromic", "random_site", "sparse_regulated")
                                 else g.randrange(300))

    def test_the_rtl_goes_on_to_the_same_bytes(self):
        self.single_cases()
        for name in ("regulated", "counted", "lattice_ladder", "random_site"):
            # in the variant that can be saved, and once in the ordinary one
            snapshots = [] if name == "regulated" else ["--snapshot-every", "0"]
            self.compare(None, name + ".yaml", "--device", "rtl", *snapshots, out="whole")
            for after in (0, 40, 290):
                self.continue_at(name, after, "--device", "rtl")

    def wait_for_snapshots(self, process, n):
        """Until the file was replaced n times, and a little longer, or the process has ended."""
        last = None
        while n > 0 and process.poll() is None:
            try:
                now = os.stat(self.path("r", "snapshot")).st_mtime_ns
            except FileNotFoundError:
                now = None
            if now != last:
                n -= 1
            last = now
            time.sleep(0.0005)

    def test_kills_at_random_moments_change_no_byte(self):
        with open(KINDS, encoding="utf-8") as file:
            text = file.read()
        kept = [text.split("  - name: ")[0]]
        for name in ("dense", "counted", "ladder", "sparse_regulated"):
            kept += ["  - name: " + c for c in text.split("  - name: ")[1:] if c.split()[0] == name]
        self.start_config("".join(kept))
        self.compare(None, "c.yaml", out="whole")
        g = random.Random(7)
        restored = set()
        for _ in range(8):
            arguments = [PROGRAM, "compare", "c.yaml", "--out", "r", "--snapshot-every", "0.001"]
            if os.path.exists(self.path("r", "snapshot")):
                arguments += ["--restore", "r"]
                shown = self.run_program(0, "snapshot", "r").stdout
                restored.add(re.search(r"case: +(\S+),", shown)[1])
            process = subprocess.Popen(arguments, cwd=self.folder, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            self.wait_for_snapshots(process, g.randrange(1, 9))
            process.kill()
            if process.wait() != -signal.SIGKILL:  # it was faster
                break
        else:
            more = ["--restore", "r"] if os.path.exists(self.path("r", "snapshot")) else []
            self.run_program(None, "compare", "c.yaml", "--out", "r", *more)
        print("killed in", sorted(restored))
        self.assertGreaterEqual(len(restored), 2)
        self.assert_same("whole", "r")

    def interrupt(self, case, *arguments):
        """Ctrl-C while the case is sampled; what the program says then."""
        process = subprocess.Popen([PROGRAM, "compare", *arguments], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        text = ""
        for line in process.stderr:
            text += line
            if f"case {case}" in text and line.startswith("sampling"):
                process.send_signal(signal.SIGINT)
                break
        _, rest = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3, text + rest)
        return rest

    def test_ctrl_c_says_how_to_go_on(self):
        self.start_config("schema: 1\ndevice: twin\ncases:\n"
                          "  - {name: a, draws: 200, random: {visible: 6, hidden: 6}}\n"
                          "  - {name: b, draws: 2000, sweeps_per_draw: 200, "
                          "random: {visible: 6, hidden: 6}}\n")
        self.compare(None, "c.yaml", out="whole")
        said = self.interrupt("b", "c.yaml", "--out", "r", "--snapshot-every", "0")
        self.assertIn("--restore r/snapshot", said)
        refused = self.run_program(2, "compare", "c.yaml", "--out", "r")
        self.assertIn("r/snapshot is of a run that was interrupted", refused.stderr)
        # its finished case is only for the same build, and beside its chains
        self.rewrite("r/snapshot", "other", b"HEAD", lambda b: b[:112] + b"\1" + b[113:])
        refused = self.run_program(2, "compare", "c.yaml", "--out", "o", "--restore", "other")
        self.assertIn("results of 1 finished case", refused.stderr)
        refused = self.run_program(3, "compare", "c.yaml", "--out", "o", "--restore", "r")
        self.assertIn("o/a/device.npy: the chains of a finished case are not there", refused.stderr)
        done = self.run_program(None, "compare", "c.yaml", "--out", "r", "--restore", "r")
        self.assertNotIn("case a", done.stderr)
        self.assert_same("whole", "r")

    def rewrite(self, source, target, section, change):
        """A snapshot with other bytes in one section, and right checksums."""
        data = bytearray(self.bytes_of(source))
        n = struct.unpack_from("<I", data, 12)[0]
        at = 24 + 16 * n + 4
        for k in range(n):
            tag, _, length = struct.unpack_from("<4sIQ", data, 24 + 16 * k)
            if tag == section:
                data[at:at + length] = change(bytes(data[at:at + length]))
                struct.pack_into("<I", data, 24 + 16 * k + 4, zlib.crc32(data[at:at + length]))
            at += length
        struct.pack_into("<I", data, 24 + 16 * n, zlib.crc32(data[:24 + 16 * n]))
        with open(self.path(target), "wb") as file:
            file.write(data)

    def test_a_snapshot_that_does_not_fit_is_refused_by_name(self):
        self.single_cases()
        self.run_program(0, "snapshot", "pairs.yaml", "--case", "pairs", "--after", "9", "--out",
                         "s", "--quiet")
        shown = self.run_program(0, "snapshot", "s").stdout
        for words in ("format 1", "device:      twin", "case:        pairs, 1 of 1", "checksums"):
            self.assertIn(words, shown)

        def refused(code, words, *options, path="s", config="pairs.yaml"):
            done = self.run_program(code, "compare", config, "--restore", path, "--out", "r",
                                    *options)
            self.assertIn(words, done.stderr)
            self.assertFalse(os.path.exists(self.path("r")))

        refused(2, "here:  seed: 3", "--seed", "3")
        refused(2, "is of another configuration", config="dense.yaml")
        refused(2, "has the state of device twin, asked for is rtl: use --device twin",
                "--device", "rtl")
        refused(2, "no snapshots with device tlm", "--device", "tlm")
        refused(2, "other side of the connection", "--device", "remote:unix:nowhere")
        refused(3, "no/snapshot: there is no such snapshot", path="no/snapshot")
        refused(3, "pairs.yaml is no snapshot of pbitloop", path="pairs.yaml")
        with open(self.path("cut"), "wb") as file:
            file.write(self.bytes_of("s")[:-1])
        refused(3, "cut is cut off", path="cut")
        self.rewrite("s", "old", b"HEAD", lambda b: b"0.0.9".ljust(32, b"\0") + b[32:])
        refused(2, "was made by pbitloop 0.0.9", path="old")
        self.rewrite("s", "map", b"HEAD", lambda b: b[:120] + b"\1" + b[121:])
        refused(2, "was made with register map 0x", path="map")
        done = self.run_program(2, "snapshot", "pairs.yaml", "--case", "pairs", "--after", "1001",
                                "--out", "x")
        self.assertIn("--after 1001: case pairs has 1000 draws", done.stderr)
        done = self.run_program(2, "snapshot", "pairs.yaml", "--case", "other", "--after", "1",
                                "--out", "x")
        self.assertIn("--case other", done.stderr)
        self.assertFalse(os.path.exists(self.path("x")))

    def test_the_worked_example_of_the_page_works(self):
        with open(os.path.join(SOURCE, "docs", "snapshots.md"), encoding="utf-8") as file:
            lines = [line[2:].split() for line in file if line.startswith("$ ")]
        self.assertEqual(len(lines), 5)
        os.symlink(os.path.join(SOURCE, "configs"), self.path("configs"))
        for program, *arguments in lines[:4]:
            self.assertEqual(program, "pbitloop")
            shown = self.run_program(0, *arguments).stdout
            if arguments == ["snapshot", "half"]:
                self.assertIn("regulated_6x6, 2 of 2; 0 finished", shown)
                self.assertRegex(shown, r"draws: +2\d\d\d of 4000; the device is at work")
        self.assertEqual(subprocess.run(lines[4], cwd=self.folder, check=False).returncode, 0)
        self.assert_same("whole", "halves")

    def test_a_host_that_would_do_something_else_is_stopped(self):
        self.single_cases()
        self.run_program(0, "snapshot", "sparse.yaml", "--case", "sparse", "--after", "9", "--out",
                         "s", "--quiet")
        # an answer that another device might have given
        self.rewrite("s", "t", b"JOUR", lambda b: b[:2] + bytes([b[2] ^ 1]) + b[3:])
        done = self.run_program(3, "compare", "sparse.yaml", "--restore", "t", "--out", "r")
        self.assertTrue("ID" in done.stderr or "does not do what it did" in done.stderr,
                        done.stderr)
        self.rewrite("s", "u", b"HOST", lambda b: b[:8] + bytes([b[8] ^ 1]) + b[9:])
        done = self.run_program(3, "compare", "sparse.yaml", "--restore", "u", "--out", "r")
        self.assertIn("does not do what it did before the snapshot", done.stderr)
        layout = 16 + 64 + 41 * 8  # behind name, key and hardware
        self.rewrite("s", "v", b"DEVI", lambda b: b[:layout] + b"\xff" + b[layout + 1:])
        done = self.run_program(3, "compare", "sparse.yaml", "--restore", "v", "--out", "r")
        self.assertIn("do not have the layout of this version", done.stderr)


if __name__ == "__main__":
    unittest.main()
