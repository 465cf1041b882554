#include "pbl_lags.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_clones.h"
#include "pbl_fft.h"

#define FIRST_REACH 1023
#define FIRST_TAIL_REACH 16383
#define REACH_FACTOR 16
#define LANES 8
#define MOST_SPREAD 1e70
#define SMALL_FFT ((size_t)1 << 22) /* above it memory counts more than time */

size_t pbl_first_reach(size_t most) {
  return most < FIRST_REACH ? most : FIRST_REACH;
}

size_t pbl_first_tail_reach(size_t most) {
  return most < FIRST_TAIL_REACH ? most : FIRST_TAIL_REACH;
}

size_t pbl_next_reach(size_t reach, size_t most) {
  if (reach < FIRST_TAIL_REACH) return pbl_first_tail_reach(most);
  return most / REACH_FACTOR < 4 * reach ? most : REACH_FACTOR * (reach + 1) - 1;
}

pbl_status pbl_series_check(const double *x, size_t n_chains, size_t n_draws, pbl_error *err) {
  if (x == NULL || n_chains == 0 || n_draws == 0 || n_draws > SIZE_MAX / 64 / n_chains) {
    return pbl_fail(err, PBL_INVALID,
                    "series of %zu chains x %zu draws: give at least one draw of one chain",
                    n_chains, n_draws);
  }
  double least = x[0], most = x[0];
  for (size_t i = 0; i < n_chains * n_draws; ++i) {
    if (!isfinite(x[i])) {
      return pbl_fail(err, PBL_NUMERIC, "chain %zu, draw %zu is %g: estimators need finite values",
                      i / n_draws, i % n_draws, x[i]);
    }
    least = x[i] < least ? x[i] : least;
    most = x[i] > most ? x[i] : most;
  }
  const double spread = most - least;
  if (spread > 0.0 && !(spread >= 1.0 / MOST_SPREAD && spread <= MOST_SPREAD)) {
    return pbl_fail(err, PBL_NUMERIC,
                    "draws lie between %g and %g: their powers leave the range of a double; "
                    "rescale them to a spread of %g to %g",
                    least, most, 1.0 / MOST_SPREAD, MOST_SPREAD);
  }
  return PBL_OK;
}

/* Eight sums side by side, each with its rounding errors (Knuth's two-sum). */
PBL_CLONES static double offset_mean(const double *x, size_t n, double origin) {
  double sum[LANES] = {0.0}, lost[LANES] = {0.0}, total = 0.0, rest = 0.0;
  size_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (size_t k = 0; k < LANES; ++k) {
      const double value = x[i + k] - origin, next = sum[k] + value, part = next - sum[k];
      lost[k] += (sum[k] - (next - part)) + (value - part);
      sum[k] = next;
    }
  }
  for (size_t k = 0; k < LANES; ++k) rest += lost[k];
  for (size_t k = 0; k < LANES + n - i; ++k) {
    const double value = k < LANES ? sum[k] : x[i + k - LANES] - origin;
    const double next = total + value, part = next - total;
    rest += (total - (next - part)) + (value - part);
    total = next;
  }
  return (total + rest) / (double)n;
}

double pbl_offset_mean(const double *x, size_t n, double origin) {
  return offset_mean(x, n, origin);
}

void pbl_lags_free(pbl_lags *lags) {
  free(lags->products);
  free(lags->edges);
  free(lags->sums);
  *lags = (pbl_lags){0};
}

/* A row with its shift in two parts: x - origin is exact beside a large common offset. */
typedef struct {
  const double *x;
  double origin, offset;
} centred;

static double value_at(const centred *y, size_t t) {
  return (y->x[t] - y->origin) - y->offset;
}

static void fill_edges(double *edges, const centred *y, const pbl_lags *lags, double total) {
  double head = total, tail = total; /* sums of y over t < n-k and over t >= k */
  for (size_t k = 0; k <= lags->max_lag; ++k) {
    edges[k] = head + tail;
    head -= value_at(y, lags->n_draws - 1 - k);
    tail -= value_at(y, k);
  }
}

/* Power spectra of the two real rows of which z is the transform, from frequencies k (a) and -k
 * (b); real and even, they become real and imaginary part of one series. */
static void split_power(double *a, double *b) {
  const double sum_re = a[0] + b[0], dif_re = a[0] - b[0];
  const double sum_im = a[1] + b[1], dif_im = a[1] - b[1];
  const double one = 0.25 * (sum_re * sum_re + dif_im * dif_im);
  const double two = 0.25 * (sum_im * sum_im + dif_re * dif_re);
  a[0] = b[0] = one;
  a[1] = b[1] = two;
}

