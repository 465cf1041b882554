/* Table and JSON of scripts/bench-stats, and what was promised. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_stats.h"
#include "pbl_json.h"

/* A promise: value within [low, high]. */
typedef struct {
  char name[96];
  double value, low, high;
} target;
enum { MAX_TARGETS = 2 * ACCURACY_ROWS + GATE_ROWS + QOP_ROWS };

static bool met(const target *t) {
  return t->value >= t->low && t->value <= t->high;
}

/* Coverage is promised where there is an interval: a jackknife over chains needs several. Four
 * chains cannot certify; the gate is judged with sixteen. */
static size_t list_targets(target out[MAX_TARGETS], const bench_results *r) {
  size_t n = 0;
  for (size_t i = 0; i < ACCURACY_ROWS; ++i) {
    const accuracy_row *row = &r->accuracy[i];
    target *t = &out[n++];
    snprintf(t->name, sizeof t->name, "value/exact, %s, tau %.4g, %zu x %zu", row->name, row->tau,
             row->n_chains, row->n);
    t->value = bench_mean_value(&row->ratio[BENCH_ours]), t->low = 0.95, t->high = 1.05;
    if (row->n_chains == 1) continue;
    t = &out[n++];
    snprintf(t->name, sizeof t->name, "coverage, %s, tau %.4g, %zu x %zu", row->name, row->tau,
             row->n_chains, row->n);
    t->value = bench_mean_value(&row->covered[COVER_OURS]), t->low = 0.92, t->high = 0.97;
  }
  for (size_t i = 0; i < GATE_ROWS; ++i) {
    const gate_row *row = &r->gate[i];
    if (row->n_chains < 16) continue;
    target *t = &out[n++];
    snprintf(t->name, sizeof t->name, "false RESOLVED, %zu x %zu", row->n_chains, row->n);
    t->value = (double)row->passed[RULE_ENERGY] / (double)row->repetitions;
    t->low = 0.0, t->high = 0.01;
  }
  for (size_t i = 0; i < QOP_ROWS; ++i) {
    const qop_row *row = &r->qop[i];
    target *t = &out[n++];
    snprintf(t->name, sizeof t->name, "coverage, Q_op %.3g, %zu chains", row->q, row->n_chains);
    t->value = bench_mean_value(&row->covered), t->low = 0.92, t->high = 0.97;
  }
  return n;
}

/* ---- table ---- */

static void print_accuracy(const bench_results *r) {
  puts("Estimate over exact value, mean +- s.d. of one run (tau; sigma2 where marked *)\n");
  printf("%-18s", "");
  for (size_t i = 0; i < ACCURACY_ROWS; ++i)
    printf(" %13s", r->accuracy[i].l == 0.0 ? "8-spin energy" : "two-state");
  printf("\n%-18s", "exact tau (full)");
  for (size_t i = 0; i < ACCURACY_ROWS; ++i) printf(" %13.5g", r->accuracy[i].tau);
  printf("\n%-18s", "chains x n");
  for (size_t i = 0; i < ACCURACY_ROWS; ++i) {
    printf(" %6zu x%5zu", r->accuracy[i].n_chains, r->accuracy[i].n);
  }
  printf("\n%-18s", "repetitions");
  for (size_t i = 0; i < ACCURACY_ROWS; ++i) printf(" %13zu", r->accuracy[i].repetitions);
  puts("\n");
  for (int k = 0; k < BENCH_N_ESTIMATORS; ++k) {
    const bench_estimator *e = &bench_estimators[k];
    printf("%-16s %c", e->heading, e->quantity[0] == 's' ? '*' : ' ');
    for (size_t i = 0; i < ACCURACY_ROWS; ++i) {
      const bench_mean *m = &r->accuracy[i].ratio[k];
      if (m->n == 0) printf(" %13s", "-");
      if (m->n > 0) {
        printf(" %5.2f +- %4.2f", bench_mean_value(m), bench_mean_sd(m));
      }
    }
    puts("");
  }
  puts("\ncoverage of the 95 % interval of tau");
  for (int k = 0; k < N_COVER; ++k) {
    printf("%-18s", bench_intervals[k]);
    for (size_t i = 0; i < ACCURACY_ROWS; ++i) {
      const bench_mean *m = &r->accuracy[i].covered[k];
      if (m->n == 0) printf(" %13s", "-");
      if (m->n > 0) printf(" %13.3f", bench_mean_value(m));
    }
    puts("");
  }
  printf("%-18s", "RESOLVED");
  for (size_t i = 0; i < ACCURACY_ROWS; ++i) {
    const accuracy_row *row = &r->accuracy[i];
    printf(" %13.3f", (double)row->resolved / (double)row->repetitions);
  }
  puts("");
}

