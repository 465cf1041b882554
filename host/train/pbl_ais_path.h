/* The annealing path and its log weights. Internal to host/train and its tests. */
#ifndef PBL_AIS_PATH_H
#define PBL_AIS_PATH_H

#include "pbl_gibbs.h"
#include "pbl_train.h"

/* Path from the base (t = 0) to the model (t = 1), hidden p-bits summed out:
 *   ln p*_t(v) = beta ((1-t) a.v + t b.v) + sum_j ln 2cosh(t beta (c_j + W'v_j)). */
typedef struct {
  const pbl_rbm *m;
  const float *base; /* a, V */
  size_t n_blocks;
  int n_temperatures, from, to; /* steps from .. to-1 are this stretch's work */
  pbl_gibbs_block *blocks;
  float *bias_v, *bias_h; /* scratch per block: V, H */
  double *log_w;          /* 16 per block */
} pbl_ais_path;

/* log_w (16) += ln p*_t1(v) - ln p*_t0(v); the block's field holds W'v. */
void pbl_ais_add_weights(double *log_w, const pbl_rbm *m, const float *base,
                         const pbl_gibbs_block *b, double t0, double t1);
/* Law at t; its biases live in bias_v (V) and bias_h (H). */
pbl_gibbs_law pbl_ais_law(float *bias_v, float *bias_h, const pbl_rbm *m, const float *base,
                          double t);
/* ln Z at t = 0. */
double pbl_ais_base_log_z(const pbl_rbm *m, const float *base);

/* n log weights: samples NULL: of paths from the base to the model (E exp(w) = Z/Z_0); else of
 * paths from samples (n x V, of the model) to the base (E exp(-w) = Z_0/Z). */
pbl_status pbl_ais_log_weights(double *log_w, const pbl_rbm *m, const float *base,
                               const signed char *samples, size_t n, int n_temperatures,
                               uint64_t seed, int threads, pbl_progress *progress, pbl_error *err);
/* Report from n log weights; sign +1 for paths that start in the base, -1 for those that end there.
 */
void pbl_ais_summarise(pbl_ais_report *out, const double *log_w, size_t n, double sign,
                       double log_z0);

/* Bennett's acceptance ratio (Bennett 1976). f: n_f values
 * of ln p*_1 - ln p*_0 on samples of p_0, r: n_r of them on samples of p_1; C estimates ln Z_1/Z_0.
 * *overlap: mean of both acceptance rates, 0 .. 1/2. NUMERIC when there is no finite solution. */
pbl_status pbl_bar(double *c, double *overlap, const double *f, size_t n_f, const double *r,
                   size_t n_r, pbl_error *err);

#endif
