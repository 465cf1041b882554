#include "hil_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pbl_progress.h"

#define STOP_MS 5000

static pbl_status parse_unix(hil_address *out, const char *path, pbl_error *err) {
  struct sockaddr_un *a = &out->to.local;
  if (path[0] == '\0' || strlen(path) >= sizeof a->sun_path)
    return pbl_fail(err, PBL_CONFIG, "address unix:%s: a path of 1 to %zu bytes is asked for", path,
                    sizeof a->sun_path - 1);
  a->sun_family = AF_UNIX;
  memcpy(a->sun_path, path, strlen(path) + 1);
  out->length = sizeof *a;
  out->is_unix = true;
  return PBL_OK;
}

static bool is_loopback(const struct sockaddr *a) {
  if (a->sa_family == AF_INET) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)a;
    return ntohl(in->sin_addr.s_addr) >> 24 == 127;
  }
  const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)a;
  return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&in->sin6_addr);
}

static pbl_status parse_tcp(hil_address *out, const char *text, pbl_error *err) {
  char host[128];
  const char *colon = strrchr(text, ':');
  const char *begin = text, *end = colon;
  char *rest = NULL;
  const long port = colon ? strtol(colon + 1, &rest, 10) : -1;
  if (!colon || rest == colon + 1 || *rest || port < 0 || port > 65535 || colon == text)
    return pbl_fail(err, PBL_CONFIG, "address '%s': HOST:PORT or unix:PATH is asked for", text);
  if (*begin == '[' && end[-1] == ']') begin++, end--;
  if (end <= begin || (size_t)(end - begin) >= sizeof host)
    return pbl_fail(err, PBL_CONFIG, "address '%s': HOST:PORT or unix:PATH is asked for", text);
  memcpy(host, begin, (size_t)(end - begin));
  host[end - begin] = '\0';
  struct addrinfo *found = NULL;
  const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  const int e = getaddrinfo(host, colon + 1, &hints, &found);
  if (e || !found)
    return pbl_fail(err, PBL_CONFIG, "address '%s': %s", text, e ? gai_strerror(e) : "none found");
  memcpy(&out->to, found->ai_addr, found->ai_addrlen);
  out->length = found->ai_addrlen;
  out->is_loopback = is_loopback(&out->to.any);
  freeaddrinfo(found);
  return PBL_OK;
}

pbl_status hil_address_parse(hil_address *out, const char *text, pbl_error *err) {
  memset(out, 0, sizeof *out);
  if (strlen(text) >= sizeof out->text)
    return pbl_fail(err, PBL_CONFIG, "an address of more than %zu bytes", sizeof out->text - 1);
  memcpy(out->text, text, strlen(text) + 1);
  if (strncmp(text, "unix:", 5) == 0) return parse_unix(out, text + 5, err);
  return parse_tcp(out, text, err);
}

/* Others must not be able to put a socket of their own in this one's place. */
static pbl_status check_folder(const char *path, pbl_error *err) {
  char folder[128];
  struct stat s;
  snprintf(folder, sizeof folder, "%s", path);
  char *slash = strrchr(folder, '/');
  if (!slash)
    snprintf(folder, sizeof folder, ".");
  else
    slash[slash == folder] = '\0';
  if (stat(folder, &s) != 0)
    return pbl_fail(err, PBL_CONFIG, "unix:%s: folder %s: %s", path, folder, strerror(errno));
  if ((s.st_mode & 022) && !(s.st_mode & S_ISVTX))
    return pbl_fail(err, PBL_CONFIG,
                    "unix:%s: others can write to folder %s (mode %03o): choose one of your own",
                    path, folder, (unsigned)(s.st_mode & 0777));
  return PBL_OK;
}

static pbl_status clear_stale(const hil_address *a, pbl_error *err) {
  const char *path = a->to.local.sun_path;
  struct stat s;
  if (lstat(path, &s) != 0) return PBL_OK;
  if (!S_ISSOCK(s.st_mode))
    return pbl_fail(err, PBL_CONFIG, "unix:%s is there and is not a socket", path);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool served = fd >= 0 && connect(fd, &a->to.any, a->length) == 0;
  const int e = errno;
  if (fd >= 0) close(fd);
  if (served) return pbl_fail(err, PBL_DEVICE, "unix:%s: another server listens there", path);
  if (e != ECONNREFUSED)
    return pbl_fail(err, PBL_DEVICE, "unix:%s is there and cannot be asked: %s", path, strerror(e));
  unlink(path);
  return PBL_OK;
}

static void say_port(hil_address *a, int fd) {
  struct sockaddr_storage s;
  socklen_t n = sizeof s;
  char port[16];
  if (getsockname(fd, (struct sockaddr *)&s, &n) != 0 ||
      getnameinfo((struct sockaddr *)&s, n, NULL, 0, port, sizeof port, NI_NUMERICSERV) != 0)
    return;
  char *colon = strrchr(a->text, ':');
  snprintf(colon, sizeof a->text - (size_t)(colon - a->text), ":%s", port);
}

