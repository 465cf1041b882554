/* A file that is not exactly what was written is refused, and by what is wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pbl_file.h"
#include "pbl_snapshot_file.h"

static char path[64];
static unsigned char *whole;
static size_t n_whole;

static int write_one(void **state) {
  (void)state;
  static const unsigned char first[] = "some bytes", third[] = {0, 255};
  const pbl_snapshot_section sections[] = {
      {"HEAD", first, sizeof first}, {"NONE", NULL, 0}, {"JOUR", third, sizeof third}};
  snprintf(path, sizeof path, "snapshot_file.%ld", (long)getpid());
  if (pbl_snapshot_write(path, sections, 3, NULL)) return 1;
  return pbl_read_file(&whole, &n_whole, path, NULL) != PBL_OK;
}

static int remove_all(void **state) {
  (void)state;
  free(whole);
  return remove(path);
}

/* Without the sync that makes a snapshot safe, and slow. */
static void put(const void *bytes, size_t n) {
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(bytes, 1, n, f), n);
  assert_int_equal(fclose(f), 0);
}

static void expect(const char *text) {
  pbl_snapshot_file f;
  pbl_error err = {0};
  assert_int_equal(pbl_snapshot_read(&f, path, &err), PBL_FORMAT);
  if (!strstr(err.message, text)) fail_msg("'%s' has no '%s'", err.message, text);
  assert_null(f.bytes);
}

static void a_file_reads_back(void **state) {
  (void)state;
  pbl_snapshot_file f;
  put(whole, n_whole);
  assert_int_equal(pbl_snapshot_read(&f, path, NULL), PBL_OK);
  assert_int_equal(f.n_sections, 3);
  assert_string_equal((const char *)pbl_snapshot_find(&f, "HEAD")->bytes, "some bytes");
  assert_int_equal(pbl_snapshot_find(&f, "NONE")->n, 0);
  assert_int_equal(pbl_snapshot_find(&f, "JOUR")->bytes[1], 255);
  assert_null(pbl_snapshot_find(&f, "DEVI"));
  pbl_snapshot_free(&f);
}

static void every_length_but_its_own_is_refused(void **state) {
  (void)state;
  for (size_t n = 0; n < n_whole; n++) {
    put(whole, n);
    expect(n < 8 ? "is no snapshot" : "is cut off");
  }
  unsigned char *longer = calloc(n_whole + 1, 1);
  memcpy(longer, whole, n_whole);
  put(longer, n_whole + 1);
  expect("is damaged");
  free(longer);
}

static void every_flipped_bit_is_seen(void **state) {
  (void)state;
  pbl_snapshot_file f;
  unsigned char *bytes = malloc(n_whole);
  memcpy(bytes, whole, n_whole);
  for (size_t k = 0; k < 8 * n_whole; k += 3) {
    bytes[k / 8] ^= (unsigned char)(1u << k % 8);
    put(bytes, n_whole);
    assert_int_equal(pbl_snapshot_read(&f, path, NULL), PBL_FORMAT);
    bytes[k / 8] ^= (unsigned char)(1u << k % 8);
  }
  bytes[n_whole - 1] ^= 1;
  put(bytes, n_whole);
  expect("checksum of section JOUR");
  bytes[n_whole - 1] ^= 1;
  bytes[8] = 2;
  put(bytes, n_whole);
  expect("format 2, this program reads format 1");
  free(bytes);
}

static void what_is_no_snapshot_is_said(void **state) {
  (void)state;
  pbl_snapshot_file f;
  pbl_error err = {0};
  put("schema: 1\ncases: []\n", 20);
  expect("is no snapshot of pbitloop");
  assert_int_equal(pbl_snapshot_read(&f, "no/such/file", &err), PBL_NOT_FOUND);
  assert_non_null(strstr(err.message, "no/such/file"));
  assert_int_equal(pbl_snapshot_read(&f, ".", &err), PBL_FORMAT);
}

/* The name is taken over only by a whole file. */
static void a_file_that_cannot_be_written_leaves_the_old_one(void **state) {
  (void)state;
  char folder[80];
  pbl_error err = {0};
  put(whole, n_whole);
  snprintf(folder, sizeof folder, "%s/inside", path);
  assert_int_equal(pbl_snapshot_write(folder, NULL, 0, &err), PBL_IO);
  a_file_reads_back(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_reads_back), cmocka_unit_test(every_length_but_its_own_is_refused),
      cmocka_unit_test(every_flipped_bit_is_seen), cmocka_unit_test(what_is_no_snapshot_is_said),
      cmocka_unit_test(a_file_that_cannot_be_written_leaves_the_old_one)};
  return cmocka_run_group_tests(tests, write_one, remove_all);
}
