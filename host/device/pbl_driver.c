#include "pbl_driver.h"

#include <stdlib.h>

#include "driver_internal.h"

#define DEFAULT_TIMEOUT_CYCLES 1000000000u
#define MAX_STILL_ROUNDS 10000u
#define MAX_SHORT_ROUNDS 20000u
#define STOP_CYCLES (1u << 22) /* patience with a device that does not stop for its user */

pbl_status pbl_driver_read(pbl_driver *d, uint32_t *value, uint32_t address, const char *name,
                           pbl_error *err) {
  const pbl_status s = d->dev->ops->read32(d->dev, value, address, err);
  if (s == PBL_OK) return PBL_OK;
  return pbl_wrap(err, s, "%s device: reading %s (0x%03X)", d->dev->ops->name, name, address);
}

pbl_status pbl_driver_write(pbl_driver *d, uint32_t address, uint32_t value, const char *name,
                            pbl_error *err) {
  const pbl_status s = d->dev->ops->write32(d->dev, address, value, err);
  if (s == PBL_OK) return PBL_OK;
  return pbl_wrap(err, s, "%s device: writing 0x%08X to %s (0x%03X)", d->dev->ops->name, value,
                  name, address);
}

pbl_status pbl_driver_read64(pbl_driver *d, uint64_t *value, uint32_t address_lo, const char *name,
                             pbl_error *err) {
  uint32_t low, high;
  pbl_status s = pbl_driver_read(d, &low, address_lo, name, err);
  if (s == PBL_OK) s = pbl_driver_read(d, &high, address_lo + 4, name, err);
  if (s == PBL_OK) *value = (uint64_t)high << 32 | low;
  return s;
}

pbl_status pbl_driver_status(pbl_driver *d, uint32_t *status, const char *after, pbl_error *err) {
  uint32_t word;
  const pbl_status s = PBL_READ(d, &word, STATUS, err);
  if (s != PBL_OK) return s;
  if (status != NULL) *status = word;
  if (word & PBL_STATUS_ERROR_MASK)
    return pbl_fail(err, PBL_DEVICE,
                    "%s device: STATUS.ERROR is set %s (STATUS 0x%08X): it refused a command or an "
                    "image write; upload the image again to clear it",
                    d->dev->ops->name, after, word);
  return PBL_OK;
}

void pbl_patience_start(pbl_patience *w, const pbl_driver *d, uint64_t batch) {
  const uint64_t now = d->dev->ops->cycles(d->dev);
  *w = (pbl_patience){.batch = batch, .since_cycles = now, .last_cycles = now};
}

pbl_status pbl_patience_check(bool *over, pbl_patience *w, const pbl_driver *d, pbl_error *err) {
  const uint64_t now = d->dev->ops->cycles(d->dev), before = w->last_cycles;
  const bool hurry = pbl_progress_stop_requested() && d->timeout_cycles > STOP_CYCLES;
  w->last_cycles = now;
  if (now < before)
    return pbl_fail(err, PBL_DEVICE,
                    "%s device: its clock count went back from %llu to %llu: it was reset or "
                    "replaced; start the run again",
                    d->dev->ops->name, (unsigned long long)before, (unsigned long long)now);
  w->still_rounds = now == before ? w->still_rounds + 1 : 0;
  if (now - before < w->batch) w->short_rounds++;
  *over = now - w->since_cycles >= (hurry ? STOP_CYCLES : d->timeout_cycles) ||
          w->still_rounds >= MAX_STILL_ROUNDS || w->short_rounds >= MAX_SHORT_ROUNDS;
  return PBL_OK;
}

uint64_t pbl_patience_waited(const pbl_patience *w) {
  return w->last_cycles - w->since_cycles;
}

const char *pbl_patience_hint(const pbl_patience *w) {
  if (w->still_rounds >= MAX_STILL_ROUNDS) return "; its clock stands still";
  if (w->short_rounds >= MAX_SHORT_ROUNDS)
    return "; its clock stops again and again, as if it had nothing to do";
  return "";
}

