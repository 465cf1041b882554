/* The statistics unit of the twin against sums over the samples themselves: a second twin with the
 * same image and generators is stopped after every sweep, and says states and energies. */
#include <stdlib.h>

#include "pbl_twin_statistics.h"
#include "sparse_rig.h"

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

enum { SERIES = 5, LEVELS = 16 };

typedef struct {
  pbl_hw hw;
  int n, replicas;
  size_t sweeps, n_samples;
  uint8_t *up;     /* sweeps x replicas x p-bits: 1 = +1 */
  int64_t *energy; /* sweeps x replicas */
  size_t *sample;  /* sweep of each sample of the unit, from 0 */
  /* settings of the unit */
  uint32_t shift, n_pairs, *pair;
  int64_t ref;
  uint32_t *coefficients;
} history;

static void history_open(history *h, const pbl_hw *hw, int n, size_t sweeps) {
  const size_t replicas = (size_t)hw->replicas;
  *h = (history){.hw = *hw, .n = n, .replicas = hw->replicas, .sweeps = sweeps};
  h->up = calloc(sweeps * replicas * (size_t)n, 1);
  h->energy = calloc(sweeps * replicas, sizeof *h->energy);
  h->sample = calloc(sweeps, sizeof *h->sample);
  h->pair = calloc((size_t)hw->stat_pairs + 1, sizeof *h->pair);
  h->coefficients = calloc((size_t)n, sizeof *h->coefficients);
  assert_true(h->up && h->energy && h->sample && h->pair && h->coefficients);
}

static void history_close(history *h) {
  free(h->up);
  free(h->energy);
  free(h->sample);
  free(h->pair);
  free(h->coefficients);
}

static void record_frames(history *h, pbl_device *dev, size_t sweep) {
  const int lanes = h->hw.lanes;
  for (int c = 0; c < h->replicas / lanes; c++) {
    uint32_t word = 0;
    for (int bit = 0; bit < h->n * lanes; bit++) {
      size_t n = 0;
      if (bit % 32 == 0) dev->ops->stream_read(dev, &word, NULL, 1, &n, NULL);
      const size_t replica = (size_t)(c * lanes + bit % lanes);
      h->up[(sweep * (size_t)h->replicas + replica) * (size_t)h->n + (size_t)(bit / lanes)] =
          word >> (bit % 32) & 1;
    }
  }
}

/* Lets the second twin do all sweeps, one run each. */
static void record(history *h, pbl_device *dev) {
  for (size_t t = 0; t < h->sweeps; t++) {
    rig_start(dev, 1, 1);
    rig_advance(dev, RIG_FOREVER);
    record_frames(h, dev, t);
    for (int r = 0; r < h->replicas; r++) {
      rig_write(dev, PBL_REG_REPLICA_SELECT, (uint32_t)r);
      h->energy[t * (size_t)h->replicas + (size_t)r] = (int64_t)rig_read64(dev, PBL_REG_ENERGY_LO);
    }
  }
}

static int spin_up(const history *h, size_t t, int r, uint32_t p) {
  return h->up[(h->sample[t] * (size_t)h->replicas + (size_t)r) * (size_t)h->n + p];
}

/* Value of series s of replica r in sample t. */
static int64_t value(const history *h, size_t t, int r, int s) {
  if (s == 0) {
    int128 x = (int128)h->energy[h->sample[t] * (size_t)h->replicas + (size_t)r] - h->ref;
    for (uint32_t k = 0; k < h->shift; k++) x = (x - (x % 2 != 0 && x < 0)) / 2;
    return x > 8388607 ? 8388607 : x < -8388608 ? -8388608 : (int64_t)x;
  }
  int64_t sum = 0;
  for (uint32_t p = 0; p < (uint32_t)h->n; p++) {
    const uint32_t c = h->coefficients[p] >> (2 * (s - 1)) & 3;
    sum += (c == 1 ? 1 : c == 3 ? -1 : 0) * (spin_up(h, t, r, p) ? 1 : -1);
  }
  return sum;
}

static uint32_t data(pbl_device *dev) {
  return rig_read(dev, PBL_REG_STAT_DATA);
}

static void go_to(pbl_device *dev, uint32_t select, uint32_t address) {
  rig_write(dev, PBL_REG_STAT_SELECT, select);
  rig_write(dev, PBL_REG_STAT_ADDRESS, address);
}

static int128 wide(pbl_device *dev) {
  uint128 sum = 0;
  for (int k = 0; k < 4; k++) sum |= (uint128)data(dev) << (32 * k);
  return (int128)sum;
}

