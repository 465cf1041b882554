/* Hardware in the loop, the client: back-end `remote` of the device vtable (sim/pbl_device.h).
 *
 *   pbl_device *dev;
 *   pbl_error err = {0};
 *   if (pbl_hil_open(&dev, "unix:/run/user/1000/pbit", NULL, NULL, &err)) puts(err.message);
 *   dev->ops->write32(dev, 0x00C, 42, &err);
 *   dev->ops->close(dev);
 *
 * The calls, in their order, are those that the server makes on its device, so samples and cycle
 * counts are those of the device itself. Three things differ, to save round trips:
 *
 * - write32 is posted: it returns OK at once and goes out with the next call that needs an answer.
 *   Its bus error is the error of that call and names the register. What was posted behind it in
 *   the same frame is not carried out.
 * - advance() brings the words that have arrived along; stream_read and the others first hand out
 *   these. Words stay where they are while earlier ones have not been read.
 * - advance() runs in pieces of at most 131,072 clocks.
 *
 * cycles() sends what was posted, to know. A lost connection is IO (exit code 3) for this call and
 * all later ones; close() then only frees. Not thread-safe per device. */
#ifndef PBL_HIL_H
#define PBL_HIL_H

#include <stdbool.h>
#include <stdint.h>

#include "pbl_device.h"

typedef struct {
  const char *secret_file; /* NULL: none; with one the server has to know it, too */
  const char *name;        /* what the server calls this client; NULL: program and process */
  uint64_t reset_seed;     /* of the random values that memories start with (RTL) */
  int timeout_ms;          /* without a byte of a reply; 0: 60,000 */
  int open_timeout_ms;     /* for OPEN, when hardware may have to be built; 0: 1,800,000 */
} pbl_hil_options;

/* address: "unix:PATH", "HOST:PORT" or "[IPV6]:PORT". hw: the hardware that is asked for; NULL: the
 * server's default. opt may be NULL. Takes the device until close(): DEVICE, with who has it since
 * when, when another client holds it. CONFIG for a bad address or secret file, IO when nobody
 * answers, DEVICE when the server refuses (version, secret, hardware), TIMEOUT. */
pbl_status pbl_hil_open(pbl_device **out, const char *address, const pbl_hw *hw,
                        const pbl_hil_options *opt, pbl_error *err);
/* Hardware of a device that pbl_hil_open made (sizes of a sparse fabric's graph: as asked for). */
const pbl_hw *pbl_hil_hw(const pbl_device *dev);
/* Built with libsodium: secrets can be used. */
bool pbl_hil_has_secrets(void);
/* Clocks until the device stopped in the last advance() ("it stopped early": interrupt or a full
 * receive buffer). */
uint64_t pbl_hil_last_advance(const pbl_device *dev);

#endif
