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
#include <unistd.h>

#include "fixture.h"
#include "pbl_report_internal.h"

/* noinline: gcc 12 takes the inlined open_memstream buffer for a dangling pointer */
__attribute__((noinline)) static char *printed(const pbl_result *r, bool colour) {
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  assert_non_null(f);
  pbl_report_print(f, r, colour);
  assert_int_equal(fclose(f), 0);
  return text;
}

static size_t widest_line(const char *text) {
  size_t widest = 0;
  while (*text) {
    const size_t n = strcspn(text, "\n");
    if (n > widest) widest = n;
    text += n + (text[n] == '\n');
  }
  return widest;
}

static fixture *make(void) {
  fixture *x = fixture_create();
  assert_non_null(x);
  return x;
}

static void exit_codes_are_0_10_11_12(void **state) {
  (void)state;
  assert_int_equal(pbl_verdict_exit_code(PBL_AGREES), 0);
  assert_int_equal(pbl_verdict_exit_code(PBL_DIFFERS), 10);
  assert_int_equal(pbl_verdict_exit_code(PBL_VERDICT_UNRESOLVED), 11);
  assert_int_equal(pbl_verdict_exit_code(PBL_VERDICT_FROZEN), 12);
  assert_string_equal(pbl_verdict_name(PBL_AGREES), "AGREES");
  assert_string_equal(pbl_verdict_name(PBL_DIFFERS), "DIFFERS");
  assert_string_equal(pbl_verdict_name(PBL_VERDICT_UNRESOLVED), "UNRESOLVED");
  assert_string_equal(pbl_verdict_name(PBL_VERDICT_FROZEN), "FROZEN");
}

static void an_unknown_verdict_never_passes_for_success(void **state) {
  (void)state;
  assert_int_not_equal(pbl_verdict_exit_code((pbl_verdict)77), 0);
}

