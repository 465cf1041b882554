/* Save file of GTKWave: which signals a waveform opens with, in groups. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_waveform_file.h"
#include "waveform_names.h"

/* Flags of GTKWave: how a signal is shown, and the two ends of a group. */
#define SHOW_HEX "@22"
#define SHOW_BIT "@28"
#define GROUP_BEGIN "@800200"
#define GROUP_END "@1000200"

typedef struct {
  const char *group, *name;
  int high; /* -1: one bit */
} signal;

static const signal k_registers[] = {
#define X(group, name, high) {group, name, high},
    PBL_WAVEFORM_NAMES(X)
#undef X
};

static const signal k_pins[] = {
    {"Clock", "clk_i", -1},
    {"Clock", "rst_ni", -1},
    {"Clock", "irq_o", -1},
    {"Triggers", "triggers.temperature", -1},
    {"Triggers", "triggers.run", -1},
    {"Triggers", "triggers.sweep_done", -1},
    {"Triggers", "triggers.stall", -1},
    {"Triggers", "triggers.fifo_full", -1},
    {"Triggers", "triggers.exchange", -1},
    {"Samples", "m_axis_tdata", 31},
    {"Samples", "m_axis_tvalid", -1},
    {"Samples", "m_axis_tready", -1},
    {"Samples", "m_axis_tlast", -1},
    {"Telemetry", "m_axis_telemetry_tdata", 31},
    {"Telemetry", "m_axis_telemetry_tvalid", -1},
    {"Telemetry", "m_axis_telemetry_tready", -1},
    {"Telemetry", "m_axis_telemetry_tlast", -1},
    {"Bus", "s_axil_awaddr", 11},
    {"Bus", "s_axil_awvalid", -1},
    {"Bus", "s_axil_awready", -1},
    {"Bus", "s_axil_wdata", 31},
    {"Bus", "s_axil_wvalid", -1},
    {"Bus", "s_axil_wready", -1},
    {"Bus", "s_axil_bresp", 1},
    {"Bus", "s_axil_bvalid", -1},
    {"Bus", "s_axil_araddr", 11},
    {"Bus", "s_axil_arvalid", -1},
    {"Bus", "s_axil_arready", -1},
    {"Bus", "s_axil_rdata", 31},
    {"Bus", "s_axil_rresp", 1},
    {"Bus", "s_axil_rvalid", -1},
};

static void write_groups(FILE *f, const signal *s, size_t n, const char *scope) {
  const char *group = NULL;
  for (size_t k = 0; k < n; k++) {
    if (group == NULL || strcmp(group, s[k].group) != 0) {
      if (group != NULL) fprintf(f, GROUP_END "\n-%s\n", group);
      group = s[k].group;
      fprintf(f, GROUP_BEGIN "\n-%s\n", group);
    }
    if (s[k].high < 0)
      fprintf(f, SHOW_BIT "\nTOP.pbit_top.%s%s\n", scope, s[k].name);
    else
      fprintf(f, SHOW_HEX "\nTOP.pbit_top.%s%s[%d:0]\n", scope, s[k].name, s[k].high);
  }
  if (group != NULL) fprintf(f, GROUP_END "\n-%s\n", group);
}

#define FIRST_LINE "[*] written by pbitloop: docs/waveforms.md\n"

/* Somebody has arranged signals there and saved. */
static bool is_of_a_user(const char *path) {
  char line[sizeof FIRST_LINE] = "";
  FILE *f = fopen(path, "r");
  if (f == NULL) return false;
  const bool read = fgets(line, sizeof line, f) != NULL;
  fclose(f);
  return read && strcmp(line, FIRST_LINE) != 0;
}

pbl_status pbl_waveform_save_file(const char *path, const char *fst, uint64_t clock,
                                  pbl_error *err) {
  char absolute[PATH_MAX];
  if (is_of_a_user(path)) return PBL_OK;
  FILE *f = fopen(path, "w");
  if (f == NULL) return pbl_fail(err, PBL_IO, "%s: cannot create: %s", path, strerror(errno));
  fputs(FIRST_LINE, f);
  if (realpath(fst, absolute) != NULL) fprintf(f, "[dumpfile] \"%s\"\n", absolute);
  /* zoom (a power of 2), then the marker: the trigger's clock */
  fprintf(f, "*-8.0 %" PRIu64 "\n", 10 * clock);
  write_groups(f, k_pins, sizeof k_pins / sizeof *k_pins, "");
  write_groups(f, k_registers, sizeof k_registers / sizeof *k_registers, "registers.");
  const bool failed = ferror(f) != 0;
  if (fclose(f) != 0 || failed) return pbl_fail(err, PBL_IO, "%s: cannot write", path);
  return PBL_OK;
}
