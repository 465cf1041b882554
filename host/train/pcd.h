/* Persistent contrastive divergence, one mini-batch at a time. Internal to training and its tests.
 */
#ifndef PBL_PCD_H
#define PBL_PCD_H

#include "pbl_gibbs.h"
#include "pbl_train.h"

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
/* k sweeps of the chains and both statistics for images order[first .. first+n-1], n <= batch_size;
 * the model is not changed. */
void pbl_pcd_statistics(pbl_pcd *t, size_t first, size_t n);
/* One step along the statistics' difference. */
void pbl_pcd_step(pbl_pcd *t);
/* Keep the spectral limit; the hidden means are those of the last statistics' chains. */
pbl_status pbl_pcd_limit(pbl_pcd *t, pbl_error *err);
/* Mean squared error of v -> E[h|v] -> E[v|h], pixels in {0,1}, over all images. */
double pbl_pcd_reconstruction_error(pbl_pcd *t);

#endif
