"""The verdict: planted faults are found, sound devices agree, samples match the exact law.

Bounds and false-alarm probabilities: docs/testing.md, Statistical bounds."""
import collections
import concurrent.futures
import os
import re
import shutil
import subprocess
import unittest

from harness import HERE, PROGRAM, SOURCE, ProgramTest, show_gates

NEGATIVE = os.path.join(SOURCE, "configs", "negative_controls.yaml")
SOUND = os.path.join(HERE, "sound.yaml")
EXACT = os.path.join(HERE, "exact.yaml")
FAULTS = ["beta_2_percent_high", "lfsr_1_step", "truncating_table_index", "one_weight_wrong",
          "one_stale_row"]
# every gate must see the fault that is its business
SEEN_BY = {
    "beta_2_percent_high": ["device innovations", "energy histogram", "state frequencies",
                            "moments against exact law"],
    "lfsr_1_step": ["transitions"],
    "truncating_table_index": ["first moments against reference"],
    "one_stale_row": ["tau against exact kernel"],
}


class Verdict(ProgramTest):
    def every_fault_is_found(self, *options):
        report = self.compare(10, NEGATIVE, *options)
        self.assertEqual(report["verdict"], "DIFFERS")
        cases = {case["name"]: case for case in report["cases"]}
        self.assertEqual(set(cases), {"sound", "sound_table_256", *FAULTS})
        for name, case in cases.items():
            print(f"{name}: {case['verdict']} by {case['gate']}")
            show_gates(case)
            self.assertEqual(case["verdict"], "DIFFERS" if name in FAULTS else "AGREES", name)
        for name in FAULTS:
            # 1000 times below the bound: no lucky seed
            gates = [g for g in cases[name]["gates"] if not g["passed"] and g["alpha"] is not None]
            self.assertLess(min(g["p_value"] / g["alpha"] for g in gates), 1e-3, name)
            p_values = {g["name"]: g["p_value"] / g["alpha"] for g in gates}
            for gate in SEEN_BY.get(name, []):
                self.assertLess(p_values.get(gate, 1), 1e-3, f"{name}: {gate}")
        return report

    def test_every_fault_is_found_on_the_twin(self):
        self.every_fault_is_found("--device", "twin")
        self.assertLess(self.cpu_seconds, 30 * len(FAULTS))

    def test_every_fault_is_found_on_the_rtl(self):
        self.run_program(0, "lockstep", NEGATIVE, "--set", "lockstep.sweeps=1")  # compiles
        self.every_fault_is_found("--device", "rtl")
        self.assertLess(self.cpu_seconds, 30 * len(FAULTS))

    def refused(self, device, *fault):
        options = [word for key in (*fault, "before_hash=true")
                   for word in ("--set", f"cases.sound.faults.{key}")]
        done = self.run_program(3, "compare", SOUND, "--device", device, *options)
        self.assertIn("image hash mismatch", done.stderr)
        self.assertFalse(os.path.exists(self.path("results", "sound", "report.json")))

    wrong_weight = ["weight.row=2", "weight.col=3", "weight.offset=8"]
    stale_row = ["stale_row=2"]

    def test_a_wrong_weight_before_the_hash_is_refused_by_the_twin(self):
        self.refused("twin", *self.wrong_weight)

    def test_a_wrong_weight_before_the_hash_is_refused_by_the_rtl(self):
        self.refused("rtl", *self.wrong_weight)

    def test_a_stale_row_before_the_hash_is_refused_by_the_twin(self):
        self.refused("twin", *self.stale_row)

    def test_a_stale_row_before_the_hash_is_refused_by_the_rtl(self):
        self.refused("rtl", *self.stale_row)

    def test_the_sound_device_agrees_on_20_of_20_seeds(self):
        for seed in range(1, 21):
            report = self.compare(0, SOUND, "--seed", str(seed))
            self.assertEqual(report["verdict"], "AGREES", f"seed {seed}")

    def test_beta_is_obeyed_to_a_twentieth_of_a_percent(self):
        """Nightly. Lattice and graphs: the implied error is below .05 %, known to .03 %; a beta that
        is 1 % high is seen. (At beta 1 the table has the same entries for .1 % more.)"""
        config = os.path.join(SOURCE, "configs", "beta_error.yaml")
        names = ("torus_4x4", "complete_12", "regular_12")
        for case in self.compare(None, config)["cases"]:
            error = case["innovations"]["device"]["implied_beta_error"]
            print(f"{case['name']}: {error['value']:.2e} [{error['low']:.2e}, {error['high']:.2e}]")
            self.assertLess(abs(error["value"]), 5e-4, case["name"])
            self.assertLess(error["high"] - error["low"], 6e-4, case["name"])
        gain = [part for name in names for part in ("--set", f"cases.{name}.faults.beta_gain=1.01")]
        for case in self.compare(10, config, *gain)["cases"]:
            self.assertGreater(case["innovations"]["device"]["implied_beta_error"]["low"], 5e-4)

    def test_the_sound_device_differs_on_at_most_2_of_2000_seeds(self):
        """Nightly. alpha is 1e-4 a run, .2 expected; 3 or more happen with probability 1e-3. The
        chains are shorter than elsewhere. UNRESOLVED counts apart: that gate's level is .01."""
        verdicts = collections.Counter()
        seeds = int(os.environ.get("PBITLOOP_SEEDS", "2000"))

        def verdict(seed):
            out = self.path(str(seed))
            done = subprocess.run(
                [PROGRAM, "compare", SOUND, "--out", out, "--quiet", "--threads", "1", "--seed",
                 str(seed), "--set", "cases.sound.draws=6000"],
                capture_output=True, text=True, check=False)
            self.assertIn(done.returncode, (0, 10, 11), done.stderr)
            shutil.rmtree(out)
            return {0: "AGREES", 10: "DIFFERS", 11: "UNRESOLVED"}[done.returncode]

        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for found in pool.map(verdict, range(1000, 1000 + seeds)):
                verdicts[found] += 1
        print(dict(verdicts))
        self.assertLessEqual(verdicts["DIFFERS"], 2)
        self.assertLessEqual(verdicts["UNRESOLVED"], 0.03 * seeds)

    def gates_of(self, case):
        return {gate["name"]: gate for gate in case["gates"]}

    def test_a_temperature_error_is_seen_against_a_coupled_reference(self):
        """No exact law: 10 % of beta show in the energies and in the chain means."""
        case = self.compare(10, SOUND, "--set", "cases.sound.exact=false", "--set",
                            "cases.sound.faults.beta_gain=1.1")["cases"][0]
        show_gates(case)
        ladder = case["reference_ladder"]
        self.assertEqual((ladder["rung"], ladder["n_met"]), ("COUPLED", 512))
        self.assertEqual(len(ladder["meeting"]), 512)
        self.assertLessEqual(ladder["tv_bound_upper"], 0.01)
        gates = self.gates_of(case)
        for name in ("energy histogram", "observables against reference"):
            self.assertEqual(gates[name]["status"], "failed", name)
        error = case["energy"]["beta_error"]  # its own 95 % interval
        self.assertTrue(error["low"] <= 0.1 <= error["high"], error)

    def test_a_reference_without_evidence_is_unresolved_by_name(self):
        """Six chains have no two halves of four, and no pairs were coupled."""
        options = ["--set", "cases.sound.exact=false", "--set", "cases.sound.coupled_pairs=0",
                   "--set", "cases.sound.chains=6"]
        case = self.compare(11, SOUND, *options)["cases"][0]
        self.assertTrue(case["gate"].startswith("reference: REF_UNCONVERGED"), case["gate"])
        self.assertEqual(self.gates_of(case)["chains resolved"]["status"], "passed")
        # what leans on the reference does not count, the innovations do
        case = self.compare(10, SOUND, *options, "--set",
                            "cases.sound.faults.beta_gain=1.1")["cases"][0]
        self.assertTrue(case["gate"].startswith("device innovations"), case["gate"])
        self.assertEqual(self.gates_of(case)["energy histogram"]["status"], "not counted")

    def test_a_slow_chain_names_its_clause_and_a_lower_bound_of_tau(self):
        small = ["visible=4", "hidden=4", "scale=2"]
        case = self.compare(11, SOUND, "--set", "cases.sound.draws=2000",
                            *(word for key in small
                              for word in ("--set", f"cases.sound.random.{key}")))["cases"][0]
        print(case["gate"])
        found = re.search(r"chains resolved: (device|reference) of (\w+) unresolved: "
                          r"clause \(([a-f])\), .*; tau at least ([\d.]+) sweeps", case["gate"])
        self.assertIsNotNone(found, case["gate"])
        side, name, clause, bound = found.groups()
        observable = {o["name"]: o for o in case["observables"]}[name]
        self.assertEqual(observable[side]["clause"], clause)
        self.assertLess(float(bound), observable["exact_tau"])  # a 95 % limit
        self.assertGreater(float(bound), 1)

    def pairs(self, expected, n_pairs, *keys, device="twin"):
        """A case with pairs of replicas coupled in the device, its record of them and its gates."""
        options = [word for key in (f"device_pairs={n_pairs}", *keys)
                   for word in ("--set", f"cases.sound.{key}")]
        case = self.compare(expected, SOUND, "--device", device, *options)["cases"][0]
        found = case["device_pairs"]
        print(f"  pairs: {found['n_met']} of {found['n_pairs']} met, mean {found['meeting_mean']}, "
              f"95 % {found['meeting_q95']}, bound {found['tv_bound_upper']}, p {found['p_value']}")
        return case, found, self.gates_of(case)

    BURN_IN, UNBIASED = "device burn-in", "unbiased means against reference"

    def test_a_device_that_couples_its_replicas_agrees_without_burn_in_bias(self):
        for exact in ("true", "false"):
            case, found, gates = self.pairs(0, 512, f"exact={exact}")
            self.assertEqual((found["n_pairs"], found["n_met"]), (512, 512))
            self.assertLessEqual(found["tv_bound_upper"], 0.01)
            self.assertEqual(gates[self.BURN_IN]["status"], "passed")
            self.assertIsNone(gates[self.BURN_IN]["alpha"])
            # one gate more to share the level of the verdict
            self.assertAlmostEqual(gates[self.UNBIASED]["alpha"], 1e-4 / 11, delta=1e-12)
            self.assertEqual(gates[self.UNBIASED]["needs_mixing"], exact == "false")
            self.assertEqual([m["name"] for m in found["means"]],
                             [o["name"] for o in case["observables"]])
            self.assertEqual(len(found["meeting"]), 512)
            for mean in found["means"]:
                self.assertLess(abs(mean["t"]), 4.5, mean)
                self.assertEqual(mean["reference_error"] == 0, exact == "true")

    def test_the_software_coupling_meets_as_late_as_the_device(self):
        """Same kernel, same start: two estimates of one mean meeting time, 512 pairs each."""
        case, found, _ = self.pairs(0, 512, "exact=false")
        other = case["reference_ladder"]
        self.assertEqual(other["n_pairs"], 512)

        def spread(times):
            mean = sum(times) / len(times)
            return sum((t - mean) ** 2 for t in times) / (len(times) - 1) / len(times)

        error = (spread(found["meeting"]) + spread(other["meeting"])) ** 0.5
        z = (found["meeting_mean"] - other["meeting_mean"]) / error
        print(f"  device {found['meeting_mean']}, software {other['meeting_mean']}: z = {z:.2f}")
        self.assertLess(abs(z), 4.5)

    def test_unbiased_means_see_a_temperature_error(self):
        _, _, gates = self.pairs(10, 512, "faults.beta_gain=1.05")
        gate = gates[self.UNBIASED]
        self.assertEqual(gate["status"], "failed")
        self.assertLess(gate["p_value"] / gate["alpha"], 1e-3)
        self.assertEqual(gates[self.BURN_IN]["status"], "passed")
        self.assertIn("temperature wrong", gates["device innovations"]["detail"])

    def test_a_burn_in_that_is_too_short_is_unresolved_by_name(self):
        slow = "random.scale=0.7"
        case, found, gates = self.pairs(11, 512, slow, "burn_in_sweeps=1")
        self.assertTrue(case["gate"].startswith(self.BURN_IN), case["gate"])
        self.assertEqual(gates[self.BURN_IN]["status"], "failed")
        self.assertEqual(gates["chains resolved"]["status"], "passed")
        self.assertEqual(gates[self.UNBIASED]["status"], "passed")  # needs no burn-in
        self.assertGreater(found["meeting_mean"], 5)
        # the same pairs, 200 sweeps later
        _, again, gates = self.pairs(0, 512, slow)
        self.assertEqual(gates[self.BURN_IN]["status"], "passed")
        self.assertEqual(again["meeting"], found["meeting"])

    def test_a_short_burn_in_takes_the_gates_that_need_mixing_with_it(self):
        _, _, gates = self.pairs(10, 512, "random.scale=0.7", "burn_in_sweeps=1",
                                 "faults.beta_gain=1.05")
        self.assertEqual(gates["energy histogram"]["status"], "not counted")
        self.assertEqual(gates["device innovations"]["status"], "failed")
        self.assertEqual(gates[self.UNBIASED]["status"], "failed")  # against an exact law

    def test_pairs_that_never_meet_bound_nothing(self):
        _, found, gates = self.pairs(12, 50, "random.visible=4", "random.hidden=4",
                                     "random.scale=4", "draws=2000")  # FROZEN
        self.assertLess(found["n_met"], found["n_pairs"])
        self.assertIsNone(found["tv_bound_upper"])
        self.assertEqual(found["means"], [])
        self.assertEqual(gates[self.BURN_IN]["status"], "failed")
        self.assertNotIn(self.UNBIASED, gates)

    def test_pairs_that_cannot_be_are_refused_by_name(self):
        for keys, words in ((["device_pairs=20"], "at least 50"),
                            (["device_pairs=64", "clamp=0"], "clamp"),
                            (["device_pairs=64", "hw.lanes=1"], "hw.lanes")):
            options = [word for key in keys for word in ("--set", f"cases.sound.{key}")]
            done = self.run_program(2, "compare", SOUND, *options)
            self.assertIn("device_pairs", done.stderr)
            self.assertIn(words, done.stderr)

    def test_pairs_of_the_rtl_are_those_of_the_twin(self):
        rtl, twin = (self.pairs(0, 64, device=device)[1] for device in ("rtl", "twin"))
        self.assertEqual(rtl["n_met"], 64)
        self.assertEqual(rtl, twin)

    def samples_match_the_exact_law(self, device):
        case = self.compare(0, EXACT, "--device", device)["cases"][0]
        show_gates(case)
        self.assertGreaterEqual(case["chains"] * case["draws"] * 12, 10**7)
        gates = {gate["name"]: gate for gate in case["gates"]}
        moments = gates["moments against exact law"]
        self.assertIn("78 moments", moments["detail"])  # 12 first, 66 second
        self.assertLess(abs(moments["statistic"]), 4)  # the largest of the 78 standard scores
        self.assertEqual(len(case["observables"]), 15)
        for observable in case["observables"]:
            tau, exact = observable["tau"]["device"]["value"], observable["exact_tau"]
            print(f"  tau of {observable['name']}: {tau:.4f} against {exact:.4f}")
            self.assertLess(abs(tau / exact - 1), 0.05, observable["name"])
        q = case["q_op"]
        print(f"  Q_op {q['device']['value']} [{q['device']['low']}, {q['device']['high']}] "
              f"against {q['exact']}")
        self.assertLessEqual(q["device"]["low"], q["exact"])
        self.assertGreaterEqual(q["device"]["high"], q["exact"])

    def test_samples_of_the_twin_match_the_exact_law(self):
        self.samples_match_the_exact_law("twin")

    def test_samples_of_the_rtl_match_the_exact_law(self):
        self.samples_match_the_exact_law("rtl")


if __name__ == "__main__":
    unittest.main()
