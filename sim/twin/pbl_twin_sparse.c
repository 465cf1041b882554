/* The sparse fabric: its memories, as the image port writes them and as a run reads them. */
#include "pbl_twin_sparse.h"

#include <stdlib.h>
#include <string.h>

#include "pbl_regs.h"

static void set_sizes(pbl_twin_sparse *sp, const pbl_hw *hw) {
  sp->capacity = hw->sparse.pbits;
  sp->edge_rows = hw->sparse.edge_rows;
  sp->max_groups = hw->sparse.groups;
  sp->sites = hw->sparse.sites;
  sp->lanes = hw->lanes;
  sp->cells = pbl_hw_cells(hw);
  sp->slices = (sp->cells + PBL_TWIN_GROUP - 1) / PBL_TWIN_GROUP;
  sp->vectors = (sp->lanes + PBL_TWIN_GROUP - 1) / PBL_TWIN_GROUP;
  sp->stride = (size_t)sp->vectors * PBL_TWIN_GROUP;
  sp->chunk = SPARSE_CHUNK_CELLS / sp->cells;
  sp->spread_context = -1;
}

bool pbl_twin_sparse_open(pbl_twin *t) {
  pbl_twin_sparse *sp = calloc(1, sizeof *sp);
  t->sparse = sp;
  if (!sp) return false;
  set_sizes(sp, &t->hw);
  const size_t n = (size_t)sp->capacity, rows = (size_t)sp->edge_rows * (size_t)sp->sites;
  const size_t groups = (size_t)sp->max_groups, slices = (size_t)sp->slices;
  const size_t chunk = (size_t)sp->chunk, cells = (size_t)sp->cells;
  sp->schedule = calloc(groups * pbl_twin_sparse_columns(sp), sizeof *sp->schedule);
  sp->neighbour = calloc(rows, sizeof *sp->neighbour);
  sp->weight = calloc(rows, sizeof *sp->weight);
  sp->up = calloc((size_t)pbl_hw_contexts(&t->hw) * n, sizeof *sp->up);
  sp->energy2 = calloc((size_t)t->hw.replicas, sizeof *sp->energy2);
  sp->group = calloc(groups, sizeof *sp->group);
  sp->constant = calloc(groups * (size_t)sp->sites, sizeof *sp->constant);
  sp->valid = calloc(groups * slices, sizeof *sp->valid);
  sp->clamp = calloc(groups * slices, sizeof *sp->clamp);
  sp->place = calloc(n, sizeof *sp->place);
  sp->masks = pbl_twin_zeroed(n * sp->stride, sizeof *sp->masks);
  sp->fields = pbl_twin_zeroed(chunk * cells + 4 * PBL_TWIN_GROUP, sizeof *sp->fields);
  sp->bits = calloc(slices * chunk, sizeof *sp->bits);
  sp->chunk_clamp = calloc(slices * chunk, sizeof *sp->chunk_clamp);
  if (!pbl_twin_shared_open(t, chunk)) return false;
  return sp->schedule && sp->neighbour && sp->weight && sp->up && sp->energy2 && sp->group &&
         sp->constant && sp->valid && sp->clamp && sp->place && sp->masks && sp->fields &&
         sp->bits && sp->chunk_clamp;
}

void pbl_twin_sparse_close(pbl_twin_sparse *sp) {
  if (!sp) return;
  free(sp->schedule);
  free(sp->neighbour);
  free(sp->weight);
  free(sp->up);
  free(sp->energy2);
  free(sp->group);
  free(sp->constant);
  free(sp->valid);
  free(sp->clamp);
  free(sp->place);
  free(sp->masks);
  free(sp->fields);
  free(sp->bits);
  free(sp->chunk_clamp);
  free(sp);
}

static void changed(pbl_twin *t) {
  t->sparse->guard_ok = false;
  t->sparse->energies_known = false;
  t->sparse->packed = false;
  t->hash_valid = false;
}

/* ---- image port ---- */

/* A word of a row; after the last column the row goes to memory. */
static void take_word(pbl_twin *t, uint32_t word, uint32_t *memory, size_t columns) {
  t->row_buffer[t->img_col] = (int32_t)word;
  if (t->img_col + 1 < columns) {
    t->img_expected = ++t->img_col;
  } else {
    memcpy(memory + t->img_row * columns, t->row_buffer, columns * sizeof *memory);
    t->img_col = t->img_expected = 0;
    t->img_row = (t->img_row + 1) & 0xFFFFu;
  }
  changed(t);
}

static bool in_order(const pbl_twin *t, int rows, size_t columns) {
  return t->img_row < (uint32_t)rows && t->img_col < columns && t->img_col == t->img_expected;
}

