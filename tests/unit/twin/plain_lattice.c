#include "plain_lattice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "pbl_rng.h"
#include "plain_model.h"

static int around(int a, int side) {
  return (a % side + side) % side;
}

/* The neighbour in slot 4k + m: (a, b) turned by m right angles. */
static void neighbour(const plain_lattice *m, int x, int y, int slot, int *nx, int *ny) {
  int a = m->hw.lattice.rule_a[slot / 4], b = m->hw.lattice.rule_b[slot / 4];
  for (int turn = 0; turn < slot % 4; turn++) {
    const int old = a;
    a = -b;
    b = old;
  }
  *nx = around(x + a, m->hw.lattice.side);
  *ny = around(y + b, m->hw.lattice.side);
}

void plain_lattice_place(const plain_lattice *m, int pbit, int *x, int *y) {
  const int side = m->hw.lattice.side, odd = pbit >= side * side / 2;
  int k = pbit - odd * (side * side / 2);
  *x = *y = 0;
  for (int i = 0; i < side * side; i++) {
    if ((i % side + i / side) % 2 != odd || k-- > 0) continue;
    *x = i % side;
    *y = i / side;
    return;
  }
}

void plain_lattice_create(plain_lattice *m, const pbl_hw *hw, uint64_t seed) {
  const int side = hw->lattice.side, bits = pbl_hw_weight_bits(hw);
  const int64_t span = (int64_t)1 << bits, drop = (int64_t)1 << (bits / 3);
  memset(m, 0, sizeof *m);
  m->hw = *hw;
  m->table = calloc((size_t)hw->table_size, sizeof *m->table);
  assert_non_null(m->table);
  for (int y = 0; y < side; y++) {
    for (int x = 0; x < side; x++) {
      for (int slot = 0; slot < 4 * hw->lattice.n_rules; slot++) {
        int nx, ny;
        neighbour(m, x, y, slot, &nx, &ny);
        const int64_t draw = (int64_t)(pbl_splitmix64(&seed) % (uint64_t)span) - span / 2;
        if ((x + y) % 2 == 0)
          m->weight[y][x][slot] = m->weight[ny][nx][(slot & ~3) + (slot + 2) % 4] =
              (int32_t)(draw / drop);
      }
      const int64_t draw = (int64_t)(pbl_splitmix64(&seed) % (uint64_t)span) - span / 2;
      m->field[y][x] = (int32_t)(draw / drop);
      m->clamp[y][x] = pbl_splitmix64(&seed) % 5 == 0;
      for (int r = 0; r < hw->replicas; r++) m->spin[r][y][x] = pbl_splitmix64(&seed) & 1 ? 1 : -1;
    }
  }
  for (int k = 0; k < hw->table_size; k++) {
    const uint64_t draw = pbl_splitmix64(&seed);
    m->table[k] = draw % 8 == 0 ? 0 : (uint32_t)(draw >> (64 - hw->threshold_bits));
  }
  for (int g = 0; g < hw->lattice.sites * hw->lanes; g++) {
    for (int i = 0; i < 4; i++) m->generator[g][i] = (uint32_t)pbl_splitmix64(&seed);
  }
  for (int i = 0; i < 4; i++) m->control[i] = (uint32_t)pbl_splitmix64(&seed);
}

void plain_lattice_free(plain_lattice *m) {
  free(m->table);
}

static int64_t local_field(const plain_lattice *m, int r, int x, int y) {
  int64_t sum = m->field[y][x];
  for (int slot = 0; slot < 4 * m->hw.lattice.n_rules; slot++) {
    int nx, ny;
    neighbour(m, x, y, slot, &nx, &ny);
    sum += (int64_t)m->weight[y][x][slot] * m->spin[r][ny][nx];
  }
  return sum;
}

static void update(plain_lattice *m, int r, int pbit, int half, uint32_t beta, uint32_t word) {
  const pbl_hw *hw = &m->hw;
  int x, y;
  plain_lattice_place(m, pbit, &x, &y);
  const int64_t field = local_field(m, r, x, y);
  const plain_decision d = plain_decide(hw, m->table, field, m->betas ? m->betas[r] : beta, word);
  const int clamped = m->clamp[y][x], old_up = m->spin[r][y][x] > 0;
  const int new_up = clamped ? old_up : d.up;
  if (!clamped) {
    m->flips += new_up != old_up;
    m->saturations += (uint64_t)d.saturated;
    m->freezes += d.threshold == 0;
  }
  m->spin[r][y][x] = new_up ? 1 : -1;
  const uint32_t state = (uint32_t)new_up + 2 * (uint32_t)old_up + 4 * (uint32_t)clamped;
  if (pbit == m->watch_pbit && r == m->watch_replica) {
    m->seen_field = field;
    m->seen_random = word;
    m->seen_threshold = d.threshold;
    m->seen_state = state;
  }
  m->n_updates++;
  m->trace_sum += plain_digest(7, m->sweeps, half, r, pbit, field, word, d.threshold, state);
}

