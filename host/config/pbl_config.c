#include "pbl_config.h"

#include <string.h>

#include "pbl_config_internal.h"

const char *pbl_backend_name(pbl_backend b) {
  static const char *const names[] = {"rtl", "twin", "remote", "tlm", "uio"};
  return b <= PBL_DEVICE_UIO ? names[b] : "?";
}

/* Reads the file, or `text` when there is one, and puts the --set options in. */
static pbl_status load_tree(pbl_node **root, pbl_problems *p, const char *text,
                            const pbl_field *fields, const char *const *overrides, size_t n,
                            pbl_error *err) {
  pbl_status status = text ? pbl_yaml_parse(root, p->path, text, strlen(text), err)
                           : pbl_yaml_read(root, p->path, err);
  if (status == PBL_OK) status = pbl_override_apply(*root, fields, overrides, n, p, err);
  return status;
}

static pbl_status set_path(char *path, size_t path_size, char *name, size_t name_size,
                           const char *given, pbl_error *err) {
  const size_t length = strlen(given);
  if (length >= path_size) {
    return pbl_fail(err, PBL_CONFIG, "%s: path longer than %zu bytes", given, path_size - 1);
  }
  memset(path, 0, path_size);
  memcpy(path, given, length);
  pbl_path_stem(name, name_size, given);
  return PBL_OK;
}

static void check_remote(pbl_problems *p, const pbl_node *tree, bool is_remote,
                         const pbl_remote_config *remote) {
  const pbl_node *device = pbl_yaml_get(tree, "device");
  if (is_remote && remote->address[0] == '\0')
    pbl_problem_at(p, device != NULL ? device : tree,
                   "device: 'remote' needs the key remote, the address of its server (unix:PATH or "
                   "HOST:PORT); on the command line --device remote:ADDRESS sets both");
}

static void check_uio(pbl_problems *p, const pbl_node *tree, bool is_uio,
                      const pbl_uio_config *uio) {
  const pbl_node *device = pbl_yaml_get(tree, "device");
  if (is_uio && uio->where[0] == '\0')
    pbl_problem_at(p, device != NULL ? device : tree,
                   "device: 'uio' needs the key uio, number, name or path of the board; on the "
                   "command line --device uio:0 sets both");
}

static void default_out(char *out, size_t size, const char *name) {
  if (out[0] == '\0') snprintf(out, size, "results/%s", name);
}

/* One entry of `cases`; what its keys must be to each other is asked only when each is sound. */
static void load_case(pbl_problems *p, const pbl_node *node, const pbl_node *base_hw,
                      const pbl_compare_root *root, pbl_case_config *c) {
  const size_t before = p->n;
  pbl_bind_defaults(pbl_schema_case, c);
  c->hw = root->hw;
  if (node->kind != PBL_NODE_MAP) {
    pbl_problem_at(p, node, "cases: each entry must be a section that begins with '- name: ...'");
    return;
  }
  pbl_bind_section(p, pbl_schema_case, node, c);
  if (p->n == before) pbl_case_check(p, node, base_hw, c);
}

static void check_names(pbl_problems *p, const pbl_node *list, const pbl_compare_config *config) {
  for (int i = 0; i < config->n_cases; i++) {
    for (int j = 0; j < i; j++) {
      const char *name = config->cases[i].name;
      const pbl_node *node = pbl_yaml_get(pbl_yaml_at(list, (size_t)i), "name");
      if (node == NULL || name[0] == '\0' || strcmp(name, config->cases[j].name) != 0) continue;
      pbl_problem_at(p, node, "name: '%s' is the name of an earlier case", name);
      break;
    }
  }
}

static void load_cases(pbl_problems *p, const pbl_node *tree, pbl_compare_root *root) {
  const pbl_node *list = pbl_yaml_get(tree, "cases");
  if (list == NULL) return; /* noted as a missing key */
  if (list->kind != PBL_NODE_LIST || list->n_children == 0) {
    pbl_problem_at(p, list, "cases: must be a list of '- name: ...' sections");
    return;
  }
  for (pbl_node *node = list->first; node != NULL; node = node->next) {
    if (root->config.n_cases == PBL_MAX_CASES) {
      pbl_problem_at(p, node, "cases: more than %d", PBL_MAX_CASES);
      break;
    }
    load_case(p, node, pbl_yaml_get(tree, "hw"), root, &root->config.cases[root->config.n_cases++]);
  }
  check_names(p, list, &root->config);
}

