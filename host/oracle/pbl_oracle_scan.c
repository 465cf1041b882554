/* Scans: products and mixtures of the block steps, single-site steps, and what the operator tells
 * about whole chains. */
#include "pbl_oracle_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_internal.h"
#include "vector_math.h"

const char *pbl_scan_name(pbl_scan scan) {
  static const char *const names[PBL_SCAN_COUNT] = {
      "cyclic", "palindromic",  "reversed",    "reversed palindrome",
      "coin",   "random block", "random site", "random sweep"};
  return (int)scan >= 0 && scan < PBL_SCAN_COUNT ? names[scan] : "unknown";
}

int pbl_oracle_pbits(const pbl_oracle *o) {
  return o->V + o->H;
}

/* Both sides twice and the work of the block steps; a whole vector for site steps and mixtures. */
size_t pbl_oracle_scratch(const pbl_oracle *o) {
  const size_t sides = 2 * (o->visible_states + o->hidden_states) + pbl_block_work(o);
  const size_t n = pbl_oracle_count(o);
  return n > sides ? n : sides;
}

/* The two values of one site's pair of states become sum += weight * step; backward averages the
 * function with p, forward splits the mass. */
static inline __attribute__((always_inline)) void pair_step(double *sum_minus, double *sum_plus,
                                                            double minus, double plus, double p,
                                                            bool forward) {
  const double mixed = forward ? minus + plus : p * plus + (1.0 - p) * minus;
  *sum_plus += forward ? p * mixed : mixed;
  *sum_minus += forward ? (1.0 - p) * mixed : mixed;
}

static inline __attribute__((always_inline)) void add_hidden_site(const pbl_oracle *o, double *sum,
                                                                  const double *x, int j,
                                                                  bool forward) {
  const size_t n = o->visible_states, bit = (size_t)1 << j;
  const double *restrict p = o->p_hidden + (size_t)j * n;
  for (size_t h = 0; h < o->hidden_states; h++) {
    if (h & bit) continue;
    double *restrict sum_lo = sum + h * n, *restrict sum_hi = sum + (h | bit) * n;
    const double *restrict lo = x + h * n, *restrict hi = x + (h | bit) * n;
    for (size_t v = 0; v < n; v++) pair_step(&sum_lo[v], &sum_hi[v], lo[v], hi[v], p[v], forward);
  }
}

/* All visible sites of one row, while it is in the cache. */
static inline __attribute__((always_inline)) void add_visible_sites(const pbl_oracle *o,
                                                                    double *sum, const double *x,
                                                                    size_t h, bool forward) {
  const size_t n = o->visible_states;
  for (int i = 0; i < o->V; i++) {
    const size_t bit = (size_t)1 << i;
    const double p = o->p_visible[h * (size_t)o->V + (size_t)i];
    for (size_t base = h * n; base < (h + 1) * n; base += 2 * bit) {
      double *restrict sum_lo = sum + base, *restrict sum_hi = sum_lo + bit;
      const double *restrict lo = x + base, *restrict hi = lo + bit;
      for (size_t v = 0; v < bit; v++) pair_step(&sum_lo[v], &sum_hi[v], lo[v], hi[v], p, forward);
    }
  }
}

PBL_CLONES
static void sum_sites_backward(const pbl_oracle *o, double *sum, const double *x) {
  for (int j = 0; j < o->H; j++) add_hidden_site(o, sum, x, j, false);
  for (size_t h = 0; h < o->hidden_states; h++) add_visible_sites(o, sum, x, h, false);
}

PBL_CLONES
static void sum_sites_forward(const pbl_oracle *o, double *sum, const double *x) {
  for (int j = 0; j < o->H; j++) add_hidden_site(o, sum, x, j, true);
  for (size_t h = 0; h < o->hidden_states; h++) add_visible_sites(o, sum, x, h, true);
}

/* x <- mean over all p-bits of their single-site step. */
static void random_site(const pbl_oracle *o, double *x, double *scratch, bool forward) {
  const size_t n = pbl_oracle_count(o);
  const double share = 1.0 / (double)(o->V + o->H);
  memset(scratch, 0, n * sizeof *scratch);
  if (forward) {
    sum_sites_forward(o, scratch, x);
  } else {
    sum_sites_backward(o, scratch, x);
  }
  for (size_t k = 0; k < n; k++) x[k] = share * scratch[k];
}

