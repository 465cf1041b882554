/* Addresses and sockets of server and client. Internal to sim/hil. */
#ifndef HIL_SOCKET_H
#define HIL_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "pbl_error.h"

typedef struct {
  union {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_storage room;
  } to;
  socklen_t length;
  bool is_unix, is_loopback;
  char text[160]; /* as given */
} hil_address;

/* "unix:PATH", "HOST:PORT" or "[IPV6]:PORT"; the name is looked up. CONFIG on anything else. */
pbl_status hil_address_parse(hil_address *out, const char *text, pbl_error *err);

/* A listening socket, not inherited. A Unix socket has mode 600 and must lie in a folder where no
 * other user can replace it; a socket file that nobody serves any more is removed. */
pbl_status hil_listen(int *fd, hil_address *a, pbl_error *err);
/* CONFIG when the socket file belongs to another user and `trusted` (the server will have to show
 * that it knows the secret) is false. */
pbl_status hil_connect(int *fd, const hil_address *a, bool trusted, pbl_error *err);
/* No delay of small packets, and a peer whose machine has gone is noticed within half a minute. */
void hil_tune(int fd, bool is_unix);

/* All n bytes within timeout_ms of standing still; IO otherwise. */
pbl_status hil_send(int fd, const void *bytes, size_t n, int timeout_ms, pbl_error *err);
pbl_status hil_receive(int fd, void *bytes, size_t n, int timeout_ms, pbl_error *err);
bool hil_is_hung_up(int fd); /* the other side has closed */

#endif
