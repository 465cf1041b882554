#include <time.h>

#include "fake_device.h"
#include "pbl_cmocka.h"
#include "pbl_driver.h"
#include "pbl_regs.h"
#include "pbl_rng.h"

typedef struct {
  pbl_hw hw;
  fake_device *fake;
  pbl_driver *driver;
  pbl_image *image;
  pbl_error err;
} bench;

static pbl_hw odd_hw(void) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 7;
  hw.n_hidden = 6;
  hw.replicas = 15;
  hw.lanes = 5;
  return hw;
}

static void make_image(bench *b) {
  pbl_rbm *model;
  assert_int_equal(pbl_rbm_random(&model, b->hw.n_visible, b->hw.n_hidden, 1.0, 1.0, 11, NULL), 0);
  assert_int_equal(pbl_image_create(&b->image, NULL, model, &b->hw, 1.0, NULL), PBL_OK);
  pbl_rbm_destroy(model);
}

static void open_bench(bench *b, pbl_hw hw, uint64_t timeout_cycles) {
  *b = (bench){.hw = hw};
  const pbl_driver_options options = {.timeout_cycles = timeout_cycles};
  b->fake = fake_device_open(&hw, NULL);
  assert_int_equal(pbl_driver_create(&b->driver, &b->fake->base, &hw, &options, &b->err), PBL_OK);
  make_image(b);
}

static void close_bench(bench *b) {
  pbl_image_destroy(b->image);
  pbl_driver_destroy(b->driver);
}

static void make_ready(bench *b) {
  const size_t n = (size_t)(b->hw.replicas * pbl_hw_pbits(&b->hw));
  signed char *states = malloc(n);
  for (size_t i = 0; i < n; i++) states[i] = i % 3 == 0 ? 1 : -1;
  assert_int_equal(pbl_driver_upload(b->driver, b->image, NULL, &b->err), PBL_OK);
  assert_int_equal(pbl_driver_seed(b->driver, 3, &b->err), PBL_OK);
  assert_int_equal(pbl_driver_set_state(b->driver, states, &b->err), PBL_OK);
  free(states);
}

static void assert_said(const bench *b, const char *text) {
  if (strstr(b->err.message, text) == NULL) fail_msg("no '%s' in: %s", text, b->err.message);
}

static pbl_chains *new_chains(const bench *b, size_t n_draws) {
  pbl_chains *c;
  assert_int_equal(
      pbl_chains_create(&c, (size_t)b->hw.replicas, n_draws, (size_t)pbl_hw_pbits(&b->hw), NULL),
      PBL_OK);
  return c;
}

/* Draw d of every chain is the fake's pattern of sweep first + (d+1)*every. */
static void assert_pattern(const pbl_chains *c, size_t n_draws, uint64_t first, uint64_t every) {
  assert_int_equal(c->n_recorded, n_draws);
  for (size_t chain = 0; chain < c->n_chains; chain++) {
    for (size_t d = 0; d < n_draws; d++) {
      for (size_t p = 0; p < c->n_pbits; p++)
        assert_int_equal(pbl_chains_spin(c, chain, d, p),
                         fake_bit(first + (d + 1) * every, chain, p) ? 1 : -1);
    }
  }
}

static void assert_create_fails(uint32_t address, uint32_t mask, const char *text) {
  bench b = {.hw = odd_hw()};
  bool closed = false;
  b.fake = fake_device_open(&b.hw, &closed);
  b.fake->xor_address = address;
  b.fake->xor_mask = mask;
  assert_int_equal(pbl_driver_create(&b.driver, &b.fake->base, &b.hw, NULL, &b.err), PBL_DEVICE);
  assert_null(b.driver);
  assert_true(closed);
  assert_said(&b, text);
}

static void wrong_identity_is_refused_and_the_device_closed(void **state) {
  (void)state;
  assert_create_fails(PBL_REG_ID, 1, "ID is 0x50424955, expected 0x50424954");
  assert_create_fails(PBL_REG_VERSION, 0x00030000, "VERSION is 2.6");
  assert_create_fails(PBL_REG_SCRATCH, 0x80, "SCRATCH reads 0xA5A5A525");
}

