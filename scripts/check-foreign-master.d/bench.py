"""A bench of cocotbext-axi around pbit_top, with the C twin beside it."""
import faulthandler
import functools
import os
import random

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, SimTimeoutError, with_timeout
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiResp, AxiStreamBus, AxiStreamSink
from pbitloop_hil import Device, HilError

from hardware import Hardware, registers
from monitor import Monitor

PERIOD = 10  # ns
REG = registers()
BUSY, DONE, CHECKING, HASH_VALID, STALLED, ERROR = 1, 2, 4, 8, 16, 32
ACCESS_CLOCKS, RUN_CLOCKS, TEST_CLOCKS = 2000, 30000, 300000  # a device that takes longer hangs
FAILED = []


def test(function):
    """A test of cocotb with a bench of its own; the first failure ends the run."""

    @functools.wraps(function)
    async def whole(dut):
        if FAILED:
            raise AssertionError(f"not run: {FAILED[0]} has failed")
        FAILED.append(function.__name__)  # until it has passed
        # a simulator that stays in one clock: says where, and ends
        faulthandler.dump_traceback_later(int(os.environ["PBL_PATIENCE"]), exit=True)
        b = Bench(dut, random.Random(f"{os.environ['PBL_SEED']} {function.__name__}"))
        try:
            await b.reset()
            await function(b)
            await b.end()
        except Exception as error:
            if b.monitor.fault:
                raise AssertionError(b.monitor.fault) from error
            raise
        finally:
            if b.twin:
                b.twin.close()
        FAILED.clear()
        faulthandler.cancel_dump_traceback_later()

    return cocotb.test(timeout_time=TEST_CLOCKS * PERIOD, timeout_unit="ns")(whole)


