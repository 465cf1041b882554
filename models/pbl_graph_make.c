/* Recipes: parsing, checking, shape, couplings and fields. */
#include "pbl_graph_make.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph_shapes.h"

typedef struct {
  const char *name, *form;
  int n_sizes;
  size_t low[3];          /* of each size; the upper limits follow from nodes and edges */
  pbl_law_kind couplings; /* the only law where `fixed`, else the default */
  bool fixed;
} kind_entry;

static const kind_entry k_kinds[] = {
    [PBL_MAKE_COMPLETE] = {"complete", "complete:N", 1, {1, 0, 0}, PBL_LAW_CONSTANT, false},
    [PBL_MAKE_CURIE_WEISS] = {"curie-weiss", "curie-weiss:N", 1, {1, 0, 0}, PBL_LAW_CONSTANT, true},
    [PBL_MAKE_SK] = {"sk", "sk:N", 1, {1, 0, 0}, PBL_LAW_NORMAL, true},
    [PBL_MAKE_HOPFIELD] = {"hopfield", "hopfield:N,P", 2, {1, 1, 0}, PBL_LAW_CONSTANT, true},
    [PBL_MAKE_KING] = {"king", "king:WxL", 2, {1, 1, 0}, PBL_LAW_CONSTANT, false},
    [PBL_MAKE_TORUS] = {"torus", "torus:WxL", 2, {3, 3, 0}, PBL_LAW_CONSTANT, false},
    [PBL_MAKE_CHIMERA] = {"chimera", "chimera:MxNxT", 3, {1, 1, 1}, PBL_LAW_CONSTANT, false},
    [PBL_MAKE_PEGASUS] = {"pegasus", "pegasus:M", 1, {2, 0, 0}, PBL_LAW_CONSTANT, false},
    [PBL_MAKE_REGULAR] = {"regular", "regular:N,D", 2, {1, 0, 0}, PBL_LAW_CONSTANT, false},
};
enum { N_KINDS = sizeof k_kinds / sizeof *k_kinds, MAX_REGULAR = 256 };

static const char *const k_laws[] = {"constant", "sign", "normal"};

static const kind_entry *find_kind(const char *text) {
  const size_t length = strcspn(text, ":");
  for (int k = 0; text[length] == ':' && k < N_KINDS; k++) {
    if (strlen(k_kinds[k].name) == length && memcmp(k_kinds[k].name, text, length) == 0) {
      return &k_kinds[k];
    }
  }
  return NULL;
}

bool pbl_graph_is_recipe(const char *text) {
  return find_kind(text) != NULL;
}

pbl_status pbl_graph_recipe_parse(pbl_graph_recipe *out, const char *text, pbl_error *err) {
  const kind_entry *kind = find_kind(text);
  *out = (pbl_graph_recipe){.seed = 1};
  if (kind == NULL) {
    return pbl_fail(err, PBL_USAGE, "'%s' is none of " PBL_GRAPH_RECIPES, text);
  }
  out->kind = (pbl_graph_kind)(kind - k_kinds);
  out->couplings = (pbl_value_law){.kind = kind->couplings, .size = 1};
  const char *at = strchr(text, ':');
  for (int k = 0; k < kind->n_sizes; k++) {
    char *end;
    at++; /* the colon, an x or a comma */
    out->size[k] = strtoull(at, &end, 10);
    const bool last = k + 1 == kind->n_sizes;
    const bool good = at[0] >= '0' && at[0] <= '9' && end - at < 10 &&
                      (last ? *end == '\0' : *end == 'x' || *end == ',');
    if (!good) return pbl_fail(err, PBL_USAGE, "'%s' is not like %s", text, kind->form);
    at = end;
  }
  return PBL_OK;
}

pbl_status pbl_value_law_parse(pbl_value_law *out, const char *text, pbl_error *err) {
  for (int k = 0; k < 3; k++) {
    const size_t length = strlen(k_laws[k]);
    char *end;
    if (strncmp(text, k_laws[k], length) != 0 || text[length] != ',') continue;
    *out = (pbl_value_law){.kind = (pbl_law_kind)k, .size = strtod(text + length + 1, &end)};
    if (end != text + length + 1 && *end == '\0' && fabs(out->size) <= PBL_GRAPH_MAX_VALUE)
      return PBL_OK; /* a NaN is not */
  }
  *out = (pbl_value_law){0};
  return pbl_fail(err, PBL_USAGE,
                  "'%s' is not like constant,J or sign,J or normal,S, each up to 1e100", text);
}