static void every_wrong_caps_field_is_named(void **state) {
  (void)state;
#define WRONG(reg, field) \
  assert_create_fails(PBL_REG_##reg, 1u << PBL_##reg##_##field##_SHIFT, #reg "." #field " is ")
  WRONG(CAPS0, FABRIC);
  WRONG(CAPS0, GENERATOR);
  WRONG(CAPS0, LFSR_STEPS);
  WRONG(CAPS0, ROUNDING);
  WRONG(CAPS0, SHARED);
  WRONG(CAPS_SIZE, VISIBLE);
  WRONG(CAPS_SIZE, HIDDEN);
  WRONG(CAPS_REPLICAS, REPLICAS);
  WRONG(CAPS_REPLICAS, LANES);
  WRONG(CAPS_FORMAT, WEIGHT_BITS);
  WRONG(CAPS_FORMAT, WEIGHT_FRAC);
  WRONG(CAPS_FORMAT, BETA_BITS);
  WRONG(CAPS_FORMAT, BETA_FRAC);
  WRONG(CAPS_ACTIVATION, TABLE_LOG2);
  WRONG(CAPS_ACTIVATION, THRESHOLD_BITS);
  WRONG(CAPS_ACTIVATION, FIELD_BITS);
  WRONG(CAPS_ACTIVATION, RANGE_LOG2);
  WRONG(CAPS_OPTIONS, EXCHANGE);
  WRONG(CAPS_OPTIONS, STATISTICS);
  WRONG(CAPS_OPTIONS, TRACE);
  WRONG(CAPS_OPTIONS, NO_REGULATOR);
#undef WRONG
  assert_create_fails(PBL_REG_CAPS_STAT_PAIRS, 8, "CAPS_STAT_PAIRS is 8, expected 0");
  assert_create_fails(PBL_REG_CAPS_SIZE, 8, "CAPS_SIZE.VISIBLE is 15, expected 7");
}

static void field_bits_zero_means_the_least_width(void **state) {
  (void)state;
  bench b;
  pbl_hw hw = odd_hw();
  hw.field_bits = 0;
  open_bench(&b, hw, 0);
  close_bench(&b);
}

static void upload_writes_the_whole_image(void **state) {
  (void)state;
  bench b;
  open_bench(&b, odd_hw(), 0);
  b.image->clamp[2] = 1;
  make_ready(&b);
  assert_memory_equal(b.fake->image.words, b.image->words, 8 * 7 * sizeof(int32_t));
  assert_memory_equal(b.fake->image.table, b.image->table, 1024 * sizeof(uint32_t));
  assert_memory_equal(b.fake->image.clamp, b.image->clamp, 13);
  assert_int_equal(b.fake->beta, b.image->beta);
  for (size_t i = 0; i < 15 * 13; i++) assert_int_equal(b.fake->state[i], i % 3 == 0);
  close_bench(&b);
}

static void hash_mismatch_shows_both_values_and_refuses_sampling(void **state) {
  (void)state;
  bench b;
  char text[64];
  open_bench(&b, odd_hw(), 0);
  make_ready(&b);
  b.fake->hash_xor = 0x10;
  assert_int_equal(pbl_driver_upload(b.driver, b.image, NULL, &b.err), PBL_HASH);
  const uint32_t hash = pbl_image_hash(b.image);
  snprintf(text, sizeof text, "IMG_HASH is 0x%08X, expected 0x%08X", hash ^ 0x10, hash);
  assert_said(&b, text);
  assert_said(&b, "Sampling is refused");
  assert_int_equal(pbl_driver_run(b.driver, NULL, 1, 1, NULL, &b.err), PBL_INVALID);
  assert_said(&b, "refused");
  assert_int_equal(b.fake->starts, 0);
  close_bench(&b);
}

static void sampling_needs_seed_and_state(void **state) {
  (void)state;
  bench b;
  open_bench(&b, odd_hw(), 0);
  assert_int_equal(pbl_driver_upload(b.driver, b.image, NULL, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 1, 1, NULL, &b.err), PBL_INVALID);
  assert_said(&b, "seeds");
  assert_int_equal(pbl_driver_seed(b.driver, 1, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 1, 1, NULL, &b.err), PBL_INVALID);
  assert_said(&b, "states");
  close_bench(&b);
}

static void new_clamps_are_hashed_again(void **state) {
  (void)state;
  bench b;
  const uint8_t clamp[13] = {1, 0, 1};
  open_bench(&b, odd_hw(), 0);
  make_ready(&b);
  assert_int_equal(pbl_driver_set_clamp(b.driver, clamp, &b.err), PBL_OK);
  assert_memory_equal(b.fake->image.clamp, clamp, 13);
  b.fake->hash_xor = 1;
  assert_int_equal(pbl_driver_set_clamp(b.driver, clamp, &b.err), PBL_HASH);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 1, 1, NULL, &b.err), PBL_INVALID);
  close_bench(&b);
}

