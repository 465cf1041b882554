/* The image of the runs: a random model for whatever hardware there is; upload and hash. */
#include <math.h>
#include <string.h>

#include "pbl_colouring.h"
#include "pbl_graph_make.h"
#include "pbl_lattice_model.h"
#include "pbl_sparse_image.h"
#include "selftest_internal.h"

#define MOST_GRAPH_PBITS 96

/* ---- models ---- */

static pbl_status bipartite_image(pbl_image **out, const pbl_hw *hw, double beta, uint64_t seed,
                                  pbl_error *err) {
  pbl_rbm *m = NULL;
  const int larger = hw->n_visible > hw->n_hidden ? hw->n_visible : hw->n_hidden;
  const pbl_lattice_law law = {
      .couplings = PBL_GAUSSIAN, .scale = 0.8, .field_scale = 0.5, .seed = seed};
  pbl_status st = hw->fabric == PBL_FABRIC_LATTICE
                      ? pbl_lattice_model(&m, &hw->lattice, &law, err)
                      : pbl_rbm_random(&m, hw->n_visible, hw->n_hidden, 2.0 / sqrt((double)larger),
                                       0.5, seed, err);
  if (!st) st = pbl_image_create(out, NULL, m, hw, beta, err);
  pbl_rbm_destroy(m);
  return st;
}

/* A random graph of n p-bits; CONFIG when it does not fit the fabric. */
static pbl_status graph_image(pbl_image **out, pbl_hw hw, size_t n, double beta, uint64_t seed,
                              pbl_error *err) {
  pbl_graph *g = NULL;
  pbl_colouring *c = NULL;
  pbl_graph_recipe r = {.kind = n >= 6 ? PBL_MAKE_REGULAR : PBL_MAKE_COMPLETE,
                        .size = {n, 3},
                        .couplings = {PBL_LAW_NORMAL, 0.8},
                        .fields = {PBL_LAW_NORMAL, 0.5},
                        .seed = seed};
  pbl_status st = pbl_graph_make(&g, &r, err);
  if (!st) st = pbl_colouring_create(&c, g, PBL_COLOUR_DSATUR, err);
  if (!st) st = pbl_sparse_fit(&hw, g, c, err);
  if (!st) st = pbl_sparse_image_create(out, NULL, g, c, &hw, beta, err);
  pbl_colouring_destroy(c);
  pbl_graph_destroy(g);
  return st;
}

static pbl_status any_image(pbl_image **out, const pbl_hw *hw, uint64_t seed, pbl_error *err) {
  const double beta = hw->beta_int > 0 ? 1.0 : 0.75;
  if (hw->fabric != PBL_FABRIC_SPARSE) return bipartite_image(out, hw, beta, seed, err);
  size_t n = (size_t)hw->sparse.pbits & ~(size_t)1;
  if (n > MOST_GRAPH_PBITS) n = MOST_GRAPH_PBITS;
  pbl_status st = graph_image(out, *hw, n, beta, seed, err);
  while (st == PBL_CONFIG && n > 2) {
    n -= 2;
    st = graph_image(out, *hw, n, beta, seed, err);
  }
  return st;
}

/* The end of the table is 0, so that there is something for FREEZES to count. */
pbl_status selftest_make_image(pbl_image **out, const pbl_hw *hw, uint64_t seed, pbl_error *err) {
  const pbl_status st = any_image(out, hw, seed, err);
  for (int k = hw->table_size - hw->table_size / 16; st == PBL_OK && k < hw->table_size; k++)
    (*out)->table[k] = 0;
  return st;
}

/* ---- upload ---- */

/* The devices go to their drivers here. The twin is a new one that knows the graph's size. */
static bool open_drivers(selftest *t) {
  pbl_error err = {0};
  pbl_device *dev = t->dev;
  pbl_status st = selftest_make_image(&t->image, &t->hw, t->opt.seed, &err);
  if (st != PBL_OK) {
    selftest_fail(t, "no model fits this hardware: %s", err.message);
    return false;
  }
  t->hw.n_visible = t->image->hw.n_visible;
  if (t->twin) t->twin->ops->close(t->twin);
  t->twin = NULL;
  if (!selftest_ok(t, pbl_twin_open(&t->twin, &t->hw, &err), &err)) return false;
  pbl_device *twin = t->twin;
  t->twin = NULL;
  if (!selftest_ok(t, pbl_driver_create(&t->twin_driver, twin, &t->hw, NULL, &err), &err))
    return false;
  t->twin = twin;
  t->dev = NULL; /* closed when the driver does not want it */
  st = pbl_driver_create(&t->driver, dev, &t->hw, NULL, &err);
  if (st != PBL_OK) {
    t->lost = true;
    return selftest_ok(t, st, &err);
  }
  t->dev = dev;
  return true;
}

