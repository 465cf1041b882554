#include "pbl_power.h"

#include <math.h>
#include <stdlib.h>

#include "law_internal.h"
#include "pbl_reference.h"
#include "pbl_stats.h"

#define CHAINS 64
#define BURN_IN 500
#define DRAWS 2000
#define FIELD_EVERY 10
#define MAX_TAU_PBITS 64

pbl_status pbl_power_needed(double *n, double error, double information, double alpha, double power,
                            size_t n_members, pbl_error *err) {
  if (!(alpha > 0.0 && alpha < 1.0 && power > alpha / 2.0 && power < 1.0 && n_members > 0))
    return pbl_fail(err, PBL_INVALID,
                    "power: alpha %g, power %g, %zu members; 0 < alpha < 1, alpha/2 < power < 1",
                    alpha, power, n_members);
  if (!(fabs(error) > 0.0) || !(information > 0.0) || !isfinite(error) || !isfinite(information))
    return pbl_fail(err, PBL_INVALID,
                    "power: error %g and information %g must be finite and not zero", error,
                    information);
  const double z =
      pbl_normal_quantile(1.0 - 0.5 * alpha / (double)n_members) + pbl_normal_quantile(power);
  *n = z * z / (error * error * information);
  return PBL_OK;
}

/* variance: E sech^2(beta f) of every p-bit. */
static void fill_weight(pbl_power_model *out, const double *variance, size_t V, size_t H,
                        double beta) {
  double least[2] = {INFINITY, INFINITY}, mean[2] = {0.0, 0.0};
  for (size_t p = 0; p < V + H; p++) {
    const int side = p >= V;
    least[side] = fmin(least[side], variance[p]);
    mean[side] += variance[p] / (double)(side ? H : V);
  }
  out->weight_information_least = beta * beta * (least[0] + least[1]);
  out->weight_information_mean = beta * beta * (mean[0] + mean[1]);
}

static void keep_slowest(pbl_power_model *out, size_t pbit, double variance, double tau,
                         bool resolved) {
  const double sigma2 = 2.0 * tau * variance;
  if (!resolved) out->moment_resolved = false;
  if (!isfinite(sigma2) || sigma2 <= out->moment_sigma2) return;
  out->moment_sigma2 = sigma2;
  out->moment_tau = tau;
  out->moment_pbit = pbit;
}

static void start_moments(pbl_power_model *out, bool exact) {
  out->moment_sigma2 = 0.0;
  out->moment_resolved = true;
  out->moment_exact = exact;
}

static pbl_status exact_moments(pbl_power_model *out, const pbl_oracle *o, pbl_error *err) {
  const size_t n = pbl_oracle_states(o);
  pbl_dense *d = NULL;
  double *f = malloc(n * sizeof *f);
  if (f == NULL) return law_no_memory(err);
  pbl_status status = pbl_dense_create(&d, o, 1, err);
  start_moments(out, true);
  for (size_t p = 0; p < out->n_pbits && status == PBL_OK; p++) {
    double variance, tau;
    for (size_t x = 0; x < n; x++) f[x] = (x >> p) & 1 ? 1.0 : -1.0;
    status = pbl_dense_tau(d, f, NULL, &variance, &tau, err);
    if (status == PBL_OK) keep_slowest(out, p, variance, tau, true);
  }
  pbl_dense_destroy(d);
  free(f);
  return status;
}

static pbl_status measure_exactly(pbl_power_model *out, const pbl_rbm *m, double beta,
                                  pbl_error *err) {
  pbl_oracle *o = NULL;
  double variance[PBL_POWER_EXACT_PBITS];
  pbl_status status = pbl_oracle_create_model_scan(&o, m, beta, PBL_SCAN_CYCLIC, err);
  if (status == PBL_OK) status = pbl_oracle_information(&out->information, o, err);
  if (status == PBL_OK) {
    out->exact = true;
    pbl_oracle_innovation_variance(variance, o);
    fill_weight(out, variance, (size_t)m->n_visible, (size_t)m->n_hidden, beta);
  }
  if (status == PBL_OK && !isnan(out->moment_sigma2)) status = exact_moments(out, o, err);
  pbl_oracle_destroy(o);
  return status;
}

/* Information and variance of every p-bit of one draw, given the other side's state. */
static void add_draw(double *information, double *variance, const signed char *s, const pbl_rbm *m,
                     double beta, double *field) {
  const size_t V = (size_t)m->n_visible, H = (size_t)m->n_hidden;
  for (size_t i = 0; i < V; i++) field[i] = (double)m->b[i];
  for (size_t j = 0; j < H; j++) field[V + j] = (double)m->c[j];
  for (size_t i = 0; i < V; i++) {
    const float *w = m->w + i * H;
    double sum = 0.0;
    for (size_t j = 0; j < H; j++) {
      sum += (double)w[j] * (double)s[V + j];
      field[V + j] += (double)w[j] * (double)s[i];
    }
    field[i] += sum;
  }
  for (size_t p = 0; p < V + H; p++) {
    const double x = beta * field[p], c = 1.0 / cosh(x), v = c * c;
    variance[p] += v;
    *information += x * x * v / (double)(V + H);
  }
}

