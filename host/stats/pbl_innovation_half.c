#include "pbl_innovation_half.h"

#include <cblas.h>
#include <math.h>

#include "pbl_parallel.h"

typedef struct {
  pbl_half *half;
  pbl_half_work *work;
  const pbl_chains *chains;
  size_t first, n_draws;
} block;

static inline double spin_of(const uint8_t *row, size_t p) {
  return (double)(2 * ((row[p >> 3] >> (p & 7)) & 1) - 1);
}

static void add_sparse_fields(double *field, const pbl_half *half, const double *given) {
  for (size_t j = 0; j < half->n_target; ++j) {
    for (size_t e = half->first[j]; e < half->first[j + 1]; ++e)
      field[j] += half->entry[e] * given[half->source[e]];
  }
}

/* States at the end of the sweep and, of a whole sweep, of the one before. */
static void unpack_states(double *given, const pbl_half *half, const uint8_t *before,
                          const uint8_t *after) {
  const size_t n = half->image->sparse->n;
  for (size_t p = 0; p < n; ++p) given[p] = spin_of(after, p);
  for (size_t p = 0; p < n && half->n_given > n; ++p) given[n + p] = spin_of(before, p);
}

static void unpack_chain(void *context, size_t chain) {
  const block *b = context;
  const pbl_half *half = b->half;
  for (size_t k = 0; k < b->n_draws; ++k) {
    const size_t at = chain * b->n_draws + k;
    const uint8_t *row = pbl_chains_row(b->chains, chain, b->first + k - half->lag);
    double *given = b->work->given + at * half->n_given;
    double *field = b->work->r + at * half->n_target;
    if (half->blocks > 0) {
      unpack_states(given, half, row, pbl_chains_row(b->chains, chain, b->first + k));
    } else {
      for (size_t i = 0; i < half->n_given; ++i) given[i] = spin_of(row, half->given + i);
    }
    for (size_t j = 0; j < half->n_target; ++j) field[j] = half->bias[j];
    if (half->weights == NULL) add_sparse_fields(field, half, given);
  }
}

/* From fields to innovations: r and x in place, v and k returned in v[] and k[]. */
static void innovate(pbl_half *half, const uint8_t *row, size_t chain, double *r, double *x,
                     double *v, double *k) {
  for (size_t j = 0; j < half->n_target; ++j) {
    const int64_t field = (int64_t)r[j];
    const pbl_update_law law =
        half->law != NULL ? half->law[field + half->bound] : pbl_half_law(half, field);
    x[j] = r[j] * half->x_scale;
    v[j] = law.v * half->mask[j];
    k[j] = -2.0 * v[j] * law.m;
    r[j] = (spin_of(row, half->pbit[j]) - law.m) * half->mask[j];
    if (v[j] == 0.0 && r[j] != 0.0) ++half->impossible[chain * half->n_target + j];
  }
}

static void add_weighted(double *restrict sums, const double *restrict w, const double *restrict r,
                         const double *restrict v, const double *restrict k, size_t n) {
  for (size_t j = 0; j < n; ++j) {
    const double w2 = w[j] * w[j];
    sums[j] += w[j] * r[j];
    sums[n + j] += w2 * v[j];
    sums[2 * n + j] += w2 * w2 * v[j];
    sums[3 * n + j] += w2 * w[j] * k[j];
  }
}

static void add_row(double *sums, const double *restrict r, const double *restrict v,
                    const double *restrict k, size_t n) {
  double *restrict sum_r = sums + PBL_SUM_R * n, *restrict sum_v = sums + PBL_SUM_V * n;
  double *restrict sum_k = sums + PBL_SUM_K * n, *restrict sum_kabs = sums + PBL_SUM_KABS * n;
  for (size_t j = 0; j < n; ++j) {
    sum_r[j] += r[j];
    sum_v[j] += v[j];
    sum_k[j] += k[j];
    sum_kabs[j] += fabs(k[j]);
  }
}

/* The variance of r_j r_(j+d) given the updates before j + d is r_j^2 v_(j+d), in one block also
 * v_j v_(j+d), which varies less. */
