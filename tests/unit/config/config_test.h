/* Helpers of the configuration tests: a file from text, and what its loading says. */
#ifndef CONFIG_TEST_H
#define CONFIG_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* cmocka needs the headers above. */
#include <cmocka.h>

#include "pbl_config.h"

typedef struct {
  pbl_compare_config config;
  pbl_train_config train;
  pbl_error err;
  pbl_status status;
  char path[64];
} loaded;

/* The name is the same in all tests, so that expected positions can be written out. */
static inline void load_bytes(loaded *l, bool train, const char *text, size_t size,
                              const char *const *sets, size_t n_sets) {
  memset(l, 0, sizeof *l);
  snprintf(l->path, sizeof l->path, "/tmp/pbl-config-XXXXXX");
  const int fd = mkstemp(l->path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, size), (ssize_t)size);
  close(fd);
  l->status = train ? pbl_config_load_train(&l->train, l->path, sets, n_sets, &l->err)
                    : pbl_config_load_compare(&l->config, l->path, sets, n_sets, &l->err);
  unlink(l->path);
}

static inline void load(loaded *l, const char *text) {
  load_bytes(l, false, text, strlen(text), NULL, 0);
}

static inline void load_set(loaded *l, const char *text, const char *set) {
  load_bytes(l, false, text, strlen(text), &set, 1);
}

static inline void load_train(loaded *l, const char *text) {
  load_bytes(l, true, text, strlen(text), NULL, 0);
}

/* Asserts that the message has the line "PATH:position: what...". */
static inline void assert_problem(const loaded *l, const char *position, const char *what) {
  char line[512];
  snprintf(line, sizeof line, "%s:%s: %s", l->path, position, what);
  assert_int_equal(l->status, PBL_CONFIG);
  if (strstr(l->err.message, line) == NULL) {
    fail_msg("expected '%s' in:\n%s", line, l->err.message);
  }
}

static inline void assert_message(const loaded *l, const char *what) {
  assert_int_equal(l->status, PBL_CONFIG);
  if (strstr(l->err.message, what) == NULL) {
    fail_msg("expected '%s' in:\n%s", what, l->err.message);
  }
}

static inline void assert_loaded(const loaded *l) {
  if (l->status != PBL_OK) fail_msg("%s", l->err.message);
}

#define CASE "cases:\n  - name: a\n    random: {visible: 3, hidden: 2}\n"

#endif
