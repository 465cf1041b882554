/* Explicit-state random generators. Sources: Blackman and Vigna 2021 (xoshiro128++, its jump
 * polynomial), Steele et al. 2014 (splitmix64). */
#ifndef PBL_RNG_H
#define PBL_RNG_H

#include <stdint.h>

typedef struct {
  uint32_t s[4];
} pbl_xoshiro;

uint64_t pbl_splitmix64(uint64_t *state);             /* next output, advances *state */
void pbl_xoshiro_seed(pbl_xoshiro *g, uint64_t seed); /* two splitmix64 outputs, low word first */
void pbl_xoshiro_jump(pbl_xoshiro *g);                /* 2^64 draws ahead */
void pbl_xoshiro_long_jump(pbl_xoshiro *g);           /* 2^96 draws ahead */

static inline uint32_t pbl_rotl32(uint32_t x, int k) {
  return (x << k) | (x >> (32 - k));
}

static inline uint32_t pbl_xoshiro_next(pbl_xoshiro *g) {
  uint32_t *s = g->s;
  const uint32_t result = pbl_rotl32(s[0] + s[3], 7) + s[0];
  const uint32_t t = s[1] << 9;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = pbl_rotl32(s[3], 11);
  return result;
}

/* Uniform in [0,1) with 53 bits (two draws) and with 24 bits (one draw). */
double pbl_xoshiro_double(pbl_xoshiro *g);
float pbl_xoshiro_float(pbl_xoshiro *g);
/* Standard normal (Box-Muller, no cached value: two doubles per call). */
double pbl_xoshiro_normal(pbl_xoshiro *g);

#endif