pbl_status pbl_driver_endless(const pbl_driver *d, const char *stream, pbl_error *err) {
  return pbl_fail(err, PBL_DEVICE,
                  "%s device: %s stream: it does not end: more than %u words came at once; open "
                  "the device again",
                  d->dev->ops->name, stream, PBL_DRIVER_MOST_WORDS);
}

static pbl_status check_identity(pbl_driver *d, pbl_error *err) {
  uint32_t id, version;
  pbl_status s = PBL_READ(d, &id, ID, err);
  if (s == PBL_OK && id != PBL_RESET_ID)
    s = pbl_fail(err, PBL_DEVICE, "%s device: ID is 0x%08X, expected 0x%08X (\"PBIT\")",
                 d->dev->ops->name, id, PBL_RESET_ID);
  if (s == PBL_OK) s = PBL_READ(d, &version, VERSION, err);
  if (s != PBL_OK) return s;
  const int major = (int)PBL_FIELD(version, VERSION_MAJOR);
  const int minor = (int)PBL_FIELD(version, VERSION_MINOR);
  const int known_major = (int)PBL_FIELD(PBL_RESET_VERSION, VERSION_MAJOR);
  const int known_minor = (int)PBL_FIELD(PBL_RESET_VERSION, VERSION_MINOR);
  /* A later minor version only adds registers. */
  if (major != known_major || minor < known_minor)
    return pbl_fail(err, PBL_DEVICE,
                    "%s device: VERSION is %d.%d (0x%08X), expected %d.%d (0x%08X) or a later "
                    "minor version",
                    d->dev->ops->name, major, minor, version, known_major, known_minor,
                    PBL_RESET_VERSION);
  return PBL_OK;
}

static pbl_status check_scratch(pbl_driver *d, pbl_error *err) {
  static const uint32_t patterns[] = {0xA5A5A5A5u, 0x5A5A5A5Au, 0u};
  for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
    uint32_t value;
    pbl_status s = PBL_WRITE(d, SCRATCH, patterns[i], err);
    if (s == PBL_OK) s = PBL_READ(d, &value, SCRATCH, err);
    if (s != PBL_OK) return s;
    if (value != patterns[i])
      return pbl_fail(err, PBL_DEVICE,
                      "%s device: SCRATCH reads 0x%08X, expected 0x%08X as written: the bus "
                      "corrupts data",
                      d->dev->ops->name, value, patterns[i]);
  }
  return PBL_OK;
}

static uint32_t log2_of(int power) {
  uint32_t n = 0;
  while ((1 << n) < power) n++;
  return n;
}

/* Rules first..first+3, one byte each; 0 beyond the last. */
static uint32_t rule_bytes(const int *rules, int n_rules, int first) {
  uint32_t word = 0;
  for (int k = first; k < n_rules && k < first + 4; k++)
    word |= (uint32_t)rules[k] << (8 * (k - first));
  return word;
}

