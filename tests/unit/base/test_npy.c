#include <sys/stat.h>
#include <unistd.h>

#include "pbl_chains.h"
#include "pbl_cmocka.h"
#include "pbl_npy.h"

/* Builds a file of version 1.0 with this header text, padded as numpy does, and reads it. */
static pbl_status read_made(pbl_array *a, pbl_error *err, const char *header, const void *data,
                            size_t bytes) {
  const char *path = scratch_path("made.npy");
  char text[119];
  memset(text, ' ', sizeof text);
  memcpy(text, header, strlen(header));
  text[117] = '\n';
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, f);
  fwrite(text, 1, 118, f);
  if (bytes > 0) fwrite(data, 1, bytes, f);
  fclose(f);
  return pbl_npy_read(a, path, err);
}

static void assert_refused(const char *header, size_t bytes, const char *reason) {
  static const double data[16];
  pbl_array a;
  pbl_error err = {0};
  assert_int_equal(read_made(&a, &err, header, data, bytes), PBL_FORMAT);
  assert_null(a.data);
  if (strstr(err.message, reason) == NULL) fail_msg("no '%s' in: %s", reason, err.message);
}

/* Bytes written by numpy 1.24: np.save of [[1.5,-2,3.25],[0,1e300,-0.0]]. */
static const unsigned char k_numpy_f64[48] = {
    0,    0,    0,    0,    0,    0,    0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0,
    0,    0,    0,    0,    0,    0,    0x0a, 0x40, 0, 0, 0, 0, 0, 0, 0, 0,
    0x9c, 0x75, 0x00, 0x88, 0x3c, 0xe4, 0x37, 0x7e, 0, 0, 0, 0, 0, 0, 0, 0x80};
static const char k_numpy_header[] = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }";

static void file_of_numpy_is_read(void **state) {
  (void)state;
  static const double expected[6] = {1.5, -2.0, 3.25, 0.0, 1e300, -0.0};
  pbl_array a;
  assert_int_equal(read_made(&a, NULL, k_numpy_header, k_numpy_f64, 48), PBL_OK);
  assert_int_equal(a.dtype, PBL_F64);
  assert_int_equal(a.n_dims, 2);
  assert_int_equal(a.shape[0], 2);
  assert_int_equal(a.shape[1], 3);
  assert_memory_equal(a.data, expected, sizeof expected);
  pbl_array_free(&a);
  assert_null(a.data);
}

static void written_file_is_byte_equal_to_that_of_numpy(void **state) {
  (void)state;
  static const double values[6] = {1.5, -2.0, 3.25, 0.0, 1e300, -0.0};
  const size_t shape[2] = {2, 3};
  const char *path = scratch_path("written.npy");
  assert_int_equal(pbl_npy_write(path, PBL_F64, 2, shape, values, NULL), PBL_OK);
  unsigned char got[200], expected[176];
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  assert_int_equal(fread(got, 1, sizeof got, f), sizeof expected);
  fclose(f);
  memset(expected, ' ', 128);
  memcpy(expected, "\x93NUMPY\x01\x00\x76\x00", 10);
  memcpy(expected + 10, k_numpy_header, strlen(k_numpy_header));
  expected[127] = '\n';
  memcpy(expected + 128, k_numpy_f64, 48);
  assert_memory_equal(got, expected, sizeof expected);
}

static void every_type_survives_a_round_trip(void **state) {
  (void)state;
  const unsigned char bytes[24] = {1, 2, 3, 250, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 63, 17};
  for (int t = PBL_F64; t <= PBL_BOOL; t++) {
    const size_t shape[3] = {1, 3, 1};
    const char *path = scratch_path("types.npy");
    pbl_array a;
    assert_int_equal(pbl_npy_write(path, (pbl_dtype)t, 3, shape, bytes, NULL), PBL_OK);
    assert_int_equal(pbl_npy_read(&a, path, NULL), PBL_OK);
    assert_int_equal(a.dtype, t);
    assert_int_equal(pbl_array_count(&a), 3);
    assert_memory_equal(a.data, bytes, 3 * pbl_dtype_size((pbl_dtype)t));
    pbl_array_free(&a);
  }
}

