"""AXI4-Lite: registers, refusals, order of channels, accesses under way at the same time, reset."""
import cocotb
from cocotb.triggers import with_timeout
from cocotbext.axi import AxiResp
from cocotbext.axi.axil_master import AxiLiteWriteRespCmd

from bench import ACCESS_CLOCKS, ERROR, PERIOD, REG, test
from image import Image

OKAY, SLVERR = AxiResp.OKAY, AxiResp.SLVERR
BY_OFFSET = {r["offset"]: r for r in REG.values()}
SCRATCH = REG["SCRATCH"]["offset"]


def offsets(b):
    """Every register, every hole between them, and some of the rest of the 4 KiB."""
    return list(range(0, 0x200, 4)) + [4 * b.random.randrange(0x80, 0x400) for _ in range(16)] + [0xFFC]


def unknown(b, register):
    """Does it show a memory that nobody has written, or what the first sweep has yet to bring?"""
    return register["name"].startswith(("ENERGY_", "PROBE_FIELD", "PROBE_RANDOM", "PROBE_THRESHOLD",
                                        "PROBE_STATE") + ("STAT_DATA",) * b.hw.statistics)


@test
async def registers_have_their_reset_values(b):
    """As docs/registers.json says, the others as the twin has them; SLVERR where there is no register."""
    for at in offsets(b):
        register = BY_OFFSET.get(at)
        if register and unknown(b, register):
            continue
        response, value = await b.access_read(at)
        assert (response == OKAY) == (register is not None), f"{at:#x}: {response}"
        assert response in (OKAY, SLVERR), f"{at:#x}: {response}"
        assert (response == OKAY) == b.twin_answers(at)[0], f"{at:#x}: {response}, the twin differs"
        if register and register["reset"] is not None:
            assert value == register["reset"], f"{register['name']}: {value:#x} after reset"
    for name in ("CAPS0", "CAPS_SIZE", "CAPS_REPLICAS", "CAPS_FORMAT", "CAPS_ACTIVATION", "CAPS_LATTICE",
                 "CAPS_SITES", "CAPS_PBITS", "CAPS_OPTIONS", "CAPS_STAT_PAIRS", "STATUS"):
        await b.agree(name)


@test
async def writes_are_taken_or_refused_as_documented(b):
    """Random words to every offset; registers that are read-only, or none, answer SLVERR."""
    for _ in range(2):
        order = offsets(b)
        b.random.shuffle(order)
        for at in order:
            register, value = BY_OFFSET.get(at), b.random.getrandbits(b.random.choice((2, 8, 16, 32)))
            if register and (unknown(b, register) or register["name"].startswith("TRACE_")):
                continue
            if register and register["name"] == "CTRL":
                value &= ~0x89  # neither START nor CHECK; STAT_CLEAR leaves memories unknown
            response = await b.access_write(at, value)
            taken = register is not None and register["access"] != "ro"
            assert response == (OKAY if taken else SLVERR), f"write of {value:#x} to {at:#x}: {response}"
            assert b.twin_answers(at, value)[0] == taken, f"{at:#x}: the twin differs"
        for name, register in REG.items():
            if not unknown(b, register) and not name.startswith(("STALL_CYCLES", "STAT_DATA", "TRACE_")):
                await b.agree(name)
    if b.hw.trace:
        for name in ("TRACE_FIRST", "TRACE_SWEEPS"):
            value = b.random.getrandbits(32)
            await b.write_device(name, value)
            assert await b.read(name) == value, name


async def raw_write(b, address, data, strobe):
    """Any address with any strobes, which AxiLiteMaster.write would not put together."""
    write = b.master.write_if
    event = cocotb.triggers.Event()
    write.in_flight_operations += 1
    write._idle.clear()
    write.int_write_resp_command_queue.put_nowait(AxiLiteWriteRespCmd(address, 4, 1, 0, event))
    aw, w = write.aw_channel._transaction_obj(), write.w_channel._transaction_obj()
    aw.awaddr, aw.awprot, w.wdata, w.wstrb = address, 0, data, strobe
    await write.aw_channel.send(aw)
    await write.w_channel.send(w)
    return (await b.within(event)).resp


