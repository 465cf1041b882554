/* Normal, Student and chi-squared probabilities and quantiles.
 *
 * Probabilities: erfc; continued fractions (modified Lentz) for the incomplete beta and gamma
 * functions, series for the lower gamma. Quantiles: bisection on the smaller tail, so that no
 * digits are lost by 1 - p; a few dozen function values per quantile are cheap beside everything
 * that asks for one. Ranks ask for a normal quantile per draw: rational start and Halley steps. */
#include <float.h>
#include <math.h>

#include "pbl_stats.h"

#define MAX_TERMS 200000
#define TINY 1e-300

static const double SQRT_HALF = 0.70710678118654752440;

double pbl_normal_two_sided_p(double z) {
  return erfc(fabs(z) * SQRT_HALF);
}

/* Continued fraction of the incomplete beta function (DLMF 8.17.22). */
static double beta_fraction(double a, double b, double x) {
  double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0);
  if (fabs(d) < TINY) d = TINY;
  d = 1.0 / d;
  double f = d;
  for (int i = 1; i < MAX_TERMS; ++i) {
    const double m = i;
    const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
    double step = 1.0;
    for (int half = 0; half < 2; ++half) {
      const double term = half == 0 ? even : odd;
      d = 1.0 + term * d;
      c = 1.0 + term / c;
      if (fabs(d) < TINY) d = TINY;
      if (fabs(c) < TINY) c = TINY;
      d = 1.0 / d;
      step = c * d;
      f *= step;
    }
    if (fabs(step - 1.0) < 2.0 * DBL_EPSILON) break;
  }
  return f;
}

/* ln Gamma(a + 1/2) - ln Gamma(a); the difference of two lgamma loses digits for large a. */
static double lgamma_half_step(double a) {
  if (a < 100.0) return lgamma(a + 0.5) - lgamma(a);
  const double q = 1.0 / a;
  return 0.5 * log(a) - q / 8.0 + q * q * q / 192.0;
}

double pbl_student_t_two_sided_p(double t, double dof) {
  if (isnan(t) || !(dof > 0.0)) return NAN;
  const double a = 0.5 * dof, square = t * t;
  if (square == 0.0) return 1.0;
  if (isinf(square)) return 0.0;
  const double x = dof / (dof + square), y = square / (dof + square);
  /* 1 / (a B(a,1/2)) = Gamma(a+1/2) / (a Gamma(a) sqrt(pi)) */
  const double log_inverse_beta = lgamma_half_step(a) - 0.57236494292470008707; /* ln sqrt(pi) */
  const double log_x = y < 0.5 ? log1p(-y) : log(x);
  const double front = exp(log_inverse_beta + a * log_x + 0.5 * log(y));
  if (x < (a + 1.0) / (a + 2.5)) return front * beta_fraction(a, 0.5, x) / a;
  return 1.0 - front * beta_fraction(0.5, a, y) / 0.5;
}

/* Regularised incomplete gamma functions P (lower) and Q (upper) at once. */
static void gamma_tails(double *lower, double *upper, double a, double x) {
  if (x <= 0.0) {
    *lower = 0.0;
    *upper = 1.0;
    return;
  }
  const double front = exp(a * log(x) - x - lgamma(a));
  if (x < a + 1.0) { /* series, DLMF 8.7.1 */
    double term = 1.0 / a, sum = term;
    for (int i = 1; i < MAX_TERMS && term > sum * (0.5 * DBL_EPSILON); ++i) {
      term *= x / (a + i);
      sum += term;
    }
    *lower = front * sum;
    *upper = 1.0 - *lower;
    return;
  }
  double b = x + 1.0 - a, c = 1.0 / TINY, d = 1.0 / b, f = d; /* DLMF 8.9.2 */
  for (int i = 1; i < MAX_TERMS; ++i) {
    const double term = -i * (i - a);
    b += 2.0;
    d = term * d + b;
    c = b + term / c;
    if (fabs(d) < TINY) d = TINY;
    if (fabs(c) < TINY) c = TINY;
    d = 1.0 / d;
    const double step = c * d;
    f *= step;
    if (fabs(step - 1.0) < 2.0 * DBL_EPSILON) break;
  }
  *upper = front * f;
  *lower = 1.0 - *upper;
}

