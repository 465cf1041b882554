/* A plain model of any fabric with a ladder, in a twin. */
#ifndef EXCHANGE_RIG_H
#define EXCHANGE_RIG_H

#include <stdbool.h>

#include "lattice_rig.h"
#include "plain_exchange.h"
#include "sparse_rig.h"

typedef struct {
  pbl_fabric fabric;
  int lanes, rungs;
  pbl_generator generator;
  pbl_kernel kernel;
  int coupled;
  uint32_t every, window; /* window: sweeps, 0 none */
  int random;
} exchange_case;

typedef struct {
  pbl_device *dev;
  pbl_hw hw;
  pbl_kernel kernel;
  plain_model dense;
  plain_lattice lattice;
  plain_sparse sparse;
  plain_exchange x;
  uint32_t window;
  uint64_t window_position, clocks; /* clocks: all but those of sweeps and passes */
} exchange_rig;

/* Image, states, generators, random betas; mode 6. False: this CPU does not have the code path. */
bool exchange_open(exchange_rig *g, const exchange_case *c, const char *simd, uint64_t seed);
void exchange_close(exchange_rig *g);
/* EXCH_EVERY, EXCH_CONFIG and FREEZE as in the plain model. */
void exchange_configure(exchange_rig *g);
/* A run of both, of which every `every`th sweep is sampled (0: none): frames, label frames, then
 * registers are compared. */
void exchange_run(exchange_rig *g, uint32_t sweeps, uint32_t every);
/* Labels, counters, position, energies, clocks. */
void exchange_check_registers(exchange_rig *g);
/* Labels of the plain model to the device. */
void exchange_write_labels(exchange_rig *g);

#endif
