/* The driver's side of coupled replicas, of the temperature regulator and of its telemetry: on a
 * fake device, which shows what was written and can lose records, and on the twin. */
#include "fake_device.h"
#include "pbl_cmocka.h"
#include "pbl_driver.h"
#include "pbl_regs.h"

typedef struct {
  fake_device *fake; /* NULL on the twin */
  pbl_driver *driver;
  pbl_image *image;
  pbl_window_log log;
  pbl_error err;
} bench;

static void make_ready(bench *b, const pbl_hw *hw) {
  pbl_rbm *model;
  signed char states[64];
  assert_int_equal(pbl_rbm_random(&model, hw->n_visible, hw->n_hidden, 0.5, 0.5, 11, NULL), PBL_OK);
  assert_int_equal(pbl_image_create(&b->image, NULL, model, hw, 1.0, NULL), PBL_OK);
  pbl_rbm_destroy(model);
  for (size_t i = 0; i < 64; i++) states[i] = i % 3 == 0 ? 1 : -1;
  assert_int_equal(pbl_driver_upload(b->driver, b->image, NULL, &b->err), PBL_OK);
  assert_int_equal(pbl_driver_seed(b->driver, 3, &b->err), PBL_OK);
  assert_int_equal(pbl_driver_set_state(b->driver, states, &b->err), PBL_OK);
  pbl_driver_set_window_log(b->driver, &b->log);
}

static void open_bench(bench *b, int lanes, bool twin) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 7;
  hw.n_hidden = 5;
  hw.replicas = hw.lanes = lanes;
  *b = (bench){.fake = NULL};
  pbl_device *dev = NULL;
  if (twin) {
    assert_int_equal(pbl_twin_open(&dev, &hw, NULL), PBL_OK);
  } else {
    b->fake = fake_device_open(&hw, NULL);
    dev = &b->fake->base;
  }
  assert_int_equal(pbl_driver_create(&b->driver, dev, &hw, NULL, &b->err), PBL_OK);
  make_ready(b, &hw);
}

static void close_bench(bench *b) {
  pbl_image_destroy(b->image);
  pbl_driver_destroy(b->driver);
  pbl_window_log_free(&b->log);
  pbl_window_log_free(NULL);
}

static void assert_said(const bench *b, const char *text) {
  if (strstr(b->err.message, text) == NULL) fail_msg("no '%s' in: %s", text, b->err.message);
}

static pbl_regulator_words some_words(void) {
  return (pbl_regulator_words){.mode = PBL_REGULATOR_SETPOINT,
                               .source = true,
                               .freeze = true,
                               .telemetry = true,
                               .window_sweeps = 4,
                               .rate_scale = 1001,
                               .rate_shift = 9,
                               .rate_set = 1002,
                               .gain = 1003,
                               .smoothing = 1004,
                               .dead_band = 1005,
                               .rate_limit = 1006,
                               .lambda_min = -1007,
                               .lambda_max = 1008,
                               .lambda = -1009,
                               .filter = 1010,
                               .macro = -1011,
                               .t_min = 1012,
                               .t_max = 1013};
}

static void every_word_reaches_its_register(void **state) {
  (void)state;
  bench b;
  open_bench(&b, 2, false);
  const pbl_regulator_words words = some_words();
  assert_int_equal(pbl_driver_set_regulator(b.driver, &words, &b.err), PBL_OK);
  const int expected[15] = {3 | 1 << 3 | 1 << 4 | 1 << 5 | 9 << 8,
                            4,
                            1001,
                            1002,
                            1003,
                            1004,
                            1005,
                            1006,
                            -1007,
                            1008,
                            -1009,
                            1010,
                            -1011,
                            1012,
                            1013};
  for (int i = 0; i < 15; i++) assert_int_equal((int)b.fake->regulator[i], expected[i]);
  assert_int_equal(pbl_driver_regulator_write_state(b.driver, -5, 6, &b.err), PBL_OK);
  assert_int_equal((int)b.fake->regulator[10], -5);
  assert_int_equal(b.fake->regulator[11], 6);
  b.fake->refuse_writes = true;
  assert_int_equal(pbl_driver_set_regulator(b.driver, &words, &b.err), PBL_DEVICE);
  close_bench(&b);
}

static void default_words_are_the_reset_values(void **state) {
  (void)state;
  bench b;
  open_bench(&b, 2, true);
  pbl_device *dev = pbl_driver_device(b.driver);
  uint32_t before[15], after;
  for (uint32_t i = 0; i < 15; i++)
    assert_int_equal(dev->ops->read32(dev, &before[i], PBL_REG_REG_CONFIG + 4 * i, NULL), PBL_OK);
  const pbl_regulator_words words = pbl_regulator_words_default();
  assert_int_equal(pbl_driver_set_regulator(b.driver, &words, &b.err), PBL_OK);
  for (uint32_t i = 0; i < 15; i++) {
    assert_int_equal(dev->ops->read32(dev, &after, PBL_REG_REG_CONFIG + 4 * i, NULL), PBL_OK);
    assert_int_equal(after, before[i]);
  }
  close_bench(&b);
}

