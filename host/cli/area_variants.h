/* Which hardware a configuration asks for. Internal to host/cli. */
#ifndef AREA_VARIANTS_H
#define AREA_VARIANTS_H

#include "pbl_config.h"
#include "pbl_hw.h"

/* One distinct variant; cases that share it are named together. */
typedef struct {
  pbl_hw hw;                     /* checked, sizes and replicas filled in, field_bits resolved */
  char name[64];                 /* the first case of it, or the training's name */
  char also[PBL_MAX_CASES * 66]; /* the other cases, ", " between them; "" */
  int least_field_bits;
} area_variant;

/* Reads a configuration of `compare` and `lockstep`, or of `train`, into at most PBL_MAX_CASES
 * variants. CONFIG on faults of the file; errors of a missing model or data set pass through. */
pbl_status area_variants_load(area_variant out[PBL_MAX_CASES], size_t *n, const char *path,
                              const char *const *sets, size_t n_sets, pbl_error *err);

/* A case of this name shares the variant. */
bool area_variant_has(const area_variant *v, const char *name);

/* What a case of `compare` and `lockstep` asks for: sizes and replicas filled in; a graph fitted,
 * n_visible 0. Not checked. CONFIG; errors of a missing model pass through. */
pbl_status area_case_hw(pbl_hw *hw, const pbl_case_config *c, pbl_error *err);

#endif
