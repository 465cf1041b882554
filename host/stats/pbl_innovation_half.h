/* One half-sweep of the innovation tests, or a sweep over the blocks of a graph, private to this
 * room: which block is updated given which, the law of each field value, and the sums that the
 * verdict is drawn from. */
#ifndef PBL_INNOVATION_HALF_H
#define PBL_INNOVATION_HALF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_chains.h"
#include "pbl_image.h"
#include "pbl_innovation.h"

/* A sum is tested when its weighted variance is worth this many updates of variance one. Below,
 * neither the normal law nor its skewness correction can be trusted (docs/statistics.md). */
#define PBL_MIN_EFFECTIVE 50.0
#define PBL_CROSS_REACH 8      /* neighbours in update order */
#define PBL_CROSS_ALL_PAIRS 64 /* all pairs up to this many p-bits in a block */

/* Sums per p-bit. r = s - m, m = E s, v = Var s, k = E r^3 = -2 v m, x = beta f, w = previous r. */
enum {
  PBL_SUM_R,        /* r */
  PBL_SUM_V,        /* v */
  PBL_SUM_K,        /* k */
  PBL_SUM_KABS,     /* |k| */
  PBL_SUM_GAIN_R,   /* x r */
  PBL_SUM_GAIN_V,   /* x^2 v */
  PBL_SUM_GAIN_V4,  /* x^4 v */
  PBL_SUM_GAIN_K,   /* x^3 k */
  PBL_SUM_SERIAL_R, /* w r, and so on */
  PBL_SUM_SERIAL_V,
  PBL_SUM_SERIAL_V4,
  PBL_SUM_SERIAL_K,
  PBL_SUM_CROSS_R, /* PBL_CROSS_REACH rows: r_i r_(i+d), d = 1.. */
  PBL_SUM_CROSS_V = PBL_SUM_CROSS_R + PBL_CROSS_REACH,
  PBL_SUM_COUNT = PBL_SUM_CROSS_V + PBL_CROSS_REACH
};

/* Sweeps that a half-sweep belongs to: with the kernel coin those of one order. */
typedef enum { PBL_SWEEPS_ALL, PBL_SWEEPS_AB, PBL_SWEEPS_BA } pbl_half_sweeps;

enum { PBL_BIN_N, PBL_BIN_X, PBL_BIN_M, PBL_BIN_R, PBL_BIN_V, PBL_BIN_K, PBL_BIN_SUMS };

typedef struct {
  double m, v;
} pbl_update_law;

typedef struct {
  const pbl_image *image;
  uint32_t beta;
  bool exact_sigmoid;
  bool to_hidden;         /* hidden given visible, else visible given hidden */
  size_t n_target;        /* updated p-bits */
  uint32_t *pbit;         /* n_target: in the order of their updates */
  size_t given, n_given;  /* first p-bit and size of the conditioning block; graph: see blocks */
  size_t blocks;          /* of a graph; else 0. Targets are then one block given the others, or
                             all p-bits in the order of a sweep; n_given: the states of all p-bits
                             after the sweep and, for a whole sweep, before it */
  size_t lag;             /* draws between condition and update */
  pbl_half_sweeps sweeps; /* ALL after create; others need the orders of the chain store */
  size_t n_chains;
  double x_scale;          /* field word to beta f */
  double *weights;         /* n_given x n_target, integers; or NULL: the entries below */
  size_t *first;           /* n_target + 1: entries of a target */
  uint32_t *source;        /* p-bit of the conditioning block; graph: index among the n_given */
  double *entry;           /* its weight */
  uint32_t *edge;          /* graph: number of the entry's edge */
  uint32_t (*ends)[2];     /* graph, of every edge: p-bits, lower first */
  uint32_t *place;         /* graph: target that a p-bit is, UINT32_MAX for none */
  double *bias;            /* n_target */
  double *mask;            /* n_target: 0 where clamped, else 1 */
  int64_t bound;           /* |field| <= bound */
  pbl_update_law *law;     /* 2 bound + 1 entries, or NULL where that is too many */
  double *sums;            /* n_chains x PBL_SUM_COUNT x n_target */
  double *bins;            /* n_chains x PBL_INNOVATION_BINS x PBL_BIN_SUMS */
  double *previous;        /* n_chains x n_target: last r */
  double *scratch;         /* n_chains x 2 x n_target */
  uint64_t *impossible;    /* n_chains x n_target: outcomes of probability zero */
  double terms;            /* updates of one p-bit, draws of all chains; once folded */
  double *pair_r, *pair_v; /* n_target^2 where all pairs are tested, else unused */
} pbl_half;

