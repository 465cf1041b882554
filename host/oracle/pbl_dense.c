#include "pbl_dense.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_internal.h"

/* LAPACK inside OpenBLAS; its header is not part of the package. All matrices column-major. */
extern void dgetrf_(const int *m, const int *n, double *a, const int *lda, int *ipiv, int *info);
extern void dgetrs_(const char *trans, const int *n, const int *nrhs, const double *a,
                    const int *lda, const int *ipiv, double *b, const int *ldb, int *info,
                    size_t trans_length);
extern void dsyev_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda,
                   double *w, double *work, const int *lwork, int *info, size_t jobz_length,
                   size_t uplo_length);
extern void dgeev_(const char *jobvl, const char *jobvr, const int *n, double *a, const int *lda,
                   double *wr, double *wi, double *vl, const int *ldvl, double *vr, const int *ldvr,
                   double *work, const int *lwork, int *info, size_t jobvl_length,
                   size_t jobvr_length);

#define REVERSIBLE 1e-14
#define CONSTANT 1e-24 /* variance / E[f^2] that is rounding of a constant */

struct pbl_dense {
  size_t n;
  double *law;    /* n */
  double *kernel; /* n x n, row-major */
  double *lu;     /* of (I - P + 1 pi')', column-major = row-major of the untransposed */
  int *pivot;     /* n */
};

static pbl_status no_memory(size_t n, pbl_error *err) {
  return pbl_fail(err, PBL_NO_MEMORY, "dense kernel: no memory for %zu x %zu entries", n, n);
}

/* Row x of P^every is the law after `every` steps from state x. */
static pbl_status fill_kernel(pbl_dense *d, const pbl_oracle *o, size_t every, pbl_error *err) {
  double *scratch = malloc(pbl_oracle_scratch(o) * sizeof *scratch);
  if (scratch == NULL) return no_memory(d->n, err);
  for (size_t x = 0; x < d->n; x++) {
    double *row = d->kernel + x * d->n;
    memset(row, 0, d->n * sizeof *row);
    row[x] = 1.0;
    for (size_t k = 0; k < every; k++) pbl_oracle_forward_in(o, row, scratch);
  }
  free(scratch);
  return PBL_OK;
}

static pbl_status factorise(pbl_dense *d, pbl_error *err) {
  const int n = (int)d->n;
  int info = 0;
  for (size_t x = 0; x < d->n; x++) {
    for (size_t y = 0; y < d->n; y++)
      d->lu[x * d->n + y] = (x == y ? 1.0 : 0.0) - d->kernel[x * d->n + y] + d->law[y];
  }
  dgetrf_(&n, &n, d->lu, &n, d->pivot, &info);
  if (info == 0) return PBL_OK;
  return pbl_fail(err, PBL_NUMERIC,
                  "dense kernel: no unique stationary law (pivot %d is zero); lower beta", info);
}

pbl_status pbl_dense_create(pbl_dense **out, const pbl_oracle *o, size_t every, pbl_error *err) {
  *out = NULL;
  if (o->V + o->H > PBL_DENSE_MAX_PBITS || every == 0)
    return pbl_fail(err, PBL_INVALID,
                    "dense kernel: %d p-bits, every %zu; at most %d p-bits and every >= 1",
                    o->V + o->H, every, PBL_DENSE_MAX_PBITS);
  pbl_dense *d = calloc(1, sizeof *d);
  if (d == NULL) return pbl_fail(err, PBL_NO_MEMORY, "dense kernel: out of memory");
  d->n = pbl_oracle_count(o);
  d->law = malloc(d->n * sizeof *d->law);
  d->kernel = malloc(d->n * d->n * sizeof *d->kernel);
  d->lu = malloc(d->n * d->n * sizeof *d->lu);
  d->pivot = malloc(d->n * sizeof *d->pivot);
  pbl_status status = PBL_OK;
  if (d->law == NULL || d->kernel == NULL || d->lu == NULL || d->pivot == NULL)
    status = no_memory(d->n, err);
  if (status == PBL_OK) memcpy(d->law, o->law, d->n * sizeof *d->law);
  if (status == PBL_OK) status = fill_kernel(d, o, every, err);
  if (status == PBL_OK) status = factorise(d, err);
  if (status == PBL_OK) {
    *out = d;
  } else {
    pbl_dense_destroy(d);
  }
  return status;
}

