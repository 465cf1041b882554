/* Memories that only the hash can see: filled with patterns on device and twin, then both hash.
 *
 * A CRC is affine: what a fault elsewhere does to it is the same difference between the two hashes
 * whatever stands in this memory. So a memory is sound when the difference stays that of blank
 * memories, and a fault shows at the memory that has it. The first wrong word is searched by
 * halving. */
#include <stdlib.h>

#include "selftest_internal.h"

typedef enum { TABLE = 1, CLAMPS = 2, WEIGHTS = 0, GROUPS = 5 } target;

typedef struct {
  target target;
  const char *name;
  size_t rows, cols;
  int bits; /* of a word */
} memory;

enum { N_PASSES = 4 };

static const char *pass_name(int pass) {
  static const char *const names[] = {"zeros", "addresses", "their complement", "random words"};
  return names[pass];
}

static uint32_t pass_word(const selftest *t, const memory *m, int pass, size_t k) {
  const uint64_t size = UINT64_C(1) << m->bits;
  switch (pass) {
    case 1: /* a word's own address: its low bits, then what they leave, scattered */
      return (uint32_t)k ^ (uint32_t)(k / size * 0x9E3779B9u);
    case 2:
      return ~((uint32_t)k ^ (uint32_t)(k / size * 0x9E3779B9u));
    case 3:
      return selftest_mix(k, t->opt.seed + (uint64_t)m->target);
    default:
      return 0;
  }
}

static uint32_t sign_extended(uint32_t word, int bits) {
  const uint32_t low = bits < 32 ? word & ((1u << bits) - 1) : word;
  return bits < 32 && (low >> (bits - 1)) ? low | ~((1u << bits) - 1) : low;
}

/* Row of the sparse schedule: every group has an equal part of the edge memory, the last one ends
 * it; cells without p-bits where `word` is 0. */
static uint32_t group_word(const selftest *t, size_t row, size_t col, uint32_t word) {
  const pbl_hw_sparse *s = &t->hw.sparse;
  const size_t groups = (size_t)s->groups, rows = (size_t)s->edge_rows;
  size_t length = (rows + groups - 1) / groups;
  if (length > PBL_HW_MAX_DEGREE) length = PBL_HW_MAX_DEGREE;
  const size_t start = row * length < rows ? row * length : 0;
  if (row * length >= rows) length = 0;
  if (start + length > rows) length = rows - start;
  if (col == 0) {
    const uint32_t flags = word & 0x70000000u; /* TAIL, LAST, FIRST */
    return (uint32_t)length | flags | (row + 1 == groups ? 0x80000000u : 0);
  }
  if (col == 1) return (uint32_t)start;
  if (col % 2 == 0) return (word & 0x80000000u) | (word & 0xFFFFu) % (uint32_t)s->pbits;
  return sign_extended(word, pbl_hw_weight_bits(&t->hw));
}

static uint32_t stored(const selftest *t, const memory *m, size_t k, uint32_t word) {
  const size_t row = k / m->cols, col = k % m->cols;
  const bool sparse = t->hw.fabric == PBL_FABRIC_SPARSE;
  switch (m->target) {
    case TABLE:
      return m->bits < 32 ? word & ((1u << m->bits) - 1) : word;
    case CLAMPS:
      return word & 1;
    case GROUPS:
      return group_word(t, row, col, word);
    default:
      if (sparse && col % 2 == 0)
        return (word & 0x80000000u) | (word & 0xFFFFu) % (uint32_t)t->hw.sparse.pbits;
      return sign_extended(word, m->bits);
  }
}

/* The first `n` words of the pattern, blank words behind them, on both devices. */
static bool fill(selftest *t, const memory *m, int pass, size_t n) {
  if (!selftest_write_both(t, PBL_REG_IMG_SELECT, (uint32_t)m->target) ||
      !selftest_write_both(t, PBL_REG_IMG_ADDRESS, 0))
    return false;
  for (size_t k = 0; k < m->rows * m->cols; k++) {
    const uint32_t word = k < n ? pass_word(t, m, pass, k) : 0;
    if (k % 4096 == 0 && !selftest_go_on(t)) return false;
    if (!selftest_write_both(t, PBL_REG_IMG_DATA, stored(t, m, k, word))) return false;
  }
  return true;
}

static bool hashes(selftest *t, uint32_t *dev, uint32_t *twin) {
  return selftest_hash(t, t->twin, twin) && selftest_hash(t, t->dev, dev);
}

