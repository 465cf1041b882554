#include "config_test.h"
#include "pbl_number.h"

static void assert_integer(const char *text, bool negative, uint64_t magnitude) {
  pbl_integer n;
  assert_int_equal(pbl_number_integer(&n, text), PBL_NUMBER_OK);
  assert_int_equal(n.negative, negative);
  assert_true(n.magnitude == magnitude);
}

static void integers_may_be_decimal_hexadecimal_or_octal(void **state) {
  (void)state;
  assert_integer("0", false, 0);
  assert_integer("-12", true, 12);
  assert_integer("+7", false, 7);
  assert_integer("0x10", false, 16);
  assert_integer("0xfF", false, 255);
  assert_integer("0o17", false, 15);
  assert_integer("010", false, 10);
}

static void an_exponent_makes_a_whole_number_when_it_is_one(void **state) {
  (void)state;
  assert_integer("1e6", false, 1000000);
  assert_integer("2.5e3", false, 2500);
  assert_integer("1200e-2", false, 12);
  assert_integer("3.000", false, 3);
  assert_integer("0e999999999999999999999", false, 0);
}

static void integers_are_exact_up_to_the_last_of_64_bits(void **state) {
  (void)state;
  assert_integer("18446744073709551615", false, UINT64_MAX);
  assert_integer("1.8446744073709551615e19", false, UINT64_MAX);
  assert_integer("9007199254740993", false, 9007199254740993u); /* 2^53 + 1, no double */
}

static void numbers_beyond_64_bits_are_too_large(void **state) {
  pbl_integer n;
  (void)state;
  assert_int_equal(pbl_number_integer(&n, "18446744073709551616"), PBL_NUMBER_TOO_LARGE);
  assert_int_equal(pbl_number_integer(&n, "0x10000000000000000"), PBL_NUMBER_TOO_LARGE);
  assert_int_equal(pbl_number_integer(&n, "1e20"), PBL_NUMBER_TOO_LARGE);
  assert_int_equal(pbl_number_integer(&n, "1e99999999999999999999"), PBL_NUMBER_TOO_LARGE);
}

static void fractions_are_no_integers(void **state) {
  pbl_integer n;
  (void)state;
  assert_int_equal(pbl_number_integer(&n, "1.5"), PBL_NUMBER_NOT_INTEGER);
  assert_int_equal(pbl_number_integer(&n, "1e-3"), PBL_NUMBER_NOT_INTEGER);
}

static void loose_spellings_are_refused(void **state) {
  static const char *const bad[] = {"",   "abc", "1a", "1e",   "e5", ".",   "1..2", "--1",
                                    "0x", "0b1", "1 ", "0x1g", "+",  "1,5", "1e+",  "0o8"};
  pbl_integer n;
  double d;
  (void)state;
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_int_equal(pbl_number_integer(&n, bad[k]), PBL_NUMBER_NONE);
    assert_int_equal(pbl_number_double(&d, bad[k]), PBL_NUMBER_NONE);
  }
  assert_int_equal(pbl_number_integer(&n, "1_000"), PBL_NUMBER_UNDERSCORE);
  assert_int_equal(pbl_number_double(&d, "1_000.5"), PBL_NUMBER_UNDERSCORE);
}

static void doubles_are_finite(void **state) {
  static const char *const bad[] = {".nan", "nan", ".inf", "-.inf", "Infinity", "-inf"};
  double d;
  (void)state;
  for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
    assert_int_equal(pbl_number_double(&d, bad[k]), PBL_NUMBER_NOT_FINITE);
  }
  assert_int_equal(pbl_number_double(&d, "1e999"), PBL_NUMBER_TOO_LARGE);
}

static void doubles_read_as_c_reads_them(void **state) {
  double d;
  (void)state;
  assert_int_equal(pbl_number_double(&d, "-1.25e-3"), PBL_NUMBER_OK);
  assert_true(d == -1.25e-3);
  assert_int_equal(pbl_number_double(&d, ".5"), PBL_NUMBER_OK);
  assert_true(d == 0.5);
  assert_int_equal(pbl_number_double(&d, "0x10"), PBL_NUMBER_OK);
  assert_true(d == 16.0);
}

static void a_slip_of_the_hand_finds_its_word(void **state) {
  static const char *const names[] = {"draws", "chains", "kernel", "burn_in_sweeps"};
  (void)state;
  assert_string_equal(pbl_did_you_mean("darws", names, 4), "draws");
  assert_string_equal(pbl_did_you_mean("chain", names, 4), "chains");
  assert_string_equal(pbl_did_you_mean("burnin_sweep", names, 4), "burn_in_sweeps");
}

static void a_strange_word_finds_nothing(void **state) {
  static const char *const names[] = {"draws", "chains", "ab"};
  (void)state;
  assert_null(pbl_did_you_mean("temperature", names, 3));
  assert_null(pbl_did_you_mean("xy", names, 3));
  assert_null(pbl_did_you_mean("", names, 3));
  assert_null(pbl_did_you_mean("draws", names, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_may_be_decimal_hexadecimal_or_octal),
      cmocka_unit_test(an_exponent_makes_a_whole_number_when_it_is_one),
      cmocka_unit_test(integers_are_exact_up_to_the_last_of_64_bits),
      cmocka_unit_test(numbers_beyond_64_bits_are_too_large),
      cmocka_unit_test(fractions_are_no_integers),
      cmocka_unit_test(loose_spellings_are_refused),
      cmocka_unit_test(doubles_are_finite),
      cmocka_unit_test(doubles_read_as_c_reads_them),
      cmocka_unit_test(a_slip_of_the_hand_finds_its_word),
      cmocka_unit_test(a_strange_word_finds_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
