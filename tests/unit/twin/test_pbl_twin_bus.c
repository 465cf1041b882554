/* The bus, the image port and the hash of the twin. */
#include <stdbool.h>

#include "twin_rig.h"

static uint32_t status_of(pbl_device *dev) {
  return rig_read(dev, PBL_REG_STATUS);
}

static void identity_and_capabilities_describe_the_variant(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 37;
  hw.n_hidden = 20;
  hw.replicas = 6;
  hw.lanes = 3;
  hw.generator = PBL_GEN_LFSR32;
  hw.lfsr_steps = 8;
  pbl_device *dev = rig_open(&hw, "");
  assert_string_equal(dev->ops->name, "twin");
  assert_int_equal(rig_read(dev, PBL_REG_ID), 0x50424954);
  assert_int_equal(rig_read(dev, PBL_REG_VERSION), 0x00010600);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS0), 1 | 1 << 1 | 1 << 4 | 8 << 8 | 1 << 14);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_SIZE), 20 << 16 | 37);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_REPLICAS), 3 << 16 | 6);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_FORMAT), 12 << 24 | 16 << 16 | 6 << 8 | 12);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_ACTIVATION), 4 << 24 | 32 << 16 | 24 << 8 | 10);
  for (uint32_t address = PBL_REG_CAPS_LATTICE; address <= PBL_REG_CAPS_STAT_PAIRS; address += 4)
    assert_int_equal(rig_read(dev, address), 0);
  dev->ops->close(dev);
}

static void open_refuses_a_bad_variant(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.lanes = 33;
  pbl_device *dev = NULL;
  pbl_error err = {0};
  assert_int_equal(pbl_twin_open(&dev, &hw, &err), PBL_CONFIG);
  assert_null(dev);
  assert_int_equal(pbl_twin_open(NULL, &hw, &err), PBL_INVALID);
}

static void open_refuses_an_unknown_simd_name(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default();
  assert_null(rig_open(&hw, "sse9"));
}

/* Read-only registers of the options. */
static bool shows_an_option(uint32_t address) {
  return address == PBL_REG_EXCH_POSITION || address == PBL_REG_EXCH_TRIES ||
         address == PBL_REG_EXCH_ACCEPTS || address == PBL_REG_EXCH_LABEL ||
         (address >= PBL_REG_STAT_STATUS && address <= PBL_REG_STAT_SAMPLES);
}

static bool belongs_to_an_option(uint32_t address) {
  return (address >= PBL_REG_EXCH_EVERY && address <= PBL_REG_EXCH_LABEL) ||
         (address >= PBL_REG_STAT_EVERY && address <= PBL_REG_STAT_DATA) ||
         (address >= PBL_REG_TRACE_FIRST && address <= PBL_REG_TRACE_SWEEPS);
}

static void only_registers_for_it_take_writes(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default();
  pbl_device *dev = rig_open(&hw, "");
  const uint32_t writable[] = {PBL_REG_SCRATCH,      PBL_REG_CTRL,         PBL_REG_CONFIG,
                               PBL_REG_SWEEPS,       PBL_REG_BETA,         PBL_REG_IRQ_ENABLE,
                               PBL_REG_IRQ_STATUS,   PBL_REG_SAMPLE_EVERY, PBL_REG_IMG_SELECT,
                               PBL_REG_IMG_DATA,     PBL_REG_IMG_ADDRESS,  PBL_REG_REPLICA_SELECT,
                               PBL_REG_PROBE_SELECT, PBL_REG_SCHED_LAST,   PBL_REG_PBITS};
  for (uint32_t address = 0; address < 0x200; address++) {
    uint32_t value = 0;
    int expected = 0;
    for (size_t i = 0; i < sizeof writable / sizeof writable[0]; i++)
      expected |= writable[i] == address;
    const int aligned = address % 4 == 0;
    expected |= aligned && address >= PBL_REG_REG_CONFIG && address <= PBL_REG_T_MAX;
    expected |= aligned && belongs_to_an_option(address) && !shows_an_option(address);
    const int mapped =
        aligned && (address <= PBL_REG_CAPS_STAT_PAIRS ||
                    (address >= PBL_REG_REG_CONFIG && address <= PBL_REG_SCHED_SWEEPS) ||
                    belongs_to_an_option(address));
    assert_int_equal(dev->ops->write32(dev, address, 0, NULL), expected ? PBL_OK : PBL_DEVICE);
    assert_int_equal(dev->ops->read32(dev, &value, address, NULL), mapped ? PBL_OK : PBL_DEVICE);
  }
  dev->ops->close(dev);
}