/* An index with its valid bit: *word keeps what has a meaning. */
static bool take_index(const pbl_twin_sparse *sp, uint32_t *word) {
  *word &= SPARSE_VALID | SPARSE_INDEX;
  return (*word & SPARSE_INDEX) < (uint32_t)sp->capacity;
}

bool pbl_twin_sparse_write_edge(pbl_twin *t, uint32_t data) {
  pbl_twin_sparse *sp = t->sparse;
  const size_t columns = 2 * (size_t)sp->sites;
  const uint32_t row = t->img_row, col = t->img_col;
  if (!in_order(t, sp->edge_rows, columns)) return false;
  if (col % 2 == 0) {
    if (!take_index(sp, &data)) return false;
  } else {
    data = (uint32_t)pbl_twin_sign_extend(data, pbl_hw_weight_bits(&t->hw));
  }
  take_word(t, data, (uint32_t *)t->words, columns);
  if (col + 1 < columns) return true;
  for (size_t s = 0; s < (size_t)sp->sites; s++) {
    const int32_t *entry = t->words + row * columns + 2 * s;
    const bool valid = ((uint32_t)entry[0] & SPARSE_VALID) != 0;
    sp->neighbour[row * (size_t)sp->sites + s] = valid ? (uint32_t)entry[0] & SPARSE_INDEX : 0;
    sp->weight[row * (size_t)sp->sites + s] = valid ? (uint32_t)entry[1] : 0;
  }
  return true;
}

bool pbl_twin_sparse_write_group(pbl_twin *t, uint32_t data) {
  pbl_twin_sparse *sp = t->sparse;
  const size_t columns = pbl_twin_sparse_columns(sp);
  const uint32_t col = t->img_col;
  if (!in_order(t, sp->max_groups, columns)) return false;
  if (col == 0) {
    data &= SPARSE_END | SPARSE_TAIL | SPARSE_LAST | SPARSE_FIRST | SPARSE_LENGTH;
  } else if (col == 1) {
    data &= SPARSE_START;
  } else if (col % 2 == 0) {
    if (!take_index(sp, &data)) return false;
  } else {
    data = (uint32_t)pbl_twin_sign_extend(data, pbl_hw_weight_bits(&t->hw));
  }
  take_word(t, data, sp->schedule, columns);
  return true;
}

bool pbl_twin_sparse_write_state(pbl_twin *t, uint32_t data) {
  pbl_twin_sparse *sp = t->sparse;
  if (!in_order(t, pbl_hw_contexts(&t->hw), (size_t)sp->capacity)) return false;
  const uint32_t lane_mask = 0xFFFFFFFFu >> (32 - sp->lanes);
  sp->up[t->img_row * (size_t)sp->capacity + t->img_col] = data & lane_mask;
  sp->spread_context = -1;
  sp->energies_known = false;
  t->img_col = t->img_expected = (t->img_col + 1) & 0xFFFFu;
  return true;
}

void pbl_twin_sparse_write_pbits(pbl_twin *t, uint32_t value) {
  const pbl_twin_stream *s = &t->stream;
  /* The end of a frame that waits is known by its length. */
  if (!t->sparse || t->phase != PBL_TWIN_IDLE || value < 1 ||
      value > (uint32_t)t->sparse->capacity || s->head != s->tail) {
    t->error = true;
    return;
  }
  t->sparse->pbits = value;
  t->stream.frame_words = ((size_t)value * (size_t)t->hw.lanes + 31) / 32;
  changed(t);
}

/* ---- START ---- */

static void set_bits(uint16_t *slices, int sites_bit, int lanes) {
  for (int l = 0; l < lanes; l++) {
    const int at = sites_bit + l;
    slices[at / PBL_TWIN_GROUP] =
        (uint16_t)(slices[at / PBL_TWIN_GROUP] | 1u << at % PBL_TWIN_GROUP);
  }
}

static void pack_cell(pbl_twin *t, size_t g, int s) {
  pbl_twin_sparse *sp = t->sparse;
  pbl_twin_group *group = &sp->group[g];
  const size_t sites = (size_t)sp->sites, slices = (size_t)sp->slices;
  const uint32_t word = pbl_twin_sparse_cell(sp, g, s, 0), pbit = word & SPARSE_INDEX;
  if (!(word & SPARSE_VALID)) {
    group->full = false;
    return;
  }
  uint32_t constant = pbl_twin_sparse_cell(sp, g, s, 1);
  for (size_t d = 0; d < group->length; d++)
    constant -= sp->weight[(group->start + d) * sites + (size_t)s];
  sp->constant[g * sites + (size_t)s] = constant;
  sp->place[pbit] = (uint32_t)(g * sites) + (uint32_t)s;
  group->used = (uint32_t)s + 1;
  set_bits(sp->valid + g * slices, s * sp->lanes, sp->lanes);
  if (t->clamp[pbit]) set_bits(sp->clamp + g * slices, s * sp->lanes, sp->lanes);
}

