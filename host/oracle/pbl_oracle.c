/* Oracles of real models: conditional tables, law, moments. */
#include "pbl_oracle.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_internal.h"

#define CHUNK_BITS 10

double pbl_oracle_mean(const pbl_oracle *o, const double *f) {
  const size_t n = o->visible_states;
  double total = 0.0;
  for (size_t h = 0; h < o->hidden_states; h++) {
    double row = 0.0;
    for (size_t x = h * n; x < (h + 1) * n; x++) row += o->law[x] * f[x];
    total += row;
  }
  return total;
}

double pbl_oracle_inner(const pbl_oracle *o, const double *f, const double *g) {
  const size_t n = o->visible_states;
  double total = 0.0;
  for (size_t h = 0; h < o->hidden_states; h++) {
    double row = 0.0;
    for (size_t x = h * n; x < (h + 1) * n; x++) row += o->law[x] * f[x] * g[x];
    total += row;
  }
  return total;
}

static pbl_status check_shape(int V, int H, pbl_scan scan, int max_pbits, pbl_error *err) {
  if (V < 1 || H < 1 || V > max_pbits || H > max_pbits - V) {
    return pbl_fail(err, PBL_INVALID,
                    "exact oracle: %d visible + %d hidden p-bits; both must be >= 1 and their sum "
                    "at most %d",
                    V, H, max_pbits);
  }
  if ((int)scan < 0 || scan >= PBL_SCAN_COUNT)
    return pbl_fail(err, PBL_INVALID, "exact oracle: unknown kernel %d", (int)scan);
  return PBL_OK;
}

pbl_scan pbl_scan_of(pbl_kernel kernel) {
  if (kernel == PBL_KERNEL_CYCLIC) return PBL_SCAN_CYCLIC;
  if (kernel == PBL_KERNEL_COIN) return PBL_SCAN_COIN;
  return kernel == PBL_KERNEL_PALINDROMIC ? PBL_SCAN_PALINDROMIC : PBL_SCAN_COUNT;
}

pbl_status pbl_oracle_allocate(pbl_oracle **out, int V, int H, pbl_scan scan, int max_pbits,
                               pbl_error *err) {
  *out = NULL;
  pbl_status status = check_shape(V, H, scan, max_pbits, err);
  if (status != PBL_OK) return status;
  pbl_oracle *o = calloc(1, sizeof *o);
  if (o == NULL) return pbl_fail(err, PBL_NO_MEMORY, "exact oracle: out of memory");
  o->V = V;
  o->H = H;
  o->scan = scan;
  o->visible_states = (size_t)1 << V;
  o->hidden_states = (size_t)1 << H;
  o->log_z = NAN;
  o->p_hidden = malloc((size_t)H * o->visible_states * sizeof(double));
  o->p_visible = malloc((size_t)V * o->hidden_states * sizeof(double));
  o->law = malloc(pbl_oracle_count(o) * sizeof(double));
  if (o->p_hidden == NULL || o->p_visible == NULL || o->law == NULL) {
    const size_t n = pbl_oracle_count(o);
    pbl_oracle_destroy(o);
    return pbl_fail(err, PBL_NO_MEMORY, "exact oracle: no memory for %zu states", n);
  }
  *out = o;
  return PBL_OK;
}

void pbl_oracle_destroy(pbl_oracle *o) {
  if (o == NULL) return;
  free(o->p_hidden);
  free(o->p_visible);
  free(o->law);
  free(o->site);
  free(o->step);
  free(o);
}

/* weights: (V+1) x (H+1) in the image's layout (biases in the last column and row), so that the
 * real and the integer model share every index. */
static double visible_field(const double *weights, int H, int i, size_t h) {
  const double *row = weights + (size_t)i * (size_t)(H + 1);
  double field = row[H];
  for (int j = 0; j < H; j++) field += row[j] * pbl_oracle_spin(h, j);
  return field;
}

static double hidden_field(const double *weights, int V, int H, int j, size_t v) {
  const size_t stride = (size_t)(H + 1);
  double field = weights[(size_t)V * stride + (size_t)j];
  for (int i = 0; i < V; i++)
    field += weights[(size_t)i * stride + (size_t)j] * pbl_oracle_spin(v, i);
  return field;
}

static double sigmoid(double x) {
  return 1.0 / (1.0 + exp(-x));
}

