#include "stats_output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_json.h"

#define SCHEMA 1

const char *stats_verdict_name(pbl_resolution resolution) {
  static const char *const names[] = {[PBL_RESOLVED] = "RESOLVED",
                                      [PBL_UNRESOLVED] = "UNRESOLVED",
                                      [PBL_FROZEN] = "FROZEN",
                                      [PBL_PARTIAL] = "PARTIAL",
                                      [PBL_SHORT] = "SHORT"};
  return names[resolution];
}

pbl_resolution stats_overall(const stats_result *result) {
  static const pbl_resolution gravest_first[] = {PBL_FROZEN, PBL_PARTIAL, PBL_SHORT,
                                                 PBL_UNRESOLVED};
  for (size_t g = 0; g < sizeof gravest_first / sizeof *gravest_first; ++g) {
    for (size_t k = 0; k < result->n_observables; ++k) {
      if (result->verdicts[k].resolution == gravest_first[g]) return gravest_first[g];
    }
  }
  return PBL_RESOLVED;
}

/* A number in a column of `width`; "-" where it is not defined. */
static void cell(double value, int width) {
  if (isnan(value)) {
    printf(" %*s", width, "-");
  } else {
    printf(" %*.4g", width, value);
  }
}

/* sigma2 as half tau of this observable. */
static double as_tau(double sigma2, const pbl_resolve_report *v) {
  return v->base.variance > 0.0 ? 0.5 * sigma2 / v->base.variance : NAN;
}

static double ess_as_tau(double ess, const stats_result *r) {
  return 0.5 * (double)(r->n_chains * r->n_draws) / ess;
}

static int name_width(const stats_result *r) {
  size_t width = 10;
  for (size_t k = 0; k < r->n_observables; ++k) {
    const size_t length = strlen(r->names[k]);
    if (length > width) width = length;
  }
  return width > 32 ? 32 : (int)width;
}

static void print_verdicts(const stats_result *r, int width) {
  printf("\n%-*s %-10s %10s %10s %9s %9s %9s %9s %9s %10s\n", width, "observable", "verdict",
         "mean", "mcse", "tau", "low", "high", "tail", "tau_exp", "ESS");
  for (size_t k = 0; k < r->n_observables; ++k) {
    const pbl_resolve_report *v = &r->verdicts[k];
    printf("%-*.*s %-10s", width, width, r->names[k], stats_verdict_name(v->resolution));
    cell(v->base.mean, 10);
    cell(v->mcse, 10);
    cell(v->tau.value, 9);
    cell(v->tau.low, 9);
    cell(v->tau.high, 9);
    cell(v->tau_tail, 9);
    cell(v->tau_exp, 9);
    cell(v->ess.value, 10);
    putchar('\n');
  }
}

static void print_estimators(const stats_result *r, int width) {
  printf("\n%-*s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", width, "tau by", "Geyer", "Geyer",
         "Geyer", "Geyer", "Sokal", "Gamma", "Gamma", "Stan", "lugsail", "chain");
  printf("%-*s %8s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", width, "", "convex", "IPS own",
         "IMS own", "ICS own", "c 5", "S 1.5", "S 2", "split", "batches", "means");
  for (size_t k = 0; k < r->n_observables; ++k) {
    const pbl_resolve_report *v = &r->verdicts[k];
    const pbl_estimates *e = &r->estimates[k];
    printf("%-*.*s", width, width, r->names[k]);
    cell(as_tau(e->geyer_pooled.convex, v), 8);
    cell(as_tau(e->geyer_chain.positive, v), 8);
    cell(as_tau(e->geyer_chain.monotone, v), 8);
    cell(as_tau(e->geyer_chain.convex, v), 8);
    cell(e->sokal.tau, 8);
    cell(e->wolff_15.tau, 8);
    cell(e->wolff_20.tau, 8);
    cell(ess_as_tau(e->stan.ess_basic, r), 8);
    cell(as_tau(e->batch.lugsail, v), 8);
    cell(as_tau(e->s_n, v), 8);
    putchar('\n');
  }
}

