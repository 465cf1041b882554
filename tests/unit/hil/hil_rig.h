/* A server without sockets that lends twins, and frames as a client writes them. */
#ifndef HIL_RIG_H
#define HIL_RIG_H

#include "hil_core.h"
#include "pbl_cmocka.h"

typedef struct {
  hil_service service;
  hil_core core;
  hil_peer peer;
  pbl_hil_buffer out;   /* the last reply */
  pbl_hil_header reply; /* its header */
  pbl_hil_cursor body;  /* its payload */
  uint32_t sequence;
} hil_rig;

pbl_status rig_open_twin(void *user, pbl_device **out, const pbl_hw *hw, uint64_t reset_seed,
                         pbl_progress *p, pbl_error *err);
void rig_start(hil_rig *r, const pbl_hw *offered, const hil_secret *secret);
void rig_stop(hil_rig *r);
/* One frame of a peer; its answer is in r. */
hil_step rig_ask(hil_rig *r, hil_peer *peer, uint16_t opcode, const pbl_hil_buffer *payload);
void rig_payload(pbl_hil_buffer *b, unsigned n_words, ...); /* of 32 bits each */
hil_step rig_hello(hil_rig *r, hil_peer *peer, unsigned major, const char *name);
hil_step rig_open(hil_rig *r, hil_peer *peer, const pbl_hw *hw); /* NULL: the default */
/* The text of an error reply. */
const char *rig_text(hil_rig *r);

#endif
