/* Scalar observables of both sides: energy, magnetisations, and each p-bit (small models) or the
 * leading singular projections of the weights (large ones, where the slow modes live). */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"
#include "pbl_estimators.h"

#define BLOCK 256
#define PROJECTIONS CASE_PROJECTIONS

void case_unpack(float *x, const pbl_chains *c, size_t chain, size_t first, size_t n) {
  for (size_t t = 0; t < n; t++) {
    const uint8_t *row = pbl_chains_row(c, chain, first + t);
    float *to = x + t * c->n_pbits;
    size_t p = 0;
    for (; p + 8 <= c->n_pbits; p += 8) {
      for (int bit = 0; bit < 8; bit++)
        to[p + (size_t)bit] = (float)(2 * ((row[p >> 3] >> bit) & 1) - 1);
    }
    for (; p < c->n_pbits; p++) to[p] = (float)(2 * ((row[p >> 3] >> (p & 7)) & 1) - 1);
  }
}

static bool small_model(const case_work *w) {
  return pbl_hw_pbits(&w->hw) <= PBL_ORACLE_MAX_PBITS;
}

static size_t observable_count(const case_work *w) {
  return case_fixed_observables(w) + (small_model(w) ? (size_t)pbl_hw_pbits(&w->hw) : PROJECTIONS);
}

bool case_is_clamped(const case_work *w, size_t k) {
  const size_t fixed = case_fixed_observables(w);
  return k >= fixed && small_model(w) && w->image->clamp[k - fixed];
}

static void observable_name(char *name, size_t size, const case_work *w, size_t k) {
  static const char *const fixed[] = {"energy", "mag_visible", "mag_hidden"};
  const size_t nv = (size_t)w->hw.n_visible;
  if (w->graph) {
    snprintf(name, size,
             k == 0           ? "energy"
             : k == 1         ? "magnetisation"
             : small_model(w) ? "s%zu"
                              : "projection_%zu",
             small_model(w) ? k - 2 : k - 1);
  } else if (k < 3) {
    snprintf(name, size, "%s", fixed[k]);
  } else if (!small_model(w)) {
    snprintf(name, size, "projection_%zu", k - 2);
  } else if (k - 3 < nv) {
    snprintf(name, size, "v%zu", k - 3);
  } else {
    snprintf(name, size, "h%zu", k - 3 - nv);
  }
}

double case_observable_value(const case_work *w, size_t k, const signed char *s) {
  const size_t nv = (size_t)w->hw.n_visible, n = (size_t)pbl_hw_pbits(&w->hw);
  const size_t fixed = case_fixed_observables(w);
  if (k == 0)
    return w->held ? pbl_graph_energy(w->held, s) : pbl_rbm_energy(w->dequantised, s, s + nv);
  if (k >= fixed) return s[k - fixed];
  double sum = 0;
  for (size_t p = k == 1 ? 0 : nv; p < (k == 1 ? nv : n); p++) sum += s[p];
  return sum;
}

/* Leading left singular vectors of the weights by subspace iteration; u is V x PROJECTIONS,
 * row-major. */
static void singular_vectors(float *u, const pbl_rbm *m, float *scratch) {
  const int nv = m->n_visible, nh = m->n_hidden;
  for (int i = 0; i < nv; i++) {
    for (int k = 0; k < PROJECTIONS; k++) {
      u[i * PROJECTIONS + k] = (float)(((i * 7919 + k * 104729) % 1009) - 504);
    }
  }
  for (int iteration = 0; iteration < 60; iteration++) {
    for (int k = 0; k < PROJECTIONS; k++) {
      for (int l = 0; l < k; l++) {
        const float dot = cblas_sdot(nv, u + k, PROJECTIONS, u + l, PROJECTIONS);
        cblas_saxpy(nv, -dot, u + l, PROJECTIONS, u + k, PROJECTIONS);
      }
      const float norm = cblas_snrm2(nv, u + k, PROJECTIONS);
      cblas_sscal(nv, norm > 0 ? 1.0f / norm : 0.0f, u + k, PROJECTIONS);
    }
    if (iteration == 59) break;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, nh, PROJECTIONS, nv, 1.0f, m->w, nh, u,
                PROJECTIONS, 0.0f, scratch, PROJECTIONS);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, nv, PROJECTIONS, nh, 1.0f, m->w, nh,
                scratch, PROJECTIONS, 0.0f, u, PROJECTIONS);
  }
}

