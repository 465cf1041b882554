#include <math.h>
#include <stdlib.h>

#include "pbl_cli.h"
#include "pbl_compare.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum {
  DEVICE,
  SECRET,
  SEED,
  OUT,
  THREADS,
  SNAPSHOT_EVERY,
  RESTORE,
  SET,
  WAVEFORM,
  WINDOW,
  CASE,
  QUIET
};

static const pbl_option options[] = {
    [DEVICE] =
        {"device", PBL_OPTION_KEY, "NAME", "device",
         "rtl: Verilated RTL; twin: its C twin; tlm: RTL in SystemC; remote:ADDRESS; uio:BOARD"},
    [SECRET] = {"secret", PBL_OPTION_KEY, "FILE", "remote_secret",
                "shared with the server of remote:ADDRESS"},
    [SEED] = {"seed", PBL_OPTION_KEY, "N", "seed", "seed of the whole run"},
    [OUT] = {"out", PBL_OPTION_KEY, "DIR", "out", "results folder"},
    [THREADS] = {"threads", PBL_OPTION_KEY, "N", "threads",
                 "threads of the reference; 0: one per processor"},
    [SNAPSHOT_EVERY] = {"snapshot-every", PBL_OPTION_VALUE, "SECONDS", NULL,
                        "keep DIR/snapshot up to date while the run goes on, when it is "
                        "interrupted and after each case; 0: only the latter two"},
    [RESTORE] = {"restore", PBL_OPTION_VALUE, "PATH", NULL,
                 "go on from a snapshot (the file, or the folder that has it)"},
    [SET] = {"set", PBL_OPTION_SET, "KEY=VALUE", NULL,
             "change any key, e.g. cases[0].draws=100; repeatable"},
    [WAVEFORM] = PBL_WAVEFORM_OPTIONS,
    [QUIET] = {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress, only the result"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_compare = {
    .name = "compare",
    .positional = "CONFIG",
    .summary = "sample on device and reference, and say whether they agree",
    .details =
        "Samples every case of CONFIG on the device and in software, prints one table and\n"
        "writes chains, statistics and report to the results folder.\n"
        "\n"
        "With --snapshot-every a run that was interrupted, by Ctrl-C, a signal or a power cut, is\n"
        "continued with --restore: same configuration and options, same bytes in the chains and\n"
        "same numbers in the report as without the interruption. See docs/snapshots.md.\n"
        "\n"
        "Exit code: 0 AGREES, 10 DIFFERS, 11 UNRESOLVED (too few samples), 12 FROZEN\n"
        "(chains do not move), 2 bad usage or configuration, 3 failure of the "
        "run.\n" PBL_WAVEFORM_DETAILS,
    .options = options,
    .run = run};

static pbl_status read_options(pbl_compare_options *o, const pbl_arguments *a, pbl_error *err) {
  *o = (pbl_compare_options){.snapshots = a->seen[SNAPSHOT_EVERY] || a->seen[RESTORE],
                             .restore = a->seen[RESTORE] ? a->values[RESTORE] : NULL};
  if (!a->seen[SNAPSHOT_EVERY]) return PBL_OK;
  char *end;
  o->every = strtod(a->values[SNAPSHOT_EVERY], &end);
  if (end != a->values[SNAPSHOT_EVERY] && *end == '\0' && o->every >= 0 && isfinite(o->every))
    return PBL_OK;
  return pbl_fail(err, PBL_USAGE, "--snapshot-every %s: not a number of seconds, 0 or more",
                  a->values[SNAPSHOT_EVERY]);
}

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  pbl_compare_options o;
  pbl_progress *progress = NULL;
  struct pbl_waveform *waveform = NULL;
  pbl_status status = read_options(&o, arguments, err);
  if (status != PBL_OK) return status;
  /* Sixteen cases of paths and names: too large for comfort on the stack. */
  pbl_compare_config *config = calloc(1, sizeof *config);
  if (config == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  status = pbl_config_load_compare(config, arguments->positional,
                                   (const char *const *)arguments->sets, arguments->n_sets, err);
  if (status != PBL_OK) goto done;
  progress = pbl_progress_stderr_create(arguments->seen[QUIET]);
  status = pbl_cli_waveform_open(&waveform, arguments, &pbl_command_compare, config, err);
  if (status == PBL_OK) status = pbl_compare_run(exit_code, config, &o, progress, err);
  status = pbl_cli_waveform_close(waveform, status, err);
done:
  pbl_progress_stderr_destroy(progress);
  free(config);
  return status;
}
