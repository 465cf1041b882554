/* Who is there: ID, VERSION and what was built. */
#include <stdio.h>
#include <string.h>

#include "selftest_internal.h"

#define FIELD(word, field) (int)(((word)&PBL_##field##_MASK) >> PBL_##field##_SHIFT)

void selftest_check_id(selftest *t) {
  uint32_t id = 0;
  if (!selftest_read(t, &id, PBL_REG_ID)) return;
  if (id == PBL_RESET_ID) {
    selftest_note(t, "0x%08X, \"PBIT\"", id);
  } else {
    selftest_fail_word(t, PBL_REG_ID, PBL_RESET_ID, id, "ID: %s",
                       id == 0 || id == UINT32_MAX
                           ? "all bits alike: nothing answers at this address"
                           : "another device, a wrong base address or bytes in a wrong order");
  }
}

void selftest_check_version(selftest *t) {
  uint32_t v = 0;
  if (!selftest_read(t, &v, PBL_REG_VERSION)) return;
  const int major = FIELD(v, VERSION_MAJOR), minor = FIELD(v, VERSION_MINOR);
  if (major != FIELD(PBL_RESET_VERSION, VERSION_MAJOR) ||
      minor < FIELD(PBL_RESET_VERSION, VERSION_MINOR)) {
    selftest_fail_word(t, PBL_REG_VERSION, PBL_RESET_VERSION, v,
                       "VERSION %d.%d: this program knows another register map; build both from "
                       "one source",
                       major, minor);
  } else {
    selftest_note(t, "%d.%d.%d%s", major, minor, FIELD(v, VERSION_PATCH),
                  v == PBL_RESET_VERSION
                      ? ""
                      : "; later than this program, which knows nothing of what was added");
  }
}

typedef struct {
  uint32_t caps0, size, replicas, format, activation, lattice, sites, rule_a[2], rule_b[2], pbits,
      edge_rows, groups, options, stat_pairs;
} caps_words;

static bool read_caps(selftest *t, caps_words *c) {
  const struct {
    uint32_t *word, address;
  } list[] = {
      {&c->caps0, PBL_REG_CAPS0},
      {&c->size, PBL_REG_CAPS_SIZE},
      {&c->replicas, PBL_REG_CAPS_REPLICAS},
      {&c->format, PBL_REG_CAPS_FORMAT},
      {&c->activation, PBL_REG_CAPS_ACTIVATION},
      {&c->lattice, PBL_REG_CAPS_LATTICE},
      {&c->sites, PBL_REG_CAPS_SITES},
      {&c->rule_a[0], PBL_REG_CAPS_RULE_A_LO},
      {&c->rule_a[1], PBL_REG_CAPS_RULE_A_HI},
      {&c->rule_b[0], PBL_REG_CAPS_RULE_B_LO},
      {&c->rule_b[1], PBL_REG_CAPS_RULE_B_HI},
      {&c->pbits, PBL_REG_CAPS_PBITS},
      {&c->edge_rows, PBL_REG_CAPS_EDGE_ROWS},
      {&c->groups, PBL_REG_CAPS_GROUPS},
      {&c->options, PBL_REG_CAPS_OPTIONS},
      {&c->stat_pairs, PBL_REG_CAPS_STAT_PAIRS},
  };
  for (size_t k = 0; k < sizeof list / sizeof *list; k++) {
    if (!selftest_read(t, list[k].word, list[k].address)) return false;
  }
  return true;
}

static void decode_sizes(pbl_hw *hw, const caps_words *c) {
  switch (hw->fabric) {
    case PBL_FABRIC_SPARSE:
      pbl_hw_set_sparse(hw, &(pbl_hw_sparse){.pbits = (int)(c->pbits & 0x1FFFFFu),
                                             .edge_rows = (int)(c->edge_rows & 0x1FFFFFu),
                                             .groups = (int)(c->groups & 0x1FFFFFu),
                                             .sites = FIELD(c->sites, CAPS_SITES_SITES)});
      break;
    case PBL_FABRIC_LATTICE:
      hw->n_visible = FIELD(c->size, CAPS_SIZE_VISIBLE);
      hw->n_hidden = FIELD(c->size, CAPS_SIZE_HIDDEN);
      hw->lattice = (pbl_hw_lattice){.side = FIELD(c->lattice, CAPS_LATTICE_SIDE),
                                     .n_rules = FIELD(c->lattice, CAPS_LATTICE_RULES),
                                     .sites = FIELD(c->sites, CAPS_SITES_SITES)};
      for (int k = 0; k < PBL_HW_MAX_RULES; k++) {
        hw->lattice.rule_a[k] = (int)(c->rule_a[k / 4] >> 8 * (k % 4) & 0xFF);
        hw->lattice.rule_b[k] = (int)(c->rule_b[k / 4] >> 8 * (k % 4) & 0xFF);
      }
      break;
    default:
      hw->n_visible = FIELD(c->size, CAPS_SIZE_VISIBLE);
      hw->n_hidden = FIELD(c->size, CAPS_SIZE_HIDDEN);
      hw->lattice = (pbl_hw_lattice){0};
  }
}

