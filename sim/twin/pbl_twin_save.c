/* The twin's complete state, written and read by one list of its fields. Left out is what is made
 * of them (packed weights, spread states), what a sweep needs from its beginning to its end
 * (fields, betas of cells, flips, window_ended), and the trace that a test has set. */
#include <stdlib.h>
#include <string.h>

#include "pbl_archive.h"
#include "pbl_twin_lattice.h"
#include "pbl_twin_sparse.h"

/* Raise it with every change of a list. */
#define LAYOUT 1u

static void walk_stream(pbl_archive *a, pbl_twin_stream *s) {
  size_t n = s->tail - s->head;
  pbl_archive_size(a, &n);
  pbl_archive_size(a, &s->frame_words);
  if (a->status) return;
  if (!a->out) {
    if (n > PBL_TWIN_STREAM_CAP || (n > 0 && a->n - a->at < n)) {
      a->status = PBL_FORMAT;
      return;
    }
    free(s->words);
    free(s->last);
    s->words = malloc((n + 1) * sizeof *s->words);
    s->last = malloc(n + 1);
    s->head = s->tail = 0;
    s->capacity = s->words && s->last ? n : 0;
    if (s->capacity < n) {
      a->status = PBL_NO_MEMORY;
      return;
    }
    s->tail = n;
  }
  if (n == 0) return;
  pbl_archive_u32(a, s->words + s->head, n);
  pbl_archive_u8(a, s->last + s->head, n);
}

static void walk_memories(pbl_archive *a, pbl_twin *t) {
  const pbl_hw *hw = &t->hw;
  const size_t rows = (size_t)pbl_hw_image_rows(hw), cols = (size_t)pbl_hw_image_cols(hw);
  const size_t pbits = (size_t)pbl_twin_capacity(t);
  pbl_archive_i32(a, t->words, rows * cols);
  pbl_archive_i32(a, t->row_buffer, cols + 2);
  pbl_archive_u32(a, t->table, (size_t)hw->table_size);
  pbl_archive_u8(a, t->clamp, pbits);
  pbl_archive_u16(a, t->clamp_mask, pbits);
  pbl_archive_u32(a, t->generator, (size_t)t->n_groups * 4 * PBL_TWIN_GROUP);
  pbl_archive_u32(a, t->control.state.s, 4);
  pbl_archive_i64(a, t->energy, (size_t)hw->replicas);
  pbl_archive_bool(a, &t->weights_packed);
}

static void walk_registers(pbl_archive *a, pbl_twin *t) {
  uint32_t *const words[] = {
      &t->scratch,      &t->config,       &t->sweeps,          &t->sample_every,
      &t->beta,         &t->beta_active,  &t->irq_enable,      &t->irq_status,
      &t->img_select,   &t->img_row,      &t->img_col,         &t->img_expected,
      &t->img_hash,     &t->probe_select, &t->probe_field,     &t->replica_select,
      &t->probe_random, &t->probe_state,  &t->probe_threshold, &t->energy_latched_high,
      &t->trace_first,  &t->trace_sweeps};
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) pbl_archive_u32(a, words[k], 1);
  pbl_archive_bool(a, &t->done);
  pbl_archive_bool(a, &t->hash_valid);
  pbl_archive_bool(a, &t->error);
  for (int k = 0; k < PBL_TWIN_N_COUNTERS; k++) {
    pbl_archive_u64(a, &t->counters[k].value, 1);
    pbl_archive_u32(a, &t->counters[k].latched_high, 1);
  }
}

static void walk_run(pbl_archive *a, pbl_twin *t) {
  PBL_ARCHIVE_ENUM(a, &t->phase, pbl_twin_phase);
  PBL_ARCHIVE_ENUM(a, &t->run_kernel, pbl_kernel);
  PBL_ARCHIVE_ENUM(a, &t->after_pauses, pbl_twin_phase);
  pbl_archive_bool(a, &t->run_coupled);
  pbl_archive_u32(a, &t->run_sweeps, 1);
  pbl_archive_u32(a, &t->run_every, 1);
  pbl_archive_u32(a, &t->run_done, 1);
  pbl_archive_bool(a, &t->stop);
  pbl_archive_bool(a, &t->labels_due);
  pbl_archive_u64(a, &t->elapsed, 1);
  pbl_archive_u64(a, &t->cost, 1);
  pbl_archive_u64(a, &t->bus_cycles, 1);
  pbl_archive_u64(a, &t->run_cycles, 1);
  pbl_archive_u32(a, &t->sweep_beta, 1);
}

