/* The lattice fabric of the twin against the plain lattice: every update of every case, on every
 * code path. */
#include <string.h>

#include "lattice_rig.h"
#include "pbl_lattice.h"

typedef struct {
  int side;
  const char *rules;
  int sites, lanes, contexts;
  pbl_generator generator;
  int lfsr_steps;
  pbl_kernel kernel;
  int coupled;
  int shared; /* cells of a generator; 0: 1 */
} variant;

static const variant variants[] = {
    {4, "0,1", 1, 1, 2, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_CYCLIC, 0, 0},
    {4, "0,1", 8, 3, 1, PBL_GEN_LFSR32, 8, PBL_KERNEL_PALINDROMIC, 0, 0},
    {4, "1,0", 4, 32, 1, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_CYCLIC, 1, 0},
    {6, "0,1 2,1", 3, 2, 3, PBL_GEN_LFSR32, 1, PBL_KERNEL_PALINDROMIC, 1, 0},
    {6, "2,1", 1, 16, 1, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_CYCLIC, 0, 0},
    {8, "1,0 2,1 2,3 4,1", 2, 5, 2, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_CYCLIC, 0, 0},
    {12, "0,1 4,1 9,10", 6, 16, 2, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_PALINDROMIC, 1, 0},
    {12, "0,1 1,2 4,1 3,6 8,7 2,5", 72, 1, 3, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_CYCLIC, 0, 0},
    {12, "0,1 4,1", 24, 9, 1, PBL_GEN_LFSR32, 32, PBL_KERNEL_CYCLIC, 0, 0},
    {6, "0,1 2,1", 3, 2, 3, PBL_GEN_LFSR32, 1, PBL_KERNEL_COIN, 1, 0},
    {4, "1,0", 4, 16, 2, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_COIN, 0, 0},
    {6, "0,1 2,1", 9, 4, 2, PBL_GEN_XORSHIFT32, 32, PBL_KERNEL_COIN, 1, 0},
    {4, "0,1", 8, 3, 2, PBL_GEN_LFSR32, 1, PBL_KERNEL_PALINDROMIC, 0, 4},
    {12, "0,1 4,1", 12, 18, 2, PBL_GEN_XOSHIRO128PP, 32, PBL_KERNEL_CYCLIC, 1, 12},
    {6, "0,1 2,1", 9, 5, 1, PBL_GEN_XORSHIFT32, 32, PBL_KERNEL_CYCLIC, 0, 3},
};
enum { N_VARIANTS = sizeof variants / sizeof variants[0] };

static pbl_hw hardware(const variant *v) {
  pbl_hw hw = pbl_hw_default();
  assert_true(pbl_rules_parse(&hw.lattice, v->rules));
  pbl_hw_set_lattice(&hw, v->side, v->sites);
  hw.lanes = v->lanes;
  hw.replicas = v->lanes * v->contexts;
  hw.generator = v->generator;
  hw.lfsr_steps = v->lfsr_steps;
  if (v->shared) hw.cells_per_generator = v->shared;
  hw.table_size = 256;
  return hw;
}

typedef struct {
  const plain_lattice *m;
  uint64_t n_updates, sum, last;
} trace_check;

static void count_update(void *user, const pbl_twin_update *u) {
  trace_check *t = user;
  const pbl_hw *hw = &t->m->hw;
  const uint32_t state =
      (uint32_t)u->new_state + 2 * (uint32_t)u->old_state + 4 * (uint32_t)u->clamped;
  const int site = u->pbit % hw->n_visible;
  const uint64_t order =
      (((u->sweep * 64 + (uint64_t)u->context) * 4 + (uint64_t)u->half) * 4096 + (uint64_t)site) *
          64 +
      (uint64_t)u->lane + 1;
  assert_true(order > t->last);
  t->last = order;
  t->n_updates++;
  t->sum += plain_digest(7, u->sweep, u->half, u->context * hw->lanes + u->lane, u->pbit, u->field,
                         u->random_word, u->threshold, state);
}

static void check_registers(pbl_device *dev, const plain_lattice *m) {
  assert_int_equal(rig_read64(dev, PBL_REG_BUSY_CYCLES_LO), m->busy);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), m->sweeps);
  assert_int_equal(rig_read64(dev, PBL_REG_FLIPS_LO), m->flips);
  assert_int_equal(rig_read64(dev, PBL_REG_SATURATIONS_LO), m->saturations);
  assert_int_equal(rig_read64(dev, PBL_REG_FREEZES_LO), m->freezes);
  for (int r = 0; r < m->hw.replicas; r++) {
    rig_write(dev, PBL_REG_REPLICA_SELECT, (uint32_t)r);
    assert_int_equal((int64_t)rig_read64(dev, PBL_REG_ENERGY_LO), m->energy[r]);
  }
  assert_int_equal((int32_t)rig_read(dev, PBL_REG_PROBE_FIELD), m->seen_field);
  assert_int_equal(rig_read(dev, PBL_REG_PROBE_RANDOM), m->seen_random);
  assert_int_equal(rig_read(dev, PBL_REG_PROBE_THRESHOLD), m->seen_threshold);
  assert_int_equal(rig_read(dev, PBL_REG_PROBE_STATE), m->seen_state);
}

