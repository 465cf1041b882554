#include <math.h>

#include "pbl_stats.h"
#include "word_tests.h"

/* 32 registers of this many bits: a random one has complexity 1024 +- 1, a 32-bit LFSR 33. */
#define COMPLEXITY_BITS 2048

static void add_member(pbl_word_result *r, double p, double statistic, int a, int b) {
  r->n_members++;
  if (r->n_members > 1 && p >= r->p_value) return;
  r->p_value = p;
  r->statistic = statistic;
  r->worst_a = a;
  r->worst_b = b;
}

static void add_z(pbl_word_result *r, double z, int a, int b) {
  add_member(r, pbl_normal_two_sided_p(z), z, a, b);
}

void word_test_monobit(pbl_word_result *r, const uint32_t *words, size_t n, int lane) {
  size_t ones[32] = {0};
  for (size_t t = 0; t < n; t++)
    for (int k = 0; k < 32; k++) ones[k] += (words[t] >> k) & 1u;
  for (int k = 0; k < 32; k++)
    add_z(r, (2.0 * (double)ones[k] - (double)n) / sqrt((double)n), lane, k);
}

void word_test_poker(pbl_word_result *r, const uint32_t *words, size_t n, int lane) {
  size_t count[16] = {0};
  for (size_t t = 0; t < n; t++)
    for (int k = 0; k < 32; k += 4) count[(words[t] >> k) & 15u]++;
  const double expected = (double)n * 8.0 / 16.0;
  double chi2 = 0.0;
  for (int k = 0; k < 16; k++)
    chi2 += ((double)count[k] - expected) * ((double)count[k] - expected) / expected;
  const double upper = pbl_chi2_upper_p(chi2, 15.0);
  /* too even is as telling as too uneven: a full period of an LFSR has all digits equally often */
  add_member(r, fmin(1.0, 2.0 * fmin(upper, 1.0 - upper)), chi2, lane, -1);
}

/* In [-1/2, 1/2), variance 1/12. */
static double centred(uint32_t word) {
  return (double)word * 0x1p-32 - 0.5;
}

/* Products of independent uniform words have variance 1/144: no estimated moment enters. */
void word_test_serial(pbl_word_result *r, const uint32_t *words, size_t n, int lane) {
  double sum = 0.0;
  for (size_t t = 1; t < n; t++) sum += centred(words[t - 1]) * centred(words[t]);
  add_z(r, 12.0 * sum / sqrt((double)(n - 1)), lane, -1);
}

void word_test_cross(pbl_word_result *r, const uint32_t *a, const uint32_t *b, size_t n, int lane_a,
                     int lane_b) {
  double sum = 0.0;
  for (size_t t = 0; t < n; t++) sum += centred(a[t]) * centred(b[t]);
  add_z(r, 12.0 * sum / sqrt((double)n), lane_a, lane_b);
}

int pbl_rank32(const unsigned int words[32]) {
  uint32_t row[32];
  int rank = 0;
  for (int i = 0; i < 32; i++) row[i] = words[i];
  for (int bit = 0; bit < 32; bit++) {
    int pivot = rank;
    while (pivot < 32 && !((row[pivot] >> bit) & 1u)) pivot++;
    if (pivot == 32) continue;
    const uint32_t found = row[pivot];
    row[pivot] = row[rank];
    row[rank++] = found;
    for (int i = rank; i < 32; i++)
      if ((row[i] >> bit) & 1u) row[i] ^= found;
  }
  return rank;
}

/* 2^(r(2m-r) - m^2) prod_{i<r} (1 - 2^(i-m))^2 / (1 - 2^(i-r)), m = 32 (Marsaglia and Tsay 1985) */
double pbl_rank32_probability(int r) {
  double p = ldexp(1.0, r * (64 - r) - 1024);
  for (int i = 0; i < r; i++) p *= pow(1.0 - ldexp(1.0, i - 32), 2) / (1.0 - ldexp(1.0, i - r));
  return p;
}

void word_test_rank(pbl_word_result *r, const uint32_t *words, size_t n, int lane) {
  const size_t n_matrices = n / 32;
  size_t count[4] = {0}; /* rank 32, 31, 30, less */
  for (size_t m = 0; m < n_matrices; m++) {
    const int missing = 32 - pbl_rank32(words + 32 * m);
    count[missing < 3 ? missing : 3]++;
  }
  double chi2 = 0.0, rest = 1.0;
  for (int k = 0; k < 4; k++) {
    const double share = k < 3 ? pbl_rank32_probability(32 - k) : rest;
    const double expected = share * (double)n_matrices;
    rest -= share;
    chi2 += ((double)count[k] - expected) * ((double)count[k] - expected) / expected;
  }
  add_member(r, pbl_chi2_upper_p(chi2, 3.0), chi2, lane, -1);
}

pbl_status word_test_complexity(pbl_word_result *r, const uint32_t *words, int lane,
                                pbl_error *err) {
  unsigned char bits[COMPLEXITY_BITS];
  for (int k = 0; k < 32; k++) {
    size_t complexity;
    for (size_t t = 0; t < COMPLEXITY_BITS; t++) bits[t] = (words[t] >> k) & 1u;
    const pbl_status st = pbl_linear_complexity(&complexity, bits, COMPLEXITY_BITS, err);
    if (st) return st;
    add_member(r, pbl_linear_complexity_p(complexity, COMPLEXITY_BITS), (double)complexity, lane,
               k);
  }
  return PBL_OK;
}
