/* The sparse fabric of the twin against the plain one: every update of every case, on every code
 * path. */
#include "sparse_rig.h"

typedef struct {
  int n, blocks, sites, lanes, contexts;
  pbl_generator generator;
  int lfsr_steps;
  pbl_kernel kernel;
  int coupled, symmetric;
  int shared; /* cells of a generator; 0: 1 */
} variant;

static const variant variants[] = {
    {12, 12, 1, 1, 2, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_CYCLIC, 0, 1, 0},
    {12, 12, 1, 16, 1, PBL_GEN_LFSR32, 8, PBL_KERNEL_PALINDROMIC, 0, 1, 0},
    {30, 4, 3, 1, 1, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_PALINDROMIC, 0, 0, 0},
    {31, 3, 4, 3, 2, PBL_GEN_LFSR32, 32, PBL_KERNEL_CYCLIC, 0, 1, 0},
    {48, 2, 8, 16, 2, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_PALINDROMIC, 1, 1, 0},
    {48, 1, 16, 5, 1, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_PALINDROMIC, 0, 1, 0},
    {47, 5, 16, 32, 3, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_CYCLIC, 1, 0, 0},
    {40, 6, 5, 18, 1, PBL_GEN_LFSR32, 1, PBL_KERNEL_CYCLIC, 1, 1, 0},
    {1, 1, 2, 2, 2, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_PALINDROMIC, 0, 1, 0},
    {48, 3, 16, 1, 1, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_CYCLIC, 0, 0, 0},
    {31, 3, 4, 3, 2, PBL_GEN_LFSR32, 32, PBL_KERNEL_COIN, 0, 1, 0},
    {48, 5, 8, 16, 3, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_COIN, 1, 0, 0},
    {12, 12, 1, 1, 2, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_RANDOM_SITE, 0, 1, 0},
    {47, 5, 5, 18, 3, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_RANDOM_SITE, 1, 0, 0},
    {31, 3, 4, 18, 2, PBL_GEN_XORSHIFT32, 32, PBL_KERNEL_COIN, 1, 1, 0},
    {31, 3, 4, 18, 2, PBL_GEN_XORSHIFT32, 32, PBL_KERNEL_CYCLIC, 1, 1, 2},
    {47, 5, 16, 3, 2, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_RANDOM_SITE, 0, 1, 4},
    {48, 1, 16, 5, 1, PBL_GEN_LFSR32, 8, PBL_KERNEL_PALINDROMIC, 0, 1, 16},
};
enum { N_VARIANTS = sizeof variants / sizeof variants[0] };

static pbl_hw hardware(const variant *v) {
  pbl_hw hw = pbl_hw_default();
  const pbl_hw_sparse capacity = {.pbits = 64, .edge_rows = 512, .groups = 128, .sites = v->sites};
  pbl_hw_set_sparse(&hw, &capacity);
  hw.lanes = v->lanes;
  hw.replicas = v->lanes * v->contexts;
  hw.generator = v->generator;
  hw.lfsr_steps = v->lfsr_steps;
  if (v->shared) hw.cells_per_generator = v->shared;
  hw.table_size = 256;
  return hw;
}

typedef struct {
  const plain_sparse *m;
  uint64_t n_updates, sum;
} trace_check;

static void count_update(void *user, const pbl_twin_update *u) {
  trace_check *t = user;
  const uint32_t state =
      (uint32_t)u->new_state + 2 * (uint32_t)u->old_state + 4 * (uint32_t)u->clamped;
  t->n_updates++;
  t->sum += plain_digest(7, u->sweep, u->half, u->context * t->m->hw.lanes + u->lane, u->pbit,
                         u->field, u->random_word, u->threshold, state);
}

