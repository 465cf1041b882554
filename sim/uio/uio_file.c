/* A window behind a file: the side that uses the device. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "uio_bus.h"
#include "uio_mailbox.h"

#define SPIN_NS 3000u      /* before sleeping */
#define LOOK_NS 100000000u /* from one look after the server to the next */
#define LONGEST_WAIT_NS 1000000u

typedef struct {
  uio_bus base;
  int fd, timeout_ms;
  uio_mailbox *box;
  uint32_t n_in;       /* words of the request so far: posted writes */
  uint32_t event_seen; /* before the last read */
  uint32_t in[UIO_MAILBOX_WORDS];
} file_bus;

static file_bus *self(uio_bus *bus) {
  return (file_bus *)bus;
}

static pbl_status server_gone(const file_bus *b, pbl_error *err) {
  return pbl_fail(err, PBL_IO, "uio: the server of %s has ended or was killed", b->base.name);
}

static pbl_status cut_off(const file_bus *b, pbl_error *err) {
  return pbl_fail(err, PBL_IO, "uio: %s was cut off by another program", b->base.name);
}

static pbl_status wait_for_reply(const file_bus *b, uint32_t request, pbl_error *err) {
  uio_mailbox *box = b->box;
  const uint64_t start = uio_now_ns();
  for (;;) {
    const uint32_t reply = atomic_load(&box->reply);
    if (reply == request) return PBL_OK;
    const uint64_t waited = uio_now_ns() - start;
    if (waited < SPIN_NS) continue;
    uio_futex_wait(&box->reply, reply, LOOK_NS);
    if (!uio_is_whole(b->fd)) return cut_off(b, err);
    if (atomic_load(&box->reply) == request) return PBL_OK;
    if (!uio_is_locked(b->fd, UIO_LOCK_SERVER)) return server_gone(b, err);
    if (waited > (uint64_t)b->timeout_ms * 1000000u)
      return pbl_fail(err, PBL_TIMEOUT,
                      "uio: timeout: the server of %s has not answered for %d ms (raise "
                      "uio_timeout_ms if it is only slow)",
                      b->base.name, b->timeout_ms);
  }
}

/* Sends what was collected and takes n words of answer, which stay in the mailbox. */
static pbl_status transact(file_bus *b, uint32_t n, pbl_error *err) {
  uio_mailbox *box = b->box;
  if (!uio_is_whole(b->fd)) return cut_off(b, err);
  const uint32_t request = atomic_load(&box->request) + 1;
  memcpy(box->in, b->in, b->n_in * sizeof *b->in);
  box->n_in = b->n_in;
  b->n_in = 0;
  b->event_seen = atomic_load(&box->event);
  atomic_store(&box->request, request);
  uio_futex_wake(&box->request);
  const pbl_status st = wait_for_reply(b, request, err);
  if (st) return st;
  if (box->status != PBL_OK) {
    box->message[sizeof box->message - 1] = '\0';
    const bool timeout = box->status == PBL_TIMEOUT;
    return pbl_fail(err, timeout ? PBL_TIMEOUT : PBL_DEVICE, "uio: the emulated device of %s: %s",
                    b->base.name, box->message);
  }
  if (box->n_out != n)
    return pbl_fail(err, PBL_DEVICE, "uio: %s: an answer of %u words instead of %u", b->base.name,
                    box->n_out, n);
  return PBL_OK;
}

static pbl_status file_write(uio_bus *bus, uint32_t address, uint32_t value, pbl_error *err) {
  file_bus *b = self(bus);
  /* Room for the reads behind it. */
  if (b->n_in + 2 > UIO_MAILBOX_WORDS - 2 * UIO_MAX_READS) {
    const pbl_status st = transact(b, 0, err);
    if (st) return st;
  }
  b->in[b->n_in++] = address | UIO_ACCESS_WRITE;
  b->in[b->n_in++] = value;
  return PBL_OK;
}

static pbl_status file_read(uio_bus *bus, const uio_read *reads, size_t n, pbl_error *err) {
  file_bus *b = self(bus);
  uint32_t words = 0;
  for (size_t k = 0; k < n; k++) {
    b->in[b->n_in++] = reads[k].address | UIO_ACCESS_READ;
    b->in[b->n_in++] = reads[k].count;
    words += reads[k].count;
  }
  const pbl_status st = transact(b, words, err);
  if (st) return st;
  const uint32_t *from = b->box->out;
  for (size_t k = 0; k < n; k++) {
    memcpy(reads[k].values, from, reads[k].count * sizeof *from);
    from += reads[k].count;
  }
  return PBL_OK;
}

