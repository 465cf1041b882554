/* The sweep operator, applied without ever forming its 2^N x 2^N matrix.
 *
 * Within a block the sites are conditionally independent, so a block step forgets the block's old
 * bits: it maps a function of the state to a function of the other block alone. Going backward a
 * whole scan is therefore one pass that reads the vector (reduce), block steps between the two
 * short sides, and one pass that writes it (spread). A reduction halves at each site, about 2^N
 * multiplications instead of |block| * 2^N; the rows wait in a stack of one per hidden site, so
 * that every state is read once, in order. Going forward works in place. */
#include <string.h>

#include "oracle_internal.h"
#include "vector_math.h"

#define CHUNK 512 /* visible states of one row in the cache at a time */

size_t pbl_block_work(const pbl_oracle *o) {
  return o->visible_states + (size_t)(o->H + 3) * CHUNK;
}

/* out = p * plus + (1 - p) * minus; out is neither of them. */
static inline __attribute__((always_inline)) void mix(double *restrict out,
                                                      const double *restrict plus,
                                                      const double *restrict minus,
                                                      const double *restrict p, size_t n) {
  for (size_t k = 0; k < n; k++) out[k] = p[k] * plus[k] + (1.0 - p[k]) * minus[k];
}

static inline __attribute__((always_inline)) void mix_constants(double *restrict out, double plus,
                                                                double minus,
                                                                const double *restrict p,
                                                                size_t n) {
  for (size_t k = 0; k < n; k++) out[k] = p[k] * plus + (1.0 - p[k]) * minus;
}

/* out(v) = E[f(v, h') | v] for `width` visible states from `first` on. With b != NULL f(v, h) =
 * b[h] and `f` is not read. Pairs of rows meet at site 0; a mean over t sites waits in
 * stack[t] for its partner. */
PBL_CLONES
static void reduce_hidden_chunk(const pbl_oracle *o, double *out, const double *f, const double *b,
                                size_t first, size_t width, double *stack) {
  const size_t n = o->visible_states;
  double *spare[2] = {stack, stack + (size_t)(o->H + 1) * CHUNK};
  for (size_t h = 0; h < o->hidden_states; h += 2) {
    int sites = 1;
    while (sites < o->H && ((h >> sites) & 1)) sites++;
    double *waiting = sites == o->H ? out + first : stack + (size_t)sites * CHUNK;
    double *target = sites == 1 ? waiting : spare[0];
    if (b != NULL) {
      mix_constants(target, b[h + 1], b[h], o->p_hidden + first, width);
    } else {
      const double *minus = f + h * n + first;
      mix(target, minus + n, minus, o->p_hidden + first, width);
    }
    for (int j = 1; j < sites; j++) {
      const double *plus = target;
      target = j + 1 == sites ? waiting : spare[j & 1];
      mix(target, plus, stack + (size_t)j * CHUNK, o->p_hidden + (size_t)j * n + first, width);
    }
  }
}

static void reduce_hidden_any(const pbl_oracle *o, double *out, const double *f, const double *b,
                              double *work) {
  const size_t n = o->visible_states;
  for (size_t first = 0; first < n; first += CHUNK)
    reduce_hidden_chunk(o, out, f, b, first, n - first < CHUNK ? n - first : CHUNK, work);
}

void pbl_reduce_hidden(const pbl_oracle *o, double *out, const double *f, double *work) {
  reduce_hidden_any(o, out, f, NULL, work);
}

void pbl_hidden_to_visible(const pbl_oracle *o, double *out, const double *b, double *work) {
  reduce_hidden_any(o, out, NULL, b, work);
}