static void check_registers(pbl_device *dev, const plain_sparse *m) {
  assert_int_equal(rig_read64(dev, PBL_REG_BUSY_CYCLES_LO), m->busy);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), m->sweeps);
  assert_int_equal(rig_read64(dev, PBL_REG_FLIPS_LO), m->flips);
  assert_int_equal(rig_read64(dev, PBL_REG_SATURATIONS_LO), m->saturations);
  assert_int_equal(rig_read64(dev, PBL_REG_FREEZES_LO), m->freezes);
  for (int r = 0; r < m->hw.replicas; r++) {
    const int64_t twice = m->energy2[r], half = twice >= 0 ? twice / 2 : -((1 - twice) / 2);
    rig_write(dev, PBL_REG_REPLICA_SELECT, (uint32_t)r);
    assert_int_equal((int64_t)rig_read64(dev, PBL_REG_ENERGY_LO), half);
  }
  assert_int_equal((int32_t)rig_read(dev, PBL_REG_PROBE_FIELD), m->seen_field);
  assert_int_equal(rig_read(dev, PBL_REG_PROBE_RANDOM), m->seen_random);
  assert_int_equal(rig_read(dev, PBL_REG_PROBE_THRESHOLD), m->seen_threshold);
  assert_int_equal(rig_read(dev, PBL_REG_PROBE_STATE), m->seen_state);
}

static void prepare(pbl_device *dev, plain_sparse *m, const variant *v) {
  m->coupled = v->coupled;
  m->watch_pbit = v->n - 1;
  m->watch_replica = m->hw.replicas - 1;
  sparse_upload(dev, m);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  assert_int_equal(rig_read(dev, PBL_REG_GUARD), 0);
  assert_int_equal(rig_read(dev, PBL_REG_STATUS),
                   PBL_STATUS_HASH_VALID_MASK | PBL_STATUS_GUARD_OK_MASK);
  assert_int_equal(rig_read(dev, PBL_REG_IMG_HASH), plain_sparse_hash(m));
  rig_write(dev, PBL_REG_PROBE_SELECT, (uint32_t)m->watch_replica << 16 | (uint32_t)m->watch_pbit);
  static const uint32_t kernel_bits[] = {0, 1, PBL_CONFIG_COIN_MASK, PBL_CONFIG_RANDOM_MASK};
  rig_write(dev, PBL_REG_CONFIG, kernel_bits[v->kernel] | (uint32_t)v->coupled << 1);
}

/* Every sweep sampled, then seven sweeps of which every third is, then other states and clamps.
 */
static void run_variant(const variant *v, const char *simd, int traced) {
  static plain_sparse m;
  const pbl_hw hw = hardware(v);
  const uint32_t beta = 3000;
  pbl_device *dev = rig_open(&hw, simd);
  if (!dev) return;
  plain_sparse_create(&m, &hw, v->n, v->blocks, v->symmetric, (uint64_t)v->n * 100);
  prepare(dev, &m, v);
  trace_check trace = {.m = &m};
  if (traced) assert_int_equal(pbl_twin_set_trace(dev, count_update, &trace, NULL), PBL_OK);
  rig_write(dev, PBL_REG_BETA, beta);
  rig_start(dev, 5, 1);
  for (int s = 0; s < 5; s++) {
    plain_sparse_sweep(&m, v->kernel, beta, 1);
    rig_advance(dev, m.busy - rig_read64(dev, PBL_REG_BUSY_CYCLES_LO));
    sparse_check_sample(dev, &m);
    check_registers(dev, &m);
  }
  rig_start(dev, 7, 3);
  rig_advance(dev, RIG_FOREVER);
  for (int s = 1; s <= 7; s++) {
    plain_sparse_sweep(&m, v->kernel, beta, s % 3 == 0);
    if (s % 3 == 0) sparse_check_sample(dev, &m);
  }
  check_registers(dev, &m);
  const uint32_t bits = sparse_lane_bits(&m, 0, 0), clamp = !m.clamp[0];
  rig_image(dev, 2, 0, 0, &clamp, 1); /* without another CHECK */
  m.clamp[0] = (uint8_t)clamp;
  rig_image(dev, 3, 0, 0, &bits, 1);
  m.energies_known = 0;
  rig_start(dev, 1, 0);
  rig_advance(dev, RIG_FOREVER);
  plain_sparse_sweep(&m, v->kernel, beta, 0);
  check_registers(dev, &m);
  assert_int_equal(rig_words_waiting(dev), 0);
  if (traced) assert_int_equal(trace.n_updates, m.n_updates);
  if (traced) assert_int_equal(trace.sum, m.trace_sum);
  plain_sparse_free(&m);
  dev->ops->close(dev);
}

