/* The server without sockets: greeting, secret, who holds the device, batches, clocks, faults. */
#include "hil_rig.h"
#include "pbl_regs.h"
#include "pbl_twin.h"

static hil_rig the;
static pbl_hw hw;
static pbl_hil_buffer b;

static int set_up(void **state) {
  (void)state;
  hw = pbl_hw_default();
  rig_start(&the, NULL, NULL);
  assert_int_equal(rig_hello(&the, &the.peer, 1, "tester"), HIL_REPLIED);
  assert_int_equal(rig_open(&the, &the.peer, &hw), HIL_REPLIED);
  assert_int_equal(the.reply.code, PBL_HIL_CODE_OK);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  rig_stop(&the);
  pbl_hil_buffer_free(&b);
  return 0;
}

static void assert_refused(unsigned code, const char *text) {
  assert_int_equal(the.reply.code, code);
  if (!strstr(rig_text(&the), text)) fail_msg("no '%s' in: %s", text, rig_text(&the));
}

static void the_greeting_tells_version_limits_and_the_default_hardware(void **state) {
  (void)state;
  hil_rig r;
  pbl_hw shown;
  char device[16];
  hw.n_visible = 9;
  rig_start(&r, &hw, NULL);
  assert_int_equal(rig_hello(&r, &r.peer, 1, "x"), HIL_REPLIED);
  assert_int_equal(r.reply.opcode, 0x8001);
  assert_int_equal(r.reply.sequence, r.sequence);
  assert_int_equal(pbl_hil_get16(&r.body), 1);
  assert_int_equal(pbl_hil_get16(&r.body), 0);
  assert_int_equal(pbl_hil_get32(&r.body), 0); /* no secret */
  assert_non_null(pbl_hil_get(&r.body, 32));
  assert_int_equal(pbl_hil_get32(&r.body), 262144);
  assert_int_equal(pbl_hil_get32(&r.body), 131072);
  pbl_hil_get_text(&r.body, device, sizeof device);
  assert_string_equal(device, "twin");
  assert_int_equal(pbl_hil_get16(&r.body), 1);
  assert_true(pbl_hil_get_hw(&r.body, &shown));
  assert_int_equal(shown.n_visible, 9);
  assert_int_equal(pbl_hil_left(&r.body), 0);
  assert_int_equal(rig_open(&r, &r.peer, NULL), HIL_REPLIED);
  assert_int_equal(r.reply.code, PBL_HIL_CODE_OK);
  pbl_hil_get32(&r.body);
  assert_true(pbl_hil_get_hw(&r.body, &shown));
  assert_int_equal(shown.n_visible, 9);
  rig_stop(&r);
}

static void another_major_version_is_refused_and_named(void **state) {
  (void)state;
  hil_rig r;
  rig_start(&r, NULL, NULL);
  assert_int_equal(rig_hello(&r, &r.peer, 2, "x"), HIL_CLOSE);
  assert_int_equal(r.reply.code, PBL_HIL_CODE_VERSION);
  assert_non_null(strstr(rig_text(&r), "version 1.0"));
  assert_non_null(strstr(rig_text(&r), "2.7"));
  rig_stop(&r);
}

static void nothing_goes_before_hello(void **state) {
  (void)state;
  for (uint16_t opcode = PBL_HIL_AUTH; opcode <= PBL_HIL_PING + 1; opcode++) {
    hil_rig r;
    rig_start(&r, NULL, NULL);
    assert_int_equal(rig_ask(&r, &r.peer, opcode, NULL), HIL_CLOSE);
    assert_int_equal(r.reply.code, PBL_HIL_CODE_PROTOCOL);
    rig_stop(&r);
  }
}

