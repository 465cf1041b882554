/* Fashion-MNIST against its published figures; skipped by name where the package is missing. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <math.h>

#include "pbl_dataset.h"

/* Published: 60000 and 10000 images of 28 x 28; mean of the training pixels 0.2860 of 255, given
 * to four digits, which leaves 0.00005 * 255 = 0.013 either way. */
static void fashion_mnist_has_its_published_sizes_and_mean(void **state) {
  (void)state;
  pbl_images im;
  pbl_error err;
  const pbl_status status = pbl_dataset_load(&im, "fashion-mnist", "train", NULL, 0, 0, &err);
  if (status == PBL_NOT_FOUND) {
    print_message("skipped: %s\n", err.message);
    skip();
  }
  assert_int_equal(status, PBL_OK);
  assert_int_equal(im.n_images, 60000);
  assert_true(im.rows == 28 && im.cols == 28);
  uint64_t sum = 0;
  for (size_t k = 0; k < im.n_images * 784; k++) sum += im.pixels[k];
  assert_true(fabs((double)sum / (60000.0 * 784) - 0.2860 * 255) < 0.013);
  pbl_images_free(&im);
  assert_int_equal(pbl_dataset_load(&im, "fashion-mnist", "test", "", 0, 0, NULL), PBL_OK);
  assert_int_equal(im.n_images, 10000);
  assert_true(im.rows == 28 && im.cols == 28);
  pbl_images_free(&im);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fashion_mnist_has_its_published_sizes_and_mean),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
