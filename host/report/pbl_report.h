/* Results of a comparison, and their three faces: the printed table, report.json, report.html. */
#ifndef PBL_REPORT_H
#define PBL_REPORT_H

#include <stdio.h>

#include "pbl_batch_series.h"
#include "pbl_chains.h"
#include "pbl_config.h"
#include "pbl_driver.h"
#include "pbl_estimators.h"
#include "pbl_image.h"
#include "pbl_innovation.h"
#include "pbl_model.h"
#include "pbl_reference_ladder.h"
#include "pbl_stats.h"

typedef enum { PBL_AGREES, PBL_DIFFERS, PBL_VERDICT_UNRESOLVED, PBL_VERDICT_FROZEN } pbl_verdict;
const char *pbl_verdict_name(pbl_verdict v); /* "AGREES", "DIFFERS", "UNRESOLVED", "FROZEN" */
int pbl_verdict_exit_code(pbl_verdict v);    /* 0, 10, 11, 12 */

#define PBL_MAX_OBSERVABLES 64
#define PBL_ACF_POINTS 256
#define PBL_TRACE_POINTS 512

/* One side (device or reference) of one scalar observable. */
typedef struct {
  /* In sweeps (thinning already applied): value, interval, resolution and gate of the RESOLVED
   * rule; moments, chain means and R-hat as in `resolve.base`. */
  pbl_tau_report tau;
  pbl_resolve_report resolve; /* number of each clause, in draws */
  double ess_per_second;      /* wall time of this back-end */
  double ess_per_cycle;       /* device only; NaN for the reference */
  size_t n_acf;               /* normalised autocorrelation rho[0..n_acf-1], lag in sweeps */
  double acf_lag[PBL_ACF_POINTS], acf[PBL_ACF_POINTS],
      acf_error[PBL_ACF_POINTS]; /* one standard error */
  size_t n_trace;                /* thinned trace of chain 0 and 1 */
  double trace_sweep[PBL_TRACE_POINTS], trace[2][PBL_TRACE_POINTS];
} pbl_side;

typedef struct {
  char name[48];
  pbl_side device, reference;
  pbl_estimate tau_ratio;       /* device/reference, 95 % */
  double mean_z, mean_p;        /* difference of means, Welch t over chain means */
  double exact_mean, exact_tau; /* of the quantised kernel; NaN when unknown */
} pbl_observable;

/* Some gates say something only about chains that have mixed: where they have not, a failed one is
 * shown but does not count. */
typedef enum { PBL_GATE_PASSED, PBL_GATE_FAILED, PBL_GATE_NOT_COUNTED } pbl_gate_status;
const char *pbl_gate_status_name(pbl_gate_status s); /* "passed", "failed", "not counted" */

typedef struct {
  const char *name;      /* "device innovations", "energy histogram", ...; docs/report.md */
  double statistic;      /* of the worst member, or the gate's own */
  double threshold;      /* |statistic| at which the gate fails; NaN where only p decides */
  double p_value, alpha; /* NaN when not a p-value gate */
  pbl_gate_status status;
  bool needs_mixing;
  /* Smallest error that this gate would have found with probability .9 in this run; NaN where no
   * honest formula exists. */
  double would_see;
  const char *would_see_of; /* "beta, relative", "any one mean", ...; NULL with NaN */
  char detail[256];         /* worst member, numbers, what was expected */
} pbl_gate;

#define PBL_MAX_GATES 24

/* Moments for scatter plots: n pairs, evenly picked from all. */
typedef struct {
  size_t n;
  double *device, *reference, *exact; /* owned; exact may be NULL */
  double *z; /* owned; difference to the reference in standard errors; NaN: too rare to test */
} pbl_scatter;

/* Histograms of the energy (dequantised weights), shares per bin; equal bins over what was met. */
#define PBL_ENERGY_BINS 48
typedef struct {
  size_t n_bins; /* 0: energy does not vary */
  double low, width;
  double device[PBL_ENERGY_BINS], reference[PBL_ENERGY_BINS];
  double exact[PBL_ENERGY_BINS]; /* of the quantised kernel; NaN when unknown */
  /* Relative error of beta that the hardware's energies imply, 95 %, against the exact law or else
   * the reference's energies; ln(device/reference) has slope -beta times it. NaN when unknown. */
  pbl_estimate beta_error;
} pbl_energy_report;

/* Energy of several chains, thinned. Those that moved least come first: a stuck chain is always
 * among them. */
