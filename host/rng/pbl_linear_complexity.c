/* Berlekamp-Massey with the sequence packed into words: n^2/64 word operations. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_word_battery.h"

typedef uint64_t word;

/* dst ^= src << shift, both of n words. */
static void xor_shifted(word *dst, const word *src, size_t shift, size_t n) {
  const size_t words = shift / 64, bits = shift % 64;
  for (size_t i = n; i-- > words;) {
    word x = src[i - words] << bits;
    if (bits && i > words) x |= src[i - words - 1] >> (64 - bits);
    dst[i] ^= x;
  }
}

/* Massey's algorithm. c is the connection polynomial, b the last one that failed; window holds the
 * sequence backwards, so that the discrepancy is the parity of c & window. */
static size_t run(const unsigned char *bits, size_t n, word *c, word *b, word *saved, word *window,
                  size_t n_words) {
  size_t length = 0, since = 1;
  c[0] = b[0] = 1;
  for (size_t t = 0; t < n; t++) {
    for (size_t i = n_words; i-- > 1;) window[i] = window[i] << 1 | window[i - 1] >> 63;
    window[0] = window[0] << 1 | bits[t];
    word sum = 0;
    for (size_t i = 0; i <= length / 64; i++) sum ^= c[i] & window[i];
    if (!__builtin_parityll(sum)) {
      since++;
      continue;
    }
    const int grows = 2 * length <= t;
    if (grows) memcpy(saved, c, n_words * sizeof *c);
    xor_shifted(c, b, since, n_words);
    if (grows) {
      memcpy(b, saved, n_words * sizeof *c);
      length = t + 1 - length;
      since = 0;
    }
    since++;
  }
  return length;
}

pbl_status pbl_linear_complexity(size_t *complexity, const unsigned char *bits, size_t n,
                                 pbl_error *err) {
  const size_t n_words = n / 64 + 1;
  word *work = calloc(4 * n_words, sizeof *work);
  *complexity = 0;
  if (!work) return pbl_fail(err, PBL_NO_MEMORY, "linear complexity: no memory for %zu bits", n);
  *complexity = run(bits, n, work, work + n_words, work + 2 * n_words, work + 3 * n_words, n_words);
  free(work);
  return PBL_OK;
}

static double probability(size_t l, size_t n) {
  if (l == 0) return ldexp(1.0, -(int)n);
  const int up = 2 * (int)l - 1, down = 2 * (int)(n - l);
  return ldexp(1.0, (up < down ? up : down) - (int)n);
}

double pbl_linear_complexity_p(size_t complexity, size_t n) {
  double below = 0.0, above = 0.0; /* both include the value itself */
  for (size_t l = 0; l <= n; l++) {
    if (l <= complexity) below += probability(l, n);
    if (l >= complexity) above += probability(l, n);
  }
  return fmin(1.0, 2.0 * fmin(below, above));
}