/* Every sweep sampled, then seven sweeps of which every third is. */
static void run_variant(const variant *v, const char *simd, int traced) {
  static plain_lattice m;
  const pbl_hw hw = hardware(v);
  const uint32_t beta = 3000;
  pbl_device *dev = rig_open(&hw, simd);
  if (!dev) return;
  plain_lattice_create(&m, &hw, (uint64_t)v->side * 100 + (uint64_t)v->sites);
  m.coupled = v->coupled;
  m.watch_pbit = hw.n_visible + 1 - v->contexts % 2 * hw.n_visible;
  m.watch_replica = hw.replicas - 1;
  lattice_upload(dev, &m);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  assert_int_equal(rig_read(dev, PBL_REG_IMG_HASH), plain_lattice_hash(&m));
  trace_check trace = {.m = &m};
  if (traced) assert_int_equal(pbl_twin_set_trace(dev, count_update, &trace, NULL), PBL_OK);
  rig_write(dev, PBL_REG_PROBE_SELECT, (uint32_t)m.watch_replica << 16 | (uint32_t)m.watch_pbit);
  rig_write(dev, PBL_REG_CONFIG,
            (v->kernel == PBL_KERNEL_PALINDROMIC) | (uint32_t)v->coupled << 1 |
                (uint32_t)(v->kernel == PBL_KERNEL_COIN) << 2);
  rig_write(dev, PBL_REG_BETA, beta);
  rig_start(dev, 5, 1);
  for (int s = 0; s < 5; s++) {
    plain_lattice_sweep(&m, v->kernel, beta, 1);
    rig_advance(dev, m.busy - rig_read64(dev, PBL_REG_BUSY_CYCLES_LO));
    lattice_check_sample(dev, &m);
    check_registers(dev, &m);
  }
  rig_start(dev, 7, 3);
  rig_advance(dev, RIG_FOREVER);
  for (int s = 1; s <= 7; s++) {
    plain_lattice_sweep(&m, v->kernel, beta, s % 3 == 0);
    if (s % 3 == 0) lattice_check_sample(dev, &m);
  }
  check_registers(dev, &m);
  assert_int_equal(rig_words_waiting(dev), 0);
  if (traced) assert_int_equal(trace.n_updates, m.n_updates);
  if (traced) assert_int_equal(trace.sum, m.trace_sum);
  plain_lattice_free(&m);
  dev->ops->close(dev);
}

static void every_update_is_that_of_the_text(void **state) {
  (void)state;
  static const char *const paths[] = {"portable", "avx2", "avx512"};
  for (size_t p = 0; p < 3; p++) {
    for (int i = 0; i < N_VARIANTS; i++) run_variant(&variants[i], paths[p], 0);
  }
}

static void a_trace_has_every_update_in_order(void **state) {
  (void)state;
  for (int i = 0; i < N_VARIANTS; i++) run_variant(&variants[i], "", 1);
}

static void no_sweeps_send_the_present_state(void **state) {
  (void)state;
  static plain_lattice m;
  const pbl_hw hw = hardware(&variants[5]);
  pbl_device *dev = rig_open(&hw, "");
  plain_lattice_create(&m, &hw, 9);
  lattice_upload(dev, &m);
  rig_start(dev, 0, 1);
  rig_advance(dev, RIG_FOREVER);
  lattice_check_sample(dev, &m);
  /* 16 steps of a colour, 10 bits each: one word a step, and one clock per context */
  assert_int_equal(rig_read64(dev, PBL_REG_BUSY_CYCLES_LO), 2 * (2 * 16 * 1 + 1));
  plain_lattice_free(&m);
  dev->ops->close(dev);
}

static void capabilities_describe_the_lattice(void **state) {
  (void)state;
  const pbl_hw hw = hardware(&variants[7]);
  pbl_device *dev = rig_open(&hw, "");
  assert_int_equal(rig_read(dev, PBL_REG_CAPS0) >> 1 & 7, 2);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_SIZE), 72 << 16 | 72);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_LATTICE), 6 << 16 | 12);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_SITES), 72);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_RULE_A_LO), 0x03040100);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_RULE_A_HI), 0x0208);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_RULE_B_LO), 0x06010201);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_RULE_B_HI), 0x0507);
  dev->ops->close(dev);
}

static int refused(pbl_device *dev, uint32_t select, uint32_t row, uint32_t col) {
  const uint32_t word = 0;
  rig_image(dev, select, row, col, &word, 1);
  const int error = (rig_read(dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK) != 0;
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  return error;
}

/* Side 8, degree 16, 2 sites, 5 lanes, 2 contexts: 32 rows of 34 words, 64 p-bits, 10 cells. */
static void image_writes_out_of_order_or_range_are_refused(void **state) {
  (void)state;
  const pbl_hw hw = hardware(&variants[5]);
  pbl_device *dev = rig_open(&hw, "");
  assert_false(refused(dev, 0, 31, 0));
  assert_false(refused(dev, 0, 31, 1)); /* the next one */
  assert_true(refused(dev, 0, 31, 1));
  assert_true(refused(dev, 0, 31, 3));
  assert_false(refused(dev, 0, 31, 0)); /* column 0 begins anew */
  assert_true(refused(dev, 0, 32, 0));
  assert_false(refused(dev, 3, 1, 0));
  assert_true(refused(dev, 3, 1, 2));
  assert_true(refused(dev, 3, 2, 0));
  assert_false(refused(dev, 2, 0, 63));
  assert_true(refused(dev, 2, 0, 64));
  assert_false(refused(dev, 4, 0, 43)); /* of the control generator */
  assert_true(refused(dev, 4, 0, 44));
  assert_false(refused(dev, 6, 0, 127));
  assert_true(refused(dev, 6, 0, 128));
  dev->ops->close(dev);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_update_is_that_of_the_text),
      cmocka_unit_test(a_trace_has_every_update_in_order),
      cmocka_unit_test(no_sweeps_send_the_present_state),
      cmocka_unit_test(capabilities_describe_the_lattice),
      cmocka_unit_test(image_writes_out_of_order_or_range_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
