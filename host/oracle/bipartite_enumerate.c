/* Sum over one side of a bipartite model; the other side is summed in closed form:
 * sum_b exp(-beta E) = exp(beta h.a) prod_j 2cosh(beta f_j(a)). A row holds the states of the
 * lowest spins of the enumerated side a, a matrix with one line per spin of the other side. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "enumerate_internal.h"
#include "pbl_parallel.h"
#include "vector_math.h"

#define MAX_LOW 10
#define MIN_LOW 3
#define TABLE_DOUBLES 32768 /* line table of one row, 256 KB, stays in the second-level cache */
#define CHUNK_LOG2 6        /* rows of one chunk */
#define CHUNKS_PER_REPORT 32u
#define PRODUCT 512 /* factors in [1,2] whose product stays finite */

typedef struct {
  size_t n_small, n_large; /* enumerated (padded to MIN_LOW), summed */
  size_t low, chunk_log2;
  const double *w;    /* n_large x n_small */
  const double *bias; /* of the enumerated side */
  const double *c;    /* of the other */
  double beta;
  bool moments;
  size_t n_values; /* values of a chunk: large means, small means, n_large x n_small products */
  pbl_chunk_sums *chunks;
  double *scratch; /* per chunk: tanh table and weights */
  size_t scratch_size, first_chunk;
} side_work;

/* field[x] <- base + sum_i w_i s_i(x) */
static inline __attribute__((always_inline)) void double_table(double *restrict table,
                                                               const double *w, size_t low,
                                                               double base) {
  table[0] = base;
  for (size_t i = 0; i < low; i++) {
    const size_t half = (size_t)1 << i;
    const double f = w[i];
    double *upper = table + half;
    for (size_t x = 0; x < half; x++) {
      upper[x] = table[x] + f;
      table[x] -= f;
    }
  }
}

/* One line: product *= 1 + exp(-2 beta |f|), log_weight += beta |f|, and the energy of that spin
 * and its variance given a; f becomes tanh(beta f). */
PBL_CLONES
static void add_line(double *restrict f, double *restrict product, double *restrict log_weight,
                     double *restrict energy, double *restrict variance, const double *w,
                     size_t low, double base, double beta) {
  const size_t n = (size_t)1 << low;
  double_table(f, w, low, base);
  for (size_t x = 0; x < n; x++) {
    const double size = f[x] < 0.0 ? -f[x] : f[x];
    const double u = pbl_exp_negative(-2.0 * beta * size), t = (1.0 - u) / (1.0 + u);
    product[x] *= 1.0 + u;
    log_weight[x] += beta * size;
    energy[x] -= size * t;
    variance[x] += size * size * (1.0 - t * t);
    f[x] = f[x] < 0.0 ? -t : t;
  }
}

/* The sum of line * weight and, per low spin, of line * weight * s_i. line is consumed. */
PBL_CLONES
static void fold_line(double *restrict line, const double *restrict weight, size_t low,
                      double *total, double *spin) {
  for (size_t x = 0; x < (size_t)1 << low; x++) line[x] *= weight[x];
  for (size_t i = low; i-- > 0;) {
    const size_t half = (size_t)1 << i;
    double *upper = line + half;
    double lanes[8] = {0};
    if (half >= 8) {
      for (size_t x = 0; x < half; x += 8) {
        for (size_t k = 0; k < 8; k++) {
          lanes[k] += upper[x + k] - line[x + k];
          line[x + k] += upper[x + k];
        }
      }
    } else {
      for (size_t x = 0; x < half; x++) {
        lanes[x] = upper[x] - line[x];
        line[x] += upper[x];
      }
    }
    spin[i] = ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
              ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
  }
  *total = line[0];
}

/* Arrays of one row, all of 2^low doubles but the table. */
typedef struct {
  double *table; /* n_large lines when moments are wanted, else one */
  double *product, *log_weight, *energy, *variance, *weight;
} row_arrays;

static row_arrays lay_out(double *scratch, const side_work *k) {
  const size_t n = (size_t)1 << k->low;
  row_arrays a = {.product = scratch};
  a.log_weight = a.product + n;
  a.energy = a.log_weight + n;
  a.variance = a.energy + n;
  a.weight = a.variance + n;
  a.table = a.weight + n;
  return a;
}

static double upper_spin(const side_work *k, size_t row, size_t i) {
  return (row >> (i - k->low)) & 1 ? 1.0 : -1.0;
}

static double upper_field(const side_work *k, size_t row, const double *w) {
  double field = 0.0;
  for (size_t i = k->low; i < k->n_small; i++) field += w[i] * upper_spin(k, row, i);
  return field;
}

