/* Oracle of a device image: integer thresholds and the law they settle into. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_internal.h"
#include "pbl_blocks.h"

#define LAW_TOLERANCE 1e-13
#define LAW_MAX_SWEEPS 1000000
#define LAW_CHECK_EVERY 4

static double device_probability(const pbl_image *im, int64_t field, uint32_t beta) {
  return ldexp((double)pbl_image_threshold(im, field, beta), -im->hw.threshold_bits);
}

static void fill_device_conditionals(pbl_oracle *o, const pbl_image *im, uint32_t beta) {
  const size_t stride = (size_t)o->H + 1;
  const int32_t *words = pbl_image_law(im);
  for (size_t j = 0; j < (size_t)o->H; j++) {
    for (size_t v = 0; v < o->visible_states; v++) {
      int64_t field = words[(size_t)o->V * stride + j];
      for (int i = 0; i < o->V; i++)
        field += (int64_t)words[(size_t)i * stride + j] * pbl_oracle_spin(v, i);
      o->p_hidden[j * o->visible_states + v] = device_probability(im, field, beta);
    }
  }
  for (size_t h = 0; h < o->hidden_states; h++) {
    for (size_t i = 0; i < (size_t)o->V; i++) {
      int64_t field = words[i * stride + (size_t)o->H];
      for (int j = 0; j < o->H; j++)
        field += (int64_t)words[i * stride + (size_t)j] * pbl_oracle_spin(h, j);
      o->p_visible[h * (size_t)o->V + i] = device_probability(im, field, beta);
    }
  }
}

/* law <- the ideal law of the model the words hold: close to the fixed point, hence few sweeps. */
static pbl_status start_from_ideal(pbl_oracle *o, const pbl_image *im, uint32_t beta,
                                   pbl_error *err) {
  const size_t n_words = ((size_t)o->V + 1) * ((size_t)o->H + 1);
  double *weights = malloc(n_words * sizeof *weights);
  if (weights == NULL) return pbl_fail(err, PBL_NO_MEMORY, "exact oracle: out of memory");
  for (size_t k = 0; k < n_words; k++)
    weights[k] = ldexp((double)pbl_image_law(im)[k], -im->hw.weight_frac);
  pbl_oracle_fill_ideal_law(o, weights, ldexp((double)beta, -im->hw.beta_frac));
  o->log_z = NAN; /* the device's law has no energy function */
  free(weights);
  return PBL_OK;
}

/* Forward steps lose mass only by rounding; without this it would drift over 1e6 sweeps. */
static void normalise(double *q, size_t n) {
  double total = 0.0;
  for (size_t x = 0; x < n; x++) total += q[x];
  for (size_t x = 0; x < n; x++) q[x] /= total;
}

/* The law of AB or ABA from the stationary law of one side: one solve, however slow the kernel is.
 * What goes wrong here (a frozen kernel has no such law) is left to settle. */
static pbl_status start_from_side(pbl_oracle *o, pbl_progress *progress, pbl_error *err) {
  const bool palindrome = o->scan == PBL_SCAN_PALINDROMIC;
  if (o->scan != PBL_SCAN_CYCLIC && !palindrome) return PBL_OK;
  pbl_blocks *b = NULL;
  bool hidden = false;
  pbl_error ignored;
  pbl_status status = pbl_blocks_create(&b, o, progress, &ignored);
  if (status == PBL_INTERRUPTED) return pbl_fail(err, status, "exact law: interrupted");
  if (status != PBL_OK) return PBL_OK;
  const size_t n = pbl_blocks_own_side(b, &hidden);
  double *side = malloc(n * sizeof *side);
  double total = NAN;
  if (side != NULL) {
    pbl_blocks_stationary(side, b);
    total = 0.0;
    for (size_t x = 0; x < n; x++) total += fabs(side[x]);
  }
  if (isfinite(total) && total > 0.5 && total < 2.0) {
    memset(o->law, 0, pbl_oracle_count(o) * sizeof *o->law);
    for (size_t x = 0; x < n; x++) o->law[hidden ? x * o->visible_states : x] = fabs(side[x]);
    if (!hidden) pbl_forward_hidden(o, o->law);
    if (hidden || !palindrome) pbl_forward_visible(o, o->law);
    if (hidden && palindrome) pbl_forward_hidden(o, o->law);
  }
  free(side);
  pbl_blocks_destroy(b);
  return PBL_OK;
}

