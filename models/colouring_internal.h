/* Shared by the files of the colouring. Internal to models. */
#ifndef COLOURING_INTERNAL_H
#define COLOURING_INTERNAL_H

#include "pbl_colouring.h"

#define NO_COLOUR UINT32_MAX

/* colour: n values, all NO_COLOUR before. NO_MEMORY. */
pbl_status colour_dsatur(uint32_t *colour, const pbl_graph *g, pbl_error *err);

#endif