static void fold_product(row_arrays *a, size_t n) {
  for (size_t x = 0; x < n; x++) {
    a->log_weight[x] += log(a->product[x]);
    a->product[x] = 1.0;
  }
}

/* log_weight, energy and variance of every state of the row. */
static void fill_row(row_arrays *a, const side_work *k, size_t row) {
  const size_t n = (size_t)1 << k->low;
  double_table(a->energy, k->bias, k->low, upper_field(k, row, k->bias));
  for (size_t x = 0; x < n; x++) {
    a->log_weight[x] = k->beta * a->energy[x];
    a->energy[x] = -a->energy[x];
    a->variance[x] = 0.0;
    a->product[x] = 1.0;
  }
  for (size_t j = 0; j < k->n_large; j++) {
    const double *w = k->w + j * k->n_small;
    add_line(a->table + (k->moments ? j * n : 0), a->product, a->log_weight, a->energy, a->variance,
             w, k->low, k->c[j] + upper_field(k, row, w), k->beta);
    if (j % PRODUCT == PRODUCT - 1) fold_product(a, n);
  }
  fold_product(a, n);
}

static void sum_row(pbl_chunk_sums *out, row_arrays *a, const side_work *k, size_t row) {
  const size_t n = (size_t)1 << k->low;
  size_t best = 0;
  for (size_t x = 1; x < n; x++) best = a->log_weight[x] > a->log_weight[best] ? x : best;
  out->top = a->log_weight[best];
  out->shift = a->energy[best];
  out->total = out->energy1 = out->energy2 = 0.0;
  for (size_t x = 0; x < n; x++) {
    const double w = exp(a->log_weight[x] - out->top), e = a->energy[x] - out->shift;
    a->weight[x] = w;
    out->total += w;
    out->energy1 += w * e;
    out->energy2 += w * (e * e + a->variance[x]);
  }
  if (!k->moments) return;
  double *large = out->values, *small = large + k->n_large, *edges = small + k->n_small, total;
  for (size_t j = 0; j < k->n_large; j++) {
    double *products = edges + j * k->n_small;
    fold_line(a->table + j * n, a->weight, k->low, &large[j], products);
    for (size_t i = k->low; i < k->n_small; i++) products[i] = large[j] * upper_spin(k, row, i);
  }
  for (size_t x = 0; x < n; x++) a->product[x] = 1.0;
  fold_line(a->product, a->weight, k->low, &total, small);
  for (size_t i = k->low; i < k->n_small; i++) small[i] = out->total * upper_spin(k, row, i);
}

static void run_chunk(void *context, size_t job) {
  const side_work *k = context;
  double *scratch = k->scratch + job * k->scratch_size;
  row_arrays a = lay_out(scratch, k);
  pbl_chunk_sums row = {.lowest = INFINITY,
                        .values = a.table + ((k->moments ? k->n_large : 1) << k->low)};
  const size_t rows = (size_t)1 << k->chunk_log2;
  pbl_chunk_clear(&k->chunks[job], k->n_values);
  for (size_t r = 0; r < rows; r++) {
    const size_t index = (k->first_chunk + job) * rows + r;
    fill_row(&a, k, index);
    sum_row(&row, &a, k, index);
    pbl_chunk_add(&k->chunks[job], &row, k->n_values);
  }
}

static pbl_status enumerate_side(pbl_chunk_sums *total, side_work *k, int threads,
                                 pbl_progress *progress, pbl_error *err) {
  const size_t n_chunks = (size_t)1 << (k->n_small - k->low - k->chunk_log2);
  for (size_t at = 0; at < n_chunks; at += CHUNKS_PER_REPORT) {
    const size_t count = n_chunks - at < CHUNKS_PER_REPORT ? n_chunks - at : CHUNKS_PER_REPORT;
    if (!pbl_progress_report(progress, "marginalisation", at, n_chunks))
      return pbl_fail(err, PBL_INTERRUPTED, "marginalisation: stopped after %zu of %zu parts", at,
                      n_chunks);
    k->first_chunk = at;
    pbl_parallel_for(count, threads, run_chunk, k);
    for (size_t c = 0; c < count; c++) pbl_chunk_add(total, &k->chunks[c], k->n_values);
  }
  (void)pbl_progress_report(progress, "marginalisation", n_chunks, n_chunks);
  return PBL_OK;
}