static void decode(pbl_hw *hw, const caps_words *c) {
  const int weight_bits = FIELD(c->format, CAPS_FORMAT_WEIGHT_BITS),
            beta_bits = FIELD(c->format, CAPS_FORMAT_BETA_BITS),
            table_log2 = FIELD(c->activation, CAPS_ACTIVATION_TABLE_LOG2);
  *hw = pbl_hw_default();
  hw->fabric = (pbl_fabric)FIELD(c->caps0, CAPS0_FABRIC);
  hw->generator = (pbl_generator)FIELD(c->caps0, CAPS0_GENERATOR);
  hw->lfsr_steps = FIELD(c->caps0, CAPS0_LFSR_STEPS);
  hw->cells_per_generator = FIELD(c->caps0, CAPS0_SHARED) + 1;
  hw->rounding = FIELD(c->caps0, CAPS0_ROUNDING);
  hw->replicas = FIELD(c->replicas, CAPS_REPLICAS_REPLICAS);
  hw->lanes = FIELD(c->replicas, CAPS_REPLICAS_LANES);
  hw->weight_frac = FIELD(c->format, CAPS_FORMAT_WEIGHT_FRAC);
  hw->weight_int = weight_bits - 1 - hw->weight_frac;
  hw->beta_frac = FIELD(c->format, CAPS_FORMAT_BETA_FRAC);
  hw->beta_int = beta_bits - hw->beta_frac;
  hw->table_size = table_log2 < 20 ? 1 << table_log2 : 0;
  hw->threshold_bits = FIELD(c->activation, CAPS_ACTIVATION_THRESHOLD_BITS);
  hw->field_bits = FIELD(c->activation, CAPS_ACTIVATION_FIELD_BITS);
  hw->table_range_log2 = FIELD(c->activation, CAPS_ACTIVATION_RANGE_LOG2);
  hw->no_regulator = FIELD(c->options, CAPS_OPTIONS_NO_REGULATOR);
  hw->exchange = FIELD(c->options, CAPS_OPTIONS_EXCHANGE);
  hw->statistics = FIELD(c->options, CAPS_OPTIONS_STATISTICS);
  hw->trace = FIELD(c->options, CAPS_OPTIONS_TRACE);
  hw->stat_pairs = (int)(c->stat_pairs & 0x1FFFFFu);
  decode_sizes(hw, c);
}

/* Which register differs from the configured hardware. What both the twin and the RTL show of it
 * is what the twin shows. */
static bool as_configured(selftest *t) {
  pbl_device *model = NULL;
  pbl_error err = {0};
  pbl_hw hw = *t->opt.expected;
  if (hw.fabric == PBL_FABRIC_SPARSE) hw.n_visible = 0;
  pbl_status st = pbl_twin_open(&model, &hw, &err);
  for (size_t k = 0; st == PBL_OK && k < selftest_n_registers; k++) {
    const selftest_register *r = &selftest_registers[k];
    const uint32_t built = r->address == PBL_REG_CAPS0 ? ~PBL_CAPS0_SIM_MASK : UINT32_MAX;
    uint32_t expected = 0, got = 0;
    if (strncmp(r->name, "CAPS", 4) != 0) continue;
    st = model->ops->read32(model, &expected, r->address, &err);
    if (st != PBL_OK || !selftest_read(t, &got, r->address)) break;
    if (((expected ^ got) & built) == 0) continue;
    selftest_fail_word(t, r->address, expected, got,
                       "%s is not that of the configuration: another hardware variant", r->name);
    break;
  }
  if (model) model->ops->close(model);
  return selftest_ok(t, st, &err) && !selftest_failed(t);
}

static void describe(selftest *t) {
  const pbl_hw *hw = &t->hw;
  char size[64], options[128];
  if (hw->fabric == PBL_FABRIC_SPARSE)
    snprintf(size, sizeof size, "%d p-bits, %d edge rows, %d groups", hw->sparse.pbits,
             hw->sparse.edge_rows, hw->sparse.groups);
  else
    snprintf(size, sizeof size, "%d x %d p-bits", hw->n_visible, hw->n_hidden);
  selftest_note(t, "%s, %s, %d replicas in %d lanes, weights s[%d][%d], %s%s%s",
                pbl_fabric_name(hw->fabric), size, hw->replicas, hw->lanes, hw->weight_int,
                hw->weight_frac, pbl_generator_name(hw->generator),
                pbl_hw_options_text(options, sizeof options, hw),
                t->opt.expected ? ", as configured" : "; taken as it is, nothing to compare with");
}

void selftest_check_caps(selftest *t) {
  caps_words words = {0};
  pbl_error err = {0};
  if (!read_caps(t, &words)) return;
  if (t->opt.expected && !as_configured(t)) return;
  decode(&t->hw, &words);
  pbl_status st = pbl_hw_check(&t->hw, &err);
  if (st != PBL_OK) {
    selftest_fail(t, "no device is built like that: %s", err.message);
    return;
  }
  t->report->hw = t->hw;
  t->report->hw_known = true;
  describe(t);
}
