#include "pbl_parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define MAX_THREADS 64

typedef struct {
  size_t n_jobs;
  atomic_size_t next;
  pbl_job run;
  void *context;
} work;

int pbl_parallel_threads(int threads) {
  if (threads <= 0) {
    cpu_set_t set;
    threads = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  }
  if (threads < 1) return 1;
  return threads > MAX_THREADS ? MAX_THREADS : threads;
}

static void *worker(void *argument) {
  work *w = argument;
  for (;;) {
    const size_t job = atomic_fetch_add(&w->next, 1);
    if (job >= w->n_jobs) return NULL;
    w->run(w->context, job);
  }
}

void pbl_parallel_for(size_t n_jobs, int threads, pbl_job run, void *context) {
  work w = {.n_jobs = n_jobs, .run = run, .context = context};
  atomic_init(&w.next, 0);
  pthread_t id[MAX_THREADS];
  size_t n_started = 0;
  const size_t wanted = (size_t)pbl_parallel_threads(threads);
  while (n_started + 1 < wanted && n_started + 1 < n_jobs) {
    if (pthread_create(&id[n_started], NULL, worker, &w) != 0) break;
    n_started++;
  }
  worker(&w);
  for (size_t i = 0; i < n_started; i++) pthread_join(id[i], NULL);
}
