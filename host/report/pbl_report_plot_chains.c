/* Plots of the chains: tau and ESS of every observable, autocorrelations, traces of energy. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pbl_report_plot.h"

#define ROW 26
#define SHOWN 9 /* autocorrelations before the rest is folded away */

static const char *const side_style[2] = {"device", "reference"};

static const pbl_side *side_of(const pbl_observable *o, int s) {
  return s ? &o->reference : &o->device;
}

/* ---- tau and ESS ---- */

/* One side's value with its interval, or its lower bound with an arrow. */
static void draw_time(const pbl_svg *p, int s, const pbl_tau_report *t, pbl_estimate e, double y,
                      double bound) {
  const char *bar = s ? "reference bar" : "device bar";
  if (t->resolution == PBL_RESOLVED) {
    pbl_svg_segment(p, bar, e.low, y, e.high, y);
    pbl_svg_mark(p, side_style[s], e.value, y);
  } else if (t->resolution == PBL_UNRESOLVED && bound > 0) {
    const double a = pbl_svg_x(p, bound), b = pbl_svg_y(p, y);
    if (!isfinite(a) || !isfinite(b)) return;
    fprintf(p->f, "<path class=\"%s\" d=\"M%.1f %.1fv-8m0 4h26m-5 -4l5 4l-5 4\"/>\n", bar, a,
            b + 4);
  }
}

static void state_text(char *text, size_t size, const pbl_observable *o) {
  size_t n = 0;
  for (int s = 0; s < 2; s++) {
    const pbl_side *side = side_of(o, s);
    char clause[8] = "";
    if (side->resolve.clause && side->tau.resolution == PBL_UNRESOLVED)
      snprintf(clause, sizeof clause, " (%c)", side->resolve.clause);
    if (n < size)
      n += (size_t)snprintf(text + n, size - n, "%s%s%s", s ? " / " : "",
                            pbl_resolution_name(side->tau.resolution), clause);
  }
}

static void cover_times(pbl_svg_range *tau, pbl_svg_range *ess, const pbl_case_result *c) {
  for (size_t i = 0; i < c->n_observables; i++) {
    const pbl_observable *o = &c->observables[i];
    if (o->exact_tau > 0) pbl_svg_cover(tau, o->exact_tau);
    for (int s = 0; s < 2; s++) {
      const pbl_tau_report *t = &side_of(o, s)->tau;
      if (t->resolution == PBL_UNRESOLVED && t->tau_lower_bound > 0)
        pbl_svg_cover(tau, 1.5 * t->tau_lower_bound);
      if (t->resolution != PBL_RESOLVED || !(t->tau.value > 0) || !(t->ess.value > 0)) continue;
      pbl_svg_cover(tau, t->tau.low > 0 ? t->tau.low : t->tau.value);
      pbl_svg_cover(tau, t->tau.high);
      pbl_svg_cover(ess, t->ess.low > 0 ? t->ess.low : t->ess.value);
      pbl_svg_cover(ess, t->ess.high);
    }
  }
}

static void draw_row(const pbl_svg *tau, const pbl_svg *ess, const pbl_observable *o, double y) {
  char text[96];
  snprintf(text, sizeof text, "%.22s%s", o->name, strlen(o->name) > 22 ? ".." : "");
  pbl_svg_text(tau->f, 148, pbl_svg_y(tau, y) + 4, "end", text);
  for (int s = 1; s >= 0; s--) {
    const pbl_tau_report *t = &side_of(o, s)->tau;
    const double at = y + (s ? -0.2 : 0.2);
    draw_time(tau, s, t, t->tau, at, t->tau_lower_bound);
    draw_time(ess, s, t, t->ess, at, NAN);
  }
  pbl_svg_mark(tau, "exact", o->exact_tau, y);
  state_text(text, sizeof text, o);
  pbl_svg_text(tau->f, 756, pbl_svg_y(tau, y) + 4, "start", text);
}

void pbl_plot_times(FILE *f, const pbl_case_result *c) {
  static const pbl_svg_key keys[] = {
      {"device", "hardware", true}, {"reference", "reference", true}, {"exact", "exact", true}};
  if (!c->n_observables) {
    pbl_plot_nothing(f, "times", "Autocorrelation times: no observables.");
    return;
  }
  pbl_svg_range tau_range = pbl_svg_empty(), ess_range = pbl_svg_empty();
  cover_times(&tau_range, &ess_range, c);
  const double rows = (double)c->n_observables, height = ROW * rows;
  const pbl_svg tau = {.f = f,
                       .left = 156,
                       .top = 26,
                       .width = 280,
                       .height = height,
                       .x = pbl_svg_padded_log(tau_range),
                       .y = {0, rows},
                       .log_x = true};
  const pbl_svg ess = {.f = f,
                       .left = 462,
                       .top = 26,
                       .width = 280,
                       .height = height,
                       .x = pbl_svg_padded_log(ess_range),
                       .y = {0, rows},
                       .log_x = true};
  pbl_svg_open(f, "times", 1000, height + 66, "tau and effective sample size of every observable");
  pbl_svg_legend(f, 156, 11, keys, 3);
  pbl_svg_text(f, 756, 15, "start", "hardware / reference");
  pbl_svg_axes(&tau, "tau (sweeps)", NULL);
  pbl_svg_axes(&ess, "effective sample size", NULL);
  for (size_t i = 0; i < c->n_observables; i++)
    draw_row(&tau, &ess, &c->observables[i], rows - 0.5 - (double)i);
  pbl_svg_close(f);
  fputs(
      "<figcaption>Integrated autocorrelation time and effective sample size with 95 % intervals. "
      "An arrow starts at the lower bound of a tau that is not resolved; the letter names the "
      "clause that failed.</figcaption></figure>\n",
      f);
}

