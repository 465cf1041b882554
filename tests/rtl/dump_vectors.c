/* Drives the twin through the driver and records what crosses its bus, for tb_pbit_top.sv.
 *
 * Usage: dump_vectors SHAPE BUS_FILE STREAM_FILE TELEMETRY_FILE; prints the shape as parameters of
 * the testbench.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_chains.h"
#include "pbl_driver.h"
#include "pbl_image.h"
#include "pbl_lattice_model.h"
#include "pbl_regs.h"

enum { OP_WRITE, OP_READ, OP_WAIT_RUN, OP_WAIT_HASH, OP_WORDS, OP_TELEMETRY, OP_END = 15 };

/* A device that passes everything on to the twin and writes it down. */
typedef struct {
  pbl_device base;
  pbl_device *twin;
  FILE *bus, *stream, *telemetry;
  uint32_t n_words, n_telemetry;
} recorder;

static recorder *self(pbl_device *dev) {
  return (recorder *)dev;
}

static void record(recorder *r, unsigned op, uint32_t address, uint32_t data) {
  fprintf(r->bus, "%x%03" PRIx32 "%08" PRIx32 "\n", op, address, data);
}

static void recorder_close(pbl_device *dev) {
  self(dev)->twin->ops->close(self(dev)->twin);
  free(dev);
}

/* Reads of the driver depend on time; those worth comparing are recorded at the end of a run. */
static pbl_status recorder_read32(pbl_device *dev, uint32_t *value, uint32_t address,
                                  pbl_error *err) {
  return self(dev)->twin->ops->read32(self(dev)->twin, value, address, err);
}

static pbl_status recorder_write32(pbl_device *dev, uint32_t address, uint32_t value,
                                   pbl_error *err) {
  recorder *r = self(dev);
  record(r, OP_WRITE, address, value);
  if (address == PBL_REG_CTRL && (value & PBL_CTRL_START_MASK)) record(r, OP_WAIT_RUN, 0, 0);
  if (address == PBL_REG_CTRL && (value & PBL_CTRL_CHECK_MASK)) record(r, OP_WAIT_HASH, 0, 0);
  return r->twin->ops->write32(r->twin, address, value, err);
}

/* One stream's stream_read or telemetry_read. */
typedef pbl_status read_words(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                              size_t *n_words, pbl_error *err);

static pbl_status record_words(recorder *r, FILE *file, read_words *read, uint32_t *dst,
                               uint8_t *last, size_t max_words, size_t *n_words, pbl_error *err) {
  uint8_t own_last[4096];
  if (last == NULL) last = own_last;
  if (max_words > sizeof own_last) max_words = sizeof own_last;
  const pbl_status s = read(r->twin, dst, last, max_words, n_words, err);
  for (size_t i = 0; s == PBL_OK && i < *n_words; i++)
    fprintf(file, "%x%08" PRIx32 "\n", last[i], dst[i]);
  return s;
}

static pbl_status recorder_stream_read(pbl_device *dev, uint32_t *dst, uint8_t *last,
                                       size_t max_words, size_t *n_words, pbl_error *err) {
  recorder *r = self(dev);
  const pbl_status s =
      record_words(r, r->stream, r->twin->ops->stream_read, dst, last, max_words, n_words, err);
  if (s == PBL_OK) r->n_words += (uint32_t)*n_words;
  return s;
}

static pbl_status recorder_telemetry_read(pbl_device *dev, uint32_t *dst, uint8_t *last,
                                          size_t max_words, size_t *n_words, pbl_error *err) {
  recorder *r = self(dev);
  const pbl_status s = record_words(r, r->telemetry, r->twin->ops->telemetry_read, dst, last,
                                    max_words, n_words, err);
  if (s == PBL_OK) r->n_telemetry += (uint32_t)*n_words;
  return s;
}

static pbl_status recorder_advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  return self(dev)->twin->ops->advance(self(dev)->twin, max_cycles, err);
}

static uint64_t recorder_cycles(const pbl_device *dev) {
  const pbl_device *twin = ((const recorder *)dev)->twin;
  return twin->ops->cycles(twin);
}

