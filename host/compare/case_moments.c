/* Chain means of first and second moments: what the moment tests, the ladder and Q_op are made of.
 */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"

#define BLOCK 256
#define MIN_EVENTS 200.0

bool case_all_pairs(const case_work *w) {
  return pbl_hw_pbits(&w->hw) <= PBL_ORACLE_MAX_PBITS;
}

size_t case_moment_count(const case_work *w) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw);
  if (case_all_pairs(w)) return n + n * (n - 1) / 2;
  return n + (w->edges ? w->n_edges : (size_t)w->hw.n_visible * (size_t)w->hw.n_hidden);
}

static void copy_pairs(double *out, const float *second, const case_work *w, double scale) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw);
  if (case_all_pairs(w)) {
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
      for (size_t j = i + 1; j < n; j++) out[k++] = scale * second[i * n + j];
    }
  } else {
    const size_t m = case_moment_count(w) - n;
    for (size_t k = 0; k < m; k++) out[k] = scale * second[k];
  }
}

/* Sums of the products over b draws: all pairs n x n, edges, or V x H. */
static void add_products(float *second, const case_work *w, const float *x, size_t b) {
  const int nv = w->hw.n_visible, nh = w->hw.n_hidden, np = nv + nh;
  if (case_all_pairs(w)) {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, np, np, (int)b, 1.0f, x, np, x, np, 1.0f,
                second, np);
  } else if (w->edges) {
    for (size_t k = 0; k < b; k++, x += np) {
      for (size_t e = 0; e < w->n_edges; e++) second[e] += x[w->edges[e][0]] * x[w->edges[e][1]];
    }
  } else {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, nv, nh, (int)b, 1.0f, x, np, x + nv, np,
                1.0f, second, nh);
  }
}

pbl_status case_chain_moments(double **out, const case_work *w, const pbl_chains *chains,
                              size_t first_draw, size_t n_draws, pbl_error *err) {
  const size_t n = chains->n_pbits, m = case_moment_count(w);
  const size_t n_second = case_all_pairs(w) ? n * n : m - n;
  float *x = malloc(BLOCK * n * sizeof *x);
  float *second = malloc((n_second + 1) * sizeof *second);
  double *moments = calloc(chains->n_chains * m, sizeof *moments);
  pbl_status st = PBL_OK;
  if (!x || !second || !moments) {
    st = pbl_fail(err, PBL_NO_MEMORY, "moments: out of memory");
    free(moments);
    moments = NULL;
  }
  for (size_t c = 0; !st && c < chains->n_chains; c++) {
    double *row = moments + c * m;
    memset(second, 0, n_second * sizeof *second); /* float counts stay exact below 2^24 draws */
    for (size_t t = 0; t < n_draws; t += BLOCK) {
      const size_t b = n_draws - t < BLOCK ? n_draws - t : BLOCK;
      case_unpack(x, chains, c, first_draw + t, b);
      for (size_t k = 0; k < b; k++) {
        for (size_t p = 0; p < n; p++) row[p] += x[k * n + p];
      }
      add_products(second, w, x, b);
    }
    for (size_t p = 0; p < n; p++) row[p] /= (double)n_draws;
    copy_pairs(row + n, second, w, 1.0 / (double)n_draws);
  }
  free(x);
  free(second);
  *out = moments;
  return st;
}

void case_moment_spread(double *mean, double *variance, const case_work *w, const double *moments,
                        size_t k) {
  const size_t n_chains = case_chains(w), m = case_moment_count(w);
  double sum = 0, sum2 = 0;
  for (size_t c = 0; c < n_chains; c++) sum += moments[c * m + k];
  *mean = sum / (double)n_chains;
  for (size_t c = 0; c < n_chains; c++) {
    const double d = moments[c * m + k] - *mean;
    sum2 += d * d;
  }
  *variance = n_chains > 1 ? sum2 / (double)(n_chains - 1) : 0;
}

void case_moment_pbits(size_t *i, size_t *j, const case_work *w, size_t k) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw), nv = (size_t)w->hw.n_visible;
  *i = *j = k;
  if (k < n) return;
  if (w->edges && !case_all_pairs(w)) {
    *i = w->edges[k - n][0];
    *j = w->edges[k - n][1];
    return;
  }
  if (!case_all_pairs(w)) {
    *i = (k - n) / (size_t)w->hw.n_hidden;
    *j = nv + (k - n) % (size_t)w->hw.n_hidden;
    return;
  }
  size_t r = k - n, a = 0;
  while (r >= n - 1 - a) r -= n - 1 - a++;
  *i = a;
  *j = a + 1 + r;
}

bool case_moment_testable(const case_work *w, double mean) {
  const double draws = (double)w->device->n_recorded * (double)case_chains(w);
  return 0.5 * draws * (1 - fabs(mean)) >= MIN_EVENTS;
}
