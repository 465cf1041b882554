/* Training in {0,1} units, the parametrisation of most of the literature. Internal to training.
 *
 *   E(x,y) = - x'W y - b'x - a'y,   x, y in {0,1};   with m = 2x-1, n = 2y-1 and constants dropped
 *   J = W/4,  B = b/2 + rowsum(W)/4,  C = a/2 + columnsum(W)/4   (the +-1 model that is sampled)
 *
 * One update, as in PCD-k without momentum; y is its mean given x on both sides, and there is no
 * factor 1/T:
 *   W += lr (<x y>_batch - <x y>_chains - weight_decay W)
 *   b += lr (<x>_batch - <x>_chains - bias_decay b),  a likewise
 * A step in these units is not a step in +-1 units of another size: the two learn differently. */
#ifndef PBL_BINARY_H
#define PBL_BINARY_H

#include "pcd.h"

typedef struct {
  float *w, *b, *a; /* V x H, V, H; in {0,1} units */
} pbl_binary_parameters;

/* Borrowed; after writing to them call pbl_binary_view. */
pbl_binary_parameters pbl_binary_get(const pbl_pcd *t);
/* w ~ N(0, initial_scale^2), biases 0, and the +-1 view of them. NO_MEMORY. */
pbl_status pbl_binary_create(pbl_pcd *t, pbl_error *err);
void pbl_binary_destroy(pbl_pcd *t);
/* The +-1 model of W, b, a. To be called whenever these were changed from outside. */
void pbl_binary_view(pbl_pcd *t);
/* The same, and the present chains become those that the next flip rate counts from: to be called
 * when parameters and chains were loaded. */
void pbl_binary_refresh(pbl_pcd *t);
/* Chains do k sweeps (unless a device did them), then both statistics. */
void pbl_binary_statistics(pbl_pcd *t, size_t first, size_t n, bool sweep);
/* One step along the statistics' difference. */
void pbl_binary_step(pbl_pcd *t);
/* What the {0,1} energy exceeds the view's by: E_01 = E_pm - offset. */
double pbl_binary_offset(const pbl_pcd *t);

#endif
