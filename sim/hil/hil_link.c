#include "hil_link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_UNDER_WAY 4

static pbl_status lose(hil_link *l, pbl_status st, const pbl_error *why, const char *during) {
  l->lost = true;
  pbl_fail(&l->why, st, "connection to the device at %s was lost (%s): %s", l->address, during,
           why->message);
  return st;
}

static pbl_status status_of(unsigned code) {
  return code == PBL_HIL_CODE_TIMEOUT ? PBL_TIMEOUT : PBL_DEVICE;
}

/* Payload of an error: detail, text. */
static pbl_status refused(hil_link *l, const pbl_hil_header *h, pbl_error *err) {
  char text[1024];
  pbl_hil_cursor c = {.data = l->in.data, .n = l->in.n};
  pbl_hil_get32(&c);
  pbl_hil_get_text(&c, text, sizeof text);
  return pbl_fail(err, status_of(h->code), "%s: %s: %s", l->address, pbl_hil_code_text(h->code),
                  c.failed ? "(no text)" : text);
}

/* A server that has not understood a frame may not know which one it was. */
static bool answers(const hil_link *l, const pbl_hil_header *h) {
  if (!(h->opcode & PBL_HIL_REPLY)) return false;
  return h->code == PBL_HIL_CODE_PROTOCOL ||
         (h->sequence == l->next_reply &&
          h->opcode == (l->asked[h->sequence % HIL_LINK_ASKED] | PBL_HIL_REPLY));
}

/* One reply. Only transport failures and refusals of this frame are returned. */
static pbl_status receive(hil_link *l, pbl_hil_header *h, pbl_error *err) {
  uint8_t bytes[PBL_HIL_HEADER_BYTES];
  pbl_error why = {0};
  pbl_status st = hil_receive(l->fd, bytes, sizeof bytes, l->timeout_ms, &why);
  if (!st && (!pbl_hil_header_get(h, bytes) || !answers(l, h)))
    st = pbl_fail(&why, PBL_IO, "what it answers is no reply of this protocol");
  l->in.n = 0;
  uint8_t *payload = st || h->length == 0 ? NULL : pbl_hil_extend(&l->in, h->length);
  if (!st && h->length > 0 && !payload) st = pbl_fail(&why, PBL_NO_MEMORY, "out of memory");
  if (!st && payload) st = hil_receive(l->fd, payload, h->length, l->timeout_ms, &why);
  if (st) {
    lose(l, st, &why, "waiting for a reply");
    if (err) *err = l->why;
    return st;
  }
  l->next_reply++;
  l->cycles = h->cycles;
  return h->code == PBL_HIL_CODE_OK ? PBL_OK : refused(l, h, err);
}

void hil_link_queue(hil_link *l, uint16_t opcode, const void *payload, size_t n) {
  const pbl_hil_header h = {.length = (uint32_t)n, .opcode = opcode, .sequence = l->sequence++};
  l->asked[h.sequence % HIL_LINK_ASKED] = opcode;
  uint8_t *p = pbl_hil_extend(&l->out, PBL_HIL_HEADER_BYTES);
  if (p) pbl_hil_header_put(p, &h);
  pbl_hil_put(&l->out, payload, n);
}

/* A lost connection that the server closed with a last word says that word. */
static void last_word(hil_link *l) {
  pbl_hil_header h;
  pbl_error said = {0};
  const pbl_error kept = l->why;
  l->timeout_ms = 200;
  if (receive(l, &h, &said) && h.code != PBL_HIL_CODE_OK && said.status == PBL_DEVICE &&
      h.opcode & PBL_HIL_REPLY)
    l->why = said;
  else
    l->why = kept;
}

static void transmit(hil_link *l) {
  pbl_error why = {0};
  if (!l->lost && l->out.failed) {
    pbl_fail(&why, PBL_NO_MEMORY, "out of memory");
    lose(l, PBL_NO_MEMORY, &why, "sending");
  }
  if (!l->lost && l->out.n > 0) {
    const pbl_status st = hil_send(l->fd, l->out.data, l->out.n, l->timeout_ms, &why);
    if (st) {
      lose(l, st, &why, "sending");
      last_word(l);
    }
  }
  l->out.n = 0;
}

static void take_posted(hil_link *l, uint32_t under_way) {
  pbl_hil_header h;
  pbl_error err = {0};
  while (!l->lost && l->sequence - l->next_reply > under_way) {
    if (!receive(l, &h, &err) || l->lost || l->posted_failed) continue;
    l->posted_failed = true;
    l->why = err;
  }
}

void hil_link_post(hil_link *l) {
  transmit(l);
  take_posted(l, MAX_UNDER_WAY);
}

pbl_status hil_link_wait(hil_link *l, pbl_hil_cursor *reply, pbl_error *err) {
  pbl_hil_header h;
  pbl_status st = PBL_OK;
  pbl_error mine = {0};
  *reply = (pbl_hil_cursor){0};
  transmit(l);
  take_posted(l, 1);
  if (!l->lost && l->sequence != l->next_reply) st = receive(l, &h, &mine);
  if (l->lost || l->posted_failed) {
    mine = l->why;
    st = mine.status;
    l->posted_failed = false;
  }
  if (st && err) *err = mine;
  if (!st) *reply = (pbl_hil_cursor){.data = l->in.data, .n = l->in.n};
  return st;
}

