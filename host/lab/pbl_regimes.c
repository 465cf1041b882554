#include "pbl_regimes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_compare.h"
#include "pbl_folder.h"
#include "pbl_json.h"
#include "regimes_internal.h"

const char *pbl_regime_name(pbl_regime regime) {
  static const char *const names[PBL_N_REGIMES] = {"fixed", "adaptive", "frozen", "setpoint",
                                                   "guard"};
  return regime < PBL_N_REGIMES ? names[regime] : NULL;
}

/* Frozen runs need the adaptive ones, and everything is compared with fixed ones. */
const pbl_regime regime_order[PBL_N_REGIMES] = {PBL_REGIME_FIXED, PBL_REGIME_ADAPTIVE,
                                                PBL_REGIME_FROZEN, PBL_REGIME_SETPOINT,
                                                PBL_REGIME_GUARD};

regime_run *regime_run_of(const regime_comparison *c, pbl_regime regime, int seed) {
  return &c->runs[(size_t)regime * (size_t)c->options->seeds + (size_t)seed];
}

static pbl_status check(const pbl_train_config *c, const pbl_regimes_options *o, pbl_error *err) {
  if (o->seeds < 2)
    return pbl_fail(err, PBL_USAGE, "regimes: --seeds %d: at least 2 are needed for an interval",
                    o->seeds);
  if (o->use[PBL_REGIME_FROZEN] && !o->use[PBL_REGIME_ADAPTIVE])
    return pbl_fail(err, PBL_USAGE, "regimes: frozen needs adaptive, whose last T it holds");
  if (c->units != PBL_UNITS_BINARY)
    return pbl_fail(err, PBL_CONFIG, "%s: regimes need training.units: binary", c->path);
  if (c->evaluate_every < 1 || c->ais_chains < 1 || c->tau_chains < 1)
    return pbl_fail(err, PBL_CONFIG,
                    "%s: regimes compare evaluations: evaluation.every_epochs, ais_chains and "
                    "tau_chains must be above 0",
                    c->path);
  if (c->epochs % c->evaluate_every != 0 || c->epochs < 2 * c->evaluate_every)
    return pbl_fail(err, PBL_CONFIG,
                    "%s: evaluation.every_epochs %d must divide training.epochs %d at least twice",
                    c->path, c->evaluate_every, c->epochs);
  if (c->evaluate_every % c->log_every != 0)
    return pbl_fail(
        err, PBL_CONFIG,
        "%s: evaluation.every_epochs %d must be a multiple of training.log_every_epochs "
        "%d, since the rows of the log hold the evaluations",
        c->path, c->evaluate_every, c->log_every);
  return PBL_OK;
}

/* The configuration of one run; of the regulator only the regime's own settings are left. */
static pbl_status derive(pbl_train_config *out, const regime_comparison *c, pbl_regime regime,
                         int seed, pbl_error *err) {
  *out = *c->config;
  out->seed = c->config->seed + (uint64_t)seed;
  out->beta = 1.0;
  out->gauge_fixing = false;
  const pbl_regulator_settings asked = c->config->regulator;
  pbl_regulator_mode mode = PBL_REGULATOR_FIXED;
  if (regime == PBL_REGIME_ADAPTIVE) mode = PBL_REGULATOR_SRTRBM;
  if (regime == PBL_REGIME_SETPOINT) mode = PBL_REGULATOR_SETPOINT;
  if (regime == PBL_REGIME_GUARD) mode = PBL_REGULATOR_GUARD;
  out->regulator = pbl_regulator_settings_default(mode);
  if (regime == PBL_REGIME_ADAPTIVE) {
    out->window_updates = 0;
    out->regulator.temperature_min = PBL_TEMPERATURE_MIN;
    out->regulator.temperature_max = c->config->device ? 54.0 : PBL_TEMPERATURE_MAX; /* exp(4) */
  }
  if (regime == PBL_REGIME_SETPOINT || regime == PBL_REGIME_GUARD) {
    out->gauge_fixing = true;
    out->regulator.flip_rate = asked.flip_rate;
    if (asked.gain > 0) out->regulator.gain = asked.gain;
    out->regulator.dead_band = asked.dead_band;
    out->regulator.step_limit = asked.step_limit;
  }
  if (regime == PBL_REGIME_FROZEN) {
    const regime_run *adaptive = regime_run_of(c, PBL_REGIME_ADAPTIVE, seed);
    out->beta = 1.0 / adaptive->rows[adaptive->n - 1].temperature;
  }
  const int n = snprintf(out->out, sizeof out->out, "%s/%s/%llu", c->config->out,
                         pbl_regime_name(regime), (unsigned long long)out->seed);
  if (n < 0 || (size_t)n >= sizeof out->out)
    return pbl_fail(err, PBL_INVALID, "path too long: %.200s...", c->config->out);
  return PBL_OK;
}

