/* The register map of the twin: docs/registers.md. */
#include "pbl_regs.h"
#include "pbl_twin_sparse.h"

static uint32_t log2_of(int power_of_two) {
  uint32_t n = 0;
  while ((1 << n) < power_of_two) n++;
  return n;
}

/* Four rules from `first` on, one byte each. */
static uint32_t rule_word(const int *rules, int first) {
  uint32_t word = 0;
  for (int k = 3; k >= 0; k--)
    word = word << 8 | (first + k < PBL_HW_MAX_RULES ? (uint32_t)rules[first + k] : 0);
  return word;
}

static uint32_t caps_lattice(const pbl_hw *hw, uint32_t address) {
  const pbl_hw_lattice *lat = &hw->lattice;
  if (hw->fabric == PBL_FABRIC_SPARSE && address == PBL_REG_CAPS_SITES)
    return (uint32_t)hw->sparse.sites << PBL_CAPS_SITES_SITES_SHIFT;
  if (hw->fabric != PBL_FABRIC_LATTICE) return 0;
  switch (address) {
    case PBL_REG_CAPS_LATTICE:
      return (uint32_t)lat->side << PBL_CAPS_LATTICE_SIDE_SHIFT |
             (uint32_t)lat->n_rules << PBL_CAPS_LATTICE_RULES_SHIFT;
    case PBL_REG_CAPS_SITES:
      return (uint32_t)lat->sites << PBL_CAPS_SITES_SITES_SHIFT;
    case PBL_REG_CAPS_RULE_A_LO:
      return rule_word(lat->rule_a, 0);
    case PBL_REG_CAPS_RULE_A_HI:
      return rule_word(lat->rule_a, 4);
    case PBL_REG_CAPS_RULE_B_LO:
      return rule_word(lat->rule_b, 0);
    default:
      return rule_word(lat->rule_b, 4);
  }
}

static uint32_t sparse_register(const pbl_twin *t, uint32_t address) {
  if (!t->sparse) return 0;
  switch (address) {
    case PBL_REG_CAPS_PBITS:
      return (uint32_t)t->hw.sparse.pbits;
    case PBL_REG_CAPS_EDGE_ROWS:
      return (uint32_t)t->hw.sparse.edge_rows;
    case PBL_REG_CAPS_GROUPS:
      return (uint32_t)t->hw.sparse.groups;
    case PBL_REG_PBITS:
      return t->sparse->pbits;
    default:
      return t->sparse->guard;
  }
}

static uint32_t caps_size(const pbl_hw *hw) {
  if (hw->fabric == PBL_FABRIC_SPARSE) return 0;
  return (uint32_t)hw->n_visible << PBL_CAPS_SIZE_VISIBLE_SHIFT | (uint32_t)hw->n_hidden
                                                                      << PBL_CAPS_SIZE_HIDDEN_SHIFT;
}

static uint32_t caps(const pbl_hw *hw, uint32_t address) {
  const int field_bits = hw->field_bits ? hw->field_bits : pbl_hw_min_field_bits(hw);
  switch (address) {
    case PBL_REG_CAPS0:
      return 1u << PBL_CAPS0_SIM_SHIFT | (uint32_t)hw->fabric << PBL_CAPS0_FABRIC_SHIFT |
             (uint32_t)hw->generator << PBL_CAPS0_GENERATOR_SHIFT |
             (uint32_t)hw->lfsr_steps << PBL_CAPS0_LFSR_STEPS_SHIFT |
             (uint32_t)(hw->cells_per_generator - 1) << PBL_CAPS0_SHARED_SHIFT |
             (uint32_t)(hw->rounding != 0) << PBL_CAPS0_ROUNDING_SHIFT;
    case PBL_REG_CAPS_SIZE:
      return caps_size(hw);
    case PBL_REG_CAPS_REPLICAS:
      return (uint32_t)hw->replicas << PBL_CAPS_REPLICAS_REPLICAS_SHIFT |
             (uint32_t)hw->lanes << PBL_CAPS_REPLICAS_LANES_SHIFT;
    case PBL_REG_CAPS_FORMAT:
      return (uint32_t)pbl_hw_weight_bits(hw) << PBL_CAPS_FORMAT_WEIGHT_BITS_SHIFT |
             (uint32_t)hw->weight_frac << PBL_CAPS_FORMAT_WEIGHT_FRAC_SHIFT |
             (uint32_t)pbl_hw_beta_bits(hw) << PBL_CAPS_FORMAT_BETA_BITS_SHIFT |
             (uint32_t)hw->beta_frac << PBL_CAPS_FORMAT_BETA_FRAC_SHIFT;
    default:
      return log2_of(hw->table_size) << PBL_CAPS_ACTIVATION_TABLE_LOG2_SHIFT |
             (uint32_t)hw->threshold_bits << PBL_CAPS_ACTIVATION_THRESHOLD_BITS_SHIFT |
             (uint32_t)field_bits << PBL_CAPS_ACTIVATION_FIELD_BITS_SHIFT |
             (uint32_t)hw->table_range_log2 << PBL_CAPS_ACTIVATION_RANGE_LOG2_SHIFT;
  }
}

