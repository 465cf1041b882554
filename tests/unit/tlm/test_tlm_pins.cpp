// The pin-level model, driven by an AXI4-Lite master and a stream receiver that is often not ready:
// same words as the twin through its vtable. Compiles the 6 x 6 variant, once.
#include <array>
#include <systemc>
#include <vector>

#include "pbl_regs.h"
#include "pbl_tlm_pins.h"

extern "C" {
#include "pbl_cmocka.h"
#include "pbl_variant.h"
}

namespace {

constexpr uint32_t kSweeps = 20;

struct written {
  uint32_t address, value;
};

// What makes a run of the 6 x 6 device of 16 lanes.
std::vector<written> program() {
  std::vector<written> all;
  const uint32_t targets[][3] = {
      {0, 49, 3}, {1, 1024, 8192}, {3, 12, 0x9E37}, {4, 68, 2654435761u}};
  for (const auto &t : targets) {
    all.push_back({PBL_REG_IMG_SELECT, t[0]});
    all.push_back({PBL_REG_IMG_ADDRESS, 0});
    for (uint32_t k = 0; k < t[1]; k++) all.push_back({PBL_REG_IMG_DATA, (k + 1) * t[2]});
  }
  all.push_back({PBL_REG_IMG_SELECT, 2});
  all.push_back({PBL_REG_IMG_ADDRESS, 0});
  for (uint32_t k = 0; k < 12; k++) all.push_back({PBL_REG_IMG_DATA, 0});
  all.push_back({PBL_REG_BETA, 4096});
  all.push_back({PBL_REG_SWEEPS, kSweeps});
  all.push_back({PBL_REG_SAMPLE_EVERY, 1});
  all.push_back({PBL_REG_IRQ_ENABLE, PBL_IRQ_ENABLE_DONE_MASK});
  all.push_back({PBL_REG_CTRL, PBL_CTRL_START_MASK});
  return all;
}

struct bench : sc_core::sc_module {
  template <int Bits>
  using wires = sc_core::sc_signal<sc_dt::sc_bv<Bits>>;
  sc_core::sc_clock clk{"clk", 10, sc_core::SC_NS};
  sc_core::sc_signal<bool> resetn, awvalid, wvalid, bready, arvalid, rready, awready, wready,
      bvalid, arready, rvalid, tready, tvalid, tlast, window_tready, window_tvalid, window_tlast,
      irq;
  wires<12> awaddr, araddr;
  wires<32> wdata, rdata, tdata, window_tdata;
  wires<4> wstrb;
  wires<2> bresp, rresp;
  pbl::tlm_pins pins;
  std::vector<uint32_t> words;
  uint32_t id = 0, unmapped_response = 0, bad_writes = 0;
  bool done = false;

  SC_HAS_PROCESS(bench);
  bench(sc_core::sc_module_name name, pbl_device *model) : sc_module(name), pins("pins", model) {
    pins.clk(clk);
    pins.resetn(resetn);
    pins.awvalid(awvalid), pins.awready(awready), pins.awaddr(awaddr);
    pins.wvalid(wvalid), pins.wready(wready), pins.wdata(wdata), pins.wstrb(wstrb);
    pins.bvalid(bvalid), pins.bready(bready), pins.bresp(bresp);
    pins.arvalid(arvalid), pins.arready(arready), pins.araddr(araddr);
    pins.rvalid(rvalid), pins.rready(rready), pins.rdata(rdata), pins.rresp(rresp);
    pins.tready(tready), pins.tvalid(tvalid), pins.tlast(tlast), pins.tdata(tdata);
    pins.telemetry_tready(window_tready), pins.telemetry_tvalid(window_tvalid);
    pins.telemetry_tlast(window_tlast), pins.telemetry_tdata(window_tdata);
    pins.irq(irq);
    SC_THREAD(master);
    sensitive << clk.posedge_event();
    SC_METHOD(receive);
    sensitive << clk.posedge_event();
    dont_initialize();
  }

 private:
  uint32_t write(uint32_t address, uint32_t value) {
    bool address_left = true, data_left = true;
    awaddr.write(address);
    wdata.write(value);
    awvalid.write(true);
    wvalid.write(true);
    bready.write(true);
    while (true) {
      wait();
      if (address_left && awready.read()) awvalid.write(address_left = false);
      if (data_left && wready.read()) wvalid.write(data_left = false);
      if (bvalid.read()) break;
    }
    bready.write(false);
    return bresp.read().to_uint();
  }

  uint32_t read(uint32_t *value, uint32_t address) {
    araddr.write(address);
    arvalid.write(true);
    rready.write(true);
    while (true) {
      wait();
      if (arready.read()) arvalid.write(false);
      if (rvalid.read()) break;
    }
    rready.write(false);
    *value = rdata.read().to_uint();
    return rresp.read().to_uint();
  }

  void master() {
    uint32_t ignored;
    wstrb.write(15);
    for (int k = 0; k < 4; k++) wait();
    resetn.write(true);
    wait();
    read(&id, PBL_REG_ID);
    unmapped_response = read(&ignored, 0xFFC);
    for (const written &w : program()) bad_writes += write(w.address, w.value) != 0;
    while (!irq.read()) wait();
    done = true;
    sc_core::sc_stop();
  }

  // Ready on about a third of the clocks.
  void receive() {
    if (tready.read() && tvalid.read()) words.push_back(tdata.read().to_uint());
    m_noise = m_noise * 1664525u + 1013904223u;
    tready.write(m_noise >> 24 < 85);
    window_tready.write(true);
  }

  uint32_t m_noise = 1;
};

bench *b;
pbl_hw hw;

std::vector<uint32_t> words_of_the_twin() {
  pbl_device *twin = nullptr;
  std::vector<uint32_t> words(1000);
  size_t n = 0;
  assert_int_equal(pbl_twin_open(&twin, &hw, nullptr), PBL_OK);
  for (const written &w : program())
    assert_int_equal(twin->ops->write32(twin, w.address, w.value, nullptr), PBL_OK);
  assert_int_equal(twin->ops->advance(twin, 100000, nullptr), PBL_OK);
  twin->ops->stream_read(twin, words.data(), nullptr, words.size(), &n, nullptr);
  words.resize(n);
  twin->ops->close(twin);
  return words;
}

void a_master_with_pins_gets_the_samples_of_the_twin(void **) {
  const std::vector<uint32_t> expected = words_of_the_twin();
  sc_core::sc_start(2, sc_core::SC_MS);
  assert_true(b->done);
  assert_int_equal(b->id, PBL_RESET_ID);
  assert_int_equal(b->unmapped_response, 2);  // SLVERR
  assert_int_equal(b->bad_writes, 0);
  assert_int_equal(expected.size(), kSweeps * 6);
  assert_int_equal(b->words.size(), expected.size());
  assert_memory_equal(b->words.data(), expected.data(), 4 * expected.size());
}

}  // namespace

int sc_main(int, char **) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_master_with_pins_gets_the_samples_of_the_twin)};
  char path[4096];
  pbl_error err = {};
  pbl_device *model = nullptr;
  hw = pbl_hw_default();
  hw.replicas = hw.lanes = 16;
  if (pbl_variant_build(path, sizeof path, &hw, nullptr, nullptr, &err) ||
      pbl_rtl_open(&model, path, 1, &err)) {
    std::fprintf(stderr, "%s\n", err.message);
    return 1;
  }
  bench modules("bench", model);
  b = &modules;
  const int failed = cmocka_run_group_tests(tests, nullptr, nullptr);
  model->ops->close(model);
  return failed;
}
