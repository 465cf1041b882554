#!/usr/bin/env python3
"""Pages of training runs: check_train.py PROGRAM. Standard library only.

PROGRAM (train_pages.c) writes pages of planted runs. Each check is also shown to fail on a page
spoiled for it."""
import base64
import json
import re
import struct
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
import zlib
from html.parser import HTMLParser
from pathlib import Path

from check_plots import check_numbers, fails, figures, marks

CURVES = {"temperature", "lambda", "flips", "coupling", "likelihood", "pseudo", "error", "accuracy",
          "free-energy", "gap", "ais-variance", "ais-ess", "log-z", "spectral-gap", "tau"}
WINDOWS = {"window-rate", "window-lambda", "window-beta"}
IMAGES = {"weights", "chains"}
VOID = {"meta", "img"}


class Balance(HTMLParser):
    """Every element is closed, in order."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}>"


def check_page(page, kinds):
    balance = Balance()
    balance.feed(page)
    balance.close()
    assert not balance.open, balance.open
    assert "<script" not in page and "http://" not in page and "https://" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"\b\d\d:\d\d:\d\d\b|\b20\d\d-\d\d-\d\d\b", page), "a time in the page"
    text = re.sub(r"data:image/png;base64,[^\"]*", "", page)
    assert not re.search(r">\s*[-+]?(nan|inf)\b", text, re.I), "a number that is none in the text"
    found = figures(page)
    assert set(found) == kinds, set(found) ^ kinds
    for element in found.values():
        check_numbers(element)


def image(element):
    """Pixels of the figure's PNG as palette colours, row by row."""
    data = base64.b64decode(element.find("img").get("src").split(",", 1)[1], validate=True)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, content, colours = 8, b"", None
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        crc, = struct.unpack(">I", data[at + 8 + size:at + 12 + size])
        assert crc == zlib.crc32(name + body), name
        if name == b"IHDR":
            width, height = struct.unpack(">II", body[:8])
            assert tuple(body[8:]) == (8, 3, 0, 0, 0)
        elif name == b"PLTE":
            colours = [tuple(body[k:k + 3]) for k in range(0, len(body), 3)]
        elif name == b"IDAT":
            content += body
        at += 12 + size
    raw = zlib.decompress(content)
    assert len(raw) == height * (width + 1)
    rows = [raw[y * (width + 1):(y + 1) * (width + 1)] for y in range(height)]
    assert all(row[0] == 0 for row in rows)
    return [[colours[k] for k in row[1:]] for row in rows]


def check_images(page):
    """Tiles of 2 x 3 pixels with a gutter of 1 around each."""
    found = figures(page)
    weights = image(found["weights"])
    assert (len(weights), len(weights[0])) == (1 * 3 + 1, 3 * 4 + 1)

    def hue(colour):
        return "blue" if colour[2] > colour[0] else "orange" if colour[0] > colour[2] else "none"

    tiles = [[[weights[1 + y][1 + 4 * j + x] for x in range(3)] for y in range(2)] for j in range(3)]
    assert {hue(c) for c in tiles[0][0]} == {"blue"} and {hue(c) for c in tiles[0][1]} == {"orange"}
    assert [hue(c) for row in tiles[1] for c in row] == ["none"] * 5 + ["orange"]
    assert all(c == (255, 255, 255) for row in tiles[2] for c in row)
    assert tiles[1][1][2][2] > tiles[0][1][0][2], "half the weight, half the colour"
    chains = image(found["chains"])
    black = [[sum(chains[1 + y][1 + 4 * c + x]) < 100 for y in range(2) for x in range(3)]
             for c in range(2)]
    assert black == [[True] * 3 + [False] * 3, [False, True] * 3], black


