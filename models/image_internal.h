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

/* Thresholds by the definition in pbl_image.h. */
void pbl_image_fill_table(pbl_image *im);
/* The word of beta. CONFIG when it does not fit; relative_error may be NULL. */
pbl_status pbl_image_quantise_beta(uint32_t *word, double *relative_error, const pbl_hw *hw,
                                   double beta, pbl_error *err);

/* CRC-32 over 32-bit words, least significant byte first. */
#define PBL_HASH_WORDS 1024
typedef struct {
  unsigned long crc;
  size_t n_bytes;
  uint8_t bytes[4 * PBL_HASH_WORDS];
} pbl_word_hash;
void pbl_word_hash_start(pbl_word_hash *h);
void pbl_word_hash_add(pbl_word_hash *h, uint32_t word);
uint32_t pbl_word_hash_end(pbl_word_hash *h);

/* Schedule and edges of a sparse image into the hash. */
void pbl_sparse_hash(pbl_word_hash *h, const pbl_image *im);
void pbl_sparse_law_destroy(pbl_sparse_law *law); /* NULL is legal */

#endif
