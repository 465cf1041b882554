/* The temperature of a training run: windows of updates, regulated in software or by the device.
 * Internal to training. */
#ifndef PBL_THERMOSTAT_H
#define PBL_THERMOSTAT_H

#include "pcd.h"

/* First temperature into the model. */
void pbl_thermostat_start(pbl_pcd *t);
/* A new epoch, and with it a new window. */
void pbl_thermostat_epoch(pbl_pcd *t);
/* After the step of an update, whose flips and free energies are t's last statistics; `last` of its
 * epoch. At the end of a window the regulator takes its step and the model its new temperature.
 * *ended (may be NULL) says whether a window ended. */
void pbl_thermostat_update(pbl_pcd *t, bool last, bool *ended);
/* Temperature into the parameters, T = 1: the law stays. */
void pbl_thermostat_fold(pbl_pcd *t);
/* Means over the epoch so far. */
double pbl_thermostat_flip_rate(const pbl_pcd *t);
double pbl_thermostat_free_data(const pbl_pcd *t);
double pbl_thermostat_free_model(const pbl_pcd *t);

#endif
