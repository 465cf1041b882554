/* Gradient signal-to-noise ratio from independent windows. Everything, jackknife included, is read
 * off the Gram matrix of the chains' vectors, so the number of components enters only once. */
#include <cblas.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "pbl_stats.h"

/* Sums over a group of vectors: all inner products, their diagonal, and row sums. */
typedef struct {
  size_t n;
  double *gram; /* n x n, symmetric */
  double *rows; /* n */
  double total, diagonal;
} gram_group;

typedef struct {
  gram_group chains, ref;
  double *cross_chain; /* per chain: inner products with all references, summed */
  double *cross_ref;   /* per reference: with all chains */
  double cross;
  double *distance; /* |ghat_c - g|^2, when g is known */
  double signal;    /* |g|^2 */
  bool exact;
} qop_sums;

#define NONE SIZE_MAX

static void group_free(gram_group *group) {
  free(group->gram);
  free(group->rows);
}

void pbl_qop_add_gram(double *gram, const double *ghat, size_t n_chains, size_t n_components,
                      double scale) {
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)n_chains, (int)n_components, scale,
              ghat, (int)n_components, 1.0, gram, (int)n_chains);
}

/* From the lower triangle of a Gram matrix. */
static pbl_status group_from_gram(gram_group *group, const double *gram, size_t n, pbl_error *err) {
  group->n = n;
  group->gram = calloc(n * n, sizeof *group->gram);
  group->rows = calloc(n, sizeof *group->rows);
  if (group->gram == NULL || group->rows == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "Gram matrix of %zu windows: out of memory", n);
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) group->gram[i * n + j] = gram[i > j ? i * n + j : j * n + i];
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) group->rows[i] += group->gram[i * n + j];
    group->total += group->rows[i];
    group->diagonal += group->gram[i * n + i];
  }
  return PBL_OK;
}

static pbl_status group_create(gram_group *group, const double *x, size_t n, size_t p,
                               pbl_error *err) {
  double *gram = calloc(n * n, sizeof *gram);
  if (gram == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "Gram matrix of %zu windows: out of memory", n);
  }
  pbl_qop_add_gram(gram, x, n, p, 1.0);
  const pbl_status status = group_from_gram(group, gram, n, err);
  free(gram);
  return status;
}

/* U-statistic of |mean|^2 and trace of the sample covariance, without vector `omit`. */
static void group_moments(double *u, double *trace, const gram_group *g, size_t omit) {
  double total = g->total, diagonal = g->diagonal, n = (double)g->n;
  if (omit != NONE) {
    const double own = g->gram[omit * g->n + omit];
    total -= 2.0 * g->rows[omit] - own;
    diagonal -= own;
    n -= 1.0;
  }
  *u = (total - diagonal) / (n * (n - 1.0));
  *trace = (diagonal - total / n) / (n - 1.0);
}

/* U and D, leaving out one chain or one reference (NONE: none). Returns Q = U/D. */
static double signal_and_noise(double *signal, double *noise, const qop_sums *s, size_t omit_chain,
                               size_t omit_ref) {
  const double n = (double)s->chains.n - (omit_chain != NONE ? 1.0 : 0.0);
  if (s->exact) {
    *noise = 0.0;
    for (size_t c = 0; c < s->chains.n; ++c) *noise += c == omit_chain ? 0.0 : s->distance[c];
    *noise /= n;
    *signal = s->signal;
    return *signal / *noise;
  }
  group_moments(signal, noise, &s->chains, omit_chain);
  if (s->ref.n > 0) { /* squared bias |E ghat - g|^2, each of its three terms without bias */
    const double n_ref = (double)s->ref.n - (omit_ref != NONE ? 1.0 : 0.0);
    double cross = s->cross, u_ref, trace_ref;
    if (omit_chain != NONE) cross -= s->cross_chain[omit_chain];
    if (omit_ref != NONE) cross -= s->cross_ref[omit_ref];
    group_moments(&u_ref, &trace_ref, &s->ref, omit_ref);
    *noise += *signal - 2.0 * cross / (n * n_ref) + u_ref;
  }
  return *signal / *noise;
}

