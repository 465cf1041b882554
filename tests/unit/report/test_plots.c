/* cmocka.h needs the four before it */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_report_plot.h"

/* What `draw` writes about one panel: 100 x 100 pixels, the unit square. */
__attribute__((noinline)) static char *drawn(void (*draw)(const pbl_svg *p)) {
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  assert_non_null(f);
  const pbl_svg p = {.f = f, .width = 100, .height = 100, .x = {0, 1}, .y = {0, 1}};
  draw(&p);
  assert_int_equal(fclose(f), 0);
  return text;
}

static void assert_ticks(pbl_svg_range r, size_t room, bool logarithmic, const double *expected,
                         size_t n) {
  double ticks[16];
  assert_int_equal(pbl_svg_ticks(ticks, room, r, logarithmic), n);
  for (size_t i = 0; i < n; i++) assert_true(fabs(ticks[i] - expected[i]) < 1e-9 * fabs(r.high));
}

static void ticks_are_round_and_inside(void **state) {
  (void)state;
  assert_ticks((pbl_svg_range){0, 1}, 6, false, (double[]){0, .2, .4, .6, .8, 1}, 6);
  assert_ticks((pbl_svg_range){0, 1}, 5, false, (double[]){0, .5, 1}, 3);
  assert_ticks((pbl_svg_range){-0.13, 0.31}, 5, false, (double[]){-.1, 0, .1, .2, .3}, 5);
  assert_ticks((pbl_svg_range){1234, 1301}, 4, false, (double[]){1240, 1260, 1280, 1300}, 4);
  assert_ticks((pbl_svg_range){0.5, 2000}, 8, true, (double[]){1, 10, 100, 1000}, 4);
  assert_ticks((pbl_svg_range){0.9, 30}, 8, true, (double[]){1, 2, 5, 10, 20}, 5);
}

static void a_range_of_600_decades_has_few_ticks(void **state) {
  double ticks[8];
  (void)state;
  const size_t n = pbl_svg_ticks(ticks, 8, (pbl_svg_range){1e-300, 1e300}, true);
  assert_true(n >= 4 && n <= 8);
  for (size_t i = 1; i < n; i++) assert_true(ticks[i] > ticks[i - 1] && isfinite(ticks[i]));
}

static void no_range_has_no_ticks(void **state) {
  double ticks[4];
  (void)state;
  assert_int_equal(pbl_svg_ticks(ticks, 4, (pbl_svg_range){1, 1}, false), 0);
  assert_int_equal(pbl_svg_ticks(ticks, 4, (pbl_svg_range){NAN, 1}, false), 0);
  assert_int_equal(pbl_svg_ticks(ticks, 4, (pbl_svg_range){0, INFINITY}, false), 0);
  assert_int_equal(pbl_svg_ticks(ticks, 4, (pbl_svg_range){-1, 1}, true), 0);
  assert_int_equal(pbl_svg_ticks(ticks, 0, (pbl_svg_range){0, 1}, false), 0);
}

static void ranges_are_never_empty(void **state) {
  (void)state;
  const pbl_svg_range none = pbl_svg_padded(pbl_svg_empty(), 0.1);
  assert_true(none.low < none.high);
  pbl_svg_range point = pbl_svg_empty();
  pbl_svg_cover(&point, NAN);
  pbl_svg_cover(&point, -INFINITY);
  pbl_svg_cover(&point, 7);
  const pbl_svg_range wide = pbl_svg_padded(point, 0.1), ratio = pbl_svg_padded_log(point);
  assert_true(wide.low < 7 && 7 < wide.high && wide.low > 5);
  assert_true(ratio.low > 0 && ratio.low < 7 && 7 < ratio.high);
  const pbl_svg_range zero = pbl_svg_padded_log((pbl_svg_range){0, 10});
  assert_true(zero.low > 0 && zero.low < zero.high && zero.high > 10);
}

static void draw_crossing(const pbl_svg *p) {
  pbl_svg_segment(p, "device", 0.5, -3, 0.5, 4);
}

static void a_bar_is_cut_off_at_the_frame(void **state) {
  (void)state;
  char *text = drawn(draw_crossing);
  assert_string_equal(text, "<path class=\"device\" d=\"M50.0 100.0L50.0 0.0\"/>\n");
  free(text);
}

static void draw_gaps(const pbl_svg *p) {
  const double x[] = {0, 0.25, 0.5, 0.75, 1}, y[] = {0, NAN, 0.5, INFINITY, 1};
  pbl_svg_line(p, "device", x, y, 5);
}

static void a_missing_point_interrupts_the_line(void **state) {
  (void)state;
  char *text = drawn(draw_gaps);
  assert_string_equal(text, "<path class=\"device\" d=\"M0.0 100.0M50.0 50.0M100.0 0.0\"/>\n");
  free(text);
}

