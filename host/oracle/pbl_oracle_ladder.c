#include "pbl_oracle_ladder.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_ladder_internal.h"

#define ROW_TOLERANCE 1e-9
#define SETTLED 1e-13
#define MAX_STEPS 1000000
#define QUIET_LAGS 100

/* out = f with the matrix (size x size) applied along one axis: f is outer x size x inner.
 * Backward: out[y] = sum_x matrix[y][x] f[x]; forward: out[y] = sum_x f[x] matrix[x][y]. */
void pbl_ladder_axis(double *out, const double *f, const double *matrix, size_t size, size_t inner,
                     size_t outer, bool forward) {
  const int m = (int)size, cols = (int)inner;
  if (inner == 1) {
    cblas_dgemm(CblasRowMajor, CblasNoTrans, forward ? CblasNoTrans : CblasTrans, (int)outer, m, m,
                1.0, f, m, matrix, m, 0.0, out, m);
    return;
  }
  for (size_t k = 0; k < outer; k++)
    cblas_dgemm(CblasRowMajor, forward ? CblasTrans : CblasNoTrans, CblasNoTrans, m, cols, m, 1.0,
                matrix, m, f + k * size * inner, cols, 0.0, out + k * size * inner, cols);
}

size_t pbl_ladder_power(size_t n, size_t k) {
  size_t p = 1;
  while (k-- > 0) p *= n;
  return p;
}

static pbl_status check(size_t rungs, size_t n, const double *kernel, const double *accept,
                        pbl_error *err) {
  double states = 1.0;
  if (rungs < 1 || n < 1)
    return pbl_fail(err, PBL_INVALID, "ladder: %zu rungs, %zu states", rungs, n);
  for (size_t k = 0; k < rungs; k++) states *= (double)n;
  if (states > (double)PBL_ORACLE_LADDER_STATES)
    return pbl_fail(err, PBL_INVALID, "ladder: %zu states to the power of %zu rungs are too many",
                    n, rungs);
  for (size_t r = 0; r < rungs * n; r++) {
    double sum = 0.0;
    for (size_t y = 0; y < n; y++) {
      const double p = kernel[r * n + y];
      if (!(p >= 0.0)) return pbl_fail(err, PBL_INVALID, "ladder: probability %g in a kernel", p);
      sum += p;
    }
    if (!(fabs(sum - 1.0) < ROW_TOLERANCE))
      return pbl_fail(err, PBL_INVALID, "ladder: row %zu of a kernel sums to %.12g", r, sum);
  }
  for (size_t k = 0; k < (rungs - 1) * n * n; k++)
    if (!(accept[k] >= 0.0 && accept[k] <= 1.0))
      return pbl_fail(err, PBL_INVALID, "ladder: acceptance probability %g", accept[k]);
  return PBL_OK;
}

pbl_status pbl_oracle_ladder_create(pbl_oracle_ladder **out, size_t rungs, size_t n,
                                    const double *kernel, const double *accept, pbl_error *err) {
  *out = NULL;
  const pbl_status status = check(rungs, n, kernel, accept, err);
  if (status != PBL_OK) return status;
  pbl_oracle_ladder *l = calloc(1, sizeof *l);
  const size_t square = n * n;
  if (l == NULL) return pbl_fail(err, PBL_NO_MEMORY, "ladder: out of memory");
  l->rungs = rungs;
  l->n = n;
  l->states = pbl_ladder_power(n, rungs);
  l->kernel = malloc(rungs * square * sizeof *l->kernel);
  l->accept = malloc(rungs * square * sizeof *l->accept);
  if (l->kernel == NULL || l->accept == NULL) {
    pbl_oracle_ladder_destroy(l);
    return pbl_fail(err, PBL_NO_MEMORY, "ladder: no memory for %zu kernels of %zu states", rungs,
                    n);
  }
  memcpy(l->kernel, kernel, rungs * square * sizeof *kernel);
  if (rungs > 1) memcpy(l->accept, accept, (rungs - 1) * square * sizeof *accept);
  *out = l;
  return PBL_OK;
}

