/* Working state of one case and the steps of a comparison, in the order in which they run. */
#ifndef COMPARE_INTERNAL_H
#define COMPARE_INTERNAL_H

#include "pbl_blocks.h"
#include "pbl_chains.h"
#include "pbl_colouring.h"
#include "pbl_compare.h"
#include "pbl_driver.h"
#include "pbl_graph.h"
#include "pbl_image.h"
#include "pbl_oracle.h"
#include "pbl_report.h"
#include "pbl_window_log.h"

/* Independent random streams of one case, all derived from (config seed, case number). */
typedef enum {
  STREAM_DEVICE,
  STREAM_DEVICE_START,
  STREAM_REFERENCE,
  STREAM_REFERENCE_START,
  STREAM_RESET,
  STREAM_PERMUTATION,
  STREAM_COUPLING,
  STREAM_DEVICE_PAIRS,
  STREAM_STATISTICS
} case_stream;

typedef struct case_rungs case_rungs;

typedef struct {
  const pbl_compare_config *config;
  const pbl_case_config *cc;
  size_t index;         /* of the case in the file */
  const char *folder;   /* results of the run; NULL: nothing is written */
  pbl_rbm *model;       /* as configured, real numbers, with data moments when there are any */
  pbl_rbm *dequantised; /* what the image really holds */
  pbl_image *image;
  /* Section `graph`: in place of model and dequantised, which are NULL; else NULL. Its p-bits are
   * the visible ones of hw, and there are no hidden ones. */
  pbl_graph *graph, *held;
  pbl_colouring *colouring; /* its blocks */
  double *data;             /* n + n_edges: moments of its teacher, p-bits, then edges; or NULL */
  pbl_hw hw;
  size_t n_edges; /* lattice: V x D, torus edges by even site and slot; graph: all; dense: 0 */
  uint32_t (*edges)[2]; /* visible and hidden p-bit, hidden from V on; graph: lower p-bit first */
  double beta;          /* requested */
  double held_beta;     /* of the image */
  pbl_chains *device, *reference;
  pbl_oracle *law;    /* exact kernel of the image; NULL unless the case asks for it */
  pbl_blocks *blocks; /* its solver */
  pbl_oracle
      *ideal; /* of the dequantised model with an exact sigmoid: what the reference samples */
  double *energy[2];            /* device, reference: n_chains x n_recorded */
  double *means[2];             /* device, reference: n_chains x n_observables, chain means */
  pbl_case_result *result;      /* filled step by step; owned by the caller */
  case_rungs *tempering;        /* of a case with a ladder; else NULL */
  struct case_counted *counted; /* by the statistics unit; else NULL */
  pbl_progress *progress;
  struct compare_snapshots *snapshots; /* its device is recorded; else NULL */
} case_work;

uint64_t case_seed(const case_work *w, case_stream stream);
/* Kernels whose sweeps are drawn from the control generator, for all lanes of a context alike. */
static inline bool case_shares_draws(const pbl_case_config *cc) {
  return cc->kernel == PBL_KERNEL_COIN || cc->kernel == PBL_KERNEL_RANDOM_SITE;
}

/* Model, hardware parameters, image with its quantisation report. */
pbl_status case_setup(case_work *w, pbl_error *err);
void case_release(case_work *w);
/* The graph of section `graph` and its blocks; seeds of a generator are raised by `further`. Either
 * pointer may be NULL. The caller destroys both. */
pbl_status case_graph(pbl_graph **graph, pbl_colouring **blocks, const pbl_case_config *cc,
                      uint64_t further, pbl_error *err);
/* What case_setup does for section `graph`, up to the image. Moments of a teacher where the law is
 * within reach and the generator draws at random. */
pbl_status case_setup_graph(case_work *w, pbl_quantisation *q, pbl_error *err);
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
/* The device sets beta by itself (modes srtrbm, setpoint, guard). */
bool case_is_regulated(const pbl_case_config *cc);
/* CONFIG when what a comparison of such a case needs is missing. */
pbl_status case_check_regulated(const pbl_case_config *cc, pbl_error *err);
pbl_status case_set_regulator(pbl_driver *d, const case_work *w, pbl_error *err);
/* Of a case with a beta schedule. */
pbl_status case_schedule_words(pbl_schedule_words *words, const case_work *w, pbl_error *err);
/* Writes the beta schedule, if the case has one. */
pbl_status case_set_schedule(pbl_driver *d, const case_work *w, pbl_error *err);
/* Replica exchange in the device (section ladder). */
bool case_has_exchange(const pbl_case_config *cc);
pbl_status case_ladder_words(pbl_ladder_words *words, const case_work *w, pbl_error *err);
/* Independent chains a side: of a ladder those of rung 0. */
size_t case_chains(const case_work *w);
/* A case with a ladder, in the order of a comparison; without one they do nothing. CONFIG says what
 * does not go together. */
