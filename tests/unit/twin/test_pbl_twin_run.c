/* Runs of the twin: time, commands, beta, stream, generators. */
#include "twin_rig.h"

/* 6 x 6, cyclic, one context: A = 7 + 6 + 6, B = 7 + 6, hand-over 1. */
enum { SWEEP_CYCLES = 33, READOUT_CYCLES = 20 };

static uint32_t status_of(pbl_device *dev) {
  return rig_read(dev, PBL_REG_STATUS);
}

static pbl_device *uploaded(plain_model *m) {
  const pbl_hw hw = pbl_hw_default();
  pbl_device *dev = rig_open(&hw, "");
  assert_non_null(dev);
  plain_create(m, &hw, 77);
  rig_upload(dev, m);
  rig_write(dev, PBL_REG_BETA, 3000);
  return dev;
}

static void done(pbl_device *dev, plain_model *m) {
  plain_free(m);
  dev->ops->close(dev);
}

static void run_is_busy_until_its_last_clock(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  rig_start(dev, 2, 0);
  assert_int_equal(status_of(dev), PBL_STATUS_BUSY_MASK);
  rig_advance(dev, 2 * SWEEP_CYCLES - 1);
  assert_int_equal(status_of(dev), PBL_STATUS_BUSY_MASK);
  assert_int_equal(rig_read64(dev, PBL_REG_BUSY_CYCLES_LO), 2 * SWEEP_CYCLES - 1);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), 1);
  rig_advance(dev, 1);
  assert_int_equal(status_of(dev), PBL_STATUS_DONE_MASK);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), 2);
  rig_advance(dev, 1000);
  assert_int_equal(rig_read64(dev, PBL_REG_BUSY_CYCLES_LO), 2 * SWEEP_CYCLES);
  done(dev, &m);
}

static void run_without_sweeps_reads_the_state_once(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  rig_start(dev, 0, 5);
  rig_advance(dev, READOUT_CYCLES - 1);
  assert_true(status_of(dev) & PBL_STATUS_BUSY_MASK);
  assert_int_equal(rig_words_waiting(dev), 0);
  rig_advance(dev, 1);
  rig_check_sample(dev, &m);
  assert_int_equal(rig_words_waiting(dev), 0);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), 0);
  assert_int_equal(rig_read64(dev, PBL_REG_SAMPLES_LO), 1);
  assert_int_equal(status_of(dev), PBL_STATUS_DONE_MASK);
  done(dev, &m);
}

static void run_of_nothing_is_done_at_once(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  rig_start(dev, 0, 0);
  assert_int_equal(status_of(dev), PBL_STATUS_DONE_MASK);
  assert_int_equal(rig_read64(dev, PBL_REG_BUSY_CYCLES_LO), 0);
  done(dev, &m);
}

static void stop_ends_the_run_after_the_sweep_in_progress(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  rig_start(dev, 1000, 1);
  rig_advance(dev, 3 * SWEEP_CYCLES + 1);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STOP_MASK);
  assert_true(status_of(dev) & PBL_STATUS_BUSY_MASK);
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(status_of(dev), PBL_STATUS_DONE_MASK);
  assert_int_equal(rig_read64(dev, PBL_REG_BUSY_CYCLES_LO), 4 * SWEEP_CYCLES + READOUT_CYCLES);
  for (int n = 0; n < 4; n++) {
    plain_sweep(&m, PBL_KERNEL_CYCLIC, 3000);
    rig_check_sample(dev, &m);
  }
  assert_int_equal(rig_words_waiting(dev), 0);
  done(dev, &m);
}

static void run_after_a_stopped_one_is_whole(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  rig_start(dev, 1000, 0);
  rig_advance(dev, 1);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STOP_MASK);
  rig_advance(dev, RIG_FOREVER);
  rig_start(dev, 3, 0);
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), 4);
  done(dev, &m);
}