def check_content(page):
    """Planted numbers are where a reader looks for them."""
    found = figures(page)
    # a gate failed at epoch 10 for train and for test
    assert len(marks(found["likelihood"], "exact")) == 2 + 1  # and one in the legend
    assert len(marks(found["ais-variance"], "device")) == 4
    assert len([e for e in found["tau"].iter() if e.get("class") == "mark device hollow"]) == 1 + 1
    assert len([e for e in found["tau"].iter() if e.get("class") == "mark device"]) == 3 + 1
    assert len([e for e in found["tau"].iter() if e.get("class") == "device bar"]) == 4
    for kind, label in (("ais-variance", "gate: below 2"), ("ais-ess", "gate: above 0.2")):
        assert label in "".join(found[kind].itertext())
    # |W|/T and spectral norm/T: 1.5 and .25 per epoch, both rising
    step = {}
    for style in ("device", "reference"):
        points = sorted((float(e.get("cx") or e.get("x")), float(e.get("cy") or e.get("y")))
                        for e in marks(found["coupling"], style))
        assert len(points) == 20 and all(a[1] > b[1] for a, b in zip(points, points[1:])), style
        step[style] = points[0][1] - points[-1][1]
    assert abs(step["device"] / step["reference"] - 6) < 0.1, step
    assert len(marks(found["window-rate"], "device")) == 1  # the second window has no rate
    assert len(marks(found["window-beta"], "device")) == 2
    assert "<h1>a &lt;b&gt; &amp; &quot;c&quot;</h1>" in page
    assert "images 1 x 6, seed 1" in page and "seed: 1" in page
    assert "<dd>30.00</dd>" in page and "passed</dd>" in page


def check_json(text):
    report = json.loads(text)
    assert report["schema"] == 1 and report["kind"] == "training" and report["epoch"] == 20
    assert report["ais_passed"] is True and report["n_visible"] == 6 and report["n_hidden"] == 3
    assert report["last_row"]["weight_norm"] == 60 and report["last_row"]["tau_resolved"] == 0
    assert len(report["last_row"]) == 23 and report["last_row"]["gap"] == 0.1 / 20
    assert report["log_z_exact"] is False
    assert report["configuration"] == "seed: 1\n"


def check_exact(page, text):
    """Without log weights log Z is exact: no gate, no cross."""
    check_page(page, (CURVES - {"ais-variance", "ais-ess"}) | WINDOWS | IMAGES)
    found, report = figures(page), json.loads(text)
    assert len(marks(found["likelihood"], "exact")) == 0
    assert len(marks(found["spectral-gap"], "device")) == 4
    assert "<dd>exact</dd>" in page and "AIS gates" not in page
    assert report["log_z_exact"] is True and report["ais_passed"] is None


def check_checks(page):
    """Faults that the checks above must see."""
    spoiled = {
        "a tag left open": page.replace("</figcaption>", "", 1),
        "NaN in a path": re.sub(r'd="M[\d.]+', 'd="Mnan', page, count=1),
        "infinity in a circle": re.sub(r'cx="[\d.]+', 'cx="inf', page, count=1),
        "a point outside": re.sub(r'cx="[\d.]+', 'cx="4000.0', page, count=1),
        "a plot gone": page.replace('data-plot="tau"', 'data-plot="other"', 1),
        "NaN in a cell": re.sub(r"<td>[\d.]+</td>", "<td>nan</td>", page, count=1),
        "a time": page.replace("</h1>", "</h1>2026-01-02", 1),
        "a page from outside": page.replace("</h1>", '</h1><a href="https://x">y</a>', 1),
    }
    for name, text in spoiled.items():
        assert text != page, name
        assert fails(check_page, text, CURVES | WINDOWS | IMAGES), name
    data = re.search(r'data-plot="weights".*?base64,([^"]*)', page, re.S).group(1)
    broken = bytearray(base64.b64decode(data))
    broken[-20] ^= 1
    assert fails(check_images, page.replace(data, base64.b64encode(bytes(broken)).decode()))


def main():
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.argv[1], folder], check=True)
        text = {p.name: p.read_text(encoding="utf-8") for p in Path(folder).iterdir()}
    check_page(text["full.html"], CURVES | WINDOWS | IMAGES)
    check_content(text["full.html"])
    check_images(text["full.html"])
    check_json(text["full.json"])
    assert text["full.html"] == text["full2.html"] and text["full.json"] == text["full2.json"]
    check_page(text["one.html"], CURVES | WINDOWS | IMAGES)
    check_page(text["empty.html"], set())
    assert "no window in telemetry.csv" in text["empty.html"]
    assert "Not measured in this run: Temperature T; " in text["empty.html"]
    empty = json.loads(text["empty.json"])
    assert empty["ais_passed"] is None and empty["log_z_exact"] is None
    check_exact(text["exact.html"], text["exact.json"])
    assert fails(check_exact, text["full.html"], text["full.json"])
    wild = set(figures(text["wild.html"]))
    check_page(text["wild.html"], wild)
    check_page(text["long.html"], CURVES)
    assert len(text["long.html"]) < 400_000, "a long run makes a long page"
    check_checks(text["full.html"])
    print("pages of training runs are well-formed and finite, with data and without")


if __name__ == "__main__":
    main()
