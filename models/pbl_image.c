/* Quantisation of a model into the memories of one hardware variant, and the quantised law. */
#include "pbl_image.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "image_internal.h"

/* round() is half away from zero, and value * 2^frac is exact in double for a float32 value. */
static double round_word(pbl_quantiser *q, double scaled) {
  if (!q->rng) return round(scaled);
  return floor(scaled + (double)pbl_xoshiro_next(q->rng) * 0x1p-32);
}

int32_t pbl_image_quantise(pbl_quantiser *q, float value, size_t row, size_t col) {
  pbl_quantisation *r = &q->report;
  const double real = (double)value;
  double word = round_word(q, ldexp(real, q->frac));
  if (word < q->low || word > q->high) {
    word = word < q->low ? q->low : q->high;
    r->n_saturated++;
  }
  r->n_zeroed += word == 0 && real != 0;
  const double error = fabs(ldexp(word, -q->frac) - real);
  if (error > r->max_abs_error) {
    r->max_abs_error = error;
    r->worst_row = row;
    r->worst_col = col;
  }
  if (fabs(real) > r->max_abs_weight) r->max_abs_weight = fabs(real);
  q->sum_squares += error * error;
  r->n_parameters++;
  return (int32_t)word;
}

static void fill_dense(pbl_image *im, pbl_quantiser *q, const pbl_rbm *m) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden, n_cols = n_h + 1;
  for (size_t i = 0; i < n_v; i++) {
    int32_t *row = im->words + i * n_cols;
    for (size_t j = 0; j < n_h; j++) row[j] = pbl_image_quantise(q, m->w[i * n_h + j], i, j);
    row[n_h] = pbl_image_quantise(q, m->b[i], i, n_h);
  }
  int32_t *last = im->words + n_v * n_cols;
  for (size_t j = 0; j < n_h; j++) last[j] = pbl_image_quantise(q, m->c[j], n_v, j);
  last[n_h] = 0;
}

static void fill_words(pbl_image *im, pbl_quantiser *q, const pbl_rbm *m) {
  if (im->law) {
    pbl_image_lattice_fill(im, q, m);
  } else {
    fill_dense(im, q, m);
  }
  q->report.rms_error = sqrt(q->sum_squares / (double)q->report.n_parameters);
}

void pbl_image_fill_table(pbl_image *im) {
  const pbl_hw *hw = &im->hw;
  const long double step = ldexpl(1.0L, hw->table_range_log2) / (long double)hw->table_size;
  const long double full = ldexpl(1.0L, hw->threshold_bits);
  for (int k = 0; k < hw->table_size; k++) {
    im->table[k] = (uint32_t)roundl(full / (1.0L + expl((long double)k * step)));
  }
}

/* A beta outside its format is refused: unlike a clipped weight it changes every update. */
pbl_status pbl_image_quantise_beta(uint32_t *word, double *relative_error, const pbl_hw *hw,
                                   double beta, pbl_error *err) {
  const double scaled = isfinite(beta) ? round(ldexp(beta, hw->beta_frac)) : -1;
  const double high = ldexp(1.0, pbl_hw_beta_bits(hw)) - 1;
  if (!(scaled >= 1 && scaled <= high)) {
    return pbl_fail(err, PBL_CONFIG, "beta %g does not fit UQ%d.%d: must be in %g..%g", beta,
                    hw->beta_int, hw->beta_frac, ldexp(1.0, -hw->beta_frac),
                    ldexp(high, -hw->beta_frac));
  }
  *word = (uint32_t)scaled;
  if (relative_error) *relative_error = ldexp(scaled, -hw->beta_frac) / beta - 1;
  return PBL_OK;
}

/* A NaN would become an arbitrary word, and an infinity a quiet saturation. */
static pbl_status check_finite(const float *x, size_t n, const char *what, pbl_error *err) {
  for (size_t k = 0; k < n; k++) {
    if (!isfinite(x[k])) {
      return pbl_fail(err, PBL_INVALID, "the model's %s [%zu] is %g, not a finite number", what, k,
                      (double)x[k]);
    }
  }
  return PBL_OK;
}

