/* Bennett's acceptance ratio, and the bridge of equilibrium chains between neighbouring
 * temperatures. */
#include <math.h>
#include <stdlib.h>

#include "pbl_ais_bridge.h"
#include "pbl_parallel.h"

#define LANES PBL_GIBBS_LANES

static double sigmoid(double x) {
  return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

/* g(C) = sum_f sigma(f - C + M) - sum_r sigma(C - M - r), M = ln(n_r/n_f): falls in C from n_f to
 * -n_r, and its root is the estimate (Bennett 1976, eq. 12). Newton's step inside a bracket. */
pbl_status pbl_bar(double *c, double *overlap, const double *f, size_t n_f, const double *r,
                   size_t n_r, pbl_error *err) {
  const double shift = log((double)n_r / (double)n_f);
  double spread = 0.0; /* NaN as soon as one value is not finite: fmin and fmax would hide it */
  for (size_t k = 0; k < n_f; k++) spread += 0.0 * f[k];
  for (size_t k = 0; k < n_r; k++) spread += 0.0 * r[k];
  if (spread != 0.0)
    return pbl_fail(err, PBL_NUMERIC, "Bennett's ratio: a log weight is not finite");
  double low = INFINITY, high = -INFINITY;
  for (size_t k = 0; k < n_f; k++) low = fmin(low, f[k]), high = fmax(high, f[k]);
  for (size_t k = 0; k < n_r; k++) low = fmin(low, r[k]), high = fmax(high, r[k]);
  low -= fabs(shift) + log((double)(n_f + n_r)) + 1.0; /* g > 0 there and < 0 at the other end */
  high += fabs(shift) + log((double)(n_f + n_r)) + 1.0;
  double x = 0.5 * (low + high), accepted = 0.0;
  for (int iteration = 0; iteration < 200 && isfinite(x); iteration++) {
    double g = 0.0, slope = 0.0;
    accepted = 0.0;
    for (size_t k = 0; k < n_f; k++) {
      const double s = sigmoid(f[k] - x + shift);
      g += s;
      slope -= s * (1.0 - s);
    }
    accepted += g / (double)n_f;
    for (size_t k = 0; k < n_r; k++) {
      const double s = sigmoid(x - shift - r[k]);
      g -= s;
      slope -= s * (1.0 - s);
      accepted += s / (double)n_r;
    }
    *(g > 0.0 ? &low : &high) = x;
    double next = x - g / slope;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    const double step = fabs(next - x);
    x = next;
    if (step <= 1e-12 * (1.0 + fabs(x))) {
      *c = x;
      if (overlap) *overlap = 0.5 * accepted;
      return PBL_OK;
    }
  }
  return pbl_fail(err, PBL_NUMERIC, "Bennett's ratio has no finite solution; are the weights?");
}

typedef struct {
  const pbl_rbm *m;
  const float *base;
  const pbl_normalisation_options *opt;
  pbl_gibbs_block *blocks;
  float *bias_v, *bias_h; /* per block */
  size_t n_chains, n_draws;
  int level;         /* the temperature in work */
  double *up, *down; /* levels x chains x draws: ln p*_(k+1)/p*_k, ln p*_k/p*_(k-1) */
} bridge;

static double level_time(const bridge *a, int k) {
  return (double)k / (double)(a->opt->bridge_temperatures - 1);
}

/* The chains climb: the last state of one temperature starts the next. */
static void equilibrate(void *context, size_t block) {
  const bridge *a = context;
  pbl_gibbs_block *b = &a->blocks[block];
  float *bias_v = a->bias_v + block * b->n_visible, *bias_h = a->bias_h + block * b->n_hidden;
  const int k = a->level, last = a->opt->bridge_temperatures - 1;
  const double t = level_time(a, k);
  const pbl_gibbs_law law = pbl_ais_law(bias_v, bias_h, a->m, a->base, t);
  if (k == 0) pbl_gibbs_half_visible(b, &law); /* exact draw from the base: h is still 0 */
  for (int s = 0; s < a->opt->bridge_burn_in; s++) {
    pbl_gibbs_half_hidden(b, &law);
    pbl_gibbs_half_visible(b, &law);
  }
  for (size_t d = 0; d < a->n_draws; d++) {
    double up[LANES] = {0}, down[LANES] = {0};
    pbl_gibbs_half_hidden(b, &law);
    pbl_gibbs_half_visible(b, &law);
    pbl_gibbs_hidden_field(b, a->m->w);
    if (k < last) pbl_ais_add_weights(up, a->m, a->base, b, t, level_time(a, k + 1));
    if (k > 0) pbl_ais_add_weights(down, a->m, a->base, b, level_time(a, k - 1), t);
    for (size_t l = 0; l < LANES; l++) {
      const size_t at = ((size_t)k * a->n_chains + block * LANES + l) * a->n_draws + d;
      a->up[at] = up[l];
      a->down[at] = down[l];
    }
  }
}

/* ln Z/Z_0 without chain `skip` (n_chains: with all). Chains are contiguous, so that leaving one
 * out moves the last one to its place; f and r are scratch for one temperature. */
static pbl_status sum_of_ratios(double *sum, double *overlap, const bridge *a, size_t skip,
                                double *f, double *r, pbl_error *err) {
  const size_t per = a->n_chains * a->n_draws;
  *sum = 0.0;
  *overlap = 0.5;
  for (int k = 0; k + 1 < a->opt->bridge_temperatures; k++) {
    size_t n = 0;
    for (size_t c = 0; c < a->n_chains; c++) {
      if (c == skip) continue;
      for (size_t d = 0; d < a->n_draws; d++, n++) {
        f[n] = a->up[(size_t)k * per + c * a->n_draws + d];
        r[n] = a->down[(size_t)(k + 1) * per + c * a->n_draws + d];
      }
    }
    double ratio, o;
    const pbl_status st = pbl_bar(&ratio, &o, f, n, r, n, err);
    if (st) return st;
    *sum += ratio;
    *overlap = fmin(*overlap, o);
  }
  return PBL_OK;
}

/* Jackknife over chains: a chain's draws at all temperatures are dependent and leave together. */
static pbl_status summarise(pbl_normalisation *out, const bridge *a, pbl_error *err) {
  const size_t per = a->n_chains * a->n_draws;
  double *f = malloc(per * sizeof *f), *r = malloc(per * sizeof *r), value, overlap;
  double mean = 0.0, square = 0.0;
  pbl_status st = PBL_OK;
  if (!f || !r) st = pbl_fail(err, PBL_NO_MEMORY, "bridge: out of memory");
  if (!st) st = sum_of_ratios(&value, &out->bridge_overlap, a, a->n_chains, f, r, err);
  const double n = (double)a->n_chains;
  if (!st) out->bridge_log_z = pbl_ais_base_log_z(a->m, a->base) + value;
  for (size_t c = 0; !st && c < a->n_chains; c++) {
    st = sum_of_ratios(&value, &overlap, a, c, f, r, err);
    const double d = value + pbl_ais_base_log_z(a->m, a->base) - out->bridge_log_z;
    mean += d / n;
    square += d * d / n;
  }
  const double half = 1.96 * sqrt(fmax(square - mean * mean, 0.0) * (n - 1.0));
  out->bridge_low = out->bridge_log_z - half;
  out->bridge_high = out->bridge_log_z + half;
  free(f);
  free(r);
  return st;
}

pbl_status pbl_ais_bridge(pbl_normalisation *out, const pbl_rbm *m, const float *base,
                          const pbl_normalisation_options *opt, uint64_t seed,
                          pbl_progress *progress, pbl_error *err) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  const size_t asked = opt->bridge_chains > 32 ? (size_t)opt->bridge_chains : 32;
  const size_t n_blocks = (asked + LANES - 1) / LANES;
  if (opt->bridge_temperatures < 2 || opt->bridge_draws < 1 || opt->bridge_burn_in < 0)
    return pbl_fail(err, PBL_INVALID,
                    "bridge: %d temperatures, %d draws, burn-in %d; at least 2, 1 and 0",
                    opt->bridge_temperatures, opt->bridge_draws, opt->bridge_burn_in);
  bridge a = {.m = m, .base = base, .opt = opt, .n_chains = n_blocks * LANES};
  a.n_draws = (size_t)opt->bridge_draws;
  const size_t values = (size_t)opt->bridge_temperatures * a.n_chains * a.n_draws;
  a.bias_v = calloc(n_blocks * n_v, sizeof *a.bias_v);
  a.bias_h = calloc(n_blocks * n_h, sizeof *a.bias_h);
  a.up = malloc(values * sizeof *a.up);
  a.down = malloc(values * sizeof *a.down);
  pbl_status st = PBL_OK;
  if (!a.bias_v || !a.bias_h || !a.up || !a.down)
    st = pbl_fail(err, PBL_NO_MEMORY, "bridge: no memory for %zu values", values);
  if (!st) st = pbl_gibbs_create(&a.blocks, n_blocks, n_v, n_h, seed, err);
  for (int levels = opt->bridge_temperatures; !st && a.level < levels; a.level++) {
    pbl_parallel_for(n_blocks, opt->threads, equilibrate, &a);
    if (!pbl_progress_report(progress, "bridge", (uint64_t)a.level + 1, (uint64_t)levels) &&
        a.level + 1 < levels)
      st = pbl_fail(err, PBL_INTERRUPTED, "bridge stopped after %d of %d temperatures", a.level + 1,
                    levels);
  }
  if (!st) st = summarise(out, &a, err);
  pbl_gibbs_destroy(a.blocks, n_blocks);
  free(a.bias_v);
  free(a.bias_h);
  free(a.up);
  free(a.down);
  return st;
}
