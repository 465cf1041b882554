/* Gradient signal-to-noise on Gaussian windows of known ratio: 24 components of equal mean,
 * variance of component i proportional to 1/(1+i), trace 1, so that Q = |mean|^2. */
#include <math.h>
#include <stdlib.h>

#include "bench_stats.h"
#include "pbl_rng.h"
#include "pbl_stats.h"

static const double exact[QOP_ROWS] = {0.3, 0.3, 3.0, 3.0, 30.0, 30.0};

static void fill(double *x, size_t n, double q, pbl_xoshiro *g) {
  double trace = 0.0;
  for (size_t i = 0; i < QOP_COMPONENTS; ++i) trace += 1.0 / (1.0 + (double)i);
  for (size_t c = 0; c < n; ++c) {
    for (size_t i = 0; i < QOP_COMPONENTS; ++i) {
      const double sd = sqrt(1.0 / (1.0 + (double)i) / trace);
      x[c * QOP_COMPONENTS + i] = sqrt(q / QOP_COMPONENTS) + sd * pbl_xoshiro_normal(g);
    }
  }
}

static void add(qop_row *row, const pbl_qop_report *r) {
  const double ratio = r->signal / r->noise;
  bench_mean_add(&row->value, r->q.value);
  bench_mean_add(&row->ratio, ratio);
  bench_mean_add(&row->plugin, ratio + 1.0 / (double)row->n_chains); /* U = |m|^2 - tr S/R */
  bench_mean_add(&row->covered, r->q.low <= row->q && row->q <= r->q.high ? 1.0 : 0.0);
  row->bound_only += !(r->signal > 0.0);
}

pbl_status bench_qop(qop_row rows[QOP_ROWS], const bench_options *opt, pbl_error *err) {
  double *x = malloc((size_t)64 * QOP_COMPONENTS * sizeof *x);
  if (x == NULL) return pbl_fail(err, PBL_NO_MEMORY, "windows: out of memory");
  pbl_status s = PBL_OK;
  for (size_t i = 0; s == PBL_OK && i < QOP_ROWS; ++i) {
    qop_row *row = &rows[i];
    *row = (qop_row){.q = exact[i], .n_chains = i % 2 ? 64 : 16};
    row->repetitions = bench_repetitions(opt, 4000, 100);
    pbl_xoshiro g;
    pbl_xoshiro_seed(&g, bench_seed(opt, PART_QOP, i, 0));
    for (size_t k = 0; s == PBL_OK && k < row->repetitions; ++k) {
      pbl_qop_report r;
      fill(x, row->n_chains, row->q, &g);
      s = pbl_qop(&r, x, row->n_chains, QOP_COMPONENTS, NULL, NULL, 0, err);
      if (s == PBL_OK) add(row, &r);
      pbl_progress_report(opt->progress, "Q_op", k + 1, row->repetitions);
    }
  }
  free(x);
  return s;
}
