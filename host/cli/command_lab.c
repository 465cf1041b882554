#include <stdlib.h>

#include "lab_output.h"
#include "pbl_cli.h"

#define EXIT_NOT_MET 10

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

static const pbl_option options[] = {
    {"seed", PBL_OPTION_KEY, "N", "seed", "seed of the first repetition"},
    {"seeds", PBL_OPTION_KEY, "N", "seeds", "repetitions"},
    {"threads", PBL_OPTION_KEY, "N", "threads", "threads; 0: one per processor"},
    {"set", PBL_OPTION_SET, "KEY=VALUE", NULL,
     "change any key, e.g. runs[0].windows=10; repeatable"},
    {"json", PBL_OPTION_FLAG, NULL, NULL, "one JSON object instead of the table"},
    {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress, only the result"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_lab = {
    .name = "lab",
    .positional = "CONFIG",
    .summary = "experiments with temperature regulation on an exactly known model",
    .details =
        "Trains the 9 x 9 test bed (bars and stripes) as CONFIG says, under a regulator of the\n"
        "sampling temperature, iterates a regulator on the result where asked, in software or in\n"
        "the bit-exact device model, and compares what it measures with the expectations there.\n"
        "Those of configs/regulation/ are described in docs/regulation.md; all keys stand under\n"
        "'pbitloop lab' in 'pbitloop help keys'.\n"
        "\n"
        "Exit code: 0 all expectations hold, 10 some do not, 2 bad usage or configuration,\n"
        "3 failure or interrupted.\n",
    .options = options,
    .run = run};

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  pbl_lab_result *result = NULL;
  *exit_code = 0;
  pbl_lab_config *config = calloc(1, sizeof *config);
  if (config == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  pbl_status status = pbl_config_load_lab(
      config, arguments->positional, (const char *const *)arguments->sets, arguments->n_sets, err);
  if (status == PBL_OK) {
    pbl_progress *progress =
        pbl_progress_stderr_create(pbl_arguments_has(arguments, &pbl_command_lab, "quiet"));
    status = pbl_lab_run_all(&result, config, progress, err);
    pbl_progress_stderr_destroy(progress);
  }
  if (status == PBL_OK && pbl_arguments_has(arguments, &pbl_command_lab, "json")) {
    status = lab_print_json(config, result, err);
  } else if (status == PBL_OK) {
    lab_print(config, result);
  }
  if (status == PBL_OK && result->n_failed > 0) *exit_code = EXIT_NOT_MET;
  pbl_lab_result_destroy(result);
  free(config);
  return status;
}
