/* Beta schedules as a configuration writes them. */
// cmocka.h needs these headers before it
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
// clang-format on

#include <string.h>

#include "pbl_schedule.h"

static pbl_schedule parsed(const char *text) {
  pbl_schedule s;
  pbl_error err = {0};
  if (pbl_schedule_parse(&s, text, &err) != PBL_OK) fail_msg("%s: %s", text, err.message);
  return s;
}

static void entries_and_ranges_follow_each_other(void **state) {
  (void)state;
  const pbl_schedule s = parsed("  0.25:100 0.5..1.5/5:7   2:4294967295 1..1.5/2:1 ");
  const double beta[] = {0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 1.0, 1.5};
  const uint32_t sweeps[] = {100, 7, 7, 7, 7, 7, UINT32_MAX, 1, 1};
  assert_int_equal(s.n, 9);
  for (int k = 0; k < 9; k++) {
    assert_true(s.beta[k] == beta[k]);
    assert_int_equal(s.sweeps[k], sweeps[k]);
  }
  assert_int_equal(pbl_schedule_lead(&s), UINT64_C(100) + 35 + UINT32_MAX + 1);
  assert_int_equal(pbl_schedule_lead(&(pbl_schedule){.n = 1, .beta = {1}, .sweeps = {9}}), 0);
  assert_int_equal(parsed("0.1..0.8/64:1").n, 64);
  /* downwards, and without a digit before the point */
  const pbl_schedule down = parsed(".8...2/4:3");
  assert_true(down.beta[0] == 0.8 && down.beta[3] == 0.2);
}

static void what_is_no_entry_is_named(void **state) {
  (void)state;
  const char *const wrong[] = {
      "",       " ",        "1",           "1:",           ":1",      "1:0",      "1:-1",
      "-1:1",   "0:1",      "1:1.5",       "1:4294967296", "1:1,2:1", "1:1x",     "a:1",
      "1..2:3", "1..2/1:3", "1..2/2.5:3",  "1../2:3",      "..2/2:3", "1..0/2:3", "nan:1",
      "inf:1",  "1 :1",     "0.1..1/65:1", "1..2/64:1 1:1"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    pbl_schedule s;
    pbl_error err = {0};
    if (pbl_schedule_parse(&s, wrong[i], &err) != PBL_CONFIG) fail_msg("'%s' passes", wrong[i]);
    assert_int_equal(strncmp(err.message, "schedule: ", 10), 0);
  }
}

static void betas_become_the_nearest_words(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default(); /* UQ4.12 */
  pbl_schedule_words w;
  pbl_error err = {0};
  pbl_schedule s = parsed("0.81:3 0.0001221:1 15.9998:2");
  assert_int_equal(pbl_schedule_quantise(&w, &s, &hw, true, &err), PBL_OK);
  assert_int_equal(w.n, 3);
  assert_true(w.repeat);
  assert_int_equal(w.beta[0], 3318); /* .81 x 4096 = 3317.76 */
  assert_int_equal(w.beta[1], 1);    /* .5001 */
  assert_int_equal(w.beta[2], 65535);
  assert_int_equal(w.sweeps[2], 2);
  s = parsed("0.0001220:1"); /* .4997: no beta at all */
  assert_int_equal(pbl_schedule_quantise(&w, &s, &hw, false, &err), PBL_CONFIG);
  s = parsed("16:1");
  assert_int_equal(pbl_schedule_quantise(&w, &s, &hw, false, &err), PBL_CONFIG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(entries_and_ranges_follow_each_other),
      cmocka_unit_test(what_is_no_entry_is_named),
      cmocka_unit_test(betas_become_the_nearest_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
