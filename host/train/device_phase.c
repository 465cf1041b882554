#include "device_phase.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pbl_hil.h"
#include "pbl_rng.h"
#include "pbl_tlm.h"
#include "pbl_uio.h"
#include "pbl_variant.h"
#include "pbl_waveform_file.h"
#include "thermostat.h"

/* Streams apart from the training's own. */
#define SEED_GENERATORS UINT64_C(0x64657669636567)
#define SEED_ROUNDING UINT64_C(0x726f756e64696e67)

struct pbl_device_phase {
  pbl_driver *driver;
  pbl_hw hw;
  pbl_chains *sample;  /* one draw of all replicas */
  signed char *states; /* replicas x (V+H) */
  size_t n_saturated;
  int epoch;
  bool fresh; /* to be uploaded before the next sweep */
  bool regulated;
  pbl_regulator_words words;
  pbl_window_log windows; /* of the last run: none or one */
  FILE *telemetry;
  pbl_waveform *waveform; /* borrowed, or NULL */
};

static uint64_t mix(uint64_t seed, uint64_t stream, uint64_t a, uint64_t b) {
  uint64_t s = seed ^ stream;
  s = pbl_splitmix64(&s) ^ a;
  s = pbl_splitmix64(&s) ^ b;
  return pbl_splitmix64(&s);
}

static pbl_status open_backend(pbl_device **dev, const pbl_hw *hw, const pbl_train_options *o,
                               pbl_progress *progress, pbl_error *err) {
  const pbl_hil_options remote = {.secret_file = o->remote_secret, .reset_seed = 1};
  if (o->device == PBL_TRAIN_TWIN) return pbl_twin_open(dev, hw, err);
  if (o->device == PBL_TRAIN_REMOTE) return pbl_hil_open(dev, o->remote, hw, &remote, err);
  const pbl_uio_options uio = {.timeout_ms = o->uio_timeout_ms};
  if (o->device == PBL_TRAIN_UIO) return pbl_uio_open(dev, o->uio, &uio, err);
  char path[4096];
  const bool is_tlm = o->device == PBL_TRAIN_TLM;
  const pbl_tlm_options tlm = {.quantum_ns = o->tlm_quantum_ns};
  pbl_status st = is_tlm ? pbl_tlm_available(err) : PBL_OK;
  const pbl_variant_options variant = {.waveform = pbl_waveform_is_wanted(o->waveform)};
  if (!st && variant.waveform) st = pbl_waveform_check_room(o->waveform, hw, err);
  if (!st) st = pbl_variant_build(path, sizeof path, hw, &variant, progress, err);
  if (!st) st = pbl_rtl_open(dev, path, 1, err);
  if (!st && variant.waveform) {
    st = pbl_waveform_begin(o->waveform, *dev, hw, progress, err);
    if (st) (*dev)->ops->close(*dev);
  }
  return !st && is_tlm ? pbl_tlm_open(dev, *dev, &tlm, err) : st;
}

/* The widest divisor of the chains that a device has lanes for. */
static int lanes_for(int chains) {
  for (int lanes = 32; lanes > 1; lanes--)
    if (chains % lanes == 0) return lanes;
  return 1;
}

/* The regulator's words; a window is a whole number of updates, 0: the epoch. */
static pbl_status set_regulator(pbl_device_phase *d, const pbl_pcd *t, size_t updates,
                                pbl_error *err) {
  d->regulated = pbl_regulator_moves(t->opt.regulator.mode);
  if (!d->regulated) return PBL_OK;
  pbl_regulator_settings s = t->opt.regulator;
  const size_t window = t->opt.window_updates ? (size_t)t->opt.window_updates : updates;
  const size_t sweeps = window * (size_t)t->opt.sweeps_per_update;
  s.window_sweeps = sweeps < UINT32_MAX ? (uint32_t)sweeps : UINT32_MAX; /* refused below */
  const pbl_regulator_load load = {.visible = (uint32_t)d->hw.n_visible,
                                   .hidden = (uint32_t)d->hw.n_hidden,
                                   .replicas = (uint32_t)d->hw.replicas};
  pbl_status st = pbl_regulator_quantise(&d->words, NULL, &s, &load, err);
  if (st) st = pbl_wrap(err, st, "training on a device, windows of %zu sweeps", sweeps);
  d->words.telemetry = true;
  if (!st) st = pbl_driver_set_regulator(d->driver, &d->words, err);
  pbl_driver_set_window_log(d->driver, &d->windows);
  return st;
}

