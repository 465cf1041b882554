#include "pbl_innovation_half.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

#include "pbl_parallel.h"

#define LAW_LIMIT ((int64_t)1 << 21) /* field values on each side for which laws are tabulated */

void pbl_half_free(pbl_half *half) {
  free(half->weights);
  free(half->first);
  free(half->source);
  free(half->entry);
  free(half->bias);
  free(half->mask);
  free(half->law);
  free(half->sums);
  free(half->bins);
  free(half->previous);
  free(half->scratch);
  free(half->impossible);
  free(half->pair_r);
  free(half->pair_v);
  *half = (pbl_half){0};
}

/* Law of one update. The means are dyadic fractions, so that sums of innovations over a whole run
 * are exact and independent of their order; the sigmoid is rounded to 2^-30 for that. */
static pbl_update_law law_of(const pbl_half *half, int64_t field) {
  if (half->exact_sigmoid) {
    const double least = ldexp(1.0, -30);
    const double m = ldexp(rint(ldexp(tanh((double)field * half->x_scale), 30)), -30);
    const double bounded = fmin(fmax(m, least - 1.0), 1.0 - least);
    return (pbl_update_law){bounded, (1.0 - bounded) * (1.0 + bounded)};
  }
  const int bits = half->image->hw.threshold_bits;
  const double p = ldexp((double)pbl_image_threshold(half->image, field, half->beta), -bits);
  return (pbl_update_law){2.0 * p - 1.0, 4.0 * p * (1.0 - p)};
}

static int32_t word_at(const pbl_half *half, size_t row, size_t column) {
  return pbl_image_law(half->image)[row * ((size_t)half->image->hw.n_hidden + 1) + column];
}

static int32_t weight_at(const pbl_half *half, size_t given, size_t target) {
  return half->to_hidden ? word_at(half, given, target) : word_at(half, target, given);
}

static bool allocate_weights(pbl_half *half) {
  if (!pbl_half_is_sparse(half->image)) {
    half->weights = calloc(half->n_given * half->n_target, sizeof *half->weights);
    return half->weights != NULL;
  }
  const size_t most = half->n_target * (size_t)pbl_hw_degree(&half->image->hw);
  half->first = calloc(half->n_target + 1, sizeof *half->first);
  half->source = calloc(most, sizeof *half->source);
  half->entry = calloc(most, sizeof *half->entry);
  return half->first != NULL && half->source != NULL && half->entry != NULL;
}

static void add_entry(pbl_half *half, size_t given, size_t target, int32_t weight) {
  if (weight == 0) return;
  const size_t at = half->first[target + 1]++;
  half->source[at] = (uint32_t)given;
  half->entry[at] = weight;
}

static void fill_weights(pbl_half *half) {
  const size_t n_visible = (size_t)half->image->hw.n_visible;
  const size_t n_hidden = (size_t)half->image->hw.n_hidden;
  for (size_t j = 0; j < half->n_target; ++j) {
    const int32_t bias = half->to_hidden ? word_at(half, n_visible, j) : word_at(half, j, n_hidden);
    int64_t reach = llabs((long long)bias);
    if (half->first != NULL) half->first[j + 1] = half->first[j];
    for (size_t i = 0; i < half->n_given; ++i) {
      const int32_t w = weight_at(half, i, j);
      if (half->weights != NULL) {
        half->weights[i * half->n_target + j] = w;
      } else {
        add_entry(half, i, j, w);
      }
      reach += llabs((long long)w);
    }
    half->bias[j] = bias;
    half->mask[j] = half->image->clamp[half->target + j] ? 0.0 : 1.0;
    if (reach > half->bound) half->bound = reach;
  }
}

