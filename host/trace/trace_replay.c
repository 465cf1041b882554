/* One context's sweep, update by update (docs/device.md, "Sweeps", "Activation", "Random numbers").
 */
#include <stdlib.h>

#include "trace_internal.h"

enum { MOST_SITES = PBL_HW_MAX_CELLS };

static pbl_trace_update *new_update(pbl_trace_check *c) {
  if (c->n_updates == c->capacity) {
    const size_t capacity = c->capacity > 0 ? 2 * c->capacity : 1024;
    pbl_trace_update *larger = realloc(c->update, capacity * sizeof *larger);
    if (larger == NULL) return NULL;
    c->update = larger;
    c->capacity = capacity;
  }
  return &c->update[c->n_updates++];
}

/* What the activation does with u->field and u->random. */
static void decide(pbl_trace_update *u, const pbl_trace_start *s, uint32_t beta, int64_t field) {
  const uint64_t last = (uint64_t)s->hw.table_size - 1, bits = (uint64_t)s->hw.threshold_bits;
  const int shift = pbl_hw_index_shift(&s->hw);
  const uint64_t magnitude = (uint64_t)(field < 0 ? -field : field) * beta;
  const uint64_t half = s->hw.rounding ? (uint64_t)1 << (shift - 1) : 0;
  uint64_t index = (magnitude + half) >> shift;
  u->saturated = index > last;
  if (index > last) index = last;
  u->entry = s->table[index];
  u->frozen = u->entry == 0;
  const uint64_t drawn = u->random >> (32 - bits), all = ((uint64_t)1 << bits) - 1;
  const bool up = field > 0 ? !((~drawn & all) < u->entry) : drawn < u->entry;
  u->new_state = u->clamped ? u->old_state : up;
}

static pbl_status no_memory(const pbl_trace_check *c, pbl_error *err) {
  return pbl_fail(err, PBL_NO_MEMORY, "no memory to replay sweep %llu of a trace",
                  (unsigned long long)c->sweep);
}

/* All cells of one clock: fields from the states before it, one word for every cell with a p-bit.
 * Twins: the odd lane of a site decides with the word of the even one. */
static pbl_status clock_of(pbl_trace_check *c, const trace_site *sites, size_t n, pbl_error *err) {
  const pbl_trace_start *s = c->start;
  const size_t lanes = (size_t)s->hw.lanes, pbits = (size_t)pbl_hw_pbits(&s->hw);
  const size_t first = (size_t)c->context * lanes, shared = (size_t)s->hw.cells_per_generator;
  for (size_t k = 0; k < n; k++) {
    for (size_t l = 0; l < lanes; l++) {
      const size_t cell = sites[k].cell * lanes + l;
      c->field[cell] = trace_field(s, c->state + (first + l) * pbits, &sites[k]);
      /* sites come in the order of their cells */
      const size_t source = (sites[k].cell - sites[k].cell % shared) * lanes + l;
      const bool taken = k > 0 && sites[k].cell / shared == sites[k - 1].cell / shared;
      if (!taken) c->word[source] = pbl_lane_rng_next(&c->cell[source]);
    }
  }
  for (size_t k = 0; k < n; k++) {
    for (size_t l = 0; l < lanes; l++) {
      const size_t cell = sites[k].cell * lanes + l;
      const size_t source = cell - sites[k].cell % shared * lanes - (s->coupled ? l % 2 : 0);
      uint8_t *state = c->state + (first + l) * pbits + sites[k].pbit;
      pbl_trace_update *u = new_update(c);
      if (u == NULL) return no_memory(c, err);
      *u = (pbl_trace_update){.pbit = sites[k].pbit,
                              .replica = (uint32_t)(first + l),
                              .old_state = *state,
                              .clamped = s->clamp[sites[k].pbit],
                              .field = (int32_t)c->field[cell],
                              .random = c->word[source]};
      decide(u, s, c->beta[first + l], c->field[cell]);
      *state = (uint8_t)u->new_state;
    }
  }
  return PBL_OK;
}

static pbl_status dense_half(pbl_trace_check *c, bool hidden, pbl_error *err) {
  const pbl_hw *hw = &c->start->hw;
  const uint32_t first = hidden ? (uint32_t)hw->n_visible : 0;
  const uint32_t n = (uint32_t)(hidden ? hw->n_hidden : hw->n_visible);
  pbl_status st = PBL_OK;
  for (uint32_t k = 0; st == PBL_OK && k < n; k++)
    st = clock_of(c, &(trace_site){.cell = 0, .pbit = first + k}, 1, err);
  return st;
}

static pbl_status lattice_half(pbl_trace_check *c, bool odd, pbl_error *err) {
  const pbl_hw *hw = &c->start->hw;
  const size_t steps = (size_t)hw->n_visible / (size_t)hw->lattice.sites;
  trace_site *sites = malloc(MOST_SITES * sizeof *sites);
  pbl_status st = sites ? PBL_OK : no_memory(c, err);
  for (size_t n = 0; st == PBL_OK && n < steps; n++)
    st = clock_of(c, sites, trace_lattice_step(sites, hw, odd, n), err);
  free(sites);
  return st;
}

static pbl_status half(pbl_trace_check *c, bool a, pbl_error *err) {
  return c->start->hw.fabric == PBL_FABRIC_LATTICE ? lattice_half(c, a, err)
                                                   : dense_half(c, a, err);
}

static uint32_t control_word(pbl_trace_check *c) {
  return pbl_lane_rng_next(&c->cell[pbl_hw_cells(&c->start->hw)]);
}

/* Half-sweeps A (hidden, odd) and B. */
static pbl_status sweep_halves(pbl_trace_check *c, pbl_error *err) {
  const pbl_kernel kernel = c->start->kernel;
  const bool b_first = kernel == PBL_KERNEL_COIN && control_word(c) >> 31;
  pbl_status st = half(c, !b_first, err);
  if (st == PBL_OK) st = half(c, b_first, err);
  if (st == PBL_OK && kernel == PBL_KERNEL_PALINDROMIC) st = half(c, true, err);
  return st;
}

static pbl_status group(pbl_trace_check *c, size_t g, pbl_error *err) {
  trace_site sites[64];
  return clock_of(c, sites, trace_sparse_group(sites, c->start, g), err);
}

static pbl_status sweep_groups(pbl_trace_check *c, pbl_error *err) {
  const pbl_kernel kernel = c->start->kernel;
  const size_t n = c->n_groups;
  const bool falling = kernel == PBL_KERNEL_COIN && control_word(c) >> 31;
  pbl_status st = PBL_OK;
  for (size_t k = 0; st == PBL_OK && k < n; k++) {
    size_t g = falling ? n - 1 - k : k;
    if (kernel == PBL_KERNEL_RANDOM_SITE) g = (size_t)((uint64_t)control_word(c) * n >> 32);
    st = group(c, g, err);
  }
  for (size_t k = c->n_forward; st == PBL_OK && kernel == PBL_KERNEL_PALINDROMIC && k-- > 0;)
    st = group(c, k, err);
  return st;
}

pbl_status trace_replay(pbl_trace_check *c, pbl_error *err) {
  c->n_updates = c->at = 0;
  return c->start->hw.fabric == PBL_FABRIC_SPARSE ? sweep_groups(c, err) : sweep_halves(c, err);
}
