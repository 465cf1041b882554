/* The kernels with 256-bit vectors: two registers hold a group of 16 lanes. */
#include "pbl_twin_kernel.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx2,popcnt")))
#define INLINE static inline __attribute__((always_inline)) TARGET

enum { HALF_GROUP = 8, HALF_TILE = 4 };

typedef struct {
  __m256i s[4];
} generator;

INLINE __m256i load(const void *p) {
  return _mm256_loadu_si256((const __m256i *)p);
}
INLINE void store(void *p, __m256i x) {
  _mm256_storeu_si256((__m256i *)p, x);
}

/* Four p-bits at a time: eight sums, two states and a weight fill the sixteen registers. */
INLINE void fields_half_tile(pbl_twin_job *job, size_t tile, size_t first) {
  const size_t n_pairs = (size_t)job->n_pairs;
  const int32_t *w = (const int32_t *)job->weights + tile * n_pairs * PBL_TWIN_TILE + first;
  const size_t target = tile * PBL_TWIN_TILE + first;
  __m256i sum[HALF_TILE][2];
  for (size_t p = 0; p < HALF_TILE; p++)
    sum[p][0] = sum[p][1] = _mm256_set1_epi32(job->bias[target + p]);
  for (size_t k = 0; k < n_pairs; k++, w += PBL_TWIN_TILE) {
    const __m256i s0 = load(job->sources + k * PBL_TWIN_GROUP * 2);
    const __m256i s1 = load(job->sources + k * PBL_TWIN_GROUP * 2 + PBL_TWIN_GROUP);
    for (size_t p = 0; p < HALF_TILE; p++) {
      const __m256i weight = _mm256_set1_epi32(w[p]);
      sum[p][0] = _mm256_add_epi32(sum[p][0], _mm256_madd_epi16(s0, weight));
      sum[p][1] = _mm256_add_epi32(sum[p][1], _mm256_madd_epi16(s1, weight));
    }
  }
  for (size_t p = 0; p < HALF_TILE; p++) {
    store(job->fields + (target + p) * PBL_TWIN_GROUP, sum[p][0]);
    store(job->fields + (target + p) * PBL_TWIN_GROUP + HALF_GROUP, sum[p][1]);
  }
}

TARGET static void fields(pbl_twin_job *job) {
  for (size_t tile = 0; tile < (size_t)job->n_tiles; tile++) {
    fields_half_tile(job, tile, 0);
    fields_half_tile(job, tile, HALF_TILE);
  }
}

INLINE __m256i rotl(__m256i x, int k) {
  return _mm256_or_si256(_mm256_slli_epi32(x, k), _mm256_srli_epi32(x, 32 - k));
}

INLINE __m256i draw_xoshiro(generator *g) {
  __m256i *s = g->s;
  const __m256i word = _mm256_add_epi32(rotl(_mm256_add_epi32(s[0], s[3]), 7), s[0]);
  const __m256i t = _mm256_slli_epi32(s[1], 9);
  s[2] = _mm256_xor_si256(s[2], s[0]);
  s[3] = _mm256_xor_si256(s[3], s[1]);
  s[1] = _mm256_xor_si256(s[1], s[2]);
  s[0] = _mm256_xor_si256(s[0], s[3]);
  s[2] = _mm256_xor_si256(s[2], t);
  s[3] = rotl(s[3], 11);
  return word;
}

INLINE __m256i draw_lfsr(generator *g, int steps) {
  const __m256i word = g->s[0], one = _mm256_set1_epi32(1);
  __m256i s = word;
  for (int i = 0; i < steps; i++) {
    const __m256i high = _mm256_xor_si256(_mm256_srli_epi32(s, 31), _mm256_srli_epi32(s, 21));
    const __m256i low = _mm256_xor_si256(_mm256_srli_epi32(s, 1), s);
    const __m256i bit = _mm256_andnot_si256(_mm256_xor_si256(high, low), one);
    s = _mm256_or_si256(_mm256_slli_epi32(s, 1), bit);
  }
  g->s[0] = s;
  return word;
}

INLINE __m256i draw_xorshift(generator *g) {
  const __m256i word = g->s[0];
  __m256i s = _mm256_xor_si256(word, _mm256_slli_epi32(word, 13));
  s = _mm256_xor_si256(s, _mm256_srli_epi32(s, 17));
  g->s[0] = _mm256_xor_si256(s, _mm256_slli_epi32(s, 5));
  return word;
}

