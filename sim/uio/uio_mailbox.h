/* The file between a program and the process that emulates its board: one request at a time, a list
 * of accesses to the window, and its answer. Internal to sim/uio.
 *
 * Both sides map the file. Locks on its bytes say who is there: LOCK_SERVER is held by the server,
 * LOCK_CLIENT by the program that uses the device. A request is complete when `request` has become
 * another number, and answered when `reply` has become the same. Neither side trusts what the other
 * writes. Version and layout are one: another version is refused. */
#ifndef UIO_MAILBOX_H
#define UIO_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define UIO_MAILBOX_MAGIC "PBLUIO\r\n" /* 8 bytes */
#define UIO_MAILBOX_VERSION 1u
#define UIO_MAILBOX_WORDS 16384u

enum { UIO_LOCK_SERVER, UIO_LOCK_CLIENT }; /* bytes of the file */

/* An access begins with a word: address, a multiple of 4, and in its low bits what it is. */
enum {
  UIO_ACCESS_READ = 0, /* then how often; as many words of answer */
  UIO_ACCESS_WRITE = 1 /* then the value */
};

typedef struct {
  char magic[8];
  uint32_t version, bytes;
  _Atomic uint32_t request, reply; /* futexes */
  _Atomic uint32_t event;          /* futex: how often the interrupt line went up */
  uint32_t n_in, n_out;            /* words */
  uint32_t status;                 /* of the answer: pbl_status of the emulation itself */
  char message[512];               /* unless OK */
  uint32_t in[UIO_MAILBOX_WORDS], out[UIO_MAILBOX_WORDS];
} uio_mailbox;

/* false: another process has it. */
bool uio_lock(int fd, int which);
bool uio_is_locked(int fd, int which); /* by another process */
/* false: somebody has cut the file off, and its memory must not be touched (SIGBUS). */
bool uio_is_whole(int fd);
/* Until *word is not `old` any more, at most so long; may return early. */
void uio_futex_wait(_Atomic uint32_t *word, uint32_t old, uint64_t ns);
void uio_futex_wake(_Atomic uint32_t *word);

#endif
