/* Results of a comparison, and their three faces: the printed table, report.json, report.html. */
#ifndef PBL_REPORT_H
#define PBL_REPORT_H

#include <stdio.h>

#include "pbl_chains.h"
#include "pbl_config.h"
#include "pbl_driver.h"
#include "pbl_image.h"
#include "pbl_innovation.h"
#include "pbl_model.h"
#include "pbl_stats.h"

typedef enum { PBL_AGREES, PBL_DIFFERS, PBL_VERDICT_UNRESOLVED, PBL_VERDICT_FROZEN } pbl_verdict;
const char *pbl_verdict_name(pbl_verdict v); /* "AGREES", "DIFFERS", "UNRESOLVED", "FROZEN" */
int pbl_verdict_exit_code(pbl_verdict v);    /* 0, 10, 11, 12 */

#define PBL_MAX_OBSERVABLES 64
#define PBL_ACF_POINTS 256
#define PBL_TRACE_POINTS 512

/* One side (device or reference) of one scalar observable. */
typedef struct {
  pbl_tau_report tau;    /* in sweeps (thinning already applied) */
  double ess_per_second; /* wall time of this back-end */
  double ess_per_cycle;  /* device only; NaN for the reference */
  size_t n_acf;          /* normalised autocorrelation rho[0..n_acf-1], lag in sweeps */
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

typedef struct {
  const char *name; /* "device innovations", "first moments against reference", ... */
  double statistic, p_value, alpha; /* NaN when not a p-value gate */
  bool passed;
  char detail[256]; /* worst member, numbers, what was expected */
} pbl_gate;

#define PBL_MAX_GATES 24

/* Moments for scatter plots: n pairs. */
typedef struct {
  size_t n;
  double *device, *reference, *exact; /* owned; exact may be NULL */
} pbl_scatter;

typedef struct {
  char name[64];
  pbl_verdict verdict;
  char gate[256]; /* the gate that decided, with its numbers */
  const pbl_case_config *config;
  int n_visible, n_hidden, image_rows, image_cols;
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
  pbl_scatter first_moments, second_moments; /* second: weights' v_i h_j, at most 4096 of them */
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
