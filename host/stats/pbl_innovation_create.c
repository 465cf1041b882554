/* What an innovation test knows before it sees a draw: the updated p-bits, their weights, the law
 * of each field value. */
#include <math.h>
#include <stdlib.h>

#include "pbl_innovation_half.h"

#define LAW_LIMIT ((int64_t)1 << 21) /* field values on each side for which laws are tabulated */

void pbl_half_free(pbl_half *half) {
  free(half->pbit);
  free(half->weights);
  free(half->first);
  free(half->source);
  free(half->entry);
  free(half->edge);
  free(half->ends);
  free(half->place);
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
pbl_update_law pbl_half_law(const pbl_half *half, int64_t field) {
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
    half->mask[j] = half->image->clamp[half->pbit[j]] ? 0.0 : 1.0;
    if (reach > half->bound) half->bound = reach;
  }
}

static bool allocate_sums(pbl_half *half) {
  const size_t n = half->n_target, n_chains = half->n_chains;
  const size_t pairs = n <= PBL_CROSS_ALL_PAIRS ? n * n : 1;
  half->pbit = calloc(n, sizeof *half->pbit);
  half->bias = calloc(n, sizeof *half->bias);
  half->mask = calloc(n, sizeof *half->mask);
  half->sums = calloc(n_chains * PBL_SUM_COUNT * n, sizeof *half->sums);
  half->bins = calloc(n_chains * PBL_INNOVATION_BINS * PBL_BIN_SUMS, sizeof *half->bins);
  half->previous = calloc(n_chains * n, sizeof *half->previous);
  half->scratch = calloc(n_chains * 2 * n, sizeof *half->scratch);
  half->impossible = calloc(n_chains * n, sizeof *half->impossible);
  half->pair_r = calloc(pairs, sizeof *half->pair_r);
  half->pair_v = calloc(pairs, sizeof *half->pair_v);
  return half->pbit != NULL && half->bias != NULL && half->mask != NULL && half->sums != NULL &&
         half->bins != NULL && half->previous != NULL && half->scratch != NULL &&
         half->impossible != NULL && half->pair_r != NULL && half->pair_v != NULL;
}

static bool tabulate_laws(pbl_half *half) {
  if (half->bound > LAW_LIMIT) return true;
  half->law = malloc((2 * (size_t)half->bound + 1) * sizeof *half->law);
  if (half->law == NULL) return false;
  for (int64_t f = -half->bound; f <= half->bound; ++f) {
    half->law[f + half->bound] = pbl_half_law(half, f);
  }
  return true;
}

static pbl_status no_memory(pbl_half *half, pbl_error *err) {
  const size_t n_chains = half->n_chains, n_pbits = (size_t)pbl_hw_pbits(&half->image->hw);
  pbl_half_free(half);
  return pbl_fail(err, PBL_NO_MEMORY, "innovation tests of %zu chains x %zu p-bits: out of memory",
                  n_chains, n_pbits);
}

pbl_status pbl_half_create(pbl_half *half, const pbl_image *image, uint32_t beta,
                           bool exact_sigmoid, bool to_hidden, size_t lag, size_t n_chains,
                           pbl_error *err) {
  const size_t n_visible = (size_t)image->hw.n_visible, n_hidden = (size_t)image->hw.n_hidden;
  *half = (pbl_half){.image = image,
                     .beta = beta,
                     .exact_sigmoid = exact_sigmoid,
                     .to_hidden = to_hidden,
                     .n_target = to_hidden ? n_hidden : n_visible,
                     .given = to_hidden ? 0 : n_visible,
                     .n_given = to_hidden ? n_visible : n_hidden,
                     .lag = lag,
                     .n_chains = n_chains};
  half->x_scale = ldexp((double)beta, -(image->hw.beta_frac + image->hw.weight_frac));
  if (!allocate_sums(half) || !allocate_weights(half)) return no_memory(half, err);
  for (size_t j = 0; j < half->n_target; ++j)
    half->pbit[j] = (uint32_t)(j + (to_hidden ? n_visible : 0));
  fill_weights(half);
  return tabulate_laws(half) ? PBL_OK : no_memory(half, err);
}