/* A chain that never moved has no autocorrelation: such runs are left out of a mean. */
static void print_undefined(const bench_results *r) {
  for (size_t i = 0; i < ACCURACY_ROWS; ++i) {
    const accuracy_row *row = &r->accuracy[i];
    for (int k = 0; k < BENCH_N_ESTIMATORS; ++k) {
      const bench_mean *m = &row->ratio[k];
      if (row->n_chains == 1 || m->n_undefined == 0) continue;
      printf("undefined: %s in %zu of %zu runs of %zu x %zu, tau %.4g\n",
             bench_estimators[k].heading, m->n_undefined, row->repetitions, row->n_chains, row->n,
             row->tau);
    }
  }
}

static void print_gate(const bench_results *r) {
  printf(
      "\nRate of calling a frozen chain converged (8 spins, beta 1.2, exact tau of the energy "
      "%.4g)\n\n%-14s %6s",
      bench_frozen_tau, "chains x n", "reps");
  for (int k = 0; k < N_RULES; ++k) printf(" %13s", bench_rules[k]);
  puts("");
  for (size_t i = 0; i < GATE_ROWS; ++i) {
    const gate_row *row = &r->gate[i];
    printf("%4zu x %-7zu %6zu", row->n_chains, row->n, row->repetitions);
    for (int k = 0; k < N_RULES; ++k) {
      printf(" %13.3f", (double)row->passed[k] / (double)row->repetitions);
    }
    puts("");
  }
}

static void print_qop(const bench_results *r) {
  printf(
      "\nQ_op, Gaussian windows of %d components: mean +- s.d.\n\n%7s %7s %6s %17s %17s %17s "
      "%9s %7s\n",
      QOP_COMPONENTS, "exact", "chains", "reps", "ours", "U/D", "plug-in", "coverage", "U<=0");
  for (size_t i = 0; i < QOP_ROWS; ++i) {
    const qop_row *row = &r->qop[i];
    const bench_mean *const columns[] = {&row->value, &row->ratio, &row->plugin};
    printf("%7.3g %7zu %6zu", row->q, row->n_chains, row->repetitions);
    for (int k = 0; k < 3; ++k) {
      printf("   %6.3f +- %5.3f", bench_mean_value(columns[k]), bench_mean_sd(columns[k]));
    }
    printf(" %9.3f %7zu\n", bench_mean_value(&row->covered), row->bound_only);
  }
}

void bench_print_table(const bench_results *r) {
  target targets[MAX_TARGETS];
  const size_t n = list_targets(targets, r);
  print_accuracy(r);
  print_undefined(r);
  print_gate(r);
  print_qop(r);
  printf("\nseed %llu, %.0f s, commit: %s\n", (unsigned long long)r->opt->seed, r->seconds,
         r->opt->commit);
  size_t n_met = 0;
  for (size_t i = 0; i < n; ++i) n_met += met(&targets[i]);
  printf("targets: %zu of %zu met\n", n_met, n);
  for (size_t i = 0; i < n; ++i) {
    const target *t = &targets[i];
    if (!met(t))
      printf("MISSED: %s: %.3f, wanted %.2f to %.2f\n", t->name, t->value, t->low, t->high);
  }
  if (r->opt->quick) puts("few repetitions (--quick): nothing is shown by these numbers");
}

/* ---- JSON ---- */

static void write_mean(pbl_json *j, const char *key, const bench_mean *m) {
  pbl_json_object(j, key);
  pbl_json_double(j, "mean", bench_mean_value(m));
  pbl_json_double(j, "sd", bench_mean_sd(m));
  pbl_json_int(j, "runs", (int64_t)m->n);
  pbl_json_int(j, "undefined", (int64_t)m->n_undefined);
  pbl_json_end(j);
}