pbl_status case_tempering_open(case_work *w, pbl_error *err);
void case_tempering_release(case_work *w);
/* Rounds that move the betas, before the burn-in. */
pbl_status case_tempering_adapt(case_work *w, pbl_driver *d, pbl_error *err);
/* All rungs into stores of their own, rung 0 into w->device, w->reference. */
pbl_status case_tempering_device(case_work *w, pbl_driver *d, pbl_error *err);
pbl_status case_tempering_reference(case_work *w, pbl_error *err);
/* rungs.npy and labels.npy: what the device drew at all rungs. */
pbl_status case_tempering_write(const char *folder, const case_work *w, pbl_error *err);
/* Its gates and its part of the report; after case_observables. */
pbl_status case_tempering(case_work *w, pbl_error *err);
/* Fewer round trips a replica than this: nothing is said about a law. */
#define CASE_ROUND_TRIPS 10.0
#define CASE_ROUND_TRIP_GATE "round trips"
/* The device at one beta in all replicas, as without a ladder. */
pbl_status case_leave_ladder(pbl_driver *d, const case_work *w, pbl_error *err);
/* Law of a graph under the thresholds of its image at a beta word. */
pbl_status case_graph_law_at(pbl_oracle **out, const case_work *w, uint32_t beta, pbl_error *err);
/* Words of a ladder, with the configured fault. */
pbl_status case_write_ladder(pbl_driver *d, const case_work *w, const pbl_ladder_words *words,
                             pbl_error *err);
/* Writes the ladder, if the case has one, and goes to its beginning. */
pbl_status case_set_exchange(pbl_driver *d, const case_work *w, pbl_error *err);
/* CONFIG unless a case's schedule ends within the burn-in at the beta of the case. */
pbl_status case_check_schedule(const case_work *w, pbl_error *err);
/* After the burn-in: DEVICE unless the device stands at the beta of the case. */
pbl_status case_check_annealed(pbl_driver *d, const case_work *w, pbl_error *err);
/* The configured windows on a prepared device, tested; then FREEZE, and image and models get the
 * beta that the device has found. log collects this run's windows and all later ones. */
pbl_status case_adapt(case_work *w, pbl_driver *d, pbl_window_log *log, pbl_error *err);
/* What the statistics unit is told in a case. */
typedef struct {
  pbl_statistics_setup setup; /* pairs and projections: those below; ref and shift 0 */
  uint32_t (*pairs)[2];
  signed char *projections; /* 4 x p-bits */
  size_t n_projections;     /* named; the others are all 0 */
  char names[PBL_STATISTICS_PROJECTIONS][24];
} case_unit;
/* CONFIG for a file of projections that does not fit. The caller releases it, also after an error.
 */
pbl_status case_unit_create(case_unit *u, const case_work *w, pbl_error *err);
void case_unit_release(case_unit *u);
/* The unit's part in a case. */
typedef struct case_counted {
  case_unit unit;
  pbl_statistics *all, *drawn; /* every sample; those that are draws as well */
} case_counted;
/* The unit is used: not where a ladder moves its replicas. */
bool case_has_unit(const case_work *w);
/* CONFIG when the unit's cadence does not go with that of the draws. */
pbl_status case_check_statistics(const pbl_case_config *cc, pbl_error *err);
/* After the burn-in, in place of pbl_driver_run: the draws, and what the unit counts of them and
 * further on, in pieces between which it is drained. */
pbl_status case_statistics_sample(case_work *w, pbl_driver *d, pbl_error *err);
void case_statistics_release(case_work *w);
/* Sums of the unit against those of the draws; tau and ESS of both; three gates. Nothing without
 * the unit. */
