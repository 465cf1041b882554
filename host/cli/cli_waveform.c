/* Options --waveform, --waveform-window, --waveform-case. */
#include <string.h>

#include "pbl_cli.h"
#include "pbl_train.h"
#include "pbl_waveform_file.h"

static pbl_status check_case(const pbl_compare_config *config, const char *name, pbl_error *err) {
  const bool found =
      name != NULL ? pbl_config_case(config, name) < (size_t)config->n_cases : config->n_cases == 1;
  if (found) return PBL_OK;
  char names[256] = "";
  size_t n = 0;
  for (int k = 0; k < config->n_cases && n < sizeof names; k++)
    n +=
        (size_t)snprintf(names + n, sizeof names - n, "%s%s", k ? ", " : "", config->cases[k].name);
  if (name != NULL)
    return pbl_fail(err, PBL_USAGE, "--waveform-case %s: no such case; there are %s", name, names);
  return pbl_fail(err, PBL_USAGE,
                  "--waveform: a file takes one case: choose it with --waveform-case NAME; there "
                  "are %s",
                  names);
}

static pbl_status fail_device(const char *name, pbl_error *err) {
  return pbl_fail(
      err, PBL_USAGE,
      "--waveform: device %s has no signals to show; only rtl and tlm have: --device rtl", name);
}

/* `lockstep` and `trace` take the RTL where the configuration names the twin. */
static pbl_status check_device(const pbl_compare_config *config, const pbl_command *command,
                               pbl_error *err) {
  const pbl_backend device = config->device;
  if (device == PBL_DEVICE_RTL || device == PBL_DEVICE_TLM) return PBL_OK;
  if (device == PBL_DEVICE_TWIN && command != &pbl_command_compare) return PBL_OK;
  return fail_device(pbl_backend_name(device), err);
}

/* What was given; path NULL: nothing. */
typedef struct {
  const char *path, *window, *name;
} request;

static pbl_status read_request(request *r, const pbl_arguments *arguments,
                               const pbl_command *command, pbl_error *err) {
  r->path = pbl_arguments_value(arguments, command, "waveform");
  r->window = pbl_arguments_value(arguments, command, "waveform-window");
  r->name = pbl_arguments_value(arguments, command, "waveform-case");
  if (r->path == NULL && (r->window != NULL || r->name != NULL))
    return pbl_fail(err, PBL_USAGE, "--waveform-%s needs --waveform FILE",
                    r->window != NULL ? "window" : "case");
  const char *only =
      command == &pbl_command_trace ? pbl_arguments_value(arguments, command, "case") : NULL;
  if (only != NULL && r->name != NULL && strcmp(only, r->name) != 0)
    return pbl_fail(err, PBL_USAGE, "--waveform-case %s: only case %s runs (--case)", r->name,
                    only);
  if (r->name == NULL) r->name = only;
  return PBL_OK;
}

pbl_status pbl_cli_waveform_open(pbl_waveform **out, const pbl_arguments *arguments,
                                 const pbl_command *command, pbl_compare_config *config,
                                 pbl_error *err) {
  request r;
  *out = NULL;
  pbl_status s = read_request(&r, arguments, command, err);
  if (s != PBL_OK || r.path == NULL) return s;
  s = check_device(config, command, err);
  if (s == PBL_OK) s = check_case(config, r.name, err);
  if (s == PBL_OK) s = pbl_waveform_create(out, r.path, r.window, r.name, err);
  config->waveform = *out;
  return s;
}

pbl_status pbl_cli_waveform_open_train(pbl_waveform **out, const pbl_arguments *arguments,
                                       pbl_train_config *config, pbl_error *err) {
  request r;
  *out = NULL;
  pbl_status s = read_request(&r, arguments, &pbl_command_train, err);
  if (s != PBL_OK || r.path == NULL) return s;
  const bool has = config->device == PBL_TRAIN_RTL || config->device == PBL_TRAIN_TLM;
  s = has ? pbl_waveform_create(out, r.path, r.window, NULL, err)
          : fail_device("of this training", err);
  config->waveform = *out;
  return s;
}

pbl_status pbl_cli_waveform_close(pbl_waveform *w, pbl_status run, pbl_error *err) {
  const pbl_status s = pbl_waveform_report(w, stdout, run == PBL_OK ? err : NULL);
  pbl_waveform_destroy(w);
  return run != PBL_OK ? run : s;
}