/* Lag products of two rows (second may be NULL) by two transforms: the pair enters as one complex
 * series, and so do its power spectra. Frequency -k lies as far from the end of its power of two as
 * k lies from the beginning (pbl_fft.h). */
static void products_of_pair(double *first_out, double *second_out, const pbl_fft *fft,
                             double *work, const centred *first, const centred *second, size_t n,
                             size_t width) {
  const size_t size = fft->n;
  for (size_t t = 0; t < size; ++t) {
    work[2 * t] = t < n ? value_at(first, t) : 0.0;
    work[2 * t + 1] = t < n && second != NULL ? value_at(second, t) : 0.0;
  }
  pbl_fft_to_reversed(fft, work);
  split_power(work, work);
  for (size_t power = 1; power < size; power *= 2) {
    for (size_t i = 0; 2 * i < power; ++i)
      split_power(work + 2 * (power + i), work + 2 * (2 * power - 1 - i));
  }
  pbl_fft_from_reversed(fft, work);
  const double scale = 1.0 / (double)size;
  for (size_t k = 0; k < width; ++k) {
    first_out[k] = work[2 * k] * scale;
    if (second != NULL) second_out[k] = work[2 * k + 1] * scale;
  }
}

/* sum += A conj(C) of one block, from frequencies k (a) and -k (b): A of its draws (real part of
 * the transformed series), C of the same draws and the max_lag that follow them (imaginary part).
 */
static void add_cross(double *sum, const double *a, const double *b) {
  const double a_re = a[0] + b[0], a_im = a[1] - b[1];
  const double c_re = a[1] + b[1], c_im = b[0] - a[0];
  sum[0] += 0.25 * (a_re * c_re + a_im * c_im);
  sum[1] += 0.25 * (a_im * c_re - a_re * c_im);
}

static void add_cross_spectrum(double *sum, const double *z, size_t size) {
  add_cross(sum, z, z);
  for (size_t power = 1; power < size; power *= 2) {
    for (size_t i = 0; 2 * i < power; ++i)
      add_cross(sum + 2 * (power + i), z + 2 * (power + i), z + 2 * (2 * power - 1 - i));
  }
}

/* The products are real: the other half of their spectrum. */
static void mirror_spectrum(double *sum, size_t size) {
  for (size_t power = 2; power < size; power *= 2) {
    for (size_t i = 0; 2 * i < power; ++i) {
      const double *from = sum + 2 * (power + i);
      double *to = sum + 2 * (2 * power - 1 - i);
      to[0] = from[0];
      to[1] = -from[1];
    }
  }
}

/* Lag products of a row longer than the transform, block by block; spectra are summed, so that one
 * transform back is enough. work: 4 * fft->n doubles. */
static void products_of_blocks(double *out, const pbl_fft *fft, double *work, const centred *y,
                               size_t n, size_t width) {
  const size_t size = fft->n, block = size - (width - 1);
  double *sum = work + 2 * size;
  memset(sum, 0, 2 * size * sizeof *sum);
  for (size_t start = 0; start < n; start += block) {
    const size_t left = n - start < size ? n - start : size;
    for (size_t t = 0; t < size; ++t) {
      const double value = t < left ? value_at(y, start + t) : 0.0;
      work[2 * t] = t < block ? value : 0.0;
      work[2 * t + 1] = value;
    }
    pbl_fft_to_reversed(fft, work);
    add_cross_spectrum(sum, work, size);
  }
  mirror_spectrum(sum, size);
  pbl_fft_from_reversed(fft, sum);
  for (size_t k = 0; k < width; ++k) out[k] = sum[2 * k] / (double)size;
}

static void fill_totals(pbl_lags *lags) {
  const size_t width = lags->max_lag + 1, last = lags->n_chains;
  for (size_t c = 0; c < lags->n_chains; ++c) {
    lags->sums[last] += lags->sums[c];
    for (size_t k = 0; k < width; ++k) {
      lags->products[last * width + k] += lags->products[c * width + k];
      lags->edges[last * width + k] += lags->edges[c * width + k];
    }
  }
}

/* Points of the transform: the whole row with room for the lags, or blocks of about three times
 * the lags where that is less. */
