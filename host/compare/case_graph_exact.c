/* Exact laws of a graph, and its Q_op. */
#include <math.h>
#include <stdlib.h>

#include "compare_internal.h"
#include "pbl_oracle_graph.h"
#include "pbl_parallel.h"

#define BATCH 4 /* components between two looks at the progress object */

static double device_law(const void *context, double field) {
  const pbl_image *im = context;
  const int64_t word = llround(ldexp(field, im->hw.weight_frac));
  return ldexp((double)pbl_image_threshold(im, word, im->beta), -im->hw.threshold_bits);
}

pbl_status case_graph_law_at(pbl_oracle **out, const case_work *w, uint32_t beta, pbl_error *err) {
  pbl_image image = *w->image; /* borrowed arrays, another beta */
  image.beta = beta;
  return pbl_oracle_create_graph(out, w->held, w->colouring, ldexp((double)beta, -w->hw.beta_frac),
                                 w->cc->kernel, device_law, &image, w->progress, err);
}

pbl_status case_graph_laws(pbl_oracle **wanted, case_work *w, pbl_error *err) {
  const pbl_kernel kernel = w->cc->kernel;
  const pbl_colouring *c = w->colouring;
  pbl_status st = pbl_oracle_create_graph(&w->law, w->held, c, w->held_beta, kernel, device_law,
                                          w->image, w->progress, err);
  if (!st)
    st = pbl_oracle_create_graph(&w->ideal, w->held, c, w->held_beta, kernel, NULL, NULL,
                                 w->progress, err);
  return st ? st
            : pbl_oracle_create_graph(wanted, w->graph, c, w->beta, kernel, NULL, NULL, w->progress,
                                      err);
}

/* One component of the gradient: a p-bit or an edge. */
typedef struct {
  double mean, variance;
  pbl_status status;
} component;

typedef struct {
  const case_work *w;
  size_t window, first;
  component *out;
} components;

static void one_component(void *context, size_t job) {
  const components *c = context;
  const case_work *w = c->w;
  const size_t n = w->graph->n, states = pbl_oracle_states(w->law), k = c->first + job;
  const size_t i = k < n ? k : w->edges[k - n][0], j = k < n ? k : w->edges[k - n][1];
  component *to = &c->out[k];
  double *f = malloc(states * sizeof *f);
  if (!f) {
    to->status = PBL_NO_MEMORY;
    return;
  }
  for (size_t x = 0; x < states; x++) {
    const size_t bits = k < n ? ~(x >> i) : (x >> i) ^ (x >> j);
    f[x] = bits & 1 ? -1 : 1;
  }
  to->status = pbl_oracle_tau(w->law, f, &to->mean, NULL, NULL, NULL);
  if (!to->status)
    to->status = pbl_oracle_window_variance(w->law, f, c->window, &to->variance, NULL);
  free(f);
}

pbl_status case_graph_qop(double *q, double *signal, double *noise, const case_work *w,
                          size_t window, pbl_error *err) {
  const size_t all = w->graph->n + w->n_edges;
  components c = {.w = w, .window = window, .out = calloc(all, sizeof *c.out)};
  pbl_status st = c.out ? PBL_OK : pbl_fail(err, PBL_NO_MEMORY, "exact Q_op: out of memory");
  for (; !st && c.first < all; c.first += BATCH) {
    const size_t count = all - c.first < BATCH ? all - c.first : BATCH;
    if (!pbl_progress_report(w->progress, "exact Q_op", c.first, all))
      st = pbl_fail(err, PBL_INTERRUPTED, "interrupted");
    if (!st) pbl_parallel_for(count, w->config->threads, one_component, &c);
  }
  *signal = *noise = 0;
  for (size_t k = 0; !st && k < all; k++) {
    const double g = w->data[k] - c.out[k].mean;
    *signal += g * g;
    *noise += c.out[k].variance;
    if (c.out[k].status) st = pbl_fail(err, c.out[k].status, "exact Q_op: out of memory");
  }
  *q = *signal / *noise;
  free(c.out);
  return st;
}
