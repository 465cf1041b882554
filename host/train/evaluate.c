#include "evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"
#include "pbl_estimators.h"
#include "pbl_parallel.h"

#define LANES PBL_GIBBS_LANES
#define SEED_AIS UINT64_C(0x616e6e65616c6564)
#define SEED_TAU UINT64_C(0x6d6978696e67)
#define SWEEPS_PER_REPORT 50

static double mean_log_weight(const pbl_rbm *m, const signed char *images, size_t n) {
  double sum = 0.0;
  for (size_t k = 0; k < n; k++)
    sum -= m->beta * pbl_rbm_free_energy(m, images + k * (size_t)m->n_visible);
  return sum / (double)n;
}

/* AIS starts from the independent model of the data: the starting biases. */
static pbl_status likelihood(pbl_train_log *row, pbl_ais_report *ais, const pbl_pcd *t,
                             const float *base_bias, const signed char *test, size_t n_test,
                             pbl_progress *progress, pbl_error *err) {
  const pbl_rbm *m = t->model;
  pbl_status status = pbl_train_enumerable(m, t->opt.exact_side)
                          ? pbl_train_exact(ais, m, t->opt.threads, progress, err)
                          : pbl_ais(ais, m, base_bias, t->opt.ais_chains, t->opt.ais_temperatures,
                                    t->opt.seed ^ SEED_AIS, t->opt.threads, progress, err);
  if (!status) status = pbl_train_gap(&row->gap, m, err);
  if (status) return status;
  ais->log_likelihood_train = mean_log_weight(m, t->images, t->n_images) - ais->log_z;
  if (test && n_test) ais->log_likelihood_test = mean_log_weight(m, test, n_test) - ais->log_z;
  row->log_z = ais->log_z;
  row->log_likelihood_train = ais->log_likelihood_train;
  row->log_likelihood_test = ais->log_likelihood_test;
  row->ais_variance = ais->log_weight_variance;
  row->ais_ess_fraction = ais->ess_fraction;
  if (ais->exact) {
    pbl_progress_note(progress, "exact: log Z %.4f, log-likelihood %.4f, spectral gap %.3g",
                      ais->log_z, ais->log_likelihood_train, row->gap);
    return PBL_OK;
  }
  pbl_progress_note(
      progress, "AIS: log Z %.2f [%.2f, %.2f], ESS fraction %.3f, variance of log weights %.3f%s",
      ais->log_z, ais->log_z_low, ais->log_z_high, ais->ess_fraction, ais->log_weight_variance,
      ais->passed ? "" : " (gates NOT passed)");
  return PBL_OK;
}

typedef struct {
  const pbl_pcd *t;
  pbl_gibbs_block *blocks;
  float *scratch;         /* n_blocks x 2 x H x 16 */
  double *series;         /* 16 n_blocks x draws */
  size_t draws, first, n; /* of this stretch; draws below 0 are burn-in and not recorded */
  bool record;
} mixing;

/* F(v)/T of the 16 chains from the hidden fields that the next half-sweep needs anyway. */
static void free_energies(double f[LANES], const pbl_gibbs_block *b, const pbl_gibbs_law *law,
                          float *x, float *p) {
  const size_t h = b->n_hidden;
  const double beta = 0.5 * (double)law->two_beta;
  double product[LANES];
  for (size_t l = 0; l < LANES; l++) f[l] = 0.0, product[l] = 1.0;
  for (size_t j = 0; j < h; j++)
    for (size_t l = 0; l < LANES; l++)
      x[j * LANES + l] = fabsf(law->two_beta * (b->field[j * LANES + l] + law->bias_h[j]));
  memcpy(p, x, h * LANES * sizeof *p);
  pbl_gibbs_sigmoid(p, h * LANES);
  for (size_t j = 0; j < h; j++)
    for (size_t l = 0; l < LANES; l++) {
      f[l] -= 0.5 * (double)x[j * LANES + l];
      product[l] *= (double)p[j * LANES + l];
      if (j % 512 == 511) { /* factors of at least 1/2 */
        f[l] += log(product[l]);
        product[l] = 1.0;
      }
    }
  for (size_t l = 0; l < LANES; l++) {
    f[l] += log(product[l]);
    for (size_t i = 0; i < b->n_visible; i++)
      f[l] -= beta * (double)law->bias_v[i] * (double)b->v[i * LANES + l];
  }
}

