/* Q_op of the gradient estimator, of both sides and against the exact kernel. */
#include <math.h>
#include <stdlib.h>

#include "compare_internal.h"

#define MIN_QOP_CHAINS 3 /* its jackknife needs them; with fewer Q_op stays unknown */

/* Weights that a gradient has: of a graph and a large lattice its edges. */
static size_t n_weights(const case_work *w) {
  if (w->graph) return w->n_edges;
  const size_t all = (size_t)w->hw.n_visible * (size_t)w->hw.n_hidden;
  return w->edges && !case_all_pairs(w) ? w->n_edges : all;
}

/* The order of the moments: p-bits, then edges. */
static void edge_gradient(double *g, const case_work *w, const double *moments) {
  const size_t nv = (size_t)w->hw.n_visible, nh = (size_t)w->hw.n_hidden, n = nv + nh;
  const size_t m = case_moment_count(w);
  for (size_t c = 0; c < case_chains(w); c++) {
    const double *row = moments + c * m;
    double *to = g + c * m;
    for (size_t i = 0; i < nv; i++) to[i] = (double)w->model->data_v[i] - row[i];
    for (size_t j = 0; j < nh; j++) to[nv + j] = (double)w->model->data_h[j] - row[nv + j];
    for (size_t e = 0; e < w->n_edges; e++)
      to[n + e] = (double)w->model->data_vh[w->edges[e][0] * nh + w->edges[e][1] - nv] - row[n + e];
  }
}

/* p-bits, then edges; moments may be those of all pairs. */
static void graph_gradient(double *g, const case_work *w, const double *moments) {
  const size_t n = w->graph->n, m = case_moment_count(w), p = n + w->n_edges;
  for (size_t c = 0; c < case_chains(w); c++) {
    const double *row = moments + c * m;
    double *to = g + c * p;
    for (size_t i = 0; i < n; i++) to[i] = w->data[i] - row[i];
    for (size_t e = 0; e < w->n_edges; e++) {
      const size_t i = w->edges[e][0], j = w->edges[e][1];
      const size_t at = case_all_pairs(w) ? i * (2 * n - i - 1) / 2 + j - i - 1 : e;
      to[n + e] = w->data[n + e] - row[n + at];
    }
  }
}

/* Gradient estimates of all chains in one window: data moments minus window means, in the order
 * w_ij, b_i, c_j. g: n_chains x p. */
static void window_gradient(double *g, const case_work *w, const double *moments) {
  const size_t nv = (size_t)w->hw.n_visible, nh = (size_t)w->hw.n_hidden, n = nv + nh;
  const size_t p = nv * nh + n, m = case_moment_count(w);
  for (size_t c = 0; c < case_chains(w); c++) {
    const double *row = moments + c * m;
    double *to = g + c * p;
    for (size_t i = 0; i < nv; i++) {
      /* start of the pairs (i, i+1..) resp. of the weights of row i */
      const double *pairs =
          row + n + (case_all_pairs(w) ? i * (2 * n - i - 1) / 2 + nv - i - 1 : i * nh);
      for (size_t j = 0; j < nh; j++) {
        to[i * nh + j] = (double)w->model->data_vh[i * nh + j] - pairs[j];
      }
      to[nv * nh + i] = (double)w->model->data_v[i] - row[i];
    }
    for (size_t j = 0; j < nh; j++) {
      to[nv * nh + nv + j] = (double)w->model->data_h[j] - row[nv + j];
    }
  }
}

bool case_has_data(const case_work *w) {
  return w->graph ? w->data != NULL : w->model->data_vh != NULL;
}

bool case_has_gradient(const case_work *w) {
  return case_has_data(w) && case_chains(w) >= MIN_QOP_CHAINS;
}

size_t case_q_window(const case_work *w, size_t n_draws) {
  const size_t window = (size_t)(w->cc->q_window / w->cc->every);
  return window < 1 ? 1 : window > n_draws ? n_draws : window;
}

