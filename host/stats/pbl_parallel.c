#include "pbl_parallel.h"

#include <pthread.h>
#include <stdbool.h>

#define MAX_THREADS 64

typedef struct {
  pbl_parallel_body body;
  void *context;
  size_t first, step, n;
} share;

static void *run_share(void *argument) {
  const share *s = argument;
  for (size_t i = s->first; i < s->n; i += s->step) s->body(s->context, i);
  return NULL;
}

void pbl_parallel_for(size_t n, int threads, pbl_parallel_body body, void *context) {
  size_t step = threads > 1 ? (size_t)threads : 1;
  if (step > MAX_THREADS) step = MAX_THREADS;
  if (step > n) step = n > 0 ? n : 1;
  pthread_t thread[MAX_THREADS];
  share shares[MAX_THREADS];
  bool started[MAX_THREADS] = {false};
  for (size_t k = 0; k < step; ++k) {
    shares[k] = (share){.body = body, .context = context, .first = k, .step = step, .n = n};
    if (k > 0) started[k] = pthread_create(&thread[k], NULL, run_share, &shares[k]) == 0;
  }
  for (size_t k = 0; k < step; ++k) {
    if (!started[k]) run_share(&shares[k]);
  }
  for (size_t k = 0; k < step; ++k) {
    if (started[k]) pthread_join(thread[k], NULL);
  }
}
