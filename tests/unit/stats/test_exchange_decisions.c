/* Decisions of replica exchange: sound ones pass, and each fault of a pass is found. Energies are
 * drawn afresh for every sweep, which is all that the tests need. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_exchange_decisions.h"
#include "pbl_rng.h"

enum { RUNGS = 4, LANES = 8, DRAWS = 4000, CHAINS = RUNGS * LANES };
static const uint32_t betas[RUNGS] = {4096, 2900, 2000, 1400};

typedef enum {
  SOUND,
  SIGN,      /* exp(-b D) */
  STALE,     /* energies of the sweep before */
  NOT_MOVED, /* energies by the place at which a replica began */
  SWAPPED,   /* betas of rungs 1 and 2 changed about */
  ODD_TWICE, /* the parity does not turn */
  LATE,      /* the pass comes one sweep later */
  TWO_STEPS, /* a replica moves two rungs in one pass */
  MORE       /* accepts 5 % of what it should refuse */
} fault;

typedef struct {
  pbl_chains *chains;
  int64_t *energy;
  uint32_t beta[RUNGS];
  pbl_xoshiro g;
  uint8_t label[CHAINS], replica[CHAINS]; /* of replicas; by rung and lane */
} world;

/* Sum of 40 p-bits of energy -+32 words each at the rung's own beta. */
static int64_t energy_at(world *w, size_t rung) {
  const double up = 1.0 / (1.0 + exp(-2.0 * betas[rung] * 32 / 262144.0));
  int64_t e = 0;
  for (int i = 0; i < 40; i++) e += pbl_xoshiro_double(&w->g) < up ? -32 : 32;
  return e;
}

static double accept_of(const world *w, size_t k, int64_t ex, int64_t ey, fault f) {
  const double a = ((double)w->beta[k] - (double)w->beta[k + 1]) * (double)(ex - ey) / 262144.0;
  const double p = fmin(1.0, exp(f == SIGN ? -a : a));
  return f == MORE ? p + 0.05 * (1 - p) : p;
}

static void change(world *w, size_t x, size_t y) {
  const uint8_t a = w->replica[x], b = w->replica[y], kept = w->label[a];
  w->replica[x] = b;
  w->replica[y] = a;
  w->label[a] = w->label[b];
  w->label[b] = kept;
}

static void pass(world *w, size_t draw, size_t parity, fault f) {
  const size_t from = f == STALE && draw > 0 ? draw - 1 : draw;
  for (size_t k = parity; k + 1 < RUNGS; k += 2) {
    for (size_t l = 0; l < LANES; l++) {
      const size_t x = k * LANES + l, y = x + LANES;
      const size_t ex = f == NOT_MOVED ? w->replica[x] : x, ey = f == NOT_MOVED ? w->replica[y] : y;
      const double p =
          accept_of(w, k, w->energy[ex * DRAWS + from], w->energy[ey * DRAWS + from], f);
      if (pbl_xoshiro_double(&w->g) < p) change(w, x, y);
      if (f == TWO_STEPS && k + 2 < RUNGS && draw == DRAWS / 2) change(w, y, y + LANES);
    }
  }
}

/* every 1; a pass after every `distance` sweeps. */
static pbl_decisions_report run(fault f, bool random, size_t distance, uint64_t before) {
  world w = {.energy = malloc(CHAINS * DRAWS * sizeof *w.energy)};
  pbl_decisions_report report;
  memcpy(w.beta, betas, sizeof betas);
  if (f == SWAPPED) w.beta[1] = betas[2], w.beta[2] = betas[1];
  pbl_xoshiro_seed(&w.g, 5);
  assert_int_equal(pbl_chains_create(&w.chains, CHAINS, DRAWS, 1, NULL), PBL_OK);
  assert_int_equal(pbl_chains_create_labels(w.chains, NULL), PBL_OK);
  for (size_t c = 0; c < CHAINS; c++) {
    w.label[c] = (uint8_t)(c / LANES);
    w.replica[c] = (uint8_t)c;
  }
  for (size_t t = 0; t < DRAWS; t++) {
    const uint64_t sweep = before + t + 1 - (f == LATE);
    for (size_t c = 0; c < CHAINS; c++) w.energy[c * DRAWS + t] = energy_at(&w, c / LANES);
    memcpy(pbl_chains_labels(w.chains, t), w.label, CHAINS);
    if (sweep % distance == 0) {
      const size_t number = sweep / distance - 1;
      pass(&w, t, random ? pbl_xoshiro_next(&w.g) >> 31 : f == ODD_TWICE ? 1 : number % 2, f);
    }
  }
  w.chains->n_recorded = DRAWS;
  const pbl_decisions_input in = {.chains = w.chains,
                                  .energy = w.energy,
                                  .rungs = RUNGS,
                                  .lanes = LANES,
                                  .beta = betas,
                                  .weight_frac = 6,
                                  .beta_frac = 12,
                                  .before = before,
                                  .every = 1,
                                  .distance = distance,
                                  .random = random};
  assert_int_equal(pbl_exchange_decisions(&report, &in, NULL), PBL_OK);
  pbl_chains_destroy(w.chains);
  free(w.energy);
  return report;
}

static void sound_decisions_pass(void **state) {
  (void)state;
  for (size_t distance = 1; distance <= 3; distance += 2) {
    for (int random = 0; random < 2; random++) {
      const pbl_decisions_report r = run(SOUND, random, distance, 17);
      assert_int_equal(r.impossible, 0);
      assert_int_equal(r.n_tests, 6);
      assert_true(r.p_value > 1e-3); /* one of 1000 seeds fails */
      assert_true(r.seen > 0.9 * LANES * (random ? 3 : 1.5) * DRAWS / (double)distance);
    }
  }
}

static void every_fault_of_a_pass_is_found(void **state) {
  (void)state;
  for (int f = SIGN; f <= MORE; f++) {
    /* a parity that stays is a matter of the fixed order, the coin has none */
    for (int random = 0; random < 2; random++) {
      if (random && f == ODD_TWICE) continue;
      const pbl_decisions_report r = run((fault)f, random, f == LATE ? 3 : 1, 0);
      assert_true(r.p_value < 1e-9);
    }
  }
}

static void draws_that_hide_a_pass_are_refused(void **state) {
  (void)state;
  pbl_chains *c;
  pbl_decisions_report r;
  int64_t energy[CHAINS] = {0};
  assert_int_equal(pbl_chains_create(&c, CHAINS, 1, 1, NULL), PBL_OK);
  pbl_decisions_input in = {.chains = c,
                            .energy = energy,
                            .rungs = RUNGS,
                            .lanes = LANES,
                            .beta = betas,
                            .weight_frac = 6,
                            .beta_frac = 12,
                            .every = 2,
                            .distance = 1};
  assert_int_equal(pbl_exchange_decisions(&r, &in, NULL), PBL_INVALID); /* no labels */
  assert_int_equal(pbl_chains_create_labels(c, NULL), PBL_OK);
  assert_int_equal(pbl_exchange_decisions(&r, &in, NULL), PBL_INVALID);
  in.distance = 2;
  assert_int_equal(pbl_exchange_decisions(&r, &in, NULL), PBL_OK);
  pbl_chains_destroy(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_decisions_pass),
      cmocka_unit_test(every_fault_of_a_pass_is_found),
      cmocka_unit_test(draws_that_hide_a_pass_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