static void check_counts(const history *h, pbl_device *dev, size_t first, size_t n) {
  go_to(dev, 0, 0);
  for (uint32_t p = 0; p < (uint32_t)h->n; p++) {
    uint32_t want = 0;
    for (size_t t = first; t < first + n; t++)
      for (int r = 0; r < h->replicas; r++) want += (uint32_t)spin_up(h, t, r, p);
    assert_int_equal(data(dev), want);
  }
  go_to(dev, 1, 0);
  for (uint32_t k = 0; k < h->n_pairs; k++) {
    uint32_t want = 0;
    for (size_t t = first; t < first + n; t++)
      for (int r = 0; r < h->replicas; r++)
        want += spin_up(h, t, r, h->pair[k] & 0xFFFF) == spin_up(h, t, r, h->pair[k] >> 16);
    assert_int_equal(data(dev), want);
  }
}

/* sums[t]: of samples 0 .. t-1. Block j of level b is complete with sample (j + 1) 2^b - 1. */
static void check_series(pbl_device *dev, const int64_t *sums, size_t first, size_t n) {
  for (int b = 0; b < LEVELS; b++) {
    int128 a = 0, c = 0;
    size_t blocks = 0;
    const size_t size = (size_t)1 << b;
    for (size_t j = first / size; (j + 1) * size <= first + n; j++) {
      if ((j + 1) * size <= first) continue;
      const int128 now = sums[(j + 1) * size] - sums[j * size];
      a += now * now;
      if (j > 0) c += now * (sums[j * size] - sums[(j - 1) * size]);
      blocks++;
    }
    assert_int_equal(blocks, (first + n) / size - first / size);
    const int128 got_a = wide(dev), got_c = wide(dev);
    assert_true(blocks == 0 || (got_a == a && got_c == c));
  }
}

/* Everything that the bank at rest says of samples first .. first + n - 1. */
static void check_bank(const history *h, pbl_device *dev, size_t first, size_t n) {
  assert_int_equal(rig_read(dev, PBL_REG_STAT_FIRST), first);
  assert_int_equal(rig_read(dev, PBL_REG_STAT_SAMPLES), n);
  if (n == 0) return;
  int64_t *sums = calloc(first + n + 1, sizeof *sums);
  check_counts(h, dev, first, n);
  for (int r = 0; r < h->replicas; r++) {
    for (int s = 0; s < SERIES; s++) {
      const uint32_t at = (uint32_t)(SERIES * r + s);
      for (size_t t = 0; t < first + n; t++) sums[t + 1] = sums[t] + value(h, t, r, s);
      go_to(dev, 2, at * LEVELS * 8);
      check_series(dev, sums, first, n);
      go_to(dev, 3, 2 * at);
      const uint64_t low = data(dev);
      assert_int_equal((int64_t)(low | (uint64_t)data(dev) << 32), sums[first + n] - sums[first]);
    }
  }
  free(sums);
}

static uint64_t draw(uint64_t *state, uint64_t below) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (*state >> 33) % below;
}

