/* Plots of the sampled law: activation curve, implied beta, moments, energies, meeting times. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_report_plot.h"

#define ONE_PERCENT 0.01
#define CURVE 121

void pbl_plot_nothing(FILE *f, const char *kind, const char *sentence) {
  fprintf(f, "<figure class=\"drawn\" data-plot=\"%s\"><p class=\"note\">%s</p></figure>\n", kind,
          sentence);
}

double pbl_plot_device_beta(const pbl_case_result *c) {
  return ldexp((double)c->beta_word, -c->config->hw.beta_frac);
}

double pbl_plot_power_at_one_percent(const pbl_gate *g) {
  if (!g->would_see_of || strncmp(g->would_see_of, "beta", 4) != 0) return NAN;
  if (!(g->would_see > 0) || !(g->alpha > 0 && g->alpha < 1)) return NAN;
  const double critical = pbl_normal_quantile(1 - 0.5 * g->alpha);
  const double shift = (critical + pbl_normal_quantile(0.9)) * ONE_PERCENT / g->would_see;
  return 0.5 * erfc((critical - shift) / sqrt(2));
}

/* ---- activation curve ---- */

typedef struct {
  size_t n;
  double x[PBL_INNOVATION_BINS], mean[PBL_INNOVATION_BINS], change[PBL_INNOVATION_BINS],
      error[PBL_INNOVATION_BINS], share[PBL_INNOVATION_BINS];
} curve;

static curve read_curve(const pbl_innovation_report *r) {
  curve out = {0};
  double most = 0;
  for (size_t i = 0; i < r->n_bins && i < PBL_INNOVATION_BINS; i++) {
    const double m = r->bin_expected[i], count = r->bin_count[i];
    if (!(count > 0) || !isfinite(r->bin_x[i]) || !isfinite(r->bin_observed[i])) continue;
    const size_t k = out.n++;
    out.x[k] = r->bin_x[i];
    out.mean[k] = r->bin_observed[i];
    out.change[k] = r->bin_observed[i] - m;
    out.error[k] = 1.96 * sqrt(fmax(1 - m * m, 0) / count);
    out.share[k] = count;
    most = fmax(most, count);
  }
  for (size_t k = 0; k < out.n; k++) out.share[k] /= most;
  return out;
}

/* Mean new state at field x (times beta), and how it changes when beta is 1 % off. */
static void fill_ideal(double *x, double *mean, double *up, double *down, pbl_svg_range r) {
  for (size_t i = 0; i < CURVE; i++) {
    x[i] = r.low + (r.high - r.low) * (double)i / (CURVE - 1);
    mean[i] = tanh(x[i]);
    up[i] = tanh(x[i] * (1 + ONE_PERCENT)) - mean[i];
    down[i] = tanh(x[i] * (1 - ONE_PERCENT)) - mean[i];
  }
}

static const char *const side_style[2] = {"device", "reference"};

static void draw_curve(FILE *f, const curve sides[2], pbl_svg_range range) {
  double x[CURVE], mean[CURVE], up[CURVE], down[CURVE];
  fill_ideal(x, mean, up, down, range);
  const pbl_svg top = {
      .f = f, .left = 64, .top = 26, .width = 486, .height = 150, .x = range, .y = {-1.08, 1.08}};
  pbl_svg_axes(&top, NULL, "mean new state");
  pbl_svg_line(&top, "exact", x, mean, CURVE);
  for (int s = 1; s >= 0; s--)
    for (size_t k = 0; k < sides[s].n; k++)
      pbl_svg_mark(&top, side_style[s], sides[s].x[k], sides[s].mean[k]);

  /* well-filled bins and the 1 % curve set the scale; the bars of the rare ones are cut off */
  pbl_svg_range y = pbl_svg_empty();
  pbl_svg_cover_all(&y, up, CURVE);
  pbl_svg_cover_all(&y, down, CURVE);
  for (int s = 0; s < 2; s++) {
    for (size_t k = 0; k < sides[s].n; k++) {
      if (sides[s].share[k] < 0.05) continue;
      pbl_svg_cover(&y, sides[s].change[k] - sides[s].error[k]);
      pbl_svg_cover(&y, sides[s].change[k] + sides[s].error[k]);
    }
  }
  const pbl_svg low = {.f = f,
                       .left = 64,
                       .top = 192,
                       .width = 486,
                       .height = 140,
                       .x = range,
                       .y = pbl_svg_padded(y, 0.08)};
  pbl_svg_axes(&low, "beta x local field", "minus law");
  pbl_svg_segment(&low, "exact", range.low, 0, range.high, 0);
  pbl_svg_line(&low, "soft", x, up, CURVE);
  pbl_svg_line(&low, "soft", x, down, CURVE);
  const double shift = 0.004 * (range.high - range.low);
  for (int s = 1; s >= 0; s--) {
    for (size_t k = 0; k < sides[s].n; k++) {
      const double a = sides[s].x[k] + (s ? shift : -shift), d = sides[s].change[k];
      pbl_svg_segment(&low, s ? "reference bar" : "device bar", a, d - sides[s].error[k], a,
                      d + sides[s].error[k]);
      pbl_svg_mark(&low, side_style[s], a, d);
    }
  }
}

