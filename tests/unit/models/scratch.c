#include "scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int scratch_setup(void **state) {
  char *folder = strdup("/tmp/pbl-models-XXXXXX");
  if (!folder || !mkdtemp(folder)) {
    free(folder);
    return -1;
  }
  *state = folder;
  return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk) {
  (void)info;
  (void)type;
  (void)walk;
  return remove(path);
}

int scratch_teardown(void **state) {
  const int failed = nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  free(*state);
  return failed;
}

const char *scratch_path(char path[PATH_MAX], void *const *state, const char *file) {
  const int n = snprintf(path, PATH_MAX, "%s/%s", (const char *)*state, file);
  return n < PATH_MAX ? path : NULL;
}

int scratch_write(const char *path, const void *data, size_t n) {
  FILE *f = fopen(path, "wb");
  if (!f) return -1;
  const size_t written = fwrite(data, 1, n, f);
  return fclose(f) == 0 && written == n ? 0 : -1;
}
