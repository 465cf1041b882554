/* Lumped kernels of a planted barrier. */
#include "pbl_barrier.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "barrier_internal.h"
#include "oracle_ladder_internal.h"
#include "pbl_exchange.h"

/* Laws of one rung: P(+1) of a hidden p-bit given a, of a visible one given h. */
typedef struct {
  double hidden[PBL_BARRIER_MAX_SIDE + 1], visible[PBL_BARRIER_MAX_SIDE + 1];
} rung_law;

static double binomial(int n, int k, double p) {
  double c = 1.0;
  for (int i = 1; i <= k; i++) c = c * (n - k + i) / i;
  return c * pow(p, k) * pow(1.0 - p, n - k);
}

/* x = a + (V+1) h. */
static double energy_of(const pbl_barrier *b, size_t x, double w, double bv, double bh) {
  const int a = (int)(x % (size_t)(b->V + 1)), h = (int)(x / (size_t)(b->V + 1));
  const double mv = 2 * a - b->V, mh = 2 * h - b->H;
  return -(w * mv * mh + bv * mv + bh * mh);
}

/* One half-sweep of a law over counts, in place: forgets the hidden count and draws it anew. */
static void half_hidden(double *q, const pbl_barrier *b, const rung_law *p) {
  const int rows = b->H + 1, cols = b->V + 1;
  for (int a = 0; a < cols; a++) {
    double total = 0.0;
    for (int h = 0; h < rows; h++) total += q[a + cols * h];
    for (int h = 0; h < rows; h++) q[a + cols * h] = total * binomial(b->H, h, p->hidden[a]);
  }
}

static void half_visible(double *q, const pbl_barrier *b, const rung_law *p) {
  const int rows = b->H + 1, cols = b->V + 1;
  for (int h = 0; h < rows; h++) {
    double total = 0.0;
    for (int a = 0; a < cols; a++) total += q[a + cols * h];
    for (int a = 0; a < cols; a++) q[a + cols * h] = total * binomial(b->V, a, p->visible[h]);
  }
}

static void fill_sweep(pbl_barrier *b, size_t k, const rung_law *p, pbl_scan scan) {
  double spare[(PBL_BARRIER_MAX_SIDE + 1) * (PBL_BARRIER_MAX_SIDE + 1)];
  for (size_t from = 0; from < b->m; from++) {
    double *q = b->sweep + (k * b->m + from) * b->n;
    memset(q, 0, b->n * sizeof *q);
    q[from] = 1.0; /* its hidden count matters only where it is remembered */
    memcpy(spare, q, b->n * sizeof *q);
    half_hidden(q, b, p);
    half_visible(q, b, p);
    if (scan == PBL_SCAN_PALINDROMIC) half_hidden(q, b, p);
    if (scan != PBL_SCAN_COIN) continue;
    half_visible(spare, b, p);
    half_hidden(spare, b, p);
    for (size_t x = 0; x < b->n; x++) q[x] = 0.5 * (q[x] + spare[x]);
  }
}

void pbl_barrier_alone(double *matrix, const pbl_barrier *b, size_t k, const double *f) {
  memset(matrix, 0, b->m * b->m * sizeof *matrix);
  for (size_t from = 0; from < b->m; from++) {
    const double *q = b->sweep + (k * b->m + from) * b->n;
    for (size_t x = 0; x < b->n; x++)
      matrix[from * b->m + pbl_barrier_memory(b, x)] += q[x] * (f != NULL ? f[x] : 1.0);
  }
}

void pbl_barrier_pair(double *matrix, const pbl_barrier *b, size_t k, const double *f) {
  const size_t m = b->m, n = b->n;
  const double *lower = b->sweep + k * m * n, *upper = b->sweep + (k + 1) * m * n;
  const double *accept = b->accept + k * n * n;
  memset(matrix, 0, m * m * m * m * sizeof *matrix);
  for (size_t from = 0; from < m * m; from++) {
    double *row = matrix + from * m * m;
    for (size_t x = 0; x < n; x++) {
      const double px = lower[from % m * n + x] * (f != NULL ? f[x] : 1.0);
      for (size_t y = 0; y < n; y++) {
        const double p = px * upper[from / m * n + y], a = accept[x * n + y];
        const size_t i = pbl_barrier_memory(b, x), j = pbl_barrier_memory(b, y);
        row[i + m * j] += p * (1.0 - a);
        row[j + m * i] += p * a;
      }
    }
  }
}

