#include "checkpoint.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "binary.h"
#include "pbl_file.h"

static const char magic[8] = {'P', 'B', 'L', 'P', 'C', 'D', '0', '2'};

/* The whole text, longer than what a checkpoint keeps. */
typedef struct {
  char text[2 * PBL_CHECKPOINT_TEXT];
} long_identity;

__attribute__((format(printf, 2, 3))) static void add(long_identity *id, const char *format, ...) {
  const size_t n = strlen(id->text);
  va_list args;
  va_start(args, format);
  vsnprintf(id->text + n, sizeof id->text - n, format, args);
  va_end(args);
}

/* Of a text that is too long the end becomes a checksum of all of it. */
static void keep(pbl_run_identity *id, const long_identity *full) {
  const size_t length = strlen(full->text), room = sizeof id->text;
  memset(id, 0, sizeof *id);
  memcpy(id->text, full->text, length < room ? length : room - 1);
  if (length < room) return;
  const uLong crc = crc32_z(0, (const Bytef *)full->text, length);
  snprintf(id->text + room - 20, 20, "... crc %08lx", (unsigned long)crc);
}

static void add_regulator(long_identity *id, const pbl_train_options *o) {
  const pbl_regulator_settings *r = &o->regulator;
  if (r->mode == PBL_REGULATOR_FIXED) return;
  add(id,
      ", regulator %s: window %d updates, flip_rate %.15g, gain %.15g, smoothing %.15g, gap_scale "
      "%.15g, dead_band %.15g, step_limit %.15g, T %.15g in %.15g..%.15g, filter %.15g%s",
      pbl_regulator_mode_name(r->mode), o->window_updates, r->flip_rate, r->gain, r->smoothing,
      r->gap_scale, r->dead_band, r->step_limit, r->temperature, r->temperature_min,
      r->temperature_max, r->filter, o->gauge_fixing ? ", gauge-fixed" : "");
}

static void add_hardware(long_identity *id, const pbl_train_options *o) {
  const pbl_hw *h = &o->hw; /* twin and rtl give the same bytes */
  if (o->device == PBL_TRAIN_REFERENCE) return;
  add(id,
      ", hardware s[%d][%d] UQ%d.%d table %d/%d threshold %d rounding %d generator %d/%d lanes %d, "
      "upload_every %d%s",
      h->weight_int, h->weight_frac, h->beta_int, h->beta_frac, h->table_size, h->table_range_log2,
      h->threshold_bits, h->rounding, (int)h->generator, h->lfsr_steps, h->lanes, o->upload_every,
      o->stochastic_rounding ? " with stochastic rounding" : "");
}

void pbl_run_identity_of(pbl_run_identity *out, const pbl_pcd *t) {
  const pbl_train_options *o = &t->opt;
  long_identity full = {0}, *id = &full;
  uLong crc = crc32(0, NULL, 0);
  crc = crc32_z(crc, (const Bytef *)t->images, t->n_images * t->n_visible);
  add(id,
      "images %zu x %zu crc %08lx, hidden %d, learning_rate %.15g, weight_decay %.15g, "
      "batch_size %d, chains %d, sweeps_per_update %d, initial_scale %.15g, beta %.15g, "
      "seed %llu, log_every %d, spectral_limit %.15g",
      t->n_images, t->n_visible, (unsigned long)crc, o->n_hidden, o->learning_rate, o->weight_decay,
      o->batch_size, o->n_chains, o->sweeps_per_update, o->initial_scale, o->beta,
      (unsigned long long)o->seed, o->log_every, o->spectral_limit);
  if (o->units == PBL_UNITS_BINARY) add(id, ", units binary, bias_decay %.15g", o->bias_decay);
  add_regulator(id, o);
  if (o->start == PBL_START_BLANK) add(id, ", start blank");
  if (o->drop_incomplete_batch) add(id, ", incomplete batches dropped");
  add_hardware(id, o);
  keep(out, id);
}

/* One walk serves counting, saving and loading: the three cannot disagree. */
typedef struct {
  enum { COUNT, SAVE, LOAD } mode;
  unsigned char *at;
  size_t n_bytes;
} walker;

static void item(walker *w, void *data, size_t n_bytes) {
  if (w->mode == SAVE) memcpy(w->at + w->n_bytes, data, n_bytes);
  if (w->mode == LOAD) memcpy(data, w->at + w->n_bytes, n_bytes);
  w->n_bytes += n_bytes;
}