/* ---- autocorrelations ---- */

/* rho at a lag in sweeps, between the stored ones. */
static double rho_at(const pbl_side *s, double lag) {
  for (size_t i = 0; i + 1 < s->n_acf && i + 1 < PBL_ACF_POINTS; i++) {
    const double a = s->acf_lag[i], b = s->acf_lag[i + 1];
    if (lag < a || lag > b || !(b > a)) continue;
    return s->acf[i] + (s->acf[i + 1] - s->acf[i]) * (lag - a) / (b - a);
  }
  return NAN;
}

/* The exponential that stands for everything behind the window. */
static void draw_tail(const pbl_svg *p, int s, const pbl_side *side, double every) {
  enum { POINTS = 40 };
  double x[POINTS], y[POINTS];
  const double first = ((double)side->resolve.tail_window + 1) * every;
  const double slow = side->resolve.tau_exp_max * every, rho = rho_at(side, first);
  if (!side->resolve.tail_window || !(slow > 0) || !isfinite(rho)) return;
  for (size_t i = 0; i < POINTS; i++) {
    x[i] = first + (p->x.high - first) * (double)i / (POINTS - 1);
    y[i] = rho * exp(-(x[i] - first) / slow);
  }
  pbl_svg_line(p, s ? "reference-tail" : "device-tail", x, y, POINTS);
  const double end = p->log_y ? p->y.low * pow(p->y.high / p->y.low, 0.2)
                              : p->y.low + 0.2 * (p->y.high - p->y.low);
  pbl_svg_segment(p, s ? "reference" : "device", first - every, p->y.low, first - every, end);
  pbl_svg_mark(p, side_style[s], first - every, end);
}

static void draw_side(const pbl_svg *p, int s, const pbl_side *side, double every) {
  double low[PBL_ACF_POINTS], high[PBL_ACF_POINTS];
  const size_t n = side->n_acf < PBL_ACF_POINTS ? side->n_acf : PBL_ACF_POINTS;
  for (size_t i = 0; i < n; i++) {
    low[i] = fmax(side->acf[i] - 1.96 * side->acf_error[i], p->y.low);
    high[i] = fmax(side->acf[i] + 1.96 * side->acf_error[i], p->y.low);
  }
  pbl_svg_band(p, s ? "reference-band" : "device-band", side->acf_lag, low, high, n);
  pbl_svg_line(p, side_style[s], side->acf_lag, side->acf, n);
  draw_tail(p, s, side, every);
}

/* Logarithmic down to the noise, so that an exponential is a straight line; linear where a chain
 * swings below zero. */
static void scale_rho(pbl_svg *p, const pbl_observable *o) {
  double floor = 1;
  p->y = (pbl_svg_range){-0.1, 1};
  p->log_y = true;
  for (int s = 0; s < 2; s++) {
    const pbl_side *side = side_of(o, s);
    for (size_t i = 1; i < side->n_acf && i < PBL_ACF_POINTS; i++) {
      if (side->acf[i] < -4 * side->acf_error[i] - 0.02) p->log_y = false;
      if (side->acf_error[i] > 0) floor = fmin(floor, side->acf_error[i]);
      pbl_svg_cover(&p->y, side->acf[i]);
    }
  }
  p->y = p->log_y ? (pbl_svg_range){fmin(fmax(floor, 1e-4), 0.1), 1.2} : pbl_svg_padded(p->y, 0.04);
}

/* Without the interval, which would not fit. */
static void tau_text(char out[PBL_ESTIMATE_CHARS], const pbl_tau_report *t) {
  if (t->resolution == PBL_RESOLVED)
    pbl_report_number(out, t->tau.value, 3);
  else
    pbl_report_tau(out, t, 3);
}

