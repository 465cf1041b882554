/* A model on disk: model.yaml and its .npy arrays in one folder. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model_yaml.h"
#include "pbl_folder.h"
#include "pbl_model.h"
#include "pbl_npy.h"

enum { N_ARRAYS = 6, FIRST_MOMENT = 3 };

/* One array of the folder: where it lives in the model and what shape it must have. */
typedef struct {
  const char *file;
  float **slot;
  int n_dims;
  size_t shape[2];
} part;

static void list_parts(part parts[N_ARRAYS], pbl_rbm *m) {
  const size_t n_v = (size_t)m->n_visible, n_h = (size_t)m->n_hidden;
  const part list[N_ARRAYS] = {
      {"weights.npy", &m->w, 2, {n_v, n_h}},   {"visible_bias.npy", &m->b, 1, {n_v, 0}},
      {"hidden_bias.npy", &m->c, 1, {n_h, 0}}, {"data_vh.npy", &m->data_vh, 2, {n_v, n_h}},
      {"data_v.npy", &m->data_v, 1, {n_v, 0}}, {"data_h.npy", &m->data_h, 1, {n_h, 0}},
  };
  memcpy(parts, list, sizeof list);
}

static pbl_status join(char path[PATH_MAX], const char *folder, const char *file, pbl_error *err) {
  const int n = snprintf(path, PATH_MAX, "%s/%s", folder, file);
  if (n >= 0 && n < PATH_MAX) return PBL_OK;
  return pbl_fail(err, PBL_INVALID, "path too long: %.200s...", folder);
}

static pbl_status check_array(const pbl_array *a, const part *p, const char *path, pbl_error *err) {
  if (a->dtype != PBL_F32) {
    return pbl_fail(err, PBL_FORMAT, "%s: must be float32; convert with a.astype(numpy.float32)",
                    path);
  }
  bool same = a->n_dims == p->n_dims;
  for (int d = 0; same && d < p->n_dims; d++) same = a->shape[d] == p->shape[d];
  if (!same) {
    return pbl_fail(err, PBL_FORMAT,
                    "%s: has %d dimensions (%zu x %zu), but model.yaml asks for %d (%zu x %zu)",
                    path, a->n_dims, a->n_dims > 0 ? a->shape[0] : 0,
                    a->n_dims > 1 ? a->shape[1] : 1, p->n_dims, p->shape[0],
                    p->n_dims > 1 ? p->shape[1] : 1);
  }
  const float *x = a->data;
  const size_t n = pbl_array_count(a), n_cols = p->n_dims > 1 ? p->shape[1] : 1;
  for (size_t k = 0; k < n; k++) {
    if (!isfinite(x[k])) {
      return pbl_fail(err, PBL_FORMAT, "%s: element [%zu, %zu] is %g, not a finite number", path,
                      k / n_cols, k % n_cols, (double)x[k]);
    }
  }
  return PBL_OK;
}

/* Replaces *p->slot by the array of the file. */
static pbl_status load_part(const part *p, const char *folder, pbl_error *err) {
  char path[PATH_MAX];
  pbl_array a = {0};
  pbl_status status = join(path, folder, p->file, err);
  if (status != PBL_OK) return status;
  status = pbl_npy_read(&a, path, err);
  if (status == PBL_NOT_FOUND) {
    return pbl_fail(err, PBL_FORMAT, "%s is missing: the model in %s is incomplete", path, folder);
  }
  if (status == PBL_OK) status = check_array(&a, p, path, err);
  if (status == PBL_OK) {
    free(*p->slot);
    *p->slot = a.data;
    a.data = NULL;
  }
  pbl_array_free(&a);
  return status;
}

static pbl_status count_moment_files(int *n, const part parts[N_ARRAYS], const char *folder,
                                     pbl_error *err) {
  char path[PATH_MAX];
  *n = 0;
  for (int k = FIRST_MOMENT; k < N_ARRAYS; k++) {
    const pbl_status status = join(path, folder, parts[k].file, err);
    if (status != PBL_OK) return status;
    *n += access(path, F_OK) == 0;
  }
  return PBL_OK;
}

static pbl_status load_meta(pbl_rbm *meta, const char *folder, pbl_error *err) {
  char path[PATH_MAX];
  struct stat info;
  if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode)) {
    return pbl_fail(err, PBL_NOT_FOUND, "no model folder %s", folder);
  }
  pbl_status status = join(path, folder, "model.yaml", err);
  if (status != PBL_OK) return status;
  status = pbl_model_yaml_read(meta, path, err);
  if (status == PBL_NOT_FOUND) {
    return pbl_fail(err, PBL_FORMAT, "%s is missing: %s is not a model folder", path, folder);
  }
  return status;
}

pbl_status pbl_rbm_load(pbl_rbm **out, const char *folder, pbl_error *err) {
  *out = NULL;
  pbl_rbm *m = calloc(1, sizeof *m);
  if (!m) return pbl_fail(err, PBL_NO_MEMORY, "no memory for a model");
  part parts[N_ARRAYS];
  int n_moments = 0;
  pbl_status status = load_meta(m, folder, err);
  list_parts(parts, m);
  if (status == PBL_OK) status = count_moment_files(&n_moments, parts, folder, err);
  /* One or two of the three moment files: load_part then names the one that is missing. */
  const int n_parts = n_moments ? N_ARRAYS : FIRST_MOMENT;
  for (int k = 0; status == PBL_OK && k < n_parts; k++) status = load_part(&parts[k], folder, err);
  if (status != PBL_OK) {
    pbl_rbm_destroy(m);
    return status;
  }
  *out = m;
  return PBL_OK;
}

/* Writes one array, or removes its file when the model has none: moments of an older model must not
 * be taken for this one's. */
static pbl_status save_part(const part *p, bool present, const char *folder, pbl_error *err) {
  char path[PATH_MAX];
  const pbl_status status = join(path, folder, p->file, err);
  if (status != PBL_OK) return status;
  if (present) return pbl_npy_write(path, PBL_F32, p->n_dims, p->shape, *p->slot, err);
  if (unlink(path) != 0 && errno != ENOENT) {
    return pbl_fail(err, PBL_IO, "cannot remove stale %s: %s", path, strerror(errno));
  }
  return PBL_OK;
}

pbl_status pbl_rbm_save(const pbl_rbm *m, const char *folder, pbl_error *err) {
  char path[PATH_MAX];
  part parts[N_ARRAYS];
  pbl_rbm view = *m; /* list_parts wants slots it could write; these are only read */
  const bool has_moments = m->data_vh && m->data_v && m->data_h;
  list_parts(parts, &view);
  pbl_status status = pbl_make_folders(folder, err);
  for (int k = 0; status == PBL_OK && k < N_ARRAYS; k++) {
    status = save_part(&parts[k], k < FIRST_MOMENT || has_moments, folder, err);
  }
  if (status == PBL_OK) status = join(path, folder, "model.yaml", err);
  if (status == PBL_OK) status = pbl_model_yaml_write(m, path, err);
  return status;
}
