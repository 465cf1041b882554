/* The server without its sockets: bytes of a client in, replies out, one device that at most one
 * client holds. Internal to sim/hil; tests and the fuzzer drive it directly. */
#ifndef HIL_CORE_H
#define HIL_CORE_H

#include <stdbool.h>
#include <time.h>

#include "hil_secret.h"
#include "pbl_device.h"
#include "pbl_hil_frame.h"
#include "pbl_progress.h"

/* What is served. */
typedef struct {
  const char *device; /* "rtl", "twin" */
  /* A device fresh from power-up. The progress says when the client has gone meanwhile. */
  pbl_status (*open)(void *user, pbl_device **out, const pbl_hw *hw, uint64_t reset_seed,
                     pbl_progress *p, pbl_error *err);
  void *user;
  const pbl_hw *offered;    /* the only hardware that can be opened; the first is the default */
  size_t n_offered;         /* 0: any */
  const hil_secret *secret; /* NULL: none */
  void (*log)(void *user, const char *line); /* or NULL */
} hil_service;

typedef struct hil_peer hil_peer;

typedef struct {
  const hil_service *service;
  pbl_progress *progress;
  pbl_device *dev; /* NULL: nobody holds it */
  pbl_hw hw;
  hil_peer *holder;
  time_t since;
  uint32_t *words; /* one reply's */
  uint8_t *last;
} hil_core;

/* One connection. */
struct hil_peer {
  hil_core *core;
  char name[PBL_HIL_MAX_NAME + 1]; /* as the client says */
  char from[96];                   /* as the socket says */
  bool greeted, proved;            /* HELLO; AUTH where there is a secret */
  uint8_t client_nonce[PBL_HIL_NONCE_BYTES], server_nonce[PBL_HIL_NONCE_BYTES];
  pbl_hil_buffer in;
};

pbl_status hil_core_init(hil_core *core, const hil_service *service, pbl_progress *progress,
                         pbl_error *err);
void hil_core_release(hil_core *core); /* after its peers */

void hil_peer_init(hil_peer *peer, hil_core *core, const char *from);
/* Frees the device if the peer holds it. */
void hil_peer_release(hil_peer *peer);

typedef enum {
  HIL_NEEDS_MORE, /* no whole frame has arrived */
  HIL_REPLIED,    /* one frame was answered: *out is its reply */
  HIL_CLOSE       /* send *out and close the connection */
} hil_step;

/* Takes bytes as they come. false: no memory. */
bool hil_peer_push(hil_peer *peer, const void *bytes, size_t n);
/* Carries out the next frame. */
hil_step hil_peer_step(hil_peer *peer, pbl_hil_buffer *out);
bool hil_peer_has_frame(const hil_peer *peer); /* a step would not need more */
unsigned hil_peer_next(const hil_peer *peer);  /* opcode of the next frame; 0: none */
/* Frees the device if the peer holds it; the log says why. */
void hil_peer_give_up(hil_peer *peer, const char *why);

/* ---- hil_operations.c ---- */

/* The frame that is being carried out. */
typedef struct {
  hil_peer *peer;
  pbl_hil_cursor in;
  pbl_hil_buffer *out; /* its payload begins at `start` */
  size_t start;
  bool closes;
} hil_request;

/* Replaces the payload by that of an error; returns `code`. */
uint16_t hil_refuse(hil_request *r, uint16_t code, uint32_t detail, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
uint16_t hil_batch(hil_request *r);
uint16_t hil_advance(hil_request *r);
uint16_t hil_throttle(hil_request *r);

#endif
