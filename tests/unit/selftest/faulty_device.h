/* A device with one planted fault: a shell around another device that changes what goes in or comes
 * out. */
#ifndef FAULTY_DEVICE_H
#define FAULTY_DEVICE_H

#include "pbl_device.h"

typedef enum {
  FAULT_NONE,
  FAULT_ID,            /* another identity */
  FAULT_VERSION,       /* of an older map */
  FAULT_CAPS,          /* one lane more than there is */
  FAULT_DATA_BIT,      /* write data bit 31 stuck at 0 */
  FAULT_DATA_SWAPPED,  /* write data bits 3 and 4 changed places */
  FAULT_RESET,         /* T_MAX comes up as 0 */
  FAULT_UNMAPPED_READ, /* 0x0E4 answers */
  FAULT_UNMAPPED_WRITE,
  FAULT_READ_ONLY,       /* writes to GUARD are taken for granted */
  FAULT_BUS_ERROR,       /* FLIPS_LO cannot be read */
  FAULT_MASK,            /* GAIN keeps 31 bits */
  FAULT_ALIAS,           /* RATE_SCALE is WINDOW_SWEEPS */
  FAULT_ADDRESS_SWAPPED, /* address lines 5 and 6 changed places above 0x100 */
  FAULT_NO_REFUSAL,      /* a table entry beyond the last is dropped without a word */
  FAULT_PORT,            /* the same behind the beta schedule */
  FAULT_TABLE,           /* a bit of entry 100 stuck at 1 */
  FAULT_WEIGHT,          /* bit 3 of a word stuck at 1: FAULT_WEIGHT_AT */
  FAULT_WEIGHT_ROW,      /* row 5 is never written */
  FAULT_GROUP,           /* sparse: a bias keeps the value before */
  FAULT_CLAMP,           /* of p-bit 7 never set */
  FAULT_HASH_CONSTANT,
  FAULT_HASH_OLD,  /* CHECK after a single word shows the hash before it */
  FAULT_STATE,     /* of p-bit 3, lane 1, stuck at +1 */
  FAULT_WORD_LOST, /* the 30th word of the sample stream */
  FAULT_WORD_CHANGED,
  FAULT_TLAST,       /* of the 30th frame missing */
  FAULT_GENERATOR,   /* a bit of cell 1's second word */
  FAULT_PALINDROMIC, /* runs are cyclic */
  FAULT_COIN,
  FAULT_COUPLED,
  FAULT_COUNTER, /* FLIPS one too many */
  FAULT_SATURATIONS,
  FAULT_FREEZES,
  FAULT_BUSY_CYCLES,
  FAULT_ENERGY,        /* of replica 2, one off */
  FAULT_PROBE,         /* field one off */
  FAULT_PROBE_LANE,    /* random word of lane 0 shown for every lane */
  FAULT_SCHEDULE,      /* beta of entry 17, lowest bit stuck at 1 */
  FAULT_OVERRUN,       /* a word is lost when the receive buffer has been full */
  FAULT_SLOW_RECEIVER, /* a word is lost while the receiver is slow */
  FAULT_IRQ_HIGH,      /* line stuck */
  FAULT_IRQ_LOW,
  FAULT_IRQ_STICKS, /* IRQ_STATUS cannot be cleared */
  FAULT_NO_STOP,
  FAULT_RECORD,    /* a word of the third telemetry record */
  FAULT_NO_FREEZE, /* FREEZE is kept and does nothing */
  FAULT_ACCEPTS,   /* replica exchange: one too many */
  FAULT_SERIES,    /* statistics: a bit of the series */
  FAULT_NEVER_DONE,
  FAULT_NONSENSE, /* CAPS are words by chance: faulty_device_seed */
  FAULT_NOISE,    /* one read in 40 changed by chance, after CAPS were read */
  FAULT_DEAF      /* no answer after 2000 accesses */
} fault;

enum { FAULT_WEIGHT_ROW_AT = 2, FAULT_WEIGHT_COL_AT = 4 };

/* Takes ownership of inner. hw: its hardware. */
pbl_device *faulty_device(pbl_device *inner, const pbl_hw *hw, fault f);

void faulty_device_seed(pbl_device *dev, uint64_t seed);

#endif
