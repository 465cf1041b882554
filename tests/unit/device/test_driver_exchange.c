/* The driver's side of replica exchange, on the twin: chains by rung, labels, counters, refusals.
 */
#include <string.h>

#include "pbl_cmocka.h"
#include "pbl_driver.h"
#include "pbl_lattice_model.h"
#include "pbl_regs.h"

enum { LANES = 3, RUNGS = 4, REPLICAS = LANES * RUNGS };

typedef struct {
  pbl_hw hw;
  pbl_image *image;
  pbl_driver *d;
  pbl_error err;
} bench;

static bench the;

static void must(pbl_status status) {
  if (status != PBL_OK) fail_msg("%s", the.err.message);
}

static void must_say(pbl_status status, pbl_status expected, const char *text) {
  assert_int_equal(status, expected);
  if (!strstr(the.err.message, text)) fail_msg("no '%s' in: %s", text, the.err.message);
}

static void open_bench(pbl_fabric fabric, int exchange) {
  pbl_rbm *model = NULL;
  pbl_device *dev = NULL;
  signed char states[REPLICAS * 16];
  the = (bench){.hw = pbl_hw_default()};
  the.hw.n_visible = 7;
  the.hw.n_hidden = 5;
  if (fabric == PBL_FABRIC_LATTICE) {
    pbl_hw_set_lattice(&the.hw, 4, 0);
    const pbl_lattice_law law = {.couplings = PBL_GAUSSIAN, .scale = 0.5, .seed = 4};
    must(pbl_lattice_model(&model, &the.hw.lattice, &law, &the.err));
  } else {
    must(pbl_rbm_random(&model, 7, 5, 0.5, 0.5, 11, &the.err));
  }
  the.hw.lanes = LANES;
  the.hw.replicas = REPLICAS;
  the.hw.exchange = exchange;
  must(pbl_image_create(&the.image, NULL, model, &the.hw, 1.0, &the.err));
  pbl_rbm_destroy(model);
  must(pbl_twin_open(&dev, &the.hw, &the.err));
  must(pbl_driver_create(&the.d, dev, &the.hw, NULL, &the.err));
  must(pbl_driver_upload(the.d, the.image, NULL, &the.err));
  must(pbl_driver_seed(the.d, 3, &the.err));
  for (size_t i = 0; i < sizeof states; i++) states[i] = i % 3 == 0 ? 1 : -1;
  must(pbl_driver_set_state(the.d, states, &the.err));
}

static void close_bench(void) {
  pbl_driver_destroy(the.d);
  pbl_image_destroy(the.image);
}

static void use_ladder(bool on) {
  pbl_regulator_words words = pbl_regulator_words_default();
  words.ladder = on;
  must(pbl_driver_set_regulator(the.d, &words, &the.err));
}

static void begin(uint32_t every, bool random) {
  const pbl_ladder_words words = {
      .n = RUNGS, .beta = {4096, 3500, 2800, 2000}, .every = every, .random = random};
  must(pbl_driver_set_ladder(the.d, &words, &the.err));
  must(pbl_driver_ladder_clear(the.d, &the.err));
  use_ladder(true);
}

static pbl_chains *store(size_t draws, bool labels) {
  pbl_chains *c = NULL;
  must(pbl_chains_create(&c, REPLICAS, draws, (size_t)pbl_hw_pbits(&the.hw), &the.err));
  if (labels) must(pbl_chains_create_labels(c, &the.err));
  return c;
}

/* Draw t of `by_rung` against states in the order of the replicas. */
static void check_draw(const pbl_chains *by_rung, size_t t, const pbl_chains *by_replica) {
  const uint8_t *label = pbl_chains_labels(by_rung, t);
  for (size_t r = 0; r < REPLICAS; r++) {
    const size_t chain = (size_t)label[r] * LANES + r % LANES;
    assert_memory_equal(pbl_chains_row(by_rung, chain, t), pbl_chains_row(by_replica, r, 0),
                        by_rung->row_bytes);
  }
}

/* The present states without a sweep, in another mode: no ladder. */
static pbl_chains *present(void) {
  pbl_chains *c = store(1, false);
  use_ladder(false);
  must(pbl_driver_run(the.d, c, 1, 0, NULL, &the.err));
  use_ladder(true);
  return c;
}

