#include "pbl_chains.h"

#include <stdlib.h>
#include <string.h>

#include "pbl_npy.h"

pbl_status pbl_chains_create(pbl_chains **out, size_t n_chains, size_t n_draws, size_t n_pbits,
                             pbl_error *err) {
  *out = NULL;
  if (n_chains == 0 || n_pbits == 0)
    return pbl_fail(err, PBL_INVALID,
                    "chain store: %zu chains of %zu p-bits; both must be positive", n_chains,
                    n_pbits);
  const size_t row_bytes = n_pbits / 8 + (n_pbits % 8 != 0);
  size_t bytes;
  if (__builtin_mul_overflow(n_chains, n_draws, &bytes) ||
      __builtin_mul_overflow(bytes, row_bytes, &bytes))
    return pbl_fail(err, PBL_INVALID, "chain store: %zu chains x %zu draws x %zu p-bits overflow",
                    n_chains, n_draws, n_pbits);
  pbl_chains *c = malloc(sizeof *c);
  uint8_t *bits = calloc(bytes > 0 ? bytes : 1, 1);
  if (c == NULL || bits == NULL) {
    free(c);
    free(bits);
    return pbl_fail(err, PBL_NO_MEMORY,
                    "chain store: no memory for %zu bytes (%zu chains x %zu draws x %zu p-bits); "
                    "keep fewer draws",
                    bytes, n_chains, n_draws, n_pbits);
  }
  *c = (pbl_chains){.n_chains = n_chains,
                    .n_draws = n_draws,
                    .n_pbits = n_pbits,
                    .row_bytes = row_bytes,
                    .bits = bits};
  *out = c;
  return PBL_OK;
}

void pbl_chains_destroy(pbl_chains *c) {
  if (c == NULL) return;
  free(c->bits);
  free(c->order);
  free(c->label);
  free(c);
}

pbl_status pbl_chains_create_order(pbl_chains *c, size_t order_chains, pbl_error *err) {
  const size_t rows = (c->n_chains + order_chains - 1) / order_chains;
  uint8_t *order = calloc(rows > 0 && c->n_draws > 0 ? rows * c->n_draws : 1, 1);
  if (order == NULL)
    return pbl_fail(err, PBL_NO_MEMORY, "chain store: no memory for the orders of %zu draws",
                    c->n_draws);
  free(c->order);
  c->order = order;
  c->order_chains = order_chains;
  return PBL_OK;
}

pbl_status pbl_chains_create_labels(pbl_chains *c, pbl_error *err) {
  const size_t n = c->n_draws * c->n_chains; /* less than the bits of the store */
  uint8_t *label = calloc(n > 0 ? n : 1, 1);
  if (label == NULL)
    return pbl_fail(err, PBL_NO_MEMORY, "chain store: no memory for the labels of %zu draws",
                    c->n_draws);
  free(c->label);
  c->label = label;
  return PBL_OK;
}

pbl_status pbl_chains_write(const pbl_chains *c, const char *path, pbl_error *err) {
  const size_t shape[3] = {c->n_chains, c->n_recorded, c->row_bytes};
  if (c->n_recorded == c->n_draws) return pbl_npy_write(path, PBL_U8, 3, shape, c->bits, err);

  /* A run that ended early: close the gaps between the chains. */
  const size_t chain_bytes = c->n_recorded * c->row_bytes;
  const size_t bytes = c->n_chains * chain_bytes;
  uint8_t *packed = malloc(bytes > 0 ? bytes : 1);
  if (packed == NULL)
    return pbl_fail(err, PBL_NO_MEMORY, "%s: no memory for %zu bytes", path, bytes);
  for (size_t i = 0; i < c->n_chains; i++) {
    if (chain_bytes > 0) memcpy(packed + i * chain_bytes, pbl_chains_row(c, i, 0), chain_bytes);
  }
  const pbl_status s = pbl_npy_write(path, PBL_U8, 3, shape, packed, err);
  free(packed);
  return s;
}
