#ifndef PBL_BYTES_H
#define PBL_BYTES_H

#include <stddef.h>

#include "pbl_error.h"

/* Bytes that grow; owned by the caller: start from {0}, end with pbl_bytes_free. */
typedef struct {
  unsigned char *data;
  size_t n, capacity;
} pbl_bytes;

/* Appends n bytes; NO_MEMORY leaves it as it was. */
pbl_status pbl_bytes_append(pbl_bytes *b, const void *data, size_t n, pbl_error *err);
void pbl_bytes_free(pbl_bytes *b);

#endif