/* Boltzmann law of what is remembered, to start from. */
static void fill_start(pbl_barrier *b, size_t k, double beta) {
  double z = 0.0, lowest = INFINITY, *start = b->start + k * b->m;
  const double *energy = b->value + PBL_BARRIER_ENERGY * b->n;
  for (size_t x = 0; x < b->n; x++) lowest = fmin(lowest, energy[x]);
  memset(start, 0, b->m * sizeof *start);
  for (size_t x = 0; x < b->n; x++) {
    const int a = (int)(x % (size_t)(b->V + 1)), h = (int)(x / (size_t)(b->V + 1));
    const double ways = binomial(b->V, a, 0.5) * binomial(b->H, h, 0.5);
    const double weight = ways * exp(-beta * (energy[x] - lowest));
    start[pbl_barrier_memory(b, x)] += weight;
    z += weight;
  }
  for (size_t x = 0; x < b->m; x++) start[x] /= z;
}

static void fill_values(pbl_barrier *b, double w, double bv, double bh) {
  for (size_t x = 0; x < b->n; x++) {
    b->value[x] = 2.0 * (double)(x % (size_t)(b->V + 1)) - b->V;
    b->value[b->n + x] = 2.0 * (double)(x / (size_t)(b->V + 1)) - b->H;
    b->value[2 * b->n + x] = energy_of(b, x, w, bv, bh);
  }
}

/* Sizes and memory; nothing filled. */
static pbl_status allocate(pbl_barrier **out, int V, int H, size_t rungs, pbl_scan scan,
                           pbl_error *err) {
  *out = NULL;
  if (V < 1 || H < 1 || V > PBL_BARRIER_MAX_SIDE || H > PBL_BARRIER_MAX_SIDE || rungs < 1 ||
      rungs > PBL_BARRIER_MAX_RUNGS)
    return pbl_fail(err, PBL_INVALID, "planted barrier: %d x %d p-bits in %zu rungs", V, H, rungs);
  if (scan != PBL_SCAN_CYCLIC && scan != PBL_SCAN_PALINDROMIC && scan != PBL_SCAN_COIN)
    return pbl_fail(err, PBL_INVALID, "planted barrier: scan %s", pbl_scan_name(scan));
  pbl_barrier *b = calloc(1, sizeof *b);
  if (b == NULL) return pbl_fail(err, PBL_NO_MEMORY, "planted barrier: out of memory");
  b->V = V;
  b->H = H;
  b->rungs = rungs;
  b->n = (size_t)(V + 1) * (size_t)(H + 1);
  b->m = scan == PBL_SCAN_COIN ? b->n : (size_t)V + 1;
  if (pow((double)b->m, (double)rungs) > (double)PBL_ORACLE_LADDER_STATES) {
    pbl_status status =
        pbl_fail(err, PBL_INVALID, "planted barrier: %zu counts in %zu rungs", b->m, rungs);
    pbl_barrier_destroy(b);
    return status;
  }
  b->chain = pbl_ladder_power(b->m, rungs);
  b->value = malloc(PBL_BARRIER_OBSERVABLES * b->n * sizeof(double));
  b->start = malloc(rungs * b->m * sizeof(double));
  b->sweep = malloc(rungs * b->m * b->n * sizeof(double));
  b->alone = malloc(rungs * b->m * b->m * sizeof(double));
  b->pair = malloc(rungs * b->m * b->m * b->m * b->m * sizeof(double));
  b->accept = malloc(rungs * b->n * b->n * sizeof(double));
  *out = b;
  if (b->value && b->start && b->sweep && b->alone && b->pair && b->accept) return PBL_OK;
  pbl_barrier_destroy(b);
  *out = NULL;
  return pbl_fail(err, PBL_NO_MEMORY, "planted barrier: out of memory");
}

void pbl_barrier_destroy(pbl_barrier *b) {
  if (b == NULL) return;
  free(b->value);
  free(b->start);
  free(b->sweep);
  free(b->alone);
  free(b->pair);
  free(b->accept);
  free(b);
}

static void fill_products(pbl_barrier *b) {
  const size_t square = b->m * b->m;
  for (size_t k = 0; k < b->rungs; k++) {
    pbl_barrier_alone(b->alone + k * square, b, k, NULL);
    if (k + 1 < b->rungs) pbl_barrier_pair(b->pair + k * square * square, b, k, NULL);
  }
}

