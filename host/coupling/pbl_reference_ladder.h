/* How far a reference may be trusted: the ladder of references, and the gate of those that only ran
 * for long. docs/coupling.md says which rung answers which question. */
#ifndef PBL_REFERENCE_LADDER_H
#define PBL_REFERENCE_LADDER_H

#include <stdbool.h>
#include <stddef.h>

#include "pbl_error.h"

typedef enum {
  PBL_REF_EXACT,      /* enumeration, transfer matrix or tree: no sampling error */
  PBL_REF_PERFECT,    /* exact samples by monotone coupling from the past */
  PBL_REF_COUPLED,    /* coupled chains that all met: unbiased, measured distance */
  PBL_REF_TEMPERED,   /* long run whose halves agree and that does not move when it is doubled */
  PBL_REF_LONG,       /* plain chains, all RESOLVED, with the same two checks */
  PBL_REF_UNCONVERGED /* none of these: whatever is derived from it is an interval, not a value */
} pbl_reference_rung;
const char *pbl_reference_rung_name(pbl_reference_rung r); /* "EXACT", ..., "REF_UNCONVERGED" */

/* Two disjoint halves of a reference: first R1 x p and second R2 x p means of independent chains,
 * row-major. Under equal expectations D = |m1 - m2|^2 has mean tr C, C = S/R1 + S/R2, and its law
 * is matched by a scaled chi-square with nu = (tr C)^2/tr C^2 degrees of freedom (Satterthwaite
 * 1946); S is the pooled covariance, tr S^2 is freed of its bias under normality. */
typedef struct {
  double distance2; /* D - tr C: unbiased for the squared difference of expectations */
  double null_mean; /* tr C */
  double degrees_of_freedom;
  double p_value; /* upper tail */
} pbl_halves_report;
/* INVALID for fewer than 4 chains in a half or no component; NUMERIC for values that are not
 * finite. Constant chains with equal halves: p 1; with different halves: p 0. */
pbl_status pbl_halves_test(pbl_halves_report *out, const double *first, size_t n_first,
                           const double *second, size_t n_second, size_t n_components,
                           pbl_error *err);

typedef struct {
  bool exact;                  /* the law was enumerated */
  bool perfect;                /* exact samples were drawn */
  size_t n_pairs, n_met;       /* coupled chains; 0: none were run */
  double tv_bound_upper;       /* upper limit of the distance at the burn-in in use */
  double coupled_p_value;      /* of the reference's means against unbiased ones; 1: not compared */
  bool long_run;               /* a long tempered run was made */
  bool chains_resolved;        /* plain chains: every monitored observable RESOLVED */
  double halves_p_value;       /* of either: pbl_halves_test */
  bool no_gradient;            /* no data, so that there is no Q to look at */
  double q_change_on_doubling; /* |Q(2 K_ref)/Q(K_ref) - 1| */
} pbl_reference_evidence;

typedef struct {
  double tv_tolerance;     /* .01 */
  double coupled_alpha;    /* 1e-3: a smaller p means that the reference is biased */
  double halves_alpha;     /* .01: a smaller p means that the halves differ */
  double q_change_allowed; /* .05 */
} pbl_reference_gates;
pbl_reference_gates pbl_reference_gates_default(void);

/* Highest rung that the evidence supports. *reason (may be NULL): static text, which gate decided.
 * NaN evidence never passes a gate. */
pbl_reference_rung pbl_reference_decide(const char **reason, const pbl_reference_evidence *e,
                                        const pbl_reference_gates *gates);

#endif