#define PBL_TRACE_CHAINS 16
#define PBL_TRACE_THIN 160
typedef struct {
  size_t n_chains, n_points; /* shown; 0: none */
  size_t chain[PBL_TRACE_CHAINS];
  double deviation[PBL_TRACE_CHAINS]; /* standard deviation of all draws of the chain */
  double sweep[PBL_TRACE_THIN], x[PBL_TRACE_CHAINS][PBL_TRACE_THIN];
} pbl_chain_traces;
/* x: n_chains x n_draws, row-major; chains that moved equally little keep their order. */
void pbl_chain_traces_fill(pbl_chain_traces *out, const double *x, size_t n_chains, size_t n_draws,
                           size_t sweeps_per_draw);

/* What the reference is worth. */
typedef struct {
  pbl_reference_rung rung;
  const char *reason; /* static text */
  /* Coupled chains; n_pairs 0: none were run, and everything up to coupled_p is NaN. */
  size_t n_pairs, n_met;
  uint64_t lag;    /* sweeps */
  double *meeting; /* owned, n_pairs: sweeps to the meeting, INFINITY where there was none */
  double meeting_mean, meeting_q95;
  double tv_bound, tv_bound_upper; /* distance to the law after the burn-in; its 99 % limit */
  double coupled_p; /* the reference's means against the unbiased ones, Simes over n_compared */
  double coupled_z; /* of the worst of them */
  size_t n_compared;
  /* Long chains: even against odd chains, and Q_op of all draws against the first half. NaN when
   * not looked at. */
  pbl_halves_report halves;
  double q_change;
} pbl_reference_report;

/* A mean without burn-in bias, and what it should be. */
typedef struct {
  double value, error;               /* over pairs */
  double reference, reference_error; /* exact law (error 0), else the reference's chain means */
  double t;                          /* NaN: too rare to test */
} pbl_unbiased_mean;

/* Replicas coupled in pairs by the device; n_pairs 0: none were run. Times in sweeps. */
typedef struct {
  size_t n_pairs, n_met;
  uint64_t lag, first, last; /* L, k and m of the means; without all pairs met first = last = 0 */
  double *meeting;           /* owned, n_pairs: to the meeting, INFINITY where there was none */
  double meeting_mean, meeting_q95;
  double tv_bound, tv_bound_upper; /* distance to the law after the burn-in; its 99 % limit */
  double tv_limit;                 /* that the gate allows */
  double sweeps_per_pair;          /* both replicas; pairs that chose the lag left out */
  pbl_unbiased_mean *means;        /* owned, one per observable; NULL unless all pairs met */
  double p_value;                  /* Simes over the n_compared of them that were tested */
  size_t n_compared;
} pbl_device_pairs_report;

#define PBL_EXCHANGE_RUNGS 64
#define PBL_EXCHANGE_FACTORS 3

/* The device's temperature regulator over the run: it adapts, then it is frozen. */
typedef struct {
  size_t n_windows;           /* 0: the temperature was not regulated */
  size_t n_adapting;          /* of them before FREEZE */
  double *temperature;        /* owned, and with it the other three: n_windows each */
  double *flip_rate;          /* 0..1 */
  double *energy, *energy_sd; /* mean and standard deviation over replicas and sweeps */
  double frozen_beta;
  unsigned flags; /* PBL_WINDOW_* while adapting */
  /* Innovations of each adapting window at its own beta: Bonferroni over windows; the worst one */
  double p_value, worst_z;
  size_t worst_window;
  const char *worst_family; /* static text */
  pbl_estimate beta_error;  /* relative, of all adapting windows */
} pbl_regulation_report;

/* Pair k of a ladder: rungs k and k+1. NaN where unknown. */
typedef struct {
  double tries, rate; /* of the device, all lanes, since the burn-in */
  double mean, error; /* acceptance expected from the states after every sweep, over lanes */
  double expected, expected_error; /* the same by the exact law (error 0), else by the reference */
  double decision_z;               /* decisions seen one by one against their own probabilities */
} pbl_exchange_pair;

typedef struct {
  double beta;
  double energy, energy_error;     /* mean over lanes, of a draw */
  double expected, expected_error; /* by the exact law, else by the reference */
  double innovation_p, innovation_z;
  const char *innovation_family; /* static text */
} pbl_exchange_rung;

/* One observable at rung 0: half-Sokal tau in sweeps with exchange and without. */
typedef struct {
  char name[48];
  pbl_estimate ladder, alone, factor;          /* factor: alone/ladder, 95 % */
  pbl_resolution resolution, alone_resolution; /* of the two measured values */
  double exact_ladder, exact_alone;            /* NaN when unknown */
} pbl_exchange_factor;

