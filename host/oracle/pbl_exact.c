#include "pbl_exact.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_blocks.h"
#include "pbl_enumerate.h"
#include "pbl_poisson.h"
#include "pbl_spectrum.h"

#define TOLERANCE 1e-10 /* of modes and of the conjugate gradients, relative */

static pbl_status no_memory(pbl_error *err) {
  return pbl_fail(err, PBL_NO_MEMORY, "exact: out of memory");
}

/* ---- the law ---- */

/* Layout of pbl_oracle_create_weights. */
static double *weights_of(const pbl_rbm *m) {
  const size_t V = (size_t)m->n_visible, H = (size_t)m->n_hidden;
  double *w = calloc((V + 1) * (H + 1), sizeof *w);
  if (w == NULL) return NULL;
  for (size_t i = 0; i < V; i++) {
    for (size_t j = 0; j < H; j++) w[i * (H + 1) + j] = (double)m->w[i * H + j];
    w[i * (H + 1) + H] = (double)m->b[i];
  }
  for (size_t j = 0; j < H; j++) w[V * (H + 1) + j] = (double)m->c[j];
  return w;
}

static pbl_status law_of(pbl_exact *out, const pbl_rbm *m, double beta, int threads,
                         pbl_progress *progress, pbl_error *err) {
  const size_t V = (size_t)m->n_visible, H = (size_t)m->n_hidden;
  double *weights = weights_of(m);
  pbl_energy_sums sums = {NAN, NAN, NAN};
  out->first = malloc((V + H) * sizeof *out->first);
  out->edges = malloc(V * H * sizeof *out->edges);
  pbl_status status = PBL_OK;
  if (weights == NULL || out->first == NULL || out->edges == NULL) status = no_memory(err);
  if (status == PBL_OK)
    status = pbl_bipartite_enumerate(&sums, out->first, out->edges, V, H, weights, beta, threads,
                                     progress, err);
  free(weights);
  out->log_z = sums.log_z;
  out->energy = sums.energy;
  out->energy_variance = sums.energy_variance;
  return status;
}

pbl_status pbl_exact_teach(pbl_rbm *model, const pbl_rbm *teacher, int threads,
                           pbl_progress *progress, pbl_error *err) {
  const size_t V = (size_t)model->n_visible, H = (size_t)model->n_hidden;
  if (teacher->n_visible != model->n_visible || teacher->n_hidden != model->n_hidden)
    return pbl_fail(err, PBL_INVALID, "exact: the teacher has another shape");
  pbl_exact law = {0};
  pbl_status status = law_of(&law, teacher, teacher->beta, threads, progress, err);
  if (status == PBL_OK) {
    if (model->data_vh == NULL) model->data_vh = malloc(V * H * sizeof(float));
    if (model->data_v == NULL) model->data_v = malloc(V * sizeof(float));
    if (model->data_h == NULL) model->data_h = malloc(H * sizeof(float));
    if (!model->data_vh || !model->data_v || !model->data_h) status = no_memory(err);
  }
  if (status == PBL_OK) {
    for (size_t k = 0; k < V * H; k++) model->data_vh[k] = (float)law.edges[k];
    for (size_t i = 0; i < V; i++) model->data_v[i] = (float)law.first[i];
    for (size_t j = 0; j < H; j++) model->data_h[j] = (float)law.first[V + j];
  }
  pbl_exact_release(&law);
  return status;
}

void pbl_exact_release(pbl_exact *e) {
  free(e->first);
  free(e->edges);
  e->first = e->edges = NULL;
}

/* ---- observables ---- */

/* -E is linear in each spin, so a row doubles spin by spin. */
static void fill_energy(double *f, const pbl_rbm *m) {
  const size_t n = (size_t)1 << m->n_visible, H = (size_t)m->n_hidden;
  for (size_t h = 0; h < (size_t)1 << H; h++) {
    double *row = f + h * n;
    row[0] = 0.0;
    for (size_t j = 0; j < H; j++) row[0] -= (double)m->c[j] * (((h >> j) & 1) ? 1.0 : -1.0);
    for (size_t i = 0; i < (size_t)m->n_visible; i++) {
      double term = -(double)m->b[i];
      for (size_t j = 0; j < H; j++)
        term -= (double)m->w[i * H + j] * (((h >> j) & 1) ? 1.0 : -1.0);
      const size_t half = (size_t)1 << i;
      for (size_t v = 0; v < half; v++) {
        row[v + half] = row[v] + term;
        row[v] -= term;
      }
    }
  }
}

static void fill_sum(double *f, size_t states, size_t mask) {
  const int n = __builtin_popcountll(mask);
  for (size_t x = 0; x < states; x++) f[x] = 2 * __builtin_popcountll(x & mask) - n;
}

