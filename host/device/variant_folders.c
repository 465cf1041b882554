/* Where the sources and the cache of variants are. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "variant_internal.h"

#ifndef PBL_SOURCE_DIR
#define PBL_SOURCE_DIR "." /* set by the build system */
#endif

pbl_status pbl_variant_path(char out[PATH_MAX], pbl_error *err, const char *format, ...) {
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(out, PATH_MAX, format, args);
  va_end(args);
  if (n < 0 || n >= PATH_MAX) return pbl_fail(err, PBL_INVALID, "path too long: %.200s...", out);
  return PBL_OK;
}

pbl_status pbl_variant_make_folders(const char *path, pbl_error *err) {
  char part[PATH_MAX];
  const pbl_status s = pbl_variant_path(part, err, "%s", path);
  if (s != PBL_OK) return s;
  for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    mkdir(part, 0777); /* a failure shows at the last one */
    *slash = '/';
  }
  if (mkdir(part, 0777) != 0 && errno != EEXIST)
    return pbl_fail(err, PBL_IO, "%s: cannot create the folder: %s; PBITLOOP_CACHE names another",
                    path, strerror(errno));
  return PBL_OK;
}

static const char *environment(const char *name) {
  const char *value = getenv(name);
  return value != NULL && value[0] != '\0' ? value : NULL;
}

pbl_status pbl_variant_source_dir(char out[PATH_MAX], const pbl_variant_options *opt,
                                  pbl_error *err) {
  const char *folder = opt != NULL ? opt->source_dir : NULL;
  if (folder == NULL) folder = environment("PBITLOOP_SOURCE_DIR");
  if (folder == NULL) folder = PBL_SOURCE_DIR;
  if (realpath(folder, out) == NULL)
    return pbl_fail(err, PBL_NOT_FOUND, "%s: %s; set PBITLOOP_SOURCE_DIR to the project's folder",
                    folder, strerror(errno));
  return PBL_OK;
}

pbl_status pbl_variant_cache_dir(char *out, size_t size, const pbl_variant_options *opt,
                                 pbl_error *err) {
  char source[PATH_MAX];
  const char *tail = "/pbitloop";
  const char *folder =
      opt != NULL && opt->cache_dir != NULL ? opt->cache_dir : environment("PBITLOOP_CACHE");
  if (folder != NULL) tail = "";
  if (folder == NULL) folder = environment("XDG_CACHE_HOME");
  if (folder == NULL) {
    folder = environment("HOME");
    tail = "/.cache/pbitloop";
    if (folder == NULL || access(folder, W_OK) != 0) { /* a service account has no home */
      const pbl_status s = pbl_variant_source_dir(source, opt, err);
      if (s != PBL_OK) return s;
      folder = source;
    }
  }
  if (snprintf(out, size, "%s%s", folder, tail) >= (int)size)
    return pbl_fail(err, PBL_INVALID, "cache folder %s%s: the path is too long", folder, tail);
  return PBL_OK;
}

pbl_status pbl_variant_open_cache(char out[PATH_MAX], const pbl_variant_options *opt,
                                  pbl_error *err) {
  char folder[PATH_MAX];
  pbl_status s = pbl_variant_cache_dir(folder, sizeof folder, opt, err);
  if (s == PBL_OK) s = pbl_variant_make_folders(folder, err);
  if (s == PBL_OK && realpath(folder, out) == NULL)
    s = pbl_fail(err, PBL_IO, "%s: %s", folder, strerror(errno));
  return s;
}