static const char telemetry_header[] =
    "epoch,window,flips_visible,flips_hidden,energy_reference,energy_sum,energy_squares,rate,"
    "filter,"
    "lambda,temperature,beta,flags\n";

/* Lines after the checkpoint belong to updates that will be done again. */
static pbl_status open_telemetry(pbl_device_phase *d, pbl_pcd *t, const char *path,
                                 pbl_error *err) {
  struct stat there;
  if (t->telemetry_bytes > 0 && (stat(path, &there) != 0 || !S_ISREG(there.st_mode) ||
                                 (uint64_t)there.st_size < t->telemetry_bytes))
    return pbl_fail(err, PBL_FORMAT,
                    "%s is missing or shorter than at the checkpoint; put it back, or remove the "
                    "checkpoint to start anew",
                    path);
  d->telemetry = fopen(path, t->telemetry_bytes ? "r+" : "w");
  if (!d->telemetry) return pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
  if (t->telemetry_bytes == 0) {
    fputs(telemetry_header, d->telemetry);
    t->telemetry_bytes = sizeof telemetry_header - 1;
  } else if (ftruncate(fileno(d->telemetry), (off_t)t->telemetry_bytes) != 0 ||
             fseek(d->telemetry, 0, SEEK_END) != 0) {
    return pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
  }
  return PBL_OK;
}

pbl_status pbl_device_phase_create(pbl_device_phase **out, pbl_pcd *t, const char *telemetry,
                                   size_t updates, pbl_progress *progress, pbl_error *err) {
  *out = NULL;
  pbl_device_phase *d = calloc(1, sizeof *d);
  if (!d) return pbl_fail(err, PBL_NO_MEMORY, "no memory for the device");
  d->hw = t->opt.hw;
  d->hw.n_visible = (int)t->n_visible;
  d->hw.n_hidden = (int)t->n_hidden;
  d->hw.replicas = t->opt.n_chains;
  if (d->hw.lanes == 0) d->hw.lanes = lanes_for(t->opt.n_chains);
  pbl_status st = pbl_hw_check(&d->hw, err);
  if (st) st = pbl_wrap(err, st, "training on a device: %d chains", t->opt.n_chains);
  const size_t pbits = t->n_visible + t->n_hidden;
  if (!st) {
    d->states = calloc((size_t)t->opt.n_chains * pbits, sizeof *d->states);
    if (!d->states) st = pbl_fail(err, PBL_NO_MEMORY, "no memory for the device's states");
  }
  if (!st) st = pbl_chains_create(&d->sample, (size_t)t->opt.n_chains, 1, pbits, err);
  pbl_device *dev = NULL;
  const pbl_driver_options o = {.timeout_cycles = t->opt.timeout_cycles};
  pbl_waveform_arm(t->opt.waveform, "train");
  if (!st) st = open_backend(&dev, &d->hw, &t->opt, progress, err);
  if (!st) st = pbl_driver_create(&d->driver, dev, &d->hw, &o, err);
  if (st) pbl_waveform_drop(t->opt.waveform);
  d->waveform = t->opt.waveform;
  if (!st) st = pbl_driver_set_kernel(d->driver, PBL_KERNEL_CYCLIC, err);
  if (!st) st = set_regulator(d, t, updates, err);
  if (!st && d->regulated) st = open_telemetry(d, t, telemetry, err);
  if (st) {
    pbl_device_phase_destroy(d);
    return st;
  }
  *out = d;
  return PBL_OK;
}

void pbl_device_phase_destroy(pbl_device_phase *d) {
  if (!d) return;
  pbl_waveform_end(d->waveform);
  pbl_driver_destroy(d->driver);
  pbl_window_log_free(&d->windows);
  if (d->telemetry) fclose(d->telemetry);
  pbl_chains_destroy(d->sample);
  free(d->states);
  free(d);
}

