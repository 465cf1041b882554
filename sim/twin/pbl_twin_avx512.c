/* The kernels with 512-bit vectors: one register holds a group of 16 lanes. */
#include "pbl_twin_kernel.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))
#define INLINE static inline __attribute__((always_inline)) TARGET

typedef struct {
  __m512i s[4];
} generator;

TARGET static void fields(pbl_twin_job *job) {
  const size_t n_pairs = (size_t)job->n_pairs;
  const int32_t *w = (const int32_t *)job->weights;
  for (size_t tile = 0; tile < (size_t)job->n_tiles; tile++) {
    __m512i sum[PBL_TWIN_TILE];
    for (size_t p = 0; p < PBL_TWIN_TILE; p++)
      sum[p] = _mm512_set1_epi32(job->bias[tile * PBL_TWIN_TILE + p]);
    for (size_t k = 0; k < n_pairs; k++, w += PBL_TWIN_TILE) {
      const __m512i s = _mm512_loadu_si512(job->sources + k * PBL_TWIN_GROUP * 2);
      for (size_t p = 0; p < PBL_TWIN_TILE; p++)
        sum[p] = _mm512_dpwssd_epi32(sum[p], s, _mm512_set1_epi32(w[p]));
    }
    int32_t *to = job->fields + tile * PBL_TWIN_TILE * PBL_TWIN_GROUP;
    for (size_t p = 0; p < PBL_TWIN_TILE; p++) _mm512_storeu_si512(to + p * PBL_TWIN_GROUP, sum[p]);
  }
}

INLINE __m512i draw_xoshiro(generator *g) {
  __m512i *s = g->s;
  const __m512i sum = _mm512_add_epi32(s[0], s[3]);
  const __m512i word = _mm512_add_epi32(_mm512_rol_epi32(sum, 7), s[0]);
  const __m512i t = _mm512_slli_epi32(s[1], 9);
  s[2] = _mm512_xor_si512(s[2], s[0]);
  s[3] = _mm512_xor_si512(s[3], s[1]);
  s[1] = _mm512_xor_si512(s[1], s[2]);
  s[0] = _mm512_xor_si512(s[0], s[3]);
  s[2] = _mm512_xor_si512(s[2], t);
  s[3] = _mm512_rol_epi32(s[3], 11);
  return word;
}

INLINE __m512i draw_lfsr(generator *g, int steps) {
  const __m512i word = g->s[0], one = _mm512_set1_epi32(1);
  __m512i s = word;
  for (int i = 0; i < steps; i++) {
    /* 0x96 is the xor of three; the feedback bit is the inverse of the xor of four. */
    __m512i x = _mm512_ternarylogic_epi32(_mm512_srli_epi32(s, 31), _mm512_srli_epi32(s, 21),
                                          _mm512_srli_epi32(s, 1), 0x96);
    x = _mm512_andnot_si512(_mm512_xor_si512(x, s), one);
    s = _mm512_or_si512(_mm512_slli_epi32(s, 1), x);
  }
  g->s[0] = s;
  return word;
}

INLINE __m512i draw_xorshift(generator *g) {
  const __m512i word = g->s[0];
  __m512i s = _mm512_xor_si512(word, _mm512_slli_epi32(word, 13));
  s = _mm512_xor_si512(s, _mm512_srli_epi32(s, 17));
  g->s[0] = _mm512_xor_si512(s, _mm512_slli_epi32(s, 5));
  return word;
}

/* `kind` is a constant where this is inlined. */
INLINE __m512i draw(generator *g, pbl_generator kind, int lfsr_steps) {
  if (kind == PBL_GEN_LFSR32) return draw_lfsr(g, lfsr_steps);
  return kind == PBL_GEN_XORSHIFT32 ? draw_xorshift(g) : draw_xoshiro(g);
}

/* Betas of the even lanes, and of the odd ones, in the low halves of 64 bits. */
typedef struct {
  __m512i even, odd;
} betas;