static pbl_status settle(pbl_oracle *o, pbl_progress *progress, pbl_error *err) {
  const size_t n = pbl_oracle_count(o);
  double *before = malloc((n + pbl_oracle_scratch(o)) * sizeof *before);
  if (before == NULL)
    return pbl_fail(err, PBL_NO_MEMORY, "exact oracle: no memory for %zu states", n);
  double change = INFINITY;
  for (size_t sweep = 0; sweep < LAW_MAX_SWEEPS && change >= LAW_TOLERANCE;
       sweep += LAW_CHECK_EVERY) {
    if (!pbl_progress_report(progress, "law of the quantised kernel", sweep, 0)) {
      free(before);
      return pbl_fail(err, PBL_INTERRUPTED, "exact law: interrupted");
    }
    for (int k = 1; k < LAW_CHECK_EVERY; k++) pbl_oracle_forward_in(o, o->law, before + n);
    normalise(o->law, n);
    memcpy(before, o->law, n * sizeof *before);
    pbl_oracle_forward_in(o, o->law, before + n);
    change = 0.0;
    for (size_t x = 0; x < n; x++) change += 0.5 * fabs(o->law[x] - before[x]);
  }
  free(before);
  if (change < LAW_TOLERANCE) return PBL_OK;
  return pbl_fail(err, PBL_NUMERIC,
                  "exact oracle: the device's kernel has not settled after %d sweeps (last change "
                  "in total variation %.3g); lower beta or widen the thresholds",
                  LAW_MAX_SWEEPS, change);
}

static pbl_status from_image(pbl_oracle **out, const pbl_image *im, uint32_t beta, pbl_scan scan,
                             int max_pbits, pbl_progress *progress, pbl_error *err) {
  *out = NULL;
  const size_t n_pbits = (size_t)im->hw.n_visible + (size_t)im->hw.n_hidden;
  pbl_oracle *o = NULL;
  pbl_status status =
      pbl_oracle_allocate(&o, im->hw.n_visible, im->hw.n_hidden, scan, max_pbits, err);
  if (status != PBL_OK) return status;
  for (size_t p = 0; p < n_pbits && status == PBL_OK; p++) {
    if (im->clamp[p]) {
      status = pbl_fail(err, PBL_INVALID,
                        "exact oracle: p-bit %zu is clamped, so the law depends on the starting "
                        "state; clear the clamps",
                        p);
    }
  }
  if (status == PBL_OK) fill_device_conditionals(o, im, beta);
  if (status == PBL_OK) status = start_from_ideal(o, im, beta, err);
  if (status == PBL_OK) status = start_from_side(o, progress, err);
  if (status == PBL_OK) status = settle(o, progress, err);
  if (status == PBL_OK) {
    *out = o;
  } else {
    pbl_oracle_destroy(o);
  }
  return status;
}

pbl_status pbl_oracle_create_image(pbl_oracle **out, const pbl_image *im, uint32_t beta,
                                   pbl_kernel kernel, pbl_error *err) {
  return from_image(out, im, beta, pbl_scan_of(kernel), PBL_ORACLE_MAX_PBITS, NULL, err);
}

pbl_status pbl_oracle_create_image_scan(pbl_oracle **out, const pbl_image *im, uint32_t beta,
                                        pbl_scan scan, pbl_error *err) {
  return from_image(out, im, beta, scan, PBL_ORACLE_SCAN_MAX_PBITS, NULL, err);
}

pbl_status pbl_oracle_create_image_watched(pbl_oracle **out, const pbl_image *im, uint32_t beta,
                                           pbl_kernel kernel, pbl_progress *progress,
                                           pbl_error *err) {
  return from_image(out, im, beta, pbl_scan_of(kernel), PBL_ORACLE_MAX_PBITS, progress, err);
}
