/* Plots of the energy histograms and of the coupled chains' meeting times. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_report_plot.h"

/* ---- energy histograms ---- */

typedef struct {
  size_t n;
  double x[PBL_ENERGY_BINS], ratio[PBL_ENERGY_BINS], error[PBL_ENERGY_BINS],
      weight[PBL_ENERGY_BINS];
} log_ratio;

/* Effective sample size of energy; NaN when it is not resolved. */
static double energy_ess(const pbl_case_result *c, bool device) {
  for (size_t i = 0; i < c->n_observables; i++) {
    const pbl_observable *o = &c->observables[i];
    if (strcmp(o->name, "energy") == 0) return (device ? o->device : o->reference).tau.ess.value;
  }
  return NAN;
}

/* ln(hardware/base) of the bins that both fill, with errors from the effective sample sizes as if
 * they were independent draws. */
static log_ratio ratio_of(const pbl_case_result *c, const double *base, double base_ess) {
  const pbl_energy_report *e = &c->energy;
  const double ess = energy_ess(c, true);
  log_ratio out = {0};
  for (size_t i = 0; i < e->n_bins && i < PBL_ENERGY_BINS; i++) {
    const double p = e->device[i], q = base[i];
    if (!(p > 0) || !(q > 0)) continue;
    const double variance = (1 - p) / (p * ess) + (isinf(base_ess) ? 0 : (1 - q) / (q * base_ess));
    const size_t k = out.n++;
    out.x[k] = e->low + ((double)i + 0.5) * e->width;
    out.ratio[k] = log(p / q);
    out.error[k] = 1.96 * sqrt(fmax(variance, 0));
    out.weight[k] = variance > 0 ? 1 / variance : sqrt(p * q);
  }
  return out;
}

static void draw_steps(const pbl_svg *p, const char *style, const double *share,
                       const pbl_energy_report *e) {
  double x[2 * PBL_ENERGY_BINS], y[2 * PBL_ENERGY_BINS];
  for (size_t i = 0; i < e->n_bins; i++) {
    x[2 * i] = e->low + (double)i * e->width;
    x[2 * i + 1] = x[2 * i] + e->width;
    y[2 * i] = y[2 * i + 1] = share[i];
  }
  pbl_svg_line(p, style, x, y, 2 * e->n_bins);
}

/* A line of slope -beta * error through the middle of the points. */
static void draw_slope(const pbl_svg *p, const char *style, const log_ratio *r, double slope) {
  double x = 0, y = 0, sum = 0;
  for (size_t k = 0; k < r->n; k++) {
    x += r->weight[k] * r->x[k];
    y += r->weight[k] * r->ratio[k];
    sum += r->weight[k];
  }
  if (!(sum > 0)) return;
  x /= sum;
  y /= sum;
  pbl_svg_segment(p, style, p->x.low, y + slope * (p->x.low - x), p->x.high,
                  y + slope * (p->x.high - x));
}

static void draw_ratio(FILE *f, const pbl_case_result *c, pbl_svg_range x, bool exact) {
  const pbl_energy_report *e = &c->energy;
  const double beta = pbl_plot_device_beta(c);
  const log_ratio r =
      exact ? ratio_of(c, e->exact, INFINITY) : ratio_of(c, e->reference, energy_ess(c, false));
  pbl_svg_range y = {-0.01, 0.01};
  double best = 0;
  for (size_t k = 0; k < r.n; k++) best = fmax(best, r.weight[k]);
  for (size_t k = 0; k < r.n; k++) { /* the rare bins do not set the scale */
    if (r.weight[k] < 0.1 * best) continue;
    pbl_svg_cover(&y, r.ratio[k] - r.error[k]);
    pbl_svg_cover(&y, r.ratio[k] + r.error[k]);
  }
  const pbl_svg p = {.f = f,
                     .left = 64,
                     .top = 192,
                     .width = 486,
                     .height = 140,
                     .x = x,
                     .y = pbl_svg_padded(y, 0.08)};
  pbl_svg_axes(&p, "energy", exact ? "ln (hw / exact)" : "ln (hw / ref)");
  pbl_svg_segment(&p, "exact", x.low, 0, x.high, 0);
  for (size_t k = 0; k < r.n; k++) {
    pbl_svg_segment(&p, "device bar", r.x[k], r.ratio[k] - r.error[k], r.x[k],
                    r.ratio[k] + r.error[k]);
    pbl_svg_mark(&p, "device", r.x[k], r.ratio[k]);
  }
  draw_slope(&p, "soft", &r, -beta * 0.01);
  draw_slope(&p, "soft", &r, beta * 0.01);
  draw_slope(&p, "device", &r, -beta * e->beta_error.value);
}

