/* Private to host/oracle: the tables of one exact sweep operator. */
#ifndef PBL_ORACLE_INTERNAL_H
#define PBL_ORACLE_INTERNAL_H

#include <stdbool.h>

#include "pbl_oracle_scan.h"

struct pbl_oracle {
  int V, H;
  pbl_scan scan;
  size_t visible_states; /* 2^V: one row of a state vector, index h * 2^V + v */
  size_t hidden_states;  /* 2^H */
  double *p_hidden;      /* H x 2^V: P(h_j = +1 | v) */
  double *p_visible;     /* 2^H x V: P(v_i = +1 | h) */
  double *law;           /* 2^(V+H) */
  double log_z;
  /* A graph, updated p-bit by p-bit: V p-bits, no hidden ones, and no tables but these; else NULL.
   * site[i * 2^(V-1) + y]: P(s_i = +1 | y), y the state without bit i. */
  double *site;
  size_t n_steps;
  uint32_t *step; /* n_steps p-bits in the order of one sweep */
};

static inline size_t pbl_oracle_count(const pbl_oracle *o) {
  return o->visible_states * o->hidden_states;
}

/* Bit k of `state` as a spin. */
static inline int pbl_oracle_spin(size_t state, int k) {
  return ((state >> k) & 1) ? 1 : -1;
}

/* Tables allocated but not filled, log_z NaN. INVALID for a bad scan or a shape of more than
 * max_pbits p-bits. */
pbl_status pbl_oracle_allocate(pbl_oracle **out, int V, int H, pbl_scan scan, int max_pbits,
                               pbl_error *err);
/* The scan of a device kernel; PBL_SCAN_COUNT for an unknown one, which allocate refuses. */
pbl_scan pbl_scan_of(pbl_kernel kernel);
/* law <- exp(-beta E)/Z and log_z; weights as in pbl_oracle_create_weights. */
void pbl_oracle_fill_ideal_law(pbl_oracle *o, const double *weights, double beta);

/* One step on a vector; scratch: pbl_oracle_scratch(o) doubles. */
void pbl_oracle_backward_in(const pbl_oracle *o, double *f, double *scratch);
void pbl_oracle_forward_in(const pbl_oracle *o, double *q, double *scratch);
size_t pbl_oracle_scratch(const pbl_oracle *o);

/* Block steps between the sides; a is a function of v (2^V values), b one of h (2^H), f one of the
 * state; work: pbl_block_work(o) doubles. Outputs overlap nothing. */
void pbl_reduce_hidden(const pbl_oracle *o, double *a, const double *f, double *work);
void pbl_reduce_visible(const pbl_oracle *o, double *b, const double *f, double *work);
void pbl_hidden_to_visible(const pbl_oracle *o, double *a, const double *b, double *work);
void pbl_visible_to_hidden(const pbl_oracle *o, double *b, const double *a, double *work);
/* f(v,h) = scale * (a(v) + b(h)); either may be NULL (zero). */
void pbl_spread(const pbl_oracle *o, double *f, const double *a, const double *b, double scale);
size_t pbl_block_work(const pbl_oracle *o);

/* The two block steps on a distribution, in place. */
void pbl_forward_hidden(const pbl_oracle *o, double *q);
void pbl_forward_visible(const pbl_oracle *o, double *q);

/* Forward steps until the law stays; NUMERIC after 1e6 sweeps, INTERRUPTED. */
pbl_status pbl_oracle_settle(pbl_oracle *o, pbl_progress *progress, pbl_error *err);
/* One sweep over the p-bits of a graph, in place; scratch: 2^n doubles. */
void pbl_sites_backward(const pbl_oracle *o, double *f, double *scratch);
void pbl_sites_forward(const pbl_oracle *o, double *q, double *scratch);

/* INVALID unless `data` has the oracle's shape and data moments, and K >= 1. */
pbl_status pbl_gradient_check(const pbl_oracle *o, const pbl_rbm *data, size_t K, pbl_error *err);

/* sum_x law(x) f(x), summed row by row so that rounding grows with the rows, not the states. */
double pbl_oracle_mean(const pbl_oracle *o, const double *f);
/* sum_x law(x) f(x) g(x). */
double pbl_oracle_inner(const pbl_oracle *o, const double *f, const double *g);

#endif
