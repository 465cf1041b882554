/* Laws and autocorrelation times: one linear system over all phases of the passes. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "block_ladder_internal.h"
#include "gmres.h"
#include "oracle_ladder_internal.h"

#define SETTLED 1e-13
#define MAX_STEPS 100000
#define RESIDUAL 1e-11
#define RESTART 20
#define RESTART_LARGE 8 /* beyond LARGE unknowns */
#define LARGE ((size_t)1 << 20)
#define LARGEST ((size_t)1 << 24)
#define MOST_REMEMBERED 256
#define CONSTANT 1e-24 /* variance of what does not vary */

static pbl_status no_memory(size_t states, pbl_error *err) {
  return pbl_fail(err, PBL_NO_MEMORY, "exact ladder: no memory for %zu states", states);
}

pbl_status pbl_block_ladder_allocate(pbl_block_ladder **out, size_t n, size_t m, size_t values,
                                     size_t rungs, pbl_error *err) {
  *out = NULL;
  if (rungs < 1 || rungs > PBL_BLOCK_LADDER_RUNGS || m > MOST_REMEMBERED ||
      pow((double)m, (double)rungs) > (double)LARGEST)
    return pbl_fail(err, PBL_INVALID, "exact ladder: %zu states in %zu rungs", m, rungs);
  pbl_block_ladder *b = calloc(1, sizeof *b);
  if (b == NULL) return no_memory(n, err);
  const size_t square = m * m;
  *b = (pbl_block_ladder){.rungs = rungs, .n = n, .m = m, .values = values};
  b->chain = pbl_ladder_power(m, rungs);
  b->value = malloc(values * n * sizeof(double));
  b->start = malloc(rungs * m * sizeof(double));
  b->sweep = malloc(rungs * m * n * sizeof(double));
  b->accept = malloc(rungs * n * n * sizeof(double));
  b->alone = malloc(rungs * square * sizeof(double));
  b->pair = malloc(rungs * square * square * sizeof(double));
  *out = b;
  if (b->value && b->start && b->sweep && b->accept && b->alone && b->pair) return PBL_OK;
  pbl_block_ladder_destroy(b);
  *out = NULL;
  return no_memory(n, err);
}

void pbl_block_ladder_destroy(pbl_block_ladder *b) {
  if (b == NULL) return;
  free(b->value);
  free(b->start);
  free(b->sweep);
  free(b->accept);
  free(b->alone);
  free(b->pair);
  free(b);
}

size_t pbl_block_ladder_states(const pbl_block_ladder *b) {
  return b->n;
}

/* Sweep of rung k from what is remembered to what is remembered, every path weighted by f of the
 * state in between; f NULL: 1. */
static void fill_alone(double *matrix, const pbl_block_ladder *b, size_t k, const double *f) {
  memset(matrix, 0, b->m * b->m * sizeof *matrix);
  for (size_t from = 0; from < b->m; from++) {
    const double *q = b->sweep + (k * b->m + from) * b->n;
    for (size_t x = 0; x < b->n; x++)
      matrix[from * b->m + x % b->m] += q[x] * (f != NULL ? f[x] : 1.0);
  }
}

/* One state x at rung k and all at rung k+1: what stays and what changes places, by what the upper
 * one remembers. */
static void one_path(double *restrict stay, double *restrict moved, double px, const double *to,
                     const double *accept, size_t n, size_t m) {
  for (size_t j = 0; j < m; j++) stay[j] = moved[j] = 0.0;
  for (size_t y = 0; y < n; y += m) {
    for (size_t j = 0; j < m; j++) {
      const double p = px * to[y + j], exchanged = p * accept[y + j];
      stay[j] += p - exchanged;
      moved[j] += exchanged;
    }
  }
}

/* Sweeps of rungs k and k+1 and a try to exchange them, likewise, f of the state at rung k. */
static void fill_pair(double *matrix, const pbl_block_ladder *b, size_t k, const double *f) {
  const size_t m = b->m, n = b->n;
  const double *lower = b->sweep + k * m * n, *upper = b->sweep + (k + 1) * m * n;
  const double *accept = b->accept + k * n * n;
  double stay[MOST_REMEMBERED], moved[MOST_REMEMBERED];
  memset(matrix, 0, m * m * m * m * sizeof *matrix);
  for (size_t from = 0; from < m * m; from++) {
    double *row = matrix + from * m * m;
    for (size_t x = 0; x < n; x++) {
      const double px = lower[from % m * n + x] * (f != NULL ? f[x] : 1.0);
      one_path(stay, moved, px, upper + from / m * n, accept + x * n, n, m);
      for (size_t j = 0; j < m; j++) {
        row[x % m + m * j] += stay[j];
        row[j + m * (x % m)] += moved[j];
      }
    }
  }
}

