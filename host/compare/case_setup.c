/* From configuration to model, hardware parameters, image and starting states. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"
#include "pbl_lattice_model.h"
#include "pbl_rng.h"

uint64_t case_seed(const case_work *w, case_stream stream) {
  uint64_t state = w->config->seed * 0x9E3779B97F4A7C15u + (uint64_t)w->index * 16u + stream;
  (void)pbl_splitmix64(&state);
  return pbl_splitmix64(&state);
}

/* A model without a folder: random, or a lattice on the graph of the hardware. */
static pbl_status made_model(pbl_rbm **out, const pbl_case_config *cc, uint64_t further,
                             pbl_error *err) {
  const pbl_lattice_law law = {.couplings = (pbl_couplings)cc->lattice_couplings,
                               .scale = cc->lattice_scale,
                               .field_scale = cc->lattice_field_scale,
                               .open = cc->lattice_open != 0,
                               .seed = cc->lattice_seed + further};
  if (cc->lattice) return pbl_lattice_model(out, &cc->hw.lattice, &law, err);
  return pbl_rbm_random(out, cc->random_visible, cc->random_hidden, cc->random_scale,
                        cc->random_bias_scale, cc->random_seed + further, err);
}

/* A random model has no training data: its positive phase is the exact law of a second random
 * model, the teacher, so that Q_op is defined. Only where enumeration reaches. */
static pbl_status teacher_moments(pbl_rbm *m, const pbl_case_config *cc, pbl_error *err) {
  const int n = m->n_visible + m->n_hidden;
  if (n > PBL_ORACLE_MAX_PBITS) return PBL_OK;
  pbl_rbm *teacher = NULL;
  pbl_oracle *law = NULL;
  double *first = malloc((size_t)n * sizeof *first);
  double *second = malloc((size_t)n * (size_t)n * sizeof *second);
  const size_t nv = (size_t)m->n_visible, nh = (size_t)m->n_hidden;
  m->data_vh = malloc(nv * nh * sizeof *m->data_vh);
  m->data_v = malloc(nv * sizeof *m->data_v);
  m->data_h = malloc(nh * sizeof *m->data_h);
  pbl_status st = PBL_OK;
  if (!first || !second || !m->data_vh || !m->data_v || !m->data_h) {
    st = pbl_fail(err, PBL_NO_MEMORY, "case %s: out of memory", cc->name);
  }
  if (!st) st = made_model(&teacher, cc, 1, err);
  if (!st) st = pbl_oracle_create_model(&law, teacher, 1.0, PBL_KERNEL_CYCLIC, err);
  if (!st) {
    pbl_oracle_moments(law, first, second);
    for (size_t i = 0; i < nv; i++) {
      m->data_v[i] = (float)first[i];
      for (size_t j = 0; j < nh; j++) {
        m->data_vh[i * nh + j] = (float)second[i * (size_t)n + nv + j];
      }
    }
    for (size_t j = 0; j < nh; j++) m->data_h[j] = (float)first[nv + j];
  }
  pbl_oracle_destroy(law);
  pbl_rbm_destroy(teacher);
  free(first);
  free(second);
  return st;
}

static pbl_status load_model(case_work *w, pbl_error *err) {
  const pbl_case_config *cc = w->cc;
  if (cc->model[0]) return pbl_rbm_load(&w->model, cc->model, err);
  pbl_status st = made_model(&w->model, cc, 0, err);
  return st ? st : teacher_moments(w->model, cc, err);
}

/* "0-3,7": p-bit indices and ranges. */
static pbl_status parse_clamps(uint8_t *clamp, int n, const char *text, const char *name,
                               pbl_error *err) {
  while (*text) {
    char *end;
    const long a = strtol(text, &end, 10);
    long b = a;
    if (end != text && *end == '-') {
      const char *second = end + 1;
      b = strtol(second, &end, 10);
      if (end == second) b = -1;
    }
    if (end == text || a < 0 || b < a || b >= n || (*end && *end != ',')) {
      return pbl_fail(err, PBL_CONFIG,
                      "case %s: clamp: cannot read '%s'; give p-bit indices 0 to %d like 0-3,7",
                      name, text, n - 1);
    }
    for (long p = a; p <= b; p++) clamp[p] = 1;
    text = *end ? end + 1 : end;
  }
  return PBL_OK;
}

