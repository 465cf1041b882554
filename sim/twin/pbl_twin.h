/* The bit-exact C twin of the device (docs/device.md, docs/device-options.md): what it offers
 * beyond sim/pbl_device.h.
 *
 * Where the twin's time differs from clocked hardware:
 *  - advance() runs a sweep when its last clock has been granted; a sweep is one indivisible event.
 *    BETA is taken over with the first clock of a sweep, so a write between two advance() calls
 * that end on a sweep boundary acts on the next sweep. A STOP written there lets that sweep run.
 *  - A bus access adds one clock to cycles() and moves nothing else. CHECK completes within the
 *    write that commands it: STATUS.CHECKING is never seen.
 *  - The sample stream goes to a receive buffer of 2^20 words and always finds it ready. With no
 *    room for the next sample advance() returns early (STATUS.STALLED) and no clock passes, so
 *    STALL_CYCLES stays 0.
 *  - The sample of a sweep is in the buffer when that sweep ends, or when the read-only pass ends.
 *  - Telemetry has a buffer of 2^20 words of its own; the pause of a window waits for room. The
 * record is in it when the pause ends; the end of a window is one event too. With IRQ_ENABLE.WINDOW
 *    advance() returns there.
 *  - Replica exchange: a label frame is in the buffer with the sample that it belongs to; label
 *    pause and pass are one event each, at their ends.
 *  - The statistics unit takes the sample of a sweep when that sweep ends; a swap never waits and
 * the unit never stalls. Memories power up as zeros.
 *
 * SIMD: the widest instruction set of the CPU is taken at open; the environment variable
 * PBITLOOP_SIMD = portable | avx2 | avx512 forces one. All give identical bits. avx512 means
 * F, BW, VL and VNNI. Weights wider than 16 bits take plain C for their fields. */
#ifndef PBL_TWIN_H
#define PBL_TWIN_H

#include <stdint.h>

#include "pbl_device.h"

/* One update of one p-bit of one replica. */
typedef struct {
  uint64_t sweep;       /* value of SWEEP_COUNT while the sweep ran: 0 is the first since CLEAR */
  int half;             /* 0 A, 1 B, 2 A after B: of the palindromic kernel, or of a B A */
  int context, lane;    /* replica = context * lanes + lane */
  int pbit;             /* 0..V+H-1, visible first */
  int64_t field;        /* local field, unit 2^-WEIGHT_FRAC */
  uint32_t random_word; /* all 32 bits of the draw */
  uint32_t threshold;   /* table entry q[index] */
  int old_state, new_state; /* 1 = +1; equal when clamped */
  int clamped;
} pbl_twin_update;

typedef void (*pbl_twin_trace)(void *user, const pbl_twin_update *update);

/* Calls trace(user, ...) for every update, inside advance(), in device order: context, half-sweep,
 * p-bit, lane. trace NULL: off. Slow; results do not change. INVALID when dev is not a twin. */
pbl_status pbl_twin_set_trace(pbl_device *dev, pbl_twin_trace trace, void *user, pbl_error *err);

/* "portable", "avx2" or "avx512": the code that this twin runs on. NULL when dev is not a twin. */
const char *pbl_twin_simd(const pbl_device *dev);

#endif
