#include "pbl_svg.h"

#include <math.h>
#include <string.h>

#include "pbl_report_internal.h"

#define MAX_TICKS 12
#define CHARACTER 6.4 /* width at 12 px */

pbl_svg_range pbl_svg_empty(void) {
  return (pbl_svg_range){INFINITY, -INFINITY};
}

void pbl_svg_cover(pbl_svg_range *r, double value) {
  if (!isfinite(value)) return;
  if (value < r->low) r->low = value;
  if (value > r->high) r->high = value;
}

void pbl_svg_cover_all(pbl_svg_range *r, const double *values, size_t n) {
  for (size_t i = 0; i < n; i++) pbl_svg_cover(r, values[i]);
}

pbl_svg_range pbl_svg_padded(pbl_svg_range r, double share) {
  if (!(r.low <= r.high)) return (pbl_svg_range){0, 1};
  const double least = 1e-9 * fmax(fabs(r.low), fabs(r.high));
  double pad = share * (r.high - r.low);
  if (!(r.high - r.low > least)) pad = r.low != 0 ? 0.1 * fabs(r.low) : 0.5;
  return (pbl_svg_range){r.low - pad, r.high + pad};
}

pbl_svg_range pbl_svg_padded_log(pbl_svg_range r) {
  if (!(r.low <= r.high) || !(r.high > 0)) return (pbl_svg_range){0.1, 10};
  if (!(r.low > 0)) r.low = 1e-6 * r.high;
  const double wide = r.high / r.low < 2 ? sqrt(2 * r.low / r.high) : 1;
  return (pbl_svg_range){r.low / (1.15 * wide), r.high * 1.15 * wide};
}

void pbl_svg_open(FILE *f, const char *kind, double width, double height, const char *label) {
  fprintf(f,
          "<figure class=\"drawn\" data-plot=\"%s\">\n<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
          "aria-label=\"",
          kind, width, height);
  pbl_report_escape(f, label);
  fputs("\">\n", f);
}

void pbl_svg_close(FILE *f) {
  fputs("</svg>\n", f);
}

static size_t log_ticks(double *ticks, size_t size, pbl_svg_range r) {
  static const double few[] = {1}, many[] = {1, 2, 5};
  const double decades = log10(r.high) - log10(r.low); /* the ratio may be infinite */
  const bool fine = decades < 2.2;
  const int step = decades > (double)size ? (int)ceil(decades / (double)size) : 1;
  const int last = (int)floor(log10(r.high) + 1e-9);
  size_t n = 0;
  for (int e = (int)floor(log10(r.low)); e <= last; e += step) {
    for (size_t k = 0; k < (fine ? 3u : 1u); k++) {
      const double v = (fine ? many : few)[k] * pow(10, e);
      if (v >= r.low && v <= r.high && n < size) ticks[n++] = v;
    }
  }
  return n;
}

size_t pbl_svg_ticks(double *ticks, size_t size, pbl_svg_range r, bool logarithmic) {
  if (size == 0 || !(r.low < r.high) || !isfinite(r.high - r.low)) return 0;
  if (logarithmic && !(r.low > 0)) return 0;
  if (logarithmic && r.high > 8 * r.low) return log_ticks(ticks, size, r);
  static const double factor[] = {2, 2.5, 2}; /* 1, 2, 5, 10 */
  double step = pow(10, floor(log10((r.high - r.low) / (double)size)));
  for (int i = 0; floor(r.high / step) - ceil(r.low / step) + 1 > (double)size; i = (i + 1) % 3)
    step *= factor[i];
  size_t n = 0;
  for (double k = ceil(r.low / step); k * step <= r.high && n < size; k++) ticks[n++] = k * step;
  return n;
}

static double part(pbl_svg_range r, bool logarithmic, double v) {
  return logarithmic ? (log(v) - log(r.low)) / (log(r.high) - log(r.low))
                     : (v - r.low) / (r.high - r.low);
}

double pbl_svg_x(const pbl_svg *p, double x) {
  return p->left + p->width * part(p->x, p->log_x, x);
}

double pbl_svg_y(const pbl_svg *p, double y) {
  return p->top + p->height * (1 - part(p->y, p->log_y, y));
}

void pbl_svg_text(FILE *f, double x, double y, const char *anchor, const char *text) {
  fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
  pbl_report_escape(f, text);
  fputs("</text>\n", f);
}

static void tick_text(char text[PBL_NUMBER_CHARS], double v, pbl_svg_range r) {
  const double zero = 1e-9 * (r.high - r.low);
  snprintf(text, PBL_NUMBER_CHARS, "%.6g", fabs(v) < zero ? 0.0 : v);
}

