#include "hil_core.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough for HELLO and AUTH: a stranger gets no memory. */
#define STRANGER_PAYLOAD 256
#define REPLY_WORDS (PBL_HIL_MAX_PAYLOAD / 5)

pbl_status hil_core_init(hil_core *core, const hil_service *service, pbl_progress *progress,
                         pbl_error *err) {
  *core = (hil_core){.service = service, .progress = progress};
  core->words = malloc(REPLY_WORDS * sizeof *core->words);
  core->last = malloc(REPLY_WORDS);
  if (core->words && core->last) return PBL_OK;
  hil_core_release(core);
  return pbl_fail(err, PBL_NO_MEMORY, "serve: out of memory");
}

void hil_core_release(hil_core *core) {
  if (core->dev) core->dev->ops->close(core->dev);
  free(core->words);
  free(core->last);
  *core = (hil_core){0};
}

static void say(const hil_core *core, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(const hil_core *core, const char *format, ...) {
  char line[512];
  va_list args;
  if (!core->service->log) return;
  va_start(args, format);
  vsnprintf(line, sizeof line, format, args);
  va_end(args);
  core->service->log(core->service->user, line);
}

void hil_peer_init(hil_peer *peer, hil_core *core, const char *from) {
  *peer = (hil_peer){.core = core};
  snprintf(peer->from, sizeof peer->from, "%s", from);
  snprintf(peer->name, sizeof peer->name, "a client");
}

static void give_up_device(hil_peer *peer, const char *how) {
  hil_core *core = peer->core;
  if (core->holder != peer) return;
  say(core, "%s (%s) %s after %llu cycles", peer->name, peer->from, how,
      (unsigned long long)core->dev->ops->cycles(core->dev));
  core->dev->ops->close(core->dev);
  core->dev = NULL;
  core->holder = NULL;
}

void hil_peer_give_up(hil_peer *peer, const char *why) {
  give_up_device(peer, why);
}

void hil_peer_release(hil_peer *peer) {
  give_up_device(peer, "left");
  pbl_hil_buffer_free(&peer->in);
}

bool hil_peer_push(hil_peer *peer, const void *bytes, size_t n) {
  pbl_hil_put(&peer->in, bytes, n);
  return !peer->in.failed;
}

uint16_t hil_refuse(hil_request *r, uint16_t code, uint32_t detail, const char *format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  r->out->n = r->start;
  pbl_hil_put32(r->out, detail);
  pbl_hil_put_text(r->out, text);
  return code;
}

/* ---- greeting ---- */

static uint16_t hello(hil_request *r) {
  hil_peer *peer = r->peer;
  const hil_service *s = peer->core->service;
  const unsigned major = pbl_hil_get16(&r->in), minor = pbl_hil_get16(&r->in);
  const uint8_t *nonce = pbl_hil_get(&r->in, PBL_HIL_NONCE_BYTES);
  r->closes = true;
  if (!r->in.failed && major != PBL_HIL_VERSION_MAJOR)
    return hil_refuse(r, PBL_HIL_CODE_VERSION, PBL_HIL_VERSION_MAJOR,
                      "this server speaks version %d.%d of the protocol, the client %u.%u",
                      PBL_HIL_VERSION_MAJOR, PBL_HIL_VERSION_MINOR, major, minor);
  pbl_hil_get_text(&r->in, peer->name, sizeof peer->name);
  if (r->in.failed || peer->greeted)
    return hil_refuse(r, PBL_HIL_CODE_PROTOCOL, 0,
                      peer->greeted ? "a second HELLO" : "short HELLO");
  r->closes = false;
  peer->greeted = true;
  peer->proved = s->secret == NULL;
  memcpy(peer->client_nonce, nonce, PBL_HIL_NONCE_BYTES);
  hil_secret_nonce(peer->server_nonce);
  pbl_hil_put16(r->out, PBL_HIL_VERSION_MAJOR);
  pbl_hil_put16(r->out, PBL_HIL_VERSION_MINOR);
  pbl_hil_put32(r->out, s->secret != NULL);
  pbl_hil_put(r->out, peer->server_nonce, PBL_HIL_NONCE_BYTES);
  pbl_hil_put32(r->out, PBL_HIL_MAX_PAYLOAD);
  pbl_hil_put32(r->out, PBL_HIL_MAX_CYCLES);
  pbl_hil_put_text(r->out, s->device);
  pbl_hil_put16(r->out, (uint16_t)s->n_offered);
  if (s->n_offered > 0) pbl_hil_put_hw(r->out, &s->offered[0]);
  return PBL_HIL_CODE_OK;
}

static uint16_t auth(hil_request *r) {
  hil_peer *peer = r->peer;
  const hil_secret *secret = peer->core->service->secret;
  const uint8_t *given = pbl_hil_get(&r->in, PBL_HIL_MAC_BYTES);
  uint8_t mac[PBL_HIL_MAC_BYTES];
  if (!given || !secret || peer->proved) {
    r->closes = true;
    return hil_refuse(r, PBL_HIL_CODE_PROTOCOL, 0, "AUTH: short, or not asked for");
  }
  hil_secret_mac(mac, secret, "client", peer->client_nonce, peer->server_nonce);
  if (!hil_secret_equal(mac, given)) {
    r->closes = true;
    say(peer->core, "%s (%s) has another secret", peer->name, peer->from);
    return hil_refuse(r, PBL_HIL_CODE_AUTH, 0, "the client's secret is not the server's");
  }
  peer->proved = true;
  hil_secret_mac(mac, secret, "server", peer->client_nonce, peer->server_nonce);
  pbl_hil_put(r->out, mac, sizeof mac);
  return PBL_HIL_CODE_OK;
}

/* ---- the device ---- */

static void time_text(char text[32], time_t t) {
  struct tm utc;
  strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &utc));
}

