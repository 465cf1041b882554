/* Twins to put behind boards, and an image of random words for them. */
#ifndef UIO_RIG_H
#define UIO_RIG_H

#include "pbl_cmocka.h"
#include "pbl_device.h"

pbl_hw rig_hw(void);
/* open() of a board: `user` is not used. */
pbl_status rig_open_twin(void *user, pbl_device **out, pbl_error *err);
/* A twin that never ends a run: BUSY stays up, DONE and the interrupt down. */
pbl_status rig_open_endless(void *user, pbl_device **out, pbl_error *err);
/* Weights, table, states and generators; the same for the same seed. */
void rig_load(pbl_device *dev, uint64_t seed);
/* SWEEPS, one sample each, START. */
void rig_start(pbl_device *dev, uint32_t sweeps);

#endif