static void add_neighbours(double *sums, const double *restrict r, const double *restrict v,
                           size_t n, bool in_turn) {
  for (size_t d = 1; d <= PBL_CROSS_REACH && d < n; ++d) {
    double *restrict sum_r = sums + (PBL_SUM_CROSS_R + d - 1) * n;
    double *restrict sum_v = sums + (PBL_SUM_CROSS_V + d - 1) * n;
    for (size_t j = 0; j + d < n; ++j) {
      sum_r[j] += r[j] * r[j + d];
      sum_v[j] += (in_turn ? r[j] * r[j] : v[j]) * v[j + d];
    }
  }
}

/* 32 bins of width 1/4 in beta f over [-4, 4), the outer two open. */
static void add_bins(double *bins, const pbl_half *half, const double *r, const double *x,
                     const double *v, const double *k, const uint8_t *row) {
  for (size_t j = 0; j < half->n_target; ++j) {
    if (half->mask[j] == 0.0) continue;
    const double position = fmin(fmax((x[j] + 4.0) * 4.0, 0.0), PBL_INNOVATION_BINS - 1.0);
    double *bin = bins + (size_t)position * PBL_BIN_SUMS;
    bin[PBL_BIN_N] += 1.0;
    bin[PBL_BIN_X] += x[j];
    bin[PBL_BIN_M] += spin_of(row, half->pbit[j]) - r[j];
    bin[PBL_BIN_R] += r[j];
    bin[PBL_BIN_V] += v[j];
    bin[PBL_BIN_K] += k[j];
  }
}

/* Nearest multiple of 2^-14: adding 1.5 * 2^38 leaves 14 fraction bits in a double. Products then
 * sum exactly up to 2^25; the rounding biases a product by at most 2^-30. */
static inline double round_14(double x) {
  const double magic = 1.5 * 274877906944.0;
  return (x + magic) - magic;
}

static bool is_other_order(const pbl_half *half, const uint8_t *order, size_t draw) {
  return half->sweeps != PBL_SWEEPS_ALL &&
         half->sweeps != (order[draw] ? PBL_SWEEPS_BA : PBL_SWEEPS_AB);
}

static void add_chain(void *context, size_t chain) {
  const block *b = context;
  pbl_half *half = b->half;
  const uint8_t *order = pbl_chains_order(b->chains, chain);
  const size_t n = half->n_target;
  double *sums = half->sums + chain * PBL_SUM_COUNT * n, *previous = half->previous + chain * n;
  double *bins = half->bins + chain * PBL_INNOVATION_BINS * PBL_BIN_SUMS;
  double *x = half->scratch + chain * 2 * n, *k3 = x + n;
  for (size_t k = 0; k < b->n_draws; ++k) {
    const size_t at = (chain * b->n_draws + k) * n;
    const uint8_t *row = pbl_chains_row(b->chains, chain, b->first + k);
    double *r = b->work->r + at, *v = b->work->v_round + at, *r_round = b->work->r_round + at;
    if (is_other_order(half, order, b->first + k)) {
      for (size_t j = 0; j < n; ++j) r[j] = v[j] = r_round[j] = 0.0;
      for (size_t j = 0; half->blocks > 0 && j < n; ++j) b->work->square[at + j] = 0.0;
      continue;
    }
    innovate(half, row, chain, r, x, v, k3);
    add_row(sums, r, v, k3, n);
    add_weighted(sums + PBL_SUM_GAIN_R * n, x, r, v, k3, n);
    add_weighted(sums + PBL_SUM_SERIAL_R * n, previous, r, v, k3, n);
    if (n > PBL_CROSS_ALL_PAIRS) add_neighbours(sums, r, v, n, half->blocks > 0);
    add_bins(bins, half, r, x, v, k3, row);
    for (size_t j = 0; j < n; ++j) {
      previous[j] = r[j];
      r_round[j] = round_14(r[j]);
      v[j] = round_14(v[j]);
    }
    for (size_t j = 0; half->blocks > 0 && j < n; ++j)
      b->work->square[at + j] = round_14(r[j] * r[j]);
  }
}

static void add_graph_edges(const pbl_half *half, double *edge, const pbl_half_work *work,
                            size_t rows) {
  for (size_t k = 0; k < rows; ++k) {
    const double *given = work->given + k * half->n_given, *r = work->r + k * half->n_target;
    for (size_t j = 0; j < half->n_target; ++j) {
      for (size_t e = half->first[j]; e < half->first[j + 1]; ++e)
        edge[half->edge[e]] += r[j] * given[half->source[e]];
    }
  }
}

