/* The kernel coin of the device (the twin) against its exact law, and what the tests would see of a
 * wrong coin. 6 x 6, fixed seeds. */
// cmocka.h needs these headers before it
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <stdlib.h>
#include <string.h>

#include "pbl_driver.h"
#include "pbl_innovation.h"
#include "pbl_lane_rng.h"
#include "pbl_law.h"
#include "pbl_oracle.h"
#include "pbl_reference.h"
#include "pbl_twin.h"

enum { REPLICAS = 16, BURN_IN = 200, SEED = 31 };

typedef struct {
  pbl_hw hw;
  pbl_rbm *model;
  pbl_image *image;
  pbl_chains *chains;
} rig;

static void check(pbl_status st, const pbl_error *err) {
  if (st != PBL_OK) fail_msg("%s", err->message);
}

static void note_order(void *user, const pbl_twin_update *u) {
  /* the first update of a context's sweep: hidden in A B, visible in B A */
  uint8_t *visible_first = user;
  if (u->half == 0) visible_first[u->sweep * REPLICAS + (size_t)u->context] = 0;
  if (u->half == 2) visible_first[u->sweep * REPLICAS + (size_t)u->context] = 1;
}

/* n_draws of a device with that many lanes, the orders replayed; orders (may be NULL): those that
 * the device had, from the trace of its updates. */
static rig sampled(int lanes, pbl_kernel kernel, size_t n_draws, size_t every, uint8_t *orders) {
  rig g = {.hw = pbl_hw_default()};
  pbl_error err = {0};
  pbl_device *dev = NULL;
  pbl_driver *d = NULL;
  g.hw.lanes = lanes;
  g.hw.replicas = REPLICAS;
  check(pbl_rbm_random(&g.model, 6, 6, 0.5, 0.2, 7, &err), &err);
  check(pbl_image_create(&g.image, NULL, g.model, &g.hw, 0.81, &err), &err);
  check(pbl_twin_open(&dev, &g.hw, &err), &err);
  check(pbl_driver_create(&d, dev, &g.hw, NULL, &err), &err);
  signed char states[REPLICAS * 12];
  for (size_t i = 0; i < sizeof states; i++) states[i] = i % 7 < 3 ? 1 : -1;
  check(pbl_driver_upload(d, g.image, NULL, &err), &err);
  check(pbl_driver_seed(d, SEED, &err), &err);
  check(pbl_driver_set_state(d, states, &err), &err);
  check(pbl_driver_set_kernel(d, kernel, &err), &err);
  check(pbl_driver_run(d, NULL, BURN_IN, 1, NULL, &err), &err);
  if (orders) check(pbl_twin_set_trace(dev, note_order, orders, &err), &err);
  check(pbl_chains_create(&g.chains, REPLICAS, n_draws, 12, &err), &err);
  check(pbl_driver_run(d, g.chains, n_draws, every, NULL, &err), &err);
  check(pbl_chains_create_order(g.chains, (size_t)lanes, &err), &err);
  pbl_coin_replay(g.chains->order, (size_t)lanes, (size_t)(REPLICAS / lanes), g.hw.generator,
                  g.hw.lfsr_steps, SEED, BURN_IN, n_draws, every);
  pbl_driver_destroy(d);
  return g;
}

static void release(rig *g) {
  pbl_chains_destroy(g->chains);
  pbl_image_destroy(g->image);
  pbl_rbm_destroy(g->model);
}

static double transitions_p(const rig *g, pbl_kernel kernel) {
  pbl_oracle *o = NULL;
  pbl_law_test t;
  pbl_error err = {0};
  check(pbl_oracle_create_image(&o, g->image, g->image->beta, kernel, &err), &err);
  check(pbl_law_kernel_chi2_sweep(&t, g->chains, o, 1, &err), &err);
  pbl_oracle_destroy(o);
  return t.p_value;
}

static double innovations_p(const rig *g, pbl_kernel kernel, size_t every, uint64_t *n_updates) {
  pbl_innovation_report r;
  pbl_error err = {0};
  check(pbl_innovation_test(&r, g->chains, g->image, g->image->beta, kernel, every, false, 1, NULL,
                            &err),
        &err);
  if (n_updates) *n_updates = r.n_updates;
  return r.p_value;
}

/* Contexts of one lane: chains with coins of their own, as the chi-square wants them. Bounds: each
 * of the two is a false alarm of a changed seed with probability 1e-4. */
static void chains_have_the_law_of_the_mixture(void **state) {
  (void)state;
  rig g = sampled(1, PBL_KERNEL_COIN, 20000, 1, NULL);
  pbl_oracle *o = NULL;
  pbl_law_test t;
  pbl_error err = {0};
  assert_true(transitions_p(&g, PBL_KERNEL_COIN) > 1e-4);
  check(pbl_oracle_create_image(&o, g.image, g.image->beta, PBL_KERNEL_COIN, &err), &err);
  check(pbl_law_chi2_sweep(&t, g.chains, o, 1, 0.001, &err), &err);
  assert_true(t.p_value > 1e-4);
  pbl_oracle_destroy(o);
  /* and of no other kernel */
  assert_true(transitions_p(&g, PBL_KERNEL_CYCLIC) < 1e-9);
  assert_true(transitions_p(&g, PBL_KERNEL_PALINDROMIC) < 1e-9);
  release(&g);
}

static void a_coin_that_is_stuck_is_seen(void **state) {
  (void)state;
  rig g = sampled(1, PBL_KERNEL_CYCLIC, 20000, 1, NULL);
  assert_true(transitions_p(&g, PBL_KERNEL_CYCLIC) > 1e-4);
  assert_true(transitions_p(&g, PBL_KERNEL_COIN) < 1e-9);
  assert_true(innovations_p(&g, PBL_KERNEL_COIN, 1, NULL) < 1e-9);
  release(&g);
}

