#include "selftest_output.h"

#include <stdio.h>
#include <stdlib.h>

#include "pbl_json.h"

static const char *first_failed(const pbl_selftest_report *r) {
  for (size_t k = 0; k < r->n; k++) {
    if (r->checks[k].outcome == PBL_SELFTEST_FAIL) return r->checks[k].name;
  }
  return NULL;
}

static void print_speed(const pbl_selftest_report *r) {
  if (r->read_seconds > 0)
    printf("register read %.3g us, write %.3g us", 1e6 * r->read_seconds, 1e6 * r->write_seconds);
  if (r->read_seconds > 0 && r->bytes_per_second > 0)
    printf(", sample stream %.3g MB/s", 1e-6 * r->bytes_per_second);
  if (r->read_seconds > 0) printf(" (for information)\n");
}

void selftest_print(const pbl_selftest_report *r, const char *device, const char *hardware) {
  printf("self-test of device %s, %s; what the device held is overwritten\n\n", device, hardware);
  printf("%-14s %-8s %s\n", "check", "result", "found");
  for (size_t k = 0; k < r->n; k++) {
    const pbl_selftest_check *c = &r->checks[k];
    printf("%-14s %-8s %s\n", c->name, pbl_selftest_outcome_name(c->outcome), c->text);
    if (c->has_words)
      printf("%-23s at 0x%03X: expected 0x%08X, got 0x%08X\n", "", c->address, c->expected, c->got);
  }
  printf("\n");
  print_speed(r);
  printf("%s: %zu passed, %zu failed, %zu skipped", r->n_failed > 0 ? "FAIL" : "PASS", r->n_passed,
         r->n_failed, r->n_skipped);
  if (r->n_failed > 0) printf("; begin with %s (docs/selftest.md)", first_failed(r));
  printf("\n");
}

static void write_hw(pbl_json *j, const pbl_selftest_report *r) {
  pbl_json_object(j, "hw");
  if (r->hw_known) {
    pbl_json_int(j, "visible", r->hw.n_visible);
    pbl_json_int(j, "hidden", r->hw.n_hidden);
    pbl_hw_json(j, &r->hw);
  }
  pbl_json_end(j);
}

static void write_check(pbl_json *j, const pbl_selftest_check *c) {
  pbl_json_object(j, NULL);
  pbl_json_string(j, "name", c->name);
  pbl_json_string(j, "what", c->what);
  pbl_json_string(j, "result", pbl_selftest_outcome_name(c->outcome));
  pbl_json_string(j, "text", c->text);
  if (c->has_words) {
    pbl_json_int(j, "address", c->address);
    pbl_json_int(j, "expected", c->expected);
    pbl_json_int(j, "got", c->got);
  }
  pbl_json_end(j);
}

pbl_status selftest_print_json(const pbl_selftest_report *r, const char *device,
                               const char *hardware, pbl_error *err) {
  pbl_json *j = NULL;
  char *text = NULL;
  pbl_status status = pbl_json_create_memory(&j, err);
  if (status != PBL_OK) return status;
  pbl_json_object(j, NULL);
  pbl_json_string(j, "device", device);
  pbl_json_string(j, "hardware", hardware);
  write_hw(j, r);
  pbl_json_array(j, "checks");
  for (size_t k = 0; k < r->n; k++) write_check(j, &r->checks[k]);
  pbl_json_end(j);
  pbl_json_int(j, "passed", (int64_t)r->n_passed);
  pbl_json_int(j, "failed", (int64_t)r->n_failed);
  pbl_json_int(j, "skipped", (int64_t)r->n_skipped);
  pbl_json_string(j, "first_failed", first_failed(r));
  pbl_json_double(j, "read_seconds", r->read_seconds);
  pbl_json_double(j, "write_seconds", r->write_seconds);
  pbl_json_double(j, "sample_bytes_per_second", r->bytes_per_second);
  pbl_json_end(j);
  status = pbl_json_close(j, &text, err);
  if (status == PBL_OK) puts(text);
  free(text);
  return status;
}
