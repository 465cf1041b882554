#include "pbl_number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The parts of a decimal number; all pointers into the text. */
typedef struct {
  bool negative;
  const char *whole, *fraction; /* digits before and after the point */
  size_t n_whole, n_fraction;
  long exponent;
} decimal;

static size_t span_digits(const char *s) {
  return strspn(s, "0123456789");
}

/* [-+]? (digits [. digits?] | . digits) ([eE] [-+]? digits)? and nothing more. */
static bool split_decimal(decimal *d, const char *s) {
  d->negative = *s == '-';
  if (*s == '-' || *s == '+') s++;
  d->whole = s;
  d->n_whole = span_digits(s);
  s += d->n_whole;
  d->n_fraction = 0;
  d->fraction = s;
  if (*s == '.') {
    d->fraction = ++s;
    d->n_fraction = span_digits(s);
    s += d->n_fraction;
  }
  if (d->n_whole + d->n_fraction == 0) return false;
  d->exponent = 0;
  if (*s == 'e' || *s == 'E') {
    s++;
    const bool negative = *s == '-';
    if (*s == '-' || *s == '+') s++;
    const size_t n = span_digits(s);
    if (n == 0) return false;
    for (size_t k = 0; k < n; k++) {
      /* Saturate: nothing that fits any type has so large an exponent. */
      if (d->exponent < 10000000) d->exponent = 10 * d->exponent + (s[k] - '0');
    }
    if (negative) d->exponent = -d->exponent;
    s += n;
  }
  return *s == '\0';
}

static bool append_digit(uint64_t *value, unsigned base, unsigned digit) {
  return !__builtin_mul_overflow(*value, (uint64_t)base, value) &&
         !__builtin_add_overflow(*value, (uint64_t)digit, value);
}

/* 0x.. and 0o..; *found says whether the text has such a prefix. */
static pbl_number_fault parse_prefixed(pbl_integer *out, const char *text, bool *found) {
  const char *s = text + (*text == '-' || *text == '+');
  const unsigned base = s[0] == '0' && s[1] == 'x' ? 16 : s[0] == '0' && s[1] == 'o' ? 8 : 0;
  *found = base != 0;
  if (base == 0) return PBL_NUMBER_NONE;
  const char *digits = base == 16 ? "0123456789abcdef" : "01234567";
  out->negative = *text == '-';
  out->magnitude = 0;
  s += 2;
  if (*s == '\0') return PBL_NUMBER_NONE;
  for (; *s != '\0'; s++) {
    const char lower = (char)(*s >= 'A' && *s <= 'F' ? *s + ('a' - 'A') : *s);
    const char *at = strchr(digits, lower);
    if (at == NULL) return PBL_NUMBER_NONE;
    if (!append_digit(&out->magnitude, base, (unsigned)(at - digits))) return PBL_NUMBER_TOO_LARGE;
  }
  return PBL_NUMBER_OK;
}

/* Why a text that has no number's shape may have been meant as one. */
static pbl_number_fault no_number(const char *text) {
  const char *s = text + (*text == '-' || *text == '+');
  if (strcasecmp(s, ".nan") == 0 || strcasecmp(s, "nan") == 0 || strcasecmp(s, ".inf") == 0 ||
      strcasecmp(s, "inf") == 0 || strcasecmp(s, "infinity") == 0) {
    return PBL_NUMBER_NOT_FINITE;
  }
  if (strchr(s, '_') != NULL && *s >= '0' && *s <= '9') return PBL_NUMBER_UNDERSCORE;
  return PBL_NUMBER_NONE;
}

static pbl_number_fault decimal_to_integer(pbl_integer *out, const decimal *d) {
  size_t n_fraction = d->n_fraction;
  while (n_fraction > 0 && d->fraction[n_fraction - 1] == '0') n_fraction--;
  uint64_t value = 0;
  for (size_t k = 0; k < d->n_whole + n_fraction; k++) {
    const char c = k < d->n_whole ? d->whole[k] : d->fraction[k - d->n_whole];
    if (!append_digit(&value, 10, (unsigned)(c - '0'))) return PBL_NUMBER_TOO_LARGE;
  }
  long exponent = d->exponent - (long)n_fraction;
  out->negative = d->negative;
  out->magnitude = value;
  if (value == 0) return PBL_NUMBER_OK;
  for (; exponent < 0; exponent++, value /= 10) {
    if (value % 10 != 0) return PBL_NUMBER_NOT_INTEGER;
  }
  for (; exponent > 0; exponent--) {
    if (!append_digit(&value, 10, 0)) return PBL_NUMBER_TOO_LARGE;
  }
  out->magnitude = value;
  return PBL_NUMBER_OK;
}

pbl_number_fault pbl_number_integer(pbl_integer *out, const char *text) {
  bool prefixed;
  decimal d;
  const pbl_number_fault fault = parse_prefixed(out, text, &prefixed);
  if (prefixed) return fault == PBL_NUMBER_NONE ? no_number(text) : fault;
  if (!split_decimal(&d, text)) return no_number(text);
  return decimal_to_integer(out, &d);
}

pbl_number_fault pbl_number_double(double *out, const char *text) {
  bool prefixed;
  decimal d;
  pbl_integer integer;
  const pbl_number_fault fault = parse_prefixed(&integer, text, &prefixed);
  if (prefixed) {
    if (fault != PBL_NUMBER_OK) return fault == PBL_NUMBER_NONE ? no_number(text) : fault;
    *out = integer.negative ? -(double)integer.magnitude : (double)integer.magnitude;
    return PBL_NUMBER_OK;
  }
  if (!split_decimal(&d, text)) return no_number(text);
  *out = strtod(text, NULL);
  return isfinite(*out) ? PBL_NUMBER_OK : PBL_NUMBER_TOO_LARGE;
}

const char *pbl_number_fault_text(pbl_number_fault fault) {
  switch (fault) {
    case PBL_NUMBER_OK:
      return "";
    case PBL_NUMBER_NONE:
      return "is not a number";
    case PBL_NUMBER_UNDERSCORE:
      return "has an underscore: write 1000 or 1e3, not 1_000";
    case PBL_NUMBER_NOT_FINITE:
      return "is not finite";
    case PBL_NUMBER_NOT_INTEGER:
      return "is not a whole number";
    case PBL_NUMBER_TOO_LARGE:
      return "is too large";
  }
  return "is not a number";
}
