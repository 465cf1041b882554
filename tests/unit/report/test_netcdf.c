/* cmocka.h needs the four before it */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <netcdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pbl_netcdf.h"

#define CHAINS 3
#define DRAWS 500

typedef struct {
  char folder[32], path[48];
  double energy[CHAINS * DRAWS], spin[CHAINS * DRAWS];
  pbl_netcdf_variable variables[2];
  pbl_netcdf_chains chains;
} place;

static int setup(void **state) {
  place *p = calloc(1, sizeof *p);
  if (!p) return -1;
  snprintf(p->folder, sizeof p->folder, "/tmp/pbl-netcdf-XXXXXX");
  if (!mkdtemp(p->folder)) return -1;
  snprintf(p->path, sizeof p->path, "%s/chains.nc", p->folder);
  for (size_t k = 0; k < CHAINS * DRAWS; k++) {
    p->energy[k] = -1000.0 * (double)(k / DRAWS) + 0.1 * (double)(k % DRAWS);
    p->spin[k] = k % 3 ? 1 : -1;
  }
  p->variables[0] = (pbl_netcdf_variable){"v0", p->spin};
  p->variables[1] = (pbl_netcdf_variable){"energy", p->energy};
  p->chains = (pbl_netcdf_chains){.n_chains = CHAINS,
                                  .n_draws = DRAWS,
                                  .n_variables = 2,
                                  .variables = p->variables,
                                  .case_name = "a case",
                                  .sampler = "pbitloop hardware (twin)",
                                  .version = "1.2.3",
                                  .sweeps_per_draw = 4,
                                  .burn_in_sweeps = 77,
                                  .seed = UINT64_MAX};
  *state = p;
  return 0;
}

static int teardown(void **state) {
  place *p = *state;
  unlink(p->path);
  const int left = rmdir(p->folder); /* fails while a temporary file is left */
  free(p);
  return left;
}

/* File and one group of it, opened for reading. */
static int open_group(int *file, const place *p, const char *name) {
  int group = -1;
  assert_int_equal(nc_open(p->path, NC_NOWRITE, file), NC_NOERR);
  assert_int_equal(nc_inq_ncid(*file, name, &group), NC_NOERR);
  return group;
}

static void assert_text(int group, const char *name, const char *expected) {
  char text[64] = "";
  size_t n = 0;
  assert_int_equal(nc_inq_attlen(group, NC_GLOBAL, name, &n), NC_NOERR);
  assert_true(n < sizeof text);
  assert_int_equal(nc_get_att_text(group, NC_GLOBAL, name, text), NC_NOERR);
  assert_string_equal(text, expected);
}

static void assert_values(int group, const char *name, const double *expected) {
  static double x[CHAINS * DRAWS];
  int id = 0, n_dims = 0, dims[4];
  char first[NC_MAX_NAME + 1], second[NC_MAX_NAME + 1];
  assert_int_equal(nc_inq_varid(group, name, &id), NC_NOERR);
  assert_int_equal(nc_inq_varndims(group, id, &n_dims), NC_NOERR);
  assert_int_equal(n_dims, 2);
  assert_int_equal(nc_inq_vardimid(group, id, dims), NC_NOERR);
  assert_int_equal(nc_inq_dimname(group, dims[0], first), NC_NOERR);
  assert_int_equal(nc_inq_dimname(group, dims[1], second), NC_NOERR);
  assert_string_equal(first, "chain");
  assert_string_equal(second, "draw");
  assert_int_equal(nc_get_var_double(group, id, x), NC_NOERR);
  assert_memory_equal(x, expected, sizeof x);
}

static void every_observable_is_a_posterior_variable_over_chain_and_draw(void **state) {
  const place *p = *state;
  int file, id, draw[DRAWS], steps;
  assert_int_equal(pbl_netcdf_write(p->path, &p->chains, NULL), PBL_OK);
  const int group = open_group(&file, p, "posterior");
  assert_values(group, "v0", p->spin);
  assert_values(group, "energy", p->energy);
  assert_int_equal(nc_inq_varid(group, "draw", &id), NC_NOERR);
  assert_int_equal(nc_get_var_int(group, id, draw), NC_NOERR);
  assert_int_equal(draw[DRAWS - 1], DRAWS - 1);
  assert_text(group, "creation_library", "pbitloop");
  assert_text(group, "inference_library", "pbitloop hardware (twin)");
  assert_text(group, "inference_library_version", "1.2.3");
  assert_text(group, "seed", "18446744073709551615");
  assert_int_equal(nc_get_att_int(group, NC_GLOBAL, "tuning_steps", &steps), NC_NOERR);
  assert_int_equal(steps, 77);
  nc_close(file);
}

