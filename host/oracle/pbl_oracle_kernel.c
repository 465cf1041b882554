/* The sweep operator, applied without ever forming its 2^N x 2^N matrix.
 *
 * Within a block the sites are conditionally independent, so a block step forgets the block's old
 * bits. Going backward the vector halves at each site and is spread out again once; going forward
 * the block is summed out once and doubles at each site. Either way a block costs about 2 * 2^N
 * multiplications instead of |block| * 2^N. */
#include <string.h>

#include "oracle_internal.h"

/* f(v,h) <- E[f(v,h') | v], h' drawn hidden site by hidden site; last site first. */
void pbl_backward_hidden(const pbl_oracle *o, double *f) {
  const size_t n = o->visible_states;
  for (int j = o->H - 1; j >= 0; j--) {
    const double *p = o->p_hidden + (size_t)j * n;
    const size_t half = (size_t)1 << j;
    for (size_t h = 0; h < half; h++) {
      double *minus = f + h * n;
      const double *plus = f + (h + half) * n;
      for (size_t v = 0; v < n; v++) minus[v] = p[v] * plus[v] + (1.0 - p[v]) * minus[v];
    }
  }
  for (size_t h = 1; h < o->hidden_states; h++) memcpy(f + h * n, f, n * sizeof *f);
}

/* f(v,h) <- E[f(v',h) | h]. */
void pbl_backward_visible(const pbl_oracle *o, double *f) {
  const size_t n = o->visible_states;
  for (size_t h = 0; h < o->hidden_states; h++) {
    double *row = f + h * n;
    const double *p = o->p_visible + h * (size_t)o->V;
    for (int i = o->V - 1; i >= 0; i--) {
      const size_t half = (size_t)1 << i;
      const double plus = p[i], minus = 1.0 - p[i];
      for (size_t v = 0; v < half; v++) row[v] = plus * row[v + half] + minus * row[v];
    }
    for (size_t v = 1; v < n; v++) row[v] = row[0];
  }
}

/* q(v,h) <- q(v) * P(h | v). The remainder t - p t, not (1-p) t, keeps the mass exact. */
void pbl_forward_hidden(const pbl_oracle *o, double *q) {
  const size_t n = o->visible_states;
  for (size_t h = 1; h < o->hidden_states; h++) {
    const double *row = q + h * n;
    for (size_t v = 0; v < n; v++) q[v] += row[v];
  }
  for (int j = 0; j < o->H; j++) {
    const double *p = o->p_hidden + (size_t)j * n;
    const size_t half = (size_t)1 << j;
    for (size_t h = 0; h < half; h++) {
      double *minus = q + h * n;
      double *plus = q + (h + half) * n;
      for (size_t v = 0; v < n; v++) {
        plus[v] = p[v] * minus[v];
        minus[v] -= plus[v];
      }
    }
  }
}

/* q(v,h) <- q(h) * P(v | h). */
void pbl_forward_visible(const pbl_oracle *o, double *q) {
  const size_t n = o->visible_states;
  for (size_t h = 0; h < o->hidden_states; h++) {
    double *row = q + h * n;
    const double *p = o->p_visible + h * (size_t)o->V;
    double total = 0.0;
    for (size_t v = 0; v < n; v++) total += row[v];
    row[0] = total;
    for (int i = 0; i < o->V; i++) {
      const size_t half = (size_t)1 << i;
      for (size_t v = 0; v < half; v++) {
        row[v + half] = p[i] * row[v];
        row[v] -= row[v + half];
      }
    }
  }
}
