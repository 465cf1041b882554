/* The device's statistics unit in a case: its sums against those over the draws, its tau beside
 * theirs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"

#define SERIES ((size_t)PBL_STATISTICS_SERIES)
#define LEVELS PBL_SERIES_LEVELS

static size_t draws_per_sample(const case_work *w) {
  return w->counted->unit.setup.every / (size_t)w->cc->every;
}

/* The draw of sample t. */
static size_t draw_of(const case_work *w, size_t t) {
  return (t + 1) * draws_per_sample(w) - 1;
}

static void note_difference(pbl_unit_report *r, bool equal, const char *what, size_t index) {
  r->n_sums++;
  if (equal) return;
  if (r->n_different++ == 0) snprintf(r->difference, sizeof r->difference, "%s %zu", what, index);
}

/* ---- counters ---- */

typedef struct {
  uint64_t *ones, *equal;
  unsigned char *up; /* one state */
} counts;

static void release(counts *k) {
  free(k->ones);
  free(k->equal);
  free(k->up);
}

static void count_state(counts *k, const case_work *w, size_t chain, size_t draw) {
  const case_unit *u = &w->counted->unit;
  const size_t n_pbits = w->counted->drawn->n_pbits, n_pairs = w->counted->drawn->n_pairs;
  for (size_t p = 0; p < n_pbits; p++) {
    k->up[p] = pbl_chains_spin(w->device, chain, draw, p) > 0;
    k->ones[p] += k->up[p];
  }
  for (size_t e = 0; e < n_pairs; e++)
    k->equal[e] += k->up[u->pairs[e][0]] == k->up[u->pairs[e][1]];
}

static pbl_status compare_counts(pbl_unit_report *r, const case_work *w, pbl_error *err) {
  const pbl_statistics *unit = w->counted->drawn;
  counts k = {.ones = calloc(unit->n_pbits + 1, sizeof *k.ones),
              .equal = calloc(unit->n_pairs + 1, sizeof *k.equal),
              .up = calloc(unit->n_pbits + 1, 1)};
  if (!k.ones || !k.equal || !k.up) {
    release(&k);
    return pbl_fail(err, PBL_NO_MEMORY, "statistics: out of memory");
  }
  for (size_t chain = 0; chain < w->device->n_chains; chain++)
    for (size_t t = 0; t < unit->n_samples; t++) count_state(&k, w, chain, draw_of(w, t));
  for (size_t p = 0; p < unit->n_pbits; p++)
    note_difference(r, k.ones[p] == unit->ones[p], "counter of p-bit", p);
  for (size_t e = 0; e < unit->n_pairs; e++)
    note_difference(r, k.equal[e] == unit->equal[e], "counter of pair", e);
  release(&k);
  return PBL_OK;
}

/* ---- series ---- */

static int64_t clipped(const pbl_statistics_setup *s, int64_t energy) {
  const int64_t x = (energy - s->ref) >> s->shift, largest = (1 << 23) - 1;
  return x > largest ? largest : x < -largest - 1 ? -largest - 1 : x;
}

static int64_t projection(const case_work *w, size_t m, size_t chain, size_t draw) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw);
  const signed char *c = w->counted->unit.projections + m * n;
  int64_t sum = 0;
  for (size_t p = 0; p < n; p++)
    if (c[p]) sum += c[p] * pbl_chains_spin(w->device, chain, draw, p);
  return sum;
}

/* Series s of one chain in the samples that are draws. */
static void fill_series(int64_t *x, const case_work *w, const int64_t *energy, size_t s,
                        size_t chain) {
  const size_t n = (size_t)w->counted->drawn->n_samples;
  for (size_t t = 0; t < n; t++)
    x[t] = s == 0 ? clipped(&w->counted->unit.setup, energy[chain * n + t])
                  : projection(w, s - 1, chain, draw_of(w, t));
}

static pbl_status compare_sums(pbl_unit_report *r, const case_work *w, const int64_t *x, size_t s,
                               size_t chain, pbl_error *err) {
  const pbl_statistics *k = w->counted->drawn;
  const pbl_series_sums *unit = &k->series[chain * SERIES + s];
  pbl_series_sums draws;
  pbl_series_blocks blocks[LEVELS];
  const pbl_status st = pbl_series_sums_of(&draws, blocks, x, (size_t)k->n_samples, err);
  if (st) return st;
  char what[48];
  snprintf(what, sizeof what, "series %zu of replica %zu, level", s, chain);
  for (size_t b = 0; b < LEVELS; b++)
    note_difference(r, unit->a[b] == draws.a[b] && unit->c[b] == draws.c[b], what, b);
  note_difference(r, unit->s == draws.s, "sum of series", s);
  return PBL_OK;
}

