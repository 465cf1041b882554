#include "stats_samples.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"

static double uniform53(uint64_t *state) {
  return (double)(pbl_splitmix64(state) >> 11) * 0x1p-53;
}

void sample_two_state(double *x, size_t n, double l, double p, uint64_t seed) {
  uint64_t state = seed;
  bool up = uniform53(&state) < p;
  x[0] = up;
  for (size_t t = 1; t < n; ++t) {
    up = uniform53(&state) < (up ? l + (1.0 - l) * p : (1.0 - l) * p);
    x[t] = up;
  }
}

void sample_ar1(double *x, size_t n, double phi, uint64_t seed) {
  uint64_t state = seed;
  double value = 0.0;
  for (size_t t = 0; t < n; ++t) {
    value = phi * value + (uniform53(&state) - 0.5);
    x[t] = value;
  }
}

pbl_image *sample_image(const sample_plan *plan) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = plan->n_visible;
  hw.n_hidden = plan->n_hidden;
  pbl_rbm *model = NULL;
  pbl_image *image = NULL;
  pbl_error err;
  if (pbl_rbm_random(&model, plan->n_visible, plan->n_hidden, plan->weight_scale, plan->bias_scale,
                     plan->seed, &err) != PBL_OK ||
      pbl_image_create(&image, NULL, model, &hw, 1.0, &err) != PBL_OK) {
    abort();
  }
  pbl_rbm_destroy(model);
  return image;
}

typedef struct {
  const pbl_image *image;
  const sample_plan *plan;
  uint32_t beta;
  int32_t *words;
  signed char *state; /* V+H */
  pbl_xoshiro generator;
  uint32_t *last_word; /* V+H; FAULT_SERIAL uses the first for all */
  bool *doubled;
} sampler;

static uint32_t next_word(sampler *s, size_t p) {
  const uint32_t fresh = pbl_xoshiro_next(&s->generator);
  if (s->plan->fault != FAULT_SERIAL && s->plan->fault != FAULT_LAGGED) return fresh;
  const size_t at = s->plan->fault == FAULT_SERIAL ? 0 : p;
  s->doubled[at] = !s->doubled[at];
  if (!s->doubled[at]) return 2 * s->last_word[at];
  return s->last_word[at] = fresh;
}

static void update(sampler *s, size_t p) {
  const size_t n_visible = (size_t)s->plan->n_visible, n_hidden = (size_t)s->plan->n_hidden;
  const size_t width = n_hidden + 1;
  int64_t field;
  if (p < n_visible) {
    field = s->words[p * width + n_hidden];
    for (size_t j = 0; j < n_hidden; ++j) {
      field += s->words[p * width + j] * s->state[n_visible + j];
    }
  } else {
    const size_t j = p - n_visible;
    field = s->words[n_visible * width + j];
    for (size_t i = 0; i < n_visible; ++i) field += s->words[i * width + j] * s->state[i];
  }
  const uint32_t word = next_word(s, p);
  if (s->image->clamp[p]) return;
  const uint64_t u = word >> (32 - s->image->hw.threshold_bits);
  s->state[p] = u < pbl_image_threshold(s->image, field, s->beta) ? 1 : -1;
}

static void half_sweep(sampler *s, bool hidden) {
  const size_t n_visible = (size_t)s->plan->n_visible, n_hidden = (size_t)s->plan->n_hidden;
  const size_t first = hidden ? n_visible : 0, n = hidden ? n_hidden : n_visible;
  for (size_t k = 0; k < n; ++k) update(s, first + k);
}

static void record(const sampler *s, pbl_chains *chains, size_t chain, size_t draw) {
  uint8_t *row = pbl_chains_row(chains, chain, draw);
  memset(row, 0, chains->row_bytes);
  for (size_t p = 0; p < chains->n_pbits; ++p) {
    if (s->state[p] > 0) row[p >> 3] = (uint8_t)(row[p >> 3] | (1u << (p & 7)));
  }
}

static void plant(sampler *s) {
  const size_t width = (size_t)s->plan->n_hidden + 1;
  s->beta = s->image->beta;
  if (s->plan->fault == FAULT_BETA) s->beta += (s->image->beta + 25) / 50;
  if (s->plan->fault == FAULT_WEIGHT) s->words[2 * width + 1] += 8;
  if (s->plan->fault == FAULT_ROW) {
    memcpy(s->words + 3 * width, s->words + 2 * width, width * sizeof *s->words);
  }
}

static void run_chain(sampler *s, pbl_chains *chains, size_t chain) {
  const sample_plan *plan = s->plan;
  const size_t stream = plan->fault == FAULT_SHARED && chain == 1 ? 0 : chain;
  pbl_xoshiro_seed(&s->generator, plan->seed * 1000003u + stream);
  for (size_t p = 0; p < chains->n_pbits; ++p) s->state[p] = (p + chain) % 2 ? 1 : -1;
  for (size_t t = 0; t < plan->n_draws; ++t) {
    for (size_t k = 0; k < plan->every; ++k) {
      half_sweep(s, true);
      half_sweep(s, false);
      if (plan->kernel == PBL_KERNEL_PALINDROMIC) half_sweep(s, true);
    }
    record(s, chains, chain, t);
  }
}

pbl_chains *sample_chains(const sample_plan *plan, const pbl_image *image) {
  pbl_chains *chains = NULL;
  pbl_error err;
  const size_t n_pbits = (size_t)(plan->n_visible + plan->n_hidden);
  if (pbl_chains_create(&chains, plan->n_chains, plan->n_draws, n_pbits, &err) != PBL_OK) abort();
  const size_t n_words = (size_t)(plan->n_visible + 1) * (size_t)(plan->n_hidden + 1);
  sampler s = {.image = image, .plan = plan};
  s.words = malloc(n_words * sizeof *s.words);
  s.state = malloc(n_pbits);
  s.last_word = calloc(n_pbits, sizeof *s.last_word);
  s.doubled = calloc(n_pbits, sizeof *s.doubled);
  if (s.words == NULL || s.state == NULL || s.last_word == NULL || s.doubled == NULL) abort();
  memcpy(s.words, image->words, n_words * sizeof *s.words);
  plant(&s);
  for (size_t c = 0; c < plan->n_chains; ++c) run_chain(&s, chains, c);
  chains->n_recorded = plan->n_draws;
  free(s.words);
  free(s.state);
  free(s.last_word);
  free(s.doubled);
  return chains;
}
