#include "pbl_spectrum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arpack_run.h"
#include "oracle_internal.h"

bool pbl_oracle_reversible(const pbl_oracle *o) {
  return !isnan(o->log_z) && o->scan != PBL_SCAN_CYCLIC && o->scan != PBL_SCAN_REVERSED;
}

double pbl_relaxation_time(double modulus) {
  return modulus > 0.0 ? -1.0 / log(modulus) : 0.0;
}

static pbl_status no_memory(const pbl_oracle *o, pbl_error *err) {
  return pbl_fail(err, PBL_NO_MEMORY, "slowest modes: no memory for %zu states",
                  pbl_oracle_count(o));
}

/* ---- whole vectors ---- */

typedef struct {
  const pbl_oracle *o;
  double *scratch;
} whole_step;

static void step_whole(const void *context, double *out, const double *f) {
  const whole_step *w = context;
  memcpy(out, f, pbl_oracle_count(w->o) * sizeof *out);
  pbl_oracle_backward_in(w->o, out, w->scratch);
}

pbl_status pbl_oracle_modes_whole(double *re, double *im, double *functions, const pbl_oracle *o,
                                  size_t count, double tolerance, pbl_progress *progress,
                                  pbl_error *err) {
  double *unused = calloc(count + 1, sizeof *unused);
  const whole_step w = {o, malloc(pbl_oracle_scratch(o) * sizeof(double))};
  const pbl_arpack_task task = {.step = step_whole,
                                .context = &w,
                                .n = pbl_oracle_count(o),
                                .weight = o->law,
                                .symmetric = pbl_oracle_reversible(o),
                                .count = count,
                                .tolerance = tolerance,
                                .progress = progress};
  const pbl_status status =
      unused != NULL && w.scratch != NULL
          ? pbl_arpack_run(re, im != NULL ? im : unused, functions, &task, err)
          : no_memory(o, err);
  free(unused);
  free(w.scratch);
  return status;
}

/* ---- functions of one side ---- */

typedef struct {
  const pbl_oracle *o;
  bool on_hidden;
  size_t n, others;
  double *weight, *other, *work; /* n, others, block work */
} side;

/* other <- the conditional mean, given the other side, of the function f of this side. */
static void carry_over(const side *s, double *other, const double *f) {
  if (s->on_hidden) {
    pbl_hidden_to_visible(s->o, other, f, s->work);
  } else {
    pbl_visible_to_hidden(s->o, other, f, s->work);
  }
}

static void step_side(const void *context, double *out, const double *f) {
  const side *s = context;
  carry_over(s, s->other, f);
  if (s->on_hidden) {
    pbl_visible_to_hidden(s->o, out, s->other, s->work);
  } else {
    pbl_hidden_to_visible(s->o, out, s->other, s->work);
  }
}

static pbl_status side_create(side *s, const pbl_oracle *o, size_t count, pbl_error *err) {
  const size_t n = o->visible_states, m = o->hidden_states, least = 2 * count + 3;
  const size_t smaller = m <= n ? m : n;
  *s = (side){.o = o, .on_hidden = smaller >= least ? m <= n : m > n};
  s->n = s->on_hidden ? m : n;
  s->others = s->on_hidden ? n : m;
  s->weight = calloc(s->n, sizeof *s->weight);
  s->other = malloc(s->others * sizeof *s->other);
  s->work = malloc(pbl_block_work(o) * sizeof *s->work);
  if (s->weight == NULL || s->other == NULL || s->work == NULL) return no_memory(o, err);
  for (size_t h = 0; h < m; h++) {
    for (size_t v = 0; v < n; v++) s->weight[s->on_hidden ? h : v] += o->law[h * n + v];
  }
  return PBL_OK;
}

static void side_release(side *s) {
  free(s->weight);
  free(s->other);
  free(s->work);
}

/* Function of the state from one of the side: what the scan's last block step leaves, or for a
 * mixture the carried function plus c times the own one; to norm 1 with the factor given. */
static void lift(double *f, const side *s, pbl_scan scan, const double *own, double c) {
  const bool mixture = scan == PBL_SCAN_COIN || scan == PBL_SCAN_RANDOM_BLOCK;
  const bool of_visible = scan == PBL_SCAN_CYCLIC || scan == PBL_SCAN_PALINDROMIC;
  double *scaled = malloc(s->n * sizeof *scaled);
  if (scaled == NULL) return; /* f stays zero */
  for (size_t k = 0; k < s->n; k++) scaled[k] = mixture ? c * own[k] : own[k];
  carry_over(s, s->other, own);
  const double *a = s->on_hidden ? s->other : scaled, *b = s->on_hidden ? scaled : s->other;
  pbl_spread(s->o, f, mixture || of_visible ? a : NULL, mixture || !of_visible ? b : NULL, 1.0);
  free(scaled);
}

