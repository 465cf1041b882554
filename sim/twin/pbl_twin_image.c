/* Image port, image hash, and the copies of the weights that the kernels read. */
#include <zlib.h>

#include "pbl_twin_sparse.h"

enum {
  TARGET_WEIGHTS,
  TARGET_TABLE,
  TARGET_CLAMPS,
  TARGET_STATE,
  TARGET_GENERATOR,
  TARGET_GROUPS, /* sparse fabric */
  TARGET_SCHEDULE,
  TARGET_LABELS
};

int32_t pbl_twin_sign_extend(uint32_t word, int bits) {
  const uint32_t sign = 1u << (bits - 1);
  const uint32_t low = word & ((sign << 1) - 1);
  return (int32_t)((low ^ sign) - sign);
}

static bool write_weight(pbl_twin *t, uint32_t data) {
  if (t->sparse) return pbl_twin_sparse_write_edge(t, data);
  const uint32_t last_col = (uint32_t)pbl_hw_image_cols(&t->hw) - 1;
  if (t->img_row >= (uint32_t)pbl_hw_image_rows(&t->hw) || t->img_col > last_col ||
      t->img_col != t->img_expected)
    return false;
  t->row_buffer[t->img_col] = pbl_twin_sign_extend(data, pbl_hw_weight_bits(&t->hw));
  if (t->img_col < last_col) {
    t->img_expected = ++t->img_col;
    return true;
  }
  int32_t *row = t->words + (size_t)t->img_row * (last_col + 1);
  for (uint32_t c = 0; c <= last_col; c++) row[c] = t->row_buffer[c];
  t->weights_packed = false;
  t->img_col = t->img_expected = 0;
  t->img_row = (t->img_row + 1) & 0xFFFFu;
  return true;
}

static bool write_table(pbl_twin *t, uint32_t data) {
  if (t->img_col >= (uint32_t)t->hw.table_size) return false;
  t->table[t->img_col++] = data & (0xFFFFFFFFu >> (32 - t->hw.threshold_bits));
  return true;
}

static bool write_clamp(pbl_twin *t, uint32_t data) {
  if (t->img_col >= (uint32_t)pbl_twin_capacity(t)) return false;
  if (t->sparse) t->sparse->packed = false;
  t->clamp_mask[t->img_col] = data & 1 ? 0xFFFFu : 0;
  t->clamp[t->img_col++] = (uint8_t)(data & 1);
  return true;
}

static bool write_state(pbl_twin *t, uint32_t data) {
  if (t->sparse) return pbl_twin_sparse_write_state(t, data);
  if (t->img_row >= (uint32_t)pbl_hw_contexts(&t->hw) ||
      t->img_col >= (uint32_t)pbl_hw_pbits(&t->hw))
    return false;
  if (t->lattice) {
    if (t->img_col != t->img_expected) return false;
    pbl_twin_lattice_set_state(t, (int)t->img_row, (int)t->img_col, data);
    t->img_expected = ++t->img_col;
    return true;
  }
  const bool is_visible = t->img_col < (uint32_t)t->hw.n_visible;
  const pbl_twin_block *b = is_visible ? &t->visible : &t->hidden;
  const size_t p = t->img_col - (uint32_t)b->first_pbit;
  for (int g = 0; g < t->n_groups; g++) {
    const uint32_t mask = data >> (g * PBL_TWIN_GROUP) & 0xFFFFu;
    int16_t *pair = pbl_twin_states(t, b, (int)t->img_row, g) + (p >> 1) * PBL_TWIN_GROUP * 2;
    pbl_twin_bits(t, b, (int)t->img_row, g)[p] = (uint16_t)mask;
    for (int l = 0; l < PBL_TWIN_GROUP; l++)
      pair[l * 2 + (int)(p & 1)] = (int16_t)((mask >> l & 1) ? 1 : -1);
  }
  t->img_col++;
  return true;
}

static bool write_generator(pbl_twin *t, uint32_t data) {
  const uint32_t cell = t->img_col / 4, word = t->img_col % 4;
  const uint32_t group = cell / PBL_TWIN_GROUP, n_cells = (uint32_t)pbl_hw_cells(&t->hw);
  if (cell > n_cells) return false;
  if (cell == n_cells) {
    t->control.state.s[word] = data;
  } else {
    t->generator[(group * 4 + word) * PBL_TWIN_GROUP + cell % PBL_TWIN_GROUP] = data;
  }
  t->img_col++;
  return true;
}

static bool write_schedule(pbl_twin *t, uint32_t data) {
  if (!pbl_twin_schedule_write(&t->regulator.schedule, t->img_col, data, pbl_hw_beta_bits(&t->hw)))
    return false;
  t->img_col++;
  return true;
}

