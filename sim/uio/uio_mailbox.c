#include "uio_mailbox.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct flock byte_lock(int which) {
  return (struct flock){
      .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = which, .l_len = 1, .l_pid = 0};
}

bool uio_lock(int fd, int which) {
  struct flock l = byte_lock(which);
  return fcntl(fd, F_OFD_SETLK, &l) == 0;
}

bool uio_is_locked(int fd, int which) {
  struct flock l = byte_lock(which);
  return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

bool uio_is_whole(int fd) {
  struct stat s;
  return fstat(fd, &s) == 0 && s.st_size >= (off_t)sizeof(uio_mailbox);
}

void uio_futex_wait(_Atomic uint32_t *word, uint32_t old, uint64_t ns) {
  const struct timespec t = {.tv_sec = (time_t)(ns / 1000000000u),
                             .tv_nsec = (long)(ns % 1000000000u)};
  syscall(SYS_futex, word, FUTEX_WAIT, old, &t, NULL, 0);
}

void uio_futex_wake(_Atomic uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}
