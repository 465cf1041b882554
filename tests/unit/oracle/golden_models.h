/* The two published instances: an eight-spin bipartite Ising model and a 3 x 3 RBM, weights in the
 * layout of pbl_oracle_create_weights. */
#ifndef GOLDEN_MODELS_H
#define GOLDEN_MODELS_H

#include <stddef.h>

/* Block a is hidden (updated first), block b visible: entry [b][a], last column hb, last row ha. */
static const double golden_w8[5][5] = {
    {2.0409191213851825, -0.45264929211044586, -0.86521307627494171, -0.28128741815135039,
     0.0072778695229993862},
    {-2.5556650313141818, -0.2155971630897659, 3.3229995166448827, -0.66804634610895008,
     0.46374625536384356},
    {0.41809884672577885, -2.019986129147251, 0.22578661322792176, -1.0551505512051214,
     0.16353165680629336},
    {-0.56776960612792982, -0.23193237764418947, -0.35263079434159539, -0.39080097723465473,
     -0.1515686206842054},
    {0.14458361655203575, -0.071566081972010004, 0.28732761088792919, -0.059940638719973995, 0.0},
};
static const double golden_w3[4][4] = {
    {0.1257302210933933, -0.1321048632913019, 0.6404226504432821, 0},
    {0.10490011715303971, -0.535669373161111, 0.36159505490948474, 0},
    {1.3040000451301372, 0.9470809631292422, -0.7037352358069926, 0},
    {0, 0, 0, 0},
};

/* Observables of the eight-spin table: a0, b0, energy, mag, weak a1 b1, strong a2 b1. */
static inline double golden_observable(int which, size_t x) {
  double a[4], b[4], energy = 0.0, mag = 0.0;
  for (int k = 0; k < 4; k++) {
    b[k] = (x >> k) & 1 ? 1.0 : -1.0;
    a[k] = (x >> (4 + k)) & 1 ? 1.0 : -1.0;
    mag += a[k] + b[k];
    energy -= golden_w8[4][k] * a[k] + golden_w8[k][4] * b[k];
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) energy -= b[i] * golden_w8[i][j] * a[j];
  const double values[6] = {a[0], b[0], energy, mag, a[1] * b[1], a[2] * b[1]};
  return values[which];
}

#endif
