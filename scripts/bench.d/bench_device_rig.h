/* Servers for the back-ends that need one, and whole runs of the program. */
#ifndef BENCH_DEVICE_RIG_H
#define BENCH_DEVICE_RIG_H

#include <stdbool.h>
#include <sys/types.h>

#include "pbl_device.h"

#define BENCH_MOST_ROWS 16
#define BENCH_FOLDER 64

typedef struct {
  char label[80];
  char device[256]; /* as --device has it */
  pid_t server;     /* 0: somebody else's, or none */
} bench_row;

typedef struct {
  pbl_hw hw;
  char folder[BENCH_FOLDER]; /* removed at the end */
  char variant[4096];        /* the RTL; "" until it is needed */
  bench_row rows[BENCH_MOST_ROWS];
  size_t n;
} bench_rig;

pbl_status bench_rig_start(bench_rig *r, const pbl_hw *hw, pbl_error *err);
/* Adds a row. With `lends` ("rtl", "twin") a server of this process' own is behind it. */
pbl_status bench_rig_add(bench_rig *r, const char *device, const char *lends, pbl_error *err);
pbl_status bench_rig_open(pbl_device **out, bench_rig *r, const bench_row *row, pbl_error *err);
void bench_rig_stop(bench_rig *r);

/* Wall time of one `program compare`, 784 x 64, so many draws; *crc of its sample file. */
pbl_status bench_compare(double *seconds, unsigned long *crc, const bench_rig *r,
                         const bench_row *row, const char *program, int draws, pbl_error *err);

double bench_now(void);

#endif
