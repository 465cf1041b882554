#include <stdlib.h>
#include <string.h>

#include "pbl_cli.h"
#include "pbl_regimes.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum {
  OPTION_OUT,
  OPTION_SEED,
  OPTION_DEVICE,
  OPTION_THREADS,
  OPTION_SET,
  OPTION_SEEDS,
  OPTION_ONLY
};

static const pbl_option options[] = {
    {"out", PBL_OPTION_KEY, "DIR", "out", "folder of all runs, regimes.json, regimes.html"},
    {"seed", PBL_OPTION_KEY, "N", "seed", "first seed"},
    {"device", PBL_OPTION_KEY, "NAME", "device",
     "who samples the chains and regulates: reference, twin or rtl"},
    {"threads", PBL_OPTION_KEY, "N", "threads", "threads; 0: one per processor"},
    {"set", PBL_OPTION_SET, "KEY=VALUE", NULL,
     "change any key, e.g. training.epochs=5; repeatable"},
    {"seeds", PBL_OPTION_VALUE, "N", NULL, "seeds per regime (5)"},
    {"only", PBL_OPTION_VALUE, "LIST", NULL,
     "regimes, e.g. fixed,adaptive,frozen (all: and setpoint,guard)"},
    {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress, only the result"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_regimes = {
    .name = "regimes",
    .positional = "CONFIG",
    .summary = "train under several temperature regimes and compare them fairly",
    .details =
        "Trains the model of CONFIG (one of `pbitloop train`) under\n"
        "  fixed     T = 1\n"
        "  adaptive  the published srtrbm rule\n"
        "  frozen    T held at the adaptive run's last value\n"
        "  setpoint  flip rate at regulator.flip_rate, temperature folded into the weights\n"
        "  guard     the same, heating only\n"
        "with the same seeds, and compares them at the end, at matched |W|/T and at matched\n"
        "likelihood. Finished runs are kept, unfinished ones go on.\n"
        "\n"
        "Exit code: 0 done, 2 bad usage or configuration, 3 failure or interrupted.\n",
    .options = options,
    .run = run};

static pbl_status parse_only(bool use[PBL_N_REGIMES], const char *list, pbl_error *err) {
  for (int k = 0; k < PBL_N_REGIMES; k++) use[k] = list == NULL;
  if (list != NULL && *list == '\0') return pbl_fail(err, PBL_USAGE, "--only: the list is empty");
  while (list != NULL && *list != '\0') {
    const size_t length = strcspn(list, ",");
    int k = 0;
    while (k < PBL_N_REGIMES && (strlen(pbl_regime_name((pbl_regime)k)) != length ||
                                 strncmp(list, pbl_regime_name((pbl_regime)k), length) != 0))
      k++;
    if (k == PBL_N_REGIMES)
      return pbl_fail(err, PBL_USAGE,
                      "--only: no regime '%.*s'; there are fixed, adaptive, frozen, setpoint, "
                      "guard",
                      (int)length, list);
    use[k] = true;
    list += length + (list[length] == ',');
  }
  return PBL_OK;
}

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  pbl_train_config config;
  pbl_regimes_options o = {.seeds = 5};
  *exit_code = 0;
  if (arguments->seen[OPTION_SEEDS]) {
    char *end;
    const long n = strtol(arguments->values[OPTION_SEEDS], &end, 10);
    if (*end != '\0' || end == arguments->values[OPTION_SEEDS] || n < 2 || n > 256)
      return pbl_fail(err, PBL_USAGE, "--seeds %s: must be a whole number, 2..256",
                      arguments->values[OPTION_SEEDS]);
    o.seeds = (int)n;
  }
  pbl_status status = parse_only(o.use, arguments->values[OPTION_ONLY], err);
  if (!status)
    status = pbl_config_load_train(&config, arguments->positional,
                                   (const char *const *)arguments->sets, arguments->n_sets, err);
  if (status) return status;
  pbl_progress *progress =
      pbl_progress_stderr_create(pbl_arguments_has(arguments, &pbl_command_regimes, "quiet"));
  status = pbl_regimes_run(&config, &o, progress, err);
  pbl_progress_stderr_destroy(progress);
  return status;
}
