/* Transfer matrix of an Ising grid, one site at a time: the vector runs over the states of the last
 * `width` sites. Bonds inside a row are a diagonal factor, a bond to the next row a 2 x 2 step on
 * one bit. The vector is rescaled row by row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "enumerate_internal.h"
#include "pbl_parallel.h"

#define STARTS_PER_REPORT 64u

typedef struct {
  const pbl_lattice *lattice;
  double beta;
  size_t first_start;
  double *vectors; /* per job: 2^width */
  double *log_sum; /* per job */
  double *row;     /* torus: length x 2^width factors, largest 1 */
  double row_log;  /* torus: logarithm of what they were divided by */
} lattice_work;

static double spin(size_t x, size_t c) {
  return (x >> c) & 1 ? 1.0 : -1.0;
}

/* beta times what one row's own bonds and fields add to -E: f[x] for every row state. */
static void row_exponents(double *f, const pbl_lattice *g, size_t r, double beta) {
  const size_t L = g->width;
  for (size_t x = 0; x < (size_t)1 << L; x++) {
    double sum = 0.0;
    for (size_t c = 0; c < L; c++) {
      if (g->field != NULL) sum += g->field[r * L + c] * spin(x, c);
      if (c + 1 < L || g->periodic_width)
        sum += g->right[r * L + c] * spin(x, c) * spin(x, (c + 1) % L);
    }
    f[x] = beta * sum;
  }
}

/* f <- exp(f), the largest one split off: returns its logarithm. */
static double exponentiate(double *f, size_t n) {
  double top = -INFINITY;
  for (size_t x = 0; x < n; x++) top = f[x] > top ? f[x] : top;
  for (size_t x = 0; x < n; x++) f[x] = exp(f[x] - top);
  return top;
}

/* v'(s') = prod_c sum_s exp(beta J_c s s') v(s); the larger entry of each 2 x 2 step is 1. */
static double step_down(double *v, const pbl_lattice *g, size_t r, double beta) {
  const size_t L = g->width, n = (size_t)1 << L;
  double log_scale = 0.0;
  for (size_t c = 0; c < L; c++) {
    const double x = beta * g->down[r * L + c], small = exp(-2.0 * fabs(x));
    const double same = x >= 0.0 ? 1.0 : small, other = x >= 0.0 ? small : 1.0;
    const size_t bit = (size_t)1 << c;
    log_scale += fabs(x);
    for (size_t base = 0; base < n; base += 2 * bit) {
      for (size_t lo = base; lo < base + bit; lo++) {
        const double minus = v[lo], plus = v[lo + bit];
        v[lo] = same * minus + other * plus;
        v[lo + bit] = other * minus + same * plus;
      }
    }
  }
  return log_scale;
}

static double rescale(double *v, size_t n) {
  double top = 0.0;
  for (size_t x = 0; x < n; x++) top = v[x] > top ? v[x] : top;
  for (size_t x = 0; x < n && top > 0.0; x++) v[x] /= top;
  return top > 0.0 ? log(top) : -INFINITY;
}

/* One row: its own factors, the bonds below it (unless it is the last), rescaling. */
static double run_row(double *v, const lattice_work *k, const double *factors, size_t r,
                      bool down) {
  const size_t n = (size_t)1 << k->lattice->width;
  double log_scale = 0.0;
  for (size_t x = 0; x < n; x++) v[x] *= factors[x];
  if (down) log_scale += step_down(v, k->lattice, r, k->beta);
  return log_scale + rescale(v, n);
}

static pbl_status open_length(double *log_z, const lattice_work *k, pbl_error *err) {
  const size_t n = (size_t)1 << k->lattice->width;
  double *v = malloc(2 * n * sizeof *v), total = 0.0;
  if (v == NULL)
    return pbl_fail(err, PBL_NO_MEMORY, "transfer matrix: no memory for %zu states", n);
  for (size_t x = 0; x < n; x++) v[x] = 1.0;
  double log_scale = 0.0;
  for (size_t r = 0; r < k->lattice->length; r++) {
    row_exponents(v + n, k->lattice, r, k->beta);
    log_scale += exponentiate(v + n, n);
    log_scale += run_row(v, k, v + n, r, r + 1 < k->lattice->length);
  }
  for (size_t x = 0; x < n; x++) total += v[x];
  *log_z = log_scale + log(total);
  free(v);
  return PBL_OK;
}

