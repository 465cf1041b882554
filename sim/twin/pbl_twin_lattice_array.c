/* Local fields of the lattice, 16 elements at a time. Vector extensions of the compiler: any
 * processor, the same bits. */
#include <string.h>

#include "pbl_clones.h"
#include "pbl_twin_lattice.h"

typedef uint32_t vector __attribute__((vector_size(64), aligned(4), may_alias));

enum { MAX_DEGREE = 4 * PBL_HW_MAX_RULES, G = PBL_TWIN_GROUP };

/* h + sum of w s = (h - sum of w) + 2 sum of w over the neighbours that are +1. */
PBL_CLONES static void fields_spread(uint32_t *to, const uint32_t *const *source,
                                     const uint32_t *weights, const uint32_t *constant, int degree,
                                     int n_blocks) {
  for (int b = 0; b < n_blocks; b++) {
    vector sum = {0};
    for (int d = 0; d < degree; d++, weights += G)
      sum += *(const vector *)weights & *(const vector *)(source[d] + (size_t)b * G);
    *(vector *)(to + (size_t)b * G) = *(const vector *)(constant + (size_t)b * G) + (sum << 1);
  }
}

/* Lanes in whole vectors: a weight belongs to all of them. */
PBL_CLONES static void fields_compact(uint32_t *to, const uint32_t *const *source,
                                      const uint32_t *weights, const uint32_t *constant, int degree,
                                      int n_sites, int vectors_per_site) {
  for (int k = 0; k < n_sites; k++, weights += degree) {
    for (int v = 0; v < vectors_per_site; v++) {
      const size_t at = ((size_t)k * (size_t)vectors_per_site + (size_t)v) * G;
      vector sum = {0};
      for (int d = 0; d < degree; d++) sum += weights[d] & *(const vector *)(source[d] + at);
      *(vector *)(to + at) = constant[k] + (sum << 1);
    }
  }
}

/* What a row writes behind its end the next one overwrites. */
void pbl_twin_lattice_fields(const pbl_twin_lattice *lat, int colour, int context) {
  const pbl_twin_colour *c = &lat->colour[colour];
  const uint32_t *masks =
      lat->colour[1 - colour].masks + (size_t)context * (size_t)lat->side * lat->stride;
  const int row_sites = lat->side / 2;
  const uint32_t *source[MAX_DEGREE];
  for (int y = 0; y < lat->side; y++) {
    uint32_t *to = lat->fields + (size_t)y * (size_t)lat->width;
    for (int d = 0; d < lat->degree; d++) source[d] = masks + c->source[y * lat->degree + d];
    if (lat->compact) {
      const size_t k = (size_t)y * (size_t)row_sites;
      fields_compact(to, source, c->weights + k * (size_t)lat->degree, c->constant + k, lat->degree,
                     row_sites, lat->lanes / G);
    } else {
      const size_t first = (size_t)y * (size_t)lat->blocks * G;
      fields_spread(to, source, c->weights + first * (size_t)lat->degree, c->constant + first,
                    lat->degree, lat->blocks);
    }
  }
}

/* Bits of one step to masks of its cells; what the last group writes too much comes again. */
PBL_CLONES static void spread_row(uint32_t *to, const uint16_t *bits, int steps, int groups,
                                  int cells) {
  const vector place = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (int n = 0; n < steps; n++, to += cells) {
    for (int g = 0; g < groups; g++) {
      const uint32_t word = bits[(size_t)g * (size_t)steps + (size_t)n];
      *(vector *)(to + (size_t)g * G) = 0u - ((word >> place) & 1u);
    }
  }
}

void pbl_twin_lattice_spread(pbl_twin_lattice *lat, int colour, int context) {
  const size_t width = (size_t)lat->width;
  uint32_t *row = lat->colour[colour].masks + (size_t)context * (size_t)lat->side * lat->stride;
  spread_row(lat->spread, pbl_twin_lattice_bits(lat, colour, context, 0), lat->steps, lat->groups,
             lat->cells);
  for (int y = 0; y < lat->side; y++, row += lat->stride) {
    const uint32_t *from = lat->spread + (size_t)y * width;
    memcpy(row, from, width * sizeof *row);
    memcpy(row + width, from, width * sizeof *row);
  }
}
