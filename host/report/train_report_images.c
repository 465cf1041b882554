/* Images of a report: tiles on one sheet, as PNG with a palette inside the page. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "pbl_report_internal.h"
#include "train_report_internal.h"

#define MOST_TILES 64
#define ACROSS 8
#define WIDTH 500  /* of a figure, in CSS pixels */
#define ZERO 127   /* grey levels 0..254 are -1..+1 */
#define GUTTER 255 /* between the tiles */

typedef struct {
  size_t width, height;
  uint8_t *pixels; /* height x (1 + width): each row begins with PNG's filter, 0 */
} sheet;

/* Blue above zero, orange below, white between: told apart by every kind of colour vision. */
static void palette(uint8_t rgb[3 * 256], bool signed_values) {
  static const double high[3] = {0, 90, 160}, low[3] = {200, 80, 0}, ink[3] = {16, 16, 16};
  for (int k = 0; k < 256; k++) {
    const double t = k == GUTTER ? 0 : (double)(k - ZERO) / ZERO;
    for (int c = 0; c < 3; c++) {
      const double end = signed_values ? (t > 0 ? high : low)[c] : ink[c];
      const double share = signed_values ? fabs(t) : (t + 1) / 2;
      rgb[3 * k + c] = k == GUTTER ? 176 : (uint8_t)lrint(255 + share * (end - 255));
    }
  }
}

static uint8_t level(double value) {
  const double v = value < -1 ? -1 : value > 1 ? 1 : value;
  return isnan(v) ? ZERO : (uint8_t)lrint(ZERO + ZERO * v);
}

static bool sheet_create(sheet *s, size_t tiles, size_t rows, size_t cols) {
  const size_t across = tiles < ACROSS ? tiles : ACROSS, down = (tiles + across - 1) / across;
  s->width = across * (cols + 1) + 1;
  s->height = down * (rows + 1) + 1;
  s->pixels = malloc(s->height * (s->width + 1));
  if (!s->pixels) return false;
  memset(s->pixels, GUTTER, s->height * (s->width + 1));
  for (size_t y = 0; y < s->height; y++) s->pixels[y * (s->width + 1)] = 0;
  return true;
}

static uint8_t *pixel(const sheet *s, size_t tile, size_t rows, size_t cols, size_t y, size_t x) {
  const size_t top = tile / ACROSS * (rows + 1) + 1, left = tile % ACROSS * (cols + 1) + 1;
  return &s->pixels[(top + y) * (s->width + 1) + 1 + left + x];
}

/* PNG chunks end in a big-endian CRC of name and content. */
static uint8_t *put_word(uint8_t *at, uint32_t word) {
  for (int k = 0; k < 4; k++) at[k] = (uint8_t)(word >> (24 - 8 * k));
  return at + 4;
}

static uint8_t *put_chunk(uint8_t *at, const char *name, const uint8_t *content, size_t n) {
  at = put_word(at, (uint32_t)n);
  memcpy(at, name, 4);
  if (n) memcpy(at + 4, content, n);
  return put_word(at + 4 + n, (uint32_t)crc32(0, at, (uInt)(n + 4)));
}

/* malloc'ed file; NULL without memory. */
static uint8_t *encode(size_t *size, const sheet *s, bool signed_values) {
  static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  uint8_t header[13] = {0}, rgb[3 * 256];
  const uLong raw = (uLong)(s->height * (s->width + 1));
  uLongf n = compressBound(raw);
  uint8_t *data = malloc(n), *png = malloc(n + 1024);
  if (!data || !png || compress2(data, &n, s->pixels, raw, 9) != Z_OK) {
    free(data);
    free(png);
    return NULL;
  }
  put_word(put_word(header, (uint32_t)s->width), (uint32_t)s->height);
  header[8] = 8; /* bits */
  header[9] = 3; /* palette */
  palette(rgb, signed_values);
  memcpy(png, signature, sizeof signature);
  uint8_t *at = put_chunk(png + sizeof signature, "IHDR", header, sizeof header);
  at = put_chunk(at, "PLTE", rgb, sizeof rgb);
  at = put_chunk(at, "IDAT", data, n);
  at = put_chunk(at, "IEND", NULL, 0);
  free(data);
  *size = (size_t)(at - png);
  return png;
}