static pbl_status sampled_fields(pbl_power_model *out, const pbl_chains *chains, const pbl_rbm *m,
                                 double beta, pbl_error *err) {
  const size_t N = out->n_pbits, used = chains->n_recorded / FIELD_EVERY;
  double *variance = calloc(2 * N, sizeof *variance), mean = 0.0, square = 0.0;
  signed char *s = malloc(N);
  pbl_status status = variance == NULL || s == NULL ? law_no_memory(err) : PBL_OK;
  for (size_t c = 0; c < chains->n_chains && status == PBL_OK; c++) {
    double information = 0.0;
    for (size_t k = 0; k < used; k++) {
      for (size_t p = 0; p < N; p++)
        s[p] = (signed char)pbl_chains_spin(chains, c, k * FIELD_EVERY, p);
      add_draw(&information, variance, s, m, beta, variance + N);
    }
    const double x = information / (double)used, delta = x - mean;
    mean += delta / (double)(c + 1);
    square += delta * (x - mean);
  }
  if (status == PBL_OK) {
    const double R = (double)chains->n_chains;
    for (size_t p = 0; p < N; p++) variance[p] /= R * (double)used;
    out->information = mean;
    out->information_error = sqrt(square / ((R - 1.0) * R));
    fill_weight(out, variance, (size_t)m->n_visible, (size_t)m->n_hidden, beta);
  }
  free(variance);
  free(s);
  return status;
}

static pbl_status sampled_moments(pbl_power_model *out, const pbl_chains *chains, pbl_error *err) {
  const size_t R = chains->n_chains, n = chains->n_recorded;
  const size_t count = out->n_pbits < MAX_TAU_PBITS ? out->n_pbits : MAX_TAU_PBITS;
  double *x = malloc(R * n * sizeof *x);
  if (x == NULL) return law_no_memory(err);
  pbl_status status = PBL_OK;
  start_moments(out, false);
  for (size_t k = 0; k < count && status == PBL_OK; k++) {
    const size_t p = k * out->n_pbits / count;
    pbl_tau_report r;
    for (size_t c = 0; c < R; c++) {
      for (size_t t = 0; t < n; t++) x[c * n + t] = (double)pbl_chains_spin(chains, c, t, p);
    }
    status = pbl_tau_among(&r, x, R, n, count, err);
    if (status == PBL_OK)
      keep_slowest(out, p, r.variance, r.tau.value, r.resolution == PBL_RESOLVED);
  }
  if (status == PBL_OK && out->moment_sigma2 == 0.0) out->moment_sigma2 = NAN; /* all frozen */
  free(x);
  return status;
}

static pbl_status sample(pbl_power_model *out, const pbl_rbm *m, double beta, bool moments,
                         uint64_t seed, int threads, pbl_progress *progress, pbl_error *err) {
  const pbl_reference_options options = {.n_chains = CHAINS,
                                         .seed = seed,
                                         .threads = threads,
                                         .kernel = PBL_KERNEL_CYCLIC,
                                         .beta = beta};
  pbl_reference *r = NULL;
  pbl_chains *chains = NULL;
  pbl_status status = pbl_reference_create(&r, m, &options, err);
  if (status == PBL_OK) status = pbl_chains_create(&chains, CHAINS, DRAWS, out->n_pbits, err);
  if (status == PBL_OK) status = pbl_reference_run(r, NULL, BURN_IN, 1, progress, err);
  if (status == PBL_OK) status = pbl_reference_run(r, chains, DRAWS, 1, progress, err);
  if (status == PBL_OK) status = sampled_fields(out, chains, m, beta, err);
  if (status == PBL_OK && moments) status = sampled_moments(out, chains, err);
  out->n_chains = CHAINS;
  out->n_draws = DRAWS;
  pbl_chains_destroy(chains);
  pbl_reference_destroy(r);
  return status;
}

pbl_status pbl_power_measure(pbl_power_model *out, const pbl_rbm *m, double beta, bool moments,
                             uint64_t seed, int threads, pbl_progress *progress, pbl_error *err) {
  const size_t V = (size_t)m->n_visible, H = (size_t)m->n_hidden;
  if (!(beta > 0.0) || !isfinite(beta))
    return pbl_fail(err, PBL_INVALID, "power: beta %g must be positive", beta);
  *out = (pbl_power_model){.n_pbits = V + H, .n_edges = V * H};
  out->moment_sigma2 = moments ? 0.0 : NAN;
  out->moment_tau = NAN;
  if (V + H > PBL_POWER_EXACT_PBITS)
    return sample(out, m, beta, moments, seed, threads, progress, err);
  if (!moments || V + H <= PBL_POWER_EXACT_TAU_PBITS) return measure_exactly(out, m, beta, err);
  /* tau needs chains, the information does not. */
  pbl_power_model exact = {.n_pbits = V + H, .n_edges = V * H, .moment_sigma2 = NAN};
  pbl_status status = sample(out, m, beta, true, seed, threads, progress, err);
  if (status == PBL_OK) status = measure_exactly(&exact, m, beta, err);
  if (status != PBL_OK) return status;
  out->exact = true;
  out->information = exact.information;
  out->information_error = 0.0;
  out->weight_information_least = exact.weight_information_least;
  out->weight_information_mean = exact.weight_information_mean;
  return PBL_OK;
}
