/* NumPy .npy files, format version 1.0 (read: 1.0 and 2.0), C order, little-endian.
 * Types: float64 f8, float32 f4, int32 i4, uint8 u1, int64 i8, uint32 u4, int8 i1, int16 i2,
 * uint16 u2, uint64 u8, bool b1 (as uint8). */
#ifndef PBL_NPY_H
#define PBL_NPY_H

#include <stddef.h>

#include "pbl_error.h"

typedef enum {
  PBL_F64,
  PBL_F32,
  PBL_I32,
  PBL_U8,
  PBL_I64,
  PBL_U32,
  PBL_I8,
  PBL_I16,
  PBL_U16,
  PBL_U64,
  PBL_BOOL
} pbl_dtype;

#define PBL_NPY_MAX_DIMS 8

typedef struct {
  pbl_dtype dtype;
  int n_dims;
  size_t shape[PBL_NPY_MAX_DIMS];
  void *data; /* owned; row-major */
} pbl_array;

size_t pbl_dtype_size(pbl_dtype t);
size_t pbl_array_count(const pbl_array *a);

/* Reads a whole file. Fortran order, big-endian and object arrays are refused (FORMAT) with the
 * reason; a shape whose byte count does not match the file is refused. NOT_FOUND, IO, NO_MEMORY. */
pbl_status pbl_npy_read(pbl_array *out, const char *path, pbl_error *err);
/* As above, and the array is converted to float64 whatever its type, as it is read: no more memory
 * than the result takes. 64-bit integers beyond 2^53 are rounded. */
pbl_status pbl_npy_read_f64(pbl_array *out, const char *path, pbl_error *err);
/* Writes to a temporary name in the same folder and renames: never a half file. A device or a pipe
 * is written to itself. IO, NO_MEMORY, INVALID. */
pbl_status pbl_npy_write(const char *path, pbl_dtype t, int n_dims, const size_t *shape,
                         const void *data, pbl_error *err);
void pbl_array_free(pbl_array *a); /* frees data and zeroes; NULL is legal */

#endif