INLINE betas load_betas(const pbl_twin_job *job) {
  if (!job->betas) {
    const __m512i beta = _mm512_set1_epi64((long long)job->activation->beta);
    return (betas){beta, beta};
  }
  const __m512i beta = _mm512_loadu_si512(job->betas);
  return (betas){beta, _mm512_srli_epi64(beta, 32)};
}

/* Table index of every lane, not yet clipped to the last but to one beyond it. */
INLINE __m512i table_index(const pbl_twin_activation *act, const betas *beta, __m512i field) {
  const __m512i addend = _mm512_set1_epi64((long long)act->round_addend);
  const __m512i beyond = _mm512_set1_epi64((long long)act->last_index + 1);
  const __m128i shift = _mm_cvtsi32_si128(act->shift);
  const __m512i a = _mm512_abs_epi32(field);
  __m512i even = _mm512_mul_epu32(a, beta->even);
  __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), beta->odd);
  even = _mm512_srl_epi64(_mm512_add_epi64(even, addend), shift);
  odd = _mm512_srl_epi64(_mm512_add_epi64(odd, addend), shift);
  even = _mm512_min_epu64(even, beyond);
  odd = _mm512_min_epu64(odd, beyond);
  return _mm512_or_si512(even, _mm512_slli_epi64(odd, 32));
}

/* Without optimisation gcc's header makes a macro of this, and that macro converts 65535 to short.
 */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
INLINE __m512i look_up(const uint32_t *table, __m512i index) {
  return _mm512_i32gather_epi32(index, table, 4);
}
#pragma GCC diagnostic pop

TARGET __attribute__((noinline)) static void capture(pbl_twin_job *job, int target, __m512i word,
                                                     __m512i threshold, __mmask16 old_bits,
                                                     __mmask16 new_bits) {
  for (int l = 0; l < PBL_TWIN_GROUP; l++)
    job->capture.field[l] = job->fields[(size_t)target * job->field_stride + (size_t)l];
  _mm512_storeu_si512(job->capture.random_word, word);
  _mm512_storeu_si512(job->capture.threshold, threshold);
  job->capture.old_bits = old_bits;
  job->capture.new_bits = new_bits;
}

INLINE void store_state(pbl_twin_job *job, int target, __mmask16 bits) {
  /* Both halves of a word hold the state; only the one of this p-bit is stored. */
  const __m512i state =
      _mm512_mask_mov_epi32(_mm512_set1_epi32(-1), bits, _mm512_set1_epi32(0x00010001));
  const __mmask32 half = (target & 1) ? 0xAAAAAAAAu : 0x55555555u;
  _mm512_mask_storeu_epi16(job->targets + (target >> 1) * PBL_TWIN_GROUP * 2, half, state);
}

INLINE void add_energy(__m512i energy[2], __m512i field, __mmask16 bits) {
  const __m512i term =
      _mm512_mask_sub_epi32(field, (__mmask16)~bits, _mm512_setzero_si512(), field);
  energy[0] = _mm512_add_epi64(energy[0], _mm512_cvtepi32_epi64(_mm512_castsi512_si256(term)));
  energy[1] =
      _mm512_add_epi64(energy[1], _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(term, 1)));
}

