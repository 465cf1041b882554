#include "hil_rig.h"

#include "pbl_twin.h"

pbl_status rig_open_twin(void *user, pbl_device **out, const pbl_hw *hw, uint64_t reset_seed,
                         pbl_progress *p, pbl_error *err) {
  (void)user, (void)reset_seed, (void)p;
  return pbl_twin_open(out, hw, err);
}

void rig_start(hil_rig *r, const pbl_hw *offered, const hil_secret *secret) {
  *r = (hil_rig){.service = {.device = "twin",
                             .open = rig_open_twin,
                             .offered = offered,
                             .n_offered = offered != NULL,
                             .secret = secret}};
  assert_int_equal(hil_core_init(&r->core, &r->service, NULL, NULL), PBL_OK);
  hil_peer_init(&r->peer, &r->core, "here");
}

void rig_stop(hil_rig *r) {
  hil_peer_release(&r->peer);
  hil_core_release(&r->core);
  pbl_hil_buffer_free(&r->out);
}

hil_step rig_ask(hil_rig *r, hil_peer *peer, uint16_t opcode, const pbl_hil_buffer *payload) {
  uint8_t bytes[PBL_HIL_HEADER_BYTES];
  const pbl_hil_header h = {
      .length = payload ? (uint32_t)payload->n : 0, .opcode = opcode, .sequence = ++r->sequence};
  pbl_hil_header_put(bytes, &h);
  assert_true(hil_peer_push(peer, bytes, sizeof bytes));
  if (payload) assert_true(hil_peer_push(peer, payload->data, payload->n));
  const hil_step step = hil_peer_step(peer, &r->out);
  if (step == HIL_NEEDS_MORE) return step;
  assert_true(pbl_hil_header_get(&r->reply, r->out.data));
  assert_int_equal(r->reply.length, r->out.n - PBL_HIL_HEADER_BYTES);
  r->body = (pbl_hil_cursor){.data = r->out.data + PBL_HIL_HEADER_BYTES, .n = r->reply.length};
  return step;
}

void rig_payload(pbl_hil_buffer *b, unsigned n_words, ...) {
  va_list args;
  b->n = 0;
  va_start(args, n_words);
  for (unsigned k = 0; k < n_words; k++) pbl_hil_put32(b, va_arg(args, uint32_t));
  va_end(args);
}

hil_step rig_hello(hil_rig *r, hil_peer *peer, unsigned major, const char *name) {
  uint8_t nonce[PBL_HIL_NONCE_BYTES];
  pbl_hil_buffer b = {0};
  memset(nonce, 0x11, sizeof nonce);
  pbl_hil_put16(&b, (uint16_t)major);
  pbl_hil_put16(&b, 7); /* of a later minor version: must not matter */
  pbl_hil_put(&b, nonce, sizeof nonce);
  pbl_hil_put_text(&b, name);
  const hil_step step = rig_ask(r, peer, PBL_HIL_HELLO, &b);
  pbl_hil_buffer_free(&b);
  return step;
}

hil_step rig_open(hil_rig *r, hil_peer *peer, const pbl_hw *hw) {
  pbl_hil_buffer b = {0};
  pbl_hil_put64(&b, 1);
  if (hw)
    pbl_hil_put_hw(&b, hw);
  else
    pbl_hil_put16(&b, 0);
  const hil_step step = rig_ask(r, peer, PBL_HIL_OPEN, &b);
  pbl_hil_buffer_free(&b);
  return step;
}

const char *rig_text(hil_rig *r) {
  static char text[1024];
  pbl_hil_cursor c = r->body;
  pbl_hil_get32(&c);
  pbl_hil_get_text(&c, text, sizeof text);
  return text;
}