void pbl_plot_activation(FILE *f, const pbl_case_result *c) {
  static const pbl_svg_key keys[] = {{"device", "hardware", true},
                                     {"reference", "reference", true},
                                     {"exact", "ideal", false},
                                     {"soft", "beta 1 % off", false}};
  const curve sides[2] = {read_curve(&c->innovation_device), read_curve(&c->innovation_reference)};
  pbl_svg_range range = pbl_svg_empty();
  for (int s = 0; s < 2; s++) pbl_svg_cover_all(&range, sides[s].x, sides[s].n);
  if (!sides[0].n && !sides[1].n) {
    pbl_plot_nothing(f, "activation", "Activation curve: no updates were tested.");
    return;
  }
  pbl_svg_open(f, "activation", 560, 374, "Mean new state by local field, both sides and the law");
  pbl_svg_legend(f, 66, 11, keys, 4);
  draw_curve(f, sides, pbl_svg_padded(range, 0.03));
  pbl_svg_close(f);
  fputs(
      "<figcaption>Activation curve. Top: mean new state by local field. Bottom: the same minus "
      "what the law demands of exactly these updates, with 95 % bars; dotted: what a beta 1 % off "
      "would look like.</figcaption></figure>\n",
      f);
}

/* ---- implied beta ---- */

typedef struct {
  const char *name, *style;
  pbl_estimate e;
} beta_row;

static double seen_by_innovations(const pbl_case_result *c) {
  for (size_t i = 0; i < c->n_gates; i++) {
    const pbl_gate *g = &c->gates[i];
    if (g->name && strstr(g->name, "innovation") && g->would_see_of &&
        strncmp(g->would_see_of, "beta", 4) == 0)
      return g->would_see;
  }
  return NAN;
}

void pbl_plot_beta(FILE *f, const pbl_case_result *c) {
  const beta_row rows[3] = {
      {"innovations, hardware", "device", pbl_report_beta_error(&c->innovation_device)},
      {"innovations, reference", "reference", pbl_report_beta_error(&c->innovation_reference)},
      {"energies, hardware", "device", c->energy.beta_error}};
  const double seen = seen_by_innovations(c);
  pbl_svg_range range = {-0.001, 0.001};
  for (int i = 0; i < 3; i++) {
    pbl_svg_cover(&range, rows[i].e.value);
    pbl_svg_cover(&range, rows[i].e.low);
    pbl_svg_cover(&range, rows[i].e.high);
  }
  if (seen < 0.1) pbl_svg_cover(&range, seen);
  const double end = 110 * fmax(-range.low, range.high);
  const pbl_svg p = {
      .f = f, .left = 160, .top = 8, .width = 230, .height = 96, .x = {-end, end}, .y = {0, 3}};
  char text[PBL_ESTIMATE_CHARS];
  pbl_svg_open(f, "beta", 620, 142, "Implied error of beta with 95 % intervals");
  pbl_svg_axes(&p, "relative error of beta, %", NULL);
  pbl_svg_segment(&p, "exact", 0, 0, 0, 3);
  pbl_svg_segment(&p, "soft", 100 * seen, 0, 100 * seen, 3);
  pbl_svg_segment(&p, "soft", -100 * seen, 0, -100 * seen, 3);
  for (int i = 0; i < 3; i++) {
    const double y = 2.5 - i;
    pbl_svg_text(f, 152, pbl_svg_y(&p, y) + 4, "end", rows[i].name);
    pbl_svg_segment(&p, i == 1 ? "reference bar" : "device bar", 100 * rows[i].e.low, y,
                    100 * rows[i].e.high, y);
    pbl_svg_mark(&p, rows[i].style, 100 * rows[i].e.value, y);
    pbl_report_percent(text, rows[i].e, 3);
    pbl_svg_text(f, 398, pbl_svg_y(&p, y) + 4, "start", text);
  }
  pbl_svg_close(f);
  fputs("<figcaption>Error of beta that the updates and the energies imply, 95 %.", f);
  if (isfinite(seen)) {
    pbl_report_number(text, 100 * seen, 2);
    fprintf(f, " Dotted: %s %%, which the innovation gate would have found in nine runs of ten.",
            text);
  }
  fputs("</figcaption></figure>\n", f);
}

