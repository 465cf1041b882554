/* CHECK of the sparse fabric: the hash of what is used, and the colour guard. */
#include <stdlib.h>
#include <zlib.h>

#include "pbl_regs.h"
#include "pbl_twin_sparse.h"

enum { NO_END = 1, RANGE, NO_PBIT, TWICE, FLAGS, NO_NEIGHBOUR, SAME_BLOCK, TOO_FEW };

#define UNSCHEDULED 0xFFFFFFFFu
#define NOBODY 0xFFFFu

typedef struct {
  const pbl_twin *t;
  const pbl_twin_sparse *sp;
  uint32_t *block; /* of each p-bit below n, or UNSCHEDULED */
  uint32_t n_blocks, n_scheduled;
  uint32_t code, index; /* of the first violation */
} guard;

static void violation(guard *v, uint32_t code, size_t index) {
  if (v->code != 0) return;
  v->code = code;
  v->index = (uint32_t)index;
}

static const uint32_t *row_of(const pbl_twin_sparse *sp, size_t g) {
  return sp->schedule + g * pbl_twin_sparse_columns(sp);
}

static bool in_range(const pbl_twin_sparse *sp, size_t g) {
  const uint32_t length = row_of(sp, g)[0] & SPARSE_LENGTH, start = row_of(sp, g)[1];
  return length <= PBL_HW_MAX_DEGREE && start + length <= (uint32_t)sp->edge_rows;
}

static void check_flags(guard *v, size_t g) {
  const uint32_t flags = row_of(v->sp, g)[0];
  const uint32_t before = g > 0 ? row_of(v->sp, g - 1)[0] : SPARSE_LAST;
  const bool first = flags & SPARSE_FIRST, tail = flags & SPARSE_TAIL;
  const bool tail_before = before & SPARSE_TAIL;
  const bool ends = flags & SPARSE_END;
  if (first != ((before & SPARSE_LAST) != 0)) violation(v, FLAGS, g);
  if (ends && !((flags & SPARSE_LAST) && tail)) violation(v, FLAGS, g);
  if (g > 0 && !first && tail != tail_before) violation(v, FLAGS, g);
  if (tail_before && !tail) violation(v, FLAGS, g);
}

static void check_cells(guard *v, size_t g) {
  for (int s = 0; s < v->sp->sites; s++) {
    const uint32_t word = pbl_twin_sparse_cell(v->sp, g, s, 0), pbit = word & SPARSE_INDEX;
    if (!(word & SPARSE_VALID)) continue;
    if (pbit >= v->sp->pbits) {
      violation(v, NO_PBIT, pbit);
    } else if (v->block[pbit] != UNSCHEDULED) {
      violation(v, TWICE, pbit);
    } else {
      v->block[pbit] = v->n_blocks;
      v->n_scheduled++;
    }
  }
}

/* Returns the groups up to the one with END. */
static size_t check_schedule(guard *v, bool *ended) {
  const size_t groups = (size_t)v->sp->max_groups;
  *ended = false;
  for (size_t g = 0; g < groups; g++) {
    if (!in_range(v->sp, g)) violation(v, RANGE, g);
    check_flags(v, g);
    check_cells(v, g);
    v->n_blocks += (row_of(v->sp, g)[0] & SPARSE_LAST) != 0;
    *ended = (row_of(v->sp, g)[0] & SPARSE_END) != 0;
    if (*ended) {
      if (v->n_scheduled < v->sp->pbits) violation(v, TOO_FEW, v->n_scheduled);
      return g + 1;
    }
  }
  violation(v, NO_END, 0);
  return groups;
}

/* Only after a sound schedule: then every p-bit has a block. */
static void check_entries(guard *v, size_t g, size_t row, uint32_t block) {
  const int sites = v->sp->sites;
  for (int s = 0; s < sites && v->code == 0; s++) {
    const uint32_t entry = (uint32_t)v->t->words[(row * (size_t)sites + (size_t)s) * 2];
    const uint32_t owner = pbl_twin_sparse_cell(v->sp, g, s, 0), other = entry & SPARSE_INDEX;
    if (!(entry & SPARSE_VALID)) continue;
    if (!(owner & SPARSE_VALID)) {
      violation(v, SAME_BLOCK, NOBODY);
    } else if (other >= v->sp->pbits) {
      violation(v, NO_NEIGHBOUR, owner & SPARSE_INDEX);
    } else if (v->block[other] == block) {
      violation(v, SAME_BLOCK, owner & SPARSE_INDEX);
    }
  }
}

static void check_edges(guard *v, size_t groups) {
  uint32_t block = 0;
  for (size_t g = 0; g < groups && v->code == 0; g++) {
    const uint32_t *row = row_of(v->sp, g);
    for (uint32_t d = 0; d < (row[0] & SPARSE_LENGTH); d++) check_entries(v, g, row[1] + d, block);
    block += (row[0] & SPARSE_LAST) != 0;
  }
}

static uLong hash_words(uLong crc, const uint32_t *words, size_t n) {
  Bytef bytes[1024];
  for (size_t done = 0; done < n;) {
    uInt used = 0;
    for (; used < sizeof bytes && done < n; done++) {
      for (int k = 0; k < 4; k++) bytes[used++] = (Bytef)(words[done] >> (8 * k));
    }
    crc = crc32(crc, bytes, used);
  }
  return crc;
}

static uint32_t hash(const pbl_twin *t, size_t groups, bool ended) {
  const pbl_twin_sparse *sp = t->sparse;
  const size_t columns = 2 * (size_t)sp->sites;
  uLong crc = hash_words(crc32(0, Z_NULL, 0), sp->schedule, groups * pbl_twin_sparse_columns(sp));
  for (size_t g = 0; ended && g < groups; g++) {
    const uint32_t *row = row_of(sp, g);
    if (!in_range(sp, g)) continue;
    crc = hash_words(crc, (const uint32_t *)t->words + row[1] * columns,
                     (row[0] & SPARSE_LENGTH) * columns);
  }
  for (int cell = 0; cell < sp->cells; cell++)
    crc = hash_words(crc, t->table, (size_t)t->hw.table_size);
  for (uint32_t p = 0; p < sp->pbits; p++) {
    const uint32_t bit = t->clamp[p];
    crc = hash_words(crc, &bit, 1);
  }
  return (uint32_t)crc;
}

/* Without memory for the guard nothing is proved: the check ends without GUARD_OK. */
uint32_t pbl_twin_sparse_check(pbl_twin *t) {
  pbl_twin_sparse *sp = t->sparse;
  guard v = {.t = t, .sp = sp, .block = malloc(((size_t)sp->pbits + 1) * sizeof *v.block)};
  bool ended = false;
  size_t groups = 0;
  for (uint32_t p = 0; v.block && p < sp->pbits; p++) v.block[p] = UNSCHEDULED;
  if (v.block) groups = check_schedule(&v, &ended);
  if (ended && v.code == 0) check_edges(&v, groups);
  sp->guard_ok = v.block && v.code == 0;
  sp->guard = v.code << PBL_GUARD_CODE_SHIFT | v.index << PBL_GUARD_INDEX_SHIFT;
  free(v.block);
  return hash(t, groups, ended);
}
