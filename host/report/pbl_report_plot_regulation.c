/* History of a regulated temperature: T, flip rate and energy of every window, and the FREEZE. */
#include <math.h>
#include <stdio.h>

#include "pbl_report_plot.h"

#define MAX_POINTS 4096

static void panel(FILE *f, const pbl_regulation_report *r, const double *y, const double *low,
                  const double *high, double left, const char *label) {
  double x[MAX_POINTS];
  const size_t n = r->n_windows < MAX_POINTS ? r->n_windows : MAX_POINTS;
  pbl_svg_range range = pbl_svg_empty();
  for (size_t k = 0; k < n; k++) x[k] = (double)k;
  pbl_svg_cover_all(&range, y, n);
  if (low) {
    pbl_svg_cover_all(&range, low, n);
    pbl_svg_cover_all(&range, high, n);
  }
  pbl_svg p = {.f = f,
               .left = left,
               .top = 16,
               .width = 230,
               .height = 170,
               .x = {0.0, n > 1 ? (double)(n - 1) : 1.0},
               .y = pbl_svg_padded(range, 0.06)};
  pbl_svg_axes(&p, "window", label);
  if (low) pbl_svg_band(&p, "soft", x, low, high, n);
  pbl_svg_line(&p, "device", x, y, n);
  if (r->n_adapting > 0 && r->n_adapting < n) {
    const double at = (double)r->n_adapting - 0.5;
    pbl_svg_segment(&p, "exact", at, p.y.low, at, p.y.high);
    pbl_svg_text(f, pbl_svg_x(&p, at) + 3, p.top + 12, "start", "frozen");
  }
}

void pbl_plot_regulation(FILE *f, const pbl_case_result *c) {
  const pbl_regulation_report *r = &c->regulation;
  double low[MAX_POINTS], high[MAX_POINTS];
  const size_t n = r->n_windows < MAX_POINTS ? r->n_windows : MAX_POINTS;
  if (n == 0) return;
  for (size_t k = 0; k < n; k++) {
    low[k] = r->energy[k] - r->energy_sd[k];
    high[k] = r->energy[k] + r->energy_sd[k];
  }
  fputs("<h3>Temperature</h3>\n", f);
  pbl_svg_open(f, "regulation", 920, 240, "Temperature, flip rate and energy of every window");
  panel(f, r, r->temperature, NULL, NULL, 60, "temperature T");
  panel(f, r, r->flip_rate, NULL, NULL, 370, "flip rate");
  panel(f, r, r->energy, low, high, 670, "energy");
  pbl_svg_close(f);
  fprintf(f,
          "<figcaption>The device's own temperature loop: %zu windows in which it adapted, then "
          "frozen at beta %.6g, where everything below was measured. While beta moves only the "
          "innovations are tested, each window at its own beta: p = %.3g, %s. Band: standard "
          "deviation of the energy within a window.</figcaption></figure>\n",
          r->n_adapting, r->frozen_beta, r->p_value,
          r->p_value < 0.01 ? "look at its gate" : "nothing seen");
}
