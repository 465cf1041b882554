/* The client's connection: frames out, replies in, several under way. Internal to sim/hil. */
#ifndef HIL_LINK_H
#define HIL_LINK_H

#include "hil_secret.h"
#include "hil_socket.h"
#include "pbl_hil_frame.h"

#define HIL_LINK_ASKED 16 /* more than are ever under way */

typedef struct {
  int fd, timeout_ms;
  char address[160];
  uint32_t sequence;              /* of the next frame */
  uint32_t next_reply;            /* of the next reply */
  uint16_t asked[HIL_LINK_ASKED]; /* opcodes of the last frames */
  uint64_t cycles;                /* as of the last reply */
  bool lost;                      /* no frame can follow */
  pbl_error why;                  /* then; or of a posted frame that failed (posted_failed) */
  bool posted_failed;
  pbl_hil_buffer out, in; /* frames not sent yet; payload of the last reply */
} hil_link;

/* Connects, greets and proves. DEVICE, IO, CONFIG, TIMEOUT; the link is then closed. */
pbl_status hil_link_open(hil_link *l, const char *address, const char *secret_file,
                         const char *name, int timeout_ms, pbl_error *err);
void hil_link_close(hil_link *l);

/* Adds a frame to what goes out next. */
void hil_link_queue(hil_link *l, uint16_t opcode, const void *payload, size_t n);
/* Sends what is queued, without waiting for replies, but for those of older frames when many are
 * under way. Failures are kept for the next hil_link_wait. */
void hil_link_post(hil_link *l);
/* Sends, and waits until every frame is answered. *reply is the payload of the last one. The error
 * of an earlier, posted frame goes first. */
pbl_status hil_link_wait(hil_link *l, pbl_hil_cursor *reply, pbl_error *err);
/* A reply whose payload makes no sense: nothing that follows can be trusted. IO. */
pbl_status hil_link_malformed(hil_link *l, const char *what, pbl_error *err);

#endif
