#include "pbl_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

pbl_status pbl_replace_file(const char *path, const void *bytes, size_t n_bytes, pbl_error *err) {
  const pbl_piece all = {bytes, n_bytes};
  return pbl_replace_file_by(path, &all, 1, err);
}

pbl_status pbl_replace_file_by(const char *path, const pbl_piece *pieces, size_t n_pieces,
                               pbl_error *err) {
  char temporary[PATH_MAX];
  struct stat there;
  if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
    return pbl_fail(err, PBL_IO, "%s is there and is no file: choose another name", path);
  const int length = snprintf(temporary, sizeof temporary, "%s.tmp", path);
  if (length < 0 || (size_t)length >= sizeof temporary)
    return pbl_fail(err, PBL_INVALID, "path too long: %.200s...", path);
  FILE *f = fopen(temporary, "wb");
  if (!f) return pbl_fail(err, PBL_IO, "cannot write %s: %s", temporary, strerror(errno));
  bool good = true;
  for (size_t k = 0; good && k < n_pieces; k++)
    good = pieces[k].n == 0 || fwrite(pieces[k].bytes, 1, pieces[k].n, f) == pieces[k].n;
  good = fflush(f) == 0 && fsync(fileno(f)) == 0 && good;
  good = fclose(f) == 0 && good;
  if (good) good = rename(temporary, path) == 0;
  if (good) return PBL_OK;
  const int cause = errno;
  remove(temporary);
  return pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(cause));
}

pbl_status pbl_read_file(unsigned char **bytes, size_t *n_bytes, const char *path, pbl_error *err) {
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe may be there */
  FILE *f = fd < 0 ? NULL : fdopen(fd, "rb");
  if (!f && errno == ENOENT) return PBL_OK;
  if (!f) return pbl_fail(err, PBL_IO, "cannot read %s: %s", path, strerror(errno));
  pbl_status status = PBL_OK;
  unsigned char *data = NULL;
  long size = -1;
  struct stat st;
  if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
    status = pbl_fail(err, PBL_FORMAT, "%s is not a file; remove it", path);
    goto done;
  }
  if (fseek(f, 0, SEEK_END) == 0) size = ftell(f);
  if (size < 0 || fseek(f, 0, SEEK_SET) != 0) {
    status = pbl_fail(err, PBL_IO, "cannot read %s: %s", path, strerror(errno));
    goto done;
  }
  data = malloc((size_t)size + 1);
  if (!data) {
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory for %s (%ld bytes)", path, size);
    goto done;
  }
  if (fread(data, 1, (size_t)size, f) != (size_t)size) {
    status = pbl_fail(err, PBL_IO, "cannot read %s", path);
    goto done;
  }
  *bytes = data;
  *n_bytes = (size_t)size;
  data = NULL;
done:
  free(data);
  fclose(f);
  return status;
}
