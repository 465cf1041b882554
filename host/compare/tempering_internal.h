/* A case with a ladder: what the comparison of replica exchange needs beside that of rung 0. */
#ifndef TEMPERING_INTERNAL_H
#define TEMPERING_INTERNAL_H

#include "compare_internal.h"
#include "pbl_block_ladder.h"
#include "pbl_regulator_words.h"

/* Chains are in the order of rungs: k * lanes + lane. */
struct case_rungs {
  size_t rungs, lanes;
  pbl_ladder_words words;                 /* in force while the draws are made */
  double beta[PBL_EXCHANGE_RUNGS];        /* what the words stand for */
  pbl_chains *device, *reference, *alone; /* all rungs, with labels; alone: no exchange, rung 0's
                                             beta in all chains, or NULL */
  uint64_t burn_in;                       /* sweeps from the beginning of the ladder to draw 0 */
  int64_t *energy[2];                     /* device, reference: chains x n_recorded, words */
  double *law; /* rungs x 2^p-bits: exact laws of the rungs; NULL without */
  bool joint;  /* law is that of the ladder, exchange included; else of each rung on its own */
  bool solved; /* by pbl_block_ladder */
  pbl_block_ladder_exact with, without; /* of with.n observables, see tempering_place */
};
/* Which observable of the case number j of `with` and `without` is. */
size_t tempering_place(const case_rungs *t, size_t j);

/* The ladder from here on. */
void tempering_hold(case_work *w, const pbl_ladder_words *words);
/* Energy words of all draws: n_chains x n_recorded. NO_MEMORY, INTERRUPTED. Caller frees. */
pbl_status tempering_energies(int64_t **energy, const case_work *w, const pbl_chains *chains,
                              pbl_error *err);
/* Probability that the device exchanges energies x at rung k and y at rung k+1. */
double tempering_accept(const case_work *w, size_t k, int64_t x, int64_t y);

/* Exact laws and autocorrelation times, where the case asks for them and they are within reach. */
pbl_status tempering_exact(case_work *w, pbl_error *err);
/* Innovations of every rung at its own beta. */
pbl_status tempering_innovations(case_work *w, pbl_error *err);
/* Every decision about an exchange that the draws show. */
pbl_status tempering_decisions(case_work *w, pbl_error *err);
/* Acceptance of every pair from the states, mean energies and magnetisations of every rung. */
pbl_status tempering_means(case_work *w, pbl_error *err);
void tempering_round_trips(case_work *w);
/* Chains without exchange and the factor between them and rung 0. */
pbl_status tempering_alone(case_work *w, pbl_driver *d, pbl_error *err);
pbl_status tempering_factors(case_work *w, pbl_error *err);

/* Draws of chains first .. first + n - 1 as a store of their own, without labels. */
pbl_status tempering_slice(pbl_chains **out, const pbl_chains *c, size_t first, size_t n,
                           pbl_error *err);

#endif
