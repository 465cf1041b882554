/* Built instead of pbl_netcdf.c where the library is missing. */
#include "pbl_netcdf.h"

const char *pbl_netcdf_version(void) {
  return NULL;
}

pbl_status pbl_netcdf_write(const char *path, const pbl_netcdf_chains *c, pbl_error *err) {
  (void)c;
  return pbl_fail(
      err, PBL_NOT_FOUND,
      "%s: this pbitloop was built without netCDF; install libnetcdf-dev and build again", path);
}