void pbl_dense_destroy(pbl_dense *d) {
  if (d == NULL) return;
  free(d->law);
  free(d->kernel);
  free(d->lu);
  free(d->pivot);
  free(d);
}

size_t pbl_dense_states(const pbl_dense *d) {
  return d->n;
}
const double *pbl_dense_kernel(const pbl_dense *d) {
  return d->kernel;
}
const double *pbl_dense_law(const pbl_dense *d) {
  return d->law;
}

/* columns (count x n, one function per row) <- Z applied to each. Row-major data read by column-
 * major LAPACK is the transpose, hence "T". */
static pbl_status apply_z(const pbl_dense *d, double *columns, size_t count, pbl_error *err) {
  const int n = (int)d->n, m = (int)count;
  int info = 0;
  dgetrs_("T", &n, &m, d->lu, &n, d->pivot, columns, &n, &info, 1);
  if (info == 0) return PBL_OK;
  return pbl_fail(err, PBL_NUMERIC, "dense kernel: solve failed (argument %d)", -info);
}

static double inner(const pbl_dense *d, const double *f, const double *g) {
  double total = 0.0;
  for (size_t x = 0; x < d->n; x++) total += d->law[x] * f[x] * g[x];
  return total;
}

static double centre(const pbl_dense *d, double *f) {
  double mean = 0.0;
  for (size_t x = 0; x < d->n; x++) mean += d->law[x] * f[x];
  for (size_t x = 0; x < d->n; x++) f[x] -= mean;
  return mean;
}

pbl_status pbl_dense_tau(const pbl_dense *d, const double *f, double *mean, double *variance,
                         double *tau, pbl_error *err) {
  double *g = malloc(2 * d->n * sizeof *g);
  if (g == NULL) return no_memory(d->n, err);
  double *zg = g + d->n;
  memcpy(g, f, d->n * sizeof *g);
  const double power = inner(d, g, g), m = centre(d, g);
  double v = inner(d, g, g);
  const bool constant = !(v > CONSTANT * power);
  if (constant) v = 0.0;
  memcpy(zg, g, d->n * sizeof *g);
  pbl_status status = PBL_OK;
  if (tau != NULL && !constant) status = apply_z(d, zg, 1, err);
  if (status == PBL_OK) {
    if (mean != NULL) *mean = m;
    if (variance != NULL) *variance = v;
    if (tau != NULL) *tau = constant ? NAN : inner(d, g, zg) / v - 0.5;
  }
  free(g);
  return status;
}

static void apply_kernel(const pbl_dense *d, double *out, const double *f) {
  for (size_t x = 0; x < d->n; x++) {
    const double *row = d->kernel + x * d->n;
    double sum = 0.0;
    for (size_t y = 0; y < d->n; y++) sum += row[y] * f[y];
    out[x] = sum;
  }
}

/* n Cov = 2<a,Zb>_sym - <a,b> - (2/n)<a, P Z Z b>_sym + O(P^n): the sum over lags of
 * (1 - k/n) <a, P^k b>, with sum_{m<=n} (I - P^m) = n - P (I - P^n) Z. */
