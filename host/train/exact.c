#include "exact.h"

#include <math.h>
#include <stdlib.h>

#include "pbl_enumerate.h"
#include "pbl_spectrum.h"

#define GAP_UNIT 1e-13

bool pbl_train_enumerable(const pbl_rbm *m, int side) {
  return (m->n_visible < m->n_hidden ? m->n_visible : m->n_hidden) <= side;
}

pbl_status pbl_train_exact(pbl_ais_report *out, const pbl_rbm *m, int threads,
                           pbl_progress *progress, pbl_error *err) {
  double *x = pbl_oracle_weights(m);
  if (!x) return pbl_fail(err, PBL_NO_MEMORY, "no memory for the exact log Z");
  pbl_energy_sums sums;
  const pbl_status status =
      pbl_bipartite_enumerate(&sums, NULL, NULL, (size_t)m->n_visible, (size_t)m->n_hidden, x,
                              m->beta, threads, progress, err);
  free(x);
  if (status) return status;
  *out = (pbl_ais_report){.log_z = sums.log_z,
                          .log_z_low = sums.log_z,
                          .log_z_high = sums.log_z,
                          .log_weight_variance = (double)NAN,
                          .ess_fraction = (double)NAN,
                          .log_likelihood_train = (double)NAN,
                          .log_likelihood_test = (double)NAN,
                          .passed = true,
                          .exact = true};
  return PBL_OK;
}

pbl_status pbl_train_gap(double *gap, const pbl_rbm *m, pbl_error *err) {
  const int most = m->n_visible > m->n_hidden ? m->n_visible : m->n_hidden;
  *gap = (double)NAN;
  if (m->n_visible + m->n_hidden > PBL_TRAIN_GAP_PBITS || most < 3) return PBL_OK;
  pbl_oracle *o = NULL;
  pbl_status status = pbl_oracle_create_model_scan(&o, m, m->beta, PBL_SCAN_CYCLIC, err);
  double eigenvalue = 0.0;
  if (!status) status = pbl_oracle_modes(&eigenvalue, NULL, NULL, o, 1, 0.0, NULL, err);
  pbl_oracle_destroy(o);
  const double units = round((1.0 - eigenvalue) / GAP_UNIT);
  if (!status) *gap = units > 0.0 ? units * GAP_UNIT : 0.0; /* frozen: rounding may be below 0 */
  return status == PBL_NUMERIC ? PBL_OK : status;
}