class Bench:
    def __init__(self, dut, rng):
        self.dut, self.random, self.hw = dut, rng, Hardware(os.environ["PBL_SHAPE"])
        cocotb.start_soon(Clock(dut.clk_i, PERIOD, "ns").start())
        dut.rst_ni.value = 0
        domain = (dut.clk_i, dut.rst_ni, False)
        self.master = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), *domain)
        self.sinks = {name: AxiStreamSink(AxiStreamBus.from_prefix(dut, prefix), *domain)
                      for name, prefix in (("samples", "m_axis"), ("telemetry", "m_axis_telemetry"),
                                           ("trace", "m_axis_trace"))}
        write, read = self.master.write_if, self.master.read_if
        self.bus_channels = [write.aw_channel, write.w_channel, write.b_channel, read.ar_channel,
                             read.r_channel]
        self.monitor = Monitor(dut)
        self.twin = None
        self.quiet = set()  # channels that the pauses leave alone
        self.pausing = True
        cocotb.start_soon(self.monitor.run())
        cocotb.start_soon(self._pauses())

    async def _pauses(self):
        """Every channel stops and goes on at random: bursts and gaps of 1 to 12 clocks, some of 1 only."""
        channels = self.bus_channels + list(self.sinks.values())
        left = dict.fromkeys(channels, 1)
        edge = RisingEdge(self.dut.clk_i)
        while True:
            await edge
            for channel in channels:
                left[channel] -= 1
                if left[channel] == 0:
                    left[channel] = self.random.choice((1, 1, 2, 3, 12))
                    if channel not in self.quiet:
                        channel.pause = self.pausing and not channel.pause

    async def clocks(self, n):
        await ClockCycles(self.dut.clk_i, n)

    async def reset(self, clocks=4):
        """Reset of the device; the twin begins again, too."""
        self.dut.rst_ni.value = 0
        await self.clocks(clocks)
        self.dut.rst_ni.value = 1
        for sink in self.sinks.values():
            sink.clear()
        if self.twin:
            self.twin.close()
        self.twin = Device(os.environ["PBL_TWIN"], hw=self.hw.twin)
        self.words = dict.fromkeys(self.sinks, 0)  # that were taken
        await self.clocks(2)

    async def within(self, event, clocks=ACCESS_CLOCKS):
        """The data of an event of the master, which must come in time."""
        try:
            await with_timeout(event.wait(), clocks * PERIOD, "ns")
        except SimTimeoutError:
            raise AssertionError(f"no response within {clocks} clocks") from None
        return event.data

    # ---- one access ----

    async def access_read(self, offset):
        """(response, value)"""
        r = await self.within(self.master.init_read(offset, 4))
        return r.resp, int.from_bytes(r.data, "little")

    async def access_write(self, offset, value):
        r = await self.within(self.master.init_write(offset, (value & 0xFFFFFFFF).to_bytes(4, "little")))
        return r.resp

    async def read(self, name):
        response, value = await self.access_read(REG[name]["offset"])
        assert response == AxiResp.OKAY, f"read of {name}: {response}"
        return value

    async def write_device(self, name, value):
        response = await self.access_write(REG[name]["offset"], value)
        assert response == AxiResp.OKAY, f"write of {value:#x} to {name}: {response}"

    # ---- device and twin together ----

    async def write(self, name, *values):
        """Several values go to the same register, all of them under way at once."""
        at = REG[name]["offset"]
        events = [self.master.init_write(at, (v & 0xFFFFFFFF).to_bytes(4, "little")) for v in values]
        for event in events:
            r = await self.within(event)
            assert r.resp == AxiResp.OKAY, f"write to {name}: {r.resp}"
        self.twin.write(at, *values)

    async def agree(self, *names):
        for name in names:
            got, want = await self.read(name), self.twin.read(REG[name]["offset"])
            if name == "CAPS_OPTIONS":
                want |= self.hw.trace << 2
            assert got == want, f"{name}: device {got:#x}, twin {want:#x}"

    def twin_answers(self, offset, value=None):
        """Does the twin take this write (value), or read?"""
        try:
            if value is None:
                return True, self.twin.read(offset)
            self.twin.write(offset, value)
            self.twin.flush()
            return True, 0
        except HilError as error:
            assert error.code == 7, error
            return False, 0

    async def upload(self, image):
        for select, row, words in image.writes:
            if select == "PBITS":
                await self.write("PBITS", *words)
                continue
            await self.write("IMG_SELECT", select)
            await self.write("IMG_ADDRESS", row << 16)
            await self.write("IMG_DATA", *words)
            await self.agree("STATUS", "IMG_ADDRESS")
            assert not await self.read("STATUS") & ERROR, f"image, select {select}, row {row}"
        await self.check(image)

    async def check(self, image):
        """CHECK: the hash is that of this host, and of the twin."""
        await self.write("CTRL", 8)
        await self.wait(CHECKING | HASH_VALID, HASH_VALID)
        self.finish_twin()
        got = await self.read("IMG_HASH")
        assert got == image.crc, f"IMG_HASH {got:#x}, computed here {image.crc:#x}"
        await self.agree("IMG_HASH", "STATUS", "GUARD")

    async def wait(self, mask, want, clocks=RUN_CLOCKS):
        for _ in range(clocks // 8):
            status = await self.read("STATUS")
            assert not status & ERROR, f"STATUS {status:#x}"
            if status & mask == want:
                return
        raise AssertionError(f"STATUS {status:#x} after {clocks} clocks: waited for {want:#x} in {mask:#x}")

    def finish_twin(self):
        while self.twin.read("STATUS") & (BUSY | CHECKING):
            self.twin.advance(32768)
        self.twin.advance(0)

    async def start(self, sweeps, every, ctrl=1):
        """A run of both, the twin's to its end."""
        await self.write("SWEEPS", sweeps)
        await self.write("SAMPLE_EVERY", every)
        await self.write("CTRL", ctrl)
        self.finish_twin()

    async def run(self, sweeps, every):
        """Returns the frames of the sample stream, which are the twin's, as is the telemetry."""
        await self.start(sweeps, every)
        await self.wait(BUSY | DONE, DONE)
        return await self.compare_streams()

    async def compare_streams(self):
        await self.clocks(2)
        self.compare("telemetry", self.twin.telemetry)
        return self.compare("samples", self.twin.samples)

    def take(self, name):
        """Frames that have arrived, as lists of words; behind the last one nothing may have come."""
        frames, sink = [], self.sinks[name]
        while not sink.empty():
            data = bytes(sink.recv_nowait().tdata)
            frames.append([int.from_bytes(data[k:k + 4], "little") for k in range(0, len(data), 4)])
        self.words[name] += sum(map(len, frames))
        rest = self.monitor.streams[name].count - self.words[name]
        assert rest == 0, f"{name}: {rest} words of a frame that does not end"
        return frames

    def compare(self, name, twin):
        """Frames, which end where the twin's TLAST is."""
        want, got = [[]], self.take(name)
        for word, last in zip(*twin):
            want[-1].append(word)
            if last:
                want.append([])
        assert not want.pop(), "a frame of the twin has no end"
        for part in twin:
            part.clear()
        for k, (g, w) in enumerate(zip(got, want)):
            assert g == w, (f"{name}, frame {k} of {len(want)}: device {[f'{x:08x}' for x in g]}, "
                            f"twin {[f'{x:08x}' for x in w]}")
        assert len(got) == len(want), f"{name}: {len(got)} frames, twin {len(want)}"
        return got

    async def compare_registers(self, probed=True):
        """All that do not depend on when words are taken, and each replica's energy."""
        skip = {"STALL_CYCLES_LO", "STALL_CYCLES_HI", "STAT_DATA", "TRACE_FIRST", "TRACE_SWEEPS"}
        skip |= {"ENERGY_LO", "ENERGY_HI"}
        for name in REG:
            if name not in skip and (probed or not name.startswith("PROBE_")):
                await self.agree(name)
        for replica in range(self.hw.replicas + 1):
            await self.write("REPLICA_SELECT", replica)
            await self.agree("ENERGY_LO", "ENERGY_HI")

    async def end(self):
        """Nothing may be left over."""
        await self.clocks(20)
        assert self.master.idle(), "an access has no response"
        for name in self.sinks:
            assert not self.take(name), f"{name}: words that nobody asked for"
        self.monitor.check()
