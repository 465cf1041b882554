/* State frequencies against the exact law: chi-square and divergences. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "law_internal.h"
#include "pbl_stats.h"

#define WORTH 5.0 /* independent draws a cell must be worth */
#define PI 3.14159265358979323846

pbl_status law_frequencies(double *freq, const pbl_chains *chains, size_t chain, const law_cells *c,
                           pbl_error *err) {
  double *counts = malloc(c->n_states * sizeof *counts);
  if (counts == NULL) return law_no_memory(err);
  const pbl_status status = pbl_law_counts(counts, chains, chain, err);
  const size_t n_chains = chain == SIZE_MAX ? chains->n_chains : 1;
  const double n = (double)(n_chains * chains->n_recorded);
  memset(freq, 0, c->n_cells * sizeof *freq);
  for (size_t x = 0; x < c->n_states && status == PBL_OK; x++) freq[c->cell[x]] += counts[x] / n;
  free(counts);
  return status;
}

double law_x2(size_t *worst, const double *freq, const law_cells *c, double n) {
  double x2 = 0.0, most = -1.0;
  for (size_t a = 0; a < c->n_cells; a++) {
    const double delta = freq[a] - c->law[a];
    const double z2 = delta * delta / c->covariance[a * c->n_cells + a];
    x2 += n * delta * delta / c->law[a];
    if (z2 > most) {
      most = z2;
      *worst = a;
    }
  }
  return x2;
}

pbl_status pbl_law_chi2(pbl_law_test *out, const pbl_chains *chains, const pbl_dense *d,
                        double min_mass, pbl_error *err) {
  law_cells c;
  pbl_status status = law_check(chains, pbl_dense_states(d), 1, err);
  if (status == PBL_OK) status = law_cells_create(&c, d, min_mass, chains->n_recorded, err);
  if (status != PBL_OK) return status;
  double *freq = malloc(c.n_cells * sizeof *freq);
  status = freq == NULL ? law_no_memory(err) : law_frequencies(freq, chains, SIZE_MAX, &c, err);
  if (status == PBL_OK) {
    const double n = (double)(chains->n_chains * chains->n_recorded);
    *out = (pbl_law_test){.n_tests = c.n_cells, .dof = c.dof};
    out->statistic = law_x2(&out->worst, freq, &c, n) * c.scale;
    out->p_value = pbl_chi2_upper_p(out->statistic, out->dof);
  }
  free(freq);
  law_cells_free(&c);
  return status;
}

typedef struct {
  double kl, tv, hellinger2;
} distances;

static distances measure(const double *freq, const law_cells *c) {
  distances m = {0.0, 0.0, 1.0};
  for (size_t a = 0; a < c->n_cells; a++) {
    if (freq[a] > 0.0) m.kl += freq[a] * log(freq[a] / c->law[a]);
    m.tv += 0.5 * fabs(freq[a] - c->law[a]);
    m.hellinger2 -= sqrt(freq[a] * c->law[a]);
  }
  return m;
}

static bool worth_enough(const law_cells *c, double n) {
  for (size_t a = 0; a < c->n_cells; a++) {
    const double p = c->law[a];
    const double deff = c->covariance[a * c->n_cells + a] / (p * (1.0 - p));
    if (n * p < WORTH * deff) return false;
  }
  return true;
}

/* Doubles the least mass until every cell is worth WORTH independent draws. */
static pbl_status fitting_cells(law_cells *c, const pbl_dense *d, const pbl_chains *chains,
                                pbl_error *err) {
  const double n = (double)(chains->n_chains * chains->n_recorded);
  for (double mass = WORTH / n; mass <= 0.5; mass *= 2.0) {
    const pbl_status status = law_cells_create(c, d, mass, chains->n_recorded, err);
    if (status != PBL_OK) return status;
    if (worth_enough(c, n)) return PBL_OK;
    law_cells_free(c);
  }
  return pbl_fail(err, PBL_INVALID,
                  "divergence: %zu chains of %zu draws are worth fewer than %g independent draws "
                  "per cell; record more",
                  chains->n_chains, chains->n_recorded, 2.0 * WORTH);
}

