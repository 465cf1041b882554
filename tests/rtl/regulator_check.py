#!/usr/bin/env python3
"""Vectors for tb_temperature_regulator, and the judgement of what it prints.

Usage: regulator_check.py vectors [FAULT] > FILE
       regulator_check.py check BETA_BITS BETA_FRAC [FAULT] < OUTPUT
       regulator_check.py table FILE       entries of rtl/control/exp2_table.sv

The expectation is computed from docs/device.md, section Temperature regulator, in Python's unbounded
integers; properties that need no second implementation are checked beside it. FAULT breaks the
expectation in one place, so that a test can see that it is noticed.
"""
import random
import re
import sys
from decimal import Decimal, getcontext

getcontext().prec = 60
ONE = 1 << 24
SRTRBM, SETPOINT, GUARD = 2, 3, 4
MAX_CLOCKS = 52  # and the width of beta; the array pauses for 128
NAMES = ("flips_v", "flips_h", "rate_scale", "rate_set", "gain", "smoothing", "dead_band",
         "rate_limit", "lambda_min", "lambda_max", "macro", "t_min", "t_max", "lambda", "filter")


def rs(x, n):
    return (x + (1 << (n - 1))) >> n if n else x


def power(k):
    """round(2^24 * 2^(k/64)): the integer e with (2e-1)^64 < 2^64 * 2^(24*64+k) < (2e+1)^64."""
    exact = 1 << (64 * 25 + k)
    low, high = ONE, 2 * ONE
    while low < high:
        e = (low + high + 1) // 2
        low, high = (e, high) if (2 * e - 1) ** 64 < exact else (low, e - 1)
    return low


E = [power(k) for k in range(65)]


# ---- vectors ----