/* One diagonal entry of the product over all rows: start in row state x, come back to x. */
static void run_start(void *context, size_t job) {
  const lattice_work *k = context;
  const size_t n = (size_t)1 << k->lattice->width, x = k->first_start + job;
  double *v = k->vectors + job * n;
  memset(v, 0, n * sizeof *v);
  v[x] = 1.0;
  double log_scale = 0.0;
  for (size_t r = 0; r < k->lattice->length; r++)
    log_scale += run_row(v, k, k->row + r * n, r, true);
  k->log_sum[job] = log_scale + log(v[x]);
}

static pbl_status closed_length(double *log_z, lattice_work *k, int threads, pbl_progress *progress,
                                pbl_error *err) {
  const pbl_lattice *g = k->lattice;
  const size_t n = (size_t)1 << g->width;
  const size_t batch = n < STARTS_PER_REPORT ? n : STARTS_PER_REPORT;
  double log_sum[STARTS_PER_REPORT], top = -INFINITY, total = 0.0;
  k->log_sum = log_sum;
  k->vectors = malloc(batch * n * sizeof *k->vectors);
  k->row = malloc(g->length * n * sizeof *k->row);
  pbl_status status = PBL_OK;
  if (k->vectors == NULL || k->row == NULL)
    status = pbl_fail(err, PBL_NO_MEMORY, "transfer matrix: no memory for %zu states", n);
  for (size_t r = 0; r < g->length && status == PBL_OK; r++) {
    row_exponents(k->row + r * n, g, r, k->beta);
    k->row_log += exponentiate(k->row + r * n, n);
  }
  for (size_t at = 0; at < n && status == PBL_OK; at += batch) {
    if (!pbl_progress_report(progress, "transfer matrix", at, n)) {
      status = pbl_fail(err, PBL_INTERRUPTED, "transfer matrix: stopped after %zu of %zu", at, n);
      break;
    }
    k->first_start = at;
    pbl_parallel_for(batch, threads, run_start, k);
    for (size_t j = 0; j < batch; j++) {
      if (log_sum[j] == -INFINITY) continue;
      if (log_sum[j] > top) {
        total *= exp(top - log_sum[j]);
        top = log_sum[j];
      }
      total += exp(log_sum[j] - top);
    }
  }
  if (status == PBL_OK) *log_z = k->row_log + top + log(total);
  free(k->vectors);
  free(k->row);
  return status;
}

static pbl_status check(const pbl_lattice *g, double beta, pbl_error *err) {
  const size_t most = g->periodic_length ? PBL_LATTICE_MAX_TORUS_WIDTH : PBL_LATTICE_MAX_WIDTH;
  if (g->width < 1 || g->width > most || g->length < 1)
    return pbl_fail(err, PBL_INVALID,
                    "transfer matrix: %zu wide, %zu long; width 1 to %zu, length at least 1",
                    g->width, g->length, most);
  if ((g->periodic_width && g->width < 3) || (g->periodic_length && g->length < 3))
    return pbl_fail(err, PBL_INVALID, "transfer matrix: a periodic direction needs 3 sites");
  const size_t n = g->width * g->length;
  size_t worst = pbl_first_not_finite(g->field, n);
  for (size_t k = 0; k < n && worst == n; k++) {
    const bool right = k % g->width + 1 < g->width || g->periodic_width;
    const bool down = k / g->width + 1 < g->length || g->periodic_length;
    if ((right && !isfinite(g->right[k])) || (down && !isfinite(g->down[k]))) worst = k;
  }
  if (worst < n)
    return pbl_fail(err, PBL_INVALID,
                    "transfer matrix: a field or coupling of site (%zu, %zu) is not finite",
                    worst / g->width, worst % g->width);
  if (!isfinite(beta) || beta < 0.0)
    return pbl_fail(err, PBL_INVALID, "transfer matrix: beta %g is negative or not finite", beta);
  return PBL_OK;
}

pbl_status pbl_lattice_log_z(double *log_z, const pbl_lattice *lattice, double beta, int threads,
                             pbl_progress *progress, pbl_error *err) {
  pbl_status status = check(lattice, beta, err);
  if (status != PBL_OK) return status;
  lattice_work k = {.lattice = lattice, .beta = beta};
  status = lattice->periodic_length ? closed_length(log_z, &k, threads, progress, err)
                                    : open_length(log_z, &k, err);
  if (status == PBL_OK && !isfinite(*log_z))
    status = pbl_fail(err, PBL_NUMERIC, "transfer matrix: all weights underflow at beta %g", beta);
  return status;
}
