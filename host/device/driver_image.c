/* Everything the host writes before a run: image, clamps, states, generators. */
#include <stdlib.h>
#include <string.h>

#include "driver_internal.h"
#include "pbl_lane_rng.h"

pbl_status pbl_driver_select(pbl_driver *d, uint32_t target, size_t row, pbl_error *err) {
  pbl_status s = PBL_WRITE(d, IMG_SELECT, target, err);
  if (s == PBL_OK) s = PBL_WRITE(d, IMG_ADDRESS, (uint32_t)row << PBL_IMG_ADDRESS_ROW_SHIFT, err);
  return s;
}

pbl_status pbl_driver_write_rows(pbl_driver *d, uint32_t target, size_t first, size_t n_rows,
                                 size_t n_cols, const int32_t *words, pbl_progress *p,
                                 pbl_error *err) {
  pbl_status s = pbl_driver_select(d, target, first, err);
  for (size_t i = 0; s == PBL_OK && i < n_rows; i++) {
    for (size_t j = 0; s == PBL_OK && j < n_cols; j++)
      s = PBL_WRITE(d, IMG_DATA, (uint32_t)words[i * n_cols + j], err);
    if (s == PBL_OK && !pbl_progress_report(p, "uploading image", i + 1, n_rows))
      s = pbl_fail(err, PBL_INTERRUPTED, "upload stopped after %s row %zu of %zu",
                   target == PBL_TARGET_GROUPS ? "schedule" : "weight", i + 1, n_rows);
  }
  return s;
}

static pbl_status write_weights(pbl_driver *d, size_t first, size_t n_rows, const int32_t *words,
                                pbl_progress *p, pbl_error *err) {
  return pbl_driver_write_rows(d, PBL_TARGET_WEIGHTS, first, n_rows,
                               (size_t)pbl_hw_image_cols(&d->hw), words, p, err);
}

static pbl_status write_table(pbl_driver *d, const pbl_image *image, pbl_error *err) {
  pbl_status s = pbl_driver_select(d, PBL_TARGET_TABLE, 0, err);
  for (int k = 0; s == PBL_OK && k < d->hw.table_size; k++)
    s = PBL_WRITE(d, IMG_DATA, image->table[k], err);
  return s;
}

static pbl_status write_clamps(pbl_driver *d, const uint8_t *clamp, pbl_error *err) {
  const int n_pbits = pbl_hw_pbits(&d->hw);
  pbl_status s = pbl_driver_select(d, PBL_TARGET_CLAMPS, 0, err);
  for (int p = 0; s == PBL_OK && p < n_pbits; p++)
    s = PBL_WRITE(d, IMG_DATA, clamp[p] ? 1u : 0u, err);
  return s;
}

static size_t n_weights(const pbl_hw *hw) {
  return (size_t)pbl_hw_image_rows(hw) * (size_t)pbl_hw_image_cols(hw);
}

static pbl_status wait_for_check(pbl_driver *d, pbl_progress *p, pbl_error *err) {
  const pbl_device_ops *ops = d->dev->ops;
  const uint64_t batch =
      d->timeout_cycles < PBL_DRIVER_BATCH ? d->timeout_cycles : PBL_DRIVER_BATCH;
  /* About one word a clock; only for the progress line. */
  const uint64_t n_words =
      n_weights(&d->hw) + (uint64_t)pbl_hw_cells(&d->hw) * (uint64_t)d->hw.table_size;
  pbl_patience patience;
  pbl_patience_start(&patience, d, batch);
  for (;;) {
    uint32_t status;
    bool over = false;
    pbl_status s = pbl_driver_status(d, &status, "while the image was hashed", err);
    if (s != PBL_OK) return s;
    if (!(status & PBL_STATUS_CHECKING_MASK) && (status & PBL_STATUS_HASH_VALID_MASK)) {
      pbl_progress_report(p, "hashing image", n_words, n_words);
      return PBL_OK;
    }
    s = pbl_patience_check(&over, &patience, d, err);
    if (s != PBL_OK) return s;
    const uint64_t waited = pbl_patience_waited(&patience);
    if (over)
      return pbl_fail(err, PBL_TIMEOUT,
                      "%s device: image hash: no STATUS.HASH_VALID for %llu cycles (STATUS "
                      "0x%08X)%s; open the device again",
                      ops->name, (unsigned long long)waited, status, pbl_patience_hint(&patience));
    if (!pbl_progress_report(p, "hashing image", waited < n_words ? waited : n_words - 1, n_words))
      return pbl_fail(err, PBL_INTERRUPTED, "stopped while the device hashed its image");
    s = ops->advance(d->dev, batch, err);
    if (s != PBL_OK) return pbl_wrap(err, s, "%s device: hashing the image", ops->name);
  }
}

