#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "estimator_internal.h"

#define DIGIT_BITS 11
#define DIGITS ((size_t)1 << DIGIT_BITS)
#define PASSES 6 /* of 11 bits, over 64 */

/* Bits of a double in the order of its values; -0 counts as +0. */
static uint64_t key_of(double value) {
  const double plain = value + 0.0;
  uint64_t bits;
  memcpy(&bits, &plain, sizeof bits);
  return bits >> 63 ? ~bits : bits | (uint64_t)1 << 63;
}

static double value_of(uint64_t key) {
  const uint64_t bits = key >> 63 ? key & ~((uint64_t)1 << 63) : ~key;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Keys and, unless place is NULL, where they came from; each with room to sort into. */
typedef struct {
  uint64_t *key, *key_to;
  uint32_t *place, *place_to;
} radix;

static void radix_free(radix *r) {
  free(r->key);
  free(r->key_to);
  free(r->place);
  free(r->place_to);
}

static pbl_status radix_create(radix *r, const double *x, size_t n, bool places, pbl_error *err) {
  *r = (radix){malloc(n * sizeof *r->key), malloc(n * sizeof *r->key), NULL, NULL};
  if (places) {
    r->place = malloc(n * sizeof *r->place);
    r->place_to = malloc(n * sizeof *r->place);
  }
  if (r->key == NULL || r->key_to == NULL ||
      (places && (r->place == NULL || r->place_to == NULL))) {
    radix_free(r);
    return pbl_fail(err, PBL_NO_MEMORY, "ranks of %zu draws: out of memory", n);
  }
  for (size_t i = 0; i < n; ++i) {
    r->key[i] = key_of(x[i]);
    if (places) r->place[i] = (uint32_t)i;
  }
  return PBL_OK;
}

/* One stable pass over the digit at `shift`; nothing when all keys share it. */
static void radix_pass(radix *r, size_t n, int shift) {
  size_t count[DIGITS] = {0};
  for (size_t i = 0; i < n; ++i) ++count[r->key[i] >> shift & (DIGITS - 1)];
  if (count[r->key[0] >> shift & (DIGITS - 1)] == n) return;
  for (size_t d = 0, from = 0; d < DIGITS; ++d) {
    const size_t here = count[d];
    count[d] = from;
    from += here;
  }
  for (size_t i = 0; i < n; ++i) {
    const size_t to = count[r->key[i] >> shift & (DIGITS - 1)]++;
    r->key_to[to] = r->key[i];
    if (r->place != NULL) r->place_to[to] = r->place[i];
  }
  uint64_t *const key = r->key;
  uint32_t *const place = r->place;
  r->key = r->key_to;
  r->key_to = key;
  r->place = r->place_to;
  r->place_to = place;
}

static void radix_sort(radix *r, size_t n) {
  for (int pass = 0; pass < PASSES; ++pass) radix_pass(r, n, pass * DIGIT_BITS);
}

pbl_status pbl_normal_scores(double *x, size_t n, pbl_error *err) {
  if (n > UINT32_MAX) {
    return pbl_fail(err, PBL_INVALID, "ranks of %zu draws: at most %lu", n,
                    (unsigned long)UINT32_MAX);
  }
  radix r;
  const pbl_status status = radix_create(&r, x, n, true, err);
  if (status != PBL_OK) return status;
  radix_sort(&r, n);
  for (size_t i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && r.key[end] == r.key[i];) ++end;
    const double rank = 0.5 * (double)(i + 1 + end); /* average over ties, from 1 */
    const double score = pbl_normal_quantile((rank - 0.375) / ((double)n + 0.25));
    for (size_t k = i; k < end; ++k) x[r.place[k]] = score;
  }
  radix_free(&r);
  return PBL_OK;
}

static double sorted_quantile(const uint64_t *sorted, size_t n, double p) {
  const double at = p * (double)(n - 1), below = floor(at + 4.0 * 2.2204460492503131e-16);
  const size_t i = (size_t)below;
  const double part = at - below;
  if (i + 1 >= n || fabs(part) < 1e-12) return value_of(sorted[i < n ? i : n - 1]);
  return (1.0 - part) * value_of(sorted[i]) + part * value_of(sorted[i + 1]);
}

pbl_status pbl_quantiles(double *out, const double *p, size_t n_p, const double *x, size_t n,
                         pbl_error *err) {
  radix r;
  const pbl_status status = radix_create(&r, x, n, false, err);
  if (status != PBL_OK) return status;
  radix_sort(&r, n);
  for (size_t k = 0; k < n_p; ++k) out[k] = sorted_quantile(r.key, n, p[k]);
  radix_free(&r);
  return PBL_OK;
}
