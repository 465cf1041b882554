/* Values, defaults and the faults of single keys and of keys together. */
#include <sys/stat.h>

#include "config_test.h"

static void defaults_are_those_of_the_hardware_header(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\n" CASE);
  assert_loaded(&l);
  pbl_hw expected = pbl_hw_default(), *hw = &l.config.cases[0].hw;
  assert_int_equal(hw->replicas, 16);
  assert_int_equal(hw->lanes, 16);
  assert_int_equal(hw->n_visible, 0);
  expected.n_visible = expected.n_hidden = 0;
  expected.replicas = expected.lanes = 16;
  assert_memory_equal(hw, &expected, sizeof expected);
}

static void defaults_of_the_run_are_the_documented_ones(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\n" CASE);
  assert_loaded(&l);
  assert_int_equal(l.config.device, PBL_DEVICE_RTL);
  assert_true(l.config.alpha == 1e-4 && l.config.clock_hz == 100e6);
  assert_true(l.config.timeout_cycles == 1000000000u);
  assert_int_equal(l.config.lockstep_throttle_permille, 1000);
  assert_true(l.config.cases[0].faults.beta_gain == 1.0);
  assert_int_equal(l.config.cases[0].faults.stale_row, -1);
  assert_non_null(strstr(l.config.out, "results/pbl-config-"));
}

static void every_kind_of_value_reaches_its_field(void **state) {
  loaded l;
  (void)state;
  load(&l,
       "schema: 1\nseed: 0xffffffffffffffff\ndevice: twin\nclock_hz: 2.5e8\nout: \"a b\"\n"
       "lockstep: {sweeps: 1e6, throttle_permille: 250, reset_seed: 9}\n"
       "cases:\n- name: a\n  random: {visible: 4, hidden: 3, scale: 1, bias_scale: 0, seed: 5}\n"
       "  kernel: palindromic\n  chains: 8\n  draws: 1e3\n  sweeps_per_draw: 3\n  beta: 0.5\n"
       "  exact: true\n  clamp: 0-1,6\n"
       "  faults: {beta_gain: 1.05, weight: {row: 4, col: 3, offset: -2}, before_hash: true}\n");
  assert_loaded(&l);
  const pbl_case_config *c = &l.config.cases[0];
  assert_true(l.config.seed == UINT64_MAX && l.config.device == PBL_DEVICE_TWIN);
  assert_true(l.config.clock_hz == 2.5e8 && l.config.lockstep_sweeps == 1000000);
  assert_string_equal(l.config.out, "a b");
  assert_true(c->random_visible == 4 && c->random_hidden == 3 && c->random_seed == 5);
  assert_true(c->random_scale == 1.0 && c->random_bias_scale == 0.0 && c->beta == 0.5);
  assert_true(c->kernel == PBL_KERNEL_PALINDROMIC && c->draws == 1000 && c->every == 3);
  assert_true(c->exact && c->faults.before_hash && c->faults.beta_gain == 1.05);
  assert_true(c->faults.weight_row == 4 && c->faults.weight_col == 3);
  assert_int_equal(c->faults.weight_offset, -2);
  assert_string_equal(c->clamp, "0-1,6");
}

static void a_case_overrides_single_hardware_keys(void **state) {
  loaded l;
  (void)state;
  load(&l,
       "schema: 1\nhw: {table_size: 256, weight_frac: 4}\n"
       "cases:\n- {name: a, random: {visible: 3, hidden: 3}}\n"
       "- {name: b, random: {visible: 3, hidden: 3}, hw: {weight_frac: 8, generator: lfsr32}}\n");
  assert_loaded(&l);
  const pbl_hw *a = &l.config.cases[0].hw, *b = &l.config.cases[1].hw;
  assert_true(a->table_size == 256 && a->weight_frac == 4 && a->generator == 0);
  assert_true(b->table_size == 256 && b->weight_frac == 8 && b->generator == PBL_GEN_LFSR32);
}

static void lanes_by_default_are_the_most_that_divide_the_chains(void **state) {
  static const int chains[] = {1, 12, 32, 33, 64, 97}, lanes[] = {1, 12, 32, 11, 32, 1};
  char text[128];
  loaded l;
  (void)state;
  for (size_t k = 0; k < 6; k++) {
    snprintf(text, sizeof text, "schema: 1\n" CASE "    chains: %d\n", chains[k]);
    load(&l, text);
    assert_loaded(&l);
    assert_int_equal(l.config.cases[0].hw.lanes, lanes[k]);
  }
}

