/* The self-test on sound twins of every fabric, and on devices with one planted fault each: the
 * check that is named for the fault fails, and no check before it. */
#include <string.h>

#include "faulty_device.h"
#include "pbl_cmocka.h"
#include "pbl_selftest.h"
#include "pbl_twin.h"

/* 12 x 10 in four replicas, two lanes. */
static pbl_hw dense(void) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 12;
  hw.n_hidden = 10;
  hw.replicas = 4;
  hw.lanes = 2;
  hw.table_size = 256;
  return hw;
}

static pbl_hw with_options(void) {
  pbl_hw hw = dense();
  hw.exchange = 1;
  hw.statistics = 1;
  hw.stat_pairs = 5;
  return hw;
}

static pbl_hw sparse(void) {
  pbl_hw hw = dense();
  pbl_hw_set_sparse(&hw, &(pbl_hw_sparse){.pbits = 40, .edge_rows = 64, .groups = 16, .sites = 4});
  return hw;
}

static pbl_hw lattice(void) {
  pbl_hw hw = dense();
  pbl_hw_set_lattice(&hw, 6, 0);
  return hw;
}

static pbl_selftest_report report; /* too large for a stack */

static pbl_status test(const pbl_hw *hw, fault f, const pbl_selftest_options *o, pbl_error *err) {
  pbl_device *twin = NULL;
  assert_int_equal(pbl_twin_open(&twin, hw, err), PBL_OK);
  pbl_device *dev = faulty_device(twin, hw, f);
  assert_non_null(dev);
  return pbl_selftest_run(&report, dev, o, NULL, err);
}

/* Does not fill the twin's receive buffer, which takes a second, nor measure. */
static pbl_selftest_options quick(const pbl_hw *hw) {
  pbl_selftest_options o = pbl_selftest_options_default();
  o.expected = hw;
  o.fill_words = 1000;
  o.measure = false;
  return o;
}

static const pbl_selftest_check *find(const char *name) {
  for (size_t k = 0; k < report.n; k++) {
    if (strcmp(report.checks[k].name, name) == 0) return &report.checks[k];
  }
  fail_msg("no check %s", name);
  return NULL;
}

static void expect_sound(const pbl_hw *hw) {
  pbl_error err = {0};
  const pbl_selftest_options o = quick(hw);
  assert_int_equal(test(hw, FAULT_NONE, &o, &err), PBL_OK);
  for (size_t k = 0; k < report.n; k++) {
    if (report.checks[k].outcome == PBL_SELFTEST_FAIL)
      fail_msg("%s: %s", report.checks[k].name, report.checks[k].text);
  }
  assert_int_equal(report.n, report.n_passed + report.n_skipped);
  assert_int_equal(find("cyclic")->outcome, PBL_SELFTEST_PASS);
}

static void sound_devices_of_every_fabric_pass(void **state) {
  const pbl_hw all[] = {dense(), with_options(), sparse(), lattice()};
  (void)state;
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) expect_sound(&all[k]);
}

static void without_expectations_the_hardware_is_that_of_caps(void **state) {
  const pbl_hw all[] = {dense(), with_options(), sparse(), lattice()};
  (void)state;
  for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
    pbl_error err = {0};
    const pbl_selftest_options o = quick(NULL);
    assert_int_equal(test(&all[k], FAULT_NONE, &o, &err), PBL_OK);
    assert_int_equal(report.n_failed, 0);
    assert_true(report.hw_known);
    assert_int_equal(report.hw.fabric, all[k].fabric);
    assert_int_equal(report.hw.lanes, all[k].lanes);
    assert_int_equal(report.hw.exchange, all[k].exchange);
    assert_int_equal(report.hw.table_size, all[k].table_size);
  }
}

