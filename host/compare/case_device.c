/* The device side of a case. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare_internal.h"
#include "compare_snapshots.h"
#include "pbl_compare.h"
#include "pbl_lane_rng.h"
#include "pbl_waveform_file.h"
#include "tempering_internal.h"

double case_seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double case_work_seconds(const case_work *w) {
  return w->snapshots ? pbl_recorder_seconds(w->snapshots->recorder) : case_seconds_now();
}

pbl_status case_open_device(pbl_driver **out, const case_work *w, pbl_backend backend,
                            pbl_error *err) {
  pbl_device *dev = NULL;
  char key[PBL_COMPARE_KEY] = "";
  struct compare_snapshots *s = w->snapshots;
  pbl_status st = s ? snapshot_check_backend(backend, err) : PBL_OK;
  if (!st)
    st =
        pbl_compare_open_device(&dev, s ? key : NULL, w->config, &w->hw, backend, w->progress, err);
  if (!st && s) st = pbl_recorder_attach(s->recorder, &dev, &w->hw, key, err);
  const pbl_driver_options opt = {.timeout_cycles = w->config->timeout_cycles};
  if (!st) st = pbl_driver_create(out, dev, &w->hw, &opt, err);
  if (st) pbl_waveform_drop(w->config->waveform);
  return st;
}

/* A row that missed the last update: what the next row's place holds. In the sparse fabric weights
 * alone: the device refuses a graph whose blocks have edges inside. */
static pbl_status poke_stale_row(pbl_driver *d, const case_work *w, size_t at, size_t rows,
                                 size_t words, pbl_error *err) {
  const bool sparse = w->hw.fabric == PBL_FABRIC_SPARSE;
  const size_t other = rows > 2 ? (at + 1) % (rows - 1) : 0;
  int32_t *row = malloc(words * sizeof *row);
  if (!row) return pbl_fail(err, PBL_NO_MEMORY, "faults: out of memory");
  memcpy(row, w->image->words + other * words, words * sizeof *row);
  for (size_t k = 0; sparse && k < words; k += 2) row[k] = w->image->words[at * words + k];
  const pbl_status st = pbl_driver_poke_row(d, (int)at, row, err);
  free(row);
  return st;
}

/* Negative controls: what the device is given is not what the image says. */
static pbl_status poke_faults(pbl_driver *d, const case_work *w, pbl_error *err) {
  const pbl_faults *f = &w->cc->faults;
  const size_t words = (size_t)pbl_hw_image_cols(&w->hw), rows = (size_t)pbl_hw_image_rows(&w->hw);
  pbl_status st = PBL_OK;
  if (f->weight_offset != 0) {
    if (f->weight_row < 0 || (size_t)f->weight_row >= rows || f->weight_col < 0 ||
        (size_t)f->weight_col >= words) {
      return pbl_fail(err, PBL_CONFIG, "faults.weight: row %d, column %d is outside 0..%zu, 0..%zu",
                      f->weight_row, f->weight_col, rows - 1, words - 1);
    }
    int32_t *row = malloc(words * sizeof *row);
    if (!row) return pbl_fail(err, PBL_NO_MEMORY, "faults: out of memory");
    memcpy(row, w->image->words + (size_t)f->weight_row * words, words * sizeof *row);
    row[f->weight_col] += f->weight_offset;
    st = pbl_driver_poke_row(d, f->weight_row, row, err);
    free(row);
  }
  if (!st && f->stale_row >= 0) {
    if ((size_t)f->stale_row >= rows) {
      return pbl_fail(err, PBL_CONFIG, "faults.stale_row: %d is outside 0..%zu", f->stale_row,
                      rows - 1);
    }
    st = poke_stale_row(d, w, (size_t)f->stale_row, rows, words, err);
  }
  return st;
}

/* With before_hash the corrupted image is uploaded under the sound image's hash: must be refused.
 */
static pbl_status upload_corrupted(pbl_driver *d, const case_work *w, pbl_error *err) {
  pbl_status st = pbl_driver_upload(d, w->image, w->progress, err);
  if (!st) st = poke_faults(d, w, err);
  return st ? st : pbl_driver_verify(d, err);
}