/* Adds the jackknife's bias and variance of Q over one group. */
static void jackknife(double *bias, double *variance, const qop_sums *s, double q, bool over_ref) {
  const size_t n = over_ref ? s->ref.n : s->chains.n;
  double mean = 0.0, squares = 0.0, u, d;
  for (size_t i = 0; i < n; ++i) {
    const double value = signal_and_noise(&u, &d, s, over_ref ? NONE : i, over_ref ? i : NONE);
    const double delta = value - mean;
    mean += delta / (double)(i + 1);
    squares += delta * (value - mean);
  }
  *bias += ((double)n - 1.0) * (mean - q);
  *variance += squares * ((double)n - 1.0) / (double)n;
}

/* Upper limit of the signal when its estimate is not positive. The U-statistic of n vectors has
 * variance 2 tr(S^2)/(n(n-1)) + 4 m'Sm/n; tr(S^2) is bounded by the (upward biased) plug-in and
 * m'Sm by |m|^2 sqrt(tr S^2), so the limit errs upwards. U = 0 stands in for negative values. */
static double signal_upper_limit(const gram_group *g, double quantile) {
  const double n = (double)g->n;
  double squares = 0.0;
  for (size_t i = 0; i < g->n; ++i) {
    for (size_t j = 0; j < g->n; ++j) {
      const double centred =
          g->gram[i * g->n + j] - (g->rows[i] + g->rows[j]) / n + g->total / (n * n);
      squares += centred * centred;
    }
  }
  const double trace_square = squares / ((n - 1.0) * (n - 1.0));
  const double at_zero = quantile * quantile * 2.0 * trace_square / (n * (n - 1.0));
  const double slope = quantile * quantile * 4.0 * sqrt(trace_square) / n;
  return 0.5 * slope + sqrt(0.25 * slope * slope + at_zero);
}

static void fill_interval(pbl_qop_report *out, const qop_sums *s, double q) {
  const double quantile = pbl_student_t_quantile(0.975, (double)s->chains.n - 1.0);
  if (!(q > 0.0)) {
    out->q = (pbl_estimate){0.0, 0.0, signal_upper_limit(&s->chains, quantile) / out->noise};
    return;
  }
  double bias = 0.0, variance = 0.0;
  jackknife(&bias, &variance, s, q, false);
  if (s->ref.n > 0) jackknife(&bias, &variance, s, q, true);
  /* The bias of a ratio is a small correction; where it is not, it is noise and left out. */
  const double value = fabs(bias) < 0.5 * q ? q - bias : q;
  const double reach = quantile * sqrt(variance) / q;
  out->q = (pbl_estimate){value, value * exp(-reach), value * exp(reach)};
}

static pbl_status check_vectors(const double *x, size_t n, size_t p, const char *what,
                                pbl_error *err) {
  for (size_t i = 0; i < n * p; ++i) {
    if (!isfinite(x[i])) {
      return pbl_fail(err, PBL_NUMERIC, "%s: window %zu, component %zu is %g", what, i / p, i % p,
                      x[i]);
    }
  }
  return PBL_OK;
}

static pbl_status sum_cross(qop_sums *s, const double *ghat, const double *ref, size_t p,
                            pbl_error *err) {
  s->cross_chain = calloc(s->chains.n, sizeof *s->cross_chain);
  s->cross_ref = calloc(s->ref.n, sizeof *s->cross_ref);
  if (s->cross_chain == NULL || s->cross_ref == NULL) {
    return pbl_fail(err, PBL_NO_MEMORY, "Q_op: out of memory");
  }
  for (size_t c = 0; c < s->chains.n; ++c) {
    for (size_t r = 0; r < s->ref.n; ++r) {
      const double product = cblas_ddot((int)p, ghat + c * p, 1, ref + r * p, 1);
      s->cross_chain[c] += product;
      s->cross_ref[r] += product;
      s->cross += product;
    }
  }
  return PBL_OK;
}