static void registers_of_an_option_that_was_not_built_refuse_writes_and_read_0(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default();
  pbl_device *dev = rig_open(&hw, "");
  for (uint32_t address = PBL_REG_EXCH_EVERY; address < 0x200; address += 4) {
    if (!belongs_to_an_option(address)) continue;
    if (!shows_an_option(address)) {
      rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
      rig_write(dev, address, 0xFFFFFFFF);
      assert_int_equal(status_of(dev), PBL_STATUS_ERROR_MASK);
    }
    assert_int_equal(rig_read(dev, address), 0);
  }
  dev->ops->close(dev);
}

static void capabilities_show_the_options(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.replicas = 4;
  hw.lanes = 2;
  hw.statistics = 1;
  hw.stat_pairs = 5;
  pbl_device *dev = rig_open(&hw, "");
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_OPTIONS), 2);
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_STAT_PAIRS), 5);
  dev->ops->close(dev);
  hw.exchange = hw.trace = 1;
  dev = rig_open(&hw, "");
  assert_int_equal(rig_read(dev, PBL_REG_CAPS_OPTIONS), 7);
  dev->ops->close(dev);
}

static void writable_registers_read_back_what_they_hold(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default();
  pbl_device *dev = rig_open(&hw, "");
  const uint32_t kept[][2] = {{PBL_REG_SCRATCH, 0xFFFFFFFF},
                              {PBL_REG_CONFIG, 1}, /* one lane: no pairs */
                              {PBL_REG_SWEEPS, 0xFFFFFFFF},
                              {PBL_REG_SAMPLE_EVERY, 0xFFFFFFFF},
                              {PBL_REG_BETA, 0xFFFF},
                              {PBL_REG_IRQ_ENABLE, 3},
                              {PBL_REG_IMG_ADDRESS, 0xFFFFFFFF},
                              {PBL_REG_PROBE_SELECT, 0xFFFFFFFF}};
  for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
    rig_write(dev, kept[i][0], 0xFFFFFFFF);
    assert_int_equal(rig_read(dev, kept[i][0]), kept[i][1]);
  }
  assert_int_equal(rig_read(dev, PBL_REG_CTRL), 0);
  assert_int_equal(rig_read(dev, PBL_REG_IMG_DATA), 0);
  assert_int_equal(rig_read(dev, PBL_REG_STATUS), PBL_STATUS_ERROR_MASK); /* pairs of lanes */
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  rig_write(dev, PBL_REG_PBITS, 1); /* sparse fabric only */
  assert_int_equal(rig_read(dev, PBL_REG_PBITS), 0);
  assert_int_equal(rig_read(dev, PBL_REG_STATUS), PBL_STATUS_ERROR_MASK);
  dev->ops->close(dev);
}