static void assert_word_refused(bench *b, pbl_regulator_words words, const char *name) {
  assert_int_equal(pbl_driver_set_regulator(b->driver, &words, &b->err), PBL_INVALID);
  assert_said(b, name);
  assert_int_equal(b->fake->regulator[1], 0);
}

static void words_wider_than_their_register_are_named(void **state) {
  (void)state;
  bench b;
  open_bench(&b, 2, false);
#define REFUSED(member, value)               \
  do {                                       \
    pbl_regulator_words w = some_words();    \
    w.member = (value);                      \
    assert_word_refused(&b, w, #member " "); \
  } while (0)
  REFUSED(mode, PBL_N_REGULATOR_MODES);
  REFUSED(rate_shift, 64);
  REFUSED(rate_set, 1u << 25);
  REFUSED(smoothing, 1u << 16);
  REFUSED(dead_band, 1u << 25);
  REFUSED(rate_limit, 1u << 26);
  REFUSED(lambda_min, -(1 << 26) - 1);
  REFUSED(lambda_max, 1 << 26);
  REFUSED(lambda, 1 << 26);
  REFUSED(filter, 0x80000001u);
  REFUSED(t_min, 1u << 30);
  REFUSED(t_max, 1u << 30);
#undef REFUSED
  assert_int_equal(pbl_driver_regulator_write_state(b.driver, 1 << 26, 0, &b.err), PBL_INVALID);
  close_bench(&b);
}

static void schedule_is_written_whole_and_takes_mode_5(void **state) {
  (void)state;
  bench b;
  open_bench(&b, 2, false);
  pbl_schedule_words s = {.n = 2, .beta = {900, 50}, .sweeps = {7, 1}, .repeat = true};
  assert_int_equal(pbl_driver_set_schedule(b.driver, &s, &b.err), PBL_OK);
  const uint32_t written[] = {900, 7, 50, 1, 0};
  assert_memory_equal(b.fake->schedule, written, sizeof written);
  assert_int_equal(b.fake->sched_last, 0x101);
  pbl_regulator_words w = some_words();
  w.mode = PBL_REGULATOR_FIXED;
  w.scheduled = true;
  assert_int_equal(pbl_driver_set_regulator(b.driver, &w, &b.err), PBL_OK);
  assert_int_equal(b.fake->regulator[0] & PBL_REG_CONFIG_MODE_MASK, 5);
  w.mode = PBL_REGULATOR_SETPOINT;
  assert_int_equal(pbl_driver_set_regulator(b.driver, &w, &b.err), PBL_INVALID);
  s.n = 0;
  assert_int_equal(pbl_driver_set_schedule(b.driver, &s, &b.err), PBL_INVALID);
  s.n = 65;
  assert_int_equal(pbl_driver_set_schedule(b.driver, &s, &b.err), PBL_INVALID);
  s = (pbl_schedule_words){.n = 1, .beta = {1u << 16}, .sweeps = {1}};
  assert_int_equal(pbl_driver_set_schedule(b.driver, &s, &b.err), PBL_INVALID);
  s = (pbl_schedule_words){.n = 1, .beta = {1}};
  assert_int_equal(pbl_driver_set_schedule(b.driver, &s, &b.err), PBL_INVALID);
  close_bench(&b);
}

static void coupling_keeps_the_kernel_and_needs_pairs(void **state) {
  (void)state;
  bench b;
  open_bench(&b, 2, false);
  assert_int_equal(pbl_driver_set_coupled(b.driver, true, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_set_kernel(b.driver, PBL_KERNEL_PALINDROMIC, &b.err), PBL_OK);
  assert_int_equal(b.fake->kernel, PBL_CONFIG_KERNEL_MASK | PBL_CONFIG_COUPLED_MASK);
  assert_int_equal(pbl_driver_set_coupled(b.driver, false, &b.err), PBL_OK);
  assert_int_equal(b.fake->kernel, PBL_CONFIG_KERNEL_MASK);
  close_bench(&b);
  open_bench(&b, 3, false);
  assert_int_equal(pbl_driver_set_coupled(b.driver, true, &b.err), PBL_INVALID);
  assert_int_equal(b.fake->kernel, 0);
  close_bench(&b);
}

static void check_fake_log(const bench *b, size_t n) {
  assert_int_equal(b->log.n, n);
  for (uint32_t i = 0; i < n; i++) {
    const pbl_window *w = &b->log.items[i];
    uint32_t word[16];
    for (uint32_t k = 0; k < 16; k++) word[k] = fake_record_word(i, k);
    assert_int_equal(w->index, i);
    assert_int_equal(w->sweep, word[1]);
    assert_int_equal(w->flips_v, word[2]);
    assert_int_equal(w->flips_h, word[3]);
    assert_true(w->energy_ref == (int64_t)((uint64_t)word[5] << 32 | word[4]));
    assert_true(w->energy_sum == (int64_t)((uint64_t)word[7] << 32 | word[6]));
    assert_true(w->energy_sq == ((uint64_t)word[9] << 32 | word[8]));
    assert_int_equal(w->rate, word[10]);
    assert_int_equal(w->filter, word[11]);
    assert_int_equal((uint32_t)w->lambda, word[12]);
    assert_int_equal(w->temperature, word[13]);
    assert_int_equal(w->beta, word[14]);
    assert_int_equal(w->flags, word[15]);
  }
}

static void records_of_all_runs_reach_the_log(void **state) {
  (void)state;
  bench b;
  open_bench(&b, 2, false);
  const pbl_regulator_words words = some_words(); /* 4 sweeps */
  assert_int_equal(pbl_driver_set_regulator(b.driver, &words, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 10, 1, NULL, &b.err), PBL_OK);
  check_fake_log(&b, 2);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 3990, 1, NULL, &b.err), PBL_OK);
  check_fake_log(&b, 1000);
  pbl_driver_set_window_log(b.driver, NULL);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 40, 1, NULL, &b.err), PBL_OK);
  check_fake_log(&b, 1000);
  pbl_driver_set_window_log(b.driver, &b.log);
  b.log.n = 0;
  assert_int_equal(pbl_driver_window_clear(b.driver, &b.err), PBL_OK);
  assert_int_equal(b.fake->window_clears, 1);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 8, 1, NULL, &b.err), PBL_OK);
  check_fake_log(&b, 2);
  close_bench(&b);
}

