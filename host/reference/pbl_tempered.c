#include "pbl_tempered.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"

struct pbl_tempered {
  pbl_tempered_options opt;
  double beta[PBL_TEMPERED_MAX_RUNGS];
  pbl_reference *rung[PBL_TEMPERED_MAX_RUNGS];
  pbl_rbm *model; /* or graph */
  const pbl_graph *graph;
  size_t n;           /* p-bits */
  signed char *state; /* rungs x ladders x n */
  double *energy;     /* rungs x ladders */
  uint8_t *replica;   /* rungs x ladders: who is there, by the rung it started at */
  size_t since;       /* sweeps since the last pass */
  bool odd;
  pbl_xoshiro words; /* decisions and coins */
  uint64_t tries[PBL_TEMPERED_MAX_RUNGS], accepts[PBL_TEMPERED_MAX_RUNGS];
};

static pbl_status check(const pbl_tempered_options *opt, pbl_error *err) {
  if (opt->n_ladders < 1 || opt->n_rungs < 1 || opt->n_rungs > PBL_TEMPERED_MAX_RUNGS)
    return pbl_fail(err, PBL_INVALID, "tempered reference: %zu ladders of %zu rungs",
                    opt->n_ladders, opt->n_rungs);
  return PBL_OK;
}

static pbl_status create_rungs(pbl_tempered *t, const pbl_colouring *blocks, pbl_error *err) {
  pbl_status status = PBL_OK;
  for (size_t k = 0; status == PBL_OK && k < t->opt.n_rungs; k++) {
    uint64_t seed = t->opt.seed + k;
    const pbl_reference_options opt = {.n_chains = t->opt.n_ladders,
                                       .seed = pbl_splitmix64(&seed),
                                       .threads = t->opt.threads,
                                       .kernel = t->opt.kernel,
                                       .beta = t->beta[k]};
    status = t->graph != NULL ? pbl_reference_create_graph(&t->rung[k], t->graph, blocks, &opt, err)
                              : pbl_reference_create(&t->rung[k], t->model, &opt, err);
  }
  return status;
}

static pbl_status create(pbl_tempered **out, const pbl_rbm *model, const pbl_graph *graph,
                         const pbl_colouring *blocks, const pbl_tempered_options *opt,
                         pbl_error *err) {
  *out = NULL;
  pbl_status status = check(opt, err);
  if (status != PBL_OK) return status;
  pbl_tempered *t = calloc(1, sizeof *t);
  const size_t chains = opt->n_rungs * opt->n_ladders;
  if (t == NULL) return pbl_fail(err, PBL_NO_MEMORY, "tempered reference: out of memory");
  t->opt = *opt;
  t->graph = graph;
  t->n = graph ? graph->n : (size_t)model->n_visible + (size_t)model->n_hidden;
  memcpy(t->beta, opt->beta, opt->n_rungs * sizeof *t->beta);
  t->opt.beta = t->beta;
  pbl_xoshiro_seed(&t->words, ~opt->seed);
  t->state = malloc(chains * t->n);
  t->energy = malloc(chains * sizeof *t->energy);
  t->replica = malloc(chains);
  if (!t->state || !t->energy || !t->replica)
    status = pbl_fail(err, PBL_NO_MEMORY, "tempered reference: no memory for %zu chains", chains);
  if (status == PBL_OK && model != NULL) status = pbl_rbm_copy(&t->model, model, err);
  if (status == PBL_OK) status = create_rungs(t, blocks, err);
  if (status != PBL_OK) {
    pbl_tempered_destroy(t);
    return status;
  }
  for (size_t c = 0; c < chains; c++) t->replica[c] = (uint8_t)(c / opt->n_ladders);
  *out = t;
  return PBL_OK;
}

pbl_status pbl_tempered_create(pbl_tempered **out, const pbl_rbm *model,
                               const pbl_tempered_options *opt, pbl_error *err) {
  return create(out, model, NULL, NULL, opt, err);
}

pbl_status pbl_tempered_create_graph(pbl_tempered **out, const pbl_graph *graph,
                                     const pbl_colouring *blocks, const pbl_tempered_options *opt,
                                     pbl_error *err) {
  return create(out, NULL, graph, blocks, opt, err);
}

void pbl_tempered_destroy(pbl_tempered *t) {
  if (t == NULL) return;
  for (size_t k = 0; k < PBL_TEMPERED_MAX_RUNGS; k++) pbl_reference_destroy(t->rung[k]);
  pbl_rbm_destroy(t->model);
  free(t->state);
  free(t->energy);
  free(t->replica);
  free(t);
}

/* Rung k's states in t->state. */
static signed char *states_of(const pbl_tempered *t, size_t k) {
  return t->state + k * t->opt.n_ladders * t->n;
}

pbl_status pbl_tempered_set_state(pbl_tempered *t, const signed char *states, pbl_error *err) {
  pbl_status status = PBL_OK;
  memcpy(t->state, states, t->opt.n_rungs * t->opt.n_ladders * t->n);
  for (size_t k = 0; status == PBL_OK && k < t->opt.n_rungs; k++)
    status = pbl_reference_set_state(t->rung[k], states_of(t, k), err);
  return status;
}

pbl_status pbl_tempered_set_clamp(pbl_tempered *t, const uint8_t *clamp, pbl_error *err) {
  pbl_status status = PBL_OK;
  for (size_t k = 0; status == PBL_OK && k < t->opt.n_rungs; k++)
    status = pbl_reference_set_clamp(t->rung[k], clamp, err);
  return status;
}

static double uniform(pbl_tempered *t) {
  return ldexp((double)pbl_xoshiro_next(&t->words), -32);
}

