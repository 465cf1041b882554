/* Energies, and the slope of the log ratio of their histograms at two temperatures. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "law_internal.h"
#include "pbl_stats.h"

#define MAX_STEPS 50
#define CONVERGED 1e-10

pbl_status pbl_law_energies(double *energies, const pbl_chains *chains, const pbl_rbm *m,
                            pbl_error *err) {
  const size_t V = (size_t)m->n_visible, H = (size_t)m->n_hidden;
  if (chains->n_pbits != V + H)
    return pbl_fail(err, PBL_INVALID, "energies: chains of %zu p-bits, model of %zu + %zu",
                    chains->n_pbits, V, H);
  signed char *s = malloc(V + H);
  if (s == NULL) return law_no_memory(err);
  for (size_t c = 0; c < chains->n_chains; c++) {
    for (size_t t = 0; t < chains->n_recorded; t++) {
      for (size_t p = 0; p < V + H; p++) s[p] = (signed char)pbl_chains_spin(chains, c, t, p);
      energies[c * chains->n_recorded + t] = pbl_rbm_energy(m, s, s + V);
    }
  }
  free(s);
  return PBL_OK;
}

/* One sample: label 1 (a) or 0 (b); weight makes both samples count the same, which leaves the
 * slope unbiased and the intercept near zero. */
typedef struct {
  const double *energy;
  size_t n_chains, n_draws;
  double label, weight;
} sample;

typedef struct {
  double centre, scale; /* energies are standardised: x = (E - centre)/scale */
  double offset, slope; /* logit P(a | x) */
} logistic;

/* Score and information of one chain. */
static void chain_score(double score[2], double info[3], const sample *s, size_t c,
                        const logistic *f) {
  score[0] = score[1] = 0.0;
  for (size_t t = 0; t < s->n_draws; t++) {
    const double x = (s->energy[c * s->n_draws + t] - f->centre) / f->scale;
    const double p = 1.0 / (1.0 + exp(-(f->offset + f->slope * x)));
    const double r = s->weight * (s->label - p), v = s->weight * p * (1.0 - p);
    score[0] += r;
    score[1] += r * x;
    info[0] += v;
    info[1] += v * x;
    info[2] += v * x * x;
  }
}

static bool standardise(logistic *f, const sample *s) {
  double sum = 0.0, square = 0.0;
  for (int k = 0; k < 2; k++) {
    const size_t n = s[k].n_chains * s[k].n_draws;
    for (size_t i = 0; i < n; i++) sum += 0.5 * s[k].energy[i] / (double)n;
  }
  for (int k = 0; k < 2; k++) {
    const size_t n = s[k].n_chains * s[k].n_draws;
    for (size_t i = 0; i < n; i++) {
      const double y = s[k].energy[i] - sum;
      square += 0.5 * y * y / (double)n;
    }
  }
  *f = (logistic){.centre = sum, .scale = sqrt(square)};
  return isfinite(f->scale) && f->scale > 1e-12 * (1.0 + fabs(sum));
}

/* Newton's method; false when it runs away (separated samples). */
static bool fit(logistic *f, const sample *s, double info[3]) {
  for (int step = 0; step < MAX_STEPS; step++) {
    double total[2] = {0.0, 0.0};
    info[0] = info[1] = info[2] = 0.0;
    for (int k = 0; k < 2; k++) {
      for (size_t c = 0; c < s[k].n_chains; c++) {
        double score[2];
        chain_score(score, info, &s[k], c, f);
        total[0] += score[0];
        total[1] += score[1];
      }
    }
    const double det = info[0] * info[2] - info[1] * info[1];
    if (!(det > 0.0) || !isfinite(det)) return false;
    const double d0 = (info[2] * total[0] - info[1] * total[1]) / det;
    const double d1 = (info[0] * total[1] - info[1] * total[0]) / det;
    if (!isfinite(d0) || !isfinite(d1) || fabs(f->slope + d1) > 1e3) return false;
    f->offset += d0;
    f->slope += d1;
    if (fabs(d0) + fabs(d1) < CONVERGED) return true;
  }
  return false;
}

/* Sandwich variance of the slope: spread of the chains' scores within each sample. */
static double slope_variance(const logistic *f, const sample *s, const double info[3]) {
  const double det = info[0] * info[2] - info[1] * info[1];
  double variance = 0.0;
  for (int k = 0; k < 2; k++) {
    const double R = (double)s[k].n_chains;
    double mean = 0.0, square = 0.0;
    for (size_t c = 0; c < s[k].n_chains; c++) {
      double score[2], unused[3] = {0.0, 0.0, 0.0};
      chain_score(score, unused, &s[k], c, f);
      const double influence = (info[0] * score[1] - info[1] * score[0]) / det;
      const double delta = influence - mean;
      mean += delta / (double)(c + 1);
      square += delta * (influence - mean);
    }
    variance += square * R / (R - 1.0);
  }
  return variance;
}

pbl_status pbl_law_energy_slope(pbl_law_slope *out, const double *energy_a, size_t chains_a,
                                size_t draws_a, double beta_a, const double *energy_b,
                                size_t chains_b, size_t draws_b, double beta_b, pbl_error *err) {
  const double gap = beta_a - beta_b;
  if (chains_a < 2 || chains_b < 2 || draws_a == 0 || draws_b == 0 || !isfinite(gap))
    return pbl_fail(err, PBL_INVALID,
                    "energy slope: %zu and %zu chains of %zu and %zu draws at beta %g and %g; two "
                    "chains each needed",
                    chains_a, chains_b, draws_a, draws_b, beta_a, beta_b);
  const sample s[2] = {
      {energy_a, chains_a, draws_a, 1.0, 0.5 / (double)(chains_a * draws_a)},
      {energy_b, chains_b, draws_b, 0.0, 0.5 / (double)(chains_b * draws_b)},
  };
  logistic f;
  double info[3];
  if (!standardise(&f, s) || !fit(&f, s, info))
    return pbl_fail(err, PBL_NUMERIC,
                    "energy slope: energies never vary or do not overlap; bring the temperatures "
                    "closer");
  *out = (pbl_law_slope){.slope = f.slope / f.scale, .expected = -gap};
  out->error = sqrt(slope_variance(&f, s, info)) / f.scale;
  out->difference_error = fabs(gap) > 0.0 ? out->slope / out->expected - 1.0 : NAN;
  out->test.dof = (double)(chains_a + chains_b - 2);
  out->test.n_tests = 1;
  out->test.worst = SIZE_MAX;
  out->test.statistic = (out->slope - out->expected) / out->error;
  out->test.p_value = pbl_student_t_two_sided_p(out->test.statistic, out->test.dof);
  return PBL_OK;
}