pbl_status case_statistics(case_work *w, pbl_error *err);
/* Exact means and tau of the unit's series, and its counts against the exact law. */
pbl_status case_statistics_exact(case_work *w, pbl_error *err);
/* Energies in weight LSBs of all chains at draws first, first + step, .. (n of them): chains x n.
 * Caller frees. */
pbl_status case_image_energies(int64_t **out, const case_work *w, size_t first, size_t step,
                               size_t n, pbl_error *err);
/* No energy of the image is larger. */
int64_t case_energy_bound(const case_work *w);
/* History of the windows into the result. */
pbl_status case_keep_windows(case_work *w, const pbl_window_log *log, pbl_error *err);
void case_gate_adapting(case_work *w);
pbl_status case_sample_reference(case_work *w, pbl_error *err);

/* tau, ESS, autocorrelations and traces of the scalar observables of both sides. */
pbl_status case_observables(case_work *w, pbl_error *err);
/* Observables before those of single p-bits or projections: energy and magnetisations, of a graph
 * one, else two. */
static inline size_t case_fixed_observables(const case_work *w) {
  return w->graph ? 2 : 3;
}
/* Series 0 and 1 and, beyond PBL_ORACLE_MAX_PBITS p-bits, the projections of n draws of a graph;
 * x: n x p-bits; u as below. series[k] + offset is where the first draw goes. */
void case_graph_series(double *const *series, size_t offset, size_t n, const case_work *w,
                       const float *x, const float *u);
/* Leading eigenvectors of the couplings by magnitude, p-bits x CASE_PROJECTIONS; scratch of the
 * same size. */
void case_graph_projections(float *u, const pbl_graph *g, float *scratch);
/* Value of observable `k` in one state (for the exact law); same order as case_observables. */
double case_observable_value(const case_work *w, size_t k, const signed char *state);

/* Leading left singular vectors of the weights, V x CASE_PROJECTIONS, row-major: observables 3 and
 * on of models beyond PBL_ORACLE_MAX_PBITS. Caller frees. */
#define CASE_PROJECTIONS 3
pbl_status case_projections(float **u, const case_work *w, pbl_error *err);
/* One side (0 device, 1 reference): traces of energy for the report, and chains.nc or
 * chains_reference.nc beside the .npy files where the program was built with netCDF. Series in the
 * order of result->observables, which have their names; each n_chains x n_recorded. */
pbl_status case_export(case_work *w, double *const *series, int side, pbl_error *err);
/* Exact laws of device and reference (when configured), distance to the unquantised model. */
pbl_status case_exact_open(case_work *w, pbl_error *err);
/* Exact tau of every observable, state frequencies, kernel. Nothing without exact laws. */
pbl_status case_exact(case_work *w, pbl_error *err);
/* Mean, variance and tau (sweeps; NaN for a constant) of f, 2^N values, under the kernel of one
 * draw. g: scratch of as many. INTERRUPTED. */
pbl_status case_exact_tau(const case_work *w, const double *f, double *g, double *mean,
                          double *variance, double *tau, pbl_error *err);
/* f <- observable k in all 2^N states. NO_MEMORY. */
pbl_status case_state_values(double *f, const case_work *w, size_t k, pbl_error *err);
/* Of a graph: laws of device and reference; *wanted: of the unquantised model. Q_op. */
pbl_status case_graph_laws(pbl_oracle **wanted, case_work *w, pbl_error *err);
pbl_status case_graph_qop(double *q, double *signal, double *noise, const case_work *w,
                          size_t window, pbl_error *err);
/* Exact Q_op of windows of that many sweeps, when every sweep is recorded. INTERRUPTED. */
pbl_status case_exact_qop(double *q, double *signal, double *noise, const case_work *w,
                          size_t window, pbl_error *err);
/* Which rung of the ladder the reference stands on. */
pbl_status case_ladder(case_work *w, pbl_error *err);
/* Pairs of replicas coupled in the device: their two gates. Nothing without device_pairs. Where the
 * first fails nothing that needs mixing counts. */
#define CASE_BURN_IN_GATE "device burn-in"
pbl_status case_device_coupling(case_work *w, pbl_error *err);
/* CONFIG for a case whose device cannot couple. */
pbl_status case_check_device_pairs(const pbl_case_config *cc, pbl_error *err);
/* First and second moments against the reference (its exact law where there is one), and against
 * the device's own exact law. */
