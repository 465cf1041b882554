#include "pbl_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_lane_rng.h"

enum {
  REPLICA_SHIFT = 16,
  NEW_SHIFT = 24,
  OLD_SHIFT = 25,
  CLAMPED_SHIFT = 26,
  SATURATED_SHIFT = 27,
  FROZEN_SHIFT = 28,
  UNUSED_SHIFT = 29
};

void pbl_trace_unpack(pbl_trace_update *out, const uint32_t words[PBL_TRACE_WORDS]) {
  const uint32_t w = words[0];
  *out = (pbl_trace_update){.pbit = w & 0xFFFFu,
                            .replica = w >> REPLICA_SHIFT & 0xFFu,
                            .new_state = w >> NEW_SHIFT & 1u,
                            .old_state = w >> OLD_SHIFT & 1u,
                            .clamped = w >> CLAMPED_SHIFT & 1u,
                            .saturated = w >> SATURATED_SHIFT & 1u,
                            .frozen = w >> FROZEN_SHIFT & 1u,
                            .unused = w >> UNUSED_SHIFT,
                            .field = (int32_t)words[1],
                            .random = words[2],
                            .entry = words[3]};
}

void pbl_trace_pack(uint32_t words[PBL_TRACE_WORDS], const pbl_trace_update *u) {
  words[0] = u->pbit | u->replica << REPLICA_SHIFT | u->new_state << NEW_SHIFT |
             u->old_state << OLD_SHIFT | u->clamped << CLAMPED_SHIFT |
             u->saturated << SATURATED_SHIFT | u->frozen << FROZEN_SHIFT |
             u->unused << UNUSED_SHIFT;
  words[1] = (uint32_t)u->field;
  words[2] = u->random;
  words[3] = u->entry;
}

size_t pbl_trace_image_words(const pbl_hw *hw) {
  return (size_t)pbl_hw_image_rows(hw) * (size_t)pbl_hw_image_cols(hw);
}

size_t pbl_trace_schedule_words(const pbl_hw *hw) {
  if (hw->fabric != PBL_FABRIC_SPARSE) return 0;
  return (size_t)hw->sparse.groups * (size_t)pbl_hw_schedule_cols(hw);
}

size_t pbl_trace_states(const pbl_hw *hw) {
  return (size_t)hw->replicas * (size_t)pbl_hw_pbits(hw);
}

size_t pbl_trace_generator_words(const pbl_hw *hw) {
  return 4 * ((size_t)pbl_hw_cells(hw) + 1);
}

pbl_status pbl_trace_start_create(pbl_trace_start *out, const char *name, const pbl_hw *hw,
                                  pbl_kernel kernel, pbl_error *err) {
  *out = (pbl_trace_start){.kernel = kernel};
  const pbl_status status = pbl_hw_check(hw, err);
  if (status != PBL_OK) return status;
  const size_t schedule = pbl_trace_schedule_words(hw);
  out->hw = *hw;
  snprintf(out->name, sizeof out->name, "%s", name);
  out->words = calloc(pbl_trace_image_words(hw), sizeof *out->words);
  out->schedule = schedule > 0 ? calloc(schedule, sizeof *out->schedule) : NULL;
  out->table = calloc((size_t)hw->table_size, sizeof *out->table);
  out->clamp = calloc((size_t)pbl_hw_pbits(hw) + 1, sizeof *out->clamp);
  out->state = calloc(pbl_trace_states(hw) + 1, sizeof *out->state);
  out->generators = calloc(pbl_trace_generator_words(hw), sizeof *out->generators);
  if (out->words && (schedule == 0 || out->schedule) && out->table && out->clamp && out->state &&
      out->generators)
    return PBL_OK;
  return pbl_fail(err, PBL_NO_MEMORY, "no memory for the start of a trace");
}

pbl_status pbl_trace_start_image(pbl_trace_start *out, const char *name, const pbl_image *image,
                                 pbl_kernel kernel, uint64_t seed, const signed char *states,
                                 pbl_error *err) {
  const pbl_hw *hw = &image->hw;
  const size_t n_cells = (size_t)pbl_hw_cells(hw) + 1, schedule = pbl_trace_schedule_words(hw);
  pbl_status status = pbl_trace_start_create(out, name, hw, kernel, err);
  pbl_lane_rng *cells = malloc(n_cells * sizeof *cells);
  if (status == PBL_OK && cells == NULL)
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for the start of a trace");
  if (status == PBL_OK) {
    memcpy(out->words, image->words, pbl_trace_image_words(hw) * sizeof *out->words);
    if (schedule > 0) memcpy(out->schedule, image->schedule, schedule * sizeof *out->schedule);
    memcpy(out->table, image->table, (size_t)hw->table_size * sizeof *out->table);
    memcpy(out->clamp, image->clamp, (size_t)pbl_hw_pbits(hw));
    for (size_t k = 0; k < pbl_trace_states(hw); k++) out->state[k] = states[k] > 0;
    pbl_lane_rng_seed(cells, n_cells, hw->generator, hw->lfsr_steps, seed);
    for (size_t k = 0; k < 4 * n_cells; k++) out->generators[k] = cells[k / 4].state.s[k % 4];
  }
  free(cells);
  return status;
}

void pbl_trace_start_release(pbl_trace_start *s) {
  free(s->words);
  free(s->schedule);
  free(s->table);
  free(s->clamp);
  free(s->state);
  free(s->generators);
  *s = (pbl_trace_start){0};
}