static bool finished(const regime_run *run, const pbl_train_config *config) {
  return run->n > 0 && run->rows[run->n - 1].epoch == config->epochs &&
         isfinite(run->rows[run->n - 1].log_likelihood_test);
}

static pbl_status run_or_keep(regime_run *run, const pbl_train_config *config, const char *what,
                              pbl_progress *progress, pbl_error *err) {
  bool known = false;
  pbl_status status = regime_settings_check(&known, config->out, config, err);
  if (!status) status = regime_log_read(run, config->out, err);
  if (status || (known && finished(run, config))) return status;
  pbl_progress_note(progress, "regime %s, seed %llu", what, (unsigned long long)config->seed);
  regime_log_free(run);
  status = pbl_train_run(config, progress, err);
  if (!status) status = regime_settings_write(config->out, config, err);
  if (!status) status = regime_log_read(run, config->out, err);
  if (!status && !finished(run, config))
    status = pbl_fail(err, PBL_FORMAT, "%s/log.csv has no evaluation of epoch %d", config->out,
                      config->epochs);
  return status;
}

static pbl_status one_run(regime_comparison *c, pbl_regime regime, int seed, pbl_progress *progress,
                          pbl_error *err) {
  pbl_train_config config;
  pbl_status status = derive(&config, c, regime, seed, err);
  if (status) return status;
  status =
      run_or_keep(regime_run_of(c, regime, seed), &config, pbl_regime_name(regime), progress, err);
  if (status == PBL_CONFIG && regime == PBL_REGIME_FROZEN)
    return pbl_wrap(
        err, status,
        "frozen, which holds the last T of the adaptive run (when that one has got more "
        "epochs, remove the frozen run)");
  return status;
}

static regime_mean end_mean(const regime_comparison *c, pbl_regime regime, int metric) {
  double x[256];
  const int n = c->options->seeds < 256 ? c->options->seeds : 256;
  for (int s = 0; s < n; s++) {
    const regime_run *run = regime_run_of(c, regime, s);
    const pbl_train_log *last = &run->rows[run->n - 1];
    x[s] = metric < 0 ? last->temperature : regime_metric(last, metric);
  }
  return regime_mean_of(x, n);
}

/* Paired difference to fixed T with the same seed, where both first reach the largest value of `at`
 * that both reach. */
static regime_mean matched_difference(const regime_comparison *c, pbl_regime regime, int metric,
                                      int at) {
  double x[256];
  const int n = c->options->seeds < 256 ? c->options->seeds : 256;
  for (int s = 0; s < n; s++) {
    const regime_run *a = regime_run_of(c, regime, s), *b = regime_run_of(c, PBL_REGIME_FIXED, s);
    const double value = fmin(regime_largest(a, at), regime_largest(b, at));
    x[s] = regime_matched(a, metric, at, value) - regime_matched(b, metric, at, value);
  }
  return regime_mean_of(x, n);
}

