/* Physical settings into register words, and back. */
#include <math.h>
#include <stdio.h>

#include "pbl_regulator.h"

#define LAMBDA_LIMIT 67108864 /* 2^26: lambda is Q2.24 in 27 bits */
#define T_LIMIT 1073741824.0  /* 2^30: T is UQ6.24 */
#define ONE_24 16777216.0     /* 2^24 */

/* round(value * 2^frac), INVALID where it does not fit or loses everything. */
static pbl_status to_word(uint32_t *word, const char *name, double value, int frac, double largest,
                          pbl_error *err) {
  const double scaled = round(ldexp(value, frac));
  if (scaled > largest)
    return pbl_fail(err, PBL_INVALID, "regulator: %s is %g, the device holds at most %g", name,
                    value, ldexp(largest, -frac));
  if (value > 0.0 && scaled < 1.0)
    return pbl_fail(err, PBL_INVALID, "regulator: %s is %g, the device's step is %g", name, value,
                    ldexp(1.0, -frac));
  *word = (uint32_t)scaled;
  return PBL_OK;
}

static pbl_status to_lambda(int32_t *word, const char *name, double temperature, pbl_error *err) {
  const double scaled = round(log(temperature) * ONE_24);
  if (scaled < -LAMBDA_LIMIT || scaled > LAMBDA_LIMIT - 1)
    return pbl_fail(err, PBL_INVALID, "regulator: %s is %g, the device holds %.4g to %.4g", name,
                    temperature, exp(-4.0), exp(4.0));
  *word = (int32_t)scaled;
  return PBL_OK;
}

/* rate = flips * scale / 2^shift in UQ1.24 for a window of n updates: the largest scale below 2^32
 * has a relative error below 2^-31, less than 2^-24 on the rate. */
static void rate_words(pbl_regulator_words *w, uint64_t n) {
  uint32_t shift = 0;
  while (shift < 39 && ldexp(1.0, 24 + (int)shift + 1) / (double)n < 4294967295.0) shift++;
  const double scale = round(ldexp(1.0, 24 + (int)shift) / (double)n);
  w->rate_scale = scale > 4294967295.0 ? UINT32_MAX : (uint32_t)scale;
  w->rate_shift = shift;
}

static pbl_status window_words(pbl_regulator_words *w, const pbl_regulator_settings *s,
                               const pbl_regulator_load *load, pbl_error *err) {
  const uint64_t updates =
      (uint64_t)load->visible + (s->hidden_flips ? load->hidden : 0); /* of one replica */
  const double n = (double)updates * (double)load->replicas * (double)s->window_sweeps;
  w->source = s->hidden_flips;
  w->window_sweeps = s->window_sweeps;
  if (n > 4294967296.0)
    return pbl_fail(err, PBL_INVALID,
                    "regulator: a window of %.3g updates could overflow the flip counter of 32 "
                    "bits; take window_sweeps at most %.0f",
                    n, floor(4294967296.0 / ((double)updates * load->replicas)));
  if (n < 1.0 && pbl_regulator_moves(s->mode))
    return pbl_fail(err, PBL_INVALID,
                    "regulator: mode %s needs windows with updates (%u sweeps, %llu updates a "
                    "sweep, %u replicas)",
                    pbl_regulator_mode_name(s->mode), s->window_sweeps, (unsigned long long)updates,
                    load->replicas);
  if (n >= 1.0) rate_words(w, (uint64_t)n);
  return PBL_OK;
}

static pbl_status srtrbm_words(pbl_regulator_words *w, const pbl_regulator_settings *s,
                               pbl_error *err) {
  pbl_status status = to_word(&w->smoothing, "smoothing", s->smoothing, 16, 65535.0, err);
  if (status == PBL_OK) status = to_word(&w->filter, "filter", s->filter, 31, 2147483648.0, err);
  if (status == PBL_OK)
    status = to_word(&w->t_min, "temperature_min", s->temperature_min, 24, T_LIMIT - 1.0, err);
  if (status == PBL_OK)
    status = to_word(&w->t_max, "temperature_max", s->temperature_max, 24, T_LIMIT - 1.0, err);
  w->lambda_min = -LAMBDA_LIMIT;
  w->lambda_max = LAMBDA_LIMIT - 1;
  return status;
}

