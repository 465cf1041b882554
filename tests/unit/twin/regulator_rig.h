/* What the tests of the twin's regulator share. */
#ifndef REGULATOR_RIG_H
#define REGULATOR_RIG_H

#include "pbl_device.h"
#include "pbl_twin_regulator.h"
#include "plain_regulator.h"

/* `bits` random bits. */
uint64_t rig_draw(uint64_t *seed, int bits);
/* A number of any size up to `bits`: each length is as likely as any other. */
uint32_t rig_any_size(uint64_t *seed, int bits);
/* The low `bits` of a word as a two's complement number. */
int64_t rig_signed(uint32_t word, int bits);
/* Writes REG_CONFIG to T_MAX to the device and to the twin's regulator (either may be NULL), and
 * tells the plain one what the registers keep. */
void rig_apply(pbl_device *dev, pbl_twin_regulator *twin, plain_regulator *r,
               const uint32_t words[15]);
/* All 16 words; case_index appears in the message. */
void rig_same_record(const uint32_t *got, const plain_regulator *r, int case_index);

#endif
