#include "faulty_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"

typedef struct {
  const faulty_words *fault;
  size_t n_visible, n_hidden, chain;
  const int32_t *words; /* of the image, perhaps with one weight off */
  uint64_t *threshold;  /* field + bound */
  int64_t bound;
  int shift; /* of a word, to the width of a threshold */
  pbl_xoshiro own, first, coin;
  uint32_t *state; /* per p-bit: linear generators, or the last word */
  uint32_t common; /* last word of a half-sweep or of its p-bit before */
  signed char *s;
} sampler;

static void *must(void *p) {
  if (p == NULL) abort();
  return p;
}

static bool happens(sampler *m, double probability) {
  return pbl_xoshiro_next(&m->coin) < probability * 0x1p32;
}

static uint32_t galois(uint32_t *state, int steps) {
  for (int k = 0; k < steps; k++) *state = *state >> 1 ^ (*state & 1u ? 0xA3000000u : 0u);
  return *state;
}

static uint32_t xorshift(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  return *state ^= *state << 5;
}

static uint32_t clipped(double u) {
  return (uint32_t)fmin(fmax(floor(u), 0.0), 4294967295.0);
}

/* What p-bit p draws; first_of_half: nobody drew in this half-sweep before. */
static uint32_t next_word(sampler *m, size_t p, bool first_of_half) {
  const faulty_words *f = m->fault;
  const uint32_t fresh = pbl_xoshiro_next(&m->own), other = pbl_xoshiro_next(&m->first);
  const uint32_t low = f->source == WORDS_BITS ? UINT32_MAX >> f->steps : 0;
  switch (f->source) {
    case WORDS_XORSHIFT:
      return xorshift(&m->state[p]);
    case WORDS_LFSR:
      return galois(&m->state[p], f->steps);
    case WORDS_LFSR_LANE:
      return galois(&m->state[0], f->steps);
    case WORDS_PHASE:
      return first_of_half ? galois(&m->state[0], 32) : m->state[0];
    case WORDS_REPEATED:
      return m->state[p] = happens(m, f->size) ? m->state[p] : fresh;
    case WORDS_NEIGHBOUR:
      return m->common = !first_of_half && happens(m, f->size) ? m->common : fresh;
    case WORDS_REPLICA:
      return m->chain == 1 && happens(m, f->size) ? other : fresh;
    case WORDS_BITS:
      return (fresh & ~low) | (uint32_t)(f->size * low);
    case WORDS_OFFSET_ONE:
      if (p != (size_t)f->steps) return fresh;
      return clipped(fresh + f->size * 0x1p32);
    case WORDS_OFFSET:
      return clipped(fresh + f->size * 0x1p32);
    case WORDS_TOP_BIT:
      return happens(m, 0.5 + f->size) ? fresh | 0x80000000u : fresh & 0x7fffffffu;
    case WORDS_CONTRAST:
      return clipped(0x1p31 + (fresh - 0x1p31) * (1.0 - f->size));
    case WORDS_STUCK:
      return p == (size_t)f->steps ? 0 : fresh;
    default:
      return fresh;
  }
}

static void half_sweep(sampler *m, bool hidden) {
  const size_t V = m->n_visible, H = m->n_hidden, width = H + 1;
  for (size_t k = 0; k < (hidden ? H : V); k++) {
    int64_t field = hidden ? m->words[V * width + k] : m->words[k * width + H];
    if (hidden) {
      for (size_t i = 0; i < V; i++) field += m->words[i * width + k] * m->s[i];
    } else {
      for (size_t j = 0; j < H; j++) field += m->words[k * width + j] * m->s[V + j];
    }
    const size_t p = hidden ? V + k : k;
    const uint32_t u = next_word(m, p, k == 0) >> m->shift;
    m->s[p] = u < m->threshold[field + m->bound] ? 1 : -1;
  }
}

static void record(const sampler *m, uint8_t *row, size_t bytes) {
  memset(row, 0, bytes);
  for (size_t p = 0; p < m->n_visible + m->n_hidden; p++)
    row[p >> 3] = (uint8_t)(row[p >> 3] | (m->s[p] > 0) << (p & 7));
}

static void start(sampler *m, size_t chain, uint64_t seed) {
  m->chain = chain;
  pbl_xoshiro_seed(&m->own, seed * 1000003u + chain);
  pbl_xoshiro_seed(&m->first, seed * 1000003u);
  pbl_xoshiro_seed(&m->coin, seed * 1000003u + 500001u + chain);
  for (size_t p = 0; p < m->n_visible + m->n_hidden; p++) {
    m->state[p] = pbl_xoshiro_next(&m->coin) | 1u;
    m->s[p] = pbl_xoshiro_next(&m->coin) >> 31 ? 1 : -1;
  }
}

static void tabulate(sampler *m, const pbl_image *image, size_t n_words) {
  const bool colder = m->fault->source == WORDS_BETA;
  const double gain = colder ? 1.0 + m->fault->size : 1.0;
  const uint32_t beta = (uint32_t)llround(gain * image->beta);
  m->bound = 0;
  for (size_t k = 0; k < n_words; k++) m->bound += llabs(m->words[k]);
  m->threshold = must(malloc((2 * (size_t)m->bound + 1) * sizeof *m->threshold));
  for (int64_t f = -m->bound; f <= m->bound; f++)
    m->threshold[f + m->bound] = pbl_image_threshold(image, f, beta);
}

pbl_chains *faulty_chains(const pbl_image *image, const faulty_words *words, size_t n_chains,
                          size_t n_draws, uint64_t seed) {
  const size_t V = (size_t)image->hw.n_visible, H = (size_t)image->hw.n_hidden;
  const size_t n_words = (V + 1) * (H + 1);
  pbl_chains *chains = NULL;
  if (pbl_chains_create(&chains, n_chains, n_draws, V + H, NULL) != PBL_OK) abort();
  int32_t *own = must(malloc(n_words * sizeof *own));
  memcpy(own, image->words, n_words * sizeof *own);
  if (words->source == WORDS_WEIGHT) own[1] += words->steps;
  sampler m = {.fault = words, .n_visible = V, .n_hidden = H, .words = own};
  m.shift = 32 - image->hw.threshold_bits;
  m.state = must(malloc((V + H) * sizeof *m.state));
  m.s = must(malloc(V + H));
  tabulate(&m, image, n_words);
  for (size_t c = 0; c < n_chains; c++) {
    start(&m, c, seed);
    for (size_t t = 0; t < n_draws; t++) {
      half_sweep(&m, true);
      half_sweep(&m, false);
      record(&m, pbl_chains_row(chains, c, t), chains->row_bytes);
    }
  }
  chains->n_recorded = n_draws;
  free(own);
  free(m.state);
  free(m.s);
  free(m.threshold);
  return chains;
}
