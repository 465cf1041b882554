#include "pbl_train.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binary.h"
#include "checkpoint.h"
#include "device_phase.h"
#include "evaluate.h"
#include "pbl_folder.h"
#include "pcd.h"
#include "thermostat.h"
#include "timing.h"
#include "train_log.h"
#include "view.h"

#define LIMIT_EVERY 10 /* updates between two looks at the spectrum */

pbl_train_options pbl_train_default(void) {
  return (pbl_train_options){.n_hidden = 64,
                             .learning_rate = 0.01,
                             .weight_decay = 1e-3,
                             .batch_size = 128,
                             .n_chains = 128,
                             .sweeps_per_update = 1,
                             .epochs = 5,
                             .initial_scale = 0.01,
                             .beta = 1.0,
                             .seed = 1,
                             .regulator = pbl_regulator_settings_default(PBL_REGULATOR_FIXED),
                             .hw = pbl_hw_default(),
                             .upload_every = 1,
                             .threads = 0,
                             .checkpoint_every = 1,
                             .log_every = 1,
                             .ais_chains = 256,
                             .ais_temperatures = 2000,
                             .exact_side = 14};
}

static pbl_status check_integer(const char *name, long value, long low, pbl_error *err) {
  if (value >= low) return PBL_OK;
  return pbl_fail(err, PBL_CONFIG, "training: %s is %ld, must be >= %ld", name, value, low);
}

static pbl_status check_real(const char *name, double value, double low, pbl_error *err) {
  if (isfinite(value) && value >= low) return PBL_OK;
  return pbl_fail(err, PBL_CONFIG, "training: %s is %g, must be finite and >= %g", name, value,
                  low);
}

static pbl_status check_options(const pbl_train_options *o, pbl_error *err) {
  pbl_status s = PBL_OK;
  if (!s) s = check_integer("hidden", o->n_hidden, 1, err);
  if (!s) s = check_integer("batch_size", o->batch_size, 1, err);
  if (!s) s = check_integer("chains", o->n_chains, 1, err);
  if (!s) s = check_integer("sweeps_per_update", o->sweeps_per_update, 1, err);
  if (!s) s = check_integer("epochs", o->epochs, 1, err);
  if (!s) s = check_integer("checkpoint_every_epochs", o->checkpoint_every, 0, err);
  if (!s) s = check_integer("log_every_epochs", o->log_every, 1, err);
  if (!s) s = check_integer("ais_chains", o->ais_chains, 0, err);
  if (!s && o->ais_chains) {
    s = check_integer("ais_chains", o->ais_chains, 2, err);
    if (!s) s = check_integer("ais_temperatures", o->ais_temperatures, 2, err);
    if (!s) s = check_integer("exact_side", o->exact_side, 0, err);
  }
  if (!s) s = check_real("learning_rate", o->learning_rate, 0.0, err);
  if (!s) s = check_real("weight_decay", o->weight_decay, 0.0, err);
  if (!s) s = check_real("initial_scale", o->initial_scale, 0.0, err);
  if (!s) s = check_real("spectral_limit", o->spectral_limit, 0.0, err);
  if (!s) s = check_real("beta", o->beta, 1e-6, err);
  if (!s) s = check_integer("evaluate_every_epochs", o->evaluate_every, 0, err);
  if (!s && o->evaluate_every > 0 && o->evaluate_every % o->log_every != 0)
    s = pbl_fail(err, PBL_CONFIG,
                 "training: evaluation.every_epochs %d must be a multiple of log_every_epochs %d",
                 o->evaluate_every, o->log_every);
  if (!s) s = check_integer("window_updates", o->window_updates, 0, err);
  if (!s && o->tau_chains) {
    s = check_integer("tau_chains", o->tau_chains, 4, err);
    if (!s) s = check_integer("tau_burn_in_sweeps", o->tau_burn_in, 0, err);
    if (!s) s = check_integer("tau_sweeps", o->tau_draws, 16, err);
  }
  const bool regulated = pbl_regulator_moves(o->regulator.mode);
  if (!s && regulated) s = pbl_regulator_settings_check(&o->regulator, err);
  if (!s && (regulated || o->gauge_fixing) && o->units == PBL_UNITS_SPIN)
    s = pbl_fail(err, PBL_CONFIG, "training: a regulated temperature needs units: binary");
  if (!s) s = check_real("bias_decay", o->bias_decay, 0.0, err);
  if (!s) s = check_integer("upload_every_updates", o->upload_every, 1, err);
  if (!s && o->units == PBL_UNITS_BINARY && o->spectral_limit > 0.0)
    s = pbl_fail(err, PBL_CONFIG, "training: spectral_limit needs units: spin; drop one of them");
  if (!s && o->units == PBL_UNITS_SPIN && o->bias_decay > 0.0)
    s = pbl_fail(err, PBL_CONFIG, "training: bias_decay needs units: binary; drop one of them");
  return s;
}