static pbl_status list_edges(case_work *w, pbl_error *err) {
  if (w->hw.fabric != PBL_FABRIC_LATTICE) return PBL_OK;
  const int nv = w->hw.n_visible, degree = pbl_hw_degree(&w->hw);
  w->n_edges = (size_t)nv * (size_t)degree;
  w->edges = malloc(w->n_edges * sizeof *w->edges);
  if (!w->edges) return pbl_fail(err, PBL_NO_MEMORY, "edges of a lattice: out of memory");
  for (size_t e = 0; e < w->n_edges; e++) {
    const int k = (int)e / degree, slot = (int)e % degree;
    w->edges[e][0] = (uint32_t)k;
    w->edges[e][1] = (uint32_t)(nv + pbl_lattice_neighbour(&w->hw.lattice, 0, k, slot));
  }
  return PBL_OK;
}

static pbl_status setup_model(case_work *w, pbl_quantisation *q, pbl_error *err) {
  if (w->cc->kernel == PBL_KERNEL_RANDOM_SITE)
    return pbl_fail(err, PBL_CONFIG, "kernel random_site is for graphs on the sparse fabric");
  pbl_status st = load_model(w, err);
  if (st) return st;
  w->beta = w->cc->beta > 0 ? w->cc->beta : w->model->beta;
  w->hw = w->cc->hw;
  if (w->hw.fabric == PBL_FABRIC_DENSE) {
    w->hw.n_visible = w->model->n_visible;
    w->hw.n_hidden = w->model->n_hidden;
    w->hw.lattice = (pbl_hw_lattice){0};
  }
  w->hw.replicas = w->cc->chains;
  st = pbl_hw_check(&w->hw, err);
  if (!st) st = pbl_image_create(&w->image, q, w->model, &w->hw, w->beta, err);
  if (!st) st = pbl_image_dequantise(&w->dequantised, w->image, w->model, err);
  if (!st) st = list_edges(w, err);
  if (st) return st;
  w->result->image_rows = w->model->image_rows;
  w->result->image_cols = w->model->image_cols;
  return PBL_OK;
}

static pbl_status check_exact(const case_work *w, pbl_error *err) {
  const int n = pbl_hw_pbits(&w->hw);
  if (!w->cc->exact || n <= PBL_ORACLE_MAX_PBITS) return PBL_OK;
  return pbl_fail(err, PBL_CONFIG, "exact: true needs at most %d p-bits, the model has %d",
                  PBL_ORACLE_MAX_PBITS, n);
}

pbl_status case_setup(case_work *w, pbl_error *err) {
  const pbl_case_config *cc = w->cc;
  pbl_case_result *r = w->result;
  pbl_quantisation q = {0};
  pbl_status st = cc->graph[0] ? case_setup_graph(w, &q, err) : setup_model(w, &q, err);
  if (!st) st = check_exact(w, err);
  if (st) return pbl_wrap(err, st, "case %s", cc->name);
  st = parse_clamps(w->image->clamp, pbl_hw_pbits(&w->hw), cc->clamp, cc->name, err);
  if (st) return st;
  w->held_beta = ldexp((double)w->image->beta, -w->hw.beta_frac);
  snprintf(r->name, sizeof r->name, "%s", cc->name);
  r->config = cc;
  r->n_visible = w->hw.n_visible;
  r->n_hidden = w->hw.n_hidden;
  r->n_blocks = w->colouring ? (int)w->colouring->n_colours : 0;
  r->fitted = w->hw;
  r->quantisation = q;
  r->image_hash = pbl_image_hash(w->image);
  r->beta_word = w->image->beta;
  r->tv_quantised_ideal = NAN;
  return PBL_OK;
}