/* Random coefficients (all four codes) and pairs; ref near the energies. */
static void set_up_unit(history *h, pbl_device *dev, uint32_t shift, int64_t ref, uint64_t seed) {
  h->shift = shift;
  h->ref = ref;
  h->n_pairs = (uint32_t)h->hw.stat_pairs - (h->hw.stat_pairs > 1);
  rig_write(dev, PBL_REG_STAT_SHIFT, shift | 0xFFFFFFE0u); /* low 5 bits count */
  rig_write(dev, PBL_REG_STAT_REF_LO, (uint32_t)ref);
  rig_write(dev, PBL_REG_STAT_REF_HI, (uint32_t)((uint64_t)ref >> 32));
  rig_write(dev, PBL_REG_STAT_PAIRS, h->n_pairs);
  go_to(dev, 4, 0);
  for (int p = 0; p < h->n; p++) {
    h->coefficients[p] = (uint32_t)draw(&seed, 256);
    rig_write(dev, PBL_REG_STAT_DATA, h->coefficients[p]);
  }
  go_to(dev, 5, 0);
  for (int k = 0; k < h->hw.stat_pairs; k++) {
    h->pair[k] = (uint32_t)(draw(&seed, (uint64_t)h->n) | draw(&seed, (uint64_t)h->n) << 16);
    rig_write(dev, PBL_REG_STAT_DATA, h->pair[k]);
  }
  assert_int_equal(rig_read(dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK, 0);
}

/* A run; its samples join the history. */
static void run(history *h, pbl_device *dev, size_t *done, uint32_t sweeps, uint32_t sample_every,
                uint32_t stat_every) {
  rig_write(dev, PBL_REG_STAT_EVERY, stat_every);
  rig_start(dev, sweeps, sample_every);
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(rig_read(dev, PBL_REG_STATUS) & PBL_STATUS_BUSY_MASK, 0);
  for (uint32_t n = 1; n <= sweeps; n++)
    if (stat_every > 0 && n % stat_every == 0) h->sample[h->n_samples++] = *done + n - 1;
  *done += sweeps;
}

/* Runs with and without samples on the stream; a swap after each. Before them a STAT_CLEAR, after
 * which nothing of earlier samples counts. */
static void check_runs(history *h, pbl_device *dev) {
  static const uint32_t runs[][3] = {{7, 0, 1}, {9, 2, 3}, {1, 0, 1}, {12, 5, 2},
                                     {2, 1, 3}, {5, 1, 0}, {24, 6, 1}};
  size_t done = 0;
  run(h, dev, &done, 5, 0, 1);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STAT_CLEAR_MASK);
  h->n_samples = 0;
  for (size_t k = 0; k < sizeof runs / sizeof runs[0]; k++) {
    const size_t first = h->n_samples;
    const uint64_t frames = rig_read64(dev, PBL_REG_SAMPLES_LO);
    run(h, dev, &done, runs[k][0], runs[k][1], runs[k][2]);
    const size_t sent = runs[k][1] > 0 ? runs[k][0] / runs[k][1] : 0;
    const size_t contexts = (size_t)(h->replicas / h->hw.lanes);
    assert_int_equal(rig_read64(dev, PBL_REG_SAMPLES_LO) - frames, sent * contexts);
    assert_int_equal(rig_words_waiting(dev),
                     sent * contexts * (((size_t)h->n * (size_t)h->hw.lanes + 31) / 32));
    rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STAT_SWAP_MASK);
    check_bank(h, dev, first, h->n_samples - first);
  }
  assert_int_equal(done, h->sweeps);
  assert_int_equal(rig_read(dev, PBL_REG_STAT_STATUS), 0);
  /* Once more: the bank of the last run is gone, the one of none is at rest. */
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STAT_SWAP_MASK);
  check_bank(h, dev, h->n_samples, 0);
}

enum { ALL_SWEEPS = 5 + 7 + 9 + 1 + 12 + 2 + 5 + 24 };

static pbl_hw dense(int v, int n_hidden, int lanes, int contexts, int pairs) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = v;
  hw.n_hidden = n_hidden;
  hw.lanes = lanes;
  hw.replicas = lanes * contexts;
  hw.statistics = 1;
  hw.stat_pairs = pairs;
  return hw;
}

static void dense_banks_hold_the_sums_over_the_samples(void **state) {
  (void)state;
  static const int shapes[][5] = {
      {6, 5, 1, 1, 1}, {5, 9, 4, 3, 7}, {3, 2, 32, 1, 0}, {7, 4, 16, 2, 20}};
  for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++) {
    const pbl_hw hw = dense(shapes[k][0], shapes[k][1], shapes[k][2], shapes[k][3], shapes[k][4]);
    plain_model m;
    history h;
    plain_create(&m, &hw, 40 + k);
    history_open(&h, &hw, pbl_hw_pbits(&hw), ALL_SWEEPS);
    for (int device = 0; device < 2; device++) {
      pbl_device *dev = rig_open(&hw, "");
      rig_upload(dev, &m);
      rig_write(dev, PBL_REG_BETA, 3000);
      if (device == 0) {
        record(&h, dev);
      } else {
        set_up_unit(&h, dev, (uint32_t)k, 100 * (int64_t)k - 50, k);
        check_runs(&h, dev);
      }
      dev->ops->close(dev);
    }
    history_close(&h);
    plain_free(&m);
  }
}

static void sparse_banks_hold_the_sums_over_the_samples(void **state) {
  (void)state;
  static plain_sparse m;
  pbl_hw hw = dense(1, 1, 4, 2, 12);
  const pbl_hw_sparse capacity = {.pbits = 64, .edge_rows = 512, .groups = 128, .sites = 3};
  pbl_hw_set_sparse(&hw, &capacity);
  history h;
  plain_sparse_create(&m, &hw, 30, 4, 1, 5);
  history_open(&h, &hw, 30, ALL_SWEEPS);
  for (int device = 0; device < 2; device++) {
    pbl_device *dev = rig_open(&hw, "");
    sparse_upload(dev, &m);
    rig_write(dev, PBL_REG_BETA, 3000);
    rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
    if (device == 0) {
      record(&h, dev);
    } else {
      set_up_unit(&h, dev, 2, -70, 9);
      check_runs(&h, dev);
    }
    dev->ops->close(dev);
  }
  history_close(&h);
  plain_sparse_free(&m);
}