static void normalise(const pbl_oracle *o, double *f, size_t width) {
  double norm = 0.0;
  for (size_t w = 0; w < width; w++)
    norm += pbl_oracle_inner(o, f + w * pbl_oracle_count(o), f + w * pbl_oracle_count(o));
  for (size_t x = 0; x < width * pbl_oracle_count(o); x++) f[x] *= norm > 0.0 ? 1 / sqrt(norm) : 0;
}

/* AB, ABA, BA, BAB: the side's own eigenvalues. */
static void write_powers(double *re, double *im, double *functions, const side *s, size_t count,
                         const double *own_re, const double *own_im, const double *own) {
  const size_t n = pbl_oracle_count(s->o);
  for (size_t k = 0; k < count; k++) {
    re[k] = own_re[k];
    if (im != NULL) im[k] = own_im[k];
    if (functions != NULL) lift(functions + k * n, s, s->o->scan, own + k * s->n, 0.0);
  }
  for (size_t k = 0; k < count && functions != NULL;) {
    const size_t width = own_im[k] > 0.0 && k + 1 < count ? 2 : 1;
    normalise(s->o, functions + k * n, width);
    k += width;
  }
}

/* Two eigenvalues for every c; those for -c are smaller, whatever c is. */
static void write_mixture(double *re, double *im, double *functions, const side *s, size_t count,
                          const double *squares, const double *own) {
  const size_t n = pbl_oracle_count(s->o);
  const bool coin = s->o->scan == PBL_SCAN_COIN;
  size_t plus = 0, minus = 0;
  for (size_t at = 0; at < count; at++) {
    const double cp = sqrt(fmax(0.0, squares[plus])), cm = -sqrt(fmax(0.0, squares[minus]));
    const double value_plus = coin ? 0.5 * cp * (cp + 1.0) : 0.5 * (1.0 + cp);
    const double value_minus = coin ? 0.5 * cm * (cm + 1.0) : 0.5 * (1.0 + cm);
    const bool first = fabs(value_plus) >= fabs(value_minus);
    re[at] = first ? value_plus : value_minus;
    if (im != NULL) im[at] = 0.0;
    if (functions != NULL) {
      lift(functions + at * n, s, s->o->scan, own + (first ? plus : minus) * s->n, first ? cp : cm);
      normalise(s->o, functions + at * n, 1);
    }
    if (first) {
      plus++;
    } else {
      minus++;
    }
  }
}

static pbl_status side_modes(double *re, double *im, double *functions, const pbl_oracle *o,
                             const side *s, size_t count, double tolerance, pbl_progress *progress,
                             pbl_error *err) {
  const bool mixture = o->scan == PBL_SCAN_COIN || o->scan == PBL_SCAN_RANDOM_BLOCK;
  const pbl_arpack_task task = {.step = step_side,
                                .context = s,
                                .n = s->n,
                                .weight = s->weight,
                                .symmetric = !isnan(o->log_z),
                                .count = count,
                                .tolerance = tolerance,
                                .progress = progress};
  double *values = malloc(2 * count * sizeof *values);
  double *own = functions != NULL ? malloc(count * s->n * sizeof *own) : NULL;
  pbl_status status = PBL_OK;
  if (values == NULL || (functions != NULL && own == NULL)) status = no_memory(o, err);
  if (status == PBL_OK) status = pbl_arpack_run(values, values + count, own, &task, err);
  if (status == PBL_OK && mixture) {
    write_mixture(re, im, functions, s, count, values, own);
  } else if (status == PBL_OK) {
    write_powers(re, im, functions, s, count, values, values + count, own);
  }
  free(values);
  free(own);
  return status;
}

pbl_status pbl_oracle_modes(double *re, double *im, double *functions, const pbl_oracle *o,
                            size_t count, double tolerance, pbl_progress *progress,
                            pbl_error *err) {
  const bool mixture = o->scan == PBL_SCAN_COIN || o->scan == PBL_SCAN_RANDOM_BLOCK;
  const bool sites = o->scan == PBL_SCAN_RANDOM_SITE || o->scan == PBL_SCAN_RANDOM_SWEEP;
  if (sites || count < 1 || (mixture && isnan(o->log_z)))
    return pbl_oracle_modes_whole(re, im, functions, o, count, tolerance, progress, err);
  side s;
  pbl_status status = side_create(&s, o, count, err);
  if (status == PBL_OK)
    status = side_modes(re, im, functions, o, &s, count, tolerance, progress, err);
  side_release(&s);
  return status;
}
