/* What the YAML layer refuses, and where it says so. */
#include "config_test.h"
#include "pbl_yaml.h"

static void an_empty_file_lacks_its_required_keys(void **state) {
  loaded l;
  (void)state;
  load(&l, "");
  assert_problem(&l, "1:1", "key 'schema' is missing");
  assert_problem(&l, "1:1", "key 'cases' is missing");
}

static void broken_yaml_is_named_with_its_position(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\ncases: [\n  }\n");
  assert_problem(&l, "3:3", "not valid YAML");
}

static void a_key_given_twice_is_refused(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\nseed: 1\nhw:\n  lanes: 1\nseed: 2\n" CASE);
  assert_problem(&l, "5:1", "key 'seed' given twice, first in line 2");
}

static void anchors_aliases_and_tags_are_refused(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\nhw: &x {lanes: 1}\n" CASE);
  assert_problem(&l, "2:5", "anchors");
  load(&l, "schema: *x\n");
  assert_problem(&l, "1:9", "aliases");
  load(&l, "schema: !!int 1\n");
  assert_problem(&l, "1:9", "tags");
}

static void a_second_document_is_refused(void **state) {
  loaded l;
  (void)state;
  load(&l, "schema: 1\n" CASE "---\nschema: 1\n");
  assert_problem(&l, "5:1", "a second document");
}

static void a_file_that_is_no_mapping_is_refused(void **state) {
  loaded l;
  (void)state;
  load(&l, "- 1\n- 2\n");
  assert_problem(&l, "1:1", "this: must be a section");
}

static void bytes_that_are_no_text_are_refused_with_their_line(void **state) {
  loaded l;
  (void)state;
  load_bytes(&l, false, "schema: 1\nout: \xff\n", 17, NULL, 0);
  assert_problem(&l, "2:6", "not valid YAML");
}

static void nesting_is_allowed_to_depth_64_and_no_further(void **state) {
  char text[256];
  pbl_node *node;
  pbl_error err = {0};
  (void)state;
  for (size_t depth = 64; depth <= 65; depth++) {
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    const pbl_status status = pbl_yaml_parse(&node, "f", text, 2 * depth, &err);
    assert_int_equal(status, depth == 64 ? PBL_OK : PBL_CONFIG);
    pbl_yaml_free(node);
  }
  assert_string_equal(err.message, "f:1:65: nested deeper than 64");
}

static void a_megabyte_of_brackets_is_refused_at_once(void **state) {
  const size_t size = PBL_YAML_MAX_BYTES;
  char *text = malloc(size);
  pbl_node *node;
  pbl_error err = {0};
  (void)state;
  assert_non_null(text);
  memset(text, '[', size);
  assert_int_equal(pbl_yaml_parse(&node, "f", text, size, &err), PBL_CONFIG);
  free(text);
}

static void a_file_beyond_a_megabyte_is_refused(void **state) {
  const size_t size = PBL_YAML_MAX_BYTES + 1;
  char *text = malloc(size);
  loaded l;
  (void)state;
  assert_non_null(text);
  memset(text, '#', size);
  load_bytes(&l, false, text, size, NULL, 0);
  assert_message(&l, "larger than 1 MiB");
  load_bytes(&l, false, text, size - 1, NULL, 0);
  assert_message(&l, "key 'schema' is missing");
  free(text);
}

static void a_mapping_of_more_than_1024_keys_is_refused(void **state) {
  char text[16 * 1100];
  size_t used = 0;
  pbl_node *node;
  pbl_error err = {0};
  (void)state;
  for (int k = 0; k <= 1024; k++) {
    used += (size_t)snprintf(text + used, sizeof text - used, "k%d: 0\n", k);
  }
  assert_int_equal(pbl_yaml_parse(&node, "f", text, used, &err), PBL_CONFIG);
  assert_string_equal(err.message, "f:1025:1: more than 1024 keys here");
}

static void a_missing_file_is_a_configuration_error(void **state) {
  pbl_compare_config config;
  pbl_error err = {0};
  (void)state;
  assert_int_equal(pbl_config_load_compare(&config, "/nowhere/x.yaml", NULL, 0, &err), PBL_CONFIG);
  assert_non_null(strstr(err.message, "/nowhere/x.yaml: cannot read the configuration"));
  assert_int_equal(pbl_config_load_compare(&config, "/tmp", NULL, 0, &err), PBL_CONFIG);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_file_lacks_its_required_keys),
      cmocka_unit_test(broken_yaml_is_named_with_its_position),
      cmocka_unit_test(a_key_given_twice_is_refused),
      cmocka_unit_test(anchors_aliases_and_tags_are_refused),
      cmocka_unit_test(a_second_document_is_refused),
      cmocka_unit_test(a_file_that_is_no_mapping_is_refused),
      cmocka_unit_test(bytes_that_are_no_text_are_refused_with_their_line),
      cmocka_unit_test(nesting_is_allowed_to_depth_64_and_no_further),
      cmocka_unit_test(a_megabyte_of_brackets_is_refused_at_once),
      cmocka_unit_test(a_file_beyond_a_megabyte_is_refused),
      cmocka_unit_test(a_mapping_of_more_than_1024_keys_is_refused),
      cmocka_unit_test(a_missing_file_is_a_configuration_error),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
