// Example platform: processor, memory, DMA, timer and two p-bit devices on one bus; firmware.c
// trains a small restricted Boltzmann machine on them. docs/systemc.md.
//
//   tlm_example [--quantum-ns N] [--rtl VARIANT.so]
// clang-format off: tlm_quantumkeeper.h needs <systemc> before it
#include <systemc>
// clang-format on

#include <tlm_utils/tlm_quantumkeeper.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "parts.h"

extern "C" {
#include "firmware.h"
}

namespace {

using sc_core::SC_NS;
using sc_core::sc_time;

// Runs the firmware: a loosely timed initiator with three interrupt lines.
class processor : public sc_core::sc_module {
 public:
  master port;
  sc_core::sc_in<bool> lines[3];
  firmware_result result = FIRMWARE_NO_DEVICE;

  SC_HAS_PROCESS(processor);
  explicit processor(sc_core::sc_module_name name) : sc_module(name), port("port") {
    SC_THREAD(run);
  }

 private:
  static uint32_t load(void *self, uint32_t address) {
    return static_cast<processor *>(self)->access(true, address, 0);
  }
  static void store(void *self, uint32_t address, uint32_t value) {
    static_cast<processor *>(self)->access(false, address, value);
  }
  static uint32_t wait_for_interrupt(void *self) { return static_cast<processor *>(self)->sleep(); }

  uint32_t access(bool is_read, uint32_t address, uint32_t value) {
    sc_time delay = m_keeper.get_local_time();
    value = port.access(is_read, address, value, delay);
    m_keeper.set(delay);
    if (m_keeper.need_sync()) m_keeper.sync();
    return value;
  }

  uint32_t sleep() {
    m_keeper.sync();
    while (true) {
      uint32_t high = 0;
      for (int k = 0; k < 3; k++) high |= static_cast<uint32_t>(lines[k].read()) << k;
      if (high) return high;
      wait(lines[0].value_changed_event() | lines[1].value_changed_event() |
           lines[2].value_changed_event());
    }
  }

  void run() {
    const firmware_cpu cpu = {this, load, store, wait_for_interrupt};
    m_keeper.reset();
    result = firmware_main(&cpu);
    m_keeper.sync();
    sc_core::sc_stop();
  }

  tlm_utils::tlm_quantumkeeper m_keeper;
};

struct platform {
  bus fabric{"bus",
             {{MEMORY_BASE, MEMORY_BYTES},
              {CLAMPED_BASE, 0x1000},
              {FREE_BASE, 0x1000},
              {DMA_BASE, 0x100},
              {TIMER_BASE, 0x100}}};
  memory ram{"memory", MEMORY_BYTES};
  dma engine{"dma"};
  timer clock{"timer"};
  pbl::tlm_target clamped{"clamped"}, running{"free"};
  processor cpu{"processor"};
  master loader{"loader"};
  sc_core::sc_signal<bool> lines[3];

  platform() {
    cpu.port.socket.bind(fabric.masters[0]);
    engine.port.socket.bind(fabric.masters[1]);
    loader.socket.bind(fabric.masters[2]);
    fabric.slaves[0]->bind(ram.socket);
    fabric.slaves[1]->bind(clamped.socket);
    fabric.slaves[2]->bind(running.socket);
    fabric.slaves[3]->bind(engine.socket);
    fabric.slaves[4]->bind(clock.socket);
    clamped.samples.bind(engine.channels[0]);
    running.samples.bind(engine.channels[1]);
    clamped.irq.bind(lines[0]);
    running.irq.bind(lines[1]);
    clock.irq.bind(lines[2]);
    for (int k = 0; k < 3; k++) cpu.lines[k].bind(lines[k]);
  }

  // Activation table for weights s[5][6], beta 4.12, range 16 (docs/device.md, "Activation").
  void load_table() {
    sc_time none;
    for (uint32_t k = 0; k < TABLE_WORDS; k++) {
      const double q = std::ldexp(1 / (1 + std::exp(k * 16.0 / TABLE_WORDS)), 24);
      loader.access(false, TABLE_ADDRESS + 4 * k, static_cast<uint32_t>(std::lround(q)), none);
    }
  }