static void weights_changed_between_runs_are_used(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  for (int row = 6; row >= 0; row -= 3) { /* hidden biases, then two visible p-bits */
    for (int i = 0; i < 7; i++) m.words[row * 7 + i] = row == 6 && i == 6 ? 0 : 100 * i - 300;
    rig_image(dev, 0, (uint32_t)row, 0, (const uint32_t *)m.words + row * 7, 7);
    rig_start(dev, 5, 1);
    rig_advance(dev, RIG_FOREVER);
    for (int n = 0; n < 5; n++) {
      plain_sweep(&m, PBL_KERNEL_CYCLIC, 3000);
      rig_check_sample(dev, &m);
    }
    assert_int_equal((int64_t)rig_read64(dev, PBL_REG_ENERGY_LO), m.energy[0]);
  }
  done(dev, &m);
}

static void stop_while_idle_does_not_reach_the_next_run(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STOP_MASK);
  rig_start(dev, 3, 0);
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), 3);
  done(dev, &m);
}

static void commands_and_image_writes_are_refused_while_busy(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  const uint32_t refused[] = {PBL_CTRL_START_MASK, PBL_CTRL_CHECK_MASK};
  const uint32_t word = 0;
  rig_start(dev, 10, 10);
  for (size_t i = 0; i < 2; i++) {
    rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
    rig_write(dev, PBL_REG_CTRL, refused[i]);
    assert_int_equal(status_of(dev), PBL_STATUS_BUSY_MASK | PBL_STATUS_ERROR_MASK);
  }
  for (uint32_t select = 0; select < 5; select++) {
    rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
    rig_image(dev, select, 0, 0, &word, 1);
    assert_int_equal(status_of(dev), PBL_STATUS_BUSY_MASK | PBL_STATUS_ERROR_MASK);
    assert_int_equal(rig_read(dev, PBL_REG_IMG_ADDRESS), 0);
  }
  rig_advance(dev, RIG_FOREVER);
  for (int n = 0; n < 10; n++) plain_sweep(&m, PBL_KERNEL_CYCLIC, 3000);
  rig_check_sample(dev, &m);
  done(dev, &m);
}

static void settings_written_during_a_run_wait_for_the_next(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  rig_start(dev, 4, 2);
  rig_advance(dev, 5);
  rig_write(dev, PBL_REG_CONFIG, 1);
  rig_write(dev, PBL_REG_SWEEPS, 1);
  rig_write(dev, PBL_REG_SAMPLE_EVERY, 1);
  rig_advance(dev, RIG_FOREVER);
  for (int n = 1; n <= 4; n++) {
    plain_sweep(&m, PBL_KERNEL_CYCLIC, 3000);
    if (n % 2 == 0) rig_check_sample(dev, &m);
  }
  assert_int_equal(rig_words_waiting(dev), 0);
  done(dev, &m);
}

static void beta_is_taken_at_the_start_of_each_sweep(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  rig_start(dev, 3, 1);
  assert_int_equal(rig_read(dev, PBL_REG_BETA_ACTIVE), 3000);
  rig_advance(dev, SWEEP_CYCLES); /* on a boundary: acts on sweep 2 */
  rig_write(dev, PBL_REG_BETA, 500);
  assert_int_equal(rig_read(dev, PBL_REG_BETA_ACTIVE), 3000);
  rig_advance(dev, 1);
  assert_int_equal(rig_read(dev, PBL_REG_BETA_ACTIVE), 500);
  rig_write(dev, PBL_REG_BETA, 9000); /* inside sweep 2: acts on sweep 3 */
  rig_advance(dev, RIG_FOREVER);
  const uint32_t betas[] = {3000, 500, 9000};
  for (int n = 0; n < 3; n++) {
    plain_sweep(&m, PBL_KERNEL_CYCLIC, betas[n]);
    rig_check_sample(dev, &m);
  }
  done(dev, &m);
}