static pbl_status check_images(const char *part, const signed char *images, size_t n,
                               size_t n_visible, pbl_error *err) {
  if (n > UINT32_MAX)
    return pbl_fail(err, PBL_INVALID, "training: %zu %s images are too many", n, part);
  for (size_t k = 0; k < n * n_visible; k++)
    if (images[k] != 1 && images[k] != -1)
      return pbl_fail(err, PBL_INVALID, "training: %s image %zu, pixel %zu is %d, not -1 or +1",
                      part, k / n_visible, k % n_visible, images[k]);
  return PBL_OK;
}

/* Everything one run owns. */
typedef struct {
  pbl_train_options opt;
  char state_path[PATH_MAX], log_path[PATH_MAX], telemetry_path[PATH_MAX], timing_path[PATH_MAX];
  pbl_pcd *pcd;
  pbl_device_phase *device; /* or NULL: the chains are sampled in software */
  pbl_run_identity id;
  pbl_checkpoint last; /* after the last complete epoch */
  pbl_train_log *log;
  size_t n_log, max_log;
  int epoch;               /* complete ones */
  bool evaluated;          /* the last row was, in this process */
  const signed char *test; /* borrowed, or NULL */
  size_t n_test;
  float *base_bias; /* of AIS */
  pbl_ais_report ais;
  pbl_timing timing;
  pbl_folder *folder; /* that nobody else writes into meanwhile */
} session;

static pbl_status set_paths(session *s, const char *folder, pbl_progress *progress,
                            pbl_error *err) {
  char checkpoint[PATH_MAX];
  int n = snprintf(checkpoint, sizeof checkpoint, "%s/checkpoint", folder);
  if (n > 0 && (size_t)n < sizeof checkpoint)
    n = snprintf(s->state_path, sizeof s->state_path, "%s/state.bin", checkpoint);
  if (n > 0 && (size_t)n < sizeof s->state_path)
    n = snprintf(s->log_path, sizeof s->log_path, "%s/log.csv", folder);
  if (n > 0 && (size_t)n < sizeof s->log_path)
    n = snprintf(s->telemetry_path, sizeof s->telemetry_path, "%s/telemetry.csv", folder);
  if (n > 0 && (size_t)n < sizeof s->telemetry_path)
    n = snprintf(s->timing_path, sizeof s->timing_path, "%s/timing.csv", folder);
  if (n < 0 || (size_t)n >= sizeof s->timing_path)
    return pbl_fail(err, PBL_INVALID, "path too long: %.200s...", folder);
  const pbl_status status = pbl_folder_open(&s->folder, folder, progress, err);
  return status ? status : pbl_make_folders(checkpoint, err);
}

static size_t updates_per_epoch(const session *s) {
  const size_t n = s->pcd->n_images, batch = (size_t)s->pcd->opt.batch_size;
  return s->opt.drop_incomplete_batch && n >= batch ? n / batch : (n + batch - 1) / batch;
}

