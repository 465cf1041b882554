/* Image data sets: IDX files (plain or gzip), Fashion-MNIST, bars-and-stripes. */
#include "pbl_dataset.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define FASHION_MNIST_FOLDER "/usr/share/datasets/fashion-mnist"
#define FASHION_MNIST_PACKAGE "dataset-fashion-mnist"

enum {
  IDX3_UBYTE = 0x0803,
  MAX_SIDE = 4096,    /* pixels */
  MAX_BARS_SIDE = 16, /* 2^16 patterns either way */
  FIRST_CHUNK = 1 << 20
};
#define MAX_BYTES ((uint64_t)1 << 31) /* of all pixels */

static uint32_t big_endian32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static pbl_status gz_failure(gzFile file, const char *path, pbl_error *err) {
  int code;
  const char *text = gzerror(file, &code);
  if (code == Z_ERRNO) {
    return pbl_fail(err, PBL_IO, "cannot read %s: %s", path, strerror(errno));
  }
  return pbl_fail(err, PBL_FORMAT, "%s: damaged gzip data: %s", path, text);
}

/* Reads up to n bytes; *n_read < n only at the end of sound data. */
static pbl_status gz_read(gzFile file, uint8_t *dst, size_t n, size_t *n_read, const char *path,
                          pbl_error *err) {
  int code;
  *n_read = 0;
  while (*n_read < n) {
    const size_t left = n - *n_read;
    const int got = gzread(file, dst + *n_read, left > FIRST_CHUNK ? FIRST_CHUNK : (unsigned)left);
    if (got < 0) return gz_failure(file, path, err);
    if (got == 0) break;
    *n_read += (size_t)got;
  }
  gzerror(file, &code); /* a cut gzip stream ends quietly but leaves Z_BUF_ERROR */
  return code == Z_OK || code == Z_STREAM_END ? PBL_OK : gz_failure(file, path, err);
}

static pbl_status read_header(pbl_images *im, gzFile file, const char *path, pbl_error *err) {
  uint8_t head[16];
  size_t n_read;
  const pbl_status status = gz_read(file, head, sizeof head, &n_read, path, err);
  if (status != PBL_OK) return status;
  if (n_read < sizeof head) {
    return pbl_fail(err, PBL_FORMAT, "%s: %zu bytes, an IDX3 header has 16", path, n_read);
  }
  const uint32_t magic = big_endian32(head), n = big_endian32(head + 4),
                 rows = big_endian32(head + 8), cols = big_endian32(head + 12);
  if (magic != IDX3_UBYTE) {
    return pbl_fail(err, PBL_FORMAT, "%s: magic 0x%08x, an IDX3 file of bytes has 0x%08x", path,
                    (unsigned)magic, (unsigned)IDX3_UBYTE);
  }
  if (n == 0 || rows == 0 || cols == 0 || rows > MAX_SIDE || cols > MAX_SIDE ||
      n > MAX_BYTES / ((uint64_t)rows * cols)) {
    return pbl_fail(err, PBL_FORMAT,
                    "%s: header says %u images of %u x %u; allowed are sides of 1..%d and at most "
                    "%llu pixels in all",
                    path, (unsigned)n, (unsigned)rows, (unsigned)cols, MAX_SIDE,
                    (unsigned long long)MAX_BYTES);
  }
  im->n_images = n;
  im->rows = (int)rows;
  im->cols = (int)cols;
  return PBL_OK;
}

/* The buffer grows with the data that really arrives: a header alone cannot claim gigabytes. */
static pbl_status read_pixels(pbl_images *im, gzFile file, const char *path, pbl_error *err) {
  const size_t total = im->n_images * (size_t)im->rows * (size_t)im->cols;
  size_t have = 0, size = 0, n_read = 0;
  while (have < total) {
    size = size ? 2 * size : FIRST_CHUNK;
    if (size > total) size = total;
    uint8_t *grown = realloc(im->pixels, size);
    if (!grown) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu bytes of %s", size, path);
    im->pixels = grown;
    const pbl_status status = gz_read(file, grown + have, size - have, &n_read, path, err);
    if (status != PBL_OK) return status;
    have += n_read;
    if (have < size) {
      return pbl_fail(err, PBL_FORMAT,
                      "%s: %zu bytes of pixels, but %zu images of %d x %d need %zu", path, have,
                      im->n_images, im->rows, im->cols, total);
    }
  }
  uint8_t extra;
  const pbl_status status =
      gz_read(file, &extra, 1, &n_read, path, err); /* checks gzip's CRC too */
  if (status != PBL_OK) return status;
  if (n_read) {
    return pbl_fail(err, PBL_FORMAT, "%s: more data after the %zu bytes of %zu images of %d x %d",
                    path, total, im->n_images, im->rows, im->cols);
  }
  return PBL_OK;
}

pbl_status pbl_idx_read_images(pbl_images *out, const char *path, pbl_error *err) {
  *out = (pbl_images){0};
  errno = 0;
  gzFile file = gzopen(path, "rb"); /* passes plain files through */
  if (!file) {
    return pbl_fail(err, errno == ENOENT ? PBL_NOT_FOUND : PBL_IO, "cannot open %s: %s", path,
                    errno ? strerror(errno) : "out of memory");
  }
  pbl_status status = read_header(out, file, path, err);
  if (status == PBL_OK) status = read_pixels(out, file, path, err);
  if (status != PBL_OK) pbl_images_free(out);
  gzclose(file);
  return status;
}

