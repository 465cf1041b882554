/* What `pbitloop selftest` prints. Internal to host/cli. */
#ifndef SELFTEST_OUTPUT_H
#define SELFTEST_OUTPUT_H

#include "pbl_selftest.h"

/* device: name of the back-end; hardware: "case NAME of FILE", or where else it is known from. */
void selftest_print(const pbl_selftest_report *r, const char *device, const char *hardware);
pbl_status selftest_print_json(const pbl_selftest_report *r, const char *device,
                               const char *hardware, pbl_error *err);

#endif
