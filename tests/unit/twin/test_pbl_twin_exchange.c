/* Replica exchange of the twin against the plain one, in every fabric. */
#include "exchange_rig.h"

static const exchange_case cases[] = {
    {PBL_FABRIC_DENSE, 4, 5, PBL_GEN_XOSHIRO128PP, PBL_KERNEL_CYCLIC, 0, 1, 0, 0},
    {PBL_FABRIC_DENSE, 1, 2, PBL_GEN_XOSHIRO128PP, PBL_KERNEL_PALINDROMIC, 0, 2, 3, 1},
    {PBL_FABRIC_DENSE, 18, 3, PBL_GEN_LFSR32, PBL_KERNEL_COIN, 1, 3, 6, 1},
    {PBL_FABRIC_DENSE, 1, 64, PBL_GEN_XOSHIRO128PP, PBL_KERNEL_CYCLIC, 0, 1, 2, 0},
    {PBL_FABRIC_LATTICE, 1, 2, PBL_GEN_XOSHIRO128PP, PBL_KERNEL_CYCLIC, 0, 1, 0, 0},
    {PBL_FABRIC_LATTICE, 5, 3, PBL_GEN_LFSR32, PBL_KERNEL_COIN, 0, 2, 4, 1},
    {PBL_FABRIC_LATTICE, 4, 5, PBL_GEN_XOSHIRO128PP, PBL_KERNEL_PALINDROMIC, 1, 3, 3, 0},
    {PBL_FABRIC_SPARSE, 4, 5, PBL_GEN_XOSHIRO128PP, PBL_KERNEL_CYCLIC, 1, 1, 0, 0},
    {PBL_FABRIC_SPARSE, 1, 3, PBL_GEN_XOSHIRO128PP, PBL_KERNEL_COIN, 0, 2, 2, 1},
    {PBL_FABRIC_SPARSE, 6, 2, PBL_GEN_LFSR32, PBL_KERNEL_RANDOM_SITE, 0, 1, 0, 1},
    {PBL_FABRIC_SPARSE, 4, 3, PBL_GEN_XORSHIFT32, PBL_KERNEL_RANDOM_SITE, 0, 1, 0, 1},
    {PBL_FABRIC_SPARSE, 18, 5, PBL_GEN_XOSHIRO128PP, PBL_KERNEL_PALINDROMIC, 0, 3, 5, 0},
};
enum { N_CASES = sizeof cases / sizeof cases[0] };

static exchange_rig rig; /* large */

/* Runs that end before, at and after a pass, samples at every distance from one. */
static void run_case(const exchange_case *c, const char *simd, uint64_t seed) {
  uint64_t accepts = 0, tries = 0;
  if (!exchange_open(&rig, c, simd, seed)) return;
  for (uint32_t every = 0; every < 4; every++) {
    for (uint32_t sweeps = 1; sweeps <= 7; sweeps++) exchange_run(&rig, sweeps, every);
  }
  for (int k = 0; k < 64; k++) {
    accepts += rig.x.accepts[k];
    tries += rig.x.tries[k];
  }
  assert_true(accepts > 0 && accepts < tries);
  exchange_close(&rig);
}

static void every_label_is_that_of_the_text(void **state) {
  (void)state;
  static const char *const paths[] = {"portable", "avx2", "avx512"};
  for (size_t p = 0; p < 3; p++) {
    for (int i = 0; i < N_CASES; i++) run_case(&cases[i], paths[p], (uint64_t)(i + 11));
  }
}

static void without_passes_labels_rest_and_sweeps_are_counted(void **state) {
  (void)state;
  assert_true(exchange_open(&rig, &cases[0], "", 5));
  rig.x.every = 0;
  exchange_configure(&rig);
  exchange_run(&rig, 6, 2);
  assert_int_equal(rig_read(rig.dev, PBL_REG_EXCH_POSITION), 6);
  rig.x.every = 5; /* passed already: at the end of the next sweep */
  exchange_configure(&rig);
  exchange_run(&rig, 1, 0);
  assert_int_equal(rig_read(rig.dev, PBL_REG_EXCH_POSITION), 0x80000000u);
  exchange_close(&rig);
}

