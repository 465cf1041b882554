#include "regulator_rig.h"

#include "pbl_rng.h"
#include "twin_rig.h"

enum { RECORD = PBL_TWIN_RECORD_WORDS };

uint64_t rig_draw(uint64_t *seed, int bits) {
  return pbl_splitmix64(seed) >> (64 - bits);
}

/* A number of any size up to `bits`: each length is as likely as any other. */
uint32_t rig_any_size(uint64_t *seed, int bits) {
  return (uint32_t)(rig_draw(seed, bits) >> (pbl_splitmix64(seed) % (uint64_t)bits));
}

int64_t rig_signed(uint32_t word, int bits) {
  const int64_t value = (int64_t)(word & (((uint64_t)1 << bits) - 1));
  return value >= (int64_t)1 << (bits - 1) ? value - ((int64_t)1 << bits) : value;
}

/* Registers and what of them the plain regulator has to know. */
void rig_apply(pbl_device *dev, pbl_twin_regulator *twin, plain_regulator *r,
               const uint32_t words[15]) {
  for (uint32_t i = 0; i < 15; i++) {
    const uint32_t address = PBL_REG_REG_CONFIG + 4 * i;
    bool refused = false;
    if (dev) rig_write(dev, address, words[i]);
    if (twin) assert_true(pbl_twin_regulator_write(twin, address, words[i], true, &refused));
  }
  r->mode = words[0] & 7;
  r->source = words[0] >> 3 & 1;
  r->freeze = words[0] >> 4 & 1;
  r->rate_shift = words[0] >> 8 & 63;
  r->window_sweeps = words[1];
  r->rate_scale = words[2];
  r->rate_set = words[3] & 0x1FFFFFF;
  r->gain = words[4];
  r->smoothing = words[5] & 0xFFFF;
  r->dead_band = words[6] & 0x1FFFFFF;
  r->rate_limit = words[7] & 0x3FFFFFF;
  r->lambda_min = rig_signed(words[8], 27);
  r->lambda_max = rig_signed(words[9], 27);
  r->lambda = rig_signed(words[10], 27);
  r->filter = words[11] > 0x80000000u ? 0x80000000 : words[11];
  r->macro = rig_signed(words[12], 32);
  r->t_min = words[13] & 0x3FFFFFFF;
  r->t_max = words[14] & 0x3FFFFFFF;
}

void rig_same_record(const uint32_t *got, const plain_regulator *r, int case_index) {
  for (int i = 0; i < RECORD; i++) {
    if (got[i] != r->record[i])
      fail_msg("case %d: word %d is 0x%08x, expected 0x%08x", case_index, i, got[i], r->record[i]);
  }
}
