/* Temperature regulation in double precision: what the device's regulator does in fixed point, and
 * the physical settings of both (docs/regulation.md, docs/device.md "Temperature regulator").
 *
 * Time goes in windows of sweeps (or updates). Each window measures the flip rate r: the fraction
 * of updates that changed a p-bit. A mode turns it into the log temperature lambda of the next one:
 *   srtrbm    c += alpha (r - c);  lambda -= eta (r - c) with the c just updated;
 *             A += (g - A)/n over windows n = 1, 2, ...;  T = clamp(exp(lambda) + eps A)
 *   setpoint  e = r* - r;          |e| <= dead band: e = 0;  d = eta e, |d| <= step limit if any;
 *             lambda = clamp(lambda + d);  T = exp(lambda)
 *   guard     e = max(0, r* - r), else the same: it heats and never cools
 *   fixed, host: T stays (host: until the caller sets another one)
 * srtrbm conserves lambda + kappa c, kappa = eta (1 - alpha)/alpha, so that without the macro term
 * T is a function of c alone. g is F(data) - F(model) in units of T, F = -log sum_h exp(-E/T).
 * Sources: arXiv:2603.02525 (srtrbm, as its published code does it); setpoint and guard are
 * integral control of log T. Thread rule: no state beyond the caller's. */
#ifndef PBL_REGULATOR_H
#define PBL_REGULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"
#include "pbl_regulator_words.h"

/* The smallest and largest temperature of the reference; the device has its own, narrower ones. */
#define PBL_TEMPERATURE_MIN 1e-6
#define PBL_TEMPERATURE_MAX 1e3

typedef struct {
  pbl_regulator_mode mode;
  bool hidden_flips;      /* count hidden p-bits too; else visible ones alone */
  uint32_t window_sweeps; /* device sweeps per window; the reference does not read it */
  double flip_rate;       /* r* of setpoint and guard, 0 < r* < .5 */
  double gain;            /* eta per window, 0 < eta < 256 */
  double smoothing;       /* alpha of srtrbm per window, 0 < alpha < 1 */
  double gap_scale;       /* eps of srtrbm, >= 0; 0: no macro term */
  double dead_band;       /* of setpoint and guard, 0 <= . < 1 */
  double step_limit;      /* of setpoint and guard, largest |d lambda| per window; 0: none */
  double temperature;     /* first T, inside the limits */
  double temperature_min; /* PBL_TEMPERATURE_MIN .. temperature_max */
  double temperature_max; /* .. PBL_TEMPERATURE_MAX */
  double filter;          /* first c of srtrbm, 0 .. 1 */
} pbl_regulator_settings;

/* T = 1 in .125..8; srtrbm: the published eta = alpha = .01, eps = .001, c = 0; setpoint and guard:
 * r* = .05, eta = .5; window 1000 sweeps, visible flips. */
pbl_regulator_settings pbl_regulator_settings_default(pbl_regulator_mode mode);
/* INVALID, naming the setting, its value and its range. Settings that the mode does not read are
 * not looked at. */
pbl_status pbl_regulator_settings_check(const pbl_regulator_settings *s, pbl_error *err);

const char *pbl_regulator_mode_name(pbl_regulator_mode mode); /* "srtrbm"; NULL out of range */
/* eta (1 - alpha)/alpha. */
double pbl_regulator_kappa(const pbl_regulator_settings *s);

/* Flags of one step, at the places of the device's window flags. */
enum {
  PBL_REGULATION_AT_MIN = 1 << 1, /* lambda clamped at, or at, its lower limit */
  PBL_REGULATION_AT_MAX = 1 << 2,
  PBL_REGULATION_IN_DEAD_BAND = 1 << 3,
  PBL_REGULATION_RATE_LIMITED = 1 << 4,
  PBL_REGULATION_T_CLAMPED = 1 << 5,
  PBL_REGULATION_FROZEN = 1 << 9
};

typedef struct {
  uint64_t windows; /* steps taken, frozen ones included */
  uint64_t gaps;    /* windows in `gap` */
  double lambda;
  double filter; /* c */
  double gap;    /* A */
  double temperature;
  bool frozen;    /* set by the caller: windows pass, nothing moves */
  unsigned flags; /* of the last step */
} pbl_regulation;

/* State before the first window. The settings must have passed the check. */
pbl_regulation pbl_regulation_start(const pbl_regulator_settings *s);
/* One window: flip_rate 0..1, gap g (read in mode srtrbm with gap_scale > 0 alone). */
void pbl_regulation_step(pbl_regulation *r, const pbl_regulator_settings *s, double flip_rate,
                         double gap);
/* lambda + kappa c. */
double pbl_regulation_conserved(const pbl_regulation *r, const pbl_regulator_settings *s);
/* Gauge fixing: T becomes 1 and lambda 0; returns the factor 1/T by which the caller must multiply
 * all weights and biases, so that the sampled law stays. */
double pbl_regulation_fold(pbl_regulation *r);

/* What a device sweep of one replica updates, clamped p-bits left out. */
typedef struct {
  uint32_t visible; /* updates of visible p-bits per sweep */
  uint32_t hidden;  /* of hidden ones: twice their number with the palindromic kernel */
  uint32_t replicas;
} pbl_regulator_load;

/* Register words of the settings, and in `effective` (may be NULL) the settings that these words
 * stand for, so that the difference is the quantisation. rate_scale is as large as 32 bits hold:
 * the rate of a window is exact to 2^-24 and needs no division. Temperature limits become limits of
 * lambda in setpoint and guard and limits of T in srtrbm, whose lambda may use its whole range
 * (-4..4; it moves by kappa times the change of c).
 * The macro term starts at 0 (pbl_regulator_macro_word later). telemetry is off.
 *
 * INVALID: what the check refuses; a value that is not 0 but would become 0; T outside exp(-4)..
 * exp(4) (Q2.24); a window of more than 2^32 updates (its flip counter could saturate) or, in modes
 * that regulate, of none. */
pbl_status pbl_regulator_quantise(pbl_regulator_words *words, pbl_regulator_settings *effective,
                                  const pbl_regulator_settings *s, const pbl_regulator_load *load,
                                  pbl_error *err);
/* eps A as MACRO, Q7.24, saturated. */
int32_t pbl_regulator_macro_word(double term);
/* One line per setting that quantisation moved by more than 1e-6 of its value: "smoothing 0.01 ->
 * 0.00999451 (-0.055 %)". Returns the length as snprintf does; "" when nothing moved. */
size_t pbl_regulator_rounding_text(char *text, size_t size, const pbl_regulator_settings *asked,
                                   const pbl_regulator_settings *effective);

#endif
