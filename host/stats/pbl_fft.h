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
/* Forward transforms in place, no scaling, of n interleaved complex numbers: from natural order to
 * the bit-reversed one, and from that to natural order. A product of spectra needs no reordering:
 * in bit-reversed order frequency 0 lies at 0, n/2 at 1, and place p + i mirrors place 2 p - 1 - i
 * (k and -k) for p = 2, 4, .. n/2 and i < p. */
void pbl_fft_to_reversed(const pbl_fft *f, double *data);
void pbl_fft_from_reversed(const pbl_fft *f, double *data);

#endif
