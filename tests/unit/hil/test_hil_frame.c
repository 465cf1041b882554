/* Bytes of frames, written by hand from docs/hil.md, and parameters as words. */
#include "pbl_cmocka.h"
#include "pbl_hil_frame.h"

static const uint8_t example[PBL_HIL_HEADER_BYTES] = {
    0x50, 0x48, 0x49, 0x4C,                        /* PHIL */
    0x2C, 0x01, 0x00, 0x00,                        /* 300 bytes follow */
    0x06, 0x80,                                    /* reply to BATCH */
    0x07, 0x00,                                    /* device error */
    0x04, 0x03, 0x02, 0x01,                        /* sequence */
    0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01 /* cycles */
};

static void a_header_has_the_bytes_of_the_page(void **state) {
  (void)state;
  const pbl_hil_header h = {.length = 300,
                            .opcode = PBL_HIL_BATCH | PBL_HIL_REPLY,
                            .code = PBL_HIL_CODE_DEVICE,
                            .sequence = 0x01020304,
                            .cycles = 0x0102030405060708};
  uint8_t bytes[PBL_HIL_HEADER_BYTES];
  pbl_hil_header back;
  pbl_hil_header_put(bytes, &h);
  assert_memory_equal(bytes, example, sizeof bytes);
  assert_true(pbl_hil_header_get(&back, example));
  assert_int_equal(back.length, h.length);
  assert_int_equal(back.opcode, h.opcode);
  assert_int_equal(back.code, h.code);
  assert_int_equal(back.sequence, h.sequence);
  assert_int_equal(back.cycles, h.cycles);
}

static void wrong_magic_and_too_long_frames_are_no_headers(void **state) {
  (void)state;
  uint8_t bytes[PBL_HIL_HEADER_BYTES];
  pbl_hil_header h;
  for (size_t k = 0; k < 4; k++) {
    memcpy(bytes, example, sizeof bytes);
    bytes[k] ^= 0x20;
    assert_false(pbl_hil_header_get(&h, bytes));
  }
  memcpy(bytes, example, sizeof bytes);
  const uint8_t longest[4] = {0x00, 0x00, 0x04, 0x00}; /* 262,144 */
  memcpy(bytes + 4, longest, 4);
  assert_true(pbl_hil_header_get(&h, bytes));
  bytes[4] = 1;
  assert_false(pbl_hil_header_get(&h, bytes));
}

static void numbers_are_little_endian_and_end_where_the_payload_does(void **state) {
  (void)state;
  pbl_hil_buffer b = {0};
  pbl_hil_put8(&b, 0xAB);
  pbl_hil_put16(&b, 0x1234);
  pbl_hil_put32(&b, 0x89ABCDEF);
  pbl_hil_put64(&b, 0x0123456789ABCDEF);
  const uint8_t expected[] = {0xAB, 0x34, 0x12, 0xEF, 0xCD, 0xAB, 0x89, 0xEF,
                              0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01};
  assert_int_equal(b.n, sizeof expected);
  assert_memory_equal(b.data, expected, sizeof expected);
  pbl_hil_cursor c = {.data = b.data, .n = b.n - 1};
  assert_int_equal(pbl_hil_get8(&c), 0xAB);
  assert_int_equal(pbl_hil_get16(&c), 0x1234);
  assert_int_equal(pbl_hil_get32(&c), 0x89ABCDEF);
  assert_false(c.failed);
  assert_int_equal(pbl_hil_get64(&c), 0); /* one byte short */
  assert_true(c.failed);
  assert_int_equal(pbl_hil_get8(&c), 0); /* and nothing after that */
  assert_null(pbl_hil_get(&c, 0));
  pbl_hil_buffer_free(&b);
}

