/* The driver on devices with one fault each: no fault hangs it, every message names the place, and
 * the draws made before stay, bit for bit those of a sound device. */
#include <string.h>
#include <strings.h>

#include "pbl_cmocka.h"
#include "pbl_driver.h"
#include "pbl_faulty_device.h"
#include "pbl_regs.h"

enum { V = 7, H = 5, N = V + H, LANES = 2, REPLICAS = 4, DRAWS = 12, EVERY = 3, TIMEOUT = 20000 };

typedef struct {
  pbl_hw hw;
  pbl_image *image;
  pbl_driver *d;
  pbl_faulty_counts counts;
  pbl_chains *chains, *sound; /* of the last session, and of one without fault */
  pbl_statistics *totals;
  pbl_window_log log;
  pbl_error err;
  bool ladder, no_unit; /* the statistics unit takes nothing */
  size_t before;        /* draws that must be there whatever happened */
} bench;

static bench the;

static void must(pbl_status status) {
  if (status != PBL_OK) fail_msg("%s", the.err.message);
}

/* ---- everything that the driver can ask of a device ---- */

static pbl_status settings(pbl_driver *d, pbl_error *err) {
  const uint8_t clamp[N] = {0, 1};
  const pbl_schedule_words schedule = {.n = 2, .beta = {4096, 3000}, .sweeps = {2, 3}};
  const pbl_statistics_setup unit = {.every = the.no_unit ? 0 : EVERY};
  pbl_regulator_words words = pbl_regulator_words_default();
  pbl_status s = pbl_driver_set_kernel(d, PBL_KERNEL_PALINDROMIC, err);
  if (!s) s = pbl_driver_set_coupled(d, false, err);
  if (!s) s = pbl_driver_set_schedule(d, &schedule, err);
  if (!s) s = pbl_driver_set_clamp(d, clamp, err);
  if (!s) s = pbl_driver_statistics_setup(d, &unit, err);
  words.window_sweeps = 5;
  words.telemetry = true;
  if (!the.ladder) {
    words.mode = PBL_REGULATOR_SETPOINT;
    words.rate_scale = 1001;
    words.gain = 1003;
  } else {
    const pbl_ladder_words ladder = {.n = 2, .beta = {4096, 3000}, .every = 2};
    if (!s) s = pbl_driver_set_ladder(d, &ladder, err);
    if (!s) s = pbl_driver_ladder_clear(d, err);
    words.ladder = true;
  }
  if (!s) s = pbl_driver_set_regulator(d, &words, err);
  if (!s) s = pbl_driver_window_clear(d, err);
  return s;
}

static pbl_status look(pbl_driver *d, pbl_error *err) {
  pbl_driver_counters c;
  int64_t energy[REPLICAS];
  pbl_probe probe;
  pbl_regulator_state r;
  pbl_exchange_state x;
  pbl_window w;
  uint8_t labels[REPLICAS];
  uint32_t entry, sweeps;
  pbl_status s = pbl_driver_counters_read(d, &c, err);
  if (!s) s = pbl_driver_energy(d, energy, err);
  if (!s) s = pbl_driver_probe_select(d, 3, 1, err);
  if (!s) s = pbl_driver_probe_read(d, &probe, err);
  if (!s) s = pbl_driver_regulator_read(d, &r, err);
  if (!s) s = pbl_driver_schedule_read(d, &entry, &sweeps, err);
  if (!s) s = pbl_driver_window_read(d, &w, err);
  if (!s) s = pbl_driver_statistics_drain(d, the.totals, err);
  if (!s && the.ladder) s = pbl_driver_exchange_read(d, &x, err);
  if (!s && the.ladder) s = pbl_driver_labels_read(d, labels, err);
  return s;
}

