#!/usr/bin/env python3
"""Checks report.json, report.html and report.txt of the fixture: check_report.py PROGRAM.

Standard library only. PROGRAM writes the three files into the folder it is given."""
import html.parser
import json
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HOSTILE = "</script><script>alert(1)</script>&\"'"
VOID = {"meta", "link", "br", "hr", "img", "input", "line", "circle"}


def refuse(constant):
    raise ValueError(f"not JSON: {constant}")


def load(text):
    return json.loads(text, parse_constant=refuse)


class Page(html.parser.HTMLParser):
    """Keeps the open elements; a stray or missing end tag is an error."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.scripts, self.text, self.faults = [], [], [], []
        self.links = []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "href") and not (value or "").startswith("#"):
                self.links.append((tag, name, value))
            if name.startswith("on"):
                self.faults.append(f"handler {name} in <{tag}>")
        if tag == "script":
            self.scripts.append([dict(attrs), ""])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"unexpected </{tag}> at {self.getpos()}")

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.scripts[-1][1] += data
        elif self.open and self.open[-1] != "style":
            self.text.append(data)


def check_estimate(e, where):
    assert set(e) >= {"value", "low", "high"}, where


def check_json(report):
    top = {"schema", "program", "versions", "started", "seconds", "verdict", "exit_code", "seed",
           "backend", "config", "cases"}
    assert set(report) == top, set(report) ^ top
    assert report["schema"] == 1 and report["verdict"] == "DIFFERS" and report["exit_code"] == 10
    assert report["config"]["name"] == "fixture" and report["config"]["path"].endswith(".yaml")
    assert len(report["config"]["resolved"]) > 100
    assert len(report["cases"]) == 2
    for case in report["cases"]:
        for key in ("name verdict gate sizes model kernel chains draws every burn_in q_window hw "
                    "beta_word image_hash quantisation observables q_op innovations gates moments "
                    "energy reference_ladder counters timings").split():
            assert key in case, key
        for gate in case["gates"]:
            assert set(gate) == {"name", "status", "passed", "statistic", "threshold", "p_value",
                                 "alpha", "needs_mixing", "would_see", "would_see_of", "detail"}
            assert gate["passed"] == (gate["status"] == "passed")
        check_estimate(case["energy"]["beta_error"], "energy")
        for key in "rung reason n_pairs n_met meeting tv_bound_upper halves_p q_change".split():
            assert key in case["reference_ladder"], key
        for o in case["observables"]:
            for quantity in ("tau", "ess", "q_op"):
                for side in ("device", "reference"):
                    check_estimate(o[quantity][side], (quantity, side))
            for side in ("device", "reference"):
                check_estimate(o[side]["tau"], side)
                check_estimate(o[side]["ess"], side)
                assert set(o[side]["acf"]) == {"lag", "rho", "error"}
                for key in "mean mcse split_rhat resolution gate tau_chain_means".split():
                    assert key in o[side], key
                assert {"tau_tail", "tau_exp_max", "spread_bound", "doubling_bound", "agreement",
                        "one_switch"} <= set(o[side]["clauses"])
                assert "trace" not in o[side]
        for side in ("device", "reference"):
            check_estimate(case["q_op"][side], side)
            check_estimate(case["innovations"][side]["implied_beta_error"], side)


def check_values(report):
    agrees, differs = report["cases"]
    tau = agrees["observables"][0]["tau"]["device"]
    assert tau["value"] == 12.4 and math.isclose(tau["high"], 12.4 * 1.07, rel_tol=1e-14)
    assert agrees["observables"][0]["device"]["tau"] == tau
    # 64 chains x 2000 draws over 2 tau; the reference's tau is 2 % longer
    ess = agrees["observables"][0]["ess"]
    assert math.isclose(ess["device"]["value"], 64000 / 12.4, rel_tol=1e-12)
    assert math.isclose(ess["reference"]["value"], 64000 / (12.4 * 1.02), rel_tol=1e-12)
    assert agrees["observables"][2]["q_op"]["reference"]["value"] == 0.129
    assert agrees["image_hash"] == "0xdeadbeef" and agrees["q_op"]["exact"] == 0.131
    assert len(agrees["observables"][0]["device"]["acf"]["rho"]) == 120
    # unknown numbers are null, never NaN
    assert differs["q_op"]["exact"] is None and differs["observables"][0]["exact_tau"] is None
    assert differs["observables"][2]["tau"]["reference"]["value"] is None
    assert differs["observables"][2]["reference"]["resolution"]
    assert differs["innovations"]["reference"]["p_value"] is None
    assert differs["innovations"]["device"]["families"][0]["worst_b"] is None
    assert differs["name"].startswith(HOSTILE)
    assert [g["passed"] for g in differs["gates"]] == [False, True]
    assert differs["gates"][1]["p_value"] is None


def check_html(text, report):
    page = Page()
    page.feed(text)
    page.close()
    assert not page.faults, page.faults
    assert not page.open, page.open
    assert not page.links, page.links
    # the hostile names neither end the data island nor start a script of their own
    assert len(page.scripts) == 3, [s[0] for s in page.scripts]
    assert not any("alert(1)" in code for attrs, code in page.scripts if not attrs)
    # not even "<!--", which would change how the browser looks for the end of the script
    assert "<" not in page.scripts[0][1]
    island = load(page.scripts[0][1])
    assert island["cases"][1]["name"] == report["cases"][1]["name"]
    assert len(island["cases"][0]["observables"][0]["device"]["trace"]["sweep"]) == 512
    assert island["cases"][1]["observables"][3]["device"]["trace"]["chain0"][5] is None
    assert len(island["cases"][0]["images"]["reference"]) == 16
    assert len(island["cases"][0]["images"]["reference"][0]) == 64
    assert "images" not in island["cases"][1]
    shown = "".join(page.text)
    assert HOSTILE in shown and "DIFFERS" in shown and "AGREES" in shown
    assert "> 812.5 unresolved" in shown and "frozen" in shown
    assert "12.40 [11.53, 13.27]" in shown
    # one offline file: the only address is uPlot's own notice in a comment
    addresses = set(re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]+[^\s\"')]*", text))
    assert addresses <= {"https://github.com/leeoniya/uPlot"}, addresses
    assert "@import" not in text and "url(" not in text


def check_text(text):
    widest = max(text.splitlines(), key=len)
    assert len(widest) <= 100, (len(widest), widest)
    assert "VERDICT AGREES (all 2 gates passed)" in text
    assert "VERDICT DIFFERS (1 of 2 gates failed: device innovations: gain, z = 9.1)" in text
    assert "\033" not in text and "nan" not in text.lower()


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        assert sorted(p.name for p in Path(folder).iterdir()) == [
            "report.html", "report.json", "report.txt"]
        report = load(Path(folder, "report.json").read_text())
        check_json(report)
        check_values(report)
        check_html(Path(folder, "report.html").read_text(), report)
        check_text(Path(folder, "report.txt").read_text())
    print("report.json, report.html and report.txt hold what docs/report.md promises")


if __name__ == "__main__":
    main()
