#include "plain_guard.h"

#include "pbl_rng.h"

#define VALID 0x80000000u
#define END 0x80000000u
#define TAIL 0x40000000u
#define LAST 0x20000000u
#define FIRST 0x10000000u

typedef struct {
  uint64_t place; /* in the order of the check; the greatest: nothing found */
  uint32_t guard;
} finding;

static void found(finding *f, uint64_t place, int code, uint32_t index) {
  if (place >= f->place) return;
  f->place = place;
  f->guard = (uint32_t)code | index << 16;
}

static uint64_t place_of(uint64_t part, uint64_t row, uint64_t line, uint64_t item) {
  return ((part * 1000 + row) * 2000 + line) * 200 + item;
}

static int bit(const plain_sparse *m, int group, uint32_t flag) {
  return (m->schedule[group][0] & flag) != 0;
}

static int cell(const plain_sparse *m, int group, int s) {
  const uint32_t word = m->schedule[group][2 + 2 * s];
  return word & VALID ? (int)(word & 0xFFFF) : -1;
}

static uint32_t length_of(const plain_sparse *m, int group) {
  return m->schedule[group][0] & 0xFFFF;
}

static int list_fits(const plain_sparse *m, int group) {
  const uint64_t end = (uint64_t)m->schedule[group][1] + length_of(m, group);
  return length_of(m, group) <= 1024 && end <= (uint64_t)m->hw.sparse.edge_rows;
}

/* Blocks are counted by the groups marked LAST before a group. */
static int block_of_group(const plain_sparse *m, int group) {
  int block = 0;
  for (int k = 0; k < group; k++) block += bit(m, k, LAST);
  return block;
}

/* Group that first names the p-bit, in the cells before (end, s); -1: none. */
static int named_before(const plain_sparse *m, int pbit, int end, int s) {
  for (int k = 0; k <= end; k++) {
    for (int c = 0; c < m->hw.sparse.sites && (k < end || c < s); c++) {
      if (cell(m, k, c) == pbit) return k;
    }
  }
  return -1;
}

static void look_at_group(finding *f, const plain_sparse *m, int k) {
  const uint64_t row = (uint64_t)k;
  const int starts = k == 0 || bit(m, k - 1, LAST);
  const int tail_before = k > 0 && bit(m, k - 1, TAIL);
  if (!list_fits(m, k)) found(f, place_of(0, row, 0, 0), 2, (uint32_t)k);
  const int wrong = bit(m, k, FIRST) != starts || /* */
                    (bit(m, k, END) && (!bit(m, k, LAST) || !bit(m, k, TAIL))) ||
                    (k > 0 && !bit(m, k, FIRST) && bit(m, k, TAIL) != tail_before) ||
                    (tail_before && !bit(m, k, TAIL));
  if (wrong) found(f, place_of(0, row, 1, 0), 5, (uint32_t)k);
  for (int s = 0; s < m->hw.sparse.sites; s++) {
    const int pbit = cell(m, k, s);
    const uint64_t place = place_of(0, row, 2, (uint64_t)s);
    if (pbit < 0) continue;
    if (pbit >= m->n) {
      found(f, place, 3, (uint32_t)pbit);
    } else if (named_before(m, pbit, k, s) >= 0) {
      found(f, place, 4, (uint32_t)pbit);
    }
  }
}

static void look_at_entry(finding *f, const plain_sparse *m, int k, uint32_t d, int s, int used) {
  const uint32_t word = m->edges[m->schedule[k][1] + d][2 * s];
  const int owner = cell(m, k, s), other = (int)(word & 0xFFFF);
  const uint64_t place = place_of(2, (uint64_t)k, d, (uint64_t)s);
  if (!(word & VALID)) return;
  if (owner < 0) {
    found(f, place, 7, 65535);
  } else if (other >= m->n) {
    found(f, place, 6, (uint32_t)owner);
  } else {
    const int there = named_before(m, other, used - 1, m->hw.sparse.sites);
    if (there >= 0 && block_of_group(m, there) == block_of_group(m, k))
      found(f, place, 7, (uint32_t)owner);
  }
}