void pbl_block_ladder_finish(pbl_block_ladder *b) {
  const size_t square = b->m * b->m;
  for (size_t k = 0; k < b->rungs; k++) {
    fill_alone(b->alone + k * square, b, k, NULL);
    if (k + 1 < b->rungs) fill_pair(b->pair + k * square * square, b, k, NULL);
  }
}

typedef enum { STEP_ALONE, STEP_EVEN, STEP_ODD, STEP_COIN } step_kind;

typedef struct {
  const pbl_block_ladder *b;
  size_t phases, every;
  pbl_ladder_passes passes;
  double *law;   /* phases x chain: of what is remembered before the sweep of a phase */
  double *cold;  /* m^2 x m^2 and m x m: rung 0 with its paths weighted, for STEP_EVEN and others */
  double *spare; /* three vectors of the chain */
} solver;

/* What follows the sweep of a phase. */
static step_kind kind_of(const solver *s, size_t phase) {
  if (s->passes == PBL_PASSES_NONE || (phase + 1) % s->every != 0) return STEP_ALONE;
  if (s->passes == PBL_PASSES_RANDOM) return STEP_COIN;
  return phase < s->every ? STEP_EVEN : STEP_ODD;
}

/* out <- f after one sweep of all rungs and the pass; `weighted`: paths by the cold rung's value.
 * out and f may not be the same; uses spare[0]. */
static void plain_step(double *out, const solver *s, const double *f, step_kind kind, bool forward,
                       bool weighted) {
  const pbl_block_ladder *b = s->b;
  const size_t m = b->m, square = m * m, weighted_alone = square * square;
  double *target = out, *other = s->spare;
  const double *from = f;
  for (size_t k = 0; k < b->rungs;) {
    const bool paired = kind != STEP_ALONE && k % 2 == (kind == STEP_ODD) && k + 1 < b->rungs;
    const size_t size = paired ? square : m, inner = pbl_ladder_power(m, k);
    const double *matrix = paired ? b->pair + k * square * square : b->alone + k * square;
    if (weighted && k == 0) matrix = paired ? s->cold : s->cold + weighted_alone;
    pbl_ladder_axis(target, from, matrix, size, inner, b->chain / inner / size, forward);
    double *done = target;
    target = other;
    other = done;
    from = done;
    k += paired ? 2 : 1;
  }
  if (from != out) memcpy(out, from, b->chain * sizeof *out);
}

static void phase_step(double *out, const solver *s, const double *f, size_t phase, bool forward,
                       bool weighted) {
  const step_kind kind = kind_of(s, phase);
  if (kind != STEP_COIN) {
    plain_step(out, s, f, kind, forward, weighted);
    return;
  }
  double *even = s->spare + s->b->chain;
  plain_step(even, s, f, STEP_EVEN, forward, weighted);
  plain_step(out, s, f, STEP_ODD, forward, weighted);
  for (size_t x = 0; x < s->b->chain; x++) out[x] = 0.5 * (out[x] + even[x]);
}

/* u_j - T_j u_(j+1) + mean: the constants are no longer in the kernel. */
static void equations(void *context, double *out, const double *u) {
  const solver *s = context;
  const size_t n = s->b->chain, all = s->phases * n;
  const double mean = cblas_ddot((int)all, s->law, 1, u, 1) / (double)s->phases;
  for (size_t j = 0; j < s->phases; j++) {
    double *row = out + j * n;
    phase_step(row, s, u + (j + 1) % s->phases * n, j, false, false);
    for (size_t x = 0; x < n; x++) row[x] = u[j * n + x] - row[x] + mean;
  }
}

static pbl_status settle(solver *s, pbl_progress *progress, pbl_error *err) {
  const pbl_block_ladder *b = s->b;
  double *before = s->spare + 2 * b->chain, change = INFINITY;
  size_t known = 1;
  s->law[0] = 1.0;
  for (size_t k = 0; k < b->rungs; k++, known *= b->m)
    for (size_t x = b->m; x-- > 0;)
      for (size_t y = 0; y < known; y++) s->law[x * known + y] = s->law[y] * b->start[k * b->m + x];
  for (size_t step = 0; change >= SETTLED; step++) {
    if (!pbl_progress_report(progress, "law of the ladder", step, 0))
      return pbl_fail(err, PBL_INTERRUPTED, "law of the ladder: interrupted");
    if (step == MAX_STEPS)
      return pbl_fail(err, PBL_NUMERIC, "law of the ladder: not settled (change %.3g)", change);
    memcpy(before, s->law, b->chain * sizeof *before);
    for (size_t j = 0; j < s->phases; j++)
      phase_step(s->law + (j + 1) % s->phases * b->chain, s,
                 j == 0 ? before : s->law + j * b->chain, j, true, false);
    double sum = 0.0;
    change = 0.0;
    for (size_t x = 0; x < b->chain; x++) sum += s->law[x];
    for (size_t x = 0; x < b->chain; x++) {
      s->law[x] /= sum;
      change += 0.5 * fabs(s->law[x] - before[x]);
    }
  }
  return PBL_OK;
}