pbl_status pbl_exact_observable(double *f, const char *name, const pbl_rbm *m, pbl_error *err) {
  const int V = m->n_visible, H = m->n_hidden;
  const size_t states = (size_t)1 << (V + H), visible = ((size_t)1 << V) - 1;
  if (strcmp(name, "energy") == 0) {
    fill_energy(f, m);
    return PBL_OK;
  }
  size_t mask = 0;
  char *end = NULL;
  if (strcmp(name, "mag_visible") == 0) mask = visible;
  if (strcmp(name, "mag_hidden") == 0) mask = (states - 1) & ~visible;
  if (strcmp(name, "mag") == 0) mask = states - 1;
  if (mask == 0 && (name[0] == 'v' || name[0] == 'h') && name[1] >= '0' && name[1] <= '9') {
    const unsigned long p = strtoul(name + 1, &end, 10);
    const int side = name[0] == 'v' ? V : H;
    if (*end == '\0' && p < (unsigned long)side)
      mask = (size_t)1 << (p + (name[0] == 'v' ? 0 : (unsigned long)V));
  }
  if (mask == 0)
    return pbl_fail(err, PBL_INVALID,
                    "observable '%s': one of energy, mag_visible, mag_hidden, mag, v0 to v%d, "
                    "h0 to h%d is needed",
                    name, V - 1, H - 1);
  fill_sum(f, states, mask);
  return PBL_OK;
}

/* ---- kernels ---- */

typedef struct {
  pbl_exact *out;
  const pbl_exact_request *request;
  pbl_oracle *oracle; /* of the ideal law; its own scan does not matter */
  pbl_blocks *blocks; /* NULL when no two-block scan is asked for */
  pbl_reduced reduced[PBL_EXACT_MAX_OBSERVABLES], *gradient;
  double *values; /* 2^N */
  bool *used;     /* components of Q_op, or NULL */
  pbl_progress *progress;
} work;

static bool is_site_scan(pbl_scan scan) {
  return scan == PBL_SCAN_RANDOM_SITE || scan == PBL_SCAN_RANDOM_SWEEP;
}

static bool has_q_op(const pbl_exact_request *r) {
  return r->window > 0 && r->model->data_vh != NULL && r->model->data_v != NULL &&
         r->model->data_h != NULL;
}

static pbl_status choose_components(work *w, pbl_error *err) {
  const pbl_rbm *m = w->request->model;
  const size_t edges = (size_t)m->n_visible * (size_t)m->n_hidden;
  const size_t n = pbl_gradient_count(w->oracle);
  if (!w->request->edges_only) return PBL_OK;
  w->used = malloc(n * sizeof *w->used);
  if (w->used == NULL) return no_memory(err);
  for (size_t a = 0; a < n; a++) w->used[a] = a >= edges || m->w[a] != 0.0f;
  return PBL_OK;
}

static pbl_status prepare(work *w, pbl_error *err) {
  const pbl_exact_request *r = w->request;
  bool blocks = false;
  for (size_t k = 0; k < r->n_kernels; k++) blocks = blocks || !is_site_scan(r->kernels[k]);
  pbl_status status =
      pbl_oracle_create_model_scan(&w->oracle, r->model, r->beta, PBL_SCAN_CYCLIC, err);
  if (status == PBL_OK && blocks)
    status = pbl_blocks_create(&w->blocks, w->oracle, w->progress, err);
  if (status != PBL_OK) return status;
  w->values = malloc(pbl_oracle_states(w->oracle) * sizeof *w->values);
  if (w->values == NULL) return no_memory(err);
  for (size_t k = 0; k < r->n_observables && status == PBL_OK; k++) {
    if (!pbl_progress_report(w->progress, "observables", k, r->n_observables))
      return pbl_fail(err, PBL_INTERRUPTED, "exact: interrupted");
    status = pbl_exact_observable(w->values, r->observables[k], r->model, err);
    if (status == PBL_OK)
      status =
          pbl_oracle_tau(w->oracle, w->values, &w->out->mean[k], &w->out->variance[k], NULL, err);
    if (status == PBL_OK && blocks)
      status = pbl_blocks_reduce(&w->reduced[k], w->blocks, w->values, err);
  }
  if (status == PBL_OK && blocks && has_q_op(r)) {
    status = choose_components(w, err);
    if (status == PBL_OK) status = pbl_gradient_reduce(&w->gradient, w->blocks, w->progress, err);
  }
  return status;
}

