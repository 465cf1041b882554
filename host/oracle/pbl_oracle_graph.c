#include "pbl_oracle_graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_internal.h"
#include "vector_math.h"

/* field[y] of p-bit i, y the other p-bits' states in order; doubles p-bit by p-bit. */
static void fill_fields(double *field, const pbl_graph *g, size_t i) {
  size_t known = 1, at = g->start[i];
  field[0] = g->field[i];
  for (size_t e = g->start[i]; e < g->start[i + 1]; e++) field[0] -= g->coupling[e];
  for (size_t p = 0; p < g->n; p++) {
    if (p == i) continue;
    while (at < g->start[i + 1] && g->neighbour[at] < p) at++;
    const bool edge = at < g->start[i + 1] && g->neighbour[at] == p;
    const double step = edge ? 2.0 * g->coupling[at] : 0.0;
    for (size_t y = 0; y < known; y++) field[known + y] = field[y] + step;
    known *= 2;
  }
}

void pbl_graph_state_energies(double *f, const pbl_graph *g) {
  f[0] = 0.0;
  for (size_t i = 0; i < g->n; i++) {
    const size_t half = (size_t)1 << i;
    /* the upper half holds minus the field of p-bit i given those before it */
    f[half] = -g->field[i];
    for (size_t e = g->start[i]; e < g->start[i + 1] && g->neighbour[e] < i; e++)
      f[half] += g->coupling[e];
    size_t at = g->start[i];
    for (size_t p = 0; p < i; p++) {
      const bool edge = at < g->start[i + 1] && g->neighbour[at] == p;
      const double step = edge ? -2.0 * g->coupling[at++] : 0.0;
      const size_t known = (size_t)1 << p;
      for (size_t y = 0; y < known; y++) f[half + known + y] = f[half + y] + step;
    }
    for (size_t y = 0; y < half; y++) {
      const double minus_field = f[half + y];
      f[half + y] = f[y] + minus_field;
      f[y] -= minus_field;
    }
  }
}

static void fill_ideal_law(pbl_oracle *o, const pbl_graph *g, double beta) {
  const size_t n = pbl_oracle_count(o);
  double lowest = INFINITY, z = 0.0;
  pbl_graph_state_energies(o->law, g);
  for (size_t x = 0; x < n; x++) lowest = fmin(lowest, o->law[x]);
  for (size_t x = 0; x < n; x++) {
    o->law[x] = exp(beta * (lowest - o->law[x]));
    z += o->law[x];
  }
  for (size_t x = 0; x < n; x++) o->law[x] /= z;
  o->log_z = log(z) - beta * lowest;
}

static pbl_status fill_sites(pbl_oracle *o, const pbl_graph *g, double beta, pbl_site_law law,
                             const void *context, pbl_progress *progress, pbl_error *err) {
  const size_t half = pbl_oracle_count(o) / 2;
  for (size_t i = 0; i < g->n; i++) {
    double *p = o->site + i * half;
    if (!pbl_progress_report(progress, "conditional laws", i, g->n))
      return pbl_fail(err, PBL_INTERRUPTED, "exact law: interrupted");
    fill_fields(p, g, i);
    for (size_t y = 0; y < half; y++) {
      const double up = law ? law(context, p[y]) : 1.0 / (1.0 + exp(-2.0 * beta * p[y]));
      if (!(up >= 0.0 && up <= 1.0))
        return pbl_fail(err, PBL_INVALID, "exact oracle: probability %g at field %g of p-bit %zu",
                        up, p[y], i);
      p[y] = up;
    }
  }
  return PBL_OK;
}

static void fill_steps(pbl_oracle *o, const pbl_colouring *blocks, bool palindromic) {
  size_t n = 0;
  for (size_t b = 0; b < blocks->n_colours; b++) {
    for (size_t p = 0; p < blocks->n; p++) {
      if (blocks->colour[p] == b) o->step[n++] = (uint32_t)p;
    }
  }
  const size_t last = blocks->block[blocks->n_colours - 1];
  for (size_t k = blocks->n - last; palindromic && k-- > 0;) o->step[n++] = o->step[k];
  o->n_steps = n;
}

