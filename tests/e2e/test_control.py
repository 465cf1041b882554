"""Run control as a user meets it: kernel coin, annealing, and what cannot be."""
import os
import unittest

from harness import ProgramTest, show_gates

CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "control.yaml")


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


if __name__ == "__main__":
    unittest.main()
