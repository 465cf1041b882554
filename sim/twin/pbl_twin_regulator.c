/* The regulator's window and its step. Integers only; rs() is a right shift that rounds half up. */
#include "pbl_twin_regulator.h"

#include <stddef.h>

#include "pbl_regs.h"

enum { MODE_HOST, MODE_FIXED, MODE_SRTRBM, MODE_SETPOINT, MODE_GUARD, MODE_SCHEDULE, MODE_LADDER };

enum {
  COUNT_SATURATED = 1 << 0,
  AT_LAMBDA_MIN = 1 << 1,
  AT_LAMBDA_MAX = 1 << 2,
  IN_DEAD_BAND = 1 << 3,
  RATE_LIMITED = 1 << 4,
  T_CLAMPED = 1 << 5,
  BETA_CLIPPED = 1 << 6,
  ENERGY_CLIPPED = 1 << 7,
  ENERGY_SQ_SATURATED = 1 << 8,
  FROZEN = 1 << 9
};

const uint32_t pbl_twin_power_of_two[65] = {
    16777216, 16959908, 17144589, 17331282, 17520007, 17710787, 17903645, 18098603, 18295684,
    18494911, 18696307, 18899897, 19105703, 19313750, 19524063, 19736666, 19951585, 20168843,
    20388467, 20610483, 20834917, 21061794, 21291142, 21522987, 21757357, 21994279, 22233781,
    22475891, 22720638, 22968049, 23218155, 23470984, 23726566, 23984932, 24246111, 24510133,
    24777031, 25046835, 25319578, 25595290, 25874004, 26155754, 26440571, 26728490, 27019544,
    27313768, 27611195, 27911861, 28215802, 28523052, 28833647, 29147625, 29465022, 29785875,
    30110222, 30438101, 30769550, 31104608, 31443315, 31785710, 32131834, 32481727, 32835430,
    33192984, 33554432};

static int64_t rs(int64_t x, int n) {
  return n == 0 ? x : (x + (INT64_C(1) << (n - 1))) >> n;
}

static uint32_t mode(const pbl_twin_regulator *r) {
  return (r->config & PBL_REG_CONFIG_MODE_MASK) >> PBL_REG_CONFIG_MODE_SHIFT;
}

bool pbl_twin_regulator_acts(const pbl_twin_regulator *r) {
  return !r->absent && mode(r) >= MODE_SRTRBM && mode(r) <= MODE_GUARD;
}

bool pbl_twin_regulator_follows_host(const pbl_twin_regulator *r) {
  return mode(r) == MODE_HOST;
}

bool pbl_twin_regulator_is_scheduled(const pbl_twin_regulator *r) {
  return mode(r) == MODE_SCHEDULE;
}

bool pbl_twin_regulator_is_ladder(const pbl_twin_regulator *r) {
  return mode(r) == MODE_LADDER;
}

bool pbl_twin_regulator_is_frozen(const pbl_twin_regulator *r) {
  return (r->config & PBL_REG_CONFIG_FREEZE_MASK) != 0;
}

void pbl_twin_regulator_window_clear(pbl_twin_regulator *r) {
  r->window = (pbl_twin_window){0};
  r->index = 0;
  r->flags = 0;
}

static void add_energies(pbl_twin_window *w, const int64_t *energy, int n_replicas) {
  if (w->position == 0) w->energy_ref = energy[0];
  for (int i = 0; i < n_replicas; i++) {
    int64_t d = energy[i] - w->energy_ref;
    if (d > INT32_MAX || d < INT32_MIN) {
      d = d > 0 ? INT32_MAX : INT32_MIN;
      w->flags |= ENERGY_CLIPPED;
    }
    const uint64_t square = (uint64_t)(d * d);
    w->energy_sum += (uint64_t)d;
    if (w->energy_sq > UINT64_MAX - square) {
      w->energy_sq = UINT64_MAX;
      w->flags |= ENERGY_SQ_SATURATED;
    } else {
      w->energy_sq += square;
    }
  }
}

static void add_flips(pbl_twin_window *w, uint64_t *counter, uint64_t flips) {
  *counter += flips;
  if (*counter <= UINT32_MAX) return;
  *counter = UINT32_MAX;
  w->flags |= COUNT_SATURATED;
}

bool pbl_twin_regulator_sweep(pbl_twin_regulator *r, uint64_t flips_v, uint64_t flips_h,
                              const int64_t *energy, int n_replicas) {
  pbl_twin_window *w = &r->window;
  if (r->window_sweeps == 0) return false;
  add_flips(w, &w->flips_v, flips_v);
  add_flips(w, &w->flips_h, flips_h);
  add_energies(w, energy, n_replicas);
  w->position++;
  return w->position >= r->window_sweeps;
}

/* UQ1.24. The product fills 64 bits, so that no addend is possible: the last bit shifted out rounds
 * instead. */
static int64_t flip_rate(const pbl_twin_regulator *r, uint32_t *flags) {
  const pbl_twin_window *w = &r->window;
  const bool both = r->config & PBL_REG_CONFIG_SOURCE_MASK;
  const int shift =
      (int)((r->config & PBL_REG_CONFIG_RATE_SHIFT_MASK) >> PBL_REG_CONFIG_RATE_SHIFT_SHIFT);
  uint64_t flips = both ? w->flips_v + w->flips_h : w->flips_v;
  if (flips > UINT32_MAX) {
    flips = UINT32_MAX;
    *flags |= COUNT_SATURATED;
  }
  const uint64_t product = flips * r->rate_scale;
  const uint64_t rate = shift == 0 ? product : (product >> shift) + (product >> (shift - 1) & 1);
  if (rate <= UINT64_C(1) << 24) return (int64_t)rate;
  *flags |= COUNT_SATURATED;
  return INT64_C(1) << 24;
}

