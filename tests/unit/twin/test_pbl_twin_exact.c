/* The twin against a plain second implementation: every bit it shows must be equal. */
#include <stdlib.h>

#include "twin_rig.h"

typedef struct {
  int weight_int, weight_frac, beta_int, beta_frac, table_size, range_log2, threshold_bits;
} format;

/* Widths from 4 to 24 bits, index shift from 1 on, thresholds up to the whole word. */
static const format formats[] = {
    {5, 6, 4, 12, 1024, 4, 24}, {5, 6, 4, 12, 16, 4, 8},     {1, 2, 2, 6, 64, 0, 16},
    {8, 7, 4, 12, 4096, 5, 32}, {3, 12, 12, 12, 256, 8, 24}, {12, 11, 12, 12, 4096, 4, 32},
    {4, 12, 4, 8, 1024, 2, 16},
};
static const int shapes[][2] = {{6, 6}, {37, 20}, {1, 1}, {5, 33}, {100, 17}};
static const int replication[][2] = {{1, 1}, {4, 4}, {16, 16}, {4, 2}, {6, 3}, {32, 32}, {40, 20}};
static const int lfsr_steps[] = {1, 8, 32};

static pbl_hw variant(const int shape[2], const int replicas[2], const format *f, int index) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = shape[0];
  hw.n_hidden = shape[1];
  hw.replicas = replicas[0];
  hw.lanes = replicas[1];
  hw.weight_int = f->weight_int;
  hw.weight_frac = f->weight_frac;
  hw.beta_int = f->beta_int;
  hw.beta_frac = f->beta_frac;
  hw.table_size = f->table_size;
  hw.table_range_log2 = f->range_log2;
  hw.threshold_bits = f->threshold_bits;
  hw.rounding = index % 3 != 0;
  hw.generator = index % 5 < 2   ? PBL_GEN_XOSHIRO128PP
                 : index % 5 < 4 ? PBL_GEN_LFSR32
                                 : PBL_GEN_XORSHIFT32;
  hw.lfsr_steps = lfsr_steps[index % 3];
  hw.field_bits = 0;
  return hw;
}

static void check_counters(pbl_device *dev, const plain_model *m) {
  assert_int_equal(rig_read64(dev, PBL_REG_BUSY_CYCLES_LO), m->busy);
  assert_int_equal(rig_read64(dev, PBL_REG_STALL_CYCLES_LO), 0);
  assert_int_equal(rig_read64(dev, PBL_REG_SWEEP_COUNT_LO), m->sweeps);
  assert_int_equal(rig_read64(dev, PBL_REG_FLIPS_LO), m->flips);
  assert_int_equal(rig_read64(dev, PBL_REG_SATURATIONS_LO), m->saturations);
  assert_int_equal(rig_read64(dev, PBL_REG_FREEZES_LO), m->freezes);
  assert_int_equal(rig_read64(dev, PBL_REG_SAMPLES_LO), m->frames);
  for (int r = 0; r < m->hw.replicas; r++) {
    rig_write(dev, PBL_REG_REPLICA_SELECT, (uint32_t)r);
    assert_int_equal((int64_t)rig_read64(dev, PBL_REG_ENERGY_LO), m->energy[r]);
  }
}

static void check_probe(pbl_device *dev, const plain_model *m) {
  assert_int_equal(rig_read(dev, PBL_REG_PROBE_FIELD), (uint32_t)m->seen_field);
  assert_int_equal(rig_read(dev, PBL_REG_PROBE_RANDOM), m->seen_random);
  assert_int_equal(rig_read(dev, PBL_REG_PROBE_THRESHOLD), m->seen_threshold);
  assert_int_equal(rig_read(dev, PBL_REG_PROBE_STATE), m->seen_state);
}

/* A run of both, the twin's time cut into uneven pieces, then everything compared. */
static void run_both(pbl_device *dev, plain_model *m, pbl_kernel kernel, uint32_t beta,
                     uint32_t sweeps, uint32_t every) {
  rig_write(dev, PBL_REG_CONFIG,
            (uint32_t)(kernel == PBL_KERNEL_PALINDROMIC) |
                (uint32_t)(kernel == PBL_KERNEL_COIN) << PBL_CONFIG_COIN_SHIFT |
                (uint32_t)m->coupled << PBL_CONFIG_COUPLED_SHIFT);
  rig_write(dev, PBL_REG_BETA, beta);
  rig_write(dev, PBL_REG_PROBE_SELECT, (uint32_t)m->watch_replica << 16 | (uint32_t)m->watch_pbit);
  rig_start(dev, sweeps, every);
  for (uint64_t piece = 1; rig_read(dev, PBL_REG_STATUS) & PBL_STATUS_BUSY_MASK; piece += 37)
    rig_advance(dev, piece);
  for (uint32_t n = 1; n <= sweeps; n++) {
    plain_sweep(m, kernel, beta);
    if (every && n % every == 0) rig_check_sample(dev, m);
  }
  const int contexts = m->hw.replicas / m->hw.lanes;
  if (every && sweeps % every == 0)
    m->busy += (uint64_t)(contexts * (m->hw.n_visible + 1 + m->hw.n_hidden + 6 + 1));
  assert_int_equal(rig_words_waiting(dev), 0);
  check_counters(dev, m);
  check_probe(dev, m);
}

