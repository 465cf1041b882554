/* Sweeps of the sparse fabric: block after block, as many groups of one block in one go as the
 * scratch memory holds. The guard vouches that no p-bit of a block has a neighbour in it. */
#include <string.h>

#include "pbl_twin_sparse.h"

/* Groups of one block in the order of the visit: first, first + step, .. */
typedef struct {
  pbl_twin *t;
  pbl_twin_sparse *sp;
  const pbl_twin_activation *act;
  int context, visit; /* visit: of the block within the sweep */
  size_t first;
  int step, n; /* step +-1 */
} chunk;

static size_t group_at(const chunk *c, int k) {
  return c->first + (size_t)(c->step * k);
}

/* Bits of all cells of a group, packed, behind the last one 0. */
typedef struct {
  uint32_t words[PBL_HW_MAX_CELLS / 32 + 2];
} cell_bits;

static void add_bits(cell_bits *b, int at, uint32_t bits) {
  const uint64_t shifted = (uint64_t)bits << at % 32;
  b->words[at / 32] |= (uint32_t)shifted;
  b->words[at / 32 + 1] |= (uint32_t)(shifted >> 32);
}

static uint32_t take_bits(const cell_bits *b, int at, int n) {
  const uint64_t pair = (uint64_t)b->words[at / 32 + 1] << 32 | b->words[at / 32];
  return (uint32_t)(pair >> at % 32) & (0xFFFFFFFFu >> (32 - n));
}

static uint32_t *states(const chunk *c) {
  return c->sp->up + (size_t)c->context * (size_t)c->sp->capacity;
}

/* Old states and clamps of the cells, slice by slice. */
static void gather(const chunk *c) {
  const pbl_twin_sparse *sp = c->sp;
  const uint32_t *up = states(c);
  for (int k = 0; k < c->n; k++) {
    const size_t g = group_at(c, k);
    cell_bits b;
    memset(b.words, 0, ((size_t)sp->cells / 32 + 2) * sizeof b.words[0]);
    for (int s = 0; s < (int)sp->group[g].used; s++) {
      const uint32_t word = pbl_twin_sparse_cell(sp, g, s, 0);
      if (word & SPARSE_VALID) add_bits(&b, s * sp->lanes, up[word & SPARSE_INDEX]);
    }
    for (int i = 0; i < sp->slices; i++) {
      const size_t at = (size_t)i * (size_t)sp->chunk + (size_t)k;
      sp->bits[at] = (uint16_t)(b.words[i / 2] >> i % 2 * PBL_TWIN_GROUP);
      sp->chunk_clamp[at] = sp->clamp[g * (size_t)sp->slices + (size_t)i];
    }
  }
}

static void scatter(const chunk *c) {
  const pbl_twin_sparse *sp = c->sp;
  uint32_t *up = states(c);
  for (int k = 0; k < c->n; k++) {
    const size_t g = group_at(c, k);
    cell_bits b;
    memset(b.words, 0, ((size_t)sp->cells / 32 + 2) * sizeof b.words[0]);
    for (int i = 0; i < sp->slices; i++)
      b.words[i / 2] |= (uint32_t)sp->bits[(size_t)i * (size_t)sp->chunk + (size_t)k]
                        << i % 2 * PBL_TWIN_GROUP;
    for (int s = 0; s < (int)sp->group[g].used; s++) {
      const uint32_t word = pbl_twin_sparse_cell(sp, g, s, 0);
      if (!(word & SPARSE_VALID)) continue;
      const uint32_t now = take_bits(&b, s * sp->lanes, sp->lanes);
      uint32_t *old = &up[word & SPARSE_INDEX];
      if (*old == now) continue;
      *old = now;
      pbl_twin_sparse_spread(sp, word & SPARSE_INDEX, now);
    }
  }
}

