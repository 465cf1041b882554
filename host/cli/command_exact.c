#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exact_output.h"
#include "pbl_cli.h"
#include "pbl_lattice_model.h"

#define RANDOM_BIAS_SCALE 0.2 /* as random.bias_scale of a configuration */
#define DEFAULT_OBSERVABLES "energy,mag_visible,mag_hidden"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum {
  RANDOM,
  GRID,
  FERRO,
  LATTICE,
  BETA,
  KERNEL,
  OBSERVABLE,
  WINDOW,
  CHAINS,
  MOMENTS,
  THREADS,
  JSON
};

static const pbl_option options[] = {
    [RANDOM] = {"random", PBL_OPTION_VALUE, "VxH,S,SEED", NULL,
                "instead of MODEL: a random one; sizes, weight scale, seed"},
    [GRID] = {"grid", PBL_OPTION_VALUE, "WxL,J,F,SEED", NULL,
              "instead of MODEL: an open grid, couplings +-J, fields N(0, F^2)"},
    [FERRO] = {"ferro", PBL_OPTION_FLAG, NULL, NULL, "all couplings of --grid are +J"},
    [LATTICE] =
        {"lattice", PBL_OPTION_VALUE, "S,GRAPH,J,F,SEED", NULL,
         "instead of MODEL: an S x S torus of that graph, couplings N(0, J^2), fields N(0, F^2)"},
    [BETA] = {"beta", PBL_OPTION_VALUE, "B", NULL, "inverse temperature (the model's own)"},
    [KERNEL] = {"kernel", PBL_OPTION_VALUE, "LIST", NULL,
                "cyclic, palindromic, coin, random, site; all: the first four; none"},
    [OBSERVABLE] = {"observable", PBL_OPTION_VALUE, "LIST", NULL,
                    "energy, mag_visible, mag_hidden, mag, v0, h0, ... (the first three)"},
    [WINDOW] = {"window", PBL_OPTION_VALUE, "K", NULL,
                "steps of the gradient estimate of Q_op; 0: no Q_op (100)"},
    [CHAINS] = {"chains", PBL_OPTION_VALUE, "R", NULL, "independent chains averaged in Q_op (1)"},
    [MOMENTS] = {"moments", PBL_OPTION_VALUE, "FILE", NULL, "write E[s] and E[v h] as JSON"},
    [THREADS] = {"threads", PBL_OPTION_VALUE, "N", NULL,
                 "threads of the enumeration; 0: one per processor"},
    [JSON] = {"json", PBL_OPTION_FLAG, NULL, NULL, "one JSON object instead of the table"},
    {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};
enum { QUIET = JSON + 1 };

const pbl_command pbl_command_exact = {
    .name = "exact",
    .positional = "[MODEL]",
    .summary = "log Z, exact tau, relaxation time and Q_op of a small model",
    .details =
        "Solves a model folder of up to 24 p-bits without sampling: log Z, energy, and for every\n"
        "kernel the slowest mode, the autocorrelation time of observables and Q_op. cyclic,\n"
        "palindromic and coin (half-sweeps in either order) are the device's; random updates\n"
        "one random block and site one random p-bit a step. tau is half-Sokal, all times are in\n"
        "steps of the kernel. A folder without data moments has no Q_op; --random, --grid\n"
        "and --lattice learn from the exact law of a second model with seed + 1 (of --grid, with "
        "couplings +-J). With\n"
        "--kernel none only one side is enumerated, and 28 p-bits on the smaller one will do.\n"
        "\n"
        "Exit code: 0 done, 2 bad usage or too large a model, 3 failure or interrupted.\n",
    .options = options,
    .run = run};

static pbl_status read_count(size_t *out, const pbl_arguments *a, int option, size_t fallback,
                             size_t least, size_t most, pbl_error *err) {
  *out = fallback;
  if (!a->seen[option]) return PBL_OK;
  const char *text = a->values[option];
  char *end;
  *out = strtoull(text, &end, 10);
  if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && *out >= least && *out <= most)
    return PBL_OK;
  return pbl_fail(err, PBL_USAGE, "option --%s: '%s' is not a whole number from %zu to %zu",
                  options[option].name, text, least, most);
}

static pbl_status bad_value(int option, const char *text, pbl_error *err) {
  return pbl_fail(err, PBL_USAGE, "option --%s: '%s' is not like %s", options[option].name, text,
                  options[option].argument);
}

