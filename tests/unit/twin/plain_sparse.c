#include "plain_sparse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

#include "pbl_rng.h"
#include "plain_model.h"

static int below(uint64_t *seed, int n) {
  return (int)(pbl_splitmix64(seed) % (uint64_t)n);
}

static int32_t random_word(uint64_t *seed, const pbl_hw *hw) {
  const int64_t span = (int64_t)1 << pbl_hw_weight_bits(hw);
  const int64_t draw = (int64_t)(pbl_splitmix64(seed) % (uint64_t)span) - span / 2;
  return (int32_t)(draw / ((int64_t)1 << pbl_hw_weight_bits(hw) / 3));
}

static void make_graph(plain_sparse *m, uint64_t *seed) {
  for (int i = 0; i < m->n; i++) {
    m->block[i] = i < m->n_blocks ? i : below(seed, m->n_blocks);
    m->bias[i] = random_word(seed, &m->hw);
    m->clamp[i] = below(seed, 6) == 0;
  }
  for (int i = 0; i < m->n; i++) {
    for (int j = 0; j < i; j++) {
      if (m->block[i] == m->block[j] || below(seed, 4) != 0) continue;
      m->edge[i][j] = m->edge[j][i] = 1;
      m->coupling[i][j] = m->coupling[j][i] = random_word(seed, &m->hw);
      if (!m->symmetric) m->coupling[j][i] = random_word(seed, &m->hw);
    }
  }
}

static int degree(const plain_sparse *m, int i) {
  int n = 0;
  for (int j = 0; j < m->n; j++) n += m->edge[i][j];
  return n;
}

/* Some cells stay empty, and now and then a whole group does. */
static void make_groups(plain_sparse *m, uint64_t *seed) {
  int row = 0;
  for (int b = 0; b < m->n_blocks; b++) {
    int next = 0;
    while (next < m->n) {
      plain_group *g = &m->group[m->n_groups++];
      assert_true(m->n_groups <= m->hw.sparse.groups);
      const int empty = below(seed, 8) == 0;
      g->block = b;
      g->length = below(seed, 3) == 0;
      for (int s = 0; s < m->hw.sparse.sites; s++) {
        g->pbit[s] = -1;
        if (empty || below(seed, 5) == 0) continue;
        while (next < m->n && m->block[next] != b) next++;
        if (next == m->n) continue;
        if (degree(m, next) > g->length) g->length = degree(m, next);
        g->pbit[s] = next++;
      }
      while (next < m->n && m->block[next] != b) next++;
      g->start = row + below(seed, 2);
      row = g->start + g->length;
      assert_true(row <= m->hw.sparse.edge_rows);
    }
  }
}

/* The list of i into its column, in any rows of it. */
static void make_list(plain_sparse *m, const plain_group *g, int s, uint64_t *seed) {
  const int i = g->pbit[s];
  int left = degree(m, i), row = 0;
  for (int j = 0; j < m->n; j++) {
    if (!m->edge[i][j]) continue;
    while (g->length - row > left && below(seed, 2) == 0) row++;
    m->edges[g->start + row][2 * s] = 0x80000000u | (uint32_t)j;
    m->edges[g->start + row][2 * s + 1] = (uint32_t)m->coupling[i][j];
    row++;
    left--;
  }
}

static void make_memories(plain_sparse *m, uint64_t *seed) {
  const int sites = m->hw.sparse.sites;
  /* What is not valid has to be ignored. */
  for (int r = 0; r < m->hw.sparse.edge_rows; r++) {
    for (int s = 0; s < sites; s++) {
      m->edges[r][2 * s] = (uint32_t)below(seed, m->hw.sparse.pbits);
      m->edges[r][2 * s + 1] = (uint32_t)random_word(seed, &m->hw);
    }
  }
  for (int k = 0; k < m->n_groups; k++) {
    const plain_group *g = &m->group[k];
    const int first = k == 0 || m->group[k - 1].block != g->block;
    const int end = k == m->n_groups - 1, last = end || m->group[k + 1].block != g->block;
    uint32_t *row = m->schedule[k];
    row[0] = (uint32_t)g->length | (uint32_t)first << 28 | (uint32_t)last << 29 |
             (uint32_t)(g->block == m->n_blocks - 1) << 30 | (uint32_t)end << 31;
    row[1] = (uint32_t)g->start;
    for (int s = 0; s < sites; s++) {
      const int i = g->pbit[s];
      row[2 + 2 * s] = i < 0 ? (uint32_t)below(seed, m->n) : 0x80000000u | (uint32_t)i;
      row[3 + 2 * s] = (uint32_t)(i < 0 ? random_word(seed, &m->hw) : m->bias[i]);
      if (i >= 0) make_list(m, g, s, seed);
    }
  }
}