/* Matrices of one block of draws; a row is one draw of one chain, chains outermost. */
typedef struct {
  size_t capacity; /* draws per block */
  double *given;   /* conditioning states, +-1 */
  double *r;       /* fields, then innovations */
  double *square;  /* graph: r^2, of all */
  double *r_round; /* multiples of 2^-14, so that their products sum without rounding */
  double *v_round;
} pbl_half_work;

/* Sums over both halves that do not belong to one p-bit. */
typedef struct {
  double *edge;                  /* V x H: sum r_i s_j + r_j s_i; sparse: where weights are;
                                    graph: by the number of the edge */
  double *replica_r, *replica_v; /* n_chains^2, lower triangle */
} pbl_joint_sums;

/* A large lattice: only its weights are worked through, and only pairs that have one are tested. */
static inline bool pbl_half_is_sparse(const pbl_image *image) {
  return image->law != NULL && pbl_image_law_words(&image->hw) > (size_t)1 << 18;
}

pbl_status pbl_half_create(pbl_half *half, const pbl_image *image, uint32_t beta,
                           bool exact_sigmoid, bool to_hidden, size_t lag, size_t n_chains,
                           pbl_error *err);
/* Of a sparse image: one block given all others, states of the same draw; or, with block SIZE_MAX,
 * one whole sweep from draw to draw, blocks 0, 1, .. or, backward, from the last to 0. */
pbl_status pbl_half_create_graph(pbl_half *half, const pbl_image *image, uint32_t beta,
                                 bool exact_sigmoid, size_t block, bool backward, size_t n_chains,
                                 pbl_error *err);
void pbl_half_free(pbl_half *half);
/* Law of one update at an integer field. */
pbl_update_law pbl_half_law(const pbl_half *half, int64_t field);
/* Adds draws first .. first + n_draws - 1 (first >= lag, n_draws <= work->capacity). */
void pbl_half_add(pbl_half *half, pbl_joint_sums *joint, pbl_half_work *work,
                  const pbl_chains *chains, size_t first, size_t n_draws, int threads);
/* Folds all chains' sums into chain 0, in chain order. */
void pbl_half_fold(pbl_half *half);

/* z-score of a martingale sum with this variance and third moment, corrected for skewness g: the
 * signed deviance root of the shifted Poisson law of that skewness. It is z (1 - g z/6 + ...) in
 * the middle and, unlike that series, keeps its shape far out in the tail, where family-wise
 * p-values are decided. */
double pbl_skew_corrected_z(double sum, double variance, double third);

/* -ln of the two-sided p of z, finite also where that underflows. */
double pbl_normal_evidence(double z);

/* Pools the members of every family and weighs them: n_pools, pooled_z, everywhere, z, evidence,
 * effect. Needs max_abs_z, n_tests, effect of the worst member, and n_updates. */
void pbl_innovation_weigh(pbl_innovation_report *out, const pbl_half *halves, size_t n_halves,
                          const pbl_joint_sums *joint, size_t n_chains);

/* Fills families, bins and p-values of a zeroed report from folded halves. */
void pbl_innovation_judge(pbl_innovation_report *out, const pbl_half *halves, size_t n_halves,
                          const pbl_joint_sums *joint, size_t n_chains);

#endif
