/* Parameters of one hardware variant: what is fixed in silicon and needs a rebuild of the RTL.
 * Weights, biases, clamps, beta, seeds and the activation table are run-time data and not here. */
#ifndef PBL_HW_H
#define PBL_HW_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"
#include "pbl_json.h"

typedef enum { PBL_FABRIC_DENSE = 1, PBL_FABRIC_LATTICE = 2, PBL_FABRIC_SPARSE = 3 } pbl_fabric;
typedef enum { PBL_GEN_XOSHIRO128PP = 0, PBL_GEN_LFSR32 = 1, PBL_GEN_XORSHIFT32 = 2 } pbl_generator;
typedef enum {
  PBL_KERNEL_CYCLIC = 0,      /* A B */
  PBL_KERNEL_PALINDROMIC = 1, /* A B A */
  PBL_KERNEL_COIN = 2,        /* A B or B A, a fair coin per sweep */
  PBL_KERNEL_RANDOM_SITE = 3  /* sparse fabric: single p-bits, picked at random */
} pbl_kernel;

#define PBL_HW_MAX_RULES 6
#define PBL_HW_MAX_CELLS 4096  /* sites x lanes */
#define PBL_HW_MAX_DEGREE 1024 /* entries of a p-bit in the sparse fabric */
#define PBL_HW_MAX_STAT_PAIRS (1 << 20)
#define PBL_HW_MIN_RUNGS 2 /* contexts of a device with replica exchange */
#define PBL_HW_MAX_RUNGS 64

/* Square of p-bits in two colours with few weights each (docs/device.md, "The lattice fabric"). */
typedef struct {
  int side;                                               /* S, even, 4..128 */
  int n_rules;                                            /* K, 1..6; degree D = 4K */
  int rule_a[PBL_HW_MAX_RULES], rule_b[PBL_HW_MAX_RULES]; /* 0..S-1, a + b odd; 0 beyond K */
  int sites; /* P: p-bits of one replica per clock; divides S/2, or m S/2 with m a divisor of S */
} pbl_hw_lattice;

/* Room for any graph (docs/device.md, "The sparse fabric"); the graph itself is run-time data. */
typedef struct {
  int pbits;     /* N, 2..65536 */
  int edge_rows; /* rows of P entries in the edge memory, 1..65536 */
  int groups;    /* rows of the schedule, 1..65536 */
  int sites;     /* P, 1..64: p-bits of one replica per group */
} pbl_hw_sparse;

typedef struct {
  pbl_fabric fabric;
  int n_visible; /* V, 1..1024; lattice: S^2/2, at most 8192; sparse: p-bits of the graph that
                  * is loaded, 0..N (0: not known yet), which is no part of the variant */
  int n_hidden;  /* H, the same; sparse: 0 */
  int replicas;  /* R, 1..256; a multiple of lanes */
  int lanes;     /* L, 1..32: replicas updated in parallel, by one cell each (lattice, sparse: P) */
  int weight_int;       /* integer bits without sign: s[5][6] has 5 */
  int weight_frac;      /* fraction bits: s[5][6] has 6; width = 1 + int + frac, 4..24 */
  int beta_int;         /* UQ4.12 has 4 */
  int beta_frac;        /* UQ4.12 has 12; width 4..24 */
  int table_size;       /* activation entries over [0, 2^table_range_log2), power of two 16..4096 */
  int table_range_log2; /* 4: 2*beta*|I| up to 16 */
  int threshold_bits;   /* 8..32 */
  int rounding; /* 1: table index rounds half away from zero; 0: truncates (negative control) */
  pbl_generator generator;
  int lfsr_steps;          /* 1..32 steps per draw of the LFSR32 */
  int cells_per_generator; /* 1, or a divisor of P above 1: so many cells of a lane take the words
                            * of one generator (negative control) */
  int field_bits;          /* width of local fields; 0: the least that never wraps */
  pbl_hw_lattice lattice;  /* has no meaning in the other fabrics */
  pbl_hw_sparse sparse;    /* likewise */
  /* Options (docs/device-options.md), all off by default. */
  int exchange;   /* 1: replica exchange; 2..64 contexts */
  int statistics; /* 1: statistics unit; lanes a power of two */
  int stat_pairs; /* pairs of p-bits that it can count, 0..2^20; 0 without the unit */
  int trace;      /* 1: trace port */
  /* What every device has by default. */
  int no_regulator; /* 1: built without the temperature regulator, its windows and telemetry */
} pbl_hw;