pbl_status pbl_dense_covariance(double *covariance, const pbl_dense *d, const size_t *cell,
                                size_t n_cells, size_t n_draws, pbl_error *err) {
  const size_t n = d->n, block = n_cells * n;
  for (size_t x = 0; x < n; x++) {
    if (cell[x] >= n_cells)
      return pbl_fail(err, PBL_INVALID, "dense kernel: state %zu in cell %zu of %zu", x, cell[x],
                      n_cells);
  }
  double *g = calloc(2 * block + n, sizeof *g);
  if (g == NULL) return no_memory(n, err);
  double *w = g + block, *pzz = w + block;
  for (size_t x = 0; x < n; x++) g[cell[x] * n + x] = 1.0;
  for (size_t a = 0; a < n_cells; a++) (void)centre(d, g + a * n);
  memcpy(w, g, block * sizeof *w);
  pbl_status status = apply_z(d, w, n_cells, err);
  if (status == PBL_OK && n_draws > 0) { /* w <- Z g - (1/n) P Z Z g */
    double *zz = malloc(block * sizeof *zz);
    if (zz == NULL) status = no_memory(n, err);
    if (status == PBL_OK) memcpy(zz, w, block * sizeof *zz);
    if (status == PBL_OK) status = apply_z(d, zz, n_cells, err);
    for (size_t a = 0; a < n_cells && status == PBL_OK; a++) {
      apply_kernel(d, pzz, zz + a * n);
      for (size_t x = 0; x < n; x++) w[a * n + x] -= pzz[x] / (double)n_draws;
    }
    free(zz);
  }
  for (size_t a = 0; a < n_cells && status == PBL_OK; a++) {
    for (size_t b = 0; b < n_cells; b++) {
      covariance[a * n_cells + b] = inner(d, g + a * n, w + b * n) +
                                    inner(d, g + b * n, w + a * n) - inner(d, g + a * n, g + b * n);
    }
  }
  free(g);
  return status;
}

double pbl_dense_asymmetry(const pbl_dense *d) {
  double worst = 0.0;
  for (size_t x = 0; x < d->n; x++) {
    for (size_t y = 0; y < x; y++) {
      const double flow = d->law[x] * d->kernel[x * d->n + y];
      const double back = d->law[y] * d->kernel[y * d->n + x];
      worst = fmax(worst, fabs(flow - back));
    }
  }
  return worst;
}

/* One spectrum in LAPACK's own order, before sorting. */
typedef struct {
  double *re, *im;   /* n */
  double *matrix;    /* n x n: input; symmetric case: eigenvectors on return */
  double *functions; /* n x n or NULL: rows on return */
} raw_spectrum;

static pbl_status lapack_failed(int info, pbl_error *err) {
  return pbl_fail(err, PBL_NUMERIC, "dense kernel: eigenvalues did not converge (LAPACK info %d)",
                  info);
}

/* D^(1/2) P D^(-1/2) is symmetric for a reversible kernel; its eigenvectors u give f = u/sqrt(pi),
 * already of norm 1 under pi. */
static pbl_status symmetric_spectrum(const pbl_dense *d, raw_spectrum *s, pbl_error *err) {
  const int n = (int)d->n, ask = -1;
  int info = 0;
  double size = 0.0;
  for (size_t x = 0; x < d->n; x++) {
    for (size_t y = 0; y <= x; y++) {
      const double root = sqrt(d->law[x] / d->law[y]);
      const double entry = 0.5 * (d->kernel[x * d->n + y] * root + d->kernel[y * d->n + x] / root);
      s->matrix[x * d->n + y] = s->matrix[y * d->n + x] = entry;
    }
    s->im[x] = 0.0;
  }
  const char *job = s->functions != NULL ? "V" : "N";
  dsyev_(job, "U", &n, s->matrix, &n, s->re, &size, &ask, &info, 1, 1);
  const int length = (int)size;
  double *work = malloc((size_t)length * sizeof *work);
  if (work == NULL) return no_memory(d->n, err);
  dsyev_(job, "U", &n, s->matrix, &n, s->re, work, &length, &info, 1, 1);
  free(work);
  if (info != 0) return lapack_failed(info, err);
  for (size_t k = 0; k < d->n && s->functions != NULL; k++) {
    for (size_t x = 0; x < d->n; x++)
      s->functions[k * d->n + x] = s->matrix[k * d->n + x] / sqrt(d->law[x]);
  }
  return PBL_OK;
}

/* dgeev sees the transpose of our row-major matrix, whose left eigenvectors u'A = l u' are the
 * right eigenvectors of P with the conjugate eigenvalue: P conj(u) = l conj(u). */
