#include "pbl_gibbs.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"

#define LANES PBL_GIBBS_LANES

/* The sanitizers' start-up does not survive the indirect functions that clones need. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__x86_64__) && defined(__ELF__) && !defined(SANITIZED) && defined(__has_attribute)
#if __has_attribute(target_clones)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#endif
#ifndef CLONES
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

/* exp(x) for |x| <= 87: x = n ln2 + r with |r| <= ln2/2, Taylor to r^7 (truncation 5e-9), times 2^n
 * through the exponent bits. ln2 is split so that n * LN2_HIGH is exact. Branch-free. */
INLINE float exp_clipped(float x) {
  const float log2_e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  const float to_integer = 12582912.0f; /* 1.5 * 2^23: adding it rounds to nearest */
  const float shifted = x * log2_e + to_integer;
  const float n = shifted - to_integer;
  const float r = (x - n * ln2_high) - n * ln2_low;
  float y = 1.0f / 5040.0f;
  y = y * r + 1.0f / 720.0f;
  y = y * r + 1.0f / 120.0f;
  y = y * r + 1.0f / 24.0f;
  y = y * r + 1.0f / 6.0f;
  y = y * r + 0.5f;
  y = (y * r) * r + r;
  y = y + 1.0f;
  int32_t bits;
  memcpy(&bits, &y, sizeof bits);
  bits += (int32_t)n * (1 << 23);
  memcpy(&y, &bits, sizeof y);
  return y;
}

/* In this order NaN (of a diverged training) is clipped, too: exp's integers cannot hold it. */
INLINE float clip87(float x) {
  x = x > -87.0f ? x : -87.0f;
  return x > 87.0f ? 87.0f : x;
}

INLINE float sigmoid(float x) {
  return 1.0f / (1.0f + exp_clipped(clip87(-x)));
}

CLONES static void exp_all(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = exp_clipped(clip87(x[i]));
}

CLONES static void sigmoid_all(float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = sigmoid(x[i]);
}

void pbl_gibbs_exp(float *x, size_t n) {
  exp_all(x, n);
}
void pbl_gibbs_sigmoid(float *x, size_t n) {
  sigmoid_all(x, n);
}

INLINE void next_words(uint32_t *restrict word, uint32_t (*restrict s)[LANES]) {
  for (int l = 0; l < LANES; l++) {
    uint32_t s0 = s[0][l], s1 = s[1][l], s2 = s[2][l], s3 = s[3][l];
    word[l] = pbl_rotl32(s0 + s3, 7) + s0;
    const uint32_t t = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= t;
    s3 = pbl_rotl32(s3, 11);
    s[0][l] = s0, s[1][l] = s1, s[2][l] = s2, s[3][l] = s3;
  }
}

CLONES static void draw(float *restrict s, const float *restrict field, const float *restrict bias,
                        const uint8_t *restrict clamp, size_t n, float coupling, float two_beta,
                        uint32_t (*restrict gen)[LANES]) {
  uint32_t g[4][LANES]; /* a local copy stays in vector registers */
  memcpy(g, gen, sizeof g);
  for (size_t i = 0; i < n; i++) {
    uint32_t word[LANES];
    next_words(word, g);
    if (clamp && clamp[i]) continue;
    const float b = bias[i];
    for (int l = 0; l < LANES; l++) {
      const float p = sigmoid(two_beta * (coupling * field[i * LANES + (size_t)l] + b));
      const float u = (float)(int32_t)(word[l] >> 8) * 0x1p-24f;
      s[i * LANES + (size_t)l] = u < p ? 1.0f : -1.0f;
    }
  }
  memcpy(gen, g, sizeof g);
}

CLONES static void mean_all(float *restrict m, const float *restrict field,
                            const float *restrict bias, size_t n, float coupling, float two_beta) {
  for (size_t i = 0; i < n; i++) {
    const float b = bias[i];
    for (int l = 0; l < LANES; l++) {
      const size_t k = i * LANES + (size_t)l;
      m[k] = 2.0f * sigmoid(two_beta * (coupling * field[k] + b)) - 1.0f;
    }
  }
}