PBL_CLONES
static void backward_site(double *f, const double *p, size_t half, size_t bit) {
  for (size_t y = 0; y < half; y += bit) {
    double *restrict minus = f + 2 * y, *restrict plus = f + 2 * y + bit;
    for (size_t k = 0; k < bit; k++) {
      const double mean = p[y + k] * plus[k] + (1.0 - p[y + k]) * minus[k];
      plus[k] = minus[k] = mean;
    }
  }
}

/* The remainder t - p t, not (1-p) t, keeps the mass exact. */
PBL_CLONES
static void forward_site(double *q, const double *p, size_t half, size_t bit) {
  for (size_t y = 0; y < half; y += bit) {
    double *restrict minus = q + 2 * y, *restrict plus = q + 2 * y + bit;
    for (size_t k = 0; k < bit; k++) {
      const double total = minus[k] + plus[k];
      plus[k] = p[y + k] * total;
      minus[k] = total - plus[k];
    }
  }
}

/* sum += the update of one p-bit. */
PBL_CLONES
static void add_backward_site(double *sum, const double *f, const double *p, size_t half,
                              size_t bit) {
  for (size_t y = 0; y < half; y += bit) {
    const double *restrict minus = f + 2 * y, *restrict plus = f + 2 * y + bit;
    double *restrict to_minus = sum + 2 * y, *restrict to_plus = sum + 2 * y + bit;
    for (size_t k = 0; k < bit; k++) {
      const double mean = p[y + k] * plus[k] + (1.0 - p[y + k]) * minus[k];
      to_plus[k] += mean;
      to_minus[k] += mean;
    }
  }
}

PBL_CLONES
static void add_forward_site(double *sum, const double *q, const double *p, size_t half,
                             size_t bit) {
  for (size_t y = 0; y < half; y += bit) {
    const double *restrict minus = q + 2 * y, *restrict plus = q + 2 * y + bit;
    double *restrict to_minus = sum + 2 * y, *restrict to_plus = sum + 2 * y + bit;
    for (size_t k = 0; k < bit; k++) {
      const double total = minus[k] + plus[k], up = p[y + k] * total;
      to_plus[k] += up;
      to_minus[k] += total - up;
    }
  }
}

typedef void site_update(double *x, const double *p, size_t half, size_t bit);
typedef void site_sum(double *sum, const double *x, const double *p, size_t half, size_t bit);

/* The steps in their order, or from the last to the first. */
static void in_turn(const pbl_oracle *o, double *x, site_update *update, bool last_first) {
  const size_t half = pbl_oracle_count(o) / 2, n = o->n_steps;
  for (size_t k = 0; k < n; k++) {
    const uint32_t p = o->step[last_first ? n - 1 - k : k];
    update(x, o->site + p * half, half, (size_t)1 << p);
  }
}

/* Half a sweep in either order: the mixture is its own reverse. */
static void either_way(const pbl_oracle *o, double *x, double *scratch, site_update *update) {
  const size_t n = pbl_oracle_count(o);
  memcpy(scratch, x, n * sizeof *x);
  in_turn(o, x, update, false);
  in_turn(o, scratch, update, true);
  for (size_t k = 0; k < n; k++) x[k] = 0.5 * (x[k] + scratch[k]);
}

/* As many picks as there are p-bits. */
static void at_random(const pbl_oracle *o, double *x, double *scratch, site_sum *add) {
  const size_t n = pbl_oracle_count(o), pbits = (size_t)o->V;
  const double share = 1.0 / (double)pbits;
  for (size_t pick = 0; pick < pbits; pick++) {
    memset(scratch, 0, n * sizeof *scratch);
    for (size_t p = 0; p < pbits; p++)
      add(scratch, x, o->site + p * (n / 2), n / 2, (size_t)1 << p);
    for (size_t k = 0; k < n; k++) x[k] = share * scratch[k];
  }
}

