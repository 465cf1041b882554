/* cmocka with the headers it wants, and a temporary folder for tests that write files. */
#ifndef PBL_CMOCKA_H
#define PBL_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the above */
#include <cmocka.h>

/* Path of `name` in a folder of this process below $TMPDIR; the buffer is static. */
static inline const char *scratch_path(const char *name) {
  static char folder[256], path[512];
  if (folder[0] == '\0') {
    const char *root = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/pbl-test-XXXXXX", root != NULL ? root : "/tmp");
    assert_non_null(mkdtemp(folder));
  }
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

#endif
