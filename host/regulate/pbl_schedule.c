#include "pbl_schedule.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST 4294967295.0 /* sweeps of an entry */

/* A number at *text, moved behind it. */
static bool number(double *value, const char **text) {
  char *end;
  if (!isdigit((unsigned char)**text) && **text != '.') return false;
  *value = strtod(*text, &end);
  /* "0.2..": the first dot of the range may have been taken for the number's */
  if (end > *text && end[-1] == '.' && *end == '.') end--;
  *text = end;
  return isfinite(*value);
}

/* One entry or range; false when it is none. */
static bool entry(double *first, double *last, double *n, double *sweeps, const char **text) {
  *n = 1.0;
  if (!number(first, text)) return false;
  *last = *first;
  if (strncmp(*text, "..", 2) == 0) {
    *text += 2;
    if (!number(last, text) || *(*text)++ != '/' || !number(n, text) || *n < 2.0) return false;
  }
  if (*(*text)++ != ':' || !number(sweeps, text)) return false;
  return *first > 0.0 && *last > 0.0 && *n == floor(*n) && *sweeps == floor(*sweeps) &&
         *sweeps >= 1.0 && *sweeps <= LONGEST && (**text == ' ' || **text == '\0');
}

pbl_status pbl_schedule_parse(pbl_schedule *out, const char *text, pbl_error *err) {
  *out = (pbl_schedule){0};
  for (;;) {
    double first, last, n, sweeps;
    while (*text == ' ') text++;
    if (*text == '\0') break;
    const char *start = text;
    const int length = (int)strcspn(start, " ");
    if (!entry(&first, &last, &n, &sweeps, &text))
      return pbl_fail(err, PBL_CONFIG,
                      "schedule: '%.*s' is neither BETA:SWEEPS nor A..B/N:SWEEPS (betas above 0, N "
                      "of at least 2, SWEEPS of at least 1)",
                      length < 60 ? length : 60, start);
    if (out->n + n > PBL_SCHEDULE_ENTRIES)
      return pbl_fail(err, PBL_CONFIG, "schedule: more than %d entries", PBL_SCHEDULE_ENTRIES);
    for (int k = 0; k < (int)n; k++) {
      out->beta[out->n] = k + 1 == (int)n ? last : first + (last - first) * k / (n - 1.0);
      out->sweeps[out->n++] = (uint32_t)sweeps;
    }
  }
  return out->n > 0 ? PBL_OK : pbl_fail(err, PBL_CONFIG, "schedule: no entries");
}

uint64_t pbl_schedule_lead(const pbl_schedule *s) {
  uint64_t sweeps = 0;
  for (int k = 0; k + 1 < s->n; k++) sweeps += s->sweeps[k];
  return sweeps;
}

pbl_status pbl_schedule_quantise(pbl_schedule_words *out, const pbl_schedule *s, const pbl_hw *hw,
                                 bool repeat, pbl_error *err) {
  const double high = ldexp(1.0, pbl_hw_beta_bits(hw)) - 1.0;
  *out = (pbl_schedule_words){.n = (uint32_t)s->n, .repeat = repeat};
  for (int k = 0; k < s->n; k++) {
    const double word = round(ldexp(s->beta[k], hw->beta_frac));
    if (word < 1.0 || word > high)
      return pbl_fail(err, PBL_CONFIG, "schedule: beta %g does not fit UQ%d.%d: must be in %g..%g",
                      s->beta[k], hw->beta_int, hw->beta_frac, ldexp(1.0, -hw->beta_frac),
                      ldexp(high, -hw->beta_frac));
    out->beta[k] = (uint32_t)word;
    out->sweeps[k] = s->sweeps[k];
  }
  return PBL_OK;
}