/* Replica exchange; n_rungs 0: the case has no ladder. Lanes are independent ladders. */
typedef struct {
  size_t n_rungs, n_lanes;
  size_t adapted; /* rounds that moved the betas; 0: as configured */
  pbl_exchange_rung rung[PBL_EXCHANGE_RUNGS];
  pbl_exchange_pair pair[PBL_EXCHANGE_RUNGS]; /* n_rungs - 1 */
  double round_trips;       /* from rung 0 to the last and back: per replica, within the draws */
  double round_trips_least; /* of the replica of all that made fewest */
  double barrier;           /* sum of the mean rejections */
  double decisions;         /* seen one by one; 0: a draw is not next to every pass */
  double alone_sweeps; /* per chain, of the device's chains at rung 0 without exchange; 0: none */
  size_t n_factors;
  pbl_exchange_factor factor[PBL_EXCHANGE_FACTORS];
} pbl_exchange_report;

/* A series of the statistics unit; tau in sweeps. */
typedef struct {
  char name[32];
  pbl_batch_series_report unit; /* of all its samples; mean and variance as of the energy in the
                                   table of observables, or of the sum of c s */
  pbl_tau_report draws;         /* the same from the draws that the unit counted */
  double exact_mean, exact_tau; /* NaN when unknown */
} pbl_unit_series;

/* Statistics unit; n_series 0: the case has none. */
#define PBL_UNIT_SERIES 5
typedef struct {
  size_t n_series;
  pbl_unit_series series[PBL_UNIT_SERIES];
  uint64_t n_samples, n_drawn; /* per chain: counted; of them also read out */
  int every;                   /* sweeps per sample */
  size_t n_drains, n_pairs;
  bool clipped;
  size_t n_sums, n_different;      /* compared with those over the draws; must be equal */
  char difference[96];             /* the first one that is not */
  double means_exact, pairs_exact; /* largest deviation of a p-bit's mean, of a pair's moment from
                                      the exact law; NaN when unknown */
} pbl_unit_report;

typedef struct {
  char name[64];
  pbl_verdict verdict;
  char gate[256]; /* the gate that decided, with its numbers */
  const pbl_case_config *config;
  int n_visible, n_hidden, image_rows, image_cols; /* a graph: all p-bits visible */
  int n_blocks;                                    /* of a graph; else 0 */
  pbl_hw fitted; /* of a graph: the configured hw, with what it left open */
  pbl_quantisation quantisation;
  uint32_t image_hash, beta_word;
  double tv_quantised_ideal; /* exact, or NaN when not enumerable */
  size_t n_observables;
  pbl_observable *observables; /* owned */
  struct {
    pbl_qop_report device, reference;
    double exact, exact_signal, exact_noise;
    pbl_estimate ratio;
  } q_op;
  pbl_innovation_report innovation_device, innovation_reference;
  size_t n_gates;
  pbl_gate gates[PBL_MAX_GATES];
  /* second: weights' v_i h_j (all pairs where enumeration reaches), at most 4096 of them */
  pbl_scatter first_moments, second_moments;
  pbl_energy_report energy;
  pbl_reference_report reference;
  pbl_device_pairs_report device_pairs;
  pbl_chain_traces device_traces, reference_traces;
  pbl_exchange_report exchange;
  pbl_unit_report unit;
  pbl_regulation_report regulation;
  pbl_driver_counters counters;
  double device_seconds, reference_seconds, device_updates_per_second, reference_updates_per_second;
  uint64_t device_cycles;
  size_t n_images; /* sampled visible images of each side for the report, <= 16 */
  signed char *device_images, *reference_images; /* n_images x V, owned */
} pbl_case_result;

typedef struct {
  const pbl_compare_config *config;
  pbl_verdict verdict; /* worst case: DIFFERS > FROZEN > UNRESOLVED > AGREES */
  size_t n_cases; /* finished ones; fewer than in the config: the run was stopped, INCOMPLETE */
  pbl_case_result *cases; /* owned */
  char started[32];       /* ISO 8601 UTC */
  char backend[16];
  char versions[512]; /* "pbitloop 0.1.0; verilator 5.006; ..." */
  double seconds;
} pbl_result;

void pbl_result_free(pbl_result *r); /* frees members and cases, not r */
/* Printed summary: per case the verdict with its gate and one table of tau, ESS, Q_op for hardware
 * and reference with intervals and ratio. `colour` when stdout is a terminal. */
void pbl_report_print(FILE *f, const pbl_result *r, bool colour);
/* Schema: docs/report.md. Top-level keys include schema, verdict, exit_code, cases[]. */
pbl_status pbl_report_write_json(const pbl_result *r, const char *path, pbl_error *err);
/* One offline HTML file. */
pbl_status pbl_report_write_html(const pbl_result *r, const char *path, pbl_error *err);

#endif