/* Null means: E KL = sum V_aa/p_a / 2n, Hellinger^2 is a quarter of KL locally, and E|x| of a
 * centred normal is sqrt(2 Var/pi). */
static void fill_null(pbl_law_divergences *out, const law_cells *c, double n) {
  out->kl.null_mean = out->tv.null_mean = out->deff_mean = 0.0;
  for (size_t a = 0; a < c->n_cells; a++) {
    const double v = c->covariance[a * c->n_cells + a], p = c->law[a];
    out->kl.null_mean += v / p / (2.0 * n);
    out->tv.null_mean += sqrt(v / (2.0 * PI * n));
    out->deff_mean += v / (p * (1.0 - p)) / (double)c->n_cells;
  }
  out->hellinger2.null_mean = 0.25 * out->kl.null_mean;
}

static void jackknife(pbl_law_divergences *out, const double *chain_freq, const double *freq,
                      double *without, size_t R, const law_cells *c) {
  distances sum = {0, 0, 0}, square = {0, 0, 0};
  const distances all = measure(freq, c);
  for (size_t r = 0; r < R; r++) {
    for (size_t a = 0; a < c->n_cells; a++) {
      without[a] = ((double)R * freq[a] - chain_freq[r * c->n_cells + a]) / ((double)R - 1.0);
      without[a] = without[a] < 0.0 ? 0.0 : without[a]; /* rounding */
    }
    const distances m = measure(without, c);
    const double kl = m.kl - all.kl, tv = m.tv - all.tv, h = m.hellinger2 - all.hellinger2;
    sum = (distances){sum.kl + kl, sum.tv + tv, sum.hellinger2 + h};
    square = (distances){square.kl + kl * kl, square.tv + tv * tv, square.hellinger2 + h * h};
  }
  const double n = (double)R, scale = (n - 1.0) / n;
  out->kl.error = sqrt(scale * fmax(0.0, square.kl - sum.kl * sum.kl / n));
  out->tv.error = sqrt(scale * fmax(0.0, square.tv - sum.tv * sum.tv / n));
  out->hellinger2.error =
      sqrt(scale * fmax(0.0, square.hellinger2 - sum.hellinger2 * sum.hellinger2 / n));
}

static void finish(pbl_law_distance *d, double value) {
  d->value = value;
  d->excess = value - d->null_mean;
}

pbl_status pbl_law_divergence(pbl_law_divergences *out, const pbl_chains *chains,
                              const pbl_dense *d, pbl_error *err) {
  law_cells c;
  pbl_status status = law_check(chains, pbl_dense_states(d), 1, err);
  if (status == PBL_OK) status = fitting_cells(&c, d, chains, err);
  if (status != PBL_OK) return status;
  const size_t R = chains->n_chains;
  const double n = (double)(R * chains->n_recorded);
  double *freq = malloc((R + 2) * c.n_cells * sizeof *freq);
  if (freq == NULL) status = law_no_memory(err);
  for (size_t r = 0; r < R && status == PBL_OK; r++)
    status = law_frequencies(freq + (r + 2) * c.n_cells, chains, r, &c, err);
  if (status == PBL_OK) status = law_frequencies(freq, chains, SIZE_MAX, &c, err);
  if (status == PBL_OK) {
    *out = (pbl_law_divergences){.n_cells = c.n_cells};
    fill_null(out, &c, n);
    const distances m = measure(freq, &c);
    finish(&out->kl, m.kl);
    finish(&out->tv, m.tv);
    finish(&out->hellinger2, m.hellinger2);
    if (R > 1) {
      jackknife(out, freq + 2 * c.n_cells, freq, freq + c.n_cells, R, &c);
    } else {
      out->kl.error = out->tv.error = out->hellinger2.error = NAN;
    }
    out->p_value = pbl_chi2_upper_p(fmax(0.0, 2.0 * n * m.kl) * c.scale, c.dof);
  }
  free(freq);
  law_cells_free(&c);
  return status;
}
