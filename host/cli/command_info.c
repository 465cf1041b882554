#include <stdio.h>
#include <stdlib.h>

#include "pbl_cli.h"
#include "pbl_compare.h"
#include "pbl_hil.h"
#include "pbl_netcdf.h"
#include "pbl_tlm.h"
#include "pbl_twin.h"
#include "pbl_variant.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

static const pbl_option options[] = {
    {"variants", PBL_OPTION_FLAG, NULL, NULL, "list the hardware variants in the cache"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_info = {
    .name = "info",
    .positional = NULL,
    .summary = "versions, back-ends, folders and cached hardware variants",
    .details =
        "Prints the versions of the program and of the tools it uses, the back-ends that can\n"
        "play the device, whether chains can be written as netCDF, the folders, and how many "
        "hardware\n"
        "variants are compiled.\n",
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

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err) {
  char versions[1024];
  *exit_code = 0;
  if (pbl_arguments_has(arguments, &pbl_command_info, "variants")) return list_variants(err);
  const pbl_status status = pbl_versions(versions, sizeof versions);
  if (status != PBL_OK) return pbl_fail(err, status, "cannot tell the versions");
  printf("%s\n", versions);
  print_backends();
  print_netcdf();
  printf("libsodium:     %s\n", pbl_hil_has_secrets()
                                    ? "present, devices can be lent to other machines"
                                    : "absent, devices are lent on this machine only (install "
                                      "libsodium-dev and build again)");
  printf("source folder: %s\n", getenv("PBITLOOP_SOURCE_DIR"));
  print_cache();
  return PBL_OK;
}