INLINE void run(pbl_twin_job *job, int first, int end, pbl_generator kind, bool coupled,
                bool given) {
  const pbl_twin_activation *act = job->activation;
  const __m512i last = _mm512_set1_epi32((int)act->last_index);
  const __m512i threshold_mask = _mm512_set1_epi32((int)act->threshold_mask);
  const __m128i word_shift = _mm_cvtsi32_si128(act->word_shift);
  const unsigned lanes = job->lane_mask;
  const betas beta = load_betas(job);
  uint64_t flips = 0, saturations = 0, freezes = 0;
  __m512i energy[2];
  generator g;
  for (int i = 0; i < 4; i++) g.s[i] = _mm512_loadu_si512(job->generator + i * PBL_TWIN_GROUP);
  for (int i = 0; i < 2; i++) energy[i] = _mm512_loadu_si512(job->energy + i * 8);
  for (int target = first; target < end; target++) {
    __m512i word = given ? _mm512_loadu_si512(job->words + (size_t)target * job->words_stride)
                         : draw(&g, kind, act->lfsr_steps);
    if (coupled) word = _mm512_shuffle_epi32(word, _MM_PERM_CCAA); /* lanes 0 0 2 2 of each four */
    const __m512i field = _mm512_loadu_si512(job->fields + (size_t)target * job->field_stride);
    const __m512i raw = table_index(act, &beta, field);
    const __mmask16 saturated = _mm512_cmpgt_epu32_mask(raw, last);
    const __m512i threshold = look_up(act->table, _mm512_min_epu32(raw, last));
    const __mmask16 positive = _mm512_cmpgt_epi32_mask(field, _mm512_setzero_si512());
    const __m512i u = _mm512_srl_epi32(word, word_shift);
    const __m512i mirrored = _mm512_mask_xor_epi32(u, positive, u, threshold_mask);
    const __mmask16 below = _mm512_cmplt_epu32_mask(mirrored, threshold);
    const unsigned old_bits = job->bits[target];
    const unsigned kept = job->clamp[target], free_lanes = lanes & ~kept;
    const unsigned new_bits =
        (((unsigned)below ^ (unsigned)positive) & free_lanes) | (old_bits & kept);
    flips += (unsigned)__builtin_popcount((old_bits ^ new_bits) & free_lanes);
    saturations += (unsigned)__builtin_popcount(saturated & free_lanes);
    freezes += (unsigned)__builtin_popcount(
        _mm512_cmpeq_epi32_mask(threshold, _mm512_setzero_si512()) & free_lanes);
    if (job->targets) store_state(job, target, (__mmask16)new_bits);
    job->bits[target] = (uint16_t)new_bits;
    add_energy(energy, field, (__mmask16)new_bits);
    if (target == job->watch)
      capture(job, target, word, threshold, (__mmask16)old_bits, (__mmask16)new_bits);
  }
  for (int i = 0; i < 4; i++) _mm512_storeu_si512(job->generator + i * PBL_TWIN_GROUP, g.s[i]);
  for (int i = 0; i < 2; i++) _mm512_storeu_si512(job->energy + i * 8, energy[i]);
  job->flips += flips;
  job->saturations += saturations;
  job->freezes += freezes;
}

/* One loop for each generator, without branches in it. */
INLINE void run_kind(pbl_twin_job *job, int first, int end, bool coupled) {
  if (job->words) {
    run(job, first, end, PBL_GEN_XOSHIRO128PP, coupled, true);
    return;
  }
  switch (job->activation->generator) {
    case PBL_GEN_XOSHIRO128PP:
      run(job, first, end, PBL_GEN_XOSHIRO128PP, coupled, false);
      break;
    case PBL_GEN_LFSR32:
      run(job, first, end, PBL_GEN_LFSR32, coupled, false);
      break;
    case PBL_GEN_XORSHIFT32:
      run(job, first, end, PBL_GEN_XORSHIFT32, coupled, false);
      break;
  }
}

TARGET static void update(pbl_twin_job *job, int first, int end) {
  if (job->activation->coupled) {
    run_kind(job, first, end, true);
  } else {
    run_kind(job, first, end, false);
  }
}

const pbl_twin_kernel *pbl_twin_kernel_avx512(void) {
  static const pbl_twin_kernel kernel = {"avx512", fields, update};
  const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
  return has ? &kernel : NULL;
}

#else

const pbl_twin_kernel *pbl_twin_kernel_avx512(void) {
  return NULL;
}

#endif