static void numbers_keep_their_digits(void **state) {
  static const struct {
    double x;
    int digits;
    const char *text;
  } cases[] = {
      {12.345, 3, "12.3"},     {9.996, 3, "10.0"},     {0.5, 3, "0.500"},    {1234.6, 3, "1235"},
      {99999.4, 3, "99999"},   {99999.5, 3, "1.0e5"},  {0.0123, 3, "0.012"}, {0.0099, 3, "9.9e-3"},
      {-2.5e-7, 3, "-2.5e-7"}, {123456, 4, "1.23e5"},  {0, 3, "0"},          {NAN, 3, "-"},
      {INFINITY, 3, "inf"},    {-INFINITY, 3, "-inf"}, {1.5e300, 1, "2e300"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[PBL_NUMBER_CHARS];
    pbl_report_number(text, cases[i].x, cases[i].digits);
    assert_string_equal(text, cases[i].text);
  }
}

static void an_estimate_stands_with_its_interval(void **state) {
  char text[PBL_ESTIMATE_CHARS];
  (void)state;
  pbl_report_estimate(text, (pbl_estimate){12.34, 11.1, 13.6}, 3);
  assert_string_equal(text, "12.3 [11.1, 13.6]");
  pbl_report_estimate(text, (pbl_estimate){NAN, NAN, NAN}, 3);
  assert_string_equal(text, "-");
  pbl_report_percent(text, (pbl_estimate){0.0011, -0.0002, 0.0024}, 3);
  assert_string_equal(text, "+0.110 % [-0.020, +0.240]");
}

static void an_unresolved_tau_is_shown_as_a_bound(void **state) {
  char text[PBL_ESTIMATE_CHARS];
  const pbl_tau_report t = {
      .resolution = PBL_UNRESOLVED, .tau = {40, 30, 50}, .ess = {9, 8, 10}, .tau_lower_bound = 25};
  (void)state;
  pbl_report_tau(text, &t, 3);
  assert_string_equal(text, "> 25.0 unresolved");
  pbl_report_ess(text, &t, 3);
  assert_string_equal(text, "-");
}

static void the_printed_table_fits_100_columns(void **state) {
  fixture *x = make();
  (void)state;
  char *text = printed(&x->result, false);
  assert_in_range(widest_line(text), 60, 100);
  free(text);
  fixture_destroy(x);
}

static void the_printed_table_fits_with_long_names_and_wide_numbers(void **state) {
  fixture *x = make();
  (void)state;
  pbl_observable *o = &x->result.cases[0].observables[0];
  memset(o->name, 'n', sizeof o->name - 1);
  o->device.tau.tau = o->reference.tau.tau = (pbl_estimate){1.234e-3, 1.034e-3, 1.434e-3};
  o->tau_ratio = (pbl_estimate){1.234e-3, 1.034e-3, 1.434e-3};
  o->device.tau.ess.value = o->reference.tau.ess.value = 1.234e-3;
  o->exact_tau = 1.234e-3;
  x->result.cases[0].counters.sweeps = UINT64_MAX;
  memset(x->result.cases[0].gates[0].detail, 'd', sizeof x->result.cases[0].gates[0].detail - 1);
  char *text = printed(&x->result, false);
  assert_in_range(widest_line(text), 60, 100);
  free(text);
  fixture_destroy(x);
}

static void the_table_states_tau_ratio_and_exact_value(void **state) {
  fixture *x = make();
  (void)state;
  char *text = printed(&x->result, false);
  const char *at = strstr(text, "  energy ");
  assert_non_null(at);
  char row[128];
  snprintf(row, sizeof row, "%.*s", (int)strcspn(at, "\n"), at);
  /* 12.4 -7 % = 11.53, +7 % = 13.27; reference 2 % more: 12.65, 11.76, 13.53; ESS 128000/2 tau */
  assert_non_null(strstr(row, "12.4 [11.5, 13.3]"));
  assert_non_null(strstr(row, "12.6 [11.8, 13.5]"));
  assert_non_null(strstr(row, "0.980 [0.882, 1.08]"));
  assert_non_null(strstr(row, "5161"));
  assert_non_null(strstr(row, "5060"));
  assert_string_equal(row + strlen(row) - 4, "12.4");
  assert_non_null(strstr(text, "Q_op, K = 10"));
  assert_non_null(strstr(text, "0.134 [0.107, 0.161]"));
  free(text);
  fixture_destroy(x);
}

static void the_verdict_line_counts_gates(void **state) {
  fixture *x = make();
  (void)state;
  char *text = printed(&x->result, false);
  assert_non_null(strstr(text, "VERDICT AGREES (all 2 gates passed)\n"));
  assert_non_null(strstr(text, "VERDICT DIFFERS (1 of 2 gates failed: device innovations: gain"));
  assert_non_null(strstr(text, "DIFFERS: 2 cases, 1 AGREES, 1 DIFFERS (exit code 10)"));
  free(text);
  fixture_destroy(x);
}

static void control_characters_reach_no_terminal(void **state) {
  fixture *x = make();
  (void)state;
  char *text = printed(&x->result, false);
  assert_null(strchr(text, '\033'));
  free(text);
  text = printed(&x->result, true);
  assert_non_null(strstr(text, "\033[1;31mVERDICT DIFFERS\033[0m"));
  assert_null(strstr(text, "\033[2J"));
  free(text);
  fixture_destroy(x);
}

static void missing_folder_is_an_error_with_its_path(void **state) {
  fixture *x = make();
  pbl_error err = {0};
  (void)state;
  assert_int_equal(pbl_report_write_html(&x->result, "/nonexistent/r.html", &err), PBL_IO);
  assert_non_null(strstr(err.message, "/nonexistent/r.html"));
  assert_int_equal(pbl_report_write_json(&x->result, "/nonexistent/r.json", &err), PBL_IO);
  assert_non_null(strstr(err.message, "/nonexistent/r.json"));
  fixture_destroy(x);
}

static void a_full_disk_is_an_error_and_leaves_no_page(void **state) {
  fixture *x = make();
  pbl_error err = {0};
  char folder[] = "/tmp/pbl-report-XXXXXX", path[64], temporary[72];
  (void)state;
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/r.html", folder);
  snprintf(temporary, sizeof temporary, "%s.tmp", path);
  assert_int_equal(symlink("/dev/full", temporary), 0); /* every write fails with ENOSPC */
  assert_int_equal(pbl_report_write_html(&x->result, path, &err), PBL_IO);
  assert_int_not_equal(access(path, F_OK), 0);
  unlink(temporary);
  rmdir(folder);
  fixture_destroy(x);
}

static void a_result_without_config_is_refused(void **state) {
  pbl_error err = {0};
  const pbl_result r = {0};
  (void)state;
  assert_int_equal(pbl_report_write_json(&r, "/tmp/never", &err), PBL_INVALID);
  assert_int_equal(pbl_report_write_html(&r, "/tmp/never", &err), PBL_INVALID);
}

static void a_run_without_cases_prints_its_total(void **state) {
  fixture *x = make();
  (void)state;
  pbl_result r = x->result;
  r.cases = NULL;
  r.n_cases = 0;
  char *text = printed(&r, false);
  assert_non_null(strstr(text, "0 cases"));
  free(text);
  fixture_destroy(x);
}

static void freeing_twice_or_nothing_is_legal(void **state) {
  fixture *x = make();
  (void)state;
  pbl_result_free(NULL);
  pbl_result_free(&x->result);
  pbl_result_free(&x->result);
  assert_null(x->result.cases);
  fixture_destroy(x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exit_codes_are_0_10_11_12),
      cmocka_unit_test(an_unknown_verdict_never_passes_for_success),
      cmocka_unit_test(numbers_keep_their_digits),
      cmocka_unit_test(an_estimate_stands_with_its_interval),
      cmocka_unit_test(an_unresolved_tau_is_shown_as_a_bound),
      cmocka_unit_test(the_printed_table_fits_100_columns),
      cmocka_unit_test(the_printed_table_fits_with_long_names_and_wide_numbers),
      cmocka_unit_test(the_table_states_tau_ratio_and_exact_value),
      cmocka_unit_test(the_verdict_line_counts_gates),
      cmocka_unit_test(control_characters_reach_no_terminal),
      cmocka_unit_test(missing_folder_is_an_error_with_its_path),
      cmocka_unit_test(a_full_disk_is_an_error_and_leaves_no_page),
      cmocka_unit_test(a_result_without_config_is_refused),
      cmocka_unit_test(a_run_without_cases_prints_its_total),
      cmocka_unit_test(freeing_twice_or_nothing_is_legal)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
