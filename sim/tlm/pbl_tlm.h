/* Back-end `tlm`: a device (normally the Verilated RTL) as a SystemC TLM-2.0 target, driven by this
 * process through bus transactions (docs/systemc.md). C interface; programs in SystemC use
 * pbl_tlm_target.h instead.
 *
 * SystemC has one kernel per process, with one time, and takes no new modules once it runs. So the
 * first open makes PBL_TLM_DEVICES places; open takes one, close gives it back, and what happened
 * before is not seen by the next device but in the kernel's time. All calls must come from the
 * thread of the first open. */
#ifndef PBL_TLM_H
#define PBL_TLM_H

#include "pbl_device.h"

#define PBL_TLM_DEVICES 8 /* open at once */
#define PBL_TLM_PERIOD_NS 10

typedef struct {
  uint64_t quantum_ns; /* 1..1e9: how far the host runs ahead of the kernel; 0: 10,000 */
} pbl_tlm_options;

/* Version of SystemC, NULL when this program was built without. Static. */
const char *pbl_tlm_version(void);
/* NOT_FOUND, naming the package, when this program was built without SystemC. */
pbl_status pbl_tlm_available(pbl_error *err);

/* Puts `model` behind a TLM-2.0 socket. Takes ownership of it (closed by close, also on failure).
 * INVALID for a quantum out of range; DEVICE when all places are taken, when another thread opened
 * the first device, or when the kernel is used for something else. */
pbl_status pbl_tlm_open(pbl_device **out, pbl_device *model, const pbl_tlm_options *opt,
                        pbl_error *err);

#endif
