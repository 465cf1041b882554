// The Verilated board (rtl/board/pbit_board.sv) as AXI4-Lite accesses; loaded by board_device.c.
#include <cstdint>

#include "Vboard.h"
#include "verilated.h"

namespace {

struct Board {
  VerilatedContext context;
  Vboard top{&context};
};

void clock(Vboard &t) {
  t.clk_i = 0;
  t.eval();
  t.clk_i = 1;
  t.eval();
}

}  // namespace

extern "C" {

void *board_create() {
  auto *b = new Board;
  Vboard &t = b->top;
  t.s_axil_awvalid = t.s_axil_wvalid = t.s_axil_bready = t.s_axil_arvalid = t.s_axil_rready = 0;
  t.s_axil_wstrb = 0xF;
  t.rst_ni = 1;
  clock(t);
  t.rst_ni = 0;
  for (int i = 0; i < 4; i++) clock(t);
  t.rst_ni = 1;
  return b;
}

void board_destroy(void *p) {
  static_cast<Board *>(p)->top.final();
  delete static_cast<Board *>(p);
}

// 0: answered with OKAY within 1000 clocks.
int board_write(void *p, uint32_t address, uint32_t value) {
  Vboard &t = static_cast<Board *>(p)->top;
  t.s_axil_awaddr = address & 0x1FFF;
  t.s_axil_wdata = value;
  t.s_axil_awvalid = t.s_axil_wvalid = t.s_axil_bready = 1;
  for (int i = 0; i < 1000; i++) {
    t.clk_i = 0;
    t.eval();
    const bool aw = t.s_axil_awready, w = t.s_axil_wready, done = t.s_axil_bvalid;
    const int response = t.s_axil_bresp;
    clock(t);
    if (aw) t.s_axil_awvalid = 0;
    if (w) t.s_axil_wvalid = 0;
    if (done) {
      t.s_axil_bready = 0;
      return response;
    }
  }
  return -1;
}

int board_read(void *p, uint32_t *value, uint32_t address) {
  Vboard &t = static_cast<Board *>(p)->top;
  t.s_axil_araddr = address & 0x1FFF;
  t.s_axil_arvalid = t.s_axil_rready = 1;
  for (int i = 0; i < 1000; i++) {
    t.clk_i = 0;
    t.eval();
    const bool ar = t.s_axil_arready, done = t.s_axil_rvalid;
    const int response = t.s_axil_rresp;
    const uint32_t data = t.s_axil_rdata;
    clock(t);
    if (ar) t.s_axil_arvalid = 0;
    if (done) {
      t.s_axil_rready = 0;
      *value = data;
      return response;
    }
  }
  return -1;
}

// Until the interrupt line is up, at most n clocks.
void board_run(void *p, uint64_t n) {
  Vboard &t = static_cast<Board *>(p)->top;
  for (uint64_t k = 0; k < n && !t.irq_o; k++) clock(t);
}
}