/* The device hashes its memories through the ports that sampling reads. */
static pbl_status run_check(pbl_driver *d, uint32_t *hash, pbl_progress *p, pbl_error *err) {
  pbl_status s = pbl_driver_status(d, NULL, "after the image was written", err);
  /* A pending interrupt would end every advance() after one clock. */
  if (s == PBL_OK) s = PBL_WRITE(d, IRQ_STATUS, PBL_IRQ_STATUS_DONE_MASK, err);
  if (s == PBL_OK) s = PBL_WRITE(d, CTRL, PBL_CTRL_CHECK_MASK, err);
  if (s == PBL_OK) s = wait_for_check(d, p, err);
  return s == PBL_OK ? PBL_READ(d, hash, IMG_HASH, err) : s;
}

static pbl_status verify_image(pbl_driver *d, pbl_progress *p, pbl_error *err) {
  const uint32_t expected = pbl_image_hash(&d->image);
  uint32_t hash = 0;
  d->verified = false;
  pbl_status s = run_check(d, &hash, p, err);
  if (s != PBL_OK) return s;
  if (hash != expected)
    return pbl_fail(err, PBL_HASH,
                    "%s device: IMG_HASH is 0x%08X, expected 0x%08X: the device does not hold the "
                    "image that was sent.\nSampling is refused, since its samples would belong to "
                    "another model. Upload again; if the hashes still differ, the image port or a "
                    "memory is faulty: run `pbitloop lockstep` on this variant, and look for "
                    "injected faults in the configuration.",
                    d->dev->ops->name, hash, expected);
  s = pbl_driver_guard(d, err);
  d->verified = s == PBL_OK;
  return s;
}

static pbl_status check_image_fits(const pbl_driver *d, const pbl_image *image, pbl_error *err) {
  const pbl_hw *a = &image->hw, *b = &d->hw;
  const struct {
    const char *name;
    int image, device;
  } pairs[] = {
      {"fabric", (int)a->fabric, (int)b->fabric},
      {"n_visible", a->n_visible, b->n_visible},
      {"n_hidden", a->n_hidden, b->n_hidden},
      {"lanes", a->lanes, b->lanes},
      {"weight width", pbl_hw_weight_bits(a), pbl_hw_weight_bits(b)},
      {"weight_frac", a->weight_frac, b->weight_frac},
      {"beta width", pbl_hw_beta_bits(a), pbl_hw_beta_bits(b)},
      {"beta_frac", a->beta_frac, b->beta_frac},
      {"table_size", a->table_size, b->table_size},
      {"table_range_log2", a->table_range_log2, b->table_range_log2},
      {"threshold_bits", a->threshold_bits, b->threshold_bits},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    if (pairs[i].image != pairs[i].device)
      return pbl_fail(err, PBL_INVALID, "driver: image was made for %s %d, the device has %d",
                      pairs[i].name, pairs[i].image, pairs[i].device);
  }
  if (b->fabric == PBL_FABRIC_LATTICE && memcmp(&a->lattice, &b->lattice, sizeof a->lattice) != 0)
    return pbl_fail(err, PBL_INVALID,
                    "driver: image was made for another lattice (rules or sites per clock)");
  const pbl_hw_sparse *mine = &a->sparse, *its = &b->sparse;
  if (b->fabric == PBL_FABRIC_SPARSE &&
      (mine->pbits != its->pbits || mine->edge_rows != its->edge_rows ||
       mine->groups != its->groups || mine->sites != its->sites))
    return pbl_fail(err, PBL_INVALID,
                    "driver: image was made for a sparse fabric of another capacity (p-bits, edge "
                    "rows, groups or sites per clock)");
  return PBL_OK;
}

static size_t n_schedule(const pbl_image *image) {
  const pbl_hw *hw = &image->hw;
  return image->schedule ? (size_t)hw->sparse.groups * (size_t)pbl_hw_schedule_cols(hw) : 0;
}

static bool allocate_copy(pbl_image *own, const pbl_image *image) {
  const size_t n_law = image->law ? pbl_image_law_words(&image->hw) : 0;
  own->words = malloc(n_weights(&image->hw) * sizeof *own->words);
  own->table = malloc((size_t)image->hw.table_size * sizeof *own->table);
  own->clamp = malloc((size_t)pbl_hw_pbits(&image->hw));
  own->law = n_law ? malloc(n_law * sizeof *own->law) : NULL;
  own->schedule = image->schedule ? malloc(n_schedule(image) * sizeof *own->schedule) : NULL;
  return own->words && own->table && own->clamp && (own->law || !n_law) &&
         (own->schedule || !image->schedule);
}

