#include "pbl_tlm_pins.h"

namespace pbl {

tlm_pins::tlm_pins(sc_core::sc_module_name name, pbl_device *model)
    : sc_module(name), m_model(model) {
  SC_METHOD(update);
  sensitive << clk.pos() << resetn << awvalid << wvalid << bready << arvalid << rready << awaddr
            << araddr << wdata << wstrb << tready << telemetry_tready;
}

void tlm_pins::update() {
  pbl_rtl_inputs in = {};
  pbl_rtl_outputs out = {};
  pbl_error err = {};
  in.rst_n = resetn.read();
  in.awaddr = awaddr.read().to_uint();
  in.awvalid = awvalid.read();
  in.wdata = wdata.read().to_uint();
  in.wstrb = wstrb.read().to_uint();
  in.wvalid = wvalid.read();
  in.bready = bready.read();
  in.araddr = araddr.read().to_uint();
  in.arvalid = arvalid.read();
  in.rready = rready.read();
  in.tready = tready.read();
  in.telemetry_tready = telemetry_tready.read();
  in.trace_tready = 1;
  if (pbl_rtl_pins(m_model, &out, &in, clk.posedge(), &err)) SC_REPORT_FATAL(name(), err.message);
  awready.write(out.awready != 0);
  wready.write(out.wready != 0);
  bresp.write(out.bresp);
  bvalid.write(out.bvalid != 0);
  arready.write(out.arready != 0);
  rdata.write(out.rdata);
  rresp.write(out.rresp);
  rvalid.write(out.rvalid != 0);
  tdata.write(out.tdata);
  tvalid.write(out.tvalid != 0);
  tlast.write(out.tlast != 0);
  telemetry_tdata.write(out.telemetry_tdata);
  telemetry_tvalid.write(out.telemetry_tvalid != 0);
  telemetry_tlast.write(out.telemetry_tlast != 0);
  irq.write(out.irq != 0);
}

}  // namespace pbl
