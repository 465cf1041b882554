/* Files that are replaced and read as a whole. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pbl_file.h"

static char folder[] = "/tmp/pbl_file_XXXXXX";

static const char *below(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void a_file_is_replaced_and_read(void **state) {
  (void)state;
  pbl_error err = {0};
  unsigned char *bytes = NULL;
  size_t n = 0;
  assert_int_equal(pbl_replace_file(below("file"), "first one", 9, &err), PBL_OK);
  assert_int_equal(pbl_replace_file(below("file"), "second", 6, &err), PBL_OK);
  assert_int_equal(pbl_read_file(&bytes, &n, below("file"), &err), PBL_OK);
  assert_int_equal(n, 6);
  assert_memory_equal(bytes, "second", 6);
  free(bytes);
  remove(below("file"));
}

static void a_pipe_is_neither_replaced_nor_waited_for(void **state) {
  (void)state;
  pbl_error err = {0};
  unsigned char *bytes = NULL;
  size_t n = 0;
  struct stat st;
  assert_int_equal(mkfifo(below("pipe"), 0600), 0);
  assert_int_equal(pbl_replace_file(below("pipe"), "x", 1, &err), PBL_IO);
  assert_non_null(strstr(err.message, "is no file"));
  assert_int_equal(stat(below("pipe"), &st), 0);
  assert_true(S_ISFIFO(st.st_mode));
  alarm(20);
  assert_int_equal(pbl_read_file(&bytes, &n, below("pipe"), &err), PBL_FORMAT);
  alarm(0);
  assert_null(bytes);
  remove(below("pipe"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_is_replaced_and_read),
      cmocka_unit_test(a_pipe_is_neither_replaced_nor_waited_for),
  };
  if (mkdtemp(folder) == NULL) return 1;
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  rmdir(folder);
  return failed;
}
