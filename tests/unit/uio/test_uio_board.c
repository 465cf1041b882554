/* The board of software: its window does what docs/board.md says of pbit_board. */
#include "pbl_regs.h"
#include "uio_board.h"
#include "uio_bus.h"
#include "uio_rig.h"

static uio_board b;

static int set_up(void **state) {
  (void)state;
  b = (uio_board){.open = rig_open_twin};
  return uio_board_init(&b, NULL) == PBL_OK ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  uio_board_release(&b);
  return 0;
}

static uint32_t get(uint32_t address) {
  uint32_t value = 0;
  assert_int_equal(uio_board_read(&b, &value, address, NULL), PBL_OK);
  return value;
}

static void put(uint32_t address, uint32_t value) {
  assert_int_equal(uio_board_write(&b, address, value, NULL), PBL_OK);
}

static uint64_t cycles(void) {
  const uint32_t low = get(PBL_BOARD_CYCLES_LO);
  return (uint64_t)get(PBL_BOARD_CYCLES_HI) << 32 | low;
}

/* The window as a device, for rig_load and rig_start. */
static pbl_status window_write(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err) {
  (void)dev;
  return uio_board_write(&b, address, value, err);
}

static void load_and_start(uint32_t sweeps) {
  static const pbl_device_ops ops = {.name = "window", .write32 = window_write};
  pbl_device dev = {.ops = &ops};
  rig_load(&dev, 5);
  rig_start(&dev, sweeps);
}

static void both_pages_answer(void **state) {
  (void)state;
  assert_int_equal(get(PBL_REG_ID), PBL_RESET_ID);
  assert_int_equal(get(PBL_BOARD_ID), 0x50425244); /* "PBRD" */
  assert_int_equal(get(PBL_BOARD_VERSION), 0x00010000);
  assert_int_equal(get(PBL_BOARD_CLOCK_HZ), 0);
  assert_int_equal(get(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_DEPTH), 4096);
  assert_int_equal(get(PBL_BOARD_FIFO(1) + PBL_BOARD_FIFO_DEPTH), 256);
  assert_int_equal(get(PBL_BOARD_FIFO(2) + PBL_BOARD_FIFO_DEPTH), 0);
  for (uint32_t a = PBL_BOARD_ID; a < PBL_BOARD_WINDOW_BYTES; a += 4) put(a, 0);
  for (uint32_t a = PBL_BOARD_ID; a < PBL_BOARD_WINDOW_BYTES; a += 4) get(a);
  assert_int_equal(get(PBL_BOARD_BUS_ERRORS), 0);
}

static void bus_errors_are_counted_and_the_first_one_is_named(void **state) {
  (void)state;
  put(PBL_REG_STATUS, 1); /* read-only */
  get(0xFF0);
  assert_int_equal(get(PBL_BOARD_BUS_ERRORS), 2);
  assert_int_equal(get(PBL_BOARD_BUS_ERROR_AT), 0x80000000u | PBL_REG_STATUS);
  put(PBL_BOARD_BUS_ERRORS, 7);
  assert_int_equal(get(PBL_BOARD_BUS_ERRORS), 0);
  get(0xFF4);
  assert_int_equal(get(PBL_BOARD_BUS_ERROR_AT), 0xFF4);
}

/* Words and TLAST as the twin alone sends them: 12 p-bits of 4 lanes are 2 words a frame. */
static void fifos_give_the_words_and_tlast_of_the_device(void **state) {
  (void)state;
  pbl_device *twin = NULL;
  uint32_t words[200];
  uint8_t last[200];
  size_t n = 0;
  assert_int_equal(rig_open_twin(NULL, &twin, NULL), PBL_OK);
  rig_load(twin, 5);
  rig_start(twin, 100);
  while (!twin->ops->irq(twin)) assert_int_equal(twin->ops->advance(twin, 10000, NULL), PBL_OK);
  twin->ops->stream_read(twin, words, last, 200, &n, NULL);
  assert_int_equal(n, 200);
  load_and_start(100);
  assert_true(uio_board_has_work(&b));
  while (uio_board_has_work(&b)) assert_int_equal(uio_board_run(&b, NULL), PBL_OK);
  assert_int_equal(get(PBL_BOARD_IRQ), PBL_BOARD_IRQ_DEVICE);
  assert_false(uio_board_irq(&b)); /* masked */
  put(PBL_BOARD_IRQ_ENABLE, 1);
  assert_true(uio_board_irq(&b));
  for (uint32_t k = 0; k < 200; k++) {
    assert_int_equal(get(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_COUNT), 200 - k);
    assert_int_equal(get(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_DATA), words[k]);
    uint32_t bits = 0;
    for (uint32_t j = 0; j < 32 && j <= k; j++) bits |= (uint32_t)last[k - j] << j;
    assert_int_equal(get(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_LASTS), bits);
  }
  assert_int_equal(get(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_DATA), 0); /* empty: nothing happens */
  assert_int_equal(get(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_COUNT), 0);
  assert_int_equal(get(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_LASTS) & 3, 1);
  twin->ops->close(twin);
}

/* 20,000 frames do not fit: the device waits, and all of them come. */
static void a_full_fifo_halts_the_device_and_loses_nothing(void **state) {
  (void)state;
  size_t n_words = 0;
  int rounds = 0;
  load_and_start(20000);
  for (; rounds < 100000 && n_words < 40000; rounds++) {
    while (uio_board_has_work(&b)) assert_int_equal(uio_board_run(&b, NULL), PBL_OK);
    const uint32_t n = get(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_COUNT);
    assert_true(n <= 4096);
    if (rounds == 0) {
      assert_int_equal(n, 4096);
      assert_int_equal(get(PBL_REG_STATUS), PBL_STATUS_BUSY_MASK | PBL_STATUS_STALLED_MASK);
      assert_int_equal(get(PBL_BOARD_IRQ) & 2, 2); /* half full */
      const uint64_t now = cycles(), start = uio_now_ns();
      while (uio_now_ns() - start < 2000000) continue;
      assert_true(cycles() - now >= 200000); /* wall time at 100 MHz */
    }
    for (uint32_t k = 0; k < n; k++) get(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_DATA);
    n_words += n;
  }
  assert_int_equal(n_words, 40000);
  assert_int_equal(get(PBL_REG_SAMPLES_LO), 20000);
}

static void a_reset_gives_a_device_as_after_power_up(void **state) {
  (void)state;
  load_and_start(1000);
  assert_int_equal(uio_board_run(&b, NULL), PBL_OK);
  put(PBL_BOARD_IRQ_ENABLE, 15);
  put(0xFF0, 1);
  put(PBL_BOARD_CONTROL, 1);
  assert_int_equal(get(PBL_BOARD_CONTROL), 0);
  assert_int_equal(get(PBL_BOARD_IRQ_ENABLE), 0);
  assert_int_equal(get(PBL_BOARD_BUS_ERRORS), 0);
  assert_int_equal(get(PBL_REG_BETA), 0);
  assert_int_equal(get(PBL_REG_STATUS) & PBL_STATUS_BUSY_MASK, 0);
  assert_int_equal(get(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_COUNT), 0);
  assert_false(uio_board_has_work(&b));
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(both_pages_answer),
      TEST(bus_errors_are_counted_and_the_first_one_is_named),
      TEST(fifos_give_the_words_and_tlast_of_the_device),
      TEST(a_full_fifo_halts_the_device_and_loses_nothing),
      TEST(a_reset_gives_a_device_as_after_power_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
