/* The streamed words against the words that the bit-exact twin really draws, and the stream's ends.
 */
/* clang-format off */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after the above */
#include <cmocka.h>
/* clang-format on */

#include "pbl_driver.h"
#include "pbl_twin.h"
#include "pbl_word_stream.h"

#define LANES 4
#define PBITS 5
#define SWEEPS 40
#define WORDS (PBITS * SWEEPS) /* of one lane */

typedef struct {
  size_t n[LANES];
  uint32_t word[LANES][WORDS];
} drawn;

static void collect(void *user, const pbl_twin_update *u) {
  drawn *d = user;
  if (d->n[u->lane] < WORDS) d->word[u->lane][d->n[u->lane]++] = u->random_word;
}

/* What the device draws in its first sweeps after being seeded by the driver. */
static void device_words(drawn *d, pbl_generator generator, int steps, uint64_t seed) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 3;
  hw.n_hidden = 2;
  hw.lanes = hw.replicas = LANES;
  hw.generator = generator;
  hw.lfsr_steps = steps;
  pbl_rbm *m = NULL;
  pbl_image *im = NULL;
  pbl_device *dev = NULL;
  pbl_driver *driver = NULL;
  signed char states[LANES * PBITS];
  memset(states, 1, sizeof states);
  memset(d, 0, sizeof *d);
  assert_int_equal(pbl_rbm_random(&m, 3, 2, 0.5, 0.2, 1, NULL), PBL_OK);
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, NULL), PBL_OK);
  assert_int_equal(pbl_twin_open(&dev, &hw, NULL), PBL_OK);
  assert_int_equal(pbl_driver_create(&driver, dev, &hw, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_driver_upload(driver, im, NULL, NULL), PBL_OK);
  assert_int_equal(pbl_driver_seed(driver, seed, NULL), PBL_OK);
  assert_int_equal(pbl_driver_set_state(driver, states, NULL), PBL_OK);
  assert_int_equal(pbl_twin_set_trace(dev, collect, d, NULL), PBL_OK);
  assert_int_equal(pbl_driver_run(driver, NULL, SWEEPS, 1, NULL, NULL), PBL_OK);
  for (int l = 0; l < LANES; l++) assert_int_equal(d->n[l], WORDS);
  pbl_driver_destroy(driver);
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
}

/* Streams n words through a pipe; they fit into its buffer. Read back byte by byte. */
static void streamed(uint32_t *word, size_t n, const pbl_word_options *opt) {
  int ends[2];
  uint64_t written;
  unsigned char bytes[4];
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(pbl_word_stream(&written, ends[1], opt, n, NULL, NULL), PBL_OK);
  assert_int_equal(written, n);
  close(ends[1]);
  for (size_t t = 0; t < n; t++) {
    assert_int_equal(read(ends[0], bytes, 4), 4);
    word[t] = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
              (uint32_t)bytes[3] << 24;
  }
  assert_int_equal(read(ends[0], bytes, 1), 0);
  close(ends[0]);
}

static void check_words(pbl_generator generator, int steps, uint64_t seed) {
  static drawn d;
  static uint32_t word[LANES * WORDS];
  pbl_word_options opt = pbl_word_options_default();
  opt.generator = generator;
  opt.lfsr_steps = steps;
  opt.lanes = LANES;
  opt.seed = seed;
  device_words(&d, generator, steps, seed);
  for (int l = 0; l < LANES; l++) {
    opt.lane = l;
    streamed(word, WORDS, &opt);
    assert_memory_equal(word, d.word[l], sizeof d.word[l]);
  }
  opt.lane = 0;
  opt.order = PBL_ORDER_INTERLEAVED;
  streamed(word, LANES * WORDS, &opt);
  for (size_t t = 0; t < LANES * WORDS; t++)
    assert_int_equal(word[t], d.word[t % LANES][t / LANES]);
}

static void the_words_are_those_that_the_device_draws(void **state) {
  (void)state;
  check_words(PBL_GEN_XOSHIRO128PP, 32, 1);
  check_words(PBL_GEN_XOSHIRO128PP, 32, 0xFEDCBA9876543210u);
  check_words(PBL_GEN_LFSR32, 1, 2);
  check_words(PBL_GEN_LFSR32, 8, 3);
  check_words(PBL_GEN_LFSR32, 32, 4);
  check_words(PBL_GEN_XORSHIFT32, 32, 5);
}

static void a_reader_that_goes_away_ends_the_stream_without_an_error(void **state) {
  (void)state;
  int ends[2];
  uint64_t written = 1;
  const pbl_word_options opt = pbl_word_options_default();
  void (*before)(int) = signal(SIGPIPE, SIG_IGN);
  assert_int_equal(pipe(ends), 0);
  close(ends[0]);
  assert_int_equal(pbl_word_stream(&written, ends[1], &opt, 0, NULL, NULL), PBL_OK);
  assert_int_equal(written, 0);
  close(ends[1]);
  signal(SIGPIPE, before);
}

static void another_write_error_is_reported(void **state) {
  (void)state;
  pbl_error err;
  const pbl_word_options opt = pbl_word_options_default();
  const int fd = open("/dev/full", O_WRONLY);
  if (fd < 0) skip();
  assert_int_equal(pbl_word_stream(NULL, fd, &opt, 0, NULL, &err), PBL_IO);
  assert_non_null(strstr(err.message, strerror(ENOSPC)));
  close(fd);
}

static bool stop_at_once(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  (void)self;
  (void)what;
  (void)done;
  (void)total;
  return false;
}

static void a_stop_request_interrupts_only_a_counted_stream(void **state) {
  (void)state;
  pbl_progress stop = {.report = stop_at_once};
  uint64_t written;
  const pbl_word_options opt = pbl_word_options_default();
  const int fd = open("/dev/null", O_WRONLY);
  assert_int_equal(pbl_word_stream(&written, fd, &opt, 0, &stop, NULL), PBL_OK);
  assert_int_equal(pbl_word_stream(&written, fd, &opt, 1000000, &stop, NULL), PBL_INTERRUPTED);
  assert_true(written > 0 && written < 1000000);
  assert_int_equal(pbl_word_stream(&written, fd, &opt, 10, &stop, NULL), PBL_OK);
  close(fd);
}

static void options_out_of_range_are_named(void **state) {
  (void)state;
  pbl_error err;
  pbl_word_options bad[4];
  const char *const names[4] = {"steps 33", "lanes 33", "lane 16", "lanes 0"};
  for (int k = 0; k < 4; k++) bad[k] = pbl_word_options_default();
  bad[0].lfsr_steps = 33;
  bad[1].lanes = 33;
  bad[2].lane = 16;
  bad[3].lanes = 0;
  for (int k = 0; k < 4; k++) {
    assert_int_equal(pbl_word_stream(NULL, -1, &bad[k], 1, NULL, &err), PBL_USAGE);
    assert_non_null(strstr(err.message, names[k]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_words_are_those_that_the_device_draws),
      cmocka_unit_test(a_reader_that_goes_away_ends_the_stream_without_an_error),
      cmocka_unit_test(another_write_error_is_reported),
      cmocka_unit_test(a_stop_request_interrupts_only_a_counted_stream),
      cmocka_unit_test(options_out_of_range_are_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
