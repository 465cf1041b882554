/* Memories of the lattice fabric in the twin. Elements are the p-bits of one colour of all lanes in
 * the order in which they are updated: e = k lanes + l. In step n they are the cells: e = n cells +
 * g. Internal to this folder. */
#ifndef PBL_TWIN_LATTICE_H
#define PBL_TWIN_LATTICE_H

#include "pbl_twin_internal.h"

typedef struct {
  uint32_t *weights;  /* side x row blocks x D x 16, zero behind a row; compact: n_sites x D */
  uint32_t *constant; /* h - sum of w: side x row blocks x 16; compact: n_sites */
  int32_t *field;     /* h, n_sites */
  int64_t field_sum;  /* of h */
  bool has_field;     /* one of them is not 0 */
  uint32_t *masks;    /* contexts x side x stride: -1 where the p-bit is +1; each row twice, so that
                       * neighbours beyond the border follow, then 16 of padding */
  uint16_t *bits;     /* contexts x groups x steps: bit i = cell 16 group + i */
  uint16_t *clamp;    /* groups x steps */
  uint32_t *source; /* side x D: where in the other colour's masks the neighbours of a row begin */
} pbl_twin_colour;

struct pbl_twin_lattice {
  int side, degree, sites, lanes;
  int n_sites; /* of one colour */
  int cells, groups, steps;
  int width, blocks;         /* elements of a row, and the groups of 16 that hold them */
  size_t stride;             /* of a row of masks */
  bool compact;              /* lanes a multiple of 16: one weight serves a whole vector */
  bool states_spread;        /* masks hold what bits hold */
  pbl_twin_colour colour[2]; /* even (visible), odd (hidden) */
  uint32_t *fields, *spread; /* n_sites x lanes + 16: scratch of a half-sweep */
};

static inline uint16_t *pbl_twin_lattice_bits(const pbl_twin_lattice *lat, int colour, int context,
                                              int group) {
  return lat->colour[colour].bits +
         ((size_t)context * (size_t)lat->groups + (size_t)group) * (size_t)lat->steps;
}

/* All local fields of one colour to lat->fields. */
void pbl_twin_lattice_fields(const pbl_twin_lattice *lat, int colour, int context);
/* Masks of one colour from its bits. */
void pbl_twin_lattice_spread(pbl_twin_lattice *lat, int colour, int context);

#endif