/* Two blocks of the last level, cut by swaps that keep to no block. */
static void all_sixteen_levels_are_filled(void **state) {
  (void)state;
  const size_t cuts[] = {0, 1, 20000, 32767, 65536, 70001};
  const pbl_hw hw = dense(2, 1, 1, 1, 1);
  plain_model m;
  history h;
  size_t done = 0;
  plain_create(&m, &hw, 3);
  history_open(&h, &hw, 3, 70001);
  for (int device = 0; device < 2; device++) {
    pbl_device *dev = rig_open(&hw, "");
    rig_upload(dev, &m);
    rig_write(dev, PBL_REG_BETA, 1500);
    if (device == 0) {
      record(&h, dev);
    } else {
      set_up_unit(&h, dev, 0, 3, 1);
      for (size_t k = 0; k + 1 < sizeof cuts / sizeof cuts[0]; k++) {
        run(&h, dev, &done, (uint32_t)(cuts[k + 1] - cuts[k]), 0, 1);
        rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STAT_SWAP_MASK);
        check_bank(&h, dev, cuts[k], cuts[k + 1] - cuts[k]);
      }
    }
    dev->ops->close(dev);
  }
  history_close(&h);
  plain_free(&m);
}

static void energies_are_clipped_to_24_bits(void **state) {
  (void)state;
  const int64_t refs[] = {INT64_MAX, INT64_MIN, (int64_t)1 << 40};
  const pbl_hw hw = dense(6, 5, 2, 1, 0);
  plain_model m;
  plain_create(&m, &hw, 8);
  for (int k = 0; k < 3; k++) {
    history h;
    size_t done = 0;
    history_open(&h, &hw, 11, 6);
    for (int device = 0; device < 2; device++) {
      pbl_device *dev = rig_open(&hw, "");
      rig_upload(dev, &m);
      rig_write(dev, PBL_REG_BETA, 3000);
      if (device == 0) {
        record(&h, dev);
      } else {
        set_up_unit(&h, dev, k == 2 ? 31 : 7, refs[k], 2);
        run(&h, dev, &done, 6, 0, 1);
        assert_int_equal(rig_read(dev, PBL_REG_STAT_STATUS),
                         k == 2 ? 0 : PBL_STAT_STATUS_CLIPPED_MASK);
        rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STAT_SWAP_MASK);
        check_bank(&h, dev, 0, 6);
        rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STAT_CLEAR_MASK);
        assert_int_equal(rig_read(dev, PBL_REG_STAT_STATUS), 0);
        assert_int_equal(rig_read(dev, PBL_REG_STAT_SAMPLES), 0);
      }
      dev->ops->close(dev);
    }
    history_close(&h);
  }
  plain_free(&m);
}

static void a_sample_that_could_wrap_a_counter_is_left_out(void **state) {
  (void)state;
  const pbl_hw hw = dense(1, 1, 32, 8, 0); /* 256 replicas: 2^24 - 1 samples fit a bank */
  const int64_t energy[256] = {0};
  pbl_twin_statistics *s = pbl_twin_statistics_open(&hw);
  assert_non_null(s);
  s->bank[0].samples = (1u << 24) - 2;
  assert_true(pbl_twin_statistics_begin(s));
  pbl_twin_statistics_end(s, energy);
  assert_false(s->full);
  assert_false(pbl_twin_statistics_begin(s));
  assert_true(s->full);
  assert_int_equal(s->taken, 1);
  pbl_twin_statistics_swap(s);
  assert_true(pbl_twin_statistics_begin(s));
  s->taken = UINT32_MAX - 1;
  assert_true(pbl_twin_statistics_begin(s));
  s->taken = UINT32_MAX;
  assert_false(pbl_twin_statistics_begin(s));
  pbl_twin_statistics_close(s);
}

static void assert_refused(pbl_device *dev, uint32_t address, uint32_t value) {
  const uint32_t error = PBL_STATUS_ERROR_MASK;
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  rig_write(dev, address, value);
  assert_int_equal(rig_read(dev, PBL_REG_STATUS) & error, error);
}

