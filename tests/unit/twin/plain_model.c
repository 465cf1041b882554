#include "plain_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* after the above */
#include <cmocka.h>

#include "pbl_rng.h"

/* No product can come near its end. */
__extension__ typedef unsigned __int128 wide;

static void *must_calloc(size_t n, size_t size) {
  void *p = calloc(n, size);
  assert_non_null(p);
  return p;
}

void plain_create(plain_model *m, const pbl_hw *hw, uint64_t seed) {
  const size_t v = (size_t)hw->n_visible, h = (size_t)hw->n_hidden, r = (size_t)hw->replicas;
  *m = (plain_model){.hw = *hw};
  m->words = must_calloc((v + 1) * (h + 1), sizeof *m->words);
  m->table = must_calloc((size_t)hw->table_size, sizeof *m->table);
  m->clamp = must_calloc(v + h, 1);
  m->spin = must_calloc(r * (v + h), 1);
  m->even = must_calloc(v + 2 * h, sizeof *m->even);
  const int bits = pbl_hw_weight_bits(hw);
  /* Amplitudes from one step to the full range, so that all of the table is met. */
  const int drop = (int)(pbl_splitmix64(&seed) % (uint64_t)bits);
  for (size_t i = 0; i < (v + 1) * (h + 1) - 1; i++) {
    const int64_t full =
        (int64_t)(pbl_splitmix64(&seed) & (((uint64_t)1 << bits) - 1)) - ((int64_t)1 << (bits - 1));
    m->words[i] = (int32_t)(full / ((int64_t)1 << drop));
  }
  /* Any values: the first need not be one half, so the sign rule at field 0 shows too. */
  for (size_t k = 0; k < (size_t)hw->table_size; k++) {
    const uint64_t draw = pbl_splitmix64(&seed);
    m->table[k] = draw % 8 == 0 ? 0 : (uint32_t)(draw >> (64 - hw->threshold_bits));
  }
  for (size_t p = 0; p < v + h; p++) m->clamp[p] = pbl_splitmix64(&seed) % 5 == 0;
  for (size_t i = 0; i < r * (v + h); i++) m->spin[i] = pbl_splitmix64(&seed) & 1 ? 1 : -1;
  for (int l = 0; l < hw->lanes; l++) {
    for (int i = 0; i < 4; i++) m->generator[l][i] = (uint32_t)pbl_splitmix64(&seed);
  }
  for (int i = 0; i < 4; i++) m->control[i] = (uint32_t)pbl_splitmix64(&seed);
}

void plain_free(plain_model *m) {
  free(m->words);
  free(m->table);
  free(m->clamp);
  free(m->spin);
  free(m->even);
}

static uint32_t rotate_left(uint32_t x, unsigned k) {
  return (x << k) | (x >> (32 - k));
}

/* x + x 2^k over F2, bit by bit. */
static uint32_t with_shift(uint32_t x, int k) {
  uint32_t sum = 0;
  for (int i = 0; i < 32; i++) {
    const int from = i - k;
    const uint32_t other = from >= 0 && from < 32 ? x >> from & 1 : 0;
    sum |= ((x >> i & 1) ^ other) << i;
  }
  return sum;
}

uint32_t plain_next_word(const pbl_hw *hw, uint32_t s[4]) {
  if (hw->generator == PBL_GEN_LFSR32) {
    const uint32_t word = s[0];
    for (int i = 0; i < hw->lfsr_steps; i++) {
      int ones = 0;
      const int taps[] = {31, 21, 1, 0};
      for (int k = 0; k < 4; k++) ones += (int)((s[0] >> taps[k]) & 1);
      s[0] = s[0] * 2 + (ones % 2 == 0 ? 1u : 0u);
    }
    return word;
  }
  if (hw->generator == PBL_GEN_XORSHIFT32) {
    const uint32_t word = s[0];
    s[0] = with_shift(with_shift(with_shift(word, 13), -17), 5);
    return word;
  }
  const uint32_t word = rotate_left(s[0] + s[3], 7) + s[0];
  const uint32_t a = s[0], b = s[1], c = s[2], d = s[3];
  s[0] = a ^ b ^ d;
  s[1] = a ^ b ^ c;
  s[2] = a ^ c ^ (b << 9);
  s[3] = rotate_left(b ^ d, 11);
  return word;
}

static int64_t word_at(const plain_model *m, int row, int col) {
  return m->words[(size_t)row * (size_t)(m->hw.n_hidden + 1) + (size_t)col];
}

static int64_t local_field(const plain_model *m, const int8_t *s, int pbit) {
  const int v = m->hw.n_visible, h = m->hw.n_hidden;
  int64_t sum;
  if (pbit < v) {
    sum = word_at(m, pbit, h);
    for (int j = 0; j < h; j++) sum += word_at(m, pbit, j) * s[v + j];
  } else {
    sum = word_at(m, v, pbit - v);
    for (int i = 0; i < v; i++) sum += word_at(m, i, pbit - v) * s[i];
  }
  return sum;
}

uint64_t plain_digest(uint64_t sum, uint64_t sweep, int half, int replica, int pbit, int64_t field,
                      uint32_t random_word, uint32_t threshold, uint32_t state) {
  const uint64_t parts[] = {sweep,           (uint64_t)half, (uint64_t)replica, (uint64_t)pbit,
                            (uint64_t)field, random_word,    threshold,         state};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
    sum = (sum ^ parts[i]) * 0x100000001B3u;
  return sum;
}

