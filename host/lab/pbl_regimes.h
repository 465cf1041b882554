/* Fair comparison of temperature regimes in training: the same data, seeds and updates, and numbers
 * at matched likelihood and matched effective coupling, because temperature is a gauge: (W, T) and
 * (W/T, 1) are one law, so that runs may only be compared where |W|/T or the likelihood agrees. */
#ifndef PBL_REGIMES_H
#define PBL_REGIMES_H

#include "pbl_config.h"
#include "pbl_progress.h"

typedef enum {
  PBL_REGIME_FIXED,    /* T = 1 */
  PBL_REGIME_ADAPTIVE, /* the srtrbm rule with its published constants, a window per epoch */
  PBL_REGIME_FROZEN,   /* T held at the end value of the adaptive run with the same seed */
  PBL_REGIME_SETPOINT, /* flip_rate, gain and window of the configuration, gauge-fixed */
  PBL_REGIME_GUARD,    /* the same, heats only */
  PBL_N_REGIMES
} pbl_regime;

const char *pbl_regime_name(pbl_regime regime);

typedef struct {
  int seeds;               /* >= 2: config.seed and following */
  bool use[PBL_N_REGIMES]; /* FROZEN needs ADAPTIVE; matched numbers need FIXED */
} pbl_regimes_options;

/* Trains every regime with every seed into config->out/REGIME/SEED (finished ones are kept,
 * unfinished ones go on), prints the tables and writes config->out/regimes.json and regimes.html.
 * The configuration must evaluate (evaluation.every_epochs, ais_chains and tau_chains above 0) and
 * use units `binary`. Where the data have no test part, the training images take its place. CONFIG,
 * IO, INTERRUPTED, NO_MEMORY. */
pbl_status pbl_regimes_run(const pbl_train_config *config, const pbl_regimes_options *options,
                           pbl_progress *progress, pbl_error *err);

#endif
