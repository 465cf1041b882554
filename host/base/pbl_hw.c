#include "pbl_hw.h"

#include <stdbool.h>
#include <stdio.h>

#include "pbl_lattice.h"

/* PROBE_FIELD is a 32-bit register (docs/registers.md). */
#define MAX_FIELD_BITS 32
/* IMG_ADDRESS.COL is 16 bits wide and counts one past the last column of a row. */
#define MAX_IMAGE_COLS 65535

pbl_hw pbl_hw_default(void) {
  return (pbl_hw){
      .fabric = PBL_FABRIC_DENSE,
      .n_visible = 6,
      .n_hidden = 6,
      .replicas = 1,
      .lanes = 1,
      .weight_int = 5,
      .weight_frac = 6,
      .beta_int = 4,
      .beta_frac = 12,
      .table_size = 1024,
      .table_range_log2 = 4,
      .threshold_bits = 24,
      .rounding = 1,
      .generator = PBL_GEN_XOSHIRO128PP,
      .lfsr_steps = 32,
      .cells_per_generator = 1,
      .field_bits = 32,
      .lattice = {.n_rules = 1, .rule_b = {1}},
  };
}

static int ceil_log2(int n) {
  int bits = 0;
  while ((1L << bits) < n) bits++;
  return bits;
}

int pbl_hw_min_field_bits(const pbl_hw *hw) {
  const int larger = hw->n_visible > hw->n_hidden ? hw->n_visible : hw->n_hidden;
  const int terms = hw->fabric == PBL_FABRIC_LATTICE  ? pbl_hw_degree(hw)
                    : hw->fabric == PBL_FABRIC_SPARSE ? PBL_HW_MAX_DEGREE
                                                      : larger;
  return pbl_hw_weight_bits(hw) + ceil_log2(terms + 2) + 1;
}

int pbl_hw_image_rows(const pbl_hw *hw) {
  if (hw->fabric == PBL_FABRIC_LATTICE) return 2 * (hw->n_visible / hw->lattice.sites);
  if (hw->fabric == PBL_FABRIC_SPARSE) return hw->sparse.edge_rows;
  return hw->n_visible + 1;
}

int pbl_hw_image_cols(const pbl_hw *hw) {
  if (hw->fabric == PBL_FABRIC_LATTICE) return hw->lattice.sites * (pbl_hw_degree(hw) + 1);
  if (hw->fabric == PBL_FABRIC_SPARSE) return 2 * hw->sparse.sites;
  return hw->n_hidden + 1;
}

void pbl_hw_set_sparse(pbl_hw *hw, const pbl_hw_sparse *capacity) {
  hw->fabric = PBL_FABRIC_SPARSE;
  hw->sparse = *capacity;
  hw->n_visible = hw->n_hidden = 0;
}

void pbl_hw_set_lattice(pbl_hw *hw, int side, int sites) {
  hw->fabric = PBL_FABRIC_LATTICE;
  hw->lattice.side = side;
  hw->lattice.sites = sites ? sites : side / 2;
  hw->n_visible = hw->n_hidden = side * side / 2;
}

int pbl_hw_index_shift(const pbl_hw *hw) {
  return hw->weight_frac + hw->beta_frac + hw->table_range_log2 - 1 - ceil_log2(hw->table_size);
}

typedef struct {
  const char *name;
  int value, low, high;
} range;

static pbl_status check_ranges(const range *r, size_t n, pbl_error *err) {
  for (size_t i = 0; i < n; i++) {
    if (r[i].value < r[i].low || r[i].value > r[i].high)
      return pbl_fail(err, PBL_CONFIG, "hardware: %s is %d, allowed: %d..%d", r[i].name, r[i].value,
                      r[i].low, r[i].high);
  }
  return PBL_OK;
}

/* What sums up in a local field: "6 x 6 p-bits", "1024 neighbours". */
static const char *field_terms(char *text, size_t size, const pbl_hw *hw) {
  if (hw->fabric == PBL_FABRIC_SPARSE)
    snprintf(text, size, "%d neighbours", PBL_HW_MAX_DEGREE);
  else
    snprintf(text, size, "%d x %d p-bits", hw->n_visible, hw->n_hidden);
  return text;
}

static pbl_status check_field_bits(const pbl_hw *hw, pbl_error *err) {
  const int least = pbl_hw_min_field_bits(hw);
  char terms[48];
  field_terms(terms, sizeof terms, hw);
  if (least > MAX_FIELD_BITS)
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: local fields of %s with %d-bit weights need %d bits, at "
                    "most %d are built; use fewer p-bits or narrower weights",
                    terms, pbl_hw_weight_bits(hw), least, MAX_FIELD_BITS);
  if (hw->field_bits != 0 && (hw->field_bits < least || hw->field_bits > MAX_FIELD_BITS))
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: field_bits is %d, allowed: 0 (least) or %d..%d, since narrower "
                    "fields could wrap with %s and %d-bit weights",
                    hw->field_bits, least, MAX_FIELD_BITS, terms, pbl_hw_weight_bits(hw));
  return PBL_OK;
}