static void clear_zeroes_counters_and_flags_but_not_energy(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  rig_start(dev, 2, 1);
  rig_advance(dev, RIG_FOREVER);
  plain_sweep(&m, PBL_KERNEL_CYCLIC, 3000);
  plain_sweep(&m, PBL_KERNEL_CYCLIC, 3000);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  assert_int_equal(status_of(dev), 0);
  for (uint32_t a = PBL_REG_BUSY_CYCLES_LO; a <= PBL_REG_SAMPLES_HI; a += 4)
    assert_int_equal(rig_read(dev, a), 0);
  assert_int_equal((int64_t)rig_read64(dev, PBL_REG_ENERGY_LO), m.energy[0]);
  done(dev, &m);
}

static void end_of_a_run_raises_the_interrupt_until_it_is_written(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  assert_int_equal(rig_read(dev, PBL_REG_IRQ_STATUS), 0);
  rig_start(dev, 1, 0);
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(rig_read(dev, PBL_REG_IRQ_STATUS), 1);
  rig_write(dev, PBL_REG_IRQ_STATUS, 0);
  assert_int_equal(rig_read(dev, PBL_REG_IRQ_STATUS), 1);
  rig_write(dev, PBL_REG_IRQ_STATUS, 1);
  assert_int_equal(rig_read(dev, PBL_REG_IRQ_STATUS), 0);
  done(dev, &m);
}

/* One word a frame here: the buffer holds 2^20 samples of this array. */
static void full_stream_holds_the_array_and_loses_nothing(void **state) {
  (void)state;
  plain_model m;
  pbl_device *dev = uploaded(&m);
  const uint32_t cap = 1 << 20;
  rig_start(dev, cap + 3, 1);
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(status_of(dev), PBL_STATUS_BUSY_MASK | PBL_STATUS_STALLED_MASK);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), cap);
  assert_int_equal(rig_read64(dev, PBL_REG_SAMPLES_LO), cap);
  assert_int_equal(rig_read64(dev, PBL_REG_STALL_CYCLES_LO), 0);
  const uint64_t before = dev->ops->cycles(dev);
  rig_advance(dev, 100);
  assert_int_equal(dev->ops->cycles(dev), before);
  plain_sweep(&m, PBL_KERNEL_CYCLIC, 3000);
  rig_check_sample(dev, &m); /* makes room for one */
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), cap + 1);
  for (uint32_t n = 0; n < cap + 2; n++) {
    if (n == cap) rig_advance(dev, RIG_FOREVER);
    plain_sweep(&m, PBL_KERNEL_CYCLIC, 3000);
    rig_check_sample(dev, &m);
  }
  assert_int_equal(status_of(dev), PBL_STATUS_DONE_MASK);
  assert_int_equal(rig_words_waiting(dev), 0);
  done(dev, &m);
}

/* 8 contexts of 12 words a frame: the buffer takes 10922 samples and has 64 words left. */
static void sweep_without_a_sample_runs_although_the_stream_is_full(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.replicas = 256;
  hw.lanes = 32;
  pbl_device *dev = rig_open(&hw, "");
  assert_non_null(dev);
  for (int n = 0; n < 10922; n++) {
    rig_start(dev, 0, 1);
    rig_advance(dev, RIG_FOREVER);
  }
  assert_int_equal(status_of(dev), PBL_STATUS_DONE_MASK);
  rig_start(dev, 3, 2);
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(status_of(dev), PBL_STATUS_BUSY_MASK | PBL_STATUS_STALLED_MASK);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), 1);
  assert_int_equal(rig_words_waiting(dev), 10922 * 96);
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(status_of(dev), PBL_STATUS_DONE_MASK);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), 3);
  assert_int_equal(rig_words_waiting(dev), 96);
  dev->ops->close(dev);
}

/* A 1 x 1 array draws for the hidden p-bit, then for the visible one. */
static void check_words(const pbl_hw *hw, const uint32_t seed[4], const uint32_t *words, int n) {
  pbl_device *dev = rig_open(hw, "");
  plain_model m;
  plain_create(&m, hw, 1);
  m.clamp[0] = 1; /* a clamped p-bit draws too */
  rig_upload(dev, &m);
  rig_image(dev, 4, 0, 0, seed, 4);
  for (int i = 0; i < n; i++) {
    rig_write(dev, PBL_REG_PROBE_SELECT, i % 2 == 0);
    if (i % 2 == 0) {
      rig_start(dev, 1, 0);
      rig_advance(dev, RIG_FOREVER);
    } else {
      /* The probe missed this word: run the same sweep again with the other selection. */
      rig_image(dev, 4, 0, 0, seed, 4);
      for (int k = 0; k < (i + 1) / 2; k++) {
        rig_start(dev, 1, 0);
        rig_advance(dev, RIG_FOREVER);
      }
    }
    assert_int_equal(rig_read(dev, PBL_REG_PROBE_RANDOM), words[i]);
  }
  done(dev, &m);
}

