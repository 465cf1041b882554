#include "pbl_lock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 100 /* at a file that others remove meanwhile */

/* The name still leads to the file that is open: the last holder may have removed it in between. */
static bool is_there(int fd, const char *path) {
  struct stat ours, there;
  return fstat(fd, &ours) == 0 && lstat(path, &there) == 0 && ours.st_dev == there.st_dev &&
         ours.st_ino == there.st_ino;
}

/* A hint for people; without it the lock is as good. */
static void write_holder(int fd) {
  char text[PBL_LOCK_HOLDER] = "", host[65] = "";
  if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
  const int n =
      snprintf(text, sizeof text, "process %ld%s%s\n", (long)getpid(), host[0] ? " on " : "", host);
  if (ftruncate(fd, 0) == 0) (void)!pwrite(fd, text, (size_t)n, 0);
}

static void read_holder(char holder[PBL_LOCK_HOLDER], int fd) {
  const ssize_t n = pread(fd, holder, PBL_LOCK_HOLDER - 1, 0);
  holder[n > 0 ? n : 0] = '\0';
  holder[strcspn(holder, "\n")] = '\0';
  for (char *c = holder; *c; c++)
    if (!isprint((unsigned char)*c)) *c = '?';
  if (strncmp(holder, "process ", 8) != 0) snprintf(holder, PBL_LOCK_HOLDER, "another process");
}

/* A file of another user that cannot be written can be locked and, in a folder of ours, removed. */
static int open_file(const char *path, bool *foreign) {
  const int flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  int fd = open(path, O_RDWR | O_CREAT | flags, 0666);
  const int cause = errno;
  *foreign = fd < 0 && cause == EACCES;
  if (*foreign) fd = open(path, O_RDONLY | flags);
  if (fd < 0) errno = cause;
  return fd;
}

/* The file is open: held, busy, or gone meanwhile and to be tried again. */
static pbl_status lock_open(pbl_lock *l, const char *path, bool foreign, bool *again,
                            pbl_error *err) {
  struct stat st;
  if (fstat(l->fd, &st) != 0 || !S_ISREG(st.st_mode))
    return pbl_fail(err, PBL_IO, "%s is no plain file; remove it", path);
  if (flock(l->fd, LOCK_EX | LOCK_NB) != 0) {
    *again = errno == EINTR;
    l->state = errno == EWOULDBLOCK ? PBL_LOCK_BUSY : PBL_LOCK_UNKNOWN;
    if (l->state == PBL_LOCK_BUSY) {
      read_holder(l->holder, l->fd);
    } else {
      snprintf(l->holder, sizeof l->holder, "%s", strerror(errno));
    }
    return PBL_OK;
  }
  l->state = PBL_LOCK_HELD;
  *again = !is_there(l->fd, path);
  if (*again) return PBL_OK;
  if (!foreign) {
    write_holder(l->fd);
    return PBL_OK;
  }
  *again = true;
  return unlink(path) == 0 ? PBL_OK
                           : pbl_fail(err, PBL_IO, "cannot remove %s, which another user left: %s",
                                      path, strerror(errno));
}

pbl_status pbl_lock_try(pbl_lock *l, const char *path, pbl_error *err) {
  bool again = true;
  pbl_status s = PBL_OK;
  *l = (pbl_lock){.fd = -1};
  for (int k = 0; !s && again && k < TRIES; k++) {
    bool foreign;
    again = false;
    l->fd = open_file(path, &foreign);
    if (l->fd < 0) return pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
    s = lock_open(l, path, foreign, &again, err);
    if (s || again || l->state == PBL_LOCK_BUSY) {
      close(l->fd);
      l->fd = -1;
    }
  }
  if (!again) return s;
  l->state = PBL_LOCK_BUSY; /* it goes from hand to hand */
  snprintf(l->holder, sizeof l->holder, "another process");
  return s;
}

void pbl_lock_release(pbl_lock *l, const char *path) {
  if (l->fd < 0) return;
  unlink(path); /* before others can have it */
  close(l->fd);
  l->fd = -1;
}
