/* A plain sparse model in a twin. */
#ifndef SPARSE_RIG_H
#define SPARSE_RIG_H

#include "plain_sparse.h"
#include "twin_rig.h"

/* States of all lanes of one p-bit. */
uint32_t sparse_lane_bits(const plain_sparse *m, int context, int pbit);
/* PBITS and all memories. */
void sparse_upload(pbl_device *dev, const plain_sparse *m);
void sparse_write_group(pbl_device *dev, const plain_sparse *m, int group);
void sparse_write_row(pbl_device *dev, const plain_sparse *m, int row);
/* Takes one sample off the stream and checks every bit and TLAST. */
void sparse_check_sample(pbl_device *dev, const plain_sparse *m);

#endif