static pbl_status check_caps(pbl_driver *d, pbl_error *err) {
  const pbl_hw *hw = &d->hw;
  const pbl_hw_lattice none = {0};
  const pbl_hw_lattice *lat = hw->fabric == PBL_FABRIC_LATTICE ? &hw->lattice : &none;
  const bool is_sparse = hw->fabric == PBL_FABRIC_SPARSE;
  const pbl_hw_sparse no_sparse = {0}, *sparse = is_sparse ? &hw->sparse : &no_sparse;
  const int field_bits = hw->field_bits != 0 ? hw->field_bits : pbl_hw_min_field_bits(hw);
  const struct {
    const char *name;
    uint32_t address, mask;
    int shift;
    uint32_t expected;
  } fields[] = {
#define CAP(reg, field, value)                                                              \
  {#reg "." #field, PBL_REG_##reg, PBL_##reg##_##field##_MASK, PBL_##reg##_##field##_SHIFT, \
   (uint32_t)(value)}
      CAP(CAPS0, FABRIC, hw->fabric),
      CAP(CAPS0, GENERATOR, hw->generator),
      CAP(CAPS0, LFSR_STEPS, hw->lfsr_steps),
      CAP(CAPS0, SHARED, hw->cells_per_generator - 1),
      CAP(CAPS0, ROUNDING, hw->rounding),
      CAP(CAPS_SIZE, VISIBLE, is_sparse ? 0 : hw->n_visible),
      CAP(CAPS_SIZE, HIDDEN, is_sparse ? 0 : hw->n_hidden),
      CAP(CAPS_REPLICAS, REPLICAS, hw->replicas),
      CAP(CAPS_REPLICAS, LANES, hw->lanes),
      CAP(CAPS_FORMAT, WEIGHT_BITS, pbl_hw_weight_bits(hw)),
      CAP(CAPS_FORMAT, WEIGHT_FRAC, hw->weight_frac),
      CAP(CAPS_FORMAT, BETA_BITS, pbl_hw_beta_bits(hw)),
      CAP(CAPS_FORMAT, BETA_FRAC, hw->beta_frac),
      CAP(CAPS_ACTIVATION, TABLE_LOG2, log2_of(hw->table_size)),
      CAP(CAPS_ACTIVATION, THRESHOLD_BITS, hw->threshold_bits),
      CAP(CAPS_ACTIVATION, FIELD_BITS, field_bits),
      CAP(CAPS_ACTIVATION, RANGE_LOG2, hw->table_range_log2),
      CAP(CAPS_LATTICE, SIDE, lat->side),
      CAP(CAPS_LATTICE, RULES, lat->n_rules),
      CAP(CAPS_SITES, SITES, is_sparse ? sparse->sites : lat->sites),
      {"CAPS_PBITS", PBL_REG_CAPS_PBITS, UINT32_MAX, 0, (uint32_t)sparse->pbits},
      {"CAPS_EDGE_ROWS", PBL_REG_CAPS_EDGE_ROWS, UINT32_MAX, 0, (uint32_t)sparse->edge_rows},
      {"CAPS_GROUPS", PBL_REG_CAPS_GROUPS, UINT32_MAX, 0, (uint32_t)sparse->groups},
      CAP(CAPS_OPTIONS, NO_REGULATOR, hw->no_regulator),
      CAP(CAPS_OPTIONS, EXCHANGE, hw->exchange),
      CAP(CAPS_OPTIONS, STATISTICS, hw->statistics),
      CAP(CAPS_OPTIONS, TRACE, hw->trace),
      {"CAPS_STAT_PAIRS", PBL_REG_CAPS_STAT_PAIRS, UINT32_MAX, 0, (uint32_t)hw->stat_pairs},
      {"CAPS_RULE_A_LO", PBL_REG_CAPS_RULE_A_LO, UINT32_MAX, 0,
       rule_bytes(lat->rule_a, lat->n_rules, 0)},
      {"CAPS_RULE_A_HI", PBL_REG_CAPS_RULE_A_HI, UINT32_MAX, 0,
       rule_bytes(lat->rule_a, lat->n_rules, 4)},
      {"CAPS_RULE_B_LO", PBL_REG_CAPS_RULE_B_LO, UINT32_MAX, 0,
       rule_bytes(lat->rule_b, lat->n_rules, 0)},
      {"CAPS_RULE_B_HI", PBL_REG_CAPS_RULE_B_HI, UINT32_MAX, 0,
       rule_bytes(lat->rule_b, lat->n_rules, 4)},
#undef CAP
  };
  for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    uint32_t word;
    const pbl_status s = pbl_driver_read(d, &word, fields[i].address, fields[i].name, err);
    if (s != PBL_OK) return s;
    const uint32_t value = (word & fields[i].mask) >> fields[i].shift;
    if (value != fields[i].expected)
      return pbl_fail(err, PBL_DEVICE,
                      "%s device: %s is %u, expected %u: another hardware variant was built; "
                      "match the `hardware` keys of the configuration or rebuild the variant",
                      d->dev->ops->name, fields[i].name, value, fields[i].expected);
  }
  return PBL_OK;
}

