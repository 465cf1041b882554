/* Coupled chains swept by a device: pairs of replicas on shared random words (docs/device.md,
 * "Twins"). Estimator, bound and result are those of pbl_coupling.h. */
#ifndef PBL_COUPLING_DEVICE_H
#define PBL_COUPLING_DEVICE_H

#include "pbl_coupling.h"
#include "pbl_driver.h"

/* X is replica 2p, Y replica 2p+1; R/2 pairs at a time. X does L sweeps alone: the device runs
 * them uncoupled, and Y is then written back to its start. From there on the pair is coupled, and
 * every sweep is read out, until the slowest pair of the batch is done.
 *
 * The image must have been uploaded and verified; kernel and beta are those the driver has set, and
 * beta must stand still (regulator mode host or fixed). opt->seed seeds the generators and the
 * starting states, opt->threads is not read. All replicas' states and the generators are
 * overwritten; the coupling is switched off at the end. result.sweeps_per_pair counts both replicas
 * of a pair over the whole batch.
 *
 * INVALID: no image, clamped p-bits (chains with different starts never meet), an odd number of
 * lanes. DEVICE: a pair parted after it had met, so that the device does not couple. INTERRUPTED
 * and errors of the driver give nothing. */
pbl_status pbl_coupling_run_device(pbl_coupling_result *out, pbl_driver *d,
                                   const pbl_coupling_options *opt, pbl_progress *progress,
                                   pbl_error *err);

#endif
