/* The device's windows: curves from telemetry.csv. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_curves.h"
#include "pbl_report_page.h"
#include "train_report_internal.h"

enum { WINDOW, RATE, FILTER, LAMBDA, BETA, N_SERIES };
static const char *const names[N_SERIES] = {NULL, "rate", "filter", "lambda", "beta"};

typedef struct {
  double *of[N_SERIES];
  size_t n, room;
} series;

static void series_free(series *s) {
  for (size_t k = 0; k < N_SERIES; k++) free(s->of[k]);
}

static bool grow(series *s) {
  if (s->n < s->room) return true;
  const size_t room = s->room ? 2 * s->room : 256;
  for (size_t k = 0; k < N_SERIES; k++) {
    double *more = realloc(s->of[k], room * sizeof *more);
    if (!more) return false;
    s->of[k] = more;
  }
  s->room = room;
  return true;
}

static void read_header(int place[N_SERIES], char *line) {
  int n = 0;
  for (size_t k = 0; k < N_SERIES; k++) place[k] = -1;
  for (char *c = line, *name; (name = strsep(&c, ",\n")) != NULL; n++)
    for (size_t k = 1; k < N_SERIES; k++)
      if (strcmp(name, names[k]) == 0) place[k] = n;
}

static void read_row(series *s, const int place[N_SERIES], char *line) {
  for (size_t k = 0; k < N_SERIES; k++) s->of[k][s->n] = (double)NAN;
  s->of[WINDOW][s->n] = (double)(s->n + 1);
  int n = 0;
  for (char *c = line, *field; (field = strsep(&c, ",\n")) != NULL; n++)
    for (size_t k = 1; k < N_SERIES; k++)
      if (place[k] == n && *field) s->of[k][s->n] = strtod(field, NULL);
  s->n++;
}

static bool read_series(series *s, const char *path) {
  FILE *f = fopen(path, "r");
  char line[1024];
  int place[N_SERIES];
  bool good = f != NULL;
  if (good && fgets(line, sizeof line, f)) {
    read_header(place, line);
    while (good && fgets(line, sizeof line, f)) {
      good = grow(s);
      if (good) read_row(s, place, line);
    }
  }
  if (f) fclose(f);
  return good;
}

static void draw(FILE *f, const char *kind, const char *title, const char *caption,
                 const pbl_curve *curves, size_t n) {
  const pbl_curve_plot plot = {
      .kind = kind, .title = title, .x_label = "window", .caption = caption, .level = (double)NAN};
  pbl_curves_draw(f, &plot, curves, n);
}

static pbl_curve curve(const series *s, int which, const char *label, const char *line,
                       const char *mark) {
  return (pbl_curve){
      .label = label, .line = line, .mark = mark, .x = s->of[WINDOW], .y = s->of[which], .n = s->n};
}

void pbl_train_report_telemetry(FILE *f, const char *path) {
  series s = {.n = 0};
  if (!path) return;
  pbl_report_heading(f, "Telemetry of the device");
  if (!read_series(&s, path) || s.n == 0) {
    pbl_report_note(f, "There is no window in telemetry.csv.");
  } else {
    const pbl_curve rate[] = {curve(&s, RATE, "flip rate", "device", "device small"),
                              curve(&s, FILTER, "filtered", "reference", "reference small")};
    const pbl_curve lambda = curve(&s, LAMBDA, "lambda", "device", "device small");
    const pbl_curve beta = curve(&s, BETA, "beta", "device", "device small");
    fputs("<div class=\"grid\">\n", f);
    draw(f, "window-rate", "Flip rate of a window",
         "Flips per visible p-bit and sweep, and the regulator's filtered rate.", rate, 2);
    draw(f, "window-lambda", "lambda behind a window", "Logarithm of the micro temperature.",
         &lambda, 1);
    draw(f, "window-beta", "beta in a window", "As the device holds it, in its last sweep.", &beta,
         1);
    fputs("</div>\n", f);
  }
  series_free(&s);
}
