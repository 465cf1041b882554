/* All states of an Ising model with any couplings. The lowest spins (one row of states) run inside
 * tables that double spin by spin; a Gray code walks through the others, so that a step changes one
 * upper spin and the fields below it. Each chunk starts its fields afresh: rounding of the updates
 * cannot build up. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "enumerate_internal.h"
#include "pbl_parallel.h"
#include "vector_math.h"

#define MIN_SPINS 3            /* fewer are padded with free spins, so that lanes fill */
#define LOW 10                 /* spins of one row */
#define CHUNK_LOG2 9           /* Gray steps of one chunk */
#define CHUNKS_PER_REPORT 256u /* about a second of work */
#define LANES 8

typedef struct {
  size_t n, low, chunk_log2;
  const double *J, *h;
  double beta;
  const double *low_energy; /* 2^low: couplings among the low spins */
  pbl_chunk_sums *chunks;
  size_t first_chunk;
} ising_work;

static inline double lane_sum(const double *lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) +
         ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

/* energy <- base - sum_i field_i s_i + low_energy; returns the lowest. */
PBL_CLONES
static double row_energies(double *restrict energy, const double *restrict low_energy,
                           const double *field, size_t low, double base) {
  const size_t n = (size_t)1 << low;
  energy[0] = base;
  for (size_t i = 0; i < low; i++) {
    const size_t half = (size_t)1 << i;
    const double f = field[i];
    double *upper = energy + half;
    for (size_t x = 0; x < half; x++) {
      upper[x] = energy[x] - f;
      energy[x] += f;
    }
  }
  double lanes[LANES];
  for (size_t k = 0; k < LANES; k++) lanes[k] = INFINITY;
  for (size_t x = 0; x < n; x += LANES) {
    for (size_t k = 0; k < LANES; k++) {
      energy[x + k] += low_energy[x + k];
      lanes[k] = energy[x + k] < lanes[k] ? energy[x + k] : lanes[k];
    }
  }
  double lowest = lanes[0];
  for (size_t k = 1; k < LANES; k++) lowest = lanes[k] < lowest ? lanes[k] : lowest;
  return lowest;
}

PBL_CLONES
static void row_weights(double *restrict weight, const double *restrict energy, size_t n,
                        double beta, double lowest, double *energy1, double *energy2) {
  double sum1[LANES] = {0}, sum2[LANES] = {0};
  for (size_t x = 0; x < n; x++) weight[x] = pbl_exp_negative(beta * (lowest - energy[x]));
  for (size_t x = 0; x < n; x += LANES) {
    for (size_t k = 0; k < LANES; k++) {
      const double above = energy[x + k] - lowest, part = weight[x + k] * above;
      sum1[k] += part;
      sum2[k] += part * above;
    }
  }
  *energy1 = lane_sum(sum1);
  *energy2 = lane_sum(sum2);
}

/* Sums the highest spin out, then the next: spin[i] = sum w s_i; weight[0] ends as the total. */
PBL_CLONES
static void fold(double *restrict weight, size_t low, double *spin) {
  for (size_t i = low; i-- > 0;) {
    const size_t half = (size_t)1 << i;
    const double *upper = weight + half;
    double difference[LANES] = {0};
    if (half < LANES) {
      for (size_t x = 0; x < half; x++) {
        difference[x] = upper[x] - weight[x];
        weight[x] += upper[x];
      }
    } else {
      for (size_t x = 0; x < half; x += LANES) {
        for (size_t k = 0; k < LANES; k++) {
          difference[k] += upper[x + k] - weight[x + k];
          weight[x + k] += upper[x + k];
        }
      }
    }
    spin[i] = lane_sum(difference);
  }
}

/* The walk: spins above the row and the fields of all spins. */
typedef struct {
  double s[PBL_ENUMERATE_MAX_SPINS]; /* of spins low..n-1 */
  double low_field[LOW];             /* h_i + sum_upper J s */
  double base;                       /* energy of the upper spins among themselves */
} walk;

static void start_walk(walk *w, const ising_work *k, size_t gray) {
  const size_t n = k->n, low = k->low;
  w->base = 0.0;
  for (size_t i = low; i < n; i++) {
    w->s[i] = (gray >> (i - low)) & 1 ? 1.0 : -1.0;
    w->base -= k->h[i] * w->s[i];
    for (size_t j = low; j < i; j++) w->base -= k->J[i * n + j] * w->s[i] * w->s[j];
  }
  for (size_t i = 0; i < low; i++) {
    w->low_field[i] = k->h[i];
    for (size_t j = low; j < n; j++) w->low_field[i] += k->J[i * n + j] * w->s[j];
  }
}

static void flip(walk *w, const ising_work *k, size_t i) {
  const double *J = k->J + i * k->n, change = -2.0 * w->s[i];
  double field = k->h[i];
  for (size_t j = k->low; j < k->n; j++) {
    if (j != i) field += J[j] * w->s[j];
  }
  w->base -= field * change;
  w->s[i] += change;
  for (size_t j = 0; j < k->low; j++) w->low_field[j] += J[j] * change;
}

