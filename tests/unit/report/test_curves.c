/* Figures of curves: what is left out, thinned, shown. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "pbl_curves.h"

static char *draw(bool *drawn, const pbl_curve_plot *plot, const pbl_curve *curves, size_t n) {
  FILE *f = tmpfile();
  assert_non_null(f);
  *drawn = pbl_curves_draw(f, plot, curves, n);
  const long size = ftell(f);
  char *text = calloc((size_t)size + 1, 1);
  assert_non_null(text);
  rewind(f);
  assert_int_equal(fread(text, 1, (size_t)size, f), size);
  fclose(f);
  return text;
}

static size_t count(const char *text, const char *what) {
  size_t n = 0;
  for (const char *at = text; (at = strstr(at, what)) != NULL; at += strlen(what)) n++;
  return n;
}

/* Points of the first path of a class. */
static size_t points_of(const char *text, const char *path) {
  const char *at = strstr(text, path);
  assert_non_null(at);
  const char *end = strchr(at + strlen(path), '"');
  size_t n = 0;
  for (at += strlen(path); at < end; at++) n += *at == 'M' || *at == 'L';
  return n;
}

static const pbl_curve_plot plain = {
    .kind = "k", .title = "t", .x_label = "x", .caption = "c", .level = (double)NAN};

static void without_a_point_nothing_is_written(void **state) {
  (void)state;
  const double x[] = {1, 2, 3}, y[] = {NAN, INFINITY, NAN}, negative[] = {-1, 0, -3};
  const pbl_curve missing = {.label = "a", .line = "device", .x = x, .y = y, .n = 3};
  const pbl_curve below = {.label = "a", .line = "device", .x = x, .y = negative, .n = 3};
  pbl_curve_plot logarithmic = plain;
  bool drawn;
  logarithmic.log_y = true;
  char *text = draw(&drawn, &plain, &missing, 1);
  assert_false(drawn);
  assert_string_equal(text, "");
  free(text);
  text = draw(&drawn, &logarithmic, &below, 1);
  assert_false(drawn);
  assert_string_equal(text, "");
  free(text);
  text = draw(&drawn, &plain, &below, 1); /* a linear axis shows the same numbers */
  assert_true(drawn);
  free(text);
}

static void a_line_goes_on_behind_a_missing_point(void **state) {
  (void)state;
  const double x[] = {1, 2, 3}, y[] = {1, NAN, 3};
  const pbl_curve c = {.line = "device", .mark = "device", .x = x, .y = y, .n = 3};
  bool drawn;
  char *text = draw(&drawn, &plain, &c, 1);
  assert_int_equal(points_of(text, "<path class=\"device\" d=\""), 2);
  assert_int_equal(count(strstr(text, "<path class=\"device\""), "L"), 1); /* not two beginnings */
  assert_int_equal(count(text, "<circle"), 2);
  free(text);
}

static void one_point_is_seen_by_its_mark(void **state) {
  (void)state;
  const double x[] = {1}, y[] = {5};
  const pbl_curve c = {.line = "device", .mark = "device small", .x = x, .y = y, .n = 1};
  bool drawn;
  char *text = draw(&drawn, &plain, &c, 1);
  assert_true(drawn);
  assert_int_equal(count(text, "<circle"), 1);
  free(text);
}

static void a_long_curve_is_thinned_and_keeps_its_last_point(void **state) {
  (void)state;
  enum { N = 12345 };
  double *x = calloc(N, sizeof *x), *y = calloc(N, sizeof *y);
  assert_true(x && y);
  for (int i = 0; i < N; i++) x[i] = i;
  y[N - 1] = 1; /* the only one that is not 0 */
  const pbl_curve c = {.line = "device", .mark = "device", .x = x, .y = y, .n = N};
  bool drawn;
  char *text = draw(&drawn, &plain, &c, 1);
  const size_t n = points_of(text, "<path class=\"device\" d=\"");
  assert_true(n > PBL_CURVE_POINTS / 2 && n <= PBL_CURVE_POINTS);
  assert_int_equal(count(text, "<circle"), 0); /* too many for marks */
  /* y = 0 and y = 1, both within the frame 44..222, 6 % from its ends: 222 - 178 .06/1.12 */
  assert_non_null(strstr(text, " 212.5L"));
  assert_non_null(strstr(text, " 53.5\"/>"));
  free(text);
  free(x);
  free(y);
}

static void a_level_with_its_label_is_inside(void **state) {
  (void)state;
  const double x[] = {1, 2}, y[] = {1, 2};
  const pbl_curve c = {.line = "device", .x = x, .y = y, .n = 2};
  pbl_curve_plot plot = plain;
  plot.level = 100;
  plot.level_label = "gate <";
  bool drawn;
  char *text = draw(&drawn, &plot, &c, 1);
  assert_non_null(strstr(text, "class=\"soft\""));
  assert_non_null(strstr(text, "gate &lt;"));
  free(text);
}

static void infinite_intervals_end_at_the_frame(void **state) {
  (void)state;
  const double x[] = {1, 2}, y[] = {1, 2}, low[] = {-INFINITY, NAN}, high[] = {INFINITY, 3};
  const pbl_curve c = {.mark = "device", .x = x, .y = y, .low = low, .high = high, .n = 2};
  bool drawn;
  char *text = draw(&drawn, &plain, &c, 1);
  assert_true(drawn);
  assert_null(strstr(text, "nan"));
  assert_null(strstr(text, "inf"));
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_a_point_nothing_is_written),
      cmocka_unit_test(a_line_goes_on_behind_a_missing_point),
      cmocka_unit_test(one_point_is_seen_by_its_mark),
      cmocka_unit_test(a_long_curve_is_thinned_and_keeps_its_last_point),
      cmocka_unit_test(a_level_with_its_label_is_inside),
      cmocka_unit_test(infinite_intervals_end_at_the_frame),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
