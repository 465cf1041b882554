/* One sweep of one or two chains on given random words. Internal to host/coupling. */
#ifndef COUPLING_LAW_H
#define COUPLING_LAW_H

#include "pbl_coupling.h"
#include "pbl_rng.h"

struct pbl_coupling_law {
  size_t n_visible, n_hidden;
  pbl_kernel kernel;
  double two_beta;
  double *weights;        /* (V+1) x (H+1), or NULL: */
  const pbl_image *image; /* borrowed */
  uint32_t beta;          /* of the image */
};

/* x and, when not NULL, y (V+H, +-1, visible first) do one sweep on the same words of g. */
void coupling_sweep(const pbl_coupling_law *law, signed char *x, signed char *y, pbl_xoshiro *g);

#endif