void pbl_images_free(pbl_images *im) {
  if (!im) return;
  free(im->pixels);
  *im = (pbl_images){0};
}

/* Pattern k of the list: first every choice of rows, then every choice of columns but none and
 * all, which the rows had already. */
static size_t bars_pixel(size_t k, int rows, int r, int c) {
  const size_t n_row_patterns = (size_t)1 << rows;
  return (k < n_row_patterns ? k >> r : (k - n_row_patterns + 1) >> c) & 1;
}

static pbl_status make_bars(pbl_images *out, int rows, int cols, pbl_error *err) {
  if (rows < 1 || cols < 1 || rows > MAX_BARS_SIDE || cols > MAX_BARS_SIDE) {
    return pbl_fail(err, PBL_CONFIG, "bars-and-stripes of %d x %d: both sides must be in 1..%d",
                    rows, cols, MAX_BARS_SIDE);
  }
  const size_t n = ((size_t)1 << rows) + ((size_t)1 << cols) - 2;
  uint8_t *pixels = malloc(n * (size_t)rows * (size_t)cols);
  if (!pixels) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu patterns", n);
  uint8_t *pixel = pixels;
  for (size_t k = 0; k < n; k++) {
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) *pixel++ = bars_pixel(k, rows, r, c) ? 255 : 0;
    }
  }
  *out = (pbl_images){.n_images = n, .rows = rows, .cols = cols, .pixels = pixels};
  return PBL_OK;
}

/* MNIST's file names in `folder`, gzip first. `hint` ends the message when neither is there. */
static pbl_status load_mnist_folder(pbl_images *out, const char *folder, const char *part,
                                    const char *hint, pbl_error *err) {
  const char *stem = strcmp(part, "train") == 0 ? "train" : "t10k";
  const char *const endings[] = {".gz", ""};
  char path[PATH_MAX];
  for (int k = 0; k < 2; k++) {
    const int n =
        snprintf(path, sizeof path, "%s/%s-images-idx3-ubyte%s", folder, stem, endings[k]);
    if (n < 0 || (size_t)n >= sizeof path) {
      return pbl_fail(err, PBL_INVALID, "path too long: %.200s...", folder);
    }
    if (access(path, F_OK) == 0) return pbl_idx_read_images(out, path, err);
  }
  return pbl_fail(err, PBL_NOT_FOUND, "no %s-images-idx3-ubyte[.gz] in %s: %s", stem, folder, hint);
}

static pbl_status load_fashion_mnist(pbl_images *out, const char *part, const char *path,
                                     pbl_error *err) {
  const char *folder = path;
  if (!folder || !*folder) folder = getenv("PBITLOOP_FASHION_MNIST");
  if (!folder || !*folder) folder = FASHION_MNIST_FOLDER;
  return load_mnist_folder(out, folder, part,
                           "apt-get install " FASHION_MNIST_PACKAGE
                           ", or set PBITLOOP_FASHION_MNIST to the folder that holds it",
                           err);
}

pbl_status pbl_dataset_load(pbl_images *out, const char *name, const char *part, const char *path,
                            int rows, int cols, pbl_error *err) {
  *out = (pbl_images){0};
  if (strcmp(name, "bars") == 0) return make_bars(out, rows, cols, err);
  const int has_path = path && *path;
  if (strcmp(name, "idx") == 0) {
    if (!has_path) return pbl_fail(err, PBL_CONFIG, "data set idx needs the path of an IDX3 file");
    return pbl_idx_read_images(out, path, err);
  }
  const int fashion = strcmp(name, "fashion-mnist") == 0;
  if (!fashion && strcmp(name, "mnist") != 0) {
    return pbl_fail(err, PBL_CONFIG,
                    "unknown data set \"%s\": known are fashion-mnist, mnist, idx and bars", name);
  }
  if (strcmp(part, "train") != 0 && strcmp(part, "test") != 0) {
    return pbl_fail(err, PBL_CONFIG, "part \"%s\" of %s: must be train or test", part, name);
  }
  if (fashion) return load_fashion_mnist(out, part, path, err);
  if (!has_path) {
    return pbl_fail(err, PBL_CONFIG, "data set mnist needs the path of the folder with its files");
  }
  return load_mnist_folder(out, path, part, "put the MNIST files there or change the path", err);
}

pbl_status pbl_images_binarise(signed char **states, const pbl_images *im, int threshold,
                               pbl_error *err) {
  *states = NULL;
  if (threshold < 1 || threshold > 255) {
    return pbl_fail(err, PBL_INVALID, "binarisation threshold %d: must be in 1..255", threshold);
  }
  const size_t n = im->n_images * (size_t)im->rows * (size_t)im->cols;
  if (n == 0) return pbl_fail(err, PBL_INVALID, "no images to binarise");
  signed char *s = malloc(n);
  if (!s) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu pixels", n);
  for (size_t k = 0; k < n; k++) s[k] = im->pixels[k] >= threshold ? 1 : -1;
  *states = s;
  return PBL_OK;
}
