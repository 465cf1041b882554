/* The solver: tables, factorisations, Poisson equation.
 *
 * Notation: "own" is the smaller side, "other" the own_table; for own = h, with A f a function of v
 * and B f one of h, and f centred under the law,
 *     own_part   = B f            cross_part   = B (A f)        functions of h: what a step makes
 *     own_weight = sum_v law f    cross_weight = sum_v P(h|v) sum_h' law f      weights on h
 *     cross      = <sum_h law f, A f>
 * and for own = v the same with A and B exchanged. No step uses that A and B are self-adjoint, so
 * that quantised kernels, which are not, are solved as well. */
#include "pbl_blocks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blocks_internal.h"

extern void dgetrf_(const int *m, const int *n, double *a, const int *lda, int *ipiv, int *info);
extern void dgetrs_(const char *trans, const int *n, const int *nrhs, const double *a,
                    const int *lda, const int *ipiv, double *b, const int *ldb, int *info,
                    size_t trans_length);

#define CONSTANT 1e-24     /* variance / E[f^2] that is rounding of a constant */
#define TAU_TOLERANCE 1e-9 /* refinement correction / tau */
#define PANELS 8           /* the product that makes M is cut so that an interrupt is heard */

static pbl_status no_memory(const pbl_oracle *o, pbl_error *err) {
  return pbl_fail(err, PBL_NO_MEMORY, "two-block solver: no memory for %zu states",
                  pbl_oracle_count(o));
}

static pbl_status interrupted(pbl_error *err) {
  return pbl_fail(err, PBL_INTERRUPTED, "exact solution: interrupted");
}

/* Both tables as 2^H x 2^V matrices, in the layout of a state vector: P(h|v) and P(v|h). */
static void fill_hidden_table(const pbl_oracle *o, double *table) {
  const size_t n = o->visible_states;
  for (size_t v = 0; v < n; v++) table[v] = 1.0;
  for (int j = 0; j < o->H; j++) {
    const double *p = o->p_hidden + (size_t)j * n;
    const size_t half = (size_t)1 << j;
    for (size_t h = 0; h < half; h++) {
      double *minus = table + h * n, *plus = table + (h + half) * n;
      for (size_t v = 0; v < n; v++) {
        plus[v] = p[v] * minus[v];
        minus[v] = (1.0 - p[v]) * minus[v];
      }
    }
  }
}

static void fill_visible_table(const pbl_oracle *o, double *table) {
  const size_t n = o->visible_states;
  for (size_t h = 0; h < o->hidden_states; h++) {
    double *row = table + h * n;
    row[0] = 1.0;
    for (int i = 0; i < o->V; i++) {
      const double p = o->p_visible[h * (size_t)o->V + (size_t)i];
      const size_t half = (size_t)1 << i;
      for (size_t v = 0; v < half; v++) {
        row[v + half] = p * row[v];
        row[v] = (1.0 - p) * row[v];
      }
    }
  }
}

/* M = P(v|h) P(h|v)' for own = h, P(h|v)' P(v|h) for own = v; row panel by row panel. */
static pbl_status multiply_tables(pbl_blocks *b, const double *hidden, const double *visible,
                                  pbl_progress *progress, pbl_error *err) {
  const size_t n = b->o->visible_states, m = b->m, inner = b->on_hidden ? n : b->o->hidden_states;
  const size_t step = m < PANELS ? m : m / PANELS;
  for (size_t row = 0; row < m; row += step) {
    if (!pbl_progress_report(progress, "two-block matrix", row, m)) return interrupted(err);
    if (b->on_hidden) {
      cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)step, (int)m, (int)inner, 1.0,
                  visible + row * n, (int)n, hidden, (int)n, 0.0, b->matrix + row * m, (int)m);
    } else {
      cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)step, (int)m, (int)inner, 1.0,
                  hidden + row, (int)n, visible, (int)n, 0.0, b->matrix + row * m, (int)m);
    }
  }
  return PBL_OK;
}

static void fill_weight(pbl_blocks *b) {
  const pbl_oracle *o = b->o;
  const size_t n = o->visible_states;
  memset(b->weight, 0, b->m * sizeof *b->weight);
  for (size_t h = 0; h < o->hidden_states; h++) {
    for (size_t v = 0; v < n; v++) b->weight[b->on_hidden ? h : v] += o->law[h * n + v];
  }
}

