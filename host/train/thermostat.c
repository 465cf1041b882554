#include "thermostat.h"

#include <math.h>

#include "binary.h"

void pbl_thermostat_start(pbl_pcd *t) {
  if (!pbl_regulator_moves(t->opt.regulator.mode)) return; /* the model keeps its beta */
  t->thermostat.regulation = pbl_regulation_start(&t->opt.regulator);
  t->model->beta = 1.0 / t->thermostat.regulation.temperature;
}

void pbl_thermostat_epoch(pbl_pcd *t) {
  const pbl_regulation keep = t->thermostat.regulation;
  t->thermostat = (pbl_thermostat){.regulation = keep};
}

static void scale(float *x, size_t n, double factor) {
  for (size_t i = 0; i < n; i++) x[i] = (float)((double)x[i] * factor);
}

void pbl_thermostat_fold(pbl_pcd *t) {
  const pbl_binary_parameters p = pbl_binary_get(t);
  const double factor = pbl_regulation_fold(&t->thermostat.regulation);
  scale(p.w, t->n_visible * t->n_hidden, factor);
  scale(p.b, t->n_visible, factor);
  scale(p.a, t->n_hidden, factor);
  pbl_binary_view(t);
  t->model->beta = 1.0;
}

bool pbl_thermostat_count(pbl_pcd *t, bool last, double *flips, double *gap) {
  pbl_thermostat *s = &t->thermostat;
  s->updates++;
  s->flips += t->flip_rate;
  s->gap += t->free_data - t->free_model;
  s->epoch_updates++;
  s->epoch_flips += t->flip_rate;
  s->epoch_data += t->free_data;
  s->epoch_model += t->free_model;
  const uint64_t window = (uint64_t)t->opt.window_updates;
  if (window ? s->updates < window : !last) return false;
  *flips = s->flips / (double)s->updates;
  *gap = s->gap / (double)s->updates;
  s->updates = 0;
  s->flips = s->gap = 0.0;
  return true;
}

void pbl_thermostat_step(pbl_pcd *t, double flips, double gap) {
  if (!pbl_regulator_moves(t->opt.regulator.mode)) return;
  pbl_regulation *r = &t->thermostat.regulation;
  pbl_regulation_step(r, &t->opt.regulator, flips, gap);
  t->model->beta = 1.0 / r->temperature;
  if (t->opt.gauge_fixing) pbl_thermostat_fold(t);
}

static double mean(double sum, uint64_t n) {
  return n ? sum / (double)n : (double)NAN;
}

double pbl_thermostat_flip_rate(const pbl_pcd *t) {
  return mean(t->thermostat.epoch_flips, t->thermostat.epoch_updates);
}
double pbl_thermostat_free_data(const pbl_pcd *t) {
  return mean(t->thermostat.epoch_data, t->thermostat.epoch_updates);
}
double pbl_thermostat_free_model(const pbl_pcd *t) {
  return mean(t->thermostat.epoch_model, t->thermostat.epoch_updates);
}
