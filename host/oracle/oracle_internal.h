/* Private to host/oracle: the tables of one exact sweep operator. */
#ifndef PBL_ORACLE_INTERNAL_H
#define PBL_ORACLE_INTERNAL_H

#include "pbl_oracle.h"

struct pbl_oracle {
  int V, H;
  pbl_kernel kernel;
  size_t visible_states; /* 2^V: one row of a state vector, index h * 2^V + v */
  size_t hidden_states;  /* 2^H */
  double *p_hidden;      /* H x 2^V: P(h_j = +1 | v) */
  double *p_visible;     /* 2^H x V: P(v_i = +1 | h) */
  double *law;           /* 2^(V+H) */
  double log_z;
};

static inline size_t pbl_oracle_count(const pbl_oracle *o) {
  return o->visible_states * o->hidden_states;
}

/* Bit k of `state` as a spin. */
static inline int pbl_oracle_spin(size_t state, int k) {
  return ((state >> k) & 1) ? 1 : -1;
}

/* Tables allocated but not filled, log_z NaN. INVALID for a bad shape or kernel. */
pbl_status pbl_oracle_allocate(pbl_oracle **out, int V, int H, pbl_kernel kernel, pbl_error *err);
/* law <- exp(-beta E)/Z and log_z; weights as in pbl_oracle_create_weights. */
void pbl_oracle_fill_ideal_law(pbl_oracle *o, const double *weights, double beta);

/* sum_x law(x) f(x), summed row by row so that rounding grows with the rows, not the states. */
double pbl_oracle_mean(const pbl_oracle *o, const double *f);
/* sum_x law(x) f(x) g(x). */
double pbl_oracle_inner(const pbl_oracle *o, const double *f, const double *g);

#endif
