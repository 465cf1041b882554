/* The driver and the trace port: whole records reach the sink, broken ones are told. The device is
 * the twin, whose trace stream is played by this test. */
#include <string.h>

#include "pbl_cmocka.h"
#include "pbl_driver.h"
#include "pbl_twin.h"

enum { MOST = 64 };

typedef struct {
  pbl_driver *d;
  pbl_device_ops ops; /* the twin's, with a trace stream */
  pbl_error err;
  /* what the stream brings, `piece` words a call, from the second round of advance() on */
  uint32_t word[MOST];
  uint8_t last[MOST];
  size_t n, at, piece;
  bool early; /* the words are there before START */
  bool running;
  pbl_status (*advance)(pbl_device *dev, uint64_t max_cycles, pbl_error *err);
  /* what the sink got */
  uint32_t got[MOST];
  size_t n_got, n_calls;
  pbl_status answer;
} bench;

static bench the;

static pbl_status play(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                       size_t *n_words, pbl_error *err) {
  (void)dev;
  (void)err;
  *n_words = 0;
  if (!the.running && !the.early) return PBL_OK;
  while (the.at < the.n && *n_words < the.piece && *n_words < max_words) {
    dst[*n_words] = the.word[the.at];
    last[(*n_words)++] = the.last[the.at++];
  }
  return PBL_OK;
}

static pbl_status advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err) {
  the.running = true;
  return the.advance(dev, max_cycles, err);
}

static pbl_status sink(void *user, const uint32_t *records, size_t n, pbl_error *err) {
  assert_ptr_equal(user, &the);
  memcpy(the.got + the.n_got, records, 4 * PBL_TRACE_RECORD_WORDS * n);
  the.n_got += PBL_TRACE_RECORD_WORDS * n;
  the.n_calls++;
  return the.answer ? pbl_fail(err, the.answer, "the sink has had enough") : PBL_OK;
}

static int set_up(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  pbl_rbm *m = NULL;
  pbl_image *im = NULL;
  pbl_device *dev = NULL;
  signed char states[12];
  the = (bench){.piece = 3, .n = 12};
  memset(states, 1, sizeof states);
  hw.trace = 1;
  assert_int_equal(pbl_twin_open(&dev, &hw, &the.err), PBL_OK);
  the.ops = *dev->ops;
  the.ops.trace_read = play;
  the.advance = the.ops.advance;
  the.ops.advance = advance;
  dev->ops = &the.ops;
  assert_int_equal(pbl_driver_create(&the.d, dev, &hw, NULL, &the.err), PBL_OK);
  assert_int_equal(pbl_rbm_random(&m, 6, 6, 0.5, 0.2, 1, &the.err), PBL_OK);
  assert_int_equal(pbl_image_create(&im, NULL, m, &hw, 1.0, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_upload(the.d, im, NULL, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_seed(the.d, 1, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_set_state(the.d, states, &the.err), PBL_OK);
  pbl_image_destroy(im);
  pbl_rbm_destroy(m);
  for (uint32_t k = 0; k < MOST; k++) {
    the.word[k] = 1000 + k;
    the.last[k] = k % PBL_TRACE_RECORD_WORDS == PBL_TRACE_RECORD_WORDS - 1;
  }
  assert_int_equal(pbl_driver_set_trace(the.d, 1, 0, sink, &the, &the.err), PBL_OK);
  the.running = false;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  pbl_driver_destroy(the.d);
  return 0;
}

static void assert_run_says(pbl_status status, const char *text) {
  assert_int_equal(pbl_driver_run(the.d, NULL, 5, 1, NULL, &the.err), status);
  if (!strstr(the.err.message, text)) fail_msg("no '%s' in: %s", text, the.err.message);
}

static void whole_records_reach_the_sink(void **state) {
  (void)state;
  assert_int_equal(pbl_driver_run(the.d, NULL, 5, 1, NULL, &the.err), PBL_OK);
  assert_int_equal(the.n_got, 12);
  assert_true(the.n_calls > 1);
  for (uint32_t k = 0; k < 12; k++) assert_int_equal(the.got[k], 1000 + k);
}

static void a_record_with_its_end_out_of_place_is_told(void **state) {
  (void)state;
  the.last[6] = 1;
  assert_run_says(PBL_DEVICE, "TLAST is 1 at word 3 of a record of 4");
}

static void a_record_without_end_is_told(void **state) {
  (void)state;
  the.last[7] = 0;
  assert_run_says(PBL_DEVICE, "TLAST is 0 at word 4 of a record of 4");
}

static void half_a_record_at_the_end_is_told(void **state) {
  (void)state;
  the.n = 10;
  assert_run_says(PBL_DEVICE, "the run ended with 2 words of a trace record");
}

static void words_before_the_run_are_told(void **state) {
  (void)state;
  the.early = true;
  assert_run_says(PBL_DEVICE, "12 words were in the trace stream before START");
}

static void the_sink_ends_a_run(void **state) {
  (void)state;
  the.answer = PBL_INTERRUPTED;
  assert_run_says(PBL_INTERRUPTED, "the sink has had enough");
  assert_int_equal(the.n_calls, 1);
}

static void a_trace_of_nothing_reads_nothing(void **state) {
  (void)state;
  assert_int_equal(pbl_driver_set_trace(the.d, 0, 0, NULL, NULL, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_run(the.d, NULL, 5, 1, NULL, &the.err), PBL_OK);
  assert_int_equal(the.at, 0);
}

static void a_back_end_without_the_port_says_so(void **state) {
  (void)state;
  uint32_t word;
  size_t n = 7;
  pbl_device *dev = pbl_driver_device(the.d);
  the.ops.trace_read = NULL; /* as in the twin */
  assert_int_equal(pbl_device_trace_read(dev, &word, NULL, 1, &n, &the.err), PBL_DEVICE);
  assert_int_equal(n, 0);
  assert_non_null(strstr(the.err.message, "no trace port"));
}

static void a_device_without_the_port_is_refused(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default();
  pbl_device *dev = NULL;
  pbl_driver *d = NULL;
  assert_int_equal(pbl_twin_open(&dev, &hw, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_create(&d, dev, &hw, NULL, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_set_trace(d, 1, 0, sink, &the, &the.err), PBL_INVALID);
  pbl_driver_destroy(d);
  /* the twin has the registers of one, and no stream */
  the.ops.trace_read = NULL;
  assert_run_says(PBL_DEVICE, "no trace port");
}

#define BENCH_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      BENCH_TEST(whole_records_reach_the_sink),
      BENCH_TEST(a_record_with_its_end_out_of_place_is_told),
      BENCH_TEST(a_record_without_end_is_told),
      BENCH_TEST(half_a_record_at_the_end_is_told),
      BENCH_TEST(words_before_the_run_are_told),
      BENCH_TEST(the_sink_ends_a_run),
      BENCH_TEST(a_trace_of_nothing_reads_nothing),
      BENCH_TEST(a_back_end_without_the_port_says_so),
      BENCH_TEST(a_device_without_the_port_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