static bool is_random(const pbl_value_law *law) {
  return law->kind != PBL_LAW_CONSTANT && law->size != 0;
}

bool pbl_graph_recipe_is_random(const pbl_graph_recipe *r) {
  return r->kind == PBL_MAKE_HOPFIELD || r->kind == PBL_MAKE_REGULAR || is_random(&r->couplings) ||
         is_random(&r->fields);
}

/* Nodes of the recipe, as double because the product of three sizes may be anything. */
static double count_nodes(const pbl_graph_recipe *r) {
  const double a = (double)r->size[0], b = (double)r->size[1], c = (double)r->size[2];
  switch (r->kind) {
    case PBL_MAKE_KING:
    case PBL_MAKE_TORUS:
      return a * b;
    case PBL_MAKE_CHIMERA:
      return 2 * a * b * c;
    case PBL_MAKE_PEGASUS:
      return 8 * (a - 1) * (3 * a - 1);
    case PBL_MAKE_COMPLETE:
    case PBL_MAKE_CURIE_WEISS:
    case PBL_MAKE_SK:
    case PBL_MAKE_HOPFIELD:
    case PBL_MAKE_REGULAR:
    default:
      return a;
  }
}

static pbl_status check_regular(const pbl_graph_recipe *r, pbl_error *err) {
  const size_t n = r->size[0], d = r->size[1];
  if (d >= n || d > MAX_REGULAR || n * d % 2 != 0) {
    return pbl_fail(err, PBL_INVALID,
                    "regular:%zu,%zu: the degree must be below the number of nodes and at most %d, "
                    "and their product even",
                    n, d, MAX_REGULAR);
  }
  return PBL_OK;
}

static pbl_status check(const pbl_graph_recipe *r, pbl_error *err) {
  const kind_entry *kind = &k_kinds[r->kind];
  const double n = count_nodes(r);
  for (int k = 0; k < kind->n_sizes; k++) {
    if (r->size[k] < kind->low[k]) {
      return pbl_fail(err, PBL_INVALID, "%s: size %zu is too small; the least is %zu", kind->form,
                      r->size[k], kind->low[k]);
    }
  }
  if (!(n <= PBL_GRAPH_MAX_NODES)) {
    return pbl_fail(err, PBL_INVALID, "%s: %.0f nodes; a graph has at most %d", kind->form, n,
                    PBL_GRAPH_MAX_NODES);
  }
  if (r->kind == PBL_MAKE_HOPFIELD && r->size[1] > PBL_GRAPH_MAX_NODES) {
    return pbl_fail(err, PBL_INVALID, "%s: at most %d patterns", kind->form, PBL_GRAPH_MAX_NODES);
  }
  if (kind->fixed && r->couplings.kind != kind->couplings) {
    return pbl_fail(err, PBL_INVALID, "%s takes couplings %s,J only, not %s", kind->form,
                    k_laws[kind->couplings], k_laws[r->couplings.kind]);
  }
  return r->kind == PBL_MAKE_REGULAR ? check_regular(r, err) : PBL_OK;
}

static double draw(const pbl_value_law *law, pbl_xoshiro *rng) {
  if (law->kind == PBL_LAW_NORMAL) return law->size * pbl_xoshiro_normal(rng);
  if (law->kind == PBL_LAW_CONSTANT) return law->size;
  return pbl_xoshiro_next(rng) >> 31 ? law->size : -law->size;
}

/* patterns: n_patterns x n. */
static double hebb(const signed char *patterns, size_t n_patterns, size_t n, size_t i, size_t j) {
  int sum = 0;
  for (size_t p = 0; p < n_patterns; p++) sum += patterns[p * n + i] * patterns[p * n + j];
  return (double)sum / (double)n;
}

/* The coupling of the next edge, by lower and higher node. */
static double draw_coupling(const pbl_graph_recipe *r, const signed char *patterns, size_t i,
                            size_t j, pbl_xoshiro *rng) {
  const double n = (double)r->size[0], law = draw(&r->couplings, rng);
  if (r->kind == PBL_MAKE_CURIE_WEISS) return law / n;
  if (r->kind == PBL_MAKE_SK) return law / sqrt(n);
  if (r->kind == PBL_MAKE_HOPFIELD) return law * hebb(patterns, r->size[1], r->size[0], i, j);
  return law;
}

