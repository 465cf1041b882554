/* A window of registers, mapped or behind a file. Internal to sim/uio. */
#ifndef UIO_BUS_H
#define UIO_BUS_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_device.h"

#define UIO_NAME_BYTES 600

/* `count` reads of one register, one after the other. */
typedef struct {
  uint32_t address, count;
  uint32_t *values;
} uio_read;

#define UIO_MAX_READS 80    /* of one call, */
#define UIO_MAX_WORDS 4096u /* all their words together */

typedef struct uio_bus uio_bus;

typedef struct {
  void (*close)(uio_bus *bus);
  /* Posted: arrives before the next read. */
  pbl_status (*write)(uio_bus *bus, uint32_t address, uint32_t value, pbl_error *err);
  /* In the order of the list. */
  pbl_status (*read)(uio_bus *bus, const uio_read *reads, size_t n, pbl_error *err);
  /* Until the interrupt line is up, at most so long; may return early. */
  pbl_status (*wait)(uio_bus *bus, uint64_t ns, pbl_error *err);
} uio_bus_ops;

struct uio_bus {
  const uio_bus_ops *ops;
  char name[UIO_NAME_BYTES]; /* for messages */
};

uint64_t uio_now_ns(void);

/* device: path of a UIO device, folder: of its entry in sysfs. */
pbl_status uio_map_open(uio_bus **out, const char *device, const char *folder, pbl_error *err);
/* /sys/class/uio/ENTRY/name, empty when it cannot be read; maps/map0/`name` of a folder there. */
void uio_sysfs_name(char *name, size_t size, const char *sysfs, const char *entry);
pbl_status uio_sysfs_number(uint64_t *out, const char *folder, const char *name, pbl_error *err);
/* Is it a device file of this version? FORMAT. */
pbl_status uio_file_check(int fd, const char *path, pbl_error *err);
/* fd: of the file, taken over, also on failure. */
pbl_status uio_file_open(uio_bus **out, const char *path, int fd, int timeout_ms, pbl_error *err);
/* Opens what `where` names (pbl_uio.h). */
pbl_status uio_find(uio_bus **out, const char *where, const char *sysfs, const char *dev_folder,
                    int timeout_ms, pbl_error *err);

/* The device behind a bus, which is taken over, also on failure. */
pbl_status uio_open_bus(pbl_device **out, uio_bus *bus, int timeout_ms, pbl_error *err);

#endif
