/* Exponential that compilers vectorise, private to this room. */
#ifndef PBL_VECTOR_MATH_H
#define PBL_VECTOR_MATH_H

#include <stdint.h>
#include <string.h>

#include "pbl_clones.h"

/* exp(x) for x <= 0, relative error < 3e-16; x < -708 gives exp(-708) ~ 3e-308. x = n ln2 + r with
 * |r| <= ln2/2, Taylor to r^13 (truncation 4e-18). Adding 1.5 * 2^52 leaves n in the low bits. */
static inline __attribute__((always_inline)) double pbl_exp_negative(double x) {
  static const double shift = 6755399441055744.0; /* 1.5 * 2^52 */
  x = x < -708.0 ? -708.0 : x;
  const double shifted = x * 1.4426950408889634 + shift;
  const double n = shifted - shift;
  const double r = (x - n * 0x1.62e42fefa38p-1) - n * 0x1.ef35793c7673p-45;
  double p = 1.0 / 6227020800.0;
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  uint64_t bits;
  double scale;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 1023) << 52; /* the shift's own bits fall out at the top */
  memcpy(&scale, &bits, sizeof scale);
  return p * scale;
}

#endif
