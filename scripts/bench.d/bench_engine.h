/* Everything that scripts/bench measures, behind one call: run n sweeps, say how long it took. */
#ifndef PBL_BENCH_ENGINE_H
#define PBL_BENCH_ENGINE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "pbl_driver.h"
#include "pbl_image.h"
#include "pbl_progress.h"
#include "pbl_reference.h"

/* The machine: the size of the trained model of the quickstart, one replica a chain. */
enum { BENCH_VISIBLE = 784, BENCH_HIDDEN = 64, BENCH_CHAINS = 16 };

typedef struct {
  char model_dir[PATH_MAX]; /* for the peer; a temporary folder, "" when there is none */
  pbl_rbm *model;
  pbl_image *image;
  pbl_hw hw;
  pbl_progress *progress;
} bench_machine;

/* A random machine, the same for all engines. */
pbl_status bench_machine_create(bench_machine *m, pbl_error *err);
void bench_machine_release(bench_machine *m);

typedef enum { BENCH_RTL, BENCH_TWIN, BENCH_REFERENCE, BENCH_PEER } bench_kind;

typedef struct {
  const char *name;
  bench_kind kind;
  char detail[256];         /* instruction set, libraries */
  pbl_driver *driver;       /* rtl, twin */
  pbl_reference *reference; /* reference */
  const char *peer_command; /* peer: program and arguments; the folder and so on are appended */
  const bench_machine *machine;
} bench_engine;

/* simd: of the twin, NULL the widest. NOT_FOUND or CONFIG: not to be had here, err says why. */
pbl_status bench_engine_open(bench_engine *e, const char *name, bench_kind kind, const char *simd,
                             const char *peer_command, const bench_machine *m, pbl_error *err);
void bench_engine_close(bench_engine *e);

/* Seconds of n_sweeps sweeps of all chains; sampled: every sweep's states are recorded, too.
 * cpu_share: processor time per second (below 1 when other programs took it; 1 for the peer). */
pbl_status bench_engine_run(bench_engine *e, double *seconds, double *cpu_share, size_t n_sweeps,
                            bool sampled, pbl_error *err);
/* rtl and twins from the same seed must draw the same bits, or they would not do the same work. */
pbl_status bench_engine_check(bench_engine *a, bench_engine *b, pbl_error *err);

#endif
