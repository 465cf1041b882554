/* The driver and the statistics unit of the twin: totals over all drains against the draws. */
#include <stdlib.h>
#include <string.h>

#include "pbl_batch_series.h"
#include "pbl_cmocka.h"
#include "pbl_driver.h"
#include "pbl_twin.h"

enum { V = 7, H = 4, N = V + H, REPLICAS = 8, DRAWS = 1000, PAIRS = 6 };

static const uint32_t pairs[PAIRS][2] = {{0, 1}, {0, 10}, {7, 3}, {5, 5}, {10, 9}, {2, 8}};

typedef struct {
  pbl_hw hw;
  pbl_rbm *model;
  pbl_image *im;
  pbl_driver *d;
  pbl_statistics *t;
  pbl_chains *c;
  signed char projections[4 * N];
  pbl_error err;
} bench;

static bench the;

static void must(pbl_status s) {
  if (s != PBL_OK) fail_msg("%s", the.err.message);
}

static int set_up(void **state) {
  (void)state;
  pbl_device *dev = NULL;
  signed char states[REPLICAS * N];
  the = (bench){.hw = pbl_hw_default()};
  the.hw.n_visible = V;
  the.hw.n_hidden = H;
  the.hw.replicas = REPLICAS;
  the.hw.lanes = 4;
  the.hw.statistics = 1;
  the.hw.stat_pairs = PAIRS;
  for (int i = 0; i < REPLICAS * N; i++) states[i] = i % 3 ? 1 : -1;
  for (int i = 0; i < 4 * N; i++) the.projections[i] = (signed char)(i * 7 % 3 - 1);
  must(pbl_rbm_random(&the.model, V, H, 0.4, 0.2, 3, &the.err));
  must(pbl_image_create(&the.im, NULL, the.model, &the.hw, 1.0, &the.err));
  must(pbl_twin_open(&dev, &the.hw, &the.err));
  must(pbl_driver_create(&the.d, dev, &the.hw, NULL, &the.err));
  must(pbl_driver_upload(the.d, the.im, NULL, &the.err));
  must(pbl_driver_seed(the.d, 9, &the.err));
  must(pbl_driver_set_state(the.d, states, &the.err));
  must(pbl_statistics_create(&the.t, &the.hw, PAIRS, &the.err));
  must(pbl_chains_create(&the.c, REPLICAS, DRAWS, N, &the.err));
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  pbl_driver_destroy(the.d);
  pbl_image_destroy(the.im);
  pbl_rbm_destroy(the.model);
  pbl_statistics_destroy(the.t);
  pbl_chains_destroy(the.c);
  return 0;
}

static pbl_statistics_setup setup_every(uint32_t every) {
  return (pbl_statistics_setup){.every = every,
                                .ref = -120,
                                .shift = 1,
                                .projections = the.projections,
                                .pairs = pairs,
                                .n_pairs = PAIRS};
}

static int spin(size_t r, size_t t, size_t p) {
  return pbl_chains_spin(the.c, r, t, p);
}

/* Of the draws every, 2 every, .. of all replicas. */
static void assert_counts(size_t every) {
  for (size_t p = 0; p < N; p++) {
    uint64_t up = 0;
    for (size_t r = 0; r < REPLICAS; r++)
      for (size_t t = every - 1; t < DRAWS; t += every) up += spin(r, t, p) > 0;
    assert_int_equal(the.t->ones[p], up);
  }
  for (size_t k = 0; k < PAIRS; k++) {
    uint64_t equal = 0;
    for (size_t r = 0; r < REPLICAS; r++)
      for (size_t t = every - 1; t < DRAWS; t += every)
        equal += spin(r, t, pairs[k][0]) == spin(r, t, pairs[k][1]);
    assert_int_equal(the.t->equal[k], equal);
  }
}

static size_t projection(int64_t *x, size_t r, size_t m, size_t every) {
  size_t n = 0;
  for (size_t t = every - 1; t < DRAWS; t += every) {
    x[n] = 0;
    for (size_t p = 0; p < N; p++) x[n] += the.projections[m * N + p] * spin(r, t, p);
    n++;
  }
  return n;
}

/* Projections; *known: levels whose blocks are known. */
static void assert_series(size_t every, int *known) {
  int64_t x[DRAWS];
  *known = PBL_SERIES_LEVELS;
  for (size_t r = 0; r < REPLICAS; r++) {
    for (size_t m = 0; m < PBL_STATISTICS_PROJECTIONS; m++) {
      pbl_series_sums want;
      pbl_series_blocks blocks[PBL_SERIES_LEVELS], got[PBL_SERIES_LEVELS];
      const size_t n = projection(x, r, m, every);
      const pbl_series_sums *sums = &the.t->series[r * PBL_STATISTICS_SERIES + 1 + m];
      must(pbl_series_sums_of(&want, blocks, x, n, &the.err));
      pbl_statistics_blocks(got, the.t, r, 1 + m);
      assert_int_equal(the.t->n_samples, n);
      assert_int_equal(sums->s, want.s);
      for (int b = 0; b < PBL_SERIES_LEVELS; b++) {
        assert_true(sums->a[b] == want.a[b] && sums->c[b] == want.c[b]);
        if (got[b].has_sum) assert_int_equal(got[b].sum, blocks[b].sum);
        if (n >> b == 0) continue;
        if (!got[b].has_ends && b < *known) *known = b;
        if (!got[b].has_ends) continue;
        assert_int_equal(got[b].first, blocks[b].first);
        assert_int_equal(got[b].last, blocks[b].last);
      }
    }
  }
}

