/* Replica exchange in the three faces of a result. */
#include <math.h>

#include "pbl_report_json_internal.h"
#include "pbl_report_table.h"

#define DIGITS 3

/* A measured tau without its resolution is no result. */
static void tau_text(char out[PBL_ESTIMATE_CHARS], pbl_estimate e, pbl_resolution r) {
  pbl_report_estimate(out, e, DIGITS);
  if (r != PBL_RESOLVED)
    snprintf(out, PBL_ESTIMATE_CHARS, "%s", isnan(e.value) ? "-" : "unresolved");
}

static bool resolved(const pbl_exchange_factor *x) {
  return x->resolution == PBL_RESOLVED && x->alone_resolution == PBL_RESOLVED;
}

static pbl_estimate shown_factor(const pbl_exchange_factor *x) {
  const pbl_estimate unknown = {NAN, NAN, NAN};
  return resolved(x) ? x->factor : unknown;
}

void pbl_report_print_exchange(FILE *f, const pbl_case_result *c) {
  const pbl_exchange_report *r = &c->exchange;
  char a[PBL_NUMBER_CHARS], b[PBL_NUMBER_CHARS], d[PBL_NUMBER_CHARS], e[PBL_NUMBER_CHARS];
  if (r->n_rungs == 0) return;
  pbl_report_number(a, r->round_trips, DIGITS);
  pbl_report_number(b, r->barrier, DIGITS);
  fprintf(f,
          "  ladder                 %zu rungs in %zu lanes, %s round trips a replica, barrier %s",
          r->n_rungs, r->n_lanes, a, b);
  if (r->adapted > 0) fprintf(f, ", adapted in %zu rounds", r->adapted);
  fputs("\n    rung  beta    energy           expected         p      accepts  expected\n", f);
  for (size_t k = 0; k < r->n_rungs; k++) {
    const pbl_exchange_rung *x = &r->rung[k];
    char line[2][64] = {{0}, {0}};
    pbl_report_number(a, x->energy, 5);
    pbl_report_number(b, x->energy_error, 2);
    pbl_report_number(d, x->expected, 5);
    pbl_report_number(e, x->expected_error > 0 ? x->expected_error : NAN, 2);
    snprintf(line[0], sizeof line[0], "%s +- %s", a, b);
    snprintf(line[1], sizeof line[1], "%s%s%s", d, x->expected_error > 0 ? " +- " : "",
             x->expected_error > 0 ? e : "");
    pbl_report_number(a, x->innovation_p, DIGITS);
    pbl_report_number(b, x->beta, 4);
    pbl_report_number(d, k + 1 < r->n_rungs ? r->pair[k].rate : NAN, DIGITS);
    pbl_report_number(e, k + 1 < r->n_rungs ? r->pair[k].expected : NAN, DIGITS);
    fprintf(f, "    %-4zu  %-6s  %-15s  %-15s  %-5s  %-7s  %s\n", k, b, line[0], line[1], a, d, e);
  }
  fputs("    p: innovations of the rung; accepts: of exchanges with the next rung\n", f);
  for (size_t k = 0; k < r->n_factors; k++) {
    const pbl_exchange_factor *x = &r->factor[k];
    char ladder[PBL_ESTIMATE_CHARS], alone[PBL_ESTIMATE_CHARS], factor[PBL_ESTIMATE_CHARS];
    tau_text(ladder, x->ladder, x->resolution);
    tau_text(alone, x->alone, x->alone_resolution);
    pbl_report_estimate(factor, shown_factor(x), DIGITS);
    pbl_report_number(a, x->exact_alone, 4);
    pbl_report_number(b, x->exact_ladder, 4);
    pbl_report_number(d, x->exact_alone / x->exact_ladder, 4);
    fprintf(f,
            "    %-12s tau alone %s (exact %s), with exchange %s (exact %s)\n"
            "                 factor %s (exact %s)\n",
            x->name, alone, a, ladder, b, factor, d);
  }
}

static void emit_factors(pbl_json *j, const pbl_exchange_report *r) {
  pbl_json_array(j, "factors");
  for (size_t k = 0; k < r->n_factors; k++) {
    const pbl_exchange_factor *x = &r->factor[k];
    pbl_json_object(j, NULL);
    pbl_json_string(j, "name", x->name);
    pbl_report_emit_estimate(j, "tau", x->ladder);
    pbl_report_emit_estimate(j, "tau_alone", x->alone);
    pbl_report_emit_estimate(j, "factor", x->factor);
    pbl_json_string(j, "resolution", pbl_resolution_name(x->resolution));
    pbl_json_string(j, "resolution_alone", pbl_resolution_name(x->alone_resolution));
    pbl_json_double(j, "exact_tau", x->exact_ladder);
    pbl_json_double(j, "exact_tau_alone", x->exact_alone);
    pbl_json_double(j, "exact_factor", x->exact_alone / x->exact_ladder);
    pbl_json_end(j);
  }
  pbl_json_end(j);
}