static void put_base64(FILE *f, const uint8_t *data, size_t n) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < n; i += 3) {
    const uint32_t word = (uint32_t)data[i] << 16 | (i + 1 < n ? (uint32_t)data[i + 1] << 8 : 0) |
                          (i + 2 < n ? data[i + 2] : 0);
    for (size_t k = 0; k < 4; k++) fputc(i + k > n ? '=' : digits[word >> (18 - 6 * k) & 63], f);
  }
}

static void put_sheet(FILE *f, const char *kind, const char *alt, const sheet *s,
                      bool signed_values) {
  size_t size = 0;
  uint8_t *png = encode(&size, s, signed_values);
  const size_t scale = s->width < WIDTH ? WIDTH / s->width : 1;
  fprintf(f, "<figure class=\"drawn\" data-plot=\"%s\">\n", kind);
  if (!png) {
    fputs("<figcaption>No memory was left for this image.", f);
    return;
  }
  fprintf(f, "<img width=\"%zu\" height=\"%zu\" alt=\"%s\" src=\"data:image/png;base64,",
          scale * s->width, scale * s->height, alt);
  put_base64(f, png, size);
  fputs("\"/>\n<figcaption>", f);
  free(png);
}

/* Largest |w| of the first n hidden units. */
static double largest_weight(const pbl_rbm *m, size_t n) {
  double most = 0;
  for (size_t i = 0; i < (size_t)m->n_visible; i++)
    for (size_t j = 0; j < n; j++)
      most = fmax(most, fabs((double)m->w[i * (size_t)m->n_hidden + j]));
  return most;
}

static void put_weights(FILE *f, const pbl_train_view *v, size_t rows, size_t cols) {
  const pbl_rbm *m = v->model;
  const size_t n_h = (size_t)m->n_hidden, n = n_h < MOST_TILES ? n_h : MOST_TILES;
  const double most = largest_weight(m, n);
  char text[PBL_NUMBER_CHARS];
  sheet s;
  if (!sheet_create(&s, n, rows, cols)) return;
  for (size_t j = 0; j < n; j++)
    for (size_t y = 0; y < rows; y++)
      for (size_t x = 0; x < cols; x++) {
        const double w = (double)m->w[(y * cols + x) * n_h + j];
        *pixel(&s, j, rows, cols, y, x) = level(most > 0 ? w / most : 0);
      }
  put_sheet(f, "weights", "Weights of the hidden units", &s, true);
  free(s.pixels);
  pbl_report_number(text, most, 3);
  fprintf(f,
          "Weights of the first %zu of %zu hidden units (p-bits -1, +1): blue positive, orange "
          "negative, full colour %s.</figcaption></figure>\n",
          n, n_h, text);
}

static void put_chains(FILE *f, const pbl_train_view *v, size_t rows, size_t cols) {
  const size_t n = v->n_chains < MOST_TILES ? v->n_chains : MOST_TILES;
  sheet s;
  if (n == 0 || !v->chains || !sheet_create(&s, n, rows, cols)) return;
  for (size_t c = 0; c < n; c++)
    for (size_t y = 0; y < rows; y++)
      for (size_t x = 0; x < cols; x++)
        *pixel(&s, c, rows, cols, y, x) = level(v->chains[c * rows * cols + y * cols + x]);
  put_sheet(f, "chains", "Visible p-bits of the persistent chains", &s, false);
  free(s.pixels);
  fprintf(f,
          "Visible p-bits of %zu persistent chains as they are now; black: +1."
          "</figcaption></figure>\n",
          n);
}

void pbl_train_report_images(FILE *f, const pbl_train_view *v) {
  const size_t rows = v->image_rows > 0 ? (size_t)v->image_rows : 0;
  const size_t cols = v->image_cols > 0 ? (size_t)v->image_cols : 0;
  if (rows == 0 || cols == 0 || rows * cols != (size_t)v->model->n_visible) return;
  fputs("<h2>Weights and chains</h2>\n<div class=\"grid\">\n", f);
  put_weights(f, v, rows, cols);
  put_chains(f, v, rows, cols);
  fputs("</div>\n", f);
}
