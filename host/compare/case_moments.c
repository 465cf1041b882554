/* First and second moments of both sides against each other, and Q_op of the gradient estimator. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"

#define BLOCK 256
#define SCATTER_MAX 4096
/* A moment enters the test when both outcomes are expected at least this often: below, the normal
 * approximation of a rare event's count fails in the far tail that Bonferroni needs. */
#define MIN_EVENTS 200.0
#define MIN_QOP_CHAINS 3 /* its jackknife needs them; with fewer Q_op stays unknown */

static bool all_pairs(const case_work *w) {
  return pbl_hw_pbits(&w->hw) <= PBL_ORACLE_MAX_PBITS;
}

size_t case_moment_count(const case_work *w) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw);
  return n + (all_pairs(w) ? n * (n - 1) / 2 : (size_t)w->hw.n_visible * (size_t)w->hw.n_hidden);
}

static void copy_pairs(double *out, const float *second, const case_work *w, double scale) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw);
  if (all_pairs(w)) {
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
      for (size_t j = i + 1; j < n; j++) out[k++] = scale * second[i * n + j];
    }
  } else {
    const size_t m = (size_t)w->hw.n_visible * (size_t)w->hw.n_hidden;
    for (size_t k = 0; k < m; k++) out[k] = scale * second[k];
  }
}

pbl_status case_chain_moments(double **out, const case_work *w, const pbl_chains *chains,
                              size_t first_draw, size_t n_draws, pbl_error *err) {
  const size_t n = chains->n_pbits, m = case_moment_count(w);
  const int nv = w->hw.n_visible, nh = w->hw.n_hidden, np = (int)n;
  const size_t n_second = all_pairs(w) ? n * n : (size_t)nv * (size_t)nh;
  float *x = malloc(BLOCK * n * sizeof *x);
  float *second = malloc(n_second * sizeof *second);
  double *moments = calloc(chains->n_chains * m, sizeof *moments);
  pbl_status st = PBL_OK;
  if (!x || !second || !moments) {
    st = pbl_fail(err, PBL_NO_MEMORY, "moments: out of memory");
    free(moments);
    moments = NULL;
  }
  for (size_t c = 0; !st && c < chains->n_chains; c++) {
    double *row = moments + c * m;
    memset(second, 0, n_second * sizeof *second); /* float counts stay exact below 2^24 draws */
    for (size_t t = 0; t < n_draws; t += BLOCK) {
      const size_t b = n_draws - t < BLOCK ? n_draws - t : BLOCK;
      case_unpack(x, chains, c, first_draw + t, b);
      for (size_t k = 0; k < b * n; k++) row[k % n] += x[k];
      if (all_pairs(w)) {
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, np, np, (int)b, 1.0f, x, np, x, np,
                    1.0f, second, np);
      } else {
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, nv, nh, (int)b, 1.0f, x, np, x + nv,
                    np, 1.0f, second, nh);
      }
    }
    for (size_t p = 0; p < n; p++) row[p] /= (double)n_draws;
    copy_pairs(row + n, second, w, 1.0 / (double)n_draws);
  }
  free(x);
  free(second);
  *out = moments;
  return st;
}

static void mean_and_variance(double *mean, double *variance, const double *moments,
                              size_t n_chains, size_t m, size_t k) {
  double sum = 0, sum2 = 0;
  for (size_t c = 0; c < n_chains; c++) sum += moments[c * m + k];
  *mean = sum / (double)n_chains;
  for (size_t c = 0; c < n_chains; c++) {
    const double d = moments[c * m + k] - *mean;
    sum2 += d * d;
  }
  *variance = n_chains > 1 ? sum2 / (double)(n_chains - 1) : 0;
}

