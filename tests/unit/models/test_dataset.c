/* IDX files sound and hostile, bars-and-stripes, names. */
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
#include <zlib.h>

#include "pbl_dataset.h"
#include "scratch.h"

/* Two images of 2 x 3. */
static const uint8_t k_idx[28] = {0, 0, 8,  3,  0,  0,  0,  2,  0, 0, 0,   2,   0,   0,
                                  0, 3, 10, 20, 30, 40, 50, 60, 0, 1, 127, 128, 254, 255};

static void assert_is_k_idx(const pbl_images *im) {
  assert_int_equal(im->n_images, 2);
  assert_int_equal(im->rows, 2);
  assert_int_equal(im->cols, 3);
  assert_memory_equal(im->pixels, k_idx + 16, 12);
}

static void write_gz(const char *path, const void *data, unsigned n) {
  gzFile file = gzopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(gzwrite(file, data, n), (int)n);
  assert_int_equal(gzclose(file), Z_OK);
}

/* Writes the bytes as a file and asserts that reading it is a FORMAT error with these words. */
static void assert_refused(void **state, const uint8_t *data, size_t n, const char *words) {
  char path[PATH_MAX];
  pbl_images im;
  pbl_error err = {0};
  assert_int_equal(scratch_write(scratch_path(path, state, "bad"), data, n), 0);
  assert_int_equal(pbl_idx_read_images(&im, path, &err), PBL_FORMAT);
  assert_null(im.pixels);
  if (!strstr(err.message, words)) fail_msg("no '%s' in: %s", words, err.message);
}

static void plain_idx_file_is_read(void **state) {
  char path[PATH_MAX];
  pbl_images im;
  assert_int_equal(scratch_write(scratch_path(path, state, "a"), k_idx, sizeof k_idx), 0);
  assert_int_equal(pbl_idx_read_images(&im, path, NULL), PBL_OK);
  assert_is_k_idx(&im);
  pbl_images_free(&im);
  pbl_images_free(NULL);
}

static void gzip_is_detected_by_content(void **state) {
  char path[PATH_MAX];
  pbl_images im;
  write_gz(scratch_path(path, state, "no-ending"), k_idx, sizeof k_idx);
  assert_int_equal(pbl_idx_read_images(&im, path, NULL), PBL_OK);
  assert_is_k_idx(&im);
  pbl_images_free(&im);
}

/* 3000 images of 28 x 28: more than the first buffer of the reader. */
static void file_larger_than_the_first_buffer_is_read_whole(void **state) {
  const size_t n = 3000 * 784;
  char path[PATH_MAX];
  pbl_images im;
  uint8_t *data = calloc(n + 16, 1);
  assert_non_null(data);
  memcpy(data, (uint8_t[]){0, 0, 8, 3, 0, 0, 0x0b, 0xb8, 0, 0, 0, 28, 0, 0, 0, 28}, 16);
  for (size_t k = 0; k < n; k++) data[16 + k] = (uint8_t)(k * 7919 >> 4);
  write_gz(scratch_path(path, state, "a.gz"), data, (unsigned)(n + 16));
  assert_int_equal(pbl_idx_read_images(&im, path, NULL), PBL_OK);
  assert_int_equal(im.n_images, 3000);
  assert_memory_equal(im.pixels, data + 16, n);
  pbl_images_free(&im);
  free(data);
}

static void short_files_are_refused_with_their_size(void **state) {
  assert_refused(state, k_idx, 0, "0 bytes");
  assert_refused(state, k_idx, 15, "15 bytes");
  assert_refused(state, k_idx, 16, "0 bytes of pixels");
  assert_refused(state, k_idx, 27, "11 bytes of pixels, but 2 images of 2 x 3 need 12");
}

static void trailing_bytes_are_refused(void **state) {
  uint8_t data[29] = {0};
  memcpy(data, k_idx, sizeof k_idx);
  assert_refused(state, data, sizeof data, "more data after the 12 bytes");
}

static void wrong_magic_is_refused(void **state) {
  uint8_t data[28];
  memcpy(data, k_idx, sizeof data);
  data[3] = 1; /* a label file */
  assert_refused(state, data, sizeof data, "0x00000801");
}

