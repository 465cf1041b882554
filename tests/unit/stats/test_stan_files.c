/* Stan's published values on the sampler output files of its own tests. The folder comes from
 * PBITLOOP_STAN_DATA, else ../shared/data/stan; without it the tests are skipped by name. */
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
#include <zlib.h>

#include "golden_sets.h"
#include "pbl_estimators.h"

#define ROWS 1000
#define SKIPPED 77 /* exit code, as CTest is told */

static const char *folder(void) {
  const char *own = getenv("PBITLOOP_STAN_DATA");
  return own != NULL && own[0] != '\0' ? own : "../shared/data/stan";
}

/* Column `column` (from 0) of a comma separated file with comments and a header, plain or gzip. */
static void read_column(double *x, const char *name, size_t column) {
  char path[1024], line[16384];
  snprintf(path, sizeof path, "%s/%s", folder(), name);
  gzFile file = gzopen(path, "rb");
  if (file == NULL) fail_msg("cannot read %s", path);
  size_t rows = 0;
  while (rows < ROWS && gzgets(file, line, (int)sizeof line) != NULL) {
    const char *at = line;
    if (strchr("-+0123456789", line[0]) == NULL || line[0] == '\0') continue;
    for (size_t k = 0; k < column && at != NULL; ++k) {
      at = strchr(at, ',');
      if (at != NULL) ++at;
    }
    if (at == NULL) fail_msg("%s: row %zu has no column %zu", path, rows, column);
    x[rows++] = strtod(at, NULL);
  }
  gzclose(file);
  assert_int_equal(rows, ROWS);
}

static double x[4 * ROWS];

static pbl_stan_report bern(size_t column) {
  static const char *const names[] = {"bern1.csv", "bern2.csv", "bern3.csv", "bern4.csv"};
  pbl_stan_report r;
  for (size_t c = 0; c < 4; ++c) read_column(x + c * ROWS, names[c], column);
  assert_int_equal(pbl_stan(&r, x, 4, ROWS, NULL), PBL_OK);
  return r;
}

static void assert_within(double value, double published, double distance, const char *what) {
  if (!(fabs(value - published) < distance)) {
    fail_msg("%s: %.12g, published %.12g", what, value, published);
  }
}

static void bern_log_density_matches_stan(void **state) {
  (void)state;
  const pbl_stan_report r = bern(0);
  assert_within(r.ess_basic_unsplit, 1335.41366787, 1e-8, "ESS");
  assert_within(r.rhat, 1.00035489482, 1e-10, "split R-hat");
  assert_within(r.ess_bulk, 1512.7684, 5e-5, "ESS bulk");
  assert_within(r.ess_tail, 1591.9707, 5e-5, "ESS tail");
  assert_within(r.rhat_rank, 1.00073, 5e-6, "rank R-hat");
  assert_within(r.mcse_mean, .02016, 5e-6, "MCSE of the mean");
  assert_within(r.mcse_sd, .03553, 1e-4 /* Stan's */, "MCSE of the s.d.");
}

static void bern_theta_matches_stan(void **state) {
  (void)state;
  const pbl_stan_report r = bern(7);
  assert_within(r.ess_basic_unsplit, 1377.5030282, 1e-7, "ESS");
  assert_within(r.rhat, 1.00721797217, 1e-10, "split R-hat");
  assert_within(r.ess_bulk, 1407.5124, 5e-5, "ESS bulk");
  assert_within(r.ess_tail, 1291.7131, 5e-5, "ESS tail");
  assert_within(r.rhat_rank, 1.006789, 1e-6, "rank R-hat");
  assert_within(r.mcse_mean, .00323, 5e-6, "MCSE of the mean");
  assert_within(r.mcse_sd, .00216, 1e-4 /* Stan's */, "MCSE of the s.d.");
}

/* First five parameters, of two chains; Stan's own tolerance is 1. */
static void blocker_matches_stan(void **state) {
  (void)state;
  static const double whole[] = {467.368, 138.628, 1171.629, 543.893, 519.897};
  static const double halves[] = {467.845, 134.498, 1189.591, 569.193, 525.002};
  for (size_t k = 0; k < 5; ++k) {
    pbl_stan_report r;
    read_column(x, "blocker.1.csv.gz", 4 + k);
    read_column(x + ROWS, "blocker.2.csv.gz", 4 + k);
    assert_int_equal(pbl_stan(&r, x, 2, ROWS, NULL), PBL_OK);
    assert_within(r.ess_basic_unsplit, whole[k], 1.0, "ESS");
    assert_within(r.ess_basic, halves[k], 1.0, "ESS of split chains");
  }
}

static void autocovariance_of_the_ar1_file_matches_stan(void **state) {
  (void)state;
  static const double published[] = {2.69, 2.16, 1.73, 1.38, 1.10, .89};
  double gamma[6];
  read_column(x, "ar1.csv", 0);
  assert_int_equal(pbl_acf(gamma, 5, x, 1, ROWS, PBL_CENTRE_CHAIN, NULL), PBL_OK);
  for (size_t k = 0; k < 6; ++k) assert_within(gamma[k], published[k], 1e-2, "autocovariance");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bern_log_density_matches_stan),
      cmocka_unit_test(bern_theta_matches_stan),
      cmocka_unit_test(blocker_matches_stan),
      cmocka_unit_test(autocovariance_of_the_ar1_file_matches_stan),
  };
  char path[1024];
  snprintf(path, sizeof path, "%s/bern1.csv", folder());
  FILE *probe = fopen(path, "rb");
  if (probe == NULL) {
    printf("SKIPPED: no Stan data in %s (set PBITLOOP_STAN_DATA)\n", folder());
    return SKIPPED;
  }
  fclose(probe);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
