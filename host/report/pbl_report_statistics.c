/* The statistics unit in the three faces of a result. */
#include <math.h>

#include "pbl_report_json_internal.h"
#include "pbl_report_table.h"

#define DIGITS 3

/* A tau without its resolution is no result. */
static void unit_tau(char out[PBL_ESTIMATE_CHARS], const pbl_batch_series_report *r, int digits) {
  pbl_report_estimate(out, r->tau, digits);
  if (r->resolution != PBL_RESOLVED)
    snprintf(out, PBL_ESTIMATE_CHARS, "%s", pbl_resolution_name(r->resolution));
}

static double shown_ess(const pbl_batch_series_report *r) {
  return r->resolution == PBL_RESOLVED ? r->ess.value : NAN;
}

static void print_counts(FILE *f, const pbl_unit_report *r) {
  char means[PBL_NUMBER_CHARS], pairs[PBL_NUMBER_CHARS];
  if (r->n_different) {
    fprintf(f, "    %zu of %zu sums DIFFER from those over the draws, first: %s\n", r->n_different,
            r->n_sums, r->difference);
  } else {
    fprintf(f, "    %zu sums equal to those over the draws, largest difference 0\n", r->n_sums);
  }
  if (isnan(r->means_exact)) return;
  pbl_report_number(means, r->means_exact, DIGITS);
  pbl_report_number(pairs, r->pairs_exact, DIGITS);
  fprintf(f,
          "    from the exact law at most %s in the mean of a p-bit, %s in the moment of a pair\n",
          means, pairs);
}

void pbl_report_print_statistics(FILE *f, const pbl_case_result *c) {
  const pbl_unit_report *r = &c->unit;
  if (r->n_series == 0) return;
  fprintf(f,
          "  statistics unit        %llu samples every %d sweeps, %llu of them draws; %zu banks, "
          "%zu pairs%s\n",
          (unsigned long long)r->n_samples, r->every, (unsigned long long)r->n_drawn, r->n_drains,
          r->n_pairs, r->clipped ? ", energies CUT" : "");
  fputs("    series         tau unit              tau draws             exact   ESS unit  mean\n",
        f);
  for (size_t s = 0; s < r->n_series; s++) {
    const pbl_unit_series *o = &r->series[s];
    char unit[PBL_ESTIMATE_CHARS], draws[PBL_ESTIMATE_CHARS], exact[PBL_NUMBER_CHARS],
        ess[PBL_NUMBER_CHARS], mean[PBL_NUMBER_CHARS], error[PBL_NUMBER_CHARS];
    unit_tau(unit, &o->unit, DIGITS);
    pbl_report_tau(draws, &o->draws, DIGITS);
    pbl_report_number(exact, o->exact_tau, DIGITS);
    pbl_report_number(ess, shown_ess(&o->unit), DIGITS);
    pbl_report_number(mean, o->unit.mean, 5);
    pbl_report_number(error, o->unit.mcse, 3);
    fprintf(f, "    %-13s  %-20s  %-20s  %-6s  %-8s  %s +- %s\n", o->name, unit, draws, exact, ess,
            mean, error);
  }
  print_counts(f, r);
}

static void emit_series(pbl_json *j, const pbl_unit_series *o) {
  const pbl_batch_series_report *u = &o->unit;
  pbl_json_object(j, NULL);
  pbl_json_string(j, "name", o->name);
  pbl_json_string(j, "resolution", pbl_resolution_name(u->resolution));
  pbl_json_string(j, "gate", u->gate);
  pbl_report_emit_estimate(j, "tau", u->tau);
  pbl_report_emit_estimate(j, "ess", u->ess);
  pbl_json_double(j, "mean", u->mean);
  pbl_json_double(j, "mcse", u->mcse);
  pbl_json_double(j, "variance", u->variance);
  pbl_json_int(j, "level", u->level);
  pbl_json_int(j, "largest_level", u->largest);
  pbl_json_bool(j, "neighbours", u->neighbours);
  pbl_json_double(j, "left_out", u->left_out);
  pbl_json_double(j, "change", u->change);
  pbl_json_double(j, "chain_means_ratio", u->chain_means_ratio);
  pbl_json_object(j, "draws");
  pbl_json_string(j, "resolution", pbl_resolution_name(o->draws.resolution));
  pbl_report_emit_estimate(j, "tau", o->draws.tau);
  pbl_report_emit_estimate(j, "ess", o->draws.ess);
  pbl_json_end(j);
  pbl_json_double(j, "exact_mean", o->exact_mean);
  pbl_json_double(j, "exact_tau", o->exact_tau);
  pbl_json_end(j);
}

void pbl_report_emit_statistics(pbl_json *j, const pbl_unit_report *r) {
  pbl_json_object(j, "statistics_unit");
  pbl_report_emit_u64(j, "samples", r->n_samples);
  pbl_report_emit_u64(j, "draws", r->n_drawn);
  pbl_json_int(j, "every", r->every);
  pbl_report_emit_size(j, "banks", r->n_drains);
  pbl_report_emit_size(j, "pairs", r->n_pairs);
  pbl_json_bool(j, "clipped", r->clipped);
  pbl_report_emit_size(j, "sums", r->n_sums);
  pbl_report_emit_size(j, "sums_different", r->n_different);
  pbl_json_string(j, "difference", r->n_different ? r->difference : NULL);
  pbl_json_double(j, "means_exact", r->means_exact);
  pbl_json_double(j, "pairs_exact", r->pairs_exact);
  pbl_json_array(j, "series");
  for (size_t s = 0; s < r->n_series; s++) emit_series(j, &r->series[s]);
  pbl_json_end(j);
  pbl_json_end(j);
}

void pbl_report_html_statistics(FILE *f, const pbl_case_result *c) {
  static const char *const heads[] = {"series", "tau, unit", "tau, draws", "exact", "ESS, unit",
                                      "mean",   "error",     "exact",      "batch", NULL};
  const pbl_unit_report *r = &c->unit;
  if (r->n_series == 0) return;
  char caption[300];
  snprintf(caption, sizeof caption,
           "Statistics unit of the device: autocorrelation times (half-Sokal, sweeps) from %llu "
           "samples, one every %d sweeps, %llu of them read out as draws.",
           (unsigned long long)r->n_samples, r->every, (unsigned long long)r->n_drawn);
  pbl_report_open_table(f, caption, heads);
  for (size_t s = 0; s < r->n_series; s++) {
    const pbl_unit_series *o = &r->series[s];
    char text[PBL_ESTIMATE_CHARS];
    pbl_report_row_head(f, o->name);
    unit_tau(text, &o->unit, DIGITS);
    pbl_report_cell(f, text);
    pbl_report_tau(text, &o->draws, DIGITS);
    pbl_report_cell(f, text);
    pbl_report_cell_number(f, o->exact_tau);
    pbl_report_cell_number(f, shown_ess(&o->unit));
    pbl_report_cell_number(f, o->unit.mean);
    pbl_report_cell_number(f, o->unit.mcse);
    pbl_report_cell_number(f, o->exact_mean);
    pbl_report_cell_number(f, o->unit.level < 0 ? NAN : ldexp(1, o->unit.level));
    fputs("</tr>\n", f);
  }
  fprintf(f,
          "</tbody></table></div>\n<p>%zu sums compared with those over the draws, %zu differ; "
          "%zu pairs, %zu banks.</p>\n",
          r->n_sums, r->n_different, r->n_pairs, r->n_drains);
}