/* Number of every edge at both its entries, in the order of the lower, then the higher p-bit. */
static bool number_edges(uint32_t *edge, uint32_t (*ends)[2], const pbl_sparse_law *g) {
  size_t *next = malloc(g->n * sizeof *next); /* entry of a row that comes next */
  uint32_t n = 0;
  if (next == NULL) return false;
  for (size_t i = 0; i < g->n; ++i) next[i] = g->start[i];
  for (size_t i = 0; i < g->n; ++i) {
    for (size_t e = g->start[i]; e < g->start[i + 1]; ++e) {
      const uint32_t j = g->neighbour[e];
      if (j < i) continue;
      ends[n][0] = (uint32_t)i;
      ends[n][1] = j;
      edge[e] = edge[next[j]++] = n++;
    }
  }
  free(next);
  return true;
}

/* A neighbour in a block that comes earlier has been updated in this sweep, one in a block that
 * comes later has not. */
static void fill_graph(pbl_half *half, const pbl_sparse_law *g, const uint32_t *edge,
                       bool backward) {
  size_t at = 0;
  for (size_t j = 0; j < half->n_target; ++j) {
    const size_t p = half->pbit[j];
    int64_t reach = llabs((long long)g->bias[p]);
    half->first[j] = at;
    for (size_t e = g->start[p]; e < g->start[p + 1]; ++e, ++at) {
      const uint32_t q = g->neighbour[e];
      const bool later = backward ? g->block[q] < g->block[p] : g->block[q] > g->block[p];
      const bool old = half->lag > 0 && later;
      half->source[at] = q + (old ? (uint32_t)g->n : 0);
      half->entry[at] = g->weight[e];
      half->edge[at] = edge[e];
      reach += llabs((long long)g->weight[e]);
    }
    half->first[j + 1] = at;
    half->bias[j] = g->bias[p];
    half->mask[j] = half->image->clamp[p] ? 0.0 : 1.0;
    if (reach > half->bound) half->bound = reach;
  }
}

pbl_status pbl_half_create_graph(pbl_half *half, const pbl_image *image, uint32_t beta,
                                 bool exact_sigmoid, size_t block, bool backward, size_t n_chains,
                                 pbl_error *err) {
  const pbl_sparse_law *g = image->sparse;
  const bool all = block == SIZE_MAX;
  size_t n = 0;
  for (size_t p = 0; p < g->n; ++p) n += all || g->block[p] == block;
  *half = (pbl_half){.image = image,
                     .beta = beta,
                     .exact_sigmoid = exact_sigmoid,
                     .blocks = g->n_blocks,
                     .n_target = n,
                     .n_given = all ? 2 * g->n : g->n,
                     .lag = all ? 1 : 0,
                     .n_chains = n_chains};
  half->x_scale = ldexp((double)beta, -(image->hw.beta_frac + image->hw.weight_frac));
  const size_t entries = g->start[g->n] + 1;
  uint32_t *edge = malloc(entries * sizeof *edge);
  half->ends = calloc(entries, sizeof *half->ends);
  half->place = malloc(g->n * sizeof *half->place);
  half->first = calloc(n + 1, sizeof *half->first);
  half->source = calloc(entries, sizeof *half->source);
  half->entry = calloc(entries, sizeof *half->entry);
  half->edge = calloc(entries, sizeof *half->edge);
  const bool room = edge != NULL && half->ends != NULL && half->place != NULL &&
                    half->first != NULL && half->source != NULL && half->entry != NULL &&
                    half->edge != NULL && allocate_sums(half) && number_edges(edge, half->ends, g);
  if (room) {
    n = 0;
    for (size_t k = 0; k < g->n; ++k) {
      const uint32_t p = g->order[backward ? g->n - 1 - k : k];
      const bool updated = all || g->block[p] == block;
      half->place[p] = updated ? (uint32_t)n : UINT32_MAX;
      if (updated) half->pbit[n++] = p;
    }
    fill_graph(half, g, edge, backward);
  }
  free(edge);
  return room && tabulate_laws(half) ? PBL_OK : no_memory(half, err);
}
