#include "lab_output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_json.h"

static const char *statistic_name(int of) {
  static const char *const names[] = {"mean", "least", "most", "low", "high"};
  return names[of];
}

/* "gap", "scan_gap[3]", "gap / fixed". */
static void subject(char *text, size_t size, const pbl_lab_expectation *e) {
  char at[16] = "";
  const char *relation = e->relation == PBL_LAB_RATIO ? " / " : " - ";
  if (pbl_lab_quantity_of(e->quantity)->stage == 3) snprintf(at, sizeof at, "[%d]", e->at);
  snprintf(text, size, "%s%s%s%s", e->quantity_name, at, e->versus_index >= 0 ? relation : "",
           e->versus);
}

static void expected(char *text, size_t size, const pbl_lab_expectation *e) {
  int n = 0;
  text[0] = '\0';
  if (e->has_value) n = snprintf(text, size, "%.6g +- %.2g", e->value, e->tolerance);
  if (e->has_min && n >= 0 && (size_t)n < size)
    n += snprintf(text + n, size - (size_t)n, "%s>= %.6g", n > 0 ? ", " : "", e->min);
  if (e->has_max && n >= 0 && (size_t)n < size)
    snprintf(text + n, size - (size_t)n, "%s<= %.6g", n > 0 ? ", " : "", e->max);
}

static int widest_run(const pbl_lab_config *c) {
  int width = 3;
  for (int k = 0; k < c->n_runs; k++) {
    const int length = (int)strlen(c->runs[k].name);
    if (length > width) width = length;
  }
  return width;
}

static void print_findings(const pbl_lab_config *c, const pbl_lab_result *result, int width) {
  printf("%-*s  %-36s %-6s %12s  %s\n", width, "run", "quantity", "of", "measured", "expected");
  for (int k = 0; k < c->n_expectations; k++) {
    const pbl_lab_expectation *e = &c->expectations[k];
    char what[96], range[96];
    subject(what, sizeof what, e);
    expected(range, sizeof range, e);
    printf("%-*s  %-36s %-6s %12.6g  %-26s %s\n", width, e->run, what,
           c->seeds > 1 ? statistic_name(e->of) : "-", result->findings[k].measured, range,
           result->findings[k].passed ? "pass" : "FAIL");
  }
}

static pbl_lab_summary summary_of(const pbl_lab_result *result, int run, int quantity) {
  double values[1000]; /* seeds of a configuration */
  for (int k = 0; k < result->n_seeds; k++)
    values[k] = result->outcomes[run * result->n_seeds + k].values[quantity];
  return pbl_lab_summarise(values, result->n_seeds);
}

static void print_cell(const pbl_lab_summary *s, bool last) {
  char cell[40];
  if (isnan(s->mean)) {
    snprintf(cell, sizeof cell, "-");
  } else if (isnan(s->high)) {
    snprintf(cell, sizeof cell, "%.4g", s->mean);
  } else {
    snprintf(cell, sizeof cell, "%.4g +- %.2g", s->mean, s->high - s->mean);
  }
  printf("  %-*s", last ? 0 : 18, cell);
}

/* Means, and half-widths of their 95 % intervals, of the runs that trained or that have a device;
 * `skip` is left out of the names of the columns. */
static void print_table(const pbl_lab_config *c, const pbl_lab_result *result, int width,
                        const int *columns, int n, bool device, size_t skip) {
  printf("%-*s", width, device ? "device" : "run");
  for (int k = 0; k < n; k++)
    printf("  %-*s", k < n - 1 ? 18 : 0, pbl_lab_quantity_of(columns[k])->name + skip);
  putchar('\n');
  for (int r = 0; r < c->n_runs; r++) {
    if ((device ? c->runs[r].device.windows : c->runs[r].windows) == 0) continue;
    printf("%-*s", width, c->runs[r].name);
    for (int k = 0; k < n; k++) {
      const pbl_lab_summary s = summary_of(result, r, columns[k]);
      print_cell(&s, k == n - 1);
    }
    putchar('\n');
  }
}

static void print_runs(const pbl_lab_config *c, const pbl_lab_result *result, int width) {
  static const int columns[] = {PBL_LAB_temperature,    PBL_LAB_norm_over_t,
                                PBL_LAB_flip_rate,      PBL_LAB_gap,
                                PBL_LAB_log_likelihood, PBL_LAB_tracking_error};
  print_table(c, result, width, columns, sizeof columns / sizeof columns[0], false, 0);
}

static void print_devices(const pbl_lab_config *c, const pbl_lab_result *result, int width) {
  static const int columns[] = {PBL_LAB_device_temperature,    PBL_LAB_device_temperature_exact,
                                PBL_LAB_device_flip_rate,      PBL_LAB_device_rate,
                                PBL_LAB_device_rate_predicted, PBL_LAB_device_spread};
  int devices = 0;
  for (int r = 0; r < c->n_runs; r++) devices += c->runs[r].device.windows > 0;
  if (devices == 0) return;
  putchar('\n');
  print_table(c, result, width < 6 ? 6 : width, columns, sizeof columns / sizeof columns[0], true,
              strlen("device_"));
}

