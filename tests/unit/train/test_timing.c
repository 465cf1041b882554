/* timing.csv: a line per epoch, also when a run was killed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after the above */
#include <cmocka.h>

#include "timing.h"

#define HEADER "epoch,training_seconds,evaluation_seconds\n"

/* A file with this content (NULL: none), opened behind `epoch` and given one more line. */
static void assert_continued(const char *before, int epoch, const char *after) {
  char path[] = "/tmp/pbl-timing-XXXXXX", text[512] = {0};
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  if (before) fputs(before, f);
  fclose(f);
  if (!before) remove(path);
  pbl_timing t;
  assert_int_equal(pbl_timing_open(&t, path, epoch, NULL), PBL_OK);
  assert_int_equal(pbl_timing_add(&t, epoch + 1, 0.5, 0.25, NULL), PBL_OK);
  pbl_timing_close(&t);
  f = fopen(path, "r");
  assert_non_null(f);
  assert_true(fread(text, 1, sizeof text - 1, f) > 0);
  fclose(f);
  remove(path);
  assert_string_equal(text, after);
}

#define NEXT(epoch) #epoch ",0.500000,0.250000\n"

static void a_new_file_begins_with_its_header(void **state) {
  (void)state;
  assert_continued(NULL, 0, HEADER NEXT(1));
  assert_continued("", 0, HEADER NEXT(1));
}

static void lines_behind_the_checkpoint_are_dropped(void **state) {
  (void)state;
  assert_continued(HEADER "1,1.0,0.0\n2,1.0,0.0\n3,1.0,0.0\n", 2,
                   HEADER "1,1.0,0.0\n2,1.0,0.0\n" NEXT(3));
  assert_continued(HEADER "1,1.0,0.0\n", 0, HEADER NEXT(1));
}

static void half_a_line_and_the_evaluation_at_the_end_are_dropped(void **state) {
  (void)state;
  assert_continued(HEADER "1,1.0,0.0\n2,1.", 2, HEADER "1,1.0,0.0\n" NEXT(3));
  assert_continued(HEADER "1,1.0,0.0\n2,1.0,0.0\n2,,4.0\n", 2,
                   HEADER "1,1.0,0.0\n2,1.0,0.0\n" NEXT(3));
}

static void another_file_is_begun_anew(void **state) {
  (void)state;
  assert_continued("epoch,loss\n1,2\n", 1, HEADER NEXT(2));
}

static void a_missing_time_is_an_empty_field(void **state) {
  (void)state;
  char path[] = "/tmp/pbl-timing-XXXXXX", line[128];
  const int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  pbl_timing t;
  assert_int_equal(pbl_timing_open(&t, path, 0, NULL), PBL_OK);
  assert_int_equal(pbl_timing_add(&t, 7, (double)NAN, 2, NULL), PBL_OK);
  pbl_timing_close(&t);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  assert_non_null(fgets(line, sizeof line, f));
  assert_non_null(fgets(line, sizeof line, f));
  fclose(f);
  remove(path);
  assert_string_equal(line, "7,,2.000000\n");
}

static void a_folder_that_is_not_there_is_named(void **state) {
  (void)state;
  pbl_timing t;
  pbl_error err;
  assert_int_equal(pbl_timing_open(&t, "/nonexistent/timing.csv", 0, &err), PBL_IO);
  assert_non_null(strstr(err.message, "/nonexistent/timing.csv"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_file_begins_with_its_header),
      cmocka_unit_test(lines_behind_the_checkpoint_are_dropped),
      cmocka_unit_test(half_a_line_and_the_evaluation_at_the_end_are_dropped),
      cmocka_unit_test(another_file_is_begun_anew),
      cmocka_unit_test(a_missing_time_is_an_empty_field),
      cmocka_unit_test(a_folder_that_is_not_there_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
