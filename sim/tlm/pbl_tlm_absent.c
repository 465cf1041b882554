/* Back-end `tlm` of a program that was built without SystemC. */
#include "pbl_tlm.h"

const char *pbl_tlm_version(void) {
  return NULL;
}

pbl_status pbl_tlm_available(pbl_error *err) {
  return pbl_fail(err, PBL_NOT_FOUND,
                  "device tlm: this program was built without SystemC; install libsystemc-dev and "
                  "build again");
}

pbl_status pbl_tlm_open(pbl_device **out, pbl_device *model, const pbl_tlm_options *opt,
                        pbl_error *err) {
  (void)out, (void)opt;
  if (model) model->ops->close(model);
  return pbl_tlm_available(err);
}
