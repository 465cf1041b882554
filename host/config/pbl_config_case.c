/* What the keys of one case must be to each other. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_config_internal.h"
#include "pbl_ladder.h"
#include "pbl_schedule.h"

#define MAX_EXACT_PBITS \
  20 /* 2^20 states: seconds and megabytes; twice the p-bits would square it */
#define MAX_LANES 32
#define MAX_PBITS 2048
#define MAX_GRAPH_PBITS 65536 /* when it is loaded its own number counts */

typedef struct {
  pbl_problems *p;
  const pbl_node *node, *base_hw;
  pbl_case_config *c;
  bool random;         /* then the sizes are known */
  bool lattice, graph; /* sections */
  pbl_ladder ladder;   /* no rungs: none, or none that can be read */
} check;

/* The node of a key of the case, or the case itself when the key is not written. */
static const pbl_node *at(const check *k, const char *key) {
  const pbl_node *node = pbl_yaml_get(k->node, key);
  return node != NULL ? node : k->node;
}

static const pbl_node *at_hw(const check *k, const char *key) {
  const pbl_node *node = pbl_yaml_get(pbl_yaml_get(k->node, "hw"), key);
  if (node == NULL) node = pbl_yaml_get(k->base_hw, key);
  return node;
}

static int pbits(const check *k) {
  const pbl_hw *hw = &k->c->hw;
  if (hw->fabric == PBL_FABRIC_SPARSE) return MAX_GRAPH_PBITS;
  if (hw->fabric == PBL_FABRIC_LATTICE) return hw->lattice.side * hw->lattice.side;
  return k->random ? k->c->random_visible + k->c->random_hidden : MAX_PBITS;
}

static void check_name(const check *k) {
  const char *name = k->c->name;
  bool good = name[0] != '\0';
  for (const char *s = name; *s != '\0'; s++) {
    if (!isalnum((unsigned char)*s) && *s != '_' && *s != '-') good = false;
  }
  if (!good) {
    pbl_problem_at(k->p, at(k, "name"), "name: '%s' must be letters, digits, '_' and '-'", name);
  }
}

bool pbl_config_is_generator(const char *source) {
  const char *s = source;
  while (isalpha((unsigned char)*s) || *s == '-') s++;
  return s > source && *s == ':';
}

static void check_graph(const check *k) {
  pbl_case_config *c = k->c;
  const pbl_node *graph = pbl_yaml_get(k->node, "graph");
  const pbl_node *source = pbl_yaml_get(graph, "source");
  if (source == NULL) return; /* said by the schema */
  if (c->graph[0] == '\0') {
    pbl_problem_at(k->p, source, "source: a generator such as sk:12, or a file");
  } else if (pbl_config_is_generator(c->graph)) {
    return;
  } else if (c->graph_couplings[0] != '\0' || c->graph_fields[0] != '\0') {
    pbl_problem_at(k->p, graph, "graph: couplings and fields go with a generator, not a file");
  } else {
    pbl_path_resolve(k->p, source, c->graph, sizeof c->graph, false);
  }
}

static void check_model(const check *k) {
  const pbl_node *model = pbl_yaml_get(k->node, "model");
  const bool named = k->c->model[0] != '\0';
  const int n = named + k->random + k->lattice + k->graph;
  if (n > 1) {
    pbl_problem_at(k->p, named ? model : at(k, k->random ? "random" : "graph"),
                   "model, random, lattice and graph: give one of them, not %d", n);
  } else if (n == 0) {
    pbl_problem_at(k->p, at(k, "model"),
                   "give either model (a folder), random (sizes), lattice (couplings) or graph");
  } else if (k->lattice && k->c->hw.fabric != PBL_FABRIC_LATTICE) {
    pbl_problem_at(k->p, at(k, "lattice"),
                   "lattice: needs hw.fabric: lattice, whose graph it is made for");
  } else if (k->graph != (k->c->hw.fabric == PBL_FABRIC_SPARSE)) {
    pbl_problem_at(k->p, at(k, k->graph ? "graph" : "hw"),
                   k->graph
                       ? "graph: needs hw.fabric: sparse"
                       : "hw.fabric: sparse needs section graph, which takes model folders, too");
  } else if (named) {
    pbl_path_resolve(k->p, model, k->c->model, sizeof k->c->model, true);
  }
}