void pbl_oracle_ladder_destroy(pbl_oracle_ladder *l) {
  if (l == NULL) return;
  free(l->kernel);
  free(l->accept);
  free(l);
}

size_t pbl_oracle_ladder_states(const pbl_oracle_ladder *l) {
  return l->states;
}

static void sweep(const pbl_oracle_ladder *l, double *f, double *spare, bool forward) {
  for (size_t k = 0; k < l->rungs; k++) {
    const size_t inner = pbl_ladder_power(l->n, k);
    pbl_ladder_axis(spare, f, l->kernel + k * l->n * l->n, l->n, inner, l->states / inner / l->n,
                    forward);
    memcpy(f, spare, l->states * sizeof *f);
  }
}

/* States x at rung k and y at rung k+1 change places with probability accept[x][y]. */
static void exchange(const pbl_oracle_ladder *l, double *f, size_t k, bool forward) {
  const size_t n = l->n, inner = pbl_ladder_power(n, k), block = inner * n * n;
  const double *accept = l->accept + k * n * n;
  for (size_t first = 0; first < l->states; first += block) {
    for (size_t x = 0; x < n; x++) {
      for (size_t y = 0; y < x; y++) {
        const double there = accept[x * n + y], back = accept[y * n + x];
        double *a = f + first + (y * n + x) * inner, *b = f + first + (x * n + y) * inner;
        for (size_t i = 0; i < inner; i++) {
          const double fa = a[i], fb = b[i];
          a[i] = fa - there * fa + (forward ? back : there) * fb;
          b[i] = fb - back * fb + (forward ? there : back) * fa;
        }
      }
    }
  }
}

static void pass(const pbl_oracle_ladder *l, double *f, size_t parity, bool forward) {
  for (size_t k = parity; k + 1 < l->rungs; k += 2) exchange(l, f, k, forward);
}

/* f <- mean over the choices of a letter. work: two vectors. */
static void choose(const pbl_oracle_ladder *l, char letter, double *f, double *work, bool forward) {
  const size_t n = l->states, choices = letter == 'S' ? 2 : l->rungs - 1;
  double *start = work, *sum = work + n;
  if (choices == 0) return;
  memcpy(start, f, n * sizeof *f);
  memset(sum, 0, n * sizeof *sum);
  for (size_t k = 0; k < choices; k++) {
    memcpy(f, start, n * sizeof *f);
    if (letter == 'S') {
      pass(l, f, k, forward);
    } else {
      exchange(l, f, k, forward);
    }
    for (size_t x = 0; x < n; x++) sum[x] += f[x];
  }
  for (size_t x = 0; x < n; x++) f[x] = sum[x] / (double)choices;
}

static void letter_step(const pbl_oracle_ladder *l, char letter, double *f, double *work,
                        bool forward) {
  if (letter == 'L') sweep(l, f, work, forward);
  if (letter == 'E' || letter == 'O') pass(l, f, letter == 'O', forward);
  if (letter == 'S' || letter == 'M') choose(l, letter, f, work, forward);
}

static void word_step(const pbl_oracle_ladder *l, const char *word, size_t length, double *f,
                      double *work, bool forward) {
  for (size_t k = 0; k < length; k++)
    letter_step(l, word[forward ? k : length - 1 - k], f, work, forward);
}

static pbl_status check_scheme(const char *scheme, pbl_error *err) {
  const size_t known = strspn(scheme, "LEOSMI+"), length = strlen(scheme);
  if (known < length)
    return pbl_fail(err, PBL_INVALID, "ladder: scheme '%s' has '%c'; letters are L E O S M I and +",
                    scheme, scheme[known]);
  if (length == 0 || scheme[0] == '+' || scheme[length - 1] == '+' || strstr(scheme, "++"))
    return pbl_fail(err, PBL_INVALID, "ladder: scheme '%s' has an empty word", scheme);
  return PBL_OK;
}

