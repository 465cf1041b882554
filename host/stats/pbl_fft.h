/* Complex FFT of powers of two, private to this room: the autocovariance needs nothing more. */
#ifndef PBL_FFT_H
#define PBL_FFT_H

#include <stddef.h>

#include "pbl_error.h"

typedef struct {
  size_t n;      /* power of two */
  double *roots; /* n complex; half + k: exp(-i pi k/half), half = 1, 2, 4 .. n/2 */
} pbl_fft;

pbl_status pbl_fft_create(pbl_fft *f, size_t n_min, pbl_error *err); /* least power >= n_min */
void pbl_fft_free(pbl_fft *f);
/* In place, forward, no scaling; data holds n interleaved complex numbers. */
void pbl_fft_forward(const pbl_fft *f, double *data);

#endif