pbl_status case_prepare_device(pbl_driver *d, const case_work *w, pbl_error *err) {
  const pbl_faults *f = &w->cc->faults;
  signed char *starts = NULL;
  const double gain = f->beta_gain > 0 ? f->beta_gain : 1.0;
  const uint32_t beta = (uint32_t)llround(gain * w->image->beta);
  pbl_status st = f->before_hash ? upload_corrupted(d, w, err)
                                 : pbl_driver_upload(d, w->image, w->progress, err);
  if (!st && !f->before_hash) st = poke_faults(d, w, err);
  if (!st) st = pbl_driver_seed(d, case_seed(w, STREAM_DEVICE), err);
  if (!st) st = case_starts(&starts, w, STREAM_DEVICE_START, err);
  if (!st) st = pbl_driver_set_state(d, starts, err);
  if (!st) st = pbl_driver_set_beta(d, beta, err);
  if (!st) st = pbl_driver_set_kernel(d, w->cc->kernel, err);
  if (!st) st = pbl_driver_set_coupled(d, w->cc->coupled, err);
  if (!st) st = case_set_schedule(d, w, err);
  if (!st) st = case_set_exchange(d, w, err);
  if (!st) st = case_set_regulator(d, w, err);
  free(starts);
  return st;
}

/* Kernel coin: the order of every sweep, from the seed, `done` sweeps after it. */
static pbl_status replay_coins(case_work *w, uint64_t done, pbl_error *err) {
  const pbl_hw *hw = &w->hw;
  if (w->cc->kernel != PBL_KERNEL_COIN) return PBL_OK;
  const pbl_status st = pbl_chains_create_order(w->device, (size_t)hw->lanes, err);
  if (st) return st;
  pbl_coin_replay(w->device->order, (size_t)pbl_hw_cells(hw), (size_t)pbl_hw_contexts(hw),
                  hw->generator, hw->lfsr_steps, case_seed(w, STREAM_DEVICE), done,
                  w->device->n_draws, (size_t)w->cc->every);
  return PBL_OK;
}

static pbl_status sample(case_work *w, pbl_driver *d, pbl_error *err) {
  if (w->tempering) return case_tempering_device(w, d, err);
  if (case_has_unit(w)) return case_statistics_sample(w, d, err);
  return pbl_driver_run(d, w->device, (size_t)w->cc->draws, (size_t)w->cc->every, w->progress, err);
}

pbl_status case_sample_device(case_work *w, pbl_error *err) {
  const pbl_case_config *cc = w->cc;
  pbl_driver *d = NULL;
  pbl_driver_counters before;
  pbl_case_result *r = w->result;
  pbl_window_log windows = {0};
  const bool regulated = case_is_regulated(cc);
  pbl_waveform_arm(w->config->waveform, cc->name);
  pbl_status st = case_open_device(&d, w, w->config->device, err);
  if (!st) st = case_prepare_device(d, w, err);
  if (!st && regulated) st = case_adapt(w, d, &windows, err);
  if (!st && w->tempering) {
    st = case_tempering_adapt(w, d, err);
  } else if (!st) {
    st = pbl_chains_create(&w->device, (size_t)cc->chains, (size_t)cc->draws,
                           (size_t)pbl_hw_pbits(&w->hw), err);
  }
  if (!st && cc->burn_in > 0) {
    st = pbl_driver_run(d, NULL, (size_t)cc->burn_in, 1, w->progress, err);
  }
  if (!st) st = case_check_annealed(d, w, err);
  if (!st) st = pbl_driver_counters_read(d, &before, err);
  if (!st) st = replay_coins(w, before.sweeps, err);
  if (!st) {
    const double start = case_work_seconds(w);
    st = sample(w, d, err);
    r->device_seconds = case_work_seconds(w) - start;
    pbl_error ignored;
    const pbl_status read = pbl_driver_counters_read(d, &r->counters, st ? &ignored : err);
    if (!read) r->device_cycles = r->counters.busy_cycles - before.busy_cycles;
    if (!st) st = read;
    const double sweeps = (double)(r->counters.sweeps - before.sweeps);
    r->device_updates_per_second =
        sweeps * (double)cc->chains * pbl_hw_pbits(&w->hw) / r->device_seconds;
  }
  if (!st && w->tempering) st = tempering_alone(w, d, err);
  if (!st && regulated) st = case_keep_windows(w, &windows, err);
  pbl_waveform_end(w->config->waveform);
  pbl_driver_destroy(d);
  pbl_window_log_free(&windows);
  return st ? pbl_wrap(err, st, "case %s", cc->name) : PBL_OK;
}