/* One "a" or "a-b"; moves *s behind it. Returns false when it is neither. */
static bool parse_clamp_range(const char **s, long *low, long *high) {
  char *end;
  while (**s == ' ') (*s)++;
  if (!isdigit((unsigned char)**s)) return false;
  *low = *high = strtol(*s, &end, 10);
  if (*end == '-') {
    if (!isdigit((unsigned char)end[1])) return false;
    *high = strtol(end + 1, &end, 10);
  }
  while (*end == ' ') end++;
  *s = end;
  return *end == '\0' || *end == ',';
}

static void check_clamp(const check *k) {
  const char *s = k->c->clamp;
  const pbl_node *node = at(k, "clamp");
  if (*s == '\0') return;
  for (;;) {
    long low, high;
    if (!parse_clamp_range(&s, &low, &high)) {
      pbl_problem_at(k->p, node, "clamp: '%.60s' is no list such as \"0-3,7\"", k->c->clamp);
      return;
    }
    if (high < low) {
      pbl_problem_at(k->p, node, "clamp: range %ld-%ld runs backwards", low, high);
      return;
    }
    if (high >= pbits(k)) {
      pbl_problem_at(k->p, node, "clamp: there is no p-bit %ld, the last is %d", high,
                     pbits(k) - 1);
      return;
    }
    if (*s++ == '\0') return;
  }
}

static void check_window(const check *k) {
  pbl_case_config *c = k->c;
  const long long sweeps = (long long)c->draws * c->every;
  if (c->q_window <= sweeps) return;
  const pbl_node *node = pbl_yaml_get(k->node, "q_window_sweeps");
  if (node == NULL) {
    c->q_window = (int)sweeps;
  } else {
    pbl_problem_at(k->p, node,
                   "q_window_sweeps: %d is longer than the run, draws (%d) times "
                   "sweeps_per_draw (%d) = %lld",
                   c->q_window, c->draws, c->every, sweeps);
  }
}

static void check_faults(const check *k) {
  const pbl_faults *f = &k->c->faults;
  const pbl_node *faults = pbl_yaml_get(k->node, "faults");
  const pbl_hw *hw = &k->c->hw;
  const bool lattice = hw->fabric == PBL_FABRIC_LATTICE;
  if (!(k->random || lattice) || faults == NULL) return;
  const int rows = lattice ? pbl_hw_image_rows(hw) : k->c->random_visible + 1;
  const int cols = lattice ? pbl_hw_image_cols(hw) : k->c->random_hidden + 1;
  if (f->weight_offset != 0 && (f->weight_row >= rows || f->weight_col >= cols)) {
    const pbl_node *weight = pbl_yaml_get(faults, "weight");
    pbl_problem_at(k->p, weight != NULL ? weight : faults,
                   "weight: no word (%d, %d) in an image of %d rows and %d columns", f->weight_row,
                   f->weight_col, rows, cols);
  }
  if (f->stale_row >= rows) {
    const pbl_node *row = pbl_yaml_get(faults, "stale_row");
    pbl_problem_at(k->p, row != NULL ? row : faults, "stale_row: no row %d in an image of %d rows",
                   f->stale_row, rows);
  }
}

/* 0 is chosen when the graph is known; the smallest asks least of the other keys. */
static void set_sparse(pbl_hw *hw, pbl_hw *sized) {
  hw->sparse.sites = hw->lattice.sites;
  *sized = *hw;
  if (sized->sparse.sites == 0) sized->sparse.sites = 1;
  if (sized->sparse.pbits == 0) sized->sparse.pbits = 2;
  if (sized->sparse.edge_rows == 0) sized->sparse.edge_rows = 1;
  if (sized->sparse.groups == 0) sized->sparse.groups = 1;
}

/* lanes 0: the most that divide the chains, for the statistics unit a power of two; with a ladder a
 * context is a rung. */
static void fill_lanes(pbl_case_config *c, int rungs) {
  if (c->hw.lanes != 0) return;
  if (rungs > 0 && c->chains % rungs == 0 && c->chains / rungs <= MAX_LANES) {
    c->hw.lanes = c->chains / rungs;
    return;
  }
  c->hw.lanes = c->chains < MAX_LANES ? c->chains : MAX_LANES;
  while (c->chains % c->hw.lanes != 0 ||
         (c->hw.statistics && (c->hw.lanes & (c->hw.lanes - 1)) != 0))
    c->hw.lanes--;
}

