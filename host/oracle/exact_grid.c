/* Grids as masked RBMs. */
#include <math.h>

#include "pbl_exact.h"
#include "pbl_rng.h"

typedef struct {
  pbl_rbm *model;
  int width;
} grid;

/* Squares of one colour come in turns, row by row. */
static int number(const grid *g, int row, int column) {
  return (row * g->width + column) / 2;
}

/* With an odd width colours alternate along the whole numbering; with an even one every row starts
 * with the other colour, but a pair of neighbours still holds one of each. */
static bool is_visible(int row, int column) {
  return (row + column) % 2 == 0;
}

static void couple(const grid *g, int row, int column, int other_row, int other_column, float J) {
  const bool first = is_visible(row, column);
  const int a = number(g, row, column), b = number(g, other_row, other_column);
  const int v = first ? a : b, h = first ? b : a;
  g->model->w[(size_t)v * (size_t)g->model->n_hidden + (size_t)h] = J;
}

static float sign(pbl_xoshiro *rng, bool ferro, double coupling) {
  const bool plus = pbl_xoshiro_double(rng) < 0.5;
  return (float)(ferro || plus ? coupling : -coupling);
}

pbl_status pbl_exact_grid(pbl_rbm **out, int width, int length, double coupling, double field,
                          bool ferro, uint64_t seed, pbl_error *err) {
  *out = NULL;
  if (width < 1 || length < 1 || width > 1024 || length > 1024 || width * length < 2 ||
      !isfinite(coupling) || !(field >= 0.0 && isfinite(field)))
    return pbl_fail(err, PBL_INVALID, "grid: %d x %d, coupling %g, field %g", width, length,
                    coupling, field);
  const int n = width * length;
  grid g = {NULL, width};
  pbl_status status = pbl_rbm_create(&g.model, (n + 1) / 2, n / 2, err);
  if (status != PBL_OK) return status;
  pbl_xoshiro rng;
  pbl_xoshiro_seed(&rng, seed);
  for (int r = 0; r < length; r++) {
    for (int c = 0; c < width; c++) {
      if (c + 1 < width) couple(&g, r, c, r, c + 1, sign(&rng, ferro, coupling));
      if (r + 1 < length) couple(&g, r, c, r + 1, c, sign(&rng, ferro, coupling));
    }
  }
  for (int k = 0; k < n; k++) {
    float *bias = is_visible(k / width, k % width) ? g.model->b : g.model->c;
    bias[k / 2] = (float)(field * pbl_xoshiro_normal(&rng));
  }
  *out = g.model;
  return PBL_OK;
}