static const pbl_device_ops recorder_ops = {
    .name = "recorder",
    .close = recorder_close,
    .read32 = recorder_read32,
    .write32 = recorder_write32,
    .stream_read = recorder_stream_read,
    .telemetry_read = recorder_telemetry_read,
    .advance = recorder_advance,
    .cycles = recorder_cycles,
};

/* ---- what is run ---- */

typedef struct {
  const char *name;
  pbl_hw hw;
  int clamps; /* every third p-bit keeps its state */
} shape;

/* 16-bit thresholds and large weights, so that saturations and freezes are counted, too. */
static int find_shape(shape *out, const char *name) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 5;
  hw.n_hidden = 4;
  hw.replicas = hw.lanes = 2;
  hw.table_size = 64;
  hw.threshold_bits = 16;
  *out = (shape){.name = name, .hw = hw};
  if (strcmp(name, "one_context") == 0) return 1;
  if (strcmp(name, "two_contexts") == 0) {
    out->hw.replicas = 4;
    out->clamps = 1;
    return 1;
  }
  if (strcmp(name, "lattice") == 0) { /* two contexts, rows of two, clamps */
    out->hw.replicas = 4;
    out->hw.lattice = (pbl_hw_lattice){.n_rules = 1, .rule_a = {0}, .rule_b = {1}};
    pbl_hw_set_lattice(&out->hw, 4, 2);
    out->clamps = 1;
    return 1;
  }
  if (strcmp(name, "ladder") == 0) { /* three rungs: a label frame of two words */
    out->hw.replicas = 6;
    out->hw.exchange = true;
    return 1;
  }
  if (strcmp(name, "lfsr") == 0) { /* and frames of more than one word: 18 p-bits of 3 lanes */
    out->hw.n_visible = 7;
    out->hw.n_hidden = 11;
    out->hw.replicas = out->hw.lanes = 3;
    out->hw.generator = PBL_GEN_LFSR32;
    out->hw.lfsr_steps = 8;
    return 1;
  }
  return 0;
}

/* Registers that must agree when a run has ended and its stream is empty. */
static pbl_status record_registers(recorder *r, const pbl_hw *hw, pbl_error *err) {
  static const uint32_t addresses[] = {PBL_REG_ID,
                                       PBL_REG_VERSION,
                                       PBL_REG_CAPS0,
                                       PBL_REG_CAPS_SIZE,
                                       PBL_REG_CAPS_REPLICAS,
                                       PBL_REG_CAPS_FORMAT,
                                       PBL_REG_STATUS,
                                       PBL_REG_CAPS_ACTIVATION,
                                       PBL_REG_BETA_ACTIVE,
                                       PBL_REG_IMG_HASH,
                                       PBL_REG_BUSY_CYCLES_LO,
                                       PBL_REG_BUSY_CYCLES_HI,
                                       PBL_REG_SWEEP_COUNT_LO,
                                       PBL_REG_SWEEP_COUNT_HI,
                                       PBL_REG_FLIPS_LO,
                                       PBL_REG_FLIPS_HI,
                                       PBL_REG_SATURATIONS_LO,
                                       PBL_REG_SATURATIONS_HI,
                                       PBL_REG_FREEZES_LO,
                                       PBL_REG_FREEZES_HI,
                                       PBL_REG_SAMPLES_LO,
                                       PBL_REG_SAMPLES_HI,
                                       PBL_REG_PROBE_FIELD,
                                       PBL_REG_PROBE_RANDOM,
                                       PBL_REG_PROBE_THRESHOLD,
                                       PBL_REG_PROBE_STATE,
                                       PBL_REG_CONFIG};
  pbl_status s = PBL_OK;
  uint32_t value;
  record(r, OP_WORDS, 0, r->n_words);
  record(r, OP_TELEMETRY, 0, r->n_telemetry);
  for (size_t i = 0; s == PBL_OK && i < sizeof addresses / sizeof addresses[0]; i++) {
    s = recorder_read32(&r->base, &value, addresses[i], err);
    record(r, OP_READ, addresses[i], value);
  }
  for (uint32_t at = PBL_REG_REG_CONFIG; s == PBL_OK && at <= PBL_REG_SCHED_SWEEPS; at += 4) {
    s = recorder_read32(&r->base, &value, at, err);
    record(r, OP_READ, at, value);
  }
  for (uint32_t replica = 0; s == PBL_OK && replica <= (uint32_t)hw->replicas; replica++) {
    s = recorder_write32(&r->base, PBL_REG_REPLICA_SELECT, replica, err);
    for (uint32_t half = 0; s == PBL_OK && half < 8; half += 4) {
      s = recorder_read32(&r->base, &value, PBL_REG_ENERGY_LO + half, err);
      record(r, OP_READ, PBL_REG_ENERGY_LO + half, value);
    }
  }
  return s;
}