/* Beta that puts the typical field of a random image well inside the table. */
static uint32_t typical_beta(const plain_model *m) {
  const size_t n = (size_t)(m->hw.n_visible + 1) * (size_t)(m->hw.n_hidden + 1);
  double sum = 1;
  for (size_t i = 0; i < n; i++) sum += abs(m->words[i]);
  const double terms = m->hw.n_visible > m->hw.n_hidden ? m->hw.n_hidden : m->hw.n_visible;
  const double field = sum / (double)n * (1 + terms / 4);
  double beta = (double)m->hw.table_size / 3 / field;
  for (int i = 0; i < pbl_hw_index_shift(&m->hw); i++) beta *= 2;
  const uint32_t most = ((uint32_t)1 << pbl_hw_beta_bits(&m->hw)) - 1;
  if (beta < 1) return 1;
  return beta > most ? most : (uint32_t)beta;
}

/* What a comparison has exercised, so that a test can refuse to pass on nothing. */
typedef struct {
  uint64_t flips, saturations, freezes, updates;
  uint64_t tossed, reversed; /* sweeps of a context by the coin */
} exercised;

static void compare_device(const pbl_hw *hw, const char *simd, int index, exercised *total) {
  pbl_device *dev = rig_open(hw, simd);
  if (!dev) return;
  plain_model m;
  plain_create(&m, hw, 1000 + (uint64_t)index);
  m.watch_pbit = index % pbl_hw_pbits(hw);
  m.watch_replica = hw->replicas - 1 - index % hw->replicas;
  rig_upload(dev, &m);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  assert_int_equal(rig_read(dev, PBL_REG_IMG_HASH), plain_hash(&m));
  const pbl_kernel kernel = index % 2 ? PBL_KERNEL_PALINDROMIC : PBL_KERNEL_CYCLIC;
  const uint32_t beta = typical_beta(&m);
  run_both(dev, &m, kernel, beta, 4, 1);
  m.coupled = hw->lanes % 2 == 0;
  run_both(dev, &m, kernel, beta / 2 + 1, 7, 3);
  m.coupled = 0; /* the odd lanes' generators went on by themselves */
  run_both(dev, &m, (pbl_kernel)(1 - (int)kernel), beta, 2, 0);
  run_both(dev, &m, PBL_KERNEL_COIN, beta, 4, 1);
  m.watch_pbit = (m.watch_pbit + 1) % pbl_hw_pbits(hw);
  run_both(dev, &m, kernel, (uint32_t)(((uint64_t)1 << pbl_hw_beta_bits(hw)) - 1), 3, 3);
  total->flips += m.flips;
  total->saturations += m.saturations;
  total->freezes += m.freezes;
  total->updates += m.n_updates;
  total->reversed += m.n_reversed;
  total->tossed += 4 * (uint64_t)pbl_hw_contexts(hw);
  plain_free(&m);
  dev->ops->close(dev);
}

static void compare_all(const char *simd) {
  pbl_hw hw = pbl_hw_default();
  pbl_device *probe = rig_open(&hw, simd);
  if (!probe) skip();
  assert_string_equal(pbl_twin_simd(probe), simd);
  probe->ops->close(probe);
  const int n_formats = (int)(sizeof formats / sizeof formats[0]);
  exercised total = {0};
  int index = 0;
  for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
    for (size_t r = 0; r < sizeof replication / sizeof replication[0]; r++) {
      for (int k = 0; k < 4; k++, index++) {
        hw = variant(shapes[s], replication[r], &formats[(index + index / 28) % n_formats], index);
        compare_device(&hw, simd, index, &total);
      }
    }
  }
  /* Each event makes a fair share of all updates: none of the comparisons is empty. */
  assert_true(total.flips * 10 > total.updates);
  assert_true(total.saturations * 20 > total.updates);
  assert_true(total.freezes * 20 > total.updates);
  assert_true(total.saturations * 10 < total.updates * 9);
  assert_in_range(total.reversed * 100 / total.tossed, 35, 65);
}

static void portable_code_equals_the_plain_model(void **state) {
  (void)state;
  compare_all("portable");
}
static void avx2_code_equals_the_plain_model(void **state) {
  (void)state;
  compare_all("avx2");
}
static void avx512_code_equals_the_plain_model(void **state) {
  (void)state;
  compare_all("avx512");
}

