/* From a number, a name or a path to a window. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "uio_bus.h"

uint64_t uio_now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* "uio7" */
static pbl_status open_entry(uio_bus **out, const char *entry, const char *sysfs,
                             const char *dev_folder, pbl_error *err) {
  char device[PATH_MAX], folder[PATH_MAX];
  struct stat s;
  if (snprintf(device, sizeof device, "%s/%s", dev_folder, entry) >= (int)sizeof device ||
      snprintf(folder, sizeof folder, "%s/%s", sysfs, entry) >= (int)sizeof folder)
    return pbl_fail(err, PBL_NOT_FOUND, "uio: a name too long");
  if (stat(folder, &s) != 0)
    return pbl_fail(err, PBL_NOT_FOUND,
                    "uio: there is no %s: is the board's entry in the device tree, and is the "
                    "driver uio_pdrv_genirq loaded? (docs/board.md)",
                    folder);
  return uio_map_open(out, device, folder, err);
}

void uio_sysfs_name(char *name, size_t size, const char *sysfs, const char *entry) {
  char path[PATH_MAX];
  name[0] = '\0';
  if (snprintf(path, sizeof path, "%s/%s/name", sysfs, entry) >= (int)sizeof path) return;
  FILE *f = fopen(path, "r");
  if (!f) return;
  if (!fgets(name, (int)size, f)) name[0] = '\0';
  fclose(f);
  name[strcspn(name, "\n")] = '\0';
}

/* Two boards of one name need their numbers. */
static pbl_status open_named(uio_bus **out, const char *where, const char *sysfs,
                             const char *dev_folder, pbl_error *err) {
  char found[64] = "", known[512] = "", name[128];
  size_t n = 0;
  DIR *d = opendir(sysfs);
  const struct dirent *e;
  while (d && (e = readdir(d))) {
    if (strncmp(e->d_name, "uio", 3) != 0) continue;
    uio_sysfs_name(name, sizeof name, sysfs, e->d_name);
    const size_t used = strlen(known);
    snprintf(known + used, sizeof known - used, "%s%s (%s)", used ? ", " : "", e->d_name, name);
    if (strcmp(name, where) != 0) continue;
    snprintf(found, sizeof found, "%.63s", e->d_name);
    n++;
  }
  if (d) closedir(d);
  if (n == 1) return open_entry(out, found, sysfs, dev_folder, err);
  return pbl_fail(err, PBL_NOT_FOUND,
                  "uio: %s UIO device has the name '%s'%s; there %s: %s. A device behind a file is "
                  "named with a slash: ./%s",
                  n == 0 ? "no" : "more than one", where, n == 0 ? "" : ", use its number",
                  known[0] ? "are" : "is", known[0] ? known : "none at all", where);
}

static pbl_status open_path(uio_bus **out, const char *path, const char *sysfs,
                            const char *dev_folder, int timeout_ms, pbl_error *err) {
  struct stat s;
  /* Without blocking: a pipe may be there. */
  const int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return pbl_fail(err, errno == ENOENT ? PBL_NOT_FOUND : PBL_IO, "uio: %s: %s%s", path,
                    strerror(errno),
                    errno == ENOENT ? "; is `pbitloop serve --file` running?" : "");
  const int known = fstat(fd, &s);
  if (known == 0 && S_ISREG(s.st_mode)) return uio_file_open(out, path, fd, timeout_ms, err);
  close(fd);
  const char *entry = strrchr(path, '/') + 1;
  if (known == 0 && S_ISCHR(s.st_mode) && strncmp(entry, "uio", 3) == 0)
    return open_entry(out, entry, sysfs, dev_folder, err);
  return pbl_fail(err, PBL_FORMAT,
                  "uio: %s is neither a UIO device nor a file of `pbitloop serve --file`", path);
}

pbl_status uio_find(uio_bus **out, const char *where, const char *sysfs, const char *dev_folder,
                    int timeout_ms, pbl_error *err) {
  const size_t digits = strspn(where, "0123456789"), length = strlen(where);
  if (!sysfs) sysfs = "/sys/class/uio";
  if (!dev_folder) dev_folder = "/dev";
  if (length == 0 || length >= UIO_NAME_BYTES - 8)
    return pbl_fail(err, PBL_CONFIG, "uio: a number, a name or a path is asked for");
  if (strchr(where, '/')) return open_path(out, where, sysfs, dev_folder, timeout_ms, err);
  if (digits == length) {
    char entry[UIO_NAME_BYTES];
    snprintf(entry, sizeof entry, "uio%s", where);
    return open_entry(out, entry, sysfs, dev_folder, err);
  }
  return open_named(out, where, sysfs, dev_folder, err);
}
