/* The colour guard of docs/device.md once more: every violation of a schedule is listed with its
 * place in the order of the check, and the least place wins. Random violations to plant. */
#ifndef PLAIN_GUARD_H
#define PLAIN_GUARD_H

#include "plain_sparse.h"

/* GUARD of the memories of m as they are: code in bits 7:0, index in bits 31:16. */
uint32_t plain_guard(const plain_sparse *m);
/* Changes m's memories in one place so that the guard may find that code, 1 to 8. */
void plain_violate(plain_sparse *m, int code, uint64_t *seed);

#endif
