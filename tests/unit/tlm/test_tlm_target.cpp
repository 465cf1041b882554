// The TLM-2.0 target: response codes, time, debug accesses, streams, interrupt. The twin plays.
#include <tlm_utils/simple_initiator_socket.h>

#include <systemc>
#include <vector>

#include "pbl_regs.h"
#include "pbl_tlm_target.h"

extern "C" {
#include "pbl_cmocka.h"
}

namespace {

using sc_core::SC_NS;
using sc_core::sc_time;

struct collector : tlm::tlm_analysis_if<pbl::stream_word> {
  std::vector<pbl::stream_word> words;
  void write(const pbl::stream_word &word) override { words.push_back(word); }
};

struct bench : sc_core::sc_module {
  tlm_utils::simple_initiator_socket<bench, 32> socket{"socket"};
  pbl::tlm_target target{"target"};
  sc_core::sc_signal<bool> irq;
  collector samples;
  pbl_device *twin = nullptr;

  explicit bench(sc_core::sc_module_name name) : sc_module(name) {
    socket.bind(target.socket);
    target.irq.bind(irq);
    target.samples.bind(samples);
  }
};

bench *b;  // the modules of one kernel, and there is only one

struct access_result {
  tlm::tlm_response_status response;
  uint32_t value;
  sc_time delay;
};

access_result access(tlm::tlm_command command, uint64_t address, uint32_t value,
                     unsigned length = 4, unsigned width = 4, unsigned char *enables = nullptr) {
  uint32_t data[2] = {value, 0};
  tlm::tlm_generic_payload p;
  sc_time delay(5, SC_NS);
  p.set_command(command);
  p.set_address(address);
  p.set_data_ptr(reinterpret_cast<unsigned char *>(data));
  p.set_data_length(length);
  p.set_streaming_width(width);
  p.set_byte_enable_ptr(enables);
  p.set_byte_enable_length(enables ? 4 : 0);
  p.set_dmi_allowed(true);
  p.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  b->socket->b_transport(p, delay);
  assert_false(p.is_dmi_allowed());
  return {p.get_response_status(), data[0], delay - sc_time(5, SC_NS)};
}

uint32_t get(uint32_t address) {
  const access_result r = access(tlm::TLM_READ_COMMAND, address, 0);
  assert_int_equal(r.response, tlm::TLM_OK_RESPONSE);
  return r.value;
}

void put(uint32_t address, uint32_t value) {
  assert_int_equal(access(tlm::TLM_WRITE_COMMAND, address, value).response, tlm::TLM_OK_RESPONSE);
}

unsigned debug(tlm::tlm_command command, uint64_t address, uint32_t *words, unsigned bytes) {
  tlm::tlm_generic_payload p;
  p.set_command(command);
  p.set_address(address);
  p.set_data_ptr(reinterpret_cast<unsigned char *>(words));
  p.set_data_length(bytes);
  return b->socket->transport_dbg(p);
}

int fresh_twin(void **) {
  pbl_hw hw = pbl_hw_default();
  pbl_error err = {};
  assert_int_equal(pbl_twin_open(&b->twin, &hw, &err), PBL_OK);
  assert_int_equal(b->target.attach(b->twin, &err), PBL_OK);
  b->samples.words.clear();
  return 0;
}

int close_twin(void **) {
  b->target.attach(nullptr, nullptr);
  b->twin->ops->close(b->twin);
  return 0;
}

void registers_are_read_and_written(void **) {
  assert_int_equal(get(PBL_REG_ID), PBL_RESET_ID);
  put(PBL_REG_SCRATCH, 0xCAFE1234);
  assert_int_equal(get(PBL_REG_SCRATCH), 0xCAFE1234);
}

void each_malformed_payload_has_its_response(void **) {
  unsigned char enables[4] = {0xFF, 0xFF, 0xFF, 0xFF};
  const uint64_t before = b->target.cycles();
  assert_int_equal(access(tlm::TLM_IGNORE_COMMAND, 0, 0).response, tlm::TLM_COMMAND_ERROR_RESPONSE);
  assert_int_equal(access(tlm::TLM_READ_COMMAND, 0, 0, 4, 4, enables).response,
                   tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  assert_int_equal(access(tlm::TLM_READ_COMMAND, 0, 0, 8, 8).response,
                   tlm::TLM_BURST_ERROR_RESPONSE);
  assert_int_equal(access(tlm::TLM_READ_COMMAND, 0, 0, 2).response, tlm::TLM_BURST_ERROR_RESPONSE);
  assert_int_equal(access(tlm::TLM_READ_COMMAND, 0, 0, 0).response, tlm::TLM_BURST_ERROR_RESPONSE);
  assert_int_equal(access(tlm::TLM_READ_COMMAND, 0, 0, 4, 2).response,
                   tlm::TLM_BURST_ERROR_RESPONSE);
  assert_int_equal(access(tlm::TLM_READ_COMMAND, 2, 0).response, tlm::TLM_ADDRESS_ERROR_RESPONSE);
  assert_int_equal(access(tlm::TLM_READ_COMMAND, 0x1000, 0).response,
                   tlm::TLM_ADDRESS_ERROR_RESPONSE);
  assert_int_equal(access(tlm::TLM_WRITE_COMMAND, 0x100000000, 0).response,
                   tlm::TLM_ADDRESS_ERROR_RESPONSE);
  assert_int_equal(b->target.cycles(), before);  // none of them reached the device
}

void an_address_without_register_is_an_address_error(void **) {
  assert_int_equal(access(tlm::TLM_READ_COMMAND, 0xFFC, 0).response,
                   tlm::TLM_ADDRESS_ERROR_RESPONSE);
  assert_int_equal(access(tlm::TLM_WRITE_COMMAND, 0xFFC, 0).response,
                   tlm::TLM_ADDRESS_ERROR_RESPONSE);
}

void without_a_device_every_access_is_a_generic_error(void **) {
  b->target.attach(nullptr, nullptr);
  assert_int_equal(access(tlm::TLM_READ_COMMAND, 0, 0).response, tlm::TLM_GENERIC_ERROR_RESPONSE);
}

void an_access_takes_the_clocks_of_the_device(void **) {
  const uint64_t before = b->target.cycles();
  const access_result r = access(tlm::TLM_READ_COMMAND, PBL_REG_STATUS, 0);
  const uint64_t clocks = b->target.cycles() - before;
  assert_true(clocks > 0);
  assert_true(r.delay == sc_time(10.0 * static_cast<double>(clocks), SC_NS));
}

void direct_memory_is_refused(void **) {
  tlm::tlm_generic_payload p;
  tlm::tlm_dmi dmi;
  p.set_address(0);
  assert_false(b->socket->get_direct_mem_ptr(p, dmi));
}

void debug_accesses_tell_constants_and_touch_nothing(void **) {
  uint32_t words[4] = {0, 0, 0, 0};
  put(PBL_REG_SCRATCH, 77);
  const uint64_t before = b->target.cycles();
  assert_int_equal(debug(tlm::TLM_READ_COMMAND, PBL_REG_ID, words, 16), 16);
  assert_int_equal(words[0], PBL_RESET_ID);
  assert_int_equal(words[2], 77);
  assert_int_equal(debug(tlm::TLM_READ_COMMAND, PBL_REG_BUSY_CYCLES_LO, words, 4), 0);
  assert_int_equal(debug(tlm::TLM_READ_COMMAND, 1, words, 4), 0);
  words[0] = 5;
  assert_int_equal(debug(tlm::TLM_WRITE_COMMAND, PBL_REG_SCRATCH, words, 4), 0);
  assert_int_equal(b->target.cycles(), before);
  assert_int_equal(get(PBL_REG_SCRATCH), 77);
}

void sweeps_send_their_frames_and_raise_the_line(void **) {
  put(PBL_REG_SWEEPS, 3);
  put(PBL_REG_SAMPLE_EVERY, 1);
  put(PBL_REG_IRQ_ENABLE, PBL_IRQ_ENABLE_DONE_MASK);
  sc_core::sc_start(100, SC_NS);
  assert_false(b->irq.read());
  put(PBL_REG_CTRL, PBL_CTRL_START_MASK);
  b->target.run(100000);
  sc_core::sc_start(100, SC_NS);
  assert_true(b->irq.read());
  assert_int_equal(b->samples.words.size(), 3);  // 12 bits each
  for (const pbl::stream_word &word : b->samples.words) assert_true(word.last);
  put(PBL_REG_IRQ_STATUS, PBL_IRQ_STATUS_DONE_MASK);
  sc_core::sc_start(100, SC_NS);
  assert_false(b->irq.read());
}

}  // namespace

int sc_main(int, char **) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(registers_are_read_and_written, fresh_twin, close_twin),
      cmocka_unit_test_setup_teardown(each_malformed_payload_has_its_response, fresh_twin,
                                      close_twin),
      cmocka_unit_test_setup_teardown(an_address_without_register_is_an_address_error, fresh_twin,
                                      close_twin),
      cmocka_unit_test_setup_teardown(without_a_device_every_access_is_a_generic_error, fresh_twin,
                                      close_twin),
      cmocka_unit_test_setup_teardown(an_access_takes_the_clocks_of_the_device, fresh_twin,
                                      close_twin),
      cmocka_unit_test_setup_teardown(direct_memory_is_refused, fresh_twin, close_twin),
      cmocka_unit_test_setup_teardown(debug_accesses_tell_constants_and_touch_nothing, fresh_twin,
                                      close_twin),
      cmocka_unit_test_setup_teardown(sweeps_send_their_frames_and_raise_the_line, fresh_twin,
                                      close_twin),
  };
  bench modules("bench");
  b = &modules;
  sc_core::sc_start(sc_core::SC_ZERO_TIME);
  return cmocka_run_group_tests(tests, nullptr, nullptr);
}
