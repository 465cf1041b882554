/* Coupled replicas of the twin: the exact law of the pair (meeting_law.c), the software coupling of
 * the same image, exact moments and exact distances. Seeds are fixed; bounds are in standard
 * errors.
 */
/* clang-format off */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>
/* clang-format on */

#include "meeting_law.h"
#include "pbl_coupling_device.h"
#include "pbl_oracle.h"
#include "pbl_regs.h"

typedef struct {
  pbl_hw hw;
  pbl_driver *driver;
  pbl_image *image;
  pbl_rbm *model; /* what the image holds */
} bench;

static pbl_hw shape(int visible, int hidden, int replicas, int lanes) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = visible;
  hw.n_hidden = hidden;
  hw.replicas = replicas;
  hw.lanes = lanes;
  return hw;
}

static void open_bench(bench *b, pbl_device *dev, const pbl_hw *hw, const pbl_rbm *model,
                       double beta) {
  *b = (bench){.hw = *hw};
  if (!dev) assert_int_equal(pbl_twin_open(&dev, hw, NULL), PBL_OK);
  assert_int_equal(pbl_image_create(&b->image, NULL, model, hw, beta, NULL), PBL_OK);
  assert_int_equal(pbl_image_dequantise(&b->model, b->image, model, NULL), PBL_OK);
  assert_int_equal(pbl_driver_create(&b->driver, dev, hw, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_driver_upload(b->driver, b->image, NULL, NULL), PBL_OK);
}

static void close_bench(bench *b) {
  pbl_driver_destroy(b->driver);
  pbl_image_destroy(b->image);
  pbl_rbm_destroy(b->model);
}

static pbl_coupling_result couple(bench *b, const pbl_coupling_options *opt) {
  pbl_coupling_result r;
  pbl_error err = {0};
  if (pbl_coupling_run_device(&r, b->driver, opt, NULL, &err) != PBL_OK)
    fail_msg("%s", err.message);
  assert_int_equal(r.n_met, opt->n_pairs);
  return r;
}

/* The published eight spins in the finest formats of a device. */
static pbl_rbm *eight_spin_model(void) {
  double w[25];
  pbl_rbm *m = NULL;
  eight_spins(w);
  assert_int_equal(pbl_rbm_create(&m, SPINS_V, SPINS_H, NULL), PBL_OK);
  for (size_t i = 0; i < 4; i++) {
    for (size_t j = 0; j < 4; j++) m->w[i * 4 + j] = (float)w[i * 5 + j];
    m->b[i] = (float)w[i * 5 + 4];
    m->c[i] = (float)w[20 + i];
  }
  return m;
}

/* Mean of T - L, the share of pairs late at its 95 % quantile 30, and the distance bound at 50
 * sweeps, against the exact law at beta .45; 4 standard errors (6e-5) each. The table's steps of
 * 1/256 change probabilities by 5e-4 at most, the means by less than their errors. */
static void meeting_times_of_the_twin_follow_the_exact_law(void **state) {
  (void)state;
  enum { HORIZON = 500 };
  bench b;
  double w[25], apart[HORIZON], mean = 0.0, square = 0.0, bound = 0.0, bound2 = 0.0;
  pbl_hw hw = shape(SPINS_V, SPINS_H, 256, 32);
  hw.weight_int = 3;
  hw.weight_frac = 12;
  hw.table_size = 4096;
  hw.threshold_bits = 32;
  pbl_rbm *m = eight_spin_model();
  open_bench(&b, NULL, &hw, m, 0.45);
  const pbl_coupling_options opt = {
      .n_pairs = 8000, .lag = 30, .k = 30, .m = 40, .max_sweeps = 100000, .seed = 17};
  eight_spins(w);
  meeting_law(apart, HORIZON, w, 0.45, 30);
  for (size_t k = 0; k < HORIZON; k++) {
    mean += apart[k];
    square += (2.0 * (double)k + 1.0) * apart[k];
  }
  for (size_t k = 50, n = 0; k < HORIZON; k += 30, n++) {
    bound += apart[k];
    bound2 += (2.0 * (double)n + 1.0) * apart[k];
  }
  pbl_coupling_result r = couple(&b, &opt);
  double late = 0.0;
  for (size_t p = 0; p < r.n_pairs; p++) late += (double)(r.meeting[p] - 30 > 30) / 8000.0;
  const double z_mean =
      (pbl_coupling_meeting_mean(&r) - mean) / sqrt((square - mean * mean) / 8000.0);
  const double z_late = (late - apart[30]) / sqrt(apart[30] * (1.0 - apart[30]) / 8000.0);
  const double z_bound =
      (pbl_coupling_tv_bound(NULL, &r, 50) - bound) / sqrt((bound2 - bound * bound) / 8000.0);
  print_message("T - L: mean %.3f, exact %.3f; z %.2f, %.2f, %.2f\n", pbl_coupling_meeting_mean(&r),
                mean, z_mean, z_late, z_bound);
  assert_true(fabs(z_mean) < 4.0 && fabs(z_late) < 4.0 && fabs(z_bound) < 4.0);
  pbl_coupling_result_free(&r);
  close_bench(&b);
  pbl_rbm_destroy(m);
}

/* Y_0 is uniform on 16 states whatever X does: P(T = L) = 1/16, 250 +- 15.3 of 4000. */
static void a_pair_may_meet_at_once(void **state) {
  (void)state;
  const pbl_hw hw = shape(2, 2, 64, 32);
  const pbl_coupling_options opt = {
      .n_pairs = 4000, .lag = 3, .k = 0, .m = 4, .max_sweeps = 100000, .seed = 5};
  pbl_rbm *m = NULL;
  bench b;
  assert_int_equal(pbl_rbm_random(&m, 2, 2, 0.3, 0.1, 8, NULL), PBL_OK);
  open_bench(&b, NULL, &hw, m, 1.0);
  pbl_coupling_result r = couple(&b, &opt);
  int at_once = 0;
  for (size_t p = 0; p < r.n_pairs; p++) at_once += r.meeting[p] == 3;
  assert_true(abs(at_once - 250) < 4 * 15.3);
  pbl_coupling_result_free(&r);
  close_bench(&b);
  pbl_rbm_destroy(m);
}

/* 6 x 6 in the default formats with a coarse table: the law of the image is not that of the model.
 */
static void open_six(bench *b, int replicas, int lanes) {
  pbl_rbm *m = NULL;
  pbl_hw hw = shape(6, 6, replicas, lanes);
  hw.table_size = 32;
  hw.threshold_bits = 10;
  assert_int_equal(pbl_rbm_random(&m, 6, 6, 0.4, 0.2, 8, NULL), PBL_OK);
  open_bench(b, NULL, &hw, m, 0.8);
  pbl_rbm_destroy(m);
}

static const pbl_coupling_options six = {
    .n_pairs = 5000, .lag = 12, .k = 12, .m = 120, .max_sweeps = 100000, .seed = 23, .threads = 1};

/* Largest distance of two samples' distribution functions, in units of sqrt(1/n + 1/m). */
static double kolmogorov(const pbl_coupling_result *a, const pbl_coupling_result *b) {
  double worst = 0.0;
  for (uint64_t t = 0; t < 2000; t++) {
    double fa = 0.0, fb = 0.0;
    for (size_t p = 0; p < a->n_pairs; p++) fa += (double)(a->meeting[p] <= t);
    for (size_t p = 0; p < b->n_pairs; p++) fb += (double)(b->meeting[p] <= t);
    worst = fmax(worst, fabs(fa / (double)a->n_pairs - fb / (double)b->n_pairs));
  }
  return worst / sqrt(1.0 / (double)a->n_pairs + 1.0 / (double)b->n_pairs);
}

static void check_against_software(pbl_kernel kernel, int replicas, int lanes) {
  bench b;
  pbl_coupling_law *law = NULL;
  pbl_coupling_result software;
  open_six(&b, replicas, lanes);
  assert_int_equal(pbl_driver_set_kernel(b.driver, kernel, NULL), PBL_OK);
  assert_int_equal(pbl_coupling_law_image(&law, b.image, b.image->beta, kernel, NULL), PBL_OK);
  assert_int_equal(pbl_coupling_run(&software, law, &six, NULL, NULL), PBL_OK);
  pbl_coupling_result device = couple(&b, &six);
  const double d = kolmogorov(&device, &software);
  print_message("T - L: mean %.2f, software %.2f; distance %.2f\n",
                pbl_coupling_meeting_mean(&device), pbl_coupling_meeting_mean(&software), d);
  assert_true(d < 2.3); /* P = 2 exp(-2 2.3^2) = 5e-5, less for whole numbers */
  pbl_coupling_result_free(&device);
  pbl_coupling_result_free(&software);
  pbl_coupling_law_destroy(law);
  close_bench(&b);
}

static void meeting_times_have_the_law_of_the_software_coupling(void **state) {
  (void)state;
  check_against_software(PBL_KERNEL_CYCLIC, 256, 32);
  check_against_software(PBL_KERNEL_PALINDROMIC, 24, 4);
}

/* 48 moments, P(max |z| > 4.5) = 48 * 7e-6 = 3e-4 for another seed. The ideal law is farther off.
 */
static double worst_z(const pbl_coupling_result *r, const pbl_oracle *o) {
  double first[12], second[144], worst = 0.0;
  pbl_oracle_moments(o, first, second);
  assert_int_equal(r->n_moments, 48);
  for (size_t k = 0; k < 48; k++) {
    const double exact = k < 12 ? first[k] : second[((k - 12) / 6) * 12 + 6 + (k - 12) % 6];
    double error;
    const double mean = pbl_coupling_mean(&error, r, k);
    worst = fmax(worst, fabs(mean - exact) / error);
  }
  return worst;
}

static void moments_of_the_device_are_unbiased(void **state) {
  (void)state;
  bench b;
  pbl_oracle *image = NULL, *ideal = NULL;
  pbl_coupling_options opt = six;
  open_six(&b, 256, 32);
  assert_int_equal(pbl_oracle_create_image(&image, b.image, b.image->beta, PBL_KERNEL_CYCLIC, NULL),
                   PBL_OK);
  assert_int_equal(pbl_oracle_create_model(&ideal, b.model, 0.8, PBL_KERNEL_CYCLIC, NULL), PBL_OK);
  pbl_coupling_result r = couple(&b, &opt);
  print_message("worst z: %.2f of the image's law, %.2f of the ideal one\n", worst_z(&r, image),
                worst_z(&r, ideal));
  assert_true(worst_z(&r, image) < 4.5);
  assert_true(worst_z(&r, ideal) > 10.0);
  pbl_coupling_result_free(&r);
  opt.n_pairs = 20000; /* a run so short that nearly all of it is correction */
  opt.lag = 2;
  opt.k = 0;
  opt.m = 5;
  r = couple(&b, &opt);
  assert_true(worst_z(&r, image) < 4.5);
  pbl_coupling_result_free(&r);
  opt.n_pairs = 2000; /* a lead of more than one read-out */
  opt.lag = 257;
  r = couple(&b, &opt);
  assert_true(worst_z(&r, image) < 4.5);
  pbl_coupling_result_free(&r);
  pbl_oracle_destroy(image);
  pbl_oracle_destroy(ideal);
  close_bench(&b);
}

static void the_bound_lies_above_the_exact_distance(void **state) {
  (void)state;
  bench b;
  pbl_oracle *o = NULL;
  open_six(&b, 256, 32);
  assert_int_equal(pbl_oracle_create_image(&o, b.image, b.image->beta, PBL_KERNEL_CYCLIC, NULL),
                   PBL_OK);
  pbl_coupling_result r = couple(&b, &six);
  double *q = malloc(4096 * sizeof *q);
  for (size_t x = 0; x < 4096; x++) q[x] = 1.0 / 4096;
  for (uint64_t t = 0; t <= 12; t++) {
    double exact = 0.0, upper;
    for (size_t x = 0; x < 4096; x++) exact += 0.5 * fabs(q[x] - pbl_oracle_law(o)[x]);
    const double bound = pbl_coupling_tv_bound(&upper, &r, t);
    if (t % 4 == 0) print_message("t %d: distance %.5f, bound %.5f\n", (int)t, exact, bound);
    assert_true(bound > exact);
    pbl_oracle_forward(o, q);
  }
  free(q);
  pbl_coupling_result_free(&r);
  pbl_oracle_destroy(o);
  close_bench(&b);
}

/* --- a device that ignores CONFIG.COUPLED ---------------------------------------------------- */

typedef struct {
  pbl_device base;
  pbl_device *twin;
} deaf;

static pbl_device *inner(const pbl_device *dev) {
  return ((const deaf *)dev)->twin;
}
static void deaf_close(pbl_device *dev) {
  inner(dev)->ops->close(inner(dev));
}
static pbl_status deaf_read(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err) {
  return inner(dev)->ops->read32(inner(dev), value, address, err);
}
static pbl_status deaf_write(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err) {
  if (address == PBL_REG_CONFIG) value &= ~PBL_CONFIG_COUPLED_MASK;
  return inner(dev)->ops->write32(inner(dev), address, value, err);
}
static pbl_status deaf_stream(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max, size_t *n,
                              pbl_error *err) {
  return inner(dev)->ops->stream_read(inner(dev), dst, last, max, n, err);
}
static pbl_status deaf_telemetry(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max,
                                 size_t *n, pbl_error *err) {
  return inner(dev)->ops->telemetry_read(inner(dev), dst, last, max, n, err);
}
static pbl_status deaf_advance(pbl_device *dev, uint64_t max, pbl_error *err) {
  return inner(dev)->ops->advance(inner(dev), max, err);
}
static uint64_t deaf_cycles(const pbl_device *dev) {
  return inner(dev)->ops->cycles(inner(dev));
}

static void replicas_that_are_not_coupled_are_found(void **state) {
  (void)state;
  static const pbl_device_ops ops = {.name = "deaf",
                                     .close = deaf_close,
                                     .read32 = deaf_read,
                                     .write32 = deaf_write,
                                     .stream_read = deaf_stream,
                                     .telemetry_read = deaf_telemetry,
                                     .advance = deaf_advance,
                                     .cycles = deaf_cycles};
  const pbl_hw hw = shape(2, 2, 8, 4); /* 16 states: chains meet by chance */
  deaf device = {.base = {&ops}};
  pbl_rbm *m = NULL;
  bench b;
  pbl_coupling_result r;
  pbl_error err = {0};
  assert_int_equal(pbl_twin_open(&device.twin, &hw, NULL), PBL_OK);
  assert_int_equal(pbl_rbm_random(&m, 2, 2, 0.3, 0.1, 8, NULL), PBL_OK);
  open_bench(&b, &device.base, &hw, m, 1.0);
  assert_int_equal(pbl_coupling_run_device(&r, b.driver, &six, NULL, &err), PBL_DEVICE);
  assert_non_null(strstr(err.message, "parted"));
  assert_null(r.h);
  close_bench(&b);
  pbl_rbm_destroy(m);
}

static void what_cannot_be_coupled_is_refused(void **state) {
  (void)state;
  bench b;
  pbl_coupling_result r;
  uint8_t clamp[12] = {0, 0, 1};
  pbl_coupling_options opt = six;
  open_six(&b, 6, 3);
  assert_int_equal(pbl_coupling_run_device(&r, b.driver, &six, NULL, NULL), PBL_INVALID);
  close_bench(&b);
  open_six(&b, 6, 2);
  opt.n_pairs = 1;
  assert_int_equal(pbl_coupling_run_device(&r, b.driver, &opt, NULL, NULL), PBL_INVALID);
  assert_int_equal(pbl_driver_set_clamp(b.driver, clamp, NULL), PBL_OK);
  assert_int_equal(pbl_coupling_run_device(&r, b.driver, &six, NULL, NULL), PBL_INVALID);
  close_bench(&b);
}

static void pairs_that_do_not_meet_leave_no_number_to_trust(void **state) {
  (void)state;
  bench b;
  pbl_coupling_options opt = six;
  pbl_coupling_result r;
  double error;
  open_six(&b, 32, 32);
  opt.n_pairs = 100;
  opt.lag = 1;
  opt.k = opt.m = 0;
  opt.max_sweeps = 2;
  assert_int_equal(pbl_coupling_run_device(&r, b.driver, &opt, NULL, NULL), PBL_OK);
  assert_true(r.n_met < r.n_pairs);
  assert_true(isinf(pbl_coupling_tv_bound(NULL, &r, 1000)));
  assert_true(isnan(pbl_coupling_mean(&error, &r, 0)));
  pbl_coupling_result_free(&r);
  close_bench(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(meeting_times_of_the_twin_follow_the_exact_law),
      cmocka_unit_test(a_pair_may_meet_at_once),
      cmocka_unit_test(meeting_times_have_the_law_of_the_software_coupling),
      cmocka_unit_test(moments_of_the_device_are_unbiased),
      cmocka_unit_test(the_bound_lies_above_the_exact_distance),
      cmocka_unit_test(replicas_that_are_not_coupled_are_found),
      cmocka_unit_test(what_cannot_be_coupled_is_refused),
      cmocka_unit_test(pairs_that_do_not_meet_leave_no_number_to_trust),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
