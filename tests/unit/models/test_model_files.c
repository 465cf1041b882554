/* Model folders: round trip and everything that must be refused. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pbl_model.h"
#include "pbl_npy.h"
#include "scratch.h"

#define GOOD_YAML "schema: 1\nkind: rbm\nn_visible: 3\nn_hidden: 2\nbeta: 1.0\n"

static pbl_rbm *make_model(void) {
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_random(&m, 4, 2, 0.5, 0.5, 21, NULL), PBL_OK);
  m->beta = 1.0 / 3; /* the text must keep all its digits */
  m->image_rows = m->image_cols = 2;
  strcpy(m->name, "no: 1 \"quoted\" \xc3\xa9");
  strcpy(m->provenance, "line one\nline two\ttab \\ end");
  return m;
}

/* A 3 x 2 model folder with the given model.yaml; returns its name. */
static const char *folder_with_yaml(char folder[PATH_MAX], void **state, const char *yaml) {
  char path[PATH_MAX];
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_create(&m, 3, 2, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_save(m, scratch_path(folder, state, "m"), NULL), PBL_OK);
  pbl_rbm_destroy(m);
  assert_int_equal(scratch_write(scratch_path(path, state, "m/model.yaml"), yaml, strlen(yaml)), 0);
  return folder;
}

static void assert_refused(void **state, const char *yaml, const char *message_part) {
  char folder[PATH_MAX];
  pbl_rbm *m;
  pbl_error err = {0};
  assert_int_equal(pbl_rbm_load(&m, folder_with_yaml(folder, state, yaml), &err), PBL_FORMAT);
  assert_null(m);
  if (!strstr(err.message, message_part)) fail_msg("no '%s' in: %s", message_part, err.message);
}

