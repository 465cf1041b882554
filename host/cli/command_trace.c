#include <errno.h>
#include <stdlib.h>

#include "pbl_cli.h"
#include "pbl_trace_run.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum { CASE, SWEEPS, FIRST, OUT, CHECK, DEVICE, SECRET, SEED, SET, WAVEFORM, WINDOW, ONLY, QUIET };

static const pbl_option options[] = {
    [CASE] = {"case", PBL_OPTION_VALUE, "NAME", NULL, "only this case (all of them)"},
    [SWEEPS] = {"sweeps", PBL_OPTION_VALUE, "N", NULL, "sweeps to trace (100)"},
    [FIRST] = {"first", PBL_OPTION_VALUE, "N", NULL, "the first one, counted from 1 (1)"},
    [OUT] = {"out", PBL_OPTION_VALUE, "FILE", NULL, "keep the trace of one case in FILE"},
    [CHECK] = {"check", PBL_OPTION_VALUE, "FILE", NULL, "check a stored trace; needs no CONFIG"},
    [DEVICE] =
        {"device", PBL_OPTION_KEY, "NAME", "device",
         "in place of the RTL: tlm (docs/systemc.md), remote:ADDRESS (docs/hil.md) or uio:BOARD "
         "(docs/board.md)"},
    [SECRET] = {"secret", PBL_OPTION_KEY, "FILE", "remote_secret",
                "shared with the server of remote:ADDRESS"},
    [SEED] = {"seed", PBL_OPTION_KEY, "N", "seed", "seed of the whole run"},
    [SET] = {"set", PBL_OPTION_SET, "KEY=VALUE", NULL,
             "change any key, e.g. cases[0].kernel=coin; repeatable"},
    [WAVEFORM] = PBL_WAVEFORM_OPTIONS,
    [QUIET] = {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress, only the result"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_trace = {
    .name = "trace",
    .positional = "[CONFIG]",
    .summary = "check every single update of the RTL against an independent replay",
    .details =
        "Runs the cases of CONFIG on the Verilated RTL, built with its trace port, and replays\n"
        "every update in software that shares nothing with the RTL or the twin: order, local\n"
        "field, random word, table entry, decision, states. Stops at the first record that is\n"
        "not what it should be. With --out the records, and all that a replay needs, are kept.\n"
        "See docs/trace.md.\n"
        "\n"
        "Exit code: 0 equal, 10 DIFFERS, 2 bad usage or configuration, 3 failure of the run, or a\n"
        "file that was cut or damaged.\n" PBL_WAVEFORM_DETAILS,
    .options = options,
    .run = run};

static pbl_status number(uint64_t *out, const pbl_arguments *a, int option, pbl_error *err) {
  char *end = NULL;
  if (!a->seen[option]) return PBL_OK;
  errno = 0;
  const char *text = a->values[option];
  const unsigned long long value = strtoull(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || value < 1 || value > INT32_MAX)
    return pbl_fail(err, PBL_USAGE, "option --%s: '%s' is no number from 1 to %d",
                    options[option].name, text, INT32_MAX);
  *out = value;
  return PBL_OK;
}

static pbl_status run_config(int *exit_code, const pbl_arguments *a, pbl_progress *progress,
                             pbl_error *err) {
  pbl_trace_options opt = {.case_name = a->seen[CASE] ? a->values[CASE] : NULL,
                           .first = 1,
                           .sweeps = 100,
                           .path = a->seen[OUT] ? a->values[OUT] : NULL};
  pbl_compare_config *config = calloc(1, sizeof *config);
  pbl_status status = config ? PBL_OK : pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  if (status == PBL_OK) status = number(&opt.sweeps, a, SWEEPS, err);
  if (status == PBL_OK) status = number(&opt.first, a, FIRST, err);
  if (status == PBL_OK)
    status = pbl_config_load_compare(config, a->positional, (const char *const *)a->sets, a->n_sets,
                                     err);
  struct pbl_waveform *waveform = NULL;
  if (status == PBL_OK)
    status = pbl_cli_waveform_open(&waveform, a, &pbl_command_trace, config, err);
  if (status == PBL_OK) status = pbl_trace_run(exit_code, config, &opt, progress, err);
  status = pbl_cli_waveform_close(waveform, status, err);
  free(config);
  return status;
}

static pbl_status run(int *exit_code, const pbl_arguments *a, pbl_error *err) {
  const bool file = a->seen[CHECK];
  if (file == (a->positional != NULL))
    return pbl_fail(err, PBL_USAGE, "trace: give either CONFIG or --check FILE");
  if (file && (a->seen[CASE] || a->seen[SWEEPS] || a->seen[FIRST] || a->seen[OUT] ||
               a->seen[WAVEFORM] || a->seen[WINDOW] || a->seen[ONLY] || a->n_sets > 0))
    return pbl_fail(err, PBL_USAGE, "trace: --check takes no other option but --quiet");
  pbl_progress *progress = pbl_progress_stderr_create(a->seen[QUIET]);
  const pbl_status status = file ? pbl_trace_run_check(exit_code, a->values[CHECK], progress, err)
                                 : run_config(exit_code, a, progress, err);
  pbl_progress_stderr_destroy(progress);
  return status;
}