static void in_sweeps(pbl_estimate *e, double every) {
  e->value *= every;
  e->low *= every;
  e->high *= every;
}

/* Sums of all chains; x receives the series, chains x samples. */
static pbl_status compare_series(pbl_unit_report *r, double *x, const case_work *w,
                                 const int64_t *energy, size_t s, pbl_error *err) {
  const size_t n = (size_t)w->counted->drawn->n_samples;
  int64_t *one = malloc((n + 1) * sizeof *one);
  pbl_status st = PBL_OK;
  if (!one) st = pbl_fail(err, PBL_NO_MEMORY, "statistics: out of memory");
  for (size_t c = 0; !st && c < case_chains(w); c++) {
    fill_series(one, w, energy, s, c);
    for (size_t t = 0; t < n; t++) x[c * n + t] = (double)one[t];
    st = compare_sums(r, w, one, s, c, err);
  }
  free(one);
  return st;
}

/* Of all observables of the draws, in samples of the unit. */
static double slowest_of_draws(const case_work *w) {
  double slowest = 0;
  for (size_t k = 0; k < w->result->n_observables; k++)
    slowest = fmax(slowest, w->result->observables[k].device.resolve.tau_exp_max);
  return slowest / (double)draws_per_sample(w);
}

/* tau as the draws have it, by the same rule as that of all observables. */
static pbl_status resolve_draws(pbl_unit_report *r, const case_work *w, double *const *x,
                                pbl_error *err) {
  const size_t n = (size_t)w->counted->drawn->n_samples;
  const double every = w->counted->unit.setup.every;
  pbl_resolve_report reports[PBL_UNIT_SERIES];
  pbl_resolve_options options = pbl_resolve_default();
  options.threads = w->config->threads;
  options.tau_exp = slowest_of_draws(w);
  const pbl_status st =
      pbl_resolve(reports, (const double *const *)x, r->n_series, case_chains(w), n, &options, err);
  for (size_t s = 0; !st && s < r->n_series; s++) {
    pbl_tau_report *o = &r->series[s].draws;
    *o = reports[s].base;
    o->resolution = reports[s].resolution;
    o->gate = reports[s].gate;
    o->tau = reports[s].tau;
    o->ess = reports[s].ess;
    o->mcse = reports[s].mcse;
    in_sweeps(&o->tau, every);
    o->tau_chain_means *= every;
    o->tau_lower_bound *= every;
  }
  return st;
}

static pbl_status compare_draws(pbl_unit_report *r, const case_work *w, pbl_error *err) {
  const size_t n = (size_t)r->n_drawn, values = case_chains(w) * n;
  double *x[SERIES] = {0};
  int64_t *energy = NULL;
  pbl_status st = case_image_energies(&energy, w, draw_of(w, 0), draws_per_sample(w), n, err);
  for (size_t s = 0; !st && s < SERIES; s++) {
    x[s] = malloc((values + 1) * sizeof **x);
    st = x[s] ? compare_series(r, x[s], w, energy, s, err)
              : pbl_fail(err, PBL_NO_MEMORY, "statistics: out of memory");
  }
  if (!st && n > 1) st = resolve_draws(r, w, x, err);
  for (size_t s = 0; s < SERIES; s++) free(x[s]);
  free(energy);
  return st;
}

/* Sums as the unit keeps them become what the table of observables has. */
static void in_units(pbl_unit_series *o, const case_work *w, size_t s) {
  const pbl_statistics_setup *u = &w->counted->unit.setup;
  in_sweeps(&o->unit.tau, u->every);
  if (s > 0) return;
  const double scale = ldexp(1, (int)u->shift - w->hw.weight_frac);
  const double cut = (ldexp(1, (int)u->shift) - 1) / 2; /* what the shift takes on average */
  o->unit.mean = scale * o->unit.mean + ldexp((double)u->ref + cut, -w->hw.weight_frac);
  o->unit.variance *= scale * scale;
  o->unit.mcse *= scale;
}

static pbl_status estimate_series(pbl_unit_series *o, const case_work *w, size_t s, double slowest,
                                  pbl_error *err) {
  const pbl_statistics *k = w->counted->all;
  const size_t chains = k->n_replicas;
  pbl_series_sums *sums = malloc(chains * sizeof *sums);
  pbl_series_blocks *blocks = malloc(chains * LEVELS * sizeof *blocks);
  pbl_status st = PBL_OK;
  if (!sums || !blocks) st = pbl_fail(err, PBL_NO_MEMORY, "statistics: out of memory");
  for (size_t c = 0; !st && c < chains; c++) {
    sums[c] = k->series[c * SERIES + s];
    pbl_statistics_blocks(blocks + c * LEVELS, k, c, s);
  }
  if (!st) st = pbl_batch_series(&o->unit, sums, blocks, chains, k->n_samples, slowest, err);
  free(sums);
  free(blocks);
  return st;
}