static void chains_are_rungs(pbl_fabric fabric, bool random) {
  bool moved = false;
  open_bench(fabric, 1);
  begin(2, random);
  pbl_chains *c = store(40, true);
  for (size_t t = 0; t < 40; t++) {
    must(pbl_driver_run(the.d, c, 1, t % 3 + 1, NULL, &the.err));
    pbl_chains *now = present();
    check_draw(c, t, now);
    pbl_chains_destroy(now);
    for (size_t r = 0; r < REPLICAS; r++) moved = moved || pbl_chains_labels(c, t)[r] != r / LANES;
  }
  assert_true(moved);
  pbl_chains_destroy(c);
  close_bench();
}

static void chains_of_the_dense_fabric_are_rungs(void **state) {
  (void)state;
  chains_are_rungs(PBL_FABRIC_DENSE, false);
}

static void chains_of_the_lattice_are_rungs(void **state) {
  (void)state;
  chains_are_rungs(PBL_FABRIC_LATTICE, true);
}

/* The same run once with 30 draws, once with as many runs of one. */
static void one_run_draws_what_many_draw(void **state) {
  (void)state;
  for (int fabric = PBL_FABRIC_DENSE; fabric <= PBL_FABRIC_LATTICE; fabric++) {
    pbl_chains *c[2];
    for (int k = 0; k < 2; k++) {
      open_bench((pbl_fabric)fabric, 1);
      begin(1, false);
      c[k] = store(30, true);
      for (int t = 0; t < 30 && k == 1; t++)
        must(pbl_driver_run(the.d, c[k], 1, 2, NULL, &the.err));
      if (k == 0) must(pbl_driver_run(the.d, c[k], 30, 2, NULL, &the.err));
      assert_int_equal(c[k]->n_recorded, 30);
      close_bench();
    }
    assert_memory_equal(c[0]->label, c[1]->label, 30 * REPLICAS);
    assert_memory_equal(c[0]->bits, c[1]->bits, REPLICAS * 30 * c[0]->row_bytes);
    pbl_chains_destroy(c[0]);
    pbl_chains_destroy(c[1]);
  }
}

/* No sweep, no label frame: the labels in force say which chain is which. */
static void the_present_state_comes_by_rung_too(void **state) {
  (void)state;
  open_bench(PBL_FABRIC_DENSE, 1);
  begin(1, false);
  must(pbl_driver_run(the.d, NULL, 7, 1, NULL, &the.err));
  pbl_chains *c = store(1, true), *now = present();
  uint8_t labels[REPLICAS];
  must(pbl_driver_run(the.d, c, 1, 0, NULL, &the.err));
  must(pbl_driver_labels_read(the.d, labels, &the.err));
  assert_memory_equal(pbl_chains_labels(c, 0), labels, REPLICAS);
  check_draw(c, 0, now);
  pbl_chains_destroy(c);
  pbl_chains_destroy(now);
  close_bench();
}

/* 4 rungs of 3 lanes: an even pass tries pairs 0 and 2, an odd one pair 1, in each lane. */
static void counters_and_position_are_read(void **state) {
  (void)state;
  pbl_exchange_state x;
  open_bench(PBL_FABRIC_DENSE, 1);
  begin(3, false);
  must(pbl_driver_run(the.d, NULL, 10, 1, NULL, &the.err)); /* passes after 3, 6, 9 */
  must(pbl_driver_exchange_read(the.d, &x, &the.err));
  assert_int_equal(x.tries[0], 2 * LANES);
  assert_int_equal(x.tries[1], LANES);
  assert_int_equal(x.tries[2], 2 * LANES);
  assert_int_equal(x.tries[3], 0);
  assert_int_equal(x.sweeps, 1);
  assert_true(x.odd);
  for (int k = 0; k < 3; k++) assert_true(x.accepts[k] <= x.tries[k]);
  must(pbl_driver_ladder_clear(the.d, &the.err));
  must(pbl_driver_exchange_read(the.d, &x, &the.err));
  assert_int_equal(x.sweeps, 0);
  assert_false(x.odd);
  assert_int_equal(x.tries[0], 2 * LANES);
  close_bench();
}

