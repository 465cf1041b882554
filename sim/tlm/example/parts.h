// Parts of the example platform: bus, memory, DMA, timer.
#ifndef PARTS_H
#define PARTS_H

#include <tlm_utils/simple_initiator_socket.h>
#include <tlm_utils/simple_target_socket.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <systemc>
#include <tlm>
#include <vector>

#include "pbl_tlm_target.h"

struct range {
  uint64_t base, bytes;
};

// Routes by address: range k to slave k.
class bus : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket_tagged<bus, 32> masters[3];  // processor, DMA, loader
  std::vector<std::unique_ptr<tlm_utils::simple_initiator_socket<bus, 32>>> slaves;

  bus(sc_core::sc_module_name name, std::vector<range> ranges)
      : sc_module(name), m_ranges(std::move(ranges)) {
    for (int k = 0; k < 3; k++) masters[k].register_b_transport(this, &bus::b_transport, k);
    for (size_t k = 0; k < m_ranges.size(); k++)
      slaves.push_back(std::make_unique<tlm_utils::simple_initiator_socket<bus, 32>>(
          sc_core::sc_gen_unique_name("slave")));
  }

 private:
  void b_transport(int, tlm::tlm_generic_payload &payload, sc_core::sc_time &delay) {
    const uint64_t address = payload.get_address();
    for (size_t k = 0; k < m_ranges.size(); k++) {
      if (address < m_ranges[k].base || address - m_ranges[k].base >= m_ranges[k].bytes) continue;
      payload.set_address(address - m_ranges[k].base);
      (*slaves[k])->b_transport(payload, delay);
      payload.set_address(address);
      return;
    }
    payload.set_response_status(tlm::TLM_ADDRESS_ERROR_RESPONSE);
  }

  const std::vector<range> m_ranges;
};

// Words of a target whose accesses take one clock each.
class words_target : public sc_core::sc_module {
 public:
  tlm_utils::simple_target_socket<words_target, 32> socket;
  explicit words_target(sc_core::sc_module_name name) : sc_module(name), socket("socket") {
    socket.register_b_transport(this, &words_target::b_transport);
  }

 protected:
  virtual uint32_t load(uint32_t address) = 0;
  virtual void store(uint32_t address, uint32_t value) = 0;

 private:
  void b_transport(tlm::tlm_generic_payload &payload, sc_core::sc_time &delay) {
    const uint32_t address = static_cast<uint32_t>(payload.get_address());
    uint32_t value = 0;
    if (payload.get_data_length() != 4) {
      payload.set_response_status(tlm::TLM_BURST_ERROR_RESPONSE);
      return;
    }
    if (payload.is_read()) {
      value = load(address);
      std::memcpy(payload.get_data_ptr(), &value, 4);
    } else {
      std::memcpy(&value, payload.get_data_ptr(), 4);
      store(address, value);
    }
    delay += sc_core::sc_time(10, sc_core::SC_NS);
    payload.set_response_status(tlm::TLM_OK_RESPONSE);
  }
};

class memory : public words_target {
 public:
  memory(sc_core::sc_module_name name, size_t bytes) : words_target(name), m_words(bytes / 4) {}
  uint32_t load(uint32_t address) override { return m_words.at(address / 4); }
  void store(uint32_t address, uint32_t value) override { m_words.at(address / 4) = value; }

 private:
  std::vector<uint32_t> m_words;
};

// Master port of a part that does single 32-bit accesses.
class master : public sc_core::sc_module {
 public:
  tlm_utils::simple_initiator_socket<master, 32> socket;
  explicit master(sc_core::sc_module_name name) : sc_module(name), socket("socket") {}

  // Stops the simulation on an error response: there is no processor that could take a trap.
  uint32_t access(bool is_read, uint32_t address, uint32_t value, sc_core::sc_time &delay) {
    tlm::tlm_generic_payload payload;
    payload.set_command(is_read ? tlm::TLM_READ_COMMAND : tlm::TLM_WRITE_COMMAND);
    payload.set_address(address);
    payload.set_data_ptr(reinterpret_cast<unsigned char *>(&value));
    payload.set_data_length(4);
    payload.set_streaming_width(4);
    socket->b_transport(payload, delay);
    if (payload.is_response_error()) SC_REPORT_FATAL(name(), payload.get_response_string().c_str());
    return value;
  }
};

// Stores the sample streams of two devices.
class dma : public words_target {
 public:
  master port;

  explicit dma(sc_core::sc_module_name name) : words_target(name), port("port") {
    for (unsigned k = 0; k < 2; k++) channels[k].owner = this;
  }

  struct channel : tlm::tlm_analysis_if<pbl::stream_word> {
    dma *owner = nullptr;
    uint32_t destination = 0, words = 0;
    void write(const pbl::stream_word &word) override {
      sc_core::sc_time delay;
      owner->port.access(false, destination + 4 * words++, word.data, delay);
    }
  };
  std::array<channel, 2> channels;

 private:
  uint32_t load(uint32_t address) override {
    const channel &c = channels.at(address / 16);
    return address % 16 == 0 ? c.destination : c.words;
  }
  void store(uint32_t address, uint32_t value) override {
    channel &c = channels.at(address / 16);
    if (address % 16 != 0) return;
    c.destination = value;
    c.words = 0;
  }
};

class timer : public words_target {
 public:
  sc_core::sc_out<bool> irq;
  SC_HAS_PROCESS(timer);
  explicit timer(sc_core::sc_module_name name) : words_target(name), irq("irq") {
    SC_METHOD(update);
    sensitive << m_alarm << m_set;
    dont_initialize();
  }

 private:
  uint32_t load(uint32_t address) override {
    return address == 0 ? static_cast<uint32_t>(sc_core::sc_time_stamp() /
                                                sc_core::sc_time(1, sc_core::SC_NS))
                        : 0;
  }
  void store(uint32_t address, uint32_t value) override {
    if (address != 4) return;
    m_alarm.cancel();
    m_is_due = false;
    m_at = sc_core::sc_time_stamp() + sc_core::sc_time(value, sc_core::SC_NS);
    if (value) m_alarm.notify(m_at - sc_core::sc_time_stamp());
    m_set.notify(sc_core::SC_ZERO_TIME);
    m_is_armed = value != 0;
  }
  void update() {
    m_is_due = m_is_armed && sc_core::sc_time_stamp() >= m_at;
    irq.write(m_is_due);
  }

  sc_core::sc_event m_alarm, m_set;
  sc_core::sc_time m_at;
  bool m_is_armed = false, m_is_due = false;
};

#endif
