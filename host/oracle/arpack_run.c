#include "arpack_run.h"

#include <arpack.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"

#define MAX_RESTARTS 3000
#define EXTRA_VECTORS 18
#define LEAST_WEIGHT 1e-280 /* below it 1/sqrt(weight) is no use */
#define ZERO_VECTOR (-9)    /* ARPACK: the step has left nothing */

/* One run of ARPACK: its arrays and our operator. */
typedef struct {
  const pbl_arpack_task *task;
  bool symmetric, weighted; /* weighted: vectors are f sqrt(weight) */
  a_int n, nev, ncv, lworkl, iparam[11], ipntr[14], info;
  double *resid, *v, *workd, *workl; /* n, n x ncv, 3 n */
  double *f, *root;                  /* n each; root: sqrt(weight) or NULL */
} run;

/* out = (P - 1 pi') x in the run's coordinates. */
static void apply(run *a, double *out, const double *x) {
  const size_t n = (size_t)a->n;
  const double *f = x;
  if (a->weighted) {
    for (size_t k = 0; k < n; k++) a->f[k] = x[k] / a->root[k];
    f = a->f;
  }
  a->task->step(a->task->context, out, f);
  double mean = 0.0;
  for (size_t k = 0; k < n; k++) mean += a->task->weight[k] * out[k];
  for (size_t k = 0; k < n; k++) out[k] = (out[k] - mean) * (a->weighted ? a->root[k] : 1.0);
}

static void start_vector(run *a) {
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, 1); /* any start with weight on the slow modes will do */
  for (size_t k = 0; k < (size_t)a->n; k++) {
    a->resid[k] = pbl_xoshiro_double(&rng) - 0.5;
    if (a->weighted) a->resid[k] *= a->root[k];
  }
}

static pbl_status allocate(run *a, pbl_error *err) {
  const size_t n = (size_t)a->n, ncv = (size_t)a->ncv;
  a->lworkl = (a_int)(3 * ncv * ncv + 8 * ncv);
  a->resid = malloc(n * sizeof(double));
  a->v = malloc(n * ncv * sizeof(double));
  a->workd = malloc(3 * n * sizeof(double));
  a->workl = malloc((size_t)a->lworkl * sizeof(double));
  a->f = malloc(n * sizeof(double));
  a->root = malloc(n * sizeof(double));
  if (!a->resid || !a->v || !a->workd || !a->workl || !a->f || !a->root)
    return pbl_fail(err, PBL_NO_MEMORY, "slowest modes: no memory for %zu vectors of %zu states",
                    ncv + 6, n);
  a->weighted = true;
  for (size_t k = 0; k < n; k++) {
    a->weighted = a->weighted && a->task->weight[k] > LEAST_WEIGHT;
    a->root[k] = sqrt(a->task->weight[k]);
  }
  a->symmetric = a->task->symmetric && a->weighted;
  return PBL_OK;
}

static void release(run *a) {
  free(a->resid);
  free(a->v);
  free(a->workd);
  free(a->workl);
  free(a->f);
  free(a->root);
}

static pbl_status iterate(run *a, pbl_error *err) {
  const double tolerance = a->task->tolerance;
  a_int ido = 0;
  uint64_t steps = 0;
  a->info = 1; /* our own start */
  a->iparam[0] = 1;
  a->iparam[2] = MAX_RESTARTS;
  a->iparam[3] = 1;
  a->iparam[6] = 1;
  start_vector(a);
  for (;;) {
    if (a->symmetric) {
      dsaupd_c(&ido, "I", a->n, "LM", a->nev, tolerance, a->resid, a->ncv, a->v, a->n, a->iparam,
               a->ipntr, a->workd, a->workl, a->lworkl, &a->info);
    } else {
      dnaupd_c(&ido, "I", a->n, "LM", a->nev, tolerance, a->resid, a->ncv, a->v, a->n, a->iparam,
               a->ipntr, a->workd, a->workl, a->lworkl, &a->info);
    }
    if (ido != -1 && ido != 1) break;
    if (!pbl_progress_report(a->task->progress, "slowest modes", steps++, 0))
      return pbl_fail(err, PBL_INTERRUPTED, "slowest modes: interrupted");
    apply(a, a->workd + a->ipntr[1] - 1, a->workd + a->ipntr[0] - 1);
  }
  if (a->info == 0 || a->info == ZERO_VECTOR) return PBL_OK;
  return pbl_fail(err, PBL_NUMERIC,
                  "slowest modes: ARPACK stopped with code %d, %d of %d eigenvalues converged",
                  (int)a->info, (int)a->iparam[4], (int)a->nev);
}

