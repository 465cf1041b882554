#include "pbl_reference.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_gibbs.h"
#include "pbl_gibbs_graph.h"
#include "pbl_parallel.h"
#include "pbl_rng.h"

#define LANES PBL_REFERENCE_BLOCK
_Static_assert(PBL_REFERENCE_BLOCK == PBL_GIBBS_LANES, "a block is one vector of chains");

/* Below this share of non-zero weights sums over them are faster than the matrix product. */
#define SPARSE_SHARE 0.05

/* p-bit updates between two looks at the progress object: about 50 ms of one core. */
#define UPDATES_PER_STRETCH 4000000u

struct pbl_reference {
  pbl_reference_options opt;
  size_t n_visible, n_hidden, n_blocks;
  float *w, *b, *c;
  pbl_gibbs_sparse *sparse; /* of w when it is; else NULL */
  pbl_gibbs_graph *graph;   /* a graph instead of w, b, c: n_hidden is 0, v is by place; or NULL */
  uint8_t *clamp;           /* V+H; graph: by place */
  bool clamped;
  pbl_gibbs_block *blocks; /* chains beyond n_chains are computed and never shown */
  pbl_xoshiro *coins;      /* of each block; NULL but for the kernels coin and random_site */
};

static void *duplicate(const void *data, size_t bytes) {
  void *copy = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (copy) memcpy(copy, data, bytes);
  return copy;
}

static pbl_status check_options(const pbl_reference_options *opt, pbl_error *err) {
  if (opt->n_chains < 1) return pbl_fail(err, PBL_INVALID, "reference: n_chains must be >= 1");
  if ((int)opt->kernel < PBL_KERNEL_CYCLIC || opt->kernel > PBL_KERNEL_RANDOM_SITE)
    return pbl_fail(err, PBL_INVALID, "reference: unknown kernel %d", (int)opt->kernel);
  if (!isfinite(opt->beta) || opt->beta < 0.0)
    return pbl_fail(err, PBL_INVALID, "reference: beta %g must be finite and >= 0", opt->beta);
  return PBL_OK;
}

/* Uniform states from the stream before the first long jump, which no chain uses. */
static void random_states(pbl_reference *r) {
  pbl_xoshiro g;
  pbl_xoshiro_seed(&g, r->opt.seed);
  for (size_t k = 0; k < r->n_blocks; k++) {
    pbl_gibbs_block *b = &r->blocks[k];
    for (size_t i = 0; i < r->n_visible * LANES; i++)
      b->v[i] = pbl_xoshiro_next(&g) >> 31 ? 1.0f : -1.0f;
    for (size_t j = 0; j < r->n_hidden * LANES; j++)
      b->h[j] = pbl_xoshiro_next(&g) >> 31 ? 1.0f : -1.0f;
  }
}

/* From streams that no chain uses. */
static bool create_coins(pbl_reference *r) {
  pbl_xoshiro g;
  r->coins = malloc(r->n_blocks * sizeof *r->coins);
  if (!r->coins) return false;
  pbl_xoshiro_seed(&g, r->opt.seed);
  for (size_t i = 0; i <= r->n_blocks * LANES; i++) pbl_xoshiro_long_jump(&g);
  for (size_t b = 0; b < r->n_blocks; b++) {
    r->coins[b] = g;
    pbl_xoshiro_long_jump(&g);
  }
  return true;
}

/* All but the model. */
static pbl_status create(pbl_reference **out, size_t n_visible, size_t n_hidden,
                         const pbl_reference_options *opt, pbl_error *err) {
  *out = NULL;
  pbl_status status = check_options(opt, err);
  if (status) return status;
  pbl_reference *r = calloc(1, sizeof *r);
  if (!r) return pbl_fail(err, PBL_NO_MEMORY, "no memory for a reference sampler");
  r->opt = *opt;
  r->n_visible = n_visible;
  r->n_hidden = n_hidden;
  r->n_blocks = (opt->n_chains + LANES - 1) / LANES;
  r->clamp = calloc(n_visible + n_hidden, 1);
  status = r->clamp ? pbl_gibbs_create(&r->blocks, r->n_blocks, n_visible, n_hidden, opt->seed, err)
                    : pbl_fail(err, PBL_NO_MEMORY, "no memory for a reference sampler");
  if (status) {
    pbl_reference_destroy(r);
    return status;
  }
  *out = r;
  return PBL_OK;
}