static void write_accuracy(pbl_json *j, const accuracy_row *row) {
  pbl_json_object(j, NULL);
  pbl_json_string(j, "name", row->name);
  pbl_json_int(j, "chains", (int64_t)row->n_chains);
  pbl_json_int(j, "draws", (int64_t)row->n);
  pbl_json_double(j, "exact_tau_full", row->tau);
  pbl_json_double(j, "exact_sigma2", row->sigma2);
  pbl_json_int(j, "repetitions", (int64_t)row->repetitions);
  pbl_json_object(j, "ratio");
  for (int k = 0; k < BENCH_N_ESTIMATORS; ++k) {
    write_mean(j, bench_estimators[k].key, &row->ratio[k]);
  }
  pbl_json_end(j);
  pbl_json_object(j, "coverage");
  for (int k = 0; k < N_COVER; ++k) {
    pbl_json_double(j, bench_intervals[k], bench_mean_value(&row->covered[k]));
  }
  pbl_json_end(j);
  pbl_json_double(j, "resolved", (double)row->resolved / (double)row->repetitions);
  pbl_json_end(j);
}

static void write_gate(pbl_json *j, const gate_row *row) {
  pbl_json_object(j, NULL);
  pbl_json_int(j, "chains", (int64_t)row->n_chains);
  pbl_json_int(j, "draws", (int64_t)row->n);
  pbl_json_double(j, "exact_tau_full", bench_frozen_tau);
  pbl_json_int(j, "repetitions", (int64_t)row->repetitions);
  for (int k = 0; k < N_RULES; ++k) {
    pbl_json_double(j, bench_rule_keys[k], (double)row->passed[k] / (double)row->repetitions);
  }
  pbl_json_end(j);
}

static void write_qop(pbl_json *j, const qop_row *row) {
  pbl_json_object(j, NULL);
  pbl_json_double(j, "exact", row->q);
  pbl_json_int(j, "chains", (int64_t)row->n_chains);
  pbl_json_int(j, "repetitions", (int64_t)row->repetitions);
  write_mean(j, "value", &row->value);
  write_mean(j, "u_over_d", &row->ratio);
  write_mean(j, "plug_in", &row->plugin);
  pbl_json_double(j, "coverage", bench_mean_value(&row->covered));
  pbl_json_int(j, "upper_limit_only", (int64_t)row->bound_only);
  pbl_json_end(j);
}

static void write_targets(pbl_json *j, const bench_results *r) {
  target targets[MAX_TARGETS];
  const size_t n = list_targets(targets, r);
  pbl_json_array(j, "targets");
  for (size_t i = 0; i < n; ++i) {
    pbl_json_object(j, NULL);
    pbl_json_string(j, "name", targets[i].name);
    pbl_json_double(j, "value", targets[i].value);
    pbl_json_double(j, "low", targets[i].low);
    pbl_json_double(j, "high", targets[i].high);
    pbl_json_bool(j, "met", met(&targets[i]));
    pbl_json_end(j);
  }
  pbl_json_end(j);
}

pbl_status bench_print_json(const bench_results *r, pbl_error *err) {
  pbl_json *j = NULL;
  char *text = NULL;
  pbl_status s = pbl_json_create_memory(&j, err);
  if (s != PBL_OK) return s;
  pbl_json_object(j, NULL);
  pbl_json_string(j, "commit", r->opt->commit);
  pbl_json_int(j, "seed", (int64_t)r->opt->seed);
  pbl_json_bool(j, "quick", r->opt->quick);
  pbl_json_double(j, "seconds", r->seconds);
  pbl_json_array(j, "accuracy");
  for (size_t i = 0; i < ACCURACY_ROWS; ++i) write_accuracy(j, &r->accuracy[i]);
  pbl_json_end(j);
  pbl_json_array(j, "frozen_chain");
  for (size_t i = 0; i < GATE_ROWS; ++i) write_gate(j, &r->gate[i]);
  pbl_json_end(j);
  pbl_json_array(j, "qop");
  for (size_t i = 0; i < QOP_ROWS; ++i) write_qop(j, &r->qop[i]);
  pbl_json_end(j);
  write_targets(j, r);
  pbl_json_end(j);
  s = pbl_json_close(j, &text, err);
  if (s == PBL_OK) puts(text);
  free(text);
  return s;
}
