#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_cli.h"
#include "pbl_json.h"
#include "pbl_power.h"

#define DEFAULT_BETA_ERROR 0.01
#define RANDOM_BIAS_SCALE 0.2 /* as random.bias_scale of a configuration */

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum { BETA_ERROR, WEIGHT_ERROR, MOMENT_ERROR, ALPHA, POWER, MODEL, RANDOM, INFORMATION, BETA };

static const pbl_option options[] = {
    [BETA_ERROR] = {"beta-error", PBL_OPTION_VALUE, "X", NULL, "relative error of beta, e.g. 0.01"},
    [WEIGHT_ERROR] = {"weight-error", PBL_OPTION_VALUE, "D", NULL,
                      "error of one weight, in model units"},
    [MOMENT_ERROR] = {"moment-error", PBL_OPTION_VALUE, "M", NULL, "error of one mean E[s]"},
    [ALPHA] = {"alpha", PBL_OPTION_VALUE, "A", NULL, "level of the two-sided test (0.01)"},
    [POWER] = {"power", PBL_OPTION_VALUE, "P", NULL, "probability of finding the error (0.9)"},
    [MODEL] = {"model", PBL_OPTION_VALUE, "FOLDER", NULL, "model folder"},
    [RANDOM] = {"random", PBL_OPTION_VALUE, "VxH,S,SEED", NULL,
                "random model: sizes, weight scale, seed"},
    [INFORMATION] = {"information", PBL_OPTION_VALUE, "I", NULL,
                     "information per update, instead of a model"},
    [BETA] = {"beta", PBL_OPTION_VALUE, "B", NULL, "inverse temperature (the model's own)"},
    {"seed", PBL_OPTION_VALUE, "N", NULL, "seed of the reference run (1)"},
    {"threads", PBL_OPTION_VALUE, "N", NULL, "threads; 0: one per processor"},
    {"json", PBL_OPTION_FLAG, NULL, NULL, "one JSON object instead of the table"},
    {"quiet", PBL_OPTION_FLAG, NULL, NULL, "no progress"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};
enum { SEED = BETA + 1, THREADS, JSON, QUIET };

const pbl_command pbl_command_power = {
    .name = "power",
    .positional = NULL,
    .summary = "how long a run must be to show an error of given size",
    .details =
        "Prints how many updates and sweeps, summed over all chains, a device must run until an\n"
        "error of beta (innovation score test), of one weight (edge innovations, the edge that\n"
        "shows it least) or of one mean (its standard error, slowest p-bit) is found with the\n"
        "given probability. Models of up to 20 p-bits are enumerated, larger ones sampled. One of\n"
        "--model, --random and --information is needed; without any error beta 1 % is taken.\n"
        "\n"
        "Exit code: 0 done, 2 bad usage, 3 failure or interrupted.\n",
    .options = options,
    .run = run};

typedef struct {
  double error[3]; /* NaN: not asked for */
  double alpha, power, beta, information;
  int threads;
  uint64_t seed;
} request;

typedef struct {
  const char *what, *test;
  double error, updates, sweeps; /* sweeps NaN without a model */
  size_t n_members;
} answer;

static pbl_status read_double(double *out, const pbl_arguments *a, int option, double fallback,
                              pbl_error *err) {
  *out = fallback;
  if (!a->seen[option]) return PBL_OK;
  char *end;
  *out = strtod(a->values[option], &end);
  if (end != a->values[option] && *end == '\0' && isfinite(*out)) return PBL_OK;
  return pbl_fail(err, PBL_USAGE, "option --%s: '%s' is not a number", options[option].name,
                  a->values[option]);
}

static pbl_status read_count(uint64_t *out, const pbl_arguments *a, int option, uint64_t fallback,
                             uint64_t most, pbl_error *err) {
  *out = fallback;
  if (!a->seen[option]) return PBL_OK;
  const char *text = a->values[option];
  char *end;
  const bool digits = text[0] >= '0' && text[0] <= '9';
  *out = strtoull(text, &end, 10);
  if (digits && *end == '\0' && *out <= most) return PBL_OK;
  return pbl_fail(err, PBL_USAGE, "option --%s: '%s' is not a whole number up to %llu",
                  options[option].name, text, (unsigned long long)most);
}

static pbl_status read_request(request *r, const pbl_arguments *a, pbl_error *err) {
  uint64_t threads = 0;
  pbl_status status = PBL_OK;
  for (int k = BETA_ERROR; k <= MOMENT_ERROR && status == PBL_OK; k++) {
    status = read_double(&r->error[k], a, k, NAN, err);
    if (status == PBL_OK && r->error[k] == 0.0)
      status =
          pbl_fail(err, PBL_USAGE, "option --%s: an error of 0 is never found", options[k].name);
  }
  if (status == PBL_OK) status = read_double(&r->alpha, a, ALPHA, 0.01, err);
  if (status == PBL_OK) status = read_double(&r->power, a, POWER, 0.9, err);
  if (status == PBL_OK) status = read_double(&r->information, a, INFORMATION, NAN, err);
  if (status == PBL_OK) status = read_double(&r->beta, a, BETA, NAN, err);
  if (status == PBL_OK) status = read_count(&r->seed, a, SEED, 1, UINT64_MAX, err);
  if (status == PBL_OK) status = read_count(&threads, a, THREADS, 0, 1024, err);
  if (status != PBL_OK) return status;
  r->threads = (int)threads;
  if (a->seen[MODEL] + a->seen[RANDOM] + a->seen[INFORMATION] != 1)
    return pbl_fail(err, PBL_USAGE, "one of --model, --random and --information is needed");
  if (a->seen[INFORMATION] && (a->seen[WEIGHT_ERROR] || a->seen[MOMENT_ERROR] || a->seen[BETA]))
    return pbl_fail(err, PBL_USAGE,
                    "--information tells only about --beta-error; give --model or --random");
  if (!a->seen[WEIGHT_ERROR] && !a->seen[MOMENT_ERROR] && !a->seen[BETA_ERROR])
    r->error[BETA_ERROR] = DEFAULT_BETA_ERROR;
  return PBL_OK;
}

/* VxH,SCALE,SEED */
static pbl_status random_model(pbl_rbm **out, const char *text, pbl_error *err) {
  int V = 0, H = 0, used = 0;
  double scale = 0.0;
  unsigned long long seed = 0;
  if (sscanf(text, "%5dx%5d,%lf,%llu%n", &V, &H, &scale, &seed, &used) != 4 || text[used] != '\0' ||
      V < 1 || H < 1 || V > 1024 || H > 1024 || !isfinite(scale) || scale < 0.0)
    return pbl_fail(err, PBL_USAGE,
                    "option --random: '%s' is not like 64x32,0.1,1 (sizes 1 to 1024, weight scale, "
                    "seed)",
                    text);
  return pbl_rbm_random(out, V, H, scale, RANDOM_BIAS_SCALE, seed, err);
}

/* As of a configuration: from here, then from the source tree. */
static pbl_status load_model(pbl_rbm **out, const char *folder, pbl_error *err) {
  const pbl_status status = pbl_rbm_load(out, folder, err);
  const char *root = getenv("PBITLOOP_SOURCE_DIR");
  if (status != PBL_NOT_FOUND || folder[0] == '/' || root == NULL) return status;
  char path[4096];
  const int length = snprintf(path, sizeof path, "%s/%s", root, folder);
  if (length < 0 || (size_t)length >= sizeof path) return status;
  return pbl_rbm_load(out, path, err);
}

/* The rows asked for; m is NULL with --information. */
static pbl_status answer_all(answer *rows, size_t *n_rows, const request *r,
                             const pbl_power_model *m, pbl_error *err) {
  static const char *const what[3] = {"beta, relative", "one weight", "one mean"};
  static const char *const test[3] = {"innovation score", "edge innovations", "mean over chains"};
  const double information[3] = {r->information, m != NULL ? m->weight_information_least : NAN,
                                 m != NULL ? 1.0 / m->moment_sigma2 : NAN};
  const size_t members[3] = {1, m != NULL ? m->n_edges : 1, m != NULL ? m->n_pbits : 1};
  pbl_status status = PBL_OK;
  *n_rows = 0;
  for (int k = BETA_ERROR; k <= MOMENT_ERROR && status == PBL_OK; k++) {
    if (isnan(r->error[k])) continue;
    answer *a = &rows[(*n_rows)++];
    *a = (answer){.what = what[k], .test = test[k], .error = r->error[k], .n_members = members[k]};
    double n = NAN;
    status = pbl_power_needed(&n, r->error[k], information[k], r->alpha, r->power, members[k], err);
    const double pbits = m != NULL ? (double)m->n_pbits : NAN;
    a->updates = k == BETA_ERROR ? n : n * pbits; /* the others count sweeps */
    a->sweeps = k == BETA_ERROR ? n / pbits : n;
  }
  return status;
}

static void print_table(const request *r, const pbl_power_model *m, const answer *rows, size_t n) {
  printf("information about beta: %.5g per update", r->information);
  if (m == NULL) {
    puts(" (given)");
  } else if (m->exact) {
    printf(" (enumerated, %zu p-bits, beta %g)\n", m->n_pbits, r->beta);
  } else {
    printf(" +- %.1g (%zu chains x %zu sweeps, %zu p-bits, beta %g)\n", m->information_error,
           m->n_chains, m->n_draws, m->n_pbits, r->beta);
  }
  printf("two-sided level %g, power %g, updates and sweeps of all chains together\n\n", r->alpha,
         r->power);
  printf("%-15s %10s  %-17s %8s %12s %12s\n", "error of", "size", "test", "members", "updates",
         "sweeps");
  for (size_t k = 0; k < n; k++) {
    char sweeps[32] = "-";
    if (!isnan(rows[k].sweeps)) snprintf(sweeps, sizeof sweeps, "%.3g", rows[k].sweeps);
    printf("%-15s %10g  %-17s %8zu %12.3g %12s\n", rows[k].what, rows[k].error, rows[k].test,
           rows[k].n_members, rows[k].updates, sweeps);
  }
  if (m == NULL || isnan(m->moment_sigma2)) return;
  printf("\nslowest mean: p-bit %zu, tau %.4g sweeps%s\n", m->moment_pbit, m->moment_tau,
         m->moment_exact      ? " (exact)"
         : m->moment_resolved ? ""
                              : "; UNRESOLVED: sweeps for one mean are a lower bound");
}

static pbl_status print_json(const request *r, const pbl_power_model *m, const answer *rows,
                             size_t n, pbl_error *err) {
  pbl_json *j = NULL;
  char *text = NULL;
  pbl_status status = pbl_json_create_memory(&j, err);
  if (status != PBL_OK) return status;
  pbl_json_object(j, NULL);
  pbl_json_double(j, "alpha", r->alpha);
  pbl_json_double(j, "power", r->power);
  pbl_json_double(j, "information", r->information);
  if (m != NULL) {
    pbl_json_double(j, "information_error", m->information_error);
    pbl_json_bool(j, "exact", m->exact);
    pbl_json_double(j, "beta", r->beta);
    pbl_json_int(j, "pbits", (int64_t)m->n_pbits);
    pbl_json_double(j, "weight_information_least", m->weight_information_least);
    pbl_json_double(j, "weight_information_mean", m->weight_information_mean);
  }
  if (m != NULL && !isnan(m->moment_sigma2)) {
    pbl_json_double(j, "moment_tau", m->moment_tau);
    pbl_json_int(j, "moment_pbit", (int64_t)m->moment_pbit);
    pbl_json_bool(j, "moment_resolved", m->moment_resolved);
  }
  pbl_json_array(j, "errors");
  for (size_t k = 0; k < n; k++) {
    pbl_json_object(j, NULL);
    pbl_json_string(j, "of", rows[k].what);
    pbl_json_double(j, "size", rows[k].error);
    pbl_json_string(j, "test", rows[k].test);
    pbl_json_int(j, "members", (int64_t)rows[k].n_members);
    pbl_json_double(j, "updates", rows[k].updates);
    pbl_json_double(j, "sweeps", rows[k].sweeps);
    pbl_json_end(j);
  }
  pbl_json_end(j);
  pbl_json_end(j);
  status = pbl_json_close(j, &text, err);
  if (status == PBL_OK) {
    fputs(text, stdout);
    if (text[0] != '\0' && text[strlen(text) - 1] != '\n') putchar('\n');
  }
  free(text);
  return status;
}

static pbl_status measure(pbl_power_model *out, request *r, const pbl_arguments *a,
                          pbl_error *err) {
  pbl_rbm *model = NULL;
  pbl_status status = a->seen[MODEL] ? load_model(&model, a->values[MODEL], err)
                                     : random_model(&model, a->values[RANDOM], err);
  if (status != PBL_OK) return status;
  if (!a->seen[BETA]) r->beta = model->beta;
  pbl_progress *progress = pbl_progress_stderr_create(a->seen[QUIET]);
  status = pbl_power_measure(out, model, r->beta, a->seen[MOMENT_ERROR], r->seed, r->threads,
                             progress, err);
  pbl_progress_stderr_destroy(progress);
  pbl_rbm_destroy(model);
  if (status == PBL_OK) r->information = out->information;
  return status;
}

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  request r;
  pbl_power_model measured, *m = NULL;
  answer rows[3];
  size_t n_rows = 0;
  *exit_code = 0;
  pbl_status status = read_request(&r, arguments, err);
  if (status == PBL_OK && !arguments->seen[INFORMATION]) {
    status = measure(&measured, &r, arguments, err);
    m = &measured;
  }
  if (status == PBL_OK) status = answer_all(rows, &n_rows, &r, m, err);
  if (status != PBL_OK) return status;
  if (arguments->seen[JSON]) return print_json(&r, m, rows, n_rows, err);
  print_table(&r, m, rows, n_rows);
  return PBL_OK;
}