static pbl_status session(const char *fault) {
  const pbl_driver_options opt = {.timeout_cycles = TIMEOUT};
  pbl_device *dev = NULL;
  pbl_error *err = &the.err;
  signed char states[REPLICAS * N];
  for (size_t k = 0; k < sizeof states; k++) states[k] = k % 3 == 0 ? 1 : -1;
  the.err = (pbl_error){0};
  the.log.n = 0;
  pbl_chains_destroy(the.chains);
  pbl_statistics_destroy(the.totals);
  the.chains = NULL;
  the.totals = NULL;
  must(pbl_statistics_create(&the.totals, &the.hw, 0, err));
  must(pbl_chains_create(&the.chains, REPLICAS, 2 * DRAWS, N, err));
  must(pbl_twin_open(&dev, &the.hw, err));
  must(pbl_faulty_open(&dev, dev, fault, &the.counts, err));
  pbl_status s = pbl_driver_create(&the.d, dev, &the.hw, &opt, err);
  if (!s) s = pbl_driver_upload(the.d, the.image, NULL, err);
  if (!s) s = pbl_driver_seed(the.d, 3, err);
  if (!s) s = pbl_driver_set_state(the.d, states, err);
  if (!s) s = settings(the.d, err);
  if (the.d) pbl_driver_set_window_log(the.d, &the.log);
  if (!s) pbl_driver_watch_statistics(the.d, the.totals, 4);
  if (!s) s = pbl_driver_run(the.d, NULL, 2, 1, NULL, err);
  if (!s) s = pbl_driver_run(the.d, the.chains, DRAWS, EVERY, NULL, err);
  if (!s) pbl_driver_set_batch(the.d, 50);
  if (!s) s = pbl_driver_run(the.d, the.chains, DRAWS, EVERY, NULL, err);
  if (!s) s = look(the.d, err);
  pbl_driver_destroy(the.d);
  the.d = NULL;
  return s;
}

static void open_bench(bool ladder) {
  pbl_rbm *model = NULL;
  the = (bench){.hw = pbl_hw_default(), .ladder = ladder};
  the.hw.n_visible = V;
  the.hw.n_hidden = H;
  the.hw.lanes = LANES;
  the.hw.replicas = REPLICAS;
  the.hw.statistics = 1;
  the.hw.exchange = ladder;
  the.hw.table_size = 16;
  must(pbl_rbm_random(&model, V, H, 0.5, 0.5, 11, &the.err));
  must(pbl_image_create(&the.image, NULL, model, &the.hw, 1.0, &the.err));
  pbl_rbm_destroy(model);
  must(session(NULL));
  assert_int_equal(the.chains->n_recorded, 2 * DRAWS);
  assert_true(the.log.n > 0);
  the.sound = the.chains;
  the.chains = NULL;
}

static void close_bench(void) {
  pbl_image_destroy(the.image);
  pbl_chains_destroy(the.chains);
  pbl_chains_destroy(the.sound);
  pbl_statistics_destroy(the.totals);
  pbl_window_log_free(&the.log);
}

/* ---- what must hold ---- */

static void assert_said(const char *fault, const char *text) {
  if (!strstr(the.err.message, text)) fail_msg("%s: no '%s' in: %s", fault, text, the.err.message);
}

/* Draws are a prefix of the sound ones. */
static void assert_prefix(const char *fault) {
  const pbl_chains *c = the.chains;
  for (size_t r = 0; r < REPLICAS; r++)
    for (size_t t = 0; t < c->n_recorded; t++)
      if (memcmp(pbl_chains_row(c, r, t), pbl_chains_row(the.sound, r, t), c->row_bytes) != 0)
        fail_msg("%s: draw %zu of chain %zu is another", fault, t, r);
}

static void assert_fails(const char *fault, pbl_status expected, const char *text) {
  const pbl_status s = session(fault);
  if (s != expected)
    fail_msg("%s: status %d (%s), expected %d", fault, s, the.err.message, expected);
  if (text) assert_said(fault, text);
  assert_prefix(fault);
}

/* ---- bus ---- */

