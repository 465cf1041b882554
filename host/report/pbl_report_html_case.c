/* One case of report.html: tables, drawn plots and the empty frames of those that scripts draw. */
#include <math.h>
#include <string.h>

#include "pbl_report_plot.h"
#include "pbl_report_table.h"

#define DIGITS 4

static void cell_count(FILE *f, uint64_t n) {
  fprintf(f, "<td>%llu</td>", (unsigned long long)n);
}

static void cell_estimate(FILE *f, pbl_estimate e) {
  char text[PBL_ESTIMATE_CHARS];
  pbl_report_estimate(text, e, DIGITS);
  pbl_report_cell(f, text);
}

static void cell_tau(FILE *f, const pbl_tau_report *t) {
  char text[PBL_ESTIMATE_CHARS];
  pbl_report_tau(text, t, DIGITS);
  fputs(t->gate && t->resolution != PBL_RESOLVED ? "<td title=\"" : "<td", f);
  if (t->gate && t->resolution != PBL_RESOLVED) {
    pbl_report_escape(f, t->gate);
    fputc('"', f);
  }
  fprintf(f, ">");
  pbl_report_escape(f, text);
  fputs("</td>", f);
}

static void cell_ess(FILE *f, const pbl_tau_report *t) {
  char text[PBL_NUMBER_CHARS];
  pbl_report_ess(text, t, DIGITS);
  pbl_report_cell(f, text);
}

static void put_run(FILE *f, const pbl_result *r, const pbl_case_result *c) {
  const pbl_case_config *k = c->config;
  const pbl_hw *hw = &k->hw;
  fputs("<p class=\"run\">", f);
  if (c->n_blocks > 0) {
    fprintf(f, "Graph of %d p-bits in %d block%s", c->n_visible, c->n_blocks,
            c->n_blocks > 1 ? "s" : "");
  } else {
    fprintf(f, "RBM with %d visible and %d hidden p-bits", c->n_visible, c->n_hidden);
  }
  fprintf(f, "; %d chains of %d draws, ", k->chains, k->draws);
  if (k->every == 1)
    fputs("one per sweep", f);
  else
    fprintf(f, "one every %d sweeps", k->every);
  fprintf(f, ", after %d sweeps of burn-in; kernel %s; hardware played by ", k->burn_in,
          pbl_kernel_name(k->kernel));
  pbl_report_escape(f, pbl_report_backend_name(r));
  fprintf(f,
          ". Weights s[%d][%d], beta UQ%d.%d (word %u), table of %d over [0, %.0f), thresholds of "
          "%d bits, generator %s, %d lane%s. Image hash 0x%08x.</p>\n",
          hw->weight_int, hw->weight_frac, hw->beta_int, hw->beta_frac, (unsigned)c->beta_word,
          hw->table_size, ldexp(1, hw->table_range_log2), hw->threshold_bits,
          pbl_generator_name(hw->generator), hw->lanes, hw->lanes == 1 ? "" : "s",
          (unsigned)c->image_hash);
}

static void put_observables(FILE *f, const pbl_case_result *c) {
  static const char *const heads[] = {"observable",   "tau hardware",  "tau reference", "ratio",
                                      "ESS hardware", "ESS reference", "exact tau",     NULL};
  char name[64];
  pbl_report_open_table(
      f,
      "Integrated autocorrelation time (half-Sokal, in sweeps) and effective sample size, "
      "with 95 % intervals. Q_op belongs to the gradient vector.",
      heads);
  for (size_t i = 0; i < c->n_observables; i++) {
    const pbl_observable *o = &c->observables[i];
    pbl_report_row_head(f, o->name);
    cell_tau(f, &o->device.tau);
    cell_tau(f, &o->reference.tau);
    cell_estimate(f, o->tau_ratio);
    cell_ess(f, &o->device.tau);
    cell_ess(f, &o->reference.tau);
    pbl_report_cell_number(f, o->exact_tau);
    fputs("</tr>\n", f);
  }
  snprintf(name, sizeof name, "Q_op, K = %d sweeps", c->config->q_window);
  pbl_report_row_head(f, name);
  cell_estimate(f, c->q_op.device.q);
  cell_estimate(f, c->q_op.reference.q);
  cell_estimate(f, c->q_op.ratio);
  fputs("<td>-</td><td>-</td>", f);
  pbl_report_cell_number(f, c->q_op.exact);
  fputs("</tr>\n", f);
  pbl_report_close_table(f);
}