/* Expected proofs by Python's hmac over "pbitloop hil 1 ", role and both nonces. */
static void the_proof_of_the_secret_is_hmac_sha256(void **state) {
  (void)state;
  static const uint8_t client[] = {0x78, 0x2a, 0xec, 0x05, 0xcd, 0x50, 0x6f, 0xc9, 0x3a, 0xae, 0xae,
                                   0x9f, 0xf3, 0x20, 0xd9, 0xb0, 0x39, 0x54, 0x47, 0xb6, 0x35, 0x9e,
                                   0xc4, 0x3d, 0x53, 0x8f, 0x82, 0xe7, 0x34, 0x26, 0xc7, 0x78};
  static const uint8_t server[] = {0x07, 0x33, 0xb6, 0x78, 0x46, 0xc6, 0xc8, 0x42, 0x86, 0x8e, 0x05,
                                   0x6d, 0xa8, 0xba, 0x7b, 0x9a, 0x1d, 0x7e, 0x58, 0x60, 0xd8, 0x22,
                                   0xef, 0x80, 0xc9, 0x2c, 0xed, 0xdb, 0xd5, 0x0d, 0xdb, 0x85};
  hil_secret secret = {.n = 32};
  hil_rig r;
  if (!hil_secret_available()) skip();
  for (unsigned k = 0; k < 32; k++) secret.bytes[k] = (uint8_t)k;
  for (int wrong = 0; wrong < 2; wrong++) {
    rig_start(&r, NULL, &secret);
    assert_int_equal(rig_hello(&r, &r.peer, 1, "x"), HIL_REPLIED);
    assert_int_equal(r.body.data[4], 1); /* asks for a secret */
    memset(r.peer.server_nonce, 0x22, sizeof r.peer.server_nonce);
    b.n = 0;
    pbl_hil_put(&b, client, sizeof client);
    b.data[31] ^= (uint8_t)wrong;
    assert_int_equal(rig_ask(&r, &r.peer, PBL_HIL_AUTH, &b), wrong ? HIL_CLOSE : HIL_REPLIED);
    assert_int_equal(r.reply.code, wrong ? PBL_HIL_CODE_AUTH : PBL_HIL_CODE_OK);
    if (!wrong) assert_memory_equal(r.body.data, server, sizeof server);
    rig_stop(&r);
  }
  rig_start(&r, NULL, &secret); /* nothing before the proof */
  assert_int_equal(rig_hello(&r, &r.peer, 1, "x"), HIL_REPLIED);
  assert_int_equal(rig_open(&r, &r.peer, &hw), HIL_CLOSE);
  assert_int_equal(r.reply.code, PBL_HIL_CODE_AUTH);
  rig_stop(&r);
}

static void nonces_of_two_connections_differ(void **state) {
  (void)state;
  uint8_t first[PBL_HIL_NONCE_BYTES];
  if (!hil_secret_available()) skip();
  memcpy(first, the.peer.server_nonce, sizeof first);
  hil_peer other;
  hil_peer_init(&other, &the.core, "there");
  rig_hello(&the, &other, 1, "y");
  assert_memory_not_equal(first, other.server_nonce, sizeof first);
  hil_peer_release(&other);
}

static void a_second_client_hears_who_has_the_device_and_gets_it_afterwards(void **state) {
  (void)state;
  hil_peer other;
  hil_peer_init(&other, &the.core, "there");
  rig_hello(&the, &other, 1, "second");
  rig_open(&the, &other, &hw);
  assert_refused(PBL_HIL_CODE_BUSY, "in use by tester (here) since 20");
  rig_payload(&b, 1, PBL_REG_ID | PBL_HIL_READ);
  rig_ask(&the, &other, PBL_HIL_BATCH, &b);
  assert_refused(PBL_HIL_CODE_NOT_OPEN, "no device open");
  rig_ask(&the, &other, PBL_HIL_INFO, NULL);
  assert_int_equal(pbl_hil_get8(&the.body), 1);
  hil_peer_release(&the.peer); /* killed, say */
  rig_ask(&the, &other, PBL_HIL_INFO, NULL);
  assert_int_equal(pbl_hil_get8(&the.body), 0);
  rig_open(&the, &other, &hw);
  assert_int_equal(the.reply.code, PBL_HIL_CODE_OK);
  assert_int_equal(the.reply.cycles, 0); /* fresh from power-up */
  hil_peer_release(&other);
}

static void hardware_that_is_not_offered_or_not_possible_is_refused(void **state) {
  (void)state;
  hil_rig r;
  pbl_hw other = hw;
  rig_start(&r, &hw, NULL);
  rig_hello(&r, &r.peer, 1, "x");
  other.n_hidden = 7;
  rig_open(&r, &r.peer, &other);
  assert_int_equal(r.reply.code, PBL_HIL_CODE_REFUSED);
  assert_non_null(strstr(rig_text(&r), "offers 1 hardware variant"));
  other.n_hidden = 100000;
  rig_open(&r, &r.peer, &other);
  assert_int_equal(r.reply.code, PBL_HIL_CODE_REFUSED);
  other.n_hidden = hw.n_hidden;
  other.field_bits = pbl_hw_min_field_bits(&hw);
  rig_open(&r, &r.peer, &other);
  assert_int_equal(r.reply.code, PBL_HIL_CODE_REFUSED);
  rig_open(&r, &r.peer, &hw);
  assert_int_equal(r.reply.code, PBL_HIL_CODE_OK);
  rig_open(&r, &r.peer, &hw);
  assert_int_equal(r.reply.code, PBL_HIL_CODE_REFUSED); /* has one open */
  rig_stop(&r);
}

