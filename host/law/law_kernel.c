/* Transition counts against the exact rows of the kernel. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "law_internal.h"
#include "pbl_stats.h"

/* 5 would do for the law of chi-square; larger cells see smooth errors much better
 * (docs/right-law.md). */
#define MIN_EXPECTED 20.0
#define DIGIT_BITS 12
#define DIGITS (1u << DIGIT_BITS)

typedef struct {
  uint32_t from, to;
} step;

/* Sorted by source: radix passes of 12 bits between `steps` and the room behind them. Returns where
 * the result lies. */
static step *sort_steps(step *steps, size_t n, size_t n_bits) {
  step *from = steps, *to = steps + n;
  for (size_t shift = 0; shift < n_bits; shift += DIGIT_BITS) {
    size_t start[DIGITS + 1] = {0};
    for (size_t k = 0; k < n; k++) start[(from[k].from >> shift) % DIGITS + 1]++;
    for (size_t d = 0; d < DIGITS; d++) start[d + 1] += start[d];
    for (size_t k = 0; k < n; k++) to[start[(from[k].from >> shift) % DIGITS]++] = from[k];
    step *const swap = from;
    from = to;
    to = swap;
  }
  return from;
}

/* *sorted points into the returned block, which the caller frees. */
static step *list_steps(const step **sorted, const pbl_chains *chains) {
  const size_t per_chain = chains->n_recorded - 1;
  step *steps = malloc(2 * chains->n_chains * per_chain * sizeof *steps);
  if (steps == NULL) return NULL;
  for (size_t c = 0; c < chains->n_chains; c++) {
    size_t from = law_state(chains, c, 0);
    for (size_t t = 1; t <= per_chain; t++) {
      const size_t to = law_state(chains, c, t);
      steps[c * per_chain + t - 1] = (step){(uint32_t)from, (uint32_t)to};
      from = to;
    }
  }
  *sorted = sort_steps(steps, chains->n_chains * per_chain, chains->n_pbits);
  return steps;
}

/* Chi-square of one source state left n >= 2 MIN_EXPECTED times; the law of the target is cut into
 * cells of that expected count. Returns false where they are fewer than two. */
static bool source_chi2(double *x2, double *dof, const step *steps, size_t n, const double *row,
                        size_t n_states, size_t *cell, double *counts, pbl_status *status,
                        pbl_error *err) {
  const double least = MIN_EXPECTED / (double)n;
  size_t n_cells = 0;
  *status = pbl_law_cells(cell, &n_cells, row, n_states, least, err);
  if (*status != PBL_OK || n_cells < 2) return false;
  double *observed = counts, *expected = counts + n_cells;
  for (size_t a = 0; a < 2 * n_cells; a++) counts[a] = 0.0;
  for (size_t k = 0; k < n; k++) observed[cell[steps[k].to]] += 1.0;
  for (size_t y = 0; y < n_states; y++) expected[cell[y]] += (double)n * row[y];
  *x2 = 0.0;
  for (size_t a = 0; a < n_cells; a++)
    *x2 += (observed[a] - expected[a]) * (observed[a] - expected[a]) / expected[a];
  *dof = (double)(n_cells - 1);
  return true;
}

/* Rows of the kernel: stored, or one forward run each. */
typedef struct {
  const pbl_dense *dense; /* or NULL: */
  const pbl_oracle *sweep;
  size_t every;
  double *row; /* scratch of n_states */
} kernel_rows;

static const double *row_of(const kernel_rows *k, size_t from, size_t n_states) {
  if (k->dense != NULL) return pbl_dense_kernel(k->dense) + from * n_states;
  memset(k->row, 0, n_states * sizeof *k->row);
  k->row[from] = 1.0;
  for (size_t s = 0; s < k->every; s++) pbl_oracle_forward(k->sweep, k->row);
  return k->row;
}

static pbl_status kernel_chi2(pbl_law_test *out, const pbl_chains *chains, const kernel_rows *rows,
                              size_t n_states, pbl_error *err) {
  pbl_status status = law_check(chains, n_states, 2, err);
  if (status != PBL_OK) return status;
  const size_t n_steps = chains->n_chains * (chains->n_recorded - 1);
  const step *steps = NULL;
  step *room = list_steps(&steps, chains);
  size_t *cell = malloc(n_states * sizeof *cell);
  double *counts = malloc(2 * n_states * sizeof *counts), worst = -INFINITY;
  *out = (pbl_law_test){.worst = SIZE_MAX};
  if (room == NULL || cell == NULL || counts == NULL) status = law_no_memory(err);
  for (size_t at = 0, end; at < n_steps && status == PBL_OK; at = end) {
    const size_t from = steps[at].from;
    double x2, dof;
    for (end = at; end < n_steps && steps[end].from == from; end++) continue;
    if ((double)(end - at) < 2.0 * MIN_EXPECTED) continue; /* no two cells */
    if (!source_chi2(&x2, &dof, steps + at, end - at, row_of(rows, from, n_states), n_states, cell,
                     counts, &status, err))
      continue;
    out->statistic += x2;
    out->dof += dof;
    out->n_tests++;
    if ((x2 - dof) / sqrt(2.0 * dof) > worst) {
      worst = (x2 - dof) / sqrt(2.0 * dof);
      out->worst = from;
    }
  }
  if (status == PBL_OK && out->n_tests == 0)
    status = pbl_fail(err, PBL_INVALID, "kernel test: no state was left %g times; record more",
                      2.0 * MIN_EXPECTED);
  if (status == PBL_OK) out->p_value = pbl_chi2_upper_p(out->statistic, out->dof);
  free(room);
  free(cell);
  free(counts);
  return status;
}

pbl_status pbl_law_kernel_chi2(pbl_law_test *out, const pbl_chains *chains, const pbl_dense *d,
                               pbl_error *err) {
  return kernel_chi2(out, chains, &(kernel_rows){.dense = d}, pbl_dense_states(d), err);
}

pbl_status pbl_law_kernel_chi2_sweep(pbl_law_test *out, const pbl_chains *chains,
                                     const pbl_oracle *o, size_t every, pbl_error *err) {
  kernel_rows rows = {.sweep = o, .every = every};
  rows.row = malloc(pbl_oracle_states(o) * sizeof *rows.row);
  if (rows.row == NULL) return law_no_memory(err);
  const pbl_status status = kernel_chi2(out, chains, &rows, pbl_oracle_states(o), err);
  free(rows.row);
  return status;
}
