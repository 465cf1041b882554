/* Energy-based models in real numbers. One family for now: the restricted Boltzmann machine over
 * s in {-1,+1}:  E(v,h) = - sum_ij w_ij v_i h_j - sum_i b_i v_i - sum_j c_j h_j,
 * pi(v,h) = exp(-beta E)/Z,  P(h_j=+1|v) = sigma(2 beta (c_j + sum_i w_ij v_i)).
 *
 * On disk a model is a folder: model.yaml (schema, kind, sizes, beta, provenance) and weights.npy
 * (V x H), visible_bias.npy (V), hidden_bias.npy (H), float32; optionally the positive-phase
 * moments of its training data, data_vh.npy (V x H), data_v.npy (V), data_h.npy (H), float32,
 * where data_vh = E_data[v_i E[h_j|v]] at the model's beta. */
#ifndef PBL_MODEL_H
#define PBL_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"

typedef struct {
  int n_visible, n_hidden;
  double beta;                      /* inverse temperature the model is meant for */
  float *w;                         /* n_visible x n_hidden, row-major */
  float *b;                         /* n_visible */
  float *c;                         /* n_hidden */
  float *data_vh, *data_v, *data_h; /* positive phase, or all NULL */
  int image_rows, image_cols;       /* > 0 when visible units form an image; else 0 */
  char name[128];
  char provenance[1024]; /* free text: data set, command, seed */
} pbl_rbm;

pbl_status pbl_rbm_create(pbl_rbm **out, int n_visible, int n_hidden,
                          pbl_error *err); /* zeros, beta 1 */
void pbl_rbm_destroy(pbl_rbm *m);          /* NULL is legal */
pbl_status pbl_rbm_copy(pbl_rbm **out, const pbl_rbm *m, pbl_error *err);
/* w ~ N(0, scale^2), b and c ~ N(0, bias_scale^2), from xoshiro128++ seeded by `seed`. */
pbl_status pbl_rbm_random(pbl_rbm **out, int n_visible, int n_hidden, double scale,
                          double bias_scale, uint64_t seed, pbl_error *err);
/* Reads / writes the folder. Missing files, wrong shapes, NaN or infinity: FORMAT, naming file and
 * index; no such folder: NOT_FOUND. Writing is atomic per file; the folder is created, and moments
 * that the model does not have are removed from it. */
pbl_status pbl_rbm_load(pbl_rbm **out, const char *folder, pbl_error *err);
pbl_status pbl_rbm_save(const pbl_rbm *m, const char *folder, pbl_error *err);
/* Largest n_visible and n_hidden that create and load accept. */
#define PBL_RBM_MAX_UNITS 65535
/* Energy of one state; v, h are +-1 (int8). */
double pbl_rbm_energy(const pbl_rbm *m, const signed char *v, const signed char *h);
/* Free energy F(v) = -b.v - (1/beta) sum_j ln 2cosh(beta (c_j + sum_i w_ij v_i)), at m->beta. */
double pbl_rbm_free_energy(const pbl_rbm *m, const signed char *v);
/* Fill the positive-phase moments at m->beta from n >= 1 binarised images (n x V). INVALID, naming
 * image and pixel, when a value is not +-1; the model is unchanged on failure. */
pbl_status pbl_rbm_set_data_moments(pbl_rbm *m, const signed char *images, size_t n,
                                    pbl_error *err);

#endif