/* E[row(v') | h] of one row; p: conditionals of this h. */
static inline __attribute__((always_inline)) double row_mean(const double *restrict row,
                                                             const double *restrict p, int V,
                                                             double *restrict half_row) {
  size_t half = (size_t)1 << (V - 1);
  double plus = p[V - 1], minus = 1.0 - plus;
  for (size_t v = 0; v < half; v++) half_row[v] = plus * row[v + half] + minus * row[v];
  for (int i = V - 2; i >= 0; i--) {
    half >>= 1;
    plus = p[i];
    minus = 1.0 - plus;
    double *restrict low = half_row;
    const double *restrict high = half_row + half;
    for (size_t v = 0; v < half; v++) low[v] = plus * high[v] + minus * low[v];
  }
  return half_row[0];
}

/* stride 0: every row is the same function of v. */
PBL_CLONES
static void reduce_visible_any(const pbl_oracle *o, double *out, const double *f, size_t stride,
                               double *work) {
  for (size_t h = 0; h < o->hidden_states; h++)
    out[h] = row_mean(f + h * stride, o->p_visible + h * (size_t)o->V, o->V, work);
}

void pbl_reduce_visible(const pbl_oracle *o, double *out, const double *f, double *work) {
  reduce_visible_any(o, out, f, o->visible_states, work);
}

void pbl_visible_to_hidden(const pbl_oracle *o, double *out, const double *a, double *work) {
  reduce_visible_any(o, out, a, 0, work);
}

PBL_CLONES
static void spread_all(const pbl_oracle *o, double *f, const double *a, const double *b,
                       double scale) {
  const size_t n = o->visible_states;
  for (size_t h = 0; h < o->hidden_states; h++) {
    double *row = f + h * n;
    const double value = b != NULL ? scale * b[h] : 0.0;
    if (a == NULL) {
      for (size_t v = 0; v < n; v++) row[v] = value;
    } else {
      for (size_t v = 0; v < n; v++) row[v] = scale * a[v] + value;
    }
  }
}

/* q(v,h) <- q(v) * P(h | v). The remainder t - p t, not (1-p) t, keeps the mass exact. */
PBL_CLONES
static void forward_hidden_all(const pbl_oracle *o, double *q) {
  const size_t n = o->visible_states;
  for (size_t h = 1; h < o->hidden_states; h++) {
    const double *restrict row = q + h * n;
    double *restrict sum = q;
    for (size_t v = 0; v < n; v++) sum[v] += row[v];
  }
  for (int j = 0; j < o->H; j++) {
    const double *restrict p = o->p_hidden + (size_t)j * n;
    const size_t half = (size_t)1 << j;
    for (size_t h = 0; h < half; h++) {
      double *restrict minus = q + h * n;
      double *restrict plus = q + (h + half) * n;
      for (size_t v = 0; v < n; v++) {
        plus[v] = p[v] * minus[v];
        minus[v] -= plus[v];
      }
    }
  }
}

/* q(v,h) <- q(h) * P(v | h). */
PBL_CLONES
static void forward_visible_all(const pbl_oracle *o, double *q) {
  const size_t n = o->visible_states;
  for (size_t h = 0; h < o->hidden_states; h++) {
    double *row = q + h * n;
    const double *p = o->p_visible + h * (size_t)o->V;
    double total = 0.0;
    for (size_t v = 0; v < n; v++) total += row[v];
    row[0] = total;
    for (int i = 0; i < o->V; i++) {
      const size_t half = (size_t)1 << i;
      double *restrict minus = row;
      double *restrict plus = row + half;
      for (size_t v = 0; v < half; v++) {
        plus[v] = p[i] * minus[v];
        minus[v] -= plus[v];
      }
    }
  }
}

/* Clones are static: other compilers give them names of their own. */
void pbl_spread(const pbl_oracle *o, double *f, const double *a, const double *b, double scale) {
  spread_all(o, f, a, b, scale);
}

void pbl_forward_hidden(const pbl_oracle *o, double *q) {
  forward_hidden_all(o, q);
}

void pbl_forward_visible(const pbl_oracle *o, double *q) {
  forward_visible_all(o, q);
}