static uint32_t status_word(const pbl_twin *t) {
  return (uint32_t)(t->phase != PBL_TWIN_IDLE) << PBL_STATUS_BUSY_SHIFT |
         (uint32_t)t->done << PBL_STATUS_DONE_SHIFT |
         (uint32_t)t->hash_valid << PBL_STATUS_HASH_VALID_SHIFT |
         (uint32_t)pbl_twin_stalled(t) << PBL_STATUS_STALLED_SHIFT |
         (uint32_t)t->error << PBL_STATUS_ERROR_SHIFT |
         (uint32_t)(t->sparse && t->sparse->guard_ok) << PBL_STATUS_GUARD_OK_SHIFT;
}

static uint32_t read_counter(pbl_twin *t, uint32_t address) {
  pbl_twin_counter *c = &t->counters[(address - PBL_REG_BUSY_CYCLES_LO) / 8];
  if ((address - PBL_REG_BUSY_CYCLES_LO) % 8) return c->latched_high;
  c->latched_high = (uint32_t)(c->value >> 32);
  return (uint32_t)c->value;
}

static uint32_t read_energy_low(pbl_twin *t) {
  const uint64_t e =
      t->replica_select < (uint32_t)t->hw.replicas ? (uint64_t)t->energy[t->replica_select] : 0;
  t->energy_latched_high = (uint32_t)(e >> 32);
  return (uint32_t)e;
}

