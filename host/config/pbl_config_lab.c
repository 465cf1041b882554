/* Loader of `pbitloop lab` files. */
#include <stdlib.h>
#include <string.h>

#include "pbl_config_internal.h"
#include "pbl_lab_config.h"

static double own_gain(const pbl_regulator_settings *s) {
  return pbl_regulator_settings_default(s->mode).gain;
}

/* What single keys cannot show. */
static void check_regulator(pbl_problems *p, const pbl_node *node, pbl_regulator_settings *s) {
  pbl_error err = {0};
  if (s->gain == 0.0) s->gain = own_gain(s);
  if (pbl_regulator_settings_check(s, &err) != PBL_OK) pbl_problem_at(p, node, "%s", err.message);
}

static void check_device(pbl_problems *p, const pbl_node *node, pbl_lab_device *d) {
  const pbl_regulator_load load = {
      .visible = PBL_LAB_UNITS, .hidden = PBL_LAB_UNITS, .replicas = (uint32_t)d->replicas};
  pbl_error err = {0};
  pbl_regulator_words words;
  d->regulator.mode = PBL_REGULATOR_SETPOINT;
  if (d->windows == 0) return;
  if (pbl_regulator_quantise(&words, NULL, &d->regulator, &load, &err) != PBL_OK)
    pbl_problem_at(p, node, "device: %s", err.message);
  if (d->windows < 60) pbl_problem_at(p, node, "device.windows: at least 60, or 0");
  if (d->change_window > d->windows / 2)
    pbl_problem_at(p, node, "device.change_window: at most half of device.windows, %d",
                   d->windows / 2);
  if (d->gains.points == 1)
    pbl_problem_at(p, node, "device.gains.points: 1 is no range; 0 or 2 and more");
  if (d->gains.points > 1 && d->repeats < 4)
    pbl_problem_at(p, node, "device.gains needs device.repeats of at least 4, it is %d",
                   d->repeats);
  if (d->gains.points > 1 && !(d->gains.from < d->gains.to))
    pbl_problem_at(p, node, "device.gains: from (%g) must lie below to (%g)", d->gains.from,
                   d->gains.to);
}

static void load_run(pbl_problems *p, const pbl_node *node, const pbl_lab_run *defaults,
                     pbl_lab_run *run) {
  const size_t before = p->n;
  *run = *defaults;
  if (node->kind != PBL_NODE_MAP) {
    pbl_problem_at(p, node, "runs: each entry must be a section that begins with '- name: ...'");
    return;
  }
  pbl_bind_section(p, pbl_schema_lab_run, node, run);
  if (p->n != before) return;
  check_regulator(p, node, &run->regulator);
  check_regulator(p, node, &run->loop.regulator);
  if (run->scan.points == 1) pbl_problem_at(p, node, "scan.points: 1 is no range; 0 or 2 and more");
  if (run->loop.windows > 0 && run->loop.windows < 60)
    pbl_problem_at(p, node, "loop.windows: at least 60, or 0");
  check_device(p, node, &run->device);
}

static int find_run(const pbl_lab_config *c, const char *name) {
  for (int k = 0; k < c->n_runs; k++)
    if (strcmp(c->runs[k].name, name) == 0) return k;
  return -1;
}

static void unknown_run(pbl_problems *p, const pbl_node *node, const pbl_lab_config *c,
                        const char *name) {
  const char *names[PBL_LAB_MAX_RUNS];
  for (int k = 0; k < c->n_runs; k++) names[k] = c->runs[k].name;
  const char *near = pbl_did_you_mean(name, names, (size_t)c->n_runs);
  pbl_problem_at(p, node, "no run is named '%s'%s%s%s", name,
                 near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                 near != NULL ? "'?" : "");
}

static int find_quantity(pbl_problems *p, const pbl_node *node, const char *name) {
  const char *names[PBL_N_LAB_QUANTITIES];
  for (int k = 0; k < PBL_N_LAB_QUANTITIES; k++) {
    names[k] = pbl_lab_quantity_of(k)->name;
    if (strcmp(names[k], name) == 0) return k;
  }
  const char *near = pbl_did_you_mean(name, names, PBL_N_LAB_QUANTITIES);
  pbl_problem_at(p, node, "no quantity '%s'%s%s%s", name, near != NULL ? "; did you mean '" : "",
                 near != NULL ? near : "", near != NULL ? "'?" : "");
  return -1;
}

