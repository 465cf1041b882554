#include "pbl_uio_server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pbl_progress.h"
#include "uio_board.h"
#include "uio_mailbox.h"

#define LOOK_NS 100000000u /* from one look after stop requests to the next */

typedef struct {
  const pbl_uio_server_options *o;
  int fd;
  uio_mailbox *box;
  uio_board board;
  pbl_error failed; /* of the device, outside a request: told by the next answer */
  uint32_t in[UIO_MAILBOX_WORDS];
} server;

/* ---- the file ---- */

/* Empty (just created), or left behind by a server. */
static pbl_status check_old(int fd, const char *path, pbl_error *err) {
  struct stat s;
  char magic[8] = "";
  if (fstat(fd, &s) != 0) return pbl_fail(err, PBL_IO, "%s: %s", path, strerror(errno));
  if (!S_ISREG(s.st_mode) || s.st_uid != geteuid())
    return pbl_fail(err, PBL_CONFIG, "serve: %s is there and is not a file of yours", path);
  if (s.st_size > 0 && (pread(fd, magic, sizeof magic, 0) != (ssize_t)sizeof magic ||
                        memcmp(magic, UIO_MAILBOX_MAGIC, sizeof magic) != 0))
    return pbl_fail(err, PBL_CONFIG, "serve: %s is there and is not a device file: remove it first",
                    path);
  return PBL_OK;
}

static bool is_file_of(int fd, const char *path) {
  struct stat ours, there;
  return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_dev == there.st_dev &&
         ours.st_ino == there.st_ino;
}

static pbl_status other_server(const char *path, pbl_error *err) {
  return pbl_fail(err, PBL_DEVICE, "serve: another server is behind %s", path);
}

/* A file that a server left goes away as a whole: a client may still have it mapped, and must
 * neither lose the memory under its feet nor be served by a device that is not its own. */
static pbl_status remove_old(const char *path, pbl_error *err) {
  const int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return PBL_OK;
  if (fd < 0)
    return pbl_fail(err, PBL_CONFIG, "serve: cannot create %s: %s", path, strerror(errno));
  pbl_status st = check_old(fd, path, err);
  if (!st && (!uio_lock(fd, UIO_LOCK_SERVER) || !is_file_of(fd, path)))
    st = other_server(path, err);
  if (!st && unlink(path) != 0)
    st = pbl_fail(err, PBL_IO, "serve: cannot remove %s: %s", path, strerror(errno));
  close(fd);
  return st;
}