static void draw_correlation(FILE *f, const pbl_observable *o, double every) {
  char text[200], tau[2][PBL_ESTIMATE_CHARS];
  pbl_svg_range x = pbl_svg_empty();
  for (int s = 0; s < 2; s++) {
    const pbl_side *side = side_of(o, s);
    const size_t n = side->n_acf < PBL_ACF_POINTS ? side->n_acf : PBL_ACF_POINTS;
    pbl_svg_cover_all(&x, side->acf_lag, n);
    tau_text(tau[s], &side->tau);
  }
  snprintf(text, sizeof text, "%.24s: tau %s / %s", o->name, tau[0], tau[1]);
  fputs("<svg viewBox=\"0 0 380 216\" role=\"img\" aria-label=\"", f);
  pbl_report_escape(f, text);
  fputs("\">\n", f);
  pbl_svg_text(f, 190, 15, "middle", text);
  pbl_svg p = {
      .f = f, .left = 58, .top = 24, .width = 312, .height = 150, .x = pbl_svg_padded(x, 0)};
  scale_rho(&p, o);
  pbl_svg_axes(&p, "lag (sweeps)", "rho");
  pbl_svg_segment(&p, "exact", p.x.low, 0, p.x.high, 0);
  for (int s = 1; s >= 0; s--) draw_side(&p, s, side_of(o, s), every);
  if (!(x.low <= x.high)) pbl_svg_text(f, 214, 100, "middle", "no autocorrelations: constant");
  fputs("</svg>\n", f);
}

void pbl_plot_correlation(FILE *f, const pbl_case_result *c) {
  if (!c->n_observables) {
    pbl_plot_nothing(f, "correlation", "Autocorrelations: no observables.");
    return;
  }
  fputs("<figure class=\"drawn\" data-plot=\"correlation\">\n<div class=\"small\">\n", f);
  for (size_t i = 0; i < c->n_observables; i++) {
    if (i == SHOWN)
      fprintf(f, "</div>\n<details><summary>%zu more</summary>\n<div class=\"small\">\n",
              c->n_observables - SHOWN);
    draw_correlation(f, &c->observables[i], c->config->every);
  }
  fputs(c->n_observables > SHOWN ? "</div></details>\n" : "</div>\n", f);
  fputs(
      "<figcaption>Autocorrelations down to the noise (linear where they swing below zero) with "
      "bands of 1.96 standard errors; tau of hardware / reference in sweeps. The mark on the axis "
      "ends the window that is summed; the dotted curve is the exponential attached behind it, of "
      "the slowest observable's time. No mark: nothing is attached.</figcaption></figure>\n",
      f);
}

/* ---- traces ---- */

static void draw_traces(FILE *f, int s, const pbl_chain_traces *t, double left, pbl_svg_range y) {
  const double strip = 20;
  char text[48];
  pbl_svg_text(f, left + 200, 15, "middle", s ? "reference" : "hardware");
  for (size_t k = 0; k < t->n_chains && k < PBL_TRACE_CHAINS; k++) {
    const pbl_svg p = {.f = f,
                       .left = left,
                       .top = 24 + strip * (double)k,
                       .width = 400,
                       .height = strip - 2,
                       .x = {t->sweep[0], t->n_points > 1 ? t->sweep[t->n_points - 1] : 1},
                       .y = y};
    snprintf(text, sizeof text, "%zu", t->chain[k]);
    pbl_svg_text(f, left - 6, p.top + 13, "end", text);
    pbl_svg_line(&p, s ? "reference-solid thin" : "device thin", t->sweep, t->x[k], t->n_points);
    if (!(t->deviation[k] > 0)) pbl_svg_text(f, left + 398, p.top + 7, "end", "constant");
  }
  if (!t->n_chains || !t->n_points) pbl_svg_text(f, left + 200, 60, "middle", "no chains");
}

void pbl_plot_traces(FILE *f, const pbl_case_result *c) {
  const pbl_chain_traces *const sides[2] = {&c->device_traces, &c->reference_traces};
  pbl_svg_range y = pbl_svg_empty();
  size_t chains = 1;
  for (int s = 0; s < 2; s++) {
    for (size_t k = 0; k < sides[s]->n_chains && k < PBL_TRACE_CHAINS; k++)
      pbl_svg_cover_all(&y, sides[s]->x[k], sides[s]->n_points);
    if (sides[s]->n_chains > chains) chains = sides[s]->n_chains;
  }
  if (!(y.low <= y.high)) {
    pbl_plot_nothing(f, "traces", "Traces of energy: no chains.");
    return;
  }
  pbl_svg_open(f, "traces", 920, 20 * (double)chains + 40, "Energy of single chains over time");
  for (int s = 0; s < 2; s++) draw_traces(f, s, sides[s], s ? 510 : 46, pbl_svg_padded(y, 0.02));
  pbl_svg_close(f);
  fprintf(f,
          "<figcaption>Energy of single chains over the run, one strip each, all on one scale; the "
          "number is the chain's. The chains that moved least stand on top, %zu at most are "
          "shown: a stuck chain is a flat line.</figcaption></figure>\n",
          (size_t)PBL_TRACE_CHAINS);
}