pbl_status pbl_reference_create(pbl_reference **out, const pbl_rbm *model,
                                const pbl_reference_options *opt, pbl_error *err) {
  *out = NULL;
  if (opt->kernel == PBL_KERNEL_RANDOM_SITE)
    return pbl_fail(err, PBL_INVALID, "reference: the kernel random_site is for graphs");
  if (model->n_visible < 1 || model->n_hidden < 1)
    return pbl_fail(err, PBL_INVALID, "reference: a model of %d x %d p-bits cannot be sampled",
                    model->n_visible, model->n_hidden);
  pbl_reference *r = NULL;
  pbl_status status = create(&r, (size_t)model->n_visible, (size_t)model->n_hidden, opt, err);
  if (status) return status;
  r->w = duplicate(model->w, r->n_visible * r->n_hidden * sizeof *r->w);
  r->b = duplicate(model->b, r->n_visible * sizeof *r->b);
  r->c = duplicate(model->c, r->n_hidden * sizeof *r->c);
  if (!r->w || !r->b || !r->c) {
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for a model of %zu x %zu p-bits", r->n_visible,
                      r->n_hidden);
    goto fail;
  }
  status = pbl_gibbs_sparse_create(&r->sparse, r->w, r->n_visible, r->n_hidden, SPARSE_SHARE, err);
  if (status) goto fail;
  if (opt->kernel == PBL_KERNEL_COIN && !create_coins(r)) {
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for the coins of a reference sampler");
    goto fail;
  }
  random_states(r);
  *out = r;
  return PBL_OK;
fail:
  pbl_reference_destroy(r);
  return status;
}

pbl_status pbl_reference_create_graph(pbl_reference **out, const pbl_graph *graph,
                                      const pbl_colouring *blocks, const pbl_reference_options *opt,
                                      pbl_error *err) {
  *out = NULL;
  const bool drawn = opt->kernel == PBL_KERNEL_COIN || opt->kernel == PBL_KERNEL_RANDOM_SITE;
  pbl_status status = create(out, graph->n, 0, opt, err);
  if (!status) status = pbl_gibbs_graph_create(&(*out)->graph, graph, blocks, err);
  if (!status && drawn && !create_coins(*out))
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for the coins of a reference sampler");
  if (!status) {
    random_states(*out);
    return PBL_OK;
  }
  pbl_reference_destroy(*out);
  *out = NULL;
  return status;
}

void pbl_reference_destroy(pbl_reference *r) {
  if (!r) return;
  pbl_gibbs_graph_destroy(r->graph);
  pbl_gibbs_destroy(r->blocks, r->n_blocks);
  pbl_gibbs_sparse_destroy(r->sparse);
  free(r->w);
  free(r->b);
  free(r->c);
  free(r->clamp);
  free(r->coins);
  free(r);
}

static size_t place_of(const pbl_reference *r, size_t p) {
  return r->graph ? r->graph->place[p] : p;
}

static float *pbit(const pbl_reference *r, size_t chain, size_t pbit) {
  const pbl_gibbs_block *b = &r->blocks[chain / LANES];
  const size_t p = place_of(r, pbit);
  float *unit = p < r->n_visible ? b->v + p * LANES : b->h + (p - r->n_visible) * LANES;
  return unit + chain % LANES;
}