static size_t transform_size(size_t n_draws, size_t max_lag) {
  size_t whole = 2, blocks = 2;
  while (whole < n_draws + max_lag + 1) whole *= 2;
  while (blocks < 2 * (max_lag + 1)) blocks *= 2;
  if (2 * blocks <= SMALL_FFT) blocks *= 2;
  return whole < blocks ? whole : blocks;
}

static bool is_constant_row(const double *x, size_t n) {
  for (size_t t = 1; t < n; ++t) {
    if (x[t] != x[0]) return false;
  }
  return true;
}

static void fill_rows(pbl_lags *lags, const pbl_rows *rows, const pbl_fft *fft, double *work,
                      bool own_mean) {
  const size_t n = rows->n_draws, width = lags->max_lag + 1, n_chains = rows->n_chains;
  const bool whole = fft->n >= n + width;
  centred pair[2] = {{rows->x, rows->x[0], 0.0}, {NULL, 0.0, 0.0}};
  double pooled = 0.0;
  for (size_t c = 0; c < n_chains && !own_mean; ++c) {
    pooled += pbl_offset_mean(rows->x + c * rows->stride, n, rows->x[0]) / (double)n_chains;
  }
  for (size_t c = 0; c < n_chains; ++c) {
    const double *x = rows->x + c * rows->stride;
    centred *y = &pair[c % 2];
    *y = (centred){x, rows->x[0], pooled};
    if (own_mean) *y = (centred){x, x[0], pbl_offset_mean(x, n, x[0])};
    for (size_t t = 0; t < n; ++t) lags->sums[c] += value_at(y, t);
    fill_edges(lags->edges + c * width, y, lags, lags->sums[c]);
    double *out = lags->products + c * width;
    if (!whole) products_of_blocks(out, fft, work, y, n, width);
    if (whole && c % 2 == 1) {
      products_of_pair(out - width, out, fft, work, &pair[0], &pair[1], n, width);
    } else if (whole && c + 1 == n_chains) {
      products_of_pair(out, NULL, fft, work, &pair[0], NULL, n, width);
    }
  }
  /* a constant row has the rounding error of the neighbour that it was transformed with */
  for (size_t c = 0; c < n_chains && own_mean; ++c) {
    if (!is_constant_row(rows->x + c * rows->stride, n)) continue;
    memset(lags->products + c * width, 0, width * sizeof *lags->products);
  }
}

pbl_status pbl_lags_of_rows(pbl_lags *lags, const pbl_rows *rows, size_t max_lag, bool own_mean,
                            pbl_error *err) {
  const size_t n_chains = rows->n_chains, width = max_lag + 1;
  *lags = (pbl_lags){.n_chains = n_chains, .n_draws = rows->n_draws, .max_lag = max_lag};
  pbl_fft fft = {0};
  lags->products = calloc((n_chains + 1) * width, sizeof *lags->products);
  lags->edges = calloc((n_chains + 1) * width, sizeof *lags->edges);
  lags->sums = calloc(n_chains + 1, sizeof *lags->sums);
  pbl_status status = pbl_fft_create(&fft, transform_size(rows->n_draws, max_lag), err);
  const size_t parts = fft.n >= rows->n_draws + width ? 2 : 4;
  double *work = status == PBL_OK ? malloc(parts * fft.n * sizeof *work) : NULL;
  if (status == PBL_OK &&
      (lags->products == NULL || lags->edges == NULL || lags->sums == NULL || work == NULL)) {
    status = pbl_fail(err, PBL_NO_MEMORY, "autocovariance of %zu chains x %zu lags: out of memory",
                      n_chains, width);
  }
  if (status == PBL_OK) {
    fill_rows(lags, rows, &fft, work, own_mean);
    fill_totals(lags);
  }
  free(work);
  pbl_fft_free(&fft);
  if (status != PBL_OK) pbl_lags_free(lags);
  return status;
}

pbl_status pbl_lags_create(pbl_lags *lags, const double *x, size_t n_chains, size_t n_draws,
                           size_t max_lag, pbl_error *err) {
  const pbl_rows rows = {x, n_chains, n_draws, n_draws};
  return pbl_lags_of_rows(lags, &rows, max_lag, false, err);
}

pbl_status pbl_lags_at(pbl_lags *lags, const double *x, size_t n_chains, size_t n_draws,
                       size_t max_lag, pbl_error *err) {
  if (lags->products != NULL && lags->max_lag == max_lag) return PBL_OK;
  pbl_lags_free(lags);
  return pbl_lags_create(lags, x, n_chains, n_draws, max_lag, err);
}
