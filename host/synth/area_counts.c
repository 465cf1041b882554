/* Cells by kind, out of what Yosys's `stat` and `ltp` print. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "area_internal.h"

#define TO(member) offsetof(pbl_area, member)

/* One kind of primitive: all whose names begin so. The first match counts. */
typedef struct {
  const char *prefix;
  size_t member;
  int weight;
} kind;

static const kind ice40[] = {{"SB_LUT4", TO(lut), 1},    {"SB_DFF", TO(ff), 1},
                             {"SB_RAM40", TO(bram), 1},  {"SB_MAC16", TO(dsp), 1},
                             {"SB_CARRY", TO(carry), 1}, {NULL, 0, 0}};
static const kind ecp5[] = {{"LUT4", TO(lut), 1},
                            {"TRELLIS_FF", TO(ff), 1},
                            {"DP16KD", TO(bram), 1},
                            {"PDPW16KD", TO(bram), 1},
                            {"TRELLIS_DPR16X4", TO(lutram), 1},
                            {"MULT18X18D", TO(dsp), 1},
                            {"ALU54B", TO(dsp), 1},
                            {"CCU2C", TO(carry), 1},
                            {"PFUMX", TO(mux), 1},
                            {"L6MUX21", TO(mux), 1},
                            {NULL, 0, 0}};
static const kind xilinx[] = {{"LUT", TO(lut), 1},
                              {"INV", TO(lut), 1},
                              {"FD", TO(ff), 1},
                              {"RAMB18", TO(bram), 1},
                              {"RAMB36", TO(bram), 2},
                              {"RAM", TO(lutram), 1},
                              {"SRL", TO(lutram), 1},
                              {"DSP48", TO(dsp), 1},
                              {"CARRY4", TO(carry), 1},
                              {"MUXF", TO(mux), 1},
                              {NULL, 0, 0}};
static const kind generic[] = {{"$lut", TO(lut), 1},
                               {"$_DFF", TO(ff), 1},
                               {"$_SDFF", TO(ff), 1},
                               {"$_ALDFF", TO(ff), 1},
                               {NULL, 0, 0}};

static const kind *kinds_of(pbl_target target) {
  static const kind *const all[PBL_N_TARGETS] = {ice40, ecp5, xilinx, generic};
  return all[target];
}

/* The wires too, or there is nothing to follow. */
const char *area_path_selection(pbl_target target) {
  static const char *const all[PBL_N_TARGETS] = {"w:* t:SB_LUT4 t:SB_CARRY",
                                                 "w:* t:LUT4 t:CCU2C t:PFUMX t:L6MUX21",
                                                 "w:* t:LUT* t:INV t:CARRY4 t:MUXF*", "w:* t:$lut"};
  return all[target];
}

static void add_cells(pbl_area *out, const kind *kinds, const char *name, int64_t n) {
  for (const kind *k = kinds; k->prefix != NULL; k++) {
    if (strncmp(name, k->prefix, strlen(k->prefix)) != 0) continue;
    *(int64_t *)((char *)out + k->member) += k->weight * n;
    return;
  }
}

static void clear_counts(pbl_area *out) {
  out->lut = out->ff = out->bram = out->lutram = out->dsp = out->carry = out->mux = 0;
  out->memory_bits = out->cells = 0;
}

/* Yosys 0.23 prints "Number of cells: 12" and "SB_LUT4 7", later ones "12 cells" and "7 SB_LUT4".
 * Each block begins with "=== name ===", and the last one holds the whole design. */
static void read_line(pbl_area *out, const kind *kinds, const char *line) {
  long long n;
  char name[128], rest[8];
  const char *length = strstr(line, "(length=");
  if (out->depth >= 0) return; /* the path itself, cell by cell */
  if (strstr(line, "===") != NULL) {
    clear_counts(out);
  } else if (strstr(line, "ongest topological path") != NULL && length != NULL) {
    out->depth = (int)strtol(length + strlen("(length="), NULL, 10);
  } else if (sscanf(line, " Number of cells: %lld", &n) == 1) {
    out->cells = n;
  } else if (sscanf(line, " Number of memory bits: %lld", &n) == 1 ||
             (strstr(line, " memory bits") != NULL && sscanf(line, " %lld memory", &n) == 1)) {
    out->memory_bits = n;
  } else if (sscanf(line, " %127s %lld %7s", name, &n, rest) == 2) {
    add_cells(out, kinds, name, n);
  } else if (sscanf(line, " %lld %127s %7s", &n, name, rest) == 2) {
    if (strcmp(name, "cells") == 0) out->cells = n;
    add_cells(out, kinds, name, n);
  }
}

pbl_status area_counts_read(pbl_area *out, pbl_target target, const char *path, pbl_error *err) {
  char line[512];
  bool complete = false;
  FILE *f = fopen(path, "r");
  if (f == NULL) return pbl_fail(err, PBL_NOT_FOUND, "%s: %s", path, strerror(errno));
  clear_counts(out);
  out->depth = -1;
  out->seconds = -1;
  while (fgets(line, sizeof line, f) != NULL) {
    complete = strncmp(line, AREA_TAIL, strlen(AREA_TAIL)) == 0;
    if (sscanf(line, AREA_HEAD " %lf", &out->seconds) != 1) read_line(out, kinds_of(target), line);
  }
  fclose(f);
  if (!complete || out->seconds < 0 || out->cells <= 0)
    return pbl_fail(err, PBL_FORMAT, "%s: no complete statistics of Yosys", path);
  return PBL_OK;
}