/* The step of lambda, before the limits. */
static int64_t srtrbm_step(pbl_twin_regulator *r, int64_t rate) {
  const int64_t c = rate * 128;
  r->filter = (uint32_t)(r->filter + rs((int64_t)r->smoothing * (c - (int64_t)r->filter), 16));
  return rs(-((int64_t)r->gain * (c - (int64_t)r->filter)), 31);
}

static int64_t setpoint_step(const pbl_twin_regulator *r, int64_t rate, uint32_t *flags) {
  const int64_t limit = r->rate_limit, dead_band = r->dead_band;
  int64_t e = (int64_t)r->rate_set - rate;
  if (mode(r) == MODE_GUARD && e < 0) e = 0;
  if (e <= dead_band && e >= -dead_band) {
    e = 0;
    *flags |= IN_DEAD_BAND;
  }
  const int64_t d = rs((int64_t)r->gain * e, 24);
  if (limit == 0 || (d <= limit && d >= -limit)) return d;
  *flags |= RATE_LIMITED;
  return d > 0 ? limit : -limit;
}

static void step(pbl_twin_regulator *r, int64_t rate, uint32_t *flags) {
  int64_t lambda = r->lambda;
  lambda += mode(r) == MODE_SRTRBM ? srtrbm_step(r, rate) : setpoint_step(r, rate, flags);
  if (lambda <= r->lambda_min) {
    lambda = r->lambda_min;
    *flags |= AT_LAMBDA_MIN;
  }
  if (lambda >= r->lambda_max) {
    lambda = r->lambda_max;
    *flags |= AT_LAMBDA_MAX;
  }
  if (lambda == r->lambda_min) *flags |= AT_LAMBDA_MIN;
  r->lambda = (int32_t)lambda;
}

/* exp(lambda), 24 fraction bits. */
static int64_t exponential(int32_t lambda) {
  const int64_t y = rs(lambda * PBL_TWIN_LOG2_E_30, 24);
  const int n = (int)(y >> 30);
  const size_t k = (size_t)(y >> 24 & 63);
  const int64_t x = y & ((1 << 24) - 1);
  const int64_t low = pbl_twin_power_of_two[k], high = pbl_twin_power_of_two[k + 1];
  const int64_t m = low + rs((high - low) * x, 24);
  return n >= 0 ? m * (INT64_C(1) << n) : rs(m, -n);
}

uint32_t pbl_twin_regulator_beta(pbl_twin_regulator *r, int beta_bits, int beta_frac,
                                 uint32_t *flags) {
  const int64_t t = exponential(r->lambda) + (mode(r) == MODE_SRTRBM ? r->macro : 0);
  int64_t clamped = t;
  if (clamped < r->t_min) clamped = r->t_min;
  if (clamped > r->t_max) clamped = r->t_max;
  if (clamped < 1) clamped = 1;
  if (clamped != t) *flags |= T_CLAMPED;
  r->temperature = (uint32_t)clamped;
  const uint64_t divisor = (uint64_t)clamped;
  const uint64_t beta = ((UINT64_C(1) << (24 + beta_frac)) + (divisor >> 1)) / divisor;
  const uint32_t most = (UINT32_C(1) << beta_bits) - 1;
  if (beta <= most) return (uint32_t)beta;
  *flags |= BETA_CLIPPED;
  return most;
}

static void publish(pbl_twin_regulator *r, uint32_t rate, uint32_t flags,
                    uint32_t record[PBL_TWIN_RECORD_WORDS]) {
  const pbl_twin_window *w = &r->window;
  pbl_twin_window_result *last = &r->last;
  const uint64_t energy[3] = {(uint64_t)w->energy_ref, w->energy_sum, w->energy_sq};
  last->flips_v = (uint32_t)w->flips_v;
  last->flips_h = (uint32_t)w->flips_h;
  last->rate = rate;
  record[0] = r->index;
  record[1] = 0;
  record[2] = last->flips_v;
  record[3] = last->flips_h;
  for (int i = 0; i < 3; i++) {
    last->energy[i] = energy[i];
    record[4 + 2 * i] = (uint32_t)energy[i];
    record[5 + 2 * i] = (uint32_t)(energy[i] >> 32);
  }
  record[10] = rate;
  record[11] = r->filter;
  record[12] = (uint32_t)r->lambda;
  record[13] = r->temperature;
  record[14] = 0;
  record[15] = flags;
}

uint32_t pbl_twin_regulator_window_end(pbl_twin_regulator *r, uint32_t beta, int beta_bits,
                                       int beta_frac, uint32_t record[PBL_TWIN_RECORD_WORDS]) {
  const bool freeze = pbl_twin_regulator_is_frozen(r);
  uint32_t flags = r->window.flags | (freeze ? FROZEN : 0);
  const int64_t rate = flip_rate(r, &flags);
  if (pbl_twin_regulator_acts(r)) {
    if (!freeze) step(r, rate, &flags);
    beta = pbl_twin_regulator_beta(r, beta_bits, beta_frac, &flags);
  }
  publish(r, (uint32_t)rate, flags, record);
  r->flags |= flags;
  r->index++;
  r->window = (pbl_twin_window){0};
  return beta;
}