pbl_status pbl_driver_create(pbl_driver **out, pbl_device *dev, const pbl_hw *hw,
                             const pbl_driver_options *opt, pbl_error *err) {
  *out = NULL;
  if (dev == NULL) return pbl_fail(err, PBL_INVALID, "driver: no device");
  pbl_driver *d = calloc(1, sizeof *d);
  if (d == NULL) {
    dev->ops->close(dev);
    return pbl_fail(err, PBL_NO_MEMORY, "driver: no memory");
  }
  d->dev = dev;
  d->hw = *hw;
  d->timeout_cycles =
      opt != NULL && opt->timeout_cycles != 0 ? opt->timeout_cycles : DEFAULT_TIMEOUT_CYCLES;
  pbl_status s = pbl_hw_check(hw, err);
  if (s == PBL_OK) s = check_identity(d, err);
  if (s == PBL_OK) s = check_scratch(d, err);
  if (s == PBL_OK) s = check_caps(d, err);
  if (s == PBL_OK) {
    *out = d;
  } else {
    pbl_driver_destroy(d);
  }
  return s;
}

void pbl_driver_destroy(pbl_driver *d) {
  if (d == NULL) return;
  d->dev->ops->close(d->dev);
  pbl_driver_drop_image(d);
  free(d);
}

pbl_device *pbl_driver_device(pbl_driver *d) {
  return d->dev;
}

const pbl_hw *pbl_driver_hw(const pbl_driver *d) {
  return &d->hw;
}

const pbl_image *pbl_driver_image(const pbl_driver *d) {
  return d->has_image ? &d->image : NULL;
}

pbl_status pbl_driver_set_beta(pbl_driver *d, uint32_t beta, pbl_error *err) {
  if (beta >> pbl_hw_beta_bits(&d->hw) != 0)
    return pbl_fail(err, PBL_INVALID, "driver: beta word %u does not fit %d bits", beta,
                    pbl_hw_beta_bits(&d->hw));
  return PBL_WRITE(d, BETA, beta, err);
}

static pbl_status write_config(pbl_driver *d, uint32_t mask, uint32_t bits, pbl_error *err) {
  const uint32_t config = (d->config & ~mask) | bits;
  const pbl_status s = PBL_WRITE(d, CONFIG, config, err);
  if (s == PBL_OK) d->config = config;
  return s;
}

pbl_status pbl_driver_set_kernel(pbl_driver *d, pbl_kernel kernel, pbl_error *err) {
  static const uint32_t bits[] = {[PBL_KERNEL_CYCLIC] = 0,
                                  [PBL_KERNEL_PALINDROMIC] = PBL_CONFIG_KERNEL_MASK,
                                  [PBL_KERNEL_COIN] = PBL_CONFIG_COIN_MASK,
                                  [PBL_KERNEL_RANDOM_SITE] = PBL_CONFIG_RANDOM_MASK};
  if (kernel == PBL_KERNEL_RANDOM_SITE && d->hw.fabric != PBL_FABRIC_SPARSE)
    return pbl_fail(err, PBL_INVALID, "driver: kernel %s is one of the sparse fabric",
                    pbl_kernel_name(kernel));
  return write_config(d, PBL_CONFIG_KERNEL_MASK | PBL_CONFIG_COIN_MASK | PBL_CONFIG_RANDOM_MASK,
                      bits[kernel], err);
}

