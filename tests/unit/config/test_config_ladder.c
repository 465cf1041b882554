/* Section `ladder` of a case: what it fills in, and what it must agree with. */
#include "config_test.h"

#define HEAD "schema: 1\nhw: {exchange: true}\n"
#define LADDER "    ladder: {betas: \"1 0.7 0.5\"}\n"

static void a_ladder_fills_beta_and_lanes(void **state) {
  loaded l;
  (void)state;
  load(&l, HEAD CASE "    chains: 12\n" LADDER);
  assert_loaded(&l);
  const pbl_case_config *c = &l.config.cases[0];
  assert_true(c->beta == 1.0);
  assert_int_equal(c->hw.lanes, 4);
  assert_int_equal(c->ladder.every, 1);
  assert_int_equal(c->ladder.scheme, PBL_SCHEME_EVEN_ODD);
  load(&l, HEAD CASE
       "    chains: 3\n    beta: 1\n    ladder: {betas: 1 .7 .5, every: 0, scheme: "
       "random}\n");
  assert_loaded(&l);
  assert_int_equal(l.config.cases[0].hw.lanes, 1);
  assert_int_equal(l.config.cases[0].ladder.every, 0);
  assert_int_equal(l.config.cases[0].ladder.scheme, PBL_SCHEME_RANDOM);
}

static void a_ladder_must_fit_its_case(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\n" CASE "    chains: 12\n" LADDER);
  assert_message(&l, "ladder: needs hw.exchange: true");
  load(&l, HEAD CASE "    chains: 16\n    hw: {lanes: 4}\n" LADDER);
  assert_message(&l, "ladder: 3 rungs times 4 lanes are 12 chains; `chains` is 16");
  load(&l, HEAD CASE "    chains: 12\n    beta: 0.9\n" LADDER);
  assert_problem(&l, "7:11", "beta: 0.9, but rung 0 of the ladder");
  load(&l, HEAD CASE "    chains: 12\n    schedule: {entries: \"1:5\"}\n" LADDER);
  assert_message(&l, "ladder: not together with schedule");
  load(&l, HEAD CASE "    chains: 12\n    regulator: {mode: guard, window_sweeps: 5}\n" LADDER);
  assert_message(&l, "ladder: not together with regulator.mode");
  load(&l, HEAD CASE "    chains: 12\n    ladder: {betas: \"1 x\"}\n");
  assert_message(&l, "ladder: 'x' is no beta");
  load(&l, HEAD CASE "    chains: 12\n    ladder: {betas: \"1 0.5\", scheme: odd}\n");
  assert_int_equal(l.status, PBL_CONFIG);
}

static void a_ladder_reads_back_as_it_was_written(void **state) {
  loaded l, again;
  char *text = NULL;
  pbl_error err = {0};
  (void)state;
  load(&l,
       HEAD CASE "    chains: 12\n    ladder: {betas: \"1 0.7 0.5\", every: 9, scheme: random}\n");
  assert_loaded(&l);
  assert_int_equal(pbl_config_dump_compare(&text, &l.config, &err), PBL_OK);
  load(&again, text);
  free(text);
  assert_loaded(&again);
  assert_memory_equal(&again.config.cases[0].ladder, &l.config.cases[0].ladder,
                      sizeof l.config.cases[0].ladder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_ladder_fills_beta_and_lanes),
      cmocka_unit_test(a_ladder_must_fit_its_case),
      cmocka_unit_test(a_ladder_reads_back_as_it_was_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
