#include "area_variants.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_compare.h"
#include "pbl_dataset.h"
#include "pbl_model.h"

#define MAX_LINES (1u << 20) /* of a file that may be a configuration */

static bool same(const pbl_hw *a, const pbl_hw *b) {
  pbl_hw x = *a, y = *b;
  /* Only the LFSR has steps. */
  if (x.generator != PBL_GEN_LFSR32) x.lfsr_steps = y.lfsr_steps;
  return memcmp(&x, &y, sizeof x) == 0;
}

static pbl_status add(area_variant *list, size_t *n, pbl_hw hw, const char *name, pbl_error *err) {
  const pbl_status status = pbl_hw_check(&hw, err);
  if (status != PBL_OK) return pbl_wrap(err, status, "%s", name);
  const int least = pbl_hw_min_field_bits(&hw);
  if (hw.field_bits == 0) hw.field_bits = least;
  for (size_t i = 0; i < *n; i++) {
    if (!same(&list[i].hw, &hw)) continue;
    const size_t used = strlen(list[i].also);
    snprintf(list[i].also + used, sizeof list[i].also - used, "%s%s", used > 0 ? ", " : "", name);
    return PBL_OK;
  }
  area_variant *v = &list[(*n)++];
  *v = (area_variant){.hw = hw, .least_field_bits = least};
  snprintf(v->name, sizeof v->name, "%s", name);
  return PBL_OK;
}

bool area_variant_has(const area_variant *v, const char *name) {
  const size_t length = strlen(name);
  if (strcmp(v->name, name) == 0) return true;
  for (const char *at = v->also; *at != '\0'; at += strspn(at, ", ")) {
    const size_t n = strcspn(at, ",");
    if (n == length && memcmp(at, name, n) == 0) return true;
    at += n;
  }
  return false;
}

pbl_status area_case_hw(pbl_hw *hw, const pbl_case_config *c, pbl_error *err) {
  *hw = c->hw;
  if (hw->fabric == PBL_FABRIC_DENSE) {
    hw->n_visible = c->random_visible;
    hw->n_hidden = c->random_hidden;
  }
  hw->replicas = c->chains;
  if (c->graph[0] != '\0') {
    const pbl_status status = pbl_compare_graph_hw(hw, c, err);
    if (status != PBL_OK) return pbl_wrap(err, status, "case %s", c->name);
    hw->n_visible = 0; /* the graph is no part of what is built */
  } else if (c->model[0] != '\0') {
    pbl_rbm *model = NULL;
    const pbl_status status = pbl_rbm_load(&model, c->model, err);
    if (status != PBL_OK) return pbl_wrap(err, status, "case %s", c->name);
    hw->n_visible = model->n_visible;
    hw->n_hidden = model->n_hidden;
    pbl_rbm_destroy(model);
  }
  return PBL_OK;
}

static pbl_status add_case(area_variant *list, size_t *n, const pbl_case_config *c,
                           pbl_error *err) {
  pbl_hw hw;
  const pbl_status status = area_case_hw(&hw, c, err);
  return status != PBL_OK ? status : add(list, n, hw, c->name, err);
}

static pbl_status load_compare(area_variant *list, size_t *n, const char *path,
                               const char *const *sets, size_t n_sets, pbl_error *err) {
  pbl_compare_config *config = calloc(1, sizeof *config);
  if (config == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  pbl_status status = pbl_config_load_compare(config, path, sets, n_sets, err);
  for (int k = 0; status == PBL_OK && k < config->n_cases; k++)
    status = add_case(list, n, &config->cases[k], err);
  free(config);
  return status;
}

/* The same rule as of a training on a device: the widest divisor of the chains. */
static int lanes_for(int chains) {
  int lanes = chains < 32 ? chains : 32;
  while (chains % lanes != 0) lanes--;
  return lanes;
}

static pbl_status load_train(area_variant *list, size_t *n, const char *path,
                             const char *const *sets, size_t n_sets, pbl_error *err) {
  pbl_train_config c;
  pbl_images images = {0};
  pbl_status status = pbl_config_load_train(&c, path, sets, n_sets, err);
  if (status != PBL_OK) return status;
  if (c.rows == 0) { /* the images' own */
    status = pbl_dataset_load(&images, c.dataset, "train",
                              c.dataset_path[0] != '\0' ? c.dataset_path : NULL, 0, 0, err);
    c.rows = images.rows;
    c.cols = images.cols;
    pbl_images_free(&images);
    if (status != PBL_OK) return status;
  }
  pbl_hw hw = c.hw;
  hw.n_visible = c.rows * c.cols;
  hw.n_hidden = c.n_hidden;
  hw.replicas = c.n_chains;
  if (hw.lanes == 0) hw.lanes = lanes_for(c.n_chains);
  return add(list, n, hw, c.name, err);
}

/* Only a training has a section `dataset` or `training`. Not every file has an end. */
static bool looks_like_training(const char *path) {
  char line[256];
  bool found = false;
  FILE *f = fopen(path, "r");
  if (f == NULL) return false;
  for (size_t n = 0; !found && n < MAX_LINES && fgets(line, sizeof line, f) != NULL; n++)
    found = strncmp(line, "dataset:", 8) == 0 || strncmp(line, "training:", 9) == 0;
  fclose(f);
  return found;
}

pbl_status area_variants_load(area_variant out[PBL_MAX_CASES], size_t *n, const char *path,
                              const char *const *sets, size_t n_sets, pbl_error *err) {
  *n = 0;
  return looks_like_training(path) ? load_train(out, n, path, sets, n_sets, err)
                                   : load_compare(out, n, path, sets, n_sets, err);
}
