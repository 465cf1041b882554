#include "plain_regulator.h"

#include <math.h>
#include <string.h>

#define ONE ((plain_wide)1)
#define LARGEST_32 ((plain_wide)0xFFFFFFFFu)

/* floor(x / 2^n + 1/2) */
static plain_wide rs(plain_wide x, int64_t n) {
  if (n == 0) return x;
  const plain_wide unit = ONE << n, y = x + unit / 2;
  plain_wide quotient = y / unit;
  if (y % unit < 0) quotient--;
  return quotient;
}

static plain_wide least(plain_wide a, plain_wide b) {
  return a < b ? a : b;
}

static plain_wide greatest(plain_wide a, plain_wide b) {
  return a > b ? a : b;
}

int plain_regulator_sweep(plain_regulator *r, uint64_t flips_v, uint64_t flips_h,
                          const int64_t *energy, int n_replicas) {
  if (r->window_sweeps == 0) return 0;
  r->flips_v += flips_v;
  r->flips_h += flips_h;
  if (r->position == 0) r->energy_ref = energy[0];
  for (int i = 0; i < n_replicas; i++) {
    const plain_wide exact = (plain_wide)energy[i] - r->energy_ref;
    const plain_wide d = greatest(-(ONE << 31), least((ONE << 31) - 1, exact));
    if (d != exact) r->window_flags |= 1u << 7;
    r->sum_d += d;
    r->sum_d2 += d * d;
  }
  r->position++;
  return r->position >= r->window_sweeps;
}

static plain_wide rate_of(plain_regulator *r, uint32_t *flags) {
  const plain_wide v = least((plain_wide)r->flips_v, LARGEST_32);
  const plain_wide h = least((plain_wide)r->flips_h, LARGEST_32);
  const plain_wide all = r->source ? v + h : v;
  const plain_wide rate = rs(least(all, LARGEST_32) * r->rate_scale, r->rate_shift);
  if ((plain_wide)r->flips_v > LARGEST_32 || (plain_wide)r->flips_h > LARGEST_32 ||
      all > LARGEST_32 || rate > ONE << 24)
    *flags |= 1u << 0;
  return least(rate, ONE << 24);
}

static void step(plain_regulator *r, plain_wide rate, uint32_t *flags) {
  plain_wide d;
  if (r->mode == 2) {
    r->filter += (int64_t)rs(r->smoothing * (rate * 128 - r->filter), 16);
    d = rs(-r->gain * (rate * 128 - r->filter), 31);
  } else {
    plain_wide e = r->rate_set - rate;
    if (r->mode == 4) e = greatest(0, e);
    if (e >= -r->dead_band && e <= r->dead_band) {
      e = 0;
      *flags |= 1u << 3;
    }
    d = rs(r->gain * e, 24);
    if (r->rate_limit > 0 && (d > r->rate_limit || d < -r->rate_limit)) {
      d = d > 0 ? r->rate_limit : -r->rate_limit;
      *flags |= 1u << 4;
    }
  }
  const plain_wide wanted = r->lambda + d, raised = greatest(wanted, r->lambda_min);
  r->lambda = (int64_t)least(raised, r->lambda_max);
  if (wanted <= r->lambda_min || r->lambda == r->lambda_min) *flags |= 1u << 1;
  if (r->lambda == r->lambda_max) *flags |= 1u << 2;
}

static plain_wide power_of_two(plain_wide k) {
  return (plain_wide)roundl(16777216.0L * exp2l((long double)k / 64.0L));
}

static uint32_t beta_of(plain_regulator *r, uint32_t *flags) {
  const plain_wide y = rs((plain_wide)r->lambda * 1549082005, 24), octave = ONE << 30;
  const plain_wide within = (y % octave + octave) % octave, n = (y - within) / octave;
  const plain_wide k = within >> 24, x = within % (ONE << 24);
  const plain_wide m = power_of_two(k) + rs((power_of_two(k + 1) - power_of_two(k)) * x, 24);
  plain_wide t = n >= 0 ? m << n : rs(m, (int64_t)-n);
  if (r->mode == 2) t += r->macro;
  const plain_wide clamped = greatest(1, least(greatest(t, r->t_min), r->t_max));
  if (clamped != t) *flags |= 1u << 5;
  r->temperature = (int64_t)clamped;
  const plain_wide quotient = ((ONE << (24 + r->beta_frac)) + clamped / 2) / clamped;
  const plain_wide most = (ONE << r->beta_bits) - 1;
  if (quotient > most) *flags |= 1u << 6;
  return (uint32_t)least(quotient, most);
}

static void put64(uint32_t *words, plain_wide x) {
  words[0] = (uint32_t)(x & LARGEST_32);
  words[1] = (uint32_t)(x >> 32 & LARGEST_32);
}

uint32_t plain_regulator_end(plain_regulator *r, uint32_t beta) {
  uint32_t flags = r->window_flags, next = beta;
  const plain_wide rate = rate_of(r, &flags), most = (ONE << 64) - 1;
  if (r->sum_d2 > most) flags |= 1u << 8;
  if (r->freeze) flags |= 1u << 9;
  if (r->mode >= 2 && r->mode <= 4) {
    if (!r->freeze) step(r, rate, &flags);
    next = beta_of(r, &flags);
  }
  memset(r->record, 0, sizeof r->record);
  r->record[0] = (uint32_t)r->index;
  r->record[2] = (uint32_t)least((plain_wide)r->flips_v, LARGEST_32);
  r->record[3] = (uint32_t)least((plain_wide)r->flips_h, LARGEST_32);
  put64(r->record + 4, r->energy_ref);
  put64(r->record + 6, r->sum_d);
  put64(r->record + 8, least(r->sum_d2, most));
  r->record[10] = (uint32_t)rate;
  r->record[11] = (uint32_t)r->filter;
  r->record[12] = (uint32_t)r->lambda;
  r->record[13] = (uint32_t)r->temperature;
  r->record[14] = beta;
  r->record[15] = flags;
  r->flags |= flags;
  r->index++;
  r->position = r->energy_ref = 0;
  r->flips_v = r->flips_h = 0;
  r->sum_d = r->sum_d2 = 0;
  r->window_flags = 0;
  return next;
}

uint32_t plain_regulator_start(plain_regulator *r) {
  uint32_t no_flags = 0;
  return beta_of(r, &no_flags);
}