static void pack_group(pbl_twin *t, size_t g) {
  pbl_twin_sparse *sp = t->sparse;
  const uint32_t *row = sp->schedule + g * pbl_twin_sparse_columns(sp);
  const size_t slices = (size_t)sp->slices;
  sp->group[g] = (pbl_twin_group){
      .start = row[1], .length = row[0] & SPARSE_LENGTH, .flags = row[0], .full = true};
  memset(sp->constant + g * (size_t)sp->sites, 0, (size_t)sp->sites * sizeof *sp->constant);
  memset(sp->valid + g * slices, 0, slices * sizeof *sp->valid);
  memset(sp->clamp + g * slices, 0, slices * sizeof *sp->clamp);
  for (int s = 0; s < sp->sites; s++) pack_cell(t, g, s);
}

static void count_clocks(pbl_twin_sparse *sp) {
  sp->clocks_forward = sp->clocks_backward = 0;
  sp->clocks_pass = SPARSE_DRAIN;
  sp->n_before_tail = 0;
  for (size_t g = 0; g < sp->n_groups; g++) {
    const pbl_twin_group *group = &sp->group[g];
    const uint64_t visit = pbl_twin_sparse_visit(group);
    const uint64_t clocks = visit + (group->flags & SPARSE_LAST ? SPARSE_DRAIN : 0);
    sp->clocks_forward += clocks;
    sp->clocks_pass += visit;
    if (group->flags & SPARSE_TAIL) continue;
    sp->clocks_backward += clocks;
    sp->n_before_tail++;
  }
}

void pbl_twin_sparse_pack(pbl_twin *t) {
  pbl_twin_sparse *sp = t->sparse;
  if (sp->packed || !sp->guard_ok) return; /* without GUARD_OK no sweep follows */
  bool end = false;
  for (sp->n_groups = 0; !end; sp->n_groups++) {
    pack_group(t, sp->n_groups);
    end = (sp->group[sp->n_groups].flags & SPARSE_END) != 0;
  }
  count_clocks(sp);
  sp->packed = true;
}

bool pbl_twin_sparse_refuses_start(const pbl_twin *t) {
  const pbl_twin_sparse *sp = t->sparse;
  return sp && (sp->pbits == 0 || (t->sweeps > 0 && !sp->guard_ok));
}

/* ---- clocks and samples ---- */

/* Groups of a sweep of all contexts, whose picks depend on the words to come. */
static uint64_t random_clocks(const pbl_twin *t, uint64_t contexts) {
  const pbl_twin_sparse *sp = t->sparse;
  pbl_lane_rng control = t->control;
  uint64_t clocks = 0;
  for (uint64_t i = 0; i < contexts * sp->n_groups; i++)
    clocks += pbl_twin_sparse_visit(&sp->group[pbl_twin_sparse_pick(sp, &control)]) + SPARSE_DRAIN;
  return clocks;
}

uint64_t pbl_twin_sparse_cycles_sweep(const pbl_twin *t, bool sample) {
  const pbl_twin_sparse *sp = t->sparse;
  const uint64_t contexts = (uint64_t)pbl_hw_contexts(&t->hw);
  uint64_t clocks = 1;
  if (t->run_kernel != PBL_KERNEL_RANDOM_SITE) clocks += sp->clocks_forward;
  if (t->run_kernel == PBL_KERNEL_PALINDROMIC) clocks += sp->clocks_backward;
  if (!sp->energies_known) clocks += sp->clocks_pass;
  if (sample) clocks += sp->pbits + 2;
  clocks *= contexts;
  return t->run_kernel == PBL_KERNEL_RANDOM_SITE ? clocks + random_clocks(t, contexts) : clocks;
}

uint64_t pbl_twin_sparse_cycles_readout(const pbl_twin *t) {
  return (uint64_t)pbl_hw_contexts(&t->hw) * (uint64_t)(t->sparse->pbits + 3);
}

void pbl_twin_sparse_frame(const pbl_twin *t, int context, uint32_t *to) {
  const pbl_twin_sparse *sp = t->sparse;
  const uint32_t *up = sp->up + (size_t)context * (size_t)sp->capacity;
  uint64_t held = 0;
  int n_held = 0;
  for (uint32_t p = 0; p < sp->pbits; p++) {
    held |= (uint64_t)up[p] << n_held;
    n_held += sp->lanes;
    if (n_held < 32) continue;
    *to++ = (uint32_t)held;
    held >>= 32;
    n_held -= 32;
  }
  if (n_held > 0) *to = (uint32_t)held;
}
