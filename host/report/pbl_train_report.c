#include "pbl_train_report.h"

#include <math.h>
#include <stdlib.h>

#include "pbl_report_internal.h"
#include "pbl_report_page.h"
#include "pbl_train_columns.h"
#include "train_report_internal.h"

static const pbl_train_log *last_row(const pbl_train_report *r) {
  return &r->view.rows[r->view.n_rows - 1];
}

static void put_facts(FILE *f, const pbl_train_report *r) {
  const pbl_train_log *row = last_row(r);
  char text[96], number[PBL_NUMBER_CHARS];
  pbl_report_facts_open(f);
  snprintf(text, sizeof text, "%d", row->epoch);
  pbl_report_fact(f, "Epochs", text);
  snprintf(text, sizeof text, "%d visible, %d hidden", r->view.model->n_visible,
           r->view.model->n_hidden);
  pbl_report_fact(f, "p-bits", text);
  const bool test = isfinite(row->log_likelihood_test);
  pbl_report_number(number, test ? row->log_likelihood_test : row->log_likelihood_train, 5);
  snprintf(text, sizeof text, "%s nats per image", number);
  if (isfinite(row->log_z))
    pbl_report_fact(f, test ? "Log-likelihood, test" : "Log-likelihood, train", text);
  if (pbl_train_report_exact(row))
    pbl_report_fact(f, "log Z", "exact");
  else if (isfinite(row->log_z))
    pbl_report_fact(f, "AIS gates",
                    pbl_train_report_gates(row) ? "passed" : "FAILED: do not trust log Z");
  pbl_report_number(number, row->weight_norm / row->temperature, 4);
  pbl_report_fact(f, "|W|/T", number);
  pbl_report_facts_close(f);
}

static void put_end(FILE *f, const pbl_train_report *r) {
  static const char *const heads[] = {"column of log.csv", "value"};
  char caption[64], name[96], number[PBL_NUMBER_CHARS];
  snprintf(caption, sizeof caption, "After epoch %d", last_row(r)->epoch);
  fputs("<h2>Last row</h2>\n", f);
  pbl_report_table_open(f, caption, heads, 2);
  for (size_t k = 0; k < PBL_TRAIN_N_COLUMNS; k++) {
    pbl_report_number(number, pbl_train_value(last_row(r), k), 5);
    snprintf(name, sizeof name, "%s: %s", pbl_train_columns[k].name, pbl_train_columns[k].meaning);
    const char *const cells[] = {name, number};
    pbl_report_table_row(f, cells, 2);
  }
  pbl_report_table_close(f);
}

typedef struct {
  const pbl_train_report *report;
  const train_report_row *rows;
} content;

static void put_body(FILE *f, const void *context) {
  const content *c = context;
  const pbl_train_report *r = c->report;
  put_facts(f, r);
  pbl_report_heading(f, "Curves");
  pbl_train_report_curves(f, c->rows, r->view.n_rows);
  pbl_train_report_telemetry(f, r->view.telemetry);
  pbl_train_report_images(f, &r->view);
  put_end(f, r);
  pbl_report_heading(f, "Settings");
  pbl_report_note(f, "What the run is: its data and every option that changes its numbers.");
  pbl_report_listing(f, NULL, r->view.identity);
  if (r->configuration)
    pbl_report_listing(f, "Resolved configuration, without folder and threads", r->configuration);
}

static pbl_status check(const pbl_train_report *r, pbl_error *err) {
  if (r->view.n_rows > 0 && r->view.rows && r->view.model) return PBL_OK;
  return pbl_fail(err, PBL_INVALID, "report of a training run without a row or a model");
}

pbl_status pbl_train_report_html(const pbl_train_report *r, const char *path, pbl_error *err) {
  pbl_status status = check(r, err);
  if (status) return status;
  train_report_row *rows = pbl_train_report_rows(&r->view);
  if (!rows) return pbl_fail(err, PBL_NO_MEMORY, "no memory for the report of %s", path);
  const content c = {.report = r, .rows = rows};
  const pbl_report_page page = {
      .program = "pbitloop train", .name = r->name, .body = put_body, .context = &c};
  status = pbl_report_page_write(&page, path, err);
  free(rows);
  return status;
}

pbl_status pbl_train_report_json(const pbl_train_report *r, const char *path, pbl_error *err) {
  pbl_json *j = NULL;
  pbl_status status = check(r, err);
  if (!status) status = pbl_json_create_file(&j, path, err);
  if (status) return status;
  const pbl_train_log *row = last_row(r);
  pbl_json_object(j, NULL);
  pbl_json_int(j, "schema", 1);
  pbl_json_string(j, "kind", "training");
  pbl_json_string(j, "name", r->name);
  pbl_json_int(j, "n_visible", r->view.model->n_visible);
  pbl_json_int(j, "n_hidden", r->view.model->n_hidden);
  pbl_json_int(j, "epoch", row->epoch);
  const bool exact = pbl_train_report_exact(row);
  if (isfinite(row->log_z))
    pbl_json_bool(j, "log_z_exact", exact);
  else
    pbl_json_string(j, "log_z_exact", NULL);
  if (isfinite(row->log_z) && !exact)
    pbl_json_bool(j, "ais_passed", pbl_train_report_gates(row));
  else
    pbl_json_string(j, "ais_passed", NULL);
  pbl_json_object(j, "last_row");
  for (size_t k = 0; k < PBL_TRAIN_N_COLUMNS; k++)
    pbl_json_double(j, pbl_train_columns[k].name, pbl_train_value(row, k));
  pbl_json_end(j);
  pbl_json_string(j, "identity", r->view.identity);
  pbl_json_string(j, "configuration", r->configuration);
  pbl_json_end(j);
  return pbl_json_close(j, NULL, err);
}
