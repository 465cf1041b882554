/* Statistics of the windows of a device. */
#include <math.h>

#include "lab_device.h"

enum { SPREAD_WINDOWS = 50 };

double lab_track_lambda(const lab_track *t, int repeat, int k) {
  return k == 0 ? t->start : ldexp(t->items[repeat * t->windows + k - 1].lambda, -24);
}

double lab_track_end(const lab_track *t) {
  const int first = t->windows / 2 + 1;
  double sum = 0.0;
  for (int r = 0; r < t->repeats; r++)
    for (int k = first; k <= t->windows; k++) sum += lab_track_lambda(t, r, k);
  return sum / ((double)t->repeats * (t->windows - first + 1));
}

double lab_track_growth(const lab_track *t, double end) {
  const double first = fabs(t->start - end), n = t->repeats;
  lab_line line = {0};
  if (t->repeats < 4) return NAN;
  for (int k = 0; k <= t->windows; k++) {
    double mean = 0.0, squares = 0.0;
    for (int r = 0; r < t->repeats; r++) mean += (lab_track_lambda(t, r, k) - end) / n;
    for (int r = 0; r < t->repeats; r++) {
      const double d = lab_track_lambda(t, r, k) - end - mean;
      squares += d * d;
    }
    const double error = sqrt(squares / (n * (n - 1.0)));
    if (!(fabs(mean) > 10.0 * error) || fabs(mean) > 2.0 * first) break;
    lab_line_add(&line, k, log(fabs(mean)));
  }
  return line.n >= 3.0 ? lab_line_slope(&line) : NAN;
}

static double spread_of(const lab_track *t, int repeat) {
  double low = INFINITY, high = -INFINITY;
  for (int k = t->windows - SPREAD_WINDOWS + 1; k <= t->windows; k++) {
    low = fmin(low, lab_track_lambda(t, repeat, k));
    high = fmax(high, lab_track_lambda(t, repeat, k));
  }
  return high - low;
}

/* Windows from the change of r* to the first one that ended off the limits; NaN when lambda was at
 * none or never left it. */
static double release_of(const lab_track *t, int repeat, int change) {
  const unsigned limits = PBL_WINDOW_AT_LAMBDA_MIN | PBL_WINDOW_AT_LAMBDA_MAX;
  const pbl_window *w = &t->items[repeat * t->windows];
  if ((w[change - 1].flags & limits) == 0) return NAN;
  for (int k = change; k < t->windows; k++)
    if ((w[k].flags & limits) == 0) return k - change + 1;
  return NAN;
}

static void measure_flags(double *v, const lab_track *t) {
  const int first = t->windows / 2;
  const double all = (double)t->repeats * t->windows;
  const double late = (double)t->repeats * (t->windows - first);
  int at_limit = 0, limited = 0, inside = 0;
  double flips = 0.0;
  for (int r = 0; r < t->repeats; r++)
    for (int k = 0; k < t->windows; k++) {
      const pbl_window *w = &t->items[r * t->windows + k];
      at_limit += (w->flags & (PBL_WINDOW_AT_LAMBDA_MIN | PBL_WINDOW_AT_LAMBDA_MAX)) != 0;
      limited += (w->flags & PBL_WINDOW_RATE_LIMITED) != 0;
      inside += k >= first && (w->flags & PBL_WINDOW_IN_DEAD_BAND) != 0;
      flips += k >= first ? ldexp(w->rate, -24) : 0.0;
    }
  v[PBL_LAB_device_at_limit] = at_limit / all;
  v[PBL_LAB_device_step_limited] = limited / all;
  v[PBL_LAB_device_in_dead_band] = inside / late;
  v[PBL_LAB_device_flip_rate] = flips / late;
}

void lab_track_measure(double *v, const lab_track *t, int change_window) {
  double least = t->start, most = t->start, step = 0.0, spread = 0.0, release = 0.0;
  for (int r = 0; r < t->repeats; r++) {
    for (int k = 1; k <= t->windows; k++) {
      const double lambda = lab_track_lambda(t, r, k);
      least = fmin(least, lambda);
      most = fmax(most, lambda);
      step = fmax(step, fabs(lambda - lab_track_lambda(t, r, k - 1)));
    }
    spread += spread_of(t, r) / t->repeats;
    if (change_window > 0) {
      const double own = release_of(t, r, change_window);
      release = isnan(own) || isnan(release) ? NAN : fmax(release, own);
    }
  }
  v[PBL_LAB_device_temperature] = exp(lab_track_end(t));
  v[PBL_LAB_device_lambda_least] = least;
  v[PBL_LAB_device_lambda_most] = most;
  v[PBL_LAB_device_step_largest] = step;
  v[PBL_LAB_device_spread] = spread;
  v[PBL_LAB_device_release] = change_window > 0 ? release : NAN;
  measure_flags(v, t);
}