/* Averaged over all windows that the draws hold. */
pbl_status case_side_qop(pbl_qop_report *out, const case_work *w, const pbl_chains *chains,
                         size_t window, size_t n_draws, pbl_error *err) {
  *out = (pbl_qop_report){.q = {NAN, NAN, NAN}};
  if (!case_has_gradient(w) || window == 0) return PBL_OK;
  const size_t n = chains->n_chains, n_windows = n_draws / window;
  const size_t p = n_weights(w) + chains->n_pbits;
  double *g = malloc(n * p * sizeof *g), *gram = calloc(n * n, sizeof *gram);
  pbl_status st = PBL_OK;
  if (!g || !gram) st = pbl_fail(err, PBL_NO_MEMORY, "Q_op: out of memory");
  for (size_t k = 0; !st && k < n_windows; k++) {
    double *moments = NULL;
    if (!pbl_progress_report(w->progress, "gradient windows", k, n_windows)) {
      st = pbl_fail(err, PBL_INTERRUPTED, "interrupted");
    }
    if (!st) st = case_chain_moments(&moments, w, chains, k * window, window, err);
    if (!st) {
      if (w->graph) {
        graph_gradient(g, w, moments);
      } else if (w->edges && !case_all_pairs(w)) {
        edge_gradient(g, w, moments);
      } else {
        window_gradient(g, w, moments);
      }
      pbl_qop_add_gram(gram, g, n, p, 1.0 / (double)n_windows);
    }
    free(moments);
  }
  if (!st) st = pbl_qop_from_gram(out, gram, n, p, err);
  /* chains that are all alike have no Q_op; what they are worth is for the gates to say */
  if (st == PBL_NUMERIC) st = PBL_OK;
  out->window = window * (size_t)w->cc->every;
  free(g);
  free(gram);
  return st;
}

static pbl_status exact_qop(case_work *w, pbl_error *err) {
  pbl_case_result *r = w->result;
  const pbl_qop_report *q = &r->q_op.device;
  if (!w->law || w->tempering || !case_has_data(w) || q->window == 0) return PBL_OK;
  if (w->cc->every > 1) return PBL_OK; /* a thinned window has more noise than the exact one */
  /* the block solver has no quantised coin; shared draws make the noise of chains scatter alike */
  if (case_shares_draws(w->cc) && (!w->graph || w->hw.lanes > 1)) return PBL_OK;
  pbl_status st = case_exact_qop(&r->q_op.exact, &r->q_op.exact_signal, &r->q_op.exact_noise, w,
                                 q->window, err);
  if (st || !(q->q.value > 0) || !(q->q.low > 0)) return st;
  double z, se;
  const double dof = (double)q->n_chains - 1;
  const double p = case_log_scale_p(&q->q, r->q_op.exact, q->n_chains, &z, &se);
  const pbl_gate gate = {.name = "Q_op against exact",
                         .statistic = z,
                         .threshold = case_gate_threshold(w, 1, dof),
                         .p_value = p,
                         .needs_mixing = true,
                         .would_see = expm1(se * case_gate_reach(w, 1, dof)),
                         .would_see_of = "Q_op, relative"};
  case_gate(w, &gate, "%.4g [%.4g, %.4g] against %.4g, window of %zu sweeps", q->q.value, q->q.low,
            q->q.high, r->q_op.exact, q->window);
  return PBL_OK;
}

pbl_status case_qop(case_work *w, pbl_error *err) {
  pbl_case_result *r = w->result;
  r->q_op.ratio = (pbl_estimate){NAN, NAN, NAN};
  r->q_op.exact = r->q_op.exact_signal = r->q_op.exact_noise = NAN;
  const size_t n = w->device->n_recorded, window = case_q_window(w, n);
  pbl_status st = case_side_qop(&r->q_op.device, w, w->device, window, n, err);
  if (!st) st = case_side_qop(&r->q_op.reference, w, w->reference, window, n, err);
  const pbl_estimate *a = &r->q_op.device.q, *b = &r->q_op.reference.q;
  if (!st && a->low > 0 && b->low > 0) r->q_op.ratio = case_ratio(a, b);
  return st ? st : exact_qop(w, err);
}
