/* The temperature of a training run: windows of updates, regulated in software or by the device.
 * Internal to training. */
#ifndef PBL_THERMOSTAT_H
#define PBL_THERMOSTAT_H

#include "pcd.h"

/* First temperature into the model. */
void pbl_thermostat_start(pbl_pcd *t);
/* A new epoch, and with it a new window. */
void pbl_thermostat_epoch(pbl_pcd *t);
/* Counts the update whose flips and free energies are t's last statistics; `last` of its epoch.
 * True when a window ends with it: then *gap is the window's mean F(data) - F(model) and *flips its
 * flip rate. */
bool pbl_thermostat_count(pbl_pcd *t, bool last, double *flips, double *gap);
/* A window's step, in software: the model gets its new temperature. */
void pbl_thermostat_step(pbl_pcd *t, double flips, double gap);
/* Temperature into the parameters, T = 1: the law stays. */
void pbl_thermostat_fold(pbl_pcd *t);
/* Means over the epoch so far. */
double pbl_thermostat_flip_rate(const pbl_pcd *t);
double pbl_thermostat_free_data(const pbl_pcd *t);
double pbl_thermostat_free_model(const pbl_pcd *t);

#endif
