/* Ladders of replica exchange as a configuration writes them. */
// cmocka.h needs these headers before it
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#include "pbl_ladder.h"

static void betas_keep_their_order(void **state) {
  (void)state;
  pbl_ladder l;
  pbl_error err = {0};
  const double beta[] = {1.0, 0.25, 0.5, 0.0625, 1000.0};
  if (pbl_ladder_parse(&l, "  1 .25 0.5   6.25e-2 1e3 ", &err) != PBL_OK)
    fail_msg("%s", err.message);
  assert_int_equal(l.n, 5);
  for (int k = 0; k < 5; k++) assert_true(l.beta[k] == beta[k]);
}

static void what_is_no_ladder_is_named(void **state) {
  static const char *const bad[][2] = {{"", "0 betas"},
                                       {"1", "1 betas"},
                                       {"1 0", "'0' is no beta"},
                                       {"1 -0.5", "'-0.5'"},
                                       {"1 x 2", "'x'"},
                                       {"1 0.5,0.25", "'0.5,0.25'"},
                                       {"1 0.5:3", "'0.5:3'"},
                                       {"1 inf", "'inf'"},
                                       {"1 1e999", "'1e999'"},
                                       {"1 nan", "'nan'"},
                                       {"1 0.1..0.5/3", "'0.1..0.5/3'"},
                                       {"1 +1", "'+1'"}};
  char longest[512] = "";
  pbl_ladder l;
  pbl_error err = {0};
  (void)state;
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_int_equal(pbl_ladder_parse(&l, bad[k][0], &err), PBL_CONFIG);
    if (!strstr(err.message, bad[k][1])) fail_msg("%s: %s", bad[k][0], err.message);
  }
  for (int k = 0; k < 64; k++) strcat(longest, "1 ");
  assert_int_equal(pbl_ladder_parse(&l, longest, &err), PBL_OK);
  strcat(longest, "1");
  assert_int_equal(pbl_ladder_parse(&l, longest, &err), PBL_CONFIG);
  assert_non_null(strstr(err.message, "more than 64 rungs"));
}

/* UQ4.12: the nearest multiple of 1/4096. */
static void betas_become_the_nearest_words(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default();
  const pbl_ladder l = {.n = 4, .beta = {1.0, 0.7, 0.00012208, 15.9998}};
  const uint32_t word[] = {4096, 2867, 1, 65535}; /* .7 * 4096 = 2867.2 */
  pbl_ladder_words w;
  pbl_error err = {0};
  if (pbl_ladder_quantise(&w, &l, &hw, 7, true, &err) != PBL_OK) fail_msg("%s", err.message);
  assert_int_equal(w.n, 4);
  assert_int_equal(w.every, 7);
  assert_true(w.random);
  for (int k = 0; k < 4; k++) assert_int_equal(w.beta[k], word[k]);
  const pbl_ladder high = {.n = 2, .beta = {1.0, 16.0}}, low = {.n = 2, .beta = {1.0, 0.0001}};
  assert_int_equal(pbl_ladder_quantise(&w, &high, &hw, 1, false, &err), PBL_CONFIG);
  assert_non_null(strstr(err.message, "beta 16 does not fit UQ4.12"));
  assert_int_equal(pbl_ladder_quantise(&w, &low, &hw, 1, false, &err), PBL_CONFIG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(betas_keep_their_order),
      cmocka_unit_test(what_is_no_ladder_is_named),
      cmocka_unit_test(betas_become_the_nearest_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