static void scalar_and_empty_arrays_survive_a_round_trip(void **state) {
  (void)state;
  const float scalar = 2.5f;
  const size_t empty[3] = {2, 0, 3};
  const char *path = scratch_path("edge.npy");
  pbl_array a;
  assert_int_equal(pbl_npy_write(path, PBL_F32, 0, NULL, &scalar, NULL), PBL_OK);
  assert_int_equal(pbl_npy_read(&a, path, NULL), PBL_OK);
  assert_int_equal(a.n_dims, 0);
  assert_true(*(float *)a.data == scalar);
  pbl_array_free(&a);
  assert_int_equal(pbl_npy_write(path, PBL_I64, 3, empty, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_npy_read(&a, path, NULL), PBL_OK);
  assert_int_equal(pbl_array_count(&a), 0);
  pbl_array_free(&a);
}

static void any_type_converts_to_float64(void **state) {
  (void)state;
  const int32_t values[2] = {-7, 2000000000};
  const size_t shape[1] = {2};
  const char *path = scratch_path("ints.npy");
  pbl_array a;
  assert_int_equal(pbl_npy_write(path, PBL_I32, 1, shape, values, NULL), PBL_OK);
  assert_int_equal(pbl_npy_read_f64(&a, path, NULL), PBL_OK);
  assert_int_equal(a.dtype, PBL_F64);
  assert_true(((double *)a.data)[0] == -7.0 && ((double *)a.data)[1] == 2e9);
  pbl_array_free(&a);
}

/* More values than one piece of the reader holds, the last one different. */
static void every_integer_type_converts_as_it_is_read(void **state) {
  (void)state;
  enum { N = 70001 };
  static const struct {
    pbl_dtype type;
    double first, last;
    unsigned char bytes[2][8];
  } cases[] = {{PBL_I8, -1.0, -128.0, {{0xff}, {0x80}}},
               {PBL_U8, 255.0, 128.0, {{0xff}, {0x80}}},
               {PBL_BOOL, 1.0, 0.0, {{1}, {0}}},
               {PBL_I16, -2.0, 258.0, {{0xfe, 0xff}, {2, 1}}},
               {PBL_U16, 65534.0, 258.0, {{0xfe, 0xff}, {2, 1}}},
               {PBL_U32, 4294967295.0, 1.0, {{0xff, 0xff, 0xff, 0xff}, {1}}},
               {PBL_I64, -3.0, 7.0, {{0xfd, 255, 255, 255, 255, 255, 255, 255}, {7}}},
               {PBL_U64, 9223372036854775808.0, 7.0, {{0, 0, 0, 0, 0, 0, 0, 0x80}, {7}}}};
  static unsigned char data[8 * N];
  const size_t shape[1] = {N};
  const char *path = scratch_path("pieces.npy");
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const size_t size = pbl_dtype_size(cases[k].type);
    pbl_array a;
    for (size_t i = 0; i < N; i++) memcpy(data + i * size, cases[k].bytes[i == N - 1], size);
    assert_int_equal(pbl_npy_write(path, cases[k].type, 1, shape, data, NULL), PBL_OK);
    assert_int_equal(pbl_npy_read_f64(&a, path, NULL), PBL_OK);
    const double *value = a.data;
    assert_true(value[0] == cases[k].first && value[N - 2] == cases[k].first);
    assert_true(value[N - 1] == cases[k].last);
    pbl_array_free(&a);
  }
}