static pbl_status check_relations(const pbl_hw *hw, pbl_error *err) {
  if (hw->replicas % hw->lanes != 0)
    return pbl_fail(err, PBL_CONFIG, "hardware: replicas is %d, must be a multiple of lanes (%d)",
                    hw->replicas, hw->lanes);
  if ((hw->table_size & (hw->table_size - 1)) != 0)
    return pbl_fail(err, PBL_CONFIG, "hardware: table_size is %d, must be a power of two",
                    hw->table_size);
  const range widths[] = {
      {"weight width (1 + weight_int + weight_frac)", pbl_hw_weight_bits(hw), 4, 24},
      {"beta width (beta_int + beta_frac)", pbl_hw_beta_bits(hw), 4, 24},
  };
  const pbl_status s = check_ranges(widths, sizeof widths / sizeof widths[0], err);
  if (s != PBL_OK) return s;
  if (pbl_hw_index_shift(hw) < 1)
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: table_size %d is finer than one weight step at beta's resolution: "
                    "weight_frac (%d) + beta_frac (%d) + table_range_log2 (%d) - 1 - "
                    "log2(table_size) is %d, must be at least 1",
                    hw->table_size, hw->weight_frac, hw->beta_frac, hw->table_range_log2,
                    pbl_hw_index_shift(hw));
  return check_field_bits(hw, err);
}

/* Displacement of a slot as one number, both coordinates modulo the side. */
static int place(const pbl_hw_lattice *lat, int slot) {
  int dx, dy;
  pbl_lattice_offset(&dx, &dy, lat, slot);
  return (dy + lat->side) % lat->side * lat->side + (dx + lat->side) % lat->side;
}

static pbl_status check_rules(const pbl_hw_lattice *lat, pbl_error *err) {
  for (int k = 0; k < lat->n_rules; k++) {
    const int a = lat->rule_a[k], b = lat->rule_b[k];
    if (a < 0 || a >= lat->side || b < 0 || b >= lat->side)
      return pbl_fail(err, PBL_CONFIG,
                      "hardware: rule %d is (%d, %d), allowed: 0..%d for a side of %d", k, a, b,
                      lat->side - 1, lat->side);
    if ((a + b) % 2 == 0)
      return pbl_fail(err, PBL_CONFIG,
                      "hardware: rule %d is (%d, %d): a + b must be odd, or it would join p-bits "
                      "of one colour",
                      k, a, b);
  }
  for (int slot = 0; slot < 4 * lat->n_rules; slot++) {
    for (int other = 0; other < slot; other++) {
      if (place(lat, slot) == place(lat, other))
        return pbl_fail(err, PBL_CONFIG,
                        "hardware: rules %d (%d, %d) and %d (%d, %d) reach the same neighbour on a "
                        "side of %d (slots %d and %d); take a larger side or other rules",
                        other / 4, lat->rule_a[other / 4], lat->rule_b[other / 4], slot / 4,
                        lat->rule_a[slot / 4], lat->rule_b[slot / 4], lat->side, other, slot);
    }
  }
  return PBL_OK;
}

static pbl_status check_sites(const pbl_hw *hw, pbl_error *err) {
  const pbl_hw_lattice *lat = &hw->lattice;
  const int half_row = lat->side / 2, sites = lat->sites;
  const bool part = sites >= 1 && half_row % sites == 0;
  const bool rows = sites >= 1 && sites % half_row == 0 && lat->side % (sites / half_row) == 0;
  if (!part && !rows)
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: sites_per_clock is %d, allowed for a side of %d: a divisor of %d "
                    "(part of a row of one colour) or %d times a divisor of %d (whole rows)",
                    sites, lat->side, half_row, half_row, lat->side);
  if (sites * hw->lanes > PBL_HW_MAX_CELLS)
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: sites_per_clock x lanes is %d x %d = %d cells, at most %d are built",
                    sites, hw->lanes, sites * hw->lanes, PBL_HW_MAX_CELLS);
  if (pbl_hw_image_cols(hw) > MAX_IMAGE_COLS)
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: a weight row of sites_per_clock x (degree + 1) = %d x %d words does "
                    "not fit the %d columns that IMG_ADDRESS can name",
                    sites, pbl_hw_degree(hw) + 1, MAX_IMAGE_COLS);
  return PBL_OK;
}

