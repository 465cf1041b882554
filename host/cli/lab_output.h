/* What `pbitloop lab` prints. Internal to host/cli. */
#ifndef LAB_OUTPUT_H
#define LAB_OUTPUT_H

#include "pbl_lab.h"

void lab_print(const pbl_lab_config *config, const pbl_lab_result *result);
pbl_status lab_print_json(const pbl_lab_config *config, const pbl_lab_result *result,
                          pbl_error *err);

#endif