void selftest_check_upload(selftest *t) {
  pbl_error err = {0};
  if (!open_drivers(t)) return;
  if (!selftest_ok(t, pbl_driver_upload(t->twin_driver, t->image, NULL, &err), &err) ||
      !selftest_ok(t, pbl_driver_upload(t->driver, t->image, NULL, &err), &err))
    return;
  selftest_note(t, "IMG_HASH 0x%08X as computed from the image", pbl_image_hash(t->image));
}

/* ---- the hash sees every bit ---- */

typedef enum { WEIGHT, TABLE, CLAMP } flip_target;

static bool write_words(selftest *t, uint32_t select, uint32_t address, const uint32_t *words,
                        const uint8_t *bytes, size_t n) {
  if (!selftest_write(t, PBL_REG_IMG_SELECT, select) ||
      !selftest_write(t, PBL_REG_IMG_ADDRESS, address))
    return false;
  for (size_t k = 0; k < n; k++) {
    if (!selftest_write(t, PBL_REG_IMG_DATA, words ? words[k] : bytes[k])) return false;
  }
  return true;
}

/* The part of the image around the flipped word, as the image has it now. */
static bool send(selftest *t, flip_target target, size_t row, size_t col) {
  const pbl_image *im = t->image;
  const size_t cols = (size_t)pbl_hw_image_cols(&t->hw);
  switch (target) {
    case WEIGHT:
      return write_words(t, 0, (uint32_t)row << PBL_IMG_ADDRESS_ROW_SHIFT,
                         (const uint32_t *)im->words + row * cols, NULL, cols);
    case TABLE:
      return write_words(t, 1, (uint32_t)col, im->table + col, NULL, 1);
    default:
      return write_words(t, 2, (uint32_t)col, NULL, im->clamp + col, 1);
  }
}

static void flip(pbl_image *im, flip_target target, size_t row, size_t col, int bit) {
  const size_t at = row * (size_t)pbl_hw_image_cols(&im->hw) + col;
  switch (target) {
    case WEIGHT:
      im->words[at] ^= 1 << bit;
      break;
    case TABLE:
      im->table[col] ^= 1u << bit;
      break;
    default:
      im->clamp[col] ^= 1;
  }
}

/* Flipped, hashed, flipped back. */
static bool check_flip(selftest *t, flip_target target, size_t row, size_t col, int bit) {
  static const char *const names[] = {"weight", "table entry", "clamp bit"};
  const uint32_t sound = pbl_image_hash(t->image);
  uint32_t hash = 0;
  flip(t->image, target, row, col, bit);
  const uint32_t expected = pbl_image_hash(t->image);
  const bool done = send(t, target, row, col) && selftest_hash(t, t->dev, &hash);
  flip(t->image, target, row, col, bit);
  if (!done) return false;
  if (hash != expected)
    selftest_fail_word(t, PBL_REG_IMG_HASH, expected, hash,
                       "one %s changed (row %zu, column %zu): the hash %s", names[target], row, col,
                       hash == sound ? "did not change" : "is another one");
  return hash == expected;
}

void selftest_check_hash(selftest *t) {
  const bool sparse = t->hw.fabric == PBL_FABRIC_SPARSE;
  const size_t pbits = (size_t)pbl_hw_pbits(&t->hw), table = (size_t)t->hw.table_size,
               rows = (size_t)pbl_hw_image_rows(&t->hw), cols = (size_t)pbl_hw_image_cols(&t->hw);
  const size_t last_row = sparse ? 0 : rows - 1, last_col = sparse ? 1 : cols - 2;
  const struct {
    flip_target target;
    size_t row, col;
    int bit;
  } flips[] = {{WEIGHT, 0, sparse ? 1 : 0, 0},
               {WEIGHT, last_row, last_col, 0},
               {TABLE, 0, 0, 0},
               {TABLE, 0, table - 1, t->hw.threshold_bits - 1},
               {CLAMP, 0, 0, 0},
               {CLAMP, 0, pbits - 1, 0}};
  const size_t n = sizeof flips / sizeof *flips;
  uint32_t hash = 0;
  for (size_t k = 0; k < n; k++) {
    if (!check_flip(t, flips[k].target, flips[k].row, flips[k].col, flips[k].bit) ||
        !send(t, flips[k].target, flips[k].row, flips[k].col))
      return;
  }
  if (!selftest_hash(t, t->dev, &hash)) return;
  if (hash != pbl_image_hash(t->image))
    selftest_fail_word(t, PBL_REG_IMG_HASH, pbl_image_hash(t->image), hash,
                       "the hash after all bits were flipped back");
  selftest_note(t, "%zu bits flipped and flipped back", n);
}
