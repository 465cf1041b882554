/* What is kept of the observables' series: traces for the report, netCDF files for other programs.
 */
#include <math.h>
#include <stdio.h>

#include "compare_internal.h"
#include "pbl_netcdf.h"

static double deviation(const double *x, size_t n) {
  double mean = 0, squares = 0;
  for (size_t t = 0; t < n; t++) {
    const double d = x[t] - mean;
    mean += d / (double)(t + 1);
    squares += d * (x[t] - mean);
  }
  return sqrt(squares / (double)n);
}

/* Keeps the first PBL_TRACE_CHAINS of (deviation, chain) in order. */
static void place_chain(pbl_chain_traces *out, size_t chain, double sd) {
  size_t at = out->n_chains;
  if (at < PBL_TRACE_CHAINS) {
    out->n_chains++;
  } else if (sd < out->deviation[--at]) {
    /* the last one goes */
  } else {
    return;
  }
  for (; at > 0 && sd < out->deviation[at - 1]; at--) {
    out->deviation[at] = out->deviation[at - 1];
    out->chain[at] = out->chain[at - 1];
  }
  out->deviation[at] = sd;
  out->chain[at] = chain;
}

static void fill_traces(pbl_chain_traces *out, const double *x, const pbl_chains *c, size_t every) {
  const size_t n = c->n_recorded, stride = n / PBL_TRACE_THIN + (n % PBL_TRACE_THIN != 0);
  *out = (pbl_chain_traces){0};
  for (size_t chain = 0; chain < c->n_chains; chain++)
    place_chain(out, chain, deviation(x + chain * n, n));
  for (size_t t = 0; t < n; t += stride) {
    const size_t i = out->n_points++;
    out->sweep[i] = (double)(t * every);
    for (size_t k = 0; k < out->n_chains; k++) out->x[k][i] = x[out->chain[k] * n + t];
  }
}

static const char *sampler_name(const case_work *w, int side) {
  if (side == 1) return "pbitloop reference sampler";
  return w->config->device == PBL_DEVICE_TWIN ? "pbitloop hardware (twin)"
                                              : "pbitloop hardware (rtl)";
}

pbl_status case_export(case_work *w, double *const *series, int side, pbl_error *err) {
  const pbl_chains *chains = side ? w->reference : w->device;
  const size_t n = w->result->n_observables;
  pbl_netcdf_variable variables[PBL_MAX_OBSERVABLES];
  char path[1400];
  fill_traces(side ? &w->result->reference_traces : &w->result->device_traces, series[0], chains,
              (size_t)w->cc->every);
  if (!w->folder || !pbl_netcdf_version()) return PBL_OK;
  for (size_t k = 0; k < n; k++)
    variables[k] = (pbl_netcdf_variable){w->result->observables[k].name, series[k]};
  snprintf(path, sizeof path, "%s/%s/chains%s.nc", w->folder, w->cc->name,
           side ? "_reference" : "");
  const pbl_netcdf_chains all = {.n_chains = chains->n_chains,
                                 .n_draws = chains->n_recorded,
                                 .n_variables = n,
                                 .variables = variables,
                                 .case_name = w->cc->name,
                                 .sampler = sampler_name(w, side),
                                 .version = PBL_VERSION,
                                 .sweeps_per_draw = w->cc->every,
                                 .burn_in_sweeps = w->cc->burn_in,
                                 .seed = w->config->seed};
  return pbl_netcdf_write(path, &all, err);
}
