/* Status codes and the error object that every fallible pbitloop function fills.
 *
 * Contract: a function that can fail returns a pbl_status and takes a `pbl_error *err` as its LAST
 * argument (NULL is legal). On failure it writes one message that says what, where and what to do.
 * No library function prints, exits or aborts. Thread rule: one error object per thread. */
#ifndef PBL_ERROR_H
#define PBL_ERROR_H

#include <stddef.h>

/* X(name, exit code of the program, short text) */
#define PBL_STATUS_LIST(X)                                             \
  X(OK, 0, "ok")                                                       \
  X(USAGE, 2, "bad usage")          /* command line */                 \
  X(CONFIG, 2, "bad configuration") /* YAML, model or hardware keys */ \
  X(INVALID, 2, "invalid argument") /* API misuse, bad shape/range */  \
  X(NOT_FOUND, 3, "not found")      /* file, package, tool */          \
  X(IO, 3, "input/output error")                                       \
  X(FORMAT, 3, "bad file format")                                      \
  X(NO_MEMORY, 3, "out of memory")                                     \
  X(DEVICE, 3, "device error") /* bus error, wrong ID or CAPS */       \
  X(HASH, 3, "image hash mismatch")                                    \
  X(TIMEOUT, 3, "timeout")                                             \
  X(TOOL, 3, "external tool failed") /* verilator, compiler */         \
  X(INTERRUPTED, 3, "interrupted")                                     \
  X(NUMERIC, 3, "numerical failure")

typedef enum {
#define PBL_X(name, code, text) PBL_##name,
  PBL_STATUS_LIST(PBL_X)
#undef PBL_X
} pbl_status;

typedef struct {
  pbl_status status;
  char message[2048]; /* NUL-terminated, no trailing newline; may hold several lines */
} pbl_error;

/* Fill err (if not NULL) printf-style and return `status`, so that callers write
 * `return pbl_fail(err, PBL_IO, "cannot open %s: %s", path, strerror(errno));`. */
pbl_status pbl_fail(pbl_error *err, pbl_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Prefix the message of an already failed call: "context: old message". Returns err->status
 * (or `status` when err is NULL). */
pbl_status pbl_wrap(pbl_error *err, pbl_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

const char *pbl_status_text(pbl_status status);
int pbl_status_exit_code(pbl_status status);

#endif