void pbl_report_emit_exchange(pbl_json *j, const pbl_exchange_report *r) {
  pbl_json_object(j, "exchange");
  pbl_report_emit_size(j, "rungs", r->n_rungs);
  pbl_report_emit_size(j, "lanes", r->n_lanes);
  pbl_report_emit_size(j, "adapted", r->adapted);
  pbl_json_double(j, "round_trips", r->round_trips);
  pbl_json_double(j, "round_trips_least", r->round_trips_least);
  pbl_json_double(j, "barrier", r->barrier);
  pbl_json_double(j, "decisions", r->decisions);
  pbl_json_double(j, "alone_sweeps", r->alone_sweeps);
  pbl_json_array(j, "rung");
  for (size_t k = 0; k < r->n_rungs; k++) {
    const pbl_exchange_rung *x = &r->rung[k];
    pbl_json_object(j, NULL);
    pbl_json_double(j, "beta", x->beta);
    pbl_json_double(j, "energy", x->energy);
    pbl_json_double(j, "energy_error", x->energy_error);
    pbl_json_double(j, "expected", x->expected);
    pbl_json_double(j, "expected_error", x->expected_error);
    pbl_json_double(j, "innovation_p", x->innovation_p);
    pbl_json_double(j, "innovation_z", x->innovation_z);
    pbl_json_end(j);
  }
  pbl_json_end(j);
  pbl_json_array(j, "pair");
  for (size_t k = 0; k + 1 < r->n_rungs; k++) {
    const pbl_exchange_pair *x = &r->pair[k];
    pbl_json_object(j, NULL);
    pbl_json_double(j, "tries", x->tries);
    pbl_json_double(j, "rate", x->rate);
    pbl_json_double(j, "mean", x->mean);
    pbl_json_double(j, "error", x->error);
    pbl_json_double(j, "expected", x->expected);
    pbl_json_double(j, "expected_error", x->expected_error);
    pbl_json_double(j, "decision_z", x->decision_z);
    pbl_json_end(j);
  }
  pbl_json_end(j);
  emit_factors(j, r);
  pbl_json_end(j);
}

static void html_factors(FILE *f, const pbl_exchange_report *r) {
  static const char *const heads[] = {
      "observable", "tau without exchange", "exact", "tau of rung 0", "exact", "factor", "exact",
      NULL};
  if (r->n_factors == 0) return;
  pbl_report_open_table(
      f, "Autocorrelation times (half-Sokal, sweeps) without exchange and with it.", heads);
  for (size_t k = 0; k < r->n_factors; k++) {
    const pbl_exchange_factor *x = &r->factor[k];
    char text[PBL_ESTIMATE_CHARS];
    pbl_report_row_head(f, x->name);
    tau_text(text, x->alone, x->alone_resolution);
    pbl_report_cell(f, text);
    pbl_report_cell_number(f, x->exact_alone);
    tau_text(text, x->ladder, x->resolution);
    pbl_report_cell(f, text);
    pbl_report_cell_number(f, x->exact_ladder);
    pbl_report_estimate(text, shown_factor(x), DIGITS);
    pbl_report_cell(f, text);
    pbl_report_cell_number(f, x->exact_alone / x->exact_ladder);
    fputs("</tr>\n", f);
  }
  pbl_report_close_table(f);
}

void pbl_report_html_exchange(FILE *f, const pbl_case_result *c) {
  static const char *const heads[] = {"rung",
                                      "beta",
                                      "energy",
                                      "error",
                                      "expected",
                                      "error",
                                      "innovations p",
                                      "exchanges accepted",
                                      "expected",
                                      "z of decisions",
                                      NULL};
  const pbl_exchange_report *r = &c->exchange;
  if (r->n_rungs == 0) return;
  pbl_report_open_table(
      f,
      "Rungs of the ladder; expected by the exact law where there is no error, else by the "
      "reference. Exchanges are those with the next rung.",
      heads);
  for (size_t k = 0; k < r->n_rungs; k++) {
    const pbl_exchange_rung *x = &r->rung[k];
    const bool pair = k + 1 < r->n_rungs;
    fprintf(f, "<tr><th scope=\"row\">%zu</th>", k);
    pbl_report_cell_number(f, x->beta);
    pbl_report_cell_number(f, x->energy);
    pbl_report_cell_number(f, x->energy_error);
    pbl_report_cell_number(f, x->expected);
    pbl_report_cell_number(f, x->expected_error > 0 ? x->expected_error : NAN);
    pbl_report_cell_number(f, x->innovation_p);
    pbl_report_cell_number(f, pair ? r->pair[k].rate : NAN);
    pbl_report_cell_number(f, pair ? r->pair[k].expected : NAN);
    pbl_report_cell_number(f, pair ? r->pair[k].decision_z : NAN);
    fputs("</tr>\n", f);
  }
  fprintf(f, "</tbody></table></div>\n<p>%.4g round trips a replica; %zu lanes.</p>\n",
          r->round_trips, r->n_lanes);
  html_factors(f, r);
}
