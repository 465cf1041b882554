/* Error object, hardware parameters and progress reporter. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include "pbl_cmocka.h"
#include "pbl_error.h"
#include "pbl_hw.h"
#include "pbl_progress.h"

static void failure_fills_status_and_message(void **state) {
  (void)state;
  pbl_error err = {0};
  assert_int_equal(pbl_fail(&err, PBL_IO, "file %s: %d", "x", 3), PBL_IO);
  assert_int_equal(err.status, PBL_IO);
  assert_string_equal(err.message, "file x: 3");
  assert_int_equal(pbl_fail(NULL, PBL_HASH, "nobody listens"), PBL_HASH);
}

static void wrapping_prefixes_and_keeps_the_first_status(void **state) {
  (void)state;
  pbl_error err = {0};
  pbl_fail(&err, PBL_FORMAT, "old");
  assert_int_equal(pbl_wrap(&err, PBL_IO, "model %d", 2), PBL_FORMAT);
  assert_string_equal(err.message, "model 2: old");
  assert_int_equal(pbl_wrap(NULL, PBL_IO, "x"), PBL_IO);
}

static void endless_wrapping_stays_in_the_buffer(void **state) {
  (void)state;
  pbl_error err = {0};
  pbl_fail(&err, PBL_IO, "end");
  for (int i = 0; i < 300; i++) pbl_wrap(&err, PBL_IO, "context %d", i);
  assert_int_equal(strlen(err.message), sizeof err.message - 1);
  assert_memory_equal(err.message, "context 299: context 298", 24);
}

static void every_status_has_text_and_exit_code(void **state) {
  (void)state;
  assert_int_equal(pbl_status_exit_code(PBL_OK), 0);
  assert_int_equal(pbl_status_exit_code(PBL_CONFIG), 2);
  assert_int_equal(pbl_status_exit_code(PBL_HASH), 3);
  assert_string_equal(pbl_status_text(PBL_TIMEOUT), "timeout");
}

static void default_hardware_is_legal_and_needs_16_field_bits(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default();
  assert_int_equal(pbl_hw_check(&hw, NULL), PBL_OK);
  /* 12-bit words, at most 6 terms and a bias: 12 + ceil(log2 8) + 1. */
  assert_int_equal(pbl_hw_min_field_bits(&hw), 16);
  /* 6 + 12 + 4 - 1 - 10 */
  assert_int_equal(pbl_hw_index_shift(&hw), 11);
}

static void least_field_never_wraps(void **state) {
  (void)state;
  for (int n = 1; n <= 1024; n++) {
    pbl_hw hw = pbl_hw_default();
    hw.n_hidden = n;
    hw.n_visible = 1;
    const long long largest = (n + 1LL) << (pbl_hw_weight_bits(&hw) - 1);
    assert_true(largest < 1LL << (pbl_hw_min_field_bits(&hw) - 1));
  }
}

static void assert_hw_refused(const pbl_hw *hw, const char *name, const char *value) {
  pbl_error err = {0};
  assert_int_equal(pbl_hw_check(hw, &err), PBL_CONFIG);
  if (strstr(err.message, name) == NULL || strstr(err.message, value) == NULL)
    fail_msg("no '%s' or '%s' in: %s", name, value, err.message);
}

static void illegal_hardware_is_refused_by_name(void **state) {
  (void)state;
  pbl_hw hw;
#define REFUSED(field, v, name, text) \
  hw = pbl_hw_default();              \
  hw.field = v;                       \
  assert_hw_refused(&hw, name, text)
  REFUSED(n_visible, 0, "n_visible", "1..1024");
  REFUSED(n_hidden, 1025, "n_hidden", "1025");
  REFUSED(lanes, 2, "multiple of lanes", "(2)");
  REFUSED(weight_frac, 20, "weight width", "26");
  REFUSED(beta_frac, 24, "beta width", "28");
  REFUSED(table_size, 1000, "table_size", "power of two");
  REFUSED(table_size, 8192, "table_size", "8192");
  REFUSED(threshold_bits, 33, "threshold_bits", "8..32");
  REFUSED(field_bits, 15, "field_bits", "16..");
  REFUSED(lfsr_steps, 0, "lfsr_steps", "1..32");
  REFUSED(generator, (pbl_generator)3, "generator", "0..2");
  REFUSED(cells_per_generator, 0, "cells_per_generator", "1..4096");
  REFUSED(cells_per_generator, 2, "cells_per_generator is 2", "one cell");
  REFUSED(exchange, 1, "exchange needs 2..64 contexts", "1 replicas");
  REFUSED(stat_pairs, 1, "statistics_pairs is 1", "statistics is off");
  REFUSED(trace, 2, "trace is 2", "0..1");
#undef REFUSED
  hw = pbl_hw_default();
  pbl_hw_set_lattice(&hw, 8, 8);
  hw.cells_per_generator = 3;
  assert_hw_refused(&hw, "cells_per_generator is 3", "sites_per_clock (8)");
  hw = pbl_hw_default();
  hw.weight_frac = 0;
  hw.beta_frac = 2;
  hw.beta_int = 4;
  assert_hw_refused(&hw, "at least 1", "-5");
  hw = pbl_hw_default();
  hw.n_hidden = 1024;
  hw.weight_frac = 18;
  assert_hw_refused(&hw, "need 36 bits", "24-bit");
  hw = pbl_hw_default();
  hw.replicas = 65;
  hw.exchange = 1;
  assert_hw_refused(&hw, "exchange needs 2..64 contexts", "are 65");
  hw.replicas = 64;
  assert_int_equal(pbl_hw_check(&hw, NULL), PBL_OK);
  hw.statistics = 1;
  hw.lanes = 3;
  hw.replicas = 6;
  assert_hw_refused(&hw, "power of two", "3");
}

