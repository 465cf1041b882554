"""The devices that are built, by the names that the twin's server gives to their parameters (docs/hil.md)."""
import json
import os

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

COMMON = dict(fabric=1, n_visible=0, n_hidden=0, weight_int=5, weight_frac=6, beta_int=4, beta_frac=12,
              table_size=64, table_range_log2=4, threshold_bits=16, rounding=1, generator=0, lfsr_steps=8,
              field_bits=32)
SHAPES = {
    "example": dict(n_visible=6, n_hidden=6, replicas=1, lanes=1),  # of docs/hil.md
    # frames of three words; an LFSR beside the others' xoshiro
    "dense": dict(n_visible=9, n_hidden=8, replicas=4, lanes=4, generator=1),
    # frames of exactly two words, two contexts
    "lattice": dict(fabric=2, side=4, n_visible=8, n_hidden=8, lattice_sites=2, n_rules=1, b0=1, replicas=8,
                    lanes=4),
    # frames of one word
    "sparse": dict(fabric=3, pbits=12, edge_rows=48, groups=10, sparse_sites=2, replicas=4, lanes=2),
    # every option of the device
    "options": dict(n_visible=5, n_hidden=4, replicas=6, lanes=2, exchange=1, statistics=1, stat_pairs=5,
                    trace=1),
}


def registers():
    """Name -> register of docs/registers.json."""
    with open(os.path.join(ROOT, "docs", "registers.json"), encoding="utf-8") as file:
        return {r["name"]: r for r in json.load(file)["registers"]}


class Hardware:
    """One of SHAPES: what is fixed in silicon."""

    def __init__(self, name):
        self.name = name
        self.words = {**COMMON, **SHAPES[name]}
        self.trace = self.words.get("trace", 0)
        self.twin = {k: v for k, v in self.words.items() if k != "trace"}  # the twin has no trace port
        w = self.words
        self.fabric = ("dense", "lattice", "sparse")[w["fabric"] - 1]
        self.lanes, self.replicas = w["lanes"], w["replicas"]
        self.contexts = self.replicas // self.lanes
        self.sites = w.get("lattice_sites", 0) or w.get("sparse_sites", 0) or 1
        self.cells = self.sites * self.lanes
        self.pbits = w.get("pbits", 0) or w["n_visible"] + w["n_hidden"]
        self.statistics, self.exchange = w.get("statistics", 0), w.get("exchange", 0)

    def parameters(self):
        """Those of pbit_top."""
        w = self.words
        log2 = w["table_size"].bit_length() - 1
        out = dict(Visible=w["n_visible"], Hidden=w["n_hidden"], Replicas=self.replicas, Lanes=self.lanes,
                   WeightBits=1 + w["weight_int"] + w["weight_frac"], WeightFrac=w["weight_frac"],
                   BetaBits=w["beta_int"] + w["beta_frac"], BetaFrac=w["beta_frac"], TableLog2=log2,
                   RangeLog2=w["table_range_log2"], ThresholdBits=w["threshold_bits"],
                   Rounding=w["rounding"], Generator=w["generator"], LfsrSteps=w["lfsr_steps"],
                   FieldBits=w["field_bits"], IsSim=1, Fabric=w["fabric"], Exchange=self.exchange,
                   Statistics=self.statistics, StatPairs=w.get("stat_pairs", 0), Trace=self.trace)
        if self.fabric == "lattice":
            out.update(Side=w["side"], Sites=self.sites, NRules=w["n_rules"], RuleA=w.get("a0", 0),
                       RuleB=w["b0"])
        if self.fabric == "sparse":
            out.update(Pbits=w["pbits"], EdgeRows=w["edge_rows"], Groups=w["groups"], Sites=self.sites)
        return out
