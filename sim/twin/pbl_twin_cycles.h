/* Clocks of one context of the dense fabric: docs/device.md, "Cycles". The only place where the
 * twin knows the depth of the pipeline. */
#ifndef PBL_TWIN_CYCLES_H
#define PBL_TWIN_CYCLES_H

#include <stdint.h>

#include "pbl_hw.h"

enum {
  PBL_TWIN_DRAIN_CYCLES = 6,   /* pipeline drain at the end of a half-sweep */
  PBL_TWIN_CONTEXT_CYCLES = 1, /* hand-over between contexts, and after the last one */
  PBL_TWIN_PAUSE_CYCLES = 128  /* of the regulator: end of a window, START */
};

static inline uint64_t pbl_twin_cycles_half_a(const pbl_hw *hw) {
  return (uint64_t)(hw->n_visible + 1) + (uint64_t)hw->n_hidden + PBL_TWIN_DRAIN_CYCLES;
}
static inline uint64_t pbl_twin_cycles_half_b(const pbl_hw *hw) {
  return (uint64_t)(hw->n_visible + 1) + PBL_TWIN_DRAIN_CYCLES;
}
/* One sweep of the device: all contexts. */
static inline uint64_t pbl_twin_cycles_sweep(const pbl_hw *hw, pbl_kernel kernel) {
  const uint64_t n_a = kernel == PBL_KERNEL_PALINDROMIC ? 2 : 1;
  return (uint64_t)pbl_hw_contexts(hw) *
         (n_a * pbl_twin_cycles_half_a(hw) + pbl_twin_cycles_half_b(hw) + PBL_TWIN_CONTEXT_CYCLES);
}
/* The read-only pass over all contexts. */
static inline uint64_t pbl_twin_cycles_readout(const pbl_hw *hw) {
  return (uint64_t)pbl_hw_contexts(hw) * (pbl_twin_cycles_half_a(hw) + PBL_TWIN_CONTEXT_CYCLES);
}

#endif
