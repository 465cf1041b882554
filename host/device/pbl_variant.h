/* Hardware variants on demand: verilate and compile the RTL with given parameters, once, and keep
 * the shared object in a cache keyed by content: RTL sources, shim, parameters, tool versions,
 * flags. */
#ifndef PBL_VARIANT_H
#define PBL_VARIANT_H

#include <stdbool.h>

#include "pbl_hw.h"
#include "pbl_progress.h"

typedef struct {
  const char *source_dir; /* project root (rtl/ and sim/rtl below it); NULL: built-in default,
                             overridden by environment PBITLOOP_SOURCE_DIR */
  const char *cache_dir;  /* NULL: $PBITLOOP_CACHE, else $XDG_CACHE_HOME/pbitloop, else
                             ~/.cache/pbitloop, else (no writable home)
                             SOURCE/.cache/pbitloop */
  bool waveform;          /* a variant that can write waveforms, beside the ordinary one */
  bool savable;           /* a variant whose state can be saved, beside the ordinary one */
} pbl_variant_options;

/* Path of the shared object in `path`. Builds it when missing, with progress lines; processes that
 * ask for the same variant at once wait for one build (file lock) and a killed build leaves nothing
 * that is taken for finished (built in a private folder, renamed). TOOL error carries the tail of
 * the tool's output; NOT_FOUND names the Debian package of a missing tool. */
pbl_status pbl_variant_build(char *path, size_t path_size, const pbl_hw *hw,
                             const pbl_variant_options *opt, pbl_progress *p, pbl_error *err);
/* The folder that the rule above gives; not created. */
pbl_status pbl_variant_cache_dir(char *out, size_t size, const pbl_variant_options *opt,
                                 pbl_error *err);

/* Calls `visit` for every cached variant (key, one-line description, bytes). */
pbl_status pbl_variant_list(const pbl_variant_options *opt,
                            void (*visit)(void *ctx, const char *key, const char *text,
                                          uint64_t bytes),
                            void *ctx, pbl_error *err);

#endif
