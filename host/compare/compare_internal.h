/* Working state of one case and the steps of a comparison, in the order in which they run. */
#ifndef COMPARE_INTERNAL_H
#define COMPARE_INTERNAL_H

#include "pbl_chains.h"
#include "pbl_compare.h"
#include "pbl_driver.h"
#include "pbl_image.h"
#include "pbl_oracle.h"
#include "pbl_report.h"

/* Independent random streams of one case, all derived from (config seed, case number). */
typedef enum {
  STREAM_DEVICE,
  STREAM_DEVICE_START,
  STREAM_REFERENCE,
  STREAM_REFERENCE_START,
  STREAM_RESET
} case_stream;

typedef struct {
  const pbl_compare_config *config;
  const pbl_case_config *cc;
  size_t index;         /* of the case in the file */
  pbl_rbm *model;       /* as configured, real numbers, with data moments when there are any */
  pbl_rbm *dequantised; /* what the image really holds */
  pbl_image *image;
  pbl_hw hw;
  double beta; /* requested */
  pbl_chains *device, *reference;
  pbl_case_result *result; /* filled step by step; owned by the caller */
  pbl_progress *progress;
} case_work;

uint64_t case_seed(const case_work *w, case_stream stream);

/* Model, hardware parameters, image with its quantisation report. */
pbl_status case_setup(case_work *w, pbl_error *err);
void case_release(case_work *w);
/* chains x (V+H) over-dispersed starting states: random, all up, all down, low energy, repeated.
 * Caller frees. */
pbl_status case_starts(signed char **states, const case_work *w, case_stream stream,
                       pbl_error *err);

/* Opens the back-end, building the variant when needed. `backend` may differ from the config's. */
pbl_status case_open_device(pbl_driver **out, const case_work *w, pbl_backend backend,
                            pbl_error *err);
/* Uploads image (with the configured faults), clamps, seed, starting states, beta and kernel. */
pbl_status case_prepare_device(pbl_driver *d, const case_work *w, pbl_error *err);
pbl_status case_sample_device(case_work *w, pbl_error *err);
pbl_status case_sample_reference(case_work *w, pbl_error *err);

/* tau, ESS, autocorrelations and traces of the scalar observables of both sides. */
pbl_status case_observables(case_work *w, pbl_error *err);
/* Value of observable `k` in one state (for the exact law); same order as case_observables. */
double case_observable_value(const case_work *w, size_t k, const signed char *state);

/* First and second moments against the reference, and Q_op. */
pbl_status case_moments(case_work *w, pbl_error *err);
/* Exact law, exact tau and Q_op (when configured). */
pbl_status case_exact(case_work *w, pbl_error *err);
pbl_status case_innovations(case_work *w, pbl_error *err);
/* Verdict from everything recorded so far. */
void case_verdict(case_work *w);

/* Per-chain means of the moments: out is n_chains x n_moments (first N, then pairs). Pairs are all
 * i < j up to PBL_ORACLE_MAX_PBITS p-bits, else the V x H weights. */
size_t case_moment_count(const case_work *w);
pbl_status case_chain_moments(double **out, const case_work *w, const pbl_chains *chains,
                              size_t first_draw, size_t n_draws, pbl_error *err);

/* Appends a gate; detail printf-style. */
void case_gate(case_work *w, const char *name, double statistic, double p_value, double alpha,
               bool passed, const char *detail, ...) __attribute__((format(printf, 7, 8)));
/* Share of the verdict's false-alarm probability that one gate gets. */
double case_gate_alpha(const case_work *w);

/* Ratio of two independent estimates with intervals on the log scale; NaN when one is not positive.
 */
pbl_estimate case_ratio(const pbl_estimate *a, const pbl_estimate *b);
/* Monotonic wall time. */
double case_seconds_now(void);

/* Unpacks rows first..first+n-1 of one chain into n x n_pbits floats +-1. */
void case_unpack(float *x, const pbl_chains *c, size_t chain, size_t first, size_t n);

/* results/<name>: resolved configuration, chains, report.json, report.html. */
pbl_status results_open(char *folder, size_t size, const pbl_compare_config *config,
                        pbl_error *err);
pbl_status results_write_case(const char *folder, const case_work *w, pbl_error *err);
pbl_status results_write_report(const char *folder, const pbl_result *r, pbl_error *err);

#endif
