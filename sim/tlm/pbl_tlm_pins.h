// The Verilated pbit_top with its pins as SystemC signals: AXI4-Lite for the registers, AXI4-Stream
// for the samples and the windows' records. Cycle-true at the rising edges of `clk`; between them
// the outputs follow the inputs one delta cycle later. Ports are bool, and sc_bv where they are
// wider, as bridges between TLM and AXI have them; there is no pin for the protection bits, which
// the device does not look at.
#ifndef PBL_TLM_PINS_H
#define PBL_TLM_PINS_H

#include <systemc>

extern "C" {
#include "pbl_rtl_pins.h"
}

namespace pbl {

class tlm_pins : public sc_core::sc_module {
 public:
  template <int Bits>
  using bits_in = sc_core::sc_in<sc_dt::sc_bv<Bits>>;
  template <int Bits>
  using bits_out = sc_core::sc_out<sc_dt::sc_bv<Bits>>;

  sc_core::sc_in<bool> clk{"clk"}, resetn{"resetn"};
  // AXI4-Lite slave
  sc_core::sc_in<bool> awvalid{"awvalid"}, wvalid{"wvalid"}, bready{"bready"}, arvalid{"arvalid"},
      rready{"rready"};
  bits_in<12> awaddr{"awaddr"}, araddr{"araddr"};
  bits_in<32> wdata{"wdata"};
  bits_in<4> wstrb{"wstrb"};
  sc_core::sc_out<bool> awready{"awready"}, wready{"wready"}, bvalid{"bvalid"}, arready{"arready"},
      rvalid{"rvalid"};
  bits_out<2> bresp{"bresp"}, rresp{"rresp"};
  bits_out<32> rdata{"rdata"};
  // AXI4-Stream masters
  sc_core::sc_in<bool> tready{"tready"}, telemetry_tready{"telemetry_tready"};
  sc_core::sc_out<bool> tvalid{"tvalid"}, tlast{"tlast"}, telemetry_tvalid{"telemetry_tvalid"},
      telemetry_tlast{"telemetry_tlast"};
  bits_out<32> tdata{"tdata"}, telemetry_tdata{"telemetry_tdata"};
  sc_core::sc_out<bool> irq{"irq"};

  SC_HAS_PROCESS(tlm_pins);
  // model: of pbl_rtl_open, borrowed, used by nobody else. A receiver of the trace port is always
  // ready; its words are not seen here.
  tlm_pins(sc_core::sc_module_name name, pbl_device *model);

 private:
  void update();

  pbl_device *m_model;
};

}  // namespace pbl

#endif
