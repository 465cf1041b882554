#include "pbl_curves.h"

#include <math.h>
#include <string.h>

#include "pbl_report_internal.h"
#include "pbl_svg.h"

#define MOST_MARKS 80
#define MOST_KEYS 8

/* What of a curve is drawn. */
typedef struct {
  size_t n;
  double x[PBL_CURVE_POINTS], y[PBL_CURVE_POINTS], low[PBL_CURVE_POINTS], high[PBL_CURVE_POINTS];
} points;

static bool drawable(const pbl_curve_plot *plot, const pbl_curve *c, size_t i) {
  return isfinite(c->x[i]) && isfinite(c->y[i]) && (!plot->log_x || c->x[i] > 0) &&
         (!plot->log_y || c->y[i] > 0);
}

static void thin(points *p, const pbl_curve_plot *plot, const pbl_curve *c) {
  size_t all = 0, seen = 0;
  for (size_t i = 0; i < c->n; i++) all += drawable(plot, c, i);
  const size_t stride = all / (PBL_CURVE_POINTS - 1) + 1;
  p->n = 0;
  for (size_t i = 0; i < c->n; i++) {
    if (!drawable(plot, c, i)) continue;
    seen++;
    if ((seen - 1) % stride != 0 && seen != all) continue;
    p->x[p->n] = c->x[i];
    p->y[p->n] = c->y[i];
    p->low[p->n] = c->low ? c->low[i] : (double)NAN;
    p->high[p->n] = c->high ? c->high[i] : (double)NAN;
    p->n++;
  }
}

static pbl_svg scale(FILE *f, const pbl_curve_plot *plot, const pbl_curve *curves, size_t n) {
  pbl_svg_range x = pbl_svg_empty(), y = pbl_svg_empty();
  for (size_t k = 0; k < n; k++) {
    const pbl_curve *c = &curves[k];
    for (size_t i = 0; i < c->n; i++) {
      if (!drawable(plot, c, i)) continue;
      pbl_svg_cover(&x, c->x[i]);
      pbl_svg_cover(&y, c->y[i]);
      if (c->low && (!plot->log_y || c->low[i] > 0)) pbl_svg_cover(&y, c->low[i]);
      if (c->high) pbl_svg_cover(&y, c->high[i]);
    }
  }
  pbl_svg_cover(&y, plot->level);
  return (pbl_svg){.f = f,
                   .left = 58,
                   .top = 44,
                   .width = 386,
                   .height = 178,
                   .x = plot->log_x ? pbl_svg_padded_log(x) : pbl_svg_padded(x, 0.02),
                   .y = plot->log_y ? pbl_svg_padded_log(y) : pbl_svg_padded(y, 0.06),
                   .log_x = plot->log_x,
                   .log_y = plot->log_y};
}

static void draw_intervals(const pbl_svg *s, const pbl_curve *c, const points *p) {
  if (c->band) {
    pbl_svg_band(s, c->band, p->x, p->low, p->high, p->n);
    return;
  }
  for (size_t i = 0; c->low && i < p->n; i++)
    pbl_svg_segment(s, "device bar", p->x[i], fmax(p->low[i], s->y.low), p->x[i],
                    fmin(p->high[i], s->y.high));
}

static void draw_curve(const pbl_svg *s, const pbl_curve *c, const points *p) {
  if (c->line) pbl_svg_line(s, c->line, p->x, p->y, p->n);
  if (!c->mark || (c->line && p->n > MOST_MARKS)) return;
  for (size_t i = 0; i < p->n; i++) pbl_svg_mark(s, c->mark, p->x[i], p->y[i]);
}

static void draw_legend(FILE *f, const pbl_curve *curves, size_t n) {
  pbl_svg_key keys[MOST_KEYS];
  size_t n_keys = 0;
  for (size_t k = 0; k < n && n_keys < MOST_KEYS; k++) {
    const pbl_curve *c = &curves[k];
    if (c->label && c->n)
      keys[n_keys++] = (pbl_svg_key){c->line ? c->line : c->mark, c->label, c->line == NULL};
  }
  if (n_keys > 1) pbl_svg_legend(f, 44, 32, keys, n_keys);
}

bool pbl_curves_draw(FILE *f, const pbl_curve_plot *plot, const pbl_curve *curves, size_t n) {
  points p;
  bool any = false;
  for (size_t k = 0; k < n && !any; k++)
    for (size_t i = 0; i < curves[k].n && !any; i++) any = drawable(plot, &curves[k], i);
  if (!any) return false;
  const pbl_svg s = scale(f, plot, curves, n);
  pbl_svg_open(f, plot->kind, 460, 264, plot->title);
  pbl_svg_text(f, 44, 14, "start", plot->title);
  draw_legend(f, curves, n);
  pbl_svg_axes(&s, plot->x_label, "");
  if (isfinite(plot->level)) {
    pbl_svg_segment(&s, "soft", s.x.low, plot->level, s.x.high, plot->level);
    if (plot->level_label)
      pbl_svg_text(f, s.left + s.width - 4, pbl_svg_y(&s, plot->level) - 4, "end",
                   plot->level_label);
  }
  for (int pass = 0; pass < 2; pass++) { /* bands below lines */
    for (size_t k = 0; k < n; k++) {
      thin(&p, plot, &curves[k]);
      if (pass)
        draw_curve(&s, &curves[k], &p);
      else
        draw_intervals(&s, &curves[k], &p);
    }
  }
  pbl_svg_close(f);
  fputs("<figcaption>", f);
  pbl_report_escape(f, plot->caption);
  fputs("</figcaption></figure>\n", f);
  return true;
}
