/* The twin's temperature regulator on the device: windows, time, records, registers. */
#include <math.h>

#include "regulator_rig.h"
#include "twin_rig.h"

enum { SCHEDULE = 5, RECORD = PBL_TWIN_RECORD_WORDS, PAUSE = 128 };

static pbl_hw small_hw(void) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 9;
  hw.n_hidden = 5;
  hw.replicas = 6;
  hw.lanes = 2;
  return hw;
}

static void sane_words(uint32_t words[15], uint32_t config, uint32_t window, uint32_t updates) {
  const uint32_t scaled = (uint32_t)((((uint64_t)1 << 56) / updates + 128) >> 24);
  const uint32_t sane[15] = {config | 8u << 8, window,     scaled,     5033165,
                             8388608,          13107,      335544,     1677721,
                             0xFE000000,       0x02000000, 0x00100000, 0x20000000,
                             0x00040000,       0x00200000, 0x08000000};
  for (int i = 0; i < 15; i++) words[i] = sane[i];
}

typedef struct {
  pbl_device *dev;
  plain_model m;
  plain_regulator r;
  uint32_t host_beta, beta;
  pbl_kernel kernel;
  uint32_t n_sweeps;
  bool telemetry;
} rig;

static void expect_record(rig *g) {
  uint32_t words[RECORD];
  uint8_t last[RECORD];
  size_t n = 0;
  g->r.record[1] = g->n_sweeps;
  if (!g->telemetry) return;
  assert_int_equal(g->dev->ops->telemetry_read(g->dev, words, last, RECORD, &n, NULL), PBL_OK);
  assert_int_equal(n, RECORD);
  rig_same_record(words, &g->r, (int)g->n_sweeps);
  for (int i = 0; i < RECORD; i++) assert_int_equal(last[i], i == RECORD - 1);
}

static void check_registers(rig *g) {
  static const uint32_t addresses[] = {
      PBL_REG_LAMBDA,          PBL_REG_FILTER,    PBL_REG_TEMPERATURE, PBL_REG_WINDOW_INDEX,
      PBL_REG_WINDOW_POSITION, PBL_REG_REG_FLAGS, PBL_REG_BETA_ACTIVE};
  const int64_t expected[] = {g->r.lambda,   g->r.filter, g->r.temperature, g->r.index,
                              g->r.position, g->r.flags,  g->beta};
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++)
    assert_int_equal(rig_read(g->dev, addresses[i]), (uint32_t)expected[i]);
  assert_int_equal(rig_read64(g->dev, PBL_REG_BUSY_CYCLES_LO), g->m.busy);
  assert_int_equal(rig_read64(g->dev, PBL_REG_STALL_CYCLES_LO), 0);
  if (g->r.index == 0) return;
  assert_int_equal(rig_read(g->dev, PBL_REG_WINDOW_FLIPS_V), g->r.record[2]);
  assert_int_equal(rig_read(g->dev, PBL_REG_WINDOW_FLIPS_H), g->r.record[3]);
  assert_int_equal(rig_read(g->dev, PBL_REG_WINDOW_RATE), g->r.record[10]);
  for (uint32_t i = 0; i < 6; i++)
    assert_int_equal(rig_read(g->dev, PBL_REG_WINDOW_ENERGY_REF_LO + 4 * i), g->r.record[4 + i]);
}

static void plain_one_sweep(rig *g) {
  const uint64_t flips = g->m.flips, flips_v = g->m.flips_v;
  plain_sweep(&g->m, g->kernel, g->beta);
  g->n_sweeps++;
  rig_check_sample(g->dev, &g->m);
  const uint64_t dv = g->m.flips_v - flips_v, dh = g->m.flips - flips - dv;
  if (!plain_regulator_sweep(&g->r, dv, dh, g->m.energy, g->m.hw.replicas)) return;
  g->beta = plain_regulator_end(&g->r, g->beta);
  g->m.busy += PAUSE;
  expect_record(g);
}