static void labels_are_written_and_read(void **state) {
  (void)state;
  uint8_t labels[REPLICAS], read[REPLICAS];
  open_bench(PBL_FABRIC_DENSE, 1);
  begin(0, false);
  for (int r = 0; r < REPLICAS; r++) labels[r] = (uint8_t)((r / LANES + 1 + r % LANES) % RUNGS);
  must(pbl_driver_labels_write(the.d, labels, &the.err));
  must(pbl_driver_labels_read(the.d, read, &the.err));
  assert_memory_equal(read, labels, REPLICAS);
  pbl_chains *c = store(2, true);
  must(pbl_driver_run(the.d, c, 2, 1, NULL, &the.err));
  assert_memory_equal(pbl_chains_labels(c, 1), labels, REPLICAS);
  pbl_chains_destroy(c);
  labels[0] = labels[LANES];
  must_say(pbl_driver_labels_write(the.d, labels, &the.err), PBL_INVALID, "permutation");
  labels[0] = 200;
  must_say(pbl_driver_labels_write(the.d, labels, &the.err), PBL_INVALID, "permutation");
  close_bench();
}

/* Written past the driver. */
static void labels_that_are_no_permutation_stop_a_run(void **state) {
  (void)state;
  open_bench(PBL_FABRIC_DENSE, 1);
  begin(0, false);
  pbl_device *dev = pbl_driver_device(the.d);
  dev->ops->write32(dev, PBL_REG_IMG_SELECT, 7, NULL);
  dev->ops->write32(dev, PBL_REG_IMG_ADDRESS, 0, NULL);
  dev->ops->write32(dev, PBL_REG_IMG_DATA, 2, NULL);
  pbl_chains *c = store(3, false);
  must_say(pbl_driver_run(the.d, c, 3, 1, NULL, &the.err), PBL_DEVICE, "labels of sample 1");
  pbl_chains_destroy(c);
  close_bench();
}

static void what_does_not_fit_is_refused(void **state) {
  (void)state;
  pbl_ladder_words words = {.n = RUNGS, .beta = {1, 1, 1, 1}};
  pbl_regulator_words regulator = pbl_regulator_words_default();
  open_bench(PBL_FABRIC_DENSE, 1);
  words.n = 3;
  must_say(pbl_driver_set_ladder(the.d, &words, &the.err), PBL_INVALID, "4 contexts");
  words.n = RUNGS;
  words.beta[3] = 1 << 16;
  must_say(pbl_driver_set_ladder(the.d, &words, &the.err), PBL_INVALID, "of rung 3");
  regulator.ladder = regulator.scheduled = true;
  must_say(pbl_driver_set_regulator(the.d, &regulator, &the.err), PBL_INVALID, "two of them");
  regulator.scheduled = false;
  regulator.mode = PBL_REGULATOR_GUARD;
  must_say(pbl_driver_set_regulator(the.d, &regulator, &the.err), PBL_INVALID, "two of them");
  must_say(pbl_driver_set_kernel(the.d, PBL_KERNEL_RANDOM_SITE, &the.err), PBL_INVALID, "sparse");
  close_bench();
}

static void a_device_without_the_option_says_so(void **state) {
  (void)state;
  const pbl_ladder_words words = {.n = RUNGS};
  pbl_regulator_words regulator = pbl_regulator_words_default();
  pbl_exchange_state x;
  uint8_t labels[REPLICAS] = {0};
  open_bench(PBL_FABRIC_DENSE, 0);
  regulator.ladder = true;
  const char *text = "without replica exchange";
  must_say(pbl_driver_set_ladder(the.d, &words, &the.err), PBL_INVALID, text);
  must_say(pbl_driver_ladder_clear(the.d, &the.err), PBL_INVALID, text);
  must_say(pbl_driver_labels_read(the.d, labels, &the.err), PBL_INVALID, text);
  must_say(pbl_driver_labels_write(the.d, labels, &the.err), PBL_INVALID, text);
  must_say(pbl_driver_exchange_read(the.d, &x, &the.err), PBL_INVALID, text);
  must_say(pbl_driver_set_regulator(the.d, &regulator, &the.err), PBL_INVALID, text);
  close_bench();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chains_of_the_dense_fabric_are_rungs),
      cmocka_unit_test(chains_of_the_lattice_are_rungs),
      cmocka_unit_test(one_run_draws_what_many_draw),
      cmocka_unit_test(the_present_state_comes_by_rung_too),
      cmocka_unit_test(counters_and_position_are_read),
      cmocka_unit_test(labels_are_written_and_read),
      cmocka_unit_test(labels_that_are_no_permutation_stop_a_run),
      cmocka_unit_test(what_does_not_fit_is_refused),
      cmocka_unit_test(a_device_without_the_option_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