static pbl_status check_model(const pbl_rbm *m, const pbl_hw *hw, pbl_error *err) {
  if (m->n_visible != hw->n_visible || m->n_hidden != hw->n_hidden) {
    return pbl_fail(err, PBL_CONFIG,
                    "the model has %d visible x %d hidden units, the hardware %d x %d: set "
                    "n_visible and n_hidden of the hardware to the model's",
                    m->n_visible, m->n_hidden, hw->n_visible, hw->n_hidden);
  }
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  pbl_status status = check_finite(m->w, n_v * n_h, "weight", err);
  if (status == PBL_OK) status = check_finite(m->b, n_v, "visible bias", err);
  if (status == PBL_OK) status = check_finite(m->c, n_h, "hidden bias", err);
  if (status == PBL_OK && hw->fabric == PBL_FABRIC_LATTICE)
    status = pbl_image_lattice_check(m, hw, err);
  return status;
}

static pbl_status image_alloc(pbl_image **out, const pbl_hw *hw, pbl_error *err) {
  const size_t n_rows = (size_t)pbl_hw_image_rows(hw), n_cols = (size_t)pbl_hw_image_cols(hw);
  const bool lattice = hw->fabric == PBL_FABRIC_LATTICE;
  pbl_image *im = calloc(1, sizeof *im);
  if (im) {
    im->hw = *hw;
    im->words = calloc(n_rows * n_cols, sizeof *im->words);
    im->table = calloc((size_t)hw->table_size, sizeof *im->table);
    im->clamp = calloc((size_t)pbl_hw_pbits(hw), sizeof *im->clamp);
    if (lattice) im->law = calloc(pbl_image_law_words(hw), sizeof *im->law);
  }
  if (!im || !im->words || !im->table || !im->clamp || (lattice && !im->law)) {
    pbl_image_destroy(im);
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for an image of %zu x %zu words", n_rows,
                    n_cols);
  }
  *out = im;
  return PBL_OK;
}

static pbl_status create(pbl_image **out, pbl_quantisation *report, const pbl_rbm *model,
                         const pbl_hw *hw, double beta, pbl_xoshiro *rng, pbl_error *err) {
  *out = NULL;
  pbl_quantiser q = {.rng = rng};
  uint32_t beta_word = 0;
  pbl_status status = pbl_hw_check(hw, err);
  if (status == PBL_OK && hw->fabric == PBL_FABRIC_SPARSE)
    status = pbl_fail(err, PBL_CONFIG,
                      "a model of visible and hidden units is for the dense fabric or the lattice; "
                      "the sparse fabric takes graphs");
  if (status == PBL_OK) status = check_model(model, hw, err);
  if (status == PBL_OK) {
    status = pbl_image_quantise_beta(&beta_word, &q.report.beta_error, hw, beta, err);
  }
  if (status == PBL_OK) status = image_alloc(out, hw, err);
  if (status != PBL_OK) return status;
  q.frac = hw->weight_frac;
  q.low = -ldexp(1.0, pbl_hw_weight_bits(hw) - 1);
  q.high = -q.low - 1;
  (*out)->beta = beta_word;
  fill_words(*out, &q, model);
  pbl_image_fill_table(*out);
  if (report) *report = q.report;
  return PBL_OK;
}

pbl_status pbl_image_create(pbl_image **out, pbl_quantisation *report, const pbl_rbm *model,
                            const pbl_hw *hw, double beta, pbl_error *err) {
  return create(out, report, model, hw, beta, NULL, err);
}

pbl_status pbl_image_create_stochastic(pbl_image **out, pbl_quantisation *report,
                                       const pbl_rbm *model, const pbl_hw *hw, double beta,
                                       uint64_t seed, pbl_error *err) {
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, seed);
  return create(out, report, model, hw, beta, &rng, err);
}

void pbl_image_destroy(pbl_image *im) {
  if (!im) return;
  free(im->words);
  free(im->table);
  free(im->clamp);
  free(im->law);
  free(im->schedule);
  pbl_sparse_law_destroy(im->sparse);
  free(im);
}