static void fill_ideal_conditionals(pbl_oracle *o, const double *weights, double beta) {
  for (int j = 0; j < o->H; j++) {
    for (size_t v = 0; v < o->visible_states; v++) {
      const double field = hidden_field(weights, o->V, o->H, j, v);
      o->p_hidden[(size_t)j * o->visible_states + v] = sigmoid(2.0 * beta * field);
    }
  }
  for (size_t h = 0; h < o->hidden_states; h++) {
    for (int i = 0; i < o->V; i++) {
      const double field = visible_field(weights, o->H, i, h);
      o->p_visible[h * (size_t)o->V + (size_t)i] = sigmoid(2.0 * beta * field);
    }
  }
}

/* law <- exp(-beta E)/Z; sets log_z. */
void pbl_oracle_fill_ideal_law(pbl_oracle *o, const double *weights, double beta) {
  const size_t n = o->visible_states;
  const double *hidden_bias = weights + (size_t)o->V * (size_t)(o->H + 1);
  double largest = -INFINITY;
  for (size_t h = 0; h < o->hidden_states; h++) {
    double *row = o->law + h * n;
    row[0] = 0.0;
    for (int j = 0; j < o->H; j++) row[0] += beta * hidden_bias[j] * pbl_oracle_spin(h, j);
    for (int i = 0; i < o->V; i++) {
      /* -beta E is linear in each spin, so the table doubles spin by spin. */
      const double term = beta * visible_field(weights, o->H, i, h);
      const size_t half = (size_t)1 << i;
      for (size_t v = 0; v < half; v++) {
        row[v + half] = row[v] + term;
        row[v] -= term;
      }
    }
    for (size_t v = 0; v < n; v++) largest = row[v] > largest ? row[v] : largest;
  }
  double z = 0.0;
  for (size_t h = 0; h < o->hidden_states; h++) {
    double row_sum = 0.0;
    for (size_t x = h * n; x < (h + 1) * n; x++) {
      o->law[x] = exp(o->law[x] - largest);
      row_sum += o->law[x];
    }
    z += row_sum;
  }
  for (size_t x = 0; x < pbl_oracle_count(o); x++) o->law[x] /= z;
  o->log_z = largest + log(z);
}

static pbl_status from_weights(pbl_oracle **out, int n_visible, int n_hidden, const double *weights,
                               double beta, pbl_scan scan, int max_pbits, pbl_error *err) {
  pbl_status status = pbl_oracle_allocate(out, n_visible, n_hidden, scan, max_pbits, err);
  if (status != PBL_OK) return status;
  const size_t n_words = (size_t)(n_visible + 1) * (size_t)(n_hidden + 1);
  bool finite = isfinite(beta) && beta >= 0.0;
  for (size_t k = 0; k < n_words; k++) finite = finite && isfinite(weights[k]);
  if (!finite) {
    pbl_oracle_destroy(*out);
    *out = NULL;
    return pbl_fail(err, PBL_INVALID,
                    "exact oracle: beta %g or a weight is not finite, or beta is negative", beta);
  }
  fill_ideal_conditionals(*out, weights, beta);
  pbl_oracle_fill_ideal_law(*out, weights, beta);
  return PBL_OK;
}

double *pbl_oracle_weights(const pbl_rbm *m) {
  const size_t V = (size_t)m->n_visible, H = (size_t)m->n_hidden, stride = H + 1;
  double *weights = calloc((V + 1) * stride, sizeof *weights);
  if (weights == NULL) return NULL;
  for (size_t i = 0; i < V; i++) {
    for (size_t j = 0; j < H; j++) weights[i * stride + j] = (double)m->w[i * H + j];
    weights[i * stride + H] = (double)m->b[i];
  }
  for (size_t j = 0; j < H; j++) weights[V * stride + j] = (double)m->c[j];
  return weights;
}

static pbl_status from_model(pbl_oracle **out, const pbl_rbm *m, double beta, pbl_scan scan,
                             int max_pbits, pbl_error *err) {
  const int V = m->n_visible, H = m->n_hidden;
  *out = NULL;
  pbl_status status = check_shape(V, H, scan, max_pbits, err);
  if (status != PBL_OK) return status;
  double *weights = pbl_oracle_weights(m);
  if (weights == NULL) return pbl_fail(err, PBL_NO_MEMORY, "exact oracle: out of memory");
  status = from_weights(out, V, H, weights, beta, scan, max_pbits, err);
  free(weights);
  return status;
}

