/* Replica exchange: betas of the rungs, labels of the replicas, counters of the exchanges. */
#include "driver_internal.h"

static pbl_status check_option(const pbl_driver *d, pbl_error *err) {
  if (d->hw.exchange) return PBL_OK;
  return pbl_fail(err, PBL_INVALID,
                  "driver: the device was built without replica exchange (hw.exchange)");
}

static pbl_status check_words(const pbl_driver *d, const pbl_ladder_words *w, pbl_error *err) {
  const pbl_status s = check_option(d, err);
  const uint32_t contexts = (uint32_t)pbl_hw_contexts(&d->hw);
  if (s != PBL_OK) return s;
  if (w->n != contexts)
    return pbl_fail(err, PBL_INVALID, "driver: a ladder of %u rungs; the device has %u contexts",
                    w->n, contexts);
  for (uint32_t k = 0; k < w->n; k++) {
    if (w->beta[k] >> pbl_hw_beta_bits(&d->hw) != 0)
      return pbl_fail(err, PBL_INVALID,
                      "driver: ladder: beta word %u of rung %u does not fit %d bits", w->beta[k], k,
                      pbl_hw_beta_bits(&d->hw));
  }
  return PBL_OK;
}

pbl_status pbl_driver_set_ladder(pbl_driver *d, const pbl_ladder_words *w, pbl_error *err) {
  pbl_status s = check_words(d, w, err);
  if (s == PBL_OK) s = pbl_driver_select(d, PBL_TARGET_SCHEDULE, 0, err);
  for (uint32_t k = 0; s == PBL_OK && k < w->n; k++) {
    s = PBL_WRITE(d, IMG_DATA, w->beta[k], err);
    if (s == PBL_OK) s = PBL_WRITE(d, IMG_DATA, 1, err); /* sweeps: of no use here */
  }
  if (s == PBL_OK) s = PBL_WRITE(d, EXCH_EVERY, w->every, err);
  if (s == PBL_OK)
    s = PBL_WRITE(d, EXCH_CONFIG, (uint32_t)w->random << PBL_EXCH_CONFIG_RANDOM_SHIFT, err);
  return s == PBL_OK ? pbl_driver_status(d, NULL, "after the ladder was written", err) : s;
}

pbl_status pbl_driver_ladder_clear(pbl_driver *d, pbl_error *err) {
  const pbl_status s = check_option(d, err);
  return s == PBL_OK ? pbl_driver_schedule_clear(d, err) : s;
}

pbl_status pbl_driver_labels_read(pbl_driver *d, uint8_t *labels, pbl_error *err) {
  pbl_status s = check_option(d, err);
  for (int r = 0; s == PBL_OK && r < d->hw.replicas; r++) {
    uint32_t word = 0;
    s = PBL_WRITE(d, REPLICA_SELECT, (uint32_t)r, err);
    if (s == PBL_OK) s = PBL_READ(d, &word, EXCH_LABEL, err);
    labels[r] = (uint8_t)word;
  }
  return s;
}

bool pbl_labels_are_sound(const uint8_t *labels, size_t contexts, size_t lanes) {
  for (size_t l = 0; l < lanes; l++) {
    uint64_t seen = 0;
    for (size_t c = 0; c < contexts; c++) {
      const uint8_t label = labels[c * lanes + l];
      if (label >= contexts || (seen >> label & 1)) return false;
      seen |= (uint64_t)1 << label;
    }
  }
  return true;
}

pbl_status pbl_driver_labels_write(pbl_driver *d, const uint8_t *labels, pbl_error *err) {
  pbl_status s = check_option(d, err);
  if (s == PBL_OK &&
      !pbl_labels_are_sound(labels, (size_t)pbl_hw_contexts(&d->hw), (size_t)d->hw.lanes))
    s = pbl_fail(err, PBL_INVALID,
                 "driver: labels: those of each lane must be a permutation of the rungs");
  if (s == PBL_OK) s = pbl_driver_select(d, PBL_TARGET_LABELS, 0, err);
  for (int r = 0; s == PBL_OK && r < d->hw.replicas; r++)
    s = PBL_WRITE(d, IMG_DATA, labels[r], err);
  return s == PBL_OK ? pbl_driver_status(d, NULL, "after the labels were written", err) : s;
}

pbl_status pbl_driver_exchange_read(pbl_driver *d, pbl_exchange_state *out, pbl_error *err) {
  pbl_exchange_state x = {0};
  uint32_t position = 0;
  pbl_status s = check_option(d, err);
  if (s == PBL_OK) s = PBL_READ(d, &position, EXCH_POSITION, err);
  for (int k = 0; s == PBL_OK && k + 1 < pbl_hw_contexts(&d->hw); k++) {
    s = PBL_WRITE(d, EXCH_SELECT, (uint32_t)k, err);
    if (s == PBL_OK) s = PBL_READ(d, &x.tries[k], EXCH_TRIES, err);
    if (s == PBL_OK) s = PBL_READ(d, &x.accepts[k], EXCH_ACCEPTS, err);
  }
  if (s != PBL_OK) return s;
  x.sweeps = PBL_FIELD(position, EXCH_POSITION_SWEEPS);
  x.odd = PBL_FIELD(position, EXCH_POSITION_PARITY) != 0;
  *out = x;
  return PBL_OK;
}
