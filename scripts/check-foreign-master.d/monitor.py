"""Rules of AXI4-Lite and AXI4-Stream at the pins, clock by clock."""
from cocotb.triggers import RisingEdge


class Channel:
    def __init__(self, dut, prefix, payload):
        self.name = prefix
        self.valid, self.ready = getattr(dut, prefix + "valid"), getattr(dut, prefix + "ready")
        self.payload = [getattr(dut, prefix + p) for p in payload]
        self.held = None  # payload that waits for READY
        self.count = 0  # handshakes


class Monitor:
    """VALID stays until READY and its payload does not change, no response before its request, no VALID in
    reset, nothing unknown. Faults are kept for check(), the first one first."""

    def __init__(self, dut):
        self.dut, self.fault, self.clocks = dut, None, 0
        axil = {name: Channel(dut, "s_axil_" + name, p) for name, p in
                (("aw", ()), ("w", ()), ("ar", ()), ("b", ("resp",)), ("r", ("resp", "data")))}
        self.aw, self.w, self.ar, self.b, self.r = axil.values()
        self.streams = {name: Channel(dut, prefix, ("data", "last")) for name, prefix in
                        (("samples", "m_axis_t"), ("telemetry", "m_axis_telemetry_t"),
                         ("trace", "m_axis_trace_t"))}
        self.channels = list(axil.values()) + list(self.streams.values())

    def check(self):
        assert self.fault is None, self.fault

    def fail(self, channel, what):
        if self.fault is None:
            self.fault = f"clock {self.clocks}: {channel.name}: {what}"

    async def run(self):
        edge = RisingEdge(self.dut.clk_i)
        outputs = self.channels[3:]
        while True:
            await edge
            self.clocks += 1
            if not self.dut.rst_ni.value:
                for channel in self.channels:
                    channel.held, channel.count = None, 0
                    if channel in outputs and self.clocks > 1 and str(channel.valid.value) != "0":
                        self.fail(channel, "VALID in reset")
                continue
            requests = min(self.aw.count, self.w.count), self.ar.count
            for channel in self.channels:
                self.step(channel)
            if self.b.held and self.b.count >= requests[0] or self.b.count > requests[0]:
                self.fail(self.b, "a response without a request")
            if self.r.held and self.r.count >= requests[1] or self.r.count > requests[1]:
                self.fail(self.r, "a response without a request")

    def step(self, channel):
        valid, ready = str(channel.valid.value), str(channel.ready.value)
        if valid not in "01" or ready not in "01":
            self.fail(channel, f"VALID is {valid}, READY is {ready}")
        elif valid == "1":
            payload = [str(p.value) for p in channel.payload]
            if channel.held and payload != channel.held:
                self.fail(channel, f"{channel.held} waited and became {payload}")
            if any("x" in p.lower() or "z" in p.lower() for p in payload):
                self.fail(channel, f"payload is {payload}")
            channel.held = payload if ready == "0" else None
            channel.count += ready == "1"
        else:
            if channel.held:
                self.fail(channel, "VALID fell before READY")
            channel.held = None
