"""AXI4-Stream: samples, telemetry and energies of runs are the twin's, however words are taken."""
import os

from bench import BUSY, DONE, ERROR, REG, RUN_CLOCKS, STALLED, test
from image import Image

LONG_PAUSE = int(os.environ.get("PBL_LONG_PAUSE", "10000"))


async def regulate(b, **registers):
    for name, value in registers.items():
        await b.write(name, value)


@test
async def every_kernel_gives_the_samples_of_the_twin(b):
    await b.upload(Image(b.hw, b.random))
    await b.write("PROBE_SELECT", 1 + ((b.hw.replicas - 1) << 16))
    kernels = [0, 1, 4, 2] + ([8] if b.hw.fabric == "sparse" else [])  # cyclic, palindromic, coin, twins
    for kernel in kernels:
        await b.write("CONFIG", kernel)
        for sweeps, every, beta in ((25, 1, 4096), (10, 3, 700), (0, 1, 700)):
            await b.write("BETA", beta)
            frames = await b.run(sweeps, every)
            samples = sweeps // every if sweeps else 1
            assert len(frames) == samples * b.hw.contexts, f"{len(frames)} frames of {samples} samples"
            bits = b.hw.pbits * b.hw.lanes
            assert all(len(f) == (bits + 31) // 32 for f in frames), "length of a frame"
        await b.compare_registers()
    flips = b.twin.read64("FLIPS")
    assert flips > 500, f"only {flips} flips: the comparison shows too little"


@test
async def telemetry_is_that_of_the_twin_in_every_mode(b):
    await b.upload(Image(b.hw, b.random))
    await b.write("BETA", 2500)
    await regulate(b, RATE_SCALE=0x200000, RATE_SET=0x300000, GAIN=0x1800000, SMOOTHING=9000,
                   FILTER=0x10000000, MACRO=0x200000, RATE_LIMIT=0x200000)
    for select, words in ((6, (900, 1, 50, 2, 2000, 3)),):
        await b.write("IMG_SELECT", select)
        await b.write("IMG_ADDRESS", 0)
        await b.write("IMG_DATA", *words)
    await b.write("SCHED_LAST", 0x102)
    for mode in range(6):
        await b.write("REG_CONFIG", mode | (mode % 2) << 3 | 1 << 5 | 2 << 8)
        await b.write("WINDOW_SWEEPS", 1 + mode % 3)
        await b.run(7, 2)
        await b.compare_registers()
    assert b.twin.read(0x140) >= 20, "too few windows"  # WINDOW_INDEX


async def paused_for_long(b, name, sweeps):
    """A run whose receiver `name` stops in the middle for LONG_PAUSE clocks, and the bus meanwhile."""
    sink = b.sinks[name]
    await b.write("CTRL", 4)
    await b.start(sweeps, 1)
    for _ in range(5000):
        if sink.count() >= 2:
            break
        await b.clocks(1)
    assert sink.count() >= 2, f"{name}: no words came"
    b.quiet |= {sink}
    sink.pause = True
    await b.clocks(LONG_PAUSE // 2)
    assert await b.read("STATUS") & (BUSY | STALLED | ERROR) == BUSY | STALLED, f"{name}: not stalled"
    held = [await b.read(n) for n in ("BUSY_CYCLES_LO", "SWEEP_COUNT_LO")]
    await b.clocks(LONG_PAUSE // 2)
    assert held == [await b.read(n) for n in ("BUSY_CYCLES_LO", "SWEEP_COUNT_LO")], f"{name}: it went on"
    stalls = await b.read("STALL_CYCLES_LO")
    assert stalls > LONG_PAUSE * 9 // 10 - 1000, f"{name}: STALL_CYCLES {stalls}"
    b.quiet -= {sink}
    sink.pause = False
    await b.wait(BUSY | DONE, DONE)
    return stalls


@test
async def a_receiver_that_stops_for_long_loses_nothing(b):
    await b.upload(Image(b.hw, b.random))
    await b.write("BETA", 2500)
    await paused_for_long(b, "samples", 40)
    await b.compare_streams()
    await b.compare_registers()
    await b.write("REG_CONFIG", 1 << 5)
    await b.write("WINDOW_SWEEPS", 1)
    await paused_for_long(b, "telemetry", 12)
    await b.compare_streams()
    await b.compare_registers()


@test
async def a_receiver_that_is_always_ready_does_not_stall_the_array(b):
    """Without pauses nothing stalls, and with them only STALL_CYCLES tells."""
    b.pausing = False
    for sink in b.sinks.values():
        b.quiet |= {sink}
        sink.pause = False
    await b.upload(Image(b.hw, b.random))
    await b.write("BETA", 2500)
    await b.run(20, 1)
    stalls = await b.read("STALL_CYCLES_LO")
    assert stalls == 0, f"STALL_CYCLES {stalls} with a receiver that is always ready"
    await b.agree("BUSY_CYCLES_LO")

@test
async def a_storm_of_accesses_changes_no_sample(b):
    """Reads of everything and harmless writes all through runs with windows, whose sums share the port of
    ENERGY with the bus; a counter that is read never goes back."""
    await b.upload(Image(b.hw, b.random))
    await b.write("BETA", 2500)
    await regulate(b, RATE_SCALE=0x200000, RATE_SET=0x300000, GAIN=0x1800000, WINDOW_SWEEPS=1)
    if b.hw.statistics:
        await regulate(b, STAT_EVERY=1)
    names = [n for n in REG if n != "STAT_DATA"]
    await b.run(1, 1)  # what it brings is undefined before: energies, probe
    for mode in (3, 6) if b.hw.exchange else (3,):
        if mode == 6:
            await b.write("IMG_SELECT", 6)
            await b.write("IMG_ADDRESS", 0)
            await b.write("IMG_DATA", *sum(([beta, 1] for beta in (4096, 3000, 1500)), []))
            await b.write("EXCH_EVERY", 1)
        await b.write("REG_CONFIG", mode | 1 << 5)
        await b.start(12, 1)
        last, status, began = 0, BUSY, b.monitor.clocks
        while status & BUSY:
            assert b.monitor.clocks < began + RUN_CLOCKS, f"STATUS {status:#x} after {RUN_CLOCKS} clocks"
            events = [b.master.init_read(REG[name]["offset"], 4) for name in
                      [b.random.choice(names) for _ in range(4)] + ["ENERGY_LO"] * 8 + ["BUSY_CYCLES_LO", "STATUS"]]
            for name, bound in (("SCRATCH", 1 << 32), ("REPLICA_SELECT", b.hw.replicas), ("ID", 2),
                                ("IMG_ADDRESS", 1 << 32), ("PROBE_SELECT", b.hw.pbits)):
                b.master.init_write(REG[name]["offset"], b.random.randrange(bound).to_bytes(4, "little"))
            *_, cycles, status = [int.from_bytes((await b.within(e)).data, "little") for e in events]
            assert cycles >= last, f"BUSY_CYCLES {cycles} after {last}"
            assert not status & ERROR, f"STATUS {status:#x}"
            last = cycles
        for name in ("SCRATCH", "REPLICA_SELECT", "IMG_ADDRESS"):
            await b.write(name, 0)
        await b.compare_streams()
        await b.compare_registers(probed=False)