/* A window begins anew with each epoch: one that is longer would never end. */
static pbl_status check_window(const session *s, pbl_error *err) {
  const size_t window = (size_t)s->opt.window_updates, updates = updates_per_epoch(s);
  if (s->opt.regulator.mode == PBL_REGULATOR_FIXED || window <= updates) return PBL_OK;
  return pbl_fail(
      err, PBL_CONFIG,
      "training: regulator.window_updates is %zu, but an epoch has %zu updates, so that "
      "no window would ever end; take at most %zu, or 0 for the epoch",
      window, updates, updates);
}

static pbl_status open_session(session *s, const signed char *images, size_t n, int n_visible,
                               const char *folder, pbl_progress *progress, pbl_error *err) {
  pbl_status status = set_paths(s, folder, progress, err);
  if (status) return status;
  s->max_log = (size_t)(s->opt.epochs / s->opt.log_every) + 1; /* the last epoch is logged too */
  s->log = calloc(s->max_log, sizeof *s->log);
  if (!s->log) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu log rows", s->max_log);
  status = pbl_pcd_create(&s->pcd, images, n, n_visible, &s->opt, err);
  if (!status) status = check_window(s, err);
  if (status) return status;
  pbl_thermostat_start(s->pcd);
  pbl_run_identity_of(&s->id, s->pcd);
  status = pbl_checkpoint_read(&s->epoch, s->log, s->max_log, &s->n_log, s->pcd, &s->id,
                               s->state_path, err);
  if (status) return status;
  if (s->epoch > s->opt.epochs)
    return pbl_fail(err, PBL_CONFIG, "%s has %d epochs, but only %d are asked for; raise epochs",
                    s->state_path, s->epoch, s->opt.epochs);
  if (s->opt.device != PBL_TRAIN_REFERENCE)
    status = pbl_device_phase_create(&s->device, s->pcd, s->telemetry_path, updates_per_epoch(s),
                                     progress, err);
  if (!status) status = pbl_timing_open(&s->timing, s->timing_path, s->epoch, err);
  if (status) return status;
  return pbl_checkpoint_take(&s->last, &s->id, s->pcd, s->epoch, s->log, s->n_log, err);
}

static void close_session(session *s) {
  pbl_timing_close(&s->timing);
  pbl_device_phase_destroy(s->device);
  pbl_pcd_destroy(s->pcd);
  pbl_checkpoint_free(&s->last);
  free(s->log);
  free(s->base_bias);
  pbl_folder_close(s->folder);
}

static double weight_norm(const pbl_rbm *m) {
  double sum = 0.0;
  for (size_t k = 0; k < (size_t)m->n_visible * (size_t)m->n_hidden; k++)
    sum += (double)m->w[k] * (double)m->w[k];
  return sqrt(sum);
}

static pbl_status fail_diverged(const session *s, pbl_error *err) {
  return pbl_fail(err, PBL_NUMERIC, "training diverged in epoch %d; lower the learning rate",
                  s->epoch);
}

static pbl_status show(const session *s, pbl_error *err) {
  const bool windows = s->device && s->pcd->telemetry_bytes > 0;
  return pbl_train_show(s->pcd, s->log, s->n_log, s->id.text, windows ? s->telemetry_path : NULL,
                        err);
}

static pbl_status evaluate(session *s, pbl_train_log *row, pbl_progress *progress, pbl_error *err) {
  const pbl_status status =
      pbl_train_evaluate(row, &s->ais, s->pcd, s->base_bias, s->test, s->n_test, progress, err);
  if (status != PBL_INTERRUPTED) return status;
  return pbl_wrap(err, status, "evaluation of epoch %d (the same command does it anew)", s->epoch);
}

