/* Parameters of one hardware variant: what is fixed in silicon and needs a rebuild of the RTL.
 * Weights, biases, clamps, beta, seeds and the activation table are run-time data and not here. */
#ifndef PBL_HW_H
#define PBL_HW_H

#include <stdint.h>

#include "pbl_error.h"
#include "pbl_json.h"

typedef enum { PBL_FABRIC_DENSE = 1 } pbl_fabric;
typedef enum { PBL_GEN_XOSHIRO128PP = 0, PBL_GEN_LFSR32 = 1 } pbl_generator;
typedef enum { PBL_KERNEL_CYCLIC = 0, PBL_KERNEL_PALINDROMIC = 1 } pbl_kernel;

typedef struct {
  pbl_fabric fabric;
  int n_visible;        /* V, 1..1024 */
  int n_hidden;         /* H, 1..1024 */
  int replicas;         /* R, 1..256; a multiple of lanes */
  int lanes;            /* L, 1..32: replicas updated in parallel, one generator and table each */
  int weight_int;       /* integer bits without sign: s[5][6] has 5 */
  int weight_frac;      /* fraction bits: s[5][6] has 6; width = 1 + int + frac, 4..24 */
  int beta_int;         /* UQ4.12 has 4 */
  int beta_frac;        /* UQ4.12 has 12; width 4..24 */
  int table_size;       /* activation entries over [0, 2^table_range_log2), power of two 16..4096 */
  int table_range_log2; /* 4: 2*beta*|I| up to 16 */
  int threshold_bits;   /* 8..32 */
  int rounding; /* 1: table index rounds half away from zero; 0: truncates (negative control) */
  pbl_generator generator;
  int lfsr_steps; /* 1..32 steps per draw of the LFSR32 */
  int field_bits; /* width of local fields; 0: the least that never wraps */
} pbl_hw;

/* s[5][6], UQ4.12, 1024 entries over 16, 24-bit thresholds, rounding, xoshiro128++, 32-bit
 * fields, 6 x 6, one replica, one lane. */
pbl_hw pbl_hw_default(void);

/* CONFIG error that names the parameter, its value and the allowed range. */
pbl_status pbl_hw_check(const pbl_hw *hw, pbl_error *err);

static inline int pbl_hw_weight_bits(const pbl_hw *hw) {
  return 1 + hw->weight_int + hw->weight_frac;
}
static inline int pbl_hw_beta_bits(const pbl_hw *hw) {
  return hw->beta_int + hw->beta_frac;
}
static inline int pbl_hw_pbits(const pbl_hw *hw) {
  return hw->n_visible + hw->n_hidden;
}
static inline int pbl_hw_contexts(const pbl_hw *hw) {
  return hw->replicas / hw->lanes;
}
/* Least field width that never wraps: weight_bits + ceil(log2(max(V,H) + 2)) + 1. */
int pbl_hw_min_field_bits(const pbl_hw *hw);
/* Index shift of the activation: weight_frac + beta_frac + table_range_log2 - 1 - log2(table_size),
 * always >= 1 for a checked variant. */
int pbl_hw_index_shift(const pbl_hw *hw);

/* The parameters but fabric, V and H as members of the JSON object that is open. */
void pbl_hw_json(pbl_json *j, const pbl_hw *hw);

const char *pbl_generator_name(pbl_generator g); /* "xoshiro128++", "lfsr32" */
const char *pbl_kernel_name(pbl_kernel k);       /* "cyclic", "palindromic" */

#endif
