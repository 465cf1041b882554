/* Numbers as YAML 1.2's core schema writes them: 12, -3, 0x1F, 0o17, 1e6, 2.5e-3. Integers are
 * exact also when written with a point or an exponent. Internal to host/config. */
#ifndef PBL_NUMBER_H
#define PBL_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
  PBL_NUMBER_OK,
  PBL_NUMBER_NONE,        /* no number at all */
  PBL_NUMBER_UNDERSCORE,  /* 1_000 */
  PBL_NUMBER_NOT_FINITE,  /* .nan, .inf */
  PBL_NUMBER_NOT_INTEGER, /* 1.5 for an integer */
  PBL_NUMBER_TOO_LARGE    /* beyond uint64 or double */
} pbl_number_fault;

typedef struct {
  bool negative;
  uint64_t magnitude;
} pbl_integer;

pbl_number_fault pbl_number_integer(pbl_integer *out, const char *text);
pbl_number_fault pbl_number_double(double *out, const char *text);
/* What is wrong, for a message; "" for OK. */
const char *pbl_number_fault_text(pbl_number_fault fault);

#endif