static pbl_status general_spectrum(const pbl_dense *d, raw_spectrum *s, pbl_error *err) {
  const int n = (int)d->n, ask = -1, one = 1;
  const bool want = s->functions != NULL;
  double *left = want ? s->functions : NULL;
  const int ld_left = want ? n : one;
  int info = 0;
  double size = 0.0, none = 0.0;
  memcpy(s->matrix, d->kernel, d->n * d->n * sizeof *s->matrix);
  dgeev_(want ? "V" : "N", "N", &n, s->matrix, &n, s->re, s->im, left, &ld_left, &none, &one, &size,
         &ask, &info, 1, 1);
  const int length = (int)size;
  double *work = malloc((size_t)length * sizeof *work);
  if (work == NULL) return no_memory(d->n, err);
  dgeev_(want ? "V" : "N", "N", &n, s->matrix, &n, s->re, s->im, left, &ld_left, &none, &one, work,
         &length, &info, 1, 1);
  free(work);
  if (info != 0) return lapack_failed(info, err);
  for (size_t k = 0; k + 1 < d->n && want; k++) {
    if (!(s->im[k] > 0.0)) continue;
    double *imaginary = s->functions + (k + 1) * d->n;
    for (size_t x = 0; x < d->n; x++) imaginary[x] = -imaginary[x];
  }
  return PBL_OK;
}

typedef struct {
  double modulus;
  size_t first, width; /* a complex pair moves as one */
} unit;

static int by_modulus(const void *a, const void *b) {
  const unit *x = a, *y = b;
  if (x->modulus != y->modulus) return x->modulus > y->modulus ? -1 : 1;
  return x->first < y->first ? -1 : 1;
}

static void normalise_unit(const pbl_dense *d, double *f, size_t width) {
  double norm = 0.0;
  for (size_t w = 0; w < width; w++) norm += inner(d, f + w * d->n, f + w * d->n);
  const double scale = 1.0 / sqrt(norm);
  for (size_t x = 0; x < width * d->n; x++) f[x] *= scale;
}

static pbl_status write_sorted(double *re, double *im, double *functions, const pbl_dense *d,
                               const raw_spectrum *s, pbl_error *err) {
  unit *order = malloc(d->n * sizeof *order);
  if (order == NULL) return no_memory(d->n, err);
  size_t n_units = 0, at = 0;
  for (size_t k = 0; k < d->n;) {
    const size_t width = s->im[k] > 0.0 && k + 1 < d->n ? 2 : 1;
    order[n_units++] = (unit){hypot(s->re[k], s->im[k]), k, width};
    k += width;
  }
  qsort(order, n_units, sizeof *order, by_modulus);
  for (size_t u = 0; u < n_units; u++) {
    for (size_t w = 0; w < order[u].width; w++) {
      re[at + w] = s->re[order[u].first + w];
      if (im != NULL) im[at + w] = s->im[order[u].first + w];
    }
    if (functions != NULL) {
      memcpy(functions + at * d->n, s->functions + order[u].first * d->n,
             order[u].width * d->n * sizeof *functions);
      normalise_unit(d, functions + at * d->n, order[u].width);
    }
    at += order[u].width;
  }
  free(order);
  return PBL_OK;
}

pbl_status pbl_dense_spectrum(double *re, double *im, double *functions, const pbl_dense *d,
                              pbl_error *err) {
  const size_t n = d->n;
  for (size_t x = 0; x < n; x++) {
    if (!(d->law[x] > 0.0))
      return pbl_fail(err, PBL_NUMERIC, "dense kernel: state %zu has probability 0", x);
  }
  raw_spectrum s = {.re = malloc(2 * n * sizeof(double)), .matrix = malloc(n * n * sizeof(double))};
  if (functions != NULL) s.functions = malloc(n * n * sizeof(double));
  pbl_status status = PBL_OK;
  if (s.re == NULL || s.matrix == NULL || (functions != NULL && s.functions == NULL)) {
    status = no_memory(n, err);
  } else {
    s.im = s.re + n;
    status = pbl_dense_asymmetry(d) < REVERSIBLE ? symmetric_spectrum(d, &s, err)
                                                 : general_spectrum(d, &s, err);
  }
  if (status == PBL_OK) status = write_sorted(re, im, functions, d, &s, err);
  free(s.re);
  free(s.matrix);
  free(s.functions);
  return status;
}