/* work: four vectors. */
void pbl_ladder_step(const pbl_oracle_ladder *l, const char *scheme, double *f, double *work,
                     bool forward) {
  const size_t n = l->states;
  if (strchr(scheme, '+') == NULL) {
    word_step(l, scheme, strlen(scheme), f, work, forward);
    return;
  }
  double *start = work + 2 * n, *sum = work + 3 * n;
  size_t words = 0;
  memcpy(start, f, n * sizeof *f);
  memset(sum, 0, n * sizeof *sum);
  for (const char *word = scheme; word != NULL; words++) {
    const size_t length = strcspn(word, "+");
    memcpy(f, start, n * sizeof *f);
    word_step(l, word, length, f, work, forward);
    for (size_t x = 0; x < n; x++) sum[x] += f[x];
    word = word[length] ? word + length + 1 : NULL;
  }
  for (size_t x = 0; x < n; x++) f[x] = sum[x] / (double)words;
}

pbl_status pbl_ladder_work(double **work, const pbl_oracle_ladder *l, const char *scheme,
                           size_t vectors, pbl_error *err) {
  *work = NULL;
  const pbl_status status = check_scheme(scheme, err);
  if (status != PBL_OK) return status;
  *work = malloc((4 + vectors) * l->states * sizeof **work);
  if (*work == NULL)
    return pbl_fail(err, PBL_NO_MEMORY, "ladder: no memory for %zu states", l->states);
  return PBL_OK;
}

static pbl_status step(const pbl_oracle_ladder *l, const char *scheme, double *f, bool forward,
                       pbl_error *err) {
  double *work;
  const pbl_status status = pbl_ladder_work(&work, l, scheme, 0, err);
  if (status == PBL_OK) pbl_ladder_step(l, scheme, f, work, forward);
  free(work);
  return status;
}

pbl_status pbl_oracle_ladder_backward(const pbl_oracle_ladder *l, const char *scheme, double *f,
                                      pbl_error *err) {
  return step(l, scheme, f, false, err);
}

pbl_status pbl_oracle_ladder_forward(const pbl_oracle_ladder *l, const char *scheme, double *q,
                                     pbl_error *err) {
  return step(l, scheme, q, true, err);
}

void pbl_oracle_ladder_product(double *law, const pbl_oracle_ladder *l, const double *rung) {
  size_t known = 1;
  law[0] = 1.0;
  for (size_t k = 0; k < l->rungs; k++, known *= l->n) {
    for (size_t x = l->n; x-- > 0;) {
      for (size_t y = 0; y < known; y++) law[x * known + y] = law[y] * rung[k * l->n + x];
    }
  }
}

void pbl_oracle_ladder_marginal(double *rung, const pbl_oracle_ladder *l, const double *law,
                                size_t k) {
  const size_t inner = pbl_ladder_power(l->n, k);
  memset(rung, 0, l->n * sizeof *rung);
  for (size_t x = 0; x < l->states; x++) rung[x / inner % l->n] += law[x];
}

pbl_status pbl_oracle_ladder_settle(const pbl_oracle_ladder *l, const char *scheme, double *law,
                                    pbl_error *err) {
  double *work, change = INFINITY;
  pbl_status status = pbl_ladder_work(&work, l, scheme, 1, err);
  double *before = work + 4 * l->states;
  for (size_t k = 0; status == PBL_OK && change >= SETTLED; k++) {
    double sum = 0.0;
    memcpy(before, law, l->states * sizeof *law);
    pbl_ladder_step(l, scheme, law, work, true);
    for (size_t x = 0; x < l->states; x++) sum += law[x];
    change = 0.0;
    for (size_t x = 0; x < l->states; x++) {
      law[x] /= sum;
      change += 0.5 * fabs(law[x] - before[x]);
    }
    if (k == MAX_STEPS && change >= SETTLED)
      status = pbl_fail(err, PBL_NUMERIC, "ladder: not settled after %d steps (change %.3g)",
                        MAX_STEPS, change);
  }
  free(work);
  return status;
}

