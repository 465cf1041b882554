/* Keeps what a device answered, so that a run can go on in the middle. The recorder stands in front
 * of a device (it is a device itself) and writes every answer into a journal. A snapshot is the
 * journal and the state of the device. To continue, the same host code is run from its beginning:
 * it gets the answers of the journal, without a device at work, until the journal ends, and from
 * there those of the device, whose state has been restored. The state of the host needs no list of
 * fields: it follows from the answers, since host code depends on nothing else.
 *
 * Devices come one after the other: attach, close, attach, .. One thread. */
#ifndef PBL_RECORDER_H
#define PBL_RECORDER_H

#include "pbl_archive.h"
#include "pbl_device.h"

typedef struct pbl_recorder pbl_recorder;

pbl_status pbl_recorder_create(pbl_recorder **out, pbl_error *err);
void pbl_recorder_destroy(pbl_recorder *r); /* after the device was closed */
/* Forgets everything but the clock: for the next piece of work. */
void pbl_recorder_reset(pbl_recorder *r);

/* *dev (just opened; owned from now on, also on failure) becomes the recorder's front for it, whose
 * close closes both. key: what else than hw the state depends on, or "". INVALID when the device
 * cannot save its state, with the reason. The front must be closed before the recorder ends. */
pbl_status pbl_recorder_attach(pbl_recorder *r, pbl_device **dev, const pbl_hw *hw, const char *key,
                               pbl_error *err);

/* Seconds of work, those before the snapshot included. An answer like others: in a replay those
 * that were given before. */
double pbl_recorder_seconds(pbl_recorder *r);
/* The same, never from the journal and never into it. */
double pbl_recorder_seconds_now(const pbl_recorder *r);

/* Answers come from the journal still. */
bool pbl_recorder_is_replaying(const pbl_recorder *r);
uint64_t pbl_recorder_calls(const pbl_recorder *r); /* so far, those of the journal included */

/* Appends where the host stands, and the state of the device that is open, if one is, with its
 * hardware. *journal: all answers so far, the recorder's own, until the next call. Not while
 * replaying: INVALID. */
pbl_status pbl_recorder_save(pbl_recorder *r, pbl_bytes *position, pbl_bytes *device,
                             const pbl_bytes **journal, pbl_error *err);
/* The same pieces, as they are in a file. An empty `device`: none was open. */
typedef struct {
  const void *position, *device, *journal;
  size_t n_position, n_device, n_journal;
} pbl_recorded;
/* Into a recorder that is new or reset: what is attached next replays. Copies. FORMAT. While it
 * replays or goes on, calls fail with FORMAT where the host does not do what it did, and with
 * CONFIG where hardware or key are not those of the state. */
pbl_status pbl_recorder_load(pbl_recorder *r, const pbl_recorded *from, pbl_error *err);

#endif