static void poked_row_reaches_the_device_unnoticed(void **state) {
  (void)state;
  bench b;
  const int32_t words[7] = {1, -2, 3, -4, 5, -6, 7};
  const uint8_t clamp[13] = {1};
  open_bench(&b, odd_hw(), 0);
  make_ready(&b);
  assert_int_equal(pbl_driver_poke_row(b.driver, 3, words, &b.err), PBL_OK);
  assert_memory_equal(b.fake->image.words + 3 * 7, words, sizeof words);
  assert_memory_equal(b.fake->image.words + 4 * 7, b.image->words + 4 * 7, sizeof words);
  assert_int_equal(pbl_driver_set_clamp(b.driver, clamp, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 1, 1, NULL, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_upload(b.driver, b.image, NULL, &b.err), PBL_OK);
  assert_memory_equal(b.fake->image.words, b.image->words, 8 * 7 * sizeof(int32_t));
  close_bench(&b);
}

static void verify_finds_a_poked_row_and_forbids_sampling(void **state) {
  (void)state;
  bench b;
  const int32_t words[7] = {1, -2, 3, -4, 5, -6, 7};
  open_bench(&b, odd_hw(), 0);
  assert_int_equal(pbl_driver_verify(b.driver, &b.err), PBL_INVALID);
  make_ready(&b);
  assert_int_equal(pbl_driver_verify(b.driver, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_poke_row(b.driver, 3, words, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_verify(b.driver, &b.err), PBL_HASH);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 1, 1, NULL, &b.err), PBL_INVALID);
  close_bench(&b);
}

static void refused_image_write_is_a_device_error(void **state) {
  (void)state;
  bench b;
  open_bench(&b, odd_hw(), 0);
  b.fake->refuse_writes = true;
  assert_int_equal(pbl_driver_upload(b.driver, b.image, NULL, &b.err), PBL_DEVICE);
  assert_said(&b, "STATUS.ERROR");
  close_bench(&b);
}

static void lanes_are_seeded_by_jumps_of_one_stream(void **state) {
  (void)state;
  bench b;
  open_bench(&b, odd_hw(), 0);
  make_ready(&b);
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, 3);
  for (int lane = 0; lane < 6; lane++) { /* and the control generator */
    assert_memory_equal(b.fake->generator[lane], g.s, sizeof g.s);
    pbl_xoshiro_jump(&g);
  }
  close_bench(&b);
}

static void draws_hold_every_replica_at_the_asked_cadence(void **state) {
  (void)state;
  bench b;
  open_bench(&b, odd_hw(), 0);
  make_ready(&b);
  pbl_chains *c = new_chains(&b, 40);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 10, 3, NULL, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_run(b.driver, c, 40, 7, NULL, &b.err), PBL_OK);
  assert_pattern(c, 40, 30, 7);
  pbl_chains_destroy(c);
  close_bench(&b);
}

static void any_number_of_lanes_unpacks(void **state) {
  (void)state;
  for (int lanes = 1; lanes <= 32; lanes++) {
    bench b;
    pbl_hw hw = odd_hw();
    hw.n_visible = 7 + lanes % 5;
    hw.lanes = lanes;
    hw.replicas = 2 * lanes;
    open_bench(&b, hw, 0);
    make_ready(&b);
    pbl_chains *c = new_chains(&b, 3);
    assert_int_equal(pbl_driver_run(b.driver, c, 3, 2, NULL, &b.err), PBL_OK);
    assert_pattern(c, 3, 0, 2);
    pbl_chains_destroy(c);
    close_bench(&b);
  }
}