/* A generator that cells share draws when one of them has a p-bit. */
static void draw_shared(const chunk *c) {
  const pbl_twin_sparse *sp = c->sp;
  for (int k = 0; c->t->shared && k < c->n; k++) {
    const size_t g = group_at(c, k);
    bool wanted[64] = {false};
    for (int s = 0; s < (int)sp->group[g].used; s++) {
      if (pbl_twin_sparse_cell(sp, g, s, 0) & SPARSE_VALID)
        wanted[s / c->t->hw.cells_per_generator] = true;
    }
    pbl_twin_shared_draw(c->t, (size_t)k, wanted);
  }
}

static pbl_twin_job make_job(const chunk *c, int slice) {
  const pbl_twin_sparse *sp = c->sp;
  const size_t at = (size_t)slice * (size_t)sp->chunk;
  const int left = sp->cells - slice * PBL_TWIN_GROUP;
  return (pbl_twin_job){
      .n_targets = c->n,
      .clamp = sp->chunk_clamp + at,
      .activation = c->act,
      .betas = pbl_twin_betas(c->act, slice),
      .words = c->t->shared ? c->t->shared + slice * PBL_TWIN_GROUP : NULL,
      .words_stride = pbl_twin_shared_stride(c->t),
      .lane_mask = (uint16_t)((1u << (left < PBL_TWIN_GROUP ? left : PBL_TWIN_GROUP)) - 1),
      .watch = -1,
      .bits = sp->bits + at,
      .generator = c->t->generator + (size_t)slice * 4 * PBL_TWIN_GROUP,
      .fields = (int32_t *)sp->fields + slice * PBL_TWIN_GROUP,
      .field_stride = (size_t)sp->cells,
  };
}

/* Target k where not all cells have a p-bit: the others must not draw. */
static void update_partly(const chunk *c, pbl_twin_job *job, int k, uint16_t valid) {
  uint32_t before[4 * PBL_TWIN_GROUP];
  const uint16_t all = job->lane_mask;
  memcpy(before, job->generator, sizeof before);
  job->lane_mask = valid;
  c->t->kernel->update(job, k, k + 1);
  job->lane_mask = all;
  for (int i = 0; i < 4 * PBL_TWIN_GROUP; i++) {
    if (!(valid >> i % PBL_TWIN_GROUP & 1)) job->generator[i] = before[i];
  }
}

/* All targets of one slice: those with a p-bit in every cell together. */
static void update_slice(const chunk *c, pbl_twin_job *job, int slice) {
  const uint16_t *valid = c->sp->valid + slice;
  const size_t stride = (size_t)c->sp->slices;
  for (int k = 0; k < c->n;) {
    const uint16_t here = valid[group_at(c, k) * stride];
    if (here == job->lane_mask) {
      const int first = k;
      while (k < c->n && valid[group_at(c, k) * stride] == here) k++;
      c->t->kernel->update(job, first, k);
    } else {
      if (here != 0) update_partly(c, job, k, here);
      k++;
    }
  }
}

/* The change of 2E: -2 field (new - old), of every cell to its lane. */
static void collect(const chunk *c, const pbl_twin_job *job, int slice,
                    const int64_t before[PBL_TWIN_GROUP]) {
  pbl_twin_sparse *sp = c->sp;
  const int left = sp->cells - slice * PBL_TWIN_GROUP;
  pbl_twin_collect(c->t, job, true);
  for (int i = 0; i < PBL_TWIN_GROUP && i < left; i++) {
    const int lane = (slice * PBL_TWIN_GROUP + i) % sp->lanes;
    sp->energy2[c->context * sp->lanes + lane] -= 2 * (job->energy[i] - before[i]);
  }
}

/* Kernels add the fields of targets that they update only. */
static void weigh_old(const chunk *c, const pbl_twin_job *job, int slice,
                      int64_t before[PBL_TWIN_GROUP]) {
  const pbl_twin_sparse *sp = c->sp;
  memset(before, 0, PBL_TWIN_GROUP * sizeof before[0]);
  for (int k = 0; k < c->n; k++) {
    const int first = k;
    while (k < c->n && sp->valid[group_at(c, k) * (size_t)sp->slices + (size_t)slice] != 0) k++;
    if (k > first)
      pbl_twin_sparse_weigh(before,
                            (const uint32_t *)job->fields + (size_t)first * job->field_stride,
                            job->field_stride, job->bits + first, k - first);
  }
}