/* The first word that makes the hashes differ. */
static void search(selftest *t, const memory *m, int pass, uint32_t expected, uint32_t got) {
  size_t good = 0, bad = m->rows * m->cols;
  while (bad - good > 1) {
    uint32_t dev = 0, twin = 0;
    const size_t middle = good + (bad - good) / 2;
    if (!fill(t, m, pass, middle) || !hashes(t, &dev, &twin)) return;
    if ((dev ^ twin) == t->difference) {
      good = middle;
    } else {
      bad = middle;
    }
  }
  const size_t k = bad - 1;
  selftest_fail_word(t, PBL_REG_IMG_HASH, expected, got,
                     "%s, %s: the hash does not follow from word %zu on (row %zu, column %zu), "
                     "where 0x%08X was written",
                     m->name, pass_name(pass), k, k / m->cols, k % m->cols,
                     stored(t, m, k, pass_word(t, m, pass, k)));
}

static bool check_pass(selftest *t, const memory *m, int pass) {
  uint32_t dev = 0, twin = 0;
  const size_t n = m->rows * m->cols;
  if (!fill(t, m, pass, n) || !hashes(t, &dev, &twin)) return false;
  if ((dev ^ twin) == t->difference) return true;
  search(t, m, pass, twin ^ t->difference, dev);
  return false;
}

/* Blank again afterwards, in any case: the next memory counts on it. */
static void check(selftest *t, const memory *m) {
  bool sound = true;
  for (int pass = 0; sound && pass < N_PASSES; pass++) sound = check_pass(t, m, pass);
  if (t->stopped == PBL_OK && fill(t, m, 0, 0) && sound)
    selftest_note(t, "%zu words: zeros, addresses, their complement, random words",
                  m->rows * m->cols);
}

static memory memory_of(const selftest *t, target which) {
  const pbl_hw *hw = &t->hw;
  const bool sparse = hw->fabric == PBL_FABRIC_SPARSE;
  switch (which) {
    case TABLE:
      return (memory){which, "table", 1, (size_t)hw->table_size, hw->threshold_bits};
    case CLAMPS:
      return (memory){which, "clamps", 1, (size_t)(sparse ? hw->sparse.pbits : pbl_hw_pbits(hw)),
                      1};
    case GROUPS:
      return (memory){which, "schedule", (size_t)hw->sparse.groups,
                      (size_t)pbl_hw_schedule_cols(hw), 16};
    default:
      return (memory){which, sparse ? "edges" : "weights", (size_t)pbl_hw_image_rows(hw),
                      (size_t)pbl_hw_image_cols(hw), pbl_hw_weight_bits(hw)};
  }
}

/* Everything that is hashed gets a defined word; the twin begins here. */
static bool begin(selftest *t) {
  pbl_error err = {0};
  const bool sparse = t->hw.fabric == PBL_FABRIC_SPARSE;
  if (t->twin) return true;
  if (!selftest_ok(t, pbl_twin_open(&t->twin, &t->hw, &err), &err)) return false;
  if (sparse && !selftest_write_both(t, PBL_REG_PBITS, (uint32_t)t->hw.sparse.pbits)) return false;
  const target all[] = {WEIGHTS, TABLE, CLAMPS, GROUPS};
  for (size_t k = 0; k < (sparse ? 4u : 3u); k++) {
    const memory m = memory_of(t, all[k]);
    if (!fill(t, &m, 0, 0)) return false;
  }
  uint32_t dev = 0, twin = 0;
  if (!hashes(t, &dev, &twin)) return false;
  t->difference = dev ^ twin;
  return true;
}

void selftest_check_table(selftest *t) {
  const memory m = memory_of(t, TABLE);
  if (begin(t)) check(t, &m);
}

void selftest_check_weights(selftest *t) {
  const memory m = memory_of(t, WEIGHTS);
  if (begin(t)) check(t, &m);
}

void selftest_check_clamps(selftest *t) {
  const memory m = memory_of(t, CLAMPS);
  if (begin(t)) check(t, &m);
}

void selftest_check_groups(selftest *t) {
  if (t->hw.fabric != PBL_FABRIC_SPARSE) {
    selftest_skip(t, "the sparse fabric has it, this is another one");
    return;
  }
  const memory m = memory_of(t, GROUPS);
  if (begin(t)) check(t, &m);
}
