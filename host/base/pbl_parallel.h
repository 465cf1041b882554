/* Run independent jobs on a few threads. Results cannot depend on the number of threads as long as
 * a job writes only what belongs to it. */
#ifndef PBL_PARALLEL_H
#define PBL_PARALLEL_H

#include <stddef.h>

typedef void (*pbl_job)(void *context, size_t job);

/* `threads` as asked by the user: 0 means every core this process may run on. At least 1. */
int pbl_parallel_threads(int threads);
/* Calls run(context, 0..n_jobs-1), each exactly once, and returns when all are done. The caller's
 * thread works too; when a thread cannot be started the others take its share. */
void pbl_parallel_for(size_t n_jobs, int threads, pbl_job run, void *context);

#endif