/* `kind` is a constant where this is inlined. */
INLINE __m256i draw(generator *g, pbl_generator kind, int lfsr_steps) {
  if (kind == PBL_GEN_LFSR32) return draw_lfsr(g, lfsr_steps);
  return kind == PBL_GEN_XORSHIFT32 ? draw_xorshift(g) : draw_xoshiro(g);
}

/* (mag + addend) >> shift, at most `beyond`. mag stays far below 2^63: the signed compare is safe.
 */
INLINE __m256i index_of(__m256i mag, __m256i addend, __m256i beyond, __m128i shift) {
  const __m256i index = _mm256_srl_epi64(_mm256_add_epi64(mag, addend), shift);
  return _mm256_blendv_epi8(index, beyond, _mm256_cmpgt_epi64(index, beyond));
}

/* Betas of the even lanes, and of the odd ones, in the low halves of 64 bits. */
typedef struct {
  __m256i even, odd;
} betas;

INLINE betas load_betas(const pbl_twin_job *job, int offset) {
  if (!job->betas) {
    const __m256i beta = _mm256_set1_epi64x((long long)job->activation->beta);
    return (betas){beta, beta};
  }
  const __m256i beta = load(job->betas + offset);
  return (betas){beta, _mm256_srli_epi64(beta, 32)};
}

INLINE __m256i table_index(const pbl_twin_activation *act, const betas *beta, __m256i field) {
  const __m256i addend = _mm256_set1_epi64x((long long)act->round_addend);
  const __m256i beyond = _mm256_set1_epi64x((long long)act->last_index + 1);
  const __m128i shift = _mm_cvtsi32_si128(act->shift);
  const __m256i a = _mm256_abs_epi32(field);
  const __m256i even = _mm256_mul_epu32(a, beta->even);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), beta->odd);
  return _mm256_or_si256(index_of(even, addend, beyond, shift),
                         _mm256_slli_epi64(index_of(odd, addend, beyond, shift), 32));
}

INLINE unsigned sign_bits(__m256i x) {
  return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(x));
}

typedef struct {
  unsigned state, saturated, frozen; /* one bit per lane */
} outcome;

INLINE outcome activate(const pbl_twin_activation *act, const betas *beta, __m256i field,
                        __m256i word, __m256i *threshold) {
  const __m256i last = _mm256_set1_epi32((int)act->last_index);
  const __m256i raw = table_index(act, beta, field);
  const __m256i index = _mm256_min_epi32(raw, last);
  *threshold = _mm256_i32gather_epi32((const int *)act->table, index, 4);
  const __m256i positive = _mm256_cmpgt_epi32(field, _mm256_setzero_si256());
  const __m256i mask = _mm256_set1_epi32((int)act->threshold_mask);
  const __m256i u = _mm256_srl_epi32(word, _mm_cvtsi32_si128(act->word_shift));
  const __m256i mirrored = _mm256_xor_si256(u, _mm256_and_si256(positive, mask));
  /* Unsigned compare: flip the sign bits. */
  const __m256i bias = _mm256_set1_epi32((int)0x80000000u);
  const __m256i below =
      _mm256_cmpgt_epi32(_mm256_xor_si256(*threshold, bias), _mm256_xor_si256(mirrored, bias));
  return (outcome){
      .state = sign_bits(_mm256_xor_si256(below, positive)),
      .saturated = sign_bits(_mm256_cmpgt_epi32(raw, last)),
      .frozen = sign_bits(_mm256_cmpeq_epi32(*threshold, _mm256_setzero_si256())),
  };
}

/* -1 in the lanes whose bit is set, else 0. */
INLINE __m256i spread(unsigned bits) {
  const __m256i place = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32((int)bits), place), place);
}

INLINE void store_state(int16_t *words, int parity, __m256i up) {
  const __m256i state =
      _mm256_blendv_epi8(_mm256_set1_epi32(-1), _mm256_set1_epi32(0x00010001), up);
  const __m256i old = load(words);
  store(words,
        parity ? _mm256_blend_epi16(old, state, 0xAA) : _mm256_blend_epi16(old, state, 0x55));
}

INLINE void add_energy(__m256i energy[2], __m256i field, __m256i up) {
  const __m256i sign = _mm256_or_si256(up, _mm256_set1_epi32(1)); /* -1 where up, else 1 */
  const __m256i term = _mm256_sign_epi32(field, sign);            /* minus field * state */
  energy[0] = _mm256_sub_epi64(energy[0], _mm256_cvtepi32_epi64(_mm256_castsi256_si128(term)));
  energy[1] = _mm256_sub_epi64(energy[1], _mm256_cvtepi32_epi64(_mm256_extracti128_si256(term, 1)));
}