static pbl_status file_wait(uio_bus *bus, uint64_t ns, pbl_error *err) {
  file_bus *b = self(bus);
  (void)err;
  if (ns < SPIN_NS) return PBL_OK;
  uio_futex_wait(&b->box->event, b->event_seen, ns < LONGEST_WAIT_NS ? ns : LONGEST_WAIT_NS);
  return PBL_OK;
}

static void file_close(uio_bus *bus) {
  file_bus *b = self(bus);
  if (b->box) munmap(b->box, sizeof *b->box);
  close(b->fd);
  free(b);
}

static const uio_bus_ops file_ops = {
    .close = file_close, .write = file_write, .read = file_read, .wait = file_wait};

pbl_status uio_file_check(int fd, const char *path, pbl_error *err) {
  char magic[8] = "";
  uint32_t version = 0;
  struct stat s;
  if (fstat(fd, &s) != 0) return pbl_fail(err, PBL_IO, "uio: %s: %s", path, strerror(errno));
  if (pread(fd, magic, sizeof magic, 0) != (ssize_t)sizeof magic ||
      memcmp(magic, UIO_MAILBOX_MAGIC, sizeof magic) != 0)
    return pbl_fail(err, PBL_FORMAT,
                    "uio: %s is a plain file, not a device of `pbitloop serve --file`", path);
  if (pread(fd, &version, sizeof version, sizeof magic) != (ssize_t)sizeof version ||
      version != UIO_MAILBOX_VERSION || s.st_size != (off_t)sizeof(uio_mailbox))
    return pbl_fail(err, PBL_FORMAT,
                    "uio: %s is a device file of version %u and %lld bytes, this program knows "
                    "version %u of %zu: serve it with the same program",
                    path, version, (long long)s.st_size, UIO_MAILBOX_VERSION, sizeof(uio_mailbox));
  return PBL_OK;
}

static pbl_status check_file(const file_bus *b, const struct stat *s, pbl_error *err) {
  const char *path = b->base.name;
  if (s->st_uid != geteuid() && geteuid() != 0)
    return pbl_fail(err, PBL_DEVICE, "uio: %s belongs to another user", path);
  const pbl_status st = uio_file_check(b->fd, path, err);
  if (st) return st;
  if (!uio_is_locked(b->fd, UIO_LOCK_SERVER))
    return pbl_fail(err, PBL_NOT_FOUND,
                    "uio: no server is behind %s any more; start `pbitloop serve --file` again",
                    path);
  if (!uio_lock(b->fd, UIO_LOCK_CLIENT))
    return pbl_fail(err, PBL_DEVICE, "uio: another program uses the device behind %s", path);
  return PBL_OK;
}

pbl_status uio_file_open(uio_bus **out, const char *path, int fd, int timeout_ms, pbl_error *err) {
  struct stat s;
  file_bus *b = calloc(1, sizeof *b);
  if (!b) {
    close(fd);
    return pbl_fail(err, PBL_NO_MEMORY, "uio: out of memory");
  }
  b->base.ops = &file_ops;
  b->fd = fd;
  b->timeout_ms = timeout_ms;
  snprintf(b->base.name, sizeof b->base.name, "%s", path);
  pbl_status st = PBL_OK;
  if (fstat(fd, &s) != 0) st = pbl_fail(err, PBL_IO, "uio: %s: %s", path, strerror(errno));
  if (!st) st = check_file(b, &s, err);
  if (!st) {
    b->box = mmap(NULL, sizeof *b->box, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (b->box == MAP_FAILED) {
      b->box = NULL;
      st = pbl_fail(err, PBL_IO, "uio: cannot map %s: %s", path, strerror(errno));
    }
  }
  /* What a client that was killed has asked for is answered first. */
  if (!st) st = wait_for_reply(b, atomic_load(&b->box->request), err);
  if (st) {
    file_close(&b->base);
    return st;
  }
  *out = &b->base;
  return PBL_OK;
}