void lab_print(const pbl_lab_config *c, const pbl_lab_result *result) {
  const int width = widest_run(c);
  printf("%s%s%s: %d run%s, %d seed%s from %llu\n\n", c->name, c->title[0] != '\0' ? ", " : "",
         c->title, c->n_runs, c->n_runs == 1 ? "" : "s", c->seeds, c->seeds == 1 ? "" : "s",
         (unsigned long long)c->seed);
  print_runs(c, result, width);
  print_devices(c, result, width);
  putchar('\n');
  if (c->n_expectations == 0) {
    puts("nothing is expected");
    return;
  }
  print_findings(c, result, width);
  if (result->n_failed == 0) {
    printf("\nPASS: all %d expectations hold\n", c->n_expectations);
  } else {
    printf("\nFAIL: %d of %d expectations do not hold\n", result->n_failed, c->n_expectations);
  }
}

static void json_summary(pbl_json *j, const pbl_lab_result *result, int run, int quantity) {
  const pbl_lab_summary s = summary_of(result, run, quantity);
  if (isnan(s.mean)) return;
  pbl_json_object(j, pbl_lab_quantity_of(quantity)->name);
  pbl_json_double(j, "mean", s.mean);
  pbl_json_double(j, "low", s.low);
  pbl_json_double(j, "high", s.high);
  pbl_json_array(j, "seeds");
  for (int k = 0; k < result->n_seeds; k++)
    pbl_json_double(j, NULL, result->outcomes[run * result->n_seeds + k].values[quantity]);
  pbl_json_end(j);
  pbl_json_end(j);
}

/* Of the first seed. */
static void json_scan(pbl_json *j, const pbl_lab_outcome *outcome, int points) {
  pbl_json_array(j, "scan");
  for (int k = 0; k < points; k++) {
    pbl_json_object(j, NULL);
    pbl_json_double(j, "log_temperature", outcome->scan[k].log_temperature);
    pbl_json_double(j, "flip_rate", outcome->scan[k].flip_rate);
    pbl_json_double(j, "gap", outcome->scan[k].gap);
    pbl_json_double(j, "slope", outcome->scan[k].slope);
    pbl_json_end(j);
  }
  pbl_json_end(j);
}

static void json_runs(pbl_json *j, const pbl_lab_config *c, const pbl_lab_result *result) {
  pbl_json_array(j, "runs");
  for (int r = 0; r < c->n_runs; r++) {
    pbl_json_object(j, NULL);
    pbl_json_string(j, "name", c->runs[r].name);
    pbl_json_object(j, "quantities");
    for (int q = 0; q < PBL_N_LAB_QUANTITIES; q++)
      if (pbl_lab_quantity_of(q)->stage != 3) json_summary(j, result, r, q);
    pbl_json_end(j);
    if (c->runs[r].scan.points > 0)
      json_scan(j, &result->outcomes[r * result->n_seeds], c->runs[r].scan.points);
    pbl_json_end(j);
  }
  pbl_json_end(j);
}

static void json_findings(pbl_json *j, const pbl_lab_config *c, const pbl_lab_result *result) {
  pbl_json_array(j, "expectations");
  for (int k = 0; k < c->n_expectations; k++) {
    const pbl_lab_expectation *e = &c->expectations[k];
    char what[96];
    subject(what, sizeof what, e);
    pbl_json_object(j, NULL);
    pbl_json_string(j, "run", e->run);
    pbl_json_string(j, "quantity", what);
    pbl_json_string(j, "of", statistic_name(e->of));
    if (e->has_value) pbl_json_double(j, "value", e->value);
    if (e->has_value) pbl_json_double(j, "tolerance", e->tolerance);
    if (e->has_min) pbl_json_double(j, "min", e->min);
    if (e->has_max) pbl_json_double(j, "max", e->max);
    if (e->note[0] != '\0') pbl_json_string(j, "note", e->note);
    pbl_json_double(j, "measured", result->findings[k].measured);
    pbl_json_bool(j, "passed", result->findings[k].passed);
    pbl_json_end(j);
  }
  pbl_json_end(j);
}

pbl_status lab_print_json(const pbl_lab_config *c, const pbl_lab_result *result, pbl_error *err) {
  pbl_json *j = NULL;
  char *text = NULL;
  pbl_status status = pbl_json_create_memory(&j, err);
  if (status != PBL_OK) return status;
  pbl_json_object(j, NULL);
  pbl_json_string(j, "name", c->name);
  pbl_json_string(j, "title", c->title);
  pbl_json_int(j, "seed", (int64_t)c->seed);
  pbl_json_int(j, "seeds", c->seeds);
  pbl_json_bool(j, "passed", result->n_failed == 0);
  json_runs(j, c, result);
  json_findings(j, c, result);
  pbl_json_end(j);
  status = pbl_json_close(j, &text, err);
  if (status == PBL_OK) {
    fputs(text, stdout);
    if (text[0] != '\0' && text[strlen(text) - 1] != '\n') putchar('\n');
  }
  free(text);
  return status;
}
