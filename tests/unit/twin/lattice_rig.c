#include "lattice_rig.h"

static uint32_t lane_bits(const plain_lattice *m, int context, int pbit) {
  uint32_t bits = 0;
  int x, y;
  plain_lattice_place(m, pbit, &x, &y);
  for (int l = 0; l < m->hw.lanes; l++)
    bits |= (uint32_t)(m->spin[context * m->hw.lanes + l][y][x] > 0) << l;
  return bits;
}

void lattice_upload(pbl_device *dev, const plain_lattice *m) {
  const pbl_hw *hw = &m->hw;
  const int rows = pbl_hw_image_rows(hw), cols = pbl_hw_image_cols(hw), n = pbl_hw_pbits(hw);
  rig_image(dev, 0, 0, 0, NULL, 0);
  for (int i = 0; i < rows * cols; i++)
    rig_write(dev, PBL_REG_IMG_DATA, (uint32_t)plain_lattice_word(m, i / cols, i % cols));
  rig_image(dev, 1, 0, 0, m->table, (size_t)hw->table_size);
  rig_image(dev, 2, 0, 0, NULL, 0);
  for (int p = 0; p < n; p++) {
    int x, y;
    plain_lattice_place(m, p, &x, &y);
    rig_write(dev, PBL_REG_IMG_DATA, m->clamp[y][x]);
  }
  for (int c = 0; c < hw->replicas / hw->lanes; c++) {
    rig_image(dev, 3, (uint32_t)c, 0, NULL, 0);
    for (int p = 0; p < n; p++) rig_write(dev, PBL_REG_IMG_DATA, lane_bits(m, c, p));
  }
  rig_image(dev, 4, 0, 0, NULL, 0);
  for (int i = 0; i < 4 * pbl_hw_cells(hw); i++)
    rig_write(dev, PBL_REG_IMG_DATA, m->generator[i / 4][i % 4]);
  for (int i = 0; i < 4; i++) rig_write(dev, PBL_REG_IMG_DATA, m->control[i]);
  assert_int_equal(rig_read(dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK, 0);
}

static uint32_t frame_bit(const void *model, int context, int position) {
  const plain_lattice *m = model;
  return lane_bits(m, context, position / m->hw.lanes) >> (position % m->hw.lanes) & 1;
}

void lattice_check_sample(pbl_device *dev, const plain_lattice *m) {
  for (int c = 0; c < m->hw.replicas / m->hw.lanes; c++)
    rig_check_frame(dev, m, c, pbl_hw_pbits(&m->hw) * m->hw.lanes, frame_bit);
}
