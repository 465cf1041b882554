#include "meeting_law.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* a_i b_j, from a published table; w[3][1] has the misprint of its last digit but eight corrected
 * (the published log Z and means demand it). */
static const double w8[4][4] = {
    {2.0409191213851825, -2.5556650313141818, 0.41809884672577885, -0.56776960612792982},
    {-0.45264929211044586, -0.2155971630897659, -2.019986129147251, -0.23193237764418947},
    {-0.86521307627494171, 3.3229995166448827, 0.22578661322792176, -0.35263079434159539},
    {-0.28128741815135039, -0.66804634610895008, -1.0551505512051214, -0.39080097723465473},
};
static const double ha8[4] = {0.14458361655203575, -0.071566081972010004, 0.28732761088792919,
                              -0.059940638719973995};
static const double hb8[4] = {0.0072778695229993862, 0.46374625536384356, 0.16353165680629336,
                              -0.1515686206842054};

void eight_spins(double weights[(SPINS_V + 1) * (SPINS_H + 1)]) {
  const size_t stride = SPINS_H + 1;
  for (size_t b = 0; b < 4; b++) {
    for (size_t a = 0; a < 4; a++) weights[b * stride + a] = w8[a][b];
    weights[b * stride + 4] = hb8[b];
    weights[4 * stride + b] = ha8[b];
  }
  weights[4 * stride + 4] = 0.0;
}

static int spin(size_t state, size_t p) {
  return (state >> p) & 1 ? 1 : -1;
}

/* P(s_p = +1 | rest), bit p of `state`, visible first. */
static double probability(const double *w, double beta, size_t p, size_t state) {
  const size_t stride = SPINS_H + 1;
  double field = p < 4 ? w[p * stride + 4] : w[4 * stride + p - 4];
  for (size_t k = 0; k < 4; k++)
    field +=
        p < 4 ? w[p * stride + k] * spin(state, 4 + k) : w[k * stride + p - 4] * spin(state, k);
  return 1.0 / (1.0 + exp(-2.0 * beta * field));
}

static const size_t order[SPINS] = {4, 5, 6, 7, 0, 1, 2, 3};

static void single_sweep(double *q, double p[SPINS][SPIN_STATES]) {
  for (size_t k = 0; k < SPINS; k++) {
    const size_t site = order[k], bit = (size_t)1 << site;
    for (size_t x = 0; x < SPIN_STATES; x++) {
      if (x & bit) continue;
      const double total = q[x] + q[x | bit];
      q[x | bit] = p[site][x] * total;
      q[x] = total - q[x | bit];
    }
  }
}

/* One update of both chains with one uniform u: ++ below the smaller probability, -- above the
 * larger one, and in between only the chain with the larger one is up. */
static void pair_sweep(double *q, double p[SPINS][SPIN_STATES]) {
  for (size_t k = 0; k < SPINS; k++) {
    const size_t site = order[k], bit = (size_t)1 << site;
    for (size_t x = 0; x < SPIN_STATES; x++) {
      for (size_t y = 0; y < SPIN_STATES; y++) {
        if ((x & bit) || (y & bit)) continue;
        double *down = q + x * SPIN_STATES + y, *up_x = q + (x | bit) * SPIN_STATES + y;
        double *up_y = down + bit, *up = up_x + bit;
        const double total = *down + *up_x + *up_y + *up, px = p[site][x], py = p[site][y];
        *up = total * fmin(px, py);
        *down = total * (1.0 - fmax(px, py));
        *up_x = total * fmax(px - py, 0.0);
        *up_y = total * fmax(py - px, 0.0);
      }
    }
  }
}

void meeting_law(double *apart, size_t n, const double *weights, double beta, size_t lag) {
  static double p[SPINS][SPIN_STATES];
  double *q = malloc(SPIN_STATES * SPIN_STATES * sizeof *q), x_law[SPIN_STATES];
  for (size_t site = 0; site < SPINS; site++)
    for (size_t x = 0; x < SPIN_STATES; x++) p[site][x] = probability(weights, beta, site, x);
  for (size_t x = 0; x < SPIN_STATES; x++) x_law[x] = 1.0 / SPIN_STATES;
  for (size_t t = 0; t < lag; t++) single_sweep(x_law, p);
  for (size_t x = 0; x < SPIN_STATES; x++)
    for (size_t y = 0; y < SPIN_STATES; y++) q[x * SPIN_STATES + y] = x_law[x] / SPIN_STATES;
  for (size_t t = 0; t < n; t++) {
    if (t > 0) pair_sweep(q, p);
    apart[t] = 0.0;
    for (size_t x = 0; x < SPIN_STATES; x++) {
      q[x * SPIN_STATES + x] = 0.0; /* met: leave */
      for (size_t y = 0; y < SPIN_STATES; y++) apart[t] += q[x * SPIN_STATES + y];
    }
  }
  free(q);
}