  // Exact: Kullback-Leibler divergence of the pictures from the model in memory, or, untrained,
  // from the uniform law.
  double divergence() {
    const uint32_t patterns[] = FIRMWARE_PATTERNS;
    double weight[1 << N_VISIBLE], total = 0, result = 0;
    for (uint32_t v = 0; v < 1u << N_VISIBLE; v++) {
      double log_weight = 0;
      for (uint32_t j = 0; j <= N_HIDDEN; j++) {
        double field = word(N_VISIBLE, j);
        for (uint32_t i = 0; i < N_VISIBLE; i++) field += (v >> i & 1 ? 1 : -1) * word(i, j);
        log_weight += j < N_HIDDEN ? std::log(2 * std::cosh(field)) : field;
      }
      total += weight[v] = std::exp(log_weight);
    }
    for (uint32_t pattern : patterns) result -= std::log(6 * weight[pattern] / total) / 6;
    return result;
  }

  double word(uint32_t i, uint32_t j) {
    sc_time none;
    const uint32_t w = loader.access(true, MODEL_ADDRESS + 4 * (i * (N_HIDDEN + 1) + j), 0, none);
    return std::ldexp(static_cast<int32_t>(w), -16);
  }

  uint32_t fingerprint() {
    uint32_t sum = 2166136261u;
    sc_time none;
    for (uint32_t k = 0; k < (N_VISIBLE + 1) * (N_HIDDEN + 1); k++)
      sum = (sum ^ loader.access(true, MODEL_ADDRESS + 4 * k, 0, none)) * 16777619u;
    return sum;
  }
};

pbl_status open_models(pbl_device *models[2], const char *shared_object, pbl_error *err) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = N_VISIBLE;
  hw.n_hidden = N_HIDDEN;
  hw.replicas = hw.lanes = N_LANES;
  pbl_status st = PBL_OK;
  for (uint64_t k = 0; k < 2 && !st; k++)
    st = shared_object ? pbl_rtl_open(&models[k], shared_object, k + 1, err)
                       : pbl_twin_open(&models[k], &hw, err);
  return st;
}

int run(double quantum_ns, pbl_device *models[2]) {
  const sc_time quantum(quantum_ns, SC_NS);
  pbl_error err = {};
  tlm::tlm_global_quantum::instance().set(quantum);
  platform p;
  if (p.clamped.attach(models[0], &err) || p.running.attach(models[1], &err)) {
    std::fprintf(stderr, "%s\n", err.message);
    return 3;
  }
  p.clamped.run_free(quantum);
  p.running.run_free(quantum);
  p.load_table();
  std::printf("divergence before: %.4f\n", p.divergence());
  sc_core::sc_start();
  if (p.cpu.result != FIRMWARE_TRAINED) {
    std::fprintf(stderr, "the firmware stopped with error %d\n", p.cpu.result);
    return 3;
  }
  std::printf("divergence after:  %.4f\nmodel: %08x\n", p.divergence(), p.fingerprint());
  std::printf("simulated: %.3f ms, %llu and %llu clocks of the devices\n",
              sc_core::sc_time_stamp().to_seconds() * 1e3,
              static_cast<unsigned long long>(p.clamped.cycles()),
              static_cast<unsigned long long>(p.running.cycles()));
  return 0;
}

}  // namespace

int sc_main(int argc, char **argv) {
  double quantum_ns = 1000;
  const char *shared_object = nullptr;
  for (int k = 1; k + 1 < argc; k += 2) {
    if (std::string(argv[k]) == "--quantum-ns") quantum_ns = std::atof(argv[k + 1]);
    if (std::string(argv[k]) == "--rtl") shared_object = argv[k + 1];
  }
  if (argc % 2 == 0 || !(quantum_ns >= 1 && quantum_ns <= 1e9)) {
    std::fprintf(stderr, "usage: tlm_example [--quantum-ns 1..1e9] [--rtl VARIANT.so]\n");
    return 2;
  }
  pbl_device *models[2] = {};
  pbl_error err = {};
  int code = 3;
  if (open_models(models, shared_object, &err))
    std::fprintf(stderr, "%s\n", err.message);
  else
    code = run(quantum_ns, models);
  for (pbl_device *model : models)
    if (model) model->ops->close(model);
  return code;
}