void pbl_word_hash_start(pbl_word_hash *h) {
  h->crc = crc32(0, NULL, 0);
  h->n_bytes = 0;
}

static void hash_flush(pbl_word_hash *h) {
  h->crc = crc32(h->crc, h->bytes, (uInt)h->n_bytes);
  h->n_bytes = 0;
}

/* Words are collected as little-endian bytes, so that the hash is the same on every host. */
void pbl_word_hash_add(pbl_word_hash *h, uint32_t word) {
  for (int k = 0; k < 4; k++) h->bytes[h->n_bytes++] = (uint8_t)(word >> (8 * k));
  if (h->n_bytes == sizeof h->bytes) hash_flush(h);
}

uint32_t pbl_word_hash_end(pbl_word_hash *h) {
  hash_flush(h);
  return (uint32_t)h->crc;
}

uint32_t pbl_image_hash(const pbl_image *im) {
  const pbl_hw *hw = &im->hw;
  const size_t n_words = (size_t)pbl_hw_image_rows(hw) * (size_t)pbl_hw_image_cols(hw);
  pbl_word_hash h;
  pbl_word_hash_start(&h);
  if (im->schedule) {
    pbl_sparse_hash(&h, im);
  } else {
    for (size_t k = 0; k < n_words; k++) pbl_word_hash_add(&h, (uint32_t)im->words[k]);
  }
  for (int cell = 0; cell < pbl_hw_cells(hw); cell++) {
    for (int k = 0; k < hw->table_size; k++) pbl_word_hash_add(&h, im->table[k]);
  }
  for (int p = 0; p < pbl_hw_pbits(hw); p++) pbl_word_hash_add(&h, im->clamp[p] ? 1 : 0);
  return pbl_word_hash_end(&h);
}

static void fill_reals(pbl_rbm *m, const pbl_image *im) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden, n_cols = n_h + 1;
  const int frac = im->hw.weight_frac;
  const int32_t *words = pbl_image_law(im);
  for (size_t i = 0; i < n_v; i++) {
    const int32_t *row = words + i * n_cols;
    for (size_t j = 0; j < n_h; j++) m->w[i * n_h + j] = ldexpf((float)row[j], -frac);
    m->b[i] = ldexpf((float)row[n_h], -frac);
  }
  for (size_t j = 0; j < n_h; j++) m->c[j] = ldexpf((float)words[n_v * n_cols + j], -frac);
  m->beta = ldexp((double)im->beta, -im->hw.beta_frac);
}

pbl_status pbl_image_dequantise(pbl_rbm **out, const pbl_image *im, const pbl_rbm *original,
                                pbl_error *err) {
  const pbl_hw *hw = &im->hw;
  *out = NULL;
  if (original && (original->n_visible != hw->n_visible || original->n_hidden != hw->n_hidden)) {
    return pbl_fail(err, PBL_INVALID, "the image has %d x %d units, its original model %d x %d",
                    hw->n_visible, hw->n_hidden, original->n_visible, original->n_hidden);
  }
  const pbl_status status = original ? pbl_rbm_copy(out, original, err)
                                     : pbl_rbm_create(out, hw->n_visible, hw->n_hidden, err);
  if (status == PBL_OK) fill_reals(*out, im);
  return status;
}

uint64_t pbl_image_threshold(const pbl_image *im, int64_t field, uint32_t beta) {
  const pbl_hw *hw = &im->hw;
  const int shift = pbl_hw_index_shift(hw);
  const uint64_t last = (uint64_t)hw->table_size - 1;
  const uint64_t half = hw->rounding ? (uint64_t)1 << (shift - 1) : 0;
  const uint64_t size = field < 0 ? 0 - (uint64_t)field : (uint64_t)field;
  uint64_t mag, index;
  /* No field of a real device wraps 64 bits; a caller's arbitrary one just saturates. */
  const int wraps =
      __builtin_mul_overflow(size, (uint64_t)beta, &mag) || __builtin_add_overflow(mag, half, &mag);
  index = wraps ? last : mag >> shift;
  if (index > last) index = last;
  const uint64_t q = im->table[index];
  return field > 0 ? ((uint64_t)1 << hw->threshold_bits) - q : q;
}