static pbl_status check_lattice(const pbl_hw *hw, pbl_error *err) {
  const pbl_hw_lattice *lat = &hw->lattice;
  const range ranges[] = {{"side", lat->side, 4, 128},
                          {"number of rules", lat->n_rules, 1, PBL_HW_MAX_RULES}};
  pbl_status s = check_ranges(ranges, sizeof ranges / sizeof ranges[0], err);
  if (s != PBL_OK) return s;
  if (lat->side % 2 != 0)
    return pbl_fail(err, PBL_CONFIG, "hardware: side is %d, must be even (two colours)", lat->side);
  const int half = lat->side * lat->side / 2;
  if (hw->n_visible != half || hw->n_hidden != half)
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: a lattice of side %d has %d visible and %d hidden p-bits, not %d "
                    "and %d",
                    lat->side, half, half, hw->n_visible, hw->n_hidden);
  s = check_rules(lat, err);
  return s == PBL_OK ? check_sites(hw, err) : s;
}

static pbl_status check_sparse(const pbl_hw *hw, pbl_error *err) {
  const pbl_hw_sparse *sparse = &hw->sparse;
  const range ranges[] = {
      {"pbits", sparse->pbits, 2, 65536},
      {"edge_rows", sparse->edge_rows, 1, 65536},
      {"groups", sparse->groups, 1, 65536},
      {"sites_per_clock", sparse->sites, 1, 64},
      {"number of p-bits of the graph", hw->n_visible, 0, sparse->pbits},
      {"n_hidden (of a sparse fabric)", hw->n_hidden, 0, 0},
  };
  return check_ranges(ranges, sizeof ranges / sizeof ranges[0], err);
}

static pbl_status check_fabric(const pbl_hw *hw, pbl_error *err) {
  switch (hw->fabric) {
    case PBL_FABRIC_DENSE: {
      const range ranges[] = {{"n_visible", hw->n_visible, 1, 1024},
                              {"n_hidden", hw->n_hidden, 1, 1024}};
      return check_ranges(ranges, sizeof ranges / sizeof ranges[0], err);
    }
    case PBL_FABRIC_LATTICE:
      return check_lattice(hw, err);
    case PBL_FABRIC_SPARSE:
      return check_sparse(hw, err);
  }
  return pbl_fail(
      err, PBL_CONFIG, "hardware: fabric is %d, allowed: %d (dense), %d (lattice), %d (sparse)",
      (int)hw->fabric, (int)PBL_FABRIC_DENSE, (int)PBL_FABRIC_LATTICE, (int)PBL_FABRIC_SPARSE);
}

static pbl_status check_shared(const pbl_hw *hw, pbl_error *err) {
  const int sites = pbl_hw_sites(hw);
  if (sites % hw->cells_per_generator == 0) return PBL_OK;
  if (hw->fabric == PBL_FABRIC_DENSE)
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: cells_per_generator is %d, but a lane of the dense fabric has one "
                    "cell; take 1, or another fabric",
                    hw->cells_per_generator);
  return pbl_fail(err, PBL_CONFIG,
                  "hardware: cells_per_generator is %d, must divide sites_per_clock (%d)",
                  hw->cells_per_generator, sites);
}

static pbl_status check_options(const pbl_hw *hw, pbl_error *err) {
  const range ranges[] = {{"exchange", hw->exchange, 0, 1},
                          {"statistics", hw->statistics, 0, 1},
                          {"statistics_pairs", hw->stat_pairs, 0, PBL_HW_MAX_STAT_PAIRS},
                          {"trace", hw->trace, 0, 1},
                          {"no_regulator", hw->no_regulator, 0, 1}};
  const pbl_status s = check_ranges(ranges, sizeof ranges / sizeof ranges[0], err);
  const int contexts = pbl_hw_contexts(hw);
  if (s != PBL_OK) return s;
  if (hw->exchange && (contexts < PBL_HW_MIN_RUNGS || contexts > PBL_HW_MAX_RUNGS))
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: exchange needs %d..%d contexts, one a rung: %d replicas in %d lanes "
                    "are %d",
                    PBL_HW_MIN_RUNGS, PBL_HW_MAX_RUNGS, hw->replicas, hw->lanes, contexts);
  if (hw->statistics && (hw->lanes & (hw->lanes - 1)) != 0)
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: statistics needs a number of lanes that is a power of two, not %d",
                    hw->lanes);
  if (!hw->statistics && hw->stat_pairs != 0)
    return pbl_fail(err, PBL_CONFIG, "hardware: statistics_pairs is %d, but statistics is off",
                    hw->stat_pairs);
  return PBL_OK;
}

