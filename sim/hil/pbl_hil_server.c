#include "pbl_hil_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hil_core.h"
#include "hil_socket.h"

#define MAX_CLIENTS 16
#define LOOK_MS 200      /* from one look at clocks and stop requests to the next */
#define GREETING_MS 5000 /* from the connection to the end of HELLO and AUTH */
#define FRAME_MS 10000   /* from the first byte of a frame to its last */
#define SEND_MS 10000    /* a client that takes no byte of a reply for that long is dropped, */
#define YIELD_MS 500     /* or for that long when another asks for the device that it holds */
#define RECEIVE_BYTES 65536

typedef struct {
  hil_peer peer;
  int fd;
  uint64_t came_ms, frame_ms; /* frame_ms: the first byte of an unfinished frame; 0: none */
  uint64_t moved_ms;          /* the last byte in either direction */
  pbl_hil_buffer out;         /* of a reply, what the client has not taken yet */
  bool closes;                /* after that */
  bool gone;                  /* to be dropped */
} client;

typedef struct {
  pbl_progress base; /* of a device that is being built */
  hil_service service;
  hil_core core;
  hil_secret secret;
  int fd, serving_fd;
  client *clients[MAX_CLIENTS];
  size_t n;
  pbl_hil_buffer out;
} server;

static uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* A client that leaves while its device is built frees the server. */
static bool still_wanted(pbl_progress *self, const char *what, uint64_t done, uint64_t total) {
  const server *s = (const server *)self;
  (void)what, (void)done, (void)total;
  return !pbl_progress_stop_requested() && !hil_is_hung_up(s->serving_fd);
}

static void note(pbl_progress *self, const char *line) {
  const hil_service *v = &((const server *)self)->service;
  if (v->log) v->log(v->user, line);
}

static void describe(char *text, size_t size, int fd) {
  struct sockaddr_storage a;
  socklen_t n = sizeof a;
  struct ucred who;
  socklen_t m = sizeof who;
  char host[64], port[16];
  if (getpeername(fd, (struct sockaddr *)&a, &n) == 0 && a.ss_family != AF_UNIX &&
      getnameinfo((struct sockaddr *)&a, n, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
    snprintf(text, size, "%s:%s", host, port);
  } else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &m) == 0) {
    snprintf(text, size, "process %ld of user %lu", (long)who.pid, (unsigned long)who.uid);
  } else {
    snprintf(text, size, "unknown");
  }
}

static void drop(server *s, size_t k) {
  client *c = s->clients[k];
  hil_peer_release(&c->peer);
  pbl_hil_buffer_free(&c->out);
  close(c->fd);
  free(c);
  s->clients[k] = s->clients[--s->n];
}

/* Connections that only stand there must not keep others out: the one that has been silent for
 * longest goes, unless it holds the device. */
static void make_room(server *s) {
  size_t longest = s->n;
  if (s->n < MAX_CLIENTS) return;
  for (size_t k = 0; k < s->n; k++) {
    const client *c = s->clients[k];
    if (s->core.holder == &c->peer || now_ms() - c->moved_ms < YIELD_MS) continue;
    if (longest == s->n || c->moved_ms < s->clients[longest]->moved_ms) longest = k;
  }
  if (longest < s->n) drop(s, longest);
}

static void welcome(server *s) {
  char from[96];
  const int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  make_room(s);
  client *c = s->n < MAX_CLIENTS ? calloc(1, sizeof *c) : NULL;
  if (!c) {
    close(fd);
    return;
  }
  describe(from, sizeof from, fd);
  hil_tune(fd, strncmp(from, "process", 7) == 0);
  hil_peer_init(&c->peer, &s->core, from);
  c->fd = fd;
  c->came_ms = c->moved_ms = now_ms();
  s->clients[s->n++] = c;
}