/* s[5][6], UQ4.12, 1024 entries over 16, 24-bit thresholds, rounding, xoshiro128++, 32-bit
 * fields, 6 x 6, one replica, one lane; rules (for a lattice) of the nearest neighbours. */
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
static inline int pbl_hw_degree(const pbl_hw *hw) { /* of the lattice */
  return 4 * hw->lattice.n_rules;
}
/* P: p-bits of one replica that are updated at a time; dense: 1. */
static inline int pbl_hw_sites(const pbl_hw *hw) {
  if (hw->fabric == PBL_FABRIC_SPARSE) return hw->sparse.sites;
  return hw->fabric == PBL_FABRIC_LATTICE ? hw->lattice.sites : 1;
}
/* Update cells, each with a generator and a table: lanes; lattice and sparse: P x lanes. */
static inline int pbl_hw_cells(const pbl_hw *hw) {
  return pbl_hw_sites(hw) * hw->lanes;
}
/* Generators of one replica: those of its cells, or fewer that they share. */
static inline int pbl_hw_generators(const pbl_hw *hw) {
  return pbl_hw_sites(hw) / hw->cells_per_generator;
}
/* Size of the weight memory in words: (V+1) x (H+1); lattice: 2V/P x P(D+1); sparse, the edge
 * memory: M x 2P. */
int pbl_hw_image_rows(const pbl_hw *hw);
int pbl_hw_image_cols(const pbl_hw *hw);
/* Words of a row of the sparse fabric's schedule: 2P + 2. */
static inline int pbl_hw_schedule_cols(const pbl_hw *hw) {
  return 2 * hw->sparse.sites + 2;
}
/* Makes it a sparse fabric of that capacity, with no graph yet. */
void pbl_hw_set_sparse(pbl_hw *hw, const pbl_hw_sparse *capacity);
/* Makes it a lattice: sets fabric, side, n_visible, n_hidden, and sites = half a row when given 0.
 * Rules as given in hw->lattice. */
void pbl_hw_set_lattice(pbl_hw *hw, int side, int sites);
/* Least field width that never wraps: weight_bits + ceil(log2(t + 2)) + 1 with t the largest number
 * of weights of a p-bit: max(V,H), D in the lattice, 1024 in the sparse fabric. */
int pbl_hw_min_field_bits(const pbl_hw *hw);
/* Index shift of the activation: weight_frac + beta_frac + table_range_log2 - 1 - log2(table_size),
 * always >= 1 for a checked variant. */
int pbl_hw_index_shift(const pbl_hw *hw);

/* The options as words that end a description: ", replica exchange, statistics unit (8 pairs),
 * trace port, no temperature regulator"; "" without any. Returns `text`. */
const char *pbl_hw_options_text(char *text, size_t size, const pbl_hw *hw);

/* The parameters but V and H, of lattice and sparse fabric with their own keys, as members of the
 * JSON object that is open. */
void pbl_hw_json(pbl_json *j, const pbl_hw *hw);

const char *pbl_fabric_name(pbl_fabric f);       /* "dense", "lattice", "sparse" */
const char *pbl_generator_name(pbl_generator g); /* "xoshiro128++", "lfsr32", "xorshift32" */
const char *pbl_kernel_name(pbl_kernel k);       /* "cyclic", "palindromic", "coin", ... */

#endif
