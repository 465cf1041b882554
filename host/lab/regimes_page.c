/* regimes.html: every metric against epoch and, matched, against |W|/T and likelihood. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "pbl_curves.h"
#include "pbl_report_page.h"
#include "regimes_internal.h"

#define MOST_SEEDS 256
#define DRAWN_SEEDS 5 /* thin lines of single seeds in the matched views */
#define MOST_CURVES ((size_t)PBL_N_REGIMES * (2 + DRAWN_SEEDS))

static const char *const lines[PBL_N_REGIMES] = {"series-0", "series-1", "series-2", "series-3",
                                                 "series-4"};
static const char *const marks[PBL_N_REGIMES] = {
    "series-0 small", "series-1 small", "series-2 small", "series-3 small", "series-4 small"};
static const char *const seed_lines[PBL_N_REGIMES] = {
    "series-0 seed", "series-1 seed", "series-2 seed", "series-3 seed", "series-4 seed"};
static const char *const bands[PBL_N_REGIMES] = {"series-0-band", "series-1-band", "series-2-band",
                                                 "series-3-band", "series-4-band"};

static const struct {
  const char *title;
  bool log_y;
} metrics[N_METRICS] = {{"Test log-likelihood, nats", false},
                        {"Effective coupling |W|/T", false},
                        {"Flip rate", false},
                        {"Test error", false},
                        {"AIS: variance of log weights", true},
                        {"AIS: ESS fraction", false},
                        {"ln tau of F(v)/T, tau in sweeps", false},
                        {"Spectral gap of v, h, v, exact", true}};

typedef struct {
  const regime_comparison *comparison;
  const regime_table *tables;
  int n_tables;
  double *memory; /* rows of the curves in work */
  size_t n_rows;  /* of the longest run */
} regimes_page;

static double *row_of(const regimes_page *p, size_t k) {
  return p->memory + k * p->n_rows;
}

/* Means over the seeds of x and of y with its interval, at the epochs of the first seed. */
static pbl_curve mean_curve(const regimes_page *p, int i, int metric, int against, size_t memory) {
  const regime_comparison *c = p->comparison;
  const pbl_regime regime = regime_order[i];
  const regime_run *first = regime_run_of(c, regime, 0);
  double *x = row_of(p, memory), *y = row_of(p, memory + 1);
  double *low = row_of(p, memory + 2), *high = row_of(p, memory + 3);
  for (size_t k = 0; k < first->n; k++) {
    double xs[MOST_SEEDS], ys[MOST_SEEDS];
    int n = 0;
    for (int s = 0; s < c->options->seeds && s < MOST_SEEDS; s++) {
      const regime_run *run = regime_run_of(c, regime, s);
      if (k >= run->n || run->rows[k].epoch != first->rows[k].epoch) continue;
      xs[n] = against < 0 ? run->rows[k].epoch : regime_metric(&run->rows[k], against);
      ys[n++] = regime_metric(&run->rows[k], metric);
    }
    const regime_mean mean = regime_mean_of(ys, n);
    x[k] = regime_mean_of(xs, n).value;
    y[k] = mean.value;
    low[k] = mean.low;
    high[k] = mean.high;
  }
  return (pbl_curve){.label = pbl_regime_name(regime),
                     .line = lines[i],
                     .mark = marks[i],
                     .band = bands[i],
                     .x = x,
                     .y = y,
                     .low = against < 0 ? low : NULL, /* x scatters too: a band would mislead */
                     .high = against < 0 ? high : NULL,
                     .n = first->n};
}

static pbl_curve seed_curve(const regimes_page *p, int i, int seed, int metric, int against,
                            size_t memory) {
  const regime_run *run = regime_run_of(p->comparison, regime_order[i], seed);
  double *x = row_of(p, memory), *y = row_of(p, memory + 1);
  for (size_t k = 0; k < run->n; k++) {
    x[k] = regime_metric(&run->rows[k], against);
    y[k] = regime_metric(&run->rows[k], metric);
  }
  return (pbl_curve){.line = seed_lines[i], .x = x, .y = y, .n = run->n};
}