/* A context: step by step, cell by cell, in which each lane has its replica. */
static void half_sweep(plain_lattice *m, int context, int half, uint32_t beta) {
  const int n = m->hw.n_visible, sites = m->hw.lattice.sites, lanes = m->hw.lanes;
  uint32_t words[32] = {0};
  for (int k = 0; k < n; k++) {
    uint32_t even_word = 0;
    for (int lane = 0; lane < lanes; lane++) {
      const int cell = k % sites;
      if (cell % m->hw.cells_per_generator == 0)
        words[lane] = plain_next_word(&m->hw, m->generator[cell * lanes + lane]);
      const uint32_t own = words[lane];
      if (lane % 2 == 0) even_word = own;
      update(m, context * lanes + lane, half == 1 ? k : n + k, half, beta,
             m->coupled ? even_word : own);
    }
  }
}

static int64_t energy_of(const plain_lattice *m, int r) {
  int64_t e = 0;
  for (int y = 0; y < m->hw.lattice.side; y++) {
    for (int x = 0; x < m->hw.lattice.side; x++) {
      e -= (int64_t)m->field[y][x] * m->spin[r][y][x];
      for (int slot = 0; (x + y) % 2 == 0 && slot < 4 * m->hw.lattice.n_rules; slot++) {
        int nx, ny;
        neighbour(m, x, y, slot, &nx, &ny);
        e -= (int64_t)m->weight[y][x][slot] * m->spin[r][y][x] * m->spin[r][ny][nx];
      }
    }
  }
  return e;
}

void plain_lattice_sweep(plain_lattice *m, pbl_kernel kernel, uint32_t beta, int sample) {
  const int contexts = m->hw.replicas / m->hw.lanes;
  const int halves = kernel == PBL_KERNEL_PALINDROMIC ? 3 : 2;
  const int steps = m->hw.n_visible / m->hw.lattice.sites;
  const int words_per_step = (m->hw.lattice.sites * m->hw.lanes + 31) / 32;
  for (int c = 0; c < contexts; c++) {
    const int first =
        kernel == PBL_KERNEL_COIN && plain_next_word(&m->hw, m->control) >= 0x80000000u;
    for (int half = 0; half < halves; half++) half_sweep(m, c, first + half, beta);
    m->busy += (uint64_t)(halves * (steps + 6) + 1 + (sample ? 2 * steps * words_per_step : 0));
  }
  for (int r = 0; r < m->hw.replicas; r++) m->energy[r] = energy_of(m, r);
  m->sweeps++;
}

int32_t plain_lattice_word(const plain_lattice *m, int row, int col) {
  const int sites = m->hw.lattice.sites, steps = m->hw.n_visible / sites;
  const int words = 4 * m->hw.lattice.n_rules + 1;
  const int k = row % steps * sites + col / words;
  int x, y;
  plain_lattice_place(m, row < steps ? k : m->hw.n_visible + k, &x, &y);
  return col % words == words - 1 ? m->field[y][x] : m->weight[y][x][col % words];
}

uint32_t plain_lattice_hash(const plain_lattice *m) {
  const int sites = m->hw.lattice.sites;
  const int rows = 2 * m->hw.n_visible / sites, cols = sites * (4 * m->hw.lattice.n_rules + 1);
  uint32_t crc = 0xFFFFFFFFu;
  for (int i = 0; i < rows * cols; i++)
    crc = plain_crc(crc, (uint32_t)plain_lattice_word(m, i / cols, i % cols));
  for (int i = 0; i < sites * m->hw.lanes * m->hw.table_size; i++)
    crc = plain_crc(crc, m->table[i % m->hw.table_size]);
  for (int p = 0; p < 2 * m->hw.n_visible; p++) {
    int x, y;
    plain_lattice_place(m, p, &x, &y);
    crc = plain_crc(crc, m->clamp[y][x]);
  }
  return ~crc;
}
