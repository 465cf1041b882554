/* Observables of many chains as one netCDF-4 file in the InferenceData layout of ArviZ:
 *
 *   group posterior     one variable per observable, dimensions (chain, draw), float64
 *   group sample_stats  energy, when an observable of that name is there
 *
 * with the coordinates chain = 0.. and draw = 0.. in each group. netCDF is an optional library:
 * without it pbl_netcdf_version() is NULL and pbl_netcdf_write fails with NOT_FOUND.
 * Thread rule: the library is not thread-safe; one call at a time in the whole program. */
#ifndef PBL_NETCDF_H
#define PBL_NETCDF_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"

typedef struct {
  const char *name; /* letters, digits and _; not chain or draw, which are the dimensions */
  const double *x;  /* n_chains x n_draws, row-major; borrowed */
} pbl_netcdf_variable;

typedef struct {
  size_t n_chains, n_draws, n_variables; /* all positive */
  const pbl_netcdf_variable *variables;
  const char *case_name, *sampler, *version; /* attributes; version: of pbitloop */
  int sweeps_per_draw, burn_in_sweeps;
  uint64_t seed; /* written as text: netCDF readers differ about unsigned 64 bits */
} pbl_netcdf_chains;

/* Version of the library that was built in, e.g. "4.9.0"; NULL without it. Static text. */
const char *pbl_netcdf_version(void);
/* Writes PATH.tmp.<pid> and renames: never a half file. The same input gives the same bytes:
 * created_at, which ArviZ asks for, is always 1970-01-01. INVALID, IO, NO_MEMORY, NOT_FOUND. */
pbl_status pbl_netcdf_write(const char *path, const pbl_netcdf_chains *c, pbl_error *err);

#endif