/* Runs `work` with stderr going to `write_fd` and returns in `text` what arrived at `read_fd` up
 * to `end`. A terminal hands its bytes over in pieces and later, hence the loop. */
static void capture(char *text, size_t size, int write_fd, int read_fd,
                    void (*work)(pbl_progress *), const char *end) {
  fflush(stderr);
  const int saved = dup(STDERR_FILENO);
  dup2(write_fd, STDERR_FILENO);
  pbl_progress *p = pbl_progress_stderr_create(false);
  work(p);
  pbl_progress_stderr_destroy(p);
  fflush(stderr);
  dup2(saved, STDERR_FILENO);
  close(saved);
  struct pollfd arrival = {.fd = read_fd, .events = POLLIN};
  size_t length = 0;
  text[0] = '\0';
  while (strstr(text, end) == NULL && length + 1 < size && poll(&arrival, 1, 5000) == 1) {
    const ssize_t n = read(read_fd, text + length, size - 1 - length);
    if (n <= 0) break;
    length += (size_t)n;
    text[length] = '\0';
  }
}

static void hundred_steps_and_a_note(pbl_progress *p) {
  for (uint64_t i = 0; i <= 100; i++) assert_true(pbl_progress_report(p, "sampling", i, 100));
  pbl_progress_note(p, "note %d", 5);
}

static void plain_output_has_a_line_at_start_and_end(void **state) {
  (void)state;
  int fds[2];
  char text[4096];
  assert_int_equal(pipe(fds), 0);
  capture(text, sizeof text, fds[1], fds[0], hundred_steps_and_a_note, "note 5\n");
  assert_string_equal(text, "sampling: 0 %\nsampling: 100 %, took 0:00\nnote 5\n");
  close(fds[0]);
  close(fds[1]);
}

static void terminal_output_rewrites_one_line(void **state) {
  (void)state;
  int master, slave;
  char text[4096];
  if (openpty(&master, &slave, NULL, NULL, NULL) != 0) skip();
  capture(text, sizeof text, slave, master, hundred_steps_and_a_note, "note 5\r\n");
  assert_memory_equal(text, "\rsampling: 0 %", 14);
  assert_non_null(strstr(text, "\rsampling: 100 %, took 0:00\033[K\r\n"));
  close(master);
  close(slave);
}

static void absent_reporter_never_stops_the_worker(void **state) {
  (void)state;
  assert_true(pbl_progress_report(NULL, "x", 1, 2));
  pbl_progress_note(NULL, "x");
}

/* Last: the request cannot be taken back. */
static void stop_request_reaches_the_worker(void **state) {
  (void)state;
  pbl_progress *p = pbl_progress_stderr_create(true);
  assert_true(pbl_progress_report(p, "x", 1, 2));
  assert_false(pbl_progress_stop_requested());
  pbl_progress_request_stop();
  assert_true(pbl_progress_stop_requested());
  assert_false(pbl_progress_report(p, "x", 1, 2));
  pbl_progress_stderr_destroy(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(failure_fills_status_and_message),
      cmocka_unit_test(wrapping_prefixes_and_keeps_the_first_status),
      cmocka_unit_test(endless_wrapping_stays_in_the_buffer),
      cmocka_unit_test(every_status_has_text_and_exit_code),
      cmocka_unit_test(default_hardware_is_legal_and_needs_16_field_bits),
      cmocka_unit_test(least_field_never_wraps),
      cmocka_unit_test(illegal_hardware_is_refused_by_name),
      cmocka_unit_test(plain_output_has_a_line_at_start_and_end),
      cmocka_unit_test(terminal_output_rewrites_one_line),
      cmocka_unit_test(absent_reporter_never_stops_the_worker),
      cmocka_unit_test(stop_request_reaches_the_worker),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