/* First outputs for the state 1, 2, 3, 4 as the generator's reference implementation gives. */
static void xoshiro_gives_the_published_sequence(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = 1;
  const uint32_t seed[4] = {1, 2, 3, 4};
  const uint32_t words[] = {641,        1573767,    3222811527, 3517856514, 836907274,
                            4247214768, 3867114732, 1355841295, 495546011,  621204420};
  check_words(&hw, seed, words, 10);
}

/* From state 0 by hand: the feedback bit is the inverse of the xor of bits 31, 21, 1 and 0. */
static void lfsr_gives_the_sequence_worked_out_by_hand(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = 1;
  hw.generator = PBL_GEN_LFSR32;
  hw.lfsr_steps = 1;
  const uint32_t seed[4] = {0};
  const uint32_t words[] = {0, 1, 2, 4, 9, 18};
  check_words(&hw, seed, words, 6);
}

static void lfsr_of_all_ones_is_locked_up(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = 1;
  hw.generator = PBL_GEN_LFSR32;
  const uint32_t seed[4] = {0xFFFFFFFF};
  const uint32_t words[] = {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF};
  check_words(&hw, seed, words, 3);
}

/* The recurrence of Marsaglia 2003 (J. Stat. Software 8(14), page 4) from his example's seed. */
static void xorshift_gives_the_published_sequence(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = 1;
  hw.generator = PBL_GEN_XORSHIFT32;
  const uint32_t seed[4] = {2463534242};
  const uint32_t words[] = {2463534242, 723471715, 2497366906, 2064144800, 2008045182,
                            3532304609, 374114282, 1350636274, 691148861,  746858951};
  check_words(&hw, seed, words, 10);
}

static void xorshift_of_zero_is_locked_up(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = 1;
  hw.generator = PBL_GEN_XORSHIFT32;
  const uint32_t seed[4] = {0, 1, 2, 3};
  const uint32_t words[] = {0, 0, 0};
  check_words(&hw, seed, words, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(run_is_busy_until_its_last_clock),
      cmocka_unit_test(run_without_sweeps_reads_the_state_once),
      cmocka_unit_test(run_of_nothing_is_done_at_once),
      cmocka_unit_test(stop_ends_the_run_after_the_sweep_in_progress),
      cmocka_unit_test(run_after_a_stopped_one_is_whole),
      cmocka_unit_test(weights_changed_between_runs_are_used),
      cmocka_unit_test(stop_while_idle_does_not_reach_the_next_run),
      cmocka_unit_test(commands_and_image_writes_are_refused_while_busy),
      cmocka_unit_test(settings_written_during_a_run_wait_for_the_next),
      cmocka_unit_test(beta_is_taken_at_the_start_of_each_sweep),
      cmocka_unit_test(clear_zeroes_counters_and_flags_but_not_energy),
      cmocka_unit_test(end_of_a_run_raises_the_interrupt_until_it_is_written),
      cmocka_unit_test(full_stream_holds_the_array_and_loses_nothing),
      cmocka_unit_test(sweep_without_a_sample_runs_although_the_stream_is_full),
      cmocka_unit_test(xoshiro_gives_the_published_sequence),
      cmocka_unit_test(lfsr_gives_the_sequence_worked_out_by_hand),
      cmocka_unit_test(lfsr_of_all_ones_is_locked_up),
      cmocka_unit_test(xorshift_gives_the_published_sequence),
      cmocka_unit_test(xorshift_of_zero_is_locked_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