pbl_status case_projections(float **u, const case_work *w, pbl_error *err) {
  const size_t nv = (size_t)w->hw.n_visible, nh = (size_t)w->hw.n_hidden;
  float *scratch = malloc(nh * PROJECTIONS * sizeof *scratch);
  *u = malloc(nv * PROJECTIONS * sizeof **u);
  const bool room = *u && scratch;
  if (room) singular_vectors(*u, w->dequantised, scratch);
  free(scratch);
  if (room) return PBL_OK;
  free(*u);
  *u = NULL;
  return pbl_fail(err, PBL_NO_MEMORY, "projections: out of memory");
}

/* Fields of the hidden p-bits in n draws, without biases. The weights of a lattice are sums of a
 * few words, exact in float32: edge by edge they are the matrix product's, in a fraction of the
 * time. */
static void hidden_fields(float *field, const case_work *w, const float *x, size_t n) {
  const pbl_rbm *m = w->dequantised;
  const int nv = m->n_visible, nh = m->n_hidden, np = nv + nh;
  if (!w->edges) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, nh, nv, 1.0f, x, np, m->w, nh,
                0.0f, field, nh);
    return;
  }
  memset(field, 0, n * (size_t)nh * sizeof *field);
  for (size_t e = 0; e < w->n_edges; e++) {
    const size_t i = w->edges[e][0], j = w->edges[e][1] - (size_t)nv;
    const float weight = m->w[i * (size_t)nh + j];
    for (size_t t = 0; t < n; t++) field[t * (size_t)nh + j] += weight * x[t * (size_t)np + i];
  }
}

/* Series of one block of draws; series[k] + offset is where draw `first` of this chain goes. */
static void block_series(double *const *series, size_t offset, size_t n, const case_work *w,
                         const float *x, const float *u, float *field, float *projection) {
  const pbl_rbm *m = w->dequantised;
  const int nv = m->n_visible, nh = m->n_hidden, np = nv + nh;
  hidden_fields(field, w, x, n);
  if (!small_model(w)) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, PROJECTIONS, nv, 1.0f, x, np, u,
                PROJECTIONS, 0.0f, projection, PROJECTIONS);
  }
  for (size_t t = 0; t < n; t++) {
    const float *v = x + t * (size_t)np, *h = v + nv;
    double energy = 0, mv = 0, mh = 0;
    for (int i = 0; i < nv; i++) {
      energy -= (double)m->b[i] * v[i];
      mv += v[i];
    }
    for (int j = 0; j < nh; j++) {
      energy -= ((double)field[t * (size_t)nh + (size_t)j] + m->c[j]) * h[j];
      mh += h[j];
    }
    series[0][offset + t] = energy;
    series[1][offset + t] = mv;
    series[2][offset + t] = mh;
    const size_t extra = small_model(w) ? (size_t)np : PROJECTIONS;
    for (size_t k = 0; k < extra; k++) {
      series[3 + k][offset + t] = small_model(w) ? v[k] : projection[t * PROJECTIONS + k];
    }
  }
}

static pbl_status all_series(double **series, size_t count, const case_work *w, const pbl_chains *c,
                             pbl_error *err) {
  const size_t nh = (size_t)w->hw.n_hidden, nv = (size_t)w->hw.n_visible;
  float *x = malloc(BLOCK * c->n_pbits * sizeof *x);
  float *field = malloc((BLOCK * nh + 1) * sizeof *field);
  float *u = malloc(nv * PROJECTIONS * sizeof *u);
  const size_t other = w->graph ? nv : nh; /* scratch of the projections */
  float *projection = malloc((BLOCK + other) * PROJECTIONS * sizeof *projection);
  pbl_status st = PBL_OK;
  if (!x || !field || !u || !projection) {
    st = pbl_fail(err, PBL_NO_MEMORY, "observables: out of memory");
  }
  for (size_t k = 0; !st && k < count; k++) {
    series[k] = malloc(c->n_chains * c->n_recorded * sizeof **series);
    if (!series[k]) st = pbl_fail(err, PBL_NO_MEMORY, "observables: out of memory");
  }
  if (!st) {
    if (w->held) {
      case_graph_projections(u, w->held, projection);
    } else {
      singular_vectors(u, w->dequantised, projection);
    }
    for (size_t chain = 0; chain < c->n_chains; chain++) {
      for (size_t first = 0; first < c->n_recorded; first += BLOCK) {
        const size_t n = c->n_recorded - first < BLOCK ? c->n_recorded - first : BLOCK;
        case_unpack(x, c, chain, first, n);
        if (w->held) {
          case_graph_series(series, chain * c->n_recorded + first, n, w, x, u);
          continue;
        }
        block_series(series, chain * c->n_recorded + first, n, w, x, u, field, projection);
      }
    }
  }
  free(x);
  free(field);
  free(u);
  free(projection);
  return st;
}

