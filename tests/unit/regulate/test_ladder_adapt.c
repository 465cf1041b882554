/* Betas of a ladder: constant ratio, and equal rejections. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>

#include "pbl_ladder.h"

static void geometric_betas_have_one_ratio_and_exact_ends(void **state) {
  (void)state;
  double beta[4];
  pbl_ladder_geometric(beta, 4, 1.0, 0.125);
  assert_true(beta[0] == 1.0 && beta[3] == 0.125);
  assert_true(fabs(beta[1] - 0.5) < 1e-15 && fabs(beta[2] - 0.25) < 1e-15);
}

static void equal_rejections_leave_the_betas(void **state) {
  (void)state;
  double beta[5] = {2.0, 1.1, 0.7, 0.3, 0.1};
  const double before[5] = {2.0, 1.1, 0.7, 0.3, 0.1}, reject[4] = {0.3, 0.3, 0.3, 0.3};
  pbl_ladder_adapt(beta, reject, 5);
  for (int k = 0; k < 5; k++) assert_true(fabs(beta[k] - before[k]) < 1e-12);
}

/* Rejections of a model whose cumulated rejections are c ln(1/beta): even in a constant ratio. */
static void known_barrier_is_divided_evenly(void **state) {
  (void)state;
  enum { N = 24 };
  double beta[N], ideal[N], reject[N - 1];
  pbl_ladder_geometric(ideal, N, 1.0, 0.1);
  for (int k = 0; k < N; k++) beta[k] = 1.0 - 0.9 * k / (N - 1);
  for (int round = 0; round < 6; round++) {
    for (int k = 0; k + 1 < N; k++) reject[k] = 0.8 * log(beta[k] / beta[k + 1]);
    pbl_ladder_adapt(beta, reject, N);
  }
  /* the cubic's own error falls with the rounds, since its nodes become the answer */
  for (int k = 0; k < N; k++) assert_true(fabs(beta[k] / ideal[k] - 1.0) < 1e-4);
}

/* A rejection of 0 between others, and all refused: falling betas between the ends. */
static void betas_stay_in_order_whatever_was_counted(void **state) {
  (void)state;
  static const double rejects[3][4] = {{0, 1, 0, 0}, {0, 0, 0, 0}, {1, 0.001, 0, 1}};
  for (int c = 0; c < 3; c++) {
    double beta[5] = {4.0, 1.0, 0.9, 0.2, 0.1};
    pbl_ladder_adapt(beta, rejects[c], 5);
    assert_true(beta[0] == 4.0 && beta[4] == 0.1);
    for (int k = 0; k + 1 < 5; k++) assert_true(beta[k] > beta[k + 1]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(geometric_betas_have_one_ratio_and_exact_ends),
      cmocka_unit_test(equal_rejections_leave_the_betas),
      cmocka_unit_test(known_barrier_is_divided_evenly),
      cmocka_unit_test(betas_stay_in_order_whatever_was_counted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
