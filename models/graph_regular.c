/* Random regular graphs: every node has D stubs, stubs are shuffled and paired; a pair that would
 * make a loop or a second edge goes back. When nothing fits any more everything starts anew. */
#include <stdlib.h>
#include <string.h>

#include "graph_shapes.h"

enum { ATTEMPTS = 1000, FRUITLESS = 100 };

typedef struct {
  size_t n, degree;
  uint32_t *stub;   /* n x degree, the open ones first */
  uint32_t *mate;   /* n x degree, the neighbours that a node has so far */
  uint32_t *filled; /* n */
} pairing;

/* Lemire 2019: no bias, rarely a division. */
uint32_t graph_uniform(pbl_xoshiro *rng, uint32_t n) {
  uint64_t product = (uint64_t)pbl_xoshiro_next(rng) * n;
  if ((uint32_t)product < n) {
    const uint32_t least = (0u - n) % n;
    while ((uint32_t)product < least) product = (uint64_t)pbl_xoshiro_next(rng) * n;
  }
  return (uint32_t)(product >> 32);
}

static bool fits(const pairing *p, uint32_t i, uint32_t j) {
  if (i == j) return false;
  for (uint32_t k = 0; k < p->filled[i]; k++) {
    if (p->mate[i * p->degree + k] == j) return false;
  }
  return true;
}

static void join(pairing *p, uint32_t i, uint32_t j) {
  p->mate[i * p->degree + p->filled[i]++] = j;
  p->mate[j * p->degree + p->filled[j]++] = i;
}

static void shuffle(uint32_t *x, size_t n, pbl_xoshiro *rng) {
  for (size_t k = n; k > 1; k--) {
    const size_t at = graph_uniform(rng, (uint32_t)k);
    const uint32_t kept = x[k - 1];
    x[k - 1] = x[at];
    x[at] = kept;
  }
}

/* Pairs the n_open first stubs; those that did not fit stay, their number is returned. */
static size_t pair_once(pairing *p, size_t n_open, pbl_xoshiro *rng) {
  size_t left = 0;
  shuffle(p->stub, n_open, rng);
  for (size_t k = 0; k < n_open; k += 2) {
    const uint32_t i = p->stub[k], j = p->stub[k + 1];
    if (fits(p, i, j)) {
      join(p, i, j);
    } else {
      p->stub[left++] = i;
      p->stub[left++] = j;
    }
  }
  return left;
}

static bool attempt(pairing *p, pbl_xoshiro *rng) {
  size_t n_open = p->n * p->degree;
  for (size_t k = 0; k < n_open; k++) p->stub[k] = (uint32_t)(k / p->degree);
  memset(p->filled, 0, p->n * sizeof *p->filled);
  for (int fruitless = 0; n_open > 0 && fruitless < FRUITLESS;) {
    const size_t left = pair_once(p, n_open, rng);
    fruitless = left < n_open ? 0 : fruitless + 1;
    n_open = left;
  }
  return n_open == 0;
}

static pbl_status add_pairs(graph_builder *b, const pairing *p, pbl_error *err) {
  pbl_status status = PBL_OK;
  for (size_t k = 0; status == PBL_OK && k < p->n * p->degree; k++) {
    const size_t i = k / p->degree, j = p->mate[k];
    if (i < j) status = graph_add_edge(b, 0, i, j, 1, err);
  }
  return status;
}

pbl_status graph_shape_regular(graph_builder *b, size_t *n, const size_t size[3], pbl_xoshiro *rng,
                               pbl_error *err) {
  const size_t n_stubs = size[0] * size[1] + 1;
  pairing p = {.n = size[0],
               .degree = size[1],
               .stub = malloc(n_stubs * sizeof *p.stub),
               .mate = malloc(n_stubs * sizeof *p.mate),
               .filled = malloc(size[0] * sizeof *p.filled)};
  pbl_status status = PBL_OK;
  bool done = false;
  *n = size[0];
  if (p.stub == NULL || p.mate == NULL || p.filled == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu stubs", n_stubs);
  }
  for (int k = 0; status == PBL_OK && !done && k < ATTEMPTS; k++) {
    done = size[1] == 0 || attempt(&p, rng);
  }
  if (status == PBL_OK && !done) {
    status = pbl_fail(err, PBL_NUMERIC, "no %zu-regular graph of %zu nodes found in %d attempts",
                      size[1], size[0], ATTEMPTS);
  }
  if (status == PBL_OK && size[1] > 0) status = add_pairs(b, &p, err);
  free(p.stub);
  free(p.mate);
  free(p.filled);
  return status;
}
