#include "pbl_hw.h"

#include <stddef.h>

/* PROBE_FIELD is a 32-bit register (docs/registers.md). */
#define MAX_FIELD_BITS 32

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
      .field_bits = 32,
  };
}

static int ceil_log2(int n) {
  int bits = 0;
  while ((1L << bits) < n) bits++;
  return bits;
}

int pbl_hw_min_field_bits(const pbl_hw *hw) {
  const int terms = hw->n_visible > hw->n_hidden ? hw->n_visible : hw->n_hidden;
  return pbl_hw_weight_bits(hw) + ceil_log2(terms + 2) + 1;
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
  const int least = pbl_hw_min_field_bits(hw);
  if (least > MAX_FIELD_BITS)
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: local fields of %d x %d p-bits with %d-bit weights need %d bits, at "
                    "most %d are built; use fewer p-bits or narrower weights",
                    hw->n_visible, hw->n_hidden, pbl_hw_weight_bits(hw), least, MAX_FIELD_BITS);
  if (hw->field_bits != 0 && (hw->field_bits < least || hw->field_bits > MAX_FIELD_BITS))
    return pbl_fail(err, PBL_CONFIG,
                    "hardware: field_bits is %d, allowed: 0 (least) or %d..%d, since narrower "
                    "fields could wrap with %d x %d p-bits and %d-bit weights",
                    hw->field_bits, least, MAX_FIELD_BITS, hw->n_visible, hw->n_hidden,
                    pbl_hw_weight_bits(hw));
  return PBL_OK;
}

pbl_status pbl_hw_check(const pbl_hw *hw, pbl_error *err) {
  if (hw->fabric != PBL_FABRIC_DENSE)
    return pbl_fail(err, PBL_CONFIG, "hardware: fabric is %d, allowed: %d (dense)", (int)hw->fabric,
                    (int)PBL_FABRIC_DENSE);
  const range ranges[] = {
      {"n_visible", hw->n_visible, 1, 1024},
      {"n_hidden", hw->n_hidden, 1, 1024},
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
      {"generator", (int)hw->generator, 0, 1},
      {"lfsr_steps", hw->lfsr_steps, 1, 32},
  };
  const pbl_status s = check_ranges(ranges, sizeof ranges / sizeof ranges[0], err);
  return s == PBL_OK ? check_relations(hw, err) : s;
}

const char *pbl_generator_name(pbl_generator g) {
  switch (g) {
    case PBL_GEN_XOSHIRO128PP:
      return "xoshiro128++";
    case PBL_GEN_LFSR32:
      return "lfsr32";
  }
  return "unknown";
}

const char *pbl_kernel_name(pbl_kernel k) {
  switch (k) {
    case PBL_KERNEL_CYCLIC:
      return "cyclic";
    case PBL_KERNEL_PALINDROMIC:
      return "palindromic";
  }
  return "unknown";
}

void pbl_hw_json(pbl_json *j, const pbl_hw *hw) {
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
  pbl_json_int(j, "field_bits", hw->field_bits);
}