void pbl_plot_energy(FILE *f, const pbl_case_result *c) {
  const pbl_energy_report *e = &c->energy;
  const pbl_svg_key keys[] = {{"device", "hardware", false},
                              {"reference", "reference", false},
                              {"exact", "exact", false},
                              {"soft", "beta 1 % off", false}};
  if (!e->n_bins || e->n_bins > PBL_ENERGY_BINS || !(e->width > 0)) {
    pbl_plot_nothing(f, "energy", "Energy histograms: the energy did not vary.");
    return;
  }
  const bool exact = isfinite(e->exact[0]);
  const pbl_svg_range x = {e->low, e->low + (double)e->n_bins * e->width};
  pbl_svg_range y = {0, 0};
  pbl_svg_cover_all(&y, e->device, e->n_bins);
  pbl_svg_cover_all(&y, e->reference, e->n_bins);
  if (exact) pbl_svg_cover_all(&y, e->exact, e->n_bins);
  const pbl_svg top = {.f = f,
                       .left = 64,
                       .top = 26,
                       .width = 486,
                       .height = 150,
                       .x = x,
                       .y = {0, y.high > 0 ? 1.06 * y.high : 1}};
  pbl_svg_open(f, "energy", 560, 374, "Energy histograms of both sides and their log ratio");
  pbl_svg_legend(f, 66, 11, keys, 4);
  pbl_svg_axes(&top, NULL, "share");
  if (exact) draw_steps(&top, "exact", e->exact, e);
  draw_steps(&top, "reference", e->reference, e);
  draw_steps(&top, "device", e->device, e);
  draw_ratio(f, c, x, exact);
  pbl_svg_close(f);
  char text[PBL_ESTIMATE_CHARS];
  pbl_report_percent(text, e->beta_error, 3);
  fprintf(f,
          "<figcaption>Energies. Top: histograms. Bottom: logarithm of their ratio; at a wrong "
          "temperature it is a straight line. Blue line: the implied error of beta, %s; dotted: an "
          "error of 1 %%. Bars: 95 %%, from the effective sample sizes.</figcaption></figure>\n",
          text);
}

/* ---- meeting times ---- */

#define MEETING_BINS 24
#define BOUND_POINTS 96

/* Pairs of either side; what is drawn of them. */
typedef struct {
  const char *kind, *label, *bar, *curve; /* bar, curve: style classes */
  size_t n_pairs, n_met;
  uint64_t lag;
  const double *meeting;
  double meeting_mean, meeting_q95, tv_bound_upper;
} pairs_view;

/* Mean over the pairs of max(0, ceil((meeting - t)/lag)). */
static double bound_at(const pairs_view *r, double t) {
  double sum = 0;
  for (size_t i = 0; i < r->n_pairs; i++)
    sum += fmax(0, ceil((r->meeting[i] - t) / (double)r->lag));
  return sum / (double)r->n_pairs;
}

static void draw_meetings(FILE *f, const pairs_view *r, pbl_svg_range met) {
  double count[MEETING_BINS] = {0}, most = 1;
  const pbl_svg_range x = {0, met.high > 0 ? 1.02 * met.high : 1};
  const double width = (x.high - x.low) / MEETING_BINS;
  for (size_t i = 0; i < r->n_pairs; i++)
    if (isfinite(r->meeting[i])) count[(size_t)fmin(r->meeting[i] / width, MEETING_BINS - 1)]++;
  for (size_t k = 0; k < MEETING_BINS; k++) most = fmax(most, count[k]);
  const pbl_svg p = {
      .f = f, .left = 64, .top = 26, .width = 200, .height = 190, .x = x, .y = {0, 1.06 * most}};
  pbl_svg_axes(&p, "sweeps to the meeting", "pairs");
  for (size_t k = 0; k < MEETING_BINS; k++) {
    if (!(count[k] > 0)) continue;
    const double left = pbl_svg_x(&p, (double)k * width), top = pbl_svg_y(&p, count[k]);
    fprintf(f, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
            r->bar, left, top, p.width / MEETING_BINS - 1, p.top + p.height - top);
  }
  pbl_svg_segment(&p, "exact", r->meeting_q95, 0, r->meeting_q95, 1.06 * most);
  pbl_svg_text(f, 164, 17, "middle", "meeting times; line: 95 %");
}

