#include <stdio.h>
#include <stdlib.h>

#include "pbl_cli.h"
#include "pbl_compare.h"
#include "pbl_hil.h"
#include "pbl_json.h"
#include "pbl_netcdf.h"
#include "pbl_tlm.h"
#include "pbl_twin.h"
#include "pbl_uio.h"
#include "pbl_variant.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum { VARIANTS, JSON };

static const pbl_option options[] = {
    [VARIANTS] = {"variants", PBL_OPTION_FLAG, NULL, NULL,
                  "list the hardware variants in the cache"},
    [JSON] = {"json", PBL_OPTION_FLAG, NULL, NULL, "one JSON object instead of the lines"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_info = {
    .name = "info",
    .positional = "[FILE]",
    .summary = "versions, back-ends, boards, folders and cached hardware variants",
    .details =
        "Prints the versions of the program and of the tools it uses, the back-ends that can\n"
        "play the device, whether chains can be written as netCDF, the boards (UIO devices; with\n"
        "FILE also the one that pbitloop serve --file FILE emulates), the folders, and how many\n"
        "hardware variants are compiled. Boards are neither opened nor read: pbitloop selftest\n"
        "--device uio:WHICH tells what is behind one.\n",
    .options = options,
    .run = run};

typedef struct {
  size_t n;
  uint64_t bytes;
} totals;

static void count(void *context, const char *key, const char *text, uint64_t bytes) {
  totals *sum = context;
  (void)key;
  (void)text;
  sum->n++;
  sum->bytes += bytes;
}

static void visit(void *context, const char *key, const char *text, uint64_t bytes) {
  printf("%-16.16s %8.2f MB  %s\n", key, (double)bytes / 1e6, text);
  count(context, key, text, bytes);
}

static pbl_status list_variants(pbl_error *err) {
  totals sum = {0};
  const pbl_variant_options defaults = {0};
  const pbl_status status = pbl_variant_list(&defaults, visit, &sum, err);
  if (status == PBL_OK) printf("%zu variants, %.2f MB\n", sum.n, (double)sum.bytes / 1e6);
  return status;
}

static void print_cache(void) {
  char folder[4096];
  totals sum = {0};
  if (pbl_variant_cache_dir(folder, sizeof folder, NULL, NULL) != PBL_OK) return;
  printf("cache folder:  %s", folder);
  if (pbl_variant_list(NULL, count, &sum, NULL) == PBL_OK) {
    printf(" (%zu hardware variants, %.1f MB; info --variants lists them)", sum.n,
           (double)sum.bytes / 1e6);
  }
  printf("\n");
}

static void print_backends(void) {
  const pbl_hw hw = pbl_hw_default();
  pbl_device *twin = NULL;
  printf("back-end rtl:  Verilated RTL, compiled on demand\n");
  if (pbl_tlm_version() != NULL)
    printf("back-end tlm:  the RTL as a SystemC model, %s\n", pbl_tlm_version());
  else
    printf("back-end tlm:  absent (install libsystemc-dev and build again)\n");
  if (pbl_twin_open(&twin, &hw, NULL) == PBL_OK) {
    printf("back-end twin: bit-exact C, %s\n", pbl_twin_simd(twin));
    twin->ops->close(twin);
  }
}

static void print_netcdf(void) {
  const char *version = pbl_netcdf_version();
  if (version)
    printf("netCDF:        %s, compare writes chains.nc\n", version);
  else
    printf("netCDF:        absent, no chains.nc (install libnetcdf-dev and build again)\n");
}

/* ---- boards ---- */

typedef struct {
  pbl_uio_board *items;
  size_t n;
  bool failed;
} boards;

static void keep_board(void *context, const pbl_uio_board *board) {
  boards *b = context;
  pbl_uio_board *more = b->failed ? NULL : realloc(b->items, (b->n + 1) * sizeof *more);
  b->failed = more == NULL;
  if (b->failed) return;
  b->items = more;
  b->items[b->n++] = *board;
}

static pbl_status find_boards(boards *b, const char *file, pbl_error *err) {
  pbl_uio_board emulated;
  pbl_status status = pbl_uio_list(NULL, keep_board, b, err);
  if (status == PBL_OK && file != NULL) {
    status = pbl_uio_look(&emulated, file, err);
    if (status == PBL_OK) keep_board(b, &emulated);
  }
  if (status == PBL_OK && b->failed) status = pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  return status;
}

static void print_boards(const boards *b) {
  if (b->n == 0) printf("boards:        none (no UIO device; docs/board.md)\n");
  for (size_t k = 0; k < b->n; k++) {
    const pbl_uio_board *x = &b->items[k];
    printf("%s uio:%s", k == 0 ? "boards:       " : "              ", x->where);
    if (x->name[0] != '\0') printf(", %s", x->name);
    printf(", window of %llu bytes, %s\n", (unsigned long long)x->bytes,
           pbl_uio_state_text(x->state));
  }
}

static void print_all(const char *versions, const boards *found) {
  printf("%s\n", versions);
  print_backends();
  print_netcdf();
  print_boards(found);
  printf("libsodium:     %s\n", pbl_hil_has_secrets()
                                    ? "present, devices can be lent to other machines"
                                    : "absent, devices are lent on this machine only (install "
                                      "libsodium-dev and build again)");
  printf("source folder: %s\n", getenv("PBITLOOP_SOURCE_DIR"));
  print_cache();
}

/* ---- JSON ---- */

static void json_boards(pbl_json *j, const boards *b) {
  static const char *const states[] = {
      [PBL_UIO_THERE] = "not opened",        [PBL_UIO_NO_ACCESS] = "no access",
      [PBL_UIO_TOO_SMALL] = "too small",     [PBL_UIO_FREE] = "emulated, free",
      [PBL_UIO_IN_USE] = "emulated, in use", [PBL_UIO_NO_SERVER] = "emulated, no server"};
  pbl_json_array(j, "boards");
  for (size_t k = 0; k < b->n; k++) {
    const pbl_uio_board *x = &b->items[k];
    pbl_json_object(j, NULL);
    pbl_json_string(j, "where", x->where);
    pbl_json_string(j, "path", x->path);
    pbl_json_string(j, "name", x->name[0] != '\0' ? x->name : NULL);
    pbl_json_int(j, "window_bytes", (int64_t)x->bytes);
    pbl_json_string(j, "state", states[x->state]);
    pbl_json_end(j);
  }
  pbl_json_end(j);
}

static void json_variant(void *context, const char *key, const char *text, uint64_t bytes) {
  pbl_json *j = context;
  pbl_json_object(j, NULL);
  pbl_json_string(j, "key", key);
  pbl_json_string(j, "text", text);
  pbl_json_int(j, "bytes", (int64_t)bytes);
  pbl_json_end(j);
}

static pbl_status json_cache(pbl_json *j, bool all, pbl_error *err) {
  char folder[4096];
  totals sum = {0};
  pbl_status status = pbl_variant_cache_dir(folder, sizeof folder, NULL, err);
  if (status == PBL_OK) status = pbl_variant_list(NULL, count, &sum, err);
  if (status != PBL_OK) return status;
  pbl_json_string(j, "cache_folder", folder);
  pbl_json_int(j, "n_variants", (int64_t)sum.n);
  pbl_json_int(j, "variants_bytes", (int64_t)sum.bytes);
  if (!all) return PBL_OK;
  pbl_json_array(j, "variants");
  status = pbl_variant_list(NULL, json_variant, j, err);
  pbl_json_end(j);
  return status;
}

static pbl_status print_json(const char *versions, const boards *b, bool all, pbl_error *err) {
  const pbl_hw hw = pbl_hw_default();
  pbl_device *twin = NULL;
  pbl_json *j = NULL;
  char *text = NULL;
  pbl_status status = pbl_json_create_memory(&j, err);
  if (status != PBL_OK) return status;
  pbl_json_object(j, NULL);
  pbl_json_string(j, "versions", versions);
  pbl_json_object(j, "backends");
  pbl_json_string(j, "rtl", "Verilated RTL");
  pbl_json_string(j, "tlm", pbl_tlm_version());
  if (pbl_twin_open(&twin, &hw, NULL) == PBL_OK) {
    pbl_json_string(j, "twin", pbl_twin_simd(twin));
    twin->ops->close(twin);
  }
  pbl_json_end(j);
  pbl_json_string(j, "netcdf", pbl_netcdf_version());
  pbl_json_bool(j, "libsodium", pbl_hil_has_secrets());
  json_boards(j, b);
  pbl_json_string(j, "source_folder", getenv("PBITLOOP_SOURCE_DIR"));
  status = json_cache(j, all, err);
  pbl_json_end(j);
  const pbl_status closed = pbl_json_close(j, &text, status == PBL_OK ? err : NULL);
  if (status == PBL_OK) status = closed;
  if (status == PBL_OK) puts(text);
  free(text);
  return status;
}

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  char versions[1024];
  boards found = {0};
  *exit_code = 0;
  const bool all = arguments->seen[VARIANTS], json = arguments->seen[JSON];
  if (all && !json) {
    if (arguments->positional != NULL)
      return pbl_fail(err, PBL_USAGE, "info: --variants lists variants alone; leave FILE out");
    return list_variants(err);
  }
  pbl_status status = pbl_versions(versions, sizeof versions);
  if (status != PBL_OK) return pbl_fail(err, status, "cannot tell the versions");
  status = find_boards(&found, arguments->positional, err);
  if (status == PBL_OK && json) status = print_json(versions, &found, all, err);
  if (status == PBL_OK && !json) print_all(versions, &found);
  free(found.items);
  return status;
}