static void replayed_orders_are_those_of_the_device(void **state) {
  (void)state;
  enum { DRAWS = 300 };
  const int lanes[] = {1, 4, 16};
  for (size_t k = 0; k < 3; k++) {
    const size_t contexts = REPLICAS / (size_t)lanes[k];
    uint8_t *seen = malloc((BURN_IN + DRAWS) * REPLICAS);
    assert_non_null(seen);
    memset(seen, 7, (BURN_IN + DRAWS) * REPLICAS);
    rig g = sampled(lanes[k], PBL_KERNEL_COIN, DRAWS, 1, seen);
    size_t reversed = 0;
    for (size_t c = 0; c < contexts; c++) {
      for (size_t t = 0; t < DRAWS; t++) {
        assert_int_equal(g.chains->order[c * DRAWS + t], seen[(BURN_IN + t) * REPLICAS + c]);
        reversed += g.chains->order[c * DRAWS + t];
      }
    }
    /* five standard deviations about one half, of 300 coins */
    assert_in_range(reversed, contexts * DRAWS * 35 / 100, contexts * DRAWS * 65 / 100);
    free(seen);
    release(&g);
  }
}

/* 12 updates of 16 chains a sweep, those of the first half-sweep not for the first draw. */
static void innovations_know_the_order_of_each_sweep(void **state) {
  (void)state;
  enum { DRAWS = 6000 };
  for (int lanes = 1; lanes <= 16; lanes *= 4) {
    rig g = sampled(lanes, PBL_KERNEL_COIN, DRAWS, 1, NULL);
    uint64_t n = 0;
    assert_true(innovations_p(&g, PBL_KERNEL_COIN, 1, &n) > 1e-4);
    assert_int_equal(n, (uint64_t)REPLICAS * (12 * DRAWS - 6));
    /* orders turned around, one sweep late, or not known */
    const size_t n_orders = (size_t)(REPLICAS / lanes) * DRAWS;
    for (size_t i = 0; i < n_orders; i++) g.chains->order[i] ^= 1;
    assert_true(innovations_p(&g, PBL_KERNEL_COIN, 1, NULL) < 1e-9);
    for (size_t i = 0; i < n_orders; i++) g.chains->order[i] ^= 1;
    memmove(g.chains->order + 1, g.chains->order, n_orders - 1);
    assert_true(innovations_p(&g, PBL_KERNEL_COIN, 1, NULL) < 1e-9);
    assert_true(innovations_p(&g, PBL_KERNEL_CYCLIC, 1, NULL) < 1e-9);
    release(&g);
  }
}

/* Of a thinned chain only the second half-sweep of each draw's last sweep is known. */
static void thinned_innovations_use_the_last_sweep(void **state) {
  (void)state;
  enum { DRAWS = 6000 };
  uint64_t n = 0;
  rig g = sampled(4, PBL_KERNEL_COIN, DRAWS, 3, NULL);
  assert_true(innovations_p(&g, PBL_KERNEL_COIN, 3, &n) > 1e-4);
  assert_int_equal(n, (uint64_t)REPLICAS * 6 * DRAWS);
  for (size_t i = 0; i < (size_t)REPLICAS / 4 * DRAWS; i++) g.chains->order[i] ^= 1;
  assert_true(innovations_p(&g, PBL_KERNEL_COIN, 3, NULL) < 1e-9);
  release(&g);
}

/* The software reference, whose chains share coins in blocks of 16. */
static void reference_notes_its_coins(void **state) {
  (void)state;
  enum { DRAWS = 6000 };
  rig g = sampled(16, PBL_KERNEL_CYCLIC, 1, 1, NULL);
  pbl_rbm *model = NULL;
  pbl_reference *ref = NULL;
  pbl_innovation_report r;
  pbl_error err = {0};
  check(pbl_image_dequantise(&model, g.image, g.model, &err), &err);
  const pbl_reference_options opt = {
      .n_chains = 20, .seed = 5, .threads = 1, .kernel = PBL_KERNEL_COIN, .beta = model->beta};
  check(pbl_reference_create(&ref, model, &opt, &err), &err);
  pbl_chains *c = NULL;
  check(pbl_chains_create(&c, 20, DRAWS, 12, &err), &err);
  check(pbl_chains_create_order(c, PBL_REFERENCE_BLOCK, &err), &err);
  check(pbl_reference_run(ref, NULL, BURN_IN, 1, NULL, &err), &err);
  check(pbl_reference_run(ref, c, DRAWS / 2, 1, NULL, &err), &err);
  check(pbl_reference_run(ref, c, DRAWS / 2, 1, NULL, &err), &err);
  for (int turned = 0; turned < 2; turned++) {
    check(
        pbl_innovation_test(&r, c, g.image, g.image->beta, PBL_KERNEL_COIN, 1, true, 1, NULL, &err),
        &err);
    assert_true(turned ? r.p_value < 1e-9 : r.p_value > 1e-4);
    for (size_t i = 0; i < (size_t)2 * DRAWS; i++) c->order[i] ^= 1;
  }
  pbl_chains_destroy(c);
  pbl_reference_destroy(ref);
  pbl_rbm_destroy(model);
  release(&g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chains_have_the_law_of_the_mixture),
      cmocka_unit_test(a_coin_that_is_stuck_is_seen),
      cmocka_unit_test(replayed_orders_are_those_of_the_device),
      cmocka_unit_test(innovations_know_the_order_of_each_sweep),
      cmocka_unit_test(thinned_innovations_use_the_last_sweep),
      cmocka_unit_test(reference_notes_its_coins),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
