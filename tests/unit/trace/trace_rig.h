/* Small devices of every fabric with an image, clamps, states and a seed, for the tests of traces.
 */
#ifndef TRACE_RIG_H
#define TRACE_RIG_H

#include "pbl_driver.h"
#include "pbl_trace_check.h"

typedef struct {
  pbl_fabric fabric;
  pbl_kernel kernel;
  int lanes, contexts;
  bool coupled, lfsr, truncating, singles;
  int sites;       /* lattice, sparse; 0: a default */
  int shared;      /* cells of a generator; 0: 1 */
  int table_size;  /* 0: 64 */
  double beta;     /* 0: 0.7 */
  double strength; /* of the weights; 0: 0.5 */
} trace_plan;

typedef struct {
  trace_plan plan;
  pbl_image *image;
  signed char *states;
  pbl_trace_start start;
} trace_rig;

#define TRACE_RIG_SEED 4711u

void trace_rig_create(trace_rig *r, const trace_plan *plan); /* fails the test when it cannot */
void trace_rig_release(trace_rig *r);
/* The twin in the state of the start. */
pbl_driver *trace_rig_twin(const trace_rig *r);

#endif
