/* The chain store: sampled states of many chains, one bit per p-bit. Device and reference fill the
 * same structure; statistics read nothing else. */
#ifndef PBL_CHAINS_H
#define PBL_CHAINS_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"

typedef struct {
  size_t n_chains, n_draws; /* capacity */
  size_t n_recorded;        /* draws valid in every chain, <= n_draws */
  size_t n_pbits;           /* V+H, visible first */
  size_t row_bytes;         /* ceil(n_pbits/8) */
  uint8_t *bits;            /* n_chains x n_draws x row_bytes; bit p%8 of byte p/8 set: s_p = +1 */
  /* kernel coin: 1 where the last sweep of a draw was B A, a row of n_draws for every order_chains
   * chains, which share their coins; else NULL */
  uint8_t *order;
  size_t order_chains;
  /* replica exchange: n_draws x n_chains, rung at which replica r ran in a draw; else NULL. Chain
   * k L + l is rung k of lane l; replica r belongs to lane r mod L. */
  uint8_t *label;
} pbl_chains;

pbl_status pbl_chains_create(pbl_chains **out, size_t n_chains, size_t n_draws, size_t n_pbits,
                             pbl_error *err);
void pbl_chains_destroy(pbl_chains *c);
/* Room for the orders, all A B; order_chains >= 1. NO_MEMORY. */
pbl_status pbl_chains_create_order(pbl_chains *c, size_t order_chains, pbl_error *err);
/* Room for the labels, all 0. NO_MEMORY. */
pbl_status pbl_chains_create_labels(pbl_chains *c, pbl_error *err);
static inline uint8_t *pbl_chains_labels(const pbl_chains *c, size_t draw) { /* of one draw */
  return c->label + draw * c->n_chains;
}
static inline uint8_t *pbl_chains_row(const pbl_chains *c, size_t chain, size_t draw) {
  return c->bits + (chain * c->n_draws + draw) * c->row_bytes;
}
static inline int pbl_chains_spin(const pbl_chains *c, size_t chain, size_t draw, size_t p) {
  return ((pbl_chains_row(c, chain, draw)[p >> 3] >> (p & 7)) & 1) ? 1 : -1;
}
/* The row of a chain; NULL without orders. */
static inline uint8_t *pbl_chains_order(const pbl_chains *c, size_t chain) {
  return c->order ? c->order + chain / c->order_chains * c->n_draws : NULL;
}
/* .npy uint8, n_chains x n_recorded x row_bytes; numpy: np.unpackbits(a, axis=2,
 * bitorder='little')[..., :n_pbits]. */
pbl_status pbl_chains_write(const pbl_chains *c, const char *path, pbl_error *err);

#endif
