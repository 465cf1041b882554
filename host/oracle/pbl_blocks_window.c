/* Window variances and Q_op of the two-block solver: the chain's lags on the smaller side.
 *
 * Functions p (own side) and s (the other side's function is the step from s to it) follow
 *
 *     AB, ABA   p' = M p
 *     coin      p' = (M p + M s)/2,   s' = (p + M s)/2       M s = cross_part at lag 0
 *     block     p' = (M s + 2^-k cross_part + p)/2,   s' = (s + p)/2
 *
 * rows are observables. |gamma| at every later lag is at most the pi-norm of f times that of the
 * function now, because a step contracts it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "blocks_internal.h"
#include "pbl_blocks.h"

#define TAIL 1e-12
#define CHECK_EVERY 8

typedef struct {
  const pbl_blocks *b;
  pbl_scan scan;
  const pbl_reduced *f;
  size_t n;        /* observables */
  double *p, *s;   /* n x m each */
  double *mp, *ms; /* M p, and M s or what stands for it */
  double *gamma;   /* n: at the lag just made */
  double fading;   /* 2^-k */
} lag_state;

static double dot(const double *x, const double *y, size_t m) {
  return cblas_ddot((int)m, x, 1, y, 1);
}

/* Lag 0: what the first step needs. */
static void start(lag_state *l) {
  const size_t m = l->b->m;
  for (size_t k = 0; k < l->n; k++) {
    const double *own = l->f[k].vector, *cross = own + m;
    const bool from_cross = l->b->on_hidden == (l->scan == PBL_SCAN_PALINDROMIC);
    const bool power = l->scan == PBL_SCAN_CYCLIC || l->scan == PBL_SCAN_PALINDROMIC;
    memcpy(l->p + k * m, power && from_cross ? cross : own, m * sizeof *own);
    if (l->ms != NULL) memcpy(l->ms + k * m, cross, m * sizeof *cross);
  }
  if (l->s != NULL) memset(l->s, 0, l->n * m * sizeof *l->s);
  l->fading = 1.0;
  if (l->scan == PBL_SCAN_PALINDROMIC && !l->b->on_hidden) { /* starts at M own_part */
    pbl_blocks_multiply(l->mp, l->b, l->p, l->n);
    memcpy(l->p, l->mp, l->n * m * sizeof *l->p);
  }
}

static void power_lag(lag_state *l, bool first) {
  const size_t m = l->b->m;
  if (!first) {
    pbl_blocks_multiply(l->mp, l->b, l->p, l->n);
    memcpy(l->p, l->mp, l->n * m * sizeof *l->p);
  }
  for (size_t k = 0; k < l->n; k++) {
    const double *weight = l->f[k].vector + (l->b->on_hidden ? 3 : 2) * m;
    l->gamma[k] = dot(weight, l->p + k * m, m);
  }
}

static void coin_lag(lag_state *l) {
  const size_t m = l->b->m, size = l->n * m;
  for (size_t k = 0; k < l->n; k++) {
    const double *own_weight = l->f[k].vector + 2 * m, *cross_weight = own_weight + m;
    l->gamma[k] = 0.5 * (dot(cross_weight, l->p + k * m, m) + dot(own_weight, l->ms + k * m, m));
  }
  pbl_blocks_multiply(l->mp, l->b, l->p, l->n);
  for (size_t x = 0; x < size; x++) {
    l->s[x] = 0.5 * (l->p[x] + l->ms[x]);
    l->p[x] = 0.5 * (l->mp[x] + l->ms[x]);
  }
  pbl_blocks_multiply(l->ms, l->b, l->s, l->n);
}

