#include <math.h>
#include <stdlib.h>

#include "enumerate_internal.h"

pbl_chunk_sums *pbl_chunks_create(size_t n_chunks, size_t n_values) {
  pbl_chunk_sums *chunks = malloc(n_chunks * (sizeof *chunks + n_values * sizeof(double)));
  if (chunks == NULL) return NULL;
  double *values = (double *)(chunks + n_chunks);
  for (size_t k = 0; k < n_chunks; k++) {
    chunks[k].values = values + k * n_values;
    pbl_chunk_clear(&chunks[k], n_values);
  }
  return chunks;
}

void pbl_chunk_clear(pbl_chunk_sums *s, size_t n_values) {
  s->top = -INFINITY;
  s->lowest = INFINITY;
  s->shift = s->total = s->energy1 = s->energy2 = 0.0;
  for (size_t k = 0; k < n_values; k++) s->values[k] = 0.0;
}

static void rescale(pbl_chunk_sums *s, double top, double shift, size_t n_values) {
  const double factor = s->total > 0.0 ? exp(s->top - top) : 0.0, move = s->shift - shift;
  s->energy2 = factor * (s->energy2 + move * (2.0 * s->energy1 + move * s->total));
  s->energy1 = factor * (s->energy1 + move * s->total);
  s->total *= factor;
  for (size_t k = 0; k < n_values; k++) s->values[k] *= factor;
  s->top = top;
  s->shift = shift;
}

void pbl_chunk_add(pbl_chunk_sums *s, const pbl_chunk_sums *other, size_t n_values) {
  if (!(other->total > 0.0)) return;
  if (!(s->top >= other->top)) rescale(s, other->top, other->shift, n_values);
  const double factor = exp(other->top - s->top), move = other->shift - s->shift;
  s->total += factor * other->total;
  s->energy1 += factor * (other->energy1 + move * other->total);
  s->energy2 += factor * (other->energy2 + move * (2.0 * other->energy1 + move * other->total));
  s->lowest = fmin(s->lowest, other->lowest);
  for (size_t k = 0; k < n_values; k++) s->values[k] += factor * other->values[k];
}

void pbl_chunk_finish(pbl_energy_sums *out, pbl_chunk_sums *s, size_t n_values) {
  const double mean = s->energy1 / s->total;
  out->log_z = s->top + log(s->total);
  out->energy = s->shift + mean;
  out->energy_variance = fmax(0.0, s->energy2 / s->total - mean * mean);
  for (size_t k = 0; k < n_values; k++) s->values[k] /= s->total;
}

size_t pbl_first_not_finite(const double *x, size_t n) {
  for (size_t k = 0; x != NULL && k < n; k++) {
    if (!isfinite(x[k])) return k;
  }
  return n;
}