static void average(double *x, const double *y, size_t n) {
  for (size_t k = 0; k < n; k++) x[k] = 0.5 * (x[k] + y[k]);
}

/* The last update is applied first: AB f = A(B f) starts with the reduction over v. */
static void backward_blocks(const pbl_oracle *o, double *f, double *scratch) {
  double *a = scratch, *a2 = a + o->visible_states;
  double *b = a2 + o->visible_states, *b2 = b + o->hidden_states, *work = b2 + o->hidden_states;
  const bool starts_hidden = o->scan != PBL_SCAN_CYCLIC && o->scan != PBL_SCAN_REVERSED_PALINDROME;
  const bool starts_visible = o->scan != PBL_SCAN_PALINDROMIC && o->scan != PBL_SCAN_REVERSED;
  if (starts_hidden) pbl_reduce_hidden(o, a, f, work);
  if (starts_visible) pbl_reduce_visible(o, b, f, work);
  if (o->scan == PBL_SCAN_RANDOM_BLOCK) {
    pbl_spread(o, f, a, b, 0.5);
    return;
  }
  if (starts_visible) pbl_hidden_to_visible(o, a2, b, work);
  if (starts_hidden) pbl_visible_to_hidden(o, b2, a, work);
  switch (o->scan) {
    case PBL_SCAN_CYCLIC:
      pbl_spread(o, f, a2, NULL, 1.0);
      return;
    case PBL_SCAN_REVERSED:
      pbl_spread(o, f, NULL, b2, 1.0);
      return;
    case PBL_SCAN_PALINDROMIC:
      pbl_hidden_to_visible(o, a2, b2, work);
      pbl_spread(o, f, a2, NULL, 1.0);
      return;
    case PBL_SCAN_REVERSED_PALINDROME:
      pbl_visible_to_hidden(o, b2, a2, work);
      pbl_spread(o, f, NULL, b2, 1.0);
      return;
    default: /* coin: AB gave a2, BA gave b2 */
      pbl_spread(o, f, a2, b2, 0.5);
  }
}

static void forward_scan(const pbl_oracle *o, double *q, double *scratch) {
  const size_t n = pbl_oracle_count(o);
  const bool visible_first =
      o->scan == PBL_SCAN_REVERSED || o->scan == PBL_SCAN_REVERSED_PALINDROME;
  const bool mixture = o->scan == PBL_SCAN_COIN || o->scan == PBL_SCAN_RANDOM_BLOCK;
  if (mixture) memcpy(scratch, q, n * sizeof *q);
  if (visible_first) pbl_forward_visible(o, q);
  pbl_forward_hidden(o, q);
  if (o->scan != PBL_SCAN_REVERSED && o->scan != PBL_SCAN_RANDOM_BLOCK) pbl_forward_visible(o, q);
  if (o->scan == PBL_SCAN_PALINDROMIC) pbl_forward_hidden(o, q);
  if (!mixture) return;
  pbl_forward_visible(o, scratch);
  if (o->scan == PBL_SCAN_COIN) pbl_forward_hidden(o, scratch);
  average(q, scratch, n);
}

static void scan_step(const pbl_oracle *o, double *x, double *scratch, bool forward) {
  if (o->site != NULL) {
    if (forward) {
      pbl_sites_forward(o, x, scratch);
    } else {
      pbl_sites_backward(o, x, scratch);
    }
    return;
  }
  const int repeats = o->scan == PBL_SCAN_RANDOM_SWEEP ? o->V + o->H : 1;
  if (o->scan == PBL_SCAN_RANDOM_SITE || o->scan == PBL_SCAN_RANDOM_SWEEP) {
    for (int k = 0; k < repeats; k++) random_site(o, x, scratch, forward);
  } else if (forward) {
    forward_scan(o, x, scratch);
  } else {
    backward_blocks(o, x, scratch);
  }
}

void pbl_oracle_backward_in(const pbl_oracle *o, double *f, double *scratch) {
  scan_step(o, f, scratch, false);
}

void pbl_oracle_forward_in(const pbl_oracle *o, double *q, double *scratch) {
  scan_step(o, q, scratch, true);
}

static void step_with_own_scratch(const pbl_oracle *o, double *x, bool forward) {
  double *scratch = malloc(pbl_oracle_scratch(o) * sizeof *scratch);
  if (scratch == NULL) {
    for (size_t k = 0; k < pbl_oracle_count(o); k++) x[k] = NAN;
    return;
  }
  scan_step(o, x, scratch, forward);
  free(scratch);
}