static void unsupported_arrays_are_refused_with_the_reason(void **state) {
  (void)state;
  assert_refused("{'descr': '>f8', 'fortran_order': False, 'shape': (2,), }", 16, "big-endian");
  assert_refused("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", 16, "objects");
  assert_refused("{'descr': '<f8', 'fortran_order': True, 'shape': (2,), }", 16, "Fortran");
  assert_refused("{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }", 16, "<c16");
  assert_refused("{'descr': [('a','<f8')], 'fortran_order': False, 'shape': (2,), }", 16,
                 "structured");
}

static void shape_that_does_not_fit_the_file_is_refused(void **state) {
  (void)state;
  assert_refused("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", 16, "needs 24");
  assert_refused("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", 16, "needs 8");
  assert_refused("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
                 16, "overflows");
  assert_refused("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }", 16,
                 "overflows");
}

static void malformed_headers_are_refused(void **state) {
  (void)state;
  assert_refused("{'descr': '<f8', 'fortran_order': False, }", 0, "a key is missing");
  assert_refused("{'descr': '<f8', 'descr': '<f8', 'shape': (2,), }", 16, "repeated");
  assert_refused("{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }", 16, "dimension");
  assert_refused("{'descr': '<f8', 'fortran_order': False, 'shape': (2", 16, "shape");
  assert_refused("{'descr': '<f8", 16, "descr");
  assert_refused("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), } x", 16, "after");
  assert_refused("{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,2), }", 16,
                 "8 dimensions");
  assert_refused("", 0, "not a dictionary");
}

static void file_cut_anywhere_in_the_header_is_refused(void **state) {
  (void)state;
  const double value = 1;
  const char *path = scratch_path("cut.npy");
  unsigned char whole[136];
  assert_int_equal(pbl_npy_write(path, PBL_F64, 0, NULL, &value, NULL), PBL_OK);
  FILE *f = fopen(path, "rb");
  assert_int_equal(fread(whole, 1, sizeof whole, f), sizeof whole);
  fclose(f);
  for (size_t n = 0; n < sizeof whole; n++) {
    f = fopen(path, "wb");
    fwrite(whole, 1, n, f);
    fclose(f);
    pbl_array a;
    assert_int_equal(pbl_npy_read(&a, path, NULL), PBL_FORMAT);
  }
}

static void huge_header_length_of_version_2_is_refused(void **state) {
  (void)state;
  const char *path = scratch_path("huge.npy");
  FILE *f = fopen(path, "wb");
  fwrite("\x93NUMPY\x02\x00\xff\xff\xff\xff{}", 1, 14, f);
  fclose(f);
  pbl_array a;
  assert_int_equal(pbl_npy_read(&a, path, NULL), PBL_FORMAT);
}

static void missing_file_is_not_found_and_folder_is_io(void **state) {
  (void)state;
  pbl_array a;
  assert_int_equal(pbl_npy_read(&a, scratch_path("absent.npy"), NULL), PBL_NOT_FOUND);
  assert_int_equal(pbl_npy_read(&a, "/", NULL), PBL_IO);
}

static void failed_write_leaves_the_old_file(void **state) {
  (void)state;
  const size_t too_big[2] = {SIZE_MAX / 2, 3};
  const double value = 4;
  const char *path = scratch_path("keep.npy");
  pbl_array a;
  assert_int_equal(pbl_npy_write(path, PBL_F64, 0, NULL, &value, NULL), PBL_OK);
  assert_int_equal(pbl_npy_write(path, PBL_F64, 2, too_big, &value, NULL), PBL_INVALID);
  assert_int_equal(pbl_npy_write("/no/such/folder/x.npy", PBL_F64, 0, NULL, &value, NULL), PBL_IO);
  assert_int_equal(pbl_npy_read(&a, path, NULL), PBL_OK);
  assert_true(*(double *)a.data == 4);
  pbl_array_free(&a);
}