/* Every access of the session, one after the other. */
static void fail_every_access(bool ladder) {
  open_bench(ladder);
  const uint64_t n = the.counts.accesses;
  size_t with_draws = 0;
  assert_in_range(n, 500, 20000);
  for (uint64_t k = 1; k <= n; k++) {
    char fault[32];
    snprintf(fault, sizeof fault, "access %llu", (unsigned long long)k);
    assert_fails(fault, PBL_DEVICE, "bus error (SLVERR)");
    /* "twin device: reading STATUS (0x010): twin: read of register 0x010: bus error" */
    const char *name = strstr(the.err.message, "device: "), *open = strstr(the.err.message, " (0x");
    if (!name || !open || strncasecmp(open + 2, strstr(open + 2, "register ") + 9, 5) != 0)
      fail_msg("%s: no register in: %s", fault, the.err.message);
    with_draws += the.chains->n_recorded >= DRAWS;
  }
  assert_true(with_draws > 20);
  must(session(NULL));
  assert_prefix("none");
  print_message("%llu accesses failed, %zu with draws before\n", (unsigned long long)n, with_draws);
  close_bench();
}

static void a_bus_error_at_any_access_is_told_and_keeps_the_draws(void **state) {
  (void)state;
  fail_every_access(false);
}

static void a_bus_error_at_any_access_of_a_ladder_is_told_and_keeps_the_draws(void **state) {
  (void)state;
  fail_every_access(true);
}

/* Of the register reference, every register that a driver uses, in either direction. */
static void a_silent_register_is_told_for_every_register_and_direction(void **state) {
  (void)state;
  open_bench(true);
  const pbl_faulty_counts used = the.counts;
  size_t n = 0;
  for (unsigned k = 0; k < 1024; k++) {
    for (int write = 0; write < 2; write++) {
      char fault[64], where[64];
      if ((write ? used.writes : used.reads)[k] == 0) continue;
      snprintf(fault, sizeof fault, "silent 0x%03x %s", 4 * k, write ? "write" : "read");
      snprintf(where, sizeof where, "%s of register 0x%03x: no bus response",
               write ? "write" : "read", 4 * k);
      assert_fails(fault, PBL_TIMEOUT, where);
      n++;
    }
  }
  print_message("%zu registers and directions\n", n);
  assert_true(n > 90);
  close_bench();
}

/* ---- a device that goes away, or never ends ---- */

static void a_device_that_stops_answering_is_told_at_once(void **state) {
  (void)state;
  open_bench(false);
  const uint64_t n = the.counts.advances;
  for (uint64_t k = 1; k <= n; k++) {
    char fault[32];
    snprintf(fault, sizeof fault, "dead %llu", (unsigned long long)k);
    assert_fails(fault, PBL_DEVICE, "does not answer any more");
  }
  assert_int_equal(the.chains->n_recorded > DRAWS, 1);
  close_bench();
}

static void a_device_that_never_ends_is_a_timeout(void **state) {
  (void)state;
  open_bench(false);
  assert_fails("hung", PBL_TIMEOUT, "sweep 1 of 2: not finished for");
  assert_fails("never_done", PBL_TIMEOUT, "no STATUS.DONE");
  assert_fails("never_hashed", PBL_TIMEOUT, "no STATUS.HASH_VALID");
  assert_fails("stopped 6", PBL_TIMEOUT, "clock");
  assert_true(the.counts.accesses < 300000);
  close_bench();
}

/* The line of a run that has ended stays up, so that every advance() ends after one clock: the
 * patience of 10^9 clocks must not become that many rounds. */
static void a_raised_interrupt_does_not_stretch_the_patience(void **state) {
  (void)state;
  const pbl_driver_options opt = {.timeout_cycles = 0};
  pbl_device *dev = NULL;
  signed char states[REPLICAS * N];
  memset(states, 1, sizeof states);
  open_bench(false);
  must(pbl_twin_open(&dev, &the.hw, &the.err));
  must(pbl_faulty_open(&dev, dev, "never_done", &the.counts, &the.err));
  must(pbl_driver_create(&the.d, dev, &the.hw, &opt, &the.err));
  must(pbl_driver_upload(the.d, the.image, NULL, &the.err));
  must(pbl_driver_seed(the.d, 3, &the.err));
  must(pbl_driver_set_state(the.d, states, &the.err));
  assert_int_equal(pbl_driver_run(the.d, NULL, 2, 1, NULL, &the.err), PBL_TIMEOUT);
  assert_said("never_done", "no STATUS.DONE");
  assert_true(the.counts.advances < 100000);
  pbl_driver_destroy(the.d);
  the.d = NULL;
  close_bench();
}