void plain_sparse_create(plain_sparse *m, const pbl_hw *hw, int n, int blocks, int symmetric,
                         uint64_t seed) {
  memset(m, 0, sizeof *m);
  m->hw = *hw;
  m->n = n;
  m->n_blocks = blocks;
  m->symmetric = symmetric;
  m->table = calloc((size_t)hw->table_size, sizeof *m->table);
  assert_non_null(m->table);
  make_graph(m, &seed);
  make_groups(m, &seed);
  make_memories(m, &seed);
  for (int k = 0; k < hw->table_size; k++) {
    const uint64_t draw = pbl_splitmix64(&seed);
    m->table[k] = draw % 8 == 0 ? 0 : (uint32_t)(draw >> (64 - hw->threshold_bits));
  }
  for (int g = 0; g < hw->sparse.sites * hw->lanes; g++) {
    for (int i = 0; i < 4; i++) m->generator[g][i] = (uint32_t)pbl_splitmix64(&seed);
  }
  for (int i = 0; i < 4; i++) m->control[i] = (uint32_t)pbl_splitmix64(&seed);
  for (int r = 0; r < hw->replicas; r++) {
    for (int i = 0; i < n; i++) m->spin[r][i] = pbl_splitmix64(&seed) & 1 ? 1 : -1;
  }
}

void plain_sparse_free(plain_sparse *m) {
  free(m->table);
}

static int64_t local_field(const plain_sparse *m, int r, int i) {
  int64_t sum = m->bias[i];
  for (int j = 0; j < m->n; j++) sum += (int64_t)m->coupling[i][j] * m->spin[r][j];
  return sum;
}

static void update(plain_sparse *m, int r, int i, int visit, uint32_t beta, uint32_t word) {
  const pbl_hw *hw = &m->hw;
  const int64_t field = local_field(m, r, i);
  const plain_decision d = plain_decide(hw, m->table, field, m->betas ? m->betas[r] : beta, word);
  const int clamped = m->clamp[i], old_up = m->spin[r][i] > 0;
  const int new_up = clamped ? old_up : d.up;
  if (!clamped) {
    m->flips += new_up != old_up;
    m->saturations += (uint64_t)d.saturated;
    m->freezes += d.threshold == 0;
  }
  m->energy2[r] -= 2 * field * (2 * new_up - 2 * old_up);
  m->spin[r][i] = new_up ? 1 : -1;
  const uint32_t state = (uint32_t)new_up + 2 * (uint32_t)old_up + 4 * (uint32_t)clamped;
  if (i == m->watch_pbit && r == m->watch_replica) {
    m->seen_field = field;
    m->seen_random = word;
    m->seen_threshold = d.threshold;
    m->seen_state = state;
  }
  m->n_updates++;
  m->trace_sum += plain_digest(7, m->sweeps, visit, r, i, field, word, d.threshold, state);
}

static void visit_group(plain_sparse *m, int context, int visit, const plain_group *g,
                        uint32_t beta) {
  const int lanes = m->hw.lanes, shared = m->hw.cells_per_generator;
  uint32_t words[32] = {0};
  int drawn = -1; /* the cell whose generators have drawn */
  for (int s = 0; s < m->hw.sparse.sites; s++) {
    const int source = s / shared * shared;
    uint32_t even_word = 0;
    for (int lane = 0; lane < lanes && g->pbit[s] >= 0 && source != drawn; lane++)
      words[lane] = plain_next_word(&m->hw, m->generator[source * lanes + lane]);
    if (g->pbit[s] >= 0) drawn = source;
    for (int lane = 0; lane < lanes && g->pbit[s] >= 0; lane++) {
      const uint32_t own = words[lane];
      if (lane % 2 == 0) even_word = own;
      update(m, context * lanes + lane, g->pbit[s], visit, beta, m->coupled ? even_word : own);
    }
  }
  m->busy += (uint64_t)(g->length > 0 ? g->length : 1);
}