typedef enum { DENSE, OPTIONS, SPARSE } shape;
static const struct {
  fault fault;
  const char *check;
  shape shape;
} planted[] = {
    {FAULT_ID, "id", DENSE},
    {FAULT_VERSION, "version", DENSE},
    {FAULT_CAPS, "caps", DENSE},
    {FAULT_DATA_BIT, "scratch", DENSE},
    {FAULT_DATA_SWAPPED, "scratch", DENSE},
    {FAULT_RESET, "reset", DENSE},
    {FAULT_UNMAPPED_READ, "unmapped", DENSE},
    {FAULT_UNMAPPED_WRITE, "unmapped", DENSE},
    {FAULT_READ_ONLY, "read_only", DENSE},
    {FAULT_BUS_ERROR, "reset", DENSE},
    {FAULT_MASK, "masks", DENSE},
    {FAULT_ALIAS, "alias", DENSE},
    {FAULT_ADDRESS_SWAPPED, "reset", DENSE},
    {FAULT_NO_REFUSAL, "commands", DENSE},
    {FAULT_PORT, "image_port", DENSE},
    {FAULT_TABLE, "table", DENSE},
    {FAULT_WEIGHT, "weights", DENSE},
    {FAULT_WEIGHT_ROW, "weights", DENSE},
    {FAULT_WEIGHT, "weights", SPARSE},
    {FAULT_GROUP, "groups", SPARSE},
    {FAULT_CLAMP, "clamps", DENSE},
    {FAULT_CLAMP, "clamps", SPARSE},
    {FAULT_HASH_CONSTANT, "table", DENSE},
    {FAULT_HASH_OLD, "hash", DENSE},
    {FAULT_STATE, "states", DENSE},
    {FAULT_WORD_LOST, "cyclic", DENSE},
    {FAULT_WORD_CHANGED, "cyclic", DENSE},
    {FAULT_TLAST, "cyclic", DENSE},
    {FAULT_GENERATOR, "cyclic", DENSE},
    {FAULT_PALINDROMIC, "palindromic", DENSE},
    {FAULT_COIN, "coin", DENSE},
    {FAULT_COUPLED, "coupled", DENSE},
    {FAULT_COUNTER, "counters", DENSE},
    {FAULT_SATURATIONS, "counters", DENSE},
    {FAULT_FREEZES, "counters", DENSE},
    {FAULT_SATURATIONS, "counters", SPARSE},
    {FAULT_BUSY_CYCLES, "counters", DENSE},
    {FAULT_ENERGY, "energy", DENSE},
    {FAULT_PROBE, "probe", DENSE},
    {FAULT_SCHEDULE, "beta_schedule", DENSE},
    {FAULT_SLOW_RECEIVER, "throttle", DENSE},
    {FAULT_IRQ_HIGH, "interrupt", DENSE},
    {FAULT_IRQ_LOW, "interrupt", DENSE},
    {FAULT_IRQ_STICKS, "interrupt", DENSE},
    {FAULT_NO_STOP, "stop", DENSE},
    {FAULT_RECORD, "telemetry", DENSE},
    {FAULT_NO_FREEZE, "freeze", DENSE},
    {FAULT_ACCEPTS, "exchange", OPTIONS},
    {FAULT_SERIES, "statistics", OPTIONS},
    {FAULT_NEVER_DONE, "states", DENSE},
};

static void every_planted_fault_is_found_by_its_check(void **state) {
  const pbl_hw shapes[] = {dense(), with_options(), sparse()};
  (void)state;
  for (size_t k = 0; k < sizeof planted / sizeof *planted; k++) {
    const pbl_hw *hw = &shapes[planted[k].shape];
    const pbl_selftest_options o = quick(hw);
    pbl_error err = {0};
    assert_int_equal(test(hw, planted[k].fault, &o, &err), PBL_OK);
    for (size_t i = 0; i < report.n; i++) {
      const pbl_selftest_check *c = &report.checks[i];
      if (strcmp(c->name, planted[k].check) == 0) break;
      if (c->outcome == PBL_SELFTEST_FAIL)
        fail_msg("fault %d: %s failed before %s: %s", planted[k].fault, c->name, planted[k].check,
                 c->text);
    }
    if (find(planted[k].check)->outcome != PBL_SELFTEST_FAIL)
      fail_msg("fault %d: %s did not see it: %s", planted[k].fault, planted[k].check,
               find(planted[k].check)->text);
  }
}