static void print_convergence(const stats_result *r, int width) {
  printf("\n%-*s %9s %9s %9s %9s %9s %9s %9s %9s %9s\n", width, "", "R-hat", "rank", "nested",
         "ESS bulk", "ESS tail", "spread", "limit", "doubling", "switch");
  for (size_t k = 0; k < r->n_observables; ++k) {
    const pbl_resolve_report *v = &r->verdicts[k];
    printf("%-*.*s", width, width, r->names[k]);
    cell(v->base.split_rhat, 9);
    cell(r->estimates[k].stan.rhat_rank, 9);
    cell(v->nested_rhat, 9);
    cell(r->estimates[k].stan.ess_bulk, 9);
    cell(r->estimates[k].stan.ess_tail, 9);
    cell(v->spread_ratio, 9);
    cell(v->spread_bound, 9);
    cell(v->doubling_change / v->doubling_error, 9);
    cell(v->one_switch_ratio, 9);
    putchar('\n');
  }
}

static void print_reasons(const stats_result *r) {
  for (size_t k = 0; k < r->n_observables; ++k) {
    const pbl_resolve_report *v = &r->verdicts[k];
    if (v->resolution == PBL_RESOLVED && !v->one_switch) continue;
    printf("%s %s: ", stats_verdict_name(v->resolution), r->names[k]);
    if (v->clause != 0) printf("(%c) ", v->clause);
    fputs(v->gate, stdout);
    if (v->base.tau_lower_bound > 0.5) {
      printf("; tau is at least %.3g draws (95 %%, chain means)", v->base.tau_lower_bound);
    }
    if (v->one_switch) {
      printf("; tau is %.3f of the chain length, as chains that switched once have it",
             v->one_switch_ratio);
    }
    putchar('\n');
  }
}

void stats_print(const stats_result *r) {
  const int width = name_width(r);
  printf("%s: %zu chains x %zu draws, %zu observable%s\n", r->file, r->n_chains, r->n_draws,
         r->n_observables, r->n_observables == 1 ? "" : "s");
  printf("tau: half-Sokal (white noise 0.5), in draws of %g sweep%s; interval 95 %%\n", r->thin,
         r->thin == 1.0 ? "" : "s");
  print_verdicts(r, width);
  print_estimators(r, width);
  print_convergence(r, width);
  putchar('\n');
  print_reasons(r);
  printf("VERDICT %s\n", stats_verdict_name(stats_overall(r)));
}

static void put_estimate(pbl_json *j, const char *key, double value, double low, double high) {
  pbl_json_object(j, key);
  pbl_json_double(j, "value", value);
  pbl_json_double(j, "low", low);
  pbl_json_double(j, "high", high);
  pbl_json_end(j);
}

static void put_geyer(pbl_json *j, const char *key, const pbl_geyer_sums *g) {
  pbl_json_object(j, key);
  pbl_json_double(j, "sigma2_positive", g->positive);
  pbl_json_double(j, "sigma2_monotone", g->monotone);
  pbl_json_double(j, "sigma2_convex", g->convex);
  pbl_json_int(j, "window", (int64_t)g->window);
  pbl_json_end(j);
}

static void put_wolff(pbl_json *j, const char *key, const pbl_wolff_report *w) {
  pbl_json_object(j, key);
  pbl_json_double(j, "tau", w->tau);
  pbl_json_double(j, "tau_error", w->tau_error);
  pbl_json_double(j, "mean_error", w->error);
  pbl_json_double(j, "mean_error_error", w->error_error);
  pbl_json_double(j, "replica_p", w->replica_p);
  pbl_json_int(j, "window", (int64_t)w->window);
  pbl_json_bool(j, "complete", w->complete);
  pbl_json_end(j);
}

static void put_stan(pbl_json *j, const pbl_stan_report *s) {
  pbl_json_object(j, "stan");
  pbl_json_double(j, "ess_basic", s->ess_basic);
  pbl_json_double(j, "ess_basic_unsplit", s->ess_basic_unsplit);
  pbl_json_double(j, "ess_bulk", s->ess_bulk);
  pbl_json_double(j, "ess_tail", s->ess_tail);
  pbl_json_double(j, "ess_sd", s->ess_sd);
  pbl_json_double(j, "rhat", s->rhat);
  pbl_json_double(j, "rhat_unsplit", s->rhat_unsplit);
  pbl_json_double(j, "rhat_rank", s->rhat_rank);
  pbl_json_double(j, "mcse_mean", s->mcse_mean);
  pbl_json_double(j, "mcse_sd", s->mcse_sd);
  pbl_json_end(j);
}