pbl_status pbl_oracle_create_weights(pbl_oracle **out, int n_visible, int n_hidden,
                                     const double *weights, double beta, pbl_kernel kernel,
                                     pbl_error *err) {
  return from_weights(out, n_visible, n_hidden, weights, beta, pbl_scan_of(kernel),
                      PBL_ORACLE_MAX_PBITS, err);
}

pbl_status pbl_oracle_create_weights_scan(pbl_oracle **out, int n_visible, int n_hidden,
                                          const double *weights, double beta, pbl_scan scan,
                                          pbl_error *err) {
  return from_weights(out, n_visible, n_hidden, weights, beta, scan, PBL_ORACLE_SCAN_MAX_PBITS,
                      err);
}

pbl_status pbl_oracle_create_model(pbl_oracle **out, const pbl_rbm *m, double beta,
                                   pbl_kernel kernel, pbl_error *err) {
  return from_model(out, m, beta, pbl_scan_of(kernel), PBL_ORACLE_MAX_PBITS, err);
}

pbl_status pbl_oracle_create_model_scan(pbl_oracle **out, const pbl_rbm *m, double beta,
                                        pbl_scan scan, pbl_error *err) {
  return from_model(out, m, beta, scan, PBL_ORACLE_SCAN_MAX_PBITS, err);
}

size_t pbl_oracle_states(const pbl_oracle *o) {
  return pbl_oracle_count(o);
}
const double *pbl_oracle_law(const pbl_oracle *o) {
  return o->law;
}
double pbl_oracle_log_z(const pbl_oracle *o) {
  return o->log_z;
}

/* Sums over the states of one chunk: x[0] all, x[1 << p] with the sign of p-bit p, x[1 << p | 1 <<
 * q] with both (Walsh's transform; a clear bit counts as +1, so that x[1 << p] is minus the
 * moment). */
static void walsh(double *x, size_t n) {
  for (size_t half = 1; half < n; half *= 2) {
    for (size_t start = 0; start < n; start += 2 * half) {
      for (size_t k = start; k < start + half; k++) {
        const double clear = x[k], set = x[k + half];
        x[k] = clear + set;
        x[k + half] = clear - set;
      }
    }
  }
}

typedef struct {
  double first[PBL_ORACLE_SCAN_MAX_PBITS];
  double second[PBL_ORACLE_SCAN_MAX_PBITS][PBL_ORACLE_SCAN_MAX_PBITS]; /* q < p */
} moment_sums;

/* p-bits below `low` vary within a chunk, the others have the signs of its first state. */
static void add_chunk(moment_sums *m, const double *x, size_t state, size_t low, size_t n) {
  for (size_t p = 0; p < low; p++) {
    m->first[p] -= x[(size_t)1 << p];
    for (size_t q = 0; q < p; q++) m->second[p][q] += x[(size_t)1 << p | (size_t)1 << q];
  }
  for (size_t p = low; p < n; p++) {
    const double sign = pbl_oracle_spin(state, (int)p);
    m->first[p] += sign * x[0];
    for (size_t q = 0; q < low; q++) m->second[p][q] -= sign * x[(size_t)1 << q];
    for (size_t q = low; q < p; q++)
      m->second[p][q] += sign * pbl_oracle_spin(state, (int)q) * x[0];
  }
}

void pbl_oracle_moments(const pbl_oracle *o, double *first, double *second) {
  const size_t N = (size_t)(o->V + o->H), low = N < CHUNK_BITS ? N : CHUNK_BITS;
  const size_t chunk = (size_t)1 << low;
  double x[1 << CHUNK_BITS];
  moment_sums m = {0};
  for (size_t state = 0; state < pbl_oracle_count(o); state += chunk) {
    memcpy(x, o->law + state, chunk * sizeof *x);
    walsh(x, chunk);
    add_chunk(&m, x, state, low, N);
  }
  for (size_t p = 0; p < N; p++) {
    if (first != NULL) first[p] = m.first[p];
    if (second == NULL) continue;
    second[p * N + p] = 1.0;
    for (size_t q = 0; q < p; q++) second[p * N + q] = second[q * N + p] = m.second[p][q];
  }
}

double pbl_oracle_total_variation(const pbl_oracle *a, const pbl_oracle *b) {
  if (a->V != b->V || a->H != b->H) return NAN;
  double total = 0.0;
  for (size_t x = 0; x < pbl_oracle_count(a); x++) total += fabs(a->law[x] - b->law[x]);
  return 0.5 * total;
}