void pbl_oracle_backward(const pbl_oracle *o, double *f) {
  step_with_own_scratch(o, f, false);
}

void pbl_oracle_forward(const pbl_oracle *o, double *q) {
  step_with_own_scratch(o, q, true);
}

static pbl_status fill_start(double *q, const double *start, size_t n, pbl_error *err) {
  double total = 0.0;
  for (size_t x = 0; x < n; x++) {
    q[x] = start != NULL ? start[x] : 1.0 / (double)n;
    if (!(q[x] >= 0.0))
      return pbl_fail(err, PBL_INVALID, "exact oracle: start[%zu] = %g is no probability", x, q[x]);
    total += q[x];
  }
  if (!(fabs(total - 1.0) <= 1e-9))
    return pbl_fail(err, PBL_INVALID, "exact oracle: the starting law sums to %.12g, not 1", total);
  return PBL_OK;
}

pbl_status pbl_oracle_distance(double *tv, const pbl_oracle *o, const double *start, size_t n_steps,
                               pbl_progress *progress, pbl_error *err) {
  const size_t n = pbl_oracle_count(o);
  double *q = malloc((n + pbl_oracle_scratch(o)) * sizeof *q);
  if (q == NULL) return pbl_fail(err, PBL_NO_MEMORY, "exact oracle: no memory for %zu states", n);
  pbl_status status = fill_start(q, start, n, err);
  for (size_t t = 0; t <= n_steps && status == PBL_OK; t++) {
    if (t > 0) pbl_oracle_forward_in(o, q, q + n);
    double sum = 0.0;
    for (size_t h = 0; h < o->hidden_states; h++) {
      double row = 0.0;
      for (size_t x = h * o->visible_states; x < (h + 1) * o->visible_states; x++)
        row += fabs(q[x] - o->law[x]);
      sum += row;
    }
    tv[t] = 0.5 * sum;
    if (!pbl_progress_report(progress, "distance to stationarity", t, n_steps))
      status = pbl_fail(err, PBL_INTERRUPTED, "distance to stationarity: stopped at step %zu", t);
  }
  free(q);
  return status;
}

/* weight(p) averaged over the stationary law, one p-bit at a time. */
static double hidden_mean(const pbl_oracle *o, int j, double (*weight)(double p)) {
  const double *p = o->p_hidden + (size_t)j * o->visible_states;
  double total = 0.0;
  for (size_t h = 0; h < o->hidden_states; h++) {
    double row = 0.0;
    const double *law = o->law + h * o->visible_states;
    for (size_t v = 0; v < o->visible_states; v++) row += law[v] * weight(p[v]);
    total += row;
  }
  return total;
}

static double visible_mean(const pbl_oracle *o, int i, double (*weight)(double p)) {
  double total = 0.0;
  for (size_t h = 0; h < o->hidden_states; h++) {
    double row = 0.0;
    const double *law = o->law + h * o->visible_states;
    for (size_t v = 0; v < o->visible_states; v++) row += law[v];
    total += row * weight(o->p_visible[h * (size_t)o->V + (size_t)i]);
  }
  return total;
}

static double innovation_variance(double p) {
  return 4.0 * p * (1.0 - p);
}

/* p = sigma(2 beta f), so beta f is half the logit; p at 0 or 1 carries nothing. */
static double gain_information(double p) {
  if (p <= 0.0 || p >= 1.0) return 0.0;
  const double x = 0.5 * log(p / (1.0 - p));
  return x * x * innovation_variance(p);
}

pbl_status pbl_oracle_information(double *information, const pbl_oracle *o, pbl_error *err) {
  if (isnan(o->log_z))
    return pbl_fail(err, PBL_INVALID,
                    "information: a quantised kernel has no sigmoid; use weights");
  double total = 0.0;
  for (int i = 0; i < o->V; i++) total += visible_mean(o, i, gain_information);
  for (int j = 0; j < o->H; j++) total += hidden_mean(o, j, gain_information);
  *information = total / (double)(o->V + o->H);
  return PBL_OK;
}

void pbl_oracle_innovation_variance(double *variance, const pbl_oracle *o) {
  for (int i = 0; i < o->V; i++) variance[i] = visible_mean(o, i, innovation_variance);
  for (int j = 0; j < o->H; j++) variance[o->V + j] = hidden_mean(o, j, innovation_variance);
}
