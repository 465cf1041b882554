/* How the schema tables are written. Internal to the configuration. */
#ifndef PBL_SCHEMA_MACROS_H
#define PBL_SCHEMA_MACROS_H

#include "pbl_schema.h"

/* One line of a table: I(struct, key, member, flags, min, max, default, meaning) and so on. */
#define N(kind_, type, key_, member, flags_, min_, max_, fallback_, meaning_)            \
  {                                                                                      \
    .key = (key_), .kind = (kind_), .flags = (flags_), .offset = offsetof(type, member), \
    .min = (min_), .max = (max_), .fallback = (fallback_), .meaning = (meaning_)         \
  }
#define I(...) N(PBL_FIELD_INT, __VA_ARGS__)
#define U(...) N(PBL_FIELD_U64, __VA_ARGS__)
#define D(...) N(PBL_FIELD_DOUBLE, __VA_ARGS__)
#define B(type, key_, member, fallback_, meaning_) \
  N(PBL_FIELD_BOOL, type, key_, member, 0, 0, 1, fallback_, meaning_)
#define C(type, key_, member, choices_, fallback_, meaning_)                   \
  {                                                                            \
    .key = (key_), .kind = PBL_FIELD_CHOICE, .offset = offsetof(type, member), \
    .choices = (choices_), .fallback = (fallback_), .meaning = (meaning_)      \
  }
#define T(type, key_, member, flags_, choices_, fallback_, meaning_)                            \
  {                                                                                             \
    .key = (key_), .kind = PBL_FIELD_TEXT, .flags = (flags_), .offset = offsetof(type, member), \
    .size = sizeof(((type *)NULL)->member), .choices = (choices_), .fallback = (fallback_),     \
    .meaning = (meaning_)                                                                       \
  }
#define S(key_, flags_, offset_, fields_, meaning_)                                   \
  {                                                                                   \
    .key = (key_), .kind = PBL_FIELD_SECTION, .flags = (flags_), .offset = (offset_), \
    .fields = (fields_), .meaning = (meaning_)                                        \
  }
#define END \
  { .key = NULL }
/* Two lines: where the device `remote` is. */
#define REMOTE_FIELDS(type)                                                                      \
  T(type, "remote", config.remote.address, 0, NULL, "\"\"",                                      \
    "Address of the server of device `remote`: `unix:PATH` or `HOST:PORT` (docs/hil.md)."),      \
      T(type, "remote_secret", config.remote.secret, 0, NULL, "\"\"",                            \
        "File with the secret that is shared with that server; relative to the working folder. " \
        "Empty: none.")
/* Two lines: where the device `uio` is. */
#define UIO_FIELDS(type)                                                                       \
  T(type, "uio", config.uio.where, 0, NULL, "\"\"",                                            \
    "Which board device `uio` is: number or name of a UIO device, or the path of one or of a " \
    "file of `pbitloop serve --file` (docs/board.md)."),                                       \
      I(type, "uio_timeout_ms", config.uio.timeout_ms, 0, 1, 1e9, "10000",                     \
        "Device `uio`: wall time without an answer, or without a clock of the board's "        \
        "counter, before it is given up.")
/* One line: time of the device `tlm`. */
#define TLM_FIELDS(type)                                                                      \
  I(type, "tlm_quantum_ns", config.tlm_quantum_ns, 0, 1, 1e9, "10000",                        \
    "Device `tlm`: simulated time for which the host may run ahead of the SystemC kernel, a " \
    "clock being 10 ns (docs/systemc.md). Samples do not depend on it.")
#define MUST PBL_FIELD_REQUIRED
#define ABOVE PBL_FIELD_ABOVE_MIN

#define U64_MAX 18446744073709551615.0 /* 2^64 as a double: every uint64 passes */

#endif
