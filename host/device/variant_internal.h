/* Inside the variant builder: content key and external tools. */
#ifndef PBL_VARIANT_INTERNAL_H
#define PBL_VARIANT_INTERNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_hw.h"
#include "pbl_progress.h"
#include "pbl_variant.h"

#define PBL_KEY_SIZE 33   /* 32 hex digits */
#define PBL_TEXT_SIZE 256 /* one-line description, version lines */

/* ---- folders ---- */

/* Formats a path; INVALID when it does not fit. */
__attribute__((format(printf, 3, 4))) pbl_status pbl_variant_path(char out[PATH_MAX],
                                                                  pbl_error *err,
                                                                  const char *format, ...);
/* The folder and those above it. IO. */
pbl_status pbl_variant_make_folders(const char *path, pbl_error *err);
/* Absolute path of the sources; opt may be NULL. NOT_FOUND. */
pbl_status pbl_variant_source_dir(char out[PATH_MAX], const pbl_variant_options *opt,
                                  pbl_error *err);
/* Absolute path of the cache folder, which is created: tools run in other folders. */
pbl_status pbl_variant_open_cache(char out[PATH_MAX], const pbl_variant_options *opt,
                                  pbl_error *err);

/* ---- tools ---- */

typedef struct {
  const char *const *argv; /* NULL-terminated; argv[0] is searched in PATH */
  const char *cwd;         /* NULL: unchanged */
  const char *label;       /* for messages: "verilator" */
} pbl_tool;

/* Runs n tools, at most two at a time, without a shell; their output is appended to `log`. Ends
 * them all when one fails or the user asks to stop. TOOL carries the tail of the log. */
pbl_status pbl_tools_run(const pbl_tool *tools, size_t n, const char *log, const char *what,
                         pbl_progress *p, pbl_error *err);
/* First line of the tool's standard output. NOT_FOUND names the Debian package. */
pbl_status pbl_tool_line(char *line, size_t size, const char *const *argv, pbl_error *err);
const char *pbl_tool_verilator(void); /* $PBITLOOP_VERILATOR or verilator */
const char *pbl_tool_cxx(void);       /* $PBITLOOP_CXX or c++ */
/* Removes a folder and what is in it; a missing one is fine. */
void pbl_remove_tree(const char *path);

/* ---- key ---- */

typedef struct {
  const char *source_dir;
  const pbl_hw *hw;
  bool waveform, savable;
  char verilator_version[PBL_TEXT_SIZE], cxx_version[PBL_TEXT_SIZE], cpu[PBL_TEXT_SIZE];
  char description[PBL_TEXT_SIZE + 128]; /* of the hardware */
  char key[PBL_KEY_SIZE];
} pbl_variant_id;

#define PBL_N_PARAMETERS 31
#define PBL_PARAMETER_SIZE 40
/* "-GVisible=784", ..., "-GRuleA=48'h..": the parameters of pbit_top. */
void pbl_variant_parameters(char out[PBL_N_PARAMETERS][PBL_PARAMETER_SIZE], const pbl_hw *hw);
/* Compiler options of a variant without and with waveforms, NULL-terminated. */
const char *const *pbl_variant_cxx_flags(bool waveform);
/* Fills everything behind source_dir, hw, waveform and savable. */
pbl_status pbl_variant_identify(pbl_variant_id *id, pbl_error *err);
/* The same for what another tool makes of the RTL: description and key of sources, parameters and
 * `what` (tool, version, settings), without compiler and CPU. */
pbl_status pbl_variant_identify_rtl(pbl_variant_id *id, const char *what, pbl_error *err);

#endif
