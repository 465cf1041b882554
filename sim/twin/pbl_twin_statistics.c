/* What the statistics unit does with a sample. */
#include "pbl_twin_statistics.h"

#include <stdlib.h>
#include <string.h>

#define PROJECTIONS (PBL_TWIN_STAT_SERIES - 1)
#define LIMIT (UINT64_C(1) << 32) /* of T and of what a counter holds */
#define PLANES 17                 /* of a count up to 65536 */

static bool bank_open(pbl_twin_stat_bank *b, const pbl_twin_statistics *s) {
  b->ones = calloc((size_t)s->n_pbits, sizeof *b->ones);
  b->equal = calloc((size_t)s->n_pairs + 1, sizeof *b->equal);
  b->series = calloc((size_t)s->replicas * PBL_TWIN_STAT_SERIES, sizeof *b->series);
  return b->ones && b->equal && b->series;
}

static void bank_close(pbl_twin_stat_bank *b) {
  free(b->ones);
  free(b->equal);
  free(b->series);
}

static void bank_begin(pbl_twin_stat_bank *b, const pbl_twin_statistics *s) {
  b->first = s->taken;
  b->samples = 0;
  memset(b->ones, 0, (size_t)s->n_pbits * sizeof *b->ones);
  memset(b->equal, 0, (size_t)s->n_pairs * sizeof *b->equal);
  memset(b->series, 0, (size_t)s->replicas * PBL_TWIN_STAT_SERIES * sizeof *b->series);
}

pbl_twin_statistics *pbl_twin_statistics_open(const pbl_hw *hw) {
  pbl_twin_statistics *s = calloc(1, sizeof *s);
  if (!s) return NULL;
  s->n_pbits = hw->fabric == PBL_FABRIC_SPARSE ? hw->sparse.pbits : pbl_hw_pbits(hw);
  s->n_pairs = hw->stat_pairs;
  s->replicas = hw->replicas;
  s->lanes = hw->lanes;
  s->contexts = pbl_hw_contexts(hw);
  s->v = calloc((size_t)s->replicas * PBL_TWIN_STAT_SERIES, sizeof *s->v);
  s->coefficients = calloc((size_t)s->n_pbits, 1);
  s->pair = calloc((size_t)s->n_pairs + 1, sizeof *s->pair);
  s->frame = calloc(((size_t)s->n_pbits * (size_t)s->lanes + 31) / 32, sizeof *s->frame);
  if (bank_open(&s->bank[0], s) && bank_open(&s->bank[1], s) && s->v && s->coefficients &&
      s->pair && s->frame)
    return s;
  pbl_twin_statistics_close(s);
  return NULL;
}

void pbl_twin_statistics_close(pbl_twin_statistics *s) {
  if (!s) return;
  bank_close(&s->bank[0]);
  bank_close(&s->bank[1]);
  free(s->v);
  free(s->coefficients);
  free(s->pair);
  free(s->frame);
  free(s);
}

void pbl_twin_statistics_clear(pbl_twin_statistics *s) {
  s->taken = 0;
  s->clipped = s->full = false;
  bank_begin(&s->bank[0], s);
  bank_begin(&s->bank[1], s);
}

void pbl_twin_statistics_swap(pbl_twin_statistics *s) {
  s->active = !s->active;
  bank_begin(&s->bank[s->active], s);
}

bool pbl_twin_statistics_begin(pbl_twin_statistics *s) {
  const uint64_t in_bank = s->bank[s->active].samples + UINT64_C(1);
  if (s->taken + UINT64_C(1) < LIMIT && (uint64_t)s->replicas * in_bank < LIMIT) return true;
  s->full = true;
  return false;
}

/* One sample of one series: 2^b of them are a block of level b, and v its sum. */
static void add_value(pbl_twin_stat_sums *sums, int64_t *block, uint32_t t, int64_t x) {
  int64_t v = x;
  sums->s += x;
  for (int b = 0; b < PBL_TWIN_STAT_LEVELS; b++) {
    const uint32_t j = t >> b;
    const int64_t before = block[b];
    sums->a[b] += (pbl_twin_int128)v * v;
    if (j > 0) sums->c[b] += (pbl_twin_int128)v * before;
    block[b] = v;
    if (j % 2 == 0) return;
    v += before;
  }
}