static void a_clock_that_goes_back_is_told(void **state) {
  (void)state;
  open_bench(false);
  assert_fails("backwards 4", PBL_DEVICE, "went back");
  close_bench();
}

/* ---- streams ---- */

static void broken_streams_are_told_at_the_word(void **state) {
  (void)state;
  open_bench(false);
  const uint64_t words = the.counts.words[0], records = the.counts.words[1];
  assert_int_equal(words, 2 * DRAWS * 2);
  assert_int_equal(records % PBL_WINDOW_WORDS, 0);
  for (uint64_t k = 1; k <= words; k++) {
    char fault[48];
    snprintf(fault, sizeof fault, "tlast samples %llu", (unsigned long long)k);
    assert_fails(fault, PBL_DEVICE, "TLAST is");
    assert_int_equal(the.chains->n_recorded, (k - 1) / 2);
    snprintf(fault, sizeof fault, "mute samples %llu", (unsigned long long)k);
    assert_fails(fault, PBL_DEVICE, "were lost");
    assert_int_equal(the.chains->n_recorded, (k - 1) / 2);
    snprintf(fault, sizeof fault, "endless samples %llu", (unsigned long long)k);
    assert_int_equal(session(fault), PBL_DEVICE); /* some words are noise in the right places */
    assert_said(fault, "sample stream");
  }
  for (uint64_t k = 1; k <= records; k++) {
    char fault[48];
    snprintf(fault, sizeof fault, "tlast telemetry %llu", (unsigned long long)k);
    assert_fails(fault, PBL_DEVICE, "telemetry stream");
    snprintf(fault, sizeof fault, "drop telemetry %llu", (unsigned long long)k);
    assert_fails(fault, PBL_DEVICE, "telemetry stream");
    snprintf(fault, sizeof fault, "double telemetry %llu", (unsigned long long)k);
    assert_fails(fault, PBL_DEVICE, "telemetry stream");
    snprintf(fault, sizeof fault, "endless telemetry %llu", (unsigned long long)k);
    assert_fails(fault, PBL_DEVICE, "telemetry stream");
  }
  close_bench();
}

/* Both runs have DRAWS draws of two frames, the second one rounds that are shorter than a draw. */
static void assert_told_soon(const char *fault, uint64_t word, const char *what) {
  const size_t base = word <= 2 * DRAWS ? 0 : DRAWS, broken = (word - 1) / 2;
  size_t from, to, first;
  assert_int_equal(session(fault), PBL_DEVICE);
  assert_said(fault, "sample stream");
  const char *text = strstr(the.err.message, what);
  if (!text) { /* the very last one doubled */
    assert_said(fault, "after the last sample");
    return;
  }
  assert_int_equal(sscanf(strstr(text, " between"),
                          " between samples %zu and %zu: of this run's draws use the first %zu",
                          &from, &to, &first),
                   3);
  assert_int_equal(from, first);
  assert_true(base + from <= broken && broken < base + to);
  if (base > 0 && (base + from + 2 < broken || base + to > broken + 3))
    fail_msg("%s: told late, or with too much in doubt: %s", fault, the.err.message);
  the.chains->n_recorded = base + first;
  assert_prefix(fault);
}

static void lost_frames_of_one_word_are_told_in_the_round(void **state) {
  (void)state;
  open_bench(false);
  the.no_unit = true;
  const uint64_t words = the.counts.words[0];
  for (uint64_t k = 1; k <= words; k++) {
    char fault[48];
    snprintf(fault, sizeof fault, "drop samples %llu", (unsigned long long)k);
    assert_told_soon(fault, k, "were lost");
    snprintf(fault, sizeof fault, "double samples %llu", (unsigned long long)k);
    assert_told_soon(fault, k, "were doubled");
  }
  close_bench();
}