pbl_status pbl_driver_set_coupled(pbl_driver *d, bool coupled, pbl_error *err) {
  if (coupled && d->hw.lanes % 2 != 0)
    return pbl_fail(err, PBL_INVALID,
                    "driver: coupled replicas are pairs of lanes; the device has %d lanes, an odd "
                    "number",
                    d->hw.lanes);
  return write_config(d, PBL_CONFIG_COUPLED_MASK, (uint32_t)coupled << PBL_CONFIG_COUPLED_SHIFT,
                      err);
}

pbl_status pbl_driver_counters_read(pbl_driver *d, pbl_driver_counters *out, pbl_error *err) {
  pbl_driver_counters c = {0};
  pbl_status s = PBL_READ64(d, &c.sweeps, SWEEP_COUNT, err);
  if (s == PBL_OK) s = PBL_READ64(d, &c.flips, FLIPS, err);
  if (s == PBL_OK) s = PBL_READ64(d, &c.saturations, SATURATIONS, err);
  if (s == PBL_OK) s = PBL_READ64(d, &c.freezes, FREEZES, err);
  if (s == PBL_OK) s = PBL_READ64(d, &c.samples, SAMPLES, err);
  if (s == PBL_OK) s = PBL_READ64(d, &c.busy_cycles, BUSY_CYCLES, err);
  if (s == PBL_OK) s = PBL_READ64(d, &c.stall_cycles, STALL_CYCLES, err);
  if (s == PBL_OK) s = PBL_READ(d, &c.beta_active, BETA_ACTIVE, err);
  if (s == PBL_OK) *out = c;
  return s;
}

pbl_status pbl_driver_energy(pbl_driver *d, int64_t *energy, pbl_error *err) {
  for (int r = 0; r < d->hw.replicas; r++) {
    uint64_t word = 0;
    pbl_status s = PBL_WRITE(d, REPLICA_SELECT, (uint32_t)r, err);
    if (s == PBL_OK) s = PBL_READ64(d, &word, ENERGY, err);
    if (s != PBL_OK) return s;
    energy[r] = (int64_t)word;
  }
  return PBL_OK;
}

pbl_status pbl_driver_probe_select(pbl_driver *d, int pbit, int replica, pbl_error *err) {
  if (pbit < 0 || pbit >= pbl_hw_pbits(&d->hw) || replica < 0 || replica >= d->hw.replicas)
    return pbl_fail(err, PBL_INVALID, "driver: probe of p-bit %d (0..%d) of replica %d (0..%d)",
                    pbit, pbl_hw_pbits(&d->hw) - 1, replica, d->hw.replicas - 1);
  return PBL_WRITE(d, PROBE_SELECT,
                   (uint32_t)pbit << PBL_PROBE_SELECT_PBIT_SHIFT |
                       (uint32_t)replica << PBL_PROBE_SELECT_REPLICA_SHIFT,
                   err);
}

pbl_status pbl_driver_probe_read(pbl_driver *d, pbl_probe *out, pbl_error *err) {
  pbl_probe probe = {0};
  uint32_t field = 0, state = 0;
  pbl_status s = PBL_READ(d, &field, PROBE_FIELD, err);
  if (s == PBL_OK) s = PBL_READ(d, &probe.random_word, PROBE_RANDOM, err);
  if (s == PBL_OK) s = PBL_READ(d, &probe.threshold, PROBE_THRESHOLD, err);
  if (s == PBL_OK) s = PBL_READ(d, &state, PROBE_STATE, err);
  if (s != PBL_OK) return s;
  probe.field = (int32_t)field;
  probe.new_state = PBL_FIELD(state, PROBE_STATE_NEW) ? 1 : -1;
  probe.old_state = PBL_FIELD(state, PROBE_STATE_OLD) ? 1 : -1;
  probe.clamped = (int)PBL_FIELD(state, PROBE_STATE_CLAMPED);
  *out = probe;
  return PBL_OK;
}
