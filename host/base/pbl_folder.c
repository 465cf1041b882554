#include "pbl_folder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pbl_lock.h"

#define TRIES 10

struct pbl_folder {
  pbl_lock lock;
  char path[PATH_MAX], lock_path[PATH_MAX];
  size_t made; /* length of the first name on the way that was not there; 0: all were */
};

static pbl_status make_folders(const char *path, size_t *made, pbl_error *err) {
  char part[PATH_MAX];
  struct stat st;
  const size_t length = strlen(path);
  *made = 0;
  if (length == 0 || length >= sizeof part)
    return pbl_fail(err, PBL_INVALID, "bad folder name of %zu characters: '%.200s'", length, path);
  memcpy(part, path, length + 1);
  for (size_t k = 1; k <= length; k++) {
    if (path[k] != '/' && path[k] != '\0') continue;
    part[k] = '\0';
    const int code = mkdir(part, 0777) == 0 ? 0 : errno;
    if (code && code != EEXIST)
      return pbl_fail(err, PBL_IO, "cannot create the folder %s: %s; choose another", part,
                      strerror(code));
    if (!code && !*made) *made = k;
    part[k] = path[k];
  }
  if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) return PBL_OK;
  return pbl_fail(err, PBL_IO, "cannot create the folder %s: something else has that name", path);
}

pbl_status pbl_make_folders(const char *path, pbl_error *err) {
  size_t made;
  return make_folders(path, &made, err);
}

/* From the inside out, as far as nobody has put anything there. */
static void remove_empty(pbl_folder *f) {
  for (size_t k = strlen(f->path); f->made && k >= f->made; k--) {
    if (f->path[k] != '/' && f->path[k] != '\0') continue;
    f->path[k] = '\0';
    if (rmdir(f->path) != 0 && errno != ENOENT) return;
  }
}

static pbl_status judge(const pbl_folder *f, pbl_progress *progress, pbl_error *err) {
  if (f->lock.state == PBL_LOCK_UNKNOWN)
    pbl_progress_note(progress,
                      "%s: its file system has no locks (%s), so nothing keeps a second run from "
                      "writing there: start none",
                      f->path, f->lock.holder);
  if (f->lock.state != PBL_LOCK_BUSY) return PBL_OK;
  return pbl_fail(err, PBL_CONFIG,
                  "%s: %s is writing into this folder; wait until it has ended, or choose another "
                  "folder",
                  f->path, f->lock.holder);
}

/* Another run may remove the empty folder between the two steps. */
static pbl_status create_and_lock(pbl_folder *f, pbl_error *err) {
  pbl_status s = PBL_OK;
  struct stat st;
  for (int k = 0; k < TRIES; k++) {
    s = make_folders(f->path, &f->made, err);
    if (s) return s;
    s = pbl_lock_try(&f->lock, f->lock_path, err);
    if (!s || stat(f->path, &st) == 0) return s;
  }
  return s;
}

pbl_status pbl_folder_open(pbl_folder **out, const char *path, pbl_progress *progress,
                           pbl_error *err) {
  pbl_folder *f = calloc(1, sizeof *f);
  *out = NULL;
  if (!f) return pbl_fail(err, PBL_NO_MEMORY, "folder: out of memory");
  f->lock.fd = -1;
  snprintf(f->path, sizeof f->path, "%s", path);
  const int n = snprintf(f->lock_path, sizeof f->lock_path, "%s/" PBL_FOLDER_LOCK, path);
  pbl_status s = PBL_OK;
  if (n < 0 || (size_t)n >= sizeof f->lock_path)
    s = pbl_fail(err, PBL_INVALID, "path too long: %.200s...", path);
  if (!s) s = create_and_lock(f, err);
  if (!s) s = judge(f, progress, err);
  if (s) {
    pbl_folder_close(f);
    return s;
  }
  *out = f;
  return PBL_OK;
}

void pbl_folder_close(pbl_folder *f) {
  if (!f) return;
  pbl_lock_release(&f->lock, f->lock_path);
  remove_empty(f);
  free(f);
}
