/* Numbers as people read them: few digits, the interval beside the value, "-" for unknown. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_report_internal.h"

/* "1.2e+05" -> "1.2e5": two columns saved in every cell. */
static void scientific(char out[PBL_NUMBER_CHARS], double x, int digits) {
  char raw[32];
  snprintf(raw, sizeof raw, "%.*e", digits > 2 ? digits - 2 : 0, x);
  char *e = strchr(raw, 'e');
  const int exponent = e ? atoi(e + 1) : 0;
  if (e) *e = '\0';
  snprintf(out, PBL_NUMBER_CHARS, "%.10se%d", raw, exponent);
}

void pbl_report_number(char out[PBL_NUMBER_CHARS], double x, int digits) {
  if (digits < 1) digits = 1;
  if (digits > 6) digits = 6;
  if (isnan(x)) {
    snprintf(out, PBL_NUMBER_CHARS, "-");
  } else if (isinf(x)) {
    snprintf(out, PBL_NUMBER_CHARS, "%s", x < 0 ? "-inf" : "inf");
  } else if (x == 0) {
    snprintf(out, PBL_NUMBER_CHARS, "0");
  } else if (fabs(x) < 0.01 || fabs(x) >= 99999.5) {
    scientific(out, x, digits);
  } else {
    char raw[32]; /* the exponent after rounding: 9.996 has one digit less than 10.0 */
    snprintf(raw, sizeof raw, "%.*e", digits - 1, x);
    const char *e = strchr(raw, 'e');
    int decimals = digits - 1 - (e ? atoi(e + 1) : 0);
    if (decimals < 0) decimals = 0;
    if (decimals > digits) decimals = digits;
    snprintf(out, PBL_NUMBER_CHARS, "%.*f", decimals, x);
  }
}

void pbl_report_signed(char out[PBL_NUMBER_CHARS], double x, int digits) {
  char text[PBL_NUMBER_CHARS];
  pbl_report_number(text, x, digits);
  snprintf(out, PBL_NUMBER_CHARS, "%s%.14s", x > 0 ? "+" : "", text);
}

void pbl_report_estimate(char out[PBL_ESTIMATE_CHARS], pbl_estimate e, int digits) {
  char value[PBL_NUMBER_CHARS], low[PBL_NUMBER_CHARS], high[PBL_NUMBER_CHARS];
  pbl_report_number(value, e.value, digits);
  if (isnan(e.low) && isnan(e.high)) {
    snprintf(out, PBL_ESTIMATE_CHARS, "%s", value);
    return;
  }
  pbl_report_number(low, e.low, digits);
  pbl_report_number(high, e.high, digits);
  snprintf(out, PBL_ESTIMATE_CHARS, "%s [%s, %s]", value, low, high);
}

void pbl_report_tau(char out[PBL_ESTIMATE_CHARS], const pbl_tau_report *t, int digits) {
  char bound[PBL_NUMBER_CHARS];
  switch (t->resolution) {
    case PBL_RESOLVED:
      pbl_report_estimate(out, t->tau, digits);
      return;
    case PBL_FROZEN:
      snprintf(out, PBL_ESTIMATE_CHARS, "frozen");
      return;
    case PBL_PARTIAL:
      snprintf(out, PBL_ESTIMATE_CHARS, "partly frozen");
      return;
    case PBL_SHORT:
      snprintf(out, PBL_ESTIMATE_CHARS, "too short");
      return;
    case PBL_UNRESOLVED:
      break;
  }
  if (!(t->tau_lower_bound > 0)) {
    snprintf(out, PBL_ESTIMATE_CHARS, "unresolved");
    return;
  }
  pbl_report_number(bound, t->tau_lower_bound, digits);
  snprintf(out, PBL_ESTIMATE_CHARS, "> %s unresolved", bound);
}

void pbl_report_ess(char out[PBL_NUMBER_CHARS], const pbl_tau_report *t, int digits) {
  pbl_report_number(out, t->resolution == PBL_RESOLVED ? t->ess.value : NAN, digits);
}

void pbl_report_percent(char out[PBL_ESTIMATE_CHARS], pbl_estimate e, int digits) {
  char value[PBL_NUMBER_CHARS], low[PBL_NUMBER_CHARS], high[PBL_NUMBER_CHARS];
  if (isnan(e.value)) {
    snprintf(out, PBL_ESTIMATE_CHARS, "-");
    return;
  }
  pbl_report_signed(value, 100 * e.value, digits);
  pbl_report_signed(low, 100 * e.low, digits);
  pbl_report_signed(high, 100 * e.high, digits);
  if (isnan(e.low) && isnan(e.high))
    snprintf(out, PBL_ESTIMATE_CHARS, "%s %%", value);
  else
    snprintf(out, PBL_ESTIMATE_CHARS, "%s %% [%s, %s]", value, low, high);
}

void pbl_report_reason(char *out, size_t size, const pbl_case_result *c) {
  const size_t failed = pbl_report_failed_gates(c);
  const char *plural = c->n_gates == 1 ? "" : "s";
  if (!c->n_gates)
    snprintf(out, size, "%s", c->gate[0] ? c->gate : "no gate was evaluated");
  else if (failed)
    snprintf(out, size, "%zu of %zu gate%s failed%s%s", failed, c->n_gates, plural,
             c->gate[0] ? ": " : "", c->gate);
  else if (c->verdict == PBL_AGREES)
    snprintf(out, size, "all %zu gate%s passed", c->n_gates, plural);
  else /* every gate that could be evaluated passed, yet something is not resolved */
    snprintf(out, size, "%s", c->gate[0] ? c->gate : "not resolved");
}
