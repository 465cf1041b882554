#include "pbl_ais.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_ais_path.h"
#include "pbl_parallel.h"

#define LANES PBL_GIBBS_LANES
/* p-bit updates of all blocks between two looks at the progress object. */
#define UPDATES_PER_STRETCH 4000000u

static double time_of(const pbl_ais_path *a, int k) {
  return (double)k / (double)(a->n_temperatures - 1);
}

/* ln 2cosh x = |x| + ln(1 + e^-2|x|): the ratios are multiplied up and their logarithm is taken
 * once per 64 p-bits, where the product is below 2^64. */
void pbl_ais_add_weights(double *log_w, const pbl_rbm *m, const float *base,
                         const pbl_gibbs_block *b, double t0, double t1) {
  for (size_t i = 0; i < b->n_visible; i++) {
    const double slope = (t1 - t0) * m->beta * ((double)m->b[i] - (double)base[i]);
    for (size_t l = 0; l < LANES; l++) log_w[l] += slope * (double)b->v[i * LANES + l];
  }
  double ratio[LANES];
  for (size_t l = 0; l < LANES; l++) ratio[l] = 1.0;
  for (size_t j = 0; j < b->n_hidden; j++) {
    for (size_t l = 0; l < LANES; l++) {
      const double x = m->beta * fabs((double)m->c[j] + (double)b->field[j * LANES + l]);
      log_w[l] += (t1 - t0) * x;
      ratio[l] *= (1.0 + exp(-2.0 * t1 * x)) / (1.0 + exp(-2.0 * t0 * x));
    }
    if (j % 64 == 63 || j + 1 == b->n_hidden)
      for (size_t l = 0; l < LANES; l++) log_w[l] += log(ratio[l]), ratio[l] = 1.0;
  }
}

pbl_gibbs_law pbl_ais_law(float *bias_v, float *bias_h, const pbl_rbm *m, const float *base,
                          double t) {
  for (int i = 0; i < m->n_visible; i++)
    bias_v[i] = (float)((1.0 - t) * (double)base[i] + t * (double)m->b[i]);
  for (int j = 0; j < m->n_hidden; j++) bias_h[j] = (float)(t * (double)m->c[j]);
  return (pbl_gibbs_law){.w = m->w,
                         .bias_v = bias_v,
                         .bias_h = bias_h,
                         .coupling = (float)t,
                         .two_beta = (float)(2.0 * m->beta)};
}

double pbl_ais_base_log_z(const pbl_rbm *m, const float *base) {
  double log_z0 = (double)m->n_hidden * log(2.0);
  for (int i = 0; i < m->n_visible; i++) {
    const double x = fabs(m->beta * (double)base[i]);
    log_z0 += x + log1p(exp(-2.0 * x));
  }
  return log_z0;
}

static void anneal_block(void *context, size_t block) {
  const pbl_ais_path *a = context;
  const pbl_rbm *m = a->m;
  pbl_gibbs_block *b = &a->blocks[block];
  float *bias_v = a->bias_v + block * b->n_visible, *bias_h = a->bias_h + block * b->n_hidden;
  double *log_w = a->log_w + block * LANES;
  for (int k = a->from; k < a->to; k++) {
    const double t = time_of(a, k);
    const pbl_gibbs_law law = pbl_ais_law(bias_v, bias_h, m, a->base, t);
    if (k == 0) { /* exact draw from the base: h is still 0 */
      pbl_gibbs_half_visible(b, &law);
      continue;
    }
    pbl_gibbs_hidden_field(b, m->w);
    pbl_ais_add_weights(log_w, m, a->base, b, time_of(a, k - 1), t); /* before the move at t */
    if (k + 1 == a->n_temperatures) break;                           /* last state: not used */
    pbl_gibbs_draw_hidden(b, &law);
    pbl_gibbs_half_visible(b, &law);
  }
}