static const char *const paths[] = {"portable", "avx2", "avx512"};

/* All weights at the negative end of their range and all p-bits alike: the largest fields. */
static void compare_extreme(const char *simd, int visible, int weight_int, int weight_frac,
                            int spin) {
  pbl_hw hw = variant((const int[2]){visible, 3}, (const int[2]){2, 2}, &formats[0], 1);
  hw.weight_int = weight_int;
  hw.weight_frac = weight_frac;
  pbl_device *dev = rig_open(&hw, simd);
  if (!dev) return;
  plain_model m;
  plain_create(&m, &hw, 99);
  const int32_t least = -((int32_t)1 << (weight_int + weight_frac));
  for (int i = 0; i < (visible + 1) * 4 - 1; i++) m.words[i] = least;
  for (int i = 0; i < 2 * (visible + 3); i++) m.spin[i] = (int8_t)spin;
  m.watch_pbit = visible; /* a hidden one: it sees all visible ones */
  rig_upload(dev, &m);
  run_both(dev, &m, PBL_KERNEL_CYCLIC, 65535, 1, 1);
  assert_int_equal(m.seen_field, (int64_t)least * (1 + visible * spin));
  run_both(dev, &m, PBL_KERNEL_PALINDROMIC, 1, 3, 1);
  plain_free(&m);
  dev->ops->close(dev);
}

static void largest_fields_do_not_wrap_on_any_path(void **state) {
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    for (int spin = -1; spin <= 1; spin += 2) {
      compare_extreme(paths[i], 1024, 8, 7, spin);  /* 16 bits: the last that fit the pairs */
      compare_extreme(paths[i], 1024, 8, 8, spin);  /* 17 bits: the first that do not */
      compare_extreme(paths[i], 126, 12, 11, spin); /* 24 bits: fields of all 32 */
    }
  }
}

static void image_sized_array_is_equal_on_every_path(void **state) {
  (void)state;
  const pbl_hw hw = variant((const int[2]){784, 64}, (const int[2]){16, 16}, &formats[0], 1);
  exercised total = {0};
  for (size_t i = 0; i < 3; i++) compare_device(&hw, paths[i], 1, &total);
  assert_true(total.flips > 0);
}

/* --- trace ---------------------------------------------------------------------------------- */

typedef struct {
  const pbl_hw *hw;
  uint64_t n, sum, last_key;
} trace_log;

static void record(void *user, const pbl_twin_update *u) {
  trace_log *log = user;
  const uint32_t state =
      (uint32_t)u->new_state + 2 * (uint32_t)u->old_state + 4 * (uint32_t)u->clamped;
  const int replica = u->context * log->hw->lanes + u->lane;
  log->n++;
  log->sum += plain_digest(7, u->sweep, u->half, replica, u->pbit, u->field, u->random_word,
                           u->threshold, state);
  const uint64_t key = (((u->sweep * 64 + (uint64_t)u->context) * 4 + (uint64_t)u->half) * 4096 +
                        (uint64_t)u->pbit) *
                           64 +
                       (uint64_t)u->lane + 1;
  assert_true(key > log->last_key); /* device order */
  log->last_key = key;
}

static void trace_reports_every_update_in_order_and_changes_nothing(void **state) {
  (void)state;
  for (size_t i = 0; i < 3; i++) {
    for (int r = 3; r < 7; r++) {
      const pbl_hw hw = variant(shapes[1], replication[r], &formats[r], r);
      pbl_device *dev = rig_open(&hw, paths[i]);
      if (!dev) continue;
      plain_model m;
      plain_create(&m, &hw, 5);
      m.watch_pbit = 3;
      m.watch_replica = hw.replicas - 1;
      m.coupled = hw.lanes % 2 == 0;
      trace_log log = {.hw = &hw};
      assert_int_equal(pbl_twin_set_trace(dev, record, &log, NULL), PBL_OK);
      rig_upload(dev, &m);
      run_both(dev, &m, PBL_KERNEL_PALINDROMIC, typical_beta(&m), 3, 1);
      assert_int_equal(log.n, m.n_updates);
      assert_int_equal(log.sum, m.trace_sum);
      plain_free(&m);
      dev->ops->close(dev);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(portable_code_equals_the_plain_model),
      cmocka_unit_test(avx2_code_equals_the_plain_model),
      cmocka_unit_test(avx512_code_equals_the_plain_model),
      cmocka_unit_test(largest_fields_do_not_wrap_on_any_path),
      cmocka_unit_test(image_sized_array_is_equal_on_every_path),
      cmocka_unit_test(trace_reports_every_update_in_order_and_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
