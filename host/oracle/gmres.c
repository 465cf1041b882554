#include "gmres.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST 64

/* Hessenberg matrix under Givens rotations, column by column. */
typedef struct {
  double h[MOST][MOST + 1]; /* column k, rows 0..k+1; upper triangle after the rotations */
  double cosine[MOST], sine[MOST], g[MOST + 1];
} rotations;

/* Column k enters; returns the norm of the residual. */
static double rotate(rotations *q, size_t k) {
  double *h = q->h[k];
  for (size_t i = 0; i < k; i++) {
    const double upper = h[i], lower = h[i + 1];
    h[i] = q->cosine[i] * upper + q->sine[i] * lower;
    h[i + 1] = q->cosine[i] * lower - q->sine[i] * upper;
  }
  const double length = hypot(h[k], h[k + 1]);
  q->cosine[k] = h[k] / length;
  q->sine[k] = h[k + 1] / length;
  h[k] = length;
  q->g[k + 1] = -q->sine[k] * q->g[k];
  q->g[k] *= q->cosine[k];
  return fabs(q->g[k + 1]);
}

/* x += basis y, y from the triangle of the first k columns. */
static void add_solution(double *x, rotations *q, const double *basis, size_t n, size_t k) {
  double y[MOST];
  for (size_t i = k; i-- > 0;) {
    y[i] = q->g[i];
    for (size_t j = i + 1; j < k; j++) y[i] -= q->h[j][i] * y[j];
    y[i] /= q->h[i][i];
  }
  for (size_t i = 0; i < k; i++) cblas_daxpy((int)n, y[i], basis + i * n, 1, x, 1);
}

/* basis[k+1] <- A basis[k], made orthogonal to all before; its coefficients into column k. */
static void extend(rotations *q, double *basis, size_t n, size_t k, pbl_linear_map map,
                   void *context) {
  double *next = basis + (k + 1) * n;
  map(context, next, basis + k * n);
  for (size_t i = 0; i <= k; i++) {
    q->h[k][i] = cblas_ddot((int)n, basis + i * n, 1, next, 1);
    cblas_daxpy((int)n, -q->h[k][i], basis + i * n, 1, next, 1);
  }
  q->h[k][k + 1] = cblas_dnrm2((int)n, next, 1);
  if (q->h[k][k + 1] > 0.0) cblas_dscal((int)n, 1.0 / q->h[k][k + 1], next, 1);
}

pbl_status pbl_gmres(double *x, const double *b, size_t n, pbl_linear_map map, void *context,
                     size_t restart, double tolerance, size_t max_steps, size_t *steps,
                     pbl_progress *progress, pbl_error *err) {
  if (restart < 2 || restart > MOST)
    return pbl_fail(err, PBL_INVALID, "gmres: restart %zu", restart);
  double *basis = malloc((restart + 1) * n * sizeof *basis);
  rotations *q = malloc(sizeof *q);
  pbl_status status = PBL_OK;
  const double goal = tolerance * cblas_dnrm2((int)n, b, 1);
  size_t taken = 0;
  if (basis == NULL || q == NULL) {
    status =
        pbl_fail(err, PBL_NO_MEMORY, "gmres: no memory for %zu vectors of %zu", restart + 1, n);
  }
  while (status == PBL_OK) {
    map(context, basis, x);
    for (size_t i = 0; i < n; i++) basis[i] = b[i] - basis[i];
    double residual = cblas_dnrm2((int)n, basis, 1);
    if (residual <= goal) break;
    if (taken >= max_steps)
      status = pbl_fail(err, PBL_NUMERIC, "gmres: residual %.3g of %.3g after %zu steps", residual,
                        goal, taken);
    cblas_dscal((int)n, 1.0 / residual, basis, 1);
    memset(q->g, 0, sizeof q->g);
    q->g[0] = residual;
    size_t k = 0;
    while (status == PBL_OK && k < restart && residual > goal) {
      if (!pbl_progress_report(progress, "linear equations", taken, 0))
        status = pbl_fail(err, PBL_INTERRUPTED, "gmres: interrupted at step %zu", taken);
      extend(q, basis, n, k, map, context);
      residual = rotate(q, k++);
      taken++;
    }
    if (status == PBL_OK) add_solution(x, q, basis, n, k);
  }
  free(basis);
  free(q);
  if (steps != NULL) *steps = taken;
  return status;
}