static void a_batch_does_what_single_accesses_do(void **state) {
  (void)state;
  pbl_device *twin = NULL;
  uint32_t value, id;
  assert_int_equal(pbl_twin_open(&twin, &hw, NULL), PBL_OK);
  twin->ops->read32(twin, &id, PBL_REG_ID, NULL);
  for (uint32_t v = 5; v < 8; v++) twin->ops->write32(twin, PBL_REG_SCRATCH, v, NULL);
  for (int k = 0; k < 3; k++) twin->ops->read32(twin, &value, PBL_REG_SCRATCH, NULL);
  twin->ops->write32(twin, PBL_REG_SCRATCH, 9, NULL);
  twin->ops->read32(twin, &value, PBL_REG_SCRATCH, NULL);
  rig_payload(&b, 11, PBL_REG_ID | PBL_HIL_READ, PBL_REG_SCRATCH | PBL_HIL_WRITE_BLOCK, 3u, 5u, 6u,
              7u, PBL_REG_SCRATCH | PBL_HIL_READ_BLOCK, 2u, PBL_REG_SCRATCH | PBL_HIL_READ,
              PBL_REG_SCRATCH | PBL_HIL_WRITE, 9u);
  pbl_hil_put32(&b, PBL_REG_SCRATCH | PBL_HIL_READ);
  rig_ask(&the, &the.peer, PBL_HIL_BATCH, &b);
  assert_int_equal(the.reply.code, PBL_HIL_CODE_OK);
  const uint32_t expected[] = {id, 7, 7, 7, 9};
  for (size_t k = 0; k < 5; k++) assert_int_equal(pbl_hil_get32(&the.body), expected[k]);
  assert_int_equal(pbl_hil_left(&the.body), 0);
  assert_int_equal(the.reply.cycles, twin->ops->cycles(twin));
  twin->ops->close(twin);
}

static void a_bus_error_ends_its_batch_and_tells_how_far_it_came(void **state) {
  (void)state;
  rig_payload(&b, 8, PBL_REG_SCRATCH | PBL_HIL_WRITE, 1u, 0xFF0u | PBL_HIL_WRITE_BLOCK, 2u, 3u, 4u,
              PBL_REG_SCRATCH | PBL_HIL_WRITE, 5u);
  assert_int_equal(rig_ask(&the, &the.peer, PBL_HIL_BATCH, &b), HIL_REPLIED);
  assert_refused(PBL_HIL_CODE_DEVICE, "ff0");
  assert_int_equal(pbl_hil_get32(&the.body), 1);
  rig_payload(&b, 1, PBL_REG_SCRATCH | PBL_HIL_READ);
  rig_ask(&the, &the.peer, PBL_HIL_BATCH, &b);
  assert_int_equal(pbl_hil_get32(&the.body), 1); /* not 5 */
}

static void cut_entries_close_and_large_reads_are_limited(void **state) {
  (void)state;
  rig_payload(&b, 2, PBL_REG_SCRATCH | PBL_HIL_READ_BLOCK, 65537u);
  assert_int_equal(rig_ask(&the, &the.peer, PBL_HIL_BATCH, &b), HIL_REPLIED);
  assert_int_equal(the.reply.code, PBL_HIL_CODE_LIMIT);
  rig_payload(&b, 2, PBL_REG_SCRATCH | PBL_HIL_READ_BLOCK, 65536u);
  rig_ask(&the, &the.peer, PBL_HIL_BATCH, &b);
  assert_int_equal(the.reply.length, 262144);
  rig_payload(&b, 3, PBL_REG_SCRATCH | PBL_HIL_WRITE_BLOCK, 0x40000001u, 1u);
  assert_int_equal(rig_ask(&the, &the.peer, PBL_HIL_BATCH, &b), HIL_CLOSE);
  assert_int_equal(the.reply.code, PBL_HIL_CODE_PROTOCOL);
  rig_payload(&b, 3, PBL_REG_SCRATCH | PBL_HIL_WRITE_BLOCK, 2u, 1u); /* one word is missing */
  assert_int_equal(rig_ask(&the, &the.peer, PBL_HIL_BATCH, &b), HIL_CLOSE);
}