static void exchange(pbl_tempered *t, size_t k, size_t l) {
  const size_t L = t->opt.n_ladders, n = t->n, x = k * L + l, y = x + L;
  const double a = (t->beta[k] - t->beta[k + 1]) * (t->energy[x] - t->energy[y]);
  const double u = uniform(t);
  t->tries[k]++;
  if (a < 0.0 && u >= exp(a)) return;
  t->accepts[k]++;
  signed char *sx = t->state + x * n, *sy = t->state + y * n;
  for (size_t p = 0; p < n; p++) {
    const signed char kept = sx[p];
    sx[p] = sy[p];
    sy[p] = kept;
  }
  const double energy = t->energy[x];
  t->energy[x] = t->energy[y];
  t->energy[y] = energy;
  const uint8_t replica = t->replica[x];
  t->replica[x] = t->replica[y];
  t->replica[y] = replica;
}

static void fetch(pbl_tempered *t) {
  for (size_t k = 0; k < t->opt.n_rungs; k++) pbl_reference_get_state(t->rung[k], states_of(t, k));
}

/* States have been fetched. */
static pbl_status pass(pbl_tempered *t, pbl_error *err) {
  pbl_status status = PBL_OK;
  const size_t chains = t->opt.n_rungs * t->opt.n_ladders;
  for (size_t c = 0; c < chains; c++) {
    const signed char *s = t->state + c * t->n;
    t->energy[c] = t->graph ? pbl_graph_energy(t->graph, s)
                            : pbl_rbm_energy(t->model, s, s + t->model->n_visible);
  }
  for (size_t l = 0; l < t->opt.n_ladders; l++) {
    const bool odd = t->opt.random ? pbl_xoshiro_next(&t->words) >> 31 : t->odd;
    for (size_t k = odd; k + 1 < t->opt.n_rungs; k += 2) exchange(t, k, l);
  }
  t->odd = !t->odd;
  for (size_t k = 0; status == PBL_OK && k < t->opt.n_rungs; k++)
    status = pbl_reference_set_state(t->rung[k], states_of(t, k), err);
  return status;
}

static void record(const pbl_tempered *t, pbl_chains *out) {
  const size_t chains = t->opt.n_rungs * t->opt.n_ladders, L = t->opt.n_ladders;
  for (size_t c = 0; c < chains; c++) {
    uint8_t *row = pbl_chains_row(out, c, out->n_recorded);
    memset(row, 0, out->row_bytes);
    for (size_t p = 0; p < t->n; p++)
      row[p / 8] = (uint8_t)(row[p / 8] | ((t->state[c * t->n + p] > 0) << (p % 8)));
    if (out->label != NULL)
      pbl_chains_labels(out, out->n_recorded)[t->replica[c] * L + c % L] = (uint8_t)(c / L);
  }
  out->n_recorded++;
}

static pbl_status check_store(const pbl_tempered *t, const pbl_chains *out, size_t n_draws,
                              pbl_error *err) {
  const size_t chains = t->opt.n_rungs * t->opt.n_ladders;
  if (out->n_chains == chains && out->n_pbits == t->n && n_draws <= out->n_draws - out->n_recorded)
    return PBL_OK;
  return pbl_fail(err, PBL_INVALID,
                  "tempered reference: store of %zu chains x %zu p-bits x %zu draws for %zu x %zu "
                  "x %zu more than %zu",
                  out->n_chains, out->n_pbits, out->n_draws, chains, t->n, n_draws,
                  out->n_recorded);
}

/* `sweeps` sweeps of all rungs. */
static pbl_status sweep(pbl_tempered *t, size_t sweeps, pbl_error *err) {
  pbl_status status = PBL_OK;
  for (size_t k = 0; status == PBL_OK && k < t->opt.n_rungs; k++)
    status = pbl_reference_run(t->rung[k], NULL, sweeps, 1, NULL, err);
  t->since += sweeps;
  return status;
}

pbl_status pbl_tempered_run(pbl_tempered *t, pbl_chains *out, size_t n_draws, size_t every,
                            pbl_progress *progress, pbl_error *err) {
  if (every < 1) return pbl_fail(err, PBL_INVALID, "tempered reference: 'every' must be >= 1");
  pbl_status status = out != NULL ? check_store(t, out, n_draws, err) : PBL_OK;
  const uint64_t total = (uint64_t)n_draws * every;
  const char *what = out != NULL ? "tempered reference" : "burn-in of the tempered reference";
  for (uint64_t done = 0; status == PBL_OK && done < total;) {
    const size_t to_draw = every - (size_t)(done % every), distance = t->opt.every;
    const size_t to_pass = distance > 0 && distance > t->since ? distance - t->since : to_draw;
    const size_t step = to_pass < to_draw ? to_pass : to_draw;
    status = sweep(t, step, err);
    done += step;
    const bool due = distance > 0 && t->since >= distance, draw = out && done % every == 0;
    if (due || draw) fetch(t);
    if (status == PBL_OK && draw) record(t, out);
    if (status == PBL_OK && due) {
      status = pass(t, err);
      t->since = 0;
    }
    if (status == PBL_OK && !pbl_progress_report(progress, what, done, total) && done < total)
      status = pbl_fail(err, PBL_INTERRUPTED, "%s stopped after %llu of %llu sweeps", what,
                        (unsigned long long)done, (unsigned long long)total);
  }
  return status;
}

void pbl_tempered_counts(const pbl_tempered *t, size_t k, uint64_t *tries, uint64_t *accepts) {
  *tries = k + 1 < t->opt.n_rungs ? t->tries[k] : 0;
  *accepts = k + 1 < t->opt.n_rungs ? t->accepts[k] : 0;
}
