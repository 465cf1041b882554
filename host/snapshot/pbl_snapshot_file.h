/* The file of a snapshot: named sections, each with its length and checksum. Little-endian.
 *
 *   magic        8 bytes  89 50 42 4C 53 4E 41 50  ("\x89PBLSNAP")
 *   format       u32      PBL_SNAPSHOT_FORMAT
 *   n_sections   u32
 *   file length  u64
 *   per section: tag (4 letters), CRC-32 of its bytes (u32), length (u64)
 *   CRC-32 of all of the above (u32)
 *   the sections' bytes, one after the other
 *
 * What is in the sections: docs/snapshots.md. */
#ifndef PBL_SNAPSHOT_FILE_H
#define PBL_SNAPSHOT_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_archive.h"
#include "pbl_error.h"

#define PBL_SNAPSHOT_FORMAT 1u
#define PBL_SNAPSHOT_MAX_SECTIONS 16

/* tag: four letters. bytes: borrowed when writing, inside the file's when reading. */
typedef struct {
  char tag[5];
  const unsigned char *bytes;
  size_t n;
} pbl_snapshot_section;

/* Replaces `path` at once (PATH.tmp, sync, rename): at every moment the old file or the new one is
 * there, whole. IO, NO_MEMORY. */
pbl_status pbl_snapshot_write(const char *path, const pbl_snapshot_section *sections, size_t n,
                              pbl_error *err);

typedef struct {
  unsigned char *bytes; /* owned */
  size_t n_bytes, n_sections;
  pbl_snapshot_section sections[PBL_SNAPSHOT_MAX_SECTIONS];
} pbl_snapshot_file;

/* Reads and checks all of it. NOT_FOUND; FORMAT says what is wrong: no snapshot, another format,
 * cut off, longer than it says, or which section is damaged. */
pbl_status pbl_snapshot_read(pbl_snapshot_file *out, const char *path, pbl_error *err);
void pbl_snapshot_free(pbl_snapshot_file *f);
/* NULL when there is none. */
const pbl_snapshot_section *pbl_snapshot_find(const pbl_snapshot_file *f, const char *tag);

#endif
