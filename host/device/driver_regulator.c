/* The temperature regulator's registers. */
#include "driver_internal.h"

#define LAMBDA_LIMIT ((int64_t)1 << 26)
#define FILTER_LIMIT ((int64_t)1 << 31)
#define MODE_SCHEDULE 5u
#define MODE_LADDER 6u

typedef struct {
  const char *name;
  int64_t value, least, most;
} ranged;

static pbl_status check_ranges(const ranged *words, size_t n, pbl_error *err) {
  for (size_t i = 0; i < n; i++) {
    const ranged *w = &words[i];
    if (w->value < w->least || w->value > w->most)
      return pbl_fail(err, PBL_INVALID, "driver: regulator word %s is %lld, allowed are %lld..%lld",
                      w->name, (long long)w->value, (long long)w->least, (long long)w->most);
  }
  return PBL_OK;
}

/* Without the regulator: what would never happen is refused. */
static pbl_status check_built(const pbl_driver *d, const pbl_regulator_words *w, pbl_error *err) {
  const bool moves = pbl_regulator_moves(w->mode);
  if (!d->hw.no_regulator || (!moves && w->window_sweeps == 0 && !w->telemetry)) return PBL_OK;
  return pbl_fail(err, PBL_INVALID,
                  "driver: the device was built without the temperature regulator "
                  "(hw.regulator: false), which %s",
                  moves ? "a mode that moves beta needs" : "windows need");
}

static pbl_status check_present(const pbl_driver *d, pbl_error *err) {
  if (!d->hw.no_regulator) return PBL_OK;
  return pbl_fail(err, PBL_INVALID,
                  "driver: the device was built without the temperature regulator "
                  "(hw.regulator: false): it has no windows and no log temperature");
}

static pbl_status check_words(const pbl_driver *d, const pbl_regulator_words *w, pbl_error *err) {
  const int64_t l = LAMBDA_LIMIT;
  const ranged words[] = {
      {"mode", (int64_t)w->mode, 0, PBL_N_REGULATOR_MODES - 1},
      {"rate_shift", w->rate_shift, 0, 63},
      {"rate_set", w->rate_set, 0, (1 << 25) - 1},
      {"smoothing", w->smoothing, 0, (1 << 16) - 1},
      {"dead_band", w->dead_band, 0, (1 << 25) - 1},
      {"rate_limit", w->rate_limit, 0, (1 << 26) - 1},
      {"lambda_min", w->lambda_min, -l, l - 1},
      {"lambda_max", w->lambda_max, -l, l - 1},
      {"lambda", w->lambda, -l, l - 1},
      {"filter", w->filter, 0, FILTER_LIMIT},
      {"t_min", w->t_min, 0, (1 << 30) - 1},
      {"t_max", w->t_max, 0, (1 << 30) - 1},
  };
  if (w->scheduled && pbl_regulator_moves(w->mode))
    return pbl_fail(err, PBL_INVALID,
                    "driver: beta comes from the schedule or from the regulator, not from both");
  if (w->ladder && (w->scheduled || pbl_regulator_moves(w->mode)))
    return pbl_fail(err, PBL_INVALID,
                    "driver: beta comes from the ladder, from the schedule or from the regulator, "
                    "not from two of them");
  if (w->ladder && !d->hw.exchange)
    return pbl_fail(err, PBL_INVALID,
                    "driver: the device was built without replica exchange (hw.exchange)");
  const pbl_status s = check_built(d, w, err);
  return s == PBL_OK ? check_ranges(words, sizeof words / sizeof *words, err) : s;
}

static uint32_t config_word(const pbl_regulator_words *w) {
  const uint32_t mode = w->ladder ? MODE_LADDER : w->scheduled ? MODE_SCHEDULE : (uint32_t)w->mode;
  return mode << PBL_REG_CONFIG_MODE_SHIFT | (uint32_t)w->source << PBL_REG_CONFIG_SOURCE_SHIFT |
         (uint32_t)w->freeze << PBL_REG_CONFIG_FREEZE_SHIFT |
         (uint32_t)w->telemetry << PBL_REG_CONFIG_TELEMETRY_SHIFT |
         w->rate_shift << PBL_REG_CONFIG_RATE_SHIFT_SHIFT;
}

static pbl_status write_words(pbl_driver *d, const pbl_regulator_words *w, pbl_error *err) {
  pbl_status s = PBL_WRITE(d, REG_CONFIG, config_word(w), err);
  if (s == PBL_OK) s = PBL_WRITE(d, WINDOW_SWEEPS, w->window_sweeps, err);
  if (s == PBL_OK) s = PBL_WRITE(d, RATE_SCALE, w->rate_scale, err);
  if (s == PBL_OK) s = PBL_WRITE(d, RATE_SET, w->rate_set, err);
  if (s == PBL_OK) s = PBL_WRITE(d, GAIN, w->gain, err);
  if (s == PBL_OK) s = PBL_WRITE(d, SMOOTHING, w->smoothing, err);
  if (s == PBL_OK) s = PBL_WRITE(d, DEAD_BAND, w->dead_band, err);
  if (s == PBL_OK) s = PBL_WRITE(d, RATE_LIMIT, w->rate_limit, err);
  if (s == PBL_OK) s = PBL_WRITE(d, LAMBDA_MIN, (uint32_t)w->lambda_min, err);
  if (s == PBL_OK) s = PBL_WRITE(d, LAMBDA_MAX, (uint32_t)w->lambda_max, err);
  if (s == PBL_OK) s = PBL_WRITE(d, LAMBDA, (uint32_t)w->lambda, err);
  if (s == PBL_OK) s = PBL_WRITE(d, FILTER, w->filter, err);
  if (s == PBL_OK) s = PBL_WRITE(d, MACRO, (uint32_t)w->macro, err);
  if (s == PBL_OK) s = PBL_WRITE(d, T_MIN, w->t_min, err);
  if (s == PBL_OK) s = PBL_WRITE(d, T_MAX, w->t_max, err);
  return s;
}