static pbl_status check(size_t V, size_t H, const double *weights, double beta, pbl_error *err) {
  const size_t small = V < H ? V : H;
  if (small < 1 || small > PBL_ENUMERATE_MAX_SIDE || V > 65535 || H > 65535)
    return pbl_fail(err, PBL_INVALID,
                    "marginalisation: %zu x %zu; the smaller side must have 1 to %d p-bits, the "
                    "larger at most 65535",
                    V, H, PBL_ENUMERATE_MAX_SIDE);
  if (!isfinite(beta) || beta < 0.0)
    return pbl_fail(err, PBL_INVALID, "marginalisation: beta %g is negative or not finite", beta);
  const size_t n = (V + 1) * (H + 1) - 1, bad = pbl_first_not_finite(weights, n);
  if (bad < n)
    return pbl_fail(err, PBL_INVALID, "marginalisation: weight %zu, %zu is not finite",
                    bad / (H + 1), bad % (H + 1));
  return PBL_OK;
}

/* Weights with the enumerated side as columns; then its biases, then the other side's. */
static double *arrange(side_work *k, size_t V, size_t H, const double *weights) {
  const bool visible_small = V <= H;
  const size_t n_small = k->n_small, true_small = visible_small ? V : H;
  double *w = calloc(k->n_large * n_small + n_small + k->n_large, sizeof *w);
  if (w == NULL) return NULL;
  double *bias = w + k->n_large * n_small, *c = bias + n_small;
  for (size_t j = 0; j < k->n_large; j++) {
    for (size_t i = 0; i < true_small; i++)
      w[j * n_small + i] = visible_small ? weights[i * (H + 1) + j] : weights[j * (H + 1) + i];
    c[j] = visible_small ? weights[V * (H + 1) + j] : weights[j * (H + 1) + H];
  }
  for (size_t i = 0; i < true_small; i++)
    bias[i] = visible_small ? weights[i * (H + 1) + H] : weights[V * (H + 1) + i];
  k->w = w;
  k->bias = bias;
  k->c = c;
  return w;
}

static void write_moments(double *first, double *edges, const side_work *k, const double *values,
                          size_t V, size_t H) {
  const bool visible_small = V <= H;
  const double *large = values, *small = large + k->n_large, *products = small + k->n_small;
  for (size_t i = 0; i < V && first != NULL; i++) first[i] = visible_small ? small[i] : large[i];
  for (size_t j = 0; j < H && first != NULL; j++)
    first[V + j] = visible_small ? large[j] : small[j];
  for (size_t i = 0; i < V && edges != NULL; i++) {
    for (size_t j = 0; j < H; j++)
      edges[i * H + j] =
          visible_small ? products[j * k->n_small + i] : products[i * k->n_small + j];
  }
}

pbl_status pbl_bipartite_enumerate(pbl_energy_sums *out, double *first, double *edges,
                                   size_t n_visible, size_t n_hidden, const double *weights,
                                   double beta, int threads, pbl_progress *progress,
                                   pbl_error *err) {
  const size_t V = n_visible, H = n_hidden, true_small = V < H ? V : H;
  pbl_status status = check(V, H, weights, beta, err);
  if (status != PBL_OK) return status;
  side_work k = {.n_small = true_small < MIN_LOW ? MIN_LOW : true_small, .beta = beta};
  k.n_large = V < H ? H : V;
  k.moments = first != NULL || edges != NULL;
  k.low = k.n_small < MAX_LOW ? k.n_small : MAX_LOW;
  while (k.moments && k.low > MIN_LOW && (k.n_large << k.low) > TABLE_DOUBLES) k.low--;
  k.chunk_log2 = k.n_small - k.low < CHUNK_LOG2 ? k.n_small - k.low : CHUNK_LOG2;
  k.n_values = k.moments ? k.n_large + k.n_small + k.n_large * k.n_small : 0;
  k.scratch_size = (((k.moments ? k.n_large : 1) + 5) << k.low) + k.n_values;
  double *model = arrange(&k, V, H, weights);
  pbl_chunk_sums *total = pbl_chunks_create(1, k.n_values);
  k.chunks = pbl_chunks_create(CHUNKS_PER_REPORT, k.n_values);
  k.scratch = malloc(CHUNKS_PER_REPORT * k.scratch_size * sizeof *k.scratch);
  if (model == NULL || total == NULL || k.chunks == NULL || k.scratch == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "marginalisation: no memory for %zu x %zu p-bits", V, H);
  } else {
    status = enumerate_side(total, &k, threads, progress, err);
  }
  if (status == PBL_OK) {
    pbl_chunk_finish(out, total, k.n_values);
    out->log_z -= (double)(k.n_small - true_small) * log(2.0);
    if (k.moments) write_moments(first, edges, &k, total->values, V, H);
  }
  free(model);
  free(total);
  free(k.chunks);
  free(k.scratch);
  return status;
}