static void mixing_job(void *context, size_t job) {
  const mixing *m = context;
  pbl_gibbs_block *b = &m->blocks[job];
  const pbl_gibbs_law law = pbl_pcd_law(m->t);
  float *x = m->scratch + job * 2 * b->n_hidden * LANES, *p = x + b->n_hidden * LANES;
  for (size_t n = 0; n < m->n; n++) {
    pbl_gibbs_hidden_field(b, law.w);
    if (m->record) {
      double f[LANES];
      free_energies(f, b, &law, x, p);
      for (size_t l = 0; l < LANES; l++)
        m->series[(job * LANES + l) * m->draws + m->first + n] = f[l];
    }
    pbl_gibbs_draw_hidden(b, &law);
    pbl_gibbs_half_visible(b, &law);
  }
}

/* `total` sweeps of all blocks, with progress. */
static pbl_status run_mixing(mixing *m, size_t n_blocks, size_t total, bool record,
                             const char *what, pbl_progress *progress, pbl_error *err) {
  m->record = record;
  for (m->first = 0; m->first < total; m->first += m->n) {
    m->n = total - m->first < SWEEPS_PER_REPORT ? total - m->first : SWEEPS_PER_REPORT;
    pbl_parallel_for(n_blocks, m->t->opt.threads, mixing_job, m);
    if (!pbl_progress_report(progress, what, m->first + m->n, total))
      return pbl_fail(err, PBL_INTERRUPTED, "evaluation stopped");
  }
  return PBL_OK;
}

static pbl_status estimate(pbl_train_log *row, const double *series, size_t n_chains,
                           size_t n_draws, pbl_progress *progress, pbl_error *err) {
  pbl_resolve_report r;
  const double *const x[] = {series};
  const pbl_resolve_options options = pbl_resolve_default();
  pbl_status status = pbl_resolve(&r, x, 1, n_chains, n_draws, &options, err);
  if (status) return status;
  row->tau = r.tau.value;
  row->tau_low = r.tau.low;
  row->tau_high = r.tau.high;
  row->tau_resolved = r.resolution == PBL_RESOLVED ? 1.0 : 0.0;
  pbl_progress_note(progress, "tau of the free energy: %.1f sweeps [%.1f, %.1f]%s%s", r.tau.value,
                    r.tau.low, r.tau.high, r.resolution == PBL_RESOLVED ? "" : ", not resolved: ",
                    r.resolution == PBL_RESOLVED || !r.gate ? "" : r.gate);
  return PBL_OK;
}

static pbl_status mix(pbl_train_log *row, const pbl_pcd *t, pbl_progress *progress,
                      pbl_error *err) {
  const size_t n_blocks = ((size_t)t->opt.tau_chains + LANES - 1) / LANES;
  mixing m = {.t = t, .draws = (size_t)t->opt.tau_draws};
  pbl_status status =
      pbl_gibbs_create(&m.blocks, n_blocks, t->n_visible, t->n_hidden, t->opt.seed ^ SEED_TAU, err);
  if (status) return status;
  m.scratch = calloc(n_blocks * 2 * t->n_hidden * LANES, sizeof *m.scratch);
  m.series = calloc(n_blocks * LANES * m.draws, sizeof *m.series);
  if (!m.scratch || !m.series)
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu draws of tau", m.draws);
  pbl_gibbs_law coins = pbl_pcd_law(t);
  coins.two_beta = 0.0f;
  for (size_t k = 0; !status && k < n_blocks; k++) pbl_gibbs_half_visible(&m.blocks[k], &coins);
  if (!status)
    status =
        run_mixing(&m, n_blocks, (size_t)t->opt.tau_burn_in, false, "tau: burn-in", progress, err);
  if (!status) status = run_mixing(&m, n_blocks, m.draws, true, "tau: sweeps", progress, err);
  if (!status) status = estimate(row, m.series, (size_t)t->opt.tau_chains, m.draws, progress, err);
  free(m.scratch);
  free(m.series);
  pbl_gibbs_destroy(m.blocks, n_blocks);
  return status;
}

pbl_status pbl_train_evaluate(pbl_train_log *row, pbl_ais_report *ais, pbl_pcd *t,
                              const float *base_bias, const signed char *test, size_t n_test,
                              pbl_progress *progress, pbl_error *err) {
  pbl_status status = PBL_OK;
  if (test && n_test)
    row->test_error = pbl_pcd_reconstruction(&row->test_accuracy, t, test, n_test);
  if (t->opt.ais_chains) status = likelihood(row, ais, t, base_bias, test, n_test, progress, err);
  if (!status && t->opt.tau_chains) status = mix(row, t, progress, err);
  return status;
}
