#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "estimator_internal.h"

typedef struct {
  double value;
  size_t place;
} placed;

static int by_value(const void *a, const void *b) {
  const double u = ((const placed *)a)->value, v = ((const placed *)b)->value;
  return (u > v) - (u < v);
}

static int by_size(const void *a, const void *b) {
  const double u = *(const double *)a, v = *(const double *)b;
  return (u > v) - (u < v);
}

pbl_status pbl_normal_scores(double *z, const double *x, size_t n, pbl_error *err) {
  placed *order = malloc(n * sizeof *order);
  if (order == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "ranks of %zu draws: out of memory", n);
  }
  for (size_t i = 0; i < n; ++i) order[i] = (placed){x[i], i};
  qsort(order, n, sizeof *order, by_value);
  for (size_t i = 0, end; i < n; i = end) {
    for (end = i + 1; end < n && order[end].value == order[i].value;) ++end;
    const double rank = 0.5 * (double)(i + 1 + end); /* average over ties, from 1 */
    const double score = pbl_normal_quantile((rank - 0.375) / ((double)n + 0.25));
    for (size_t k = i; k < end; ++k) z[order[k].place] = score;
  }
  free(order);
  return PBL_OK;
}

pbl_status pbl_sorted_copy(double **sorted, const double *x, size_t n, pbl_error *err) {
  *sorted = malloc(n * sizeof **sorted);
  if (*sorted == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "sorting %zu draws: out of memory", n);
  }
  memcpy(*sorted, x, n * sizeof **sorted);
  qsort(*sorted, n, sizeof **sorted, by_size);
  return PBL_OK;
}

double pbl_sorted_quantile(const double *sorted, size_t n, double p) {
  const double at = p * (double)(n - 1), below = floor(at + 4.0 * 2.2204460492503131e-16);
  const size_t i = (size_t)below;
  const double part = at - below;
  if (i + 1 >= n || fabs(part) < 1e-12) return sorted[i < n ? i : n - 1];
  return (1.0 - part) * sorted[i] + part * sorted[i + 1];
}
