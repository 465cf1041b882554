/* cmocka with the headers it wants, and a temporary folder for tests that write files. */
#ifndef PBL_CMOCKA_H
#define PBL_CMOCKA_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

static char g_scratch_folder[256];

static inline int scratch_remove_entry(const char *path, const struct stat *st, int type,
                                       struct FTW *ftw) {
  (void)st;
  (void)type;
  (void)ftw;
  return remove(path);
}

static inline void scratch_remove(void) {
  nftw(g_scratch_folder, scratch_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Path of `name` in a folder below $TMPDIR that is removed at exit; the buffer is static. */
static inline const char *scratch_path(const char *name) {
  static char path[512];
  char *folder = g_scratch_folder;
  if (folder[0] == '\0') {
    const char *root = getenv("TMPDIR");
    snprintf(folder, sizeof g_scratch_folder, "%s/pbl-test-XXXXXX", root != NULL ? root : "/tmp");
    assert_non_null(mkdtemp(folder));
    atexit(scratch_remove);
  }
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

#endif
