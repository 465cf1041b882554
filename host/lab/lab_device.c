/* Drives the device: weights, registers, windows. */
#include "lab_device.h"

#include <math.h>
#include <stdlib.h>

#include "pbl_rng.h"

#define N PBL_TESTBED_UNITS
#define MAX_LANES 32
#define SEED_STATES UINT64_C(0x7374617465)

_Static_assert(PBL_LAB_UNITS == N, "the configuration knows the size of the test bed");

/* Its random numbers: states and generators of one repeat. */
static uint64_t seed_of(const lab_rig *rig, uint64_t stream, int repeat) {
  uint64_t s = rig->seed;
  s = pbl_splitmix64(&s) ^ stream;
  s = pbl_splitmix64(&s) ^ (uint64_t)repeat;
  return pbl_splitmix64(&s);
}

/* The same law over -1, +1: J = W/4, B = b/2 + rowsum(W)/4, C = a/2 + colsum(W)/4. */
static pbl_status spins_of(pbl_rbm **out, const pbl_testbed_model *m, pbl_error *err) {
  const pbl_status status = pbl_rbm_create(out, N, N, err);
  if (status != PBL_OK) return status;
  for (int i = 0; i < N; i++) {
    double row = 0.0, column = 0.0;
    for (int j = 0; j < N; j++) {
      (*out)->w[i * N + j] = (float)(0.25 * m->w[i][j]);
      row += m->w[i][j];
      column += m->w[j][i];
    }
    (*out)->b[i] = (float)(0.5 * m->b[i] + 0.25 * row);
    (*out)->c[i] = (float)(0.5 * m->a[i] + 0.25 * column);
  }
  return PBL_OK;
}

/* And back. */
static pbl_testbed_model units_of(const pbl_rbm *spins) {
  pbl_testbed_model m;
  for (int i = 0; i < N; i++) {
    m.b[i] = 2.0 * (double)spins->b[i];
    m.a[i] = 2.0 * (double)spins->c[i];
  }
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      const double w = 4.0 * (double)spins->w[i * N + j];
      m.w[i][j] = w;
      m.b[i] -= 0.5 * w;
      m.a[j] -= 0.5 * w;
    }
  return m;
}

static pbl_hw hw_of(const pbl_lab_device *setup) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = N;
  hw.replicas = setup->replicas;
  hw.weight_int = setup->weight_int;
  hw.weight_frac = setup->weight_frac;
  hw.lanes = MAX_LANES;
  while (hw.replicas % hw.lanes != 0) hw.lanes--;
  return hw;
}

pbl_status lab_rig_open(lab_rig *rig, const pbl_testbed_model *m, const pbl_lab_device *setup,
                        uint64_t seed, lab_clock *clock, pbl_error *err) {
  pbl_device *device = NULL;
  pbl_rbm *spins = NULL, *held = NULL;
  pbl_image *image = NULL;
  *rig = (lab_rig){.setup = setup, .hw = hw_of(setup), .seed = seed, .clock = clock};
  pbl_status status = pbl_hw_check(&rig->hw, err);
  if (status == PBL_OK) status = spins_of(&spins, m, err);
  if (status == PBL_OK) status = pbl_image_create(&image, NULL, spins, &rig->hw, 1.0, err);
  if (status == PBL_OK) status = pbl_twin_open(&device, &rig->hw, err);
  if (status == PBL_OK) status = pbl_driver_create(&rig->driver, device, &rig->hw, NULL, err);
  if (status == PBL_OK) status = pbl_driver_set_kernel(rig->driver, PBL_KERNEL_CYCLIC, err);
  if (status == PBL_OK) status = pbl_driver_upload(rig->driver, image, NULL, err);
  if (status == PBL_OK) status = pbl_image_dequantise(&held, image, spins, err);
  if (status == PBL_OK) {
    rig->held = units_of(held);
    pbl_driver_set_window_log(rig->driver, &rig->log);
  }
  pbl_image_destroy(image);
  pbl_rbm_destroy(held);
  pbl_rbm_destroy(spins);
  return status != PBL_OK ? pbl_wrap(err, status, "device of the test bed") : PBL_OK;
}

void lab_rig_close(lab_rig *rig) {
  pbl_driver_destroy(rig->driver);
  pbl_window_log_free(&rig->log);
}