/* The product of these sizes is 2^64 x 2^12, and modulo 2^32 it is 0. */
static void header_whose_sizes_overflow_is_refused(void **state) {
  uint8_t data[28];
  memcpy(data, k_idx, sizeof data);
  memset(data + 4, 0xff, 12);
  assert_refused(state, data, sizeof data, "4294967295 images of 4294967295 x 4294967295");
  memcpy(data + 4, (uint8_t[]){0, 16, 0, 0, 0, 0, 16, 0, 0, 0, 16, 0}, 12);
  assert_refused(state, data, sizeof data, "1048576 images of 4096 x 4096; allowed");
  memset(data + 4, 0, 12);
  assert_refused(state, data, sizeof data, "0 images");
}

/* 2^31 bytes are announced, 12 are there: must not reserve what was announced. */
static void header_that_claims_two_gigabytes_is_refused_by_the_missing_data(void **state) {
  uint8_t data[28];
  memcpy(data, k_idx, sizeof data);
  memcpy(data + 4, (uint8_t[]){0, 0, 0, 128, 0, 0, 16, 0, 0, 0, 16, 0}, 12);
  assert_refused(state, data, sizeof data, "12 bytes of pixels");
}

static size_t read_all(const char *path, uint8_t *data, size_t size) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  const size_t n = fread(data, 1, size, f);
  fclose(f);
  return n;
}

static void damaged_gzip_is_refused_at_every_cut_and_for_a_wrong_checksum(void **state) {
  char path[PATH_MAX];
  uint8_t data[256];
  write_gz(scratch_path(path, state, "a.gz"), k_idx, sizeof k_idx);
  const size_t n = read_all(path, data, sizeof data);
  for (size_t cut = 2; cut < n; cut++) assert_refused(state, data, cut, "");
  data[n - 8] ^= 1; /* CRC-32 of the content */
  assert_refused(state, data, n, "damaged gzip data");
}

static void missing_file_is_not_found(void **state) {
  char path[PATH_MAX];
  pbl_images im;
  pbl_error err;
  assert_int_equal(pbl_idx_read_images(&im, scratch_path(path, state, "none"), &err),
                   PBL_NOT_FOUND);
  assert_non_null(strstr(err.message, path));
  assert_int_equal(pbl_idx_read_images(&im, *state, &err), PBL_IO); /* a folder */
}

static int is_bar_or_stripe(const uint8_t *p, int rows, int cols) {
  int bar = 1, stripe = 1;
  for (int k = 0; k < rows * cols; k++) {
    bar &= p[k] == p[k % cols];           /* as its column's top */
    stripe &= p[k] == p[k / cols * cols]; /* as its row's first */
    if (p[k] != 0 && p[k] != 255) return 0;
  }
  return bar || stripe;
}

/* Against all 2^(rows*cols) images: there are as many bars-and-stripes as patterns, the patterns
 * are all bars-and-stripes, and no two are alike. */
static void assert_bars_complete(int rows, int cols) {
  const size_t size = (size_t)(rows * cols);
  pbl_images im;
  assert_int_equal(pbl_dataset_load(&im, "bars", "train", NULL, rows, cols, NULL), PBL_OK);
  size_t n = 0;
  for (unsigned code = 0; code < 1u << size; code++) {
    uint8_t p[16];
    for (size_t k = 0; k < size; k++) p[k] = (code >> k & 1) ? 255 : 0;
    n += (size_t)is_bar_or_stripe(p, rows, cols);
  }
  assert_int_equal(im.n_images, n);
  assert_int_equal(im.rows, rows);
  assert_int_equal(im.cols, cols);
  for (size_t a = 0; a < n; a++) {
    assert_true(is_bar_or_stripe(im.pixels + a * size, rows, cols));
    for (size_t b = 0; b < a; b++) {
      assert_true(memcmp(im.pixels + a * size, im.pixels + b * size, size) != 0);
    }
  }
  pbl_images_free(&im);
}

static void bars_hold_every_pattern_exactly_once(void **state) {
  (void)state;
  assert_bars_complete(1, 1);
  assert_bars_complete(1, 5);
  assert_bars_complete(5, 1);
  assert_bars_complete(2, 2);
  assert_bars_complete(2, 3);
  assert_bars_complete(4, 3);
  assert_bars_complete(4, 4);
}

static void bars_of_absurd_size_are_refused(void **state) {
  (void)state;
  pbl_images im;
  assert_int_equal(pbl_dataset_load(&im, "bars", "train", NULL, 0, 4, NULL), PBL_CONFIG);
  assert_int_equal(pbl_dataset_load(&im, "bars", "train", NULL, 4, 17, NULL), PBL_CONFIG);
}

