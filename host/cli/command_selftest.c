#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "area_variants.h"
#include "pbl_cli.h"
#include "pbl_compare.h"
#include "selftest_output.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum { DEVICE, SECRET, CASE, SEED, SET, FRESH, NO_BUS_ERRORS, JSON, QUIET };

static const pbl_option options[] = {
    [DEVICE] = {"device", PBL_OPTION_KEY, "NAME", "device",
                "what is tested: rtl, twin, tlm, remote:ADDRESS (docs/hil.md) or uio:BOARD "
                "(docs/board.md)"},
    [SECRET] = {"secret", PBL_OPTION_KEY, "FILE", "remote_secret",
                "shared with the server of remote:ADDRESS"},
    [CASE] = {"case", PBL_OPTION_VALUE, "NAME", NULL,
              "case of CONFIG whose hardware it must be (the first)"},
    [SEED] = {"seed", PBL_OPTION_KEY, "N", "seed", "seed of patterns, models and generators"},
    [SET] = {"set", PBL_OPTION_SET, "KEY=VALUE", NULL, "change any key; repeatable"},
    [FRESH] = {"fresh", PBL_OPTION_FLAG, NULL, NULL,
               "a board comes from reset: other reset values fail"},
    [NO_BUS_ERRORS] = {"no-bus-errors", PBL_OPTION_FLAG, NULL, NULL,
                       "leave out accesses that the bus must refuse"},
    [JSON] = {"json", PBL_OPTION_FLAG, NULL, NULL, "one JSON object instead of the table"},
    [QUIET] = {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress, only the result"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_selftest = {
    .name = "selftest",
    .positional = "[CONFIG]",
    .summary = "check a device from its identity to its samples; overwrites what it holds",
    .details =
        "What to run first on a new board or back-end: some forty checks in the order in which\n"
        "faults should be found (bus, registers, memories, hash, runs, streams, interrupt,\n"
        "options), each compared with the register list, the documents or the twin, and skipped\n"
        "by name where an earlier one failed. It WRITES EVERY REGISTER AND MEMORY of the device:\n"
        "what it held is lost. Without CONFIG a device that is there already is tested as the\n"
        "hardware that it shows in CAPS, and rtl, twin and tlm as a small built-in one that --set\n"
        "hw.KEY=VALUE changes. See docs/selftest.md.\n"
        "\n"
        "Exit code: 0 all passed, 10 a check failed, 2 bad usage or configuration, 3 the device\n"
        "does not answer, or failure of the run.\n",
    .options = options,
    .run = run};

static const char built_in[] =
    "schema: 1\n"
    "hw: {lanes: 2}\n"
    "cases:\n"
    "  - name: small\n"
    "    random: {visible: 12, hidden: 10}\n"
    "    chains: 4\n";

static pbl_status load(pbl_compare_config *c, const pbl_arguments *a, pbl_error *err) {
  const char *const *sets = (const char *const *)a->sets;
  if (a->positional) return pbl_config_load_compare(c, a->positional, sets, a->n_sets, err);
  return pbl_config_text_compare(c, "built-in configuration", built_in, sets, a->n_sets, err);
}

static pbl_status find_case(const pbl_case_config **out, const pbl_compare_config *c,
                            const char *name, pbl_error *err) {
  const size_t k = name ? pbl_config_case(c, name) : 0;
  *out = &c->cases[k];
  if (k < (size_t)c->n_cases) return PBL_OK;
  return pbl_fail(err, PBL_USAGE, "selftest: --case %s: %s has no case of that name", name,
                  c->path);
}

/* Nobody has to say how hardware was built that is there already. */
static bool is_there(const pbl_compare_config *c) {
  return c->device != PBL_DEVICE_RTL && c->device != PBL_DEVICE_TWIN && c->device != PBL_DEVICE_TLM;
}

static bool is_fresh(const pbl_compare_config *c, const pbl_arguments *a) {
  return a->seen[FRESH] || !is_there(c) || c->device == PBL_DEVICE_REMOTE;
}

static pbl_status print(const pbl_selftest_report *r, const pbl_arguments *a,
                        const pbl_compare_config *c, const char *hardware, pbl_error *err) {
  const char *device = pbl_backend_name(c->device);
  if (a->seen[JSON]) return selftest_print_json(r, device, hardware, err);
  selftest_print(r, device, hardware);
  return PBL_OK;
}

/* The report is printed whatever ended the test. */
static pbl_status test(int *exit_code, const pbl_compare_config *c, const pbl_case_config *cc,
                       const pbl_arguments *a, pbl_progress *p, pbl_error *err) {
  const bool known = a->positional || a->seen[SET] || !is_there(c);
  char hardware[700];
  pbl_hw hw;
  pbl_device *dev = NULL;
  pbl_selftest_options o = pbl_selftest_options_default();
  pbl_selftest_report *r = calloc(1, sizeof *r);
  if (!r) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  snprintf(hardware, sizeof hardware, known ? "hardware of case %s, %s" : "hardware as it is",
           cc->name, c->path);
  pbl_status status = known ? area_case_hw(&hw, cc, err) : PBL_OK;
  if (status == PBL_OK && known) status = pbl_hw_check(&hw, err);
  if (status == PBL_OK)
    status = pbl_compare_open_device(&dev, NULL, c, known ? &hw : NULL, c->device, p, err);
  if (status == PBL_OK) {
    pbl_error ignored;
    o.expected = known ? &hw : NULL;
    o.fresh = is_fresh(c, a);
    o.no_bus_errors = a->seen[NO_BUS_ERRORS];
    o.seed = c->seed;
    status = pbl_selftest_run(r, dev, &o, p, err);
    const pbl_status printed = print(r, a, c, hardware, status == PBL_OK ? err : &ignored);
    *exit_code = r->n_failed > 0 ? 10 : 0;
    if (status == PBL_OK) status = printed;
  }
  free(r);
  return status;
}

static pbl_status run(int *exit_code, const pbl_arguments *a, pbl_error *err) {
  const pbl_case_config *cc = NULL;
  pbl_compare_config *config = calloc(1, sizeof *config);
  if (config == NULL) return pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  pbl_progress *p = pbl_progress_stderr_create(a->seen[QUIET]);
  pbl_status status = load(config, a, err);
  if (status == PBL_OK) status = find_case(&cc, config, a->values[CASE], err);
  if (status == PBL_OK) status = test(exit_code, config, cc, a, p, err);
  pbl_progress_stderr_destroy(p);
  free(config);
  return status;
}