static void checks_that_need_a_failed_one_are_skipped_by_name(void **state) {
  const pbl_hw hw = dense();
  const pbl_selftest_options o = quick(&hw);
  pbl_error err = {0};
  (void)state;
  assert_int_equal(test(&hw, FAULT_TABLE, &o, &err), PBL_OK);
  assert_int_equal(report.n_failed, 1);
  assert_int_equal(find("weights")->outcome, PBL_SELFTEST_PASS);
  assert_int_equal(find("upload")->outcome, PBL_SELFTEST_SKIPPED);
  assert_string_equal(find("upload")->text, "needs table");
  assert_string_equal(find("freeze")->text, "needs telemetry");
}

static void a_wrong_memory_word_is_named_with_its_place(void **state) {
  const pbl_hw hw = dense();
  const pbl_selftest_options o = quick(&hw);
  pbl_error err = {0};
  (void)state;
  assert_int_equal(test(&hw, FAULT_WEIGHT_ROW, &o, &err), PBL_OK);
  assert_non_null(strstr(find("weights")->text, "(row 5, column "));
  assert_int_equal(test(&hw, FAULT_TABLE, &o, &err), PBL_OK);
  assert_non_null(strstr(find("table")->text, "from word 100 on"));
  assert_int_equal(test(&hw, FAULT_WEIGHT, &o, &err), PBL_OK);
  assert_non_null(strstr(find("weights")->text, "(row 2, column 4)"));
}

static void stuck_data_bits_and_aliases_are_named(void **state) {
  const pbl_hw hw = dense();
  const pbl_selftest_options o = quick(&hw);
  pbl_error err = {0};
  (void)state;
  assert_int_equal(test(&hw, FAULT_DATA_BIT, &o, &err), PBL_OK);
  assert_non_null(strstr(find("scratch")->text, "never 1: 0x80000000, never 0: 0x00000000"));
  assert_int_equal(find("scratch")->expected ^ find("scratch")->got, 0x80000000u);
  assert_int_equal(test(&hw, FAULT_ALIAS, &o, &err), PBL_OK);
  assert_int_equal(find("alias")->address, 0x104);
  assert_non_null(strstr(find("alias")->text, "shows what was written to RATE_SCALE (0x108)"));
}

static void a_full_receive_buffer_that_loses_a_word_is_found(void **state) {
  const pbl_hw hw = dense();
  pbl_selftest_options o = quick(&hw);
  pbl_error err = {0};
  (void)state;
  o.fill_words = (size_t)1 << 21;
  assert_int_equal(test(&hw, FAULT_OVERRUN, &o, &err), PBL_OK);
  assert_int_equal(report.n_failed, 1);
  assert_int_equal(find("back_pressure")->outcome, PBL_SELFTEST_FAIL);
}

static void a_device_that_stops_answering_ends_the_test_and_keeps_the_report(void **state) {
  const pbl_hw hw = dense();
  const pbl_selftest_options o = quick(&hw);
  pbl_error err = {0};
  (void)state;
  assert_int_equal(test(&hw, FAULT_DEAF, &o, &err), PBL_TIMEOUT);
  assert_non_null(strstr(err.message, "no bus response"));
  assert_int_equal(find("scratch")->outcome, PBL_SELFTEST_PASS);
  assert_int_equal(report.n_failed, 1);
  assert_string_equal(find("trace")->text, "needs a device that answers");
}

static void reset_values_of_a_used_board_are_no_failure(void **state) {
  const pbl_hw hw = dense();
  pbl_selftest_options o = quick(&hw);
  pbl_error err = {0};
  (void)state;
  o.fresh = false;
  assert_int_equal(test(&hw, FAULT_RESET, &o, &err), PBL_OK);
  assert_int_equal(report.n_failed, 0);
  assert_int_equal(find("reset")->outcome, PBL_SELFTEST_SKIPPED);
  assert_non_null(strstr(find("reset")->text, "T_MAX"));
}