/* Labels, position and counters of replica exchange. */
static pbl_status record_exchange(recorder *r, const pbl_hw *hw, pbl_error *err) {
  static const uint32_t counters[] = {PBL_REG_EXCH_POSITION, PBL_REG_EXCH_TRIES,
                                      PBL_REG_EXCH_ACCEPTS};
  pbl_status s = PBL_OK;
  uint32_t value;
  for (uint32_t replica = 0; s == PBL_OK && replica <= (uint32_t)hw->replicas; replica++) {
    s = recorder_write32(&r->base, PBL_REG_REPLICA_SELECT, replica, err);
    if (s == PBL_OK) s = recorder_read32(&r->base, &value, PBL_REG_EXCH_LABEL, err);
    record(r, OP_READ, PBL_REG_EXCH_LABEL, value);
  }
  for (uint32_t pair = 0; s == PBL_OK && pair < 3; pair++) {
    s = recorder_write32(&r->base, PBL_REG_EXCH_SELECT, pair, err);
    for (size_t i = 0; s == PBL_OK && i < 3; i++) {
      s = recorder_read32(&r->base, &value, counters[i], err);
      record(r, OP_READ, counters[i], value);
    }
  }
  return s;
}

/* Vectors in which nothing happens would agree with anything. */
static pbl_status check_counters(pbl_driver *d, pbl_error *err) {
  pbl_driver_counters c;
  const pbl_status s = pbl_driver_counters_read(d, &c, err);
  if (s == PBL_OK && (c.flips == 0 || c.saturations == 0 || c.freezes == 0 || c.samples == 0))
    return pbl_fail(err, PBL_INVALID,
                    "flips %" PRIu64 ", saturations %" PRIu64 ", freezes %" PRIu64
                    ": the vectors do not reach everything",
                    c.flips, c.saturations, c.freezes);
  return s;
}

/* Around a schedule of six sweeps, with windows of three. */
static pbl_status run_schedule(recorder *r, pbl_driver *d, pbl_regulator_words *w, const pbl_hw *hw,
                               pbl_error *err) {
  const pbl_schedule_words schedule = {
      .n = 3, .beta = {900, 50, 2000}, .sweeps = {1, 2, 3}, .repeat = true};
  w->mode = PBL_REGULATOR_FIXED;
  w->scheduled = true;
  w->window_sweeps = 3;
  pbl_status s = pbl_driver_set_schedule(d, &schedule, err);
  if (s == PBL_OK) s = pbl_driver_set_regulator(d, w, err);
  if (s == PBL_OK) s = pbl_driver_run(d, NULL, 4, 1, NULL, err);
  if (s == PBL_OK) s = record_registers(r, hw, err);
  if (s == PBL_OK) s = pbl_driver_run(d, NULL, 13, 1, NULL, err);
  return s == PBL_OK ? record_registers(r, hw, err) : s;
}

/* Windows that span runs, in one mode after another; twins where lanes come in pairs. */
static pbl_status run_regulator(recorder *r, pbl_driver *d, const pbl_hw *hw, pbl_error *err) {
  pbl_regulator_words w = pbl_regulator_words_default();
  w.telemetry = true;
  w.rate_scale = 0x200000;
  w.rate_set = 0x300000;
  w.gain = 0x1800000;
  w.smoothing = 9000;
  w.filter = 0x10000000;
  w.macro = 0x200000;
  w.rate_limit = 0x200000;
  w.rate_shift = 2;
  pbl_status s = hw->lanes % 2 == 0 ? pbl_driver_set_coupled(d, true, err) : PBL_OK;
  for (int mode = 0; s == PBL_OK && mode < PBL_N_REGULATOR_MODES; mode++) {
    w.mode = (pbl_regulator_mode)mode;
    w.window_sweeps = mode % 2 ? 3 : 1;
    w.source = mode != 2;
    s = pbl_driver_set_regulator(d, &w, err);
    if (s == PBL_OK) s = pbl_driver_run(d, NULL, 8, 1, NULL, err);
    if (s == PBL_OK) s = pbl_driver_run(d, NULL, 2, 2, NULL, err);
    if (s == PBL_OK) s = record_registers(r, hw, err);
  }
  if (s == PBL_OK) s = run_schedule(r, d, &w, hw, err);
  if (s == PBL_OK && r->n_telemetry < 16 * 20)
    return pbl_fail(err, PBL_INVALID, "too few records of windows");
  return s;
}

