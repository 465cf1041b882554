"""Random sources in the lattice and the sparse fabric: what they do to samples of a known law."""
import json
import os
import unittest

from harness import SOURCE, ProgramTest

TABLE = os.path.join(SOURCE, "configs", "rng_ab_fabrics.yaml")


def some_cases(names, draws):
    """The committed table, shortened to a few rows and to so many draws."""
    with open(TABLE, encoding="utf-8") as file:
        head, *cases = file.read().split("  - name: ")
    chosen = [c for c in cases if c.split("\n", 1)[0] in names]
    assert len(chosen) == len(names)
    return "  - name: ".join([head, *chosen]).replace("draws: 200000", f"draws: {draws}")


class Sources(ProgramTest):
    def rows(self, config):
        self.run_program(0, "rng", "--ab", config, "--json", "ab.json", "--quiet")
        with open(self.path("ab.json"), encoding="utf-8") as file:
            rows = {row["name"]: row for row in json.load(file)["cases"]}
        for name, r in rows.items():
            print(f"{name}: TV {r['total_variation']:.5f}, null {r['total_variation_null_mean']:.5f}"
                  f" +- {r['total_variation_error']:.5f}, beta {100 * r['beta_error']['value']:+.3f} %,"
                  f" p {r['innovation_p']:.2g}, {r['fault']}")
        return rows

    def check(self, rows):
        for name, r in rows.items():
            tv, null, error = (r["total_variation" + part] for part in ("", "_null_mean", "_error"))
            half = (r["beta_error"]["high"] - r["beta_error"]["low"]) / 2
            if "_by_" in name:
                self.assertGreater(tv, 5 * null, name)
                self.assertGreater(tv - null, 50 * error, name)
                self.assertLess(r["innovation_p"], 1e-100, name)
                self.assertNotEqual(r["fault"], "none", name)
            elif name.endswith("_lfsr_1"):
                self.assertGreater(tv, 0.05, name)
                self.assertGreater(tv - null, 50 * error, name)
                self.assertLess(r["innovation_p"], 1e-100, name)
                self.assertNotEqual(r["fault"], "none", name)
                self.assertGreater(abs(r["beta_error"]["value"]), 4 * half, name)
            else:
                # 5 standard errors of a jackknife over 16 chains; 2.5 halves of a 95 % interval
                self.assertLess(abs(tv - null), 5 * error, name)
                self.assertLess(abs(r["beta_error"]["value"]), 2.5 * half, name)
            if name.endswith(("_xoshiro", "_xorshift")):
                self.assertGreater(r["innovation_p"], 1e-4, name)
                self.assertEqual(r["fault"], "none", name)

    def test_one_step_of_the_lfsr_is_wrong_in_every_fabric_and_xoshiro_is_not(self):
        with open(self.path("c.yaml"), "w", encoding="utf-8") as file:
            file.write(some_cases(["torus_xoshiro", "torus_lfsr_1", "complete_xoshiro",
                                   "torus_xoshiro_by_8", "complete_lfsr_1",
                                   "regular_xoshiro", "regular_lfsr_1"], 20000))
        rows = self.rows("c.yaml")
        self.assertEqual([r["fabric"] for r in rows.values()], ["lattice"] * 3 + ["sparse"] * 4)
        self.check(rows)

    def test_the_table_of_sources_in_lattice_and_sparse_fabric_holds(self):
        rows = self.rows(TABLE)
        self.check(rows)
        self.assertEqual(len(rows), 31)
        # successive words of eight steps have a correlation of 2^-8: no matter to TV
        for name in ("torus_lfsr_8", "complete_lfsr_8"):
            self.assertLess(rows[name]["innovation_p"], 1e-12, name)
            self.assertEqual(rows[name]["fault"], "cross", name)
        # two words of one generator for the two ends of an edge, one after the other
        self.assertLess(rows["torus_colour_lfsr_8"]["innovation_p"], 1e-5)
        # one word for all p-bits of a colour: only pairs show it, single p-bits and beta do not
        for name in ("torus_xoshiro_by_8", "grid_hot_xoshiro_by_8", "grid_cold_xoshiro_by_8"):
            self.assertEqual(rows[name]["fault"], "cross", name)
        for name in ("torus_lfsr_32", "complete_lfsr_32", "regular_lfsr_32"):
            self.assertGreater(rows[name]["innovation_p"], 1e-4, name)
        # tau moves where a p-bit is drawn for again after two words of its generator
        for name, key in (("grid_hot_lfsr_1", "tau_energy_ratio"),
                          ("grid_cold_lfsr_1", "tau_energy_ratio"),
                          ("torus_colour_lfsr_1", "tau_slowest_ratio")):
            r = rows[name][key]
            self.assertGreater(abs(r["value"] - 1), 3 * (r["high"] - r["low"]) / 2, name)


if __name__ == "__main__":
    unittest.main()