void pbl_driver_drop_image(pbl_driver *d) {
  free(d->image.words);
  free(d->image.law);
  free(d->image.schedule);
  free(d->image.table);
  free(d->image.clamp);
  d->image = (pbl_image){.words = NULL};
  d->has_image = false;
}

static pbl_status keep_copy(pbl_driver *d, const pbl_image *image, pbl_error *err) {
  pbl_image *own = &d->image;
  if (!d->has_image && !allocate_copy(own, image)) {
    pbl_driver_drop_image(d);
    return pbl_fail(err, PBL_NO_MEMORY, "driver: no memory for a copy of the image");
  }
  d->has_image = true;
  own->hw = image->hw;
  own->beta = image->beta;
  memcpy(own->words, image->words, n_weights(&image->hw) * sizeof *own->words);
  memcpy(own->table, image->table, (size_t)image->hw.table_size * sizeof *own->table);
  memcpy(own->clamp, image->clamp, (size_t)pbl_hw_pbits(&image->hw));
  if (own->law) memcpy(own->law, image->law, pbl_image_law_words(&image->hw) * sizeof *own->law);
  if (own->schedule)
    memcpy(own->schedule, image->schedule, n_schedule(image) * sizeof *own->schedule);
  return PBL_OK;
}

static pbl_status write_memories(pbl_driver *d, const pbl_image *image, pbl_progress *p,
                                 pbl_error *err) {
  if (image->schedule) return pbl_driver_write_sparse(d, image, p, err);
  return write_weights(d, 0, (size_t)pbl_hw_image_rows(&d->hw), image->words, p, err);
}

pbl_status pbl_driver_upload(pbl_driver *d, const pbl_image *image, pbl_progress *p,
                             pbl_error *err) {
  d->verified = false;
  d->poked = false;
  pbl_status s = check_image_fits(d, image, err);
  if (s == PBL_OK) s = keep_copy(d, image, err);
  /* CLEAR before: an old STATUS.ERROR must not be taken for a new one. */
  if (s == PBL_OK) s = PBL_WRITE(d, CTRL, PBL_CTRL_CLEAR_MASK, err);
  if (s == PBL_OK) s = write_memories(d, image, p, err);
  if (s == PBL_OK) s = write_table(d, image, err);
  if (s == PBL_OK) s = write_clamps(d, image->clamp, err);
  if (s == PBL_OK) s = pbl_driver_set_beta(d, image->beta, err);
  if (s == PBL_OK) s = verify_image(d, p, err);
  return s;
}

pbl_status pbl_driver_poke_row(pbl_driver *d, int row, const int32_t *words, pbl_error *err) {
  const int n_rows = pbl_hw_image_rows(&d->hw);
  if (row < 0 || row >= n_rows)
    return pbl_fail(err, PBL_INVALID, "driver: weight row %d (0..%d)", row, n_rows - 1);
  d->poked = true;
  pbl_status s = write_weights(d, (size_t)row, 1, words, NULL, err);
  if (s == PBL_OK) s = pbl_driver_status(d, NULL, "after a weight row was written", err);
  if (s != PBL_OK || d->hw.fabric != PBL_FABRIC_SPARSE) return s;
  /* Without a check the device would not start. */
  uint32_t hash;
  s = run_check(d, &hash, NULL, err);
  return s == PBL_OK ? pbl_driver_guard(d, err) : s;
}

pbl_status pbl_driver_verify(pbl_driver *d, pbl_error *err) {
  if (!d->has_image) return pbl_fail(err, PBL_INVALID, "driver: no image to verify; upload one");
  return verify_image(d, NULL, err);
}

pbl_status pbl_driver_set_clamp(pbl_driver *d, const uint8_t *clamp, pbl_error *err) {
  if (!d->has_image)
    return pbl_fail(err, PBL_INVALID, "driver: clamps are part of the image; upload one first");
  for (int p = 0; p < pbl_hw_pbits(&d->hw); p++) d->image.clamp[p] = clamp[p] ? 1 : 0;
  const bool was_verified = d->verified;
  d->verified = false;
  pbl_status s = write_clamps(d, d->image.clamp, err);
  if (s != PBL_OK || !was_verified) return s;
  if (!d->poked) return verify_image(d, NULL, err);
  s = pbl_driver_status(d, NULL, "after the clamps were written", err);
  d->verified = s == PBL_OK;
  return s;
}

