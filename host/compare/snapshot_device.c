/* The device of a case behind the recorder. */
#include <stdio.h>
#include <string.h>

#include "compare_snapshots.h"
#include "pbl_variant.h"

/* .../KEY/pbit.so: the key names sources, parameters, tools and processor. */
static void key_of(char *key, size_t size, const char *path) {
  const char *end = strrchr(path, '/'), *begin = end;
  while (begin && begin > path && begin[-1] != '/') begin--;
  snprintf(key, size, "%.*s", end ? (int)(end - begin) : 0, end ? begin : "");
}

pbl_status snapshot_open_device(pbl_device **out, const case_work *w, pbl_backend backend,
                                pbl_error *err) {
  char path[4096], key[64] = "";
  pbl_status st = snapshot_check_backend(backend, err);
  if (!st && backend == PBL_DEVICE_TWIN) {
    st = pbl_twin_open(out, &w->hw, err);
  } else if (!st) {
    const pbl_variant_options savable = {.savable = true};
    st = pbl_variant_build(path, sizeof path, &w->hw, &savable, w->progress, err);
    if (!st) st = pbl_rtl_open(out, path, w->config->lockstep_reset_seed, err);
    if (!st) key_of(key, sizeof key, path);
  }
  return st ? st : pbl_recorder_attach(w->snapshots->recorder, out, &w->hw, key, err);
}
