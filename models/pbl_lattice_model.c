#include "pbl_lattice_model.h"

#include "pbl_rng.h"

static pbl_status check_law(const pbl_lattice_law *law, pbl_error *err) {
  if (law->couplings < PBL_FERROMAGNET || law->couplings > PBL_PM1)
    return pbl_fail(err, PBL_INVALID, "lattice model: unknown couplings %d", (int)law->couplings);
  if (!(law->scale >= -1e6 && law->scale <= 1e6) ||
      !(law->field_scale >= 0 && law->field_scale <= 1e6))
    return pbl_fail(err, PBL_INVALID,
                    "lattice model: scale %g must be in -1e6..1e6, field_scale %g in 0..1e6",
                    law->scale, law->field_scale);
  return PBL_OK;
}

static float coupling(const pbl_lattice_law *law, pbl_xoshiro *g) {
  switch (law->couplings) {
    case PBL_GAUSSIAN:
      return (float)(law->scale * pbl_xoshiro_normal(g));
    case PBL_PM1:
      return (float)(pbl_xoshiro_next(g) >> 31 ? law->scale : -law->scale);
    default:
      return (float)law->scale;
  }
}

static void fill(pbl_rbm *m, const pbl_hw_lattice *graph, const pbl_lattice_law *law) {
  const int n = m->n_visible, degree = 4 * graph->n_rules;
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, law->seed);
  for (int k = 0; k < n; k++) {
    float *row = m->w + (size_t)k * (size_t)n;
    for (int slot = 0; slot < degree; slot++) {
      const float w = coupling(law, &g);
      if (law->open && pbl_lattice_crosses(graph, 0, k, slot)) continue;
      row[pbl_lattice_neighbour(graph, 0, k, slot)] = w;
    }
  }
  if (law->field_scale == 0) return;
  for (int k = 0; k < n; k++) m->b[k] = (float)(law->field_scale * pbl_xoshiro_normal(&g));
  for (int k = 0; k < n; k++) m->c[k] = (float)(law->field_scale * pbl_xoshiro_normal(&g));
}

pbl_status pbl_lattice_model(pbl_rbm **out, const pbl_hw_lattice *graph, const pbl_lattice_law *law,
                             pbl_error *err) {
  *out = NULL;
  pbl_hw hw = pbl_hw_default();
  hw.lattice = *graph;
  pbl_hw_set_lattice(&hw, graph->side, 0);
  pbl_status st = pbl_hw_check(&hw, err);
  if (st == PBL_OK) st = check_law(law, err);
  if (st == PBL_OK) st = pbl_rbm_create(out, hw.n_visible, hw.n_hidden, err);
  if (st != PBL_OK) return st;
  fill(*out, graph, law);
  return PBL_OK;
}
