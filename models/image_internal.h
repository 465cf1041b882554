/* Private to models/: how an image is filled. */
#ifndef IMAGE_INTERNAL_H
#define IMAGE_INTERNAL_H

#include "pbl_image.h"
#include "pbl_rng.h"

/* The running state of a quantisation: the format and the report. */
typedef struct {
  int frac;
  double low, high; /* word range */
  double sum_squares;
  pbl_quantisation report;
  pbl_xoshiro *rng; /* stochastic rounding, or NULL */
} pbl_quantiser;

/* The word of one parameter, which enters the report at that place of the image. */
int32_t pbl_image_quantise(pbl_quantiser *q, float value, size_t row, size_t col);

/* CONFIG when a weight of the model is no edge of the lattice. */
pbl_status pbl_image_lattice_check(const pbl_rbm *m, const pbl_hw *hw, pbl_error *err);
/* Fills the lattice's weight memory and the law of an image. */
void pbl_image_lattice_fill(pbl_image *im, pbl_quantiser *q, const pbl_rbm *m);

#endif
