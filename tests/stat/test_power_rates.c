/* How often the innovation tests find a beta that is too high, on the bit-exact twin as compare
 * runs it: 16 chains, default formats, runs of a given number of updates; next to what the power
 * calculator promises. Runs are independent by their seeds.
 *
 * Bounds: rejections of sound runs at alpha .01 stay below a quantile of binomial(runs, .01) that
 * is exceeded with probability below 1e-4; power .9 is measured, not inferred: at least 90 % of
 * runs. Where a rate is compared with a prediction, 4 binomial s.d. */
// cmocka.h needs these headers before it
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_driver.h"
#include "pbl_innovation.h"
#include "pbl_power.h"
#include "pbl_rng.h"
#include "pbl_stats.h"
#include "pbl_twin.h"

#define CHAINS 16
#define ALPHA 0.01
#define BETA_WORD 4000 /* 1 % and .1 % of it are whole numbers */

typedef struct {
  const char *what;
  int n_visible, n_hidden;
  double weight_scale; /* of a random model; 0: the committed 784 x 64 model */
  uint32_t beta;       /* word that is in force; BETA_WORD is claimed */
  double updates;      /* of a run */
  int runs;
  uint64_t seed;
} plan;

typedef struct {
  int whole, gain,
      promised;  /* rejections: all tests; gain test; gain test at the promised length */
  double needed; /* updates promised for alpha and power .9 */
  double mean_error, mean_updates;
} outcome;

typedef struct {
  pbl_image *image;
  pbl_driver *driver;
  pbl_chains *chains;
  signed char *states;
  size_t n_pbits;
} rig;

