/* Curves of a training run against epoch, from one table. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#include "pbl_curves.h"
#include "pbl_report_internal.h"
#include "pbl_report_page.h"
#include "train_report_internal.h"

#define AT(member) (offsetof(train_report_row, member))
#define LOG(member) (offsetof(train_report_row, log.member))
#define MOST_CURVES 4

typedef struct {
  const char *label, *line, *mark; /* all NULL: no more curves */
  size_t y, low, high;             /* offsets; low == high: none */
} curve_of;

typedef struct {
  const char *kind, *title, *caption;
  bool log_y;
  double level;
  const char *level_label;
  curve_of curves[MOST_CURVES];
} figure_of;

#define FIRST "device", "device small"
#define SECOND "reference", "reference small"
#define NO_LEVEL .level = (double)NAN

static const figure_of figures[] = {
    {"temperature", "Temperature T",
     "T from that epoch on. With gauge fixing T is folded into the weights and stays at 1.",
     NO_LEVEL, .curves = {{"T", FIRST, LOG(temperature), 0, 0}}},
    {"lambda", "State of the regulator, lambda", "Logarithm of the micro temperature.", NO_LEVEL,
     .curves = {{"lambda", FIRST, LOG(lambda), 0, 0}}},
    {"flips", "Flip rate",
     "Share of visible p-bits that change over the sweeps of an update, mean over the epoch; the "
     "filtered rate is the regulator's.",
     NO_LEVEL,
     .curves = {{"flip rate", FIRST, LOG(flip_rate), 0, 0},
                {"filtered", SECOND, LOG(filter), 0, 0}}},
    {"coupling", "Effective coupling",
     "Norms of the weights over T: runs at other temperatures are comparable only here.", NO_LEVEL,
     .curves = {{"Frobenius |W|/T", FIRST, AT(coupling), 0, 0},
                {"spectral norm/T", SECOND, AT(spectral), 0, 0}}},
    {"likelihood", "Log-likelihood, nats per image",
     "Exact where there is no AIS below, else by annealed importance sampling. A cross: its gates "
     "failed there, and the value is likely too high.",
     NO_LEVEL,
     .curves = {{"train", FIRST, LOG(log_likelihood_train), 0, 0},
                {"test", SECOND, LOG(log_likelihood_test), 0, 0},
                {"gate failed", NULL, "exact", AT(failed_train), 0, 0},
                {NULL, NULL, "exact", AT(failed_test), 0, 0}}},
    {"pseudo", "Pseudo-likelihood, nats per image", "Training images, one random pixel each.",
     NO_LEVEL, .curves = {{"train", FIRST, LOG(pseudo_likelihood), 0, 0}}},
    {"error", "Reconstruction error", "Mean squared error of v, E[h], E[v]; pixels 0..1.", NO_LEVEL,
     .curves = {{"train", FIRST, LOG(reconstruction_error), 0, 0},
                {"test", SECOND, LOG(test_error), 0, 0}}},
    {"accuracy", "Accuracy of the reconstruction",
     "Share of the test images' pixels on the right side of 1/2.", NO_LEVEL,
     .curves = {{"test", FIRST, LOG(test_accuracy), 0, 0}}},
    {"free-energy", "Free energies F(v)/T",
     "Of the batches and of the chains, mean over the epoch.", NO_LEVEL,
     .curves = {{"data", FIRST, LOG(free_data), 0, 0}, {"chains", SECOND, LOG(free_model), 0, 0}}},
    {"gap", "Free-energy gap, data minus chains",
     "The running mean is the one that the srtrbm rule adds to T.", .level = 0, .level_label = "0",
     .curves = {{"gap", FIRST, AT(gap), 0, 0}, {"running mean", SECOND, LOG(gap_mean), 0, 0}}},
    {"ais-variance", "AIS: variance of the log weights",
     "Above the gate log Z is not to be trusted.", .log_y = true, .level = PBL_AIS_VARIANCE_GATE,
     .level_label = "gate: below 2", .curves = {{"variance", FIRST, LOG(ais_variance), 0, 0}}},
    {"ais-ess", "AIS: effective share of the chains", "Below the gate log Z is not to be trusted.",
     .level = PBL_AIS_ESS_GATE, .level_label = "gate: above 0.2",
     .curves = {{"ESS fraction", FIRST, LOG(ais_ess_fraction), 0, 0}}},
    {"log-z", "log Z", "Exact, or by annealed importance sampling.", NO_LEVEL,
     .curves = {{"log Z", FIRST, LOG(log_z), 0, 0}}},
    {"spectral-gap", "Spectral gap of v, h, v",
     "Exact, at the held T: 1 minus the second largest eigenvalue of a sweep. Only for models of "
     "up "
     "to 20 p-bits.",
     .log_y = true, NO_LEVEL, .curves = {{"gap", FIRST, LOG(gap), 0, 0}}},
    {"tau", "tau of F(v)/T, sweeps",
     "Integrated autocorrelation time (half-Sokal) at the held T with 95 % intervals. Hollow: not "
     "resolved, chains of this length cannot tell.",
     .log_y = true, NO_LEVEL,
     .curves = {{NULL, "device", NULL, LOG(tau), LOG(tau_low), LOG(tau_high)},
                {"resolved", NULL, "device", AT(resolved), 0, 0},
                {"not resolved", NULL, "device hollow", AT(unresolved), 0, 0}}},
};
#define N_FIGURES (sizeof figures / sizeof *figures)

