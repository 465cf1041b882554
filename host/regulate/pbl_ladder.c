#include "pbl_ladder.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

pbl_status pbl_ladder_parse(pbl_ladder *out, const char *text, pbl_error *err) {
  *out = (pbl_ladder){0};
  for (;;) {
    char *end = NULL;
    while (*text == ' ') text++;
    if (*text == '\0') break;
    const int length = (int)strcspn(text, " ");
    const double beta = isdigit((unsigned char)*text) || *text == '.' ? strtod(text, &end) : 0.0;
    if (!(beta > 0.0) || !isfinite(beta) || end != text + length)
      return pbl_fail(err, PBL_CONFIG, "ladder: '%.*s' is no beta, a number above 0",
                      length < 60 ? length : 60, text);
    if (out->n == PBL_SCHEDULE_ENTRIES)
      return pbl_fail(err, PBL_CONFIG, "ladder: more than %d rungs", PBL_SCHEDULE_ENTRIES);
    out->beta[out->n++] = beta;
    text = end;
  }
  if (out->n >= 2) return PBL_OK;
  return pbl_fail(err, PBL_CONFIG, "ladder: %d betas; a ladder has 2 rungs or more", out->n);
}

pbl_status pbl_ladder_quantise(pbl_ladder_words *out, const pbl_ladder *ladder, const pbl_hw *hw,
                               uint32_t every, bool random, pbl_error *err) {
  const double high = ldexp(1.0, pbl_hw_beta_bits(hw)) - 1.0;
  *out = (pbl_ladder_words){.n = (uint32_t)ladder->n, .every = every, .random = random};
  for (int k = 0; k < ladder->n; k++) {
    const double word = round(ldexp(ladder->beta[k], hw->beta_frac));
    if (word < 1.0 || word > high)
      return pbl_fail(err, PBL_CONFIG, "ladder: beta %g does not fit UQ%d.%d: must be in %g..%g",
                      ladder->beta[k], hw->beta_int, hw->beta_frac, ldexp(1.0, -hw->beta_frac),
                      ldexp(high, -hw->beta_frac));
    out->beta[k] = (uint32_t)word;
  }
  return PBL_OK;
}