/* false: the client has gone. */
static bool receive(client *c) {
  uint8_t bytes[RECEIVE_BYTES];
  const ssize_t n = recv(c->fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  if (n == 0) return false;
  c->moved_ms = now_ms();
  if (c->frame_ms == 0) c->frame_ms = c->moved_ms;
  return hil_peer_push(&c->peer, bytes, (size_t)n);
}

/* As much of the bytes as the client takes now. false: it has gone. */
static bool send_some(client *c, const uint8_t *bytes, size_t n, size_t *sent) {
  *sent = 0;
  while (*sent < n) {
    const ssize_t k = send(c->fd, bytes + *sent, n - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (k < 0 && errno == EINTR) continue;
    if (k < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    *sent += (size_t)k;
    c->moved_ms = now_ms();
  }
  return true;
}

/* Who reads slowly waits for itself alone: what it does not take stays here. */
static bool reply(client *c, const pbl_hil_buffer *out) {
  size_t sent = 0;
  if (!send_some(c, out->data, out->n, &sent)) return false;
  if (sent < out->n) c->moved_ms = now_ms(); /* here its waiting begins */
  pbl_hil_put(&c->out, out->data + sent, out->n - sent);
  return !c->out.failed && !(c->closes && c->out.n == 0);
}

static bool flush(client *c) {
  size_t sent = 0;
  if (!send_some(c, c->out.data, c->out.n, &sent)) return false;
  pbl_hil_drop(&c->out, sent);
  return !(c->closes && c->out.n == 0);
}

/* A holder that takes none of its replies is not waited for. */
static void yield_device(server *s, const client *wants) {
  const hil_peer *holder = s->core.holder;
  if (!holder || holder == &wants->peer || hil_peer_next(&wants->peer) != PBL_HIL_OPEN) return;
  for (size_t k = 0; k < s->n; k++) {
    client *c = s->clients[k];
    if (&c->peer == holder && c->out.n > 0 && now_ms() - c->moved_ms > YIELD_MS) {
      hil_peer_give_up(&c->peer, "does not read; the device goes to another");
      c->gone = true;
    }
  }
}

/* One frame. false: the connection is to be closed. */
static bool answer(server *s, client *c) {
  s->serving_fd = c->fd;
  yield_device(s, c);
  const hil_step step = hil_peer_step(&c->peer, &s->out);
  if (step == HIL_NEEDS_MORE) return true;
  c->frame_ms = c->peer.in.n > 0 ? now_ms() : 0;
  c->closes = step == HIL_CLOSE;
  return reply(c, &s->out);
}

static bool is_late(const client *c) {
  const uint64_t now = now_ms();
  if (c->gone || (c->out.n > 0 && now - c->moved_ms > SEND_MS)) return true;
  if (c->out.n > 0) return false;
  if (!c->peer.proved && now - c->came_ms > GREETING_MS) return true;
  return c->frame_ms != 0 && !hil_peer_has_frame(&c->peer) && now - c->frame_ms > FRAME_MS;
}

static void look_at(server *s, const struct pollfd *p) {
  for (size_t k = s->n; k-- > 0;) {
    client *c = s->clients[k];
    bool stays = !(p[k].revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL));
    if (stays && (p[k].revents & POLLIN)) stays = receive(c);
    if (stays && c->out.n > 0)
      stays = flush(c);
    else if (stays)
      stays = answer(s, c);
    if (!stays || is_late(c)) drop(s, k);
  }
}

static void loop(server *s) {
  struct pollfd p[MAX_CLIENTS + 1];
  while (!pbl_progress_stop_requested()) {
    bool waiting = false;
    const size_t n = s->n;
    for (size_t k = 0; k < n; k++) {
      const client *c = s->clients[k];
      const bool stuck = c->out.n > 0, ready = !stuck && hil_peer_has_frame(&c->peer);
      waiting |= ready;
      p[k] = (struct pollfd){.fd = c->fd,
                             .events = (short)(POLLRDHUP | (stuck   ? POLLOUT
                                                            : ready ? 0
                                                                    : POLLIN))};
    }
    p[n] = (struct pollfd){.fd = s->fd, .events = POLLIN};
    if (poll(p, n + 1, waiting ? 0 : LOOK_MS) < 0) {
      if (errno != EINTR) break;
      continue;
    }
    look_at(s, p);
    if (p[n].revents & POLLIN) welcome(s);
  }
}

static pbl_status check_address(const hil_address *a, const pbl_hil_server_options *o,
                                pbl_error *err) {
  if (a->is_unix || a->is_loopback || o->secret_file) return PBL_OK;
  if (!hil_secret_available())
    return pbl_fail(err, PBL_CONFIG,
                    "%s can be reached from other machines, which needs a secret, and this program "
                    "was built without libsodium; listen on 127.0.0.1 or unix:PATH",
                    a->text);
  return pbl_fail(err, PBL_CONFIG,
                  "%s can be reached from other machines: --secret FILE is needed there, or listen "
                  "on 127.0.0.1 or unix:PATH",
                  a->text);
}

static void warn(const hil_address *a, const pbl_hil_server_options *o) {
  if (a->is_unix || a->is_loopback || !o->log) return;
  o->log(o->user,
         "WARNING: this address can be reached from other machines. Clients must know the secret, "
         "but the traffic is neither encrypted nor protected against change: use it in a network "
         "that you trust, or through an SSH tunnel.");
}

pbl_status pbl_hil_serve(const pbl_hil_server_options *o, pbl_error *err) {
  hil_address address;
  server *s = calloc(1, sizeof *s);
  if (!s) return pbl_fail(err, PBL_NO_MEMORY, "serve: out of memory");
  s->fd = -1;
  s->base = (pbl_progress){.report = still_wanted, .note = note};
  s->service = (hil_service){.device = o->device,
                             .open = o->open,
                             .user = o->user,
                             .offered = o->offered,
                             .n_offered = o->n_offered,
                             .secret = o->secret_file ? &s->secret : NULL,
                             .log = o->log};
  pbl_status st = hil_address_parse(&address, o->listen, err);
  if (!st) st = check_address(&address, o, err);
  if (!st && o->secret_file) st = hil_secret_load(&s->secret, o->secret_file, err);
  if (!st) st = hil_core_init(&s->core, &s->service, &s->base, err);
  if (!st) st = hil_listen(&s->fd, &address, err);
  if (!st) {
    warn(&address, o);
    if (o->ready) o->ready(o->user, address.text);
    loop(s);
    while (s->n > 0) drop(s, s->n - 1);
    close(s->fd);
    if (address.is_unix) unlink(address.to.local.sun_path);
  }
  hil_core_release(&s->core);
  hil_secret_wipe(&s->secret);
  pbl_hil_buffer_free(&s->out);
  free(s);
  return st;
}
