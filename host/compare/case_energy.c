/* The energy as a thermometer: its histogram says which temperature the device really had, whatever
 * the density of states. And, where no exact law says more, all observables' chain means at once.
 */
#include <math.h>
#include <stdlib.h>

#include "compare_internal.h"
#include "pbl_law.h"

#define PERMUTATIONS 999
#define MOST_PERMUTATIONS 5e6
#define SECOND_LOOK 0.05
#define GROUPS 16 /* of chains, per side */

static size_t energy_count(const case_work *w) {
  return w->device->n_chains * w->device->n_recorded;
}

static void spread(double *mean, double *variance, const double *x, size_t n) {
  *mean = *variance = 0;
  for (size_t k = 0; k < n; k++) *mean += x[k] / (double)n;
  for (size_t k = 0; k < n; k++) *variance += (x[k] - *mean) * (x[k] - *mean) / (double)n;
}

static size_t bin_of(const pbl_energy_report *e, double x) {
  const double k = floor((x - e->low) / e->width);
  return k < 0 ? 0 : k >= (double)e->n_bins ? e->n_bins - 1 : (size_t)k;
}

/* Bins over what either side met; exact shares outside go to the outer bins. energy: of all states,
 * where there is an exact law. */
static void fill_histogram(case_work *w, const double *energy) {
  pbl_energy_report *e = &w->result->energy;
  const size_t n = energy_count(w);
  double low = INFINITY, high = -INFINITY;
  for (int side = 0; side < 2; side++) {
    for (size_t k = 0; k < n; k++) {
      low = fmin(low, w->energy[side][k]);
      high = fmax(high, w->energy[side][k]);
    }
  }
  if (!(high > low)) return;
  e->n_bins = PBL_ENERGY_BINS;
  e->low = low;
  e->width = (high - low) / PBL_ENERGY_BINS;
  for (size_t k = 0; k < n; k++) {
    e->device[bin_of(e, w->energy[0][k])] += 1 / (double)n;
    e->reference[bin_of(e, w->energy[1][k])] += 1 / (double)n;
  }
  for (size_t k = 0; k < e->n_bins; k++) e->exact[k] = w->law ? 0 : NAN;
  for (size_t x = 0; w->law && x < pbl_oracle_states(w->law); x++)
    e->exact[bin_of(e, energy[x])] += pbl_oracle_law(w->law)[x];
}

/* error: of the relative error of beta. */
static void temperature_gate(case_work *w, double value, double error, double dof, double p,
                             const char *against) {
  pbl_energy_report *e = &w->result->energy;
  const double t = isinf(dof) ? pbl_normal_quantile(0.975) : pbl_student_t_quantile(0.975, dof);
  e->beta_error = (pbl_estimate){value, value - t * error, value + t * error};
  const pbl_gate gate = {.name = "energy histogram",
                         .statistic = value / error,
                         .threshold = case_gate_threshold(w, 1, dof),
                         .p_value = p,
                         .needs_mixing = true,
                         .would_see = error * case_gate_reach(w, 1, dof),
                         .would_see_of = "beta, relative"};
  case_gate(w, &gate, "implied beta error %+.3g %% [%+.3g, %+.3g] against %s", 100 * value,
            100 * e->beta_error.low, 100 * e->beta_error.high, against);
}

/* d<E>/d ln beta = -beta Var(E): the score of an exponential family, with exact mean, variance and
 * autocorrelation time. */
static pbl_status exact_temperature(case_work *w, const double *f, double *scratch,
                                    pbl_error *err) {
  const size_t every = (size_t)w->cc->every;
  double exact, variance, tau, mean, unused;
  const pbl_status st = case_exact_tau(w, f, scratch, &exact, &variance, &tau, err);
  if (st || !(variance > 0)) return st;
  spread(&mean, &unused, w->energy[0], energy_count(w));
  const double scale = w->held_beta * variance;
  const double error = sqrt(variance * 2 * tau / (double)every / (double)energy_count(w)) / scale;
  const double value = (exact - mean) / scale;
  temperature_gate(w, value, error, INFINITY, pbl_normal_two_sided_p(value / error),
                   "the exact law");
  return PBL_OK;
}