static pbl_status log_epoch(session *s, pbl_progress *progress, pbl_error *err) {
  if (s->n_log == s->max_log) return PBL_OK;
  pbl_train_log row;
  pbl_status status = pbl_train_log_row(&row, s->pcd, s->epoch, err);
  if (status) return status;
  if (!isfinite(row.weight_norm) || !isfinite(row.pseudo_likelihood)) return fail_diverged(s, err);
  const int every = s->opt.evaluate_every;
  pbl_progress_note(progress,
                    "epoch %d: reconstruction error %.5f, pseudo-likelihood %.2f nats, |W| %.2f",
                    row.epoch, row.reconstruction_error, row.pseudo_likelihood, row.weight_norm);
  if (s->pcd->binary)
    pbl_progress_note(progress, "  T %.4f, |W|/T %.2f, flip rate %.4f, F %.2f data %.2f model",
                      row.temperature, row.weight_norm / row.temperature, row.flip_rate,
                      row.free_data, row.free_model);
  const size_t clipped = s->device ? pbl_device_phase_saturated(s->device) : 0;
  if (clipped > 0)
    pbl_progress_note(progress,
                      "  up to %zu weights of an upload did not fit s[%d][%d] and were clipped: "
                      "raise hw.weight_int",
                      clipped, s->opt.hw.weight_int, s->opt.hw.weight_frac);
  s->evaluated = every && s->epoch % every == 0;
  if (s->evaluated) status = evaluate(s, &row, progress, err);
  if (status) return status;
  s->log[s->n_log++] = row;
  status = pbl_train_log_write(s->log, s->n_log, s->log_path, err);
  return !status && s->evaluated ? show(s, err) : status;
}

/* One update with the images from `first` on; the epoch's last one ends within the limit. */
static pbl_status one_update(session *s, size_t update, size_t first, size_t n, bool last,
                             pbl_error *err) {
  pbl_status status = PBL_OK;
  if (s->device) status = pbl_device_phase_run(s->device, s->pcd, update, err);
  if (status) return status;
  pbl_pcd_statistics(s->pcd, first, n, s->device == NULL);
  pbl_pcd_step(s->pcd);
  double flips, gap;
  if (s->pcd->binary && pbl_thermostat_count(s->pcd, last, &flips, &gap)) {
    if (s->device) {
      status = pbl_device_phase_window(s->device, s->pcd, gap, err);
    } else {
      pbl_thermostat_step(s->pcd, flips, gap);
    }
    if (status) return status;
  }
  if (last || update % LIMIT_EVERY == LIMIT_EVERY - 1) status = pbl_pcd_limit(s->pcd, err);
  return status;
}

static pbl_status one_epoch(session *s, pbl_progress *progress, pbl_error *err) {
  const size_t n = s->pcd->n_images, batch = (size_t)s->pcd->opt.batch_size;
  const size_t per_epoch = updates_per_epoch(s);
  uint64_t done = per_epoch * (uint64_t)s->epoch;
  pbl_status status = PBL_OK;
  pbl_pcd_shuffle(s->pcd, s->epoch);
  pbl_thermostat_epoch(s->pcd);
  if (s->device) status = pbl_device_phase_begin(s->device, s->pcd, s->epoch, err);
  for (size_t update = 0; !status && update < per_epoch; update++) {
    const size_t first = update * batch;
    status = one_update(s, update, first, n - first < batch ? n - first : batch,
                        update + 1 == per_epoch, err);
    if (status) break;
    if (!pbl_progress_report(progress, "training", ++done, per_epoch * (uint64_t)s->opt.epochs))
      return pbl_fail(err, PBL_INTERRUPTED,
                      "training stopped in epoch %d; the same command goes on after epoch %d",
                      s->epoch + 1, s->epoch);
  }
  if (!status) s->epoch++;
  return status;
}

/* One epoch with its log row, and a checkpoint in memory or on disk. */
static pbl_status next_epoch(session *s, pbl_progress *progress, pbl_error *err) {
  const double start = pbl_timing_now();
  pbl_status status = one_epoch(s, progress, err);
  const double trained = pbl_timing_now();
  /* before a checkpoint: from a diverged one no run can go on */
  if (!status && !isfinite(weight_norm(s->pcd->model))) status = fail_diverged(s, err);
  if (!status && s->epoch % s->opt.log_every == 0) status = log_epoch(s, progress, err);
  if (!status)
    status = pbl_timing_add(&s->timing, s->epoch, trained - start, pbl_timing_now() - trained, err);
  if (!status)
    status = pbl_checkpoint_take(&s->last, &s->id, s->pcd, s->epoch, s->log, s->n_log, err);
  const int every = s->opt.checkpoint_every;
  if (!status && (s->epoch == s->opt.epochs || (every && s->epoch % every == 0)))
    status = pbl_checkpoint_write(&s->last, s->state_path, err);
  return status;
}