static void coupled_twins_need_an_even_number_of_lanes(void **state) {
  (void)state;
  const int lanes[] = {1, 2, 3, 6};
  for (size_t i = 0; i < 4; i++) {
    pbl_hw hw = pbl_hw_default();
    hw.replicas = hw.lanes = lanes[i];
    pbl_device *dev = rig_open(&hw, "");
    const bool even = lanes[i] % 2 == 0;
    rig_write(dev, PBL_REG_CONFIG, PBL_CONFIG_COUPLED_MASK | PBL_CONFIG_KERNEL_MASK);
    assert_int_equal(rig_read(dev, PBL_REG_CONFIG), even ? 3 : 1);
    assert_int_equal(status_of(dev), even ? 0 : PBL_STATUS_ERROR_MASK);
    rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
    rig_write(dev, PBL_REG_CONFIG, 0);
    assert_int_equal(status_of(dev), 0);
    dev->ops->close(dev);
  }
}

static void every_bus_access_takes_one_cycle(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default();
  pbl_device *dev = rig_open(&hw, "");
  const uint64_t before = dev->ops->cycles(dev);
  rig_write(dev, PBL_REG_SCRATCH, 1);
  rig_read(dev, PBL_REG_SCRATCH);
  rig_advance(dev, 1000); /* idle: no time passes */
  assert_int_equal(dev->ops->cycles(dev) - before, 2);
  dev->ops->close(dev);
}

/* An empty image except one word: an independent check that positions mean what the page says. */
static void weight_row_is_committed_by_its_last_column(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 2;
  hw.n_hidden = 2;
  pbl_device *dev = rig_open(&hw, "");
  plain_model m;
  plain_create(&m, &hw, 1);
  rig_upload(dev, &m);
  const uint32_t replaced[2] = {7, 9};
  rig_image(dev, 0, 1, 0, replaced, 2);
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  assert_int_equal(rig_read(dev, PBL_REG_IMG_HASH), plain_hash(&m));
  rig_write(dev, PBL_REG_IMG_DATA, 0xFFFFF800); /* -2048, the least of 12 bits */
  m.words[3] = 7;
  m.words[4] = 9;
  m.words[5] = -2048;
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  assert_int_equal(rig_read(dev, PBL_REG_IMG_HASH), plain_hash(&m));
  assert_int_equal(rig_read(dev, PBL_REG_IMG_ADDRESS), 2 << 16);
  plain_free(&m);
  dev->ops->close(dev);
}

static void weights_are_cut_to_their_width_and_sign_extended(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 1;
  hw.n_hidden = 1;
  pbl_device *dev = rig_open(&hw, "");
  plain_model m;
  plain_create(&m, &hw, 1);
  rig_upload(dev, &m);
  const uint32_t row[2] = {0x12345801, 0x800007FF};
  rig_image(dev, 0, 0, 0, row, 2);
  m.words[0] = -2047;
  m.words[1] = 2047;
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  assert_int_equal(rig_read(dev, PBL_REG_IMG_HASH), plain_hash(&m));
  plain_free(&m);
  dev->ops->close(dev);
}

static void writes_beyond_a_target_are_ignored_and_flagged(void **state) {
  (void)state;
  pbl_hw hw = pbl_hw_default(); /* 6 x 6, one lane, 1024 entries */
  pbl_device *dev = rig_open(&hw, "");
  plain_model m;
  plain_create(&m, &hw, 3);
  rig_upload(dev, &m);
  const uint32_t outside[][3] = {{0, 7, 0},  {0, 0, 7}, {1, 0, 1024}, {2, 0, 12},  {3, 1, 0},
                                 {3, 0, 12}, {4, 0, 8}, {5, 0, 0},    {6, 0, 128}, {7, 0, 0}};
  const uint32_t word = 0xABCD;
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
    rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
    assert_int_equal(status_of(dev), PBL_STATUS_HASH_VALID_MASK);
    rig_image(dev, outside[i][0], outside[i][1], outside[i][2], &word, 1);
    assert_int_equal(status_of(dev), PBL_STATUS_HASH_VALID_MASK | PBL_STATUS_ERROR_MASK);
  }
  rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  assert_int_equal(rig_read(dev, PBL_REG_IMG_HASH), plain_hash(&m));
  rig_start(dev, 0, 1);
  rig_advance(dev, RIG_FOREVER);
  rig_check_sample(dev, &m);
  plain_free(&m);
  dev->ops->close(dev);
}

