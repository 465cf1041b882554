/* Register words of the temperature regulator: what the device holds, bit for bit (docs/device.md,
 * "Temperature regulator"). Plain data; the driver writes it, host/regulate converts physical
 * settings into it. */
#ifndef PBL_REGULATOR_WORDS_H
#define PBL_REGULATOR_WORDS_H

#include <stdbool.h>
#include <stdint.h>

/* Values of REG_CONFIG.MODE. */
typedef enum {
  PBL_REGULATOR_HOST,     /* beta = BETA, taken over after every sweep */
  PBL_REGULATOR_FIXED,    /* beta = BETA at START */
  PBL_REGULATOR_SRTRBM,   /* flip rate against its own filtered past */
  PBL_REGULATOR_SETPOINT, /* flip rate against RATE_SET */
  PBL_REGULATOR_GUARD,    /* the same, heats only */
  PBL_N_REGULATOR_MODES
} pbl_regulator_mode;

/* The modes that set the temperature by themselves. */
static inline bool pbl_regulator_moves(pbl_regulator_mode mode) {
  return mode >= PBL_REGULATOR_SRTRBM && mode < PBL_N_REGULATOR_MODES;
}

#define PBL_SCHEDULE_ENTRIES 64

/* Words of the beta schedule. */
typedef struct {
  uint32_t n; /* entries, 1..PBL_SCHEDULE_ENTRIES */
  uint32_t beta[PBL_SCHEDULE_ENTRIES], sweeps[PBL_SCHEDULE_ENTRIES];
  bool repeat; /* begin again after the last entry, else hold it */
} pbl_schedule_words;

/* A ladder of replica exchange, as the device holds it (docs/device-options.md). The betas of its
 * rungs stand in the memory of the beta schedule. */
typedef struct {
  uint32_t n; /* rungs: the contexts of the device */
  uint32_t beta[PBL_SCHEDULE_ENTRIES];
  uint32_t every; /* device sweeps from pass to pass; 0: no exchange */
  bool random;    /* parity of a pass by a coin; else even and odd in turn */
} pbl_ladder_words;

typedef struct {
  pbl_regulator_mode mode;
  bool scheduled;         /* beta from the schedule; mode must be HOST or FIXED */
  bool ladder;            /* replica exchange: each replica at the beta of its rung; likewise */
  bool source;            /* flips that count: false visible, true visible and hidden */
  bool freeze;            /* hold filter and lambda */
  bool telemetry;         /* send a record per window */
  uint32_t window_sweeps; /* device sweeps per window; 0: no windows */
  uint32_t rate_scale;    /* rate = flips * rate_scale / 2^rate_shift, UQ1.24 */
  uint32_t rate_shift;    /* 0..63 */
  uint32_t rate_set;      /* UQ1.24 */
  uint32_t gain;          /* UQ8.24 */
  uint32_t smoothing;     /* UQ0.16 */
  uint32_t dead_band;     /* UQ1.24 */
  uint32_t rate_limit;    /* UQ2.24, 0: no limit */
  int32_t lambda_min, lambda_max, lambda; /* Q2.24: -2^26 .. 2^26 - 1 */
  uint32_t filter;                        /* UQ1.31, at most 2^31 */
  int32_t macro;                          /* Q7.24 */
  uint32_t t_min, t_max;                  /* UQ6.24 */
} pbl_regulator_words;

/* The reset values: mode host, no windows. */
static inline pbl_regulator_words pbl_regulator_words_default(void) {
  return (pbl_regulator_words){
      .lambda_min = -34887240, .lambda_max = 34887240, .t_min = 0x00200000u, .t_max = 0x08000000u};
}

/* What the device says of its regulator. */
typedef struct {
  int32_t lambda;        /* Q2.24 */
  uint32_t filter;       /* UQ1.31 */
  uint32_t temperature;  /* UQ6.24; 0 before the first one */
  uint32_t beta_active;  /* beta in force */
  uint32_t window_index; /* windows ended since WINDOW_CLEAR */
  uint32_t position;     /* sweeps done in the present window */
  uint32_t flags;        /* PBL_WINDOW_* of pbl_window_log.h, all windows since WINDOW_CLEAR */
} pbl_regulator_state;

#endif