static pbl_status train(session *s, pbl_progress *progress, pbl_error *err) {
  while (s->epoch < s->opt.epochs) {
    const pbl_status status = next_epoch(s, progress, err);
    if (!status) continue;
    /* nobody goes on from where learning diverges; whatever else failed, the epochs are kept */
    if (status == PBL_NUMERIC) return status;
    const bool stopped = status == PBL_INTERRUPTED;
    const pbl_status saved = pbl_checkpoint_write(&s->last, s->state_path, stopped ? err : NULL);
    return saved && stopped ? saved : status;
  }
  return PBL_OK;
}

/* After the last checkpoint, since a longer run that goes on from it must not have these: the row
 * of the last epoch, and its evaluation. */
static pbl_status finish(session *s, pbl_progress *progress, pbl_error *err) {
  const double start = pbl_timing_now();
  pbl_status status = PBL_OK;
  if (s->epoch % s->opt.log_every != 0) status = log_epoch(s, progress, err);
  if (!status && s->n_log && !s->evaluated)
    status = evaluate(s, &s->log[s->n_log - 1], progress, err);
  if (!status) status = pbl_train_log_write(s->log, s->n_log, s->log_path, err);
  if (!status) status = show(s, err);
  if (!status) status = pbl_timing_add(&s->timing, s->epoch, NAN, pbl_timing_now() - start, err);
  return status;
}

static void describe(pbl_rbm *m, const pbl_train_options *o, const char *identity) {
  const bool image =
      o->image_rows > 0 && o->image_cols > 0 && (long)o->image_rows * o->image_cols == m->n_visible;
  m->image_rows = image ? o->image_rows : 0;
  m->image_cols = image ? o->image_cols : 0;
  snprintf(m->name, sizeof m->name, "%s", o->name ? o->name : "rbm");
  snprintf(m->provenance, sizeof m->provenance, "%s%sPCD, %d epochs, %s",
           o->provenance ? o->provenance : "", o->provenance ? "; " : "", o->epochs, identity);
}

pbl_status pbl_train_rbm(pbl_rbm **out, const signed char *train_images, size_t n_train,
                         const signed char *test, size_t n_test, int n_visible,
                         const pbl_train_options *opt, const char *folder, pbl_ais_report *ais,
                         pbl_progress *progress, pbl_error *err) {
  *out = NULL;
  if (n_visible < 1 || n_train < 1)
    return pbl_fail(err, PBL_INVALID, "training: %zu images of %d pixels", n_train, n_visible);
  pbl_status status = check_options(opt, err);
  if (!status) status = check_images("training", train_images, n_train, (size_t)n_visible, err);
  if (!status && test) status = check_images("test", test, n_test, (size_t)n_visible, err);
  if (status) return status;
  session s = {.opt = *opt,
               .test = test,
               .n_test = n_test,
               .ais = {.log_z = NAN,
                       .log_z_low = NAN,
                       .log_z_high = NAN,
                       .log_weight_variance = NAN,
                       .ess_fraction = NAN,
                       .log_likelihood_train = NAN,
                       .log_likelihood_test = NAN}};
  status = open_session(&s, train_images, n_train, n_visible, folder, progress, err);
  if (!status) status = pbl_pcd_product_bias(&s.base_bias, s.pcd, err);
  if (!status) status = train(&s, progress, err);
  if (!status) status = pbl_rbm_set_data_moments(s.pcd->model, train_images, n_train, err);
  if (!status) describe(s.pcd->model, opt, s.id.text);
  if (!status) status = pbl_rbm_save(s.pcd->model, folder, err);
  if (!status) status = finish(&s, progress, err);
  if (ais) *ais = s.ais;
  if (!status) {
    *out = s.pcd->model;
    s.pcd->model = NULL;
  }
  close_session(&s);
  return status;
}
