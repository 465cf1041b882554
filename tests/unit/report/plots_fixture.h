/* The fixture with everything that plots need, and with nothing that they can be drawn from. */
#ifndef PBL_TEST_PLOTS_FIXTURE_H
#define PBL_TEST_PLOTS_FIXTURE_H

#include "fixture.h"

/* Case 0 of the fixture: energies of beta 1 % too high, met and unmet pairs, traces with chain 3
 * stuck, z values, clauses. False when out of memory. */
bool plots_fill(fixture *x);
/* Case 0 as a run of one constant chain leaves it: no variance, no bins, no moments, NaN wherever
 * nothing was computed. */
void plots_empty(fixture *x);

#endif