static pbl_status sum_distances(qop_sums *s, const double *ghat, const double *g, size_t p,
                                pbl_error *err) {
  s->exact = true;
  s->distance = calloc(s->chains.n, sizeof *s->distance);
  if (s->distance == NULL) return pbl_fail(err, PBL_NO_MEMORY, "Q_op: out of memory");
  s->signal = cblas_ddot((int)p, g, 1, g, 1);
  for (size_t c = 0; c < s->chains.n; ++c) {
    for (size_t i = 0; i < p; ++i) {
      const double d = ghat[c * p + i] - g[i];
      s->distance[c] += d * d;
    }
  }
  return PBL_OK;
}

/* Estimate and interval from complete sums. */
static pbl_status conclude(pbl_qop_report *out, const qop_sums *sums, pbl_error *err) {
  const double q = signal_and_noise(&out->signal, &out->noise, sums, NONE, NONE);
  if (!(out->noise > 0.0)) {
    return pbl_fail(err, PBL_NUMERIC,
                    "Q_op: noise %g is not positive; windows are identical or references too few",
                    out->noise);
  }
  fill_interval(out, sums, q);
  return PBL_OK;
}

pbl_status pbl_qop_from_gram(pbl_qop_report *out, const double *gram, size_t n_chains,
                             size_t n_components, pbl_error *err) {
  if (out == NULL || gram == NULL || n_chains < 3) {
    return pbl_fail(err, PBL_INVALID, "Q_op of %zu chains: the jackknife needs at least 3",
                    n_chains);
  }
  *out = (pbl_qop_report){.q = {NAN, NAN, NAN},
                          .signal = NAN,
                          .noise = NAN,
                          .n_chains = n_chains,
                          .n_components = n_components,
                          .window = out->window};
  qop_sums sums = {.cross = 0.0};
  pbl_status status = check_vectors(gram, n_chains, n_chains, "Q_op, Gram matrix", err);
  if (status == PBL_OK) status = group_from_gram(&sums.chains, gram, n_chains, err);
  if (status == PBL_OK) status = conclude(out, &sums, err);
  group_free(&sums.chains);
  return status;
}

pbl_status pbl_qop(pbl_qop_report *out, const double *ghat, size_t n_chains, size_t n_components,
                   const double *g, const double *ref, size_t n_ref, pbl_error *err) {
  if (out == NULL || ghat == NULL || n_chains < 3 || n_components == 0 || n_components > INT_MAX ||
      n_chains > INT_MAX / n_components || (ref != NULL && g == NULL && n_ref < 3)) {
    return pbl_fail(err, PBL_INVALID,
                    "Q_op of %zu windows x %zu components, %zu references: the jackknife needs at "
                    "least 3 windows and 3 references (or none)",
                    n_chains, n_components, n_ref);
  }
  const bool use_ref = ref != NULL && g == NULL; /* an exact gradient leaves nothing to estimate */
  *out = (pbl_qop_report){.q = {NAN, NAN, NAN},
                          .signal = NAN,
                          .noise = NAN,
                          .n_chains = n_chains,
                          .n_components = n_components,
                          .window = out->window};
  qop_sums sums = {.cross = 0.0};
  pbl_status status = check_vectors(ghat, n_chains, n_components, "Q_op", err);
  if (status == PBL_OK && g != NULL) {
    status = check_vectors(g, 1, n_components, "Q_op, exact gradient", err);
  }
  if (status == PBL_OK && use_ref) {
    status = check_vectors(ref, n_ref, n_components, "Q_op, reference", err);
  }
  if (status == PBL_OK) status = group_create(&sums.chains, ghat, n_chains, n_components, err);
  if (status == PBL_OK && g != NULL) status = sum_distances(&sums, ghat, g, n_components, err);
  if (status == PBL_OK && use_ref) {
    status = group_create(&sums.ref, ref, n_ref, n_components, err);
    if (status == PBL_OK) status = sum_cross(&sums, ghat, ref, n_components, err);
  }
  if (status != PBL_OK) goto done;

  status = conclude(out, &sums, err);
done:
  group_free(&sums.chains);
  group_free(&sums.ref);
  free(sums.cross_chain);
  free(sums.cross_ref);
  free(sums.distance);
  return status;
}