static void block_lag(lag_state *l) {
  const size_t m = l->b->m;
  for (size_t k = 0; k < l->n; k++) {
    const double *own_weight = l->f[k].vector + 2 * m, *cross_weight = own_weight + m;
    l->gamma[k] = 0.5 * (dot(cross_weight, l->s + k * m, m) + dot(own_weight, l->p + k * m, m) +
                         l->fading * l->f[k].cross);
  }
  pbl_blocks_multiply(l->ms, l->b, l->s, l->n);
  for (size_t k = 0; k < l->n; k++) {
    const double *cross = l->f[k].vector + m;
    for (size_t x = 0; x < m; x++) {
      const size_t at = k * m + x;
      const double own = l->p[at];
      l->p[at] = 0.5 * (l->ms[at] + l->fading * cross[x] + own);
      l->s[at] = 0.5 * (l->s[at] + own);
    }
  }
  l->fading *= 0.5;
}

static void next_lag(lag_state *l, bool first) {
  if (l->scan == PBL_SCAN_COIN) {
    coin_lag(l);
  } else if (l->scan == PBL_SCAN_RANDOM_BLOCK) {
    block_lag(l);
  } else {
    power_lag(l, first);
  }
}

/* Squared pi-norm after the mean, which rounding feeds and which never decays, is taken out. */
static double centred_norm(const pbl_blocks *b, double *x) {
  const size_t m = b->m;
  const double mean = dot(b->weight, x, m);
  double norm = 0.0;
  for (size_t k = 0; k < m; k++) {
    x[k] -= mean;
    norm += b->weight[k] * x[k] * x[k];
  }
  return norm;
}

static bool negligible(lag_state *l) {
  const size_t m = l->b->m;
  bool all = true;
  for (size_t k = 0; k < l->n; k++) {
    const double least = TAIL * TAIL * l->f[k].variance;
    if (!(l->f[k].variance > 0.0)) continue;
    all = centred_norm(l->b, l->p + k * m) <= least && all;
    if (l->s != NULL) all = centred_norm(l->b, l->s + k * m) <= least && all;
    if (l->scan == PBL_SCAN_RANDOM_BLOCK) all = l->fading <= TAIL && all;
  }
  return all;
}

static pbl_status run(double *variance, lag_state *l, size_t window, pbl_progress *progress,
                      pbl_error *err) {
  const double w = (double)window;
  for (size_t k = 0; k < l->n; k++) variance[k] = l->f[k].variance / w;
  start(l);
  for (size_t lag = 1; lag < window; lag++) {
    if (!pbl_progress_report(progress, "lags of the exact window", lag, window))
      return pbl_fail(err, PBL_INTERRUPTED, "exact window: interrupted at lag %zu", lag);
    next_lag(l, lag == 1);
    for (size_t k = 0; k < l->n; k++)
      if (l->f[k].variance > 0.0) variance[k] += 2.0 * (w - (double)lag) / (w * w) * l->gamma[k];
    if (lag % CHECK_EVERY == 0 && negligible(l)) break;
  }
  return PBL_OK;
}

pbl_status pbl_blocks_window_variance(double *variance, const pbl_blocks *b, pbl_scan scan,
                                      const pbl_reduced *f, size_t n, size_t window,
                                      pbl_progress *progress, pbl_error *err) {
  pbl_status status = pbl_blocks_check(b, scan, err);
  if (status != PBL_OK) return status;
  if (window == 0 || n == 0)
    return pbl_fail(err, PBL_INVALID, "exact window: %zu observables, %zu steps; both >= 1", n,
                    window);
  const size_t size = n * b->m;
  const bool mixture = scan == PBL_SCAN_COIN || scan == PBL_SCAN_RANDOM_BLOCK;
  double *memory = malloc(((mixture ? 4 : 2) * size + n) * sizeof *memory);
  if (memory == NULL)
    return pbl_fail(err, PBL_NO_MEMORY, "exact window: no memory for %zu observables", n);
  lag_state l = {.b = b, .scan = scan, .f = f, .n = n, .p = memory, .mp = memory + size};
  l.gamma = memory + (mixture ? 4 : 2) * size;
  if (mixture) {
    l.s = memory + 2 * size;
    l.ms = memory + 3 * size;
  }
  status = run(variance, &l, window, progress, err);
  free(memory);
  return status;
}

