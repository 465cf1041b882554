/* Self-test of a device behind the vtable of sim/pbl_device.h, in the order in which faults should
 * be found: identity, registers, memories, image, runs, streams, interrupt, options. What the
 * device does is compared with the register list (sim/pbl_reg_list.h), with docs/device.md, and
 * with the C twin. docs/selftest.md says what each check means. */
#ifndef PBL_SELFTEST_H
#define PBL_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_device.h"
#include "pbl_progress.h"

typedef enum {
  PBL_SELFTEST_PASS,
  PBL_SELFTEST_FAIL,
  PBL_SELFTEST_SKIPPED /* another check has to pass first, or there is nothing to look at */
} pbl_selftest_outcome;

typedef struct {
  const char *name; /* one word, stable: "scratch" */
  const char *what; /* what is looked at, a few words */
  pbl_selftest_outcome outcome;
  char text[400]; /* PASS: how much was looked at; FAIL: the first thing found; SKIPPED: why */
  bool has_words; /* FAIL: the three below say more */
  uint32_t address, expected, got; /* a register's byte address */
} pbl_selftest_check;

#define PBL_SELFTEST_MAX_CHECKS 40

typedef struct {
  size_t n, n_passed, n_failed, n_skipped;
  pbl_selftest_check checks[PBL_SELFTEST_MAX_CHECKS]; /* in the order in which they were made */
  bool hw_known;
  pbl_hw hw;               /* as CAPS says, when hw_known; sparse fabric: n_visible 0 */
  double read_seconds;     /* one register read, and a write followed by reads at their end; */
  double write_seconds;    /* 0: not measured */
  double bytes_per_second; /* of the sample stream in a run, 0: not measured */
} pbl_selftest_report;

typedef struct {
  const pbl_hw *expected; /* hardware that CAPS must show; NULL: any */
  bool fresh;             /* the device comes from power-up or reset */
  bool no_bus_errors;     /* leave out accesses that the bus must refuse */
  size_t fill_words;      /* most stream words left unread to fill a back-end's receive buffer */
  bool measure;           /* how fast registers and samples are, at the end: a second */
  uint64_t seed;          /* of patterns, models and generators */
} pbl_selftest_options;

/* fresh, all accesses, 2^22 words, measured, seed 1. */
pbl_selftest_options pbl_selftest_options_default(void);

/* Writes every register and memory of the device, so what it held is lost. Takes ownership of dev
 * (closed before it returns, also on failure). A check that fails is no error: look at
 * out->n_failed. IO, TIMEOUT and the like when the device stops answering, INTERRUPTED,
 * NO_MEMORY: out holds the checks made until then. */
pbl_status pbl_selftest_run(pbl_selftest_report *out, pbl_device *dev,
                            const pbl_selftest_options *opt, pbl_progress *p, pbl_error *err);

const char *pbl_selftest_outcome_name(pbl_selftest_outcome o); /* "PASS", "FAIL", "SKIPPED" */

#endif
