/* Couplings and fields of a graph in fixed point. */
#include "pbl_graph_image.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

typedef struct {
  int frac;
  double low, high; /* word range */
  double sum_squares;
  size_t n_words;
  pbl_graph_quantisation report;
} quantiser;

pbl_status pbl_scale_rule_parse(pbl_scale_rule *out, const char *name, pbl_error *err) {
  static const char *const names[] = {"none", "global", "row"};
  for (int k = 0; k < 3; k++) {
    *out = (pbl_scale_rule)k;
    if (strcmp(name, names[k]) == 0) return PBL_OK;
  }
  return pbl_fail(err, PBL_USAGE, "scale '%s' is none of " PBL_SCALE_RULES, name);
}

static int32_t quantise(quantiser *q, double value, int exponent, size_t i, size_t j) {
  pbl_graph_quantisation *r = &q->report;
  double word = round(ldexp(value, q->frac - exponent));
  if (word < q->low || word > q->high) {
    word = word < q->low ? q->low : q->high;
    r->n_saturated++;
    r->n_clipped += i <= j;
  }
  r->n_zeroed += i <= j && word == 0 && value != 0;
  const double error = fabs(ldexp(word, exponent - q->frac) - value);
  if (error > r->max_abs_error) {
    r->max_abs_error = error;
    r->worst_i = i;
    r->worst_j = j;
  }
  q->sum_squares += error * error;
  q->n_words++;
  return (int32_t)word;
}

static bool saturates(const quantiser *q, double value, int exponent) {
  const double word = round(ldexp(value, q->frac - exponent));
  return word < q->low || word > q->high;
}

/* Least exponent with which neither end of the range saturates; 0 when all values are 0. */
static int least_exponent(const quantiser *q, double min, double max) {
  const double largest = fmax(fabs(min), fabs(max));
  if (largest == 0) return 0;
  int exponent = ilogb(largest) + q->frac - ilogb(q->high + 1) - 1;
  while (saturates(q, min, exponent) || saturates(q, max, exponent)) exponent++;
  return exponent;
}

static void widen(double *min, double *max, double value) {
  *min = fmin(*min, value);
  *max = fmax(*max, value);
}

static void set_exponents(pbl_graph_image *im, quantiser *q, const pbl_graph *g) {
  double min = 0, max = 0;
  for (size_t i = 0; i < g->n; i++) {
    double row_min = g->field[i], row_max = g->field[i];
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      widen(&row_min, &row_max, g->coupling[k]);
    }
    if (im->format.scale == PBL_SCALE_ROW) im->exponent[i] = least_exponent(q, row_min, row_max);
    widen(&min, &max, row_min);
    widen(&min, &max, row_max);
  }
  const int all = im->format.scale == PBL_SCALE_GLOBAL ? least_exponent(q, min, max) : 0;
  q->report.min_exponent = q->report.max_exponent =
      im->format.scale == PBL_SCALE_ROW ? im->exponent[0] : all;
  for (size_t i = 0; i < g->n; i++) {
    if (im->format.scale != PBL_SCALE_ROW) im->exponent[i] = all;
    if (im->exponent[i] < q->report.min_exponent) q->report.min_exponent = im->exponent[i];
    if (im->exponent[i] > q->report.max_exponent) q->report.max_exponent = im->exponent[i];
  }
}

static double real_value(const pbl_graph_image *im, int32_t word, size_t row) {
  return ldexp(word, im->exponent[row] - im->format.weight_frac);
}

/* Row j's entries with i < j are met in rising i: next[j] runs along them. */
static pbl_status find_asymmetry(double *largest, const pbl_graph_image *im, const pbl_graph *g,
                                 pbl_error *err) {
  size_t *next = malloc(g->n * sizeof *next);
  if (next == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu rows", g->n);
  memcpy(next, g->start, g->n * sizeof *next);
  *largest = 0;
  for (size_t i = 0; i < g->n; i++) {
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      const size_t j = g->neighbour[k];
      if (j < i) continue;
      const double here = real_value(im, im->word[k], i);
      const double there = real_value(im, im->word[next[j]++], j);
      *largest = fmax(*largest, fabs(here - there));
    }
  }
  free(next);
  return PBL_OK;
}

