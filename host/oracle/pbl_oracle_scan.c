/* Scans: products and mixtures of the block steps, single-site steps, and what the operator tells
 * about whole chains. */
#include "pbl_oracle_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_internal.h"

const char *pbl_scan_name(pbl_scan scan) {
  static const char *const names[PBL_SCAN_COUNT] = {
      "cyclic", "palindromic",  "reversed",    "reversed palindrome",
      "coin",   "random block", "random site", "random sweep"};
  return (int)scan >= 0 && scan < PBL_SCAN_COUNT ? names[scan] : "unknown";
}

int pbl_oracle_pbits(const pbl_oracle *o) {
  return o->V + o->H;
}

bool pbl_oracle_needs_scratch(const pbl_oracle *o) {
  return o->scan == PBL_SCAN_COIN || o->scan == PBL_SCAN_RANDOM_BLOCK ||
         o->scan == PBL_SCAN_RANDOM_SITE || o->scan == PBL_SCAN_RANDOM_SWEEP;
}

/* The two values of one site's pair of states become sum += weight * step; backward averages the
 * function with p, forward splits the mass. */
static inline void pair_step(double *sum_minus, double *sum_plus, double minus, double plus,
                             double p, bool forward) {
  const double mixed = forward ? minus + plus : p * plus + (1.0 - p) * minus;
  *sum_plus += forward ? p * mixed : mixed;
  *sum_minus += forward ? (1.0 - p) * mixed : mixed;
}

static void add_hidden_site(const pbl_oracle *o, double *sum, const double *x, int j,
                            bool forward) {
  const size_t n = o->visible_states, bit = (size_t)1 << j;
  const double *p = o->p_hidden + (size_t)j * n;
  for (size_t h = 0; h < o->hidden_states; h++) {
    if (h & bit) continue;
    const size_t lo = h * n, hi = (h | bit) * n;
    for (size_t v = 0; v < n; v++)
      pair_step(&sum[lo + v], &sum[hi + v], x[lo + v], x[hi + v], p[v], forward);
  }
}

static void add_visible_site(const pbl_oracle *o, double *sum, const double *x, int i,
                             bool forward) {
  const size_t n = o->visible_states, bit = (size_t)1 << i;
  for (size_t h = 0; h < o->hidden_states; h++) {
    const double p = o->p_visible[h * (size_t)o->V + (size_t)i];
    for (size_t base = h * n; base < (h + 1) * n; base += 2 * bit) {
      for (size_t lo = base; lo < base + bit; lo++)
        pair_step(&sum[lo], &sum[lo + bit], x[lo], x[lo + bit], p, forward);
    }
  }
}

/* x <- mean over all p-bits of their single-site step. */
static void random_site(const pbl_oracle *o, double *x, double *scratch, bool forward) {
  const size_t n = pbl_oracle_count(o);
  const double share = 1.0 / (double)(o->V + o->H);
  memset(scratch, 0, n * sizeof *scratch);
  for (int j = 0; j < o->H; j++) add_hidden_site(o, scratch, x, j, forward);
  for (int i = 0; i < o->V; i++) add_visible_site(o, scratch, x, i, forward);
  for (size_t k = 0; k < n; k++) x[k] = share * scratch[k];
}

static void average(double *x, const double *y, size_t n) {
  for (size_t k = 0; k < n; k++) x[k] = 0.5 * (x[k] + y[k]);
}

/* One scan from its block steps; A and B are the steps in operator order of the direction. */
typedef void (*block_step)(const pbl_oracle *o, double *x);

static void scan_step(const pbl_oracle *o, double *x, double *scratch, bool forward) {
  const size_t n = pbl_oracle_count(o);
  const block_step A = forward ? pbl_forward_hidden : pbl_backward_hidden;
  const block_step B = forward ? pbl_forward_visible : pbl_backward_visible;
  /* Backward applies the last update first; AB forward is BA backward. */
  const block_step first = forward ? A : B, second = forward ? B : A;
  switch (o->scan) {
    case PBL_SCAN_REVERSED:
      second(o, x);
      first(o, x);
      return;
    case PBL_SCAN_PALINDROMIC:
      A(o, x);
      B(o, x);
      A(o, x);
      return;
    case PBL_SCAN_REVERSED_PALINDROME:
      B(o, x);
      A(o, x);
      B(o, x);
      return;
    case PBL_SCAN_COIN:
      memcpy(scratch, x, n * sizeof *x);
      A(o, x);
      B(o, x);
      B(o, scratch);
      A(o, scratch);
      average(x, scratch, n);
      return;
    case PBL_SCAN_RANDOM_BLOCK:
      memcpy(scratch, x, n * sizeof *x);
      A(o, x);
      B(o, scratch);
      average(x, scratch, n);
      return;
    case PBL_SCAN_RANDOM_SITE:
      random_site(o, x, scratch, forward);
      return;
    case PBL_SCAN_RANDOM_SWEEP:
      for (int k = 0; k < o->V + o->H; k++) random_site(o, x, scratch, forward);
      return;
    default:
      first(o, x);
      second(o, x);
  }
}

void pbl_oracle_backward_in(const pbl_oracle *o, double *f, double *scratch) {
  scan_step(o, f, scratch, false);
}

void pbl_oracle_forward_in(const pbl_oracle *o, double *q, double *scratch) {
  scan_step(o, q, scratch, true);
}

static void step_with_own_scratch(const pbl_oracle *o, double *x, bool forward) {
  const size_t n = pbl_oracle_count(o);
  const bool needed = pbl_oracle_needs_scratch(o);
  double *scratch = needed ? malloc(n * sizeof *scratch) : NULL;
  if (needed && scratch == NULL) {
    for (size_t k = 0; k < n; k++) x[k] = NAN;
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
  double *q = malloc(2 * n * sizeof *q);
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
