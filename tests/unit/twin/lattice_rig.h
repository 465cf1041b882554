/* A plain lattice in a twin. */
#ifndef LATTICE_RIG_H
#define LATTICE_RIG_H

#include "plain_lattice.h"
#include "twin_rig.h"

void lattice_upload(pbl_device *dev, const plain_lattice *m);
/* Takes one sample off the stream and checks every bit and TLAST: per context p-bit by p-bit, lane
 * by lane. */
void lattice_check_sample(pbl_device *dev, const plain_lattice *m);

#endif
