/* Lumped kernels of a planted barrier. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "block_ladder_internal.h"
#include "oracle_ladder_internal.h"
#include "pbl_block_ladder.h"
#include "pbl_exchange.h"

/* Laws of one rung: P(+1) of a hidden p-bit given a, of a visible one given h. */
typedef struct {
  int V, H;
  double hidden[PBL_BARRIER_MAX_SIDE + 1], visible[PBL_BARRIER_MAX_SIDE + 1];
} rung_law;

static double binomial(int n, int k, double p) {
  double c = 1.0;
  for (int i = 1; i <= k; i++) c = c * (n - k + i) / i;
  return c * pow(p, k) * pow(1.0 - p, n - k);
}

/* x = a + (V+1) h. */
static double energy_of(int V, int H, size_t x, double w, double bv, double bh) {
  const int a = (int)(x % (size_t)(V + 1)), h = (int)(x / (size_t)(V + 1));
  const double mv = 2 * a - V, mh = 2 * h - H;
  return -(w * mv * mh + bv * mv + bh * mh);
}

/* One half-sweep of a law over counts, in place: forgets the hidden count and draws it anew. */
static void half_hidden(double *q, const rung_law *p) {
  const int rows = p->H + 1, cols = p->V + 1;
  for (int a = 0; a < cols; a++) {
    double total = 0.0;
    for (int h = 0; h < rows; h++) total += q[a + cols * h];
    for (int h = 0; h < rows; h++) q[a + cols * h] = total * binomial(p->H, h, p->hidden[a]);
  }
}

static void half_visible(double *q, const rung_law *p) {
  const int rows = p->H + 1, cols = p->V + 1;
  for (int h = 0; h < rows; h++) {
    double total = 0.0;
    for (int a = 0; a < cols; a++) total += q[a + cols * h];
    for (int a = 0; a < cols; a++) q[a + cols * h] = total * binomial(p->V, a, p->visible[h]);
  }
}

static void fill_sweep(pbl_block_ladder *b, size_t k, const rung_law *p, pbl_scan scan) {
  double spare[(PBL_BARRIER_MAX_SIDE + 1) * (PBL_BARRIER_MAX_SIDE + 1)];
  for (size_t from = 0; from < b->m; from++) {
    double *q = b->sweep + (k * b->m + from) * b->n;
    memset(q, 0, b->n * sizeof *q);
    q[from] = 1.0; /* its hidden count matters only where it is remembered */
    memcpy(spare, q, b->n * sizeof *q);
    half_hidden(q, p);
    half_visible(q, p);
    if (scan == PBL_SCAN_PALINDROMIC) half_hidden(q, p);
    if (scan != PBL_SCAN_COIN) continue;
    half_visible(spare, p);
    half_hidden(spare, p);
    for (size_t x = 0; x < b->n; x++) q[x] = 0.5 * (q[x] + spare[x]);
  }
}

/* Boltzmann law of what is remembered, to start from. */
static void fill_start(pbl_block_ladder *b, int V, int H, size_t k, double beta) {
  double z = 0.0, lowest = INFINITY, *start = b->start + k * b->m;
  const double *energy = b->value + PBL_LADDER_ENERGY * b->n;
  for (size_t x = 0; x < b->n; x++) lowest = fmin(lowest, energy[x]);
  memset(start, 0, b->m * sizeof *start);
  for (size_t x = 0; x < b->n; x++) {
    const int a = (int)(x % (size_t)(V + 1)), h = (int)(x / (size_t)(V + 1));
    const double ways = binomial(V, a, 0.5) * binomial(H, h, 0.5);
    const double weight = ways * exp(-beta * (energy[x] - lowest));
    start[x % b->m] += weight;
    z += weight;
  }
  for (size_t x = 0; x < b->m; x++) start[x] /= z;
}

static void fill_values(pbl_block_ladder *b, int V, int H, double w, double bv, double bh) {
  for (size_t x = 0; x < b->n; x++) {
    b->value[x] = 2.0 * (double)(x % (size_t)(V + 1)) - V;
    b->value[b->n + x] = 2.0 * (double)(x / (size_t)(V + 1)) - H;
    b->value[2 * b->n + x] = energy_of(V, H, x, w, bv, bh);
  }
}