static pbl_status target_words(pbl_regulator_words *w, const pbl_regulator_settings *s,
                               pbl_error *err) {
  pbl_status status = to_word(&w->rate_set, "flip_rate", s->flip_rate, 24, ONE_24, err);
  if (status == PBL_OK) status = to_word(&w->dead_band, "dead_band", s->dead_band, 24, ONE_24, err);
  if (status == PBL_OK)
    status = to_word(&w->rate_limit, "step_limit", s->step_limit, 24, LAMBDA_LIMIT - 1.0, err);
  if (status == PBL_OK)
    status = to_lambda(&w->lambda_min, "temperature_min", s->temperature_min, err);
  if (status == PBL_OK)
    status = to_lambda(&w->lambda_max, "temperature_max", s->temperature_max, err);
  w->t_min = 1; /* lambda's limits are the tighter ones */
  w->t_max = (uint32_t)T_LIMIT - 1;
  return status;
}

/* The settings that the words stand for. */
static void from_words(pbl_regulator_settings *out, const pbl_regulator_words *w) {
  if (!pbl_regulator_moves(out->mode)) return;
  out->gain = w->gain / ONE_24;
  out->temperature = exp(w->lambda / ONE_24);
  if (w->mode == PBL_REGULATOR_SRTRBM) {
    out->smoothing = w->smoothing / 65536.0;
    out->filter = w->filter / 2147483648.0;
    out->temperature_min = w->t_min / ONE_24;
    out->temperature_max = w->t_max / ONE_24;
  } else {
    out->flip_rate = w->rate_set / ONE_24;
    out->dead_band = w->dead_band / ONE_24;
    out->step_limit = w->rate_limit / ONE_24;
    out->temperature_min = exp(w->lambda_min / ONE_24);
    out->temperature_max = exp(w->lambda_max / ONE_24);
  }
}

pbl_status pbl_regulator_quantise(pbl_regulator_words *words, pbl_regulator_settings *effective,
                                  const pbl_regulator_settings *s, const pbl_regulator_load *load,
                                  pbl_error *err) {
  pbl_regulator_words w = pbl_regulator_words_default();
  pbl_status status = pbl_regulator_settings_check(s, err);
  if (status != PBL_OK) return status;
  w.mode = s->mode;
  status = window_words(&w, s, load, err);
  if (status == PBL_OK && pbl_regulator_moves(s->mode)) {
    status = to_word(&w.gain, "gain", s->gain, 24, 4294967295.0, err);
    if (status == PBL_OK) status = to_lambda(&w.lambda, "temperature", s->temperature, err);
    if (status == PBL_OK)
      status =
          s->mode == PBL_REGULATOR_SRTRBM ? srtrbm_words(&w, s, err) : target_words(&w, s, err);
  }
  if (status != PBL_OK) return status;
  *words = w;
  if (effective == NULL) return PBL_OK;
  *effective = *s;
  from_words(effective, &w);
  return PBL_OK;
}

int32_t pbl_regulator_macro_word(double term) {
  const double scaled = round(term * ONE_24);
  if (!(scaled > INT32_MIN)) return scaled <= INT32_MIN ? INT32_MIN : 0; /* NaN: 0 */
  return scaled >= INT32_MAX ? INT32_MAX : (int32_t)scaled;
}

size_t pbl_regulator_rounding_text(char *text, size_t size, const pbl_regulator_settings *asked,
                                   const pbl_regulator_settings *effective) {
  const struct {
    const char *name;
    double asked, effective;
  } rows[] = {
      {"gain", asked->gain, effective->gain},
      {"smoothing", asked->smoothing, effective->smoothing},
      {"flip_rate", asked->flip_rate, effective->flip_rate},
      {"dead_band", asked->dead_band, effective->dead_band},
      {"step_limit", asked->step_limit, effective->step_limit},
      {"filter", asked->filter, effective->filter},
      {"temperature", asked->temperature, effective->temperature},
      {"temperature_min", asked->temperature_min, effective->temperature_min},
      {"temperature_max", asked->temperature_max, effective->temperature_max},
  };
  size_t length = 0;
  if (size > 0) text[0] = '\0';
  for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
    const double change = rows[k].effective / rows[k].asked - 1.0;
    if (!(fabs(change) > 1e-6)) continue; /* 0/0 is no change */
    const size_t at = length < size ? length : size;
    const int n = snprintf(text + at, size - at, "%s %g -> %.9g (%+.2g %%)\n", rows[k].name,
                           rows[k].asked, rows[k].effective, 100.0 * change);
    length += n > 0 ? (size_t)n : 0;
  }
  return length;
}