static void add_to_series(pbl_twin_statistics *s, int replica, int series, int64_t x) {
  const size_t k = (size_t)replica * PBL_TWIN_STAT_SERIES + (size_t)series;
  add_value(&s->bank[s->active].series[k], s->v[k], s->taken, x);
}

static uint32_t all_lanes(const pbl_twin_statistics *s) {
  return s->lanes == 32 ? UINT32_MAX : (UINT32_C(1) << s->lanes) - 1;
}

/* States of all lanes of one p-bit; lanes are a power of two and never cross a word. */
static uint32_t lanes_of(const pbl_twin_statistics *s, uint32_t pbit) {
  const uint64_t bit = (uint64_t)pbit * (uint64_t)s->lanes;
  return s->frame[bit / 32] >> (bit % 32) & all_lanes(s);
}

/* Lane l of the planes is a number of its own, lowest plane first: adds bit l of x to it. */
static void count_lanes(uint32_t planes[PLANES], uint32_t x) {
  for (int k = 0; x; k++) {
    const uint32_t carry = planes[k] & x;
    planes[k] ^= x;
    x = carry;
  }
}

static int64_t counted(const uint32_t planes[PLANES], int lane) {
  int64_t n = 0;
  for (int k = 0; k < PLANES; k++) n |= (int64_t)(planes[k] >> lane & 1) << k;
  return n;
}

/* sum of c s = 2 (terms that are +1) - terms */
static void project(pbl_twin_statistics *s, int context, int n, int m) {
  uint32_t planes[PLANES] = {0};
  int64_t terms = 0;
  for (int p = 0; p < n; p++) {
    const unsigned c = s->coefficients[p] >> (2 * m) & 3;
    if (c % 2 == 0) continue;
    count_lanes(planes, (lanes_of(s, (uint32_t)p) ^ (c == 3 ? UINT32_MAX : 0)) & all_lanes(s));
    terms++;
  }
  for (int l = 0; l < s->lanes; l++)
    add_to_series(s, context * s->lanes + l, 1 + m, 2 * counted(planes, l) - terms);
}

void pbl_twin_statistics_frame(pbl_twin_statistics *s, int context, int n) {
  pbl_twin_stat_bank *b = &s->bank[s->active];
  for (int p = 0; p < n; p++) b->ones[p] += (uint32_t)__builtin_popcount(lanes_of(s, (uint32_t)p));
  for (uint32_t k = 0; k < s->pairs; k++) {
    const uint32_t i = s->pair[k] & 0xFFFFu, j = s->pair[k] >> 16;
    if (i >= (uint32_t)n || j >= (uint32_t)n) continue; /* its count is undefined */
    b->equal[k] += (uint32_t)__builtin_popcount(~(lanes_of(s, i) ^ lanes_of(s, j)) & all_lanes(s));
  }
  for (int m = 0; m < PROJECTIONS; m++) project(s, context, n, m);
}

static int64_t clip_energy(pbl_twin_statistics *s, int64_t energy) {
  const int64_t ref = (int64_t)((uint64_t)s->ref_hi << 32 | s->ref_lo), largest = (1 << 23) - 1;
  const pbl_twin_int128 x = ((pbl_twin_int128)energy - ref) >> s->shift;
  if (x >= -largest - 1 && x <= largest) return (int64_t)x;
  s->clipped = true;
  return x < 0 ? -largest - 1 : largest;
}

void pbl_twin_statistics_end(pbl_twin_statistics *s, const int64_t *energy) {
  for (int r = 0; r < s->replicas; r++) add_to_series(s, r, 0, clip_energy(s, energy[r]));
  s->bank[s->active].samples++;
  s->taken++;
}
