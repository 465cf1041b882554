#include <float.h>
#include <math.h>
#include <unistd.h>

#include "pbl_cmocka.h"
#include "pbl_json.h"

static char *close_text(pbl_json *j) {
  char *text = NULL;
  assert_int_equal(pbl_json_close(j, &text, NULL), PBL_OK);
  assert_non_null(text);
  return text;
}

static void assert_string(const char *value, const char *expected) {
  pbl_json *j;
  assert_int_equal(pbl_json_create_memory(&j, NULL), PBL_OK);
  pbl_json_string(j, NULL, value);
  char *text = close_text(j);
  assert_string_equal(text, expected);
  free(text);
}

static void assert_double(double value, const char *expected) {
  pbl_json *j;
  assert_int_equal(pbl_json_create_memory(&j, NULL), PBL_OK);
  pbl_json_double(j, NULL, value);
  char *text = close_text(j);
  assert_string_equal(text, expected);
  free(text);
}

static void special_characters_are_escaped(void **state) {
  (void)state;
  assert_string("a\"b\\c", "\"a\\\"b\\\\c\"");
  assert_string("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
  assert_string("\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"");
  assert_string("</script>", "\"<\\/script>\"");
  assert_string(NULL, "null");
}

static void valid_utf8_passes_and_invalid_bytes_are_replaced(void **state) {
  (void)state;
  assert_string("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
                "\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
  assert_string(
      "\xff"
      "a",
      "\"\xef\xbf\xbd"
      "a\"");
  assert_string("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  assert_string("\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void doubles_print_with_the_fewest_digits_that_read_back(void **state) {
  (void)state;
  assert_double(0.1, "0.1");
  assert_double(1.0 / 3.0, "0.3333333333333333");
  assert_double(0.1 + 0.2, "0.30000000000000004");
  assert_double(0.07, "0.07"); /* 16 digits would give ...00001 */
  assert_double(-0.0, "-0");
  assert_double(1e22, "1e+22");
  assert_double(DBL_MAX, "1.7976931348623157e+308");
}

static void values_that_are_not_finite_become_null(void **state) {
  (void)state;
  assert_double((double)NAN, "null");
  assert_double((double)INFINITY, "null");
}

static void nested_document_has_the_expected_text(void **state) {
  (void)state;
  pbl_json *j;
  const double v[2] = {1.5, -2};
  assert_int_equal(pbl_json_create_memory(&j, NULL), PBL_OK);
  pbl_json_object(j, NULL);
  pbl_json_int(j, "n", INT64_MIN);
  pbl_json_bool(j, "ok", true);
  pbl_json_doubles(j, "v", v, 2);
  pbl_json_array(j, "list");
  pbl_json_int(j, NULL, 1);
  pbl_json_int(j, NULL, 2);
  pbl_json_end(j);
  pbl_json_object(j, "empty");
  pbl_json_end(j);
  pbl_json_end(j);
  char *text = close_text(j);
  assert_string_equal(text,
                      "{\n  \"n\": -9223372036854775808,\n  \"ok\": true,\n  \"v\": [1.5, -2],\n"
                      "  \"list\": [1, 2],\n  \"empty\": {}\n}");
  free(text);
}

static void misuse_is_reported_by_close(void **state) {
  (void)state;
  pbl_json *j;
  pbl_error err = {0};
  assert_int_equal(pbl_json_create_memory(&j, NULL), PBL_OK);
  pbl_json_object(j, NULL);
  assert_int_equal(pbl_json_close(j, NULL, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "not closed"));

  assert_int_equal(pbl_json_create_memory(&j, NULL), PBL_OK);
  pbl_json_array(j, NULL);
  pbl_json_int(j, "key", 1);
  pbl_json_end(j);
  assert_int_equal(pbl_json_close(j, NULL, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "key"));

  assert_int_equal(pbl_json_create_memory(&j, NULL), PBL_OK);
  for (int i = 0; i < 100; i++) pbl_json_array(j, NULL);
  assert_int_equal(pbl_json_close(j, NULL, &err), PBL_INVALID);
}

static void file_appears_only_when_the_document_is_complete(void **state) {
  (void)state;
  const char *path = scratch_path("out.json");
  pbl_json *j;
  assert_int_equal(pbl_json_create_file(&j, path, NULL), PBL_OK);
  pbl_json_object(j, NULL);
  assert_int_not_equal(access(path, F_OK), 0);
  assert_int_equal(pbl_json_close(j, NULL, NULL), PBL_INVALID);
  assert_int_not_equal(access(path, F_OK), 0);

  assert_int_equal(pbl_json_create_file(&j, path, NULL), PBL_OK);
  pbl_json_int(j, NULL, 7);
  assert_int_equal(pbl_json_close(j, NULL, NULL), PBL_OK);
  assert_int_equal(access(path, F_OK), 0);
}

static void folder_that_is_missing_is_an_io_error(void **state) {
  (void)state;
  pbl_json *j;
  assert_int_equal(pbl_json_create_file(&j, "/no/such/folder/x.json", NULL), PBL_IO);
  assert_null(j);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(special_characters_are_escaped),
      cmocka_unit_test(valid_utf8_passes_and_invalid_bytes_are_replaced),
      cmocka_unit_test(doubles_print_with_the_fewest_digits_that_read_back),
      cmocka_unit_test(values_that_are_not_finite_become_null),
      cmocka_unit_test(nested_document_has_the_expected_text),
      cmocka_unit_test(misuse_is_reported_by_close),
      cmocka_unit_test(file_appears_only_when_the_document_is_complete),
      cmocka_unit_test(folder_that_is_missing_is_an_io_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
