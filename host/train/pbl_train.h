/* RBM training by persistent contrastive divergence in software (OpenBLAS, float32). */
#ifndef PBL_TRAIN_H
#define PBL_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "pbl_dataset.h"
#include "pbl_hw.h"
#include "pbl_model.h"
#include "pbl_progress.h"
#include "pbl_regulator.h"

typedef enum {
  PBL_UNITS_SPIN,  /* -1, +1: gradient of the log-likelihood at the model's beta */
  PBL_UNITS_BINARY /* 0, 1: the literature's parametrisation, without the factor beta */
} pbl_units;

typedef enum {
  PBL_START_DATA, /* visible biases at the log odds of the data, chains at that product law */
  PBL_START_BLANK /* biases 0, chains of fair coins */
} pbl_start;

typedef enum { /* who samples the negative phase */
               PBL_TRAIN_REFERENCE,
               PBL_TRAIN_TWIN,
               PBL_TRAIN_RTL,
               PBL_TRAIN_REMOTE,
               PBL_TRAIN_TLM,
               PBL_TRAIN_UIO
} pbl_train_device;

struct pbl_train_view;
/* Shows a run to whoever reports on it; anything but OK ends the training. */
typedef pbl_status (*pbl_train_observer)(void *context, const struct pbl_train_view *view,
                                         pbl_error *err);

typedef struct {
  int n_hidden;
  pbl_units units; /* of weights, learning_rate, weight_decay and initial_scale */
  pbl_start start;
  double bias_decay;          /* L2, on both biases; BINARY only */
  bool drop_incomplete_batch; /* an epoch has floor(images / batch_size) updates */
  double learning_rate;       /* per update, on the mean gradient of the mini-batch */
  double weight_decay;        /* L2, on weights only */
  int batch_size;
  int n_chains;          /* persistent chains */
  int sweeps_per_update; /* PCD-k */
  int epochs;
  double initial_scale; /* s.d. of the initial weights */
  double beta;          /* temperature of sampling, normally 1 */
  uint64_t seed;
  /* All but REFERENCE: the hardware (sizes and replicas are filled in; lanes 0: as many as
   * fit), updates from upload to upload, and whether weights are rounded stochastically */
  pbl_train_device device;
  const char *remote, *remote_secret; /* REMOTE: address; secret's file or NULL (pbl_hil.h) */
  uint64_t tlm_quantum_ns;            /* TLM (pbl_tlm.h) */
  uint64_t timeout_cycles;            /* of the driver; 0: its default */
  const char *uio;                    /* UIO: which board (pbl_uio.h) */
  int uio_timeout_ms;
  struct pbl_waveform *waveform; /* RTL, TLM: borrowed, NULL: none (pbl_waveform_file.h) */
  pbl_hw hw;
  int upload_every;
  bool stochastic_rounding;
  /* temperature (BINARY only unless fixed). Modes fixed and host: T = 1/beta throughout. A window
   * has window_updates updates, 0: the whole epoch, and begins anew with each epoch. gauge_fixing:
   * after each window T is folded into the parameters and becomes 1 */
  pbl_regulator_settings regulator;
  int window_updates;
  bool gauge_fixing;
  int threads;
  int checkpoint_every; /* epochs; 0: only at the end */
  int log_every;        /* epochs */
  /* evaluation, at the end and every evaluate_every epochs (0: only at the end) */
  int evaluate_every;
  int ais_chains; /* 0: skip */
  int ais_temperatures;
  int exact_side; /* where the smaller side has at most so many p-bits, log Z is exact and no AIS is
                     done; 0: always AIS */
  int tau_chains; /* 0: skip. Chains at the held temperature, from random starts */
  int tau_burn_in, tau_draws; /* sweeps */
  /* 0: off. Else the effective coupling beta D_v^1/2 W D_h^1/2, D = diag(1 - mean^2), is kept below
   * this spectral norm, so that the model stays one that plain Gibbs sampling can cross; 0.9..1.1
   */
  double spectral_limit;
  /* goes into the saved model, has no effect on the numbers */
  int image_rows, image_cols;  /* 0: the visible p-bits are no image */
  const char *name;            /* NULL: "rbm" */
  const char *provenance;      /* data set and command, NULL: none; the options are added to it */
  pbl_train_observer observer; /* after the rows with an evaluation and at the end; NULL: none */
  void *observer_context;
} pbl_train_options;

pbl_train_options pbl_train_default(void);