static void another_variant_than_configured_is_named(void **state) {
  const pbl_hw hw = dense();
  pbl_hw other = hw;
  other.weight_frac = 5;
  const pbl_selftest_options o = quick(&other);
  pbl_error err = {0};
  (void)state;
  assert_int_equal(test(&hw, FAULT_NONE, &o, &err), PBL_OK);
  assert_int_equal(report.n_failed, 1);
  assert_int_equal(find("caps")->outcome, PBL_SELFTEST_FAIL);
  assert_int_equal(find("caps")->address, 0x018);
  assert_string_equal(find("weights")->text, "needs image_port");
}

static void bus_errors_can_be_left_out(void **state) {
  const pbl_hw hw = dense();
  pbl_selftest_options o = quick(&hw);
  pbl_error err = {0};
  (void)state;
  o.no_bus_errors = true;
  assert_int_equal(test(&hw, FAULT_UNMAPPED_READ, &o, &err), PBL_OK);
  assert_int_equal(report.n_failed, 0);
  assert_int_equal(find("unmapped")->outcome, PBL_SELFTEST_SKIPPED);
  assert_int_equal(find("read_only")->outcome, PBL_SELFTEST_SKIPPED);
}

/* Neither ends the test but by its report, nor lasts. */
static void devices_that_answer_by_chance_fail_and_do_no_harm(void **state) {
  const pbl_hw hw = dense();
  const fault faults[] = {FAULT_NONSENSE, FAULT_NOISE};
  pbl_selftest_options o = quick(NULL);
  (void)state;
  for (uint64_t seed = 1; seed <= 400; seed++) {
    pbl_device *twin = NULL;
    pbl_error err = {0};
    assert_int_equal(pbl_twin_open(&twin, &hw, &err), PBL_OK);
    pbl_device *dev = faulty_device(twin, &hw, faults[seed % 2]);
    assert_non_null(dev);
    faulty_device_seed(dev, seed);
    assert_int_equal(pbl_selftest_run(&report, dev, &o, NULL, &err), PBL_OK);
    assert_true(report.n_failed > 0);
    assert_int_equal(report.n, report.n_passed + report.n_failed + report.n_skipped);
  }
}

static bool stop_soon(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  (void)self;
  (void)total;
  return strcmp(what, "weights") != 0 || done == 0;
}

static void an_interrupt_keeps_the_report(void **state) {
  const pbl_hw hw = dense();
  const pbl_selftest_options o = quick(&hw);
  pbl_progress p = {.report = stop_soon};
  pbl_device *twin = NULL;
  pbl_error err = {0};
  (void)state;
  assert_int_equal(pbl_twin_open(&twin, &hw, &err), PBL_OK);
  assert_int_equal(pbl_selftest_run(&report, twin, &o, &p, &err), PBL_INTERRUPTED);
  assert_string_equal(find("table")->text,
                      "256 words: zeros, addresses, their complement, random "
                      "words");
  assert_string_equal(find("weights")->text, "interrupted");
  assert_int_equal(report.n_failed, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_devices_of_every_fabric_pass),
      cmocka_unit_test(without_expectations_the_hardware_is_that_of_caps),
      cmocka_unit_test(every_planted_fault_is_found_by_its_check),
      cmocka_unit_test(checks_that_need_a_failed_one_are_skipped_by_name),
      cmocka_unit_test(a_wrong_memory_word_is_named_with_its_place),
      cmocka_unit_test(stuck_data_bits_and_aliases_are_named),
      cmocka_unit_test(a_full_receive_buffer_that_loses_a_word_is_found),
      cmocka_unit_test(a_device_that_stops_answering_ends_the_test_and_keeps_the_report),
      cmocka_unit_test(reset_values_of_a_used_board_are_no_failure),
      cmocka_unit_test(another_variant_than_configured_is_named),
      cmocka_unit_test(bus_errors_can_be_left_out),
      cmocka_unit_test(devices_that_answer_by_chance_fail_and_do_no_harm),
      cmocka_unit_test(an_interrupt_keeps_the_report),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