static void moment_name(char *name, size_t size, const case_work *w, size_t k) {
  const size_t n = (size_t)pbl_hw_pbits(&w->hw), nv = (size_t)w->hw.n_visible;
  if (k < n) {
    snprintf(name, size, "%c%zu", k < nv ? 'v' : 'h', k < nv ? k : k - nv);
    return;
  }
  size_t i = 0, j = 0;
  if (all_pairs(w)) {
    size_t r = k - n;
    while (r >= n - 1 - i) r -= n - 1 - i++;
    j = i + 1 + r;
  } else {
    i = (k - n) / (size_t)w->hw.n_hidden;
    j = nv + (k - n) % (size_t)w->hw.n_hidden;
  }
  snprintf(name, size, "%c%zu %c%zu", i < nv ? 'v' : 'h', i < nv ? i : i - nv, j < nv ? 'v' : 'h',
           j < nv ? j : j - nv);
}

/* Worst Welch t of moments first..last-1. The variance of a mean is at least that of independent
 * draws, which guards against a chance agreement of few chains. */
static void gate_moments(case_work *w, const char *name, const double *a, const double *b,
                         size_t first, size_t last) {
  const size_t chains = (size_t)w->cc->chains, m = case_moment_count(w);
  const double draws = (double)w->device->n_recorded, total = draws * (double)chains;
  double worst_p = 1, worst_t = 0;
  size_t tests = 0, worst = first;
  for (size_t k = first; k < last; k++) {
    double ma, mb, va, vb;
    mean_and_variance(&ma, &va, a, chains, m, k);
    mean_and_variance(&mb, &vb, b, chains, m, k);
    const double centre = 0.5 * (ma + mb);
    if (0.5 * total * (1 - fabs(centre)) < MIN_EVENTS) continue;
    tests++;
    const double floor_variance = (1 - centre * centre) / draws;
    va = fmax(va, floor_variance) / (double)chains;
    vb = fmax(vb, floor_variance) / (double)chains;
    const double t = (ma - mb) / sqrt(va + vb);
    const double dof = (va + vb) * (va + vb) * (double)(chains - 1) / (va * va + vb * vb);
    const double p = pbl_student_t_two_sided_p(t, dof);
    if (p < worst_p) {
      worst_p = p;
      worst_t = t;
      worst = k;
    }
  }
  char label[64];
  moment_name(label, sizeof label, w, worst);
  const double p = fmin(1.0, worst_p * (double)(tests ? tests : 1));
  const double alpha = case_gate_alpha(w);
  case_gate(w, name, worst_t, p, alpha, p >= alpha,
            "%zu moments, worst %s: t = %.2f, family p = %.3g; %zu too rare to test", tests, label,
            worst_t, p, last - first - tests);
}

static pbl_status fill_scatter(pbl_scatter *s, const double *a, const double *b, size_t chains,
                               size_t m, size_t first, size_t last, pbl_error *err) {
  const size_t stride = (last - first + SCATTER_MAX - 1) / SCATTER_MAX;
  s->n = (last - first + stride - 1) / stride;
  s->device = malloc(s->n * sizeof *s->device);
  s->reference = malloc(s->n * sizeof *s->reference);
  if (!s->device || !s->reference) return pbl_fail(err, PBL_NO_MEMORY, "scatter: out of memory");
  for (size_t i = 0; i < s->n; i++) {
    double unused;
    mean_and_variance(&s->device[i], &unused, a, chains, m, first + i * stride);
    mean_and_variance(&s->reference[i], &unused, b, chains, m, first + i * stride);
  }
  return PBL_OK;
}

/* Gradient estimates of all chains in one window: data moments minus window means, in the order
 * w_ij, b_i, c_j. g: n_chains x p. */
