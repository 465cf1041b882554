/* Back-end tlm behind the vtable: same words and clocks as the model alone, opened again and again,
 * several at once. The twin plays the model. */
#include <pthread.h>

#include "pbl_cmocka.h"
#include "pbl_regs.h"
#include "pbl_tlm.h"

#define SWEEPS 40

static pbl_device *open_twin(void) {
  const pbl_hw hw = pbl_hw_default();
  pbl_device *dev = NULL;
  assert_int_equal(pbl_twin_open(&dev, &hw, NULL), PBL_OK);
  return dev;
}

static pbl_device *open_tlm(uint64_t quantum_ns) {
  pbl_device *dev = NULL;
  const pbl_tlm_options opt = {.quantum_ns = quantum_ns};
  assert_int_equal(pbl_tlm_open(&dev, open_twin(), &opt, NULL), PBL_OK);
  return dev;
}

static void put(pbl_device *dev, uint32_t address, uint32_t value) {
  assert_int_equal(dev->ops->write32(dev, address, value, NULL), PBL_OK);
}

static void fill(pbl_device *dev, uint32_t target, uint32_t n, uint32_t factor) {
  put(dev, PBL_REG_IMG_SELECT, target);
  put(dev, PBL_REG_IMG_ADDRESS, 0);
  for (uint32_t k = 0; k < n; k++) put(dev, PBL_REG_IMG_DATA, (k + 1) * factor);
}

typedef struct {
  uint32_t words[SWEEPS];
  size_t n;
  uint64_t cycles;
} outcome;

static outcome run(pbl_device *dev) {
  outcome o;
  memset(&o, 0, sizeof o);
  fill(dev, 0, 49, 3);
  fill(dev, 1, 1024, 8192);
  fill(dev, 3, 12, 1);
  fill(dev, 4, 8, 2654435761u);
  put(dev, PBL_REG_BETA, 4096);
  put(dev, PBL_REG_SWEEPS, SWEEPS);
  put(dev, PBL_REG_SAMPLE_EVERY, 1);
  put(dev, PBL_REG_CTRL, PBL_CTRL_START_MASK);
  for (int k = 0; k < 10 && o.n < SWEEPS; k++) {
    size_t n = 0;
    assert_int_equal(dev->ops->advance(dev, 700, NULL), PBL_OK);
    assert_int_equal(dev->ops->stream_read(dev, o.words + o.n, NULL, SWEEPS - o.n, &n, NULL),
                     PBL_OK);
    o.n += n;
  }
  assert_int_equal(o.n, SWEEPS);
  o.cycles = dev->ops->cycles(dev);
  return o;
}

static void any_quantum_gives_the_words_and_clocks_of_the_model(void **state) {
  (void)state;
  pbl_device *twin = open_twin();
  const outcome own = run(twin);
  const uint64_t quanta[] = {1, 1000, 1000000};
  twin->ops->close(twin);
  assert_int_not_equal(own.words[0], own.words[1]);
  for (size_t k = 0; k < 3; k++) { /* each one opens and closes */
    pbl_device *dev = open_tlm(quanta[k]);
    const outcome o = run(dev);
    assert_memory_equal(o.words, own.words, sizeof own.words);
    assert_true(o.cycles == own.cycles);
    dev->ops->close(dev);
  }
}

static void several_devices_run_beside_each_other(void **state) {
  (void)state;
  pbl_device *dev[PBL_TLM_DEVICES];
  pbl_error err;
  outcome first, other;
  for (int k = 0; k < PBL_TLM_DEVICES; k++) dev[k] = open_tlm(1000);
  first = run(dev[0]);
  other = run(dev[PBL_TLM_DEVICES - 1]);
  assert_memory_equal(first.words, other.words, sizeof first.words);
  pbl_device *more = NULL;
  assert_int_equal(pbl_tlm_open(&more, open_twin(), NULL, &err), PBL_DEVICE);
  assert_non_null(strstr(err.message, "8 devices are open"));
  for (int k = 0; k < PBL_TLM_DEVICES; k++) dev[k]->ops->close(dev[k]);
  more = open_tlm(0);
  more->ops->close(more);
}

static void a_bus_error_names_the_register_and_the_response(void **state) {
  (void)state;
  pbl_device *dev = open_tlm(0);
  pbl_error err;
  uint32_t value;
  assert_int_equal(dev->ops->read32(dev, &value, 0xFFC, &err), PBL_DEVICE);
  assert_non_null(strstr(err.message, "0xffc"));
  assert_non_null(strstr(err.message, "TLM_ADDRESS_ERROR_RESPONSE"));
  dev->ops->close(dev);
}

static void *open_elsewhere(void *message) {
  pbl_device *dev = NULL;
  pbl_error err = {0};
  const pbl_status st = pbl_tlm_open(&dev, open_twin(), NULL, &err);
  if (st == PBL_DEVICE) snprintf(message, 200, "%.199s", err.message);
  return NULL;
}

static void another_thread_and_a_wrong_quantum_are_refused(void **state) {
  (void)state;
  char message[200] = "";
  pthread_t thread;
  pbl_device *dev = open_tlm(0);
  assert_int_equal(pthread_create(&thread, NULL, open_elsewhere, message), 0);
  pthread_join(thread, NULL);
  assert_non_null(strstr(message, "thread that opened the first"));
  dev->ops->close(dev);
  const pbl_tlm_options wrong = {.quantum_ns = 1000000001};
  assert_int_equal(pbl_tlm_open(&dev, open_twin(), &wrong, NULL), PBL_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(any_quantum_gives_the_words_and_clocks_of_the_model),
      cmocka_unit_test(several_devices_run_beside_each_other),
      cmocka_unit_test(a_bus_error_names_the_register_and_the_response),
      cmocka_unit_test(another_thread_and_a_wrong_quantum_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