/* After a run that broke off words may wait; a stream without end must not keep the next one. */
static void words_without_end_before_a_run_are_told(void **state) {
  (void)state;
  for (int k = 0; k < 2; k++) {
    pbl_device *dev = NULL;
    signed char states[REPLICAS * N];
    memset(states, 1, sizeof states);
    open_bench(false);
    must(pbl_twin_open(&dev, &the.hw, &the.err));
    must(pbl_faulty_open(&dev, dev, k ? "endless telemetry 1" : "endless samples 1", &the.counts,
                         &the.err));
    must(pbl_driver_create(&the.d, dev, &the.hw, NULL, &the.err));
    must(pbl_driver_upload(the.d, the.image, NULL, &the.err));
    must(pbl_driver_seed(the.d, 3, &the.err));
    must(pbl_driver_set_state(the.d, states, &the.err));
    must(settings(the.d, &the.err));
    must(pbl_chains_create(&the.chains, REPLICAS, 2 * DRAWS, N, &the.err));
    assert_int_equal(pbl_driver_run(the.d, the.chains, DRAWS, 5, NULL, &the.err), PBL_DEVICE);
    assert_int_equal(pbl_driver_run(the.d, the.chains, DRAWS, 5, NULL, &the.err), PBL_DEVICE);
    assert_said("endless", "does not end");
    pbl_driver_destroy(the.d);
    the.d = NULL;
    close_bench();
  }
}

/* 10^6 clocks in which nobody takes a word: no fault, the same draws. */
static void back_pressure_of_a_million_clocks_changes_no_draw(void **state) {
  (void)state;
  const pbl_driver_options opt = {.timeout_cycles = 2000000};
  for (unsigned at = 1; at <= 3; at++) {
    char fault[48];
    signed char states[REPLICAS * N];
    pbl_driver_counters sound = {0}, slow = {0};
    open_bench(false);
    for (size_t k = 0; k < sizeof states; k++) states[k] = k % 3 == 0 ? 1 : -1;
    for (int k = 0; k < 2; k++) {
      pbl_device *dev = NULL;
      snprintf(fault, sizeof fault, "stall %u 1000000", at);
      pbl_chains_destroy(the.chains);
      must(pbl_chains_create(&the.chains, REPLICAS, 400, N, &the.err));
      must(pbl_twin_open(&dev, &the.hw, &the.err));
      must(pbl_faulty_open(&dev, dev, k ? fault : NULL, &the.counts, &the.err));
      must(pbl_driver_create(&the.d, dev, &the.hw, &opt, &the.err));
      must(pbl_driver_upload(the.d, the.image, NULL, &the.err));
      must(pbl_driver_seed(the.d, 3, &the.err));
      must(pbl_driver_set_state(the.d, states, &the.err));
      must(settings(the.d, &the.err));
      pbl_driver_set_batch(the.d, 700);
      must(pbl_driver_run(the.d, the.chains, 400, 5, NULL, &the.err));
      must(pbl_driver_counters_read(the.d, k ? &slow : &sound, &the.err));
      pbl_driver_destroy(the.d);
      the.d = NULL;
      if (k == 0) {
        pbl_chains_destroy(the.sound);
        the.sound = the.chains;
        the.chains = NULL;
      }
    }
    assert_int_equal(the.chains->n_recorded, 400);
    assert_prefix(fault);
    assert_int_equal(slow.flips, sound.flips);
    assert_int_equal(slow.sweeps, sound.sweeps);
    close_bench();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_bus_error_at_any_access_is_told_and_keeps_the_draws),
      cmocka_unit_test(a_bus_error_at_any_access_of_a_ladder_is_told_and_keeps_the_draws),
      cmocka_unit_test(a_silent_register_is_told_for_every_register_and_direction),
      cmocka_unit_test(a_device_that_stops_answering_is_told_at_once),
      cmocka_unit_test(a_device_that_never_ends_is_a_timeout),
      cmocka_unit_test(a_raised_interrupt_does_not_stretch_the_patience),
      cmocka_unit_test(a_clock_that_goes_back_is_told),
      cmocka_unit_test(broken_streams_are_told_at_the_word),
      cmocka_unit_test(lost_frames_of_one_word_are_told_in_the_round),
      cmocka_unit_test(words_without_end_before_a_run_are_told),
      cmocka_unit_test(back_pressure_of_a_million_clocks_changes_no_draw),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