/* The last update is applied first. */
void pbl_sites_backward(const pbl_oracle *o, double *f, double *scratch) {
  if (o->scan == PBL_SCAN_COIN) {
    either_way(o, f, scratch, backward_site);
  } else if (o->scan == PBL_SCAN_RANDOM_SWEEP) {
    at_random(o, f, scratch, add_backward_site);
  } else {
    in_turn(o, f, backward_site, true);
  }
}

void pbl_sites_forward(const pbl_oracle *o, double *q, double *scratch) {
  if (o->scan == PBL_SCAN_COIN) {
    either_way(o, q, scratch, forward_site);
  } else if (o->scan == PBL_SCAN_RANDOM_SWEEP) {
    at_random(o, q, scratch, add_forward_site);
  } else {
    in_turn(o, q, forward_site, false);
  }
}

static pbl_status check(const pbl_graph *g, const pbl_colouring *blocks, double beta,
                        pbl_kernel kernel, pbl_error *err) {
  if (g->n > PBL_ORACLE_MAX_PBITS)
    return pbl_fail(err, PBL_INVALID, "exact oracle: %zu p-bits, at most %d", g->n,
                    PBL_ORACLE_MAX_PBITS);
  if (!isfinite(beta) || beta < 0.0)
    return pbl_fail(err, PBL_INVALID, "exact oracle: beta %g is negative or not finite", beta);
  if ((int)kernel < PBL_KERNEL_CYCLIC || kernel > PBL_KERNEL_RANDOM_SITE)
    return pbl_fail(err, PBL_INVALID, "exact oracle: unknown kernel %d", (int)kernel);
  return pbl_colouring_verify(blocks, g, err);
}

static pbl_status allocate(pbl_oracle **out, const pbl_graph *g, pbl_kernel kernel,
                           pbl_error *err) {
  pbl_oracle *o = calloc(1, sizeof *o);
  if (o == NULL) return pbl_fail(err, PBL_NO_MEMORY, "exact oracle: out of memory");
  o->V = (int)g->n;
  o->scan = kernel == PBL_KERNEL_RANDOM_SITE ? PBL_SCAN_RANDOM_SWEEP : pbl_scan_of(kernel);
  o->visible_states = (size_t)1 << g->n;
  o->hidden_states = 1;
  o->log_z = NAN;
  o->law = malloc(o->visible_states * sizeof *o->law);
  o->site = malloc(g->n * o->visible_states / 2 * sizeof *o->site);
  o->step = malloc(2 * g->n * sizeof *o->step);
  if (o->law == NULL || o->site == NULL || o->step == NULL) {
    pbl_oracle_destroy(o);
    return pbl_fail(err, PBL_NO_MEMORY, "exact oracle: no memory for %zu states",
                    (size_t)1 << g->n);
  }
  *out = o;
  return PBL_OK;
}

pbl_status pbl_oracle_create_graph(pbl_oracle **out, const pbl_graph *g,
                                   const pbl_colouring *blocks, double beta, pbl_kernel kernel,
                                   pbl_site_law law, const void *context, pbl_progress *progress,
                                   pbl_error *err) {
  *out = NULL;
  pbl_oracle *o = NULL;
  pbl_status status = check(g, blocks, beta, kernel, err);
  if (status == PBL_OK) status = allocate(&o, g, kernel, err);
  if (status != PBL_OK) return status;
  fill_steps(o, blocks, kernel == PBL_KERNEL_PALINDROMIC);
  status = fill_sites(o, g, beta, law, context, progress, err);
  if (status == PBL_OK) fill_ideal_law(o, g, beta);
  if (status == PBL_OK && law != NULL) {
    o->log_z = NAN; /* the law of a quantised kernel has no energy function */
    status = pbl_oracle_settle(o, progress, err);
  }
  if (status == PBL_OK) {
    *out = o;
  } else {
    pbl_oracle_destroy(o);
  }
  return status;
}