@test
async def parts_of_words_are_refused_and_change_nothing(b):
    """Every pattern of strobes, every alignment: only whole aligned words are taken."""
    await b.write("SCRATCH", 0x12345678)
    for strobe in range(15):
        response = await raw_write(b, SCRATCH, b.random.getrandbits(32), strobe)
        assert response == SLVERR, f"strobe {strobe:04b}: {response}"
        assert await b.read("SCRATCH") == 0x12345678, f"strobe {strobe:04b} changed the register"
    for misaligned in (1, 2, 3):
        response = await raw_write(b, SCRATCH + misaligned, 0xFFFFFFFF, 0b1111)
        assert response == SLVERR, f"write to an address + {misaligned}: {response}"
        response = (await b.within(b.master.init_read(SCRATCH + misaligned, 1))).resp
        assert response == SLVERR, f"read of an address + {misaligned}: {response}"
    # the master's own way of writing and reading across a border of words
    response = (await b.within(b.master.init_write(SCRATCH + 2, b"\1\2\3\4"))).resp
    assert response == SLVERR, f"write across two words: {response}"
    await b.agree("SCRATCH", "CTRL", "STATUS")
    r = await b.within(b.master.init_read(REG["ID"]["offset"], 12))
    assert r.resp == OKAY and r.data == b"TIBP" + bytes(REG["VERSION"]["reset"].to_bytes(4, "little")) + \
        (0x12345678).to_bytes(4, "little"), r


@test
async def address_and_data_come_in_any_order(b):
    """One channel waits for long while the other has gone ahead; reads go on meanwhile."""
    write = b.master.write_if
    for first, held in ((write.aw_channel, write.w_channel), (write.w_channel, write.aw_channel)):
        for gap in (1, 2, 3, 50):
            value = b.random.getrandbits(32)
            b.quiet |= {held}
            held.pause = True
            await b.clocks(2)
            event = b.master.init_write(SCRATCH, value.to_bytes(4, "little"))
            before = await b.read("SCRATCH")
            await b.clocks(gap)
            assert await b.read("SCRATCH") == before and not event.is_set(), f"{first}: half a write was done"
            held.pause = False
            assert (await b.within(event)).resp == OKAY
            b.quiet -= {held}
            assert await b.read("SCRATCH") == value, f"write with a gap of {gap}"
    b.twin.write(SCRATCH, value)


@test
async def responses_wait_for_a_slow_master(b):
    """B and R are not taken for long; nothing is lost, and the other direction goes on."""
    write, read = b.master.write_if, b.master.read_if
    b.quiet |= {write.b_channel, read.r_channel}
    read.r_channel.pause = False
    for wait in (5, 100):
        write.b_channel.pause = True
        await b.clocks(2)
        events = [b.master.init_write(SCRATCH, bytes([k] * 4)) for k in range(3)]
        await b.clocks(wait)
        assert not any(e.is_set() for e in events), "a response that was not taken"
        for _ in range(5):
            assert await b.read("ID") == REG["ID"]["reset"]
        write.b_channel.pause = False
        for event in events:
            assert (await b.within(event)).resp == OKAY
        read.r_channel.pause = True
        await b.clocks(2)
        events = [b.master.init_read(REG[n]["offset"], 4) for n in ("ID", "SCRATCH", "VERSION")]
        await b.clocks(wait)
        assert not any(e.is_set() for e in events), "a response that was not taken"
        for k in range(3):
            await b.write_device("SCRATCH", k)
        read.r_channel.pause = False
        got = [int.from_bytes((await b.within(e)).data, "little") for e in events]
        assert got[0] == REG["ID"]["reset"] and got[2] == REG["VERSION"]["reset"], got
    b.quiet.clear()


