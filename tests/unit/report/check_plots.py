#!/usr/bin/env python3
"""The drawn plots of report.html: check_plots.py PROGRAM. Standard library only.

PROGRAM writes filled.html, where every plot has data, and empty.html, whose first case has none:
constant chains, one chain, no moments. Each check is also shown to fail on a page spoiled for it."""
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

PLOTS = {"activation", "beta", "qq", "energy", "meeting", "times", "correlation", "traces"}
OPTIONAL = {"device-meeting"}  # nothing at all where no replicas were coupled
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
GEOMETRY = {"x", "y", "width", "height", "cx", "cy", "r", "d", "transform", "viewBox"}


def case(page, index):
    """The section of one case."""
    start = page.index(f'<section id="case-{index}">')
    return page[start:page.index("</section>", start) + len("</section>")]


def figures(section):
    """kind: XML element of every drawn figure; an unbalanced tag raises ParseError."""
    out = {}
    for text in re.findall(r'<figure class="drawn".*?</figure>', section, re.S):
        element = ElementTree.fromstring(text)
        assert element.get("data-plot") not in out, element.get("data-plot")
        out[element.get("data-plot")] = element
    return out


def check_numbers(element):
    """Every coordinate is a finite number inside the view box."""
    for drawing in element.iter("svg"):
        assert drawing.get("aria-label"), "a drawing without a label"
        _, _, width, height = map(float, drawing.get("viewBox").split())
        for part in drawing.iter():
            for name in GEOMETRY & set(part.attrib):
                value = part.get(name)
                assert not re.search("nan|inf", value, re.I), (name, value)
                left = NUMBER.sub("", value)
                assert re.fullmatch(r"[MLHVZhvml ,()a-z]*", left), (name, value)
            for name, limit in (("x", width), ("cx", width), ("y", height), ("cy", height)):
                if name in part.attrib:
                    assert -1 <= float(part.get(name)) <= limit + 1, (name, part.attrib)
            for x, y in re.findall(r"[ML]([-\d.]+) ([-\d.]+)", part.get("d", "")):
                assert -1 <= float(x) <= width + 1 and -1 <= float(y) <= height + 1, part.get("d")


def check_page(page, plots):
    assert not re.search(r">\s*[-+]?(nan|inf)\b", page, re.I), "a number that is none in the text"
    for index in range(2):
        found = figures(case(page, index))
        assert set(found) - OPTIONAL == PLOTS, set(found) ^ PLOTS
        for element in found.values():
            check_numbers(element)
        if index == 0:
            drawn = {kind for kind, element in found.items() if element.find(".//svg") is not None}
            drawn -= OPTIONAL
            assert drawn == plots, drawn ^ plots


def marks(element, style):
    return [e for e in element.iter() if e.get("class", "").startswith(f"mark {style}")]


def height(element):
    return float(element.get("cy") or element.get("y"))


def check_content(page):
    """Planted numbers are where a reader looks for them."""
    found = figures(case(page, 0))
    text = {kind: "".join(e.itertext()) for kind, e in found.items()}
    assert "+1.00 %" in text["beta"] and "0.50 %" in text["beta"], text["beta"]
    assert "unresolved (c) / resolved" in text["times"]
    assert len(re.findall("constant", text["traces"])) == 1  # the stuck chain, by its name
    assert "200 of 200 pairs met" in text["meeting"]
    assert "hardware: 200 of 200 pairs met" in text["device-meeting"]
    bars = {kind: len([e for e in found[kind].iter("rect") if e.get("class") == style])
            for kind, style in (("meeting", "reference-bar"), ("device-meeting", "device-bar"))}
    assert min(bars.values()) > 5, bars
    means = re.findall(r"<td>-41.25</td><td>0.1250</td><td>-41.50</td><td>(.*?)</td><td>(.*?)</td>",
                       case(page, 0))
    assert means == [("-", "2.000"), ("0.0625", "-"), *[("0.0625", "2.000")] * 2], means
    # a slope of -beta 1 % of the energy: the ratio falls from bin to bin
    device = marks(found["energy"], "device")
    assert len(device) == 40
    ratio = sorted((float(e.get("cx")), height(e)) for e in device)
    assert all(a[1] < b[1] for a, b in zip(ratio, ratio[1:])), "the log ratio must fall"
    # 76 first moments, each 50th from the 8th on not tested; of the many second ones only some
    assert len(marks(found["qq"], "device")) >= 74
    # chains 0 and 1 of each of 4 observables
    assert len(list(found["correlation"].iter("svg"))) == 4
    assert len([e for e in found["correlation"].iter() if e.get("class") == "device-tail"]) == 4
    # the gates' rows: would see .5 %, threshold z at 1e-5 two-sided 4.417; (4.417 + 1.282) * 2
    # = 11.40 is 6.98 above it; for 1.4 %: 5.699/1.4 = 4.071, 0.346 below, probability .365
    table = case(page, 0)
    assert "<td>0.500 % of beta</td><td>fails</td>" in table
    share = float(re.search(r"<td>1.40 % of beta</td><td>fails in ([\d.]+) %</td>", table).group(1))
    assert abs(share - 36.5) < 0.3, share
    assert "0.031 of any one mean</td><td>-</td>" in table
    assert ">not counted</td>" in table and ">FAILED</td>" in table


def fails(check, *arguments):
    try:
        check(*arguments)
    except (AssertionError, ElementTree.ParseError, ValueError):
        return True
    return False


def check_checks(page):
    """Faults that the checks above must see."""
    spoiled = {
        "a tag left open": page.replace("</svg>", "", 1),
        "NaN in a path": re.sub(r'd="M[\d.]+', 'd="Mnan', page, count=1),
        "infinity in a circle": re.sub(r'cx="[\d.]+', 'cx="inf', page, count=1),
        "a point outside": re.sub(r'cx="[\d.]+', 'cx="4000.0', page, count=1),
        "a plot gone": page.replace('data-plot="qq"', 'data-plot="other"', 1),
        "NaN in a cell": page.replace("<td>-</td>", "<td>nan</td>", 1),
    }
    for name, text in spoiled.items():
        assert text != page, name
        assert fails(check_page, text, PLOTS), name


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        filled = Path(folder, "filled.html").read_text()
        empty = Path(folder, "empty.html").read_text()
    check_page(filled, PLOTS)
    check_content(filled)
    check_page(empty, PLOTS - {"qq", "energy"} | {"energy"})
    assert not OPTIONAL & set(figures(case(empty, 0)))
    check_checks(filled)
    print("all plots are drawn, well-formed and finite, with data and without")


if __name__ == "__main__":
    main()