pbl_status pbl_barrier_create(pbl_barrier **out, int n_visible, int n_hidden, double weight,
                              double visible_bias, double hidden_bias, const double *beta,
                              size_t rungs, pbl_scan scan, pbl_error *err) {
  const pbl_status status = allocate(out, n_visible, n_hidden, rungs, scan, err);
  if (status != PBL_OK) return status;
  pbl_barrier *b = *out;
  fill_values(b, weight, visible_bias, hidden_bias);
  for (size_t k = 0; k < rungs; k++) {
    rung_law p;
    for (int a = 0; a <= b->V; a++)
      p.hidden[a] = 1.0 / (1.0 + exp(-2.0 * beta[k] * (hidden_bias + weight * (2 * a - b->V))));
    for (int h = 0; h <= b->H; h++)
      p.visible[h] = 1.0 / (1.0 + exp(-2.0 * beta[k] * (visible_bias + weight * (2 * h - b->H))));
    fill_sweep(b, k, &p, scan);
    fill_start(b, k, beta[k]);
    if (k + 1 < rungs)
      pbl_ladder_accept_ideal(b->accept + k * b->n * b->n, b->value + PBL_BARRIER_ENERGY * b->n,
                              b->n, beta[k], beta[k + 1]);
  }
  fill_products(b);
  return PBL_OK;
}

bool pbl_barrier_fits(const pbl_image *image) {
  const int V = image->hw.n_visible, H = image->hw.n_hidden;
  if (image->hw.fabric != PBL_FABRIC_DENSE || V < 1 || H < 1 || V > PBL_BARRIER_MAX_SIDE ||
      H > PBL_BARRIER_MAX_SIDE)
    return false;
  const int32_t *w = image->words, *last = w + V * (H + 1);
  for (int i = 0; i < V; i++) {
    if (image->clamp[i] || w[i * (H + 1) + H] != w[H]) return false;
    for (int j = 0; j < H; j++)
      if (w[i * (H + 1) + j] != w[0]) return false;
  }
  for (int j = 0; j < H; j++)
    if (image->clamp[V + j] || last[j] != last[0]) return false;
  return true;
}

pbl_status pbl_barrier_create_image(pbl_barrier **out, const pbl_image *image, const uint32_t *beta,
                                    size_t rungs, pbl_scan scan, pbl_error *err) {
  *out = NULL;
  if (!pbl_barrier_fits(image))
    return pbl_fail(err, PBL_INVALID, "planted barrier: weights or biases differ");
  const int V = image->hw.n_visible, H = image->hw.n_hidden;
  const int32_t w = image->words[0], bv = image->words[H], bh = image->words[V * (H + 1)];
  const pbl_status status = allocate(out, V, H, rungs, scan, err);
  if (status != PBL_OK) return status;
  pbl_barrier *b = *out;
  const double unit = ldexp(1.0, -image->hw.weight_frac);
  const double one = ldexp(1.0, -image->hw.threshold_bits);
  int64_t energy[(PBL_BARRIER_MAX_SIDE + 1) * (PBL_BARRIER_MAX_SIDE + 1)];
  fill_values(b, unit * w, unit * bv, unit * bh);
  for (size_t x = 0; x < b->n; x++) energy[x] = (int64_t)energy_of(b, x, w, bv, bh);
  for (size_t k = 0; k < rungs; k++) {
    rung_law p;
    for (int a = 0; a <= V; a++)
      p.hidden[a] =
          one * (double)pbl_image_threshold(image, bh + (int64_t)w * (2 * a - V), beta[k]);
    for (int h = 0; h <= H; h++)
      p.visible[h] =
          one * (double)pbl_image_threshold(image, bv + (int64_t)w * (2 * h - H), beta[k]);
    fill_sweep(b, k, &p, scan);
    fill_start(b, k, ldexp((double)beta[k], -image->hw.beta_frac));
    if (k + 1 < rungs)
      pbl_ladder_accept_device(b->accept + k * b->n * b->n, energy, b->n, beta[k], beta[k + 1],
                               image->hw.weight_frac + image->hw.beta_frac);
  }
  fill_products(b);
  return PBL_OK;
}

size_t pbl_barrier_states(const pbl_barrier *b) {
  return b->n;
}