static bool is_offered(const hil_service *s, const pbl_hw *hw) {
  for (size_t k = 0; k < s->n_offered; k++)
    if (pbl_hil_hw_equal(hw, &s->offered[k])) return true;
  return s->n_offered == 0;
}

static uint16_t open_refused(hil_request *r, const pbl_error *err) {
  const bool mine = err->status == PBL_CONFIG || err->status == PBL_INVALID;
  return hil_refuse(r, mine ? PBL_HIL_CODE_REFUSED : PBL_HIL_CODE_INTERNAL, 0, "%s", err->message);
}

static uint16_t take_device(hil_request *r, const pbl_hw *hw, uint64_t seed) {
  hil_core *core = r->peer->core;
  const hil_service *s = core->service;
  pbl_error err = {0};
  pbl_device *dev = NULL;
  if (pbl_hw_check(hw, &err)) return open_refused(r, &err);
  if (!is_offered(s, hw))
    return hil_refuse(r, PBL_HIL_CODE_REFUSED, 0,
                      "this server offers %zu hardware variant(s), and this is none of them: give "
                      "client and server the same configuration",
                      s->n_offered);
  if (s->open(s->user, &dev, hw, seed, core->progress, &err)) return open_refused(r, &err);
  core->dev = dev;
  core->hw = *hw;
  core->holder = r->peer;
  core->since = time(NULL);
  say(core, "%s (%s) holds the device: %s, %d p-bits, %d replicas", r->peer->name, r->peer->from,
      pbl_fabric_name(hw->fabric), pbl_hw_pbits(hw), hw->replicas);
  pbl_hil_put32(r->out, (uint32_t)(dev->ops->stream_throttle != NULL) |
                            (uint32_t)(dev->ops->trace_read != NULL && hw->trace) << 1);
  pbl_hil_put_hw(r->out, hw);
  return PBL_HIL_CODE_OK;
}

/* A request without words asks for the default. */
static uint16_t open_device(hil_request *r) {
  hil_core *core = r->peer->core;
  const hil_service *s = core->service;
  pbl_hw hw = {0};
  const uint64_t seed = pbl_hil_get64(&r->in);
  const bool is_default = pbl_hil_left(&r->in) == 2;
  const bool known = pbl_hil_get_hw(&r->in, &hw);
  if (r->in.failed) return hil_refuse(r, PBL_HIL_CODE_PROTOCOL, 0, "short OPEN");
  if (core->holder == r->peer)
    return hil_refuse(r, PBL_HIL_CODE_REFUSED, 0, "this client has a device open; CLOSE it first");
  if (core->holder) {
    char since[32];
    time_text(since, core->since);
    return hil_refuse(r, PBL_HIL_CODE_BUSY, 0, "the device is in use by %s (%s) since %s",
                      core->holder->name, core->holder->from, since);
  }
  if (!known)
    return hil_refuse(r, PBL_HIL_CODE_REFUSED, 0,
                      "the client asks for hardware that this server is too old to know");
  if (is_default && s->n_offered == 0)
    return hil_refuse(r, PBL_HIL_CODE_REFUSED, 0,
                      "this server has no default hardware: name one, or start it with --config");
  return take_device(r, is_default ? &s->offered[0] : &hw, seed);
}

