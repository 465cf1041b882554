/* Chains of known law, and means over repetitions. */
#include <math.h>

#include "bench_stats.h"
#include "golden_models.h"
#include "pbl_rng.h"
#include "stats_samples.h"

/* State bits 0..3 are b, 4..7 are a, as in golden_observable. */
static double spin(unsigned s, unsigned i) {
  return s >> i & 1u ? 1.0 : -1.0;
}

static double field(unsigned s, unsigned i) {
  double sum = i < 4 ? golden_w8[i][4] : golden_w8[4][i - 4];
  for (unsigned k = 0; k < 4; ++k) {
    sum += i < 4 ? golden_w8[i][k] * spin(s, 4 + k) : golden_w8[k][i - 4] * spin(s, k);
  }
  return sum;
}

void eight_spins_create(eight_spins *m, double beta) {
  static const int which[EIGHT_OBSERVABLES] = {2, 0, 1, 3};
  double total = 0.0;
  for (unsigned s = 0; s < EIGHT_STATES; ++s) {
    for (int k = 0; k < EIGHT_OBSERVABLES; ++k) m->value[k][s] = golden_observable(which[k], s);
    for (unsigned i = 0; i < EIGHT_SPINS; ++i) {
      m->up[i][s] = 1.0 / (1.0 + exp(-2.0 * beta * field(s, i)));
    }
    m->cumulative[s] = total += exp(-beta * m->value[0][s]);
  }
  for (unsigned s = 0; s < EIGHT_STATES; ++s) m->cumulative[s] /= total;
}

/* A start of its own for every repetition and chain. */
static uint64_t stream(uint64_t seed, size_t chain) {
  uint64_t state = seed * 0xD1342543DE82EF95u + (uint64_t)chain * 0x9E3779B97F4A7C15u;
  return pbl_splitmix64(&state);
}

static double uniform(uint64_t *state) {
  return (double)(pbl_splitmix64(state) >> 11) * 0x1p-53;
}

void eight_spins_sample(double *const *x, const eight_spins *m, size_t n_chains, size_t n,
                        uint64_t seed) {
  for (size_t c = 0; c < n_chains; ++c) {
    uint64_t state = stream(seed, c);
    const double u = uniform(&state);
    unsigned s = 0;
    while (s < EIGHT_STATES - 1 && m->cumulative[s] < u) ++s;
    for (size_t t = 0; t < n; ++t) {
      for (unsigned k = 0; k < EIGHT_SPINS; ++k) {
        const unsigned i = (k + 4) % EIGHT_SPINS; /* a first */
        s = uniform(&state) < m->up[i][s] ? s | 1u << i : s & ~(1u << i);
      }
      for (int k = 0; k < EIGHT_OBSERVABLES; ++k) x[k][c * n + t] = m->value[k][s];
    }
  }
}

void two_state_sample(double *x, double l, size_t n_chains, size_t n, uint64_t seed) {
  for (size_t c = 0; c < n_chains; ++c) sample_two_state(x + c * n, n, l, 0.5, stream(seed, c));
}

void bench_mean_add(bench_mean *m, double x) {
  if (isnan(x)) {
    ++m->n_undefined;
    return;
  }
  ++m->n;
  m->sum += x;
  m->squares += x * x;
}

double bench_mean_value(const bench_mean *m) {
  return m->n > 0 ? m->sum / (double)m->n : NAN;
}

double bench_mean_sd(const bench_mean *m) {
  if (m->n < 2) return NAN;
  const double n = (double)m->n;
  return sqrt(fmax(0.0, (m->squares - m->sum * m->sum / n) / (n - 1.0)));
}

size_t bench_repetitions(const bench_options *opt, size_t full, size_t quick) {
  if (opt->repetitions > 0) return opt->repetitions;
  return opt->quick ? quick : full;
}

uint64_t bench_seed(const bench_options *opt, size_t part, size_t row, size_t repetition) {
  uint64_t state = opt->seed << 16 | (uint64_t)part << 8 | (uint64_t)row;
  return pbl_splitmix64(&state) + (uint64_t)repetition;
}