size_t pbl_gradient_count(const pbl_oracle *o) {
  return (size_t)o->V * (size_t)o->H + (size_t)o->V + (size_t)o->H;
}

void pbl_gradient_values(double *f, const pbl_oracle *o, size_t a) {
  const size_t V = (size_t)o->V, H = (size_t)o->H, edges = V * H;
  const size_t mask = a < edges ? ((size_t)1 << (a / H)) | ((size_t)1 << (V + a % H))
                                : (size_t)1 << (a - edges); /* visible, then hidden bits */
  /* A product of spins is +1 when an even number of them is -1. */
  for (size_t x = 0; x < pbl_oracle_count(o); x++)
    f[x] = (__builtin_popcountll(~x & mask) & 1) ? -1.0 : 1.0;
}

double pbl_gradient_data_moment(const pbl_oracle *o, const pbl_rbm *data, size_t a) {
  const size_t V = (size_t)o->V, edges = V * (size_t)o->H;
  if (a < edges) return (double)data->data_vh[a];
  return (double)(a < edges + V ? data->data_v[a - edges] : data->data_h[a - edges - V]);
}

pbl_status pbl_gradient_reduce(pbl_reduced **out, const pbl_blocks *b, pbl_progress *progress,
                               pbl_error *err) {
  const size_t n = pbl_gradient_count(b->o);
  pbl_reduced *components = calloc(n, sizeof *components);
  double *f = malloc(pbl_oracle_count(b->o) * sizeof *f);
  pbl_status status = PBL_OK;
  if (components == NULL || f == NULL)
    status = pbl_fail(err, PBL_NO_MEMORY, "exact Q_op: out of memory");
  for (size_t a = 0; a < n && status == PBL_OK; a++) {
    if (!pbl_progress_report(progress, "gradient components", a, n)) {
      status = pbl_fail(err, PBL_INTERRUPTED, "exact Q_op: interrupted");
      break;
    }
    pbl_gradient_values(f, b->o, a);
    status = pbl_blocks_reduce(&components[a], b, f, err);
  }
  free(f);
  *out = status == PBL_OK ? components : NULL;
  if (status != PBL_OK && components != NULL) pbl_gradient_release(components, b);
  return status;
}

void pbl_gradient_release(pbl_reduced *components, const pbl_blocks *b) {
  if (components == NULL) return;
  for (size_t a = 0; a < pbl_gradient_count(b->o); a++) pbl_reduced_release(&components[a]);
  free(components);
}

pbl_status pbl_blocks_qop(double *q, double *signal, double *noise, const pbl_blocks *b,
                          pbl_scan scan, const pbl_reduced *components, const pbl_rbm *data,
                          const bool *used, size_t window, pbl_progress *progress, pbl_error *err) {
  const size_t n = pbl_gradient_count(b->o);
  pbl_status status = pbl_gradient_check(b->o, data, window, err);
  if (status != PBL_OK) return status;
  double *variance = malloc(n * sizeof *variance), g2 = 0.0, trace = 0.0;
  if (variance == NULL) return pbl_fail(err, PBL_NO_MEMORY, "exact Q_op: out of memory");
  status = pbl_blocks_window_variance(variance, b, scan, components, n, window, progress, err);
  for (size_t a = 0; a < n && status == PBL_OK; a++) {
    if (used != NULL && !used[a]) continue;
    const double g = pbl_gradient_data_moment(b->o, data, a) - components[a].mean;
    g2 += g * g;
    trace += variance[a];
  }
  free(variance);
  if (status != PBL_OK) return status;
  if (q != NULL) *q = g2 / trace;
  if (signal != NULL) *signal = g2;
  if (noise != NULL) *noise = trace;
  return PBL_OK;
}