static void put_means(FILE *f, const pbl_case_result *c) {
  static const char *const heads[] = {"observable",
                                      "mean hardware",
                                      "error",
                                      "mean reference",
                                      "error",
                                      "exact",
                                      "z",
                                      "p",
                                      "split R-hat hardware",
                                      "reference",
                                      NULL};
  fputs("<details><summary>Means of the observables</summary>\n", f);
  pbl_report_open_table(
      f,
      "Means with Monte Carlo standard errors; z and p of their difference (Welch, over "
      "chain means); exact: of the quantised kernel.",
      heads);
  for (size_t i = 0; i < c->n_observables; i++) {
    const pbl_observable *o = &c->observables[i];
    pbl_report_row_head(f, o->name);
    pbl_report_cell_number(f, o->device.tau.mean);
    pbl_report_cell_number(f, o->device.tau.mcse);
    pbl_report_cell_number(f, o->reference.tau.mean);
    pbl_report_cell_number(f, o->reference.tau.mcse);
    pbl_report_cell_number(f, o->exact_mean);
    pbl_report_cell_number(f, o->mean_z);
    pbl_report_cell_number(f, o->mean_p);
    pbl_report_cell_number(f, o->device.tau.split_rhat);
    pbl_report_cell_number(f, o->reference.tau.split_rhat);
    fputs("</tr>\n", f);
  }
  pbl_report_close_table(f);
  fputs("</details>\n", f);
}

/* "0.120 % of beta" for "beta, relative", else "0.031 of any one mean". */
static void cell_would_see(FILE *f, const pbl_gate *g) {
  char number[PBL_NUMBER_CHARS], text[96];
  const char *of = g->would_see_of ? g->would_see_of : "";
  const bool percent = strstr(of, "relative") != NULL;
  const int length = (int)(percent ? strcspn(of, ",(") : strlen(of));
  pbl_report_number(number, percent ? 100 * g->would_see : g->would_see, 3);
  if (isfinite(g->would_see) && *of)
    snprintf(text, sizeof text, "%s%s of %.*s", number, percent ? " %" : "",
             length < 60 ? length : 60, of);
  else
    snprintf(text, sizeof text, "-");
  pbl_report_cell(f, text);
}

static void cell_one_percent(FILE *f, const pbl_gate *g) {
  char number[PBL_NUMBER_CHARS], text[64];
  const double power = pbl_plot_power_at_one_percent(g);
  pbl_report_number(number, 100 * power, 3);
  snprintf(text, sizeof text, isfinite(power) ? power > 0.9995 ? "fails" : "fails in %s %%" : "-",
           number);
  pbl_report_cell(f, text);
}

/* Two rows: the numbers, and what they are about. */
static void put_gates(FILE *f, const pbl_case_result *c) {
  static const char *const heads[] = {"gate", "",      "statistic",           "threshold",
                                      "p",    "alpha", "smallest error seen", "at beta 1 % off",
                                      NULL};
  pbl_report_open_table(
      f,
      "Gates of the verdict. Smallest error seen: found by this gate in nine runs of ten as "
      "long as this one. At beta 1 % off: what this gate would have said.",
      heads);
  for (size_t i = 0; i < c->n_gates; i++) {
    const pbl_gate *g = &c->gates[i];
    fputs("<tr class=\"numbers\"><th scope=\"row\">", f);
    pbl_report_escape(f, g->name);
    fprintf(f, "</th><td class=\"%s\">%s</td>",
            g->status == PBL_GATE_PASSED   ? "pass"
            : g->status == PBL_GATE_FAILED ? "fail"
                                           : "open",
            g->status == PBL_GATE_FAILED ? "FAILED" : pbl_gate_status_name(g->status));
    pbl_report_cell_number(f, g->statistic);
    pbl_report_cell_number(f, g->threshold);
    pbl_report_cell_number(f, g->p_value);
    pbl_report_cell_number(f, g->alpha);
    cell_would_see(f, g);
    cell_one_percent(f, g);
    fputs("</tr>\n<tr><td class=\"text\" colspan=\"8\">", f);
    pbl_report_escape(f, g->detail);
    fputs("</td></tr>\n", f);
  }
  pbl_report_close_table(f);
}