static void draws_of_a_second_run_are_appended(void **state) {
  (void)state;
  bench b;
  open_bench(&b, odd_hw(), 0);
  make_ready(&b);
  pbl_chains *c = new_chains(&b, 5);
  assert_int_equal(pbl_driver_run(b.driver, c, 2, 2, NULL, &b.err), PBL_OK);
  assert_int_equal(pbl_driver_run(b.driver, c, 3, 2, NULL, &b.err), PBL_OK);
  assert_pattern(c, 5, 0, 2);
  assert_int_equal(pbl_driver_run(b.driver, c, 1, 2, NULL, &b.err), PBL_INVALID);
  pbl_chains_destroy(c);
  close_bench(&b);
}

static void present_state_is_fetched_without_a_sweep(void **state) {
  (void)state;
  bench b;
  open_bench(&b, odd_hw(), 0);
  make_ready(&b);
  pbl_chains *c = new_chains(&b, 1);
  assert_int_equal(pbl_driver_run(b.driver, c, 1, 0, NULL, &b.err), PBL_OK);
  assert_pattern(c, 1, 0, 0);
  pbl_chains_destroy(c);
  close_bench(&b);
}

static pbl_status run_and_lose(bench *b, pbl_chains **c, uint64_t timeout_cycles,
                               void (*fault)(fake_device *)) {
  open_bench(b, odd_hw(), timeout_cycles);
  make_ready(b);
  fault(b->fake);
  *c = new_chains(b, 400);
  return pbl_driver_run(b->driver, *c, 400, 5, NULL, &b->err);
}

static void hang_after_84(fake_device *f) {
  f->hang_after_sweeps = 84;
}
static void never_done(fake_device *f) {
  f->never_done = true;
}
static void stand_still(fake_device *f) {
  f->clock_stands_still = true;
}
static void lose_a_word(fake_device *f) {
  f->lose_a_word = true;
}
static void end_early(fake_device *f) {
  f->end_early = true;
}
static void break_bus(fake_device *f) {
  f->bus_error_address = PBL_REG_STATUS;
}

static void timeout_names_the_late_sample_and_keeps_the_draws(void **state) {
  (void)state;
  bench b;
  pbl_chains *c;
  assert_int_equal(run_and_lose(&b, &c, 0, hang_after_84), PBL_TIMEOUT);
  assert_said(&b, "sample 17 of 400: no stream word for 1000");
  assert_pattern(c, 16, 0, 5);
  pbl_chains_destroy(c);
  close_bench(&b);
}

static void timeout_of_the_options_is_obeyed(void **state) {
  (void)state;
  bench b;
  pbl_chains *c;
  assert_int_equal(run_and_lose(&b, &c, 4300, hang_after_84), PBL_TIMEOUT);
  assert_said(&b, "no stream word for 4300 cycles");
  assert_true(b.fake->cycles < 30000);
  pbl_chains_destroy(c);
  close_bench(&b);
}

static void missing_done_is_a_timeout_that_says_so(void **state) {
  (void)state;
  bench b;
  pbl_chains *c;
  assert_int_equal(run_and_lose(&b, &c, 1000000, never_done), PBL_TIMEOUT);
  assert_said(&b, "no STATUS.DONE");
  assert_int_equal(c->n_recorded, 400);
  pbl_chains_destroy(c);
  close_bench(&b);
}

static void burn_in_timeout_names_the_sweep(void **state) {
  (void)state;
  bench b;
  open_bench(&b, odd_hw(), 100000);
  make_ready(&b);
  hang_after_84(b.fake);
  assert_int_equal(pbl_driver_run(b.driver, NULL, 100, 2, NULL, &b.err), PBL_TIMEOUT);
  assert_said(&b, "sweep 85 of 200");
  close_bench(&b);
}

static void device_clock_that_stands_still_is_a_timeout(void **state) {
  (void)state;
  bench b;
  pbl_chains *c;
  assert_int_equal(run_and_lose(&b, &c, 0, stand_still), PBL_TIMEOUT);
  pbl_chains_destroy(c);
  close_bench(&b);
}

