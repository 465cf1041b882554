/* A twin that was built without the temperature regulator (docs/device-options.md). What
 * tests/rtl/tb_no_regulator.sv asks of the RTL. */
#include "twin_rig.h"

enum {
  SWEEPS = 3,
  SWEEP_CLOCKS = 2 * 3 + 2 + 13,
  PAUSE = 128,
  BETA = 100,
  LATER = 200,
  ENTRY = 77
};

static pbl_device *open_small(int no_regulator) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = hw.n_hidden = 2;
  hw.no_regulator = no_regulator;
  pbl_device *dev = rig_open(&hw, "");
  const uint32_t entry[] = {ENTRY, 1};
  rig_image(dev, 6, 0, 0, entry, 2);
  return dev;
}

static void assert_error(pbl_device *dev, bool expected) {
  assert_int_equal((rig_read(dev, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK) != 0, expected);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
}

static void its_registers_read_0_and_refuse_writes(void **state) {
  (void)state;
  pbl_device *dev = open_small(1);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_OPTIONS), PBL_CAPS_OPTIONS_NO_REGULATOR_MASK);
  for (uint32_t a = PBL_REG_WINDOW_SWEEPS; a <= PBL_REG_REG_FLAGS; a += 4) {
    assert_int_equal(rig_read(dev, a), 0);
    if (a <= PBL_REG_T_MAX) {
      rig_write(dev, a, UINT32_MAX);
      assert_error(dev, true);
    } else {
      assert_int_equal(dev->ops->write32(dev, a, UINT32_MAX, NULL), PBL_DEVICE);
    }
    assert_int_equal(rig_read(dev, a), 0);
  }
  dev->ops->close(dev);
}

static void of_its_configuration_mode_and_freeze_stay(void **state) {
  (void)state;
  pbl_device *dev = open_small(1);
  rig_write(dev, PBL_REG_REG_CONFIG, UINT32_MAX);
  assert_int_equal(rig_read(dev, PBL_REG_REG_CONFIG), 0x17);
  assert_error(dev, true);
  for (uint32_t bit = 0; bit < 32; bit++) {
    rig_write(dev, PBL_REG_REG_CONFIG, 1u << bit);
    assert_int_equal(rig_read(dev, PBL_REG_REG_CONFIG), (1u << bit) & 0x17);
    assert_error(dev, bit == 3 || bit == 5 || (bit >= 8 && bit <= 13));
  }
  rig_write(dev, PBL_REG_SCHED_LAST, 0x103);
  assert_int_equal(rig_read(dev, PBL_REG_SCHED_LAST), 0x103);
  assert_error(dev, false);
  dev->ops->close(dev);
}

static void run_mode(pbl_device *dev, uint32_t mode) {
  uint32_t word;
  size_t n = 0;
  rig_write(dev, PBL_REG_BETA, BETA);
  rig_write(dev, PBL_REG_REG_CONFIG, mode);
  rig_write(dev, PBL_REG_SWEEPS, SWEEPS);
  rig_write(dev, PBL_REG_CTRL,
            PBL_CTRL_START_MASK | PBL_CTRL_CLEAR_MASK | PBL_CTRL_WINDOW_CLEAR_MASK |
                PBL_CTRL_SCHED_CLEAR_MASK);
  rig_advance(dev, 1);
  rig_write(dev, PBL_REG_BETA, LATER);
  rig_advance(dev, RIG_FOREVER);
  assert_int_equal(rig_read(dev, PBL_REG_BETA_ACTIVE), mode == 0   ? LATER
                                                       : mode == 5 ? ENTRY
                                                                   : BETA);
  assert_int_equal(rig_read(dev, PBL_REG_BUSY_CYCLES_LO),
                   SWEEPS * SWEEP_CLOCKS + (mode == 5 ? PAUSE : 0));
  assert_int_equal(rig_read(dev, PBL_REG_IRQ_STATUS), PBL_IRQ_STATUS_DONE_MASK);
  assert_int_equal(rig_read(dev, PBL_REG_REG_CONFIG), mode);
  assert_int_equal(dev->ops->telemetry_read(dev, &word, NULL, 1, &n, NULL), PBL_OK);
  assert_int_equal(n, 0);
  assert_error(dev, false);
}

static void modes_that_need_it_act_as_fixed(void **state) {
  (void)state;
  pbl_device *dev = open_small(1);
  for (uint32_t mode = 0; mode < 8; mode++) run_mode(dev, mode);
  dev->ops->close(dev);
}

static void window_clear_in_a_run_does_nothing_and_is_no_error(void **state) {
  (void)state;
  for (int no_regulator = 0; no_regulator < 2; no_regulator++) {
    pbl_device *dev = open_small(no_regulator);
    rig_start(dev, 1000, 0);
    rig_write(dev, PBL_REG_CTRL, PBL_CTRL_WINDOW_CLEAR_MASK);
    assert_error(dev, !no_regulator);
    rig_write(dev, PBL_REG_CTRL, PBL_CTRL_SCHED_CLEAR_MASK);
    assert_error(dev, true);
    dev->ops->close(dev);
  }
}

static void commands_of_the_statistics_unit_are_no_error_without_one(void **state) {
  (void)state;
  pbl_device *dev = open_small(0);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STAT_CLEAR_MASK | PBL_CTRL_STAT_SWAP_MASK);
  assert_error(dev, false);
  rig_start(dev, 1000, 0);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_STAT_CLEAR_MASK | PBL_CTRL_STAT_SWAP_MASK);
  assert_error(dev, false);
  dev->ops->close(dev);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(its_registers_read_0_and_refuse_writes),
      cmocka_unit_test(of_its_configuration_mode_and_freeze_stay),
      cmocka_unit_test(modes_that_need_it_act_as_fixed),
      cmocka_unit_test(window_clear_in_a_run_does_nothing_and_is_no_error),
      cmocka_unit_test(commands_of_the_statistics_unit_are_no_error_without_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