/* Position of the probed p-bit in the chunk's cells; false: it is not here. */
static bool probed(const chunk *c, int *k, int *cell) {
  const pbl_twin_sparse *sp = c->sp;
  const uint32_t replica = c->t->probe_select >> 16, pbit = c->t->probe_select & 0xFFFFu;
  if (replica >= (uint32_t)c->t->hw.replicas || pbit >= sp->pbits ||
      (int)replica / sp->lanes != c->context)
    return false;
  const size_t g = sp->place[pbit] / (uint32_t)sp->sites;
  const long behind = ((long)g - (long)c->first) * c->step;
  if (behind < 0 || behind >= c->n) return false;
  *k = (int)behind;
  *cell = (int)(sp->place[pbit] % (uint32_t)sp->sites) * sp->lanes + (int)replica % sp->lanes;
  return true;
}

static void trace_slice(const chunk *c, const pbl_twin_job *job, int slice) {
  const pbl_twin_sparse *sp = c->sp;
  const uint16_t valid = sp->valid[c->first * (size_t)sp->slices + (size_t)slice];
  for (int i = 0; i < PBL_TWIN_GROUP; i++) {
    const int cell = slice * PBL_TWIN_GROUP + i;
    if (!(valid >> i & 1)) continue;
    const uint32_t word = pbl_twin_sparse_cell(sp, c->first, cell / sp->lanes, 0);
    const pbl_twin_update u = {.half = c->visit,
                               .context = c->context,
                               .lane = cell % sp->lanes,
                               .pbit = (int)(word & SPARSE_INDEX)};
    pbl_twin_trace_update(c->t, job, i, u);
  }
}

/* Cells without a p-bit get the field 0, which adds nothing to the energy. */
static void clear_invalid(const chunk *c, int k) {
  const pbl_twin_sparse *sp = c->sp;
  const size_t g = group_at(c, k);
  uint32_t *fields = sp->fields + (size_t)k * (size_t)sp->cells;
  for (int s = 0; s < sp->sites; s++) {
    if (pbl_twin_sparse_cell(sp, g, s, 0) & SPARSE_VALID) continue;
    memset(fields + s * sp->lanes, 0, (size_t)sp->lanes * sizeof *fields);
  }
}

static void run_chunk(const chunk *c) {
  const pbl_twin_sparse *sp = c->sp;
  int k = 0, cell = 0;
  for (int i = 0; i < c->n; i++) {
    pbl_twin_sparse_fields(sp, sp->fields + (size_t)i * (size_t)sp->cells, group_at(c, i));
    if (!sp->group[group_at(c, i)].full) clear_invalid(c, i);
  }
  gather(c);
  draw_shared(c);
  const bool watched = probed(c, &k, &cell);
  for (int i = 0; i < sp->slices; i++) {
    pbl_twin_job job = make_job(c, i);
    int64_t before[PBL_TWIN_GROUP];
    const bool here = watched && cell / PBL_TWIN_GROUP == i;
    job.watch = c->t->trace ? 0 : here ? k : -1;
    weigh_old(c, &job, i, before);
    update_slice(c, &job, i);
    collect(c, &job, i, before);
    if (here) pbl_twin_record_probe(c->t, &job, cell % PBL_TWIN_GROUP);
    if (c->t->trace) trace_slice(c, &job, i);
  }
  scatter(c);
}

/* Groups first .. first + step (n - 1), all of one block. A trace wants them one by one. */
static void run_block(chunk *c, size_t first, int step, size_t n) {
  const size_t longest = c->t->trace ? 1 : (size_t)c->sp->chunk;
  c->step = step;
  for (size_t done = 0; done < n; done += (size_t)c->n) {
    c->first = step > 0 ? first + done : first - done;
    c->n = (int)(n - done < longest ? n - done : longest);
    run_chunk(c);
  }
  c->visit++;
}