static void advance_runs_the_clocks_that_it_says_and_no_more_than_allowed(void **state) {
  (void)state;
  rig_payload(&b, 5, 131073u, 0u, 0u, 0u, 0u);
  rig_ask(&the, &the.peer, PBL_HIL_ADVANCE, &b);
  assert_int_equal(the.reply.code, PBL_HIL_CODE_LIMIT);
  rig_payload(&b, 5, 1000u, 0u, 100u, 100u, 1u);
  rig_ask(&the, &the.peer, PBL_HIL_ADVANCE, &b);
  assert_refused(PBL_HIL_CODE_DEVICE, "no trace port");
  assert_int_equal(the.reply.cycles, 0); /* refused before any clock */
  rig_payload(&b, 5, 1000u, 0u, 100u, 100u, 0u);
  rig_ask(&the, &the.peer, PBL_HIL_ADVANCE, &b);
  assert_int_equal(the.reply.code, PBL_HIL_CODE_OK);
  const uint64_t ran = pbl_hil_get64(&the.body);
  assert_int_equal(the.reply.cycles, ran);
  for (int k = 0; k < 3; k++) assert_int_equal(pbl_hil_get32(&the.body), 0); /* no words */
  assert_int_equal(pbl_hil_left(&the.body), 0);
}

static void a_frame_may_come_byte_by_byte(void **state) {
  (void)state;
  uint8_t bytes[PBL_HIL_HEADER_BYTES + 4] = {0};
  const pbl_hil_header h = {.length = 4, .opcode = PBL_HIL_BATCH, .sequence = 77};
  pbl_hil_header_put(bytes, &h); /* payload 0: read of ID */
  for (size_t k = 0; k < sizeof bytes; k++) {
    assert_int_equal(hil_peer_step(&the.peer, &the.out), HIL_NEEDS_MORE);
    assert_true(hil_peer_push(&the.peer, bytes + k, 1));
  }
  assert_int_equal(hil_peer_step(&the.peer, &the.out), HIL_REPLIED);
  assert_memory_equal(the.out.data + PBL_HIL_HEADER_BYTES, "TIBP", 4);
  assert_int_equal(the.out.data[12], 77);
}

static void what_is_no_frame_closes(void **state) {
  (void)state;
  static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  assert_true(hil_peer_push(&the.peer, http, sizeof http - 1));
  assert_int_equal(hil_peer_step(&the.peer, &the.out), HIL_CLOSE);
  assert_true(pbl_hil_header_get(&the.reply, the.out.data));
  assert_int_equal(the.reply.code, PBL_HIL_CODE_PROTOCOL);
}

static void a_stranger_cannot_send_much(void **state) {
  (void)state;
  uint8_t bytes[PBL_HIL_HEADER_BYTES];
  hil_peer other;
  hil_peer_init(&other, &the.core, "there");
  const pbl_hil_header h = {.length = 257, .opcode = PBL_HIL_HELLO};
  pbl_hil_header_put(bytes, &h);
  assert_true(hil_peer_push(&other, bytes, sizeof bytes));
  assert_int_equal(hil_peer_step(&other, &the.out), HIL_CLOSE);
  hil_peer_release(&other);
}

static void unknown_opcodes_are_refused_by_number(void **state) {
  (void)state;
  assert_int_equal(rig_ask(&the, &the.peer, 10, NULL), HIL_REPLIED);
  assert_refused(PBL_HIL_CODE_OPCODE, "opcode 10");
  assert_int_equal(rig_ask(&the, &the.peer, PBL_HIL_PING, NULL), HIL_REPLIED);
  assert_int_equal(the.reply.code, PBL_HIL_CODE_OK);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(the_greeting_tells_version_limits_and_the_default_hardware),
      T(another_major_version_is_refused_and_named),
      T(nothing_goes_before_hello),
      T(the_proof_of_the_secret_is_hmac_sha256),
      T(nonces_of_two_connections_differ),
      T(a_second_client_hears_who_has_the_device_and_gets_it_afterwards),
      T(hardware_that_is_not_offered_or_not_possible_is_refused),
      T(a_batch_does_what_single_accesses_do),
      T(a_bus_error_ends_its_batch_and_tells_how_far_it_came),
      T(cut_entries_close_and_large_reads_are_limited),
      T(advance_runs_the_clocks_that_it_says_and_no_more_than_allowed),
      T(a_frame_may_come_byte_by_byte),
      T(what_is_no_frame_closes),
      T(a_stranger_cannot_send_much),
      T(unknown_opcodes_are_refused_by_number),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