static pbl_status slowest(pbl_exact_kernel *k, const work *w, const pbl_oracle *o, pbl_error *err) {
  const size_t side = (size_t)1 << (w->request->model->n_visible > w->request->model->n_hidden
                                        ? w->request->model->n_visible
                                        : w->request->model->n_hidden);
  double re = 0.0, im = 0.0;
  pbl_status status = PBL_OK;
  if (side >= 8) {
    status = pbl_oracle_modes(&re, &im, NULL, o, 1, TOLERANCE, w->progress, err);
  } else {
    status = pbl_oracle_slowest(o, &re, err);
  }
  k->eigenvalue = hypot(re, im);
  k->relaxation = pbl_relaxation_time(k->eigenvalue);
  return status;
}

static pbl_status site_taus(pbl_exact_kernel *k, work *w, const pbl_oracle *o, pbl_error *err) {
  const pbl_exact_request *r = w->request;
  pbl_status status = PBL_OK;
  for (size_t f = 0; f < r->n_observables && status == PBL_OK; f++) {
    status = pbl_exact_observable(w->values, r->observables[f], r->model, err);
    if (status == PBL_OK)
      status = pbl_oracle_tau_reversible(&k->tau[f], &k->tau_error[f], NULL, o, w->values,
                                         TOLERANCE, w->progress, err);
  }
  return status;
}

static pbl_status one_kernel(pbl_exact_kernel *k, work *w, pbl_scan scan, pbl_error *err) {
  const pbl_exact_request *r = w->request;
  pbl_oracle *o = NULL; /* modes and site steps ask the oracle for its scan */
  k->scan = scan;
  k->q_op = k->signal = k->noise = NAN;
  pbl_status status = pbl_oracle_create_model_scan(&o, r->model, r->beta, scan, err);
  if (status == PBL_OK && is_site_scan(scan)) status = site_taus(k, w, o, err);
  for (size_t f = 0; f < r->n_observables && status == PBL_OK && !is_site_scan(scan); f++)
    status = pbl_blocks_tau(&k->tau[f], &k->tau_error[f], w->blocks, scan, &w->reduced[f], err);
  if (status == PBL_OK) status = slowest(k, w, o, err);
  pbl_oracle_destroy(o);
  if (status != PBL_OK || w->gradient == NULL || is_site_scan(scan)) return status;
  status = pbl_blocks_qop(&k->q_op, &k->signal, &k->noise, w->blocks, scan, w->gradient, r->model,
                          w->used, r->window, w->progress, err);
  k->q_op *= (double)r->chains;
  k->noise /= (double)r->chains;
  return status;
}

static void release(work *w) {
  if (w->blocks != NULL) pbl_gradient_release(w->gradient, w->blocks);
  for (size_t k = 0; k < PBL_EXACT_MAX_OBSERVABLES; k++) pbl_reduced_release(&w->reduced[k]);
  pbl_blocks_destroy(w->blocks);
  pbl_oracle_destroy(w->oracle);
  free(w->values);
  free(w->used);
}

static pbl_status check(const pbl_exact_request *r, pbl_error *err) {
  const int V = r->model->n_visible, H = r->model->n_hidden;
  if (r->n_kernels > 0 && V + H > PBL_ORACLE_SCAN_MAX_PBITS)
    return pbl_fail(err, PBL_INVALID,
                    "exact: %d visible + %d hidden p-bits; kernels can be had up to %d p-bits, the "
                    "law alone (--kernel none) up to %d on the smaller side",
                    V, H, PBL_ORACLE_SCAN_MAX_PBITS, PBL_ENUMERATE_MAX_SIDE);
  if ((V < H ? V : H) > PBL_ENUMERATE_MAX_SIDE)
    return pbl_fail(err, PBL_INVALID,
                    "exact: %d visible and %d hidden p-bits; the smaller side can have at most %d",
                    V, H, PBL_ENUMERATE_MAX_SIDE);
  if (r->n_kernels > PBL_EXACT_MAX_KERNELS || r->n_observables > PBL_EXACT_MAX_OBSERVABLES ||
      r->chains == 0)
    return pbl_fail(err, PBL_INVALID, "exact: too many kernels or observables, or no chains");
  return PBL_OK;
}

pbl_status pbl_exact_run(pbl_exact *out, const pbl_exact_request *request, pbl_progress *progress,
                         pbl_error *err) {
  memset(out, 0, sizeof *out);
  pbl_status status = check(request, err);
  if (status == PBL_OK)
    status = law_of(out, request->model, request->beta, request->threads, progress, err);
  if (status != PBL_OK || request->n_kernels == 0) return status;
  work w = {.out = out, .request = request, .progress = progress};
  status = prepare(&w, err);
  for (size_t k = 0; k < request->n_kernels && status == PBL_OK; k++)
    status = one_kernel(&out->kernels[k], &w, request->kernels[k], err);
  release(&w);
  return status;
}