static void rig_create(rig *r, outcome *o, const plan *p) {
  pbl_hw hw = pbl_hw_default();
  pbl_rbm *model = NULL, *held = NULL;
  pbl_device *dev = NULL;
  pbl_power_model power;
  hw.n_visible = p->n_visible;
  hw.n_hidden = p->n_hidden;
  hw.replicas = hw.lanes = CHAINS;
  const double beta = BETA_WORD / 4096.0;
  r->n_pbits = (size_t)pbl_hw_pbits(&hw);
  const double sweeps = p->updates / (double)(CHAINS * r->n_pbits);
  const pbl_status read =
      p->weight_scale > 0.0
          ? pbl_rbm_random(&model, p->n_visible, p->n_hidden, p->weight_scale, 0.2, 7, NULL)
          : pbl_rbm_load(&model, "models/fashion_rbm_64", NULL);
  assert_int_equal(read, PBL_OK);
  assert_int_equal(pbl_image_create(&r->image, NULL, model, &hw, beta, NULL), PBL_OK);
  assert_int_equal(r->image->beta, BETA_WORD);
  assert_int_equal(pbl_image_dequantise(&held, r->image, model, NULL), PBL_OK);
  assert_int_equal(pbl_power_measure(&power, held, beta, false, 1, 1, NULL, NULL), PBL_OK);
  const double error = p->beta == BETA_WORD ? 0.01 : (double)p->beta / BETA_WORD - 1.0;
  assert_int_equal(pbl_power_needed(&o->needed, error, power.information, ALPHA, 0.9, 1, NULL),
                   PBL_OK);
  assert_int_equal(pbl_twin_open(&dev, &hw, NULL), PBL_OK);
  assert_int_equal(pbl_driver_create(&r->driver, dev, &hw, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_driver_upload(r->driver, r->image, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_driver_set_beta(r->driver, p->beta, NULL), PBL_OK);
  assert_int_equal(pbl_chains_create(&r->chains, CHAINS, (size_t)sweeps, r->n_pbits, NULL), PBL_OK);
  r->states = malloc(CHAINS * r->n_pbits);
  assert_non_null(r->states);
  pbl_rbm_destroy(model);
  pbl_rbm_destroy(held);
}

static void rig_free(rig *r) {
  pbl_driver_destroy(r->driver);
  pbl_image_destroy(r->image);
  pbl_chains_destroy(r->chains);
  free(r->states);
}

static void sample(rig *r, uint64_t seed) {
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, seed + 0x5eed);
  for (size_t k = 0; k < CHAINS * r->n_pbits; k++)
    r->states[k] = pbl_xoshiro_next(&g) >> 31 ? 1 : -1;
  assert_int_equal(pbl_driver_seed(r->driver, seed, NULL), PBL_OK);
  assert_int_equal(pbl_driver_set_state(r->driver, r->states, NULL), PBL_OK);
  r->chains->n_recorded = 0;
  assert_int_equal(pbl_driver_run(r->driver, r->chains, r->chains->n_draws, 1, NULL, NULL), PBL_OK);
}

static pbl_innovation_report judge(const rig *r) {
  pbl_innovation_report report;
  assert_int_equal(pbl_innovation_test(&report, r->chains, r->image, BETA_WORD, PBL_KERNEL_CYCLIC,
                                       1, false, 1, NULL, NULL),
                   PBL_OK);
  return report;
}

static outcome repeat(const plan *p) {
  outcome o = {0};
  rig r = {0};
  rig_create(&r, &o, p);
  const size_t all = r.chains->n_draws;
  const size_t promised = (size_t)(o.needed / (double)(CHAINS * r.n_pbits)) + 1;
  for (int k = 0; k < p->runs; k++) {
    sample(&r, p->seed + (uint64_t)k);
    const pbl_innovation_report whole = judge(&r);
    assert_true((double)whole.n_updates <= p->updates);
    o.whole += whole.p_value < ALPHA;
    o.gain += whole.family[PBL_TEST_GAIN].p_value < ALPHA;
    o.mean_error += whole.implied_beta_error / p->runs;
    o.mean_updates += (double)whole.n_updates / p->runs;
    if (promised > all || p->beta == BETA_WORD) continue;
    r.chains->n_recorded = promised;
    o.promised += judge(&r).family[PBL_TEST_GAIN].p_value < ALPHA;
  }
  rig_free(&r);
  print_message(
      "%s, %d x %d, %d runs of %.4g updates: rejected at %g by all tests %.3f, by the "
      "gain test %.3f; mean implied error %+.4f %%\n",
      p->what, p->n_visible, p->n_hidden, p->runs, o.mean_updates, ALPHA, (double)o.whole / p->runs,
      (double)o.gain / p->runs, 100 * o.mean_error);
  if (p->beta != BETA_WORD) {
    print_message("  calculator: power .9 of the gain test at %.4g updates; found there: %.3f\n",
                  o.needed, (double)o.promised / p->runs);
  }
  return o;
}

/* Least k with P(binomial(n, p) > k) < 1e-4. */
static int binomial_bound(int n, double p) {
  double term = pow(1.0 - p, n), below = term;
  int k = 0;
  while (1.0 - below >= 1e-4) {
    term *= (double)(n - k) / (k + 1) * p / (1.0 - p);
    below += term;
    k++;
  }
  return k;
}

static void check_power(const plan *p) {
  const outcome o = repeat(p);
  const double sd = sqrt(0.9 * 0.1 / p->runs);
  assert_true(o.needed < p->updates);
  assert_true(o.whole >= 0.9 * p->runs);
  assert_true(o.gain >= 0.9 * p->runs);
  assert_true(fabs((double)o.promised / p->runs - 0.9) < 4.0 * sd);
}

static void check_null(const plan *p) {
  const outcome o = repeat(p);
  const int bound = binomial_bound(p->runs, ALPHA);
  assert_true(o.whole <= bound && o.gain <= bound);
}

#ifndef POWER_NIGHTLY

static void one_per_cent_is_found_in_a_million_updates(void **state) {
  (void)state;
  const plan p = {"beta 1 % high", 6, 6, 0.5, 4040, 1e6, 250, 1000};
  check_power(&p);
}

static void sound_runs_of_that_length_are_hardly_ever_rejected(void **state) {
  (void)state;
  const plan p = {"sound", 6, 6, 0.5, BETA_WORD, 1e6, 250, 3000};
  check_null(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_per_cent_is_found_in_a_million_updates),
      cmocka_unit_test(sound_runs_of_that_length_are_hardly_ever_rejected),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void one_per_cent_is_found_in_the_trained_model(void **state) {
  (void)state;
  const plan high = {"beta 1 % high", 784, 64, 0, 4040, 1e6, 200, 2000};
  const plan sound = {"sound", 784, 64, 0, BETA_WORD, 1e6, 200, 4000};
  check_power(&high);
  check_null(&sound);
}

static void a_tenth_of_a_per_cent_is_found_in_a_hundred_million_updates(void **state) {
  (void)state;
  const plan high = {"beta .1 % high", 64, 32, 0.15, 4004, 1e8, 100, 1000};
  const plan sound = {"sound", 64, 32, 0.15, BETA_WORD, 1e8, 100, 3000};
  check_power(&high);
  check_null(&sound);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_per_cent_is_found_in_the_trained_model),
      cmocka_unit_test(a_tenth_of_a_per_cent_is_found_in_a_hundred_million_updates),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