pbl_status pbl_twin_read32(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err) {
  pbl_twin *t = (pbl_twin *)dev;
  t->bus_cycles++;
  *value = 0;
  if (address % 4)
    return pbl_fail(err, PBL_DEVICE, "bus error: read of unaligned address 0x%03x", address);
  if (address >= PBL_REG_BUSY_CYCLES_LO && address <= PBL_REG_SAMPLES_HI) {
    *value = read_counter(t, address);
    return PBL_OK;
  }
  switch (address) {
    case PBL_REG_ID:
      *value = PBL_RESET_ID;
      break;
    case PBL_REG_VERSION:
      *value = PBL_RESET_VERSION;
      break;
    case PBL_REG_SCRATCH:
      *value = t->scratch;
      break;
    case PBL_REG_CAPS0:
    case PBL_REG_CAPS_SIZE:
    case PBL_REG_CAPS_REPLICAS:
    case PBL_REG_CAPS_FORMAT:
    case PBL_REG_CAPS_ACTIVATION:
      *value = caps(&t->hw, address);
      break;
    case PBL_REG_CAPS_LATTICE:
    case PBL_REG_CAPS_SITES:
    case PBL_REG_CAPS_RULE_A_LO:
    case PBL_REG_CAPS_RULE_A_HI:
    case PBL_REG_CAPS_RULE_B_LO:
    case PBL_REG_CAPS_RULE_B_HI:
      *value = caps_lattice(&t->hw, address);
      break;
    case PBL_REG_CAPS_PBITS:
    case PBL_REG_CAPS_EDGE_ROWS:
    case PBL_REG_CAPS_GROUPS:
    case PBL_REG_PBITS:
    case PBL_REG_GUARD:
      *value = sparse_register(t, address);
      break;
    case PBL_REG_CTRL:
      break;
    case PBL_REG_STATUS:
      *value = status_word(t);
      break;
    case PBL_REG_CONFIG:
      *value = t->config;
      break;
    case PBL_REG_SWEEPS:
      *value = t->sweeps;
      break;
    case PBL_REG_SAMPLE_EVERY:
      *value = t->sample_every;
      break;
    case PBL_REG_BETA:
      *value = t->beta;
      break;
    case PBL_REG_BETA_ACTIVE:
      *value = t->beta_active;
      break;
    case PBL_REG_IRQ_ENABLE:
      *value = t->irq_enable;
      break;
    case PBL_REG_IRQ_STATUS:
      *value = t->irq_status;
      break;
    case PBL_REG_IMG_SELECT:
      *value = t->img_select;
      break;
    case PBL_REG_IMG_ADDRESS:
      *value = t->img_row << 16 | t->img_col;
      break;
    case PBL_REG_IMG_DATA:
      break;
    case PBL_REG_IMG_HASH:
      *value = t->img_hash;
      break;
    case PBL_REG_REPLICA_SELECT:
      *value = t->replica_select;
      break;
    case PBL_REG_ENERGY_LO:
      *value = read_energy_low(t);
      break;
    case PBL_REG_ENERGY_HI:
      *value = t->energy_latched_high;
      break;
    case PBL_REG_PROBE_SELECT:
      *value = t->probe_select;
      break;
    case PBL_REG_PROBE_FIELD:
      *value = t->probe_field;
      break;
    case PBL_REG_PROBE_RANDOM:
      *value = t->probe_random;
      break;
    case PBL_REG_PROBE_THRESHOLD:
      *value = t->probe_threshold;
      break;
    case PBL_REG_PROBE_STATE:
      *value = t->probe_state;
      break;
    default:
      if (!pbl_twin_regulator_read(&t->regulator, value, address) &&
          !pbl_twin_options_read(t, value, address))
        return pbl_fail(err, PBL_DEVICE, "bus error: read of unmapped address 0x%03x", address);
  }
  return PBL_OK;
}

static void clear(pbl_twin *t) {
  for (int i = 0; i < PBL_TWIN_N_COUNTERS; i++) t->counters[i] = (pbl_twin_counter){0};
  pbl_twin_exchange_clear_counters(&t->exchange);
  t->error = false;
  t->done = false;
}

static void check(pbl_twin *t) {
  t->img_hash = t->sparse ? pbl_twin_sparse_check(t) : pbl_twin_image_hash(t);
  t->hash_valid = true;
}

/* CLEAR, WINDOW_CLEAR, SCHED_CLEAR, STAT_SWAP and STAT_CLEAR act before the other bits of the same
 * write, START before CHECK, which a refused START takes with it. Those of an option that was not
 * built do nothing. */
static void command(pbl_twin *t, uint32_t bits) {
  const uint32_t needs_idle = PBL_CTRL_SCHED_CLEAR_MASK | PBL_CTRL_START_MASK |
                              PBL_CTRL_CHECK_MASK | (t->statistics ? PBL_CTRL_STAT_CLEAR_MASK : 0) |
                              (t->regulator.absent ? 0 : PBL_CTRL_WINDOW_CLEAR_MASK);
  if (bits & PBL_CTRL_CLEAR_MASK) clear(t);
  if (bits & PBL_CTRL_STOP_MASK) t->stop = true; /* idle: START forgets it */
  if ((bits & PBL_CTRL_STAT_SWAP_MASK) && t->statistics) pbl_twin_statistics_swap(t->statistics);
  if (t->phase != PBL_TWIN_IDLE) {
    if (bits & needs_idle) t->error = true;
    return;
  }
  if ((bits & PBL_CTRL_STAT_CLEAR_MASK) && t->statistics) pbl_twin_statistics_clear(t->statistics);
  if (bits & PBL_CTRL_WINDOW_CLEAR_MASK) pbl_twin_regulator_window_clear(&t->regulator);
  if (bits & PBL_CTRL_SCHED_CLEAR_MASK) {
    pbl_twin_schedule_clear(&t->regulator.schedule);
    pbl_twin_exchange_clear(&t->exchange);
  }
  if (bits & PBL_CTRL_START_MASK) {
    if (pbl_twin_sparse_refuses_start(t)) {
      t->error = true;
      return;
    }
    pbl_twin_start(t);
  }
  if (!(bits & PBL_CTRL_CHECK_MASK)) return;
  if (t->phase != PBL_TWIN_IDLE) {
    t->error = true;
  } else {
    check(t);
  }
}

