/* The graph of the lattice fabric (docs/device.md): sites, colours, neighbours, named rule sets.
 *
 * Colour 0 is even (visible), 1 odd (hidden). Site (x, y) has index k = y S/2 + floor(x/2) within
 * its colour. Slots d = 0..D-1 of a site are its neighbours, all of the other colour. */
#ifndef PBL_LATTICE_H
#define PBL_LATTICE_H

#include <stdbool.h>
#include <stddef.h>

#include "pbl_hw.h"

static inline int pbl_lattice_y(const pbl_hw_lattice *lat, int k) {
  return k / (lat->side / 2);
}
static inline int pbl_lattice_x(const pbl_hw_lattice *lat, int colour, int k) {
  return 2 * (k % (lat->side / 2)) + (pbl_lattice_y(lat, k) + colour) % 2;
}
/* 0 <= x, y < S. */
static inline int pbl_lattice_site(const pbl_hw_lattice *lat, int x, int y) {
  return y * (lat->side / 2) + x / 2;
}
/* Displacement of slot d, not reduced modulo S: -(S-1)..S-1. */
void pbl_lattice_offset(int *dx, int *dy, const pbl_hw_lattice *lat, int slot);
/* Index, in the other colour, of the neighbour of site k in slot d. */
int pbl_lattice_neighbour(const pbl_hw_lattice *lat, int colour, int k, int slot);
/* The slot by which that neighbour sees the site. */
static inline int pbl_lattice_reverse(int slot) {
  return slot ^ 2;
}
/* The step leaves the square: an edge that open boundaries do not have. */
bool pbl_lattice_crosses(const pbl_hw_lattice *lat, int colour, int k, int slot);
/* Edges of the whole square, on a torus or with open boundaries. */
long pbl_lattice_edges(const pbl_hw_lattice *lat, bool open);

/* Couplings of a lattice model (models/pbl_lattice_model.h). */
typedef enum { PBL_FERROMAGNET, PBL_GAUSSIAN, PBL_PM1 } pbl_couplings;

/* Named rule sets: the graphs of the denoising thermodynamic models paper (g8 to g24), those of its
 * replication (_alt), g4 = nearest neighbours, z1. NULL ends the list. */
typedef struct {
  const char *name;
  int n_rules;
  int a[PBL_HW_MAX_RULES], b[PBL_HW_MAX_RULES];
} pbl_lattice_graph;
extern const pbl_lattice_graph pbl_lattice_graphs[];
/* Sets the rules and nothing else. False: no such name. */
bool pbl_lattice_apply(pbl_hw_lattice *lat, const char *name);
/* Name of the rules in lat, or "custom". */
const char *pbl_lattice_name(const pbl_hw_lattice *lat);
/* "0,1 4,1": 1 to 6 pairs of numbers 0..127. False: it is no such text, lat is unchanged. */
bool pbl_rules_parse(pbl_hw_lattice *lat, const char *text);
/* The same text from the rules; 64 bytes hold any. */
void pbl_rules_print(char *text, size_t size, const pbl_hw_lattice *lat);

#endif
