#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_ais_bridge.h"

pbl_normalisation_options pbl_normalisation_default(void) {
  return (pbl_normalisation_options){.n_chains = 2000,
                                     .n_temperatures = 500,
                                     .bridge_temperatures = 12,
                                     .bridge_chains = 64,
                                     .bridge_burn_in = 50,
                                     .bridge_draws = 100,
                                     .tolerance = 0.1,
                                     .seed = 1,
                                     .threads = 0};
}

void pbl_normalisation_gate(pbl_normalisation *n, double tolerance) {
  n->gap = n->reverse.log_z - n->forward.log_z;
  const bool bridge = !isnan(n->bridge_log_z);
  const struct {
    bool passed;
    const char *name;
  } gates[] = {
      {n->forward.ess_fraction > 0.2, "forward ESS fraction > .2"},
      {n->forward.log_weight_variance < 2.0, "forward variance of log w < 2"},
      {n->reverse.ess_fraction > 0.2, "reverse ESS fraction > .2"},
      {n->reverse.log_weight_variance < 2.0, "reverse variance of log w < 2"},
      {fabs(n->gap) < tolerance, "gap between the directions"},
      {!bridge || n->bridge_overlap >= PBL_BRIDGE_MIN_OVERLAP, "bridge overlap >= .03"},
      {!bridge || fabs(n->bridge_log_z - n->log_z) < tolerance, "bridge against both directions"},
  };
  n->passed = true;
  n->gate = "all gates passed";
  for (size_t k = 0; n->passed && k < sizeof gates / sizeof gates[0]; k++) {
    if (gates[k].passed) continue;
    n->passed = false;
    n->gate = gates[k].name;
  }
}

/* Asymptotic variance of Bennett's ratio for independent values (Shirts et al. 2003, eq. 8), with
 * the sample means of both directions in place of the expectations:
 * [<s^2>_f/<s>_f^2 - 1]/n_f + [<s^2>_r/<s>_r^2 - 1]/n_r. */
static double relative_variance(const double *w, size_t n, double sign, double centre) {
  double mean = 0.0, square = 0.0;
  for (size_t k = 0; k < n; k++) {
    const double s = 1.0 / (1.0 + exp(-sign * (w[k] - centre)));
    mean += s / (double)n;
    square += s * s / (double)n;
  }
  return (square / (mean * mean) - 1.0) / (double)n;
}

static pbl_status combine(pbl_normalisation *out, const double *f, size_t n_f, const double *r,
                          size_t n_r, double log_z0, pbl_error *err) {
  double c;
  pbl_ais_summarise(&out->forward, f, n_f, 1.0, log_z0);
  pbl_ais_summarise(&out->reverse, r, n_r, -1.0, log_z0);
  if (!isfinite(out->forward.log_z) || !isfinite(out->reverse.log_z))
    return pbl_fail(err, PBL_NUMERIC, "AIS: log Z is not finite; are the weights?");
  const pbl_status st = pbl_bar(&c, NULL, f, n_f, r, n_r, err);
  if (st) return st;
  const double centre = c - log((double)n_r / (double)n_f);
  const double half =
      1.96 * sqrt(relative_variance(f, n_f, 1.0, centre) + relative_variance(r, n_r, -1.0, centre));
  out->log_z = log_z0 + c;
  out->log_z_low = out->log_z - half;
  out->log_z_high = out->log_z + half;
  return PBL_OK;
}

pbl_status pbl_normalise(pbl_normalisation *out, const pbl_rbm *m, const float *base_bias,
                         const signed char *samples, size_t n_samples, bool exact,
                         const pbl_normalisation_options *opt, pbl_progress *progress,
                         pbl_error *err) {
  memset(out, 0, sizeof *out);
  out->samples_exact = exact;
  out->bridge_log_z = out->bridge_low = out->bridge_high = out->bridge_overlap = NAN;
  if (opt->n_chains < 2 || !samples)
    return pbl_fail(err, PBL_INVALID, "normalisation: %d chains (at least 2) and %s", opt->n_chains,
                    samples ? "samples" : "no samples");
  const size_t n = (size_t)opt->n_chains;
  float *zeros = calloc((size_t)m->n_visible, sizeof *zeros);
  double *f = calloc(n, sizeof *f), *r = calloc(n_samples ? n_samples : 1, sizeof *r);
  const float *base = base_bias ? base_bias : zeros;
  pbl_status st = PBL_OK;
  if (!zeros || !f || !r) st = pbl_fail(err, PBL_NO_MEMORY, "normalisation: out of memory");
  /* three streams of chains from three seeds that no caller's own seeds are likely to hit */
  const uint64_t seeds[3] = {opt->seed ^ 0x666F727761726400u, opt->seed ^ 0x7265766572736500u,
                             opt->seed ^ 0x6272696467650000u};
  if (!st)
    st = pbl_ais_log_weights(f, m, base, NULL, n, opt->n_temperatures, seeds[0], opt->threads,
                             progress, err);
  if (!st)
    st = pbl_ais_log_weights(r, m, base, samples, n_samples, opt->n_temperatures, seeds[1],
                             opt->threads, progress, err);
  if (!st) st = combine(out, f, n, r, n_samples, pbl_ais_base_log_z(m, base), err);
  if (!st && opt->bridge_temperatures > 0)
    st = pbl_ais_bridge(out, m, base, opt, seeds[2], progress, err);
  if (!st) pbl_normalisation_gate(out, opt->tolerance);
  free(zeros);
  free(f);
  free(r);
  return st;
}