/* Each alone, then with what the slowest of them says of slow parts in the others. */
static pbl_status estimate_all(pbl_unit_report *r, const case_work *w, pbl_error *err) {
  double slowest = 0;
  pbl_status st = PBL_OK;
  for (int round = 0; round < 2; round++) {
    for (size_t s = 0; !st && s < r->n_series; s++)
      st = estimate_series(&r->series[s], w, s, slowest, err);
    for (size_t s = 0; !st && s < r->n_series; s++)
      if (r->series[s].unit.tau.value > slowest) slowest = r->series[s].unit.tau.value;
  }
  for (size_t s = 0; !st && s < r->n_series; s++) in_units(&r->series[s], w, s);
  return st;
}

/* ---- gates ---- */

static void gate_sums(case_work *w) {
  const pbl_unit_report *r = &w->result->unit;
  const pbl_gate gate = {.name = "statistics unit",
                         .statistic = (double)r->n_different,
                         .threshold = NAN,
                         .p_value = NAN,
                         .status = r->n_different ? PBL_GATE_FAILED : PBL_GATE_PASSED,
                         .would_see = NAN};
  if (r->n_different) {
    case_plain_gate(w, &gate, "%zu of %zu sums are not those over the draws, first: %s",
                    r->n_different, r->n_sums, r->difference);
  } else {
    case_plain_gate(w, &gate, "%zu sums are equal to those over the draws", r->n_sums);
  }
}

static bool apart(const pbl_unit_series *o) {
  if (o->unit.resolution != PBL_RESOLVED || o->draws.resolution != PBL_RESOLVED) return false;
  return o->unit.tau.low > o->draws.tau.high || o->unit.tau.high < o->draws.tau.low;
}

/* Both from the same chains: intervals that do not meet are no accident. */
static void gate_tau(case_work *w) {
  const pbl_unit_report *r = &w->result->unit;
  const pbl_unit_series *worst = NULL;
  size_t n = 0;
  for (size_t s = 0; s < r->n_series; s++) {
    const pbl_unit_series *o = &r->series[s];
    n += o->unit.resolution == PBL_RESOLVED && o->draws.resolution == PBL_RESOLVED;
    if (apart(o) && !worst) worst = o;
  }
  const pbl_gate gate = {.name = "tau of the statistics unit",
                         .statistic = worst ? worst->unit.tau.value / worst->draws.tau.value : NAN,
                         .threshold = NAN,
                         .p_value = NAN,
                         .status = worst ? PBL_GATE_FAILED : PBL_GATE_PASSED,
                         .needs_mixing = true,
                         .would_see = NAN};
  if (worst) {
    case_plain_gate(w, &gate, "%s: %.4g [%.4g, %.4g] sweeps, from the draws %.4g [%.4g, %.4g]",
                    worst->name, worst->unit.tau.value, worst->unit.tau.low, worst->unit.tau.high,
                    worst->draws.tau.value, worst->draws.tau.low, worst->draws.tau.high);
  } else {
    case_plain_gate(w, &gate, "%zu of %zu series resolved on both sides, intervals meet", n,
                    r->n_series);
  }
}

static void name_series(pbl_unit_report *r, const case_work *w) {
  const case_counted *k = w->counted;
  r->n_series = 1 + k->unit.n_projections;
  r->n_samples = k->all->n_samples;
  r->n_drawn = k->drawn->n_samples;
  r->every = (int)k->unit.setup.every;
  r->n_drains = k->all->n_drains;
  r->n_pairs = k->all->n_pairs;
  r->clipped = k->all->clipped;
  r->means_exact = r->pairs_exact = NAN;
  for (size_t s = 0; s < r->n_series; s++) {
    pbl_unit_series *o = &r->series[s];
    snprintf(o->name, sizeof o->name, "%s", s == 0 ? "energy" : k->unit.names[s - 1]);
    o->exact_mean = o->exact_tau = NAN;
    o->draws = (pbl_tau_report){
        .resolution = PBL_SHORT, .tau = {NAN, NAN, NAN}, .ess = {NAN, NAN, NAN}, .mean = NAN};
  }
}

pbl_status case_statistics(case_work *w, pbl_error *err) {
  pbl_unit_report *r = &w->result->unit;
  if (!w->counted || !w->counted->drawn) return PBL_OK;
  name_series(r, w);
  pbl_status st = compare_counts(r, w, err);
  if (!st) st = compare_draws(r, w, err);
  if (!st) st = estimate_all(r, w, err);
  if (st) return st;
  gate_sums(w);
  gate_tau(w);
  return case_statistics_exact(w, err);
}