static void hash_that_never_comes_is_a_timeout(void **state) {
  (void)state;
  bench b;
  open_bench(&b, odd_hw(), 100000);
  b.fake->never_hashes = true;
  assert_int_equal(pbl_driver_upload(b.driver, b.image, NULL, &b.err), PBL_TIMEOUT);
  assert_said(&b, "HASH_VALID");
  close_bench(&b);
}

static void lost_word_is_seen_at_the_frame(void **state) {
  (void)state;
  bench b;
  pbl_chains *c;
  assert_int_equal(run_and_lose(&b, &c, 0, lose_a_word), PBL_DEVICE);
  assert_said(&b, "TLAST");
  pbl_chains_destroy(c);
  close_bench(&b);
}

static void missing_last_sample_is_seen(void **state) {
  (void)state;
  bench b;
  pbl_chains *c;
  assert_int_equal(run_and_lose(&b, &c, 0, end_early), PBL_DEVICE);
  assert_said(&b, "ended after 399 of 400 samples");
  pbl_chains_destroy(c);
  close_bench(&b);
}

static void bus_error_names_the_register(void **state) {
  (void)state;
  bench b;
  pbl_chains *c;
  assert_int_equal(run_and_lose(&b, &c, 0, break_bus), PBL_DEVICE);
  assert_said(&b, "fake device: reading STATUS (0x024): SLVERR");
  pbl_chains_destroy(c);
  close_bench(&b);
}

static bool stop_after_sweep_1000(pbl_progress *self, const char *what, uint64_t done,
                                  uint64_t total) {
  (void)self;
  (void)what;
  (void)total;
  return done < 1000;
}

static void interruption_stops_the_device_and_keeps_the_draws(void **state) {
  (void)state;
  bench b;
  pbl_progress stopper = {.report = stop_after_sweep_1000};
  open_bench(&b, odd_hw(), 0);
  make_ready(&b);
  pbl_chains *c = new_chains(&b, 4000);
  assert_int_equal(pbl_driver_run(b.driver, c, 4000, 2, &stopper, &b.err), PBL_INTERRUPTED);
  assert_true(b.fake->stop);
  assert_true(c->n_recorded >= 500 && c->n_recorded < 1500);
  assert_pattern(c, c->n_recorded, 0, 2);
  const uint64_t first = b.fake->sweep_count;
  c->n_recorded = 0;
  assert_int_equal(pbl_driver_run(b.driver, c, 4, 2, NULL, &b.err), PBL_OK);
  assert_pattern(c, 4, first, 2);
  pbl_chains_destroy(c);
  close_bench(&b);
}

static void long_run_is_split_at_multiples_of_every(void **state) {
  (void)state;
  bench b;
  const size_t every = 1000000007u; /* 4 of them fit SWEEPS */
  pbl_progress stopper = {.report = stop_after_sweep_1000};
  open_bench(&b, odd_hw(), 0);
  make_ready(&b);
  pbl_chains *c = new_chains(&b, 9);
  assert_int_equal(pbl_driver_run(b.driver, c, 9, every, &stopper, &b.err), PBL_INTERRUPTED);
  assert_int_equal(b.fake->starts, 1);
  assert_true(b.fake->sweeps_of_start[0] == 4u * 1000000007u);
  assert_int_equal(pbl_driver_run(b.driver, c, 1, (size_t)UINT32_MAX + 1, NULL, &b.err),
                   PBL_INVALID);
  pbl_chains_destroy(c);
  close_bench(&b);
}

static void counters_and_energies_join_low_and_high_words(void **state) {
  (void)state;
  bench b;
  pbl_driver_counters counters;
  int64_t energy[15];
  open_bench(&b, odd_hw(), 0);
  make_ready(&b);
  assert_int_equal(pbl_driver_counters_read(b.driver, &counters, &b.err), PBL_OK);
  assert_true(counters.busy_cycles == 0x123456789abcu);
  assert_int_equal(counters.beta_active, b.image->beta);
  assert_int_equal(pbl_driver_energy(b.driver, energy, &b.err), PBL_OK);
  for (int r = 0; r < 15; r++) assert_true(energy[r] == -(1ll << 40) - r);
  close_bench(&b);
}

