/* cmocka.h needs the four before it */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "pbl_netcdf.h"

static void without_the_library_writing_names_the_package(void **state) {
  pbl_error err = {0};
  (void)state;
  assert_null(pbl_netcdf_version());
  assert_int_equal(pbl_netcdf_write("x.nc", NULL, &err), PBL_NOT_FOUND);
  assert_non_null(strstr(err.message, "libnetcdf-dev"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_the_library_writing_names_the_package)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