/* Register words with the faults that the configuration plants. */
static pbl_status words_of(pbl_regulator_words *words, const lab_rig *rig, double gain,
                           double flip_rate, pbl_error *err) {
  const pbl_regulator_load load = {
      .visible = N, .hidden = N, .replicas = (uint32_t)rig->hw.replicas};
  pbl_regulator_settings s = rig->setup->regulator;
  s.gain = gain;
  s.flip_rate = flip_rate;
  const pbl_status status = pbl_regulator_quantise(words, NULL, &s, &load, err);
  if (status != PBL_OK) return status;
  double scale = rint(words->rate_scale * rig->setup->rate_fault);
  for (; scale > UINT32_MAX && words->rate_shift > 0; words->rate_shift--) scale = rint(scale / 2);
  words->rate_scale = (uint32_t)fmin(scale, UINT32_MAX);
  words->gain = (uint32_t)fmin(rint(words->gain * rig->setup->gain_fault), UINT32_MAX);
  words->telemetry = true;
  return PBL_OK;
}

/* Fresh chains, held at the first temperature for the burn-in. */
static pbl_status start(lab_rig *rig, const pbl_regulator_words *words, uint64_t seed,
                        pbl_error *err) {
  const size_t n = (size_t)rig->hw.replicas * 2 * N;
  signed char *states = malloc(n);
  if (states == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory for %zu states", n);
  pbl_regulator_words waiting = *words;
  pbl_xoshiro rng;
  waiting.window_sweeps = 0;
  waiting.telemetry = false;
  pbl_xoshiro_seed(&rng, seed ^ SEED_STATES);
  for (size_t k = 0; k < n; k++) states[k] = pbl_xoshiro_next(&rng) >> 31 != 0 ? 1 : -1;
  pbl_status status = pbl_driver_seed(rig->driver, seed, err);
  if (status == PBL_OK) status = pbl_driver_set_state(rig->driver, states, err);
  if (status == PBL_OK) status = pbl_driver_set_regulator(rig->driver, &waiting, err);
  if (status == PBL_OK && rig->setup->burn_in > 0)
    status = pbl_driver_run(rig->driver, NULL, 1, (size_t)rig->setup->burn_in, NULL, err);
  if (status == PBL_OK) status = pbl_driver_set_regulator(rig->driver, words, err);
  if (status == PBL_OK) status = pbl_driver_window_clear(rig->driver, err);
  free(states);
  return status;
}

/* The host writes another target; lambda stays. */
static pbl_status change_target(lab_rig *rig, double gain, pbl_error *err) {
  pbl_regulator_words words;
  pbl_regulator_state state;
  pbl_status status = words_of(&words, rig, gain, rig->setup->change_flip_rate, err);
  if (status == PBL_OK) status = pbl_driver_regulator_read(rig->driver, &state, err);
  if (status != PBL_OK) return status;
  words.lambda = state.lambda;
  return pbl_driver_set_regulator(rig->driver, &words, err);
}

pbl_status lab_rig_run(lab_track *track, lab_rig *rig, double gain, int windows, bool changes,
                       uint64_t stream, pbl_error *err) {
  const pbl_lab_device *s = rig->setup;
  const size_t sweeps = s->regulator.window_sweeps;
  pbl_regulator_words words;
  pbl_status status = words_of(&words, rig, gain, s->regulator.flip_rate, err);
  rig->log.n = 0;
  for (int r = 0; r < s->repeats && status == PBL_OK; r++) {
    status = start(rig, &words, seed_of(rig, stream, r), err);
    for (int k = 0; k < windows && status == PBL_OK; k++) {
      if (changes && s->change_window > 0 && k == s->change_window)
        status = change_target(rig, gain, err);
      if (status == PBL_OK) status = pbl_driver_run(rig->driver, NULL, 1, sweeps, NULL, err);
      if (!lab_clock_tick(rig->clock, sweeps * (size_t)s->replicas) && status == PBL_OK)
        status = pbl_fail(err, PBL_INTERRUPTED, "interrupted");
    }
  }
  if (status == PBL_OK && rig->log.n != (size_t)s->repeats * (size_t)windows)
    status = pbl_fail(err, PBL_DEVICE, "%zu telemetry records of %d x %d windows", rig->log.n,
                      s->repeats, windows);
  if (status != PBL_OK) return status;
  *track = (lab_track){.items = rig->log.items,
                       .repeats = s->repeats,
                       .windows = windows,
                       .start = ldexp(words.lambda, -24)};
  return PBL_OK;
}