/* d, di and z (columns of length n) in ARPACK's order; *found of them. */
static pbl_status extract(run *a, double *d, double *di, double *z, int *found, pbl_error *err) {
  const size_t ncv = (size_t)a->ncv;
  const double tolerance = a->task->tolerance;
  const a_int want = z != NULL;
  a_int *select = calloc(ncv, sizeof *select);
  double *workev = malloc(3 * ncv * sizeof *workev);
  if (select == NULL || workev == NULL) {
    free(select);
    free(workev);
    return pbl_fail(err, PBL_NO_MEMORY, "slowest modes: out of memory");
  }
  if (a->symmetric) {
    dseupd_c(want, "A", select, d, want ? z : a->v, a->n, 0.0, "I", a->n, "LM", a->nev, tolerance,
             a->resid, a->ncv, a->v, a->n, a->iparam, a->ipntr, a->workd, a->workl, a->lworkl,
             &a->info);
  } else {
    dneupd_c(want, "A", select, d, di, want ? z : a->v, a->n, 0.0, 0.0, workev, "I", a->n, "LM",
             a->nev, tolerance, a->resid, a->ncv, a->v, a->n, a->iparam, a->ipntr, a->workd,
             a->workl, a->lworkl, &a->info);
  }
  free(select);
  free(workev);
  *found = (int)a->iparam[4];
  if (a->info == 0 && *found >= (int)a->nev) return PBL_OK;
  return pbl_fail(err, PBL_NUMERIC, "slowest modes: no eigenvalues (ARPACK code %d)", (int)a->info);
}

/* Back from f sqrt(weight), to norm 1 under the law; width 2: a complex pair. */
static void write_function(double *out, const run *a, const double *z, size_t width, size_t kept) {
  const size_t n = (size_t)a->n;
  double norm = 0.0;
  for (size_t w = 0; w < width; w++) {
    for (size_t k = 0; k < n; k++) {
      const double f = a->weighted ? z[w * n + k] / a->root[k] : z[w * n + k];
      norm += a->task->weight[k] * f * f;
      if (w < kept) out[w * n + k] = f;
    }
  }
  const double scale = 1.0 / sqrt(norm);
  for (size_t k = 0; k < kept * n; k++) out[k] *= scale;
}

static void write_sorted(double *re, double *im, double *functions, const run *a, double *d,
                         const double *di, const double *z, int found) {
  const size_t n = (size_t)a->n, count = a->task->count;
  for (size_t at = 0; at < count;) {
    int best = -1;
    for (int k = 0; k < found; k++) {
      if (isnan(d[k]) || di[k] < 0.0) continue;
      if (best < 0 || hypot(d[k], di[k]) > hypot(d[best], di[best])) best = k;
    }
    if (best < 0) break; /* extract has made sure that there are enough */
    const size_t width = di[best] > 0.0 ? 2 : 1, kept = at + width <= count ? width : 1;
    for (size_t w = 0; w < kept; w++) {
      re[at + w] = d[best];
      im[at + w] = w == 0 ? di[best] : -di[best];
    }
    if (functions != NULL) write_function(functions + at * n, a, z + (size_t)best * n, width, kept);
    d[best] = NAN;
    at += kept;
  }
}

static pbl_status finish(double *re, double *im, double *functions, run *a, pbl_error *err) {
  const size_t n = (size_t)a->n, room = (size_t)a->ncv + 1;
  double *d = calloc(2 * room, sizeof *d), *z = NULL;
  if (functions != NULL) z = malloc((size_t)(a->nev + 1) * n * sizeof *z);
  pbl_status status = PBL_OK;
  int found = 0;
  if (d == NULL || (functions != NULL && z == NULL))
    status = pbl_fail(err, PBL_NO_MEMORY, "slowest modes: no memory for functions");
  if (status == PBL_OK) status = extract(a, d, d + room, z, &found, err);
  if (status == PBL_OK) write_sorted(re, im, functions, a, d, d + room, z, found);
  free(d);
  free(z);
  return status;
}

pbl_status pbl_arpack_run(double *re, double *im, double *functions, const pbl_arpack_task *task,
                          pbl_error *err) {
  const size_t n = task->n, room = 2 * task->count + EXTRA_VECTORS;
  if (task->count < 1 || 2 * task->count + 3 > n)
    return pbl_fail(err, PBL_INVALID, "slowest modes: %zu of %zu states; 1 to %zu can be had",
                    task->count, n, n > 4 ? (n - 3) / 2 : 0);
  run a = {
      .task = task, .n = (a_int)n, .nev = (a_int)task->count, .ncv = (a_int)(room < n ? room : n)};
  for (size_t k = 0; k < task->count; k++) re[k] = im[k] = 0.0;
  if (functions != NULL) memset(functions, 0, task->count * n * sizeof *functions);
  pbl_status status = allocate(&a, err);
  if (status == PBL_OK) status = iterate(&a, err);
  if (status == PBL_OK && a.info != ZERO_VECTOR) status = finish(re, im, functions, &a, err);
  release(&a);
  return status;
}