static void put_families(FILE *f, const char *side, const pbl_innovation_report *r) {
  char place[64];
  for (int i = 0; i < PBL_TEST_COUNT; i++) {
    const pbl_innovation_result *m = &r->family[i];
    if (!m->name || !m->n_tests) continue;
    pbl_report_row_head(f, m->name);
    pbl_report_cell(f, side);
    cell_count(f, m->n_tests);
    cell_count(f, m->n_skipped);
    pbl_report_cell_number(f, m->z);
    pbl_report_cell_number(f, m->p_value);
    if (m->worst_a == SIZE_MAX)
      snprintf(place, sizeof place, "-");
    else if (m->worst_b == SIZE_MAX)
      snprintf(place, sizeof place, "%zu", m->worst_a);
    else
      snprintf(place, sizeof place, "%zu, %zu", m->worst_a, m->worst_b);
    pbl_report_cell(f, place);
    fputs("</tr>\n", f);
  }
}

static void put_innovations(FILE *f, const pbl_case_result *c) {
  static const char *const heads[] = {"family",  "side",       "tests",    "skipped",
                                      "max |z|", "p (family)", "worst at", NULL};
  static const char *const bins[] = {"beta x field", "side", "observed", "expected", "z",
                                     "updates",      NULL};
  const pbl_innovation_report *const sides[2] = {&c->innovation_device, &c->innovation_reference};
  static const char *const names[2] = {"hardware", "reference"};
  fputs("<details><summary>Innovation tests, family by family</summary>\n", f);
  pbl_report_open_table(
      f,
      "Every update against the probability its law demands; skipped: too few updates for a "
      "z-score.",
      heads);
  for (int k = 0; k < 2; k++) put_families(f, names[k], sides[k]);
  pbl_report_close_table(f);
  fputs("</details>\n<details><summary>Calibration curve as numbers</summary>\n", f);
  pbl_report_open_table(f, "Mean new state by local field.", bins);
  for (int k = 0; k < 2; k++) {
    const pbl_innovation_report *r = sides[k];
    for (size_t i = 0; i < r->n_bins && i < PBL_INNOVATION_BINS; i++) {
      char x[PBL_NUMBER_CHARS];
      pbl_report_number(x, r->bin_x[i], DIGITS);
      pbl_report_row_head(f, x);
      pbl_report_cell(f, names[k]);
      pbl_report_cell_number(f, r->bin_observed[i]);
      pbl_report_cell_number(f, r->bin_expected[i]);
      pbl_report_cell_number(f, r->bin_z[i]);
      cell_count(f, r->bin_count[i] > 0 ? (uint64_t)r->bin_count[i] : 0);
      fputs("</tr>\n", f);
    }
  }
  pbl_report_close_table(f);
  fputs("</details>\n", f);
}

static void put_frame(FILE *f, size_t index, const char *plot, const char *caption) {
  fprintf(f,
          "<figure class=\"js\"><div class=\"plot\" data-case=\"%zu\" data-plot=\"%s\"></div>"
          "<figcaption>%s</figcaption></figure>\n",
          index, plot, caption);
}