/* The path walked backwards: step k goes from temperature n-1-k to the one below. The kernel of the
 * visible p-bits at a fixed temperature is reversible, hence its own reversal. */
static void melt_block(void *context, size_t block) {
  const pbl_ais_path *a = context;
  const pbl_rbm *m = a->m;
  pbl_gibbs_block *b = &a->blocks[block];
  float *bias_v = a->bias_v + block * b->n_visible, *bias_h = a->bias_h + block * b->n_hidden;
  double *log_w = a->log_w + block * LANES;
  for (int k = a->from; k < a->to; k++) {
    const int hot = a->n_temperatures - 2 - k;
    if (hot < 0) break;
    const double t = time_of(a, hot);
    pbl_gibbs_hidden_field(b, m->w);
    pbl_ais_add_weights(log_w, m, a->base, b, t, time_of(a, hot + 1));
    if (hot == 0) break;
    const pbl_gibbs_law law = pbl_ais_law(bias_v, bias_h, m, a->base, t);
    pbl_gibbs_draw_hidden(b, &law);
    pbl_gibbs_half_visible(b, &law);
  }
}

/* 95 % interval from the delta method: the relative variance of the mean weight is
 * (1/ESS fraction - 1)/(n - 1). */
void pbl_ais_summarise(pbl_ais_report *out, const double *log_w, size_t n, double sign,
                       double log_z0) {
  double top = -DBL_MAX, mean = 0.0;
  for (size_t c = 0; c < n; c++) {
    if (sign * log_w[c] > top) top = sign * log_w[c];
    mean += log_w[c] / (double)n;
  }
  double sum = 0.0, sum2 = 0.0, square = 0.0;
  for (size_t c = 0; c < n; c++) {
    const double w = exp(sign * log_w[c] - top);
    sum += w;
    sum2 += w * w;
    square += (log_w[c] - mean) * (log_w[c] - mean);
  }
  out->log_weight_variance = square / (double)(n - 1);
  out->ess_fraction = sum * sum / (sum2 * (double)n);
  out->log_z = log_z0 + sign * top + sign * log(sum / (double)n);
  const double relative = fmax(1.0 / out->ess_fraction - 1.0, 0.0);
  const double half = 1.96 * sqrt(relative / (double)(n - 1));
  out->log_z_low = out->log_z - half;
  out->log_z_high = out->log_z + half;
  out->log_likelihood_train = out->log_likelihood_test = NAN;
  out->passed = out->ess_fraction > 0.2 && out->log_weight_variance < 2.0;
}

static pbl_status run(pbl_ais_path *a, bool reverse, int threads, pbl_progress *progress,
                      pbl_error *err) {
  const uint64_t updates = (uint64_t)(a->m->n_visible + a->m->n_hidden) * LANES * a->n_blocks;
  const int stride = (int)(UPDATES_PER_STRETCH / updates) + 1, n = a->n_temperatures;
  while (a->to < n) {
    a->from = a->to;
    a->to = n - a->from < stride ? n : a->from + stride;
    pbl_parallel_for(a->n_blocks, threads, reverse ? melt_block : anneal_block, a);
    if (!pbl_progress_report(progress, "annealing", (uint64_t)a->to, (uint64_t)n) && a->to < n)
      return pbl_fail(err, PBL_INTERRUPTED, "AIS stopped after %d of %d temperatures", a->to, n);
  }
  return PBL_OK;
}

/* Lanes beyond the last sample repeat the first ones; their weights are not used. */
static void place(const pbl_ais_path *a, const signed char *samples, size_t n) {
  const size_t n_v = (size_t)a->m->n_visible;
  for (size_t c = 0; c < a->n_blocks * LANES; c++)
    for (size_t i = 0; i < n_v; i++)
      a->blocks[c / LANES].v[i * LANES + c % LANES] = (float)samples[(c % n) * n_v + i];
}