pbl_status pbl_reference_set_state(pbl_reference *r, const signed char *states, pbl_error *err) {
  const size_t n = r->n_visible + r->n_hidden;
  for (size_t i = 0; i < r->opt.n_chains * n; i++)
    if (states[i] != 1 && states[i] != -1)
      return pbl_fail(err, PBL_INVALID, "reference: chain %zu, p-bit %zu: state %d is not -1 or +1",
                      i / n, i % n, states[i]);
  for (size_t chain = 0; chain < r->opt.n_chains; chain++)
    for (size_t p = 0; p < n; p++) *pbit(r, chain, p) = (float)states[chain * n + p];
  return PBL_OK;
}

void pbl_reference_get_state(const pbl_reference *r, signed char *states) {
  const size_t n = r->n_visible + r->n_hidden;
  for (size_t chain = 0; chain < r->opt.n_chains; chain++)
    for (size_t p = 0; p < n; p++)
      states[chain * n + p] = *pbit(r, chain, p) > 0.0f ? (signed char)1 : (signed char)-1;
}

pbl_status pbl_reference_set_clamp(pbl_reference *r, const uint8_t *clamp, pbl_error *err) {
  const size_t n = r->n_visible + r->n_hidden;
  for (size_t p = 0; clamp && p < n; p++)
    if (clamp[p] > 1)
      return pbl_fail(err, PBL_INVALID, "reference: clamp of p-bit %zu is %d, not 0 or 1", p,
                      clamp[p]);
  r->clamped = clamp != NULL;
  for (size_t p = 0; clamp && p < n; p++) r->clamp[place_of(r, p)] = clamp[p];
  return PBL_OK;
}

/* Eight p-bits of 16 chains at a time: the states are unit-major, the store is chain-major. */
static void record(const pbl_reference *r, size_t block, pbl_chains *out, size_t draw) {
  const size_t first = block * LANES, n = r->n_visible + r->n_hidden;
  const size_t lanes = r->opt.n_chains - first < LANES ? r->opt.n_chains - first : LANES;
  for (size_t byte = 0; byte < out->row_bytes; byte++) {
    uint8_t bits[LANES] = {0};
    for (size_t k = 0; k < 8 && 8 * byte + k < n; k++) {
      const float *s = pbit(r, first, 8 * byte + k);
      for (size_t l = 0; l < LANES; l++) bits[l] = (uint8_t)(bits[l] | ((s[l] > 0.0f) << k));
    }
    for (size_t l = 0; l < lanes; l++) pbl_chains_row(out, first + l, draw)[byte] = bits[l];
  }
}

typedef struct {
  const pbl_reference *r;
  pbl_chains *out;
  size_t first_draw;        /* place in `out` of this run's draw 0 */
  uint64_t every, from, to; /* sweeps from+1 .. to of the run */
} stretch;

/* Whether it went back. */
static bool sweep_graph(const pbl_reference *r, size_t block, const uint8_t *clamp,
                        float two_beta) {
  pbl_gibbs_block *b = &r->blocks[block];
  if (r->opt.kernel == PBL_KERNEL_RANDOM_SITE) {
    for (size_t k = 0; k < r->n_visible; k++) {
      const uint64_t word = pbl_xoshiro_next(&r->coins[block]);
      pbl_gibbs_graph_site(b, r->graph, (size_t)(word * r->n_visible >> 32), clamp, two_beta);
    }
    return false;
  }
  if (r->opt.kernel == PBL_KERNEL_COIN && pbl_xoshiro_next(&r->coins[block]) >> 31) {
    pbl_gibbs_graph_back(b, r->graph, clamp, two_beta);
    return true;
  }
  pbl_gibbs_graph_sweep(b, r->graph, clamp, two_beta, r->opt.kernel == PBL_KERNEL_PALINDROMIC);
  return false;
}