/* I - M + 1 w' has no null space: constants are mapped to themselves. */
static pbl_status factorise(pbl_blocks *b, pbl_error *err) {
  const size_t m = b->m;
  const int n = (int)m;
  int info = 0, quarter_info = 0;
  for (size_t x = 0; x < m; x++) {
    for (size_t y = 0; y < m; y++) {
      const double unit = x == y ? 1.0 : 0.0, entry = b->matrix[x * m + y];
      b->lu[x * m + y] = unit - entry + b->weight[y];
      b->quarter_lu[x * m + y] = unit - 0.25 * entry;
    }
  }
  dgetrf_(&n, &n, b->lu, &n, b->pivot, &info);
  dgetrf_(&n, &n, b->quarter_lu, &n, b->quarter_pivot, &quarter_info);
  if (info == 0 && quarter_info == 0) return PBL_OK;
  return pbl_fail(err, PBL_NUMERIC,
                  "two-block solver: no unique stationary law (pivot %d is zero); lower beta",
                  info);
}

static pbl_status fill(pbl_blocks *b, pbl_progress *progress, pbl_error *err) {
  const size_t m = b->m, n = pbl_oracle_count(b->o);
  double *own_table = malloc(n * sizeof *own_table);
  b->other_table = malloc(n * sizeof *own_table);
  b->matrix = malloc(3 * m * m * sizeof *b->matrix);
  b->weight = malloc(m * sizeof *b->weight);
  b->pivot = malloc(2 * m * sizeof *b->pivot);
  pbl_status status = PBL_OK;
  if (!own_table || !b->other_table || !b->matrix || !b->weight || !b->pivot) {
    status = no_memory(b->o, err);
  } else {
    b->lu = b->matrix + m * m;
    b->quarter_lu = b->lu + m * m;
    b->quarter_pivot = b->pivot + m;
    /* other_table carries weights of the other side over to the own one. */
    double *hidden = b->on_hidden ? b->other_table : own_table;
    double *visible = b->on_hidden ? own_table : b->other_table;
    fill_hidden_table(b->o, hidden);
    fill_visible_table(b->o, visible);
    fill_weight(b);
    status = multiply_tables(b, hidden, visible, progress, err);
  }
  free(own_table);
  return status == PBL_OK ? factorise(b, err) : status;
}

pbl_status pbl_blocks_create(pbl_blocks **out, const pbl_oracle *o, pbl_progress *progress,
                             pbl_error *err) {
  *out = NULL;
  if (o->site != NULL)
    return pbl_fail(err, PBL_INVALID, "two-block solver: the oracle of a graph has no two blocks");
  pbl_blocks *b = calloc(1, sizeof *b);
  if (b == NULL) return no_memory(o, err);
  b->o = o;
  b->on_hidden = o->H <= o->V;
  b->m = b->on_hidden ? o->hidden_states : o->visible_states;
  const pbl_status status = fill(b, progress, err);
  if (status == PBL_OK) {
    *out = b;
  } else {
    pbl_blocks_destroy(b);
  }
  return status;
}

void pbl_blocks_destroy(pbl_blocks *b) {
  if (b == NULL) return;
  free(b->other_table);
  free(b->matrix);
  free(b->weight);
  free(b->pivot);
  free(b);
}

/* The law of a quantised mixture has other margins than its own blocks' chain. */
bool pbl_blocks_knows(const pbl_blocks *b, pbl_scan scan) {
  const bool ideal = !isnan(b->o->log_z);
  if (scan == PBL_SCAN_COIN || scan == PBL_SCAN_RANDOM_BLOCK) return ideal;
  if (scan != PBL_SCAN_CYCLIC && scan != PBL_SCAN_PALINDROMIC) return false;
  return ideal || scan == b->o->scan;
}

pbl_status pbl_blocks_check(const pbl_blocks *b, pbl_scan scan, pbl_error *err) {
  if (pbl_blocks_knows(b, scan)) return PBL_OK;
  return pbl_fail(err, PBL_INVALID, "two-block solver: scan '%s' is none of its own",
                  pbl_scan_name(scan));
}

