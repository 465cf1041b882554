/* What the twin's tests share: bus access that must succeed, upload, frames. */
#ifndef TWIN_RIG_H
#define TWIN_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>

#include "pbl_regs.h"
#include "pbl_twin.h"
#include "plain_model.h"

#define RIG_FOREVER ((uint64_t)1 << 40)

/* Opens on the named code path; NULL when this CPU does not have it. "" lets the twin choose. */
pbl_device *rig_open(const pbl_hw *hw, const char *simd);
uint32_t rig_read(pbl_device *dev, uint32_t address);
uint64_t rig_read64(pbl_device *dev, uint32_t low_address);
void rig_write(pbl_device *dev, uint32_t address, uint32_t value);
void rig_advance(pbl_device *dev, uint64_t cycles);
/* Image, states and generators of the model. */
void rig_upload(pbl_device *dev, const plain_model *m);
/* Writes n words of an image target from (row, col) on. */
void rig_image(pbl_device *dev, uint32_t select, uint32_t row, uint32_t col, const uint32_t *words,
               size_t n);
void rig_start(pbl_device *dev, uint32_t sweeps, uint32_t every);
/* Takes the frame of one context off the stream, `bits` long, and checks every bit and TLAST:
 * bit_of gives the bit at a position of the frame. */
typedef uint32_t (*rig_frame_bit)(const void *model, int context, int position);
void rig_check_frame(pbl_device *dev, const void *model, int context, int bits,
                     rig_frame_bit bit_of);
/* Takes one sample off the stream and checks it against the model. */
void rig_check_sample(pbl_device *dev, plain_model *m);
size_t rig_words_waiting(pbl_device *dev); /* takes and drops them */

#endif