pbl_status hil_link_malformed(hil_link *l, const char *what, pbl_error *err) {
  pbl_error why = {0};
  pbl_fail(&why, PBL_IO, "%s", what);
  lose(l, PBL_IO, &why, "reading a reply");
  if (err) *err = l->why;
  return PBL_IO;
}

/* ---- greeting ---- */

static pbl_status prove(hil_link *l, const hil_secret *secret, const uint8_t *client_nonce,
                        const uint8_t *server_nonce, pbl_error *err) {
  uint8_t mac[PBL_HIL_MAC_BYTES];
  pbl_hil_cursor reply;
  hil_secret_mac(mac, secret, "client", client_nonce, server_nonce);
  hil_link_queue(l, PBL_HIL_AUTH, mac, sizeof mac);
  const pbl_status st = hil_link_wait(l, &reply, err);
  if (st) return st;
  hil_secret_mac(mac, secret, "server", client_nonce, server_nonce);
  const uint8_t *shown = pbl_hil_get(&reply, PBL_HIL_MAC_BYTES);
  if (shown && hil_secret_equal(mac, shown)) return PBL_OK;
  return pbl_fail(err, PBL_DEVICE, "%s: this server does not know the secret", l->address);
}

static pbl_status greet(hil_link *l, const hil_secret *secret, const char *name, pbl_error *err) {
  uint8_t mine[PBL_HIL_NONCE_BYTES], its[PBL_HIL_NONCE_BYTES];
  pbl_hil_buffer hello = {0};
  pbl_hil_cursor reply;
  hil_secret_nonce(mine);
  pbl_hil_put16(&hello, PBL_HIL_VERSION_MAJOR);
  pbl_hil_put16(&hello, PBL_HIL_VERSION_MINOR);
  pbl_hil_put(&hello, mine, sizeof mine);
  pbl_hil_put_text(&hello, name);
  hil_link_queue(l, PBL_HIL_HELLO, hello.data, hello.n);
  pbl_hil_buffer_free(&hello);
  const pbl_status st = hil_link_wait(l, &reply, err);
  if (st) return st;
  const uint32_t version = pbl_hil_get32(&reply), major = version & 0xFFFFu;
  if (!reply.failed && major != PBL_HIL_VERSION_MAJOR)
    return pbl_fail(err, PBL_DEVICE, "%s: the server speaks protocol %u.%u, this program %u.%u",
                    l->address, major, version >> 16, (unsigned)PBL_HIL_VERSION_MAJOR,
                    (unsigned)PBL_HIL_VERSION_MINOR);
  const bool asks = pbl_hil_get32(&reply) & 1u;
  const uint8_t *nonce = pbl_hil_get(&reply, sizeof its);
  const uint32_t payload = pbl_hil_get32(&reply), cycles = pbl_hil_get32(&reply);
  if (reply.failed || payload < PBL_HIL_MAX_PAYLOAD || cycles < PBL_HIL_MAX_CYCLES)
    return pbl_fail(err, PBL_DEVICE, "%s: its greeting is not of this protocol", l->address);
  if (asks && !secret)
    return pbl_fail(err, PBL_DEVICE, "%s: the server asks for a secret: give its file", l->address);
  if (!asks && secret)
    return pbl_fail(err, PBL_DEVICE, "%s: the server has no secret, so it is not the one meant",
                    l->address);
  memcpy(its, nonce, sizeof its);
  return secret ? prove(l, secret, mine, its, err) : PBL_OK;
}

pbl_status hil_link_open(hil_link *l, const char *address, const char *secret_file,
                         const char *name, int timeout_ms, pbl_error *err) {
  hil_address a;
  hil_secret secret = {.n = 0};
  char own[PBL_HIL_MAX_NAME + 1];
  *l = (hil_link){.fd = -1, .timeout_ms = timeout_ms};
  if (!name) {
    snprintf(own, sizeof own, "%s[%ld]", program_invocation_short_name, (long)getpid());
    name = own;
  }
  pbl_status st = hil_address_parse(&a, address, err);
  if (!st) memcpy(l->address, a.text, sizeof l->address);
  if (!st && secret_file) st = hil_secret_load(&secret, secret_file, err);
  if (!st) st = hil_connect(&l->fd, &a, secret_file != NULL, err);
  if (!st) st = greet(l, secret_file ? &secret : NULL, name, err);
  hil_secret_wipe(&secret);
  if (st) hil_link_close(l);
  return st;
}

void hil_link_close(hil_link *l) {
  if (l->fd >= 0) close(l->fd);
  l->fd = -1;
  l->lost = true;
  pbl_hil_buffer_free(&l->out);
  pbl_hil_buffer_free(&l->in);
}