/* Entries (j, i) with i < j come in rising i, so that row j is filled from its left: next[j]. */
static pbl_status draw_couplings(pbl_graph *g, const pbl_graph_recipe *r,
                                 const signed char *patterns, pbl_xoshiro *rng, pbl_error *err) {
  size_t *next = malloc(g->n * sizeof *next);
  if (next == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu nodes", g->n);
  memcpy(next, g->start, g->n * sizeof *next);
  for (size_t i = 0; i < g->n; i++) {
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      const size_t j = g->neighbour[k];
      if (j < i) continue;
      const double value = draw_coupling(r, patterns, i, j, rng);
      g->coupling[k] = g->coupling[next[j]++] = value == 0 ? 0 : value;
    }
  }
  free(next);
  return PBL_OK;
}

static pbl_status draw_patterns(signed char **out, const pbl_graph_recipe *r, pbl_xoshiro *rng,
                                pbl_error *err) {
  *out = NULL;
  if (r->kind != PBL_MAKE_HOPFIELD) return PBL_OK;
  const size_t count = r->size[0] * r->size[1];
  *out = malloc(count);
  if (*out == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu patterns", r->size[1]);
  for (size_t k = 0; k < count; k++) (*out)[k] = pbl_xoshiro_next(rng) >> 31 ? 1 : -1;
  return PBL_OK;
}

static pbl_status shape(graph_builder *b, size_t *n, const pbl_graph_recipe *r, pbl_xoshiro *rng,
                        pbl_error *err) {
  switch (r->kind) {
    case PBL_MAKE_KING:
      return graph_shape_king(b, n, r->size, err);
    case PBL_MAKE_TORUS:
      return graph_shape_torus(b, n, r->size, err);
    case PBL_MAKE_CHIMERA:
      return graph_shape_chimera(b, n, r->size, err);
    case PBL_MAKE_PEGASUS:
      return graph_shape_pegasus(b, n, r->size, err);
    case PBL_MAKE_REGULAR:
      return graph_shape_regular(b, n, r->size, rng, err);
    case PBL_MAKE_COMPLETE:
    case PBL_MAKE_CURIE_WEISS:
    case PBL_MAKE_SK:
    case PBL_MAKE_HOPFIELD:
    default:
      return graph_shape_complete(b, n, r->size, err);
  }
}

static void label(pbl_graph *g, const pbl_graph_recipe *r) {
  const kind_entry *kind = &k_kinds[r->kind];
  char *at = g->name;
  const char *const end = g->name + sizeof g->name;
  at += snprintf(at, (size_t)(end - at), "%s", kind->name);
  for (int k = 0; k < kind->n_sizes; k++) {
    at += snprintf(at, (size_t)(end - at), "%s%zu",
                   k == 0                    ? ":"
                   : strchr(kind->form, 'x') ? "x"
                                             : ",",
                   r->size[k]);
  }
  snprintf(g->provenance, sizeof g->provenance,
           "%s, couplings %s,%.17g, fields %s,%.17g, seed %llu", g->name, k_laws[r->couplings.kind],
           r->couplings.size, k_laws[r->fields.kind], r->fields.size, (unsigned long long)r->seed);
}

pbl_status pbl_graph_make(pbl_graph **out, const pbl_graph_recipe *r, pbl_error *err) {
  graph_builder b = {0};
  signed char *patterns = NULL;
  pbl_xoshiro rng;
  size_t n = 0;
  *out = NULL;
  pbl_xoshiro_seed(&rng, r->seed);
  pbl_status status = check(r, err);
  if (status == PBL_OK) status = draw_patterns(&patterns, r, &rng, err);
  if (status == PBL_OK) status = shape(&b, &n, r, &rng, err);
  if (status == PBL_OK) status = graph_build(out, &b, n, err);
  graph_builder_free(&b);
  if (status == PBL_OK) status = draw_couplings(*out, r, patterns, &rng, err);
  free(patterns);
  if (status != PBL_OK) {
    pbl_graph_destroy(*out);
    *out = NULL;
    return status;
  }
  for (size_t i = 0; i < n; i++) {
    const double value = draw(&r->fields, &rng);
    (*out)->field[i] = value == 0 ? 0 : value;
  }
  label(*out, r);
  return PBL_OK;
}
