/* Two sets of chains, compared chain by chain: the R x R matrix of distances is computed once, and
 * permutations only re-label its rows. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "law_internal.h"
#include "pbl_rng.h"

#define MIN_PERMUTATIONS 99

typedef struct {
  const pbl_chains *a, *b;
} both;

static const pbl_chains *owner(const both *s, size_t *chain) {
  if (*chain < s->a->n_chains) return s->a;
  *chain -= s->a->n_chains;
  return s->b;
}

static void euclidean(double *distance, const double *x, size_t R, size_t n_values) {
  for (size_t r = 0; r < R; r++) {
    for (size_t q = 0; q <= r; q++) {
      double square = 0.0;
      for (size_t k = 0; k < n_values; k++) {
        const double delta = x[r * n_values + k] - x[q * n_values + k];
        square += delta * delta;
      }
      distance[r * R + q] = distance[q * R + r] = sqrt(square);
    }
  }
}

/* Chain means of every p-bit, R x N. */
static pbl_status mean_distances(double *distance, const both *s, pbl_error *err) {
  const size_t R = s->a->n_chains + s->b->n_chains, N = s->a->n_pbits, n = s->a->n_recorded;
  double *mean = calloc(R * N, sizeof *mean);
  if (mean == NULL) return law_no_memory(err);
  for (size_t r = 0; r < R; r++) {
    size_t c = r;
    const pbl_chains *chains = owner(s, &c);
    for (size_t t = 0; t < n; t++) {
      for (size_t p = 0; p < N; p++)
        mean[r * N + p] += (double)pbl_chains_spin(chains, c, t, p) / (double)n;
    }
  }
  euclidean(distance, mean, R, N);
  free(mean);
  return PBL_OK;
}

static size_t hamming(const uint8_t *x, const uint8_t *y, size_t n_bytes) {
  size_t d = 0, k = 0;
  for (; k + 8 <= n_bytes; k += 8) {
    uint64_t a, b;
    memcpy(&a, x + k, 8);
    memcpy(&b, y + k, 8);
    d += (size_t)__builtin_popcountll(a ^ b);
  }
  for (; k < n_bytes; k++) d += (size_t)__builtin_popcount((unsigned)(x[k] ^ y[k]));
  return d;
}

/* Minus the mean kernel of two chains' kept draws: a squared kernel distance up to terms that the
 * statistic cancels. */
static pbl_status kernel_distances(double *distance, const both *s, size_t keep, pbl_error *err) {
  const size_t R = s->a->n_chains + s->b->n_chains, N = s->a->n_pbits, n = s->a->n_recorded;
  const size_t kept = keep < n ? keep : n;
  double *value = malloc((N + 1) * sizeof *value);
  if (value == NULL) return law_no_memory(err);
  for (size_t d = 0; d <= N; d++) value[d] = exp(-(double)d / (double)N);
  for (size_t r = 0; r < R; r++) {
    for (size_t q = 0; q <= r; q++) {
      size_t cr = r, cq = q;
      const pbl_chains *x = owner(s, &cr), *y = owner(s, &cq);
      double sum = 0.0;
      for (size_t k = 0; k < kept; k++) {
        const uint8_t *row = pbl_chains_row(x, cr, (k + 1) * n / kept - 1);
        for (size_t l = 0; l < kept; l++)
          sum += value[hamming(row, pbl_chains_row(y, cq, (l + 1) * n / kept - 1), x->row_bytes)];
      }
      distance[r * R + q] = distance[q * R + r] = -sum / (double)(kept * kept);
    }
  }
  free(value);
  return PBL_OK;
}

/* 2 mean d(a,b) - mean d(a,a') - mean d(b,b'), pairs of different chains; in_a says which. */
static double contrast(const double *distance, const uint8_t *in_a, size_t Ra, size_t R) {
  double within_a = 0.0, within_b = 0.0, between = 0.0;
  for (size_t r = 0; r < R; r++) {
    for (size_t q = 0; q < r; q++) {
      const double d = distance[r * R + q];
      if (in_a[r] != in_a[q]) {
        between += d;
      } else if (in_a[r]) {
        within_a += d;
      } else {
        within_b += d;
      }
    }
  }
  const double na = (double)Ra, nb = (double)(R - Ra);
  return 2.0 * between / (na * nb) - 2.0 * within_a / (na * (na - 1.0)) -
         2.0 * within_b / (nb * (nb - 1.0));
}

/* Fisher and Yates; the bias of the modulo is below R / 2^53. */
static void shuffle(uint8_t *label, size_t n, pbl_xoshiro *rng) {
  for (size_t k = n; k > 1; k--) {
    const size_t pick = (size_t)(pbl_xoshiro_double(rng) * (double)k);
    const uint8_t swap = label[k - 1];
    label[k - 1] = label[pick];
    label[pick] = swap;
  }
}