/* law (n) <- of the states of rung k after a sweep, mean over phases. */
static void law_of(double *law, const solver *s, size_t k) {
  const pbl_block_ladder *b = s->b;
  const size_t inner = pbl_ladder_power(b->m, k);
  double *q = s->spare; /* m of the chain's states: what rung k remembers */
  memset(q, 0, b->m * sizeof *q);
  for (size_t x = 0; x < s->phases * b->chain; x++)
    q[x % b->chain / inner % b->m] += s->law[x] / (double)s->phases;
  memset(law, 0, b->n * sizeof *law);
  for (size_t a = 0; a < b->m; a++)
    for (size_t x = 0; x < b->n; x++) law[x] += q[a] * b->sweep[(k * b->m + a) * b->n + x];
}

/* Mean of the decision about pair k when their counts are drawn by what they remember, q (m^2). */
static double mean_accept(const pbl_block_ladder *b, size_t k, const double *q) {
  const size_t m = b->m, n = b->n;
  double total = 0.0;
  for (size_t pair = 0; pair < m * m; pair++) {
    const double *lower = b->sweep + (k * m + pair % m) * n;
    const double *upper = b->sweep + ((k + 1) * m + pair / m) * n;
    double sum = 0.0;
    for (size_t i = 0; i < n * n; i++)
      sum += lower[i / n] * upper[i % n] * b->accept[k * n * n + i];
    total += q[pair] * sum;
  }
  return total;
}

/* Over the phases after whose sweep the pair is tried. NULL memory gives NaN. */
static double acceptance(const solver *s, size_t k) {
  const pbl_block_ladder *b = s->b;
  const size_t square = b->m * b->m, inner = pbl_ladder_power(b->m, k);
  double tries = 0.0, *q = calloc(square, sizeof *q);
  for (size_t j = 0; q != NULL && j < s->phases; j++) {
    const step_kind kind = kind_of(s, j);
    if (kind == STEP_ALONE || (kind != STEP_COIN && (kind == STEP_ODD) != k % 2)) continue;
    tries += 1.0;
    for (size_t x = 0; x < b->chain; x++) q[x / inner % square] += s->law[j * b->chain + x];
  }
  const double mean = tries > 0.0 ? mean_accept(b, k, q) / tries : NAN;
  free(q);
  return mean;
}

static pbl_status open_solver(solver *s, const pbl_block_ladder *b, pbl_ladder_passes passes,
                              size_t every, pbl_progress *progress, pbl_error *err) {
  const size_t square = b->m * b->m;
  *s = (solver){.b = b, .every = every, .passes = passes};
  if (every < 1) return pbl_fail(err, PBL_INVALID, "exact ladder: every is 0");
  s->phases = passes == PBL_PASSES_NONE ? 1 : passes == PBL_PASSES_RANDOM ? every : 2 * every;
  if (s->phases > LARGEST / b->chain)
    return pbl_fail(err, PBL_INVALID, "exact ladder: %zu states in %zu phases", b->chain,
                    s->phases);
  s->law = malloc(s->phases * b->chain * sizeof *s->law);
  s->cold = malloc((square * square + square) * sizeof *s->cold);
  s->spare = malloc(3 * b->chain * sizeof *s->spare);
  if (s->law == NULL || s->cold == NULL || s->spare == NULL)
    return pbl_fail(err, PBL_NO_MEMORY, "exact ladder: no memory for %zu states", b->chain);
  return settle(s, progress, err);
}

static void close_solver(solver *s) {
  free(s->law);
  free(s->cold);
  free(s->spare);
}

/* sum over lags >= 1 of the autocovariance, from the solution u. */
static double lag_sum(solver *s, const double *centred, const double *u) {
  const pbl_block_ladder *b = s->b;
  const size_t square = b->m * b->m;
  double sum = 0.0, *left = s->spare + 2 * b->chain;
  if (b->rungs > 1) fill_pair(s->cold, b, 0, centred);
  fill_alone(s->cold + square * square, b, 0, centred);
  for (size_t j = 0; j < s->phases; j++) {
    phase_step(left, s, s->law + j * b->chain, j, true, true);
    sum += cblas_ddot((int)b->chain, left, 1, u + (j + 1) % s->phases * b->chain, 1);
  }
  return sum / (double)s->phases;
}

