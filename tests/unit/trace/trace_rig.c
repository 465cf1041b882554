#include "trace_rig.h"

#include "pbl_cmocka.h"
#include "pbl_graph_make.h"
#include "pbl_lattice_model.h"
#include "pbl_sparse_image.h"
#include "pbl_twin.h"

static void check(pbl_status status, const pbl_error *err) {
  if (status != PBL_OK) fail_msg("%s", err->message);
}

static double or (double x, double other) {
  return x > 0 ? x : other;
}

static void make_sparse(trace_rig *r, pbl_hw *hw) {
  pbl_graph_recipe recipe;
  pbl_graph *g = NULL;
  pbl_colouring *c = NULL;
  pbl_error err = {0};
  const pbl_sparse_layout layout = r->plan.singles ? PBL_SPARSE_SINGLES : PBL_SPARSE_FULL;
  pbl_hw_set_sparse(hw, &(pbl_hw_sparse){.sites = r->plan.sites ? r->plan.sites : 4});
  check(pbl_graph_recipe_parse(&recipe, "king:5x4", &err), &err);
  recipe.couplings = (pbl_value_law){PBL_LAW_NORMAL, or (r->plan.strength, 0.5)};
  recipe.fields = (pbl_value_law){PBL_LAW_NORMAL, 0.3};
  recipe.seed = 3;
  check(pbl_graph_make(&g, &recipe, &err), &err);
  check(pbl_colouring_create(&c, g, PBL_COLOUR_DSATUR, &err), &err);
  check(pbl_sparse_fit_laid(hw, g, c, layout, &err), &err);
  check(
      pbl_sparse_image_create_laid(&r->image, NULL, g, c, hw, or (r->plan.beta, 0.7), layout, &err),
      &err);
  pbl_graph_destroy(g);
  pbl_colouring_destroy(c);
}

static void make_model(trace_rig *r, pbl_hw *hw) {
  pbl_rbm *m = NULL;
  pbl_error err = {0};
  const double strength = or (r->plan.strength, 0.5);
  if (hw->fabric == PBL_FABRIC_LATTICE) {
    const pbl_lattice_law law = {
        .couplings = PBL_GAUSSIAN, .scale = strength, .field_scale = 0.3, .seed = 5};
    hw->lattice = (pbl_hw_lattice){.n_rules = 2, .rule_a = {1, 2}, .rule_b = {0, 1}};
    pbl_hw_set_lattice(hw, 8, r->plan.sites);
    check(pbl_lattice_model(&m, &hw->lattice, &law, &err), &err);
  } else {
    hw->n_visible = 7;
    hw->n_hidden = 5;
    check(pbl_rbm_random(&m, 7, 5, strength, 0.3, 9, &err), &err);
  }
  check(pbl_image_create(&r->image, NULL, m, hw, or (r->plan.beta, 0.7), &err), &err);
  pbl_rbm_destroy(m);
}

void trace_rig_create(trace_rig *r, const trace_plan *plan) {
  pbl_error err = {0};
  pbl_hw hw = pbl_hw_default();
  *r = (trace_rig){.plan = *plan};
  hw.fabric = plan->fabric;
  hw.lanes = plan->lanes;
  hw.replicas = plan->lanes * plan->contexts;
  hw.table_size = plan->table_size ? plan->table_size : 64;
  hw.table_range_log2 = 3;
  hw.threshold_bits = plan->truncating ? 32 : 16;
  hw.rounding = !plan->truncating;
  if (plan->lfsr) {
    hw.generator = PBL_GEN_LFSR32;
    hw.lfsr_steps = 7;
  }
  if (plan->shared) hw.cells_per_generator = plan->shared;
  if (plan->fabric == PBL_FABRIC_SPARSE) {
    make_sparse(r, &hw);
  } else {
    make_model(r, &hw);
  }
  const size_t n = (size_t)pbl_hw_pbits(&r->image->hw), replicas = (size_t)hw.replicas;
  r->image->clamp[1] = r->image->clamp[n - 2] = 1;
  r->states = malloc(n * replicas);
  assert_non_null(r->states);
  for (size_t k = 0; k < n * replicas; k++) r->states[k] = k * 7 % 5 < 2 ? 1 : -1;
  check(pbl_trace_start_image(&r->start, "rig", r->image, plan->kernel, TRACE_RIG_SEED, r->states,
                              &err),
        &err);
  r->start.coupled = plan->coupled;
}

void trace_rig_release(trace_rig *r) {
  pbl_image_destroy(r->image);
  pbl_trace_start_release(&r->start);
  free(r->states);
}

pbl_driver *trace_rig_twin(const trace_rig *r) {
  pbl_error err = {0};
  pbl_device *dev = NULL;
  pbl_driver *d = NULL;
  check(pbl_twin_open(&dev, &r->image->hw, &err), &err);
  check(pbl_driver_create(&d, dev, &r->image->hw, NULL, &err), &err);
  check(pbl_driver_upload(d, r->image, NULL, &err), &err);
  check(pbl_driver_seed(d, TRACE_RIG_SEED, &err), &err);
  check(pbl_driver_set_state(d, r->states, &err), &err);
  check(pbl_driver_set_beta(d, r->image->beta, &err), &err);
  check(pbl_driver_set_kernel(d, r->plan.kernel, &err), &err);
  check(pbl_driver_set_coupled(d, r->plan.coupled, &err), &err);
  return d;
}