static void run_both(rig *g, uint32_t sweeps) {
  const bool acts = g->r.mode >= 2 && g->r.mode <= 4;
  rig_start(g->dev, sweeps, 1);
  rig_advance(g->dev, RIG_FOREVER);
  assert_int_equal(rig_read(g->dev, PBL_REG_STATUS), PBL_STATUS_DONE_MASK);
  if (acts && sweeps > 0) {
    g->beta = plain_regulator_start(&g->r);
    g->m.busy += PAUSE;
  } else if (!acts) {
    g->beta = g->host_beta;
  }
  for (uint32_t n = 0; n < sweeps; n++) plain_one_sweep(g);
  if (sweeps == 0) rig_check_sample(g->dev, &g->m);
  const pbl_hw *hw = &g->m.hw;
  g->m.busy += (uint64_t)(hw->replicas / hw->lanes * (hw->n_visible + 1 + hw->n_hidden + 6 + 1));
  check_registers(g);
  uint32_t word;
  size_t n = 1;
  assert_int_equal(g->dev->ops->telemetry_read(g->dev, &word, NULL, 1, &n, NULL), PBL_OK);
  assert_int_equal(n, 0);
}

static void open_rig(rig *g, uint32_t config, uint32_t window, uint64_t seed) {
  const pbl_hw hw = small_hw();
  uint32_t words[15];
  *g = (rig){.host_beta = 700, .kernel = (pbl_kernel)(seed % 2)};
  g->dev = rig_open(&hw, "");
  plain_create(&g->m, &hw, seed);
  for (int i = 0; i < (hw.n_visible + 1) * (hw.n_hidden + 1); i++) g->m.words[i] %= 128;
  for (int k = 0; k < hw.table_size; k++)
    g->m.table[k] = (uint32_t)(16777216.0 / (1.0 + exp(k / 64.0)));
  rig_upload(g->dev, &g->m);
  sane_words(words, config, window, (window ? window : 1) * 6 * 9);
  g->r.beta_bits = pbl_hw_beta_bits(&hw);
  g->r.beta_frac = hw.beta_frac;
  g->telemetry = config >> 5 & 1;
  rig_apply(g->dev, NULL, &g->r, words);
  rig_write(g->dev, PBL_REG_BETA, g->host_beta);
  rig_write(g->dev, PBL_REG_CONFIG, g->kernel == PBL_KERNEL_PALINDROMIC);
}

static void close_rig(rig *g) {
  plain_free(&g->m);
  g->dev->ops->close(g->dev);
}

/* Modes 0 to 7 but for the schedule (its own test), each source, frozen or not, with and without
 * telemetry, windows that no run's length is a multiple of, and a change of host beta that only
 * modes 0 and 1 may see. */
static void windows_run_on_over_any_number_of_runs(void **state) {
  (void)state;
  static const uint32_t lengths[] = {5, 1, 0, 7, 2, 12};
  for (uint32_t config = 0; config < 64; config++) {
    rig g;
    if (config % 8 == SCHEDULE) continue;
    open_rig(&g, config, 1 + config % 5, config + 1);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
      g.host_beta += 100;
      rig_write(g.dev, PBL_REG_BETA, g.host_beta);
      run_both(&g, lengths[i]);
    }
    assert_true(g.r.index >= 27 / 5);
    close_rig(&g);
  }
}

/* BETA is written inside a run's first sweep: the second one sees it in mode 0 only. */
static void only_mode_host_takes_beta_over_between_sweeps(void **state) {
  (void)state;
  for (uint32_t mode = 0; mode < 8; mode++) {
    rig g;
    if (mode == SCHEDULE) continue;
    open_rig(&g, mode, 0, 2);
    const bool acts = mode >= 2 && mode <= 4;
    rig_start(g.dev, 2, 0);
    rig_advance(g.dev, acts ? PAUSE + 1 : 1);
    const uint32_t first = rig_read(g.dev, PBL_REG_BETA_ACTIVE);
    if (!acts) assert_int_equal(first, 700);
    rig_write(g.dev, PBL_REG_BETA, 901);
    rig_advance(g.dev, RIG_FOREVER);
    assert_int_equal(rig_read(g.dev, PBL_REG_BETA_ACTIVE), mode == 0 ? 901 : first);
    rig_start(g.dev, 1, 0);
    assert_int_equal(rig_read(g.dev, PBL_REG_BETA_ACTIVE), acts ? first : 901);
    close_rig(&g);
  }
}

static void a_device_without_windows_gathers_nothing(void **state) {
  (void)state;
  rig g;
  open_rig(&g, 3, 4, 3);
  run_both(&g, 2);
  rig_write(g.dev, PBL_REG_WINDOW_SWEEPS, 0);
  g.r.window_sweeps = 0;
  run_both(&g, 9); /* position and sums stay at those of two sweeps */
  rig_write(g.dev, PBL_REG_WINDOW_SWEEPS, 1);
  g.r.window_sweeps = 1;
  run_both(&g, 1); /* position 3 has passed 1: the window ends */
  assert_int_equal(g.r.index, 1);
  close_rig(&g);
}