static void what_does_not_belong_there_is_refused(void **state) {
  (void)state;
  const pbl_hw hw = dense(4, 3, 2, 1, 6);
  pbl_device *dev = rig_open(&hw, "");
  for (uint32_t select = 0; select < 4; select++) {
    go_to(dev, select, 0);
    assert_refused(dev, PBL_REG_STAT_DATA, 1);
    assert_int_equal(rig_read(dev, PBL_REG_STAT_ADDRESS), 1);
  }
  go_to(dev, 4, 7); /* p-bits 0..6 */
  assert_refused(dev, PBL_REG_STAT_DATA, 1);
  go_to(dev, 5, 6); /* pairs 0..5 */
  assert_refused(dev, PBL_REG_STAT_DATA, 1);
  go_to(dev, 5, 0);
  assert_refused(dev, PBL_REG_STAT_DATA, 7);
  assert_refused(dev, PBL_REG_STAT_DATA, 7u << 16);
  go_to(dev, 6, 0);
  assert_refused(dev, PBL_REG_STAT_DATA, 0);
  assert_refused(dev, PBL_REG_STAT_PAIRS, 7);
  assert_int_equal(rig_read(dev, PBL_REG_STAT_PAIRS), 0);
  go_to(dev, 7, 0xFFFFFFFF);
  assert_int_equal(rig_read(dev, PBL_REG_STAT_SELECT), 7);
  assert_int_equal(rig_read(dev, PBL_REG_STAT_ADDRESS), 0xFFFFF);
  assert_int_equal(data(dev), 0);
  assert_int_equal(rig_read(dev, PBL_REG_STAT_ADDRESS), 0);
  dev->ops->close(dev);
}

static void a_run_takes_the_settings_along(void **state) {
  (void)state;
  const pbl_hw hw = dense(4, 3, 2, 1, 6);
  static const uint32_t settings[] = {PBL_REG_STAT_EVERY,  PBL_REG_STAT_PAIRS,  PBL_REG_STAT_SHIFT,
                                      PBL_REG_STAT_REF_LO, PBL_REG_STAT_REF_HI, PBL_REG_STAT_DATA};
  pbl_device *dev = rig_open(&hw, "");
  go_to(dev, 4, 0);
  rig_start(dev, 10, 0);
  for (size_t k = 0; k < 6; k++) assert_refused(dev, settings[k], 1);
  assert_refused(dev, PBL_REG_CTRL, PBL_CTRL_STAT_CLEAR_MASK);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK | PBL_CTRL_STAT_SWAP_MASK);
  assert_int_equal(rig_read(dev, PBL_REG_STATUS), PBL_STATUS_BUSY_MASK);
  dev->ops->close(dev);
}

/* The frame that only the unit wants costs what any frame costs, and a run without sweeps has none.
 */
static void frames_for_the_unit_cost_the_same_clocks(void **state) {
  (void)state;
  const pbl_hw hw = dense(9, 4, 2, 3, 0);
  uint64_t cycles[3];
  for (uint32_t k = 0; k < 3; k++) {
    pbl_device *dev = rig_open(&hw, "");
    rig_write(dev, PBL_REG_STAT_EVERY, k != 1 ? 3 : 0);
    rig_start(dev, 6, k != 0 ? 3 : 0);
    rig_advance(dev, RIG_FOREVER);
    cycles[k] = rig_read64(dev, PBL_REG_BUSY_CYCLES_LO);
    if (k == 0) {
      rig_start(dev, 0, 1);
      rig_advance(dev, RIG_FOREVER);
      rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STAT_SWAP_MASK);
      assert_int_equal(rig_read(dev, PBL_REG_STAT_SAMPLES), 2);
    }
    dev->ops->close(dev);
  }
  /* 6 sweeps of 3 contexts: (9 + 1) + 4 + 6, 9 + 1 + 6, 1; the pass of the last sample */
  assert_int_equal(cycles[0], 6 * 3 * (20 + 16 + 1) + 3 * (20 + 1));
  assert_int_equal(cycles[1], cycles[0]);
  assert_int_equal(cycles[2], cycles[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dense_banks_hold_the_sums_over_the_samples),
      cmocka_unit_test(sparse_banks_hold_the_sums_over_the_samples),
      cmocka_unit_test(all_sixteen_levels_are_filled),
      cmocka_unit_test(energies_are_clipped_to_24_bits),
      cmocka_unit_test(a_sample_that_could_wrap_a_counter_is_left_out),
      cmocka_unit_test(what_does_not_belong_there_is_refused),
      cmocka_unit_test(a_run_takes_the_settings_along),
      cmocka_unit_test(frames_for_the_unit_cost_the_same_clocks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