static void window_gradient(double *g, const case_work *w, const double *moments) {
  const size_t nv = (size_t)w->hw.n_visible, nh = (size_t)w->hw.n_hidden, n = nv + nh;
  const size_t p = nv * nh + n, m = case_moment_count(w);
  for (size_t c = 0; c < (size_t)w->cc->chains; c++) {
    const double *row = moments + c * m;
    double *to = g + c * p;
    for (size_t i = 0; i < nv; i++) {
      /* start of the pairs (i, i+1..) resp. of the weights of row i */
      const double *pairs =
          row + n + (all_pairs(w) ? i * (2 * n - i - 1) / 2 + nv - i - 1 : i * nh);
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

/* Q_op of windows of window_draws draws, averaged over all windows that the chains hold. */
static pbl_status side_qop(pbl_qop_report *out, const case_work *w, const pbl_chains *chains,
                           size_t window_draws, pbl_error *err) {
  const size_t n = chains->n_chains, n_windows = chains->n_recorded / window_draws;
  const size_t p = (size_t)w->hw.n_visible * (size_t)w->hw.n_hidden + chains->n_pbits;
  double *g = malloc(n * p * sizeof *g), *gram = calloc(n * n, sizeof *gram);
  pbl_status st = PBL_OK;
  if (!g || !gram) st = pbl_fail(err, PBL_NO_MEMORY, "Q_op: out of memory");
  for (size_t k = 0; !st && k < n_windows; k++) {
    double *moments = NULL;
    if (!pbl_progress_report(w->progress, "gradient windows", k, n_windows)) {
      st = pbl_fail(err, PBL_INTERRUPTED, "interrupted");
    }
    if (!st) st = case_chain_moments(&moments, w, chains, k * window_draws, window_draws, err);
    if (!st) {
      window_gradient(g, w, moments);
      pbl_qop_add_gram(gram, g, n, p, 1.0 / (double)n_windows);
    }
    free(moments);
  }
  if (!st) st = pbl_qop_from_gram(out, gram, n, p, err);
  /* chains that are all alike have no Q_op; what they are worth is for the gates to say */
  if (st == PBL_NUMERIC) st = PBL_OK;
  out->window = window_draws * (size_t)w->cc->every;
  free(g);
  free(gram);
  return st;
}

static pbl_status fill_qop(case_work *w, pbl_error *err) {
  pbl_case_result *r = w->result;
  const pbl_estimate none = {NAN, NAN, NAN};
  r->q_op.device.q = r->q_op.reference.q = r->q_op.ratio = none;
  r->q_op.exact = r->q_op.exact_signal = r->q_op.exact_noise = NAN;
  if (!w->model->data_vh || w->cc->chains < MIN_QOP_CHAINS) return PBL_OK;
  size_t window = (size_t)(w->cc->q_window / w->cc->every);
  if (window < 1) window = 1;
  if (window > w->device->n_recorded) window = w->device->n_recorded;
  pbl_status st = side_qop(&r->q_op.device, w, w->device, window, err);
  if (!st) st = side_qop(&r->q_op.reference, w, w->reference, window, err);
  const pbl_estimate *a = &r->q_op.device.q, *b = &r->q_op.reference.q;
  if (!st && a->low > 0 && b->low > 0) r->q_op.ratio = case_ratio(a, b);
  return st;
}

pbl_status case_moments(case_work *w, pbl_error *err) {
  pbl_case_result *r = w->result;
  const size_t n = (size_t)pbl_hw_pbits(&w->hw), m = case_moment_count(w);
  double *a = NULL, *b = NULL;
  pbl_status st = case_chain_moments(&a, w, w->device, 0, w->device->n_recorded, err);
  if (!st) st = case_chain_moments(&b, w, w->reference, 0, w->reference->n_recorded, err);
  if (!st) {
    gate_moments(w, "first moments against reference", a, b, 0, n);
    gate_moments(w, "second moments against reference", a, b, n, m);
    st = fill_scatter(&r->first_moments, a, b, (size_t)w->cc->chains, m, 0, n, err);
  }
  if (!st) st = fill_scatter(&r->second_moments, a, b, (size_t)w->cc->chains, m, n, m, err);
  free(a);
  free(b);
  return st ? st : fill_qop(w, err);
}