def step(mode=SETPOINT, **fields):
    s = dict.fromkeys(NAMES, 0)
    s.update(mode=mode, source=0, freeze=0, window=1, write=1, rate_shift=32, rate_scale=1 << 32 - 1,
             flips_v=0x100000, gain=ONE // 2, smoothing=6554, rate_set=ONE // 10,
             lambda_min=-34887240, lambda_max=34887240, t_min=ONE // 8, t_max=8 * ONE)
    s.update(fields)
    return s


def edge(rng, bits):
    """Numbers of all sizes, often at the ends."""
    kind = rng.random()
    if kind < .15:
        return rng.choice((0, 1, (1 << bits) - 1, 1 << (bits - 1), (1 << (bits - 1)) - 1))
    return rng.getrandbits(rng.randint(1, bits))


def signed(rng, bits):
    return edge(rng, bits - 1) * rng.choice((1, -1))


def scenarios(rng):
    # every lambda on a grid and the borders of the table's pieces, START and window alike
    for i in range(-1024, 1025):
        lam = min(max(i << 16, -(1 << 26)), (1 << 26) - 1)
        yield step(window=i & 1, gain=0, **{"lambda": lam}, lambda_min=-(1 << 26),
                   lambda_max=(1 << 26) - 1, t_min=0, t_max=(1 << 30) - 1)
    # anything at all, in every mode
    for _ in range(4000):
        yield step(mode=rng.choice((0, 1, 2, 2, 3, 3, 4, 4, 5, 7)), source=rng.getrandbits(1),
                   freeze=rng.random() < .1, window=rng.random() < .9, rate_shift=rng.getrandbits(6),
                   flips_v=edge(rng, 32), flips_h=edge(rng, 32), rate_scale=edge(rng, 32),
                   rate_set=edge(rng, 25), gain=edge(rng, 32), smoothing=edge(rng, 16),
                   dead_band=edge(rng, 25), rate_limit=edge(rng, 26), lambda_min=signed(rng, 27),
                   lambda_max=signed(rng, 27), macro=signed(rng, 32), t_min=edge(rng, 30),
                   t_max=edge(rng, 30), **{"lambda": signed(rng, 27), "filter": edge(rng, 32)})
    # sequences of a working regulator, state carried over by the hardware; CHAIN steps each
    for mode in (SRTRBM, SETPOINT, GUARD):
        for n in range(1000):
            yield step(mode=mode, write=n == 0, flips_v=rng.randint(0, 1 << 22), gain=ONE // 4,
                       dead_band=ONE // 100, rate_limit=ONE // 8, rate_set=ONE // 16,
                       macro=0, **{"filter": 1 << 27})


def words(s):
    head = s["mode"] | s["source"] << 3 | s["freeze"] << 4 | s["window"] << 5 | s["write"] << 6
    return [head | s["rate_shift"] << 8] + [s[name] & 0xFFFFFFFF for name in NAMES]


# ---- expectation ----

def regulate(s, rate, state, flags, fault):
    if s["mode"] == SRTRBM:
        old = state["filter"]
        state["filter"] += rs(s["smoothing"] * (rate * 128 - old), 16)
        c = old if fault == "old_filter" else state["filter"]
        d = rs(-s["gain"] * (rate * 128 - c), 31)
    else:
        e = s["rate_set"] - rate
        if s["mode"] == GUARD:
            e = max(0, e)
        if abs(e) <= s["dead_band"]:
            e = 0
            flags |= 8
        d = rs(s["gain"] * e, 24)
        if s["rate_limit"] and abs(d) > s["rate_limit"]:
            d = s["rate_limit"] if d > 0 else -s["rate_limit"]
            flags |= 16
    if fault == "sign":
        d = -d
    free = state["lambda"] + d
    state["lambda"] = min(max(free, s["lambda_min"]), s["lambda_max"])
    if free <= s["lambda_min"] or state["lambda"] == s["lambda_min"]:
        flags |= 2
    if state["lambda"] == s["lambda_max"]:
        flags |= 4
    return flags


def beta_of(s, state, beta_bits, beta_frac, flags):
    y = rs(state["lambda"] * 1549082005, 24)
    n, k, x = y >> 30, (y >> 24) & 63, y & (ONE - 1)
    m = E[k] + rs((E[k + 1] - E[k]) * x, 24)
    t = m << n if n >= 0 else rs(m, -n)
    t += s["macro"] if s["mode"] == SRTRBM else 0
    state["t"] = max(1, min(max(t, s["t_min"]), s["t_max"]))
    flags |= 32 * (state["t"] != t)
    quotient = ((1 << (24 + beta_frac)) + (state["t"] >> 1)) // state["t"]
    state["beta"] = min(quotient, (1 << beta_bits) - 1)
    return flags | 64 * (quotient != state["beta"])


def expect(s, state, beta_bits, beta_frac, fault):
    if s["write"]:
        state["lambda"], state["filter"] = s["lambda"], min(s["filter"], 1 << 31)
    regulates, flags = SRTRBM <= s["mode"] <= GUARD, 0
    if s["window"]:
        both = s["flips_v"] + (s["flips_h"] if s["source"] else 0)
        exact = rs(min(both, 0xFFFFFFFF) * s["rate_scale"], s["rate_shift"])
        state["rate"] = min(exact, ONE)
        flags = int(both > 0xFFFFFFFF or exact > ONE)
        if regulates and not s["freeze"]:
            flags = regulate(s, state["rate"], state, flags, fault)
    if regulates or not s["window"]:
        flags = beta_of(s, state, beta_bits, beta_frac, flags)
    return flags


# ---- properties that need no second implementation ----

def exact_beta(s, state, beta_bits, beta_frac):
    """T within 2^-15 of exp(lambda), and 1/T rounded to nearest."""
    if s["mode"] == SRTRBM and s["macro"]:
        return None
    if not state["t"]:
        return "T is 0"
    t = (Decimal(state["lambda"]) / ONE).exp() * ONE
    inside = max(s["t_min"], 1) < t < s["t_max"]
    if inside and abs(state["t"] - t) > t / (1 << 15) + 1:
        return f"T {state['t']} is not exp(lambda) {t:.1f}"
    beta = Decimal(1 << beta_frac) * ONE / state["t"]
    if beta < (1 << beta_bits) - 1 and abs(state["beta"] - beta) > Decimal("0.5"):
        return f"beta {state['beta']} is not 1/T {beta:.2f}"
    return None


def conserved(s, before, state):
    """Mode srtrbm: lambda + kappa c stays, kappa = gain (1 - alpha) / alpha, but for rounding:
    half a unit of lambda, and of c as often as it enters (kappa + gain)."""
    alpha, gain = Decimal(s["smoothing"]) / (1 << 16), Decimal(s["gain"]) / ONE
    if s["mode"] != SRTRBM or not s["window"] or s["freeze"] or not alpha:
        return None
    if not s["lambda_min"] < state["lambda"] < s["lambda_max"]:
        return None
    kappa = gain * (1 - alpha) / alpha
    drift = Decimal(state["lambda"] - before["lambda"]) / ONE
    drift += kappa * Decimal(state["filter"] - before["filter"]) / (1 << 31)
    bound = Decimal(1) / (1 << 25) + (kappa + gain) / (1 << 32)
    return f"lambda + kappa c moves by {drift:.3e}" if abs(drift) > bound else None


def check(beta_bits, beta_frac, fault):
    state = {"lambda": 0, "filter": 0, "rate": 0, "t": 0, "beta": 0}
    failures, seen, n = 0, 0, -1
    lines = [line.split()[1:] for line in sys.stdin if line.startswith("STEP")]
    for n, (s, line) in enumerate(zip(scenarios(random.Random(1)), lines)):
        clocks = int(line[0])
        try:
            rate, filt, lam, t, beta, flags = (int(x, 16) for x in line[1:])
        except ValueError:
            sys.exit(f"FAIL: step {n}: X in {line}")
        device = {"rate": rate, "filter": filt, "lambda": lam - (1 << 27) * (lam >> 26), "t": t,
                  "beta": beta}
        before = dict(state)
        want = expect(s, state, beta_bits, beta_frac, fault)
        wrong = [] if device == state and (flags == want or not s["window"]) else [
            f"{device} flags {flags:02x}, expected {state} flags {want:02x}"]
        if s["write"]:
            before.update({"lambda": s["lambda"], "filter": min(s["filter"], 1 << 31)})
        if s["window"]:
            seen |= flags
            wrong += filter(None, [conserved(s, before, device)])
        if SRTRBM <= s["mode"] <= GUARD:
            wrong += filter(None, [exact_beta(s, device, beta_bits, beta_frac)])
        if clocks > MAX_CLOCKS + beta_bits:
            wrong.append(f"takes {clocks} clocks")
        if wrong and failures < 5:
            print(f"FAIL: step {n} {s}", *wrong, sep="\n  ")
        failures += bool(wrong)
    if n + 1 < 9000 or seen != 127:
        sys.exit(f"FAIL: {n + 1} steps, flags seen {seen:02x}: the vectors do not reach everything")
    print(f"FAIL: {failures} of {n + 1} steps" if failures else f"PASS: {n + 1} steps")


def check_table(path):
    entries = dict(re.findall(r"7'd(\d+) *: *entry = 26'd(\d+)", open(path).read()))
    last = re.search(r"default: *entry = 26'd(\d+)", open(path).read()).group(1)
    table = [int(entries.get(str(k), -1)) for k in range(64)] + [int(last)]
    for k, (have, want) in enumerate(zip(table, E)):
        if have != want:
            print(f"FAIL: entry {k} is {have}, 2^24 * 2^({k}/64) rounds to {want}")
    print("PASS: 65 entries" if table == E else "FAIL")


if sys.argv[1] == "vectors":
    for scenario in scenarios(random.Random(1)):
        print("".join(f"{w:08x}" for w in words(scenario)))
elif sys.argv[1] == "table":
    check_table(sys.argv[2])
else:
    check(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] if len(sys.argv) > 4 else "")