INLINE void run_half(pbl_twin_job *job, int first, int end, int half, pbl_generator kind,
                     bool coupled, bool given) {
  const pbl_twin_activation *act = job->activation;
  const int offset = half * HALF_GROUP;
  const unsigned lanes = (unsigned)job->lane_mask >> offset & 0xFFu;
  const betas beta = load_betas(job, offset);
  uint64_t flips = 0, saturations = 0, freezes = 0;
  __m256i energy[2];
  generator g;
  for (int i = 0; i < 4; i++) g.s[i] = load(job->generator + i * PBL_TWIN_GROUP + offset);
  for (int i = 0; i < 2; i++) energy[i] = load(job->energy + offset + i * 4);
  for (int target = first; target < end; target++) {
    __m256i word = given ? load(job->words + (size_t)target * job->words_stride + offset)
                         : draw(&g, kind, act->lfsr_steps);
    if (coupled) word = _mm256_shuffle_epi32(word, 0xA0); /* lanes 0 0 2 2 of each four */
    const __m256i field = load(job->fields + (size_t)target * job->field_stride + offset);
    __m256i threshold;
    const outcome o = activate(act, &beta, field, word, &threshold);
    const unsigned old_bits = (unsigned)job->bits[target] >> offset & 0xFFu;
    const unsigned kept = (unsigned)job->clamp[target] >> offset & 0xFFu,
                   free_lanes = lanes & ~kept;
    const unsigned new_bits = (o.state & free_lanes) | (old_bits & kept);
    const __m256i up = spread(new_bits);
    flips += (unsigned)__builtin_popcount((old_bits ^ new_bits) & free_lanes);
    saturations += (unsigned)__builtin_popcount(o.saturated & free_lanes);
    freezes += (unsigned)__builtin_popcount(o.frozen & free_lanes);
    if (job->targets)
      store_state(job->targets + (target >> 1) * PBL_TWIN_GROUP * 2 + offset * 2, target & 1, up);
    ((uint8_t *)&job->bits[target])[half] = (uint8_t)new_bits; /* x86: little-endian */
    add_energy(energy, field, up);
    if (target == job->watch) {
      for (int l = 0; l < HALF_GROUP; l++)
        job->capture.field[offset + l] =
            job->fields[(size_t)target * job->field_stride + (size_t)(offset + l)];
      store(job->capture.random_word + offset, word);
      store(job->capture.threshold + offset, threshold);
      ((uint8_t *)&job->capture.old_bits)[half] = (uint8_t)old_bits;
      ((uint8_t *)&job->capture.new_bits)[half] = (uint8_t)new_bits;
    }
  }
  for (int i = 0; i < 4; i++) store(job->generator + i * PBL_TWIN_GROUP + offset, g.s[i]);
  for (int i = 0; i < 2; i++) store(job->energy + offset + i * 4, energy[i]);
  job->flips += flips;
  job->saturations += saturations;
  job->freezes += freezes;
}

/* One loop for each generator, without branches in it. */
INLINE void run_kind(pbl_twin_job *job, int first, int end, int half, bool coupled) {
  if (job->words) {
    run_half(job, first, end, half, PBL_GEN_XOSHIRO128PP, coupled, true);
    return;
  }
  switch (job->activation->generator) {
    case PBL_GEN_XOSHIRO128PP:
      run_half(job, first, end, half, PBL_GEN_XOSHIRO128PP, coupled, false);
      break;
    case PBL_GEN_LFSR32:
      run_half(job, first, end, half, PBL_GEN_LFSR32, coupled, false);
      break;
    case PBL_GEN_XORSHIFT32:
      run_half(job, first, end, half, PBL_GEN_XORSHIFT32, coupled, false);
      break;
  }
}

/* Lanes are independent, so each half of the group runs on its own. */
TARGET static void update(pbl_twin_job *job, int first, int end) {
  for (int half = 0; half < 2; half++) {
    if (job->activation->coupled) {
      run_kind(job, first, end, half, true);
    } else {
      run_kind(job, first, end, half, false);
    }
  }
}

const pbl_twin_kernel *pbl_twin_kernel_avx2(void) {
  static const pbl_twin_kernel kernel = {"avx2", fields, update};
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") ? &kernel : NULL;
}

#else

const pbl_twin_kernel *pbl_twin_kernel_avx2(void) {
  return NULL;
}

#endif
