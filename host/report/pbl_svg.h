/* Drawing of report.html's plots: one panel with axes inside an SVG, in pixels of its view box.
 * Whatever is not finite is left out, so that no plot holds a NaN; what lies outside of the panel
 * is cut off. Colours come from report.css by class: "device", "reference", "exact", "soft". Not
 * for other rooms. */
#ifndef PBL_SVG_H
#define PBL_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct {
  double low, high;
} pbl_svg_range;
pbl_svg_range pbl_svg_empty(void);                  /* covers nothing */
void pbl_svg_cover(pbl_svg_range *r, double value); /* ignores NaN and infinities */
void pbl_svg_cover_all(pbl_svg_range *r, const double *values, size_t n);
/* Adds a margin, a share of the width; an empty range becomes 0..1, a point gets a width. */
pbl_svg_range pbl_svg_padded(pbl_svg_range r, double share);
/* The same for a logarithmic axis: positive, at least a factor of 2 wide. */
pbl_svg_range pbl_svg_padded_log(pbl_svg_range r);

typedef struct {
  FILE *f;
  double left, top, width, height; /* plotting area */
  pbl_svg_range x, y;              /* finite, low < high; positive where logarithmic */
  bool log_x, log_y;
} pbl_svg;

/* Opens a <figure> named `kind` and its drawing; `label` is read to those who do not see it. */
void pbl_svg_open(FILE *f, const char *kind, double width, double height, const char *label);
void pbl_svg_close(FILE *f); /* ends the drawing; the caller adds the caption */

/* Round positions inside the range, at most `size`: 1, 2, 5 times a power of ten. */
size_t pbl_svg_ticks(double *ticks, size_t size, pbl_svg_range r, bool logarithmic);
/* Frame, grid, numbers and labels; a NULL label leaves out that axis' numbers as well. */
void pbl_svg_axes(const pbl_svg *p, const char *x_label, const char *y_label);
double pbl_svg_x(const pbl_svg *p, double x);
double pbl_svg_y(const pbl_svg *p, double y);

void pbl_svg_segment(const pbl_svg *p, const char *style, double x1, double y1, double x2,
                     double y2);
/* A line through n points, interrupted where a point is missing or outside. */
void pbl_svg_line(const pbl_svg *p, const char *style, const double *x, const double *y, size_t n);
/* Area between low and high, cut to the panel. */
void pbl_svg_band(const pbl_svg *p, const char *style, const double *x, const double *low,
                  const double *high, size_t n);
/* Disc for "device", square for "reference", cross for "exact". */
void pbl_svg_mark(const pbl_svg *p, const char *style, double x, double y);
void pbl_svg_text(FILE *f, double x, double y, const char *anchor, const char *text);

typedef struct {
  const char *style, *text;
  bool mark; /* shown by its mark, else by its line */
} pbl_svg_key;
/* A row of keys from `x` to the right. */
void pbl_svg_legend(FILE *f, double x, double y, const pbl_svg_key *keys, size_t n);

#endif