static void all_faults_of_a_file_are_told_at_once_in_its_order(void **state) {
  loaded l;
  (void)state;
  load(&l,
       "schema: 1\nsede: 3\ncases:\n- name: a\n  random: {visible: 3, hidden: 2}\n"
       "  kernel: cylic\n  draws: 0\n  chains: 1_000\n  exact: yes\n  hw: {lane: 2}\n");
  assert_problem(&l, "2:1", "unknown key 'sede'; did you mean 'seed'?");
  assert_problem(&l, "6:11",
                 "kernel: 'cylic' is none of cyclic, palindromic, coin, random_site; did you mean "
                 "'cyclic'?");
  assert_problem(&l, "7:10", "draws: 0 is out of range: 1..100000000");
  assert_problem(&l, "8:11", "chains: '1_000' has an underscore");
  assert_problem(&l, "9:10", "exact: 'yes' is neither true nor false");
  assert_problem(&l, "10:8", "unknown key 'lane'; did you mean 'lanes'?");
  assert_true(strstr(l.err.message, "sede") < strstr(l.err.message, "cylic"));
  assert_true(strstr(l.err.message, "cylic") < strstr(l.err.message, "'lane'"));
}

static void faults_beyond_twenty_are_counted(void **state) {
  char text[1024] = "schema: 1\n" CASE;
  loaded l;
  (void)state;
  for (int k = 0; k < 30; k++) sprintf(text + strlen(text), "zzzzzzzzzzzzz%d: 1\n", k);
  load(&l, text);
  size_t lines = 1;
  for (const char *s = l.err.message; *s != '\0'; s++) lines += *s == '\n';
  const char *more = strstr(l.err.message, "\n... and ");
  assert_non_null(more);
  assert_true(lines >= 10 && lines <= 21);
  assert_int_equal(strtoul(more + 9, NULL, 10) + lines - 1, 30);
}

static void ranges_end_where_the_table_says(void **state) {
  static const char *const good[] = {"lanes: 1", "threshold_bits: 32", "threshold_bits: 8",
                                     "table_size: 512"};
  static const char *const bad[] = {"lanes: 33",       "threshold_bits: 33", "threshold_bits: 7",
                                    "table_size: 500", "table_size: 8192",   "lanes: -1"};
  char text[256];
  loaded l;
  (void)state;
  for (size_t k = 0; k < sizeof good / sizeof good[0]; k++) {
    snprintf(text, sizeof text, "schema: 1\n" CASE "    hw: {%s}\n", good[k]);
    load(&l, text);
    assert_loaded(&l);
  }
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    snprintf(text, sizeof text, "schema: 1\n" CASE "    hw: {%s}\n", bad[k]);
    load(&l, text);
    assert_message(&l, "is out of range: ");
  }
  load(&l, "schema: 1\nalpha: 0\nclock_hz: 2e12\n" CASE);
  assert_problem(&l, "2:8", "alpha: 0 is out of range: 1e-12..0.1");
  assert_problem(&l, "3:11", "clock_hz: 2e12 is out of range");
}

static void types_are_not_mixed(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\nseed: \"5\"\nthreads: [1]\nhw: 3\nout:\n" CASE);
  assert_problem(&l, "2:7", "seed: '5' is text in quotes");
  assert_problem(&l, "3:10", "threads: must be a whole number, not a list");
  assert_problem(&l, "4:5", "hw: must be a section");
  assert_problem(&l, "5:5", "out: has no value");
}

static void a_case_needs_a_model_or_a_random_machine_and_not_both(void **state) {
  loaded l;
  (void)state;
  load(&l,
       "schema: 1\ncases:\n- name: a\n- name: b\n  model: /tmp\n"
       "  random: {visible: 1, hidden: 1}\n");
  assert_problem(&l, "3:3",
                 "give either model (a folder), random (sizes), lattice (couplings) or graph");
  assert_problem(&l, "5:10", "model, random, lattice and graph: give one of them");
}

static void keys_that_contradict_each_other_are_found(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\n" CASE "    chains: 16\n    hw: {lanes: 5}\n");
  assert_problem(&l, "6:17", "lanes: 5 do not divide the 16 chains of case 'a'");
  load(&l, "schema: 1\nhw: {lanes: 3}\n" CASE);
  assert_problem(&l, "2:13", "lanes: 3 do not divide");
  load(&l, "schema: 1\n" CASE "    draws: 10\n    q_window_sweeps: 11\n");
  assert_problem(&l, "6:22", "q_window_sweeps: 11 is longer than the run");
  load(&l, "schema: 1\ncases:\n- name: a\n  random: {visible: 11, hidden: 10}\n  exact: true\n");
  assert_problem(&l, "5:10", "exact: 21 p-bits, the exact law needs at most 20");
  load(&l, "schema: 1\nhw: {weight_int: 20, weight_frac: 20}\n" CASE);
  assert_problem(&l, "2:5", "case 'a': ");
  load(&l, "schema: 1\n" CASE "  - name: a\n    random: {visible: 1, hidden: 1}\n");
  assert_problem(&l, "5:11", "name: 'a' is the name of an earlier case");
}