/* ---- moments ---- */

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Sorted finite z values; the caller frees. */
static double *sorted_z(size_t *n, const pbl_scatter *s) {
  *n = 0;
  double *z = s->z && s->n ? malloc(s->n * sizeof *z) : NULL;
  for (size_t i = 0; z && i < s->n; i++)
    if (isfinite(s->z[i])) z[(*n)++] = s->z[i];
  if (z) qsort(z, *n, sizeof *z, by_value);
  return z;
}

static void draw_qq(FILE *f, double left, const char *title, const double *z, size_t n) {
  enum { BAND = 81 };
  double q[BAND], low[BAND], high[BAND];
  pbl_svg_range range = {-3, 3};
  if (n) {
    pbl_svg_cover(&range, z[0]);
    pbl_svg_cover(&range, z[n - 1]);
    range = pbl_svg_padded(range, 0.04);
  }
  const double far = fmin(pbl_normal_quantile(1 - 0.5 / (double)(n ? n : 1)) + 0.2, 5);
  const pbl_svg p = {.f = f,
                     .left = left,
                     .top = 26,
                     .width = 210,
                     .height = 210,
                     .x = {-fmax(far, 1), fmax(far, 1)},
                     .y = range};
  pbl_svg_axes(&p, "normal quantile", left < 100 ? "z" : "");
  pbl_svg_text(f, left + 105, 17, "middle", title);
  for (size_t i = 0; i < BAND; i++) { /* 95 % of one order statistic */
    q[i] = p.x.low + (p.x.high - p.x.low) * (double)i / (BAND - 1);
    const double density = exp(-0.5 * q[i] * q[i]) / sqrt(2 * acos(-1));
    const double share = 0.5 * erfc(-q[i] / sqrt(2));
    const double sd = sqrt(share * (1 - share) / (double)(n ? n : 1)) / density;
    low[i] = q[i] - 1.96 * sd;
    high[i] = q[i] + 1.96 * sd;
  }
  if (n) pbl_svg_band(&p, "soft-band", q, low, high, BAND);
  pbl_svg_segment(&p, "exact", fmax(p.x.low, p.y.low), fmax(p.x.low, p.y.low),
                  fmin(p.x.high, p.y.high), fmin(p.x.high, p.y.high));
  const size_t stride = n / 300 + 1;
  for (size_t i = 0; i < n; i++) {
    const double at = pbl_normal_quantile(((double)i + 0.5) / (double)n);
    if (fabs(at) < 2 && i % stride) continue; /* the middle is a line of dots anyway */
    pbl_svg_mark(&p, "device small", at, z[i]);
  }
  if (!n) pbl_svg_text(f, left + 105, 130, "middle", "none tested");
}

void pbl_plot_qq(FILE *f, const pbl_case_result *c) {
  size_t n[2];
  double *z[2] = {sorted_z(&n[0], &c->first_moments), sorted_z(&n[1], &c->second_moments)};
  if (!n[0] && !n[1]) {
    pbl_plot_nothing(f, "qq", "z values of the moments: none were tested.");
  } else {
    pbl_svg_open(f, "qq", 560, 276, "Quantiles of the z values of all moments against normal ones");
    draw_qq(f, 64, "first moments", z[0], n[0]);
    draw_qq(f, 334, "second moments", z[1], n[1]);
    pbl_svg_close(f);
    fputs(
        "<figcaption>z values of the moments, hardware minus reference or exact law, against the "
        "normal law: a sound device follows the line. The band holds 95 % of each point if the "
        "moments were independent; they are not, so a whole curve may lean out of it."
        "</figcaption></figure>\n",
        f);
  }
  free(z[0]);
  free(z[1]);
}