uint32_t plain_guard(const plain_sparse *m) {
  finding f = {.place = UINT64_MAX};
  int used = 0, named = 0, ended = 0;
  while (!ended && used < m->hw.sparse.groups) ended = bit(m, used++, END);
  for (int k = 0; k < used; k++) look_at_group(&f, m, k);
  if (!ended) found(&f, place_of(1, 0, 0, 0), 1, 0);
  for (int p = 0; p < m->n; p++) named += named_before(m, p, used - 1, m->hw.sparse.sites) >= 0;
  if (named < m->n) found(&f, place_of(1, 0, 0, 1), 8, (uint32_t)named);
  for (int k = 0; ended && k < used && f.place == UINT64_MAX; k++) {
    for (uint32_t d = 0; d < length_of(m, k); d++) {
      for (int s = 0; s < m->hw.sparse.sites; s++) look_at_entry(&f, m, k, d, s, used);
    }
  }
  return f.guard;
}

static int below(uint64_t *seed, int n) {
  return (int)(pbl_splitmix64(seed) % (uint64_t)n);
}

/* A random cell with a p-bit (wanted 1) or without (0), of a group with a list; any cell when none
 * is met. */
static int pick(const plain_sparse *m, int wanted, int *s, uint64_t *seed) {
  int k = 0;
  for (int tries = 0; tries < 10000; tries++) {
    k = below(seed, m->n_groups);
    *s = below(seed, m->hw.sparse.sites);
    if ((cell(m, k, *s) >= 0) == wanted && length_of(m, k) > 0) break;
  }
  return k;
}

static uint32_t *pick_entry(plain_sparse *m, int *k, int *s, uint64_t *seed) {
  for (;;) {
    *k = pick(m, 1, s, seed);
    const uint32_t d = (uint32_t)below(seed, (int)length_of(m, *k));
    uint32_t *word = &m->edges[m->schedule[*k][1] + d][2 * *s];
    if (*word & VALID) return word;
  }
}

static int random_above(const plain_sparse *m, uint64_t *seed) {
  return m->n + below(seed, m->hw.sparse.pbits - m->n);
}

static void remove_end(plain_sparse *m) {
  m->schedule[m->n_groups - 1][0] &= ~END;
  for (int k = m->n_groups; k < m->hw.sparse.groups; k++) m->schedule[k][0] = FIRST | LAST | TAIL;
  m->n_groups = m->hw.sparse.groups; /* so that they are uploaded */
}

static void lengthen(plain_sparse *m, uint64_t *seed) {
  int s;
  const int k = pick(m, 1, &s, seed);
  if (below(seed, 2)) {
    m->schedule[k][0] = (m->schedule[k][0] & 0xFFFF0000u) | (uint32_t)(1025 + below(seed, 60000));
  } else {
    m->schedule[k][1] =
        (uint32_t)(m->hw.sparse.edge_rows + 1 + below(seed, 65536)) - length_of(m, k);
  }
}

static void join_blocks(plain_sparse *m, uint64_t *seed) {
  int k, s;
  if (below(seed, 4) == 0) {
    k = pick(m, 0, &s, seed);
    if (length_of(m, k) == 0) return;
    m->edges[m->schedule[k][1] + (uint32_t)below(seed, (int)length_of(m, k))][2 * s] |= VALID;
    return;
  }
  uint32_t *word = pick_entry(m, &k, &s, seed);
  const int block = m->block[cell(m, k, s)];
  int other = below(seed, m->n);
  while (m->block[other] != block) other = below(seed, m->n);
  *word = VALID | (uint32_t)other;
}

void plain_violate(plain_sparse *m, int code, uint64_t *seed) {
  int s, late;
  const int k = pick(m, 1, &s, seed);
  uint32_t *named = &m->schedule[k][2 + 2 * s];
  switch (code) {
    case 1:
      remove_end(m);
      break;
    case 2:
      lengthen(m, seed);
      break;
    case 3:
      *named = VALID | (uint32_t)random_above(m, seed);
      break;
    case 4:
      m->schedule[pick(m, 1, &late, seed)][2 + 2 * late] = *named;
      break;
    case 5:
      m->schedule[k][0] ^= FIRST << below(seed, 4);
      break;
    case 6:
      *pick_entry(m, &late, &s, seed) = VALID | (uint32_t)random_above(m, seed);
      break;
    case 7:
      join_blocks(m, seed);
      break;
    default:
      *named &= ~VALID;
  }
}
