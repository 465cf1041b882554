/* A folder to train in and bars-and-stripes 3 x 3 to train on. */
#ifndef TRAIN_WORLD_H
#define TRAIN_WORLD_H

#include "enumerated.h"
#include "pbl_train.h"

typedef struct {
  char root[256], folder[320];
  signed char images[BARS * 9];
} train_world;

/* Fixtures of cmocka. */
int train_set_up(void **state);
int train_tear_down(void **state);
/* 9 hidden, 100 chains, no evaluation. */
pbl_train_options train_options(int epochs);
pbl_status train_run(pbl_rbm **m, const train_world *w, const char *folder,
                     const pbl_train_options *o, pbl_ais_report *ais, pbl_progress *p,
                     pbl_error *err);

/* A reporter that stops the run at one report. */
typedef struct {
  pbl_progress base; /* .report = train_stop */
  uint64_t stop_at;
} train_stopper;
bool train_stop(pbl_progress *self, const char *what, uint64_t done, uint64_t total);

#endif