static void binarisation_sets_plus_one_from_the_threshold_on(void **state) {
  (void)state;
  uint8_t pixels[4] = {0, 126, 127, 255};
  const pbl_images im = {.n_images = 2, .rows = 1, .cols = 2, .pixels = pixels};
  signed char *s;
  assert_int_equal(pbl_images_binarise(&s, &im, 127, NULL), PBL_OK);
  assert_memory_equal(s, ((signed char[]){-1, -1, 1, 1}), 4);
  free(s);
  assert_int_equal(pbl_images_binarise(&s, &im, 0, NULL), PBL_INVALID);
  assert_int_equal(pbl_images_binarise(&s, &im, 256, NULL), PBL_INVALID);
  assert_null(s);
}

static void data_set_names_resolve_to_files(void **state) {
  char path[PATH_MAX];
  pbl_images im;
  write_gz(scratch_path(path, state, "train-images-idx3-ubyte.gz"), k_idx, sizeof k_idx);
  scratch_path(path, state, "t10k-images-idx3-ubyte");
  assert_int_equal(scratch_write(path, k_idx, sizeof k_idx), 0);
  const char *const parts[] = {"train", "test"};
  for (int k = 0; k < 2; k++) {
    assert_int_equal(pbl_dataset_load(&im, "mnist", parts[k], *state, 0, 0, NULL), PBL_OK);
    assert_is_k_idx(&im);
    pbl_images_free(&im);
  }
  assert_int_equal(pbl_dataset_load(&im, "idx", "train", path, 0, 0, NULL), PBL_OK);
  pbl_images_free(&im);
  assert_int_equal(setenv("PBITLOOP_FASHION_MNIST", *state, 1), 0);
  assert_int_equal(pbl_dataset_load(&im, "fashion-mnist", "test", NULL, 0, 0, NULL), PBL_OK);
  assert_is_k_idx(&im);
  pbl_images_free(&im);
  unsetenv("PBITLOOP_FASHION_MNIST");
}

static void missing_fashion_mnist_names_the_package(void **state) {
  pbl_images im;
  pbl_error err;
  assert_int_equal(pbl_dataset_load(&im, "fashion-mnist", "train", *state, 0, 0, &err),
                   PBL_NOT_FOUND);
  assert_non_null(strstr(err.message, "apt-get install dataset-fashion-mnist"));
}

static void unknown_names_and_parts_and_missing_paths_are_refused(void **state) {
  (void)state;
  pbl_images im;
  pbl_error err;
  assert_int_equal(pbl_dataset_load(&im, "cifar", "train", NULL, 0, 0, &err), PBL_CONFIG);
  assert_non_null(strstr(err.message, "cifar"));
  assert_int_equal(pbl_dataset_load(&im, "mnist", "valid", "x", 0, 0, &err), PBL_CONFIG);
  assert_int_equal(pbl_dataset_load(&im, "mnist", "train", "", 0, 0, &err), PBL_CONFIG);
  assert_int_equal(pbl_dataset_load(&im, "idx", "train", NULL, 0, 0, &err), PBL_CONFIG);
}

#define in_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      in_scratch(plain_idx_file_is_read),
      in_scratch(gzip_is_detected_by_content),
      in_scratch(file_larger_than_the_first_buffer_is_read_whole),
      in_scratch(short_files_are_refused_with_their_size),
      in_scratch(trailing_bytes_are_refused),
      in_scratch(wrong_magic_is_refused),
      in_scratch(header_whose_sizes_overflow_is_refused),
      in_scratch(header_that_claims_two_gigabytes_is_refused_by_the_missing_data),
      in_scratch(damaged_gzip_is_refused_at_every_cut_and_for_a_wrong_checksum),
      in_scratch(missing_file_is_not_found),
      cmocka_unit_test(bars_hold_every_pattern_exactly_once),
      cmocka_unit_test(bars_of_absurd_size_are_refused),
      cmocka_unit_test(binarisation_sets_plus_one_from_the_threshold_on),
      in_scratch(data_set_names_resolve_to_files),
      in_scratch(missing_fashion_mnist_names_the_package),
      cmocka_unit_test(unknown_names_and_parts_and_missing_paths_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
