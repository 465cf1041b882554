/* Random frames against the server's core: fuzz_hil [FRAMES] [SEED]. Sound frames with random
 * payloads, frames with a few changed bytes, and plain noise, cut at random places; half of the
 * servers have a secret. Ends with 0 when every answer was a well-formed reply. For a long run:
 * -DPBL_SANITIZE=address,undefined and 1000000 frames. */
#include <stdio.h>
#include <stdlib.h>

#include "hil_rig.h"
#include "pbl_rng.h"

typedef struct {
  hil_rig rig;
  pbl_xoshiro rng;
  pbl_hw hw;
  hil_secret secret;
  pbl_hil_buffer frame;
  unsigned silent; /* frames since the last reply: the core waits for the rest of one */
  uint64_t replies, refusals, closes, opened;
} fuzz;

static uint32_t below(fuzz *f, uint32_t n) {
  return pbl_xoshiro_next(&f->rng) % n;
}

static uint32_t some_word(fuzz *f) {
  static const uint32_t nice[] = {0, 1, 2, 3, 4, 0x20, 0x24, 0x4C, 100, 0x1000, 0xFFFFFFFF};
  return below(f, 4) ? nice[below(f, sizeof nice / sizeof *nice)] : pbl_xoshiro_next(&f->rng);
}

static void greet(fuzz *f) {
  hil_peer_init(&f->rig.peer, &f->rig.core, "fuzzer");
  if (below(f, 8) == 0) return;
  rig_hello(&f->rig, &f->rig.peer, 1, "fuzzer");
  if (f->rig.service.secret && below(f, 2)) f->rig.peer.proved = true;
  if (f->rig.peer.proved && below(f, 8)) rig_open(&f->rig, &f->rig.peer, &f->hw);
}

/* A frame whose payload may make sense. */
static void compose(fuzz *f) {
  pbl_hil_buffer *b = &f->frame;
  b->n = 0;
  pbl_hil_extend(b, PBL_HIL_HEADER_BYTES);
  pbl_hil_header h = {.opcode = (uint16_t)below(f, 12), .sequence = pbl_xoshiro_next(&f->rng)};
  if (h.opcode == PBL_HIL_CLOSE && below(f, 8)) h.opcode = PBL_HIL_BATCH;
  if (h.opcode == PBL_HIL_OPEN && below(f, 2)) {
    pbl_hil_put64(b, 1);
    pbl_hil_put_hw(b, &f->hw);
    if (below(f, 2)) b->data[PBL_HIL_HEADER_BYTES + 10 + below(f, 156)] = (uint8_t)some_word(f);
  } else if (h.opcode == PBL_HIL_ADVANCE) {
    pbl_hil_put64(b, below(f, 20) ? below(f, 300) : some_word(f));
    for (int k = 0; k < 3; k++) pbl_hil_put32(b, k < 2 || !below(f, 8) ? some_word(f) : 0);
  } else {
    for (uint32_t n = below(f, 24); n > 0; n--) pbl_hil_put32(b, some_word(f));
    for (uint32_t n = below(f, 4); n > 0; n--) pbl_hil_put8(b, (uint8_t)some_word(f));
  }
  h.length = (uint32_t)(b->n - PBL_HIL_HEADER_BYTES);
  pbl_hil_header_put(b->data, &h);
  if (below(f, 12) == 0)
    for (uint32_t n = 1 + below(f, 3); n > 0; n--)
      b->data[below(f, (uint32_t)b->n)] = (uint8_t)pbl_xoshiro_next(&f->rng);
  if (below(f, 100) == 0) b->n = below(f, (uint32_t)b->n); /* the next one begins too early */
}

static bool is_reply(fuzz *f) {
  pbl_hil_header h;
  const pbl_hil_buffer *out = &f->rig.out;
  if (out->n < PBL_HIL_HEADER_BYTES || !pbl_hil_header_get(&h, out->data)) return false;
  if (!(h.opcode & PBL_HIL_REPLY) || h.length != out->n - PBL_HIL_HEADER_BYTES) return false;
  f->replies++;
  f->refusals += h.code != PBL_HIL_CODE_OK;
  f->opened += h.code == PBL_HIL_CODE_OK && (h.opcode & 0x7FFF) == PBL_HIL_ADVANCE;
  if (h.code == PBL_HIL_CODE_OK) return true;
  pbl_hil_cursor c = {.data = out->data + PBL_HIL_HEADER_BYTES, .n = h.length};
  char text[64];
  pbl_hil_get32(&c);
  pbl_hil_get_text(&c, text, sizeof text);
  return !c.failed && pbl_hil_left(&c) == 0 && h.code <= PBL_HIL_CODE_INTERNAL;
}

static void come_again(fuzz *f) {
  f->closes++;
  f->silent = 0;
  hil_peer_release(&f->rig.peer);
  greet(f);
}

static void one_frame(fuzz *f) {
  size_t at = 0;
  if (f->silent++ > 16) come_again(f);
  compose(f);
  while (at < f->frame.n) {
    const size_t left = f->frame.n - at;
    const size_t n = below(f, 3) ? left : 1 + below(f, (uint32_t)left);
    if (!hil_peer_push(&f->rig.peer, f->frame.data + at, n)) exit(2);
    at += n;
    for (hil_step step; (step = hil_peer_step(&f->rig.peer, &f->rig.out)) != HIL_NEEDS_MORE;) {
      if (!is_reply(f)) {
        fprintf(stderr, "fuzz_hil: no well-formed reply\n");
        exit(1);
      }
      f->silent = 0;
      if (step == HIL_REPLIED) continue;
      come_again(f);
      return;
    }
  }
}

int main(int argc, char **argv) {
  const uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
  static fuzz f;
  f.hw = pbl_hw_default();
  f.hw.n_visible = f.hw.n_hidden = 3;
  f.secret.n = 32;
  pbl_xoshiro_seed(&f.rng, argc > 2 ? strtoull(argv[2], NULL, 10) : 1);
  for (uint64_t k = 0; k < n; k++) {
    if (k % 5000 == 0) {
      if (k > 0) rig_stop(&f.rig);
      rig_start(&f.rig, &f.hw, k / 5000 % 2 && hil_secret_available() ? &f.secret : NULL);
      greet(&f);
    }
    one_frame(&f);
  }
  rig_stop(&f.rig);
  pbl_hil_buffer_free(&f.frame);
  printf("%llu frames: %llu replies, %llu refusals, %llu connections closed, %llu times clocks\n",
         (unsigned long long)n, (unsigned long long)f.replies, (unsigned long long)f.refusals,
         (unsigned long long)f.closes, (unsigned long long)f.opened);
  return f.opened * 50 > n ? 0 : 1; /* else it has not reached the device */
}
