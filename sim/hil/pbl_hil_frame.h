/* Frames of the hardware-in-the-loop protocol, version 1.0 (docs/hil.md): header, codes, growing
 * buffers, and the parameters of a device as words. Everything is little-endian. Nothing here knows
 * sockets or devices. */
#ifndef PBL_HIL_FRAME_H
#define PBL_HIL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_hw.h"

#define PBL_HIL_MAGIC UINT32_C(0x4C494850) /* "PHIL" */
#define PBL_HIL_VERSION_MAJOR 1
#define PBL_HIL_VERSION_MINOR 0
#define PBL_HIL_HEADER_BYTES 24
#define PBL_HIL_REPLY 0x8000u
/* Limits. The longest frame and the longest ADVANCE bound how late a server sees a lost client. */
#define PBL_HIL_MAX_PAYLOAD (1u << 18)
#define PBL_HIL_MAX_CYCLES (1u << 17)
#define PBL_HIL_NONCE_BYTES 32
#define PBL_HIL_MAC_BYTES 32
#define PBL_HIL_MAX_NAME 64
#define PBL_HIL_HW_WORDS 41

/* X(name, number); numbers are never used again for something else. */
#define PBL_HIL_OPCODES(X) \
  X(HELLO, 1)              \
  X(AUTH, 2)               \
  X(OPEN, 3)               \
  X(CLOSE, 4)              \
  X(INFO, 5)               \
  X(BATCH, 6)              \
  X(ADVANCE, 7)            \
  X(THROTTLE, 8)           \
  X(PING, 9)

/* X(name, number, text) */
#define PBL_HIL_CODES(X)                                     \
  X(OK, 0, "ok")                                             \
  X(PROTOCOL, 1, "bad frame")                                \
  X(VERSION, 2, "wrong version")                             \
  X(AUTH, 3, "not authenticated")                            \
  X(BUSY, 4, "busy")                                         \
  X(NOT_OPEN, 5, "no device open")                           \
  X(REFUSED, 6, "refused")                                   \
  X(DEVICE, 7, "device error") /* bus error, no such port */ \
  X(TIMEOUT, 8, "timeout")     /* no bus response */         \
  X(LIMIT, 9, "limit exceeded")                              \
  X(OPCODE, 10, "unknown opcode")                            \
  X(INTERNAL, 11, "server failure")

enum {
#define PBL_X(name, number) PBL_HIL_##name = number,
  PBL_HIL_OPCODES(PBL_X)
#undef PBL_X
};
enum {
#define PBL_X(name, number, text) PBL_HIL_CODE_##name = number,
  PBL_HIL_CODES(PBL_X)
#undef PBL_X
};

/* Entries of a BATCH: the two low bits of the first word, which are 0 in every address. */
enum { PBL_HIL_READ = 0, PBL_HIL_WRITE = 1, PBL_HIL_WRITE_BLOCK = 2, PBL_HIL_READ_BLOCK = 3 };

typedef struct {
  uint32_t length;       /* of the payload in bytes, at most PBL_HIL_MAX_PAYLOAD */
  uint16_t opcode, code; /* of a reply: opcode | PBL_HIL_REPLY; code 0 in requests */
  uint32_t sequence;     /* chosen by the client, repeated in the reply */
  uint64_t cycles;       /* replies: the device's clocks; requests: 0 */
} pbl_hil_header;

void pbl_hil_header_put(uint8_t bytes[PBL_HIL_HEADER_BYTES], const pbl_hil_header *h);
/* false: wrong magic or too long a payload. */
bool pbl_hil_header_get(pbl_hil_header *h, const uint8_t bytes[PBL_HIL_HEADER_BYTES]);
const char *pbl_hil_opcode_name(unsigned opcode); /* of a request or its reply; "?" */
const char *pbl_hil_code_text(unsigned code);

/* Grows as needed. `failed` stays once memory was short; the content is then not to be used. */
typedef struct {
  uint8_t *data;
  size_t n, size;
  bool failed;
} pbl_hil_buffer;

void pbl_hil_buffer_free(pbl_hil_buffer *b);
/* Room for n more bytes, which are counted in; NULL when memory is short. */
uint8_t *pbl_hil_extend(pbl_hil_buffer *b, size_t n);
void pbl_hil_drop(pbl_hil_buffer *b, size_t n); /* the first n bytes */
void pbl_hil_put8(pbl_hil_buffer *b, uint8_t x);
void pbl_hil_put16(pbl_hil_buffer *b, uint16_t x);
void pbl_hil_put32(pbl_hil_buffer *b, uint32_t x);
void pbl_hil_put64(pbl_hil_buffer *b, uint64_t x);
void pbl_hil_put(pbl_hil_buffer *b, const void *bytes, size_t n);
void pbl_hil_put_text(pbl_hil_buffer *b, const char *text); /* u16 length, bytes without NUL */
/* Replaces four bytes that were put before. */
void pbl_hil_patch32(pbl_hil_buffer *b, size_t at, uint32_t x);

/* Reads what somebody else wrote: beyond the end every value is 0 and `failed` stays. */
typedef struct {
  const uint8_t *data;
  size_t n, at;
  bool failed;
} pbl_hil_cursor;

uint8_t pbl_hil_get8(pbl_hil_cursor *c);
uint16_t pbl_hil_get16(pbl_hil_cursor *c);
uint32_t pbl_hil_get32(pbl_hil_cursor *c);
uint64_t pbl_hil_get64(pbl_hil_cursor *c);
/* NULL when fewer than n bytes are left. */
const uint8_t *pbl_hil_get(pbl_hil_cursor *c, size_t n);
/* Printable ASCII only, others become '?', cut to `size`. */
void pbl_hil_get_text(pbl_hil_cursor *c, char *text, size_t size);
static inline size_t pbl_hil_left(const pbl_hil_cursor *c) {
  return c->n - c->at;
}

/* u16 count, then the parameters in the order of docs/hil.md. Those that mean nothing in the fabric
 * are 0. Reading: missing words are 0; false when a word that this version does not know is not 0,
 * or when the payload ends too early. */
void pbl_hil_put_hw(pbl_hil_buffer *b, const pbl_hw *hw);
bool pbl_hil_get_hw(pbl_hil_cursor *c, pbl_hw *hw);
/* The same device is built for both, which have passed pbl_hw_check (the size of a sparse fabric's
 * graph is no part of it). */
bool pbl_hil_hw_equal(const pbl_hw *a, const pbl_hw *b);

#endif
