/* Inside the recorder. */
#ifndef RECORDER_INTERNAL_H
#define RECORDER_INTERNAL_H

#include "pbl_recorder.h"

#define RECORDER_KEY_SIZE 64

/* Calls; those with an answer have an entry in the journal that begins with their letter. */
typedef enum {
  CALL_OPEN = 'o',
  CALL_CLOSE = 'x',
  CALL_READ = 'r',
  CALL_WRITE = 'w',
  CALL_ADVANCE = 'a',
  CALL_SAMPLES = 's',
  CALL_TELEMETRY = 't',
  CALL_TRACE = 'p',
  CALL_CYCLES = 'c',
  CALL_IRQ = 'i',
  CALL_THROTTLE = 'h',
  CALL_SECONDS = 'k'
} recorder_call;

struct pbl_recorder {
  pbl_device front;   /* first: the vtable casts */
  pbl_device_ops ops; /* of the front: name and optional slots are those of the device */
  pbl_device *device; /* NULL: closed */
  pbl_hw hw;          /* of the device that is open */
  char key[RECORDER_KEY_SIZE];
  pbl_bytes journal;
  uint64_t cycles;        /* as told last */
  uint64_t calls, digest; /* how many there were, and what they were */
  double seconds, since;  /* of work up to the moment `since` */
  /* replay */
  size_t at;            /* in the journal */
  uint64_t last_call;   /* calls that the journal covers */
  uint64_t last_digest; /* after them */
  bool replaying;
  pbl_bytes state; /* of the device at the journal's end */
  pbl_status status;
  pbl_error error; /* of a call that cannot return one */
};

/* Begins a call: counts it, with a digest of its arguments, and goes live when the journal has
 * ended. Then *from_journal says where the answer comes from. */
pbl_status recorder_begin(pbl_recorder *r, recorder_call call, uint64_t a, uint64_t b,
                          bool *from_journal, pbl_error *err);
/* Answer of a call, written or read by one list. */
pbl_archive recorder_entry(pbl_recorder *r, recorder_call call);
pbl_status recorder_end(pbl_recorder *r, const pbl_archive *a, pbl_error *err);
/* recorder_device.c: fills ops for the device that is open. */
void recorder_front(pbl_recorder *r);

#endif