static void run_forward(chunk *c) {
  size_t first = 0;
  for (size_t g = 0; g < c->sp->n_groups; g++) {
    if (!(c->sp->group[g].flags & SPARSE_LAST)) continue;
    run_block(c, first, 1, g + 1 - first);
    first = g + 1;
  }
}

/* The groups before `end`. */
static void run_backward(chunk *c, size_t end) {
  const pbl_twin_group *group = c->sp->group;
  for (size_t g = end; g-- > 0;) {
    if (!(group[g].flags & SPARSE_FIRST)) continue;
    run_block(c, end - 1, -1, end - g);
    end = g;
  }
}

/* Groups at random, as many as there are. */
static void run_random(chunk *c) {
  for (size_t i = 0; i < c->sp->n_groups; i++)
    run_block(c, pbl_twin_sparse_pick(c->sp, &c->t->control), 1, 1);
}

static void run_context(chunk *c) {
  pbl_twin_sparse *sp = c->sp;
  switch (c->t->run_kernel) {
    case PBL_KERNEL_RANDOM_SITE:
      run_random(c);
      break;
    case PBL_KERNEL_COIN:
      if (pbl_lane_rng_next(&c->t->control) >> 31) {
        run_backward(c, sp->n_groups);
      } else {
        run_forward(c);
      }
      break;
    case PBL_KERNEL_PALINDROMIC:
      run_forward(c);
      run_backward(c, sp->n_before_tail);
      break;
    default:
      run_forward(c);
  }
}

static void spread_context(pbl_twin_sparse *sp, int context) {
  if (sp->spread_context == context) return;
  const uint32_t *up = sp->up + (size_t)context * (size_t)sp->capacity;
  for (uint32_t p = 0; p < sp->pbits; p++) pbl_twin_sparse_spread(sp, p, up[p]);
  sp->spread_context = context;
}

/* 2E = - sum of s (I + h). */
static void energy_pass(pbl_twin *t, int context) {
  pbl_twin_sparse *sp = t->sparse;
  int64_t *energy2 = sp->energy2 + context * sp->lanes;
  const uint32_t *up = sp->up + (size_t)context * (size_t)sp->capacity;
  memset(energy2, 0, (size_t)sp->lanes * sizeof *energy2);
  for (size_t g = 0; g < sp->n_groups; g++) {
    pbl_twin_sparse_fields(sp, sp->fields, g);
    for (int s = 0; s < (int)sp->group[g].used; s++) {
      const uint32_t word = pbl_twin_sparse_cell(sp, g, s, 0);
      if (!(word & SPARSE_VALID)) continue;
      const int64_t bias = (int32_t)pbl_twin_sparse_cell(sp, g, s, 1);
      for (int l = 0; l < sp->lanes; l++) {
        const int64_t sum = (int32_t)sp->fields[s * sp->lanes + l] + bias;
        energy2[l] -= up[word & SPARSE_INDEX] >> l & 1 ? sum : -sum;
      }
    }
  }
}

/* Arithmetic shift, also of negative numbers. */
static int64_t halve(int64_t x) {
  return (x - (x & 1)) / 2;
}

void pbl_twin_sparse_sweep(pbl_twin *t, const pbl_twin_activation *act) {
  pbl_twin_sparse *sp = t->sparse;
  for (int context = 0; context < pbl_hw_contexts(&t->hw); context++) {
    chunk c = {.t = t, .sp = sp, .act = act, .context = context};
    pbl_twin_set_betas(t, context);
    spread_context(sp, context);
    if (!sp->energies_known) energy_pass(t, context);
    run_context(&c);
    for (int l = 0; l < sp->lanes; l++) {
      const int replica = context * sp->lanes + l;
      t->energy[replica] = halve(sp->energy2[replica]);
    }
  }
  sp->energies_known = true;
}