pbl_status hil_listen(int *fd, hil_address *a, pbl_error *err) {
  pbl_status st = PBL_OK;
  const int one = 1;
  if (a->is_unix) st = check_folder(a->to.local.sun_path, err);
  if (!st && a->is_unix) st = clear_stale(a, err);
  if (st) return st;
  *fd = socket(a->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (*fd < 0) return pbl_fail(err, PBL_IO, "%s: no socket: %s", a->text, strerror(errno));
  if (!a->is_unix) setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const mode_t mask = umask(0177);
  const int bound = bind(*fd, &a->to.any, a->length);
  umask(mask);
  if (bound != 0 || listen(*fd, 16) != 0) {
    st = pbl_fail(err, PBL_IO, "cannot listen on %s: %s", a->text, strerror(errno));
    close(*fd);
    *fd = -1;
    return st;
  }
  if (!a->is_unix) say_port(a, *fd);
  return PBL_OK;
}

pbl_status hil_connect(int *fd, const hil_address *a, bool trusted, pbl_error *err) {
  struct stat s;
  const char *path = a->to.local.sun_path;
  if (a->is_unix && !trusted && stat(path, &s) == 0 && s.st_uid != geteuid() && s.st_uid != 0)
    return pbl_fail(err, PBL_CONFIG,
                    "unix:%s belongs to another user (uid %u): use a secret with its server", path,
                    (unsigned)s.st_uid);
  *fd = socket(a->to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (*fd < 0) return pbl_fail(err, PBL_IO, "%s: no socket: %s", a->text, strerror(errno));
  if (connect(*fd, &a->to.any, a->length) == 0) {
    hil_tune(*fd, a->is_unix);
    return PBL_OK;
  }
  const int e = errno;
  close(*fd);
  *fd = -1;
  return pbl_fail(err, PBL_IO, "cannot reach a server at %s: %s; is `pbitloop serve` running?",
                  a->text, strerror(e));
}

void hil_tune(int fd, bool is_unix) {
  const int one = 1, idle = 10, interval = 5, count = 3;
  if (is_unix) return;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

static int64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A user who asks to stop does not wait for a silent server as long as a run does. */
static pbl_status wait_for(int fd, short events, int timeout_ms, pbl_error *err) {
  struct pollfd p = {.fd = fd, .events = events};
  const int64_t start = now_ms();
  int n;
  do {
    if (pbl_progress_stop_requested() && timeout_ms > STOP_MS) timeout_ms = STOP_MS;
    const int64_t left = start + timeout_ms - now_ms();
    n = poll(&p, 1, left > 0 ? (int)left : 0);
  } while (n < 0 && errno == EINTR);
  if (n > 0) return PBL_OK;
  if (n == 0)
    return pbl_fail(err, PBL_TIMEOUT, "nothing moved for %d ms (%s)", timeout_ms,
                    events == POLLIN ? "no reply" : "the other side does not read");
  return pbl_fail(err, PBL_IO, "poll: %s", strerror(errno));
}

pbl_status hil_send(int fd, const void *bytes, size_t n, int timeout_ms, pbl_error *err) {
  const char *p = bytes;
  while (n > 0) {
    const ssize_t k = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (k > 0) {
      p += k;
      n -= (size_t)k;
    } else if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      const pbl_status st = wait_for(fd, POLLOUT, timeout_ms, err);
      if (st) return st;
    } else if (errno != EINTR) {
      return pbl_fail(err, PBL_IO, "the connection was closed by the other side (%s)",
                      strerror(errno));
    }
  }
  return PBL_OK;
}

/* All of it in that time, so that bytes that drip in one by one end, too. */
pbl_status hil_receive(int fd, void *bytes, size_t n, int timeout_ms, pbl_error *err) {
  char *p = bytes;
  const int64_t end = now_ms() + timeout_ms;
  while (n > 0) {
    const ssize_t k = recv(fd, p, n, MSG_DONTWAIT);
    if (k > 0) {
      p += k;
      n -= (size_t)k;
    } else if (k == 0) {
      return pbl_fail(err, PBL_IO, "the connection was closed by the other side");
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      const int64_t left = end - now_ms();
      const pbl_status st = left > 0 ? wait_for(fd, POLLIN, (int)left, err) : PBL_TIMEOUT;
      if (st == PBL_TIMEOUT && p != bytes && !pbl_progress_stop_requested())
        return pbl_fail(err, st, "half a reply had come after %d ms", timeout_ms);
      if (st) return st;
    } else if (errno != EINTR) {
      return pbl_fail(err, PBL_IO, "the connection was closed by the other side (%s)",
                      strerror(errno));
    }
  }
  return PBL_OK;
}

bool hil_is_hung_up(int fd) {
  struct pollfd p = {.fd = fd, .events = POLLRDHUP};
  return poll(&p, 1, 0) > 0 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR));
}