static pbl_status load_compare(pbl_compare_config *out, const char *path, const char *text,
                               const char *const *overrides, size_t n_overrides, pbl_error *err) {
  pbl_problems problems = {.path = path};
  pbl_compare_root root;
  pbl_node *tree = NULL;
  /* Padding too, so that equal configurations are equal bytes. */
  memset(&root, 0, sizeof root);
  pbl_status status =
      load_tree(&tree, &problems, text, pbl_schema_compare, overrides, n_overrides, err);
  if (status != PBL_OK) goto done;
  pbl_bind_defaults(pbl_schema_compare, &root);
  pbl_bind_section(&problems, pbl_schema_compare, tree, &root);
  load_cases(&problems, tree, &root);
  check_remote(&problems, tree, root.config.device == PBL_DEVICE_REMOTE, &root.config.remote);
  check_uio(&problems, tree, root.config.device == PBL_DEVICE_UIO, &root.config.uio);
  if ((status = pbl_problems_report(&problems, err)) != PBL_OK) goto done;
  pbl_compare_config *c = &root.config;
  status = set_path(c->path, sizeof c->path, c->name, sizeof c->name, path, err);
  if (status != PBL_OK) goto done;
  default_out(c->out, sizeof c->out, c->name);
  memcpy(out, c, sizeof *out);
done:
  pbl_yaml_free(tree);
  return status;
}

pbl_status pbl_config_load_compare(pbl_compare_config *out, const char *path,
                                   const char *const *overrides, size_t n_overrides,
                                   pbl_error *err) {
  return load_compare(out, path, NULL, overrides, n_overrides, err);
}

pbl_status pbl_config_text_compare(pbl_compare_config *out, const char *name, const char *text,
                                   const char *const *overrides, size_t n_overrides,
                                   pbl_error *err) {
  return load_compare(out, name, text, overrides, n_overrides, err);
}

/* Each data set needs other keys of its section. */
static void check_dataset(pbl_problems *p, const pbl_node *tree, pbl_train_config *c) {
  const pbl_node *section = pbl_yaml_get(tree, "dataset");
  const pbl_node *path = pbl_yaml_get(section, "path");
  const pbl_node *rows = pbl_yaml_get(section, "rows");
  const bool bars = strcmp(c->dataset, "bars") == 0;
  const bool has_path = c->dataset_path[0] != '\0';
  if ((strcmp(c->dataset, "mnist") == 0 || strcmp(c->dataset, "idx") == 0) && !has_path) {
    pbl_problem_at(p, path != NULL ? path : section, "path: needed by data set '%s'", c->dataset);
  }
  if (bars && has_path) pbl_problem_at(p, path, "path: 'bars' is generated and reads no file");
  if (bars && (c->rows < 1 || c->cols < 1 || c->rows > 16 || c->cols > 16)) {
    pbl_problem_at(p, rows != NULL ? rows : section,
                   "rows and cols: 'bars' needs both, 1..16 (it holds every pattern)");
  }
  if (!bars && (c->rows == 0) != (c->cols == 0)) {
    pbl_problem_at(p, rows != NULL ? rows : section, "rows and cols: give both or none");
  }
  if (has_path && !bars) {
    pbl_path_resolve(p, path, c->dataset_path, sizeof c->dataset_path, false);
  }
}

size_t pbl_config_case(const pbl_compare_config *config, const char *name) {
  const size_t n = (size_t)config->n_cases;
  size_t k = 0;
  while (k < n && strcmp(config->cases[k].name, name) != 0) k++;
  return k;
}

/* The reference has a regulator whatever the device has. */
static void check_train_regulator(pbl_problems *p, const pbl_node *tree,
                                  const pbl_train_config *c) {
  const bool reference = c->device == 0; /* PBL_TRAIN_REFERENCE */
  if (reference || !c->hw.no_regulator || !pbl_regulator_moves(c->regulator.mode)) return;
  pbl_problem_at(p, pbl_yaml_get(tree, "regulator"),
                 "regulator: %s needs the temperature regulator, which hw.regulator: false leaves "
                 "out of the device: drop that key, or take mode fixed or device: reference",
                 pbl_regulator_mode_name(c->regulator.mode));
}

pbl_status pbl_config_load_train(pbl_train_config *out, const char *path,
                                 const char *const *overrides, size_t n_overrides, pbl_error *err) {
  pbl_problems problems = {.path = path};
  pbl_train_root root;
  pbl_node *tree = NULL;
  memset(&root, 0, sizeof root);
  pbl_status status =
      load_tree(&tree, &problems, NULL, pbl_schema_train, overrides, n_overrides, err);
  if (status != PBL_OK) goto done;
  pbl_bind_defaults(pbl_schema_train, &root);
  pbl_bind_section(&problems, pbl_schema_train, tree, &root);
  pbl_train_config *c = &root.config;
  if (problems.n == 0) check_dataset(&problems, tree, c);
  check_remote(&problems, tree, c->device == 3, &c->remote); /* PBL_TRAIN_REMOTE */
  check_uio(&problems, tree, c->device == 5, &c->uio);       /* PBL_TRAIN_UIO */
  if (c->hw.fabric != PBL_FABRIC_DENSE)
    pbl_problem_at(&problems, pbl_yaml_get(tree, "hw"), "hw: training needs the dense fabric");
  check_train_regulator(&problems, tree, c);
  if ((status = pbl_problems_report(&problems, err)) != PBL_OK) goto done;
  status = set_path(c->path, sizeof c->path, c->name, sizeof c->name, path, err);
  if (status != PBL_OK) goto done;
  default_out(c->out, sizeof c->out, c->name);
  memcpy(out, c, sizeof *out);
done:
  pbl_yaml_free(tree);
  return status;
}
