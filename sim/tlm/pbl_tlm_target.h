// A p-bit device as a loosely timed TLM-2.0 target: registers on a 32-bit socket, the three streams
// as analysis ports, the interrupt line. docs/systemc.md says how time and errors are treated.
//
//   pbl::tlm_target device("device");
//   device.attach(model);               // of pbl_rtl_open or pbl_twin_open; borrowed
//   device.run_free(sc_time(1, SC_US)); // or: somebody calls run()
#ifndef PBL_TLM_TARGET_H
#define PBL_TLM_TARGET_H

#include <tlm_utils/simple_target_socket.h>

#include <map>
#include <systemc>
#include <tlm>

extern "C" {
#include "pbl_device.h"
}

namespace pbl {

// One word of an AXI4-Stream.
struct stream_word {
  uint32_t data;
  bool last;  // TLAST
};

class tlm_target : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<tlm_target, 32> socket;
  sc_core::sc_out<bool> irq;
  // Words in the order in which the device sends them. A subscriber takes every word; words to
  // which nobody listens are dropped.
  tlm::tlm_analysis_port<stream_word> samples, telemetry, trace;

  SC_HAS_PROCESS(tlm_target);
  explicit tlm_target(sc_core::sc_module_name name,
                      sc_core::sc_time period = sc_core::sc_time(10, sc_core::SC_NS));

  // The device that plays behind the socket, now or at any time of the simulation; borrowed; NULL:
  // none (every access is then a generic error). Reads its constant registers.
  pbl_status attach(pbl_device *model, pbl_error *err);

  // The clock always runs. The device is simulated up to `quantum` ahead of the kernel's time.
  void run_free(sc_core::sc_time quantum);
  // Up to `clocks` clocks now; stops early where the device's advance() does. Says how many were
  // done. For owners who give the clock themselves; not together with run_free.
  uint64_t run(uint64_t clocks);

  uint64_t cycles() const;  // clocks since attach
  bool level() const;       // of the interrupt line, at cycles()
  sc_core::sc_time period() const { return m_period; }
  const pbl_error &error() const { return m_error; }  // of the last access that failed

 private:
  void b_transport(tlm::tlm_generic_payload &payload, sc_core::sc_time &delay);
  unsigned transport_dbg(tlm::tlm_generic_payload &payload);
  tlm::tlm_response_status access(tlm::tlm_generic_payload &payload);
  void catch_up(sc_core::sc_time until);
  sc_core::sc_time own_time() const;
  void drain();
  void free_running();
  void publish();
  void learn(uint32_t address);

  const sc_core::sc_time m_period;
  pbl_device *m_model = nullptr;
  uint64_t m_first = 0;    // clocks of the model at attach
  uint64_t m_skipped = 0;  // clocks of the kernel's time that were not simulated
  sc_core::sc_time m_origin, m_quantum;
  sc_core::sc_event m_start, m_changed;
  std::map<uint32_t, uint32_t> m_known;  // registers that can be told without an access
  bool m_has_trace = false;
  pbl_error m_error = {};
};

}  // namespace pbl

#endif