pbl_status pbl_driver_set_regulator(pbl_driver *d, const pbl_regulator_words *w, pbl_error *err) {
  const uint32_t kept = PBL_REG_CONFIG_MODE_MASK | PBL_REG_CONFIG_FREEZE_MASK;
  pbl_status s = check_words(d, w, err);
  if (s == PBL_OK)
    s = d->hw.no_regulator ? PBL_WRITE(d, REG_CONFIG, config_word(w) & kept, err)
                           : write_words(d, w, err);
  if (s == PBL_OK) s = pbl_driver_status(d, NULL, "after the regulator was set", err);
  if (s != PBL_OK) return s;
  d->telemetry = w->telemetry;
  d->ladder = w->ladder;
  return PBL_OK;
}

pbl_status pbl_driver_regulator_read(pbl_driver *d, pbl_regulator_state *out, pbl_error *err) {
  pbl_regulator_state r = {0};
  uint32_t lambda = 0;
  pbl_status s = check_present(d, err);
  if (s == PBL_OK) s = PBL_READ(d, &lambda, LAMBDA, err);
  if (s == PBL_OK) s = PBL_READ(d, &r.filter, FILTER, err);
  if (s == PBL_OK) s = PBL_READ(d, &r.temperature, TEMPERATURE, err);
  if (s == PBL_OK) s = PBL_READ(d, &r.beta_active, BETA_ACTIVE, err);
  if (s == PBL_OK) s = PBL_READ(d, &r.window_index, WINDOW_INDEX, err);
  if (s == PBL_OK) s = PBL_READ(d, &r.position, WINDOW_POSITION, err);
  if (s == PBL_OK) s = PBL_READ(d, &r.flags, REG_FLAGS, err);
  r.lambda = (int32_t)lambda;
  if (s == PBL_OK) *out = r;
  return s;
}

pbl_status pbl_driver_regulator_write_state(pbl_driver *d, int32_t lambda, uint32_t filter,
                                            pbl_error *err) {
  const ranged words[] = {{"lambda", lambda, -LAMBDA_LIMIT, LAMBDA_LIMIT - 1},
                          {"filter", filter, 0, FILTER_LIMIT}};
  pbl_status s = check_present(d, err);
  if (s == PBL_OK) s = check_ranges(words, 2, err);
  if (s == PBL_OK) s = PBL_WRITE(d, LAMBDA, (uint32_t)lambda, err);
  if (s == PBL_OK) s = PBL_WRITE(d, FILTER, filter, err);
  return s == PBL_OK ? pbl_driver_status(d, NULL, "after the regulator was set", err) : s;
}

pbl_status pbl_driver_window_clear(pbl_driver *d, pbl_error *err) {
  pbl_status s = check_present(d, err);
  if (s == PBL_OK) s = PBL_WRITE(d, CTRL, PBL_CTRL_WINDOW_CLEAR_MASK, err);
  return s == PBL_OK ? pbl_driver_status(d, NULL, "after WINDOW_CLEAR", err) : s;
}

pbl_status pbl_driver_window_read(pbl_driver *d, pbl_window *out, pbl_error *err) {
  pbl_window w = {0};
  uint64_t energy[3] = {0};
  uint32_t index = 0, lambda = 0;
  pbl_status s = check_present(d, err);
  if (s == PBL_OK) s = PBL_READ(d, &index, WINDOW_INDEX, err);
  if (s == PBL_OK) s = PBL_READ(d, &w.flips_v, WINDOW_FLIPS_V, err);
  if (s == PBL_OK) s = PBL_READ(d, &w.flips_h, WINDOW_FLIPS_H, err);
  if (s == PBL_OK) s = PBL_READ(d, &w.rate, WINDOW_RATE, err);
  if (s == PBL_OK) s = PBL_READ64(d, &energy[0], WINDOW_ENERGY_REF, err);
  if (s == PBL_OK) s = PBL_READ64(d, &energy[1], WINDOW_ENERGY_SUM, err);
  if (s == PBL_OK) s = PBL_READ64(d, &energy[2], WINDOW_ENERGY_SQ, err);
  if (s == PBL_OK) s = PBL_READ(d, &w.filter, FILTER, err);
  if (s == PBL_OK) s = PBL_READ(d, &lambda, LAMBDA, err);
  if (s == PBL_OK) s = PBL_READ(d, &w.temperature, TEMPERATURE, err);
  if (s != PBL_OK) return s;
  if (index == 0)
    return pbl_fail(err, PBL_INVALID, "driver: no window has ended since WINDOW_CLEAR");
  w.index = index - 1;
  w.energy_ref = (int64_t)energy[0];
  w.energy_sum = (int64_t)energy[1];
  w.energy_sq = energy[2];
  w.lambda = (int32_t)lambda;
  *out = w;
  return PBL_OK;
}