static pbl_status solve_one(pbl_block_ladder_exact *out, solver *s, size_t which, const double *law,
                            double *memory, pbl_progress *progress, pbl_error *err) {
  const pbl_block_ladder *b = s->b;
  const size_t n = b->n, all = s->phases * b->chain;
  const double *value = b->value + which * n;
  double *right = memory, *u = right + all, *centred = u + all, mean = 0.0, variance = 0.0;
  for (size_t x = 0; x < n; x++) mean += law[x] * value[x];
  for (size_t x = 0; x < n; x++) {
    centred[x] = value[x] - mean;
    variance += law[x] * centred[x] * centred[x];
  }
  out->mean[which] = mean;
  out->variance[which] = variance;
  out->tau[which] = NAN;
  if (!(variance > CONSTANT)) return PBL_OK;
  for (size_t x = 0; x < b->m; x++) right[x] = cblas_ddot((int)n, b->sweep + x * n, 1, centred, 1);
  for (size_t x = all; x-- > 0;) right[x] = u[x] = right[x % b->chain % b->m];
  size_t steps = 0;
  const pbl_status status =
      pbl_gmres(u, right, all, equations, s, all > LARGE ? RESTART_LARGE : RESTART, RESIDUAL,
                MAX_STEPS, &steps, progress, err);
  if (status == PBL_OK) out->tau[which] = 0.5 + lag_sum(s, centred, u) / variance;
  out->steps += steps;
  return status;
}

/* Observables first .. last - 1. */
static pbl_status solve_some(pbl_block_ladder_exact *out, const pbl_block_ladder *b, size_t first,
                             size_t last, pbl_ladder_passes passes, size_t every,
                             pbl_progress *progress, pbl_error *err) {
  solver s;
  double *memory = NULL;
  *out = (pbl_block_ladder_exact){.n = b->values};
  for (size_t k = 0; k < PBL_LADDER_OBSERVABLES; k++)
    out->mean[k] = out->variance[k] = out->tau[k] = NAN;
  pbl_status status = open_solver(&s, b, passes, every, progress, err);
  if (status == PBL_OK) {
    memory = malloc((2 * s.phases * b->chain + 2 * b->n) * sizeof *memory);
    if (memory == NULL) status = no_memory(b->chain, err);
  }
  if (status == PBL_OK) {
    double *law = memory + 2 * s.phases * b->chain + b->n;
    law_of(law, &s, 0);
    for (size_t k = first; status == PBL_OK && k < last; k++)
      status = solve_one(out, &s, k, law, memory, progress, err);
  }
  for (size_t k = 0; k + 1 < PBL_BLOCK_LADDER_RUNGS; k++) {
    const bool tried = status == PBL_OK && k + 1 < b->rungs && passes != PBL_PASSES_NONE;
    out->acceptance[k] = tried ? acceptance(&s, k) : NAN;
  }
  free(memory);
  close_solver(&s);
  return status;
}

pbl_status pbl_block_ladder_solve(pbl_block_ladder_exact *out, const pbl_block_ladder *b,
                                  pbl_ladder_passes passes, size_t every, pbl_progress *progress,
                                  pbl_error *err) {
  return solve_some(out, b, 0, b->values, passes, every, progress, err);
}

pbl_status pbl_block_ladder_solve_one(pbl_block_ladder_exact *out, const pbl_block_ladder *b,
                                      size_t observable, pbl_ladder_passes passes, size_t every,
                                      pbl_progress *progress, pbl_error *err) {
  if (observable >= b->values)
    return pbl_fail(err, PBL_INVALID, "exact ladder: no observable %zu", observable);
  return solve_some(out, b, observable, observable + 1, passes, every, progress, err);
}

pbl_status pbl_block_ladder_acceptance(double *out, const pbl_block_ladder *b,
                                       pbl_ladder_passes passes, size_t every,
                                       pbl_progress *progress, pbl_error *err) {
  solver s;
  pbl_status status = open_solver(&s, b, passes, every, progress, err);
  for (size_t k = 0; k + 1 < b->rungs; k++)
    out[k] = status == PBL_OK && passes != PBL_PASSES_NONE ? acceptance(&s, k) : NAN;
  close_solver(&s);
  return status;
}

pbl_status pbl_block_ladder_laws(double *law, const pbl_block_ladder *b, pbl_ladder_passes passes,
                                 size_t every, pbl_progress *progress, pbl_error *err) {
  solver s;
  pbl_status status = open_solver(&s, b, passes, every, progress, err);
  for (size_t k = 0; status == PBL_OK && k < b->rungs; k++) law_of(law + k * b->n, &s, k);
  close_solver(&s);
  return status;
}