/* own_part, cross_part, own_weight, cross_weight of the centred f. */
static void project(pbl_reduced *r, const pbl_blocks *b, const double *f, double *work) {
  const pbl_oracle *o = b->o;
  const size_t n = o->visible_states, m = b->m;
  double *visible_part = work, *visible_weight = work + n;
  double *hidden_part = visible_weight + n, *hidden_weight = hidden_part + o->hidden_states;
  double *rest = hidden_weight + o->hidden_states;
  memset(visible_weight, 0, n * sizeof *visible_weight);
  for (size_t h = 0; h < o->hidden_states; h++) {
    double sum = 0.0;
    for (size_t v = 0; v < n; v++) {
      const double mass = o->law[h * n + v] * f[h * n + v];
      visible_weight[v] += mass;
      sum += mass;
    }
    hidden_weight[h] = sum;
  }
  pbl_reduce_hidden(o, visible_part, f, rest);
  pbl_reduce_visible(o, hidden_part, f, rest);
  const double *own_part = b->on_hidden ? hidden_part : visible_part;
  const double *own_weight = b->on_hidden ? hidden_weight : visible_weight;
  const double *other_part = b->on_hidden ? visible_part : hidden_part;
  const double *other_weight = b->on_hidden ? visible_weight : hidden_weight;
  const size_t others = b->on_hidden ? n : o->hidden_states;
  memcpy(r->vector, own_part, m * sizeof *own_part);
  memcpy(r->vector + 2 * m, own_weight, m * sizeof *own_weight);
  if (b->on_hidden) {
    pbl_visible_to_hidden(o, r->vector + m, visible_part, rest);
  } else {
    pbl_hidden_to_visible(o, r->vector + m, hidden_part, rest);
  }
  cblas_dgemv(CblasRowMajor, b->on_hidden ? CblasNoTrans : CblasTrans, (int)o->hidden_states,
              (int)n, 1.0, b->other_table, (int)n, other_weight, 1, 0.0, r->vector + 3 * m, 1);
  r->cross = cblas_ddot((int)others, other_part, 1, other_weight, 1);
}

pbl_status pbl_blocks_reduce(pbl_reduced *out, const pbl_blocks *b, const double *f,
                             pbl_error *err) {
  const pbl_oracle *o = b->o;
  const size_t n = pbl_oracle_count(o);
  const size_t sides = 2 * (o->visible_states + o->hidden_states) + pbl_block_work(o);
  *out = (pbl_reduced){.vector = calloc(4 * b->m, sizeof *out->vector)};
  double *g = malloc((n + sides) * sizeof *g);
  if (out->vector == NULL || g == NULL) {
    free(g);
    pbl_reduced_release(out);
    return no_memory(o, err);
  }
  const double power = pbl_oracle_inner(o, f, f);
  out->mean = pbl_oracle_mean(o, f);
  for (size_t x = 0; x < n; x++) g[x] = f[x] - out->mean;
  out->variance = pbl_oracle_inner(o, g, g);
  if (out->variance > CONSTANT * power) {
    project(out, b, g, g + n);
  } else {
    out->variance = 0.0;
  }
  free(g);
  return PBL_OK;
}

void pbl_reduced_release(pbl_reduced *r) {
  free(r->vector);
  r->vector = NULL;
}

/* law (I - M + 1 w') = w' holds for the law of M, whatever w' with sum 1 is. */
void pbl_blocks_stationary(double *law, const pbl_blocks *b) {
  const int n = (int)b->m, one = 1;
  int info = 0;
  memcpy(law, b->weight, b->m * sizeof *law);
  dgetrs_("N", &n, &one, b->lu, &n, b->pivot, law, &n, &info, 1);
}

size_t pbl_blocks_own_side(const pbl_blocks *b, bool *is_hidden) {
  *is_hidden = b->on_hidden;
  return b->m;
}

void pbl_blocks_multiply(double *out, const pbl_blocks *b, const double *x, size_t n) {
  const int m = (int)b->m;
  cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, m, m, 1.0, x, m, b->matrix, m, 0.0,
              out, m);
}

/* x <- (I - M + 1 w')^-1 x, or (I - M/4)^-1 x. Row-major data, column-major LAPACK: "T". */
static void solve(const pbl_blocks *b, double *x, bool quarter) {
  const int n = (int)b->m, one = 1;
  int info = 0;
  dgetrs_("T", &n, &one, quarter ? b->quarter_lu : b->lu, &n, quarter ? b->quarter_pivot : b->pivot,
          x, &n, &info, 1);
}

