/* The negative phase on a device: its replicas are the persistent chains. Internal to training.
 *
 * Before an update the model is quantised and uploaded (every upload_every updates), the device
 * does k sweeps, and its states become the chains whose statistics the update uses. At the start
 * of an epoch the generators are seeded from (seed, epoch) and the chains are written back, so that
 * a run goes on from a checkpoint with the bytes of an undisturbed one. */
#ifndef PBL_DEVICE_PHASE_H
#define PBL_DEVICE_PHASE_H

#include "pbl_driver.h"
#include "pcd.h"

typedef struct pbl_device_phase pbl_device_phase;

/* telemetry: path of the file that gets a line per window, cut to t->telemetry_bytes, which is what
 * it held at the checkpoint; updates: of one epoch. Opens the back-end that t->opt.device names
 * with one replica per chain; the RTL variant is built when it is not in the cache. CONFIG when the
 * chains do not fit the device. */
pbl_status pbl_device_phase_create(pbl_device_phase **out, pbl_pcd *t, const char *telemetry,
                                   size_t updates, pbl_progress *progress, pbl_error *err);
void pbl_device_phase_destroy(pbl_device_phase *d);
/* Generators and chains of the epoch that begins; the next run uploads. */
pbl_status pbl_device_phase_begin(pbl_device_phase *d, const pbl_pcd *t, int epoch, pbl_error *err);
/* Update `update` of the epoch: upload if due, k sweeps, chains into t->blocks. With a regulator on
 * the device the model gets the beta that these sweeps had. */
pbl_status pbl_device_phase_run(pbl_device_phase *d, pbl_pcd *t, size_t update, pbl_error *err);
/* After the step of that update, when a window ended with its sweeps (else nothing): lambda, filter
 * and beta of the device become those of the run, are folded into the parameters with gauge fixing,
 * and the window's record goes to the telemetry file. `gap` is the window's mean F(data) - F(model)
 * for the macro term, which the device takes over one window late. */
pbl_status pbl_device_phase_window(pbl_device_phase *d, pbl_pcd *t, double gap, pbl_error *err);
/* Most words of one upload so far that did not fit the weight format. */
size_t pbl_device_phase_saturated(const pbl_device_phase *d);

#endif
