"""Replica exchange as a user meets it: the planted barrier, planted faults, ladders that cannot be."""
import math
import os
import unittest

from harness import SOURCE, ProgramTest, show_gates

EXAMPLE = os.path.join(SOURCE, "configs", "exchange.yaml")
CONTROLS = os.path.join(SOURCE, "configs", "exchange_controls.yaml")
GRAPH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "ladder_graph.yaml")
RUNGS = os.path.join(SOURCE, "configs", "exchange_rungs.yaml")
# |log(measured/exact)| in standard errors; 3 factors of 2 intervals a case: 1e-4 of seeds fail
SIGMAS = 4.5


class Exchange(ProgramTest):
    def check_factors(self, case, alone):
        """Measured autocorrelation times lie where the exact ones do."""
        exchange = case["exchange"]
        self.assertEqual(len(exchange["factors"]), 3)
        for factor in exchange["factors"]:
            keys = [("tau", "exact_tau")]
            if alone:
                keys += [("tau_alone", "exact_tau_alone"), ("factor", "exact_factor")]
            for measured, exact in keys:
                value = factor[measured]
                error = math.log(value["high"] / value["low"]) / (2 * 1.96)
                z = math.log(value["value"] / factor[exact]) / error
                print(f"{case['name']}: {factor['name']} {measured} {value['value']:.4g} "
                      f"[{value['low']:.4g}, {value['high']:.4g}] exact {factor[exact]:.4g} z {z:.2f}")
                self.assertLess(abs(z), SIGMAS, f"{factor['name']} {measured}")
                self.assertLess(error, 0.15)

    def test_the_planted_barrier_is_crossed_as_fast_as_exactly_predicted(self):
        report = self.compare(0, EXAMPLE, "--device", "twin")
        case = report["cases"][0]
        show_gates(case)
        self.assertEqual(case["verdict"], "AGREES")
        self.check_factors(case, alone=True)
        exchange = case["exchange"]
        self.assertEqual(exchange["factors"][1]["name"], "mag_visible")
        self.assertGreater(exchange["factors"][1]["factor"]["low"], 80)
        self.assertEqual((exchange["rungs"], exchange["lanes"]), (4, 16))
        self.assertGreater(exchange["round_trips_least"], 100)
        self.assertEqual(self.npy_shape("out", "ladder_4", "device.npy"), (16, 10000, 2))
        self.assertEqual(self.npy_shape("out", "ladder_4", "rungs.npy"), (64, 10000, 2))
        self.assertEqual(self.npy_shape("out", "ladder_4", "labels.npy"), (10000, 64))

    def test_faults_of_a_ladder_are_found(self):
        report = self.compare(10, CONTROLS, "--device", "twin")
        failed = {}
        for case in report["cases"]:
            self.assertEqual(case["verdict"], "DIFFERS", case["name"])
            failed[case["name"]] = [g["name"] for g in case["gates"] if g["status"] == "failed"]
            print(case["name"], failed[case["name"]])
            self.assertIn("rung innovations", failed[case["name"]])
        self.assertIn("exchange decisions", failed["swapped_01"])
        self.assertIn("exchange decisions", failed["swapped_23"])

    def test_a_ladder_that_does_not_turn_over_is_unresolved(self):
        # two rungs far apart: 1.4 % of exchanges are accepted
        options = ["--set", "cases.ladder_4.ladder.betas='1 0.125'", "--set", "cases.ladder_4.chains=32",
                   "--set", "cases.ladder_4.ladder.alone_draws=0", "--set", "cases.ladder_4.draws=1000"]
        case = self.compare(11, EXAMPLE, *options)["cases"][0]
        trips = [g for g in case["gates"] if g["name"] == "round trips"][0]
        self.assertEqual(trips["status"], "failed")
        self.assertLess(case["exchange"]["round_trips"], 10)

    def test_a_ladder_that_cannot_be_is_refused_with_what_is_allowed(self):
        for option, message in [
                ("hw.exchange=false", "needs hw.exchange: true"),
                ("cases.ladder_4.ladder.betas='1'", "a ladder has 2 rungs or more"),
                ("cases.ladder_4.ladder.betas='1 x'", "'x' is no beta"),
                ("cases.ladder_4.beta=0.9", "rung 0 of the ladder"),
                ("cases.ladder_4.chains=48", "4 rungs times 16 lanes are 64 chains"),
                ("cases.ladder_4.ladder.rungs=4", "give either betas, or rungs"),
                ("cases.ladder_4.kernel=coin", "do not go together"),
                ("cases.ladder_4.device_pairs=100", "do not go together"),
                ("cases.ladder_4.faults.ladder_swap=3", "no rung 3 with a next one")]:
            done = self.run_program(2, "compare", EXAMPLE, "--set", option)
            self.assertIn(message, " ".join(done.stderr.split()), option)
        done = self.run_program(2, "compare", GRAPH, "--set", "cases[0].kernel=random_site")
        self.assertIn("ladder and kernel random_site do not go together", " ".join(done.stderr.split()))
        self.assertNotIn("sampling", done.stderr)  # told before any work

    def test_longer_ladders_and_both_schemes_have_their_exact_times(self):
        report = self.compare(0, RUNGS, "--device", "twin")
        for case in report["cases"]:
            show_gates(case)
            self.assertEqual(case["verdict"], "AGREES", case["name"])
            self.check_factors(case, alone=False)

    def test_the_rtl_crosses_the_planted_barrier(self):
        options = ["--device", "rtl", "--set", "cases.ladder_4.ladder.alone_draws=0"]
        case = self.compare(0, EXAMPLE, *options)["cases"][0]
        show_gates(case)
        self.check_factors(case, alone=False)
        self.compare(0, EXAMPLE, "--device", "twin", *options[2:], out="twin")
        for name in ("rungs.npy", "labels.npy"):
            self.assertEqual(self.bytes_of("out", "ladder_4", name),
                             self.bytes_of("twin", "ladder_4", name), name)

    def test_ladders_of_a_graph_have_their_exact_times(self):
        for case in self.compare(0, GRAPH)["cases"]:
            gates = {gate["name"]: gate for gate in case["gates"]}
            print(f"{case['name']}: {case['verdict']}")
            show_gates(case)
            self.assertEqual(case["verdict"], "AGREES", case["name"])
            self.assertEqual(gates["tau against exact ladder"]["status"], "passed")
            # energy and magnetisation, of the first case also without exchange
            for factor in case["exchange"]["factors"]:
                self.assertGreater(factor["exact_factor"], 1)
                for measured in ("tau", "tau_alone") if case["name"] == "random" else ("tau",):
                    value = factor[measured]
                    error = math.log(value["high"] / value["low"]) / (2 * 1.96)
                    z = math.log(value["value"] / factor["exact_" + measured]) / error
                    self.assertLess(abs(z), SIGMAS, f"{case['name']} {factor['name']} {measured}")


if __name__ == "__main__":
    unittest.main()