static pbl_status permute(pbl_law_test *out, const double *distance, size_t chains_a, size_t R,
                          size_t n_permutations, uint64_t seed, pbl_error *err) {
  uint8_t *label = malloc(R);
  if (label == NULL) return law_no_memory(err);
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, seed);
  for (size_t r = 0; r < R; r++) label[r] = r < chains_a;
  const double observed = contrast(distance, label, chains_a, R);
  /* Rounding must not decide between equal statistics. */
  const double tie = 1e-12 * (1.0 + fabs(observed));
  size_t reached = 0;
  for (size_t k = 0; k < n_permutations; k++) {
    shuffle(label, R, &rng);
    reached += contrast(distance, label, chains_a, R) >= observed - tie;
  }
  *out = (pbl_law_test){.statistic = observed,
                        .dof = (double)n_permutations,
                        .p_value = (double)(reached + 1) / (double)(n_permutations + 1),
                        .n_tests = 1,
                        .worst = SIZE_MAX};
  free(label);
  return PBL_OK;
}

static pbl_status check(const both *s, size_t keep, size_t n_permutations, pbl_error *err) {
  const pbl_chains *a = s->a, *b = s->b;
  if (a->n_pbits != b->n_pbits || a->n_recorded != b->n_recorded || a->n_recorded == 0)
    return pbl_fail(err, PBL_INVALID,
                    "two-sample test: %zu draws of %zu p-bits against %zu of %zu; both must agree",
                    a->n_recorded, a->n_pbits, b->n_recorded, b->n_pbits);
  if (a->n_chains < 2 || b->n_chains < 2 || keep == 0 || n_permutations < MIN_PERMUTATIONS)
    return pbl_fail(err, PBL_INVALID,
                    "two-sample test: %zu and %zu chains, %zu kept draws, %zu permutations; at "
                    "least 2, 1 and %d",
                    a->n_chains, b->n_chains, keep, n_permutations, MIN_PERMUTATIONS);
  return PBL_OK;
}

pbl_status pbl_law_two_sample(pbl_law_test *out, const pbl_chains *a, const pbl_chains *b,
                              pbl_law_summary summary, size_t keep, size_t n_permutations,
                              uint64_t seed, pbl_error *err) {
  const both s = {a, b};
  pbl_status status = check(&s, keep, n_permutations, err);
  if (status != PBL_OK) return status;
  const size_t R = a->n_chains + b->n_chains;
  double *distance = malloc(R * R * sizeof *distance);
  if (distance == NULL) return law_no_memory(err);
  status = summary == PBL_LAW_MMD ? kernel_distances(distance, &s, keep, err)
                                  : mean_distances(distance, &s, err);
  if (status == PBL_OK) status = permute(out, distance, a->n_chains, R, n_permutations, seed, err);
  free(distance);
  return status;
}

/* x: R x n_values, each value divided by its standard deviation; constant ones become zero. */
static pbl_status standardise(double *x, size_t R, size_t n_values, pbl_error *err) {
  for (size_t k = 0; k < n_values; k++) {
    double mean = 0.0, square = 0.0;
    for (size_t r = 0; r < R; r++) mean += x[r * n_values + k] / (double)R;
    for (size_t r = 0; r < R; r++) {
      x[r * n_values + k] -= mean;
      square += x[r * n_values + k] * x[r * n_values + k] / (double)R;
    }
    if (!isfinite(square))
      return pbl_fail(err, PBL_NUMERIC, "summary test: value %zu is not finite in every chain", k);
    const double scale = square > 1e-24 * mean * mean ? 1.0 / sqrt(square) : 0.0;
    for (size_t r = 0; r < R; r++) x[r * n_values + k] *= scale;
  }
  return PBL_OK;
}

pbl_status pbl_law_summary_test(pbl_law_test *out, const double *a, size_t chains_a,
                                const double *b, size_t chains_b, size_t n_values,
                                size_t n_permutations, uint64_t seed, pbl_error *err) {
  const size_t R = chains_a + chains_b;
  if (chains_a < 2 || chains_b < 2 || n_values == 0 || n_permutations < MIN_PERMUTATIONS)
    return pbl_fail(err, PBL_INVALID,
                    "summary test: %zu and %zu chains, %zu values, %zu permutations; at least 2, 1 "
                    "and %d",
                    chains_a, chains_b, n_values, n_permutations, MIN_PERMUTATIONS);
  double *distance = malloc((R * R + R * n_values) * sizeof *distance);
  if (distance == NULL) return law_no_memory(err);
  double *x = distance + R * R;
  memcpy(x, a, chains_a * n_values * sizeof *x);
  memcpy(x + chains_a * n_values, b, chains_b * n_values * sizeof *x);
  pbl_status status = standardise(x, R, n_values, err);
  if (status == PBL_OK) {
    euclidean(distance, x, R, n_values);
    status = permute(out, distance, chains_a, R, n_permutations, seed, err);
  }
  free(distance);
  return status;
}