static bool check_hw(const check *k) {
  pbl_case_config *c = k->c;
  const pbl_node *lanes = at_hw(k, "lanes");
  fill_lanes(c, k->ladder.n);
  c->hw.replicas = c->chains;
  c->hw.n_visible = c->hw.n_hidden = 0;
  if (c->hw.fabric == PBL_FABRIC_LATTICE)
    pbl_hw_set_lattice(&c->hw, c->hw.lattice.side, c->hw.lattice.sites);
  if (c->chains % c->hw.lanes != 0) {
    pbl_problem_at(k->p, lanes != NULL ? lanes : at(k, "chains"),
                   "lanes: %d do not divide the %d chains of case '%s'", c->hw.lanes, c->chains,
                   c->name);
    return false;
  }
  /* The sizes of a model are not known here; the smallest array asks least of the other keys. */
  pbl_hw sized = c->hw;
  if (c->hw.fabric == PBL_FABRIC_SPARSE) {
    set_sparse(&c->hw, &sized);
  } else if (c->hw.fabric != PBL_FABRIC_LATTICE) {
    sized.n_visible = k->random ? c->random_visible : 1;
    sized.n_hidden = k->random ? c->random_hidden : 1;
  }
  pbl_error fault = {0};
  if (pbl_hw_check(&sized, &fault) == PBL_OK) return true;
  const pbl_node *own = pbl_yaml_get(k->node, "hw");
  const pbl_node *where = own != NULL ? own : k->base_hw != NULL ? k->base_hw : k->node;
  pbl_problem_at(k->p, where, "case '%s': %.240s", c->name, fault.message);
  return false;
}

static void check_swap(const check *k) {
  if (k->c->faults.ladder_swap >= k->ladder.n - 1 && k->c->faults.ladder_swap >= 0)
    pbl_problem_at(k->p, at(k, "faults"), "ladder_swap: no rung %d with a next one in %d rungs",
                   k->c->faults.ladder_swap, k->ladder.n);
}

/* After check_hw, which fills the lanes. */
static void check_coupled(const check *k) {
  if (!k->c->coupled || k->c->hw.lanes % 2 == 0) return;
  pbl_problem_at(k->p, at(k, "coupled"), "coupled: pairs of lanes; %d lanes are an odd number",
                 k->c->hw.lanes);
}

static void check_regulator(const check *k) {
  const pbl_regulator_settings *s = &k->c->regulator.settings;
  const pbl_node *section = at(k, "regulator");
  pbl_error fault = {0};
  if (pbl_regulator_settings_check(s, &fault) != PBL_OK)
    pbl_problem_at(k->p, section, "%.240s", fault.message);
  if (k->c->hw.no_regulator && (s->window_sweeps > 0 || pbl_regulator_moves(s->mode))) {
    pbl_problem_at(
        k->p, section,
        "regulator: %s needs the temperature regulator, which hw.regulator: false leaves "
        "out of the device: drop that key, or take mode host or fixed without windows",
        pbl_regulator_moves(s->mode) ? pbl_regulator_mode_name(s->mode) : "window_sweeps above 0");
    return;
  }
  if (s->window_sweeps == 0 && pbl_regulator_moves(s->mode))
    pbl_problem_at(k->p, section, "regulator: mode %s needs window_sweeps of at least 1",
                   pbl_regulator_mode_name(s->mode));
}

static bool has_section(const pbl_node *node, const char *key) {
  const pbl_node *section = pbl_yaml_get(node, key);
  return section != NULL && !pbl_yaml_is_null(section);
}

static void check_schedule(const check *k) {
  const pbl_node *section = at(k, "schedule");
  const pbl_regulator_mode mode = k->c->regulator.settings.mode;
  pbl_schedule s;
  pbl_error fault = {0};
  if (k->c->schedule[0] == '\0') return;
  if (pbl_schedule_parse(&s, k->c->schedule, &fault) != PBL_OK)
    pbl_problem_at(k->p, section, "%.240s", fault.message);
  if (pbl_regulator_moves(mode))
    pbl_problem_at(k->p, section, "schedule: not together with regulator.mode %s, which sets beta",
                   pbl_regulator_mode_name(mode));
}

