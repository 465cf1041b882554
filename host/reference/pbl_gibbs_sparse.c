#include "pbl_gibbs_sparse.h"

#include <stdlib.h>

#include "pbl_clones.h"
#include "pbl_gibbs.h"

#define LANES PBL_GIBBS_LANES

static void half_release(pbl_sparse_half *h) {
  free(h->first);
  free(h->source);
  free(h->weight);
}

/* Word (target t, source s) stands at w[t * target_stride + s * source_stride]. */
static pbl_status half_fill(pbl_sparse_half *h, const float *w, size_t n_targets, size_t n_sources,
                            size_t target_stride, size_t source_stride, size_t n, pbl_error *err) {
  h->n_targets = n_targets;
  h->first = malloc((n_targets + 1) * sizeof *h->first);
  h->source = malloc((n + 1) * sizeof *h->source);
  h->weight = malloc((n + 1) * sizeof *h->weight);
  if (!h->first || !h->source || !h->weight)
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu sparse weights", n);
  size_t e = 0;
  for (size_t t = 0; t < n_targets; t++) {
    h->first[t] = e;
    for (size_t s = 0; s < n_sources; s++) {
      const float weight = w[t * target_stride + s * source_stride];
      if (weight == 0.0f) continue;
      h->source[e] = (uint32_t)s;
      h->weight[e++] = weight;
    }
  }
  h->first[n_targets] = e;
  return PBL_OK;
}

pbl_status pbl_gibbs_sparse_create(pbl_gibbs_sparse **out, const float *w, size_t n_visible,
                                   size_t n_hidden, double most, pbl_error *err) {
  size_t n = 0;
  *out = NULL;
  for (size_t k = 0; k < n_visible * n_hidden; k++) n += w[k] != 0.0f;
  if ((double)n >= most * (double)n_visible * (double)n_hidden) return PBL_OK;
  pbl_gibbs_sparse *s = calloc(1, sizeof *s);
  if (!s) return pbl_fail(err, PBL_NO_MEMORY, "no memory for sparse weights");
  pbl_status st = half_fill(&s->hidden, w, n_hidden, n_visible, 1, n_hidden, n, err);
  if (!st) st = half_fill(&s->visible, w, n_visible, n_hidden, n_hidden, 1, n, err);
  if (st) {
    pbl_gibbs_sparse_destroy(s);
    return st;
  }
  *out = s;
  return PBL_OK;
}

void pbl_gibbs_sparse_destroy(pbl_gibbs_sparse *s) {
  if (!s) return;
  half_release(&s->hidden);
  half_release(&s->visible);
  free(s);
}

PBL_CLONES static void all_fields(float *restrict field, const size_t *restrict first,
                                  const uint32_t *restrict source, const float *restrict weight,
                                  const float *restrict states, size_t n_targets) {
  for (size_t t = 0; t < n_targets; t++) {
    float sum[LANES] = {0};
    for (size_t e = first[t]; e < first[t + 1]; e++) {
      const float *s = states + (size_t)source[e] * LANES;
      for (int l = 0; l < LANES; l++) sum[l] += weight[e] * s[l];
    }
    for (int l = 0; l < LANES; l++) field[t * LANES + (size_t)l] = sum[l];
  }
}

void pbl_gibbs_sparse_field(float *field, const pbl_sparse_half *s, const float *states) {
  all_fields(field, s->first, s->source, s->weight, states, s->n_targets);
}
