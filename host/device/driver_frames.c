/* From the sample stream to the chain store. */
#include <stdlib.h>
#include <string.h>

#include "driver_internal.h"

static pbl_status create_ladder(pbl_frames *f, const pbl_hw *hw, const uint8_t *labels,
                                pbl_error *err) {
  const size_t replicas = f->lanes * f->contexts;
  if (labels == NULL) {
    f->label_part = hw->fabric == PBL_FABRIC_DENSE ? 0 : f->n_parts;
    f->n_parts++;
  }
  f->labels = malloc(replicas);
  f->rows = malloc(replicas * (f->out != NULL ? f->out->row_bytes : 1));
  if (f->labels == NULL || f->rows == NULL)
    return pbl_fail(err, PBL_NO_MEMORY, "driver: no memory for the labels of a frame");
  if (labels != NULL) memcpy(f->labels, labels, replicas);
  return PBL_OK;
}

pbl_status pbl_frames_create(pbl_frames *f, const pbl_driver *d, pbl_chains *out, size_t n_draws,
                             const uint8_t *labels, pbl_error *err) {
  const pbl_hw *hw = &d->hw;
  *f = (pbl_frames){
      .out = out,
      .lanes = (size_t)hw->lanes,
      .contexts = (size_t)pbl_hw_contexts(hw),
      .n_pbits = (size_t)pbl_hw_pbits(hw),
      .draw = out != NULL ? out->n_recorded : 0,
  };
  f->end = f->draw + n_draws;
  f->n_parts = f->contexts;
  f->label_part = SIZE_MAX;
  f->frame_words = (f->n_pbits * f->lanes + 31) / 32;
  f->label_words = (f->lanes * f->contexts + 3) / 4;
  const size_t longer = f->frame_words > f->label_words ? f->frame_words : f->label_words;
  f->frame = calloc(longer + 1, sizeof *f->frame);
  pbl_status s = PBL_OK;
  if (f->frame == NULL) s = pbl_fail(err, PBL_NO_MEMORY, "driver: no memory for a frame");
  if (s == PBL_OK && d->ladder) s = create_ladder(f, hw, labels, err);
  if (s != PBL_OK) pbl_frames_release(f);
  return s;
}

void pbl_frames_release(pbl_frames *f) {
  free(f->frame);
  free(f->labels);
  free(f->rows);
  f->frame = NULL;
  f->labels = f->rows = NULL;
}

/* 8 x 8 bit matrix, row k in byte k, transposed (Warren, Hacker's Delight, 2nd ed., 7-3). */
static uint64_t transpose_8x8(uint64_t x) {
  uint64_t t = (x ^ (x >> 7)) & 0x00AA00AA00AA00AAu;
  x ^= t ^ (t << 7);
  t = (x ^ (x >> 14)) & 0x0000CCCC0000CCCCu;
  x ^= t ^ (t << 14);
  t = (x ^ (x >> 28)) & 0x00000000F0F0F0F0u;
  return x ^ t ^ (t << 28);
}

/* The lanes' bits of p-bit p. The spare word behind the frame makes the wide read legal. */
static uint32_t lane_bits(const pbl_frames *f, size_t p) {
  const size_t bit = p * f->lanes;
  const uint64_t pair = (uint64_t)f->frame[bit / 32 + 1] << 32 | f->frame[bit / 32];
  return (uint32_t)((pair >> (bit % 32)) & ((1ull << f->lanes) - 1));
}

/* A frame is p-bit major, a chain's row is lane major: turn blocks of 8 p-bits x 8 lanes. */
static void store_frame(const pbl_frames *f) {
  const size_t frame = f->label_part < f->part ? f->part - 1 : f->part;
  const size_t first_chain = frame * f->lanes;
  for (size_t p = 0; p < f->n_pbits; p += 8) {
    uint32_t groups[8] = {0};
    for (size_t k = 0; k < 8 && p + k < f->n_pbits; k++) groups[k] = lane_bits(f, p + k);
    for (size_t lane = 0; lane < f->lanes; lane += 8) {
      uint64_t block = 0;
      for (size_t k = 0; k < 8; k++) block |= (uint64_t)((groups[k] >> lane) & 0xff) << (8 * k);
      block = transpose_8x8(block);
      for (size_t l = 0; l < 8 && lane + l < f->lanes; l++)
        pbl_chains_row(f->out, first_chain + lane + l, f->draw)[p / 8] =
            (uint8_t)(block >> (8 * l));
    }
  }
}

static pbl_status take_labels(const pbl_frames *f, pbl_error *err) {
  const size_t replicas = f->lanes * f->contexts;
  for (size_t r = 0; r < replicas; r++) f->labels[r] = (uint8_t)(f->frame[r / 4] >> 8 * (r % 4));
  if (pbl_labels_are_sound(f->labels, f->contexts, f->lanes)) return PBL_OK;
  return pbl_fail(err, PBL_DEVICE,
                  "sample stream: labels of sample %zu: those of a lane are no permutation of the "
                  "rungs",
                  f->draw + 1);
}

/* From the order of the replicas to that of the rungs. */
static void sort_by_rung(const pbl_frames *f) {
  const size_t replicas = f->lanes * f->contexts, bytes = f->out->row_bytes;
  for (size_t r = 0; r < replicas; r++)
    memcpy(f->rows + r * bytes, pbl_chains_row(f->out, r, f->draw), bytes);
  for (size_t r = 0; r < replicas; r++)
    memcpy(pbl_chains_row(f->out, f->labels[r] * f->lanes + r % f->lanes, f->draw),
           f->rows + r * bytes, bytes);
  if (f->out->label != NULL) memcpy(pbl_chains_labels(f->out, f->draw), f->labels, replicas);
}

static pbl_status push_word(pbl_frames *f, uint32_t word, bool last, pbl_error *err) {
  const bool is_label = f->part == f->label_part;
  const size_t length = is_label ? f->label_words : f->frame_words;
  if (f->draw >= f->end)
    return pbl_fail(err, PBL_DEVICE, "sample stream: a word arrived after the last sample (%zu)",
                    f->end);
  f->frame[f->fill++] = word;
  if (last != (f->fill == length))
    return pbl_fail(err, PBL_DEVICE,
                    "sample stream: sample %zu, frame %zu: TLAST is %d at word %zu of %zu: words "
                    "were lost or doubled",
                    f->draw + 1, f->part, last, f->fill, length);
  if (!last) return PBL_OK;
  f->fill = 0;
  if (!is_label) store_frame(f);
  const pbl_status s = is_label ? take_labels(f, err) : PBL_OK;
  if (s != PBL_OK || ++f->part < f->n_parts) return s;
  if (f->labels != NULL) sort_by_rung(f);
  f->part = 0;
  f->out->n_recorded = ++f->draw;
  return PBL_OK;
}

pbl_status pbl_frames_push(pbl_frames *f, const uint32_t *words, const uint8_t *last,
                           size_t n_words, pbl_error *err) {
  for (size_t i = 0; i < n_words; i++) {
    const pbl_status s = push_word(f, words[i], last[i] != 0, err);
    if (s != PBL_OK) return s;
  }
  return PBL_OK;
}