static pbl_status reference_temperature(case_work *w, pbl_error *err) {
  const size_t chains = w->device->n_chains, draws = w->device->n_recorded;
  const double beta = w->held_beta;
  double mean[2], variance[2];
  pbl_law_slope slope;
  pbl_error reason;
  for (int side = 0; side < 2; side++)
    spread(&mean[side], &variance[side], w->energy[side], energy_count(w));
  if (chains < 2 || !(variance[0] > 0) || !(variance[1] > 0)) return PBL_OK;
  const pbl_status st = pbl_law_energy_slope(&slope, w->energy[0], chains, draws, beta,
                                             w->energy[1], chains, draws, beta, &reason);
  if (st == PBL_NUMERIC) { /* both vary and yet have nothing in common */
    const pbl_gate gate = {.name = "energy histogram",
                           .statistic = NAN,
                           .threshold = NAN,
                           .p_value = 0,
                           .needs_mixing = true,
                           .would_see = NAN};
    case_gate(w, &gate, "the energies of the two sides do not overlap: means %.4g and %.4g",
              mean[0], mean[1]);
    return PBL_OK;
  }
  if (st) return pbl_fail(err, st, "%s", reason.message);
  if (!(slope.error > 0)) return PBL_OK;
  temperature_gate(w, -slope.slope / beta, slope.error / beta, slope.test.dof, slope.test.p_value,
                   "the reference's histogram");
  return PBL_OK;
}

/* Chains are units, and so are groups of chains; few groups keep permutations cheap. */
static double *group_means(const case_work *w, int side, size_t groups) {
  const size_t n = w->result->n_observables, chains = w->device->n_chains;
  double *out = calloc(groups * n, sizeof *out);
  for (size_t c = 0; out && c < groups * (chains / groups); c++) {
    const size_t g = c % groups;
    for (size_t k = 0; k < n; k++)
      out[g * n + k] += w->means[side][c * n + k] / (double)(chains / groups);
  }
  return out;
}

/* Number of permutations whose least p-value is below the gate's level; 0 where none is: too few
 * groups, or a level too small to be reached in reasonable time. */
static size_t permutations_needed(const case_work *w, size_t groups) {
  const double n = 4 / case_gate_alpha(w), g = (double)groups;
  const double labelings = lgamma(2 * g + 1) - 2 * lgamma(g + 1);
  return n <= MOST_PERMUTATIONS && log(n) < labelings ? (size_t)n : 0;
}

/* 999 permutations settle most runs; the full number only where they leave a doubt. The result is
 * below the level only if the second one is, so that looking twice costs nothing. */
static pbl_status permutation_gate(case_work *w, pbl_error *err) {
  const size_t n = w->result->n_observables, chains = w->device->n_chains;
  const size_t groups = chains < GROUPS ? chains : GROUPS;
  pbl_gate gate = {.name = "observables against reference",
                   .statistic = NAN,
                   .threshold = NAN,
                   .p_value = NAN,
                   .status = PBL_GATE_NOT_COUNTED,
                   .needs_mixing = true,
                   .would_see = NAN};
  const size_t full = groups < 2 ? 0 : permutations_needed(w, groups);
  if (full == 0) {
    case_plain_gate(w, &gate,
                    "%zu chains a side at a level of %.2g: no permutation of chains can reach it",
                    chains, case_gate_alpha(w));
    return PBL_OK;
  }
  pbl_law_test t = {0};
  double *a = group_means(w, 0, groups), *b = group_means(w, 1, groups);
  pbl_status st = a && b ? PBL_OK : pbl_fail(err, PBL_NO_MEMORY, "permutations: out of memory");
  const uint64_t seed = case_seed(w, STREAM_PERMUTATION);
  if (!st) st = pbl_law_summary_test(&t, a, groups, b, groups, n, PERMUTATIONS, seed, err);
  if (!st && t.p_value <= SECOND_LOOK)
    st = pbl_law_summary_test(&t, a, groups, b, groups, n, full, seed + 1, err);
  free(a);
  free(b);
  if (st) return st;
  gate.statistic = t.statistic;
  gate.p_value = t.p_value;
  case_gate(w, &gate, "energy distance of the chain means of %zu observables, %.0f permutations", n,
            t.dof);
  return PBL_OK;
}

static pbl_status exact_energy(case_work *w, pbl_error *err) {
  const size_t states = pbl_oracle_states(w->law);
  double *f = malloc(2 * states * sizeof *f); /* energies and scratch */
  if (!f) return pbl_fail(err, PBL_NO_MEMORY, "energies: out of memory");
  pbl_status st = case_state_values(f, w, 0, err);
  if (!st) fill_histogram(w, f);
  if (!st && !w->tempering) st = exact_temperature(w, f, f + states, err);
  free(f);
  return st;
}

pbl_status case_energy(case_work *w, pbl_error *err) {
  w->result->energy.beta_error = (pbl_estimate){NAN, NAN, NAN};
  pbl_status st;
  if (w->law) {
    st = exact_energy(w, err);
  } else {
    fill_histogram(w, NULL);
    st = PBL_OK;
  }
  if (!st && (!w->law || w->tempering)) {
    st = reference_temperature(w, err);
    if (!st) st = permutation_gate(w, err);
  }
  return st ? pbl_wrap(err, st, "case %s", w->cc->name) : PBL_OK;
}