static void put_estimators(pbl_json *j, const pbl_estimates *e) {
  pbl_json_object(j, "estimators");
  put_geyer(j, "geyer_pooled_mean", &e->geyer_pooled);
  put_geyer(j, "geyer_chain_mean", &e->geyer_chain);
  pbl_json_object(j, "sokal");
  pbl_json_double(j, "tau", e->sokal.tau);
  pbl_json_double(j, "relative_error", e->sokal.relative_error);
  pbl_json_int(j, "window", (int64_t)e->sokal.window);
  pbl_json_bool(j, "long_enough", e->sokal.long_enough);
  pbl_json_end(j);
  put_wolff(j, "gamma_1_5", &e->wolff_15);
  put_wolff(j, "gamma_2_0", &e->wolff_20);
  put_stan(j, &e->stan);
  pbl_json_object(j, "batch_means");
  pbl_json_int(j, "batch", (int64_t)e->batch.batch);
  pbl_json_double(j, "sigma2", e->batch.plain);
  pbl_json_double(j, "sigma2_lugsail", e->batch.lugsail);
  pbl_json_end(j);
  pbl_json_object(j, "chain_means");
  pbl_json_double(j, "sigma2", e->s_n);
  pbl_json_end(j);
  pbl_json_end(j);
}

static void put_gates(pbl_json *j, const pbl_resolve_report *v) {
  pbl_json_object(j, "gates");
  pbl_json_double(j, "tau_tail", v->tau_tail);
  pbl_json_double(j, "tau_exp", v->tau_exp);
  pbl_json_double(j, "tau_exp_max", v->tau_exp_max);
  pbl_json_double(j, "spread_ratio", v->spread_ratio);
  pbl_json_double(j, "spread_bound", v->spread_bound);
  pbl_json_double(j, "split_rhat", v->base.split_rhat);
  pbl_json_double(j, "nested_rhat", v->nested_rhat);
  pbl_json_double(j, "doubling_change", v->doubling_change);
  pbl_json_double(j, "doubling_error", v->doubling_error);
  pbl_json_double(j, "agreement", v->agreement);
  pbl_json_double(j, "one_switch_ratio", v->one_switch_ratio);
  pbl_json_end(j);
}

static void put_observable(pbl_json *j, const stats_result *r, size_t k) {
  const pbl_resolve_report *v = &r->verdicts[k];
  const pbl_tau_report *b = &v->base;
  const char clause[2] = {v->clause, '\0'};
  pbl_json_object(j, NULL);
  pbl_json_string(j, "name", r->names[k]);
  pbl_json_string(j, "verdict", stats_verdict_name(v->resolution));
  pbl_json_string(j, "clause", v->clause != 0 ? clause : NULL);
  pbl_json_string(j, "gate", v->gate);
  put_estimate(j, "tau", v->tau.value, v->tau.low, v->tau.high);
  put_estimate(j, "tau_sweeps", r->thin * v->tau.value, r->thin * v->tau.low,
               r->thin * v->tau.high);
  put_estimate(j, "ess", v->ess.value, v->ess.low, v->ess.high);
  put_estimate(j, "tau_convex", b->tau.value, b->tau.low, b->tau.high);
  pbl_json_double(j, "tau_lower_bound", b->tau_lower_bound);
  pbl_json_double(j, "mean", b->mean);
  pbl_json_double(j, "mcse", v->mcse);
  pbl_json_double(j, "variance", b->variance);
  pbl_json_bool(j, "capped", b->capped);
  pbl_json_bool(j, "one_switch", v->one_switch);
  put_gates(j, v);
  put_estimators(j, &r->estimates[k]);
  pbl_json_end(j);
}

pbl_status stats_print_json(const stats_result *r, pbl_error *err) {
  pbl_json *j = NULL;
  char *text = NULL;
  pbl_status status = pbl_json_create_memory(&j, err);
  if (status != PBL_OK) return status;
  pbl_json_object(j, NULL);
  pbl_json_int(j, "schema", SCHEMA);
  pbl_json_string(j, "file", r->file);
  pbl_json_string(j, "tau_convention", "half-Sokal: 1/2 + sum of autocorrelations, in draws");
  pbl_json_int(j, "n_chains", (int64_t)r->n_chains);
  pbl_json_int(j, "n_draws", (int64_t)r->n_draws);
  pbl_json_double(j, "thin", r->thin);
  pbl_json_string(j, "verdict", stats_verdict_name(stats_overall(r)));
  pbl_json_array(j, "observables");
  for (size_t k = 0; k < r->n_observables; ++k) put_observable(j, r, k);
  pbl_json_end(j);
  pbl_json_end(j);
  status = pbl_json_close(j, &text, err);
  if (status == PBL_OK) puts(text);
  free(text);
  return status;
}
