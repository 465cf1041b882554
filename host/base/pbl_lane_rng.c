#include "pbl_lane_rng.h"

static pbl_lane_rng started(const pbl_xoshiro *g, pbl_generator generator, int lfsr_steps) {
  pbl_lane_rng lane = {.generator = generator, .lfsr_steps = lfsr_steps, .state = *g};
  if (generator == PBL_GEN_LFSR32 && g->s[0] == UINT32_MAX) lane.state.s[0] = 1;
  if (generator == PBL_GEN_XORSHIFT32 && g->s[0] == 0) lane.state.s[0] = 1;
  return lane;
}

void pbl_lane_rng_seed(pbl_lane_rng *lanes, size_t n_lanes, pbl_generator generator, int lfsr_steps,
                       uint64_t seed) {
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, seed);
  for (size_t l = 0; l < n_lanes; l++) {
    lanes[l] = started(&g, generator, lfsr_steps);
    pbl_xoshiro_jump(&g);
  }
}

void pbl_coin_replay(unsigned char *out, size_t n_cells, size_t n_contexts, pbl_generator generator,
                     int lfsr_steps, uint64_t seed, uint64_t skip, size_t n_draws, size_t every) {
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, seed);
  for (size_t l = 0; l < n_cells; l++) pbl_xoshiro_jump(&g);
  pbl_lane_rng control = started(&g, generator, lfsr_steps);
  for (uint64_t i = 0; i < skip * n_contexts; i++) (void)pbl_lane_rng_next(&control);
  for (size_t t = 0; t < n_draws; t++) {
    for (size_t sweep = 0; sweep < every; sweep++) {
      for (size_t c = 0; c < n_contexts; c++)
        out[c * n_draws + t] = (unsigned char)(pbl_lane_rng_next(&control) >> 31);
    }
  }
}
