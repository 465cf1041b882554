/* A board of software behind a file: for `--device uio:PATH` in another process. */
#ifndef PBL_UIO_SERVER_H
#define PBL_UIO_SERVER_H

#include <stdbool.h>

#include "pbl_device.h"

typedef struct {
  const char *path;
  /* A device fresh from power-up, for every client and every reset. */
  pbl_status (*open)(void *user, pbl_device **out, pbl_error *err);
  void *user;
  bool has_trace; /* the device has a trace port */
  /* Called once when clients can come. */
  void (*ready)(void *user, const char *path);
  void (*log)(void *user, const char *line); /* what the device failed of, or NULL */
} pbl_uio_server_options;

/* Creates the file (mode 600; replaces the one of a server that has gone), serves until
 * pbl_progress_stop_requested(), removes it, returns OK. Single-threaded. CONFIG for a path that
 * cannot be used, DEVICE when another server is behind it, and what open() says. */
pbl_status pbl_uio_serve(const pbl_uio_server_options *o, pbl_error *err);

#endif
