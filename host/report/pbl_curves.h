/* Figures of curves with bands, bars and marks for the pages of pbl_report_page.h. */
#ifndef PBL_CURVES_H
#define PBL_CURVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* n points; those that are not finite, or not positive on a logarithmic axis, are left out and the
 * line goes on behind them. Long curves are thinned to at most PBL_CURVE_POINTS, the last point
 * always among them. */
#define PBL_CURVE_POINTS 500
typedef struct {
  const char *label; /* NULL: not in the legend */
  const char *line;  /* style class, or NULL: marks only */
  const char *mark;  /* style class, or NULL; left out where a curve has very many points */
  const char *band;  /* style class of the area low..high; NULL: low..high are bars */
  const double *x, *y;
  const double *low, *high; /* or both NULL */
  size_t n;
} pbl_curve;

typedef struct {
  const char *kind; /* data-plot of the <figure> */
  const char *title, *x_label, *caption;
  bool log_x, log_y;
  double level; /* a horizontal line with its label (NULL: none); NaN: none */
  const char *level_label;
} pbl_curve_plot;

/* False, and nothing written, when no curve has a point to draw. */
bool pbl_curves_draw(FILE *f, const pbl_curve_plot *plot, const pbl_curve *curves, size_t n);

#endif
