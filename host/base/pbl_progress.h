/* Progress of long work. Libraries report; the command line decides how it looks: one line that is
 * rewritten with an ETA on a terminal, a plain line now and then elsewhere. */
#ifndef PBL_PROGRESS_H
#define PBL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct pbl_progress pbl_progress;
struct pbl_progress {
  /* Called at most a few hundred times a second. `what` is a short phrase, done <= total
   * (total 0: unknown). Returns false when the user asked to stop: the worker then winds up,
   * keeps what it has, and returns PBL_INTERRUPTED. */
  bool (*report)(pbl_progress *self, const char *what, uint64_t done, uint64_t total);
  /* One plain line for the log (no newline at the end). */
  void (*note)(pbl_progress *self, const char *line);
};

/* NULL-safe wrappers: with p == NULL report returns true and note does nothing. */
bool pbl_progress_report(pbl_progress *p, const char *what, uint64_t done, uint64_t total);
void pbl_progress_note(pbl_progress *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Terminal or plain reporter on stderr. Installs nothing; stop requests come from
 * pbl_progress_request_stop, which a signal handler may call. */
pbl_progress *pbl_progress_stderr_create(bool quiet);
void pbl_progress_stderr_destroy(pbl_progress *p);
void pbl_progress_request_stop(void); /* async-signal-safe */
bool pbl_progress_stop_requested(void);

#endif
