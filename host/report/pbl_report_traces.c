/* Which chains a report shows, and thinned to what. */
#include <math.h>

#include "pbl_report.h"

static double deviation(const double *x, size_t n) {
  double mean = 0, squares = 0;
  for (size_t t = 0; t < n; t++) {
    const double d = x[t] - mean;
    mean += d / (double)(t + 1);
    squares += d * (x[t] - mean);
  }
  return sqrt(squares / (double)n);
}

/* Insertion into the list of those that moved least; the last one goes when it is full. */
static void place_chain(pbl_chain_traces *out, size_t chain, double sd) {
  size_t at = out->n_chains;
  if (at == PBL_TRACE_CHAINS) {
    if (!(sd < out->deviation[--at])) return;
  } else {
    out->n_chains++;
  }
  for (; at > 0 && sd < out->deviation[at - 1]; at--) {
    out->deviation[at] = out->deviation[at - 1];
    out->chain[at] = out->chain[at - 1];
  }
  out->deviation[at] = sd;
  out->chain[at] = chain;
}

void pbl_chain_traces_fill(pbl_chain_traces *out, const double *x, size_t n_chains, size_t n_draws,
                           size_t sweeps_per_draw) {
  const size_t stride = n_draws / PBL_TRACE_THIN + (n_draws % PBL_TRACE_THIN != 0);
  *out = (pbl_chain_traces){0};
  if (n_draws == 0) return;
  for (size_t c = 0; c < n_chains; c++) place_chain(out, c, deviation(x + c * n_draws, n_draws));
  for (size_t t = 0; t < n_draws; t += stride) {
    const size_t i = out->n_points++;
    out->sweep[i] = (double)(t * sweeps_per_draw);
    for (size_t k = 0; k < out->n_chains; k++) out->x[k][i] = x[out->chain[k] * n_draws + t];
  }
}