bool pbl_train_report_gates(const pbl_train_log *row) {
  return row->ais_variance < PBL_AIS_VARIANCE_GATE && row->ais_ess_fraction > PBL_AIS_ESS_GATE;
}

bool pbl_train_report_exact(const pbl_train_log *row) {
  return isfinite(row->log_z) && isnan(row->ais_variance);
}

train_report_row *pbl_train_report_rows(const pbl_train_view *view) {
  train_report_row *rows = calloc(view->n_rows, sizeof *rows);
  for (size_t i = 0; rows && i < view->n_rows; i++) {
    const pbl_train_log *log = &view->rows[i];
    const bool failed = !pbl_train_report_gates(log) && !pbl_train_report_exact(log);
    const bool resolved = log->tau_resolved > 0;
    rows[i] = (train_report_row){
        .log = *log,
        .epoch = log->epoch,
        .coupling = log->weight_norm / log->temperature,
        .spectral = log->spectral_norm / log->temperature,
        .gap = log->free_data - log->free_model,
        .failed_train = failed ? log->log_likelihood_train : (double)NAN,
        .failed_test = failed ? log->log_likelihood_test : (double)NAN,
        .resolved = resolved ? log->tau : (double)NAN,
        .unresolved = resolved ? (double)NAN : log->tau,
    };
  }
  return rows;
}

static double value_at(const train_report_row *row, size_t offset) {
  return *(const double *)(const void *)((const char *)row + offset);
}

/* The rows' column as an array: values[0..n). */
static double *column(double *values, const train_report_row *rows, size_t n, size_t offset) {
  for (size_t i = 0; i < n; i++) values[i] = value_at(&rows[i], offset);
  return values;
}

static bool measured(const double *values, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (isfinite(values[i])) return true;
  return false;
}

/* scratch: (1 + 3 MOST_CURVES) x n */
static bool draw_figure(FILE *f, const figure_of *figure, const train_report_row *rows, size_t n,
                        double *scratch) {
  const pbl_curve_plot plot = {.kind = figure->kind,
                               .title = figure->title,
                               .x_label = "epoch",
                               .caption = figure->caption,
                               .log_y = figure->log_y,
                               .level = figure->level,
                               .level_label = figure->level_label};
  pbl_curve curves[MOST_CURVES];
  size_t n_curves = 0;
  const double *x = column(scratch, rows, n, AT(epoch));
  for (; n_curves < MOST_CURVES; n_curves++) {
    const curve_of *c = &figure->curves[n_curves];
    double *at = scratch + (1 + 3 * n_curves) * n;
    if (!c->line && !c->mark) break;
    const bool interval = c->low != c->high;
    const double *y = column(at, rows, n, c->y);
    curves[n_curves] =
        (pbl_curve){.label = c->label,
                    .line = c->line,
                    .mark = c->mark,
                    .x = x,
                    .y = y,
                    .low = interval ? column(at + n, rows, n, c->low) : NULL,
                    .high = interval ? column(at + 2 * n, rows, n, c->high) : NULL,
                    .n = measured(y, n) ? n : 0}; /* without a point not in the legend */
  }
  return pbl_curves_draw(f, &plot, curves, n_curves);
}

void pbl_train_report_curves(FILE *f, const train_report_row *rows, size_t n) {
  double *scratch = calloc((1 + 3 * MOST_CURVES) * n, sizeof *scratch);
  bool drawn[N_FIGURES], all = true;
  if (!scratch) {
    pbl_report_note(f, "No memory was left for the curves.");
    return;
  }
  fputs("<div class=\"grid\">\n", f);
  for (size_t k = 0; k < N_FIGURES; k++) {
    drawn[k] = draw_figure(f, &figures[k], rows, n, scratch);
    all = all && drawn[k];
  }
  fputs("</div>\n", f);
  free(scratch);
  if (all) return;
  fputs("<p class=\"note\" id=\"not-measured\">Not measured in this run:", f);
  const char *comma = " ";
  for (size_t k = 0; k < N_FIGURES; k++) {
    if (drawn[k]) continue;
    fputs(comma, f);
    pbl_report_escape(f, figures[k].title);
    comma = "; ";
  }
  fputs(".</p>\n", f);
}
