"""Run control as a user meets it: kernel coin, annealing, and what cannot be."""
import os
import unittest

from harness import SOURCE, ProgramTest, show_gates

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "control.yaml")
KERNELS = os.path.join(SOURCE, "configs", "kernels.yaml")
NAMES = [f"{fabric}_{kernel}" for fabric in ("dense", "lattice", "sparse")
         for kernel in ("cyclic", "palindromic", "coin")] + ["sparse_random_site"]


class Control(ProgramTest):
    def test_coin_and_annealing_agree_and_a_wrong_weight_does_not(self):
        report = self.compare(10, CASES)
        cases = {case["name"]: case for case in report["cases"]}
        for name, case in cases.items():
            print(f"{name}: {case['verdict']}")
            show_gates(case)
            wanted = "DIFFERS" if name == "coin_wrong_weight" else "AGREES"
            self.assertEqual(case["verdict"], wanted, name)
        tested = {name: {gate["name"] for gate in case["gates"]} for name, case in cases.items()}
        # chains that share coins have no transition counts
        self.assertIn("transitions", tested["coin"])
        self.assertNotIn("transitions", tested["coin_shared_every_3"])
        gates = [g for g in cases["coin_wrong_weight"]["gates"]
                 if not g["passed"] and g["alpha"] is not None]
        self.assertLess(min(g["p_value"] / g["alpha"] for g in gates), 1e-3)

    def test_a_schedule_or_coin_that_cannot_be_is_refused_by_name(self):
        for option, message in [
                ("annealed.schedule.entries=0.1..0.8/8:40", "its last beta is 0.8"),
                ("annealed.burn_in_sweeps=319", "320 sweeps come before its last entry"),
                ("annealed.schedule.entries=0.1:0 0.81:1", "neither BETA:SWEEPS nor"),
                ("annealed.schedule.entries=99:1 0.81:1", "beta 99 does not fit"),
                ("annealed.schedule.repeat=true", "only for pbitloop lockstep"),
                ("annealed.regulator.freeze=true", "only for pbitloop lockstep"),
                ("annealed.faults.beta_gain=1.1", "has no effect where a schedule sets beta"),
                ("coin.device_pairs=64", "device_pairs"),
                ("coin.kernel=toss", "none of cyclic, palindromic, coin")]:
            done = self.run_program(2, "compare", CASES, "--set", f"cases.{option}")
            self.assertIn(message, " ".join(done.stderr.split()), option)

    def test_every_fabric_has_the_law_of_every_kernel(self):
        cases = self.compare(0, KERNELS)["cases"]
        self.assertEqual([case["name"] for case in cases], NAMES)
        for case in cases:
            gates = {gate["name"]: gate for gate in case["gates"]}
            print(f"{case['name']}: {case['verdict']}")
            self.assertEqual(case["verdict"], "AGREES", case["name"])
            self.assertEqual(f"{case['hw']['fabric']}_{case['kernel']}", case["name"])
            tests = ["moments against exact law", "tau against exact kernel", "energy histogram"]
            if case["kernel"] != "random_site":  # samples do not show the picks
                tests.append("device innovations")
            if case["hw"]["fabric"] != "lattice":  # 16 p-bits: too many states to count
                tests += ["state frequencies", "transitions"]
            for name in tests:
                self.assertEqual(gates[name]["status"], "passed", f"{case['name']}: {name}")

    def test_every_fabric_shows_a_wrong_beta_under_every_kernel(self):
        options = [word for name in NAMES
                   for word in ("--set", f"cases.{name}.faults.beta_gain=1.05")]
        for case in self.compare(10, KERNELS, *options)["cases"]:
            print(f"{case['name']}: {case['verdict']}, {case['gate']}")
            self.assertEqual(case["verdict"], "DIFFERS", case["name"])


if __name__ == "__main__":
    unittest.main()