static void draw(FILE *f, const regimes_page *p, int metric, int against) {
  static const char *const x_label[] = {"epoch", "|W|/T", "test log-likelihood, nats"};
  const int view = against < 0 ? 0 : against == METRIC_COUPLING ? 1 : 2;
  const pbl_regimes_options *o = p->comparison->options;
  pbl_curve curves[MOST_CURVES];
  char kind[96];
  size_t n = 0, memory = 0;
  for (int i = 0; i < PBL_N_REGIMES; i++) {
    if (!o->use[regime_order[i]]) continue;
    for (int s = 0; view && s < o->seeds && s < DRAWN_SEEDS; s++, memory += 2)
      curves[n++] = seed_curve(p, i, s, metric, against, memory);
    curves[n++] = mean_curve(p, i, metric, against, memory);
    memory += 4;
  }
  snprintf(kind, sizeof kind, "%s-%s", regime_metric_names[metric],
           view == 0   ? "epoch"
           : view == 1 ? "coupling"
                       : "likelihood");
  const pbl_curve_plot plot = {.kind = kind,
                               .title = metrics[metric].title,
                               .x_label = x_label[view],
                               .caption = view ? "Bold: means over the seeds at the same epoch; "
                                                 "thin: single seeds, at most five."
                                               : "Mean over the seeds, 95 % Student interval.",
                               .log_x = view == 1,
                               .log_y = metrics[metric].log_y,
                               .level = (double)NAN};
  pbl_curves_draw(f, &plot, curves, n);
}

static void draw_view(FILE *f, const regimes_page *p, const char *title, const char *note,
                      int against) {
  pbl_report_heading(f, title);
  pbl_report_note(f, note);
  fputs("<div class=\"grid\">\n", f);
  for (int m = 0; m < N_METRICS; m++)
    if (m != against) draw(f, p, m, against);
  fputs("</div>\n", f);
}

static void put_table(FILE *f, const regime_table *t) {
  const char *cells[1 + REGIME_TABLE_COLUMNS] = {"regime"};
  for (int k = 0; k < t->n_columns; k++) cells[k + 1] = t->heads[k];
  pbl_report_table_open(f, t->title, cells, (size_t)t->n_columns + 1);
  for (int i = 0; i < t->n_rows; i++) {
    cells[0] = t->names[i];
    for (int k = 0; k < t->n_columns; k++) cells[k + 1] = t->cells[i][k];
    pbl_report_table_row(f, cells, (size_t)t->n_columns + 1);
  }
  pbl_report_table_close(f);
}

static void put_body(FILE *f, const void *context) {
  const regimes_page *p = context;
  pbl_report_note(f,
                  "Temperature is a gauge: (W, T) and (W/T, 1) are the same distribution. Runs may "
                  "be compared where |W|/T or the likelihood agrees, not at the same epoch.");
  for (int k = 0; k < p->n_tables; k++) put_table(f, &p->tables[k]);
  draw_view(f, p, "Against |W|/T", "What a regime gains at the same effective coupling.",
            METRIC_COUPLING);
  draw_view(f, p, "Against test log-likelihood", "What a regime gains at the same likelihood.",
            METRIC_LIKELIHOOD);
  draw_view(f, p, "Against epoch", "How the runs went; not a comparison.", -1);
}

pbl_status regime_page_write(const regime_comparison *c, const regime_table *tables, int n_tables,
                             pbl_error *err) {
  char path[600];
  regimes_page p = {.comparison = c, .tables = tables, .n_tables = n_tables};
  for (size_t k = 0; k < (size_t)PBL_N_REGIMES * (size_t)c->options->seeds; k++)
    if (c->runs[k].n > p.n_rows) p.n_rows = c->runs[k].n;
  p.memory =
      calloc((size_t)PBL_N_REGIMES * (4 + 2 * DRAWN_SEEDS) * (p.n_rows + 1), sizeof *p.memory);
  if (!p.memory) return pbl_fail(err, PBL_NO_MEMORY, "no memory for the page of the comparison");
  snprintf(path, sizeof path, "%s/regimes.html", c->config->out);
  const pbl_report_page page = {
      .program = "pbitloop regimes", .name = c->config->name, .body = put_body, .context = &p};
  const pbl_status status = pbl_report_page_write(&page, path, err);
  free(p.memory);
  return status;
}