static void mean_text(char text[32], regime_mean m) {
  if (m.n < 2)
    snprintf(text, 32, "-");
  else
    snprintf(text, 32, "%.4g +-%.2g", m.value, m.high - m.value);
}

typedef struct {
  int metric;
  const char *label;
} shown_metric;
static const shown_metric shown[] = {{METRIC_LIKELIHOOD, "test log-lik."},
                                     {METRIC_TEST_ERROR, "test error"},
                                     {METRIC_AIS_VARIANCE, "AIS variance"},
                                     {METRIC_AIS_ESS, "AIS ESS fraction"},
                                     {METRIC_GAP, "gap"},
                                     {METRIC_LOG_TAU, "ln tau"}};
#define N_SHOWN (sizeof shown / sizeof *shown)

/* Whether any run measured it at its end: exact evaluations have no AIS, large models no gap. */
static bool measured(const regime_comparison *c, int metric) {
  for (int i = 0; i < PBL_N_REGIMES; i++)
    if (c->options->use[regime_order[i]] && end_mean(c, regime_order[i], metric).n > 0) return true;
  return false;
}

/* Columns that were measured, behind those that the table has. */
static void choose(int metrics[REGIME_TABLE_COLUMNS], regime_table *t, const regime_comparison *c) {
  for (size_t k = 0; k < N_SHOWN; k++) {
    if (!measured(c, shown[k].metric)) continue;
    metrics[t->n_columns] = shown[k].metric;
    t->heads[t->n_columns++] = shown[k].label;
  }
}

static void end_table(regime_table *t, const regime_comparison *c) {
  int metrics[REGIME_TABLE_COLUMNS] = {-1, METRIC_COUPLING, METRIC_FLIP_RATE};
  *t = (regime_table){.heads = {"T", "|W|/T", "flip rate"}, .n_columns = 3};
  choose(metrics, t, c);
  snprintf(t->title, sizeof t->title, "At the end, mean over %d seeds and half the 95 %% interval",
           c->options->seeds);
  for (int i = 0; i < PBL_N_REGIMES; i++) {
    if (!c->options->use[regime_order[i]]) continue;
    t->names[t->n_rows] = pbl_regime_name(regime_order[i]);
    for (int k = 0; k < t->n_columns; k++)
      mean_text(t->cells[t->n_rows][k], end_mean(c, regime_order[i], metrics[k]));
    t->n_rows++;
  }
}

static void matched_table(regime_table *t, const regime_comparison *c, int at) {
  int metrics[REGIME_TABLE_COLUMNS];
  *t = (regime_table){.n_columns = 0};
  choose(metrics, t, c);
  snprintf(t->title, sizeof t->title, "Difference to fixed T = 1 at matched %s, same seeds",
           at == METRIC_COUPLING ? "|W|/T" : "test log-likelihood");
  for (int i = 1; i < PBL_N_REGIMES; i++) {
    if (!c->options->use[regime_order[i]]) continue;
    t->names[t->n_rows] = pbl_regime_name(regime_order[i]);
    for (int k = 0; k < t->n_columns; k++)
      mean_text(t->cells[t->n_rows][k], matched_difference(c, regime_order[i], metrics[k], at));
    t->n_rows++;
  }
}

int regime_tables(regime_table tables[REGIME_TABLES], const regime_comparison *c) {
  end_table(&tables[0], c);
  if (!c->options->use[PBL_REGIME_FIXED]) return 1;
  matched_table(&tables[1], c, METRIC_COUPLING);
  matched_table(&tables[2], c, METRIC_LIKELIHOOD);
  return 3;
}

static void print_table(const regime_table *t) {
  printf("\n%s\n%-9s", t->title, "regime");
  for (int k = 0; k < t->n_columns; k++) printf(" %18s", t->heads[k]);
  for (int i = 0; i < t->n_rows; i++) {
    printf("\n%-9s", t->names[i]);
    for (int k = 0; k < t->n_columns; k++) printf(" %18s", t->cells[i][k]);
  }
  printf("\n");
}