/* Sizes and memory; nothing filled. */
static pbl_status allocate(pbl_block_ladder **out, int V, int H, size_t rungs, pbl_scan scan,
                           pbl_error *err) {
  const size_t n = (size_t)(V + 1) * (size_t)(H + 1);
  *out = NULL;
  if (V < 1 || H < 1 || V > PBL_BARRIER_MAX_SIDE || H > PBL_BARRIER_MAX_SIDE)
    return pbl_fail(err, PBL_INVALID, "planted barrier: %d x %d p-bits", V, H);
  if (scan != PBL_SCAN_CYCLIC && scan != PBL_SCAN_PALINDROMIC && scan != PBL_SCAN_COIN)
    return pbl_fail(err, PBL_INVALID, "planted barrier: scan %s", pbl_scan_name(scan));
  return pbl_block_ladder_allocate(out, n, scan == PBL_SCAN_COIN ? n : (size_t)V + 1,
                                   PBL_LADDER_PBIT, rungs, err);
}

pbl_status pbl_block_ladder_barrier(pbl_block_ladder **out, int V, int H, double weight,
                                    double visible_bias, double hidden_bias, const double *beta,
                                    size_t rungs, pbl_scan scan, pbl_error *err) {
  const pbl_status status = allocate(out, V, H, rungs, scan, err);
  if (status != PBL_OK) return status;
  pbl_block_ladder *b = *out;
  fill_values(b, V, H, weight, visible_bias, hidden_bias);
  for (size_t k = 0; k < rungs; k++) {
    rung_law p = {.V = V, .H = H};
    for (int a = 0; a <= V; a++)
      p.hidden[a] = 1.0 / (1.0 + exp(-2.0 * beta[k] * (hidden_bias + weight * (2 * a - V))));
    for (int h = 0; h <= H; h++)
      p.visible[h] = 1.0 / (1.0 + exp(-2.0 * beta[k] * (visible_bias + weight * (2 * h - H))));
    fill_sweep(b, k, &p, scan);
    fill_start(b, V, H, k, beta[k]);
    if (k + 1 < rungs)
      pbl_ladder_accept_ideal(b->accept + k * b->n * b->n, b->value + PBL_LADDER_ENERGY * b->n,
                              b->n, beta[k], beta[k + 1]);
  }
  pbl_block_ladder_finish(b);
  return PBL_OK;
}

bool pbl_block_ladder_fits_barrier(const pbl_image *image) {
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

pbl_status pbl_block_ladder_barrier_image(pbl_block_ladder **out, const pbl_image *image,
                                          const uint32_t *beta, size_t rungs, pbl_scan scan,
                                          pbl_error *err) {
  *out = NULL;
  if (!pbl_block_ladder_fits_barrier(image))
    return pbl_fail(err, PBL_INVALID, "planted barrier: weights or biases differ");
  const int V = image->hw.n_visible, H = image->hw.n_hidden;
  const int32_t w = image->words[0], bv = image->words[H], bh = image->words[V * (H + 1)];
  const pbl_status status = allocate(out, V, H, rungs, scan, err);
  if (status != PBL_OK) return status;
  pbl_block_ladder *b = *out;
  const double unit = ldexp(1.0, -image->hw.weight_frac);
  const double one = ldexp(1.0, -image->hw.threshold_bits);
  int64_t energy[(PBL_BARRIER_MAX_SIDE + 1) * (PBL_BARRIER_MAX_SIDE + 1)];
  fill_values(b, V, H, unit * w, unit * bv, unit * bh);
  for (size_t x = 0; x < b->n; x++) energy[x] = (int64_t)energy_of(V, H, x, w, bv, bh);
  for (size_t k = 0; k < rungs; k++) {
    rung_law p = {.V = V, .H = H};
    for (int a = 0; a <= V; a++)
      p.hidden[a] =
          one * (double)pbl_image_threshold(image, bh + (int64_t)w * (2 * a - V), beta[k]);
    for (int h = 0; h <= H; h++)
      p.visible[h] =
          one * (double)pbl_image_threshold(image, bv + (int64_t)w * (2 * h - H), beta[k]);
    fill_sweep(b, k, &p, scan);
    fill_start(b, V, H, k, ldexp((double)beta[k], -image->hw.beta_frac));
    if (k + 1 < rungs)
      pbl_ladder_accept_device(b->accept + k * b->n * b->n, energy, b->n, beta[k], beta[k + 1],
                               image->hw.weight_frac + image->hw.beta_frac);
  }
  pbl_block_ladder_finish(b);
  return PBL_OK;
}