static void the_window_shrinks_to_a_short_run_unless_it_is_given(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\n" CASE "    draws: 10\n    sweeps_per_draw: 2\n");
  assert_loaded(&l);
  assert_int_equal(l.config.cases[0].q_window, 20);
}

static void clamp_lists_are_checked(void **state) {
  static const char *const bad[][2] = {{"0-", "no list"},
                                       {"a", "no list"},
                                       {"3-1", "backwards"},
                                       {"0,5", "no p-bit 5, the last is 4"},
                                       {"1,,2", "no list"},
                                       {"1,", "no list"},
                                       {"99999999999999999999", "no p-bit"}};
  char text[256];
  loaded l;
  (void)state;
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    snprintf(text, sizeof text, "schema: 1\n" CASE "    clamp: \"%s\"\n", bad[k][0]);
    load(&l, text);
    assert_message(&l, bad[k][1]);
  }
  load(&l, "schema: 1\n" CASE "    clamp: \"0-2, 4\"\n");
  assert_loaded(&l);
}

static void the_regulator_of_a_case_is_read_and_checked(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\n" CASE);
  assert_loaded(&l);
  const pbl_case_regulator *r = &l.config.cases[0].regulator;
  assert_int_equal(r->settings.mode, PBL_REGULATOR_HOST);
  assert_int_equal(r->settings.window_sweeps, 0);
  assert_true(r->telemetry && !r->freeze && !l.config.cases[0].coupled);
  load(&l, "schema: 1\n" CASE
           "    coupled: true\n"
           "    regulator: {mode: guard, window_sweeps: 7, flip_rate: 0.125, gain: 2,\n"
           "                step_limit: 0.5, temperature: 2, freeze: true, telemetry: false}\n");
  assert_loaded(&l);
  assert_true(l.config.cases[0].coupled && r->freeze && !r->telemetry);
  assert_int_equal(r->settings.mode, PBL_REGULATOR_GUARD);
  assert_int_equal(r->settings.window_sweeps, 7);
  assert_true(r->settings.flip_rate == 0.125 && r->settings.gain == 2.0);
  assert_true(r->settings.step_limit == 0.5 && r->settings.temperature == 2.0);
  load(&l,
       "schema: 1\n" CASE "    chains: 3\n    coupled: true\n    regulator: {mode: setpoint}\n");
  assert_message(&l, "3 lanes are an odd number");
  assert_message(&l, "mode setpoint needs window_sweeps");
  load(&l, "schema: 1\n" CASE "    regulator: {temperature: 9}\n");
  assert_message(&l, "temperature is 9");
}

static void what_needs_an_absent_regulator_is_refused(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\nhw: {regulator: false}\n" CASE
           "    regulator: {mode: setpoint, window_sweeps: 4}\n");
  assert_message(&l,
                 "regulator: setpoint needs the temperature regulator, which hw.regulator: false");
  load(&l, "schema: 1\n" CASE "    regulator: {window_sweeps: 4}\n    hw: {regulator: false}\n");
  assert_message(&l, "regulator: window_sweeps above 0 needs the temperature regulator");
  load(&l, "schema: 1\nhw: {regulator: false}\n" CASE
           "    regulator: {mode: fixed, freeze: true}\n    schedule: {entries: \"0.5:3\"}\n");
  assert_loaded(&l);
  assert_int_equal(l.config.cases[0].hw.no_regulator, 1);
  load(&l, "schema: 1\nhw: {regulator: false}\n" CASE
           "    regulator: {mode: guard, window_sweeps: 4}\n    hw: {regulator: true}\n");
  assert_loaded(&l);
  assert_int_equal(l.config.cases[0].hw.no_regulator, 0);
}

static void rungs_of_a_ladder_become_betas(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\nhw: {exchange: true, lanes: 2}\n" CASE
           "    beta: 1\n    chains: 8\n    ladder: {rungs: 4, beta_min: 0.125}\n");
  assert_loaded(&l);
  const pbl_case_ladder *c = &l.config.cases[0].ladder;
  assert_string_equal(c->betas, "1 0.5 0.25 0.125");
  assert_int_equal(c->rungs, 0); /* written back it would be both */
  assert_true(c->every == 1 && c->adapt == 0 && c->alone_draws == 0 && c->alone_every == 1);
  load(&l, "schema: 1\nhw: {exchange: true, lanes: 2}\n" CASE
           "    chains: 8\n    ladder: {rungs: 4, beta_min: 0.125}\n");
  assert_message(&l, "give either betas, or rungs");
  load(&l, "schema: 1\nhw: {exchange: true, lanes: 2}\n" CASE
           "    chains: 4\n    ladder: {betas: \"1 0.5\"}\n    faults: {ladder_swap: 1}\n");
  assert_message(&l, "no rung 1 with a next one in 2 rungs");
}