static void every_update_is_that_of_the_text(void **state) {
  (void)state;
  static const char *const paths[] = {"portable", "avx2", "avx512"};
  for (size_t p = 0; p < 3; p++) {
    for (int i = 0; i < N_VARIANTS; i++) run_variant(&variants[i], paths[p], 0);
  }
}

static void a_trace_has_every_update(void **state) {
  (void)state;
  for (int i = 0; i < N_VARIANTS; i++) run_variant(&variants[i], "", 1);
}

/* 31 p-bits, 2 contexts: 31 + 3 clocks each, although nothing was checked. */
static void no_sweeps_send_the_present_state(void **state) {
  (void)state;
  static plain_sparse m;
  const pbl_hw hw = hardware(&variants[3]);
  pbl_device *dev = rig_open(&hw, "");
  plain_sparse_create(&m, &hw, 31, 3, 1, 9);
  sparse_upload(dev, &m);
  rig_start(dev, 0, 1);
  rig_advance(dev, RIG_FOREVER);
  sparse_check_sample(dev, &m);
  assert_int_equal(rig_read64(dev, PBL_REG_BUSY_CYCLES_LO), 2 * (31 + 3));
  plain_sparse_free(&m);
  dev->ops->close(dev);
}

static void capabilities_describe_the_fabric(void **state) {
  (void)state;
  const pbl_hw hw = hardware(&variants[6]);
  pbl_device *dev = rig_open(&hw, "");
  assert_int_equal(rig_read(dev, PBL_REG_CAPS0) >> 1 & 7, 3);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_SIZE), 0);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_LATTICE), 0);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_SITES), 16);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_PBITS), 64);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_EDGE_ROWS), 512);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_GROUPS), 128);
  assert_int_equal(rig_read(dev, PBL_REG_PBITS), 0);
  dev->ops->close(dev);
}

/* The windows and the flips of the regulator: all flips count as visible. */
static void all_flips_count_as_visible(void **state) {
  (void)state;
  static plain_sparse m;
  const pbl_hw hw = hardware(&variants[4]);
  pbl_device *dev = rig_open(&hw, "");
  plain_sparse_create(&m, &hw, 48, 2, 1, 4800);
  prepare(dev, &m, &variants[4]);
  rig_write(dev, PBL_REG_BETA, 3000);
  rig_write(dev, PBL_REG_WINDOW_SWEEPS, 3);
  rig_start(dev, 3, 0);
  rig_advance(dev, RIG_FOREVER);
  for (int s = 0; s < 3; s++) plain_sparse_sweep(&m, PBL_KERNEL_PALINDROMIC, 3000, 0);
  assert_true(m.flips > 0);
  assert_int_equal(rig_read(dev, PBL_REG_WINDOW_FLIPS_V), m.flips);
  assert_int_equal(rig_read(dev, PBL_REG_WINDOW_FLIPS_H), 0);
  plain_sparse_free(&m);
  dev->ops->close(dev);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_update_is_that_of_the_text),
      cmocka_unit_test(a_trace_has_every_update),
      cmocka_unit_test(no_sweeps_send_the_present_state),
      cmocka_unit_test(capabilities_describe_the_fabric),
      cmocka_unit_test(all_flips_count_as_visible),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
