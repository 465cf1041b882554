/* Replica exchange, statistics unit and trace port of a netlist against the twin. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlist_pair.h"
#include "pbl_trace.h"
#include "pbl_twin.h"

#define RUNS 24
#define LONGEST 7     /* sweeps of a run */
#define TRACE_FIRST 2 /* sweeps 2 and 3 of every run */
#define TRACE_SWEEPS 2
#define MOST_UPDATES 65536

/* Updates of the traced sweeps of all runs, from either side. */
typedef struct {
  pbl_trace_update *items;
  size_t n;
  int lanes;
  uint64_t run_began; /* SWEEP_COUNT at the START of the present run */
} updates;

static pbl_status keep_records(void *user, const uint32_t *records, size_t n, pbl_error *err) {
  updates *u = user;
  if (u->n + n > MOST_UPDATES) return pbl_fail(err, PBL_INVALID, "%zu records and more", u->n + n);
  for (size_t i = 0; i < n; i++) pbl_trace_unpack(&u->items[u->n++], records + PBL_TRACE_WORDS * i);
  return PBL_OK;
}

static void keep_update(void *user, const pbl_twin_update *t) {
  updates *u = user;
  const uint64_t sweep = t->sweep - u->run_began + 1;
  if (sweep < TRACE_FIRST || sweep >= TRACE_FIRST + TRACE_SWEEPS || u->n == MOST_UPDATES) return;
  u->items[u->n++] = (pbl_trace_update){.pbit = (uint32_t)t->pbit,
                                        .replica = (uint32_t)(t->context * u->lanes + t->lane),
                                        .new_state = (uint32_t)t->new_state,
                                        .old_state = (uint32_t)t->old_state,
                                        .clamped = (uint32_t)t->clamped,
                                        .field = (int32_t)t->field,
                                        .random = t->random_word,
                                        .entry = t->threshold};
}

static void compare_updates(netlist_pair *p, const updates *a, const updates *b) {
  netlist_compare(p, "number of trace records", (int64_t)a->n, (int64_t)b->n);
  for (size_t i = 0; i < a->n && i < b->n; i++) {
    pbl_trace_update x = a->items[i];
    const pbl_trace_update *y = &b->items[i];
    x.saturated = x.frozen = 0; /* the twin's update does not have them */
    if (memcmp(&x, y, sizeof x) == 0) continue;
    p->n_different++;
    printf("DIFFERS trace record %zu: p-bit %" PRIu32 " of replica %" PRIu32 ", twin %" PRIu32
           " of %" PRIu32 "\n",
           i, x.pbit, x.replica, y->pbit, y->replica);
    return;
  }
  printf("%zu trace records\n", a->n);
}

static void compare_statistics(netlist_pair *p, const pbl_statistics *a, const pbl_statistics *b) {
  const size_t series = a->n_replicas * PBL_STATISTICS_SERIES;
  netlist_compare(p, "samples of the unit", (int64_t)a->n_samples, (int64_t)b->n_samples);
  for (size_t i = 0; i < a->n_pbits; i++)
    netlist_compare(p, "count of a p-bit", (int64_t)a->ones[i], (int64_t)b->ones[i]);
  for (size_t i = 0; i < a->n_pairs; i++)
    netlist_compare(p, "count of a pair", (int64_t)a->equal[i], (int64_t)b->equal[i]);
  for (size_t s = 0; s < series; s++) {
    netlist_compare(p, "sum of a series", a->series[s].s, b->series[s].s);
    for (int l = 0; l < PBL_SERIES_LEVELS; l++) {
      netlist_compare(p, "products A", (int64_t)a->series[s].a[l], (int64_t)b->series[s].a[l]);
      netlist_compare(p, "products C", (int64_t)a->series[s].c[l], (int64_t)b->series[s].c[l]);
    }
  }
}

static pbl_status compare_ladder(netlist_pair *p, pbl_error *err) {
  pbl_exchange_state a, b;
  uint8_t labels_a[256], labels_b[256];
  pbl_status s = pbl_driver_exchange_read(p->netlist, &a, err);
  if (s == PBL_OK) s = pbl_driver_exchange_read(p->twin, &b, err);
  if (s == PBL_OK) s = pbl_driver_labels_read(p->netlist, labels_a, err);
  if (s == PBL_OK) s = pbl_driver_labels_read(p->twin, labels_b, err);
  if (s != PBL_OK) return s;
  netlist_compare(p, "EXCH_TRIES", a.tries[0], b.tries[0]);
  netlist_compare(p, "EXCH_ACCEPTS", a.accepts[0], b.accepts[0]);
  netlist_compare(p, "EXCH_POSITION", a.sweeps, b.sweeps);
  for (int r = 0; r < p->hw.replicas; r++)
    netlist_compare(p, "EXCH_LABEL", labels_a[r], labels_b[r]);
  printf("%" PRIu32 " of %" PRIu32 " exchanges\n", b.accepts[0], b.tries[0]);
  if (b.accepts[0] == 0 || b.accepts[0] == b.tries[0])
    return pbl_fail(err, PBL_INVALID, "no exchange or no refusal: the run does not reach both");
  return PBL_OK;
}

