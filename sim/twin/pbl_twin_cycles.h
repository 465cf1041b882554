/* Clocks of the device: docs/device.md, "Cycles" and "The lattice fabric". The only place where the
 * twin knows the depth of the pipeline. */
#ifndef PBL_TWIN_CYCLES_H
#define PBL_TWIN_CYCLES_H

#include <stdbool.h>
#include <stdint.h>

#include "pbl_hw.h"

enum {
  PBL_TWIN_DRAIN_CYCLES = 6,   /* pipeline drain at the end of a half-sweep */
  PBL_TWIN_CONTEXT_CYCLES = 1, /* hand-over between contexts, and after the last one */
  PBL_TWIN_PAUSE_CYCLES = 128, /* of the regulator: end of a window, START */
  PBL_TWIN_LABEL_CYCLES = 2    /* a label frame, beside its words */
};

/* At START in mode 6: the beta of every replica is looked up. */
static inline uint64_t pbl_twin_cycles_ladder(const pbl_hw *hw) {
  return (uint64_t)hw->replicas + 4;
}

static inline bool pbl_twin_is_lattice(const pbl_hw *hw) {
  return hw->fabric == PBL_FABRIC_LATTICE;
}
/* Of a half-sweep of the lattice. */
static inline uint64_t pbl_twin_steps(const pbl_hw *hw) {
  return (uint64_t)(hw->n_visible / hw->lattice.sites);
}
static inline uint64_t pbl_twin_cycles_half_a(const pbl_hw *hw) {
  if (pbl_twin_is_lattice(hw)) return pbl_twin_steps(hw) + PBL_TWIN_DRAIN_CYCLES;
  return (uint64_t)(hw->n_visible + 1) + (uint64_t)hw->n_hidden + PBL_TWIN_DRAIN_CYCLES;
}
static inline uint64_t pbl_twin_cycles_half_b(const pbl_hw *hw) {
  if (pbl_twin_is_lattice(hw)) return pbl_twin_steps(hw) + PBL_TWIN_DRAIN_CYCLES;
  return (uint64_t)(hw->n_visible + 1) + PBL_TWIN_DRAIN_CYCLES;
}
/* A frame of the lattice, for which the array stands still. */
static inline uint64_t pbl_twin_cycles_frame(const pbl_hw *hw) {
  return 2 * pbl_twin_steps(hw) * ((uint64_t)(pbl_hw_cells(hw) + 31) / 32);
}
/* One sweep of the device: all contexts. */
static inline uint64_t pbl_twin_cycles_sweep(const pbl_hw *hw, pbl_kernel kernel, bool sample) {
  const uint64_t n_a = kernel == PBL_KERNEL_PALINDROMIC ? 2 : 1;
  const uint64_t frame = sample && pbl_twin_is_lattice(hw) ? pbl_twin_cycles_frame(hw) : 0;
  return (uint64_t)pbl_hw_contexts(hw) *
         (n_a * pbl_twin_cycles_half_a(hw) + pbl_twin_cycles_half_b(hw) + PBL_TWIN_CONTEXT_CYCLES +
          frame);
}
/* The read-only pass over all contexts. */
static inline uint64_t pbl_twin_cycles_readout(const pbl_hw *hw) {
  const uint64_t pass =
      pbl_twin_is_lattice(hw) ? pbl_twin_cycles_frame(hw) : pbl_twin_cycles_half_a(hw);
  return (uint64_t)pbl_hw_contexts(hw) * (pass + PBL_TWIN_CONTEXT_CYCLES);
}

#endif
