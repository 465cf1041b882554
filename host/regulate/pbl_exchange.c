#include "pbl_exchange.h"

#include <math.h>

#define LOG2_E_30 1549082005 /* log2(e), 30 fraction bits */
#define HALF_RANGE 5         /* below exp(-2^5) every word rejects */

__extension__ typedef __int128 wide;

/* round(2^24 2^(k/64)), k = 0 .. 64. */
static int64_t power(int64_t k) {
  return llroundl(16777216.0L * exp2l((long double)k / 64.0L));
}

uint64_t pbl_exchange_threshold(int64_t difference, int32_t slope, int fraction_bits) {
  const wide a = (wide)difference * slope;
  if (a >= 0) return PBL_EXCHANGE_ONE;
  if (-a >= (wide)1 << (fraction_bits + HALF_RANGE)) return 0;
  const int64_t y = (int64_t)((-a * LOG2_E_30) >> (fraction_bits + 6)); /* 24 fraction bits */
  const int64_t n = y >> 24, left = (INT64_C(1) << 24) - (y & ((1 << 24) - 1));
  const int64_t k = left >> 18, r = left & ((1 << 18) - 1);
  int64_t m = power(k);
  if (r != 0) m += ((power(k + 1) - m) * r + (1 << 17)) >> 18;
  return (uint64_t)(m << 7) >> n;
}

double pbl_exchange_probability(int64_t difference, int32_t slope, int fraction_bits) {
  return ldexp((double)pbl_exchange_threshold(difference, slope, fraction_bits), -32);
}

double pbl_exchange_ideal(double energy_x, double energy_y, double beta_x, double beta_y) {
  return fmin(1.0, exp((beta_x - beta_y) * (energy_x - energy_y)));
}
