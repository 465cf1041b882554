/* pbitloop area: what the hardware of a configuration costs. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "area_output.h"
#include "pbl_cli.h"
#include "pbl_folder.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum { TARGET, TIMEOUT, NETLIST };

static const pbl_option options[] = {
    [TARGET] = {"target", PBL_OPTION_VALUE, "NAME", NULL,
                "ice40 (default), ecp5, xilinx (7 series) or generic"},
    [TIMEOUT] = {"timeout", PBL_OPTION_VALUE, "S", NULL, "seconds for one variant (1800)"},
    [NETLIST] = {"netlist", PBL_OPTION_VALUE, "DIR", NULL,
                 "keep DIR/CASE.json, to be placed and routed"},
    {"set", PBL_OPTION_SET, "KEY=VALUE", NULL, "change any key, e.g. hw.field_bits=0; repeatable"},
    {"json", PBL_OPTION_FLAG, NULL, NULL, "one JSON object instead of the table"},
    {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress, only the result"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_area = {
    .name = "area",
    .positional = "CONFIG",
    .summary = "count the cells that the hardware of a configuration takes on an FPGA",
    .details =
        "Synthesises each distinct hardware variant of CONFIG (one of `pbitloop compare`,\n"
        "`lockstep` or `train`) with Yosys and prints its LUTs, flip-flops, block RAMs, DSPs,\n"
        "carry cells and logic depth. Results are kept beside the compiled variants, so that a\n"
        "second call is immediate. Nothing is placed or routed; see docs/area.md.\n"
        "\n"
        "Exit code: 0 done, 2 bad usage or configuration, 3 failure, timeout or interrupted.\n",
    .options = options,
    .run = run};

static pbl_status read_target(pbl_target *out, const char *name, pbl_error *err) {
  const char *names[PBL_N_TARGETS];
  for (int t = 0; t < PBL_N_TARGETS; t++) {
    names[t] = pbl_target_name((pbl_target)t);
    if (strcmp(name, names[t]) != 0) continue;
    *out = (pbl_target)t;
    return PBL_OK;
  }
  const char *near = pbl_did_you_mean(name, names, PBL_N_TARGETS);
  return pbl_fail(err, PBL_USAGE,
                  "option --target: '%s' is none of ice40, ecp5, xilinx, generic%s%s", name,
                  near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

static pbl_status read_options(pbl_area_options *o, const pbl_arguments *a, pbl_error *err) {
  *o = pbl_area_options_default();
  if (a->seen[TARGET]) {
    const pbl_status status = read_target(&o->target, a->values[TARGET], err);
    if (status != PBL_OK) return status;
  }
  if (a->seen[TIMEOUT]) {
    char *end;
    o->timeout_seconds = strtod(a->values[TIMEOUT], &end);
    if (end == a->values[TIMEOUT] || *end != '\0' || !(o->timeout_seconds > 0) ||
        !isfinite(o->timeout_seconds))
      return pbl_fail(err, PBL_USAGE, "option --timeout: '%s' is not a number of seconds above 0",
                      a->values[TIMEOUT]);
  }
  if (a->seen[NETLIST] && o->target == PBL_TARGET_GENERIC)
    return pbl_fail(err, PBL_USAGE,
                    "option --netlist: what --target generic makes cannot be placed; choose ice40, "
                    "ecp5 or xilinx");
  if (a->seen[NETLIST] && mkdir(a->values[NETLIST], 0777) != 0 && errno != EEXIST)
    return pbl_fail(err, PBL_IO, "%s: cannot create the folder: %s", a->values[NETLIST],
                    strerror(errno));
  return PBL_OK;
}

static pbl_status measure_all(pbl_area *areas, const area_variant *variants, size_t n,
                              const pbl_area_options *common, const char *folder,
                              pbl_progress *progress, pbl_error *err) {
  for (size_t i = 0; i < n; i++) {
    char path[PATH_MAX];
    pbl_area_options o = *common;
    if (folder != NULL) {
      const int length = snprintf(path, sizeof path, "%s/%s.json", folder, variants[i].name);
      if (length < 0 || (size_t)length >= sizeof path)
        return pbl_fail(err, PBL_INVALID, "option --netlist: the path is too long");
      o.netlist = path;
    }
    const pbl_status status = pbl_area_measure(&areas[i], &variants[i].hw, &o, progress, err);
    if (status != PBL_OK) return pbl_wrap(err, status, "%s", variants[i].name);
  }
  return PBL_OK;
}

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  size_t n = 0;
  pbl_area_options o;
  *exit_code = 0;
  pbl_status status = read_options(&o, arguments, err);
  if (status != PBL_OK) return status;
  area_variant *variants = calloc(PBL_MAX_CASES, sizeof *variants);
  pbl_area *areas = calloc(PBL_MAX_CASES, sizeof *areas);
  if (variants == NULL || areas == NULL) status = pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  if (status == PBL_OK)
    status = area_variants_load(variants, &n, arguments->positional,
                                (const char *const *)arguments->sets, arguments->n_sets, err);
  if (status == PBL_OK) {
    pbl_progress *progress =
        pbl_progress_stderr_create(pbl_arguments_has(arguments, &pbl_command_area, "quiet"));
    const char *netlists = arguments->seen[NETLIST] ? arguments->values[NETLIST] : NULL;
    pbl_folder *folder = NULL;
    if (netlists != NULL) status = pbl_folder_open(&folder, netlists, progress, err);
    if (status == PBL_OK) status = measure_all(areas, variants, n, &o, netlists, progress, err);
    pbl_folder_close(folder);
    pbl_progress_stderr_destroy(progress);
  }
  if (status == PBL_OK && pbl_arguments_has(arguments, &pbl_command_area, "json")) {
    status = area_print_json(arguments->positional, variants, areas, n, o.target, err);
  } else if (status == PBL_OK) {
    area_print(variants, areas, n, o.target);
  }
  free(areas);
  free(variants);
  return status;
}