static void a_lost_record_and_a_lost_word_are_seen(void **state) {
  (void)state;
  const struct {
    uint32_t record, word;
    const char *text;
  } faults[] = {{3, 0, "record of window 3 came, expected 2"},
                {10, 0, "the run ended with 10 windows"},
                {0, 21, "record of window 1: TLAST is 1 at word 15 of 16"}};
  const pbl_regulator_words words = some_words();
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
    bench b;
    open_bench(&b, 2, false);
    b.fake->lose_record = faults[i].record;
    b.fake->lose_record_word = faults[i].word;
    assert_int_equal(pbl_driver_set_regulator(b.driver, &words, &b.err), PBL_OK);
    assert_int_equal(pbl_driver_run(b.driver, NULL, 40, 1, NULL, &b.err), PBL_DEVICE);
    assert_said(&b, faults[i].text);
    close_bench(&b);
  }
}

/* A set value of a quarter of the flip rate at beta 1: the twin has to cool. */
static void the_twin_follows_its_set_value(void **state) {
  (void)state;
  bench b;
  pbl_regulator_state now;
  pbl_window last;
  open_bench(&b, 4, true);
  pbl_regulator_words words = pbl_regulator_words_default();
  words.mode = PBL_REGULATOR_SETPOINT;
  words.telemetry = true;
  words.window_sweeps = 50;
  words.rate_shift = 8;
  words.rate_scale = (uint32_t)(((uint64_t)1 << 32) / (50 * 4 * 7));
  words.rate_set = 1 << 22; /* .25 */
  words.gain = 1 << 24;
  words.lambda = 1 << 23;
  assert_int_equal(pbl_driver_window_read(b.driver, &last, &b.err), PBL_INVALID);
  assert_int_equal(pbl_driver_set_regulator(b.driver, &words, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 220, 100, NULL, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 1, 30, NULL, &b.err), PBL_OK);
  assert_int_equal(b.log.n, 440);
  double rate = 0.0;
  for (size_t i = 240; i < 440; i++) rate += b.log.items[i].rate / 16777216.0 / 200.0;
  /* the integrator leaves (lambda_440 - lambda_240)/(200 gain) of error */
  assert_true(rate > 0.24 && rate < 0.26);
  assert_true(b.log.items[0].rate > 5000000);
  const pbl_window *end = &b.log.items[439];
  assert_int_equal(pbl_driver_regulator_read(b.driver, &now, &b.err), PBL_OK);
  assert_int_equal(now.lambda, end->lambda);
  assert_int_equal(now.temperature, end->temperature);
  assert_int_equal(now.window_index, 440);
  assert_int_equal(now.position, 30);
  assert_int_equal(pbl_driver_window_read(b.driver, &last, &b.err), PBL_OK);
  last.sweep = end->sweep;
  last.beta = end->beta;
  last.flags = end->flags;
  assert_memory_equal(&last, end, sizeof last);
  close_bench(&b);
}