static pbl_status create_file(server *s, pbl_error *err) {
  const char *path = s->o->path;
  const pbl_status st = remove_old(path, err);
  if (st) return st;
  s->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (s->fd < 0 && errno == EEXIST) return other_server(path, err);
  if (s->fd < 0)
    return pbl_fail(err, PBL_CONFIG, "serve: cannot create %s: %s", path, strerror(errno));
  if (!uio_lock(s->fd, UIO_LOCK_SERVER) || !is_file_of(s->fd, path)) return other_server(path, err);
  const int full = posix_fallocate(s->fd, 0, (off_t)sizeof *s->box);
  if (full) return pbl_fail(err, PBL_IO, "serve: %s: %s", path, strerror(full));
  s->box = mmap(NULL, sizeof *s->box, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
  if (s->box == MAP_FAILED) {
    s->box = NULL;
    return pbl_fail(err, PBL_IO, "serve: cannot map %s: %s", path, strerror(errno));
  }
  s->box->version = UIO_MAILBOX_VERSION;
  s->box->bytes = sizeof *s->box;
  atomic_thread_fence(memory_order_seq_cst);
  memcpy(s->box->magic, UIO_MAILBOX_MAGIC, sizeof s->box->magic); /* last: now it is one */
  return PBL_OK;
}

/* ---- requests ---- */

static pbl_status bad(pbl_error *err) {
  return pbl_fail(err, PBL_FORMAT, "a request that is cut or too long");
}

/* The accesses of a private copy: the client may change its own meanwhile. */
static pbl_status carry_out(server *s, uint32_t n_in, uint32_t *n_out, pbl_error *err) {
  uio_mailbox *box = s->box;
  pbl_status st = n_in <= UIO_MAILBOX_WORDS && n_in % 2 == 0 ? PBL_OK : bad(err);
  if (st) return st;
  memcpy(s->in, box->in, n_in * sizeof *s->in);
  for (uint32_t at = 0; !st && at < n_in; at += 2) {
    const uint32_t address = s->in[at] & ~3u, kind = s->in[at] & 3u, word = s->in[at + 1];
    if (address >= PBL_BOARD_WINDOW_BYTES || kind > UIO_ACCESS_WRITE ||
        (kind == UIO_ACCESS_READ && word > UIO_MAILBOX_WORDS - *n_out))
      return bad(err);
    if (kind == UIO_ACCESS_WRITE) {
      st = uio_board_write(&s->board, address, word, err);
      continue;
    }
    for (uint32_t k = 0; !st && k < word; k++) {
      uint32_t value = 0;
      st = uio_board_read(&s->board, &value, address, err);
      box->out[(*n_out)++] = value;
    }
  }
  return st;
}

static void say(const server *s, const char *line) {
  if (s->o->log) s->o->log(s->o->user, line);
}

static void answer(server *s, uint32_t request) {
  uio_mailbox *box = s->box;
  pbl_error err = s->failed;
  uint32_t n_out = 0;
  pbl_status st = s->failed.status;
  s->failed = (pbl_error){0};
  if (!st) st = carry_out(s, box->n_in, &n_out, &err);
  box->status = (uint32_t)st;
  box->n_out = st ? 0 : n_out;
  snprintf(box->message, sizeof box->message, "%.500s", st ? err.message : "");
  if (st) say(s, err.message);
  atomic_store(&box->reply, request);
  uio_futex_wake(&box->reply);
}

static pbl_status loop(server *s, pbl_error *err) {
  uio_mailbox *box = s->box;
  bool level = false;
  while (!pbl_progress_stop_requested()) {
    if (!uio_is_whole(s->fd))
      return pbl_fail(err, PBL_IO, "serve: %s was cut off by another program", s->o->path);
    const uint32_t request = atomic_load(&box->request);
    if (request != atomic_load(&box->reply)) {
      answer(s, request);
    } else if (uio_board_has_work(&s->board) && !s->failed.status) {
      uio_board_run(&s->board, &s->failed);
    } else {
      uio_futex_wait(&box->request, request, LOOK_NS);
    }
    const bool now = uio_board_irq(&s->board);
    if (now && !level) {
      atomic_fetch_add(&box->event, 1);
      uio_futex_wake(&box->event);
    }
    level = now;
  }
  return PBL_OK;
}

/* Only its own: another server may have the name by now. */
static void remove_file(const server *s) {
  if (s->fd >= 0 && uio_lock(s->fd, UIO_LOCK_SERVER) && is_file_of(s->fd, s->o->path))
    unlink(s->o->path);
}

pbl_status pbl_uio_serve(const pbl_uio_server_options *o, pbl_error *err) {
  server *s = calloc(1, sizeof *s);
  if (!s) return pbl_fail(err, PBL_NO_MEMORY, "serve: out of memory");
  s->o = o;
  s->fd = -1;
  s->board = (uio_board){.open = o->open, .user = o->user, .has_trace = o->has_trace};
  pbl_status st = uio_board_init(&s->board, err);
  if (!st) st = create_file(s, err);
  if (!st) {
    if (o->ready) o->ready(o->user, o->path);
    st = loop(s, err);
  }
  remove_file(s);
  if (s->box) munmap(s->box, sizeof *s->box);
  if (s->fd >= 0) close(s->fd);
  uio_board_release(&s->board);
  free(s);
  return st;
}