/* (I - M + 1 w') x = r with one step of iterative refinement; change <- the step. y: scratch. */
static void solve_refined(const pbl_blocks *b, double *x, const double *r, double *change,
                          double *y) {
  const size_t m = b->m;
  memcpy(x, r, m * sizeof *x);
  solve(b, x, false);
  pbl_blocks_multiply(y, b, x, 1);
  const double mean = cblas_ddot((int)m, b->weight, 1, x, 1);
  for (size_t k = 0; k < m; k++) change[k] = r[k] - (x[k] - y[k] + mean);
  solve(b, change, false);
  for (size_t k = 0; k < m; k++) x[k] += change[k];
}

/* Sum of gamma_k over k >= 1 that the solution x stands for; linear in x but for the constants,
 * which `constants` switches on. own and other weights: see the table in the header. */
static double lag_sum(const pbl_blocks *b, pbl_scan scan, const pbl_reduced *f, const double *x,
                      double *y, double constants) {
  const size_t m = b->m;
  const double *own = f->vector, *own_weight = own + 2 * m, *cross_weight = own + 3 * m;
  const double from_own = cblas_ddot((int)m, own_weight, 1, x, 1);
  const double from_cross = cblas_ddot((int)m, cross_weight, 1, x, 1);
  if (scan == PBL_SCAN_RANDOM_BLOCK) return 0.5 * (from_own + from_cross) + constants * f->cross;
  if (scan != PBL_SCAN_COIN) return b->on_hidden ? from_cross : from_own;
  /* The other side's total, carried over, is 2 ((I - M/2) x - own_part). */
  pbl_blocks_multiply(y, b, x, 1);
  for (size_t k = 0; k < m; k++) y[k] = 2.0 * (x[k] - 0.5 * y[k] - constants * own[k]);
  return 0.5 * (from_cross + cblas_ddot((int)m, own_weight, 1, y, 1));
}

/* Right-hand side of (I - M) x = r; y: scratch. */
static void right_hand_side(const pbl_blocks *b, pbl_scan scan, const pbl_reduced *f, double *r,
                            double *y) {
  const size_t m = b->m;
  const double *own = f->vector, *cross = own + m;
  pbl_blocks_multiply(y, b, own, 1);
  for (size_t k = 0; k < m; k++) {
    if (scan == PBL_SCAN_RANDOM_BLOCK) {
      r[k] = 2.0 * (own[k] + cross[k]);
    } else if (scan == PBL_SCAN_COIN) {
      r[k] = own[k] - 0.5 * y[k] + 0.5 * cross[k];
    } else if (scan == PBL_SCAN_PALINDROMIC) {
      r[k] = b->on_hidden ? cross[k] : y[k];
    } else {
      r[k] = b->on_hidden ? own[k] : cross[k];
    }
  }
  if (scan == PBL_SCAN_COIN) solve(b, r, true);
}

pbl_status pbl_blocks_tau(double *tau, double *error, const pbl_blocks *b, pbl_scan scan,
                          const pbl_reduced *f, pbl_error *err) {
  pbl_status status = pbl_blocks_check(b, scan, err);
  if (status != PBL_OK) return status;
  *tau = NAN;
  if (error != NULL) *error = 0.0;
  if (!(f->variance > 0.0)) return PBL_OK;
  const size_t m = b->m;
  double *r = malloc(4 * m * sizeof *r);
  if (r == NULL) return no_memory(b->o, err);
  double *x = r + m, *change = x + m, *y = change + m;
  right_hand_side(b, scan, f, r, y);
  solve_refined(b, x, r, change, y);
  const double value = 0.5 + lag_sum(b, scan, f, x, y, 1.0) / f->variance;
  const double step = fabs(lag_sum(b, scan, f, change, y, 0.0)) / f->variance;
  free(r);
  if (!(step <= TAU_TOLERANCE * fabs(value)))
    return pbl_fail(err, PBL_NUMERIC,
                    "two-block solver: tau %.6g is only good to %.2g; the slowest mode is beyond "
                    "double precision, lower beta",
                    value, step);
  *tau = value;
  if (error != NULL) *error = step;
  return PBL_OK;
}
