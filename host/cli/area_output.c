#include "area_output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_json.h"

/* What one update path of one p-bit costs: the whole device shared among p-bits (of the sparse
 * fabric those it has room for) and lanes. */
static double per_pbit(int64_t cells, const pbl_hw *hw) {
  const bool sparse = hw->fabric == PBL_FABRIC_SPARSE;
  const double pbits = sparse ? hw->sparse.pbits : pbl_hw_pbits(hw);
  return (double)cells / (pbits * hw->lanes);
}

static void print_row(const char *name, const pbl_hw *hw, const pbl_area *a, bool generic,
                      int width) {
  char size[32], depth[16] = "-";
  snprintf(size, sizeof size, "%d x %d", hw->n_visible, hw->n_hidden);
  if (hw->fabric == PBL_FABRIC_SPARSE) snprintf(size, sizeof size, "%d", hw->sparse.pbits);
  if (a->depth >= 0) snprintf(depth, sizeof depth, "%d", a->depth);
  printf("%-*s %11s %5d %7" PRId64 " %7" PRId64 " %8" PRId64 " %6" PRId64 " %5" PRId64 " %6" PRId64
         " %6" PRId64 " %6s %10.1f %9.1f %8.1f%s\n",
         width, name, size, hw->lanes, a->lut, a->ff, generic ? a->memory_bits : a->bram, a->lutram,
         a->dsp, a->carry, a->mux, depth, per_pbit(a->lut, hw), per_pbit(a->ff, hw), a->seconds,
         a->cached ? "*" : "");
}

void area_print(const area_variant *variants, const pbl_area *areas, size_t n, pbl_target target) {
  const bool generic = target == PBL_TARGET_GENERIC;
  int width = 4;
  bool cached = false;
  for (size_t i = 0; i < n; i++) {
    const int length = (int)strlen(variants[i].name);
    if (length > width) width = length;
    cached = cached || areas[i].cached;
  }
  printf("target %s, %s\n\n", pbl_target_name(target), areas[0].yosys);
  printf("%-*s %11s %5s %7s %7s %8s %6s %5s %6s %6s %6s %10s %9s %8s\n", width, "case", "p-bits",
         "lanes", "LUT", "FF", generic ? "mem bits" : "BRAM", "LUTRAM", "DSP", "carry", "mux",
         "depth", "LUT/update", "FF/update", "seconds");
  for (size_t i = 0; i < n; i++)
    print_row(variants[i].name, &variants[i].hw, &areas[i], generic, width);
  printf("\nLUT/update, FF/update: of the whole device, over p-bits times lanes%s\n",
         cached ? "; *: synthesised earlier" : "");
  for (size_t i = 0; i < n; i++) {
    const area_variant *v = &variants[i];
    printf("%s: %s\n", v->name, areas[i].description);
    if (v->also[0] != '\0') printf("  the same hardware: %s\n", v->also);
    if (v->hw.field_bits > v->least_field_bits)
      printf("  hw.field_bits=0 makes fields of %d bits and samples the same\n",
             v->least_field_bits);
  }
}

static void write_hw(pbl_json *j, const pbl_hw *hw) {
  pbl_json_object(j, "hw");
  pbl_json_int(j, "visible", hw->n_visible);
  pbl_json_int(j, "hidden", hw->n_hidden);
  pbl_hw_json(j, hw);
  pbl_json_end(j);
}

static void write_area(pbl_json *j, const area_variant *v, const pbl_area *a) {
  pbl_json_object(j, NULL);
  pbl_json_string(j, "case", v->name);
  pbl_json_string(j, "also", v->also);
  pbl_json_string(j, "description", a->description);
  write_hw(j, &v->hw);
  pbl_json_int(j, "lut", a->lut);
  pbl_json_int(j, "ff", a->ff);
  pbl_json_int(j, "bram", a->bram);
  pbl_json_int(j, "lutram", a->lutram);
  pbl_json_int(j, "dsp", a->dsp);
  pbl_json_int(j, "carry", a->carry);
  pbl_json_int(j, "mux", a->mux);
  pbl_json_int(j, "memory_bits", a->memory_bits);
  pbl_json_int(j, "cells", a->cells);
  pbl_json_int(j, "depth", a->depth);
  pbl_json_double(j, "lut_per_update", per_pbit(a->lut, &v->hw));
  pbl_json_double(j, "ff_per_update", per_pbit(a->ff, &v->hw));
  pbl_json_double(j, "seconds", a->seconds);
  pbl_json_bool(j, "cached", a->cached);
  pbl_json_end(j);
}

pbl_status area_print_json(const char *config, const area_variant *variants, const pbl_area *areas,
                           size_t n, pbl_target target, pbl_error *err) {
  pbl_json *j = NULL;
  char *text = NULL;
  pbl_status status = pbl_json_create_memory(&j, err);
  if (status != PBL_OK) return status;
  pbl_json_object(j, NULL);
  pbl_json_string(j, "config", config);
  pbl_json_string(j, "target", pbl_target_name(target));
  pbl_json_string(j, "yosys", areas[0].yosys);
  pbl_json_array(j, "variants");
  for (size_t i = 0; i < n; i++) write_area(j, &variants[i], &areas[i]);
  pbl_json_end(j);
  pbl_json_end(j);
  status = pbl_json_close(j, &text, err);
  if (status == PBL_OK) puts(text);
  free(text);
  return status;
}