static void freeze_holds_labels_and_position(void **state) {
  (void)state;
  assert_true(exchange_open(&rig, &cases[5], "", 6));
  exchange_run(&rig, 5, 0);
  rig.x.frozen = 1;
  exchange_configure(&rig);
  exchange_run(&rig, 7, 1);
  assert_int_equal(rig.x.position, 1);
  rig.x.frozen = 0;
  exchange_configure(&rig);
  exchange_run(&rig, 4, 1);
  exchange_close(&rig);
}

static void sched_clear_goes_back_and_clear_does_not(void **state) {
  (void)state;
  assert_true(exchange_open(&rig, &cases[0], "", 7));
  rig.x.every = 2;
  exchange_configure(&rig);
  exchange_run(&rig, 7, 0);
  rig_write(rig.dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  for (int k = 0; k < 64; k++) rig.x.tries[k] = rig.x.accepts[k] = 0;
  rig.dense.busy = rig.clocks = rig.x.clocks = 0;
  exchange_check_registers(&rig);
  rig_write(rig.dev, PBL_REG_CTRL, PBL_CTRL_SCHED_CLEAR_MASK);
  plain_exchange_begin(&rig.x, &rig.hw);
  exchange_check_registers(&rig);
  exchange_run(&rig, 6, 1);
  exchange_close(&rig);
}

/* Also with labels that no pass can reach: a rung twice, another not at all. */
static void the_host_may_write_labels(void **state) {
  (void)state;
  assert_true(exchange_open(&rig, &cases[0], "", 8));
  for (int r = 0; r < rig.hw.replicas; r++) rig.x.label[r] = r * r % 5; /* no 2, no 3 */
  exchange_write_labels(&rig);
  exchange_run(&rig, 9, 1);
  exchange_run(&rig, 60, 2);
  exchange_close(&rig);
}

static void words_for_labels_are_refused(void **state) {
  (void)state;
  static const uint32_t wrong[][2] = {{0, 5}, {0, 0x100}, {0, 0xFFFFFFFFu}, {20, 0}, {0xFFFF, 0}};
  assert_true(exchange_open(&rig, &cases[0], "", 9));
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    rig_write(rig.dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
    rig_image(rig.dev, 7, 3, wrong[i][0], &wrong[i][1], 1);
    assert_true(rig_read(rig.dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK);
    assert_int_equal(rig_read(rig.dev, PBL_REG_IMG_ADDRESS), 3u << 16 | wrong[i][0]);
  }
  rig_write(rig.dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  exchange_run(&rig, 2, 1);
  rig_start(rig.dev, 5, 0);
  rig_advance(rig.dev, 10);
  const uint32_t label = 1;
  rig_image(rig.dev, 7, 0, 0, &label, 1);
  assert_true(rig_read(rig.dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK);
  exchange_close(&rig);
}

static void registers_keep_what_they_hold(void **state) {
  (void)state;
  assert_true(exchange_open(&rig, &cases[0], "", 10));
  rig_write(rig.dev, PBL_REG_EXCH_EVERY, 0xFFFFFFFFu);
  rig_write(rig.dev, PBL_REG_EXCH_CONFIG, 0xFFFFFFFFu);
  rig_write(rig.dev, PBL_REG_EXCH_SELECT, 0xFFFFFFFFu);
  assert_int_equal(rig_read(rig.dev, PBL_REG_EXCH_EVERY), 0xFFFFFFFFu);
  assert_int_equal(rig_read(rig.dev, PBL_REG_EXCH_CONFIG), 1);
  assert_int_equal(rig_read(rig.dev, PBL_REG_EXCH_SELECT), 63);
  rig_write(rig.dev, PBL_REG_REPLICA_SELECT, 20);
  assert_int_equal(rig_read(rig.dev, PBL_REG_EXCH_LABEL), 0);
  rig_start(rig.dev, 3, 0);
  rig_advance(rig.dev, 10);
  rig_write(rig.dev, PBL_REG_EXCH_SELECT, 5); /* at any time */
  assert_int_equal(rig_read(rig.dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK, 0);
  rig_write(rig.dev, PBL_REG_EXCH_EVERY, 7);
  assert_true(rig_read(rig.dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK);
  assert_int_equal(rig_read(rig.dev, PBL_REG_EXCH_EVERY), 0xFFFFFFFFu);
  exchange_close(&rig);
}

/* Mode 6 acts as 1: BETA at START, no pause, no label frame. */
static void without_the_option_the_mode_is_fixed(void **state) {
  (void)state;
  static plain_model m;
  pbl_hw hw = pbl_hw_default();
  hw.replicas = 2;
  pbl_device *dev = rig_open(&hw, "");
  plain_create(&m, &hw, 3);
  rig_upload(dev, &m);
  rig_write(dev, PBL_REG_REG_CONFIG, 6);
  rig_write(dev, PBL_REG_BETA, 700);
  rig_start(dev, 2, 2);
  rig_write(dev, PBL_REG_BETA, 900);
  rig_advance(dev, RIG_FOREVER);
  plain_sweep(&m, PBL_KERNEL_CYCLIC, 700);
  plain_sweep(&m, PBL_KERNEL_CYCLIC, 700);
  rig_check_sample(dev, &m);
  assert_int_equal(rig_words_waiting(dev), 0);
  plain_free(&m);
  dev->ops->close(dev);
}

/* The present states alone, without labels; BETA_ACTIVE stays. */
static void no_sweeps_send_no_labels(void **state) {
  (void)state;
  assert_true(exchange_open(&rig, &cases[0], "", 11));
  exchange_run(&rig, 3, 0);
  rig_write(rig.dev, PBL_REG_BETA, 1);
  rig_start(rig.dev, 0, 1);
  rig_advance(rig.dev, RIG_FOREVER);
  rig_check_sample(rig.dev, &rig.dense);
  assert_int_equal(rig_words_waiting(rig.dev), 0);
  rig.clocks += 5 * (6 + 4 + 6 + 1);
  exchange_check_registers(&rig);
  exchange_close(&rig);
}

/* Sweep, label frame of 5 + 2 clocks, pass of 2 + 32 * 4 * 2: a STOP in each lets one more run. */
static void a_stop_in_a_pause_lets_one_more_sweep_run(void **state) {
  (void)state;
  enum { START = 128 + 20 + 4, SWEEP = 5 * (2 * 6 + 4 + 13), PAUSES = 7 + 258 };
  static const uint32_t late[] = {SWEEP - 1, SWEEP + 3, SWEEP + 7 + 100};
  for (size_t i = 0; i < 3; i++) {
    assert_true(exchange_open(&rig, &cases[0], "", 12));
    rig_start(rig.dev, 10, 1);
    rig_advance(rig.dev, START + SWEEP + PAUSES + late[i]);
    rig_write(rig.dev, PBL_REG_CTRL, PBL_CTRL_STOP_MASK);
    rig_advance(rig.dev, RIG_FOREVER);
    assert_int_equal(rig_read(rig.dev, PBL_REG_SWEEP_COUNT_LO), i == 0 ? 2 : 3);
    exchange_close(&rig);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_label_is_that_of_the_text),
      cmocka_unit_test(without_passes_labels_rest_and_sweeps_are_counted),
      cmocka_unit_test(freeze_holds_labels_and_position),
      cmocka_unit_test(sched_clear_goes_back_and_clear_does_not),
      cmocka_unit_test(the_host_may_write_labels),
      cmocka_unit_test(words_for_labels_are_refused),
      cmocka_unit_test(registers_keep_what_they_hold),
      cmocka_unit_test(without_the_option_the_mode_is_fixed),
      cmocka_unit_test(no_sweeps_send_no_labels),
      cmocka_unit_test(a_stop_in_a_pause_lets_one_more_sweep_run),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