/* The model as it is now, in the device's format. */
static pbl_status upload(pbl_device_phase *d, const pbl_pcd *t, size_t update, pbl_error *err) {
  pbl_image *image = NULL;
  pbl_quantisation q = {0};
  const uint64_t seed = mix(t->opt.seed, SEED_ROUNDING, (uint64_t)d->epoch, update);
  pbl_status st =
      t->opt.stochastic_rounding
          ? pbl_image_create_stochastic(&image, &q, t->model, &d->hw, t->model->beta, seed, err)
          : pbl_image_create(&image, &q, t->model, &d->hw, t->model->beta, err);
  if (!st) st = pbl_driver_upload(d->driver, image, NULL, err);
  pbl_image_destroy(image);
  if (!st && q.n_saturated > d->n_saturated) d->n_saturated = q.n_saturated;
  return st;
}

static void pack(pbl_device_phase *d, const pbl_pcd *t) {
  const size_t n_v = t->n_visible, n_h = t->n_hidden;
  for (size_t c = 0; c < (size_t)t->opt.n_chains; c++) {
    const pbl_gibbs_block *b = &t->blocks[c / PBL_GIBBS_LANES];
    const size_t lane = c % PBL_GIBBS_LANES;
    signed char *s = d->states + c * (n_v + n_h);
    for (size_t i = 0; i < n_v; i++) s[i] = b->v[i * PBL_GIBBS_LANES + lane] > 0.0f ? 1 : -1;
    for (size_t j = 0; j < n_h; j++) s[n_v + j] = -1; /* drawn anew by the first half-sweep */
  }
}

static void unpack(const pbl_device_phase *d, pbl_pcd *t) {
  const size_t n_v = t->n_visible, n_h = t->n_hidden;
  for (size_t c = 0; c < (size_t)t->opt.n_chains; c++) {
    pbl_gibbs_block *b = &t->blocks[c / PBL_GIBBS_LANES];
    const size_t lane = c % PBL_GIBBS_LANES;
    const uint8_t *row = pbl_chains_row(d->sample, c, 0);
    for (size_t i = 0; i < n_v; i++)
      b->v[i * PBL_GIBBS_LANES + lane] = (row[i >> 3] >> (i & 7)) & 1 ? 1.0f : -1.0f;
    for (size_t j = 0; j < n_h; j++) {
      const size_t p = n_v + j;
      b->h[j * PBL_GIBBS_LANES + lane] = (row[p >> 3] >> (p & 7)) & 1 ? 1.0f : -1.0f;
    }
  }
}

/* lambda and filter are whole words, since they came from the device or begin as its words do. */
static pbl_status write_regulator(pbl_device_phase *d, const pbl_pcd *t, pbl_error *err) {
  const pbl_regulation *r = &t->thermostat.regulation;
  if (!(r->lambda >= -4.0 && r->lambda < 4.0)) /* Q2.24 */
    return pbl_fail(err, PBL_NUMERIC,
                    "training on the device: log T has reached %.3g in epoch %d, the device "
                    "holds -4 to 4; lower the learning rate or regulator.gain",
                    r->lambda, d->epoch + 1);
  d->words.lambda = (int32_t)lrint(ldexp(r->lambda, 24));
  d->words.filter = (uint32_t)lrint(ldexp(r->filter, 31));
  d->words.macro = t->opt.regulator.mode == PBL_REGULATOR_SRTRBM
                       ? pbl_regulator_macro_word(t->opt.regulator.gap_scale * r->gap)
                       : 0;
  return pbl_driver_set_regulator(d->driver, &d->words, err);
}

pbl_status pbl_device_phase_begin(pbl_device_phase *d, const pbl_pcd *t, int epoch,
                                  pbl_error *err) {
  d->epoch = epoch;
  d->fresh = true;
  pack(d, t);
  pbl_status st =
      pbl_driver_seed(d->driver, mix(t->opt.seed, SEED_GENERATORS, (uint64_t)epoch, 0), err);
  if (!st) st = pbl_driver_set_state(d->driver, d->states, err);
  if (st || !d->regulated) return st;
  st = pbl_driver_window_clear(d->driver, err);
  return st ? st : write_regulator(d, t, err);
}

