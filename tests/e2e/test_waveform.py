"""Waveforms: the clocks that were asked for, the names of the register reference, the values that the bus reads."""
import json
import os
import re
import shutil
import subprocess
import unittest

from harness import HERE, PROGRAM, SOURCE, ProgramTest
from vcd import Vcd

CONFIG = os.path.join(SOURCE, "configs", "waveform.yaml")
PAGE = os.path.join(SOURCE, "docs", "waveforms.md")
TOP = "TOP.pbit_top."
with open(os.path.join(SOURCE, "docs", "registers.json"), encoding="utf-8") as _file:
    REGISTERS = json.load(_file)["registers"]
TOLD = re.compile(r"waveform: (\S+) \((\d+) bytes\): (\d+) clocks from clock (\d+), (\S+) at clock (\d+)")


class Waveform(ProgramTest):
    def skip(self, why):
        print("skipped:", why)  # by name, for CTest
        self.skipTest(why)

    def vcd(self, fst):
        if shutil.which("fst2vcd") is None:
            self.skip("needs fst2vcd (Debian package gtkwave)")
        with open(self.path("t.vcd"), "w", encoding="ascii") as out:
            subprocess.run(["fst2vcd", self.path(fst)], stdout=out, stderr=subprocess.DEVNULL, check=True)
        return Vcd(self.path("t.vcd"))

    def lockstep(self, window, *options, expected=0):
        """Standard output of 200 sweeps; the file is t.fst."""
        return self.run_program(expected, "lockstep", CONFIG, "--quiet", "--set", "lockstep.sweeps=200",
                                "--waveform", "t.fst", f"--waveform-window={window}", *options)

    def told(self, done):
        """Clocks, first clock, clock of the trigger."""
        found = TOLD.search(done.stdout)
        self.assertIsNotNone(found, done.stdout)
        self.assertEqual(int(found[2]), os.path.getsize(self.path(found[1])))
        return int(found[3]), int(found[4]), int(found[6])

    def check_reads(self, vcd, first, clocks):
        """Each word that the bus reads is that of the register's signal in the same clock. Names of those read."""
        by_offset, read = {r["offset"]: r["name"] for r in REGISTERS}, set()
        for clock in range(first, first + clocks):
            before = 10 * clock - 5  # inputs stand, the edge is to come
            if not vcd.at(TOP + "reg_read", before):
                continue
            name = by_offset[vcd.at(TOP + "reg_address", before)]
            if name not in ("CTRL", "IMG_DATA"):  # they show what is written, and read 0
                self.assertEqual(vcd.at(TOP + "reg_rdata", before),
                                 vcd.at(f"{TOP}registers.{name}", before), f"{name} at clock {clock}")
            read.add(name)
        return read

    def test_the_page_shows_2000_clocks_around_the_first_temperature_update(self):
        with open(PAGE, encoding="utf-8") as page:
            command = re.search(r"^    pbitloop (compare .*)$", page.read(), re.M)[1].split()
        command[1] = os.path.join(SOURCE, command[1])
        done = self.run_program(0, *command, "--quiet", "--out", "rtl")
        clocks, first, trigger = self.told(done)
        self.assertEqual((clocks, first), (2000, trigger - 1000))
        # samples are those of a device that nobody watches
        self.compare(0, CONFIG, "--device", "twin", out="twin")
        self.assertEqual(self.bytes_of("rtl", "regulated", "device.npy"),
                         self.bytes_of("twin", "regulated", "device.npy"))
        vcd = self.vcd("t.fst")
        self.assertEqual(vcd.timescale, "1ns")
        edges = vcd.rises(TOP + "clk_i")
        self.assertEqual(edges, [10 * c for c in range(first, first + 2000)])
        for register in REGISTERS:
            self.assertIn(f"{TOP}registers.{register['name']}", vcd.names)
            for field in register["fields"]:
                if field["high"] - field["low"] < 31:
                    self.assertIn(f"{TOP}registers.{register['name']}_{field['name']}", vcd.names)
        # beta before and after as the telemetry has them: temperatures of windows 0 and 1, 12 fraction bits
        with open(self.path("rtl", "report.json"), encoding="utf-8") as file:
            t0, t1 = json.load(file)["cases"][0]["regulation"]["temperature"][:2]
        times, values = vcd.changes[vcd.names[TOP + "registers.BETA_ACTIVE"]]
        self.assertEqual(times[1:], [10 * trigger])
        self.assertNotEqual(values[0], values[1])
        for value, t in zip(values, (t0, t1)):
            self.assertLessEqual(abs(value - 4096 / t), 0.51 + 4096 / t * 1e-5)  # report.json: 6 digits
        self.assertEqual(vcd.rises(TOP + "triggers.temperature"), [10 * trigger - 10])
        self.check_reads(vcd, first, clocks)
        self.check_save_file(vcd, trigger)

    def check_save_file(self, vcd, trigger):
        with open(self.path("t.gtkw"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertIn(f'[dumpfile] "{os.path.realpath(self.path("t.fst"))}"', lines)
        self.assertIn(f"*-8.0 {10 * trigger}", lines)
        shown = [line.split("[")[0] for line in lines if line.startswith("TOP.")]
        self.assertEqual([name for name in shown if name not in vcd.names], [])
        self.assertEqual(len([n for n in shown if n.startswith(TOP + "registers.")]),
                         len([n for n in vcd.names if n.startswith(TOP + "registers.")]))
        self.assertEqual([line for line in lines if line == "@800200"],
                         ["@800200"] * lines.count("@1000200"))

    def test_reads_return_what_the_waveform_shows(self):
        clocks, first, trigger = self.told(self.lockstep("0:1000"))
        self.assertEqual((clocks, first, trigger), (1000, 1, 1))
        read = self.check_reads(self.vcd("t.fst"), first, clocks)
        self.assertLessEqual({"ID", "VERSION", "SCRATCH", "CAPS0", "CAPS_SIZE", "CAPS_FORMAT", "CAPS_OPTIONS"}, read)
        # the last clocks of the same run: counters and the regulator
        clocks, first, trigger = self.told(self.lockstep("-10:8000,run:8"))
        read = self.check_reads(self.vcd("t.fst"), first, clocks)
        self.assertLessEqual({"FLIPS_LO", "FLIPS_HI", "ENERGY_LO", "ENERGY_HI", "BETA_ACTIVE", "TEMPERATURE",
                              "LAMBDA", "FILTER", "WINDOW_INDEX", "WINDOW_ENERGY_SQ_LO"}, read)

    def test_every_trigger_comes_with_its_signal(self):
        slow = ("--set", "lockstep.throttle_permille=20")
        for window, options, signal, count in (
                ("-40:60,run:3", (), "STATUS_BUSY", 1), ("0:60,sweep:7", (), None, 7),
                ("1:60,sweep:7", (), None, 7), ("-30:1,stall", slow, "STALL_CYCLES_LO", 1),
                ("-30:30,fifo-full", slow, "STATUS_STALLED", 1)):
            clocks, first, trigger = self.told(self.lockstep(window, *options))
            a, b = (int(n) for n in window.split(",")[0].split(":"))
            self.assertEqual((clocks, first), (b - a, trigger + a), window)
            vcd = self.vcd("t.fst")
            self.assertEqual(vcd.rises(TOP + "clk_i"), [10 * c for c in range(first, first + clocks)])
            if window.startswith("0:"):
                begun = trigger
            if signal is None:  # sweeps since opening; the driver clears SWEEP_COUNT when it begins
                self.assertEqual(trigger, begun)
                self.assertEqual(vcd.at(TOP + "registers.SWEEP_COUNT_LO", 10 * max(first, trigger)), count)
            elif signal.endswith("_LO"):
                self.assertEqual([vcd.at(TOP + "registers." + signal, 10 * c) for c in (trigger - 1, trigger)], [0, 1])
            elif signal == "STATUS_BUSY":
                self.assertIn(10 * trigger, vcd.rises(TOP + "registers.STATUS_BUSY"))
            else:  # the clock that ended with the trigger was one of waiting
                self.assertEqual(vcd.at(TOP + "registers." + signal, 10 * trigger - 5), 1)

    def test_a_trigger_that_never_comes_is_said(self):
        with open(self.path("t.gtkw"), "w", encoding="utf-8") as file:
            file.write("[*] GTKWave Analyzer\n@28\nTOP.pbit_top.irq_o\n")
        saved = self.bytes_of("t.gtkw")
        self.told(self.lockstep("0:10"))
        self.assertEqual(self.bytes_of("t.gtkw"), saved)  # a user's own arrangement
        older = self.bytes_of("t.fst")
        done = self.lockstep("0:10,exchange")
        self.assertRegex(done.stdout, r"waveform: exchange never came in \d+ clocks; t.fst was not written")
        done = self.lockstep("900000000:900000010,run")
        self.assertRegex(done.stdout, r"waveform: run came at clock \d+, and of the window none")
        self.assertEqual(self.bytes_of("t.fst"), older)  # not lost for nothing
        os.remove(self.path("t.fst"))
        self.lockstep("0:10,exchange")
        self.assertFalse(os.path.exists(self.path("t.fst")))

    def test_windows_and_files_that_cannot_be_are_refused_by_name(self):
        cases = (("5:5", "is empty"), ("9:3,run", "is empty"), ("1", "is not A:B"), ("a:b", "is not A:B"),
                 ("1:2x", "is not A:B"), ("-1:5", "no clock is before the trigger start"),
                 ("0:5,beta", "there are start, temperature, run, sweep, stall, fifo-full, exchange"),
                 ("0:5,", "there are start"), ("0:5,run:0", "NAME:N with N from 1"),
                 ("0:5,start:2", "but for start"), ("-10000001:5,run", "at most 10000000 clocks"),
                 ("0:99999999999999999999", "is not A:B"))
        for window, message in cases:
            self.assertIn(message, self.lockstep(window, expected=2).stderr)
        run = lambda code, *options: self.run_program(code, "compare", CONFIG, "--quiet", *options).stderr
        self.assertIn("must end in .fst", run(2, "--waveform", "t.vcd"))
        self.assertIn("cannot create: No such file", run(3, "--waveform", "no/folder/t.fst"))
        os.mkfifo(self.path("pipe.fst"))  # nobody reads: not to be waited for
        self.assertIn("pipe.fst: cannot create", run(3, "--waveform", "pipe.fst"))
        self.assertIn("needs --waveform FILE", run(2, "--waveform-window", "0:9"))
        for device in ("twin", "remote:unix:/nowhere"):
            self.assertIn("only rtl and tlm", run(2, "--device", device, "--waveform", "t.fst"))
        self.assertIn("there are regulated", run(2, "--waveform", "t.fst", "--waveform-case", "regulator"))
        several = self.run_program(2, "lockstep", os.path.join(SOURCE, "configs", "lockstep.yaml"),
                                   "--waveform", "t.fst")
        self.assertIn("choose it with --waveform-case", several.stderr)
        other = self.run_program(2, "trace", os.path.join(SOURCE, "configs", "waveform.yaml"), "--waveform", "t.fst",
                                 "--case", "nobody", "--waveform-case", "regulated")
        self.assertIn("only case nobody runs", other.stderr)

    def test_a_full_disk_loses_the_waveform_and_nothing_else(self):
        os.symlink("/dev/full", self.path("full.fst"))
        done = self.run_program(3, "compare", CONFIG, "--quiet", "--out", "out", "--waveform", "full.fst")
        self.assertIn("full.fst: cannot write: No space left on device", done.stderr)
        self.assertIn("VERDICT AGREES", done.stdout)
        self.assertTrue(os.path.exists(self.path("out", "report.json")))
        self.assertTrue(os.path.exists("/dev/full"))
        done = self.run_program(3, "lockstep", CONFIG, "--quiet", "--waveform", "t.fst",
                                "--waveform-window", "0:999999999999")
        self.assertRegex(done.stderr, r"999999999999 clocks take about 1\.16e\+05 GB, and \S+ has room for")

    def test_a_device_in_systemc_has_the_same_waveform(self):
        ends = []
        for device in ("rtl", "tlm"):
            done = self.lockstep("-100:400,temperature", "--device", device)
            _, first, trigger = self.told(done)
            vcd = self.vcd("t.fst")
            ends.append([[vcd.at(f"{TOP}registers.{r['name']}", 10 * c) for r in REGISTERS
                          if r["name"].startswith(("BETA", "WINDOW", "LAMBDA", "TEMPERATURE", "FLIPS"))]
                         for c in range(first, first + 500)])
        self.assertEqual(ends[0], ends[1])

    def test_a_training_has_a_waveform_and_the_same_model(self):
        command = ["train", os.path.join(SOURCE, "configs", "train_guard.yaml"), "--quiet", "--set", "training.epochs=20",
                   "--set", "regulator.mode=setpoint", "--set", "regulator.flip_rate=0.3",
                   "--set", "evaluation.ais_chains=0"]
        done = self.run_program(0, *command, "--device", "rtl", "--out", "rtl", "--waveform", "t.fst",
                                "--waveform-window", "-200:200,temperature")
        self.run_program(0, *command, "--device", "twin", "--out", "twin")
        for name in ("weights.npy", "visible_bias.npy", "hidden_bias.npy", "telemetry.csv"):
            self.assertEqual(self.bytes_of("rtl", name), self.bytes_of("twin", name), name)
        clocks, first, trigger = self.told(done)
        self.assertEqual((clocks, first), (400, trigger - 200))
        vcd = self.vcd("t.fst")
        header, row = (line.split(",") for line in self.bytes_of("rtl", "telemetry.csv").decode().splitlines()[:2])
        beta = 4096 / float(row[header.index("temperature")])
        self.assertNotEqual(round(beta), 4096)
        self.assertEqual(vcd.at(TOP + "registers.BETA_ACTIVE", 10 * trigger - 1), 4096)
        self.assertEqual(vcd.at(TOP + "registers.BETA_ACTIVE", 10 * trigger), round(beta))
        refused = self.run_program(2, *command, "--device", "twin", "--waveform", "t.fst")
        self.assertIn("only rtl and tlm", refused.stderr)

    def test_every_register_reads_as_the_waveform_shows_it(self):
        """A device with all options, every register read in all states of a run."""
        program = os.path.join(os.path.dirname(os.path.dirname(PROGRAM)), "tests", "waveform_registers")
        told = subprocess.run([program, self.path("t.fst")], check=True, capture_output=True, text=True).stdout
        read = self.check_reads(self.vcd("t.fst"), 1, int(told))
        self.assertEqual(read, {r["name"] for r in REGISTERS})


if __name__ == "__main__":
    unittest.main()