/* From equal states odd replicas copy the even ones sweep by sweep, and part when uncoupled. */
static void coupled_replicas_with_equal_states_stay_equal(void **state) {
  (void)state;
  bench b;
  pbl_chains *c;
  signed char states[48];
  open_bench(&b, 4, true);
  for (int i = 0; i < 48; i++) states[i] = i % 24 % 12 % 5 == 0 ? 1 : -1;
  assert_int_equal(pbl_driver_set_state(b.driver, states, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_set_coupled(b.driver, true, &b.err), PBL_OK);
  assert_int_equal(pbl_chains_create(&c, 4, 60, 12, NULL), PBL_OK);
  assert_int_equal(pbl_driver_run(b.driver, c, 40, 1, NULL, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_set_coupled(b.driver, false, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_run(b.driver, c, 20, 1, NULL, &b.err), PBL_OK);
  size_t same[2] = {0}, across = 0;
  for (size_t t = 0; t < 60; t++) {
    for (size_t r = 0; r < 4; r += 2)
      same[t >= 40] +=
          memcmp(pbl_chains_row(c, r, t), pbl_chains_row(c, r + 1, t), c->row_bytes) == 0;
    across += memcmp(pbl_chains_row(c, 0, t), pbl_chains_row(c, 2, t), c->row_bytes) == 0;
  }
  assert_int_equal(same[0], 80);
  assert_true(same[1] < 10 && across < 15);
  pbl_chains_destroy(c);
  close_bench(&b);
}

/* Everything that needs it is refused with its reason; what is left arrives. */
static void a_device_without_the_regulator_takes_mode_and_freeze(void **state) {
  (void)state;
  bench b;
  pbl_regulator_state now;
  pbl_window last;
  pbl_device *dev = NULL;
  pbl_hw hw = pbl_hw_default();
  b = (bench){.fake = NULL};
  assert_int_equal(pbl_twin_open(&dev, &hw, NULL), PBL_OK);
  hw.no_regulator = 1;
  assert_int_equal(pbl_driver_create(&b.driver, dev, &hw, NULL, &b.err), PBL_DEVICE);
  assert_said(&b, "CAPS_OPTIONS.NO_REGULATOR is 0, expected 1");
  assert_int_equal(pbl_twin_open(&dev, &hw, NULL), PBL_OK);
  assert_int_equal(pbl_driver_create(&b.driver, dev, &hw, NULL, &b.err), PBL_OK);
  pbl_regulator_words w = some_words();
  assert_int_equal(pbl_driver_set_regulator(b.driver, &w, &b.err), PBL_INVALID);
  assert_said(&b, "a mode that moves beta needs");
  w.mode = PBL_REGULATOR_FIXED;
  assert_int_equal(pbl_driver_set_regulator(b.driver, &w, &b.err), PBL_INVALID);
  assert_said(&b, "(hw.regulator: false), which windows need");
  w.window_sweeps = 0;
  assert_int_equal(pbl_driver_set_regulator(b.driver, &w, &b.err), PBL_INVALID);
  w.telemetry = false;
  assert_int_equal(pbl_driver_set_regulator(b.driver, &w, &b.err), PBL_OK);
  uint32_t word = 0;
  assert_int_equal(dev->ops->read32(dev, &word, PBL_REG_REG_CONFIG, NULL), PBL_OK);
  assert_int_equal(word, PBL_REG_CONFIG_FREEZE_MASK | 1);
  assert_int_equal(pbl_driver_regulator_read(b.driver, &now, &b.err), PBL_INVALID);
  assert_int_equal(pbl_driver_regulator_write_state(b.driver, 0, 0, &b.err), PBL_INVALID);
  assert_int_equal(pbl_driver_window_clear(b.driver, &b.err), PBL_INVALID);
  assert_int_equal(pbl_driver_window_read(b.driver, &last, &b.err), PBL_INVALID);
  assert_said(&b, "it has no windows and no log temperature");
  pbl_driver_destroy(b.driver);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_word_reaches_its_register),
      cmocka_unit_test(default_words_are_the_reset_values),
      cmocka_unit_test(words_wider_than_their_register_are_named),
      cmocka_unit_test(schedule_is_written_whole_and_takes_mode_5),
      cmocka_unit_test(coupling_keeps_the_kernel_and_needs_pairs),
      cmocka_unit_test(records_of_all_runs_reach_the_log),
      cmocka_unit_test(a_lost_record_and_a_lost_word_are_seen),
      cmocka_unit_test(the_twin_follows_its_set_value),
      cmocka_unit_test(coupled_replicas_with_equal_states_stay_equal),
      cmocka_unit_test(a_device_without_the_regulator_takes_mode_and_freeze),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
