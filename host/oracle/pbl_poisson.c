#include "pbl_poisson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_internal.h"
#include "pbl_spectrum.h"

#define MAX_STEPS 100000
#define DELAY 10       /* increments looked back on */
#define CONSTANT 1e-24 /* variance / E[f^2] that is rounding of a constant */

typedef struct {
  const pbl_oracle *o;
  size_t n;
  double *r, *p, *image, *scratch; /* residual, direction, (I - P) p */
} gradients;

static double centre(const pbl_oracle *o, double *f) {
  const double mean = pbl_oracle_mean(o, f);
  for (size_t x = 0; x < pbl_oracle_count(o); x++) f[x] -= mean;
  return mean;
}

/* One step of the method; returns its increment of <f, (I - P)^-1 f>. r2: <r, r>, updated. */
static double advance(gradients *g, double *r2) {
  memcpy(g->image, g->p, g->n * sizeof *g->p);
  pbl_oracle_backward_in(g->o, g->image, g->scratch);
  for (size_t x = 0; x < g->n; x++) g->image[x] = g->p[x] - g->image[x];
  const double length = *r2 / pbl_oracle_inner(g->o, g->p, g->image);
  for (size_t x = 0; x < g->n; x++) g->r[x] -= length * g->image[x];
  (void)centre(g->o, g->r); /* rounding feeds the constant, where I - P is singular */
  const double increment = length * *r2, before = *r2;
  *r2 = pbl_oracle_inner(g->o, g->r, g->r);
  for (size_t x = 0; x < g->n; x++) g->p[x] = g->r[x] + *r2 / before * g->p[x];
  return increment;
}

static pbl_status sum_up(double *sum, double *rest, size_t *steps, gradients *g, double tolerance,
                         pbl_progress *progress, pbl_error *err) {
  double recent[DELAY] = {0}, r2 = pbl_oracle_inner(g->o, g->r, g->r);
  const double start = r2;
  *sum = 0.0;
  for (size_t k = 0; k < MAX_STEPS; k++) {
    if (!pbl_progress_report(progress, "Poisson equation", k, 0))
      return pbl_fail(err, PBL_INTERRUPTED, "exact tau: interrupted at step %zu", k);
    recent[k % DELAY] = advance(g, &r2);
    *sum += recent[k % DELAY];
    *rest = 0.0;
    for (int d = 0; d < DELAY; d++) *rest += recent[d];
    *steps = k + 1;
    if (r2 <= 1e-30 * start || (k >= DELAY && *rest <= tolerance * *sum)) return PBL_OK;
  }
  return pbl_fail(err, PBL_NUMERIC, "exact tau: no convergence in %d steps; lower beta", MAX_STEPS);
}

pbl_status pbl_oracle_tau_reversible(double *tau, double *error, size_t *steps, const pbl_oracle *o,
                                     const double *f, double tolerance, pbl_progress *progress,
                                     pbl_error *err) {
  if (!pbl_oracle_reversible(o) || !(tolerance >= 1e-12 && tolerance <= 0.1))
    return pbl_fail(err, PBL_INVALID, "exact tau: scan '%s' is not reversible, or tolerance %g",
                    pbl_scan_name(o->scan), tolerance);
  const size_t n = pbl_oracle_count(o);
  double *memory = malloc((3 * n + pbl_oracle_scratch(o)) * sizeof *memory);
  if (memory == NULL) return pbl_fail(err, PBL_NO_MEMORY, "exact tau: no memory for %zu states", n);
  gradients g = {o, n, memory, memory + n, memory + 2 * n, memory + 3 * n};
  double sum = 0.0, rest = 0.0;
  size_t taken = 0;
  pbl_status status = PBL_OK;
  const double power = pbl_oracle_inner(o, f, f);
  memcpy(g.r, f, n * sizeof *f);
  (void)centre(o, g.r);
  const double variance = pbl_oracle_inner(o, g.r, g.r);
  const bool constant = !(variance > CONSTANT * power);
  memcpy(g.p, g.r, n * sizeof *f);
  if (!constant) status = sum_up(&sum, &rest, &taken, &g, tolerance, progress, err);
  free(memory);
  if (status != PBL_OK) return status;
  *tau = constant ? NAN : sum / variance - 0.5;
  if (error != NULL) *error = constant ? 0.0 : rest / variance;
  if (steps != NULL) *steps = taken;
  return PBL_OK;
}
