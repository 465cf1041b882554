/* Tests of the decisions of replica exchange, one by one. Given the energies after a sweep each
 * decision is a coin of known probability (pbl_exchange.h), whatever the start, the mixing or the
 * law: outcome minus probability is a martingale difference, plain and times any function of the
 * energies. Pure functions. */
#ifndef PBL_EXCHANGE_DECISIONS_H
#define PBL_EXCHANGE_DECISIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_chains.h"
#include "pbl_error.h"

#define PBL_DECISION_RUNGS 64

typedef struct {
  const pbl_chains *chains; /* of all rungs with their labels; chain k lanes + l is rung k of lane l
                             */
  const int64_t *energy;    /* n_chains x n_recorded, words of 2^-weight_frac */
  size_t rungs, lanes;
  const uint32_t *beta; /* words of the rungs */
  int weight_frac, beta_frac;
  uint64_t
      before;     /* sweeps from the beginning of the ladder (position 0, even) to draw 0's first */
  uint64_t every; /* sweeps from draw to draw, at most `distance` */
  uint64_t distance; /* from pass to pass, >= 1 */
  bool random;       /* parity of a pass by a coin of all lanes; else even and odd in turn */
} pbl_decisions_input;

typedef struct {
  double seen;         /* decisions */
  uint64_t impossible; /* outcomes of probability zero, and changes of labels that no pass makes */
  double z[PBL_DECISION_RUNGS - 1]; /* of pair k: too many or too few exchanges; NaN: too few */
  double gain_z[PBL_DECISION_RUNGS - 1]; /* of their dependence on b D */
  size_t worst;                          /* pair */
  double worst_z;
  const char *family; /* of the worst, static text */
  size_t n_tests;
  double p_value; /* Bonferroni over them; 0 with anything impossible */
} pbl_decisions_report;

/* INVALID for shapes, without labels, and where a pass between two draws cannot be told from
 * another: every > distance, or distance 0. NO_MEMORY. */
pbl_status pbl_exchange_decisions(pbl_decisions_report *out, const pbl_decisions_input *in,
                                  pbl_error *err);

#endif