static void walk_window(pbl_archive *a, pbl_twin_regulator *r) {
  pbl_twin_window *w = &r->window;
  pbl_twin_window_result *last = &r->last;
  pbl_archive_u32(a, &w->position, 1);
  pbl_archive_u64(a, &w->flips_v, 1);
  pbl_archive_u64(a, &w->flips_h, 1);
  pbl_archive_i64(a, &w->energy_ref, 1);
  pbl_archive_u64(a, &w->energy_sum, 1);
  pbl_archive_u64(a, &w->energy_sq, 1);
  pbl_archive_u32(a, &w->flags, 1);
  pbl_archive_u32(a, &last->flips_v, 1);
  pbl_archive_u32(a, &last->flips_h, 1);
  pbl_archive_u32(a, &last->rate, 1);
  pbl_archive_u64(a, last->energy, 3);
  pbl_archive_u32(a, last->latched_energy, 3);
}

static void walk_regulator(pbl_archive *a, pbl_twin_regulator *r) {
  uint32_t *const words[] = {&r->config, &r->window_sweeps, &r->rate_scale, &r->rate_set,
                             &r->gain,   &r->smoothing,     &r->dead_band,  &r->rate_limit,
                             &r->filter, &r->t_min,         &r->t_max,      &r->temperature,
                             &r->index,  &r->flags};
  int32_t *const numbers[] = {&r->lambda_min, &r->lambda_max, &r->lambda, &r->macro};
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) pbl_archive_u32(a, words[k], 1);
  for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) pbl_archive_i32(a, numbers[k], 1);
  walk_window(a, r);
  pbl_archive_u32(a, r->schedule.beta, PBL_TWIN_SCHEDULE_ENTRIES);
  pbl_archive_u32(a, r->schedule.sweeps, PBL_TWIN_SCHEDULE_ENTRIES);
  pbl_archive_u32(a, &r->schedule.last, 1);
  pbl_archive_u32(a, &r->schedule.entry, 1);
  pbl_archive_u32(a, &r->schedule.done, 1);
}

static void walk_exchange(pbl_archive *a, pbl_twin_exchange *x) {
  uint32_t *const words[] = {&x->every, &x->config, &x->select, &x->position, &x->odd, &x->parity};
  pbl_archive_u8(a, x->label, PBL_TWIN_MAX_REPLICAS);
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) pbl_archive_u32(a, words[k], 1);
  pbl_archive_u32(a, x->tries, PBL_HW_MAX_RUNGS);
  pbl_archive_u32(a, x->accepts, PBL_HW_MAX_RUNGS);
}

__extension__ typedef unsigned __int128 unsigned_wide;

static void walk_wide(pbl_archive *a, pbl_twin_int128 *x) {
  uint64_t low = (uint64_t)*x, high = (uint64_t)(*x >> 64);
  pbl_archive_u64(a, &low, 1);
  pbl_archive_u64(a, &high, 1);
  if (!a->out) *x = (pbl_twin_int128)((unsigned_wide)high << 64 | low);
}

static void walk_bank(pbl_archive *a, pbl_twin_stat_bank *b, const pbl_twin_statistics *s) {
  pbl_archive_u32(a, &b->first, 1);
  pbl_archive_u32(a, &b->samples, 1);
  pbl_archive_u32(a, b->ones, (size_t)s->n_pbits);
  pbl_archive_u32(a, b->equal, (size_t)s->n_pairs);
  for (size_t k = 0; k < (size_t)s->replicas * PBL_TWIN_STAT_SERIES; k++) {
    for (int m = 0; m < PBL_TWIN_STAT_LEVELS; m++) {
      walk_wide(a, &b->series[k].a[m]);
      walk_wide(a, &b->series[k].c[m]);
    }
    pbl_archive_i64(a, &b->series[k].s, 1);
  }
}

