#include <stdlib.h>

#include "pbl_cli.h"
#include "pbl_compare.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

static const pbl_option options[] = {
    {"device", PBL_OPTION_KEY, "NAME", "device",
     "rtl: Verilated RTL; twin: its bit-exact C twin; tlm: the RTL in SystemC; remote:ADDRESS"},
    {"secret", PBL_OPTION_KEY, "FILE", "remote_secret", "shared with the server of remote:ADDRESS"},
    {"seed", PBL_OPTION_KEY, "N", "seed", "seed of the whole run"},
    {"out", PBL_OPTION_KEY, "DIR", "out", "results folder"},
    {"threads", PBL_OPTION_KEY, "N", "threads", "threads of the reference; 0: one per processor"},
    {"set", PBL_OPTION_SET, "KEY=VALUE", NULL,
     "change any key, e.g. cases[0].draws=100; repeatable"},
    PBL_WAVEFORM_OPTIONS,
    {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress, only the result"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_compare = {
    .name = "compare",
    .positional = "CONFIG",
    .summary = "sample on device and reference, and say whether they agree",
    .details =
        "Samples every case of CONFIG on the device and in software, prints one table and\n"
        "writes chains, statistics and report to the results folder.\n"
        "\n"
        "Exit code: 0 AGREES, 10 DIFFERS, 11 UNRESOLVED (too few samples), 12 FROZEN\n"
        "(chains do not move), 2 bad usage or configuration, 3 failure of the "
        "run.\n" PBL_WAVEFORM_DETAILS,
    .options = options,
    .run = run};

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  pbl_progress *progress = NULL;
  struct pbl_waveform *waveform = NULL;
  pbl_status status;
  /* Sixteen cases of paths and names: too large for comfort on the stack. */
  pbl_compare_config *config = calloc(1, sizeof *config);
  if (config == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  status = pbl_config_load_compare(config, arguments->positional,
                                   (const char *const *)arguments->sets, arguments->n_sets, err);
  if (status != PBL_OK) goto done;
  progress =
      pbl_progress_stderr_create(pbl_arguments_has(arguments, &pbl_command_compare, "quiet"));
  status = pbl_cli_waveform_open(&waveform, arguments, &pbl_command_compare, config, err);
  if (status == PBL_OK) status = pbl_compare_run(exit_code, config, progress, err);
  status = pbl_cli_waveform_close(waveform, status, err);
done:
  pbl_progress_stderr_destroy(progress);
  free(config);
  return status;
}