static void draw_bound(FILE *f, const pairs_view *r, double burn_in) {
  double t[BOUND_POINTS], bound[BOUND_POINTS];
  pbl_svg_range x = {0, burn_in}, y = {1e-3, 1};
  pbl_svg_cover_all(&x, r->meeting, r->n_pairs);
  x.high = x.high > 0 ? 1.05 * x.high : 1;
  for (size_t i = 0; i < BOUND_POINTS; i++) {
    t[i] = x.high * (double)i / (BOUND_POINTS - 1);
    bound[i] = bound_at(r, t[i]);
    if (!(bound[i] > 0)) bound[i] = NAN; /* below what this number of pairs can tell */
  }
  pbl_svg_cover_all(&y, bound, BOUND_POINTS);
  if (r->tv_bound_upper > 1e-9) pbl_svg_cover(&y, r->tv_bound_upper);
  const pbl_svg p = {.f = f,
                     .left = 344,
                     .top = 26,
                     .width = 200,
                     .height = 190,
                     .x = x,
                     .y = pbl_svg_padded_log(y),
                     .log_y = true};
  pbl_svg_axes(&p, "burn-in (sweeps)", "bound");
  pbl_svg_line(&p, r->curve, t, bound, BOUND_POINTS);
  pbl_svg_segment(&p, "soft", burn_in, p.y.low, burn_in, p.y.high);
  pbl_svg_mark(&p, "exact", burn_in, r->tv_bound_upper);
  pbl_svg_text(f, 444, 17, "middle", "distance to the law, at most");
  if (r->n_met < r->n_pairs) pbl_svg_text(f, 444, 120, "middle", "no bound: a pair never met");
}

static void plot_pairs(FILE *f, const pairs_view *r, const char *whose, double burn_in) {
  char mean[PBL_NUMBER_CHARS], q95[PBL_NUMBER_CHARS], upper[PBL_NUMBER_CHARS];
  pbl_svg_range met = pbl_svg_empty();
  pbl_svg_cover_all(&met, r->meeting, r->n_pairs);
  pbl_svg_open(f, r->kind, 560, 258, r->label);
  draw_meetings(f, r, met);
  draw_bound(f, r, burn_in);
  pbl_svg_close(f);
  fprintf(f,
          "<figcaption>%s: %zu of %zu pairs met. Right: bound on the distance in total variation "
          "after a burn-in; dotted: that of this run.",
          whose, r->n_met, r->n_pairs);
  if (r->n_met == r->n_pairs) {
    pbl_report_number(mean, r->meeting_mean, 3);
    pbl_report_number(q95, r->meeting_q95, 3);
    pbl_report_number(upper, r->tv_bound_upper, 2);
    fprintf(
        f,
        " They met after %s sweeps in the mean, 95 %% of them within %s. Cross: 99 %% limit, %s.",
        mean, q95, upper);
  }
  fputs("</figcaption></figure>\n", f);
}

void pbl_plot_meeting(FILE *f, const pbl_case_result *c) {
  const pbl_reference_report *r = &c->reference;
  if (!r->n_pairs || !r->meeting || !r->lag) {
    pbl_plot_nothing(f, "meeting", "Meeting times: no coupled chains were run for this reference.");
    return;
  }
  const pairs_view view = {.kind = "meeting",
                           .label = "Meeting times of coupled reference chains, distance bound",
                           .bar = "reference-bar",
                           .curve = "reference-solid",
                           .n_pairs = r->n_pairs,
                           .n_met = r->n_met,
                           .lag = r->lag,
                           .meeting = r->meeting,
                           .meeting_mean = r->meeting_mean,
                           .meeting_q95 = r->meeting_q95,
                           .tv_bound_upper = r->tv_bound_upper};
  plot_pairs(f, &view, "Coupled chains of the reference", c->config->burn_in);
}

void pbl_plot_device_meeting(FILE *f, const pbl_case_result *c) {
  const pbl_device_pairs_report *r = &c->device_pairs;
  if (!r->n_pairs || !r->lag) return;
  const pairs_view view = {.kind = "device-meeting",
                           .label = "Meeting times of coupled replicas, distance bound",
                           .bar = "device-bar",
                           .curve = "device thin",
                           .n_pairs = r->n_pairs,
                           .n_met = r->n_met,
                           .lag = r->lag,
                           .meeting = r->meeting,
                           .meeting_mean = r->meeting_mean,
                           .meeting_q95 = r->meeting_q95,
                           .tv_bound_upper = r->tv_bound_upper};
  plot_pairs(f, &view, "Replicas coupled in the hardware", c->config->burn_in);
}