static float *aligned_zeros(size_t n) {
  const size_t bytes = (n * sizeof(float) + 63) / 64 * 64;
  float *p = aligned_alloc(64, bytes);
  if (p) memset(p, 0, bytes);
  return p;
}

pbl_status pbl_gibbs_create(pbl_gibbs_block **out, size_t n_blocks, size_t n_visible,
                            size_t n_hidden, uint64_t seed, pbl_error *err) {
  *out = NULL;
  openblas_set_num_threads(1);
  pbl_gibbs_block *blocks = calloc(n_blocks ? n_blocks : 1, sizeof *blocks);
  if (!blocks) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu chain blocks", n_blocks);
  const size_t widest = n_visible > n_hidden ? n_visible : n_hidden;
  pbl_xoshiro stream;
  pbl_xoshiro_seed(&stream, seed);
  for (size_t k = 0; k < n_blocks; k++) {
    pbl_gibbs_block *b = &blocks[k];
    b->n_visible = n_visible;
    b->n_hidden = n_hidden;
    b->v = aligned_zeros(n_visible * LANES);
    b->h = aligned_zeros(n_hidden * LANES);
    b->field = aligned_zeros(widest * LANES);
    if (!b->v || !b->h || !b->field) {
      pbl_gibbs_destroy(blocks, n_blocks);
      return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu blocks of %zu x 16 p-bits", n_blocks,
                      n_visible + n_hidden);
    }
    for (size_t l = 0; l < LANES; l++) {
      pbl_xoshiro_long_jump(&stream);
      for (size_t i = 0; i < 4; i++) b->gen[i][l] = stream.s[i];
    }
  }
  *out = blocks;
  return PBL_OK;
}

void pbl_gibbs_destroy(pbl_gibbs_block *blocks, size_t n_blocks) {
  if (!blocks) return;
  for (size_t k = 0; k < n_blocks; k++) {
    free(blocks[k].v);
    free(blocks[k].h);
    free(blocks[k].field);
  }
  free(blocks);
}

void pbl_gibbs_hidden_field(pbl_gibbs_block *b, const float *w) {
  const int n_v = (int)b->n_visible, n_h = (int)b->n_hidden;
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, n_h, LANES, n_v, 1.0f, w, n_h, b->v, LANES,
              0.0f, b->field, LANES);
}

void pbl_gibbs_visible_field(pbl_gibbs_block *b, const float *w) {
  const int n_v = (int)b->n_visible, n_h = (int)b->n_hidden;
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n_v, LANES, n_h, 1.0f, w, n_h, b->h, LANES,
              0.0f, b->field, LANES);
}

void pbl_gibbs_draw_hidden(pbl_gibbs_block *b, const pbl_gibbs_law *law) {
  draw(b->h, b->field, law->bias_h, law->clamp ? law->clamp + b->n_visible : NULL, b->n_hidden,
       law->coupling, law->two_beta, b->gen);
}

void pbl_gibbs_draw_visible(pbl_gibbs_block *b, const pbl_gibbs_law *law) {
  draw(b->v, b->field, law->bias_v, law->clamp, b->n_visible, law->coupling, law->two_beta, b->gen);
}

void pbl_gibbs_half_hidden(pbl_gibbs_block *b, const pbl_gibbs_law *law) {
  if (law->sparse) {
    pbl_gibbs_sparse_field(b->field, &law->sparse->hidden, b->v);
  } else {
    pbl_gibbs_hidden_field(b, law->w);
  }
  pbl_gibbs_draw_hidden(b, law);
}

void pbl_gibbs_half_visible(pbl_gibbs_block *b, const pbl_gibbs_law *law) {
  if (law->sparse) {
    pbl_gibbs_sparse_field(b->field, &law->sparse->visible, b->h);
  } else {
    pbl_gibbs_visible_field(b, law->w);
  }
  pbl_gibbs_draw_visible(b, law);
}

void pbl_gibbs_hidden_mean(float *mean, pbl_gibbs_block *b, const pbl_gibbs_law *law) {
  pbl_gibbs_hidden_field(b, law->w);
  mean_all(mean, b->field, law->bias_h, b->n_hidden, law->coupling, law->two_beta);
}
