"""Replica exchange, statistics unit and trace port of a dense device that has them all."""
from pbitloop_hil.host import _xoshiro

from bench import test
from image import Image
from test_runs import paused_for_long


@test
async def a_ladder_exchanges_as_in_the_twin(b):
    """Label frames between the samples, both schemes, counters."""
    await b.upload(Image(b.hw, b.random))
    await b.write("IMG_SELECT", 6)
    await b.write("IMG_ADDRESS", 0)
    await b.write("IMG_DATA", *sum(([beta, 1] for beta in (4096, 3000, 1500)), []))
    await b.write("REG_CONFIG", 6 | 1 << 5)
    await b.write("WINDOW_SWEEPS", 3)
    for scheme in (0, 1):
        await b.write("EXCH_CONFIG", scheme)
        await b.write("EXCH_EVERY", 1 + scheme)
        frames = await b.run(20, 1)
        assert len(frames) == 20 * (1 + b.hw.contexts), "label frames and frames of the samples"
        await b.compare_registers()
        for pair in range(3):
            await b.write("EXCH_SELECT", pair)
            await b.agree("EXCH_TRIES", "EXCH_ACCEPTS", "EXCH_POSITION")
        for replica in range(b.hw.replicas):
            await b.write("REPLICA_SELECT", replica)
            await b.agree("EXCH_LABEL")


async def read_words(b, select, address, n):
    """Of STAT_DATA, whose address advances with every read: one too many or too few shifts all."""
    await b.write("STAT_SELECT", select)
    await b.write("STAT_ADDRESS", address)
    at = 0x1C8
    events = [b.master.init_read(at, 4) for _ in range(n)]
    got = [int.from_bytes((await b.within(e, 60 * n)).data, "little") for e in events]
    want = [b.twin.read(at) for _ in range(n)]
    assert got == want, f"STAT_DATA {select} from {address}: device {got}, twin {want}"
    await b.agree("STAT_ADDRESS")
    return got


@test
async def the_statistics_unit_counts_as_in_the_twin(b):
    hw = b.hw
    await b.upload(Image(hw, b.random))
    await b.write("BETA", 3000)
    for select, words in ((4, [b.random.getrandbits(8) for _ in range(hw.pbits)]),
                          (5, [b.random.randrange(hw.pbits) | b.random.randrange(hw.pbits) << 16
                               for _ in range(5)])):
        await b.write("STAT_SELECT", select)
        await b.write("STAT_ADDRESS", 0)
        await b.write("STAT_DATA", *words)
    await b.write("STAT_PAIRS", 5)
    await b.write("CTRL", 1 << 7)
    await b.write("STAT_EVERY", 2)
    await b.run(20, 3)
    await b.write("CTRL", 1 << 6)
    await b.compare_registers()
    counts = await read_words(b, 0, 0, hw.pbits)
    assert max(counts) > 0, "nothing was counted"
    await read_words(b, 1, 0, 5)
    await read_words(b, 3, 0, hw.replicas * 10)
    for replica in (0, hw.replicas - 1):
        for series in (0, 3):
            await read_words(b, 2, (5 * replica + series) * 128, 8 * 4)  # levels of 10 samples


def field(b, image, state, pbit):
    """Of the dense fabric, from the states of the other half."""
    v = b.hw.words["n_visible"]
    rows = image.rows
    if pbit < v:
        return rows[pbit][-1] + sum(w * s for w, s in zip(rows[pbit], state[v:]))
    return rows[v][pbit - v] + sum(rows[i][pbit - v] * state[i] for i in range(v))


def decide(b, image, local, word, beta):
    """(new state 0 or 1, table entry, saturated, freeze) of docs/device.md, Activation."""
    w = b.hw.words
    shift = w["weight_frac"] + w["beta_frac"] + w["table_range_log2"] - 1 - (w["table_size"].bit_length() - 1)
    bits = w["threshold_bits"]
    index = (abs(local) * beta + (1 << shift - 1)) >> shift
    saturated = index > w["table_size"] - 1
    entry = image.table[min(index, w["table_size"] - 1)]
    u = word >> (32 - bits)
    new = int(u < entry) if local <= 0 else int(not (~u & (1 << bits) - 1) < entry)
    return new, entry, int(saturated), int(entry == 0)


@test
async def the_trace_is_what_the_page_computes(b):
    """Each record recomputed here: generators, fields, table, decision; the samples are the states."""
    hw, image, beta = b.hw, Image(b.hw, b.random), 3000
    await b.upload(image)
    await b.write("BETA", beta)
    await b.write_device("TRACE_FIRST", 2)
    await b.write_device("TRACE_SWEEPS", 0)
    frames = [f[0] for f in await b.run(1, 1)]  # not traced
    sweeps = 8
    await paused_for_long(b, "trace", sweeps)
    frames += [f[0] for f in await b.compare_streams()]
    await b.compare_registers()
    records = b.take("trace")
    assert all(len(record) == 4 for record in records), "a record has four words"
    n, v = hw.pbits, hw.words["n_visible"]
    assert len(records) == (sweeps - 1) * hw.replicas * n, f"{len(records)} records"
    # the state after the two sweeps that are not traced, and the generators behind them
    at = 2 * hw.contexts
    state = {c * hw.lanes + lane: [1 if frames[at - hw.contexts + c] >> (p * hw.lanes + lane) & 1 else -1
                                   for p in range(n)]
             for c in range(hw.contexts) for lane in range(hw.lanes)}
    words = [list(image.generators[4 * lane:4 * lane + 4]) for lane in range(hw.lanes)]
    for generator in words:
        for _ in range(2 * hw.contexts * n):
            _xoshiro(generator)
    records = iter(records)
    for sweep in range(1, sweeps):
        for c in range(hw.contexts):
            for p in list(range(v, n)) + list(range(v)):
                for lane in range(hw.lanes):
                    head, local, word, entry = next(records)
                    replica = c * hw.lanes + lane
                    where = f"sweep {sweep + 1}, replica {replica}, p-bit {p}"
                    assert head & 0xFFFFFF == p | replica << 16, f"{where}: {head:#x}"
                    old, clamped = int(state[replica][p] > 0), image.clamps[p]
                    want = field(b, image, state[replica], p)
                    assert local == want & 0xFFFFFFFF, f"{where}: field {local:#x}, here {want}"
                    assert word == _xoshiro(words[lane]), f"{where}: random word {word:#x}"
                    new, threshold, saturated, freeze = decide(b, image, want, word, beta)
                    new = old if clamped else new
                    assert entry == threshold, f"{where}: entry {entry}, here {threshold}"
                    assert head >> 24 == new | old << 1 | clamped << 2 | saturated << 3 | freeze << 4, \
                        f"{where}: {head:#x}"
                    state[replica][p] = 1 if new else -1
        for c in range(hw.contexts):
            frame = frames[(sweep + 1) * hw.contexts + c]
            for lane in range(hw.lanes):
                assert all((frame >> (p * hw.lanes + lane) & 1) == (state[c * hw.lanes + lane][p] > 0)
                           for p in range(n)), f"sample after sweep {sweep + 1}"
