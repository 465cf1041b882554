#include "pbl_rng.h"

#include <math.h>
#include <stddef.h>

uint64_t pbl_splitmix64(uint64_t *state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

/* splitmix64 is a bijection of its state, so its outputs are never zero twice in a row and the
 * all-zero state of xoshiro cannot arise. */
void pbl_xoshiro_seed(pbl_xoshiro *g, uint64_t seed) {
  for (size_t i = 0; i < 4; i += 2) {
    const uint64_t x = pbl_splitmix64(&seed);
    g->s[i] = (uint32_t)x;
    g->s[i + 1] = (uint32_t)(x >> 32);
  }
}

/* state <- polynomial(T) state, T the generator's transition; coefficient k is bit k%32 of word
 * k/32 (Blackman and Vigna 2021, section 9). */
static void apply_polynomial(pbl_xoshiro *g, const uint32_t polynomial[4]) {
  pbl_xoshiro sum = {{0, 0, 0, 0}};
  for (int k = 0; k < 128; k++) {
    if ((polynomial[k / 32] >> (k % 32)) & 1) {
      for (int w = 0; w < 4; w++) sum.s[w] ^= g->s[w];
    }
    pbl_xoshiro_next(g);
  }
  *g = sum;
}

void pbl_xoshiro_jump(pbl_xoshiro *g) {
  static const uint32_t polynomial[4] = {0x8764000bu, 0xf542d2d3u, 0x6fa035c3u, 0x77f2db5bu};
  apply_polynomial(g, polynomial);
}

void pbl_xoshiro_long_jump(pbl_xoshiro *g) {
  static const uint32_t polynomial[4] = {0xb523952eu, 0x0b6f099fu, 0xccf5a0efu, 0x1c580662u};
  apply_polynomial(g, polynomial);
}

double pbl_xoshiro_double(pbl_xoshiro *g) {
  const uint64_t high = pbl_xoshiro_next(g);
  const uint64_t low = pbl_xoshiro_next(g);
  return (double)(((high << 32) | low) >> 11) * 0x1p-53;
}

float pbl_xoshiro_float(pbl_xoshiro *g) {
  return (float)(pbl_xoshiro_next(g) >> 8) * 0x1p-24f;
}

double pbl_xoshiro_normal(pbl_xoshiro *g) {
  const double u = 1.0 - pbl_xoshiro_double(g); /* in (0,1]: the logarithm stays finite */
  const double angle = 6.283185307179586477 * pbl_xoshiro_double(g);
  return sqrt(-2.0 * log(u)) * cos(angle);
}