static void walk_statistics(pbl_archive *a, pbl_twin_statistics *s) {
  uint32_t *const words[] = {&s->every,  &s->pairs,  &s->shift,   &s->ref_lo,
                             &s->ref_hi, &s->select, &s->address, &s->taken};
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) pbl_archive_u32(a, words[k], 1);
  pbl_archive_bool(a, &s->clipped);
  pbl_archive_bool(a, &s->full);
  pbl_archive_int(a, &s->active);
  walk_bank(a, &s->bank[0], s);
  walk_bank(a, &s->bank[1], s);
  for (size_t k = 0; k < (size_t)s->replicas * PBL_TWIN_STAT_SERIES; k++)
    pbl_archive_i64(a, s->v[k], PBL_TWIN_STAT_LEVELS);
  pbl_archive_u8(a, s->coefficients, (size_t)s->n_pbits);
  pbl_archive_u32(a, s->pair, (size_t)s->n_pairs);
}

static void walk_dense(pbl_archive *a, const pbl_twin *t, pbl_twin_block *b) {
  const size_t slots = (size_t)pbl_hw_contexts(&t->hw) * (size_t)t->n_groups;
  pbl_archive_i16(a, b->states, slots * (size_t)b->n_pairs * PBL_TWIN_GROUP * 2);
  pbl_archive_u16(a, b->bits, slots * (size_t)b->n);
}

static void walk_lattice(pbl_archive *a, const pbl_twin *t) {
  const pbl_twin_lattice *lat = t->lattice;
  const size_t words = (size_t)pbl_hw_contexts(&t->hw) * (size_t)lat->groups * (size_t)lat->steps;
  pbl_archive_u16(a, lat->colour[0].bits, words);
  pbl_archive_u16(a, lat->colour[1].bits, words);
}

static void walk_sparse(pbl_archive *a, const pbl_twin *t) {
  pbl_twin_sparse *sp = t->sparse;
  const size_t rows = (size_t)sp->edge_rows * (size_t)sp->sites;
  pbl_archive_u32(a, &sp->pbits, 1);
  pbl_archive_u32(a, sp->schedule, (size_t)sp->max_groups * pbl_twin_sparse_columns(sp));
  pbl_archive_u32(a, sp->neighbour, rows);
  pbl_archive_u32(a, sp->weight, rows);
  pbl_archive_u32(a, sp->up, (size_t)pbl_hw_contexts(&t->hw) * (size_t)sp->capacity);
  pbl_archive_i64(a, sp->energy2, (size_t)t->hw.replicas);
  pbl_archive_bool(a, &sp->energies_known);
  pbl_archive_bool(a, &sp->guard_ok);
  pbl_archive_u32(a, &sp->guard, 1);
  pbl_archive_bool(a, &sp->packed);
}

static void walk(pbl_archive *a, pbl_twin *t) {
  pbl_archive_same(a, LAYOUT);
  walk_memories(a, t);
  walk_registers(a, t);
  walk_run(a, t);
  walk_regulator(a, &t->regulator);
  walk_exchange(a, &t->exchange);
  if (t->statistics) walk_statistics(a, t->statistics);
  if (t->lattice) {
    walk_lattice(a, t);
  } else if (t->sparse) {
    walk_sparse(a, t);
  } else {
    walk_dense(a, t, &t->visible);
    walk_dense(a, t, &t->hidden);
  }
  walk_stream(a, &t->stream);
  walk_stream(a, &t->telemetry);
}

/* What START makes of the memories. While a run goes on they are as they were then. */
static void make_anew(pbl_twin *t) {
  if (t->lattice) t->lattice->states_spread = false;
  if (t->sparse) {
    const bool packed = t->sparse->packed;
    t->sparse->spread_context = -1;
    t->sparse->packed = false;
    if (packed) pbl_twin_image_pack(t);
  } else if (t->weights_packed) {
    t->weights_packed = false;
    pbl_twin_image_pack(t);
  }
}

pbl_status pbl_twin_save(pbl_device *dev, pbl_bytes *out, pbl_error *err) {
  pbl_archive a = pbl_archive_writer(out);
  walk(&a, (pbl_twin *)dev); /* writing changes nothing */
  return pbl_archive_finish(&a, "twin device: state", err);
}

pbl_status pbl_twin_restore(pbl_device *dev, const void *bytes, size_t n, pbl_error *err) {
  pbl_twin *t = (pbl_twin *)dev;
  pbl_archive a = pbl_archive_reader(bytes, n);
  walk(&a, t);
  const pbl_status status = pbl_archive_finish(&a, "twin device: state", err);
  if (!status) make_anew(t);
  return status;
}