void pbl_svg_axes(const pbl_svg *p, const char *x_label, const char *y_label) {
  double ticks[MAX_TICKS];
  char text[PBL_NUMBER_CHARS];
  const double right = p->left + p->width, bottom = p->top + p->height;
  double taken = -INFINITY;
  const size_t room_x = p->width < 260 ? 4 : 8, room_y = p->height < 120 ? 4 : 6;
  size_t n = pbl_svg_ticks(ticks, room_x, p->x, p->log_x);
  for (size_t i = 0; i < n; i++) {
    const double x = pbl_svg_x(p, ticks[i]);
    fprintf(p->f, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>\n", x, p->top, bottom);
    tick_text(text, ticks[i], p->x);
    const double half = 0.5 * CHARACTER * (double)strlen(text) + 5;
    if (!x_label || x - half < taken) continue; /* a number there would touch the last one */
    pbl_svg_text(p->f, x, bottom + 15, "middle", text);
    taken = x + half;
  }
  n = pbl_svg_ticks(ticks, room_y, p->y, p->log_y);
  for (size_t i = 0; i < n && y_label; i++) {
    const double y = pbl_svg_y(p, ticks[i]);
    fprintf(p->f, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>\n", p->left, y, right);
    tick_text(text, ticks[i], p->y);
    pbl_svg_text(p->f, p->left - 5, y + 4, "end", text);
  }
  fprintf(p->f, "<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
          p->left, p->top, p->width, p->height);
  if (x_label) pbl_svg_text(p->f, p->left + p->width / 2, bottom + 32, "middle", x_label);
  if (!y_label || !*y_label) return;
  fprintf(p->f, "<text transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"middle\">",
          p->left - 45, p->top + p->height / 2);
  pbl_report_escape(p->f, y_label);
  fputs("</text>\n", p->f);
}

/* Liang and Barsky: keeps the part between t0 and t1 on one side of an edge. */
static bool keep(double from, double step, double *t0, double *t1) {
  if (step == 0) return from >= 0;
  const double t = -from / step;
  if (step > 0)
    *t0 = fmax(*t0, t);
  else
    *t1 = fmin(*t1, t);
  return *t0 <= *t1;
}

void pbl_svg_segment(const pbl_svg *p, const char *style, double x1, double y1, double x2,
                     double y2) {
  const double a = pbl_svg_x(p, x1), b = pbl_svg_y(p, y1);
  const double dx = pbl_svg_x(p, x2) - a, dy = pbl_svg_y(p, y2) - b;
  double t0 = 0, t1 = 1;
  if (!isfinite(a) || !isfinite(b) || !isfinite(dx) || !isfinite(dy)) return;
  if (!keep(a - p->left, dx, &t0, &t1) || !keep(p->left + p->width - a, -dx, &t0, &t1) ||
      !keep(b - p->top, dy, &t0, &t1) || !keep(p->top + p->height - b, -dy, &t0, &t1))
    return;
  fprintf(p->f, "<path class=\"%s\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", style, a + t0 * dx,
          b + t0 * dy, a + t1 * dx, b + t1 * dy);
}

static bool inside(const pbl_svg *p, double a, double b) {
  return a >= p->left - 0.1 && a <= p->left + p->width + 0.1 && b >= p->top - 0.1 &&
         b <= p->top + p->height + 0.1;
}

void pbl_svg_line(const pbl_svg *p, const char *style, const double *x, const double *y, size_t n) {
  bool open = false, drawn = false;
  for (size_t i = 0; i < n; i++) {
    const double a = pbl_svg_x(p, x[i]), b = pbl_svg_y(p, y[i]);
    if (!inside(p, a, b)) { /* also when NaN */
      open = false;
      continue;
    }
    if (!drawn) fprintf(p->f, "<path class=\"%s\" d=\"", style);
    fprintf(p->f, "%s%.1f %.1f", open ? "L" : "M", a, b);
    open = drawn = true;
  }
  if (drawn) fputs("\"/>\n", p->f);
}

static double clamp(double v, double low, double high) {
  return v < low ? low : v > high ? high : v;
}

void pbl_svg_band(const pbl_svg *p, const char *style, const double *x, const double *low,
                  const double *high, size_t n) {
  bool drawn = false;
  for (size_t pass = 0; pass < 2; pass++) {
    for (size_t k = 0; k < n; k++) {
      const size_t i = pass ? n - 1 - k : k; /* there and back */
      const double a = pbl_svg_x(p, x[i]), b = pbl_svg_y(p, (pass ? low : high)[i]);
      if (!isfinite(x[i]) || !isfinite(low[i]) || !isfinite(high[i]) || isnan(b)) continue;
      if (!drawn) fprintf(p->f, "<path class=\"%s\" d=\"", style);
      fprintf(p->f, "%s%.1f %.1f", drawn ? "L" : "M", clamp(a, p->left, p->left + p->width),
              clamp(b, p->top, p->top + p->height));
      drawn = true;
    }
  }
  if (drawn) fputs("Z\"/>\n", p->f);
}

static void mark_at(FILE *f, const char *style, double a, double b) {
  if (strncmp(style, "reference", 9) == 0)
    fprintf(f, "<rect class=\"mark %s\" x=\"%.1f\" y=\"%.1f\" width=\"7\" height=\"7\"/>\n", style,
            a - 3.5, b - 3.5);
  else if (strncmp(style, "exact", 5) == 0)
    fprintf(f, "<path class=\"mark %s\" d=\"M%.1f %.1fh8m-4 -4v8\"/>\n", style, a - 4, b);
  else
    fprintf(f, "<circle class=\"mark %s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%s\"/>\n", style, a, b,
            strstr(style, "small") ? "2" : "3.5");
}

void pbl_svg_mark(const pbl_svg *p, const char *style, double x, double y) {
  const double a = pbl_svg_x(p, x), b = pbl_svg_y(p, y);
  if (inside(p, a, b)) mark_at(p->f, style, a, b);
}

void pbl_svg_legend(FILE *f, double x, double y, const pbl_svg_key *keys, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (keys[i].mark)
      mark_at(f, keys[i].style, x + 12, y);
    else
      fprintf(f, "<path class=\"%s\" d=\"M%.1f %.1fh24\"/>\n", keys[i].style, x, y);
    pbl_svg_text(f, x + (keys[i].mark ? 20 : 29), y + 4, "start", keys[i].text);
    x += 42 + CHARACTER * (double)strlen(keys[i].text);
  }
}