static void draw_nothing(const pbl_svg *p) {
  const double bad[2] = {NAN, INFINITY}, x[2] = {0, 1};
  pbl_svg_line(p, "device", x, bad, 2);
  pbl_svg_band(p, "device-band", x, bad, bad, 2);
  pbl_svg_mark(p, "device", NAN, 0.5);
  pbl_svg_mark(p, "reference", 0.5, INFINITY);
  pbl_svg_mark(p, "exact", 2, 0.5); /* outside */
  pbl_svg_segment(p, "device", NAN, 0, 1, 1);
  pbl_svg_segment(p, "device", 2, 0, 3, 1);
}

static void what_is_not_finite_or_outside_is_left_out(void **state) {
  (void)state;
  char *text = drawn(draw_nothing);
  assert_string_equal(text, "");
  free(text);
}

static void each_side_has_a_mark_of_its_own(void **state) {
  (void)state;
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  const pbl_svg_key keys[] = {
      {"device", "a", true}, {"reference", "b", true}, {"exact", "c", true}};
  pbl_svg_legend(f, 0, 0, keys, 3);
  fclose(f);
  assert_non_null(strstr(text, "<circle class=\"mark device\""));
  assert_non_null(strstr(text, "<rect class=\"mark reference\""));
  assert_non_null(strstr(text, "<path class=\"mark exact\""));
  free(text);
}

/* A gate finds 1 % with probability .9 when that is its smallest visible error; half of it is never
 * as likely, and a gate of another quantity says nothing about beta. */
static void power_at_one_percent_follows_from_the_smallest_visible_error(void **state) {
  pbl_gate g = {.alpha = 1e-3, .would_see = 0.01, .would_see_of = "beta, relative"};
  (void)state;
  assert_true(fabs(pbl_plot_power_at_one_percent(&g) - 0.9) < 1e-9);
  g.would_see = 0.02; /* z = 3.2905 at alpha 1e-3; (3.2905 + 1.2816)/2 - 3.2905 = -1.0045 */
  assert_true(fabs(pbl_plot_power_at_one_percent(&g) - 0.1576) < 2e-4);
  g.would_see_of = "any one mean";
  assert_true(isnan(pbl_plot_power_at_one_percent(&g)));
  g.would_see_of = NULL;
  assert_true(isnan(pbl_plot_power_at_one_percent(&g)));
}

#define CHAINS 40
#define DRAWS 333

static void a_stuck_chain_is_always_among_the_traces(void **state) {
  static double x[CHAINS * DRAWS];
  static pbl_chain_traces t;
  (void)state;
  for (size_t c = 0; c < CHAINS; c++)
    for (size_t k = 0; k < DRAWS; k++) /* moves less with every chain; the 23rd not at all */
      x[c * DRAWS + k] = c == 23 ? -5 : (double)(CHAINS - c) * (k % 2 ? 1 : -1);
  pbl_chain_traces_fill(&t, x, CHAINS, DRAWS, 4);
  assert_int_equal(t.n_chains, PBL_TRACE_CHAINS);
  assert_int_equal(t.chain[0], 23);
  assert_true(t.deviation[0] == 0);
  assert_int_equal(t.chain[1], 39);
  assert_int_equal(t.chain[PBL_TRACE_CHAINS - 1], 39 - (PBL_TRACE_CHAINS - 2));
  assert_int_equal(t.n_points, 111); /* every third of 333 draws */
  assert_true(t.sweep[110] == 4 * 330.0);
  assert_true(t.x[0][110] == -5 && t.x[1][1] == x[39 * DRAWS + 3]);
}

static void short_and_missing_chains_fit_the_traces(void **state) {
  static pbl_chain_traces t;
  const double x[4] = {1, 2, 3, 5};
  (void)state;
  pbl_chain_traces_fill(&t, x, 2, 2, 1);
  assert_int_equal(t.n_points, 2);
  assert_int_equal(t.chain[0], 0);
  assert_true(fabs(t.deviation[1] - 1) < 1e-15);
  pbl_chain_traces_fill(&t, NULL, 2, 0, 1);
  assert_int_equal(t.n_chains, 0);
  assert_int_equal(t.n_points, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ticks_are_round_and_inside),
      cmocka_unit_test(a_range_of_600_decades_has_few_ticks),
      cmocka_unit_test(no_range_has_no_ticks),
      cmocka_unit_test(ranges_are_never_empty),
      cmocka_unit_test(a_bar_is_cut_off_at_the_frame),
      cmocka_unit_test(a_missing_point_interrupts_the_line),
      cmocka_unit_test(what_is_not_finite_or_outside_is_left_out),
      cmocka_unit_test(each_side_has_a_mark_of_its_own),
      cmocka_unit_test(power_at_one_percent_follows_from_the_smallest_visible_error),
      cmocka_unit_test(a_stuck_chain_is_always_among_the_traces),
      cmocka_unit_test(short_and_missing_chains_fit_the_traces)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