pbl_status pbl_ais_log_weights(double *log_w, const pbl_rbm *m, const float *base_bias,
                               const signed char *samples, size_t n, int n_temperatures,
                               uint64_t seed, int threads, pbl_progress *progress, pbl_error *err) {
  if (n < 2 || n_temperatures < 2)
    return pbl_fail(err, PBL_INVALID, "AIS: %zu chains and %d temperatures, each must be >= 2", n,
                    n_temperatures);
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  for (size_t k = 0; samples && k < n * n_v; k++)
    if (samples[k] != 1 && samples[k] != -1)
      return pbl_fail(err, PBL_INVALID, "reverse AIS: sample %zu, p-bit %zu is %d, not +-1",
                      k / n_v, k % n_v, samples[k]);
  pbl_ais_path a = {.m = m, .base = base_bias, .n_temperatures = n_temperatures};
  a.n_blocks = (n + LANES - 1) / LANES;
  a.bias_v = calloc(a.n_blocks * n_v, sizeof *a.bias_v);
  a.bias_h = calloc(a.n_blocks * n_h, sizeof *a.bias_h);
  a.log_w = calloc(a.n_blocks * LANES, sizeof *a.log_w);
  pbl_status status = PBL_OK;
  if (!a.bias_v || !a.bias_h || !a.log_w)
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu AIS chains", n);
  if (!status) status = pbl_gibbs_create(&a.blocks, a.n_blocks, n_v, n_h, seed, err);
  if (!status && samples) place(&a, samples, n);
  if (!status) status = run(&a, samples != NULL, threads, progress, err);
  if (!status) memcpy(log_w, a.log_w, n * sizeof *log_w);
  pbl_gibbs_destroy(a.blocks, a.n_blocks);
  free(a.bias_v);
  free(a.bias_h);
  free(a.log_w);
  return status;
}

/* Forward without samples, backward from samples. */
static pbl_status estimate(pbl_ais_report *out, const pbl_rbm *m, const float *base_bias,
                           const signed char *samples, size_t n, int n_temperatures, uint64_t seed,
                           int threads, pbl_progress *progress, pbl_error *err) {
  memset(out, 0, sizeof *out);
  float *zeros = calloc((size_t)m->n_visible, sizeof *zeros);
  double *log_w = calloc(n ? n : 1, sizeof *log_w);
  const float *base = base_bias ? base_bias : zeros;
  pbl_status status = PBL_OK;
  if (!zeros || !log_w) status = pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu AIS chains", n);
  if (!status)
    status = pbl_ais_log_weights(log_w, m, base, samples, n, n_temperatures, seed, threads,
                                 progress, err);
  if (!status) {
    pbl_ais_summarise(out, log_w, n, samples ? -1.0 : 1.0, pbl_ais_base_log_z(m, base));
    if (!isfinite(out->log_z))
      status = pbl_fail(err, PBL_NUMERIC, "AIS: log Z is not finite; are the weights?");
  }
  free(zeros);
  free(log_w);
  return status;
}

pbl_status pbl_ais(pbl_ais_report *out, const pbl_rbm *m, const float *base_bias, int n_chains,
                   int n_temperatures, uint64_t seed, int threads, pbl_progress *progress,
                   pbl_error *err) {
  return estimate(out, m, base_bias, NULL, n_chains > 0 ? (size_t)n_chains : 0, n_temperatures,
                  seed, threads, progress, err);
}

pbl_status pbl_ais_reverse(pbl_ais_report *out, const pbl_rbm *m, const float *base_bias,
                           const signed char *samples, size_t n_samples, int n_temperatures,
                           uint64_t seed, int threads, pbl_progress *progress, pbl_error *err) {
  if (!samples) return pbl_fail(err, PBL_INVALID, "reverse AIS: no samples to start from");
  return estimate(out, m, base_bias, samples, n_samples, n_temperatures, seed, threads, progress,
                  err);
}
