/* Persistent contrastive divergence, one mini-batch at a time. Internal to training and its tests.
 */
#ifndef PBL_PCD_H
#define PBL_PCD_H

#include "pbl_gibbs.h"
#include "pbl_train.h"

struct pbl_binary;

typedef struct {
  pbl_regulation regulation;
  uint64_t updates; /* of the open window, and sums over them */
  double flips, gap;
  uint64_t epoch_updates;
  double epoch_flips, epoch_data, epoch_model;
} pbl_thermostat;

typedef struct {
  pbl_train_options opt;
  size_t n_visible, n_hidden, n_images, n_blocks;
  const signed char *images; /* borrowed, n_images x V */
  pbl_rbm *model;
  pbl_gibbs_block *blocks;            /* persistent chains */
  uint32_t *order;                    /* this epoch's permutation of the images */
  float *batch, *batch_mean;          /* batch_size x V, batch_size x H */
  float *chain_mean;                  /* H x 16 */
  float *mean_v;                      /* V, <v> of all images, with pseudo-counts */
  float *data_w, *data_b, *data_c;    /* <v m>, <v>, <m> over the mini-batch */
  float *model_w, *model_b, *model_c; /* the same over the chains */
  struct pbl_binary *binary;          /* {0,1} units (binary.h), or NULL */
  float *block_mean;                  /* binary: n_blocks x H x 16 */
  float *batch_field;                 /* binary: batch_size x H, 2 beta times the field */
  /* binary: of the last statistics, at the model's beta */
  double batch_log_cosh;        /* mean over the batch of sum_j ln 2cosh(beta field_j) */
  double flip_rate;             /* visible p-bits that changed over the k sweeps, 0..1 */
  double free_data, free_model; /* mean free energy F(v; T) / T of batch and chains, {0,1} units */
  pbl_thermostat thermostat;
  uint64_t telemetry_bytes; /* a device's telemetry file up to here belongs to the run */
} pbl_pcd;

/* Weights, biases and chains at their start. The options must have been checked. */
pbl_status pbl_pcd_create(pbl_pcd **out, const signed char *images, size_t n_images, int n_visible,
                          const pbl_train_options *opt, pbl_error *err);
void pbl_pcd_destroy(pbl_pcd *t);
/* *bias (V, freed by the caller) = atanh(<v>)/beta with one pseudo-count on each side: the best
 * biases at W = 0. */
pbl_status pbl_pcd_product_bias(float **bias, const pbl_pcd *t, pbl_error *err);
/* Seeded permutation of epoch e: a function of (seed, e) alone, so that it needs no checkpoint. */
void pbl_pcd_shuffle(pbl_pcd *t, int epoch);
/* The law that the chains sample: the model at its beta. */
pbl_gibbs_law pbl_pcd_law(const pbl_pcd *t);
/* batch, batch_mean, data_b, data_c (and batch_log_cosh in {0,1} units) of n images. */
void pbl_pcd_batch(pbl_pcd *t, size_t first, size_t n);
/* k sweeps of the chains (not when sweep is false: a device did them) and both statistics for
 * images order[first .. first+n-1], n <= batch_size; the model is not changed. */
void pbl_pcd_statistics(pbl_pcd *t, size_t first, size_t n, bool sweep);
/* One step along the statistics' difference. */
void pbl_pcd_step(pbl_pcd *t);
/* Keep the spectral limit; the hidden means are those of the last statistics' chains. */
pbl_status pbl_pcd_limit(pbl_pcd *t, pbl_error *err);
/* Mean squared error of v -> E[h|v] -> E[v|h], pixels in {0,1}, over n images (n x V, +-1); and in
 * *accuracy (may be NULL) the fraction of pixels whose mean lies on their side of 1/2. */
double pbl_pcd_reconstruction(double *accuracy, pbl_pcd *t, const signed char *images, size_t n);

#endif
