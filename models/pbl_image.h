/* The device image: a model in the fixed-point formats of one hardware variant.
 *
 * Layout of the dense fabric: (V+1) x (H+1) signed weight words. Row i < V holds w_i0..w_i(H-1) and
 * in column H the visible bias b_i; row V holds the hidden biases c_j and in column H zero.
 * value = word * 2^-weight_frac, rounded to nearest (ties away from zero), saturated to
 * [-2^(bits-1), 2^(bits-1)-1]. Activation table: q[k] = round(2^threshold_bits * sigma(-k*step)),
 * step = 2^table_range_log2 / table_size, k = 0..table_size-1.
 *
 * Layout of the lattice fabric: 2V/P rows of P(D+1) words as docs/device.md orders them; an edge's
 * word stands at both of its ends.
 *
 * Layout of the sparse fabric (models/pbl_sparse_image.h makes these): the edge memory, M rows of P
 * entries in two words each (neighbour with the valid bit 31, then the weight), and the schedule,
 * rows of 2P + 2 words, as docs/device.md orders them. */
#ifndef PBL_IMAGE_H
#define PBL_IMAGE_H

#include <stdint.h>

#include "pbl_hw.h"
#include "pbl_model.h"

/* What a sparse image samples, in words of the format: row i has the neighbours and weights
 * start[i] .. start[i+1]-1, and the field of p-bit i is bias[i] + sum of weight s_neighbour. Every
 * edge is in both its rows with the same word. */
typedef struct {
  size_t n, n_edges;            /* p-bits, edges */
  size_t n_blocks;              /* colours; a forward sweep updates block 0, 1, .. */
  size_t n_groups, n_edge_rows; /* used of the schedule and of the edge memory */
  uint32_t *block;              /* n: block of each p-bit */
  uint32_t *order;     /* n: p-bits as a forward sweep meets them, group by group, cell by cell */
  size_t *start;       /* n+1 */
  uint32_t *neighbour; /* 2 n_edges */
  int32_t *weight;     /* 2 n_edges */
  int32_t *bias;       /* n */
} pbl_sparse_law;

typedef struct {
  pbl_hw hw;
  int32_t *words;  /* pbl_hw_image_rows x pbl_hw_image_cols, row-major */
  int32_t *law;    /* lattice: the same words in the dense layout; dense: NULL. See pbl_image_law */
  uint32_t *table; /* table_size */
  int32_t *schedule;      /* sparse: groups x (2P+2); else NULL */
  pbl_sparse_law *sparse; /* sparse; else NULL */
  uint8_t *clamp;         /* V+H, 1 = clamped; visible first */
  uint32_t beta;          /* the model's beta in UQbeta_int.beta_frac */
} pbl_image;

typedef struct {
  size_t n_parameters;
  size_t n_saturated;              /* clipped to the format's range */
  size_t n_zeroed;                 /* not 0, and rounded to 0 */
  double max_abs_error, rms_error; /* model units, over all weights and biases */
  double max_abs_weight;           /* largest magnitude in the model */
  double beta_error;               /* relative: quantised/real - 1 */
  size_t worst_row, worst_col;     /* where max_abs_error occurs, image coordinates */
} pbl_quantisation;

/* Words of the sampled law in the dense layout, (V+1) x (H+1), of the dense fabric and the lattice.
 */
static inline const int32_t *pbl_image_law(const pbl_image *im) {
  return im->law ? im->law : im->words;
}
static inline size_t pbl_image_law_words(const pbl_hw *hw) {
  return ((size_t)hw->n_visible + 1) * ((size_t)hw->n_hidden + 1);
}

/* Dense and lattice. CONFIG when a weight is no edge of the lattice, or when sizes do not match hw
 * (names both). Clamps start all zero. *report may be NULL. */
pbl_status pbl_image_create(pbl_image **out, pbl_quantisation *report, const pbl_rbm *model,
                            const pbl_hw *hw, double beta, pbl_error *err);
/* The same with stochastic rounding of weights and biases: the word is floor(value 2^frac + u), u
 * uniform in [0,1) from xoshiro128++ seeded by `seed`, one draw per word in row order (lattice: per
 * edge by even site and slot, then per field), so that the mean over seeds is the value itself (for
 * training in few bits). No error exceeds one step. */
pbl_status pbl_image_create_stochastic(pbl_image **out, pbl_quantisation *report,
                                       const pbl_rbm *model, const pbl_hw *hw, double beta,
                                       uint64_t seed, pbl_error *err);
void pbl_image_destroy(pbl_image *im);
/* The hash the device computes (docs/device.md): CRC-32 (IEEE, as zlib) over little-endian 32-bit
 * words: all weight words row-major sign-extended, then for each cell the whole table, then the
 * V+H clamp bits one per word. Sparse: the schedule up to the group with END, the edge rows of its
 * groups, tables, the clamp bits of the graph's p-bits. */
uint32_t pbl_image_hash(const pbl_image *im);
/* The model that a dense or lattice image really holds, in real numbers (float32 exact), beta =
 * quantised beta. */
pbl_status pbl_image_dequantise(pbl_rbm **out, const pbl_image *im, const pbl_rbm *original,
                                pbl_error *err);
/* Probability (as integer threshold out of 2^threshold_bits) that the device sets +1 at integer
 * local field `field` and beta word `beta`: T in 0..2^threshold_bits. Bit-exact; the definition of
 * the quantised law. */
uint64_t pbl_image_threshold(const pbl_image *im, int64_t field, uint32_t beta);

#endif
