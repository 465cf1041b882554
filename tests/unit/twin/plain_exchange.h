/* Replica exchange of docs/device-options.md once more, as plainly as can be: who stands at which
 * rung is searched for, sums are 128 bits wide, the table of powers comes from exp2(). No code
 * shared with the twin. */
#ifndef PLAIN_EXCHANGE_H
#define PLAIN_EXCHANGE_H

#include <stdint.h>

#include "pbl_hw.h"

__extension__ typedef __int128 plain_int128;

typedef struct {
  int rungs, lanes;
  int label[256];      /* of each replica */
  uint32_t beta[64];   /* of each rung */
  uint32_t betas[256]; /* of each replica, from its label */
  uint64_t every;
  int random, frozen, parity;
  uint64_t position, tries[64], accepts[64], clocks; /* clocks: of passes */
} plain_exchange;

/* Rung c for the replicas of context c; position and parity 0. */
void plain_exchange_begin(plain_exchange *x, const pbl_hw *hw);
/* Betas of the replicas from their labels. */
void plain_exchange_look_up(plain_exchange *x);
/* After a device sweep: position, and a pass when it is due. */
void plain_exchange_sweep(plain_exchange *x, const pbl_hw *hw, uint32_t control[4],
                          const int64_t *energy);
/* Accept when the random word is below: A = -minus / 2^fraction with minus >= 0. */
uint64_t plain_exchange_below(plain_int128 minus, int fraction);

#endif