static void a_text_of_a_stranger_is_cut_and_printable(void **state) {
  (void)state;
  const uint8_t bytes[] = {6, 0, 'a', 27, 'b', 0, 200, 'c'};
  char text[5];
  pbl_hil_cursor c = {.data = bytes, .n = sizeof bytes};
  pbl_hil_get_text(&c, text, sizeof text);
  assert_string_equal(text, "a?b?");
  assert_false(c.failed);
  c = (pbl_hil_cursor){.data = bytes, .n = 5}; /* length 6, 3 bytes there */
  pbl_hil_get_text(&c, text, sizeof text);
  assert_string_equal(text, "");
  assert_true(c.failed);
}

static pbl_hw sparse_hw(void) {
  pbl_hw hw = pbl_hw_default();
  hw.lanes = 2;
  hw.replicas = 4;
  hw.trace = 1;
  hw.no_regulator = 1;
  hw.cells_per_generator = 2;
  pbl_hw_set_sparse(&hw, &(pbl_hw_sparse){.pbits = 32, .edge_rows = 64, .groups = 16, .sites = 4});
  return hw;
}

static void parameters_come_back_for_every_fabric(void **state) {
  (void)state;
  pbl_hw all[3] = {pbl_hw_default(), pbl_hw_default(), sparse_hw()};
  all[0].n_visible = 784;
  all[0].statistics = 1;
  all[0].stat_pairs = 77;
  pbl_hw_set_lattice(&all[1], 8, 0);
  for (size_t k = 0; k < 3; k++) {
    pbl_hil_buffer b = {0};
    pbl_hw back;
    pbl_hil_put_hw(&b, &all[k]);
    assert_int_equal(b.n, 2 + 4 * 41);
    pbl_hil_cursor c = {.data = b.data, .n = b.n};
    assert_true(pbl_hil_get_hw(&c, &back));
    assert_int_equal(back.fabric, all[k].fabric);
    assert_int_equal(back.n_visible, all[k].n_visible);
    assert_int_equal(back.stat_pairs, all[k].stat_pairs);
    assert_int_equal(back.trace, all[k].trace);
    assert_int_equal(back.no_regulator, all[k].no_regulator);
    assert_int_equal(back.cells_per_generator, all[k].cells_per_generator);
    assert_true(pbl_hil_hw_equal(&back, &all[k]));
    for (size_t m = 0; m < 3; m++) assert_int_equal(pbl_hil_hw_equal(&all[m], &back), m == k);
    pbl_hil_buffer_free(&b);
  }
}

static void shorter_and_longer_parameter_lists_are_read(void **state) {
  (void)state;
  pbl_hw hw = sparse_hw(), back;
  pbl_hil_buffer b = {0};
  pbl_hil_put_hw(&b, &hw);
  b.data[0] = 39; /* as a client without the last two parameters writes it */
  pbl_hil_cursor c = {.data = b.data, .n = b.n - 8};
  assert_true(pbl_hil_get_hw(&c, &back));
  assert_int_equal(back.trace, 1);
  assert_int_equal(back.no_regulator, 0);
  assert_int_equal(back.cells_per_generator, 1);
  b.data[0] = 42; /* one more than is known here: not asked for, then asked for */
  pbl_hil_put32(&b, 0);
  c = (pbl_hil_cursor){.data = b.data, .n = b.n};
  assert_true(pbl_hil_get_hw(&c, &back));
  b.data[b.n - 4] = 1;
  c = (pbl_hil_cursor){.data = b.data, .n = b.n};
  assert_false(pbl_hil_get_hw(&c, &back));
  c = (pbl_hil_cursor){.data = b.data, .n = 60};
  assert_false(pbl_hil_get_hw(&c, &back));
  pbl_hil_buffer_free(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_header_has_the_bytes_of_the_page),
      cmocka_unit_test(wrong_magic_and_too_long_frames_are_no_headers),
      cmocka_unit_test(numbers_are_little_endian_and_end_where_the_payload_does),
      cmocka_unit_test(a_text_of_a_stranger_is_cut_and_printable),
      cmocka_unit_test(parameters_come_back_for_every_fabric),
      cmocka_unit_test(shorter_and_longer_parameter_lists_are_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