pbl_status pbl_driver_seed(pbl_driver *d, uint64_t seed, pbl_error *err) {
  const size_t n_cells = (size_t)pbl_hw_cells(&d->hw) + 1; /* the last: control generator */
  pbl_lane_rng *cells = malloc(n_cells * sizeof *cells);
  if (cells == NULL) return pbl_fail(err, PBL_NO_MEMORY, "driver: no memory for generator states");
  pbl_lane_rng_seed(cells, n_cells, d->hw.generator, d->hw.lfsr_steps, seed);
  pbl_status s = pbl_driver_select(d, PBL_TARGET_GENERATOR, 0, err);
  for (size_t g = 0; s == PBL_OK && g < n_cells; g++) {
    for (int w = 0; s == PBL_OK && w < 4; w++) s = PBL_WRITE(d, IMG_DATA, cells[g].state.s[w], err);
  }
  free(cells);
  if (s == PBL_OK) s = pbl_driver_status(d, NULL, "after the generators were seeded", err);
  d->seeded = s == PBL_OK;
  return s;
}

pbl_status pbl_driver_set_state(pbl_driver *d, const signed char *states, pbl_error *err) {
  const size_t n_pbits = (size_t)pbl_hw_pbits(&d->hw), lanes = (size_t)d->hw.lanes;
  const size_t contexts = (size_t)pbl_hw_contexts(&d->hw);
  for (size_t i = 0; i < n_pbits * lanes * contexts; i++) {
    if (states[i] != 1 && states[i] != -1)
      return pbl_fail(err, PBL_INVALID, "driver: state %d of p-bit %zu of replica %zu is not +-1",
                      states[i], i % n_pbits, i / n_pbits);
  }
  d->has_state = false;
  pbl_status s = PBL_OK;
  for (size_t c = 0; s == PBL_OK && c < contexts; c++) {
    s = pbl_driver_select(d, PBL_TARGET_STATE, c, err);
    for (size_t p = 0; s == PBL_OK && p < n_pbits; p++) {
      uint32_t word = 0;
      for (size_t l = 0; l < lanes; l++)
        word |= (uint32_t)(states[(c * lanes + l) * n_pbits + p] > 0) << l;
      s = PBL_WRITE(d, IMG_DATA, word, err);
    }
  }
  if (s == PBL_OK) s = pbl_driver_status(d, NULL, "after the states were written", err);
  d->has_state = s == PBL_OK;
  return s;
}

pbl_status pbl_driver_set_schedule(pbl_driver *d, const pbl_schedule_words *w, pbl_error *err) {
  if (w->n < 1 || w->n > PBL_SCHEDULE_ENTRIES)
    return pbl_fail(err, PBL_INVALID, "driver: a schedule of %u entries (1..%d)", w->n,
                    PBL_SCHEDULE_ENTRIES);
  const uint32_t last =
      (w->n - 1) << PBL_SCHED_LAST_LAST_SHIFT | (uint32_t)w->repeat << PBL_SCHED_LAST_REPEAT_SHIFT;
  pbl_status s = pbl_driver_select(d, PBL_TARGET_SCHEDULE, 0, err);
  for (uint32_t k = 0; s == PBL_OK && k < w->n; k++) {
    if (w->beta[k] >> pbl_hw_beta_bits(&d->hw) != 0 || w->sweeps[k] == 0)
      return pbl_fail(err, PBL_INVALID,
                      "driver: schedule entry %u: beta word %u (%d bits), %u sweeps (at least 1)",
                      k, w->beta[k], pbl_hw_beta_bits(&d->hw), w->sweeps[k]);
    s = PBL_WRITE(d, IMG_DATA, w->beta[k], err);
    if (s == PBL_OK) s = PBL_WRITE(d, IMG_DATA, w->sweeps[k], err);
  }
  if (s == PBL_OK) s = PBL_WRITE(d, SCHED_LAST, last, err);
  if (s == PBL_OK) s = pbl_driver_status(d, NULL, "after the schedule was written", err);
  return s == PBL_OK ? pbl_driver_schedule_clear(d, err) : s;
}

pbl_status pbl_driver_schedule_clear(pbl_driver *d, pbl_error *err) {
  const pbl_status s = PBL_WRITE(d, CTRL, PBL_CTRL_SCHED_CLEAR_MASK, err);
  return s == PBL_OK ? pbl_driver_status(d, NULL, "after SCHED_CLEAR", err) : s;
}

pbl_status pbl_driver_schedule_read(pbl_driver *d, uint32_t *entry, uint32_t *sweeps,
                                    pbl_error *err) {
  const pbl_status s = PBL_READ(d, entry, SCHED_POSITION, err);
  return s == PBL_OK ? PBL_READ(d, sweeps, SCHED_SWEEPS, err) : s;
}