/* Ladder, unit and trace port of one side. */
static pbl_status set_up(pbl_driver *d, const netlist_pair *p, updates *u, pbl_error *err) {
  const uint32_t pairs[][2] = {{0, 1}, {1, 3}, {4, 2}};
  const signed char projections[4 * 5] = {1, -1, 0, 1, 0, 0, 1, 1, 1, -1, -1, 0, 0, 0, 1};
  const pbl_statistics_setup setup = {.every = 2,
                                      .ref = -7,
                                      .shift = 1,
                                      .projections = projections,
                                      .pairs = pairs,
                                      .n_pairs = (size_t)p->hw.stat_pairs};
  const pbl_ladder_words ladder = {.n = 2, .beta = {24, 10}, .every = 1, .random = true};
  pbl_regulator_words words = pbl_regulator_words_default();
  words.mode = PBL_REGULATOR_FIXED;
  words.ladder = true;
  pbl_status s = pbl_driver_set_kernel(d, PBL_KERNEL_CYCLIC, err);
  if (s == PBL_OK) s = pbl_driver_set_ladder(d, &ladder, err);
  if (s == PBL_OK) s = pbl_driver_ladder_clear(d, err);
  if (s == PBL_OK) s = pbl_driver_set_regulator(d, &words, err);
  if (s == PBL_OK) s = pbl_driver_statistics_setup(d, &setup, err);
  if (s != PBL_OK || d == p->netlist)
    return s ? s : pbl_driver_set_trace(d, TRACE_FIRST, TRACE_SWEEPS, keep_records, u, err);
  return pbl_twin_set_trace(pbl_driver_device(d), keep_update, u, err);
}

static pbl_status run_side(pbl_driver *d, const netlist_pair *p, updates *u, pbl_statistics *t,
                           pbl_chains *drawn, pbl_error *err) {
  pbl_status s = set_up(d, p, u, err);
  for (size_t run = 0; s == PBL_OK && run < RUNS; run++) {
    pbl_driver_counters c = {0};
    s = pbl_driver_counters_read(d, &c, err);
    u->run_began = c.sweeps;
    pbl_chains *out = run == 0 ? drawn : NULL;
    if (s == PBL_OK) s = pbl_driver_run(d, out, out ? LONGEST : 1 + run % LONGEST, 1, NULL, err);
    if (s == PBL_OK && run % 3 == 2) s = pbl_driver_statistics_drain(d, t, err);
  }
  return s;
}

pbl_status netlist_run_options(netlist_pair *p, pbl_error *err) {
  pbl_driver *const sides[] = {p->netlist, p->twin};
  const size_t chains = (size_t)p->hw.replicas;
  updates u[2] = {{.lanes = p->hw.lanes}, {.lanes = p->hw.lanes}};
  pbl_statistics *t[2] = {NULL, NULL};
  pbl_chains *c[2] = {NULL, NULL};
  pbl_status s = PBL_OK;
  for (int k = 0; s == PBL_OK && k < 2; k++) {
    u[k].items = calloc(MOST_UPDATES, sizeof *u[k].items);
    if (!u[k].items) s = pbl_fail(err, PBL_NO_MEMORY, "no memory");
    if (s == PBL_OK) s = pbl_statistics_create(&t[k], &p->hw, (size_t)p->hw.stat_pairs, err);
    if (s == PBL_OK)
      s = pbl_chains_create(&c[k], chains, LONGEST, (size_t)pbl_hw_pbits(&p->hw), err);
    if (s == PBL_OK) s = pbl_chains_create_labels(c[k], err);
    if (s == PBL_OK) s = run_side(sides[k], p, &u[k], t[k], c[k], err);
  }
  if (s == PBL_OK) {
    compare_updates(p, &u[0], &u[1]);
    compare_statistics(p, t[0], t[1]);
    for (size_t draw = 0; draw < LONGEST; draw++)
      for (size_t r = 0; r < chains; r++)
        netlist_compare(p, "label of a draw", pbl_chains_labels(c[0], draw)[r],
                        pbl_chains_labels(c[1], draw)[r]);
    printf("%" PRIu64 " samples in %zu banks\n", t[0]->n_samples, t[0]->n_drains);
    s = compare_ladder(p, err);
  }
  for (int k = 0; k < 2; k++) {
    free(u[k].items);
    pbl_statistics_destroy(t[k]);
    pbl_chains_destroy(c[k]);
  }
  return s;
}
