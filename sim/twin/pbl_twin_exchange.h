/* Replica exchange of the twin: docs/device-options.md, "Replica exchange". */
#ifndef PBL_TWIN_EXCHANGE_H
#define PBL_TWIN_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "pbl_hw.h"
#include "pbl_lane_rng.h"

enum { PBL_TWIN_MAX_REPLICAS = 256 };

typedef struct {
  bool built;
  int rungs, lanes;
  uint8_t label[PBL_TWIN_MAX_REPLICAS]; /* rung of each replica */
  uint32_t every, config, select;       /* registers */
  uint32_t position;                    /* device sweeps since the last pass, up to 2^31 - 1 */
  uint32_t odd;                         /* the parity bit */
  uint32_t parity;                      /* of the pass in progress */
  uint32_t tries[PBL_HW_MAX_RUNGS], accepts[PBL_HW_MAX_RUNGS];
} pbl_twin_exchange;

void pbl_twin_exchange_reset(pbl_twin_exchange *x, const pbl_hw *hw);
/* SCHED_CLEAR: labels, position and parity. */
void pbl_twin_exchange_clear(pbl_twin_exchange *x);
/* CLEAR: the counters. */
void pbl_twin_exchange_clear_counters(pbl_twin_exchange *x);
/* Image port; false: refused. */
bool pbl_twin_exchange_write_label(pbl_twin_exchange *x, uint32_t column, uint32_t data);

/* A device sweep has ended, without FREEZE. True when a pass is due. */
bool pbl_twin_exchange_sweep(pbl_twin_exchange *x);
/* Chooses the parity. */
void pbl_twin_exchange_begin(pbl_twin_exchange *x, pbl_lane_rng *control);
/* Clocks of the pass that has begun. */
uint64_t pbl_twin_exchange_cycles(const pbl_twin_exchange *x);
/* The pass. energy: of all replicas; beta: words of the rungs; fraction: bits of energy times
 * beta. */
void pbl_twin_exchange_pass(pbl_twin_exchange *x, pbl_lane_rng *control, const int64_t *energy,
                            const uint32_t *beta, int fraction);
/* 2^32 times the probability of an acceptance: 0..2^32. difference: E_x - E_y; beta: B_k - B_k+1.
 */
uint64_t pbl_twin_exchange_threshold(int64_t difference, int64_t beta, int fraction);

/* Words of a label frame. */
static inline uint32_t pbl_twin_exchange_words(const pbl_twin_exchange *x) {
  return (uint32_t)(x->rungs * x->lanes + 3) / 4;
}
void pbl_twin_exchange_frame(const pbl_twin_exchange *x, uint32_t *to);

/* Registers EXCH_*. False: no such register, or not for writing. `idle` false: a write to one that
 * is written while idle only is ignored and *refused set; so is every one when it is not built. */
bool pbl_twin_exchange_read(const pbl_twin_exchange *x, uint32_t *value, uint32_t address,
                            uint32_t replica);
bool pbl_twin_exchange_write(pbl_twin_exchange *x, uint32_t address, uint32_t value, bool idle,
                             bool *refused);

#endif
