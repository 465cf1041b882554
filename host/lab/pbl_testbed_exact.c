/* Enumeration and spectrum of the test bed. */
#include <math.h>
#include <stdlib.h>

#include "pbl_testbed.h"

#define N PBL_TESTBED_UNITS
#define STATES PBL_TESTBED_STATES

extern void dsyevr_(const char *jobz, const char *range, const char *uplo, const int *n, double *a,
                    const int *lda, const double *vl, const double *vu, const int *il,
                    const int *iu, const double *abstol, int *m, double *w, double *z,
                    const int *ldz, int *isuppz, double *work, const int *lwork, int *iwork,
                    const int *liwork, int *info, size_t, size_t, size_t);
extern void dsyrk_(const char *uplo, const char *trans, const int *n, const int *k,
                   const double *alpha, const double *a, const int *lda, const double *beta,
                   double *c, const int *ldc, size_t, size_t);

static double softplus(double x) {
  return (x > 0.0 ? x : 0.0) + log1p(exp(-fabs(x)));
}

/* log sum exp of n values. */
static double log_sum(const double *x, int n) {
  double largest = x[0], sum = 0.0;
  for (int k = 1; k < n; k++) largest = fmax(largest, x[k]);
  for (int k = 0; k < n; k++) sum += exp(x[k] - largest);
  return largest + log(sum);
}

/* Fields on the units of one side, over T, from a state of the other. */
static void fields(double x[N], const pbl_testbed_model *m, double temperature, unsigned state,
                   bool to_hidden) {
  for (int k = 0; k < N; k++) x[k] = to_hidden ? m->a[k] : m->b[k];
  for (int k = 0; k < N; k++)
    for (int l = 0; l < N; l++)
      if ((state >> l & 1u) != 0) x[k] += to_hidden ? m->w[l][k] : m->w[k][l];
  for (int k = 0; k < N; k++) x[k] /= temperature;
}

/* log of the unnormalised probability of every state of one side; `hidden` says of which. */
static void log_weights(double out[STATES], const pbl_testbed_model *m, double temperature,
                        bool hidden) {
  for (unsigned s = 0; s < STATES; s++) {
    double x[N];
    fields(x, m, temperature, s, !hidden);
    out[s] = 0.0;
    for (int k = 0; k < N; k++) {
      out[s] += softplus(x[k]);
      if ((s >> k & 1u) != 0) out[s] += (hidden ? m->a[k] : m->b[k]) / temperature;
    }
  }
}

/* Given h, the visible states before and after a sweep are drawn alike and independently. */
static double flip_rate(const pbl_testbed_model *m, double temperature,
                        const double log_hidden[STATES], double log_z) {
  double rate = 0.0;
  for (unsigned h = 0; h < STATES; h++) {
    double x[N], flips = 0.0;
    fields(x, m, temperature, h, false);
    for (int i = 0; i < N; i++) {
      const double e = exp(-fabs(x[i]));
      flips += 2.0 * e / ((1.0 + e) * (1.0 + e));
    }
    rate += exp(log_hidden[h] - log_z) * flips / N;
  }
  return rate;
}

double pbl_testbed_flip_rate(const pbl_testbed_model *m, double temperature) {
  double log_hidden[STATES];
  log_weights(log_hidden, m, temperature, true);
  return flip_rate(m, temperature, log_hidden, log_sum(log_hidden, STATES));
}

/* M(v,h) = pi(v,h)/sqrt(pi(v) pi(h)) - sqrt(pi(v) pi(h)): its largest singular value, squared, is
 * lambda_2 of v -> h -> v, because the kernel is P(h|v) P(v'|h) and the constant function has been
 * taken out. out: STATES x STATES, row v. */
static void correlation_matrix(double *out, const pbl_testbed_model *m, double temperature,
                               const double log_visible[STATES], const double log_hidden[STATES],
                               double log_z) {
  for (unsigned v = 0; v < STATES; v++) {
    double x[N], bias = 0.0;
    fields(x, m, temperature, v, true);
    for (int i = 0; i < N; i++)
      if ((v >> i & 1u) != 0) bias += m->b[i] / temperature;
    for (unsigned h = 0; h < STATES; h++) {
      const double half = 0.5 * (log_visible[v] + log_hidden[h]);
      double joint = bias;
      for (unsigned rest = h; rest != 0; rest &= rest - 1) joint += x[__builtin_ctz(rest)];
      out[v * STATES + h] = exp(joint - half) - exp(half - log_z);
    }
  }
}

/* Largest eigenvalue of A A' (A: STATES x STATES, row-major). */
static pbl_status largest_eigenvalue(double *out, const double *A, pbl_error *err) {
  enum { work_size = 64 * STATES, iwork_size = 16 * STATES };
  const int n = STATES, one = 1, lwork = work_size, liwork = iwork_size;
  const double alpha = 1.0, zero = 0.0;
  int found = 0, info = 0, support[2];
  double *square = calloc((size_t)STATES * STATES, sizeof *square);
  double *values = calloc(STATES, sizeof *values), *work = calloc(work_size, sizeof *work);
  int *iwork = calloc(iwork_size, sizeof *iwork);
  pbl_status status = PBL_OK;
  if (square == NULL || values == NULL || work == NULL || iwork == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "out of memory");
    goto done;
  }
  /* Row-major A is A' to Fortran. */
  dsyrk_("U", "T", &n, &n, &alpha, A, &n, &zero, square, &n, 1, 1);
  dsyevr_("N", "I", "U", &n, square, &n, &zero, &zero, &n, &n, &zero, &found, values, NULL, &one,
          support, work, &lwork, iwork, &liwork, &info, 1, 1, 1);
  if (info != 0 || found != 1 || !isfinite(values[0]))
    status = pbl_fail(err, PBL_NUMERIC,
                      "test bed: no eigenvalues (dsyevr says %d, %d); the weights may have "
                      "diverged, lower learning_rate or growth",
                      info, found);
  *out = values[0];
done:
  free(square);
  free(values);
  free(work);
  free(iwork);
  return status;
}

pbl_status pbl_testbed_exact(pbl_testbed_truth *out, const pbl_testbed_model *m, double temperature,
                             pbl_error *err) {
  double log_visible[STATES], log_hidden[STATES], lambda = 0.0;
  double *matrix = malloc((size_t)STATES * STATES * sizeof *matrix);
  if (matrix == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  log_weights(log_visible, m, temperature, false);
  log_weights(log_hidden, m, temperature, true);
  const double log_z = log_sum(log_hidden, STATES);
  correlation_matrix(matrix, m, temperature, log_visible, log_hidden, log_z);
  const pbl_status status = largest_eigenvalue(&lambda, matrix, err);
  free(matrix);
  if (status != PBL_OK) return status;
  *out = (pbl_testbed_truth){.gap = 1.0 - lambda,
                             .relaxation = 1.0 / (1.0 - lambda),
                             .flip_rate = flip_rate(m, temperature, log_hidden, log_z),
                             .log_z = log_z};
  for (int k = 0; k < PBL_TESTBED_PATTERNS; k++)
    out->log_likelihood += (log_visible[pbl_testbed_pattern(k)] - log_z) / PBL_TESTBED_PATTERNS;
  return PBL_OK;
}
