/* Image data sets as binarised visible states. */
#ifndef PBL_DATASET_H
#define PBL_DATASET_H

#include <stddef.h>
#include <stdint.h>

#include "pbl_error.h"

typedef struct {
  size_t n_images;
  int rows, cols;
  uint8_t *pixels; /* n_images x rows*cols, 0..255 */
} pbl_images;

/* IDX3 ubyte file, plain or gzip (detected by content). Bad magic, truncated data, absurd sizes:
 * FORMAT with the numbers. */
pbl_status pbl_idx_read_images(pbl_images *out, const char *path, pbl_error *err);
void pbl_images_free(pbl_images *im);

/* Resolve a data set by name and part ("train" or "test"), `path` may be NULL or "":
 *  "fashion-mnist"  path NULL: Debian's package dataset-fashion-mnist
 *                   (/usr/share/datasets/fashion-mnist or wherever the package puts it)
 *  "mnist"          path required: a folder with train-images-idx3-ubyte[.gz] etc.
 *  "idx"            path = one IDX3 file
 *  "bars"           bars-and-stripes generated, rows x cols given; every pattern once
 * NOT_FOUND names the package to install (apt-get install dataset-fashion-mnist) or the file. */
pbl_status pbl_dataset_load(pbl_images *out, const char *name, const char *part, const char *path,
                            int rows, int cols, pbl_error *err);

/* +1 where pixel >= threshold (1..255), else -1. Caller frees *states (n_images x rows*cols). */
pbl_status pbl_images_binarise(signed char **states, const pbl_images *im, int threshold,
                               pbl_error *err);

#endif
