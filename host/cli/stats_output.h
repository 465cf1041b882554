/* What `pbitloop stats` says about one file, as a table and as JSON. Internal to host/cli. */
#ifndef STATS_OUTPUT_H
#define STATS_OUTPUT_H

#include "pbl_estimators.h"

typedef struct {
  const char *file;
  size_t n_chains, n_draws, n_observables;
  double thin;                        /* sweeps per draw */
  const char *const *names;           /* n_observables */
  const pbl_resolve_report *verdicts; /* n_observables */
  const pbl_estimates *estimates;     /* n_observables */
} stats_result;

/* RESOLVED, UNRESOLVED, ... */
const char *stats_verdict_name(pbl_resolution resolution);
/* FROZEN before everything else that is not RESOLVED. */
pbl_resolution stats_overall(const stats_result *result);
void stats_print(const stats_result *result);
pbl_status stats_print_json(const stats_result *result, pbl_error *err);

#endif