/* A quantity of a stage that the run does not have would never pass. */
static void check_stage(pbl_problems *p, const pbl_node *node, const pbl_lab_run *run,
                        const pbl_lab_expectation *e) {
  const int stage = pbl_lab_quantity_of(e->quantity)->stage;
  if (stage == 0 && run->windows == 0)
    pbl_problem_at(p, node, "run '%s' has no windows of training", run->name);
  if (stage == 1 && run->loop.windows == 0)
    pbl_problem_at(p, node, "run '%s' has no loop", run->name);
  if ((stage == 2 || stage == 3) && run->scan.points == 0)
    pbl_problem_at(p, node, "run '%s' has no scan", run->name);
  else if (stage >= 4 && run->device.windows == 0)
    pbl_problem_at(p, node, "run '%s' has no device", run->name);
  else if (stage == 5 && run->device.gains.points == 0)
    pbl_problem_at(p, node, "run '%s' has no device.gains", run->name);
  else if (stage == 3 && e->at >= run->scan.points)
    pbl_problem_at(p, node, "at: %d, but the scan of run '%s' ends at %d", e->at, run->name,
                   run->scan.points - 1);
}

static void load_expectation(pbl_problems *p, const pbl_node *node, const pbl_lab_config *c,
                             pbl_lab_expectation *e) {
  const size_t before = p->n;
  pbl_bind_defaults(pbl_schema_lab_expectation, e);
  if (node->kind != PBL_NODE_MAP) {
    pbl_problem_at(p, node, "expect: each entry must be a section with 'run' and 'quantity'");
    return;
  }
  pbl_bind_section(p, pbl_schema_lab_expectation, node, e);
  if (p->n != before) return;
  e->has_value = pbl_yaml_get(node, "value") != NULL;
  e->has_min = pbl_yaml_get(node, "min") != NULL;
  e->has_max = pbl_yaml_get(node, "max") != NULL;
  if (!e->has_value && !e->has_min && !e->has_max)
    pbl_problem_at(p, node, "expects nothing: give value and tolerance, min or max");
  e->quantity = find_quantity(p, node, e->quantity_name);
  e->run_index = find_run(c, e->run);
  e->versus_index = e->versus[0] != '\0' ? find_run(c, e->versus) : -1;
  if (e->run_index < 0) unknown_run(p, node, c, e->run);
  if (e->versus[0] != '\0' && e->versus_index < 0) unknown_run(p, node, c, e->versus);
  if (p->n != before) return;
  check_stage(p, node, &c->runs[e->run_index], e);
  if (e->versus_index >= 0) check_stage(p, node, &c->runs[e->versus_index], e);
}

static const pbl_node *list_of(pbl_problems *p, const pbl_node *tree, const char *key, int most) {
  const pbl_node *list = pbl_yaml_get(tree, key);
  if (list == NULL || list->n_children == 0) return NULL;
  if (list->kind != PBL_NODE_LIST) {
    pbl_problem_at(p, list, "%s: must be a list", key);
    return NULL;
  }
  if (list->n_children > (size_t)most) {
    pbl_problem_at(p, list, "%s: %zu entries, at most %d", key, list->n_children, most);
    return NULL;
  }
  return list;
}

static void load_lists(pbl_problems *p, const pbl_node *tree, pbl_lab_root *root) {
  pbl_lab_config *c = &root->config;
  const pbl_node *runs = list_of(p, tree, "runs", PBL_LAB_MAX_RUNS);
  for (const pbl_node *node = runs != NULL ? runs->first : NULL; node != NULL; node = node->next) {
    pbl_lab_run *run = &c->runs[c->n_runs];
    load_run(p, node, &root->defaults, run);
    if (run->name[0] != '\0' && find_run(c, run->name) >= 0)
      pbl_problem_at(p, node, "name: '%s' is the name of an earlier run", run->name);
    c->n_runs++;
  }
  if (runs == NULL && p->n == 0) pbl_problem_at(p, tree, "runs: there are none");
  const pbl_node *expect = list_of(p, tree, "expect", PBL_LAB_MAX_EXPECTATIONS);
  if (p->n > 0) return; /* names of faulty runs would only add noise */
  for (const pbl_node *node = expect != NULL ? expect->first : NULL; node != NULL;
       node = node->next)
    load_expectation(p, node, c, &c->expectations[c->n_expectations++]);
}

pbl_status pbl_config_load_lab(pbl_lab_config *out, const char *path, const char *const *overrides,
                               size_t n_overrides, pbl_error *err) {
  pbl_problems problems = {.path = path};
  pbl_node *tree = NULL;
  pbl_lab_root *root = calloc(1, sizeof *root);
  if (root == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  pbl_status status = pbl_yaml_read(&tree, path, err);
  if (status == PBL_OK)
    status = pbl_override_apply(tree, pbl_schema_lab, overrides, n_overrides, &problems, err);
  if (status != PBL_OK) goto done;
  pbl_bind_defaults(pbl_schema_lab, root);
  pbl_bind_section(&problems, pbl_schema_lab, tree, root);
  load_lists(&problems, tree, root);
  if ((status = pbl_problems_report(&problems, err)) != PBL_OK) goto done;
  if (strlen(path) >= sizeof root->config.path) {
    status = pbl_fail(err, PBL_CONFIG, "%s: path too long", path);
    goto done;
  }
  strcpy(root->config.path, path);
  pbl_path_stem(root->config.name, sizeof root->config.name, path);
  *out = root->config;
done:
  pbl_yaml_free(tree);
  free(root);
  return status;
}
