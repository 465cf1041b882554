#include "device_phase.h"

#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"
#include "pbl_variant.h"

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
  bool fresh; /* nothing uploaded in this epoch */
};

static uint64_t mix(uint64_t seed, uint64_t stream, uint64_t a, uint64_t b) {
  uint64_t s = seed ^ stream;
  s = pbl_splitmix64(&s) ^ a;
  s = pbl_splitmix64(&s) ^ b;
  return pbl_splitmix64(&s);
}

static pbl_status open_backend(pbl_device **dev, const pbl_hw *hw, pbl_train_device which,
                               pbl_progress *progress, pbl_error *err) {
  if (which == PBL_TRAIN_TWIN) return pbl_twin_open(dev, hw, err);
  char path[4096];
  pbl_status st = pbl_variant_build(path, sizeof path, hw, NULL, progress, err);
  return st ? st : pbl_rtl_open(dev, path, 1, err);
}

/* The widest divisor of the chains that a device has lanes for. */
static int lanes_for(int chains) {
  for (int lanes = 32; lanes > 1; lanes--)
    if (chains % lanes == 0) return lanes;
  return 1;
}

pbl_status pbl_device_phase_create(pbl_device_phase **out, const pbl_pcd *t, pbl_progress *progress,
                                   pbl_error *err) {
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
  if (!st) st = open_backend(&dev, &d->hw, t->opt.device, progress, err);
  if (!st) st = pbl_driver_create(&d->driver, dev, &d->hw, NULL, err);
  if (!st) st = pbl_driver_set_kernel(d->driver, PBL_KERNEL_CYCLIC, err);
  if (st) {
    pbl_device_phase_destroy(d);
    return st;
  }
  *out = d;
  return PBL_OK;
}

void pbl_device_phase_destroy(pbl_device_phase *d) {
  if (!d) return;
  pbl_driver_destroy(d->driver);
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

pbl_status pbl_device_phase_begin(pbl_device_phase *d, const pbl_pcd *t, int epoch,
                                  pbl_error *err) {
  d->epoch = epoch;
  d->fresh = true;
  pack(d, t);
  pbl_status st =
      pbl_driver_seed(d->driver, mix(t->opt.seed, SEED_GENERATORS, (uint64_t)epoch, 0), err);
  return st ? st : pbl_driver_set_state(d->driver, d->states, err);
}

pbl_status pbl_device_phase_run(pbl_device_phase *d, pbl_pcd *t, size_t update, pbl_error *err) {
  pbl_status st = PBL_OK;
  if (d->fresh || update % (size_t)t->opt.upload_every == 0) st = upload(d, t, update, err);
  d->fresh = false;
  d->sample->n_recorded = 0;
  if (!st)
    st = pbl_driver_run(d->driver, d->sample, 1, (size_t)t->opt.sweeps_per_update, NULL, err);
  if (!st) unpack(d, t);
  return st ? pbl_wrap(err, st, "training on the device, epoch %d, update %zu", d->epoch + 1,
                       update + 1)
            : PBL_OK;
}

size_t pbl_device_phase_saturated(const pbl_device_phase *d) {
  return d->n_saturated;
}

pbl_driver *pbl_device_phase_driver(pbl_device_phase *d) {
  return d->driver;
}