static void coin_and_palindrome_do_not_go_together(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default(); /* one lane: COUPLED is refused, too */
  pbl_device *dev = rig_open(&hw, "");
  /* written, kept */
  const uint32_t pairs[][2] = {{4, 4}, {5, 1}, {6, 4},  {7, 1},     {1, 1},
                               {8, 0}, {9, 1}, {12, 4}, {0xFFF0, 0}}; /* 8: sparse fabric only */
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
    rig_write(dev, PBL_REG_CONFIG, pairs[i][0]);
    assert_int_equal(rig_read(dev, PBL_REG_CONFIG), pairs[i][1]);
    const bool refused = (pairs[i][0] & 15) != pairs[i][1];
    assert_int_equal(status_of(dev), refused ? PBL_STATUS_ERROR_MASK : 0);
  }
  dev->ops->close(dev);
}

static void hash_is_valid_until_the_image_changes(void **state) {
  (void)state;
  const pbl_hw hw = pbl_hw_default();
  pbl_device *dev = rig_open(&hw, "");
  const uint32_t word = 0;
  for (uint32_t select = 0; select < 5; select++) {
    rig_write(dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
    assert_true(status_of(dev) & PBL_STATUS_HASH_VALID_MASK);
    rig_image(dev, select, 0, 0, &word, 1);
    assert_int_equal((status_of(dev) & PBL_STATUS_HASH_VALID_MASK) != 0, select >= 3);
  }
  dev->ops->close(dev);
}

/* The smallest image as zlib's published check value: the test's own CRC is right. */
static void crc_of_the_plain_model_has_the_published_check_value(void **state) {
  (void)state;
  /* "123456789" has nine bytes; its first eight are two words, the ninth goes in bit by bit. */
  uint32_t crc = plain_crc(plain_crc(0xFFFFFFFFu, 0x34333231u), 0x38373635u);
  for (int bit = 0; bit < 8; bit++) {
    const uint32_t mix = (crc ^ (0x39u >> bit)) & 1;
    crc = (crc >> 1) ^ (mix ? 0xEDB88320u : 0);
  }
  assert_int_equal(~crc, 0xCBF43926u);
}

static void trace_and_simd_name_belong_to_twins_only(void **state) {
  (void)state;
  const pbl_device_ops other_ops = {.name = "other"};
  pbl_device other = {.ops = &other_ops};
  assert_int_equal(pbl_twin_set_trace(&other, NULL, NULL, NULL), PBL_INVALID);
  assert_null(pbl_twin_simd(&other));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(identity_and_capabilities_describe_the_variant),
      cmocka_unit_test(open_refuses_a_bad_variant),
      cmocka_unit_test(open_refuses_an_unknown_simd_name),
      cmocka_unit_test(only_registers_for_it_take_writes),
      cmocka_unit_test(registers_of_an_option_that_was_not_built_refuse_writes_and_read_0),
      cmocka_unit_test(capabilities_show_the_options),
      cmocka_unit_test(writable_registers_read_back_what_they_hold),
      cmocka_unit_test(coupled_twins_need_an_even_number_of_lanes),
      cmocka_unit_test(every_bus_access_takes_one_cycle),
      cmocka_unit_test(weight_row_is_committed_by_its_last_column),
      cmocka_unit_test(weights_are_cut_to_their_width_and_sign_extended),
      cmocka_unit_test(writes_beyond_a_target_are_ignored_and_flagged),
      cmocka_unit_test(coin_and_palindrome_do_not_go_together),
      cmocka_unit_test(hash_is_valid_until_the_image_changes),
      cmocka_unit_test(crc_of_the_plain_model_has_the_published_check_value),
      cmocka_unit_test(trace_and_simd_name_belong_to_twins_only),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