static void saved_model_loads_back_equal(void **state) {
  char folder[PATH_MAX];
  pbl_rbm *m = make_model(), *back;
  signed char images[8] = {1, -1, 1, 1, -1, -1, 1, -1};
  assert_int_equal(pbl_rbm_set_data_moments(m, images, 2, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_save(m, scratch_path(folder, state, "new/folders"), NULL), PBL_OK);
  assert_int_equal(pbl_rbm_load(&back, folder, NULL), PBL_OK);
  assert_int_equal(back->n_visible, 4);
  assert_int_equal(back->n_hidden, 2);
  assert_int_equal(back->image_rows, 2);
  assert_int_equal(back->image_cols, 2);
  assert_true(back->beta == 1.0 / 3);
  assert_string_equal(back->name, m->name);
  assert_string_equal(back->provenance, m->provenance);
  assert_memory_equal(back->w, m->w, 8 * sizeof(float));
  assert_memory_equal(back->b, m->b, 4 * sizeof(float));
  assert_memory_equal(back->c, m->c, 2 * sizeof(float));
  assert_memory_equal(back->data_vh, m->data_vh, 8 * sizeof(float));
  assert_memory_equal(back->data_v, m->data_v, 4 * sizeof(float));
  assert_memory_equal(back->data_h, m->data_h, 2 * sizeof(float));
  pbl_rbm_destroy(m);
  pbl_rbm_destroy(back);
}

static void saving_over_a_model_drops_its_old_moments(void **state) {
  char folder[PATH_MAX];
  pbl_rbm *m = make_model(), *plain, *back;
  signed char images[4] = {1, -1, 1, 1};
  assert_int_equal(pbl_rbm_set_data_moments(m, images, 1, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_save(m, scratch_path(folder, state, "m"), NULL), PBL_OK);
  assert_int_equal(pbl_rbm_create(&plain, 4, 2, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_save(plain, folder, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_load(&back, folder, NULL), PBL_OK);
  assert_null(back->data_vh);
  pbl_rbm_destroy(m);
  pbl_rbm_destroy(plain);
  pbl_rbm_destroy(back);
}

static void minimal_yaml_loads(void **state) {
  char folder[PATH_MAX];
  pbl_rbm *m;
  assert_int_equal(pbl_rbm_load(&m, folder_with_yaml(folder, state, GOOD_YAML), NULL), PBL_OK);
  assert_string_equal(m->name, "");
  pbl_rbm_destroy(m);
}

static void unknown_key_is_refused_with_line_column_and_nearest_key(void **state) {
  assert_refused(state, GOOD_YAML "  \nimage_row: 3\n", "m/model.yaml:7:1: unknown key");
  assert_refused(state, GOOD_YAML "image_row: 3\n", "\"image_rows\"");
}

static void wrong_values_are_refused_with_line_and_column(void **state) {
  assert_refused(state, "schema: 2\n", "model.yaml:1:9: schema");
  assert_refused(state, "kind: ising\n", "model.yaml:1:7: kind");
  assert_refused(state, "n_visible: 0\n", "1..65535");
  assert_refused(state, "n_hidden: 12x\n", "\"12x\"");
  assert_refused(state, "n_hidden: 99999999999999999999\n", "n_hidden");
  assert_refused(state, "beta: nan\n", "beta");
  assert_refused(state, "beta: -1\n", "above 0");
  assert_refused(state, "beta: [1]\n", "single value");
  assert_refused(state, "name: \"a\\0b\"\n", "NUL");
}

static void repeated_and_missing_keys_are_refused(void **state) {
  assert_refused(state, GOOD_YAML "beta: 2\n", "model.yaml:6:1: key \"beta\" appears twice");
  assert_refused(state, "schema: 1\nkind: rbm\nn_visible: 3\nn_hidden: 2\n", "\"beta\" is missing");
}

static void image_shape_must_be_that_of_the_visible_units(void **state) {
  assert_refused(state, GOOD_YAML "image_rows: 2\nimage_cols: 2\n", "n_visible 3");
  assert_refused(state, GOOD_YAML "image_rows: 3\n", "n_visible 3");
}

static void text_that_is_not_a_mapping_is_refused(void **state) {
  assert_refused(state, "", "mapping");
  assert_refused(state, "- 1\n", "mapping");
  assert_refused(state, "schema: 'x\n", "model.yaml:2:1: found unexpected end of stream");
  assert_refused(state, GOOD_YAML "---\n" GOOD_YAML, "one document");
  assert_refused(state, "a: &x 1\n*x : 2\n", "unknown key");
}

static void name_that_is_too_long_is_refused(void **state) {
  char yaml[512];
  snprintf(yaml, sizeof yaml, GOOD_YAML "name: %0200d\n", 1);
  assert_refused(state, yaml, "at most 127 bytes");
}

static void missing_folder_and_missing_files_are_told_apart(void **state) {
  char folder[PATH_MAX], path[PATH_MAX];
  pbl_rbm *m;
  pbl_error err;
  assert_int_equal(pbl_rbm_load(&m, scratch_path(path, state, "none"), &err), PBL_NOT_FOUND);
  assert_int_equal(pbl_rbm_load(&m, *state, &err), PBL_FORMAT);
  assert_non_null(strstr(err.message, "model.yaml"));
  folder_with_yaml(folder, state, GOOD_YAML);
  assert_int_equal(unlink(scratch_path(path, state, "m/hidden_bias.npy")), 0);
  assert_int_equal(pbl_rbm_load(&m, folder, &err), PBL_FORMAT);
  assert_non_null(strstr(err.message, "hidden_bias.npy is missing"));
}

static void one_moment_file_alone_is_refused(void **state) {
  char folder[PATH_MAX], path[PATH_MAX];
  pbl_rbm *m;
  pbl_error err;
  folder_with_yaml(folder, state, GOOD_YAML);
  assert_int_equal(pbl_npy_write(scratch_path(path, state, "m/data_v.npy"), PBL_F32, 1,
                                 (size_t[]){3}, (float[]){0, 0, 0}, NULL),
                   PBL_OK);
  assert_int_equal(pbl_rbm_load(&m, folder, &err), PBL_FORMAT);
  assert_non_null(strstr(err.message, "data_vh.npy is missing"));
}

static void assert_weights_refused(void **state, pbl_dtype type, int n_dims, const size_t *shape,
                                   const void *data, const char *message_part) {
  char folder[PATH_MAX], path[PATH_MAX];
  pbl_rbm *m;
  pbl_error err;
  folder_with_yaml(folder, state, GOOD_YAML);
  scratch_path(path, state, "m/weights.npy");
  assert_int_equal(pbl_npy_write(path, type, n_dims, shape, data, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_load(&m, folder, &err), PBL_FORMAT);
  if (!strstr(err.message, message_part)) fail_msg("no '%s' in: %s", message_part, err.message);
}

static void arrays_of_wrong_shape_type_or_value_are_refused(void **state) {
  const float zeros[6] = {0}, bad[6] = {0, 0, 0, NAN, 0, INFINITY};
  const double doubles[6] = {0};
  assert_weights_refused(state, PBL_F32, 2, (size_t[]){2, 3}, zeros, "(2 x 3)");
  assert_weights_refused(state, PBL_F32, 1, (size_t[]){6}, zeros, "1 dimensions");
  assert_weights_refused(state, PBL_F64, 2, (size_t[]){3, 2}, doubles, "float32");
  assert_weights_refused(state, PBL_F32, 2, (size_t[]){3, 2}, bad, "[1, 1]");
}

static void saving_where_a_file_stands_fails(void **state) {
  char path[PATH_MAX];
  pbl_rbm *m = make_model();
  pbl_error err;
  assert_int_equal(scratch_write(scratch_path(path, state, "file"), "x", 1), 0);
  assert_int_equal(pbl_rbm_save(m, path, &err), PBL_IO);
  assert_non_null(strstr(err.message, path));
  pbl_rbm_destroy(m);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      in_scratch(saved_model_loads_back_equal),
      in_scratch(saving_over_a_model_drops_its_old_moments),
      in_scratch(minimal_yaml_loads),
      in_scratch(unknown_key_is_refused_with_line_column_and_nearest_key),
      in_scratch(wrong_values_are_refused_with_line_and_column),
      in_scratch(repeated_and_missing_keys_are_refused),
      in_scratch(image_shape_must_be_that_of_the_visible_units),
      in_scratch(text_that_is_not_a_mapping_is_refused),
      in_scratch(name_that_is_too_long_is_refused),
      in_scratch(missing_folder_and_missing_files_are_told_apart),
      in_scratch(one_moment_file_alone_is_refused),
      in_scratch(arrays_of_wrong_shape_type_or_value_are_refused),
      in_scratch(saving_where_a_file_stands_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