/* Standard error of rho_k from the autocorrelations themselves (Madras and Sokal 1988, eq. E.11).
 */
static double acf_error(const double *rho, size_t n_rho, size_t k, double n_samples) {
  double sum = 0;
  for (size_t l = 1; l < n_rho; l++) {
    const double ahead = k + l < n_rho ? rho[k + l] : 0;
    const double behind = rho[k > l ? k - l : l - k];
    const double d = ahead + behind - 2 * rho[k] * rho[l];
    sum += d * d;
  }
  return sqrt(sum / n_samples);
}

static pbl_status fill_acf(pbl_side *side, const double *x, const pbl_chains *c, size_t every,
                           pbl_error *err) {
  const double reach = 12 * side->tau.tau.value + 20;
  size_t max_lag = c->n_recorded / 2;
  if (isfinite(reach) && reach < (double)max_lag) max_lag = (size_t)reach;
  if (side->tau.variance <= 0 || max_lag < 2) return PBL_OK;
  double *gamma = malloc((max_lag + 1) * sizeof *gamma);
  if (!gamma) return pbl_fail(err, PBL_NO_MEMORY, "autocorrelation: out of memory");
  pbl_status st = pbl_autocovariance(gamma, max_lag, x, c->n_chains, c->n_recorded, err);
  if (!st && gamma[0] > 0) {
    const double g0 = gamma[0];
    for (size_t k = 0; k <= max_lag; k++) gamma[k] /= g0;
    const size_t stride = max_lag / PBL_ACF_POINTS + 1;
    for (size_t k = 0; k <= max_lag && side->n_acf < PBL_ACF_POINTS; k += stride) {
      const size_t i = side->n_acf++;
      side->acf_lag[i] = (double)(k * every);
      side->acf[i] = gamma[k];
      side->acf_error[i] = acf_error(gamma, max_lag + 1, k, (double)(c->n_chains * c->n_recorded));
    }
  }
  free(gamma);
  return st;
}

static void fill_trace(pbl_side *side, const double *x, const pbl_chains *c, size_t every) {
  const size_t stride = (c->n_recorded + PBL_TRACE_POINTS - 1) / PBL_TRACE_POINTS;
  for (size_t t = 0; t < c->n_recorded && side->n_trace < PBL_TRACE_POINTS; t += stride) {
    const size_t i = side->n_trace++;
    side->trace_sweep[i] = (double)(t * every);
    side->trace[0][i] = x[t];
    side->trace[1][i] = x[(c->n_chains > 1 ? c->n_recorded : 0) + t];
  }
}

static void scale_estimate(pbl_estimate *e, double by) {
  e->value *= by;
  e->low *= by;
  e->high *= by;
}

/* The RESOLVED rule's answer takes the place of the shorter rule's; from draws to sweeps. */
static pbl_status fill_side(pbl_side *side, const double *x, const pbl_chains *c, size_t every,
                            double seconds, double cycles, pbl_error *err) {
  const pbl_resolve_report *r = &side->resolve;
  side->tau = r->base;
  side->tau.resolution = r->resolution;
  side->tau.gate = r->gate;
  side->tau.tau = r->tau;
  side->tau.ess = r->ess;
  side->tau.mcse = r->mcse;
  const pbl_status st = fill_acf(side, x, c, every, err);
  if (st) return st;
  fill_trace(side, x, c, every);
  side->ess_per_second = side->tau.ess.value / seconds;
  side->ess_per_cycle = cycles > 0 ? side->tau.ess.value / cycles : NAN;
  scale_estimate(&side->tau.tau, (double)every);
  side->tau.tau_chain_means *= (double)every;
  side->tau.tau_lower_bound *= (double)every;
  return PBL_OK;
}