pbl_status pbl_half_create(pbl_half *half, const pbl_image *image, uint32_t beta,
                           bool exact_sigmoid, bool to_hidden, size_t lag, size_t n_chains,
                           pbl_error *err) {
  const size_t n_visible = (size_t)image->hw.n_visible, n_hidden = (size_t)image->hw.n_hidden;
  const size_t n = to_hidden ? n_hidden : n_visible;
  *half = (pbl_half){.image = image,
                     .beta = beta,
                     .exact_sigmoid = exact_sigmoid,
                     .to_hidden = to_hidden,
                     .target = to_hidden ? n_visible : 0,
                     .n_target = n,
                     .given = to_hidden ? 0 : n_visible,
                     .n_given = to_hidden ? n_visible : n_hidden,
                     .lag = lag,
                     .n_chains = n_chains};
  half->x_scale = ldexp((double)beta, -(image->hw.beta_frac + image->hw.weight_frac));
  const bool all_pairs = n <= PBL_CROSS_ALL_PAIRS;
  half->bias = calloc(n, sizeof *half->bias);
  half->mask = calloc(n, sizeof *half->mask);
  half->sums = calloc(n_chains * PBL_SUM_COUNT * n, sizeof *half->sums);
  half->bins = calloc(n_chains * PBL_INNOVATION_BINS * PBL_BIN_SUMS, sizeof *half->bins);
  half->previous = calloc(n_chains * n, sizeof *half->previous);
  half->scratch = calloc(n_chains * 2 * n, sizeof *half->scratch);
  half->impossible = calloc(n_chains * n, sizeof *half->impossible);
  half->pair_r = calloc(all_pairs ? n * n : 1, sizeof *half->pair_r);
  half->pair_v = calloc(all_pairs ? n * n : 1, sizeof *half->pair_v);
  if (!allocate_weights(half) || half->bias == NULL || half->mask == NULL || half->sums == NULL ||
      half->bins == NULL || half->previous == NULL || half->scratch == NULL ||
      half->impossible == NULL || half->pair_r == NULL || half->pair_v == NULL) {
    goto no_memory;
  }
  fill_weights(half);
  if (half->bound <= LAW_LIMIT) {
    half->law = malloc((2 * (size_t)half->bound + 1) * sizeof *half->law);
    if (half->law == NULL) goto no_memory;
    for (int64_t f = -half->bound; f <= half->bound; ++f) {
      half->law[f + half->bound] = law_of(half, f);
    }
  }
  return PBL_OK;
no_memory:
  pbl_half_free(half);
  return pbl_fail(err, PBL_NO_MEMORY, "innovation tests of %zu chains x %zu p-bits: out of memory",
                  n_chains, n_visible + n_hidden);
}

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

static void unpack_chain(void *context, size_t chain) {
  const block *b = context;
  const pbl_half *half = b->half;
  for (size_t k = 0; k < b->n_draws; ++k) {
    const size_t at = chain * b->n_draws + k;
    const uint8_t *row = pbl_chains_row(b->chains, chain, b->first + k - half->lag);
    double *given = b->work->given + at * half->n_given;
    double *field = b->work->r + at * half->n_target;
    for (size_t i = 0; i < half->n_given; ++i) given[i] = spin_of(row, half->given + i);
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
        half->law != NULL ? half->law[field + half->bound] : law_of(half, field);
    x[j] = r[j] * half->x_scale;
    v[j] = law.v * half->mask[j];
    k[j] = -2.0 * v[j] * law.m;
    r[j] = (spin_of(row, half->target + j) - law.m) * half->mask[j];
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

static void add_neighbours(double *sums, const double *restrict r, const double *restrict v,
                           size_t n) {
  for (size_t d = 1; d <= PBL_CROSS_REACH && d < n; ++d) {
    double *restrict sum_r = sums + (PBL_SUM_CROSS_R + d - 1) * n;
    double *restrict sum_v = sums + (PBL_SUM_CROSS_V + d - 1) * n;
    for (size_t j = 0; j + d < n; ++j) {
      sum_r[j] += r[j] * r[j + d];
      sum_v[j] += v[j] * v[j + d];
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
    bin[PBL_BIN_M] += spin_of(row, half->target + j) - r[j];
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
      continue;
    }
    innovate(half, row, chain, r, x, v, k3);
    add_row(sums, r, v, k3, n);
    add_weighted(sums + PBL_SUM_GAIN_R * n, x, r, v, k3, n);
    add_weighted(sums + PBL_SUM_SERIAL_R * n, previous, r, v, k3, n);
    if (n > PBL_CROSS_ALL_PAIRS) add_neighbours(sums, r, v, n);
    add_bins(bins, half, r, x, v, k3, row);
    for (size_t j = 0; j < n; ++j) {
      previous[j] = r[j];
      r_round[j] = round_14(r[j]);
      v[j] = round_14(v[j]);
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
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasTrans, n, rows, 1.0, work->v_round, n, 1.0,
                half->pair_v, n);
  }
  if (half->weights == NULL) {
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

void pbl_half_fold(pbl_half *half) {
  fold(half->sums, half->n_chains, PBL_SUM_COUNT * half->n_target);
  fold(half->bins, half->n_chains, PBL_INNOVATION_BINS * PBL_BIN_SUMS);
  for (size_t c = 1; c < half->n_chains; ++c) {
    for (size_t j = 0; j < half->n_target; ++j) {
      half->impossible[j] += half->impossible[c * half->n_target + j];
    }
  }
}