/* One rename would make a plain file of /dev/null. */
static void device_is_written_to_and_stays_a_device(void **state) {
  (void)state;
  const size_t shape[1] = {4};
  const double values[4] = {1, 2, 3, 4};
  struct stat info;
  const char *path = scratch_path("null.npy"); /* not /dev/null itself: a fault would replace it */
  unlink(path);
  assert_int_equal(symlink("/dev/null", path), 0);
  assert_int_equal(pbl_npy_write(path, PBL_F64, 1, shape, values, NULL), PBL_OK);
  assert_int_equal(stat(path, &info), 0);
  assert_true(S_ISCHR(info.st_mode));
  assert_int_equal(unlink(path), 0);
  if (stat("/dev/full", &info) != 0 || symlink("/dev/full", path) != 0) return;
  pbl_error err = {0};
  assert_int_equal(pbl_npy_write(path, PBL_F64, 1, shape, values, &err), PBL_IO);
  assert_non_null(strstr(err.message, "No space left"));
  unlink(path);
}

static void chain_store_writes_only_the_recorded_draws(void **state) {
  (void)state;
  pbl_chains *c;
  assert_int_equal(pbl_chains_create(&c, 2, 3, 10, NULL), PBL_OK);
  assert_int_equal(c->row_bytes, 2);
  c->n_recorded = 2;
  for (size_t chain = 0; chain < 2; chain++) {
    for (size_t draw = 0; draw < 3; draw++)
      pbl_chains_row(c, chain, draw)[1] = (uint8_t)(10 * chain + draw);
  }
  const char *path = scratch_path("chains.npy");
  assert_int_equal(pbl_chains_write(c, path, NULL), PBL_OK);
  pbl_array a;
  assert_int_equal(pbl_npy_read(&a, path, NULL), PBL_OK);
  const uint8_t expected[8] = {0, 0, 0, 1, 0, 10, 0, 11};
  assert_int_equal(a.shape[1], 2);
  assert_memory_equal(a.data, expected, sizeof expected);
  pbl_array_free(&a);
  pbl_chains_destroy(c);
}

static void chain_store_reads_spins_by_bit(void **state) {
  (void)state;
  pbl_chains *c;
  assert_int_equal(pbl_chains_create(&c, 1, 1, 9, NULL), PBL_OK);
  pbl_chains_row(c, 0, 0)[1] = 1;
  assert_int_equal(pbl_chains_spin(c, 0, 0, 8), 1);
  assert_int_equal(pbl_chains_spin(c, 0, 0, 7), -1);
  pbl_chains_destroy(c);
}

static void chain_store_refuses_sizes_that_overflow(void **state) {
  (void)state;
  pbl_chains *c;
  assert_int_equal(pbl_chains_create(&c, SIZE_MAX / 2, 3, 8, NULL), PBL_INVALID);
  assert_null(c);
  assert_int_equal(pbl_chains_create(&c, 0, 3, 8, NULL), PBL_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(file_of_numpy_is_read),
      cmocka_unit_test(written_file_is_byte_equal_to_that_of_numpy),
      cmocka_unit_test(every_type_survives_a_round_trip),
      cmocka_unit_test(scalar_and_empty_arrays_survive_a_round_trip),
      cmocka_unit_test(any_type_converts_to_float64),
      cmocka_unit_test(every_integer_type_converts_as_it_is_read),
      cmocka_unit_test(unsupported_arrays_are_refused_with_the_reason),
      cmocka_unit_test(shape_that_does_not_fit_the_file_is_refused),
      cmocka_unit_test(malformed_headers_are_refused),
      cmocka_unit_test(file_cut_anywhere_in_the_header_is_refused),
      cmocka_unit_test(huge_header_length_of_version_2_is_refused),
      cmocka_unit_test(missing_file_is_not_found_and_folder_is_io),
      cmocka_unit_test(failed_write_leaves_the_old_file),
      cmocka_unit_test(device_is_written_to_and_stays_a_device),
      cmocka_unit_test(chain_store_writes_only_the_recorded_draws),
      cmocka_unit_test(chain_store_reads_spins_by_bit),
      cmocka_unit_test(chain_store_refuses_sizes_that_overflow),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
