/* Words of generators that several cells of a replica share (hw.cells_per_generator above 1). They
 * are drawn ahead of the kernels, one row of all cells for each clock. */
#include "pbl_twin_internal.h"

size_t pbl_twin_shared_stride(const pbl_twin *t) {
  return (size_t)t->n_groups * PBL_TWIN_GROUP;
}

bool pbl_twin_shared_open(pbl_twin *t, size_t n_rows) {
  if (t->hw.cells_per_generator == 1) return true;
  t->shared = pbl_twin_zeroed(n_rows * pbl_twin_shared_stride(t), sizeof *t->shared);
  return t->shared != NULL;
}

void pbl_twin_shared_draw(pbl_twin *t, size_t row, const bool *wanted) {
  enum { G = PBL_TWIN_GROUP };
  const int n = t->hw.cells_per_generator, lanes = t->hw.lanes;
  uint32_t *to = t->shared + row * pbl_twin_shared_stride(t);
  for (int g = 0; g < pbl_hw_generators(&t->hw); g++) {
    if (wanted && !wanted[g]) continue;
    for (int l = 0; l < lanes; l++) {
      const int cell = g * n * lanes + l;
      uint32_t *state = t->generator + (size_t)(cell / G) * 4 * G + cell % G;
      const uint32_t word = pbl_twin_next_word(state, t->hw.generator, t->hw.lfsr_steps);
      for (int s = g * n; s < (g + 1) * n; s++) to[s * lanes + l] = word;
    }
  }
}
