/* The window of a UIO device: mmap, 32-bit accesses with barriers, interrupts by its file. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "pbl_board_regs.h"
#include "uio_bus.h"

#define SHORTEST_SLEEP_NS 50000u /* below, looking again costs less */

typedef struct {
  uio_bus base;
  int fd;
  void *mapping;
  size_t mapped_bytes;
  volatile uint32_t *window;
  bool has_interrupt; /* until its file says that it has none */
} map_bus;

static map_bus *self(uio_bus *bus) {
  return (map_bus *)bus;
}

static void map_close(uio_bus *bus) {
  map_bus *b = self(bus);
  if (b->mapping) munmap(b->mapping, b->mapped_bytes);
  if (b->fd >= 0) close(b->fd);
  free(b);
}

/* Device memory keeps its own order; the fences keep it in order with the host's memory. */
static pbl_status map_write(uio_bus *bus, uint32_t address, uint32_t value, pbl_error *err) {
  (void)err;
  atomic_thread_fence(memory_order_seq_cst);
  self(bus)->window[address / 4] = value;
  atomic_thread_fence(memory_order_seq_cst);
  return PBL_OK;
}

static pbl_status map_read(uio_bus *bus, const uio_read *reads, size_t n, pbl_error *err) {
  const volatile uint32_t *window = self(bus)->window;
  (void)err;
  atomic_thread_fence(memory_order_seq_cst);
  for (size_t k = 0; k < n; k++)
    for (uint32_t i = 0; i < reads[k].count; i++) reads[k].values[i] = window[reads[k].address / 4];
  atomic_thread_fence(memory_order_seq_cst);
  return PBL_OK;
}

/* The kernel masks a level-triggered interrupt when it has come; a write of 1 unmasks it. */
static pbl_status map_wait(uio_bus *bus, uint64_t ns, pbl_error *err) {
  map_bus *b = self(bus);
  const uint32_t unmask = 1;
  uint32_t count;
  struct timespec t = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
  struct pollfd p = {.fd = b->fd, .events = POLLIN};
  (void)err;
  if (ns < SHORTEST_SLEEP_NS) return PBL_OK;
  if (b->has_interrupt && write(b->fd, &unmask, sizeof unmask) != (ssize_t)sizeof unmask &&
      errno != EINTR && errno != ENOSYS)
    b->has_interrupt = false;
  if (!b->has_interrupt) {
    nanosleep(&t, NULL);
    return PBL_OK;
  }
  if (ppoll(&p, 1, &t, NULL) <= 0) return PBL_OK;
  const bool told = (p.revents & POLLIN) &&
                    (read(b->fd, &count, sizeof count) > 0 || errno == EINTR || errno == EAGAIN);
  if (!told) b->has_interrupt = false;
  return PBL_OK;
}

static const uio_bus_ops map_ops = {
    .close = map_close, .write = map_write, .read = map_read, .wait = map_wait};

pbl_status uio_sysfs_number(uint64_t *out, const char *folder, const char *name, pbl_error *err) {
  char path[1200], text[64] = "";
  char *end = text;
  snprintf(path, sizeof path, "%s/maps/map0/%s", folder, name);
  FILE *f = fopen(path, "r");
  if (!f)
    return pbl_fail(err, PBL_IO, "%s: %s; is the register window of this UIO device described?",
                    path, strerror(errno));
  const char *line = fgets(text, sizeof text, f);
  fclose(f);
  if (line) *out = strtoull(text, &end, 0);
  if (!line || end == text) return pbl_fail(err, PBL_IO, "%s holds no number", path);
  return PBL_OK;
}

static pbl_status map_window(map_bus *b, const char *device, const char *folder, pbl_error *err) {
  uint64_t size = 0, offset = 0;
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  pbl_status st = uio_sysfs_number(&size, folder, "size", err);
  if (!st) st = uio_sysfs_number(&offset, folder, "offset", err);
  if (st) return st;
  if (size < PBL_BOARD_WINDOW_BYTES || offset >= page || offset % 4 != 0)
    return pbl_fail(err, PBL_DEVICE,
                    "%s: map 0 has %llu bytes at offset %llu of its page, and pbit_board needs %u: "
                    "correct `reg` in the device tree (docs/board.md)",
                    device, (unsigned long long)size, (unsigned long long)offset,
                    PBL_BOARD_WINDOW_BYTES);
  b->mapped_bytes = (PBL_BOARD_WINDOW_BYTES + (size_t)offset + page - 1) / page * page;
  b->mapping = mmap(NULL, b->mapped_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
  if (b->mapping == MAP_FAILED) {
    b->mapping = NULL;
    return pbl_fail(err, PBL_IO, "%s: cannot map its registers: %s", device, strerror(errno));
  }
  b->window = (volatile uint32_t *)(void *)((char *)b->mapping + offset);
  return PBL_OK;
}

pbl_status uio_map_open(uio_bus **out, const char *device, const char *folder, pbl_error *err) {
  map_bus *b = calloc(1, sizeof *b);
  if (!b) return pbl_fail(err, PBL_NO_MEMORY, "uio: out of memory");
  b->base.ops = &map_ops;
  snprintf(b->base.name, sizeof b->base.name, "%s", device);
  b->fd = open(device, O_RDWR | O_SYNC | O_CLOEXEC);
  struct stat at;
  /* the word that unmasks it would change the registers in a plain file */
  b->has_interrupt = b->fd >= 0 && fstat(b->fd, &at) == 0 && S_ISCHR(at.st_mode);
  pbl_status st = PBL_OK;
  if (b->fd < 0)
    st =
        pbl_fail(err, errno == ENOENT ? PBL_NOT_FOUND : PBL_IO, "%s: %s%s", device, strerror(errno),
                 errno == EACCES ? "; give yourself access by a udev rule (docs/board.md)" : "");
  else if (flock(b->fd, LOCK_EX | LOCK_NB) != 0)
    st = pbl_fail(err, PBL_DEVICE, "%s: another program uses this device", device);
  if (!st) st = map_window(b, device, folder, err);
  if (st) {
    map_close(&b->base);
    return st;
  }
  *out = &b->base;
  return PBL_OK;
}