static void fill_words(pbl_graph_image *im, quantiser *q, const pbl_graph *g) {
  for (size_t i = 0; i < g->n; i++) {
    im->field[i] = quantise(q, g->field[i], im->exponent[i], i, i);
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      im->word[k] = quantise(q, g->coupling[k], im->exponent[i], i, g->neighbour[k]);
    }
  }
  q->report.n_parameters = g->n + g->n_edges;
  q->report.rms_error = sqrt(q->sum_squares / (double)q->n_words);
}

static pbl_status check_format(const pbl_graph_words *f, pbl_error *err) {
  const int bits = 1 + f->weight_int + f->weight_frac;
  if (f->weight_int >= 0 && f->weight_int <= 24 && f->weight_frac >= 0 && f->weight_frac <= 24 &&
      bits >= 2 && bits <= 24) {
    return PBL_OK;
  }
  return pbl_fail(err, PBL_INVALID, "s[%d][%d] has %d bits; the width must be in 2..24",
                  f->weight_int, f->weight_frac, bits);
}

static pbl_status allocate(pbl_graph_image **out, const pbl_graph *g, pbl_error *err) {
  pbl_graph_image *im = calloc(1, sizeof *im);
  if (im != NULL) {
    im->n = g->n;
    im->n_edges = g->n_edges;
    im->word = calloc(2 * g->n_edges + 1, sizeof *im->word);
    im->field = calloc(g->n, sizeof *im->field);
    im->exponent = calloc(g->n, sizeof *im->exponent);
  }
  if (im == NULL || !im->word || !im->field || !im->exponent) {
    pbl_graph_image_destroy(im);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for the words of %zu edges", g->n_edges);
  }
  *out = im;
  return PBL_OK;
}

pbl_status pbl_graph_image_create(pbl_graph_image **out, pbl_graph_quantisation *report,
                                  const pbl_graph *g, const pbl_graph_words *format,
                                  pbl_error *err) {
  *out = NULL;
  pbl_graph_image *im = NULL;
  pbl_status status = check_format(format, err);
  if (status == PBL_OK) status = allocate(&im, g, err);
  if (status != PBL_OK) return status;
  const double half = ldexp(1, format->weight_int + format->weight_frac);
  quantiser q = {.frac = format->weight_frac, .low = -half, .high = half - 1};
  im->format = *format;
  set_exponents(im, &q, g);
  fill_words(im, &q, g);
  status = find_asymmetry(&q.report.max_asymmetry, im, g, err);
  if (status != PBL_OK) {
    pbl_graph_image_destroy(im);
    return status;
  }
  if (report != NULL) *report = q.report;
  *out = im;
  return PBL_OK;
}

void pbl_graph_image_destroy(pbl_graph_image *im) {
  if (im == NULL) return;
  free(im->word);
  free(im->field);
  free(im->exponent);
  free(im);
}

static void hash_word(uLong *crc, uint32_t word) {
  const Bytef bytes[4] = {(Bytef)word, (Bytef)(word >> 8), (Bytef)(word >> 16),
                          (Bytef)(word >> 24)};
  *crc = crc32(*crc, bytes, sizeof bytes);
}

uint32_t pbl_graph_image_hash(const pbl_graph_image *im, const pbl_graph *g) {
  uLong crc = crc32(0, NULL, 0);
  hash_word(&crc, (uint32_t)g->n);
  for (size_t i = 0; i < g->n; i++) {
    hash_word(&crc, (uint32_t)pbl_graph_degree(g, i));
    hash_word(&crc, (uint32_t)im->exponent[i]);
    hash_word(&crc, (uint32_t)im->field[i]);
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      hash_word(&crc, g->neighbour[k]);
      hash_word(&crc, (uint32_t)im->word[k]);
    }
  }
  return (uint32_t)crc;
}