static double beta_of(const pbl_device_phase *d, uint32_t word) {
  return ldexp((double)(word ? word : 1u), -d->hw.beta_frac);
}

/* The beta of the sweeps just done: behind a window's end the device already has the next one. */
static pbl_status take_beta(pbl_device_phase *d, pbl_pcd *t, pbl_error *err) {
  pbl_regulator_state state;
  if (d->windows.n > 0) {
    t->model->beta = beta_of(d, d->windows.items[d->windows.n - 1].beta);
    return PBL_OK;
  }
  const pbl_status st = pbl_driver_regulator_read(d->driver, &state, err);
  if (!st) t->model->beta = beta_of(d, state.beta_active);
  return st;
}

pbl_status pbl_device_phase_run(pbl_device_phase *d, pbl_pcd *t, size_t update, pbl_error *err) {
  pbl_status st = PBL_OK;
  if (d->fresh || update % (size_t)t->opt.upload_every == 0) st = upload(d, t, update, err);
  d->fresh = false;
  d->sample->n_recorded = 0;
  d->windows.n = 0;
  if (!st)
    st = pbl_driver_run(d->driver, d->sample, 1, (size_t)t->opt.sweeps_per_update, NULL, err);
  if (!st) unpack(d, t);
  if (!st && d->regulated) st = take_beta(d, t, err);
  return st ? pbl_wrap(err, st, "training on the device, epoch %d, update %zu", d->epoch + 1,
                       update + 1)
            : PBL_OK;
}

static pbl_status write_telemetry(pbl_device_phase *d, pbl_pcd *t, const pbl_window *w,
                                  pbl_error *err) {
  const int n =
      fprintf(d->telemetry,
              "%d,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRId64 ",%" PRId64 ",%" PRIu64
              ",%.9g,%.10g,%.9g,%.9g,%.9g,%" PRIu32 "\n",
              d->epoch + 1, w->index, w->flips_v, w->flips_h, w->energy_ref, w->energy_sum,
              w->energy_sq, ldexp(w->rate, -24), ldexp(w->filter, -31), ldexp(w->lambda, -24),
              ldexp(w->temperature, -24), ldexp(w->beta, -d->hw.beta_frac), w->flags);
  if (n < 0 || fflush(d->telemetry) != 0)
    return pbl_fail(err, PBL_IO, "cannot write the telemetry: %s", strerror(errno));
  t->telemetry_bytes += (uint64_t)n;
  return PBL_OK;
}

pbl_status pbl_device_phase_window(pbl_device_phase *d, pbl_pcd *t, double gap, pbl_error *err) {
  if (d->windows.n == 0) return PBL_OK;
  const pbl_window *w = &d->windows.items[d->windows.n - 1];
  pbl_regulation *r = &t->thermostat.regulation;
  pbl_regulator_state state;
  pbl_status st = pbl_driver_regulator_read(d->driver, &state, err);
  if (!st) st = write_telemetry(d, t, w, err);
  if (st) return st;
  r->windows++;
  r->gaps++;
  r->gap += (gap - r->gap) / (double)r->gaps;
  r->lambda = ldexp(w->lambda, -24);
  r->filter = ldexp(w->filter, -31);
  r->flags = w->flags;
  t->model->beta = beta_of(d, state.beta_active);
  r->temperature = 1.0 / t->model->beta;
  if (t->opt.gauge_fixing && t->model->beta != 1.0) {
    /* beta has fewer digits than lambda: what it could not show stays for the next window */
    const double rest = r->lambda + log(t->model->beta);
    pbl_thermostat_fold(t);
    r->lambda = ldexp(rint(ldexp(rest, 24)), -24);
    d->fresh = true;
  }
  return write_regulator(d, t, err);
}

size_t pbl_device_phase_saturated(const pbl_device_phase *d) {
  return d->n_saturated;
}
