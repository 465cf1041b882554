/* Whole files: read at once, replaced at once. */
#ifndef PBL_FILE_H
#define PBL_FILE_H

#include <stddef.h>

#include "pbl_error.h"

/* Atomic replacement: written to PATH.tmp, synced, renamed. Whatever happens, also a power cut, the
 * file is the old one or the new one. IO, also for a device, pipe or folder in its place. */
pbl_status pbl_replace_file(const char *path, const void *bytes, size_t n_bytes, pbl_error *err);
/* The same from pieces, one after the other. */
typedef struct {
  const void *bytes;
  size_t n;
} pbl_piece;
pbl_status pbl_replace_file_by(const char *path, const pbl_piece *pieces, size_t n_pieces,
                               pbl_error *err);
/* Whole file into memory, owned by the caller; *bytes stays as it is, NULL, when there is none. IO,
 * FORMAT for what is no file, NO_MEMORY. */
pbl_status pbl_read_file(unsigned char **bytes, size_t *n_bytes, const char *path, pbl_error *err);

#endif
