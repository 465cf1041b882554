#include "pbl_lane_rng.h"

void pbl_lane_rng_seed(pbl_lane_rng *lanes, size_t n_lanes, pbl_generator generator, int lfsr_steps,
                       uint64_t seed) {
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, seed);
  for (size_t l = 0; l < n_lanes; l++) {
    lanes[l] = (pbl_lane_rng){.generator = generator, .lfsr_steps = lfsr_steps, .state = g};
    if (generator == PBL_GEN_LFSR32 && g.s[0] == UINT32_MAX) lanes[l].state.s[0] = 1;
    pbl_xoshiro_jump(&g);
  }
}
