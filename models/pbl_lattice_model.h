/* Ising models on the graph of the lattice fabric, as an RBM whose visible units are the even sites
 * and whose hidden units are the odd ones (indices: pbl_lattice.h). */
#ifndef PBL_LATTICE_MODEL_H
#define PBL_LATTICE_MODEL_H

#include "pbl_lattice.h"
#include "pbl_model.h"

typedef struct {
  pbl_couplings couplings; /* every edge: scale; N(0, scale^2); +scale or -scale */
  double scale;
  double field_scale; /* fields ~ N(0, field_scale^2) */
  bool open;          /* edges across the border have weight 0 */
  uint64_t seed; /* xoshiro128++: the edges by (even site, slot), then the fields. An open lattice
                  * has the weights of the torus but for those across the border. */
} pbl_lattice_law;

/* side^2/2 x side^2/2 units, beta 1. CONFIG when pbl_hw_check does not allow side or rules of
 * `graph` (its sites do not matter), INVALID for numbers out of range. */
pbl_status pbl_lattice_model(pbl_rbm **out, const pbl_hw_lattice *graph, const pbl_lattice_law *law,
                             pbl_error *err);

#endif
