#include "coupling_pair.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* h += weight * (f(x) - f(y)); y NULL: f(x). */
static void add_moments(const coupling_pair *c, const signed char *x, const signed char *y,
                        double weight) {
  const size_t nv = c->n_visible, nh = c->n_hidden, n = nv + nh;
  double *h = c->h;
  for (size_t p = 0; p < n; p++) h[p] += weight * (x[p] - (y ? y[p] : 0));
  for (size_t i = 0; i < nv; i++)
    for (size_t j = 0; j < nh; j++)
      h[n + i * nh + j] += weight * (x[i] * x[nv + j] - (y ? y[i] * y[nv + j] : 0));
}

/* How many (l, j) with k <= l <= m and j >= 1 have l + j L = t. */
static uint64_t corrections(const pbl_coupling_options *o, uint64_t t) {
  if (t < o->k + o->lag) return 0;
  const uint64_t most = (t - o->k) / o->lag;
  const uint64_t least = t > o->m + o->lag ? (t - o->m + o->lag - 1) / o->lag : 1;
  return most >= least ? most - least + 1 : 0;
}

void coupling_random_state(signed char *s, size_t n, pbl_xoshiro *g) {
  for (size_t p = 0; p < n; p++) s[p] = (pbl_xoshiro_next(g) >> 31) ? 1 : -1;
}

pbl_status coupling_check(const pbl_coupling_options *o, pbl_error *err) {
  if (o->n_pairs < 2)
    return pbl_fail(err, PBL_INVALID, "coupling: %zu pairs; at least 2", o->n_pairs);
  if (o->lag < 1 || o->k > o->m)
    return pbl_fail(err, PBL_INVALID, "coupling: lag %llu, k %llu, m %llu; lag >= 1 and k <= m",
                    (unsigned long long)o->lag, (unsigned long long)o->k, (unsigned long long)o->m);
  if (o->max_sweeps <= o->lag || o->max_sweeps < o->m)
    return pbl_fail(err, PBL_INVALID,
                    "coupling: max_sweeps %llu must be above the lag %llu and at least m = %llu",
                    (unsigned long long)o->max_sweeps, (unsigned long long)o->lag,
                    (unsigned long long)o->m);
  return PBL_OK;
}

pbl_status coupling_result_create(pbl_coupling_result *out, const pbl_coupling_options *opt,
                                  size_t n_visible, size_t n_hidden, pbl_error *err) {
  *out = (pbl_coupling_result){.n_pairs = opt->n_pairs, .lag = opt->lag};
  const pbl_status st = coupling_check(opt, err);
  if (st) return st;
  out->n_moments = n_visible + n_hidden + n_visible * n_hidden;
  out->meeting = calloc(opt->n_pairs, sizeof *out->meeting);
  out->h = calloc(opt->n_pairs * out->n_moments, sizeof *out->h);
  if (out->meeting && out->h) return PBL_OK;
  pbl_coupling_result_free(out);
  return pbl_fail(err, PBL_NO_MEMORY, "coupling: no memory for %zu pairs", opt->n_pairs);
}

coupling_pair coupling_pair_of(pbl_coupling_result *out, const pbl_coupling_options *opt,
                               size_t n_visible, size_t n_hidden, size_t pair) {
  return (coupling_pair){.n_visible = n_visible,
                         .n_hidden = n_hidden,
                         .opt = opt,
                         .met = PBL_COUPLING_NOT_MET,
                         .h = out->h + pair * out->n_moments};
}

bool coupling_pair_take(coupling_pair *c, uint64_t t, const signed char *x, const signed char *y) {
  const pbl_coupling_options *o = c->opt;
  const size_t n = c->n_visible + c->n_hidden;
  const double each = 1.0 / (double)(o->m - o->k + 1);
  if (c->met == PBL_COUPLING_NOT_MET && t >= o->lag && memcmp(x, y, n) == 0) c->met = t;
  if (t >= o->k && t <= o->m) add_moments(c, x, NULL, each);
  const bool apart = c->met == PBL_COUPLING_NOT_MET;
  if (apart && t >= o->lag) {
    const uint64_t times = corrections(o, t);
    if (times > 0) add_moments(c, x, y, each * (double)times);
  }
  if (!apart) return t < o->m;
  if (t < o->max_sweeps) return true;
  for (size_t k = 0; k < n + c->n_visible * c->n_hidden; k++) c->h[k] = NAN;
  return false;
}