static void energy_is_a_sample_statistic(void **state) {
  const place *p = *state;
  int file, count;
  assert_int_equal(pbl_netcdf_write(p->path, &p->chains, NULL), PBL_OK);
  const int group = open_group(&file, p, "sample_stats");
  assert_values(group, "energy", p->energy);
  assert_int_equal(nc_inq_nvars(group, &count), NC_NOERR);
  assert_int_equal(count, 3); /* with the two coordinates */
  nc_close(file);
}

static void without_energy_there_are_no_sample_statistics(void **state) {
  place *p = *state;
  int file, group;
  p->chains.n_variables = 1;
  assert_int_equal(pbl_netcdf_write(p->path, &p->chains, NULL), PBL_OK);
  assert_int_equal(nc_open(p->path, NC_NOWRITE, &file), NC_NOERR);
  assert_int_not_equal(nc_inq_ncid(file, "sample_stats", &group), NC_NOERR);
  nc_close(file);
}

static char *content(const char *path, size_t *size) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  fseek(f, 0, SEEK_END);
  *size = (size_t)ftell(f);
  rewind(f);
  char *bytes = malloc(*size);
  assert_non_null(bytes);
  assert_int_equal(fread(bytes, 1, *size, f), *size);
  fclose(f);
  return bytes;
}

static void the_same_chains_a_second_later_give_the_same_bytes(void **state) {
  const place *p = *state;
  size_t first_size, second_size;
  assert_int_equal(pbl_netcdf_write(p->path, &p->chains, NULL), PBL_OK);
  char *first = content(p->path, &first_size);
  usleep(1100 * 1000); /* time stamps count seconds */
  assert_int_equal(pbl_netcdf_write(p->path, &p->chains, NULL), PBL_OK);
  char *second = content(p->path, &second_size);
  assert_int_equal(first_size, second_size);
  assert_memory_equal(first, second, first_size);
  free(first);
  free(second);
}

static void a_folder_that_is_not_there_is_an_error_with_its_path(void **state) {
  const place *p = *state;
  pbl_error err = {0};
  assert_int_equal(pbl_netcdf_write("/nonexistent/c.nc", &p->chains, &err), PBL_IO);
  assert_non_null(strstr(err.message, "/nonexistent/c.nc"));
}

/* The name of a dimension is taken: the library refuses half-way. */
static void a_failed_write_keeps_the_old_file_and_leaves_no_other(void **state) {
  place *p = *state;
  pbl_error err = {0};
  size_t before, after;
  assert_int_equal(pbl_netcdf_write(p->path, &p->chains, NULL), PBL_OK);
  char *old = content(p->path, &before);
  p->variables[1].name = "draw";
  assert_int_equal(pbl_netcdf_write(p->path, &p->chains, &err), PBL_IO);
  assert_non_null(strstr(err.message, "draw"));
  char *now = content(p->path, &after);
  assert_int_equal(before, after);
  assert_memory_equal(old, now, before);
  free(old);
  free(now);
}

static void nothing_to_write_is_refused(void **state) {
  place *p = *state;
  p->chains.n_draws = 0;
  assert_int_equal(pbl_netcdf_write(p->path, &p->chains, NULL), PBL_INVALID);
  assert_int_equal(pbl_netcdf_write(p->path, NULL, NULL), PBL_INVALID);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(every_observable_is_a_posterior_variable_over_chain_and_draw),
      TEST(energy_is_a_sample_statistic),
      TEST(without_energy_there_are_no_sample_statistics),
      TEST(the_same_chains_a_second_later_give_the_same_bytes),
      TEST(a_folder_that_is_not_there_is_an_error_with_its_path),
      TEST(a_failed_write_keeps_the_old_file_and_leaves_no_other),
      TEST(nothing_to_write_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
