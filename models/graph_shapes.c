/* Complete graphs, boards, tori and Chimera. */
#include "graph_shapes.h"

static pbl_status add(graph_builder *b, size_t i, size_t j, pbl_error *err) {
  return graph_add_edge(b, 0, i, j, 1, err);
}

pbl_status graph_shape_complete(graph_builder *b, size_t *n, const size_t size[3], pbl_error *err) {
  pbl_status status = PBL_OK;
  *n = size[0];
  for (size_t i = 0; i < *n; i++) {
    for (size_t j = i + 1; status == PBL_OK && j < *n; j++) status = add(b, i, j, err);
  }
  return status;
}

pbl_status graph_shape_king(graph_builder *b, size_t *n, const size_t size[3], pbl_error *err) {
  const size_t width = size[0], length = size[1];
  pbl_status status = PBL_OK;
  *n = width * length;
  for (size_t i = 0; status == PBL_OK && i < *n; i++) {
    const size_t x = i % width, y = i / width;
    const bool right = x + 1 < width, below = y + 1 < length;
    if (right) status = add(b, i, i + 1, err);
    if (status == PBL_OK && below) status = add(b, i, i + width, err);
    if (status == PBL_OK && below && right) status = add(b, i, i + width + 1, err);
    if (status == PBL_OK && below && x > 0) status = add(b, i, i + width - 1, err);
  }
  return status;
}

pbl_status graph_shape_torus(graph_builder *b, size_t *n, const size_t size[3], pbl_error *err) {
  const size_t width = size[0], length = size[1];
  pbl_status status = PBL_OK;
  *n = width * length;
  for (size_t i = 0; status == PBL_OK && i < *n; i++) {
    const size_t x = i % width, y = i / width;
    status = add(b, i, y * width + (x + 1) % width, err);
    if (status == PBL_OK) status = add(b, i, (y + 1) % length * width + x, err);
  }
  return status;
}

pbl_status graph_shape_chimera(graph_builder *b, size_t *n, const size_t size[3], pbl_error *err) {
  const size_t rows = size[0], cols = size[1], t = size[2];
  pbl_status status = PBL_OK;
  *n = 2 * rows * cols * t;
  for (size_t cell = 0; cell < rows * cols; cell++) {
    const size_t vertical = 2 * t * cell, horizontal = vertical + t;
    const bool below = cell / cols + 1 < rows, right = cell % cols + 1 < cols;
    for (size_t k = 0; k < t; k++) {
      for (size_t l = 0; status == PBL_OK && l < t; l++) {
        status = add(b, vertical + k, horizontal + l, err);
      }
      if (status == PBL_OK && below) {
        status = add(b, vertical + k, vertical + 2 * t * cols + k, err);
      }
      if (status == PBL_OK && right) status = add(b, horizontal + k, horizontal + 2 * t + k, err);
    }
  }
  return status;
}