static void window_clear_starts_the_window_anew(void **state) {
  (void)state;
  rig g;
  open_rig(&g, 3 | 32, 3, 8);
  run_both(&g, 5);
  rig_write(g.dev, PBL_REG_CTRL, PBL_CTRL_WINDOW_CLEAR_MASK);
  assert_int_equal(rig_read(g.dev, PBL_REG_WINDOW_FLIPS_V), g.r.record[2]);
  g.r.index = g.r.position = g.r.energy_ref = 0;
  g.r.flips_v = g.r.flips_h = 0;
  g.r.sum_d = g.r.sum_d2 = 0;
  g.r.flags = g.r.window_flags = 0;
  check_registers(&g);
  run_both(&g, 4);
  assert_int_equal(g.r.index, 1);
  close_rig(&g);
}

static void the_host_sees_sweep_and_window_end_one_after_the_other(void **state) {
  (void)state;
  rig g;
  const uint64_t sweep = 3 * (2 * 10 + 5 + 13);
  open_rig(&g, 3 | 32, 2, 2); /* cyclic */
  rig_write(g.dev, PBL_REG_IRQ_ENABLE, PBL_IRQ_ENABLE_WINDOW_MASK);
  rig_start(g.dev, 4, 0);
  rig_advance(g.dev, PAUSE - 1);
  assert_int_equal(rig_read(g.dev, PBL_REG_TEMPERATURE), 0);
  rig_advance(g.dev, 1);
  assert_int_not_equal(rig_read(g.dev, PBL_REG_TEMPERATURE), 0);
  rig_advance(g.dev, 2 * sweep);
  assert_int_equal(rig_read64(g.dev, PBL_REG_SWEEP_COUNT_LO), 2);
  assert_int_equal(rig_read(g.dev, PBL_REG_WINDOW_POSITION), 2);
  assert_int_equal(rig_read(g.dev, PBL_REG_WINDOW_INDEX), 0);
  rig_advance(g.dev, PAUSE - 1);
  assert_int_equal(rig_read(g.dev, PBL_REG_WINDOW_INDEX), 0);
  assert_int_equal(rig_read(g.dev, PBL_REG_IRQ_STATUS), 0);
  rig_advance(g.dev, 1);
  assert_int_equal(rig_read(g.dev, PBL_REG_WINDOW_INDEX), 1);
  assert_int_equal(rig_read(g.dev, PBL_REG_IRQ_STATUS), PBL_IRQ_STATUS_WINDOW_MASK);
  rig_advance(g.dev, RIG_FOREVER); /* returns at the second window, the last of the run */
  assert_int_equal(rig_read(g.dev, PBL_REG_IRQ_STATUS),
                   PBL_IRQ_STATUS_WINDOW_MASK | PBL_IRQ_STATUS_DONE_MASK);
  assert_int_equal(rig_read64(g.dev, PBL_REG_BUSY_CYCLES_LO), 4 * sweep + 3 * PAUSE);
  close_rig(&g);
}

/* 65536 records fill the receiver. */
static void a_full_receiver_holds_the_array_and_no_record_is_lost(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = 1;
  pbl_device *dev = rig_open(&hw, "");
  uint32_t words[RECORD];
  size_t n;
  rig_write(dev, PBL_REG_REG_CONFIG, PBL_REG_CONFIG_TELEMETRY_MASK);
  rig_write(dev, PBL_REG_WINDOW_SWEEPS, 1);
  rig_start(dev, 65540, 0);
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(rig_read(dev, PBL_REG_STATUS), PBL_STATUS_BUSY_MASK | PBL_STATUS_STALLED_MASK);
  assert_int_equal(rig_read(dev, PBL_REG_WINDOW_INDEX), 65536);
  for (uint32_t i = 0; i < 65540; i++) {
    if (i >= 4) rig_advance(dev, RIG_FOREVER);
    assert_int_equal(dev->ops->telemetry_read(dev, words, NULL, RECORD, &n, NULL), PBL_OK);
    assert_int_equal(n, RECORD);
    assert_int_equal(words[0], i);
    assert_int_equal(words[1], i + 1);
  }
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(rig_read(dev, PBL_REG_STATUS), PBL_STATUS_DONE_MASK);
  dev->ops->close(dev);
}

/* --- the bus --------------------------------------------------------------------------------- */

