/* What is kept of the observables' series: traces for the report, netCDF files for other programs.
 */
#include <stdio.h>

#include "compare_internal.h"
#include "pbl_netcdf.h"

static const char *sampler_name(const case_work *w, int side) {
  static const char *const devices[] = {[PBL_DEVICE_RTL] = "pbitloop hardware (rtl)",
                                        [PBL_DEVICE_TWIN] = "pbitloop hardware (twin)",
                                        [PBL_DEVICE_REMOTE] = "pbitloop hardware (remote)",
                                        [PBL_DEVICE_TLM] = "pbitloop hardware (tlm)",
                                        [PBL_DEVICE_UIO] = "pbitloop hardware (uio)"};
  return side == 1 ? "pbitloop reference sampler" : devices[w->config->device];
}

pbl_status case_export(case_work *w, double *const *series, int side, pbl_error *err) {
  const pbl_chains *chains = side ? w->reference : w->device;
  const size_t n = w->result->n_observables;
  pbl_netcdf_variable variables[PBL_MAX_OBSERVABLES];
  char path[1400];
  pbl_chain_traces_fill(side ? &w->result->reference_traces : &w->result->device_traces, series[0],
                        chains->n_chains, chains->n_recorded, (size_t)w->cc->every);
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