/* Passes of both schemes, label frames between them, windows. */
static pbl_status run_ladder(recorder *r, pbl_driver *d, pbl_chains *chains, const pbl_hw *hw,
                             pbl_error *err) {
  pbl_ladder_words ladder = {.n = 3, .beta = {4096, 3000, 1500}, .every = 2};
  pbl_regulator_words w = pbl_regulator_words_default();
  pbl_exchange_state state;
  w.mode = PBL_REGULATOR_FIXED;
  w.ladder = w.telemetry = true;
  w.window_sweeps = 3;
  pbl_status s = pbl_driver_set_regulator(d, &w, err);
  for (int random = 0; s == PBL_OK && random < 2; random++) {
    ladder.random = random != 0;
    ladder.every -= (uint32_t)random;
    s = pbl_driver_set_ladder(d, &ladder, err);
    if (s == PBL_OK) s = pbl_driver_run(d, chains, 25, 1 + (size_t)random, NULL, err);
    if (s == PBL_OK) s = record_registers(r, hw, err);
    if (s == PBL_OK) s = record_exchange(r, hw, err);
  }
  if (s == PBL_OK) s = pbl_driver_exchange_read(d, &state, err);
  for (int k = 0; s == PBL_OK && k < 2; k++) {
    if (state.accepts[k] == 0 || state.accepts[k] == state.tries[k])
      return pbl_fail(err, PBL_INVALID, "pair %d: %u of %u exchanges: the vectors show too little",
                      k, state.accepts[k], state.tries[k]);
  }
  return s;
}

/* A sample every sweep, every third sweep with another beta and order, and the state as it is. */
static pbl_status run_kernels(recorder *r, pbl_driver *d, pbl_chains *chains,
                              const pbl_image *image, const pbl_hw *hw, pbl_error *err) {
  pbl_status s = pbl_driver_run(d, chains, 150, 1, NULL, err);
  if (s == PBL_OK) s = record_registers(r, hw, err);
  if (s == PBL_OK) s = pbl_driver_set_kernel(d, PBL_KERNEL_PALINDROMIC, err);
  if (s == PBL_OK) s = pbl_driver_set_beta(d, image->beta / 3, err);
  if (s == PBL_OK) s = pbl_driver_run(d, chains, 50, 3, NULL, err);
  if (s == PBL_OK) s = pbl_driver_run(d, chains, 1, 0, NULL, err);
  if (s == PBL_OK) s = pbl_driver_run(d, NULL, 7, 1, NULL, err);
  if (s == PBL_OK) s = record_registers(r, hw, err);
  if (s == PBL_OK) s = pbl_driver_set_kernel(d, PBL_KERNEL_COIN, err);
  if (s == PBL_OK) s = pbl_driver_run(d, chains, 20, 1, NULL, err);
  if (s == PBL_OK) s = record_registers(r, hw, err);
  return s == PBL_OK ? run_regulator(r, d, hw, err) : s;
}