/* An odd number of lanes leaves no pairs; a palindrome has no order to choose; groups at random are
 * of the sparse fabric. */
static void write_config(pbl_twin *t, uint32_t value) {
  const uint32_t all = PBL_CONFIG_KERNEL_MASK | PBL_CONFIG_COUPLED_MASK | PBL_CONFIG_COIN_MASK |
                       PBL_CONFIG_RANDOM_MASK;
  uint32_t refused = 0;
  if (t->hw.lanes % 2 != 0) refused |= value & PBL_CONFIG_COUPLED_MASK;
  if (value & PBL_CONFIG_KERNEL_MASK) refused |= value & PBL_CONFIG_COIN_MASK;
  if (!t->sparse || (value & (PBL_CONFIG_KERNEL_MASK | PBL_CONFIG_COIN_MASK)))
    refused |= value & PBL_CONFIG_RANDOM_MASK;
  t->config = value & all & ~refused;
  if (refused) t->error = true;
}

static bool is_mapped(uint32_t address) {
  return address <= PBL_REG_CAPS_STAT_PAIRS ||
         (address >= PBL_REG_REG_CONFIG && address <= PBL_REG_SCHED_SWEEPS) ||
         (address >= PBL_REG_EXCH_EVERY && address <= PBL_REG_EXCH_LABEL) ||
         (address >= PBL_REG_STAT_EVERY && address <= PBL_REG_STAT_DATA) ||
         (address >= PBL_REG_TRACE_FIRST && address <= PBL_REG_TRACE_SWEEPS);
}

pbl_status pbl_twin_write32(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err) {
  pbl_twin *t = (pbl_twin *)dev;
  t->bus_cycles++;
  if (address % 4)
    return pbl_fail(err, PBL_DEVICE, "bus error: write to unaligned address 0x%03x", address);
  switch (address) {
    case PBL_REG_SCRATCH:
      t->scratch = value;
      break;
    case PBL_REG_CTRL:
      command(t, value);
      break;
    case PBL_REG_CONFIG:
      write_config(t, value);
      break;
    case PBL_REG_SWEEPS:
      t->sweeps = value;
      break;
    case PBL_REG_SAMPLE_EVERY:
      t->sample_every = value;
      break;
    case PBL_REG_BETA:
      t->beta = value & ((1u << pbl_hw_beta_bits(&t->hw)) - 1);
      break;
    case PBL_REG_IRQ_ENABLE:
      t->irq_enable = value & (PBL_IRQ_ENABLE_DONE_MASK | PBL_IRQ_ENABLE_WINDOW_MASK);
      break;
    case PBL_REG_IRQ_STATUS:
      t->irq_status &= ~value;
      break;
    case PBL_REG_IMG_SELECT:
      t->img_select = value > 7 ? 7 : value; /* three bits wide */
      break;
    case PBL_REG_IMG_ADDRESS:
      t->img_row = value >> PBL_IMG_ADDRESS_ROW_SHIFT;
      t->img_col = value & PBL_IMG_ADDRESS_COL_MASK;
      if (t->img_col == 0) t->img_expected = 0;
      break;
    case PBL_REG_IMG_DATA:
      pbl_twin_image_write(t, value);
      break;
    case PBL_REG_REPLICA_SELECT:
      t->replica_select = value & 0xFFFFu;
      break;
    case PBL_REG_PROBE_SELECT:
      t->probe_select = value;
      break;
    case PBL_REG_PBITS:
      pbl_twin_sparse_write_pbits(t, value);
      break;
    default:
      if (!pbl_twin_regulator_write(&t->regulator, address, value, t->phase == PBL_TWIN_IDLE,
                                    &t->error) &&
          !pbl_twin_options_write(t, address, value))
        return pbl_fail(err, PBL_DEVICE, "bus error: write to %s address 0x%03x",
                        is_mapped(address) ? "read-only" : "unmapped", address);
  }
  return PBL_OK;
}
