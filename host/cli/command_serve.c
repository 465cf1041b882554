#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "area_variants.h"
#include "pbl_cli.h"
#include "pbl_hil_server.h"
#include "pbl_tlm.h"
#include "pbl_twin.h"
#include "pbl_uio_server.h"
#include "pbl_variant.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum { LISTEN, FILE_, DEVICE, CONFIG, CASE, SECRET, SET, QUIET };

static const pbl_option options[] = {
    [LISTEN] = {"listen", PBL_OPTION_VALUE, "ADDRESS", NULL,
                "unix:PATH or HOST:PORT (port 0: any that is free)"},
    [FILE_] = {"file", PBL_OPTION_VALUE, "PATH", NULL,
               "emulate a board behind PATH, for --device uio:PATH (docs/board.md)"},
    [DEVICE] = {"device", PBL_OPTION_VALUE, "rtl|twin|tlm", NULL, "what is lent (rtl)"},
    [CONFIG] = {"config", PBL_OPTION_VALUE, "FILE", NULL,
                "lend only the hardware of this configuration, the first by default"},
    [CASE] = {"case", PBL_OPTION_VALUE, "NAME", NULL,
              "with --file: the case of FILE whose hardware the board has (the first)"},
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
        "With --file PATH a board is emulated, whose registers a program on the same machine\n"
        "reaches by --device uio:PATH. A board has one hardware: --config is needed. See\n"
        "docs/board.md.\n"
        "\n"
        "Exit code: 0 stopped by a signal, 2 bad usage, address or secret, 3 failure.\n",
    .options = options,
    .run = run};

typedef struct {
  const char *device; /* rtl, twin or tlm */
  bool is_rtl;        /* rtl or tlm: has a variant */
  bool is_tlm, quiet;
  pbl_progress *progress;
  area_variant variants[PBL_MAX_CASES];
  pbl_hw offered[PBL_MAX_CASES];
  size_t n;
  char variant[4096]; /* --file, RTL: its shared object */
} lender;

/* The RTL of a variant, within SystemC where asked for. */
static pbl_status open_rtl(const lender *l, pbl_device **out, const char *variant,
                           uint64_t reset_seed, pbl_error *err) {
  const pbl_status status = pbl_rtl_open(out, variant, reset_seed, err);
  return status == PBL_OK && l->is_tlm ? pbl_tlm_open(out, *out, NULL, err) : status;
}

static pbl_status open_device(void *user, pbl_device **out, const pbl_hw *hw, uint64_t reset_seed,
                              pbl_progress *p, pbl_error *err) {
  const lender *l = user;
  char path[4096];
  if (!l->is_rtl) return pbl_twin_open(out, hw, err);
  const pbl_status status = pbl_variant_build(path, sizeof path, hw, NULL, p, err);
  return status != PBL_OK ? status : open_rtl(l, out, path, reset_seed, err);
}

