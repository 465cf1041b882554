/* The bare device of a job, whichever back-end plays it. */
#include <stdio.h>
#include <string.h>

#include "pbl_compare.h"
#include "pbl_hil.h"
#include "pbl_tlm.h"
#include "pbl_twin.h"
#include "pbl_uio.h"
#include "pbl_variant.h"
#include "pbl_waveform_file.h"

/* .../KEY/pbit.so: the key names sources, parameters, tools and processor. */
static void key_of(char key[PBL_COMPARE_KEY], const char *path) {
  const char *end = strrchr(path, '/'), *begin = end;
  while (begin && begin > path && begin[-1] != '/') begin--;
  snprintf(key, PBL_COMPARE_KEY, "%.*s", end ? (int)(end - begin) : 0, end ? begin : "");
}

pbl_status pbl_compare_open_device(pbl_device **out, char key[PBL_COMPARE_KEY],
                                   const pbl_compare_config *config, const pbl_hw *hw,
                                   pbl_backend backend, pbl_progress *p, pbl_error *err) {
  if (key) key[0] = '\0';
  if (backend == PBL_DEVICE_TWIN) return pbl_twin_open(out, hw, err);
  if (backend == PBL_DEVICE_REMOTE) {
    const pbl_remote_config *r = &config->remote;
    const pbl_hil_options o = {.secret_file = r->secret[0] != '\0' ? r->secret : NULL,
                               .reset_seed = config->lockstep_reset_seed};
    return pbl_hil_open(out, r->address, hw, &o, err);
  }
  if (backend == PBL_DEVICE_UIO) {
    const pbl_uio_options o = {.timeout_ms = config->uio.timeout_ms};
    return pbl_uio_open(out, config->uio.where, &o, err);
  }
  char path[4096];
  const bool is_tlm = backend == PBL_DEVICE_TLM;
  const pbl_tlm_options o = {.quantum_ns = (uint64_t)config->tlm_quantum_ns};
  pbl_status st = is_tlm ? pbl_tlm_available(err) : PBL_OK; /* before minutes of compiling */
  const pbl_variant_options variant = {.waveform = pbl_waveform_is_wanted(config->waveform),
                                       .savable = key != NULL};
  if (!st && variant.waveform) st = pbl_waveform_check_room(config->waveform, hw, err);
  if (!st) st = pbl_variant_build(path, sizeof path, hw, &variant, p, err);
  if (!st && key) key_of(key, path);
  if (!st) st = pbl_rtl_open(out, path, config->lockstep_reset_seed, err);
  if (!st && variant.waveform) {
    st = pbl_waveform_begin(config->waveform, *out, hw, p, err);
    if (st) (*out)->ops->close(*out);
  }
  return !st && is_tlm ? pbl_tlm_open(out, *out, &o, err) : st;
}