pbl_status pbl_hw_check(const pbl_hw *hw, pbl_error *err) {
  const range ranges[] = {
      {"replicas", hw->replicas, 1, 256},
      {"lanes", hw->lanes, 1, 32},
      {"weight_int", hw->weight_int, 0, 23},
      {"weight_frac", hw->weight_frac, 0, 23},
      {"beta_int", hw->beta_int, 0, 24},
      {"beta_frac", hw->beta_frac, 0, 24},
      {"table_size", hw->table_size, 16, 4096},
      {"table_range_log2", hw->table_range_log2, 0, 8},
      {"threshold_bits", hw->threshold_bits, 8, 32},
      {"rounding", hw->rounding, 0, 1},
      {"generator", (int)hw->generator, 0, 2},
      {"lfsr_steps", hw->lfsr_steps, 1, 32},
      {"cells_per_generator", hw->cells_per_generator, 1, PBL_HW_MAX_CELLS},
  };
  pbl_status s = check_ranges(ranges, sizeof ranges / sizeof ranges[0], err);
  if (s == PBL_OK) s = check_fabric(hw, err);
  if (s == PBL_OK) s = check_shared(hw, err);
  if (s == PBL_OK) s = check_relations(hw, err);
  return s == PBL_OK ? check_options(hw, err) : s;
}

const char *pbl_fabric_name(pbl_fabric f) {
  switch (f) {
    case PBL_FABRIC_DENSE:
      return "dense";
    case PBL_FABRIC_LATTICE:
      return "lattice";
    case PBL_FABRIC_SPARSE:
      return "sparse";
  }
  return "unknown";
}

const char *pbl_generator_name(pbl_generator g) {
  switch (g) {
    case PBL_GEN_XOSHIRO128PP:
      return "xoshiro128++";
    case PBL_GEN_LFSR32:
      return "lfsr32";
    case PBL_GEN_XORSHIFT32:
      return "xorshift32";
  }
  return "unknown";
}

const char *pbl_kernel_name(pbl_kernel k) {
  switch (k) {
    case PBL_KERNEL_CYCLIC:
      return "cyclic";
    case PBL_KERNEL_PALINDROMIC:
      return "palindromic";
    case PBL_KERNEL_COIN:
      return "coin";
    case PBL_KERNEL_RANDOM_SITE:
      return "random_site";
  }
  return "unknown";
}

const char *pbl_hw_options_text(char *text, size_t size, const pbl_hw *hw) {
  char pairs[48] = "";
  if (hw->stat_pairs > 0) snprintf(pairs, sizeof pairs, " (%d pairs)", hw->stat_pairs);
  snprintf(text, size, "%s%s%s%s%s", hw->exchange ? ", replica exchange" : "",
           hw->statistics ? ", statistics unit" : "", pairs, hw->trace ? ", trace port" : "",
           hw->no_regulator ? ", no temperature regulator" : "");
  return text;
}

void pbl_hw_json(pbl_json *j, const pbl_hw *hw) {
  pbl_json_string(j, "fabric", pbl_fabric_name(hw->fabric));
  if (hw->fabric == PBL_FABRIC_LATTICE) {
    char rules[64];
    pbl_rules_print(rules, sizeof rules, &hw->lattice);
    pbl_json_int(j, "side", hw->lattice.side);
    pbl_json_string(j, "graph", pbl_lattice_name(&hw->lattice));
    pbl_json_string(j, "rules", rules);
    pbl_json_int(j, "sites_per_clock", hw->lattice.sites);
  }
  if (hw->fabric == PBL_FABRIC_SPARSE) {
    pbl_json_int(j, "pbits", hw->sparse.pbits);
    pbl_json_int(j, "edge_rows", hw->sparse.edge_rows);
    pbl_json_int(j, "groups", hw->sparse.groups);
    pbl_json_int(j, "sites_per_clock", hw->sparse.sites);
  }
  pbl_json_int(j, "replicas", hw->replicas);
  pbl_json_int(j, "lanes", hw->lanes);
  pbl_json_int(j, "weight_int", hw->weight_int);
  pbl_json_int(j, "weight_frac", hw->weight_frac);
  pbl_json_int(j, "beta_int", hw->beta_int);
  pbl_json_int(j, "beta_frac", hw->beta_frac);
  pbl_json_int(j, "table_size", hw->table_size);
  pbl_json_int(j, "table_range_log2", hw->table_range_log2);
  pbl_json_int(j, "threshold_bits", hw->threshold_bits);
  pbl_json_int(j, "rounding", hw->rounding);
  pbl_json_string(j, "generator", pbl_generator_name(hw->generator));
  pbl_json_int(j, "lfsr_steps", hw->lfsr_steps);
  pbl_json_int(j, "cells_per_generator", hw->cells_per_generator);
  pbl_json_int(j, "field_bits", hw->field_bits);
  pbl_json_bool(j, "regulator", hw->no_regulator == 0);
  pbl_json_bool(j, "exchange", hw->exchange != 0);
  pbl_json_bool(j, "statistics", hw->statistics != 0);
  pbl_json_int(j, "statistics_pairs", hw->stat_pairs);
  pbl_json_bool(j, "trace", hw->trace != 0);
}
