/* Graphs in files. docs/models.md, "Graphs", describes every format.
 *
 *   graph   the project's own: text, counts first, everything read back bit by bit
 *   edges   lines `i j J` and `h i value`, `#` comments
 *   gset    `n m`, then m lines `i j w`, nodes from 1: max-cut weights, J = -w, no fields
 *   mtx     Matrix Market coordinate real|integer|pattern symmetric|general: J_ij = a_ij (pattern:
 *           1), h_i = a_ii
 *   model   a model folder (docs/models.md), read only: pbl_graph_from_rbm
 *
 * All but model may be gzip-compressed. */
#ifndef PBL_GRAPH_IO_H
#define PBL_GRAPH_IO_H

#include "pbl_graph.h"

#define PBL_GRAPH_FORMATS "graph, edges, gset, mtx, model"

typedef enum {
  PBL_GRAPH_DETECT = 0,
  PBL_GRAPH_OWN,
  PBL_GRAPH_EDGES,
  PBL_GRAPH_GSET,
  PBL_GRAPH_MTX,
  PBL_GRAPH_MODEL
} pbl_graph_format;

typedef struct {
  pbl_graph_format format; /* DETECT: by content, then by the name's ending */
  int base;                /* number of the first node in an edge list: 0, 1; -1: as the file says,
                              else 0 when a node 0 occurs and 1 otherwise */
} pbl_graph_read_options;

typedef struct {
  pbl_graph_format format; /* what it was */
  int base;                /* of its node numbers */
} pbl_graph_source;

/* Name of a format; NULL for DETECT. */
const char *pbl_graph_format_name(pbl_graph_format format);
/* USAGE with the list of names. */
pbl_status pbl_graph_format_parse(pbl_graph_format *out, const char *name, pbl_error *err);
/* By the ending of a name, also before .gz: .graph, .edges, .el, .txt (edges), .gset, .mtx; DETECT
 * for others. */
pbl_graph_format pbl_graph_format_of_name(const char *path);

/* options NULL: detect all; source may be NULL. NOT_FOUND, IO, NO_MEMORY; FORMAT with file and line
 * for anything that is not exactly as described. Name: the file's, unless the file gives one. */
pbl_status pbl_graph_load(pbl_graph **out, const char *path, const pbl_graph_read_options *options,
                          pbl_graph_source *source, pbl_error *err);
/* Writes under a temporary name and renames. INVALID for what the format cannot hold: fields in
 * gset; DETECT and MODEL. Numbers have the fewest of 15 to 17 digits that read back exactly. */
pbl_status pbl_graph_save(const pbl_graph *g, const char *path, pbl_graph_format format,
                          pbl_error *err);

#endif
