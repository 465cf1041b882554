/* A thousand schedules with one violation and a thousand without: the guard of the twin says of
 * each what the text says. */
#include <string.h>

#include "pbl_rng.h"
#include "plain_guard.h"
#include "sparse_rig.h"

enum { N_TRIES = 1000 };

static pbl_device *open_twin(pbl_hw *hw, int sites) {
  const pbl_hw_sparse capacity = {.pbits = 56, .edge_rows = 1024, .groups = 128, .sites = sites};
  *hw = pbl_hw_default();
  pbl_hw_set_sparse(hw, &capacity);
  hw->table_size = 16;
  return rig_open(hw, "");
}

static void make(plain_sparse *m, const pbl_hw *hw, uint64_t *seed) {
  const int n = 16 + (int)(*seed >> 8 & 31), blocks = 2 + (int)(*seed >> 16 & 3);
  plain_sparse_create(m, hw, n, blocks, 1, ++*seed);
}

static uint32_t guard_of(pbl_device *dev, const plain_sparse *m) {
  sparse_upload(dev, m);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  rig_start(dev, 1, 0);
  const uint32_t status = rig_read(dev, PBL_REG_STATUS), guard = rig_read(dev, PBL_REG_GUARD);
  rig_advance(dev, RIG_FOREVER);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  assert_int_equal((status & PBL_STATUS_GUARD_OK_MASK) != 0, guard == 0);
  assert_int_equal((status & PBL_STATUS_BUSY_MASK) != 0, guard == 0);
  assert_int_equal((status & PBL_STATUS_ERROR_MASK) != 0, guard != 0);
  return guard;
}

static void sound_schedules_are_accepted(void **state) {
  (void)state;
  static plain_sparse m;
  uint64_t seed = 0x5eed;
  for (int sites = 1; sites <= 16; sites *= 4) {
    pbl_hw hw;
    pbl_device *dev = open_twin(&hw, sites);
    for (int k = 0; k < N_TRIES / 3 + 1; k++) {
      pbl_splitmix64(&seed);
      make(&m, &hw, &seed);
      assert_int_equal(plain_guard(&m), 0);
      assert_int_equal(guard_of(dev, &m), 0);
      plain_sparse_free(&m);
    }
    dev->ops->close(dev);
  }
}

static void planted_violations_are_found_where_they_are(void **state) {
  (void)state;
  static plain_sparse m;
  uint64_t seed = 0xbad;
  int seen[9] = {0};
  for (int sites = 2; sites <= 8; sites *= 2) {
    pbl_hw hw;
    pbl_device *dev = open_twin(&hw, sites);
    for (int k = 0; k < N_TRIES / 3 + 1; k++) {
      const int draw = (int)(pbl_splitmix64(&seed) % 14), code = draw < 8 ? draw + 1 : 7;
      make(&m, &hw, &seed);
      plain_violate(&m, code, &seed);
      const uint32_t expected = plain_guard(&m);
      assert_int_equal(guard_of(dev, &m), expected);
      seen[expected & 0xFF]++;
      plain_sparse_free(&m);
    }
    dev->ops->close(dev);
  }
  /* Every code is met, 7 most; a p-bit that takes its own place violates nothing. */
  for (int code = 1; code <= 8; code++) assert_true(seen[code] >= 20 && seen[7] >= seen[code]);
  assert_true(seen[0] <= 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_schedules_are_accepted),
      cmocka_unit_test(planted_violations_are_found_where_they_are),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