static void run_chunk(void *context, size_t job) {
  const ising_work *k = context;
  const size_t rows = (size_t)1 << k->chunk_log2, first = (k->first_chunk + job) * rows;
  double energy[1 << LOW], weight[1 << LOW], values[PBL_ENUMERATE_MAX_SPINS];
  pbl_chunk_sums *sums = &k->chunks[job], row = {.values = values};
  walk w;
  pbl_chunk_clear(sums, k->n);
  start_walk(&w, k, first ^ (first >> 1));
  for (size_t r = 0; r < rows; r++) {
    /* The Gray codes of m-1 and m differ in the lowest set bit of m. */
    if (r > 0) flip(&w, k, k->low + (size_t)__builtin_ctzll(first + r));
    row.lowest = row.shift = row_energies(energy, k->low_energy, w.low_field, k->low, w.base);
    row.top = -k->beta * row.lowest;
    row_weights(weight, energy, (size_t)1 << k->low, k->beta, row.lowest, &row.energy1,
                &row.energy2);
    fold(weight, k->low, values);
    row.total = weight[0];
    for (size_t i = k->low; i < k->n; i++) values[i] = w.s[i] * row.total;
    pbl_chunk_add(sums, &row, k->n);
  }
}

static pbl_status enumerate_chunks(pbl_chunk_sums *total, ising_work *k, int threads,
                                   pbl_progress *progress, pbl_error *err) {
  const size_t n_chunks = (size_t)1 << (k->n - k->low - k->chunk_log2);
  for (size_t at = 0; at < n_chunks; at += CHUNKS_PER_REPORT) {
    const size_t count = n_chunks - at < CHUNKS_PER_REPORT ? n_chunks - at : CHUNKS_PER_REPORT;
    if (!pbl_progress_report(progress, "enumeration", at, n_chunks))
      return pbl_fail(err, PBL_INTERRUPTED, "enumeration: stopped after %zu of %zu parts", at,
                      n_chunks);
    k->first_chunk = at;
    pbl_parallel_for(count, threads, run_chunk, k);
    for (size_t c = 0; c < count; c++) pbl_chunk_add(total, &k->chunks[c], k->n);
  }
  (void)pbl_progress_report(progress, "enumeration", n_chunks, n_chunks);
  return PBL_OK;
}

static void fill_low_energy(double *energy, const ising_work *k) {
  for (size_t x = 0; x < (size_t)1 << k->low; x++) {
    energy[x] = 0.0;
    for (size_t i = 0; i < k->low; i++) {
      for (size_t j = 0; j < i; j++)
        energy[x] += ((x >> i) ^ (x >> j)) & 1 ? k->J[i * k->n + j] : -k->J[i * k->n + j];
    }
  }
}

static pbl_status check(size_t n, const double *J, const double *h, double beta, pbl_error *err) {
  if (n < 1 || n > PBL_ENUMERATE_MAX_SPINS)
    return pbl_fail(err, PBL_INVALID, "enumeration: %zu spins; 1 to %d", n,
                    PBL_ENUMERATE_MAX_SPINS);
  if (!isfinite(beta) || beta < 0.0)
    return pbl_fail(err, PBL_INVALID, "enumeration: beta %g is negative or not finite", beta);
  if (pbl_first_not_finite(h, n) < n)
    return pbl_fail(err, PBL_INVALID, "enumeration: field %zu is not finite",
                    pbl_first_not_finite(h, n));
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < i; j++) {
      if (!isfinite(J[i * n + j]) || J[i * n + j] != J[j * n + i])
        return pbl_fail(err, PBL_INVALID,
                        "enumeration: J[%zu][%zu] = %g is not finite or differs from its mirror %g",
                        i, j, J[i * n + j], J[j * n + i]);
    }
  }
  return PBL_OK;
}

/* Couplings and fields of the padded model in one array: J, then h. */
static double *padded(size_t n_padded, size_t n, const double *J, const double *h) {
  double *copy = calloc(n_padded * (n_padded + 1), sizeof *copy);
  if (copy == NULL) return NULL;
  for (size_t i = 0; i < n; i++) {
    memcpy(copy + i * n_padded, J + i * n, n * sizeof *copy);
    if (h != NULL) copy[n_padded * n_padded + i] = h[i];
  }
  return copy;
}

pbl_status pbl_ising_enumerate(pbl_energy_sums *out, double *first, double *ground, size_t n,
                               const double *J, const double *h, double beta, int threads,
                               pbl_progress *progress, pbl_error *err) {
  pbl_status status = check(n, J, h, beta, err);
  if (status != PBL_OK) return status;
  ising_work k = {.n = n < MIN_SPINS ? MIN_SPINS : n, .beta = beta};
  k.low = k.n < LOW ? k.n : LOW;
  k.chunk_log2 = k.n - k.low < CHUNK_LOG2 ? k.n - k.low : CHUNK_LOG2;
  double *model = padded(k.n, n, J, h), *low_energy = malloc(sizeof(double) << LOW);
  pbl_chunk_sums *total = pbl_chunks_create(1, k.n);
  k.chunks = pbl_chunks_create(CHUNKS_PER_REPORT, k.n);
  if (model == NULL || low_energy == NULL || total == NULL || k.chunks == NULL) {
    status = pbl_fail(err, PBL_NO_MEMORY, "enumeration: out of memory");
  } else {
    k.J = model;
    k.h = model + k.n * k.n;
    k.low_energy = low_energy;
    fill_low_energy(low_energy, &k);
    status = enumerate_chunks(total, &k, threads, progress, err);
  }
  if (status == PBL_OK) {
    pbl_chunk_finish(out, total, k.n);
    out->log_z -= (double)(k.n - n) * log(2.0);
    if (first != NULL) memcpy(first, total->values, n * sizeof *first);
    if (ground != NULL) *ground = total->lowest;
  }
  free(model);
  free(low_energy);
  free(total);
  free(k.chunks);
  return status;
}