/* The model and, where it has no data, its teacher: the same recipe, next seed. */
static pbl_status random_models(pbl_rbm **out, pbl_rbm **teacher, const char *text,
                                pbl_error *err) {
  int V = 0, H = 0, used = 0;
  double scale = 0.0;
  unsigned long long seed = 0;
  if (sscanf(text, "%5dx%5d,%lf,%llu%n", &V, &H, &scale, &seed, &used) != 4 || text[used] != '\0' ||
      V < 1 || H < 1 || !isfinite(scale) || scale < 0.0)
    return bad_value(RANDOM, text, err);
  pbl_status status = pbl_rbm_random(out, V, H, scale, RANDOM_BIAS_SCALE, seed, err);
  if (status != PBL_OK) return status;
  return pbl_rbm_random(teacher, V, H, scale, RANDOM_BIAS_SCALE, seed + 1, err);
}

static pbl_status grid_models(pbl_rbm **out, pbl_rbm **teacher, const char *text, bool ferro,
                              pbl_error *err) {
  int width = 0, length = 0, used = 0;
  double J = 0.0, field = 0.0;
  unsigned long long seed = 0;
  if (sscanf(text, "%4dx%4d,%lf,%lf,%llu%n", &width, &length, &J, &field, &seed, &used) != 5 ||
      text[used] != '\0')
    return bad_value(GRID, text, err);
  const pbl_status status = pbl_exact_grid(out, width, length, J, field, ferro, seed, err);
  if (status != PBL_OK) return status;
  return pbl_exact_grid(teacher, width, length, J, field, false, seed + 1, err);
}

/* The graphs of hw.graph. */
static pbl_status lattice_models(pbl_rbm **out, pbl_rbm **teacher, const char *text,
                                 pbl_error *err) {
  pbl_hw_lattice lat = {0};
  char name[16];
  int used = 0;
  unsigned long long seed = 0;
  pbl_lattice_law law = {.couplings = PBL_GAUSSIAN};
  if (sscanf(text, "%4d,%15[^,],%lf,%lf,%llu%n", &lat.side, name, &law.scale, &law.field_scale,
             &seed, &used) != 5 ||
      text[used] != '\0' || !pbl_lattice_apply(&lat, name))
    return bad_value(LATTICE, text, err);
  law.seed = seed;
  const pbl_status status = pbl_lattice_model(out, &lat, &law, err);
  if (status != PBL_OK) return status;
  law.seed++;
  return pbl_lattice_model(teacher, &lat, &law, err);
}

/* As of a configuration: from here, then from the source tree. */
static pbl_status load_model(pbl_rbm **out, const char *folder, pbl_error *err) {
  const pbl_status status = pbl_rbm_load(out, folder, err);
  const char *root = getenv("PBITLOOP_SOURCE_DIR");
  if (status != PBL_NOT_FOUND || folder[0] == '/' || root == NULL) return status;
  char path[4096];
  const int length = snprintf(path, sizeof path, "%s/%s", root, folder);
  if (length < 0 || (size_t)length >= sizeof path) return status;
  const pbl_status second = pbl_rbm_load(out, path, err);
  if (second != PBL_NOT_FOUND) return second;
  return pbl_fail(err, PBL_NOT_FOUND, "no model folder %s, neither here nor in %s", folder, root);
}

static pbl_status get_models(pbl_rbm **out, pbl_rbm **teacher, const pbl_arguments *a,
                             pbl_error *err) {
  if ((a->positional != NULL) + a->seen[RANDOM] + a->seen[GRID] + a->seen[LATTICE] != 1)
    return pbl_fail(err, PBL_USAGE, "one of MODEL, --random, --grid and --lattice is needed");
  if (a->seen[FERRO] && !a->seen[GRID]) return pbl_fail(err, PBL_USAGE, "--ferro goes with --grid");
  if (a->seen[RANDOM]) return random_models(out, teacher, a->values[RANDOM], err);
  if (a->seen[GRID]) return grid_models(out, teacher, a->values[GRID], a->seen[FERRO], err);
  if (a->seen[LATTICE]) return lattice_models(out, teacher, a->values[LATTICE], err);
  return load_model(out, a->positional, err);
}

/* Calls take(word) for every word between commas; words are shorter than PBL_EXACT_NAME. */
static pbl_status each_word(const char *list, int option,
                            pbl_status (*take)(pbl_exact_request *r, const char *word,
                                               pbl_error *err),
                            pbl_exact_request *r, pbl_error *err) {
  for (const char *at = list;; at++) {
    const size_t length = strcspn(at, ",");
    char word[PBL_EXACT_NAME];
    if (length == 0 || length >= sizeof word)
      return pbl_fail(err, PBL_USAGE, "option --%s: '%s' is no list of names", options[option].name,
                      list);
    memcpy(word, at, length);
    word[length] = '\0';
    const pbl_status status = take(r, word, err);
    if (status != PBL_OK) return status;
    at += length;
    if (*at == '\0') return PBL_OK;
  }
}

