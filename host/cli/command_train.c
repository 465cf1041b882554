#include "pbl_cli.h"
#include "pbl_compare.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

static const pbl_option options[] = {
    {"out", PBL_OPTION_KEY, "DIR", "out", "model folder to write"},
    {"seed", PBL_OPTION_KEY, "N", "seed", "seed of the whole run"},
    {"device", PBL_OPTION_KEY, "NAME", "device",
     "who samples the negative phase: reference, twin, rtl, tlm, remote:ADDRESS or uio:BOARD"},
    {"secret", PBL_OPTION_KEY, "FILE", "remote_secret", "shared with the server of remote:ADDRESS"},
    {"threads", PBL_OPTION_KEY, "N", "threads", "threads; 0: one per processor"},
    {"set", PBL_OPTION_SET, "KEY=VALUE", NULL,
     "change any key, e.g. training.epochs=5; repeatable"},
    PBL_WAVEFORM_OPTIONS_ONE,
    {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress, only the result"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_train = {
    .name = "train",
    .positional = "CONFIG",
    .summary =
        "train a restricted Boltzmann machine, its negative phase in software or on a device",
    .details =
        "Trains the model of CONFIG by persistent contrastive divergence and writes its folder,\n"
        "with report.html and report.json at every evaluation and at the end.\n"
        "An interrupted training leaves a checkpoint; the same command goes on from there.\n"
        "\n"
        "Exit code: 0 done, 2 bad usage or configuration, 3 failure or "
        "interrupted.\n" PBL_WAVEFORM_DETAILS,
    .options = options,
    .run = run};

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  pbl_train_config config;
  *exit_code = 0;
  pbl_status status = pbl_config_load_train(
      &config, arguments->positional, (const char *const *)arguments->sets, arguments->n_sets, err);
  if (status != PBL_OK) return status;
  pbl_progress *progress =
      pbl_progress_stderr_create(pbl_arguments_has(arguments, &pbl_command_train, "quiet"));
  struct pbl_waveform *waveform = NULL;
  status = pbl_cli_waveform_open_train(&waveform, arguments, &config, err);
  if (status == PBL_OK) status = pbl_train_run(&config, progress, err);
  status = pbl_cli_waveform_close(waveform, status, err);
  pbl_progress_stderr_destroy(progress);
  return status;
}
