/* The weight memory of the lattice fabric. */
#include "image_internal.h"
#include "pbl_lattice.h"

static pbl_status no_edge(const pbl_rbm *m, const pbl_hw_lattice *lat, int i, pbl_error *err) {
  const int n = m->n_hidden;
  for (int j = 0; j < n; j++) {
    bool edge = false;
    for (int slot = 0; slot < 4 * lat->n_rules && !edge; slot++)
      edge = pbl_lattice_neighbour(lat, 0, i, slot) == j;
    const float w = m->w[(size_t)i * (size_t)n + (size_t)j];
    if (edge || w == 0) continue;
    char rules[64];
    pbl_rules_print(rules, sizeof rules, lat);
    return pbl_fail(err, PBL_CONFIG,
                    "the model does not fit: its weight %g between the sites (%d, %d) and (%d, %d) "
                    "is no edge of the graph %s (rules %s) on a side of %d",
                    (double)w, pbl_lattice_x(lat, 0, i), pbl_lattice_y(lat, i),
                    pbl_lattice_x(lat, 1, j), pbl_lattice_y(lat, j), pbl_lattice_name(lat), rules,
                    lat->side);
  }
  return PBL_OK;
}

pbl_status pbl_image_lattice_check(const pbl_rbm *m, const pbl_hw *hw, pbl_error *err) {
  const size_t n = (size_t)m->n_hidden;
  for (int i = 0; i < m->n_visible; i++) {
    const float *row = m->w + (size_t)i * n;
    long weights = 0, on_edges = 0;
    for (size_t j = 0; j < n; j++) weights += row[j] != 0;
    for (int slot = 0; slot < pbl_hw_degree(hw); slot++)
      on_edges += row[pbl_lattice_neighbour(&hw->lattice, 0, i, slot)] != 0;
    if (weights != on_edges) return no_edge(m, &hw->lattice, i, err);
  }
  return PBL_OK;
}

/* Place in the weight memory of slot d of site k (d = D: its field). */
static size_t column(const pbl_hw *hw, int k, int slot) {
  return (size_t)(k % hw->lattice.sites * (pbl_hw_degree(hw) + 1) + slot);
}

static size_t row_of(const pbl_hw *hw, int colour, int k) {
  return (size_t)((colour * hw->n_visible + k) / hw->lattice.sites);
}

void pbl_image_lattice_fill(pbl_image *im, pbl_quantiser *q, const pbl_rbm *m) {
  const pbl_hw *hw = &im->hw;
  const int n = hw->n_visible, degree = pbl_hw_degree(hw);
  const size_t cols = (size_t)pbl_hw_image_cols(hw), stride = (size_t)n + 1;
  for (int k = 0; k < n; k++) {
    const size_t row = row_of(hw, 0, k);
    for (int slot = 0; slot < degree; slot++) {
      const int other = pbl_lattice_neighbour(&hw->lattice, 0, k, slot);
      const float w = m->w[(size_t)k * (size_t)n + (size_t)other];
      const int32_t word = pbl_image_quantise(q, w, row, column(hw, k, slot));
      im->words[row * cols + column(hw, k, slot)] = word;
      im->words[row_of(hw, 1, other) * cols + column(hw, other, pbl_lattice_reverse(slot))] = word;
      im->law[(size_t)k * stride + (size_t)other] = word;
    }
  }
  for (int colour = 0; colour < 2; colour++) {
    for (int k = 0; k < n; k++) {
      const size_t row = row_of(hw, colour, k), col = column(hw, k, degree);
      const int32_t word = pbl_image_quantise(q, (colour ? m->c : m->b)[k], row, col);
      im->words[row * cols + col] = word;
      im->law[colour ? (size_t)n * stride + (size_t)k : (size_t)k * stride + (size_t)n] = word;
    }
  }
}
