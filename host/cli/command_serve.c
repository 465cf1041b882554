#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "area_variants.h"
#include "pbl_cli.h"
#include "pbl_hil_server.h"
#include "pbl_twin.h"
#include "pbl_variant.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum { LISTEN, DEVICE, CONFIG, SECRET, SET, QUIET };

static const pbl_option options[] = {
    [LISTEN] = {"listen", PBL_OPTION_VALUE, "ADDRESS", NULL,
                "unix:PATH or HOST:PORT (port 0: any that is free)"},
    [DEVICE] = {"device", PBL_OPTION_VALUE, "rtl|twin", NULL, "what is lent (rtl)"},
    [CONFIG] = {"config", PBL_OPTION_VALUE, "FILE", NULL,
                "lend only the hardware of this configuration, the first by default"},
    [SECRET] = {"secret", PBL_OPTION_VALUE, "FILE", NULL,
                "clients must know it; needed where other machines can connect"},
    [SET] = {"set", PBL_OPTION_SET, "KEY=VALUE", NULL, "change any key of FILE; repeatable"},
    [QUIET] = {"quiet", PBL_OPTION_FLAG, NULL, NULL, "do not say who comes and goes"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_serve = {
    .name = "serve",
    .positional = NULL,
    .summary = "lend a device to programs in other processes or on other machines",
    .details =
        "Clients come one after the other: pbitloop compare, lockstep or train with --device\n"
        "remote:ADDRESS, the C library (pbl_hil.h) or the Python package pbitloop_hil. Each gets\n"
        "a device fresh from power-up; others hear who has it since when. Without --config any\n"
        "hardware can be asked for, and RTL is built when it is. Prints one line with the address\n"
        "when clients can come; ends at SIGINT or SIGTERM. See docs/hil.md.\n"
        "\n"
        "Exit code: 0 stopped by a signal, 2 bad usage, address or secret, 3 failure.\n",
    .options = options,
    .run = run};

typedef struct {
  bool is_rtl, quiet;
  pbl_progress *progress;
  area_variant variants[PBL_MAX_CASES];
  pbl_hw offered[PBL_MAX_CASES];
  size_t n;
} lender;

static pbl_status open_device(void *user, pbl_device **out, const pbl_hw *hw, uint64_t reset_seed,
                              pbl_progress *p, pbl_error *err) {
  const lender *l = user;
  char path[4096];
  if (!l->is_rtl) return pbl_twin_open(out, hw, err);
  const pbl_status status = pbl_variant_build(path, sizeof path, hw, NULL, p, err);
  return status != PBL_OK ? status : pbl_rtl_open(out, path, reset_seed, err);
}

static void ready(void *user, const char *address) {
  const lender *l = user;
  printf("serving %s on %s\n", l->is_rtl ? "rtl" : "twin", address);
  fflush(stdout);
}

static void log_line(void *user, const char *line) {
  const lender *l = user;
  if (!l->quiet || strncmp(line, "WARNING", 7) == 0) fprintf(stderr, "serve: %s\n", line);
}

/* What is offered is built before the first client comes. */
static pbl_status load(lender *l, const pbl_arguments *a, pbl_error *err) {
  pbl_status status = area_variants_load(l->variants, &l->n, a->values[CONFIG],
                                         (const char *const *)a->sets, a->n_sets, err);
  for (size_t k = 0; status == PBL_OK && k < l->n; k++) {
    char path[4096];
    l->offered[k] = l->variants[k].hw;
    if (l->is_rtl)
      status = pbl_variant_build(path, sizeof path, &l->offered[k], NULL, l->progress, err);
  }
  return status;
}

static pbl_status run(int *exit_code, const pbl_arguments *a, pbl_error *err) {
  const char *device = a->seen[DEVICE] ? a->values[DEVICE] : "rtl";
  *exit_code = 0;
  if (!a->seen[LISTEN])
    return pbl_fail(err, PBL_USAGE,
                    "serve: --listen ADDRESS is missing; see pbitloop serve --help");
  if (strcmp(device, "rtl") != 0 && strcmp(device, "twin") != 0)
    return pbl_fail(err, PBL_USAGE, "serve: --device '%s': rtl or twin is asked for", device);
  if (a->n_sets > 0 && !a->seen[CONFIG])
    return pbl_fail(err, PBL_USAGE, "serve: --set changes keys of --config FILE, which is missing");
  lender *l = calloc(1, sizeof *l);
  if (l == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  l->is_rtl = strcmp(device, "rtl") == 0;
  l->quiet = a->seen[QUIET];
  l->progress = pbl_progress_stderr_create(l->quiet);
  pbl_status status = a->seen[CONFIG] ? load(l, a, err) : PBL_OK;
  const pbl_hil_server_options o = {.listen = a->values[LISTEN],
                                    .secret_file = a->seen[SECRET] ? a->values[SECRET] : NULL,
                                    .device = device,
                                    .open = open_device,
                                    .user = l,
                                    .offered = l->offered,
                                    .n_offered = l->n,
                                    .ready = ready,
                                    .log = log_line};
  if (status == PBL_OK) status = pbl_hil_serve(&o, err);
  pbl_progress_stderr_destroy(l->progress);
  free(l);
  return status;
}
