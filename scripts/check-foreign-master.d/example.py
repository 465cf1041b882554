import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles
from cocotbext.axi import AxiLiteBus, AxiLiteMaster, AxiStreamBus, AxiStreamSink

@cocotb.test()
async def states_come_back_as_a_sample(dut):
    cocotb.start_soon(Clock(dut.clk_i, 10, "ns").start())
    bus = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk_i, dut.rst_ni, reset_active_level=False)
    samples = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.clk_i, dut.rst_ni, reset_active_level=False)
    dut.rst_ni.value, dut.m_axis_telemetry_tready.value, dut.m_axis_trace_tready.value = 0, 1, 1
    await ClockCycles(dut.clk_i, 4)
    dut.rst_ni.value = 1
    for register, value in ([(0x44, 3), (0x48, 0)]              # IMG_SELECT: states; IMG_ADDRESS: the first p-bit
                            + [(0x4C, p % 3 == 0) for p in range(12)]  # IMG_DATA, 6 x 6 p-bits
                            + [(0x30, 1), (0x20, 1)]):          # SAMPLE_EVERY, CTRL.START: SWEEPS is 0, a read-out
        await bus.write_dword(register, value)
    assert (await samples.recv()).tdata == (0b001001001001).to_bytes(4, "little")
