/* Which boards there are, without touching one: opening a UIO device or reading its window may
 * change the hardware behind it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pbl_board_regs.h"
#include "pbl_uio.h"
#include "uio_bus.h"
#include "uio_mailbox.h"

const char *pbl_uio_state_text(pbl_uio_state state) {
  static const char *const texts[] = {
      [PBL_UIO_THERE] = "not opened",
      [PBL_UIO_NO_ACCESS] = "no access: give yourself some by a udev rule (docs/board.md)",
      [PBL_UIO_TOO_SMALL] = "its window is too small for a device",
      [PBL_UIO_FREE] = "emulated, free",
      [PBL_UIO_IN_USE] = "emulated, in use",
      [PBL_UIO_NO_SERVER] = "emulated, but its server is gone"};
  return texts[state];
}

static int is_board(const struct dirent *e) {
  if (strncmp(e->d_name, "uio", 3) != 0) return 0;
  const size_t digits = strspn(e->d_name + 3, "0123456789");
  return digits > 0 && digits < 10 && e->d_name[3 + digits] == '\0';
}

static int by_number(const struct dirent **a, const struct dirent **b) {
  return atoi((*a)->d_name + 3) - atoi((*b)->d_name + 3);
}

static void look_at(pbl_uio_board *b, const char *entry, const char *sysfs,
                    const char *dev_folder) {
  char folder[PATH_MAX];
  *b = (pbl_uio_board){.state = PBL_UIO_THERE};
  snprintf(b->where, sizeof b->where, "%s", entry + 3);
  snprintf(b->path, sizeof b->path, "%s/%s", dev_folder, entry);
  uio_sysfs_name(b->name, sizeof b->name, sysfs, entry);
  for (char *c = b->name; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 127) *c = '?';
  snprintf(folder, sizeof folder, "%s/%s", sysfs, entry);
  if (uio_sysfs_number(&b->bytes, folder, "size", NULL)) b->bytes = 0;
  if (b->bytes < PBL_BOARD_WINDOW_BYTES)
    b->state = PBL_UIO_TOO_SMALL;
  else if (access(b->path, R_OK | W_OK) != 0)
    b->state = PBL_UIO_NO_ACCESS;
}

pbl_status pbl_uio_list(const pbl_uio_options *opt,
                        void (*visit)(void *context, const pbl_uio_board *board), void *context,
                        pbl_error *err) {
  const char *sysfs = opt && opt->sysfs ? opt->sysfs : "/sys/class/uio";
  const char *dev_folder = opt && opt->dev_folder ? opt->dev_folder : "/dev";
  struct dirent **entries = NULL;
  const int n = scandir(sysfs, &entries, is_board, by_number);
  if (n < 0 && errno != ENOENT)
    return pbl_fail(err, PBL_IO, "%s: cannot list: %s", sysfs, strerror(errno));
  for (int k = 0; k < n; k++) {
    pbl_uio_board board;
    look_at(&board, entries[k]->d_name, sysfs, dev_folder);
    visit(context, &board);
    free(entries[k]);
  }
  free(entries);
  return PBL_OK;
}

pbl_status pbl_uio_look(pbl_uio_board *out, const char *path, pbl_error *err) {
  struct stat s;
  *out = (pbl_uio_board){.state = PBL_UIO_FREE, .bytes = PBL_BOARD_WINDOW_BYTES};
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return pbl_fail(err, errno == ENOENT ? PBL_NOT_FOUND : PBL_IO, "uio: %s: %s", path,
                    strerror(errno));
  pbl_status st = PBL_OK;
  if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode))
    st = pbl_fail(err, PBL_FORMAT, "uio: %s is no file of `pbitloop serve --file`", path);
  if (!st) st = uio_file_check(fd, path, err);
  if (!st && !uio_is_locked(fd, UIO_LOCK_SERVER))
    out->state = PBL_UIO_NO_SERVER;
  else if (!st && uio_is_locked(fd, UIO_LOCK_CLIENT))
    out->state = PBL_UIO_IN_USE;
  close(fd);
  snprintf(out->where, sizeof out->where, "%s", path);
  snprintf(out->path, sizeof out->path, "%s", path);
  return st;
}
