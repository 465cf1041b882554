#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_cli.h"
#include "pbl_snapshot_run.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum { CASE, AFTER, OUT, DEVICE, SEED, SET, QUIET };

static const pbl_option options[] = {
    [CASE] = {"case", PBL_OPTION_VALUE, "NAME", NULL, "make one: of this case of CONFIG"},
    [AFTER] = {"after", PBL_OPTION_VALUE, "DRAWS", NULL, "at the first look after so many draws"},
    [OUT] = {"out", PBL_OPTION_VALUE, "FILE", NULL, "where it goes"},
    [DEVICE] = {"device", PBL_OPTION_KEY, "NAME", "device", "rtl or twin"},
    [SEED] = {"seed", PBL_OPTION_KEY, "N", "seed", "seed of the whole run"},
    [SET] = {"set", PBL_OPTION_SET, "KEY=VALUE", NULL, "change any key of CONFIG; repeatable"},
    [QUIET] = {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress, only the result"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_snapshot = {
    .name = "snapshot",
    .positional = "FILE|CONFIG",
    .summary = "show what the snapshot of a comparison holds, or make one",
    .details =
        "With a snapshot, or the results folder that has one: checks all of it and says what it\n"
        "holds. With CONFIG, --case, --after and --out: runs the device of that case until the\n"
        "host has so many draws, and writes a snapshot. pbitloop compare CONFIG --restore goes on\n"
        "from it, with the same options. compare writes snapshots by itself: --snapshot-every.\n"
        "See docs/snapshots.md.\n"
        "\n"
        "Exit code: 0 done, 2 bad usage or configuration, 3 no snapshot, a damaged one, or "
        "failure\n"
        "of the run.\n",
    .options = options,
    .run = run};

static pbl_status read_draws(size_t *out, const char *text, pbl_error *err) {
  char *end;
  const uintmax_t n = strtoumax(text, &end, 10);
  if (end == text || *end != '\0' || text[0] == '-' || n > SIZE_MAX)
    return pbl_fail(err, PBL_USAGE, "--after %s: not a number of draws", text);
  *out = (size_t)n;
  return PBL_OK;
}

static pbl_status make(const pbl_arguments *a, pbl_error *err) {
  size_t after = 0;
  pbl_status status = read_draws(&after, a->values[AFTER], err);
  if (status != PBL_OK) return status;
  pbl_compare_config *config = calloc(1, sizeof *config); /* large for the stack */
  if (config == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  status =
      pbl_config_load_compare(config, a->positional, (const char *const *)a->sets, a->n_sets, err);
  if (status == PBL_OK) {
    pbl_progress *progress = pbl_progress_stderr_create(a->seen[QUIET]);
    status = pbl_snapshot_run(config, a->values[CASE], after, a->values[OUT], progress, err);
    pbl_progress_stderr_destroy(progress);
  }
  free(config);
  return status;
}

static pbl_status run(int *exit_code, const pbl_arguments *a, pbl_error *err) {
  (void)exit_code;
  const int n = a->seen[CASE] + a->seen[AFTER] + a->seen[OUT];
  if (n == 3) return make(a, err);
  if (n == 0 && a->n_sets == 0) return pbl_snapshot_print(stdout, a->positional, err);
  return pbl_fail(err, PBL_USAGE,
                  "snapshot: making one needs --case, --after and --out; showing one takes none "
                  "of the options");
}
