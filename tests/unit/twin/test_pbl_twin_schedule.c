/* The twin's beta schedule against a list with one line for every sweep. */
#include "pbl_rng.h"
#include "twin_rig.h"

enum { MODE_FIXED = 1, MODE_SCHEDULE = 5, MAX_SWEEPS = 64 * 8, WINDOW = 3 };

/* Line t: where sweep t of the schedule runs. */
typedef struct {
  uint32_t entry, done, beta;
} line;

typedef struct {
  pbl_device *dev;
  plain_model m;
  uint32_t last, beta[64], sweeps[64]; /* as written */
  bool repeat;
  line lines[MAX_SWEEPS + 1];
  uint32_t n_lines;
  uint32_t t; /* sweeps of the schedule so far */
} rig;

static void list_sweeps(rig *g) {
  g->n_lines = 0;
  for (uint32_t e = 0; e <= g->last; e++) {
    const uint32_t n = g->sweeps[e] == 0 ? 1 : g->sweeps[e];
    for (uint32_t d = 0; d < n; d++) g->lines[g->n_lines++] = (line){e, d, g->beta[e]};
  }
  /* where it stands after the last sweep, unless it begins again */
  g->lines[g->n_lines] = g->lines[g->n_lines - 1];
  g->lines[g->n_lines].done++;
}

static line line_at(const rig *g, uint32_t t) {
  if (g->repeat) return g->lines[t % g->n_lines];
  return g->lines[t < g->n_lines ? t : g->n_lines];
}

static void configure(rig *g, uint32_t mode, bool freeze) {
  rig_write(g->dev, PBL_REG_REG_CONFIG,
            mode | (uint32_t)freeze << PBL_REG_CONFIG_FREEZE_SHIFT | PBL_REG_CONFIG_TELEMETRY_MASK);
  rig_write(g->dev, PBL_REG_SCHED_LAST,
            g->last | (uint32_t)g->repeat << PBL_SCHED_LAST_REPEAT_SHIFT);
}

static void open_rig(rig *g, uint64_t seed) {
  pbl_hw hw = pbl_hw_default();
  hw.replicas = 4;
  hw.lanes = 2;
  *g = (rig){.dev = rig_open(&hw, "")};
  plain_create(&g->m, &hw, seed);
  g->last = seed % 5 == 0 ? 63 : (uint32_t)(pbl_splitmix64(&seed) % 6);
  g->repeat = seed % 3 == 0;
  uint32_t words[128];
  for (uint32_t e = 0; e < 64; e++) {
    g->beta[e] = words[2 * e] = (uint32_t)(pbl_splitmix64(&seed) % 65535 + 1);
    g->sweeps[e] = words[2 * e + 1] = (uint32_t)(pbl_splitmix64(&seed) % 6);
  }
  list_sweeps(g);
  rig_upload(g->dev, &g->m);
  rig_image(g->dev, 6, 0, 0, words, 128);
  rig_write(g->dev, PBL_REG_WINDOW_SWEEPS, WINDOW);
  rig_write(g->dev, PBL_REG_BETA, 7777);
  configure(g, MODE_SCHEDULE, false);
}

static void close_rig(rig *g) {
  plain_free(&g->m);
  g->dev->ops->close(g->dev);
}

static void check_position(rig *g) {
  const line now = line_at(g, g->t);
  assert_int_equal(rig_read(g->dev, PBL_REG_SCHED_POSITION), now.entry);
  assert_int_equal(rig_read(g->dev, PBL_REG_SCHED_SWEEPS), now.done);
}

/* Betas of the windows that the telemetry stream brings. */
static void check_records(rig *g, const uint32_t *betas, uint32_t n_sweeps, uint32_t before) {
  uint32_t words[16];
  size_t n = 0;
  for (uint32_t s = 1; s <= n_sweeps; s++) {
    if ((before + s) % WINDOW != 0) continue;
    assert_int_equal(g->dev->ops->telemetry_read(g->dev, words, NULL, 16, &n, NULL), PBL_OK);
    assert_int_equal(n, 16);
    assert_int_equal(words[14], betas[s - 1]);
  }
  assert_int_equal(g->dev->ops->telemetry_read(g->dev, words, NULL, 16, &n, NULL), PBL_OK);
  assert_int_equal(n, 0);
}

