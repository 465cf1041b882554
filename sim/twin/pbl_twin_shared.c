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

/* The next word of one cell's generator. */
static uint32_t next_word(pbl_twin *t, int cell) {
  enum { G = PBL_TWIN_GROUP };
  uint32_t *state = t->generator + (size_t)(cell / G) * 4 * G + cell % G;
  pbl_lane_rng lane = {.generator = t->hw.generator, .lfsr_steps = t->hw.lfsr_steps};
  for (int i = 0; i < 4; i++) lane.state.s[i] = state[i * G];
  const uint32_t word = pbl_lane_rng_next(&lane);
  for (int i = 0; i < 4; i++) state[i * G] = lane.state.s[i];
  return word;
}

void pbl_twin_shared_draw(pbl_twin *t, size_t row, const bool *wanted) {
  const int n = t->hw.cells_per_generator, lanes = t->hw.lanes;
  uint32_t *to = t->shared + row * pbl_twin_shared_stride(t);
  for (int g = 0; g < pbl_hw_generators(&t->hw); g++) {
    if (wanted && !wanted[g]) continue;
    for (int l = 0; l < lanes; l++) {
      const uint32_t word = next_word(t, g * n * lanes + l);
      for (int s = g * n; s < (g + 1) * n; s++) to[s * lanes + l] = word;
    }
  }
}
