/* A gate netlist and the twin, side by side. */
#ifndef NETLIST_PAIR_H
#define NETLIST_PAIR_H

#include "pbl_driver.h"
#include "pbl_image.h"

typedef struct {
  pbl_hw hw;
  pbl_image *image;
  pbl_driver *netlist, *twin;
  int n_different;
} netlist_pair;

/* Counts and prints a difference. */
void netlist_compare(netlist_pair *p, const char *what, int64_t netlist, int64_t twin);

/* The options of a variant that has all of them: runs under replica exchange with the statistics
 * unit drained in between, and every record of the trace port. After a run of p; the image and the
 * generators stay. */
pbl_status netlist_run_options(netlist_pair *p, pbl_error *err);

#endif
