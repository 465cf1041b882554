#include "plain_exchange.h"

#include <math.h>

#include "plain_model.h"

void plain_exchange_look_up(plain_exchange *x) {
  for (int r = 0; r < x->rungs * x->lanes; r++) x->betas[r] = x->beta[x->label[r]];
}

void plain_exchange_begin(plain_exchange *x, const pbl_hw *hw) {
  x->lanes = hw->lanes;
  x->rungs = hw->replicas / hw->lanes;
  for (int c = 0; c < x->rungs; c++) {
    for (int l = 0; l < x->lanes; l++) x->label[c * x->lanes + l] = c;
  }
  x->position = 0;
  x->parity = 0;
}

static int64_t entry(int k) {
  return (int64_t)floor(ldexp(exp2(k / 64.0), 24) + 0.5);
}

uint64_t plain_exchange_below(plain_int128 minus, int fraction) {
  const plain_int128 one = 1;
  if (minus == 0) return (uint64_t)1 << 32;
  if (minus >= one << (fraction + 5)) return 0;
  const plain_int128 y = minus * 1549082005 / (one << (fraction + 6));
  const int64_t whole = (int64_t)(y / 16777216), part = (int64_t)(y % 16777216);
  const int64_t w = 16777216 - part, k = w / 262144, r = w % 262144;
  int64_t m = entry((int)k);
  if (r > 0) m += ((entry((int)k + 1) - entry((int)k)) * r + 131072) / 262144;
  int64_t t = m * 128;
  for (int64_t i = 0; i < whole; i++) t /= 2;
  return (uint64_t)t;
}

static int find(const plain_exchange *x, int lane, int rung) {
  int found = -1;
  for (int c = x->rungs - 1; c >= 0; c--) {
    if (x->label[c * x->lanes + lane] == rung) found = c * x->lanes + lane;
  }
  return found;
}

static void try_pair(plain_exchange *x, const pbl_hw *hw, int k, int lane, uint64_t u,
                     const int64_t *energy) {
  const int a = find(x, lane, k), b = find(x, lane, k + 1);
  x->tries[k]++;
  if (a < 0 || b < 0) return;
  const plain_int128 gain =
      ((plain_int128)x->beta[k] - x->beta[k + 1]) * ((plain_int128)energy[a] - energy[b]);
  if (gain < 0 && u >= plain_exchange_below(-gain, hw->weight_frac + hw->beta_frac)) return;
  x->accepts[k]++;
  x->label[a] = k + 1;
  x->label[b] = k;
}

static void pass(plain_exchange *x, const pbl_hw *hw, uint32_t control[4], const int64_t *energy) {
  int q = x->parity;
  if (x->random) {
    q = plain_next_word(hw, control) >= 0x80000000u;
  } else {
    x->parity = 1 - x->parity;
  }
  x->clocks += 2;
  for (int k = q; k <= x->rungs - 2; k += 2) {
    for (int lane = 0; lane < x->lanes; lane++) {
      try_pair(x, hw, k, lane, plain_next_word(hw, control), energy);
      x->clocks += 32;
    }
  }
}

void plain_exchange_sweep(plain_exchange *x, const pbl_hw *hw, uint32_t control[4],
                          const int64_t *energy) {
  if (x->frozen) return;
  x->position++;
  if (x->every == 0 || x->position < x->every) return;
  pass(x, hw, control, energy);
  x->position = 0;
  plain_exchange_look_up(x);
}
