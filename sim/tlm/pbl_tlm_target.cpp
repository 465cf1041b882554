#include "pbl_tlm_target.h"

#include <algorithm>
#include <cstring>

#include "pbl_regs.h"

namespace pbl {

using sc_core::sc_time;
using sc_core::sc_time_stamp;
using sc_core::SC_ZERO_TIME;

namespace {

constexpr uint64_t kEnd = 0x1000;  // behind the register map

// What never changes. SCRATCH and IRQ_ENABLE are what was written last.
constexpr uint32_t kConstants[] = {PBL_REG_ID,
                                   PBL_REG_VERSION,
                                   PBL_REG_CAPS0,
                                   PBL_REG_CAPS_SIZE,
                                   PBL_REG_CAPS_REPLICAS,
                                   PBL_REG_CAPS_FORMAT,
                                   PBL_REG_CAPS_ACTIVATION,
                                   PBL_REG_CAPS_LATTICE,
                                   PBL_REG_CAPS_SITES,
                                   PBL_REG_CAPS_RULE_A_LO,
                                   PBL_REG_CAPS_RULE_A_HI,
                                   PBL_REG_CAPS_RULE_B_LO,
                                   PBL_REG_CAPS_RULE_B_HI,
                                   PBL_REG_CAPS_PBITS,
                                   PBL_REG_CAPS_EDGE_ROWS,
                                   PBL_REG_CAPS_GROUPS,
                                   PBL_REG_CAPS_OPTIONS,
                                   PBL_REG_CAPS_STAT_PAIRS,
                                   PBL_REG_SCRATCH,
                                   PBL_REG_IRQ_ENABLE};

void move_words(pbl_device *model, decltype(pbl_device_ops::stream_read) read,
                tlm::tlm_analysis_port<stream_word> &port) {
  uint32_t words[512];
  uint8_t last[512];
  size_t n = 0;
  do {
    n = 0;
    if (!read || read(model, words, last, 512, &n, nullptr)) return;
    for (size_t k = 0; k < n; k++) port.write({words[k], last[k] != 0});
  } while (n == 512);
}

}  // namespace

tlm_target::tlm_target(sc_core::sc_module_name name, sc_time period)
    : sc_module(name),
      socket("socket"),
      irq("irq"),
      samples("samples"),
      telemetry("telemetry"),
      trace("trace"),
      m_period(period) {
  socket.register_b_transport(this, &tlm_target::b_transport);
  socket.register_transport_dbg(this, &tlm_target::transport_dbg);
  SC_THREAD(free_running);
  SC_METHOD(publish);
  sensitive << m_changed;
  dont_initialize();
}

void tlm_target::learn(uint32_t address) {
  uint32_t value = 0;
  if (!m_model->ops->read32(m_model, &value, address, nullptr)) m_known[address] = value;
}

pbl_status tlm_target::attach(pbl_device *model, pbl_error *err) {
  m_model = model;
  m_known.clear();
  m_skipped = 0;
  m_origin = sc_time_stamp();
  if (model) {
    for (uint32_t address : kConstants) learn(address);
    if (m_known.count(PBL_REG_ID) == 0) {
      m_model = nullptr;
      return pbl_fail(err, PBL_DEVICE, "tlm: the device behind the socket does not answer");
    }
    size_t n = 0;
    uint32_t none = 0;
    m_has_trace = pbl_device_trace_read(model, &none, nullptr, 0, &n, nullptr) == PBL_OK;
    m_first = model->ops->cycles(model);
  }
  m_changed.notify(SC_ZERO_TIME);
  return PBL_OK;
}

void tlm_target::run_free(sc_time quantum) {
  m_quantum = std::max(quantum, m_period);
  m_start.notify(SC_ZERO_TIME);
}

uint64_t tlm_target::cycles() const {
  return m_model ? m_model->ops->cycles(m_model) - m_first : 0;
}

bool tlm_target::level() const {
  return m_model && m_model->ops->irq && m_model->ops->irq(m_model);
}

sc_time tlm_target::own_time() const {
  return m_origin + static_cast<double>(cycles() + m_skipped) * m_period;
}

void tlm_target::drain() {
  move_words(m_model, m_model->ops->stream_read, samples);
  move_words(m_model, m_model->ops->telemetry_read, telemetry);
  if (m_has_trace) move_words(m_model, m_model->ops->trace_read, trace);
}

uint64_t tlm_target::run(uint64_t clocks) {
  if (!m_model) return 0;
  const uint64_t before = cycles();
  const bool was = level();
  m_model->ops->advance(m_model, clocks, &m_error);
  drain();
  if (level() != was) m_changed.notify(SC_ZERO_TIME);
  return cycles() - before;
}

// A device that does not move is idle: its clocks pass without being simulated.
void tlm_target::catch_up(sc_time until) {
  while (m_model && own_time() + m_period <= until) {
    const uint64_t clocks = static_cast<uint64_t>((until - own_time()) / m_period);
    if (run(clocks) == 0) m_skipped += clocks;
  }
}

void tlm_target::free_running() {
  if (m_quantum == SC_ZERO_TIME) wait(m_start);
  while (true) {
    const sc_time until = sc_time_stamp() + m_quantum;
    bool was = level();
    // an edge of the interrupt line ends the step, so that it comes at its clock
    while (m_model && own_time() + m_period <= until && level() == was) {
      const uint64_t clocks = static_cast<uint64_t>((until - own_time()) / m_period);
      m_model->ops->advance(m_model, clocks, &m_error);
      const uint64_t left = static_cast<uint64_t>((until - own_time()) / m_period);
      if (left == clocks) m_skipped += clocks;
      drain();
    }
    const sc_time now = sc_time_stamp(), mine = m_model ? own_time() : until;
    wait(mine > now ? mine - now : m_period);
    m_changed.notify(SC_ZERO_TIME);
  }
}

void tlm_target::publish() {
  irq.write(level());
}

tlm::tlm_response_status tlm_target::access(tlm::tlm_generic_payload &payload) {
  const uint64_t address = payload.get_address();
  if (payload.get_command() == tlm::TLM_IGNORE_COMMAND) return tlm::TLM_COMMAND_ERROR_RESPONSE;
  if (payload.get_byte_enable_ptr()) return tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE;
  if (payload.get_data_length() != 4 || payload.get_streaming_width() < 4)
    return tlm::TLM_BURST_ERROR_RESPONSE;
  if (address % 4 != 0 || address >= kEnd) return tlm::TLM_ADDRESS_ERROR_RESPONSE;
  if (!m_model) return tlm::TLM_GENERIC_ERROR_RESPONSE;
  uint32_t value = 0;
  pbl_status st;
  if (payload.is_read()) {
    st = m_model->ops->read32(m_model, &value, static_cast<uint32_t>(address), &m_error);
    if (!st) std::memcpy(payload.get_data_ptr(), &value, sizeof value);
  } else {
    std::memcpy(&value, payload.get_data_ptr(), sizeof value);
    st = m_model->ops->write32(m_model, static_cast<uint32_t>(address), value, &m_error);
    if (!st && address == PBL_REG_SCRATCH) m_known[PBL_REG_SCRATCH] = value;
    if (!st && address == PBL_REG_IRQ_ENABLE)
      m_known[PBL_REG_IRQ_ENABLE] = value & (PBL_IRQ_ENABLE_DONE_MASK | PBL_IRQ_ENABLE_WINDOW_MASK);
  }
  if (st == PBL_OK) return tlm::TLM_OK_RESPONSE;
  return st == PBL_DEVICE ? tlm::TLM_ADDRESS_ERROR_RESPONSE : tlm::TLM_GENERIC_ERROR_RESPONSE;
}

void tlm_target::b_transport(tlm::tlm_generic_payload &payload, sc_time &delay) {
  const bool is_free = m_quantum != SC_ZERO_TIME;
  payload.set_dmi_allowed(false);
  if (is_free) catch_up(sc_time_stamp() + delay);
  const uint64_t before = cycles();
  const bool was = level();
  payload.set_response_status(access(payload));
  if (!m_model) return;
  drain();
  delay += static_cast<double>(cycles() - before) * m_period;
  if (is_free && own_time() > sc_time_stamp() + delay) delay = own_time() - sc_time_stamp();
  if (level() != was) m_changed.notify(delay);
}

unsigned tlm_target::transport_dbg(tlm::tlm_generic_payload &payload) {
  const uint64_t address = payload.get_address();
  unsigned n = 0;
  if (!payload.is_read() || address % 4 != 0 || address >= kEnd) return 0;
  for (; n + 4 <= payload.get_data_length(); n += 4) {
    const auto known = m_known.find(static_cast<uint32_t>(address) + n);
    if (known == m_known.end()) break;
    std::memcpy(payload.get_data_ptr() + n, &known->second, 4);
  }
  return n;
}

}  // namespace pbl
