#include <math.h>
#include <string.h>

#include "pbl_ladder.h"

#define LEAST_REJECTION 1e-3 /* keeps the cumulated rejections strictly rising */

void pbl_ladder_geometric(double *beta, int n, double first, double last) {
  for (int k = 0; k < n; k++) beta[k] = first * pow(last / first, (double)k / (n - 1));
  beta[n - 1] = last;
}

/* Slopes of the monotone cubic through (x, y), x strictly rising. */
static void slopes(double *m, const double *x, const double *y, int n) {
  double secant[PBL_SCHEDULE_ENTRIES];
  for (int k = 0; k + 1 < n; k++) secant[k] = (y[k + 1] - y[k]) / (x[k + 1] - x[k]);
  m[0] = secant[0];
  m[n - 1] = secant[n - 2];
  for (int k = 1; k + 1 < n; k++)
    m[k] = secant[k - 1] * secant[k] > 0 ? 0.5 * (secant[k - 1] + secant[k]) : 0;
  for (int k = 0; k + 1 < n; k++) {
    if (secant[k] == 0) {
      m[k] = m[k + 1] = 0;
      continue;
    }
    const double a = m[k] / secant[k], b = m[k + 1] / secant[k], length = hypot(a, b);
    if (length <= 3) continue;
    m[k] *= 3 / length;
    m[k + 1] *= 3 / length;
  }
}

static double cubic(const double *x, const double *y, const double *m, int k, double at) {
  const double h = x[k + 1] - x[k], t = (at - x[k]) / h, u = 1 - t;
  return y[k] * u * u * (1 + 2 * t) + h * m[k] * t * u * u + y[k + 1] * t * t * (3 - 2 * t) -
         h * m[k + 1] * t * t * u;
}

/* beta as a function of the cumulated rejections is itself monotone: no root has to be sought. */
void pbl_ladder_adapt(double *beta, const double *reject, int n) {
  double x[PBL_SCHEDULE_ENTRIES] = {0}, y[PBL_SCHEDULE_ENTRIES], m[PBL_SCHEDULE_ENTRIES];
  for (int k = 0; k + 1 < n; k++) x[k + 1] = x[k] + fmax(reject[k], LEAST_REJECTION);
  memcpy(y, beta, (size_t)n * sizeof *y);
  slopes(m, x, y, n);
  for (int k = 1, j = 0; k + 1 < n; k++) {
    const double at = x[n - 1] * k / (n - 1);
    while (j + 2 < n && x[j + 1] < at) j++;
    beta[k] = cubic(x, y, m, j, at);
  }
}
