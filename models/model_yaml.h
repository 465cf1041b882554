/* Private to models/: the file model.yaml. Only sizes, beta and texts of the pbl_rbm are touched.
 */
#ifndef PBL_MODEL_YAML_H
#define PBL_MODEL_YAML_H

#include "pbl_model.h"

/* Strict: unknown, repeated or missing keys and wrong values are FORMAT with file:line:column. */
pbl_status pbl_model_yaml_read(pbl_rbm *meta, const char *path, pbl_error *err);
/* Atomic: a temporary name in the same folder, then rename. */
pbl_status pbl_model_yaml_write(const pbl_rbm *meta, const char *path, pbl_error *err);

#endif
