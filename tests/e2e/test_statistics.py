"""The statistics unit as a user meets it: its sums against the draws, its times against exact ones."""
import json
import math
import os
import unittest

from harness import HERE, SOURCE, ProgramTest

EXAMPLE = os.path.join(SOURCE, "configs", "statistics.yaml")
SMALL = os.path.join(HERE, "statistics.yaml")
# |log(measured/exact)| in half widths of a 95 % interval; 5 series
REACH = 2.5


class Statistics(ProgramTest):
    def check_unit(self, case):
        """All sums equal, intervals of unit and draws meet, exact times within reach."""
        unit = case["statistics_unit"]
        self.assertEqual((unit["sums_different"], unit["difference"]), (0, None), case["name"])
        self.assertFalse(unit["clipped"])
        self.assertEqual(len(unit["series"]), 5)
        for series in unit["series"]:
            tau, draws, exact = series["tau"], series["draws"]["tau"], series["exact_tau"]
            print(case["name"], series["name"], series["resolution"], tau, draws, exact)
            self.assertEqual(series["resolution"], "resolved")
            self.assertLessEqual(max(tau["low"], draws["low"]), min(tau["high"], draws["high"]))
            self.assertLess(math.log(tau["high"] / tau["low"]) / 2, 0.3)
            if exact is not None:
                half = math.log(tau["high"] / tau["low"]) / 2
                self.assertLess(abs(math.log(tau["value"] / exact)) / half, REACH, series["name"])
        return unit

    def test_the_statistics_example_agrees_bit_for_bit(self):
        report = self.compare(0, EXAMPLE)
        small, fashion, king = report["cases"]
        for case in report["cases"]:
            self.assertEqual(case["verdict"], "AGREES", case["name"])
            self.check_unit(case)
        unit = small["statistics_unit"]
        # p-bits, pairs, and of each of 80 series 16 levels and a sum
        self.assertEqual(unit["sums"], 12 + 35 + 80 * 17)
        self.assertLess(unit["means_exact"], 0.03)
        self.assertLess(unit["pairs_exact"], 0.03)
        unit = fashion["statistics_unit"]
        self.assertEqual((unit["samples"], unit["draws"], unit["pairs"]), (12000, 4000, 4096))
        self.assertGreater(unit["series"][0]["ess"]["value"],
                           2 * unit["series"][0]["draws"]["ess"]["value"])
        unit = king["statistics_unit"]
        self.assertEqual((unit["samples"], unit["draws"], unit["every"]), (2000, 2000, 4))

    def test_a_unit_that_sees_other_energies_is_found(self):
        options = ["--set", "cases.small.faults.weight.offset=2"]
        case = self.compare(10, SMALL, *options)["cases"][0]
        gate = [g for g in case["gates"] if g["name"] == "statistics unit"][0]
        self.assertEqual(gate["status"], "failed")
        self.assertIn("series 0 of replica 0", gate["detail"])
        # of 16 chains the sum and the 11 levels that 2000 samples fill; counters and projections are
        # sums over the states, whatever made them
        self.assertEqual(case["statistics_unit"]["sums_different"], 16 * 12)

    def test_projections_may_come_from_a_file(self):
        header = b"{'descr': '|i1', 'fortran_order': False, 'shape': (2, 9), }"
        header += b" " * (-(10 + len(header) + 1) % 64) + b"\n"
        rows = [1, -1, 0, 0, 1, 0, 0, 0, -1] + [0] * 8 + [1]
        with open(self.path("c.npy"), "wb") as file:
            file.write(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
            file.write(bytes(x & 0xFF for x in rows))
        option = ["--set", f"cases.small.statistics.projections='{self.path('c.npy')}'"]
        unit = self.compare(0, SMALL, *option)["cases"][0]["statistics_unit"]
        self.assertEqual([s["name"] for s in unit["series"]], ["energy", "projection 1", "projection 2"])
        self.assertEqual(unit["sums_different"], 0)
        with open(self.path("c.npy"), "ab") as file:
            file.truncate(file.tell() - 1)
            file.write(b"\x02")
        done = self.run_program(2, "compare", SMALL, *option)
        self.assertIn("has 2 at (1, 8), allowed: -1, 0, 1", " ".join(done.stderr.split()))

    def test_a_unit_that_cannot_be_is_refused_with_what_is_allowed(self):
        for option, message in [
                ("hw.statistics=false", "statistics_pairs is 20, but statistics is off"),
                ("cases.small.statistics.every=3 cases.small.sweeps_per_draw=2",
                 "must be a multiple of sweeps_per_draw (2)"),
                ("cases.small.statistics.every=3", "must be a multiple of 3"),
                ("cases.small.statistics.pairs=all", "neither edges nor a number"),
                ("cases.small.statistics.projections=colour", "magnetisation, visible, hidden, random"),
                ("hw.lanes=3 cases.small.chains=3", "power of two, not 3")]:
            options = [word for one in option.split() for word in ("--set", one)]
            done = self.run_program(2, "compare", SMALL, *options)
            self.assertIn(message, " ".join(done.stderr.split()), option)

    def test_a_unit_beside_a_ladder_is_refused(self):
        options = ["--set", "hw.exchange=true", "--set", "hw.lanes=8",
                   "--set", "cases.small.ladder.betas=1 0.5"]
        done = self.run_program(2, "compare", SMALL, *options)
        self.assertIn("whose temperature moves along a ladder", " ".join(done.stderr.split()))

    def test_the_rtl_counts_what_its_draws_say(self):
        options = ["--device", "rtl", "--set", "cases.small.draws=1000",
                   "--set", "cases.small.statistics.further_samples=500"]
        report = self.compare(0, SMALL, *options, out="rtl")
        self.assertEqual(report["cases"][0]["statistics_unit"]["sums_different"], 0)
        options[1] = "twin"
        twin = self.compare(0, SMALL, *options, out="twin")
        self.assertEqual(json.dumps(report["cases"][0]["statistics_unit"]["series"]),
                         json.dumps(twin["cases"][0]["statistics_unit"]["series"]))


if __name__ == "__main__":
    unittest.main()
