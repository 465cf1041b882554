#include <stdlib.h>

#include "pbl_cli.h"
#include "pbl_compare.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

static const pbl_option options[] = {
    {"device", PBL_OPTION_KEY, "NAME", "device",
     "in place of the RTL: tlm (docs/systemc.md), remote:ADDRESS (docs/hil.md) or uio:BOARD "
     "(docs/board.md)"},
    {"secret", PBL_OPTION_KEY, "FILE", "remote_secret", "shared with the server of remote:ADDRESS"},
    {"seed", PBL_OPTION_KEY, "N", "seed", "seed of the whole run"},
    {"set", PBL_OPTION_SET, "KEY=VALUE", NULL,
     "change any key, e.g. lockstep.sweeps=1e4; repeatable"},
    PBL_WAVEFORM_OPTIONS,
    {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress, only the result"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_lockstep = {
    .name = "lockstep",
    .positional = "CONFIG",
    .summary = "run RTL and twin side by side and compare every bit",
    .details =
        "Runs every case of CONFIG on the Verilated RTL and on its C twin and compares every\n"
        "sample word, every counter, and every record and register of the temperature\n"
        "regulator, under random back-pressure where the section `lockstep` asks for it.\n"
        "\n"
        "Exit code: 0 equal, 10 DIFFERS, 2 bad usage or configuration, 3 failure of the "
        "run.\n" PBL_WAVEFORM_DETAILS,
    .options = options,
    .run = run};

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  pbl_progress *progress = NULL;
  struct pbl_waveform *waveform = NULL;
  pbl_status status;
  pbl_compare_config *config = calloc(1, sizeof *config);
  if (config == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  status = pbl_config_load_compare(config, arguments->positional,
                                   (const char *const *)arguments->sets, arguments->n_sets, err);
  if (status != PBL_OK) goto done;
  progress =
      pbl_progress_stderr_create(pbl_arguments_has(arguments, &pbl_command_lockstep, "quiet"));
  status = pbl_cli_waveform_open(&waveform, arguments, &pbl_command_lockstep, config, err);
  if (status == PBL_OK) status = pbl_lockstep_run(exit_code, config, progress, err);
  status = pbl_cli_waveform_close(waveform, status, err);
done:
  pbl_progress_stderr_destroy(progress);
  free(config);
  return status;
}
