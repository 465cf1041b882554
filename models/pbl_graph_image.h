/* A graph in the words of a sparse fabric: per row its field and the couplings of its edges, in
 * s[I][F] with a power of two per row,
 *     value = word 2^(exponent_i - weight_frac),
 * rounded to nearest (ties away from zero), saturated to -2^(bits-1) .. 2^(bits-1)-1 where
 * bits = 1 + weight_int + weight_frac. An edge is stored in both its rows: where their exponents
 * differ the two words may hold different values, and the device would then sample no exact
 * Boltzmann law; the report says by how much. */
#ifndef PBL_GRAPH_IMAGE_H
#define PBL_GRAPH_IMAGE_H

#include "pbl_graph.h"

typedef enum {
  PBL_SCALE_NONE,   /* exponent 0: the format's own range, larger values saturate */
  PBL_SCALE_GLOBAL, /* one exponent: the least with which no word of the graph saturates */
  PBL_SCALE_ROW     /* one per row, likewise */
} pbl_scale_rule;

#define PBL_SCALE_RULES "none, global, row"

typedef struct {
  int weight_int, weight_frac; /* >= 0; width 1 + int + frac in 2..24 */
  pbl_scale_rule scale;
} pbl_graph_words;

typedef struct {
  pbl_graph_words format;
  size_t n, n_edges;
  int32_t *word;     /* 2 n_edges, in the order of the graph's rows */
  int32_t *field;    /* n */
  int32_t *exponent; /* n */
} pbl_graph_image;

typedef struct {
  size_t n_parameters;             /* edges and fields, each once */
  size_t n_saturated;              /* words that were clipped: the two of an edge count both */
  size_t n_clipped;                /* parameters that were: edges, in their lower row, and fields */
  size_t n_zeroed;                 /* parameters that are not 0 and became 0 */
  double max_abs_error, rms_error; /* model units; over all words: every edge twice, every field */
  size_t worst_i, worst_j;         /* where the largest error is; i = j: a field */
  double max_asymmetry; /* largest difference of the two values of an edge; 0 for NONE and GLOBAL */
  int min_exponent, max_exponent;
} pbl_graph_quantisation;

/* USAGE with the list of names. */
pbl_status pbl_scale_rule_parse(pbl_scale_rule *out, const char *name, pbl_error *err);
/* INVALID for a format out of range. *report may be NULL. */
pbl_status pbl_graph_image_create(pbl_graph_image **out, pbl_graph_quantisation *report,
                                  const pbl_graph *g, const pbl_graph_words *format,
                                  pbl_error *err);
void pbl_graph_image_destroy(pbl_graph_image *im); /* NULL is legal */
/* CRC-32 (IEEE, as zlib) over 32-bit words, least significant byte first: n, then for every row its
 * degree, exponent and field, then neighbour and coupling of each edge. `g` is the image's graph.
 */
uint32_t pbl_graph_image_hash(const pbl_graph_image *im, const pbl_graph *g);

#endif