plain_decision plain_decide(const pbl_hw *hw, const uint32_t *table, int64_t field, uint32_t beta,
                            uint32_t word) {
  int table_log2 = 0;
  for (int n = hw->table_size; n > 1; n /= 2) table_log2++;
  const int shift = hw->weight_frac + hw->beta_frac + hw->table_range_log2 - 1 - table_log2;
  wide scaled = (wide)(uint64_t)llabs(field) * beta;
  if (hw->rounding) scaled += (wide)1 << (shift - 1);
  scaled >>= shift;
  const int saturated = scaled >= (unsigned)hw->table_size;
  const uint32_t q = table[saturated ? hw->table_size - 1 : (int)scaled];
  const uint64_t u = (uint64_t)word >> (32 - hw->threshold_bits);
  const uint64_t limit = field > 0 ? ((uint64_t)1 << hw->threshold_bits) - q : q;
  return (plain_decision){.up = u < limit, .saturated = saturated, .threshold = q};
}

static void update(plain_model *m, int replica, int pbit, int half, uint32_t beta) {
  const pbl_hw *hw = &m->hw;
  int8_t *s = m->spin + (size_t)replica * (size_t)pbl_hw_pbits(hw);
  const int64_t field = local_field(m, s, pbit);
  const int lane = replica % hw->lanes;
  uint32_t word = plain_next_word(hw, m->generator[lane]);
  if (lane % 2 == 0) m->even[m->n_draws] = word;
  if (lane % 2 == 1 && m->coupled) word = m->even[m->n_draws];
  m->n_draws++;
  const plain_decision d =
      plain_decide(hw, m->table, field, m->betas ? m->betas[replica] : beta, word);
  const int clamped = m->clamp[pbit];
  const int old_up = s[pbit] > 0;
  const int new_up = clamped ? old_up : d.up;
  if (!clamped) {
    m->flips += (uint64_t)(new_up != old_up);
    m->flips_v += (uint64_t)(new_up != old_up && pbit < hw->n_visible);
    m->saturations += (uint64_t)d.saturated;
    m->freezes += d.threshold == 0;
  }
  s[pbit] = new_up ? 1 : -1;
  const uint32_t state = (uint32_t)new_up + 2 * (uint32_t)old_up + 4 * (uint32_t)clamped;
  if (pbit == m->watch_pbit && replica == m->watch_replica) {
    m->seen_field = field;
    m->seen_random = word;
    m->seen_threshold = d.threshold;
    m->seen_state = state;
  }
  m->n_updates++;
  /* The device goes p-bit by p-bit with all lanes of a context side by side; a sum does not mind.
   */
  m->trace_sum += plain_digest(7, m->sweeps, half, replica, pbit, field, word, d.threshold, state);
}

static int64_t energy_of(const plain_model *m, const int8_t *s) {
  const int v = m->hw.n_visible, h = m->hw.n_hidden;
  int64_t e = 0;
  for (int i = 0; i < v; i++) {
    for (int j = 0; j < h; j++) e -= word_at(m, i, j) * s[i] * s[v + j];
    e -= word_at(m, i, h) * s[i];
  }
  for (int j = 0; j < h; j++) e -= word_at(m, v, j) * s[v + j];
  return e;
}

void plain_sweep(plain_model *m, pbl_kernel kernel, uint32_t beta) {
  const int v = m->hw.n_visible, h = m->hw.n_hidden;
  int reversed = 0;
  for (int r = 0; r < m->hw.replicas; r++) {
    m->n_draws = 0;
    if (r % m->hw.lanes == 0 && kernel == PBL_KERNEL_COIN) {
      reversed = plain_next_word(&m->hw, m->control) >= 0x80000000u;
      m->n_reversed += (size_t)reversed;
    }
    const int after = kernel == PBL_KERNEL_PALINDROMIC || reversed;
    for (int j = 0; j < h && !reversed; j++) update(m, r, v + j, 0, beta);
    for (int i = 0; i < v; i++) update(m, r, i, 1, beta);
    for (int j = 0; j < h && after; j++) update(m, r, v + j, 2, beta);
    m->energy[r] = energy_of(m, m->spin + (size_t)r * (size_t)(v + h));
  }
  const int contexts = m->hw.replicas / m->hw.lanes;
  const int cyclic = 2 * (v + 1) + h + 12 + 1;
  m->busy +=
      (uint64_t)(contexts * (kernel == PBL_KERNEL_PALINDROMIC ? cyclic + v + 1 + h + 6 : cyclic));
  m->sweeps++;
}

uint32_t plain_crc(uint32_t crc, uint32_t word) {
  for (int bit = 0; bit < 32; bit++) {
    const uint32_t mix = (crc ^ (word >> bit)) & 1;
    crc = (crc >> 1) ^ (mix ? 0xEDB88320u : 0);
  }
  return crc;
}

uint32_t plain_hash(const plain_model *m) {
  const int v = m->hw.n_visible, h = m->hw.n_hidden;
  uint32_t crc = 0xFFFFFFFFu;
  for (int i = 0; i < (v + 1) * (h + 1); i++) crc = plain_crc(crc, (uint32_t)m->words[i]);
  for (int l = 0; l < m->hw.lanes; l++) {
    for (int k = 0; k < m->hw.table_size; k++) crc = plain_crc(crc, m->table[k]);
  }
  for (int p = 0; p < v + h; p++) crc = plain_crc(crc, m->clamp[p]);
  return ~crc;
}

int plain_frame_bit(const plain_model *m, int context, int position) {
  const int pbit = position / m->hw.lanes, lane = position % m->hw.lanes;
  if (pbit >= pbl_hw_pbits(&m->hw)) return 0;
  const int replica = context * m->hw.lanes + lane;
  return m->spin[(size_t)replica * (size_t)pbl_hw_pbits(&m->hw) + (size_t)pbit] > 0;
}
