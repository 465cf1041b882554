/* Block Gibbs kernel of 16 chains in float32: the inner loop that the reference sampler, training
 * and AIS share. States, fields and generators are unit-major with the chain as the fastest index,
 * so that one p-bit of all 16 chains is one vector.
 *
 * Law: P(s = +1 | field) = sigma(two_beta * (coupling * field + bias)); field is W'v or Wh without
 * bias. Every update takes one word of its chain's generator, clamped or not; u is its top 24 bits
 * times 2^-24 and the p-bit becomes +1 exactly when u < P.
 *
 * The generator and the activation give the same bits on every processor; the GEMM's rounding is
 * that of the OpenBLAS kernel in use. Thread rule: one thread per block at a time. */
#ifndef PBL_GIBBS_H
#define PBL_GIBBS_H

#include <stdint.h>

#include "pbl_error.h"
#include "pbl_gibbs_sparse.h"

#define PBL_GIBBS_LANES 16

typedef struct {
  size_t n_visible, n_hidden;
  float *v;                         /* n_visible x 16, +-1; initially 0 */
  float *h;                         /* n_hidden x 16, +-1; initially 0 */
  float *field;                     /* max(n_visible, n_hidden) x 16, scratch */
  uint32_t gen[4][PBL_GIBBS_LANES]; /* xoshiro128++ state words by chain */
} pbl_gibbs_block;

typedef struct {
  const float *w;       /* n_visible x n_hidden, row-major */
  const float *bias_v;  /* n_visible */
  const float *bias_h;  /* n_hidden */
  const uint8_t *clamp; /* n_visible + n_hidden, 1 = keep; or NULL */
  float coupling;       /* scales the weights, normally 1 */
  float two_beta;
  const pbl_gibbs_sparse *sparse; /* w once more, for half-sweeps; or NULL */
} pbl_gibbs_law;

/* n_blocks blocks; chain c = 16*block + lane has the stream of xoshiro128++ seeded by `seed`, c+1
 * long jumps ahead. Makes OpenBLAS single-threaded for the whole process: the parallelism is ours.
 * NO_MEMORY. */
pbl_status pbl_gibbs_create(pbl_gibbs_block **out, size_t n_blocks, size_t n_visible,
                            size_t n_hidden, uint64_t seed, pbl_error *err);
void pbl_gibbs_destroy(pbl_gibbs_block *blocks, size_t n_blocks);

/* field = W'v (n_hidden x 16) and field = W h (n_visible x 16). */
void pbl_gibbs_hidden_field(pbl_gibbs_block *b, const float *w);
void pbl_gibbs_visible_field(pbl_gibbs_block *b, const float *w);
/* Draw every hidden (visible) p-bit from the field that is in b->field. */
void pbl_gibbs_draw_hidden(pbl_gibbs_block *b, const pbl_gibbs_law *law);
void pbl_gibbs_draw_visible(pbl_gibbs_block *b, const pbl_gibbs_law *law);
/* Field and draw: half-sweeps A and B. */
void pbl_gibbs_half_hidden(pbl_gibbs_block *b, const pbl_gibbs_law *law);
void pbl_gibbs_half_visible(pbl_gibbs_block *b, const pbl_gibbs_law *law);
/* mean = E[h | v] = tanh(two_beta/2 * (coupling * W'v + bias)), n_hidden x 16. */
void pbl_gibbs_hidden_mean(float *mean, pbl_gibbs_block *b, const pbl_gibbs_law *law);

/* In place: x becomes 1/(1+exp(-x)), x clipped to +-87, relative error < 2.5e-7; and exp(x), the
 * same range, relative error < 2e-7. */
void pbl_gibbs_sigmoid(float *x, size_t n);
void pbl_gibbs_exp(float *x, size_t n);

#endif