/* f from the mean of each phase; the variance is the mean over phases. */
static void centre_phases(double *centred, double *mean, double *variance,
                          const pbl_oracle_ladder *l, const double *law, size_t phases,
                          const double *f, size_t k) {
  const size_t inner = pbl_ladder_power(l->n, k), n = l->states;
  *mean = *variance = 0.0;
  for (size_t p = 0; p < phases; p++) {
    double centre = 0.0;
    for (size_t x = 0; x < n; x++) centre += law[p * n + x] * f[x / inner % l->n];
    *mean += centre / (double)phases;
    for (size_t x = 0; x < n; x++) {
      const double d = f[x / inner % l->n] - centre;
      centred[p * n + x] = d;
      *variance += law[p * n + x] * d * d / (double)phases;
    }
  }
}

/* Autocovariance of one lag more: what is expected of a phase is what the next one expects, one
 * step back. g: phases x n, which moves on; spare: n. */
static double next_lag(double *g, double *spare, double *work, const pbl_oracle_ladder *l,
                       const char *const *schemes, size_t phases, const double *left) {
  const size_t n = l->states;
  double gamma = 0.0;
  memcpy(spare, g, n * sizeof *g);
  for (size_t p = 0; p < phases; p++) {
    if (p + 1 < phases) {
      memcpy(g + p * n, g + (p + 1) * n, n * sizeof *g);
    } else {
      memcpy(g + p * n, spare, n * sizeof *g);
    }
    pbl_ladder_step(l, schemes[p], g + p * n, work, false);
    gamma += cblas_ddot((int)n, left + p * n, 1, g + p * n, 1) / (double)phases;
  }
  return gamma;
}

pbl_status pbl_oracle_ladder_tau_in_turn(double *mean, double *variance, double *tau,
                                         const pbl_oracle_ladder *l, const char *const *schemes,
                                         size_t phases, const double *law, const double *f,
                                         size_t k, pbl_error *err) {
  double *work, centre = 0.0, sum = 0.0, gamma0 = 0.0;
  const size_t n = l->states;
  pbl_status status = check_scheme(schemes[phases - 1], err);
  if (status == PBL_OK) status = pbl_ladder_work(&work, l, schemes[0], 2 * phases + 1, err);
  if (status != PBL_OK) return status;
  double *g = work + 4 * n, *left = g + phases * n, *spare = left + phases * n;
  centre_phases(g, &centre, &gamma0, l, law, phases, f, k);
  for (size_t x = 0; x < phases * n; x++) left[x] = law[x] * g[x];
  size_t quiet = gamma0 > 0.0 ? 0 : QUIET_LAGS;
  for (size_t lag = 1; quiet < QUIET_LAGS && lag <= MAX_STEPS; lag++) {
    const double gamma = next_lag(g, spare, work, l, schemes, phases, left);
    sum += gamma;
    quiet = fabs(gamma) < SETTLED * gamma0 ? quiet + 1 : 0;
  }
  free(work);
  if (quiet < QUIET_LAGS)
    return pbl_fail(err, PBL_NUMERIC, "ladder: tau has not settled in %d lags", MAX_STEPS);
  if (mean != NULL) *mean = centre;
  if (variance != NULL) *variance = gamma0;
  if (tau != NULL) *tau = gamma0 > 0.0 ? 0.5 + sum / gamma0 : NAN;
  return PBL_OK;
}

pbl_status pbl_oracle_ladder_tau(double *mean, double *variance, double *tau,
                                 const pbl_oracle_ladder *l, const char *scheme, const double *law,
                                 const double *f, size_t k, pbl_error *err) {
  return pbl_oracle_ladder_tau_in_turn(mean, variance, tau, l, &scheme, 1, law, f, k, err);
}