/* Everything at the end of an epoch; NaN where it was not measured. Weights in their own units. */
typedef struct {
  int epoch;
  double reconstruction_error; /* mean squared, mean-field v->h->v, {0,1} pixels, training data */
  double pseudo_likelihood;    /* nats per image, V * mean log sigma(F(flip)-F(v)) */
  double weight_norm;          /* Frobenius */
  double spectral_norm;        /* largest singular value */
  double temperature;          /* from here on */
  /* BINARY units: the regulator's state, and means over the epoch's updates */
  double lambda, filter, gap_mean;
  double flip_rate;             /* visible p-bits per sweep of an update, 0..1 */
  double free_data, free_model; /* free energy F/T of batches and chains */
  /* every evaluate_every epochs and at the end */
  double test_error, test_accuracy; /* mean-field reconstruction of the test images */
  /* exact, and the ais_ columns NaN, or by AIS */
  double log_z, log_likelihood_train, log_likelihood_test, ais_variance, ais_ess_fraction;
  double gap; /* 1 - lambda_2 of the sweep h, v, exact; NaN for models above 20 p-bits */
  double tau, tau_low,
      tau_high;        /* of the energy, sweeps, chains at the present, held temperature */
  double tau_resolved; /* 1 resolved, 0 not */
} pbl_train_log;

/* What an observer sees, valid during its call. Nothing in it depends on times, threads or
 * interruptions. */
typedef struct pbl_train_view {
  const pbl_train_log *rows; /* all so far, at least one */
  size_t n_rows;
  const pbl_rbm *model;       /* as it is */
  int image_rows, image_cols; /* 0: the visible p-bits are no image */
  const signed char *chains;  /* n_chains x V, +-1: the first persistent chains, at most 64 */
  size_t n_chains;
  const char *identity;  /* data and every option that changes the numbers */
  const char *telemetry; /* path of the device's windows, or NULL */
} pbl_train_view;

typedef struct {
  double log_z, log_z_low, log_z_high; /* AIS estimate, 95 % */
  double log_weight_variance, ess_fraction;
  double log_likelihood_train, log_likelihood_test; /* nats per image; test NaN without test data */
  bool passed;                                      /* gates: ESS fraction > 0.2 and variance < 2 */
  bool exact; /* by enumeration: low = high, no log weights (NaN), passed */
} pbl_ais_report;

/* states: n x V, +-1. Writes folder/checkpoint/state.bin (weights, chains, generator state, epoch)
 * so that a resumed run ends in the same bytes as an uninterrupted one, folder/log.csv,
 * folder/timing.csv (seconds: the only file that is not reproducible), and the finished model (with
 * data moments). Resumes by itself when a matching checkpoint is there; a checkpoint of other data
 * or options is refused (CONFIG); epochs may grow, threads, checkpoint_every and the evaluation may
 * change. INTERRUPTED and every failure but NUMERIC (learning diverged) leave a checkpoint of the
 * last complete epoch. One run at a time holds a folder; a second one is refused (CONFIG).
 *
 * One update: the chains do k sweeps, then with m = E[h|v] = tanh(beta (c + W'v)) on both sides
 *   dW = beta (<v m>_batch - <v m>_chains) - weight_decay W,  db, dc likewise without decay
 * (Tieleman 2008; E[h|v] in place of h lowers the variance and keeps the mean). With units BINARY
 * the update is that of binary.h, and the saved model is the equal one over -1, +1. test may be
 * NULL; ais may be NULL. */
pbl_status pbl_train_rbm(pbl_rbm **out, const signed char *train, size_t n_train,
                         const signed char *test, size_t n_test, int n_visible,
                         const pbl_train_options *opt, const char *folder, pbl_ais_report *ais,
                         pbl_progress *progress, pbl_error *err);

/* Pseudo-likelihood over all images with one random pixel each (seeded), times V; sign such that
 * higher is better and it is <= 0. */
pbl_status pbl_pseudo_likelihood(double *pl, const pbl_rbm *m, const signed char *images, size_t n,
                                 uint64_t seed, pbl_error *err);
/* Exact form: every pixel of every image (for tests and small models). */
pbl_status pbl_pseudo_likelihood_exact(double *pl, const pbl_rbm *m, const signed char *images,
                                       size_t n, pbl_error *err);
/* Annealed importance sampling of log Z at the model's beta, base: the model with zero weights
 * (visible biases from `base_bias`, n_visible, or NULL for uniform), marginal weights (hidden
 * summed out), log w += (before the kernel). */
pbl_status pbl_ais(pbl_ais_report *out, const pbl_rbm *m, const float *base_bias, int n_chains,
                   int n_temperatures, uint64_t seed, int threads, pbl_progress *progress,
                   pbl_error *err);

/* Rows of a log.csv by the names of its columns (malloc'ed); fields that are empty or missing are
 * NaN. No such file: no rows. FORMAT names the file and the line; IO, NO_MEMORY. */
pbl_status pbl_train_log_read(pbl_train_log **rows, size_t *n, const char *path, pbl_error *err);

#endif
