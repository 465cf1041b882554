/* Local fields by plain sums, and which p-bits are updated in one clock. */
#include "trace_internal.h"

#define VALID 0x80000000u
#define INDEX 0xFFFFu

static int spin(const uint8_t *states, size_t p) {
  return states[p] ? 1 : -1;
}

/* Row i < V: w_i0 .. w_i(H-1), b_i; row V: c_0 .. c_(H-1). */
static int64_t dense_field(const pbl_trace_start *s, const uint8_t *states, uint32_t pbit) {
  const size_t n_visible = (size_t)s->hw.n_visible, n_hidden = (size_t)s->hw.n_hidden;
  const size_t row = n_hidden + 1;
  if (pbit >= n_visible) {
    const size_t j = pbit - n_visible;
    int64_t sum = s->words[n_visible * row + j];
    for (size_t i = 0; i < n_visible; i++) sum += (int64_t)s->words[i * row + j] * spin(states, i);
    return sum;
  }
  int64_t sum = s->words[pbit * row + n_hidden];
  for (size_t j = 0; j < n_hidden; j++)
    sum += (int64_t)s->words[pbit * row + j] * spin(states, n_visible + j);
  return sum;
}

/* Site (x, y) is even when x + y is; its index within its colour is y S/2 + floor(x/2). */
static int64_t lattice_field(const pbl_trace_start *s, const uint8_t *states,
                             const trace_site *site) {
  const pbl_hw_lattice *g = &s->hw.lattice;
  const int side = g->side, half = side / 2, degree = 4 * g->n_rules;
  const uint32_t n_visible = (uint32_t)s->hw.n_visible;
  const bool odd = site->pbit >= n_visible;
  const int k = (int)(odd ? site->pbit - n_visible : site->pbit), y = k / half;
  const int x = 2 * (k % half) + (((y & 1) != 0) != odd ? 1 : 0);
  const int32_t *word = s->words + site->where * (size_t)pbl_hw_image_cols(&s->hw) +
                        site->cell * (size_t)(degree + 1);
  int64_t sum = word[degree];
  for (int slot = 0; slot < degree; slot++) {
    const int a = g->rule_a[slot / 4], b = g->rule_b[slot / 4];
    const int dx[4] = {a, -b, -a, b}, dy[4] = {b, a, -b, -a};
    const int nx = (x + dx[slot % 4] + side) % side, ny = (y + dy[slot % 4] + side) % side;
    const size_t neighbour = (size_t)(ny * half + nx / 2) + (odd ? 0 : n_visible);
    sum += (int64_t)word[slot] * spin(states, neighbour);
  }
  return sum;
}

uint32_t trace_schedule_word(const pbl_trace_start *s, size_t group, size_t col) {
  return (uint32_t)s->schedule[group * (size_t)pbl_hw_schedule_cols(&s->hw) + col];
}

static int64_t sparse_field(const pbl_trace_start *s, const uint8_t *states,
                            const trace_site *site) {
  const size_t cols = (size_t)pbl_hw_image_cols(&s->hw);
  const size_t length = trace_schedule_word(s, site->where, 0) & INDEX;
  const size_t first = trace_schedule_word(s, site->where, 1);
  int64_t sum = (int32_t)trace_schedule_word(s, site->where, 3 + 2 * site->cell);
  for (size_t row = first; row < first + length; row++) {
    const int32_t *entry = s->words + row * cols + 2 * site->cell;
    if ((uint32_t)entry[0] & VALID)
      sum += (int64_t)entry[1] * spin(states, (uint32_t)entry[0] & INDEX);
  }
  return sum;
}

int64_t trace_field(const pbl_trace_start *s, const uint8_t *states, const trace_site *site) {
  if (s->hw.fabric == PBL_FABRIC_LATTICE) return lattice_field(s, states, site);
  if (s->hw.fabric == PBL_FABRIC_SPARSE) return sparse_field(s, states, site);
  return dense_field(s, states, site->pbit);
}

/* Step n updates sites nP .. nP + P - 1 of its colour; row n of the memory, odd ones N + n. */
size_t trace_lattice_step(trace_site *sites, const pbl_hw *hw, bool odd, size_t step) {
  const size_t per_step = (size_t)hw->lattice.sites, n_colour = (size_t)hw->n_visible;
  for (size_t s = 0; s < per_step; s++)
    sites[s] = (trace_site){.cell = s,
                            .pbit = (uint32_t)(step * per_step + s + (odd ? n_colour : 0)),
                            .where = step + (odd ? n_colour / per_step : 0)};
  return per_step;
}

size_t trace_sparse_group(trace_site *sites, const pbl_trace_start *start, size_t group) {
  size_t n = 0;
  for (size_t s = 0; s < (size_t)start->hw.sparse.sites; s++) {
    const uint32_t word = trace_schedule_word(start, group, 2 + 2 * s);
    if (!(word & VALID)) continue;
    sites[n++] = (trace_site){.cell = s, .pbit = word & INDEX, .where = group};
  }
  return n;
}