static void ready(void *user, const char *address) {
  const lender *l = user;
  printf("serving %s on %s\n", l->device, address);
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

/* ---- a board behind a file ---- */

static pbl_status open_board(void *user, pbl_device **out, pbl_error *err) {
  const lender *l = user;
  return l->is_rtl ? open_rtl(l, out, l->variant, 1, err) : pbl_twin_open(out, &l->offered[0], err);
}

static void board_ready(void *user, const char *path) {
  const lender *l = user;
  /* without a slash --device would take it for the name of a board */
  printf("serving %s on uio:%s%s\n", l->device, strchr(path, '/') ? "" : "./", path);
  fflush(stdout);
}

/* The board's hardware becomes the first. */
static pbl_status choose(lender *l, const char *name, pbl_error *err) {
  size_t k = 0;
  while (k < l->n && name != NULL && !area_variant_has(&l->variants[k], name)) k++;
  if (k == l->n)
    return pbl_fail(err, PBL_USAGE, "serve: the configuration has no case '%s'",
                    name != NULL ? name : "");
  l->offered[0] = l->offered[k];
  return PBL_OK;
}

static pbl_status serve_file(lender *l, const pbl_arguments *a, pbl_error *err) {
  pbl_status status = area_variants_load(l->variants, &l->n, a->values[CONFIG],
                                         (const char *const *)a->sets, a->n_sets, err);
  for (size_t k = 0; k < l->n; k++) l->offered[k] = l->variants[k].hw;
  if (status == PBL_OK) status = choose(l, a->seen[CASE] ? a->values[CASE] : NULL, err);
  if (status == PBL_OK && l->is_rtl)
    status =
        pbl_variant_build(l->variant, sizeof l->variant, &l->offered[0], NULL, l->progress, err);
  const pbl_uio_server_options o = {.path = a->values[FILE_],
                                    .open = open_board,
                                    .user = l,
                                    .has_trace = l->is_rtl && l->offered[0].trace,
                                    .ready = board_ready,
                                    .log = log_line};
  return status == PBL_OK ? pbl_uio_serve(&o, err) : status;
}

static pbl_status serve_socket(lender *l, const pbl_arguments *a, pbl_error *err) {
  pbl_status status = a->seen[CONFIG] ? load(l, a, err) : PBL_OK;
  const pbl_hil_server_options o = {.listen = a->values[LISTEN],
                                    .secret_file = a->seen[SECRET] ? a->values[SECRET] : NULL,
                                    .device = l->device,
                                    .open = open_device,
                                    .user = l,
                                    .offered = l->offered,
                                    .n_offered = l->n,
                                    .ready = ready,
                                    .log = log_line};
  return status == PBL_OK ? pbl_hil_serve(&o, err) : status;
}

static pbl_status check_usage(const pbl_arguments *a, pbl_error *err) {
  if (a->seen[LISTEN] == a->seen[FILE_])
    return pbl_fail(err, PBL_USAGE,
                    "serve: one of --listen ADDRESS and --file PATH is asked for; see pbitloop "
                    "serve --help");
  if (a->seen[FILE_] && !a->seen[CONFIG])
    return pbl_fail(err, PBL_USAGE,
                    "serve: --file needs --config FILE: a board has one hardware, that of its "
                    "first case or of --case NAME");
  if (a->seen[FILE_] && a->seen[SECRET])
    return pbl_fail(err, PBL_USAGE, "serve: --secret is for --listen; a file is its owner's alone");
  if (a->seen[CASE] && !a->seen[FILE_])
    return pbl_fail(err, PBL_USAGE, "serve: --case is for --file");
  return PBL_OK;
}

static pbl_status run(int *exit_code, const pbl_arguments *a, pbl_error *err) {
  const char *device = a->seen[DEVICE] ? a->values[DEVICE] : "rtl";
  *exit_code = 0;
  pbl_status status = check_usage(a, err);
  if (status != PBL_OK) return status;
  const bool is_tlm = strcmp(device, "tlm") == 0;
  if (!is_tlm && strcmp(device, "rtl") != 0 && strcmp(device, "twin") != 0)
    return pbl_fail(err, PBL_USAGE, "serve: --device '%s': rtl, twin or tlm is asked for", device);
  if (is_tlm) status = pbl_tlm_available(err);
  if (status != PBL_OK) return status;
  if (a->n_sets > 0 && !a->seen[CONFIG])
    return pbl_fail(err, PBL_USAGE, "serve: --set changes keys of --config FILE, which is missing");
  lender *l = calloc(1, sizeof *l);
  if (l == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  l->device = device;
  l->is_tlm = is_tlm;
  l->is_rtl = strcmp(device, "twin") != 0;
  l->quiet = a->seen[QUIET];
  l->progress = pbl_progress_stderr_create(l->quiet);
  status = a->seen[FILE_] ? serve_file(l, a, err) : serve_socket(l, a, err);
  pbl_progress_stderr_destroy(l->progress);
  free(l);
  return status;
}
