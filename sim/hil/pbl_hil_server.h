/* Hardware in the loop, the server: lends a device to clients, one after the other. */
#ifndef PBL_HIL_SERVER_H
#define PBL_HIL_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_device.h"
#include "pbl_progress.h"

typedef struct {
  const char *listen; /* "unix:PATH", "HOST:PORT"; port 0: any that is free */
  /* File with the secret that clients must know, or NULL. Needed for every address that other
   * machines can reach. */
  const char *secret_file;
  const char *device; /* its kind in words: "rtl", "twin" */
  /* A device fresh from power-up for each client; called between frames only. */
  pbl_status (*open)(void *user, pbl_device **out, const pbl_hw *hw, uint64_t reset_seed,
                     pbl_progress *p, pbl_error *err);
  void *user;
  const pbl_hw *offered; /* checked; what clients may open, the first by default */
  size_t n_offered;      /* 0: anything, without a default */
  /* Called once when clients can come, with the address (and the port that was chosen). */
  void (*ready)(void *user, const char *address);
  void (*log)(void *user, const char *line); /* who came and left, or NULL */
} pbl_hil_server_options;

/* Serves until pbl_progress_stop_requested(), then returns OK. Single-threaded. CONFIG for an
 * address or secret that cannot be used, IO when it cannot listen. */
pbl_status pbl_hil_serve(const pbl_hil_server_options *o, pbl_error *err);

#endif
