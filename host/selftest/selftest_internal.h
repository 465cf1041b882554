/* Inside the self-test: the device and the twin beside it, register access that fails the check in
 * progress, and the checks. */
#ifndef SELFTEST_INTERNAL_H
#define SELFTEST_INTERNAL_H

#include "pbl_driver.h"
#include "pbl_image.h"
#include "pbl_regs.h"
#include "pbl_selftest.h"

#define SELFTEST_MAX_REGISTERS 160

typedef enum { SELFTEST_RO, SELFTEST_RW, SELFTEST_WO, SELFTEST_W1C, SELFTEST_W1S } selftest_access;
typedef struct {
  const char *name;
  uint32_t address;
  selftest_access access;
  bool has_reset;
  uint32_t reset, keeps;
} selftest_register;

extern const selftest_register selftest_registers[];
extern const size_t selftest_n_registers;

typedef struct {
  pbl_selftest_options opt;
  pbl_selftest_report *report;
  pbl_selftest_check *now; /* the check in progress */
  pbl_device *dev, *twin;  /* owned by the drivers once these exist */
  pbl_driver *driver, *twin_driver;
  pbl_hw hw;        /* decoded; sparse: n_visible that of the test's graph once `image` exists */
  pbl_image *image; /* of the runs */
  pbl_progress *progress;
  uint64_t step, n_steps;                    /* of the check in progress, for it */
  uint32_t power_up[SELFTEST_MAX_REGISTERS]; /* what each register read before the first write */
  bool was_read[SELFTEST_MAX_REGISTERS];
  pbl_status stopped;  /* not OK: the device no longer answers, or the user asked to stop */
  pbl_error error;     /* of it */
  uint32_t difference; /* of the hashes of device and twin while all memories are blank */
  uint32_t asked;      /* sweeps of the last START */
  bool lost;           /* the driver refused the device and closed it */
} selftest;

/* ---- outcome of the check in progress; the first failure stays ---- */

void selftest_fail(selftest *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void selftest_fail_word(selftest *t, uint32_t address, uint32_t expected, uint32_t got,
                        const char *format, ...) __attribute__((format(printf, 5, 6)));
void selftest_skip(selftest *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Says how much was looked at, unless the check has failed or is skipped. */
void selftest_note(selftest *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* True when st is OK. DEVICE and HASH fail the check; all else ends the self-test. */
bool selftest_ok(selftest *t, pbl_status st, const pbl_error *err);
bool selftest_failed(const selftest *t);
/* Now and then inside long checks: false when the user has asked to stop, which skips the check. */
bool selftest_go_on(selftest *t);

/* ---- access: false after a failure that is in the report already ---- */

const char *selftest_name(uint32_t address); /* of a register; "?" */
bool selftest_read(selftest *t, uint32_t *value, uint32_t address);
bool selftest_write(selftest *t, uint32_t address, uint32_t value);
/* The same on either device. */
bool selftest_read_of(selftest *t, pbl_device *dev, uint32_t *value, uint32_t address);
bool selftest_write_of(selftest *t, pbl_device *dev, uint32_t address, uint32_t value);
bool selftest_read64_of(selftest *t, pbl_device *dev, uint64_t *value, uint32_t address_lo);
/* Reads and compares. */
bool selftest_expect(selftest *t, uint32_t address, uint32_t expected, const char *what);
/* Reads device and twin and compares. */
bool selftest_like_twin(selftest *t, uint32_t address, const char *what);
/* Writes the same to device and twin. */
bool selftest_write_both(selftest *t, uint32_t address, uint32_t value);
/* Whether the bus refused; *refused is set only when true is returned. A write that is posted fails
 * with the read behind it. */
bool selftest_read_refused(selftest *t, bool *refused, uint32_t address);
bool selftest_write_refused(selftest *t, bool *refused, uint32_t address, uint32_t value);

/* ---- registers ---- */

/* What a readable and writable register shows after `value` was written, `before` what it showed
 * before; *refuses: STATUS.ERROR must be set by it. */
uint32_t selftest_kept(const pbl_hw *hw, const selftest_register *r, uint32_t value,
                       uint32_t before, bool *refuses);
/* All registers back to their reset values, CLEAR. */
bool selftest_restore(selftest *t);

/* ---- image and runs ---- */

/* Model, table and clamps for t->hw: *hw receives the hardware with the graph's p-bits. */
pbl_status selftest_make_image(pbl_image **out, const pbl_hw *hw, uint64_t seed, pbl_error *err);
/* CTRL.CHECK and IMG_HASH. */
bool selftest_hash(selftest *t, pbl_device *dev, uint32_t *hash);
/* Both devices: CLEAR, seeds, states, beta, CONFIG. Fails while a run is in progress. */
bool selftest_prepare(selftest *t, uint32_t config);

typedef struct {
  uint32_t *words;
  uint8_t *last;
  size_t n, room;
} selftest_words;
typedef struct {
  selftest_words samples, telemetry, trace;
} selftest_streams;
void selftest_streams_free(selftest_streams *s);
bool selftest_start(selftest *t, pbl_device *dev, uint32_t sweeps, uint32_t every);
/* Takes words (trace: those of the trace port, too) until the run has ended. Fails when it shows no
 * progress, or STATUS.ERROR at its end. */
bool selftest_finish(selftest *t, pbl_device *dev, selftest_streams *s, bool trace);
/* The same after STOP: sweeps are no progress any more. */
bool selftest_finish_stopped(selftest *t, selftest_streams *s);
/* What has arrived, of all streams. */
bool selftest_drain(selftest *t, pbl_device *dev, selftest_streams *s, bool trace);
/* start and finish on both, twin first, and compares samples and telemetry. */
bool selftest_run_both(selftest *t, uint32_t sweeps, uint32_t every);
bool selftest_same_words(selftest *t, const char *what, const selftest_words *dev,
                         const selftest_words *twin);
/* Waiting without progress: begins now; over after as many clocks as the slowest step of a device
 * of this size needs, or when the device's clock stands still. */
typedef struct {
  uint64_t since, last, rounds;
} selftest_patience;
selftest_patience selftest_wait(const pbl_device *dev);
bool selftest_is_over(selftest_patience *p, const selftest *t, const pbl_device *dev);

/* A word that looks random, from index and salt. */
uint32_t selftest_mix(uint64_t index, uint64_t salt);

/* ---- the checks, in their order ---- */

typedef void selftest_function(selftest *t);
selftest_function selftest_check_id, selftest_check_version, selftest_check_caps;
selftest_function selftest_check_scratch, selftest_check_reset, selftest_check_unmapped;
selftest_function selftest_check_read_only, selftest_check_masks, selftest_check_alias;
selftest_function selftest_check_commands, selftest_check_image_port;
selftest_function selftest_check_weights, selftest_check_groups, selftest_check_table;
selftest_function selftest_check_clamps, selftest_check_upload, selftest_check_hash;
selftest_function selftest_check_states, selftest_check_generators, selftest_check_beta_schedule;
selftest_function selftest_check_cyclic, selftest_check_palindromic, selftest_check_coin;
selftest_function selftest_check_random_site, selftest_check_coupled, selftest_check_clamped;
selftest_function selftest_check_counters, selftest_check_energy, selftest_check_probe;
selftest_function selftest_check_back_pressure, selftest_check_throttle;
selftest_function selftest_check_interrupt, selftest_check_stop, selftest_check_telemetry;
selftest_function selftest_check_freeze, selftest_check_exchange, selftest_check_statistics;
selftest_function selftest_check_trace;
/* Information, no check. */
void selftest_measure(selftest *t);

#endif