static bool write_label(pbl_twin *t, uint32_t data) {
  if (!pbl_twin_exchange_write_label(&t->exchange, t->img_col, data)) return false;
  t->img_col++;
  return true;
}

void pbl_twin_image_write(pbl_twin *t, uint32_t data) {
  bool accepted = false;
  if (t->phase == PBL_TWIN_IDLE) {
    switch (t->img_select) {
      case TARGET_WEIGHTS:
        accepted = write_weight(t, data);
        break;
      case TARGET_TABLE:
        accepted = write_table(t, data);
        break;
      case TARGET_CLAMPS:
        accepted = write_clamp(t, data);
        break;
      case TARGET_STATE:
        accepted = write_state(t, data);
        break;
      case TARGET_GENERATOR:
        accepted = write_generator(t, data);
        break;
      case TARGET_SCHEDULE:
        accepted = write_schedule(t, data);
        break;
      case TARGET_LABELS:
        accepted = write_label(t, data);
        break;
      case TARGET_GROUPS:
        accepted = t->sparse && pbl_twin_sparse_write_group(t, data);
        break;
      default:
        break;
    }
  }
  if (!accepted) {
    t->error = true;
  } else if (t->img_select <= TARGET_CLAMPS) {
    t->hash_valid = false;
  }
}

static uLong hash_word(uLong crc, uint32_t word) {
  const Bytef bytes[4] = {(Bytef)(word & 0xFF), (Bytef)(word >> 8 & 0xFF),
                          (Bytef)(word >> 16 & 0xFF), (Bytef)(word >> 24)};
  return crc32(crc, bytes, sizeof bytes);
}

uint32_t pbl_twin_image_hash(const pbl_twin *t) {
  const size_t n_words = (size_t)pbl_hw_image_rows(&t->hw) * (size_t)pbl_hw_image_cols(&t->hw);
  uLong crc = crc32(0, Z_NULL, 0);
  for (size_t i = 0; i < n_words; i++) crc = hash_word(crc, (uint32_t)t->words[i]);
  for (int g = 0; g < pbl_hw_cells(&t->hw); g++) {
    for (int k = 0; k < t->hw.table_size; k++) crc = hash_word(crc, t->table[k]);
  }
  for (int p = 0; p < pbl_hw_pbits(&t->hw); p++) crc = hash_word(crc, t->clamp[p]);
  return (uint32_t)crc;
}

/* Weight from source s into target p of block b; words are stored row-major by visible p-bit. */
static int32_t weight(const pbl_twin *t, const pbl_twin_block *b, int p, int s) {
  const bool into_hidden = b == &t->hidden;
  const size_t row = (size_t)(into_hidden ? s : p), col = (size_t)(into_hidden ? p : s);
  return t->words[row * (size_t)(t->hw.n_hidden + 1) + col];
}

static void pack_block(const pbl_twin *t, pbl_twin_block *b, const pbl_twin_block *other) {
  for (int p = 0; p < b->n; p++) {
    const size_t tile = (size_t)(p / PBL_TWIN_TILE), within = (size_t)(p % PBL_TWIN_TILE);
    for (int k = 0; k < other->n_pairs; k++) {
      const int32_t even = weight(t, b, p, 2 * k);
      const int32_t odd = 2 * k + 1 < other->n ? weight(t, b, p, 2 * k + 1) : 0;
      if (b->wide_weights) {
        int32_t *to = b->wide_weights + ((size_t)p * (size_t)other->n_pairs + (size_t)k) * 2;
        to[0] = even;
        to[1] = odd;
      } else {
        b->weights[(tile * (size_t)other->n_pairs + (size_t)k) * PBL_TWIN_TILE + within] =
            ((uint32_t)even & 0xFFFFu) | (uint32_t)odd << 16;
      }
    }
  }
}

void pbl_twin_image_pack(pbl_twin *t) {
  if (t->sparse) {
    pbl_twin_sparse_pack(t);
    return;
  }
  if (t->lattice) pbl_twin_lattice_pack(t, !t->weights_packed);
  if (t->weights_packed || t->lattice) {
    t->weights_packed = true;
    return;
  }
  const size_t stride = (size_t)t->hw.n_hidden + 1;
  pack_block(t, &t->hidden, &t->visible);
  pack_block(t, &t->visible, &t->hidden);
  for (int i = 0; i < t->hw.n_visible; i++)
    t->visible.bias[i] = t->words[(size_t)i * stride + stride - 1];
  for (int j = 0; j < t->hw.n_hidden; j++)
    t->hidden.bias[j] = t->words[(size_t)t->hw.n_visible * stride + (size_t)j];
  t->weights_packed = true;
}