static void write_mean(pbl_json *j, const char *key, regime_mean m) {
  pbl_json_object(j, key);
  pbl_json_double(j, "value", m.value);
  pbl_json_double(j, "low", m.low);
  pbl_json_double(j, "high", m.high);
  pbl_json_int(j, "seeds", m.n);
  pbl_json_end(j);
}

static pbl_status write_json(const regime_comparison *c, pbl_error *err) {
  char path[600];
  snprintf(path, sizeof path, "%s/regimes.json", c->config->out);
  pbl_json *j = NULL;
  pbl_status status = pbl_json_create_file(&j, path, err);
  if (status) return status;
  pbl_json_object(j, NULL);
  pbl_json_int(j, "schema", 1);
  pbl_json_int(j, "seeds", c->options->seeds);
  pbl_json_array(j, "regimes");
  for (int i = 0; i < PBL_N_REGIMES; i++) {
    const pbl_regime regime = regime_order[i];
    if (!c->options->use[regime]) continue;
    pbl_json_object(j, NULL);
    pbl_json_string(j, "name", pbl_regime_name(regime));
    pbl_json_object(j, "end");
    write_mean(j, "temperature", end_mean(c, regime, -1));
    for (int k = 0; k < N_METRICS; k++)
      write_mean(j, regime_metric_names[k], end_mean(c, regime, k));
    pbl_json_end(j);
    if (regime != PBL_REGIME_FIXED && c->options->use[PBL_REGIME_FIXED]) {
      pbl_json_object(j, "minus_fixed_at_matched_coupling");
      for (int k = 0; k < N_METRICS; k++)
        write_mean(j, regime_metric_names[k], matched_difference(c, regime, k, METRIC_COUPLING));
      pbl_json_end(j);
      pbl_json_object(j, "minus_fixed_at_matched_likelihood");
      for (int k = 0; k < N_METRICS; k++)
        write_mean(j, regime_metric_names[k], matched_difference(c, regime, k, METRIC_LIKELIHOOD));
      pbl_json_end(j);
    }
    pbl_json_end(j);
  }
  pbl_json_end(j);
  pbl_json_end(j);
  return pbl_json_close(j, NULL, err);
}

static pbl_status show(const regime_comparison *c, pbl_error *err) {
  regime_table tables[REGIME_TABLES];
  const int n_tables = regime_tables(tables, c);
  for (int k = 0; k < n_tables; k++) print_table(&tables[k]);
  const pbl_status status = write_json(c, err);
  return status ? status : regime_page_write(c, tables, n_tables, err);
}

pbl_status pbl_regimes_run(const pbl_train_config *config, const pbl_regimes_options *options,
                           pbl_progress *progress, pbl_error *err) {
  regime_comparison c = {.config = config, .options = options};
  pbl_status status = check(config, options, err);
  if (status) return status;
  const size_t n_runs = (size_t)PBL_N_REGIMES * (size_t)options->seeds;
  pbl_folder *folder = NULL;
  status = pbl_folder_open(&folder, config->out, progress, err);
  if (status) return status;
  c.runs = calloc(n_runs, sizeof *c.runs);
  if (!c.runs) status = pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu runs", n_runs);
  /* Seed by seed: what an interrupted comparison has is whole pairs. */
  for (int s = 0; !status && s < options->seeds; s++)
    for (int i = 0; !status && i < PBL_N_REGIMES; i++)
      if (options->use[regime_order[i]]) status = one_run(&c, regime_order[i], s, progress, err);
  if (!status) status = show(&c, err);
  for (size_t k = 0; c.runs && k < n_runs; k++) regime_log_free(&c.runs[k]);
  free(c.runs);
  pbl_folder_close(folder);
  return status;
}