static void totals_are_those_of_the_draws(void **state) {
  (void)state;
  const pbl_statistics_setup setup = setup_every(1);
  int known;
  must(pbl_driver_run(the.d, NULL, 20, 1, NULL, &the.err)); /* counts nothing */
  must(pbl_driver_statistics_setup(the.d, &setup, &the.err));
  must(pbl_driver_run(the.d, the.c, DRAWS, 1, NULL, &the.err));
  must(pbl_driver_statistics_drain(the.d, the.t, &the.err));
  assert_counts(1);
  assert_series(1, &known);
  assert_int_equal(the.t->n_drains, 1);
  assert_int_equal(known, 0);
}

/* In pieces between the marks of the plan, and in the middle of the longest: nothing is lost, and
 * the ends of all levels below the plan's are known. */
static void a_run_in_pieces_knows_the_ends_of_its_levels(void **state) {
  (void)state;
  const pbl_statistics_setup setup = setup_every(1);
  uint64_t marks[PBL_STATISTICS_MAX_MARKS], done = 0;
  int known;
  must(pbl_driver_statistics_setup(the.d, &setup, &the.err));
  pbl_driver_watch_statistics(the.d, the.t, 37);
  pbl_driver_set_batch(the.d, 500);
  const size_t n = pbl_statistics_plan(marks, DRAWS, 7);
  assert_int_equal(marks[n - 1], DRAWS);
  for (size_t k = 0; k < n; k++) {
    assert_true(marks[k] > done);
    must(pbl_driver_run(the.d, the.c, (size_t)(marks[k] - done), 1, NULL, &the.err));
    must(pbl_driver_statistics_drain(the.d, the.t, &the.err));
    done = marks[k];
  }
  assert_true(the.t->n_drains > n + 5);
  assert_counts(1);
  assert_series(1, &known);
  assert_int_equal(known, 7);
}

/* 1000 draws, every third counted; the unit alone goes on. */
static void the_unit_has_a_cadence_of_its_own(void **state) {
  (void)state;
  const pbl_statistics_setup setup = setup_every(3);
  int known;
  must(pbl_driver_statistics_setup(the.d, &setup, &the.err));
  must(pbl_driver_run(the.d, the.c, DRAWS, 1, NULL, &the.err));
  must(pbl_driver_statistics_drain(the.d, the.t, &the.err));
  assert_counts(3);
  assert_series(3, &known);
  must(pbl_driver_run(the.d, NULL, 30, 1, NULL, &the.err));
  must(pbl_driver_statistics_drain(the.d, the.t, &the.err));
  assert_int_equal(the.t->n_samples, DRAWS / 3 + 10);
}

static void lost_banks_are_noticed(void **state) {
  (void)state;
  const pbl_statistics_setup setup = setup_every(1);
  must(pbl_driver_statistics_setup(the.d, &setup, &the.err));
  must(pbl_driver_run(the.d, NULL, 10, 1, NULL, &the.err));
  must(pbl_driver_statistics_drain(the.d, the.t, &the.err));
  assert_int_equal(pbl_driver_statistics_collect(the.d, the.t, &the.err), PBL_DEVICE);
  must(pbl_driver_run(the.d, NULL, 10, 1, NULL, &the.err));
  must(pbl_driver_statistics_swap(the.d, &the.err));
  must(pbl_driver_run(the.d, NULL, 10, 1, NULL, &the.err));
  assert_int_equal(pbl_driver_statistics_drain(the.d, the.t, &the.err), PBL_DEVICE);
  assert_non_null(strstr(the.err.message, "begins with sample 20, 10 were read"));
}

static void assert_refused(const pbl_statistics_setup *setup, const char *text) {
  assert_int_equal(pbl_driver_statistics_setup(the.d, setup, &the.err), PBL_INVALID);
  if (!strstr(the.err.message, text)) fail_msg("no '%s' in: %s", text, the.err.message);
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  static const uint32_t many[PAIRS + 1][2] = {{0, 1}}, beyond[1][2] = {{0, N}};
  pbl_statistics_setup s = setup_every(1);
  s.shift = 32;
  assert_refused(&s, "shift is 32");
  s = setup_every(1);
  s.pairs = many;
  s.n_pairs = PAIRS + 1;
  assert_refused(&s, "7 pairs, the device counts at most 6");
  s.pairs = beyond;
  s.n_pairs = 1;
  assert_refused(&s, "pair 0 is (0, 11), of 11 p-bits");
  s = setup_every(1);
  the.projections[N + 2] = 2;
  assert_refused(&s, "coefficient 2 of projection 1 is 2");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(totals_are_those_of_the_draws, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_run_in_pieces_knows_the_ends_of_its_levels, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(the_unit_has_a_cadence_of_its_own, set_up, tear_down),
      cmocka_unit_test_setup_teardown(lost_banks_are_noticed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