static void visit_block(plain_sparse *m, int context, int visit, int block, int back,
                        uint32_t beta) {
  for (int k = 0; k < m->n_groups; k++) {
    const plain_group *g = &m->group[back ? m->n_groups - 1 - k : k];
    if (g->block == block) visit_group(m, context, visit, g, beta);
  }
  m->busy += 8;
}

/* Blocks forwards, and backwards without the last one; with the coin either of them with all; or
 * groups at random. */
static void visit_blocks(plain_sparse *m, int context, pbl_kernel kernel, uint32_t beta) {
  const int blocks = m->n_blocks;
  int visit = 0;
  if (kernel == PBL_KERNEL_RANDOM_SITE) {
    for (int i = 0; i < m->n_groups; i++) {
      const double word = plain_next_word(&m->hw, m->control); /* exact: groups are few */
      const int g = (int)(word * m->n_groups / 4294967296.0);
      visit_group(m, context, visit++, &m->group[g], beta);
      m->busy += 8;
    }
    return;
  }
  const int turned =
      kernel == PBL_KERNEL_COIN && plain_next_word(&m->hw, m->control) >= 0x80000000u;
  for (int b = 0; b < blocks; b++)
    visit_block(m, context, visit++, turned ? blocks - 1 - b : b, turned, beta);
  for (int b = blocks - 2; b >= 0 && kernel == PBL_KERNEL_PALINDROMIC; b--)
    visit_block(m, context, visit++, b, 1, beta);
}

static int64_t twice_energy(const plain_sparse *m, int r) {
  int64_t e = 0;
  for (int i = 0; i < m->n; i++) e -= m->spin[r][i] * (local_field(m, r, i) + m->bias[i]);
  return e;
}

static void energy_pass(plain_sparse *m, int context) {
  for (int k = 0; k < m->n_groups; k++)
    m->busy += (uint64_t)(m->group[k].length > 0 ? m->group[k].length : 1);
  m->busy += 8;
  for (int lane = 0; lane < m->hw.lanes; lane++) {
    const int r = context * m->hw.lanes + lane;
    m->energy2[r] = twice_energy(m, r);
  }
}

void plain_sparse_sweep(plain_sparse *m, pbl_kernel kernel, uint32_t beta, int sample) {
  for (int c = 0; c < m->hw.replicas / m->hw.lanes; c++) {
    if (!m->energies_known) energy_pass(m, c);
    visit_blocks(m, c, kernel, beta);
    m->busy += 1 + (sample ? (uint64_t)m->n + 2 : 0);
  }
  m->energies_known = 1;
  for (int r = 0; m->symmetric && r < m->hw.replicas; r++)
    assert_int_equal(m->energy2[r], twice_energy(m, r));
  m->sweeps++;
}

uint32_t plain_sparse_hash(const plain_sparse *m) {
  const int sites = m->hw.sparse.sites;
  uint32_t crc = 0xFFFFFFFFu;
  for (int k = 0; k < m->n_groups; k++) {
    for (int c = 0; c < 2 * sites + 2; c++) crc = plain_crc(crc, m->schedule[k][c]);
  }
  for (int k = 0; k < m->n_groups; k++) {
    for (int d = 0; d < m->group[k].length; d++) {
      for (int c = 0; c < 2 * sites; c++) crc = plain_crc(crc, m->edges[m->group[k].start + d][c]);
    }
  }
  for (int i = 0; i < sites * m->hw.lanes * m->hw.table_size; i++)
    crc = plain_crc(crc, m->table[i % m->hw.table_size]);
  for (int p = 0; p < m->n; p++) crc = plain_crc(crc, m->clamp[p]);
  return ~crc;
}