/* A run of n <= 50 sweeps, all of them sampled. */
static void run(rig *g, uint32_t n, bool frozen) {
  uint32_t betas[50];
  const uint32_t before = rig_read(g->dev, PBL_REG_SWEEP_COUNT_LO);
  rig_start(g->dev, n, 1);
  rig_advance(g->dev, RIG_FOREVER);
  for (uint32_t s = 0; s < n; s++) {
    betas[s] = line_at(g, g->t).beta;
    plain_sweep(&g->m, PBL_KERNEL_CYCLIC, betas[s]);
    rig_check_sample(g->dev, &g->m);
    g->t += !frozen;
  }
  check_position(g);
  assert_int_equal(rig_read(g->dev, PBL_REG_BETA_ACTIVE), line_at(g, g->t).beta);
  check_records(g, betas, n, before);
}

static void every_sweep_has_the_beta_of_its_line(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 40; seed++) {
    rig g;
    open_rig(&g, seed);
    for (uint32_t k = 0; k < 12; k++) run(&g, (uint32_t)(seed * 7 + k * 13) % 50 + 1, false);
    close_rig(&g);
  }
}

static void freeze_holds_the_position(void **state) {
  (void)state;
  rig g;
  open_rig(&g, 3);
  run(&g, 4, false);
  configure(&g, MODE_SCHEDULE, true);
  run(&g, 5, true);
  configure(&g, MODE_SCHEDULE, false);
  run(&g, 6, false);
  close_rig(&g);
}

static void clear_begins_again(void **state) {
  (void)state;
  rig g;
  open_rig(&g, 4);
  run(&g, 7, false);
  rig_write(g.dev, PBL_REG_CTRL, PBL_CTRL_SCHED_CLEAR_MASK);
  g.t = 0;
  check_position(&g);
  run(&g, 3, false);
  /* in one write with START: before it */
  rig_write(g.dev, PBL_REG_SWEEPS, 2);
  rig_write(g.dev, PBL_REG_CTRL, PBL_CTRL_SCHED_CLEAR_MASK | PBL_CTRL_START_MASK);
  rig_advance(g.dev, RIG_FOREVER);
  g.t = 2;
  check_position(&g);
  close_rig(&g);
}

static void other_modes_leave_the_position_alone(void **state) {
  (void)state;
  rig g;
  open_rig(&g, 6);
  run(&g, 5, false);
  configure(&g, MODE_FIXED, false);
  rig_start(g.dev, 9, 0);
  rig_advance(g.dev, RIG_FOREVER);
  assert_int_equal(rig_read(g.dev, PBL_REG_BETA_ACTIVE), 7777);
  check_position(&g);
  configure(&g, MODE_SCHEDULE, false);
  /* a run of no sweeps leaves beta alone */
  rig_start(g.dev, 0, 1);
  rig_advance(g.dev, RIG_FOREVER);
  assert_int_equal(rig_read(g.dev, PBL_REG_BETA_ACTIVE), 7777);
  check_position(&g);
  close_rig(&g);
}

static void start_pauses_and_a_busy_device_refuses(void **state) {
  (void)state;
  rig g;
  open_rig(&g, 7);
  rig_write(g.dev, PBL_REG_WINDOW_SWEEPS, 0);
  rig_start(g.dev, 2, 0);
  rig_advance(g.dev, 1);
  const uint32_t word = 1;
  for (int k = 0; k < 3; k++) {
    rig_write(g.dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
    if (k == 0) rig_write(g.dev, PBL_REG_CTRL, PBL_CTRL_SCHED_CLEAR_MASK);
    if (k == 1) rig_write(g.dev, PBL_REG_SCHED_LAST, 1);
    if (k == 2) rig_image(g.dev, 6, 0, 0, &word, 1);
    assert_true(rig_read(g.dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK);
  }
  rig_write(g.dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  rig_advance(g.dev, RIG_FOREVER);
  /* of 128 + 2 x 2 x 33 clocks the first was before CLEAR */
  assert_int_equal(rig_read(g.dev, PBL_REG_BUSY_CYCLES_LO), 127 + 2 * 2 * 33);
  assert_int_equal(rig_read(g.dev, PBL_REG_SCHED_LAST),
                   g.last | (uint32_t)g.repeat << PBL_SCHED_LAST_REPEAT_SHIFT);
  g.t = 2;
  check_position(&g);
  close_rig(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_sweep_has_the_beta_of_its_line),
      cmocka_unit_test(freeze_holds_the_position),
      cmocka_unit_test(clear_begins_again),
      cmocka_unit_test(other_modes_leave_the_position_alone),
      cmocka_unit_test(start_pauses_and_a_busy_device_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
