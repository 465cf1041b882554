#include <math.h>

#include "lab_internal.h"

void lab_line_add(lab_line *l, double x, double y) {
  l->n += 1.0;
  const double dx = x - l->x, dy = y - l->y;
  l->x += dx / l->n;
  l->y += dy / l->n;
  l->xx += dx * (x - l->x);
  l->yy += dy * (y - l->y);
  l->xy += dx * (y - l->y);
}

double lab_line_slope(const lab_line *l) {
  return l->xx > 0.0 ? l->xy / l->xx : NAN;
}

double lab_line_r2(const lab_line *l) {
  return l->xx > 0.0 && l->yy > 0.0 ? l->xy * l->xy / (l->xx * l->yy) : NAN;
}

double lab_slope(const pbl_testbed_model *m, double lambda) {
  const double h = 1e-4;
  return (pbl_testbed_flip_rate(m, exp(lambda + h)) - pbl_testbed_flip_rate(m, exp(lambda - h))) /
         (2.0 * h);
}
