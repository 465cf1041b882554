#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_gibbs.h"
#include "pbl_parallel.h"
#include "pbl_train.h"

#define LANES PBL_GIBBS_LANES
/* p-bit updates of all blocks between two looks at the progress object. */
#define UPDATES_PER_STRETCH 4000000u

/* Path from the base (t = 0) to the model (t = 1), hidden p-bits summed out:
 *   ln p*_t(v) = beta ((1-t) a.v + t b.v) + sum_j ln 2cosh(t beta (c_j + W'v_j)). */
typedef struct {
  const pbl_rbm *m;
  const float *base; /* a, V */
  size_t n_blocks;
  int n_temperatures, from, to; /* temperatures from .. to-1 are this stretch's work */
  pbl_gibbs_block *blocks;
  float *bias_v, *bias_h; /* scratch per block: V, H */
  double *log_w;          /* 16 per block */
} annealing;

static double time_of(const annealing *a, int k) {
  return (double)k / (double)(a->n_temperatures - 1);
}

/* log_w += ln p*_t1(v) - ln p*_t0(v); the block's field holds W'v.
 * ln 2cosh x = |x| + ln(1 + e^-2|x|): the ratios are multiplied up and their logarithm is taken
 * once per 64 p-bits, where the product is below 2^64. */
static void add_weights(const annealing *a, size_t block, double t0, double t1) {
  const pbl_gibbs_block *b = &a->blocks[block];
  const pbl_rbm *m = a->m;
  double *log_w = a->log_w + block * LANES;
  for (size_t i = 0; i < b->n_visible; i++) {
    const double slope = (t1 - t0) * m->beta * ((double)m->b[i] - (double)a->base[i]);
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

static void anneal_block(void *context, size_t block) {
  const annealing *a = context;
  const pbl_rbm *m = a->m;
  pbl_gibbs_block *b = &a->blocks[block];
  float *bias_v = a->bias_v + block * b->n_visible, *bias_h = a->bias_h + block * b->n_hidden;
  for (int k = a->from; k < a->to; k++) {
    const double t = time_of(a, k);
    for (size_t i = 0; i < b->n_visible; i++)
      bias_v[i] = (float)((1.0 - t) * (double)a->base[i] + t * (double)m->b[i]);
    for (size_t j = 0; j < b->n_hidden; j++) bias_h[j] = (float)(t * (double)m->c[j]);
    const pbl_gibbs_law law = {.w = m->w,
                               .bias_v = bias_v,
                               .bias_h = bias_h,
                               .coupling = (float)t,
                               .two_beta = (float)(2.0 * m->beta)};
    if (k == 0) { /* exact draw from the base: h is still 0 */
      pbl_gibbs_half_visible(b, &law);
      continue;
    }
    pbl_gibbs_hidden_field(b, m->w);
    add_weights(a, block, time_of(a, k - 1), t); /* before the transition at t */
    if (k + 1 == a->n_temperatures) break;       /* the last state is not used */
    pbl_gibbs_draw_hidden(b, &law);
    pbl_gibbs_half_visible(b, &law);
  }
}

/* ln Z = ln Z_0 + ln mean w, its 95 % interval from the delta method: the relative variance of the
 * mean weight is (1/ESS fraction - 1)/(n - 1). */
static void summarise(pbl_ais_report *out, const annealing *a, size_t n) {
  double log_z0 = (double)a->m->n_hidden * log(2.0), top = -DBL_MAX, mean = 0.0;
  for (int i = 0; i < a->m->n_visible; i++) {
    const double x = fabs(a->m->beta * (double)a->base[i]);
    log_z0 += x + log1p(exp(-2.0 * x));
  }
  for (size_t c = 0; c < n; c++) {
    if (a->log_w[c] > top) top = a->log_w[c];
    mean += a->log_w[c] / (double)n;
  }
  double sum = 0.0, sum2 = 0.0, square = 0.0;
  for (size_t c = 0; c < n; c++) {
    const double w = exp(a->log_w[c] - top);
    sum += w;
    sum2 += w * w;
    square += (a->log_w[c] - mean) * (a->log_w[c] - mean);
  }
  out->log_weight_variance = square / (double)(n - 1);
  out->ess_fraction = sum * sum / (sum2 * (double)n);
  out->log_z = log_z0 + top + log(sum / (double)n);
  const double relative = fmax(1.0 / out->ess_fraction - 1.0, 0.0);
  const double half = 1.96 * sqrt(relative / (double)(n - 1));
  out->log_z_low = out->log_z - half;
  out->log_z_high = out->log_z + half;
  out->log_likelihood_train = out->log_likelihood_test = NAN;
  out->passed = out->ess_fraction > 0.2 && out->log_weight_variance < 2.0;
}

static pbl_status run(annealing *a, int threads, pbl_progress *progress, pbl_error *err) {
  const uint64_t updates = (uint64_t)(a->m->n_visible + a->m->n_hidden) * LANES * a->n_blocks;
  const int stride = (int)(UPDATES_PER_STRETCH / updates) + 1, n = a->n_temperatures;
  while (a->to < n) {
    a->from = a->to;
    a->to = n - a->from < stride ? n : a->from + stride;
    pbl_parallel_for(a->n_blocks, threads, anneal_block, a);
    if (!pbl_progress_report(progress, "annealing", (uint64_t)a->to, (uint64_t)n) && a->to < n)
      return pbl_fail(err, PBL_INTERRUPTED, "AIS stopped after %d of %d temperatures", a->to, n);
  }
  return PBL_OK;
}

pbl_status pbl_ais(pbl_ais_report *out, const pbl_rbm *m, const float *base_bias, int n_chains,
                   int n_temperatures, uint64_t seed, int threads, pbl_progress *progress,
                   pbl_error *err) {
  memset(out, 0, sizeof *out);
  if (n_chains < 2 || n_temperatures < 2)
    return pbl_fail(err, PBL_INVALID, "AIS: %d chains and %d temperatures, each must be >= 2",
                    n_chains, n_temperatures);
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  annealing a = {.m = m, .n_temperatures = n_temperatures};
  a.n_blocks = ((size_t)n_chains + LANES - 1) / LANES;
  float *zeros = calloc(n_v, sizeof *zeros);
  a.base = base_bias ? base_bias : zeros;
  a.bias_v = calloc(a.n_blocks * n_v, sizeof *a.bias_v);
  a.bias_h = calloc(a.n_blocks * n_h, sizeof *a.bias_h);
  a.log_w = calloc(a.n_blocks * LANES, sizeof *a.log_w);
  pbl_status status;
  if (!zeros || !a.bias_v || !a.bias_h || !a.log_w) {
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for %d AIS chains", n_chains);
    goto done;
  }
  status = pbl_gibbs_create(&a.blocks, a.n_blocks, n_v, n_h, seed, err);
  if (status) goto done;
  status = run(&a, threads, progress, err);
  if (status) goto done;
  summarise(out, &a, (size_t)n_chains);
  if (!isfinite(out->log_z))
    status = pbl_fail(err, PBL_NUMERIC, "AIS: log Z is not finite; are the weights?");
done:
  pbl_gibbs_destroy(a.blocks, a.n_blocks);
  free(zeros);
  free(a.bias_v);
  free(a.bias_h);
  free(a.log_w);
  return status;
}