double pbl_chi2_upper_p(double x, double dof) {
  if (isnan(x) || !(dof > 0.0)) return NAN;
  if (isinf(x)) return x > 0.0 ? 0.0 : 1.0;
  double lower, upper;
  gamma_tails(&lower, &upper, 0.5 * dof, 0.5 * x);
  return upper;
}

typedef double (*tail_function)(double x, double dof);

static double normal_tail(double x, double dof) {
  (void)dof;
  return 0.5 * erfc(x * SQRT_HALF);
}
static double student_tail(double x, double dof) {
  return 0.5 * pbl_student_t_two_sided_p(x, dof);
}
static double chi2_lower(double x, double dof) {
  double lower, upper;
  gamma_tails(&lower, &upper, 0.5 * dof, 0.5 * x);
  return lower;
}

/* x >= 0 with tail(x) = p for a monotone tail (falling: upper tail, else lower tail). */
static double invert_tail(tail_function tail, bool falling, double p, double dof, double guess) {
  double low = 0.0, high = guess;
  while (isfinite(high) && (tail(high, dof) > p) == falling) {
    low = high;
    high *= 2.0;
  }
  for (int i = 0; i < 2000; ++i) {
    const double middle = low + 0.5 * (high - low);
    if (middle <= low || middle >= high) break;
    if ((tail(middle, dof) > p) == falling) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low + 0.5 * (high - low);
}

/* Quantile of a law symmetric about zero, from its upper tail. */
static double symmetric_quantile(tail_function tail, double p, double dof) {
  if (isnan(p) || p < 0.0 || p > 1.0) return NAN;
  if (p == 0.0) return -INFINITY;
  if (p == 1.0) return INFINITY;
  if (p == 0.5) return 0.0;
  const double x = invert_tail(tail, true, p < 0.5 ? p : 1.0 - p, dof, 2.0);
  return p < 0.5 ? -x : x;
}

/* Rational approximation of P. J. Acklam (2003), relative error 1.2e-9, for 0 < p <= 1/2. */
static double rough_normal_quantile(double p) {
  static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                             1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
  static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,  -1.556989798598866e+02,
                             6.680131188771972e+01,  -1.328068155288572e+01, 1.0};
  static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                             -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
  static const double d[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                             3.754408661907416e+00, 1.0};
  const bool far = p < 0.02425;
  const double q = far ? sqrt(-2.0 * log(p)) : p - 0.5, x = far ? q : q * q;
  double above = 0.0, below = 0.0;
  for (int i = 0; i < 6; ++i) above = above * x + (far ? c[i] : a[i]);
  for (int i = 0; i < (far ? 5 : 6); ++i) below = below * x + (far ? d[i] : b[i]);
  return far ? above / below : q * above / below;
}

double pbl_normal_quantile(double p) {
  const double root_two_pi = 2.50662827463100050242;
  if (!(p > 1e-290 && p < 1.0) || p == 0.5) return symmetric_quantile(normal_tail, p, 0.0);
  const double least = p < 0.5 ? p : 1.0 - p;
  double x = rough_normal_quantile(least);
  for (int turn = 0; turn < 2; ++turn) { /* Halley */
    const double u = (0.5 * erfc(-x * SQRT_HALF) - least) * root_two_pi * exp(0.5 * x * x);
    x -= u / (1.0 + 0.5 * x * u);
  }
  return p < 0.5 ? x : -x;
}

double pbl_student_t_quantile(double p, double dof) {
  return dof > 0.0 ? symmetric_quantile(student_tail, p, dof) : NAN;
}

double pbl_chi2_quantile(double p, double dof) {
  if (isnan(p) || p < 0.0 || p > 1.0 || !(dof > 0.0)) return NAN;
  if (p == 0.0) return 0.0;
  if (p == 1.0) return INFINITY;
  if (p < 0.5) return invert_tail(chi2_lower, false, p, dof, dof);
  return invert_tail(pbl_chi2_upper_p, true, 1.0 - p, dof, dof);
}