static void put_observable_plots(FILE *f, const pbl_case_result *c, size_t index) {
  fputs("<h3>Chains</h3>\n", f);
  pbl_plot_times(f, c);
  pbl_plot_traces(f, c);
  pbl_plot_correlation(f, c);
  if (!c->n_observables) return;
  fprintf(f,
          "<p class=\"js\"><label>Observable "
          "<select data-case=\"%zu\">\n",
          index);
  for (size_t i = 0; i < c->n_observables; i++) {
    fprintf(f, "<option value=\"%zu\">", i);
    pbl_report_escape(f, c->observables[i].name);
    fputs("</option>\n", f);
  }
  fputs("</select></label></p>\n<div class=\"grid\">\n", f);
  put_frame(f, index, "trace-device", "Trace of the hardware: chains 0 and 1.");
  put_frame(f, index, "trace-reference", "Trace of the reference: chains 0 and 1.");
  fputs("</div>\n", f);
}

static void put_device_pairs(FILE *f, const pbl_case_result *c) {
  static const char *const heads[] = {
      "observable", "unbiased mean", "error", "reference", "error", "t", NULL};
  const pbl_device_pairs_report *r = &c->device_pairs;
  if (!r->means) return;
  pbl_report_open_table(
      f,
      "Means without burn-in bias, from replicas coupled in the hardware; reference without "
      "an error: its exact law.",
      heads);
  for (size_t i = 0; i < c->n_observables; i++) {
    const pbl_unbiased_mean *m = &r->means[i];
    pbl_report_row_head(f, c->observables[i].name);
    pbl_report_cell_number(f, m->value);
    pbl_report_cell_number(f, m->error);
    pbl_report_cell_number(f, m->reference);
    pbl_report_cell_number(f, m->reference_error > 0 ? m->reference_error : NAN);
    pbl_report_cell_number(f, m->t);
    fputs("</tr>\n", f);
  }
  pbl_report_close_table(f);
}

static void put_law_plots(FILE *f, const pbl_case_result *c, size_t index) {
  double max_abs[2], rms[2];
  const pbl_scatter *const s[2] = {&c->first_moments, &c->second_moments};
  const bool graph = c->n_blocks > 0;
  const char *const names[2] = {"first moments",
                                graph ? "second moments s_i s_j" : "second moments v_i h_j"};
  static const char *const heads[] = {"moments", "pairs", "largest difference", "rms difference",
                                      NULL};
  fputs("<h3>Law</h3>\n", f);
  pbl_plot_beta(f, c);
  fputs("<div class=\"grid\">\n", f);
  pbl_plot_activation(f, c);
  pbl_plot_energy(f, c);
  pbl_plot_qq(f, c);
  pbl_plot_meeting(f, c);
  pbl_plot_device_meeting(f, c);
  if (s[0]->n) put_frame(f, index, "first", "First moments; dashed: identity.");
  if (s[1]->n)
    put_frame(f, index, "second",
              graph ? "Second moments s_i s_j; dashed: identity."
                    : "Second moments v_i h_j; dashed: identity.");
  fputs("</div>\n", f);
  pbl_report_open_table(f, "Hardware minus reference.", heads);
  for (int k = 0; k < 2; k++) {
    pbl_report_scatter_difference(s[k], &max_abs[k], &rms[k]);
    pbl_report_row_head(f, names[k]);
    cell_count(f, s[k]->n);
    pbl_report_cell_number(f, max_abs[k]);
    pbl_report_cell_number(f, rms[k]);
    fputs("</tr>\n", f);
  }
  pbl_report_close_table(f);
  put_device_pairs(f, c);
  put_innovations(f, c);
}

static void put_images(FILE *f, const pbl_case_result *c, size_t index) {
  if (!c->n_images || c->image_rows <= 0 || c->image_cols <= 0) return;
  fputs("<h3>Sampled images</h3>\n<div class=\"grid\">\n", f);
  put_frame(f, index, "images-device", "Visible p-bits sampled by the hardware.");
  put_frame(f, index, "images-reference", "Visible p-bits sampled by the reference.");
  fputs("</div>\n", f);
}