static pbl_status take_observable(pbl_exact_request *r, const char *word, pbl_error *err) {
  if (r->n_observables == PBL_EXACT_MAX_OBSERVABLES)
    return pbl_fail(err, PBL_USAGE, "option --observable: more than %d names",
                    PBL_EXACT_MAX_OBSERVABLES);
  memcpy(r->observables[r->n_observables++], word, strlen(word) + 1);
  return PBL_OK;
}

static pbl_status take_kernel(pbl_exact_request *r, const char *word, pbl_error *err) {
  const bool all = strcmp(word, "all") == 0;
  bool known = all;
  for (int k = 0; k < PBL_EXACT_MAX_KERNELS; k++) {
    const pbl_scan scan = exact_kernels[k].scan;
    bool there = false;
    const bool wanted = all ? k < EXACT_ALL_KERNELS : strcmp(word, exact_kernels[k].name) == 0;
    known = known || wanted;
    for (size_t j = 0; j < r->n_kernels; j++) there = there || r->kernels[j] == scan;
    if (wanted && !there) r->kernels[r->n_kernels++] = scan;
  }
  if (known) return PBL_OK;
  return pbl_fail(err, PBL_USAGE,
                  "option --kernel: '%s' is none of cyclic, palindromic, coin, random, site, all, "
                  "none",
                  word);
}

static pbl_status read_request(pbl_exact_request *r, const pbl_arguments *a, const pbl_rbm *m,
                               pbl_error *err) {
  const char *kernels = a->seen[KERNEL] ? a->values[KERNEL] : "all";
  size_t threads = 0;
  *r = (pbl_exact_request){
      .model = m, .beta = m->beta, .edges_only = a->seen[GRID] || a->seen[LATTICE]};
  pbl_status status = read_count(&r->window, a, WINDOW, 100, 0, 1000000, err);
  if (status == PBL_OK) status = read_count(&r->chains, a, CHAINS, 1, 1, 1000000, err);
  if (status == PBL_OK) status = read_count(&threads, a, THREADS, 0, 0, 1024, err);
  if (status == PBL_OK && a->seen[BETA]) {
    char *end;
    r->beta = strtod(a->values[BETA], &end);
    if (end == a->values[BETA] || *end != '\0' || !isfinite(r->beta) || r->beta < 0.0)
      status =
          pbl_fail(err, PBL_USAGE, "option --beta: '%s' is not a number >= 0", a->values[BETA]);
  }
  r->threads = (int)threads;
  if (status == PBL_OK && strcmp(kernels, "none") != 0)
    status = each_word(kernels, KERNEL, take_kernel, r, err);
  if (status != PBL_OK) return status;
  return each_word(a->seen[OBSERVABLE] ? a->values[OBSERVABLE] : DEFAULT_OBSERVABLES, OBSERVABLE,
                   take_observable, r, err);
}

static pbl_status work(pbl_exact *out, pbl_rbm *model, pbl_rbm *teacher, const pbl_exact_request *r,
                       bool quiet, pbl_error *err) {
  pbl_progress *progress = pbl_progress_stderr_create(quiet);
  pbl_status status = PBL_OK;
  if (teacher != NULL && r->window > 0 && r->n_kernels > 0 &&
      model->n_visible + model->n_hidden <= PBL_ORACLE_SCAN_MAX_PBITS) {
    teacher->beta = r->beta;
    status = pbl_exact_teach(model, teacher, r->threads, progress, err);
  }
  if (status == PBL_OK) status = pbl_exact_run(out, r, progress, err);
  pbl_progress_stderr_destroy(progress);
  return status;
}

static pbl_status run(int *exit_code, const pbl_arguments *a, pbl_error *err) {
  pbl_rbm *model = NULL, *teacher = NULL;
  pbl_exact_request r = {0};
  pbl_exact e = {0};
  *exit_code = 0;
  pbl_status status = get_models(&model, &teacher, a, err);
  if (status == PBL_OK) status = read_request(&r, a, model, err);
  if (status == PBL_OK) status = work(&e, model, teacher, &r, a->seen[QUIET], err);
  if (status == PBL_OK && a->seen[MOMENTS])
    status = exact_write_moments(a->values[MOMENTS], &e, &r, err);
  if (status == PBL_OK && a->seen[JSON]) {
    status = exact_print_json(&e, &r, err);
  } else if (status == PBL_OK) {
    exact_print_table(&e, &r);
  }
  pbl_exact_release(&e);
  pbl_rbm_destroy(model);
  pbl_rbm_destroy(teacher);
  return status;
}