static void faults_must_lie_in_the_image(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\n" CASE "    faults: {weight: {row: 4, offset: 1}, stale_row: 4}\n");
  assert_problem(&l, "5:22", "weight: no word (4, 0) in an image of 4 rows and 3 columns");
  assert_problem(&l, "5:54", "stale_row: no row 4");
}

static void a_missing_model_names_all_places_tried(void **state) {
  loaded l;
  (void)state;
  setenv("PBITLOOP_SOURCE_DIR", "/tmp/pbl-root", 1);
  load(&l, "schema: 1\ncases:\n- name: a\n  model: no/such\n");
  assert_problem(&l, "4:10",
                 "model: no such folder; tried no/such, /tmp/no/such, /tmp/pbl-root/no/such");
  unsetenv("PBITLOOP_SOURCE_DIR");
}

static void a_model_is_found_from_the_folder_of_the_file(void **state) {
  char folder[] = "/tmp/pbl-model-XXXXXX", text[128];
  loaded l;
  (void)state;
  assert_non_null(mkdtemp(folder));
  snprintf(text, sizeof text, "schema: 1\ncases:\n- name: a\n  model: %s\n", folder + 5);
  load(&l, text);
  rmdir(folder);
  assert_loaded(&l);
  assert_string_equal(l.config.cases[0].model, folder);
}

static void training_keys_reach_their_fields(void **state) {
  loaded l;
  (void)state;
  load_train(&l,
             "schema: 1\nout: m\ndataset: {name: bars, rows: 2, cols: 3}\nmodel: {hidden: 6}\n"
             "training: {learning_rate: 0.05, epochs: 7, checkpoint_every_epochs: 0}\n"
             "evaluation: {ais_chains: 0}\n");
  assert_loaded(&l);
  assert_string_equal(l.train.dataset, "bars");
  assert_true(l.train.rows == 2 && l.train.cols == 3 && l.train.n_hidden == 6);
  assert_true(l.train.learning_rate == 0.05 && l.train.epochs == 7);
  assert_true(l.train.checkpoint_every == 0 && l.train.ais_chains == 0);
  assert_true(l.train.beta == 1.0 && l.train.threshold == 128);
  assert_string_equal(l.train.out, "m");
}

static void training_faults_are_found(void **state) {
  loaded l;
  (void)state;
  load_train(&l, "schema: 1\ndataset: {name: fashion}\nmodel:\n");
  assert_problem(&l, "2:17", "name: 'fashion' is none of fashion-mnist");
  assert_problem(&l, "3:1", "section 'model' is empty");
  load_train(&l, "schema: 1\ndataset: {name: bars}\nmodel: {hidden: 1}\n");
  assert_problem(&l, "2:10", "rows and cols: 'bars' needs both");
  load_train(&l, "schema: 1\ndataset: {name: mnist}\nmodel: {hidden: 1}\n");
  assert_problem(&l, "2:10", "path: needed by data set 'mnist'");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(defaults_are_those_of_the_hardware_header),
      cmocka_unit_test(defaults_of_the_run_are_the_documented_ones),
      cmocka_unit_test(every_kind_of_value_reaches_its_field),
      cmocka_unit_test(a_case_overrides_single_hardware_keys),
      cmocka_unit_test(lanes_by_default_are_the_most_that_divide_the_chains),
      cmocka_unit_test(all_faults_of_a_file_are_told_at_once_in_its_order),
      cmocka_unit_test(faults_beyond_twenty_are_counted),
      cmocka_unit_test(ranges_end_where_the_table_says),
      cmocka_unit_test(types_are_not_mixed),
      cmocka_unit_test(a_case_needs_a_model_or_a_random_machine_and_not_both),
      cmocka_unit_test(keys_that_contradict_each_other_are_found),
      cmocka_unit_test(the_window_shrinks_to_a_short_run_unless_it_is_given),
      cmocka_unit_test(clamp_lists_are_checked),
      cmocka_unit_test(the_regulator_of_a_case_is_read_and_checked),
      cmocka_unit_test(what_needs_an_absent_regulator_is_refused),
      cmocka_unit_test(rungs_of_a_ladder_become_betas),
      cmocka_unit_test(faults_must_lie_in_the_image),
      cmocka_unit_test(a_missing_model_names_all_places_tried),
      cmocka_unit_test(a_model_is_found_from_the_folder_of_the_file),
      cmocka_unit_test(training_keys_reach_their_fields),
      cmocka_unit_test(training_faults_are_found),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