static pbl_status run(recorder *r, pbl_driver *d, const shape *sh, const pbl_image *image,
                      pbl_error *err) {
  const pbl_hw *hw = &sh->hw;
  const size_t n = (size_t)pbl_hw_pbits(hw) * (size_t)hw->replicas;
  pbl_chains *chains = NULL;
  signed char *states = malloc(n);
  if (states == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory");
  for (size_t i = 0; i < n; i++) states[i] = i % 5 < 2 ? 1 : -1;
  pbl_status s =
      pbl_chains_create(&chains, (size_t)hw->replicas, 221, (size_t)pbl_hw_pbits(hw), err);
  if (s == PBL_OK) s = pbl_driver_upload(d, image, NULL, err);
  if (s == PBL_OK) s = pbl_driver_seed(d, 11, err);
  if (s == PBL_OK) s = pbl_driver_set_state(d, states, err);
  if (s == PBL_OK) s = pbl_driver_probe_select(d, hw->n_visible + 1, hw->replicas - 1, err);
  if (s == PBL_OK)
    s = hw->exchange ? run_ladder(r, d, chains, hw, err)
                     : run_kernels(r, d, chains, image, hw, err);
  if (s == PBL_OK) s = check_counters(d, err);
  record(r, OP_END, 0, 0);
  pbl_chains_destroy(chains);
  free(states);
  return s;
}

static pbl_status dump(const shape *sh, FILE *const files[3], pbl_error *err) {
  const pbl_hw *hw = &sh->hw;
  pbl_rbm *model = NULL;
  pbl_image *image = NULL;
  pbl_driver *d = NULL;
  recorder *r = calloc(1, sizeof *r);
  if (r == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory");
  *r = (recorder){
      .base.ops = &recorder_ops, .bus = files[0], .stream = files[1], .telemetry = files[2]};
  const pbl_lattice_law law = {
      .couplings = PBL_GAUSSIAN, .scale = 3, .field_scale = 0.5, .seed = 3};
  pbl_status s = hw->fabric == PBL_FABRIC_LATTICE
                     ? pbl_lattice_model(&model, &hw->lattice, &law, err)
                     : pbl_rbm_random(&model, hw->n_visible, hw->n_hidden, 1.5, 0.5, 3, err);
  if (s == PBL_OK) s = pbl_image_create(&image, NULL, model, hw, 1.0, err);
  for (int p = 0; s == PBL_OK && sh->clamps && p < pbl_hw_pbits(hw); p += 3) image->clamp[p] = 1;
  if (s == PBL_OK) s = pbl_twin_open(&r->twin, hw, err);
  if (s != PBL_OK) {
    free(r);
  } else {
    s = pbl_driver_create(&d, &r->base, hw, NULL, err); /* owns r from here */
    if (s == PBL_OK) s = run(r, d, sh, image, err);
  }
  pbl_driver_destroy(d);
  pbl_image_destroy(image);
  pbl_rbm_destroy(model);
  return s;
}

static void print_parameters(const pbl_hw *hw) {
  int table_log2 = 0;
  while ((1 << table_log2) < hw->table_size) table_log2++;
  printf(
      "Visible=%d\nHidden=%d\nReplicas=%d\nLanes=%d\nTableLog2=%d\nThresholdBits=%d\n"
      "Generator=%d\nLfsrSteps=%d\nExchange=%d\n",
      hw->n_visible, hw->n_hidden, hw->replicas, hw->lanes, table_log2, hw->threshold_bits,
      (int)hw->generator, hw->lfsr_steps, hw->exchange);
  if (hw->fabric == PBL_FABRIC_LATTICE)
    printf("Fabric=2\nSide=%d\nSites=%d\nNRules=1\n", hw->lattice.side, hw->lattice.sites);
}

int main(int argc, char **argv) {
  shape sh;
  if (argc != 5 || !find_shape(&sh, argv[1])) {
    fputs(
        "usage: dump_vectors one_context|two_contexts|lfsr|lattice|ladder BUS_FILE STREAM_FILE "
        "TELEMETRY_FILE\n",
        stderr);
    return 2;
  }
  pbl_error err = {.message = ""};
  pbl_status s = PBL_OK;
  FILE *files[3];
  for (int i = 0; i < 3; i++) {
    files[i] = fopen(argv[2 + i], "w");
    if (files[i] == NULL) s = pbl_fail(&err, PBL_IO, "cannot create %s", argv[2 + i]);
  }
  if (s == PBL_OK) s = dump(&sh, files, &err);
  for (int i = 0; i < 3; i++) {
    if (files[i] != NULL && fclose(files[i]) != 0 && s == PBL_OK)
      s = pbl_fail(&err, PBL_IO, "cannot write %s", argv[2 + i]);
  }
  if (s != PBL_OK) {
    fprintf(stderr, "dump_vectors: %s\n", err.message);
    return pbl_status_exit_code(s);
  }
  print_parameters(&sh.hw);
  return 0;
}
