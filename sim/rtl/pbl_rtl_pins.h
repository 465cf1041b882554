/* The pins of a compiled RTL variant, for models that make the clock themselves (sim/tlm). */
#ifndef PBL_RTL_PINS_H
#define PBL_RTL_PINS_H

#include <stdbool.h>

#include "pbl_device.h"
#include "pbl_rtl_api.h"

/* Applies the inputs, with `edge` also one rising edge of the clock, and tells the outputs after
 * it. A device that is driven so must not be used through its vtable, but for close. INVALID for
 * devices that pbl_rtl_open has not made. */
pbl_status pbl_rtl_pins(pbl_device *dev, pbl_rtl_outputs *out, const pbl_rtl_inputs *in, bool edge,
                        pbl_error *err);

#endif