static void put_rates(FILE *f, const pbl_result *r, const pbl_case_result *c) {
  static const char *const heads[] = {"observable", "hardware, this run", "reference",
                                      "hardware, at its clock", NULL};
  char caption[160], clock[PBL_NUMBER_CHARS];
  pbl_report_number(clock, r->config->clock_hz / 1e6, DIGITS);
  snprintf(caption, sizeof caption,
           "Effective samples per second. At its clock: a real device at %s MHz, an assumption.",
           clock);
  pbl_report_open_table(f, caption, heads);
  for (size_t i = 0; i < c->n_observables; i++) {
    const pbl_observable *o = &c->observables[i];
    const bool device = o->device.tau.resolution == PBL_RESOLVED;
    pbl_report_row_head(f, o->name);
    pbl_report_cell_number(f, device ? o->device.ess_per_second : NAN);
    pbl_report_cell_number(
        f, o->reference.tau.resolution == PBL_RESOLVED ? o->reference.ess_per_second : NAN);
    pbl_report_cell_number(f, device ? o->device.ess_per_cycle * r->config->clock_hz : NAN);
    fputs("</tr>\n", f);
  }
  pbl_report_close_table(f);
}

static void put_price(FILE *f, const pbl_case_result *c) {
  static const char *const heads[] = {
      "parameters", "saturated",      "rounded to 0",          "largest error",
      "rms error",  "largest weight", "beta error (relative)", "TV quantised to ideal",
      NULL};
  static const char *const speed[] = {"side",
                                      "seconds",
                                      "p-bit updates/s",
                                      "device cycles",
                                      "stall cycles",
                                      "table edge reached",
                                      "freezes",
                                      NULL};
  const pbl_quantisation *q = &c->quantisation;
  fputs("<h3>Quantisation and speed</h3>\n", f);
  pbl_report_open_table(f, "Price of the number formats (model units).", heads);
  fputs("<tr>", f);
  cell_count(f, q->n_parameters);
  cell_count(f, q->n_saturated);
  cell_count(f, q->n_zeroed);
  pbl_report_cell_number(f, q->max_abs_error);
  pbl_report_cell_number(f, q->rms_error);
  pbl_report_cell_number(f, q->max_abs_weight);
  pbl_report_cell_number(f, q->beta_error);
  pbl_report_cell_number(f, c->tv_quantised_ideal);
  fputs("</tr>\n", f);
  pbl_report_close_table(f);
  pbl_report_open_table(
      f,
      "Wall time of this run and what the device counted. Device cycles are those in which "
      "its run advanced: bus accesses do not enter, so they are the same whoever "
      "plays the device; wall time and stall cycles are not.",
      speed);
  pbl_report_row_head(f, "hardware");
  pbl_report_cell_number(f, c->device_seconds);
  pbl_report_cell_number(f, c->device_updates_per_second);
  cell_count(f, c->device_cycles);
  cell_count(f, c->counters.stall_cycles);
  cell_count(f, c->counters.saturations);
  cell_count(f, c->counters.freezes);
  fputs("</tr>\n", f);
  pbl_report_row_head(f, "reference");
  pbl_report_cell_number(f, c->reference_seconds);
  pbl_report_cell_number(f, c->reference_updates_per_second);
  fputs("<td>-</td><td>-</td><td>-</td><td>-</td></tr>\n", f);
  pbl_report_close_table(f);
}

void pbl_report_html_case(FILE *f, const pbl_result *r, size_t index) {
  const pbl_case_result *c = &r->cases[index];
  const char *verdict = pbl_verdict_name(c->verdict);
  char reason[512];
  pbl_report_reason(reason, sizeof reason, c);
  fprintf(f, "<section id=\"case-%zu\">\n<h2>", index);
  pbl_report_escape(f, c->name);
  fprintf(f, " <span class=\"badge %s\">%s</span></h2>\n<p class=\"reason\">", verdict, verdict);
  pbl_report_escape(f, reason);
  fputs("</p>\n", f);
  put_run(f, r, c);
  put_observables(f, c);
  pbl_report_html_exchange(f, c);
  pbl_report_html_statistics(f, c);
  put_means(f, c);
  put_gates(f, c);
  pbl_plot_regulation(f, c);
  put_observable_plots(f, c, index);
  put_law_plots(f, c, index);
  put_images(f, c, index);
  put_price(f, c);
  put_rates(f, r, c);
  fputs("</section>\n", f);
}
