#include "sparse_rig.h"

uint32_t sparse_lane_bits(const plain_sparse *m, int context, int pbit) {
  uint32_t bits = 0;
  for (int l = 0; l < m->hw.lanes; l++)
    bits |= (uint32_t)(m->spin[context * m->hw.lanes + l][pbit] > 0) << l;
  return bits;
}

void sparse_write_group(pbl_device *dev, const plain_sparse *m, int group) {
  rig_image(dev, 5, (uint32_t)group, 0, m->schedule[group], 2 * (size_t)m->hw.sparse.sites + 2);
}

void sparse_write_row(pbl_device *dev, const plain_sparse *m, int row) {
  rig_image(dev, 0, (uint32_t)row, 0, m->edges[row], 2 * (size_t)m->hw.sparse.sites);
}

void sparse_upload(pbl_device *dev, const plain_sparse *m) {
  const pbl_hw *hw = &m->hw;
  rig_write(dev, PBL_REG_PBITS, (uint32_t)m->n);
  for (int r = 0; r < hw->sparse.edge_rows; r++) sparse_write_row(dev, m, r);
  for (int k = 0; k < hw->sparse.groups; k++) sparse_write_group(dev, m, k);
  rig_image(dev, 1, 0, 0, m->table, (size_t)hw->table_size);
  rig_image(dev, 2, 0, 0, NULL, 0);
  for (int p = 0; p < m->n; p++) rig_write(dev, PBL_REG_IMG_DATA, m->clamp[p]);
  for (int c = 0; c < hw->replicas / hw->lanes; c++) {
    /* Bits beyond the lanes are set: the device has to ignore them. */
    const uint32_t beyond = hw->lanes < 32 ? 0xFFFFFFFFu << hw->lanes : 0;
    rig_image(dev, 3, (uint32_t)c, 0, NULL, 0);
    for (int p = 0; p < m->n; p++)
      rig_write(dev, PBL_REG_IMG_DATA, sparse_lane_bits(m, c, p) | beyond);
  }
  rig_image(dev, 4, 0, 0, NULL, 0);
  for (int i = 0; i < 4 * hw->sparse.sites * hw->lanes; i++)
    rig_write(dev, PBL_REG_IMG_DATA, m->generator[i / 4][i % 4]);
  for (int i = 0; i < 4; i++) rig_write(dev, PBL_REG_IMG_DATA, m->control[i]);
  assert_int_equal(rig_read(dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK, 0);
}

static uint32_t frame_bit(const void *model, int context, int position) {
  const plain_sparse *m = model;
  return sparse_lane_bits(m, context, position / m->hw.lanes) >> (position % m->hw.lanes) & 1;
}

void sparse_check_sample(pbl_device *dev, const plain_sparse *m) {
  for (int c = 0; c < m->hw.replicas / m->hw.lanes; c++)
    rig_check_frame(dev, m, c, m->n * m->hw.lanes, frame_bit);
}