static uint16_t info(hil_request *r) {
  const hil_core *core = r->peer->core;
  const hil_peer *holder = core->holder;
  pbl_hil_put8(r->out, holder != NULL);
  pbl_hil_put64(r->out, holder ? (uint64_t)core->since : 0);
  pbl_hil_put_text(r->out, holder ? holder->name : "");
  pbl_hil_put_text(r->out, holder ? holder->from : "");
  return PBL_HIL_CODE_OK;
}

static uint16_t with_device(hil_request *r, unsigned opcode) {
  if (r->peer->core->holder != r->peer)
    return hil_refuse(r, PBL_HIL_CODE_NOT_OPEN, 0, "%s: this client has no device open",
                      pbl_hil_opcode_name(opcode));
  switch (opcode) {
    case PBL_HIL_BATCH:
      return hil_batch(r);
    case PBL_HIL_ADVANCE:
      return hil_advance(r);
    case PBL_HIL_THROTTLE:
      return hil_throttle(r);
    default:
      give_up_device(r->peer, "released the device");
      return PBL_HIL_CODE_OK;
  }
}

static uint16_t carry_out(hil_request *r, unsigned opcode) {
  const hil_peer *peer = r->peer;
  const bool early = opcode == PBL_HIL_HELLO || (opcode == PBL_HIL_AUTH && peer->greeted);
  if (!early && (!peer->greeted || !peer->proved)) {
    r->closes = true;
    return peer->greeted ? hil_refuse(r, PBL_HIL_CODE_AUTH, 0, "this server asks for a secret")
                         : hil_refuse(r, PBL_HIL_CODE_PROTOCOL, 0, "HELLO comes first");
  }
  switch (opcode) {
    case PBL_HIL_HELLO:
      return hello(r);
    case PBL_HIL_AUTH:
      return auth(r);
    case PBL_HIL_OPEN:
      return open_device(r);
    case PBL_HIL_INFO:
      return info(r);
    case PBL_HIL_PING:
      return PBL_HIL_CODE_OK;
    case PBL_HIL_CLOSE:
    case PBL_HIL_BATCH:
    case PBL_HIL_ADVANCE:
    case PBL_HIL_THROTTLE:
      return with_device(r, opcode);
    default:
      return hil_refuse(r, PBL_HIL_CODE_OPCODE, opcode, "opcode %u is not known here", opcode);
  }
}

/* ---- frames ---- */

static bool header_of(const hil_peer *peer, pbl_hil_header *h) {
  const size_t most = peer->proved ? PBL_HIL_MAX_PAYLOAD : STRANGER_PAYLOAD;
  return pbl_hil_header_get(h, peer->in.data) && !(h->opcode & PBL_HIL_REPLY) && h->length <= most;
}

bool hil_peer_has_frame(const hil_peer *peer) {
  pbl_hil_header h;
  if (peer->in.n < PBL_HIL_HEADER_BYTES) return false;
  return !header_of(peer, &h) || peer->in.n >= PBL_HIL_HEADER_BYTES + h.length;
}

unsigned hil_peer_next(const hil_peer *peer) {
  pbl_hil_header h;
  return hil_peer_has_frame(peer) && header_of(peer, &h) ? h.opcode : 0;
}

static uint64_t cycles_of(const hil_peer *peer) {
  const hil_core *core = peer->core;
  return core->holder == peer ? core->dev->ops->cycles(core->dev) : 0;
}

hil_step hil_peer_step(hil_peer *peer, pbl_hil_buffer *out) {
  pbl_hil_header h;
  if (!hil_peer_has_frame(peer)) return HIL_NEEDS_MORE;
  out->n = 0;
  if (!pbl_hil_extend(out, PBL_HIL_HEADER_BYTES)) return HIL_CLOSE;
  hil_request r = {.peer = peer, .out = out, .start = out->n};
  const uint64_t before = cycles_of(peer);
  if (header_of(peer, &h)) {
    r.in = (pbl_hil_cursor){.data = peer->in.data + PBL_HIL_HEADER_BYTES, .n = h.length};
    h.code = carry_out(&r, h.opcode);
    pbl_hil_drop(&peer->in, PBL_HIL_HEADER_BYTES + h.length);
  } else {
    h = (pbl_hil_header){0};
    h.code = hil_refuse(&r, PBL_HIL_CODE_PROTOCOL, 0,
                        "no frame of this protocol, or one that is too long");
    r.closes = true;
  }
  if (out->failed) {
    out->n = 0;
    return HIL_CLOSE;
  }
  h.opcode |= PBL_HIL_REPLY;
  h.length = (uint32_t)(out->n - r.start);
  h.cycles = peer->core->holder == peer ? cycles_of(peer) : before; /* CLOSE: those at its end */
  pbl_hil_header_put(out->data, &h);
  return r.closes ? HIL_CLOSE : HIL_REPLIED;
}