pbl_status case_moments(case_work *w, pbl_error *err);
/* Energy histogram and the temperature it implies; chain means of all observables. */
pbl_status case_energy(case_work *w, pbl_error *err);
/* Q_op of both sides, and against the exact one. */
pbl_status case_qop(case_work *w, pbl_error *err);
/* Configured window in draws, within n_draws. */
size_t case_q_window(const case_work *w, size_t n_draws);
/* Q_op of the windows in the first n_draws draws of some chains; NaN where there is none. */
pbl_status case_side_qop(pbl_qop_report *out, const case_work *w, const pbl_chains *chains,
                         size_t window, size_t n_draws, pbl_error *err);
/* The positive phase is known, and there are chains enough. */
bool case_has_data(const case_work *w);
bool case_has_gradient(const case_work *w);
pbl_status case_innovations(case_work *w, pbl_error *err);
/* Verdict from everything recorded so far. */
void case_verdict(case_work *w);

/* Per-chain means of the moments: out is n_chains x n_moments (first N, then pairs). Pairs are all
 * i < j up to PBL_ORACLE_MAX_PBITS p-bits, else the V x H weights, of a lattice its edges. */
size_t case_moment_count(const case_work *w);
bool case_all_pairs(const case_work *w);
pbl_status case_chain_moments(double **out, const case_work *w, const pbl_chains *chains,
                              size_t first_draw, size_t n_draws, pbl_error *err);
/* p-bits of moment k; i == j for a first moment. */
void case_moment_pbits(size_t *i, size_t *j, const case_work *w, size_t k);
/* Mean over chains and unbiased variance of the chain means of moment k. */
void case_moment_spread(double *mean, double *variance, const case_work *w, const double *moments,
                        size_t k);
/* A moment is tested when both outcomes are expected this often in all draws: below, the normal
 * approximation of a rare event's count fails in the far tail that a small level needs. */
bool case_moment_testable(const case_work *w, double mean);

/* Appends a gate with p_value: alpha and status are filled in; detail printf-style. */
void case_gate(case_work *w, const pbl_gate *gate, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a gate that is no test: alpha NaN, status as given. */
void case_plain_gate(case_work *w, const pbl_gate *gate, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));
/* Share of the verdict's false-alarm probability that one gate gets. */
double case_gate_alpha(const case_work *w);
/* |z| that the worst of n members must exceed at the gate's level: normal for infinite dof, else t.
 */
double case_gate_threshold(const case_work *w, double n, double dof);
/* Standard errors at which the gate finds an error with probability .9. */
double case_gate_reach(const case_work *w, double n, double dof);
bool case_is_clamped(const case_work *w, size_t observable); /* its p-bit never moves, by order */
/* Every observable of one side (0 device, 1 reference) is RESOLVED, those of clamped p-bits apart.
 */
bool case_is_resolved(const case_work *w, int side);

/* Ratio of two independent estimates with intervals on the log scale; NaN when one is not positive.
 */
pbl_estimate case_ratio(const pbl_estimate *a, const pbl_estimate *b);
/* Deviation of an estimate from its exact value on the log scale in units of its jackknife error
 * *se: t with n_chains - 1 degrees of freedom. */
double case_log_scale_p(const pbl_estimate *e, double exact, size_t n_chains, double *z,
                        double *se);
/* Monotonic wall time. */
double case_seconds_now(void);
/* The same for what the device does: with snapshots, the work before the last one is in it. */
double case_work_seconds(const case_work *w);
/* CONFIG for what compare does not do. */
pbl_status case_check_config(const pbl_case_config *cc, pbl_error *err);

/* Unpacks rows first..first+n-1 of one chain into n x n_pbits floats +-1. */
void case_unpack(float *x, const pbl_chains *c, size_t chain, size_t first, size_t n);

/* results/<name>: resolved configuration, chains, report.json, report.html. */
pbl_status results_path(char *folder, size_t size, const pbl_compare_config *config,
                        pbl_error *err);
/* In a folder that is there and locked. */
pbl_status results_open(const char *folder, const pbl_compare_config *config, pbl_error *err);
pbl_status results_write_case(const char *folder, const case_work *w, pbl_error *err);
pbl_status results_write_report(const char *folder, const pbl_result *r, pbl_error *err);

#endif