/* rungs and beta_min become betas. */
static void fill_betas(const check *k, const pbl_node *section) {
  pbl_case_ladder *l = &k->c->ladder;
  double beta[PBL_SCHEDULE_ENTRIES];
  size_t used = 0;
  if (l->betas[0] != '\0' || l->rungs < 2 || !(l->beta_min > 0) || !(k->c->beta > 0)) {
    pbl_problem_at(k->p, section,
                   "ladder: give either betas, or rungs (2 or more), beta_min and the case's beta");
    return;
  }
  pbl_ladder_geometric(beta, l->rungs, k->c->beta, l->beta_min);
  beta[0] = k->c->beta;
  for (int i = 0; i < l->rungs && used < sizeof l->betas; i++)
    used += (size_t)snprintf(l->betas + used, sizeof l->betas - used, i ? " %.*g" : "%.*g",
                             i ? 9 : 17, beta[i]);
  l->rungs = 0;
  l->beta_min = 0;
}

/* Before check_hw, whose lanes depend on the rungs. */
static void read_ladder(check *k) {
  pbl_case_config *c = k->c;
  const pbl_node *section = at(k, "ladder");
  pbl_error fault = {0};
  if (c->ladder.rungs > 0 || c->ladder.beta_min > 0) fill_betas(k, section);
  if (c->ladder.betas[0] == '\0') {
    const pbl_node *given = pbl_yaml_get(k->node, "ladder");
    if (given && given->first && !pbl_yaml_get(given, "betas") && k->p->n == 0)
      pbl_problem_at(k->p, given, "ladder: its betas are missing: give betas, or rungs");
    return;
  }
  if (pbl_ladder_parse(&k->ladder, c->ladder.betas, &fault) != PBL_OK) {
    pbl_problem_at(k->p, section, "%.240s", fault.message);
    k->ladder.n = 0;
    return;
  }
  if (c->beta == 0.0) c->beta = k->ladder.beta[0];
  if (c->beta != k->ladder.beta[0])
    pbl_problem_at(k->p, at(k, "beta"),
                   "beta: %g, but rung 0 of the ladder, which is the case, has %g", c->beta,
                   k->ladder.beta[0]);
  if (!c->hw.exchange)
    pbl_problem_at(k->p, section,
                   "ladder: needs hw.exchange: true, replica exchange in the device");
}

/* After check_hw, which fills the lanes. */
static void check_ladder(const check *k) {
  const pbl_case_config *c = k->c;
  const pbl_node *section = at(k, "ladder");
  const pbl_regulator_mode mode = c->regulator.settings.mode;
  check_swap(k);
  if (k->ladder.n == 0) return;
  if (c->chains != k->ladder.n * c->hw.lanes)
    pbl_problem_at(k->p, section, "ladder: %d rungs times %d lanes are %d chains; `chains` is %d",
                   k->ladder.n, c->hw.lanes, k->ladder.n * c->hw.lanes, c->chains);
  if (pbl_regulator_moves(mode) || c->schedule[0] != '\0')
    pbl_problem_at(k->p, section, "ladder: not together with %s, which sets beta",
                   c->schedule[0] != '\0' ? "schedule" : "regulator.mode");
}

void pbl_case_check(pbl_problems *p, const pbl_node *node, const pbl_node *base_hw,
                    pbl_case_config *c) {
  check k = {.p = p,
             .node = node,
             .base_hw = base_hw,
             .c = c,
             .random = has_section(node, "random"),
             .lattice = has_section(node, "lattice"),
             .graph = has_section(node, "graph")};
  c->lattice = k.lattice;
  check_name(&k);
  check_model(&k);
  if (k.graph) check_graph(&k);
  check_window(&k);
  read_ladder(&k);
  const bool sized = check_hw(&k) || c->hw.fabric != PBL_FABRIC_LATTICE;
  if (sized) check_clamp(&k);
  if (sized) check_faults(&k);
  check_coupled(&k);
  check_regulator(&k);
  pbl_case_check_statistics(p, node, c);
  check_schedule(&k);
  check_ladder(&k);
  if (c->exact && (k.random || k.lattice) && pbits(&k) > MAX_EXACT_PBITS) {
    pbl_problem_at(p, at(&k, "exact"), "exact: %d p-bits, the exact law needs at most %d",
                   pbits(&k), MAX_EXACT_PBITS);
  }
}