static void walk_state(walker *w, pbl_pcd *t) {
  float *weights = t->model->w, *visible = t->model->b, *hidden = t->model->c;
  if (t->binary) { /* the model is a view of these */
    const pbl_binary_parameters p = pbl_binary_get(t);
    weights = p.w;
    visible = p.b;
    hidden = p.a;
  }
  item(w, weights, t->n_visible * t->n_hidden * sizeof(float));
  item(w, visible, t->n_visible * sizeof(float));
  item(w, hidden, t->n_hidden * sizeof(float));
  if (t->binary) {
    item(w, &t->thermostat.regulation, sizeof t->thermostat.regulation);
    item(w, &t->model->beta, sizeof t->model->beta);
    item(w, &t->telemetry_bytes, sizeof t->telemetry_bytes);
  }
  for (size_t k = 0; k < t->n_blocks; k++) { /* hidden states are drawn anew from these */
    item(w, t->blocks[k].v, t->n_visible * PBL_GIBBS_LANES * sizeof(float));
    item(w, t->blocks[k].gen, sizeof t->blocks[k].gen);
  }
}

typedef struct {
  char magic[8];
  pbl_run_identity id;
  int32_t epoch, n_log;
} header;

pbl_status pbl_checkpoint_take(pbl_checkpoint *c, const pbl_run_identity *id, pbl_pcd *t, int epoch,
                               const pbl_train_log *log, size_t n_log, pbl_error *err) {
  header h = {.id = *id, .epoch = epoch, .n_log = (int32_t)n_log};
  memcpy(h.magic, magic, sizeof magic);
  walker w = {.mode = COUNT};
  walk_state(&w, t);
  const size_t n_bytes = sizeof h + w.n_bytes + n_log * sizeof *log + sizeof(uint32_t);
  unsigned char *bytes = malloc(n_bytes);
  if (!bytes)
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for a checkpoint of %zu bytes", n_bytes);
  w = (walker){.mode = SAVE, .at = bytes};
  item(&w, &h, sizeof h);
  walk_state(&w, t);
  if (n_log) memcpy(bytes + w.n_bytes, log, n_log * sizeof *log);
  const uint32_t crc = (uint32_t)crc32_z(0, bytes, n_bytes - sizeof(uint32_t));
  memcpy(bytes + n_bytes - sizeof crc, &crc, sizeof crc);
  free(c->bytes);
  *c = (pbl_checkpoint){.n_bytes = n_bytes, .bytes = bytes};
  return PBL_OK;
}

void pbl_checkpoint_free(pbl_checkpoint *c) {
  free(c->bytes);
  *c = (pbl_checkpoint){0};
}

pbl_status pbl_checkpoint_write(const pbl_checkpoint *c, const char *path, pbl_error *err) {
  return pbl_replace_file(path, c->bytes, c->n_bytes, err);
}

static pbl_status check_file(header *h, const unsigned char *bytes, size_t n_bytes,
                             const pbl_run_identity *id, size_t max_log, size_t state_bytes,
                             const char *path, pbl_error *err) {
  uint32_t stored = 0;
  if (n_bytes < sizeof *h + sizeof stored || memcmp(bytes, magic, sizeof magic) != 0)
    return pbl_fail(err, PBL_FORMAT, "%s is no checkpoint of this version; remove it", path);
  memcpy(&stored, bytes + n_bytes - sizeof stored, sizeof stored);
  if (stored != (uint32_t)crc32_z(0, bytes, n_bytes - sizeof stored))
    return pbl_fail(err, PBL_FORMAT, "%s is damaged (checksum); remove it to start anew", path);
  memcpy(h, bytes, sizeof *h);
  h->id.text[sizeof h->id.text - 1] = '\0';
  if (strcmp(h->id.text, id->text) != 0)
    return pbl_fail(err, PBL_CONFIG,
                    "%s belongs to another run; remove it or choose another folder\n"
                    "  it has: %s\n  asked:  %s",
                    path, h->id.text, id->text);
  const size_t n_log = (size_t)h->n_log;
  if (h->epoch < 0 || h->n_log < 0 || n_log > max_log ||
      n_bytes != sizeof *h + state_bytes + n_log * sizeof(pbl_train_log) + sizeof stored)
    return pbl_fail(err, PBL_CONFIG,
                    "%s has %d epochs and %d log rows, more than this run asks for; raise epochs",
                    path, h->epoch, h->n_log);
  return PBL_OK;
}

pbl_status pbl_checkpoint_read(int *epoch, pbl_train_log *log, size_t max_log, size_t *n_log,
                               pbl_pcd *t, const pbl_run_identity *id, const char *path,
                               pbl_error *err) {
  unsigned char *bytes = NULL;
  size_t n_bytes = 0;
  header h;
  *epoch = 0;
  *n_log = 0;
  walker w = {.mode = COUNT};
  walk_state(&w, t);
  pbl_status status = pbl_read_file(&bytes, &n_bytes, path, err);
  if (status || !bytes) goto done;
  status = check_file(&h, bytes, n_bytes, id, max_log, w.n_bytes, path, err);
  if (status) goto done;
  w = (walker){.mode = LOAD, .at = bytes, .n_bytes = sizeof h};
  walk_state(&w, t);
  if (t->binary) pbl_binary_refresh(t);
  *epoch = h.epoch;
  *n_log = (size_t)h.n_log;
  if (*n_log) memcpy(log, bytes + w.n_bytes, *n_log * sizeof *log);
done:
  free(bytes);
  return status;
}