static void bad_arguments_are_refused(void **state) {
  (void)state;
  bench b;
  signed char states[15 * 13] = {0};
  open_bench(&b, odd_hw(), 0);
  make_ready(&b);
  assert_int_equal(pbl_driver_set_state(b.driver, states, &b.err), PBL_INVALID);
  assert_int_equal(pbl_driver_set_beta(b.driver, 1u << 16, &b.err), PBL_INVALID);
  assert_int_equal(pbl_driver_poke_row(b.driver, 8, NULL, &b.err), PBL_INVALID);
  assert_int_equal(pbl_driver_probe_select(b.driver, 13, 0, &b.err), PBL_INVALID);
  b.image->hw.threshold_bits = 16;
  assert_int_equal(pbl_driver_upload(b.driver, b.image, NULL, &b.err), PBL_INVALID);
  assert_said(&b, "threshold_bits 16");
  close_bench(&b);
}

/* 16 replicas x 848 p-bits x 4000 draws: unpacking must not be what a run waits for. Most of the
 * time measured here is the fake's. */
static void unpacking_keeps_up(void **state) {
  (void)state;
  bench b;
  pbl_hw hw = odd_hw();
  hw.n_visible = 784;
  hw.n_hidden = 64;
  hw.replicas = hw.lanes = 16;
  open_bench(&b, hw, 0);
  make_ready(&b);
  pbl_chains *c = new_chains(&b, 4000);
  const clock_t start = clock();
  assert_int_equal(pbl_driver_run(b.driver, c, 4000, 1, NULL, &b.err), PBL_OK);
  print_message("4000 draws of 16 x 848: %.2f s\n", (double)(clock() - start) / CLOCKS_PER_SEC);
  assert_int_equal(pbl_chains_spin(c, 9, 3999, 847), fake_bit(4000, 9, 847) ? 1 : -1);
  pbl_chains_destroy(c);
  close_bench(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wrong_identity_is_refused_and_the_device_closed),
      cmocka_unit_test(every_wrong_caps_field_is_named),
      cmocka_unit_test(field_bits_zero_means_the_least_width),
      cmocka_unit_test(upload_writes_the_whole_image),
      cmocka_unit_test(hash_mismatch_shows_both_values_and_refuses_sampling),
      cmocka_unit_test(sampling_needs_seed_and_state),
      cmocka_unit_test(new_clamps_are_hashed_again),
      cmocka_unit_test(poked_row_reaches_the_device_unnoticed),
      cmocka_unit_test(verify_finds_a_poked_row_and_forbids_sampling),
      cmocka_unit_test(refused_image_write_is_a_device_error),
      cmocka_unit_test(lanes_are_seeded_by_jumps_of_one_stream),
      cmocka_unit_test(draws_hold_every_replica_at_the_asked_cadence),
      cmocka_unit_test(any_number_of_lanes_unpacks),
      cmocka_unit_test(draws_of_a_second_run_are_appended),
      cmocka_unit_test(present_state_is_fetched_without_a_sweep),
      cmocka_unit_test(timeout_names_the_late_sample_and_keeps_the_draws),
      cmocka_unit_test(timeout_of_the_options_is_obeyed),
      cmocka_unit_test(missing_done_is_a_timeout_that_says_so),
      cmocka_unit_test(burn_in_timeout_names_the_sweep),
      cmocka_unit_test(device_clock_that_stands_still_is_a_timeout),
      cmocka_unit_test(hash_that_never_comes_is_a_timeout),
      cmocka_unit_test(lost_word_is_seen_at_the_frame),
      cmocka_unit_test(missing_last_sample_is_seen),
      cmocka_unit_test(bus_error_names_the_register),
      cmocka_unit_test(interruption_stops_the_device_and_keeps_the_draws),
      cmocka_unit_test(long_run_is_split_at_multiples_of_every),
      cmocka_unit_test(counters_and_energies_join_low_and_high_words),
      cmocka_unit_test(bad_arguments_are_refused),
      cmocka_unit_test(unpacking_keeps_up),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