void case_release(case_work *w) {
  pbl_rbm_destroy(w->model);
  pbl_rbm_destroy(w->dequantised);
  pbl_image_destroy(w->image);
  pbl_graph_destroy(w->graph);
  pbl_graph_destroy(w->held);
  pbl_colouring_destroy(w->colouring);
  free(w->data);
  w->graph = w->held = NULL;
  w->colouring = NULL;
  w->data = NULL;
  free(w->edges);
  w->edges = NULL;
  pbl_chains_destroy(w->device);
  pbl_chains_destroy(w->reference);
  w->model = w->dequantised = NULL;
  w->image = NULL;
  pbl_blocks_destroy(w->blocks);
  pbl_oracle_destroy(w->law);
  pbl_oracle_destroy(w->ideal);
  for (int side = 0; side < 2; side++) {
    free(w->energy[side]);
    free(w->means[side]);
    w->energy[side] = w->means[side] = NULL;
  }
  w->law = w->ideal = NULL;
  w->blocks = NULL;
  w->device = w->reference = NULL;
  case_tempering_release(w);
  case_statistics_release(w);
}

static void descend_graph(signed char *s, const pbl_graph *g, int sweeps) {
  for (int sweep = 0; sweep < sweeps; sweep++) {
    for (size_t p = 0; p < g->n; p++) s[p] = pbl_graph_local_field(g, s, p) >= 0 ? 1 : -1;
  }
}

/* A few sweeps at zero temperature lead a random state into a nearby valley. field: n_hidden. */
static void descend(signed char *s, const pbl_rbm *m, int sweeps, double *field) {
  const int nv = m->n_visible, nh = m->n_hidden;
  for (int sweep = 0; sweep < sweeps; sweep++) {
    for (int j = 0; j < nh; j++) field[j] = m->c[j];
    for (int i = 0; i < nv; i++) { /* row by row, as the weights stand in memory */
      const float *w = m->w + (size_t)i * (size_t)nh;
      for (int j = 0; j < nh; j++) field[j] += (double)w[j] * s[i];
    }
    for (int j = 0; j < nh; j++) s[nv + j] = field[j] >= 0 ? 1 : -1;
    for (int i = 0; i < nv; i++) {
      double f = m->b[i];
      for (int j = 0; j < nh; j++) {
        f += (double)m->w[(size_t)i * (size_t)nh + (size_t)j] * s[nv + j];
      }
      s[i] = f >= 0 ? 1 : -1;
    }
  }
}

pbl_status case_starts(signed char **states, const case_work *w, case_stream stream,
                       pbl_error *err) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw), chains = (size_t)w->cc->chains;
  signed char *s = malloc(chains * n);
  double *field = malloc(n * sizeof *field);
  if (!s || !field) {
    free(s);
    free(field);
    return pbl_fail(err, PBL_NO_MEMORY, "starting states: out of memory");
  }
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, case_seed(w, stream));
  for (size_t c = 0; c < chains; c++) {
    signed char *row = s + c * n;
    for (size_t p = 0; p < n; p++) {
      const signed char random = (pbl_xoshiro_next(&g) >> 31) ? 1 : -1;
      row[p] = c % 4 == 1 ? 1 : c % 4 == 2 ? -1 : random;
    }
    if (c % 4 == 3 && w->held) {
      descend_graph(row, w->held, 8);
    } else if (c % 4 == 3) {
      descend(row, w->dequantised, 8, field);
    }
    /* clamped p-bits hold one value in all chains: that of a reproducible pattern */
    for (size_t p = 0; p < n; p++) {
      if (w->image->clamp[p]) row[p] = p % 2 ? -1 : 1;
    }
  }
  free(field);
  *states = s;
  return PBL_OK;
}