/* Whether the visible p-bits, or a graph's last block, came first. */
static bool sweep_block(const pbl_reference *r, size_t block) {
  pbl_gibbs_block *b = &r->blocks[block];
  const bool palindromic = r->opt.kernel == PBL_KERNEL_PALINDROMIC;
  const uint8_t *clamp = r->clamped ? r->clamp : NULL;
  const float two_beta = (float)(2.0 * r->opt.beta);
  if (r->graph) return sweep_graph(r, block, clamp, two_beta);
  const pbl_gibbs_law law = {.w = r->w,
                             .sparse = r->sparse,
                             .bias_v = r->b,
                             .bias_h = r->c,
                             .clamp = clamp,
                             .coupling = 1.0f,
                             .two_beta = two_beta};
  const bool reversed = r->coins && pbl_xoshiro_next(&r->coins[block]) >> 31;
  if (!reversed) pbl_gibbs_half_hidden(b, &law);
  pbl_gibbs_half_visible(b, &law);
  if (reversed || palindromic) pbl_gibbs_half_hidden(b, &law);
  return reversed;
}

static void run_block(void *context, size_t block) {
  const stretch *s = context;
  const pbl_reference *r = s->r;
  for (uint64_t sweep = s->from + 1; sweep <= s->to; sweep++) {
    const bool reversed = sweep_block(r, block);
    if (!s->out || sweep % s->every != 0) continue;
    const size_t draw = s->first_draw + (size_t)(sweep / s->every) - 1;
    record(r, block, s->out, draw);
    if (s->out->order && r->coins) s->out->order[block * s->out->n_draws + draw] = reversed;
  }
}

static pbl_status check_store(const pbl_reference *r, const pbl_chains *out, size_t n_draws,
                              pbl_error *err) {
  const size_t n = r->n_visible + r->n_hidden;
  if (out->n_chains != r->opt.n_chains || out->n_pbits != n)
    return pbl_fail(err, PBL_INVALID,
                    "reference: store of %zu chains x %zu p-bits for a sampler of %zu x %zu",
                    out->n_chains, out->n_pbits, r->opt.n_chains, n);
  if (r->coins && out->order && out->order_chains != LANES)
    return pbl_fail(err, PBL_INVALID, "reference: orders for %zu chains a row, blocks have %d",
                    out->order_chains, LANES);
  if (n_draws > out->n_draws || out->n_recorded > out->n_draws - n_draws)
    return pbl_fail(err, PBL_INVALID,
                    "reference: %zu draws do not fit a store of %zu that holds %zu already",
                    n_draws, out->n_draws, out->n_recorded);
  return PBL_OK;
}

pbl_status pbl_reference_run(pbl_reference *r, pbl_chains *out, size_t n_draws, size_t every,
                             pbl_progress *progress, pbl_error *err) {
  if (every < 1) return pbl_fail(err, PBL_INVALID, "reference: 'every' must be >= 1 sweep");
  if (n_draws > SIZE_MAX / every)
    return pbl_fail(err, PBL_INVALID, "reference: %zu draws of %zu sweeps overflow", n_draws,
                    every);
  if (out) {
    pbl_status status = check_store(r, out, n_draws, err);
    if (status) return status;
  }
  const uint64_t total = (uint64_t)n_draws * every;
  const uint64_t updates = (uint64_t)(r->n_visible + r->n_hidden) * LANES * r->n_blocks;
  const uint64_t stride = UPDATES_PER_STRETCH / updates + 1;
  const char *what = out ? "reference sampling" : "reference burn-in";
  stretch s = {.r = r, .out = out, .first_draw = out ? out->n_recorded : 0, .every = every};
  while (s.to < total) {
    s.from = s.to;
    s.to = total - s.from < stride ? total : s.from + stride;
    pbl_parallel_for(r->n_blocks, r->opt.threads, run_block, &s);
    if (out) out->n_recorded = s.first_draw + (size_t)(s.to / every);
    if (!pbl_progress_report(progress, what, s.to, total) && s.to < total)
      return pbl_fail(err, PBL_INTERRUPTED, "%s stopped after %llu of %llu sweeps", what,
                      (unsigned long long)s.to, (unsigned long long)total);
  }
  return PBL_OK;
}
