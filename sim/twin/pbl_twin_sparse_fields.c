/* Local fields of the sparse fabric, 16 lanes at a time. Vector extensions of the compiler: any
 * processor, the same bits. */
#include "pbl_clones.h"
#include "pbl_twin_sparse.h"

enum { G = PBL_TWIN_GROUP };

typedef uint32_t vector __attribute__((vector_size(64), aligned(4), may_alias));
typedef int64_t wide __attribute__((vector_size(128), aligned(8), may_alias));
typedef int32_t signed_vector __attribute__((vector_size(64), aligned(4), may_alias));

/* h + sum of w s = (h - sum of w) + 2 sum of w over the neighbours that are +1. */
PBL_CLONES static void sparse_fields(uint32_t *to, const uint32_t *masks, const uint32_t *neighbour,
                                     const uint32_t *weight, const uint32_t *constant, size_t sites,
                                     size_t used, size_t length, size_t lanes, size_t vectors) {
  const size_t stride = vectors * G;
  for (size_t s = 0; s < used; s++) {
    for (size_t v = 0; v < vectors; v++) {
      vector sum = {0};
      for (size_t k = s; k < length * sites; k += sites)
        sum += weight[k] & *(const vector *)(masks + neighbour[k] * stride + v * G);
      *(vector *)(to + s * lanes + v * G) = constant[s] + (sum << 1);
    }
  }
}

void pbl_twin_sparse_fields(const pbl_twin_sparse *sp, uint32_t *to, size_t g) {
  const pbl_twin_group *group = &sp->group[g];
  const size_t sites = (size_t)sp->sites, first = group->start * sites;
  sparse_fields(to, sp->masks, sp->neighbour + first, sp->weight + first, sp->constant + g * sites,
                sites, group->used, group->length, (size_t)sp->lanes, (size_t)sp->vectors);
}

PBL_CLONES static void sparse_spread(uint32_t *to, uint32_t up, int vectors) {
  const vector place = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (int v = 0; v < vectors; v++) *(vector *)(to + v * G) = 0u - ((up >> (v * G) >> place) & 1u);
}

void pbl_twin_sparse_spread(const pbl_twin_sparse *sp, uint32_t pbit, uint32_t up) {
  sparse_spread(sp->masks + pbit * sp->stride, up, sp->vectors);
}

PBL_CLONES static void sparse_weigh(int64_t *sum, const uint32_t *fields, size_t stride,
                                    const uint16_t *bits, int n) {
  const vector place = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  wide total = *(const wide *)sum;
  for (int k = 0; k < n; k++) {
    const vector down = (((uint32_t)bits[k] >> place) & 1u) - 1u; /* -1 where the state is -1 */
    const vector field = *(const vector *)(fields + (size_t)k * stride);
    const signed_vector term = (signed_vector)((field ^ down) - down);
    total += __builtin_convertvector(term, wide);
  }
  *(wide *)sum = total;
}

void pbl_twin_sparse_weigh(int64_t sum[PBL_TWIN_GROUP], const uint32_t *fields, size_t stride,
                           const uint16_t *bits, int n) {
  sparse_weigh(sum, fields, stride, bits, n);
}