/* All observables of one side judged together: the tail of each decays with the slowest of them. */
static pbl_status resolve_side(case_work *w, double *const *series, int which, pbl_error *err) {
  pbl_case_result *r = w->result;
  const pbl_chains *c = which ? w->reference : w->device;
  const size_t n = r->n_observables;
  pbl_resolve_report *reports = calloc(n, sizeof *reports);
  if (!reports) return pbl_fail(err, PBL_NO_MEMORY, "observables: out of memory");
  pbl_resolve_options options = pbl_resolve_default();
  options.threads = w->config->threads;
  options.n_tests = 2 * n; /* the verdict needs both sides */
  pbl_status st = pbl_resolve(reports, (const double *const *)series, n, c->n_chains, c->n_recorded,
                              &options, err);
  for (size_t k = 0; !st && k < n; k++) {
    pbl_observable *o = &r->observables[k];
    pbl_side *side = which ? &o->reference : &o->device;
    side->resolve = reports[k];
    st = fill_side(side, series[k], c, (size_t)w->cc->every,
                   which ? r->reference_seconds : r->device_seconds,
                   which ? 0 : (double)r->device_cycles, err);
  }
  free(reports);
  return st;
}

/* Energies and chain means outlive the series. */
static pbl_status keep(case_work *w, double **series, int which, pbl_error *err) {
  const pbl_chains *c = which ? w->reference : w->device;
  const size_t n = w->result->n_observables;
  w->means[which] = calloc(c->n_chains * n, sizeof **w->means);
  if (!w->means[which]) return pbl_fail(err, PBL_NO_MEMORY, "observables: out of memory");
  for (size_t k = 0; k < n; k++) {
    for (size_t chain = 0; chain < c->n_chains; chain++) {
      double sum = 0;
      for (size_t t = 0; t < c->n_recorded; t++) sum += series[k][chain * c->n_recorded + t];
      w->means[which][chain * n + k] = sum / (double)c->n_recorded;
    }
  }
  w->energy[which] = series[0];
  series[0] = NULL;
  return PBL_OK;
}

pbl_estimate case_ratio(const pbl_estimate *a, const pbl_estimate *b) {
  pbl_estimate r = {NAN, NAN, NAN};
  if (a->value > 0 && b->value > 0) {
    r.value = a->value / b->value;
    const double wa = 0.5 * log(a->high / a->low), wb = 0.5 * log(b->high / b->low);
    const double w = sqrt(wa * wa + wb * wb);
    r.low = r.value * exp(-w);
    r.high = r.value * exp(w);
  }
  return r;
}

static void compare_means(pbl_observable *o) {
  const pbl_tau_report *a = &o->device.tau, *b = &o->reference.tau;
  const double se = sqrt(a->mcse * a->mcse + b->mcse * b->mcse);
  o->mean_z = se > 0 ? (a->mean - b->mean) / se : NAN;
  o->mean_p = se > 0 ? pbl_normal_two_sided_p(o->mean_z) : NAN;
}

static pbl_status one_side(case_work *w, int which, pbl_error *err) {
  const size_t n = w->result->n_observables;
  double *series[PBL_MAX_OBSERVABLES] = {0};
  pbl_status st = PBL_OK;
  if (!pbl_progress_report(w->progress, "autocorrelation times", (uint64_t)which, 2))
    st = pbl_fail(err, PBL_INTERRUPTED, "interrupted");
  if (!st) st = all_series(series, n, w, which ? w->reference : w->device, err);
  if (!st) st = resolve_side(w, series, which, err);
  if (!st) st = case_export(w, series, which, err); /* keep takes the energy away */
  if (!st) st = keep(w, series, which, err);
  for (size_t k = 0; k < n; k++) free(series[k]);
  return st;
}

pbl_status case_observables(case_work *w, pbl_error *err) {
  pbl_case_result *r = w->result;
  const size_t n = observable_count(w);
  r->observables = calloc(n, sizeof *r->observables);
  if (!r->observables) return pbl_fail(err, PBL_NO_MEMORY, "observables: out of memory");
  r->n_observables = n;
  for (size_t k = 0; k < n; k++)
    observable_name(r->observables[k].name, sizeof r->observables[k].name, w, k);
  pbl_status st = one_side(w, 0, err);
  if (!st) st = one_side(w, 1, err);
  for (size_t k = 0; !st && k < n; k++) {
    pbl_observable *o = &r->observables[k];
    o->exact_mean = o->exact_tau = NAN;
    o->tau_ratio = case_ratio(&o->device.tau.tau, &o->reference.tau.tau);
    compare_means(o);
  }
  return st;
}

bool case_is_resolved(const case_work *w, int side) {
  const pbl_case_result *r = w->result;
  for (size_t k = 0; k < r->n_observables; k++) {
    const pbl_observable *o = &r->observables[k];
    if (case_is_clamped(w, k)) continue;
    if ((side ? o->reference : o->device).tau.resolution != PBL_RESOLVED) return false;
  }
  return true;
}