/* Of every draw, where there is a weight. */
static void add_sparse_edges(const pbl_half *half, double *edge, const pbl_half_work *work,
                             size_t rows) {
  const size_t n_hidden = half->to_hidden ? half->n_target : half->n_given;
  for (size_t k = 0; k < rows; ++k) {
    const double *given = work->given + k * half->n_given, *r = work->r + k * half->n_target;
    for (size_t j = 0; j < half->n_target; ++j) {
      for (size_t e = half->first[j]; e < half->first[j + 1]; ++e) {
        const size_t i = half->source[e];
        edge[half->to_hidden ? i * n_hidden + j : j * n_hidden + i] += r[j] * given[i];
      }
    }
  }
}

/* Products between chains, between p-bits of the block, and with the conditioning states. All
 * terms are dyadic, so BLAS may sum them in any order. */
static void add_products(pbl_half *half, pbl_joint_sums *joint, const pbl_half_work *work,
                         size_t n_draws) {
  const int chains = (int)half->n_chains, n = (int)half->n_target, given = (int)half->n_given;
  const int rows = chains * (int)n_draws, length = (int)n_draws * n;
  if (chains > 1) {
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, chains, length, 1.0, work->r_round, length,
                1.0, joint->replica_r, chains);
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, chains, length, 1.0, work->v_round, length,
                1.0, joint->replica_v, chains);
  }
  if (half->n_target <= PBL_CROSS_ALL_PAIRS) {
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, n, rows, 1.0, work->r_round, n, 1.0,
                half->pair_r, n);
    if (half->blocks > 0) { /* the later p-bit is the row of the lower triangle */
      cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, n, rows, 1.0, work->v_round, n,
                  work->square, n, 1.0, half->pair_v, n);
    } else {
      cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, n, rows, 1.0, work->v_round, n, 1.0,
                  half->pair_v, n);
    }
  }
  if (half->blocks > 0) {
    add_graph_edges(half, joint->edge, work, (size_t)rows);
  } else if (half->weights == NULL) {
    add_sparse_edges(half, joint->edge, work, (size_t)rows);
  } else if (half->to_hidden) {
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, given, n, rows, 1.0, work->given, given,
                work->r, n, 1.0, joint->edge, n);
  } else {
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n, given, rows, 1.0, work->r, n,
                work->given, given, 1.0, joint->edge, given);
  }
}

void pbl_half_add(pbl_half *half, pbl_joint_sums *joint, pbl_half_work *work,
                  const pbl_chains *chains, size_t first, size_t n_draws, int threads) {
  block b = {.half = half, .work = work, .chains = chains, .first = first, .n_draws = n_draws};
  pbl_parallel_for(half->n_chains, threads, unpack_chain, &b);
  /* integers far below 2^53: the fields are exact */
  if (half->weights != NULL)
    cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)(half->n_chains * n_draws),
                (int)half->n_target, (int)half->n_given, 1.0, work->given, (int)half->n_given,
                half->weights, (int)half->n_target, 1.0, work->r, (int)half->n_target);
  pbl_parallel_for(half->n_chains, threads, add_chain, &b);
  add_products(half, joint, work, n_draws);
}

static void fold(double *x, size_t n_chains, size_t width) {
  for (size_t c = 1; c < n_chains; ++c) {
    for (size_t i = 0; i < width; ++i) x[i] += x[c * width + i];
  }
}

static double count_terms(const pbl_half *half) {
  double updates = 0.0, live = 0.0;
  for (size_t b = 0; b < PBL_INNOVATION_BINS; ++b) {
    updates += half->bins[b * PBL_BIN_SUMS + PBL_BIN_N];
  }
  for (size_t j = 0; j < half->n_target; ++j) live += half->mask[j];
  return live > 0.0 ? updates / live : 0.0;
}

void pbl_half_fold(pbl_half *half) {
  fold(half->sums, half->n_chains, PBL_SUM_COUNT * half->n_target);
  fold(half->bins, half->n_chains, PBL_INNOVATION_BINS * PBL_BIN_SUMS);
  for (size_t c = 1; c < half->n_chains; ++c) {
    for (size_t j = 0; j < half->n_target; ++j) {
      half->impossible[j] += half->impossible[c * half->n_target + j];
    }
  }
  half->terms = count_terms(half);
}
