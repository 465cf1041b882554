/* Runs body(context, i) for i = 0..n-1 on up to `threads` threads, private to this room. Thread k
 * takes i = k, k + threads, ...; calls must touch disjoint data, so results do not depend on the
 * number of threads. Where a thread cannot be started its share runs on the caller's. */
#ifndef PBL_PARALLEL_H
#define PBL_PARALLEL_H

#include <stddef.h>

typedef void (*pbl_parallel_body)(void *context, size_t i);
void pbl_parallel_for(size_t n, int threads, pbl_parallel_body body, void *context);

#endif