@test
async def accesses_under_way_together_keep_their_order(b):
    """Bursts of writes and reads, nobody waits: each gets its answer, good ones and errors, and what is
    read of a register that grows never goes back."""
    for burst, pausing in ((60, True), (60, False), (120, True)):
        b.pausing = pausing
        writes, reads = [], []
        for k in range(burst):
            at = b.random.choice((SCRATCH, SCRATCH, SCRATCH, REG["ID"]["offset"], 0x0E0))
            writes.append((at, b.master.init_write(at, (burst * 1000 + k).to_bytes(4, "little"))))
            at = b.random.choice((SCRATCH, SCRATCH, REG["VERSION"]["offset"], 0x0F0))
            reads.append((at, b.master.init_read(at, 4)))
            if b.random.random() < 0.2:
                await b.clocks(b.random.randrange(12))
        last = 0
        for at, event in writes:
            response = (await b.within(event, burst * 60)).resp
            assert response == (OKAY if at == SCRATCH else SLVERR), f"write to {at:#x}: {response}"
        for at, event in reads:
            r = await b.within(event, burst * 60)
            value = int.from_bytes(r.data, "little")
            assert r.resp == (SLVERR if at == 0x0F0 else OKAY), f"read of {at:#x}: {r.resp}"
            if at == REG["VERSION"]["offset"]:
                assert value == REG["VERSION"]["reset"], f"VERSION {value:#x}"
            elif at == SCRATCH:
                # what earlier bursts left is below
                assert last <= value < burst * 1000 + burst or value < 1000, f"{value} after {last}"
                last = value
        last = burst * 1000 + max(k for k, (at, _) in enumerate(writes) if at == SCRATCH)
        assert await b.read("SCRATCH") == last, "the last write"
        await b.write("SCRATCH", 0)
    b.pausing = True
    await b.agree("STATUS")


@test
async def reset_ends_a_burst_and_the_device_begins_anew(b):
    """Reset falls at any clock of a burst of accesses and of a run."""
    for k in range(8):
        image = Image(b.hw, b.random)
        if k % 4 == 0:  # a run is under way, too
            await b.upload(image)
            await b.write_device("SWEEPS", 1000)
            await b.write_device("SAMPLE_EVERY", 1)
            await b.write_device("CTRL", 1)
        for n in range(20):
            b.master.init_write(SCRATCH, (n + 1).to_bytes(4, "little"))
            b.master.init_read(SCRATCH, 4)
        await b.clocks(b.random.randrange(2, 60))
        await cocotb.triggers.Timer(b.random.randrange(1, PERIOD), "ns")  # reset is asynchronous
        await b.reset(clocks=b.random.randrange(2, 6))
        assert await b.read("SCRATCH") == 0, "SCRATCH after reset"
        await b.write("SCRATCH", 7)
        await b.agree("SCRATCH", "STATUS", "SWEEPS", "SAMPLE_EVERY", "IMG_ADDRESS", "BUSY_CYCLES_LO")
    await with_timeout(b.master.wait(), ACCESS_CLOCKS * PERIOD, "ns")
    image = Image(b.hw, b.random)
    await b.upload(image)
    await b.write("BETA", 4096)
    await b.run(5, 1)
    await b.compare_registers()


@test
async def commands_are_refused_while_a_run_is_on(b):
    """STATUS.ERROR, and nothing happens; the interrupt line says when it is over."""
    await b.upload(Image(b.hw, b.random))
    await b.write("BETA", 3000)
    await b.write("IRQ_ENABLE", 1)
    await b.write("SWEEPS", 1 << 30)
    await b.write("SAMPLE_EVERY", 0)
    await b.write_device("CTRL", 1)
    assert not b.dut.irq_o.value
    for name, value in (("CTRL", 1), ("CTRL", 8), ("IMG_DATA", 1), ("RATE_SET", 1), ("CTRL", 0x10)):
        await b.write_device("CTRL", 4)  # clears ERROR
        assert not await b.read("STATUS") & ERROR
        await b.write_device(name, value)
        assert await b.read("STATUS") & ERROR, f"{value:#x} to {name} while BUSY"
    await b.write_device("CTRL", 4)
    await b.write_device("CTRL", 2)
    for _ in range(1000):
        if b.dut.irq_o.value:
            break
        await b.clocks(1)
    assert b.dut.irq_o.value, "no interrupt after STOP"
    assert await b.read("STATUS") & 3 == 2, "the interrupt came before the end"
    await b.write_device("IRQ_STATUS", 1)
    assert not b.dut.irq_o.value, "the interrupt stays"
