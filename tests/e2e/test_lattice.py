"""The lattice fabric as a user meets it: the worked example, planted faults, models that do not fit."""
import os
import unittest

from harness import SOURCE, ProgramTest, show_gates

EXAMPLE = os.path.join(SOURCE, "configs", "lattice.yaml")
CONTROLS = os.path.join(SOURCE, "configs", "lattice_controls.yaml")


class Lattice(ProgramTest):
    def test_the_lattice_example_agrees_on_the_twin(self):
        report = self.compare(0, EXAMPLE, "--device", "twin")
        self.assertEqual(report["verdict"], "AGREES")
        for case in report["cases"]:
            print(f"{case['name']}: {case['verdict']}")
            show_gates(case)
            self.assertEqual(case["verdict"], "AGREES", case["name"])
            self.assertEqual(case["hw"]["fabric"], "lattice")
        self.assertEqual([case["hw"]["side"] for case in report["cases"]], [4, 4, 20])
        self.assertEqual(report["cases"][2]["hw"]["rules"], "0,1 4,1")

    def test_an_edge_changed_at_one_end_is_found(self):
        report = self.compare(10, CONTROLS, "--device", "twin")
        cases = {case["name"]: case for case in report["cases"]}
        self.assertEqual(cases["sound"]["verdict"], "AGREES")
        for name in ("edge_changed_at_one_end", "stale_row"):
            self.assertEqual(cases[name]["verdict"], "DIFFERS", name)
            gates = [g for g in cases[name]["gates"] if not g["passed"] and g["alpha"] is not None]
            self.assertLess(min(g["p_value"] / g["alpha"] for g in gates), 1e-3, name)
        # the end that was changed is even site 3
        self.assertIn("gain of p-bit 3 wrong", cases["edge_changed_at_one_end"]["gate"])

    def test_a_lattice_that_cannot_be_is_refused_with_what_is_allowed(self):
        for option, message in [
                ("hw.side=5", "side is 5, must be even"),
                ("hw.side=130", "side: 130 is out of range: 0..128"),
                ("hw.rules='0,1 1,1'", "rule 1 is (1, 1): a + b must be odd"),
                ("hw.rules='0,1 3,0'", "reach the same neighbour on a side of 4"),
                ("hw.graph=g5", "'g5' is none of g4, g8"),
                ("hw.graph=custom", "'custom' needs `rules`"),
                ("hw.sites_per_clock=3", "a divisor of 2"),
                ("hw.fabric=dense", "lattice: needs hw.fabric: lattice")]:
            done = self.run_program(2, "compare", CONTROLS, "--set", option)
            self.assertIn(message, " ".join(done.stderr.split()), option)


if __name__ == "__main__":
    unittest.main()