static void registers_keep_their_width_and_start_from_their_reset(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default();
  pbl_device *dev = rig_open(&hw, "");
  static const uint32_t kept[][3] = {{PBL_REG_REG_CONFIG, 0, 0x3F3F},
                                     {PBL_REG_WINDOW_SWEEPS, 0, 0xFFFFFFFF},
                                     {PBL_REG_RATE_SCALE, 0, 0xFFFFFFFF},
                                     {PBL_REG_RATE_SET, 0, 0x1FFFFFF},
                                     {PBL_REG_GAIN, 0, 0xFFFFFFFF},
                                     {PBL_REG_SMOOTHING, 0, 0xFFFF},
                                     {PBL_REG_DEAD_BAND, 0, 0x1FFFFFF},
                                     {PBL_REG_RATE_LIMIT, 0, 0x3FFFFFF},
                                     {PBL_REG_LAMBDA_MIN, 0xFDEBA9B8, 0xFFFFFFFF},
                                     {PBL_REG_LAMBDA_MAX, 0x02145648, 0xFFFFFFFF},
                                     {PBL_REG_LAMBDA, 0, 0xFFFFFFFF},
                                     {PBL_REG_FILTER, 0, 0x80000000},
                                     {PBL_REG_MACRO, 0, 0xFFFFFFFF},
                                     {PBL_REG_T_MIN, 0x200000, 0x3FFFFFFF},
                                     {PBL_REG_T_MAX, 0x8000000, 0x3FFFFFFF},
                                     {PBL_REG_SCHED_LAST, 0, 0x13F}};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    assert_int_equal(rig_read(dev, kept[i][0]), kept[i][1]);
    rig_write(dev, kept[i][0], 0xFFFFFFFF);
    assert_int_equal(rig_read(dev, kept[i][0]), kept[i][2]);
  }
  rig_write(dev, PBL_REG_LAMBDA, 0xFBFFFFFF); /* bit 26 is the sign, the five above are dropped */
  assert_int_equal(rig_read(dev, PBL_REG_LAMBDA), 0x03FFFFFF);
  rig_write(dev, PBL_REG_FILTER, 0x80000000);
  assert_int_equal(rig_read(dev, PBL_REG_FILTER), 0x80000000);
  for (uint32_t a = PBL_REG_TEMPERATURE; a <= PBL_REG_REG_FLAGS; a += 4) {
    assert_int_equal(rig_read(dev, a), 0);
    assert_int_equal(dev->ops->write32(dev, a, 1, NULL), PBL_DEVICE);
  }
  uint32_t value;
  assert_int_equal(dev->ops->read32(dev, &value, PBL_REG_SCHED_SWEEPS + 4, NULL), PBL_DEVICE);
  dev->ops->close(dev);
}

static void a_busy_device_refuses_its_settings(void **state) {
  (void)state;
  rig g;
  open_rig(&g, 2, 2, 4);
  rig_start(g.dev, 100, 0);
  rig_advance(g.dev, 500);
  for (uint32_t a = PBL_REG_REG_CONFIG; a <= PBL_REG_T_MAX; a += 4) {
    const uint32_t before = rig_read(g.dev, a);
    rig_write(g.dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
    rig_write(g.dev, a, ~before & 0xFFFF);
    assert_int_equal(rig_read(g.dev, PBL_REG_STATUS), PBL_STATUS_BUSY_MASK | PBL_STATUS_ERROR_MASK);
    assert_int_equal(rig_read(g.dev, a), before);
  }
  const uint32_t index = rig_read(g.dev, PBL_REG_WINDOW_INDEX);
  rig_write(g.dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  rig_write(g.dev, PBL_REG_CTRL, PBL_CTRL_WINDOW_CLEAR_MASK);
  assert_int_equal(rig_read(g.dev, PBL_REG_STATUS), PBL_STATUS_BUSY_MASK | PBL_STATUS_ERROR_MASK);
  assert_true(index > 0 && rig_read(g.dev, PBL_REG_WINDOW_INDEX) == index);
  close_rig(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(windows_run_on_over_any_number_of_runs),
      cmocka_unit_test(only_mode_host_takes_beta_over_between_sweeps),
      cmocka_unit_test(a_device_without_windows_gathers_nothing),
      cmocka_unit_test(window_clear_starts_the_window_anew),
      cmocka_unit_test(the_host_sees_sweep_and_window_end_one_after_the_other),
      cmocka_unit_test(a_full_receiver_holds_the_array_and_no_record_is_lost),
      cmocka_unit_test(registers_keep_their_width_and_start_from_their_reset),
      cmocka_unit_test(a_busy_device_refuses_its_settings),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
