/* One reader per file format. Internal to models. */
#ifndef GRAPH_READ_H
#define GRAPH_READ_H

#include "graph_build.h"
#include "graph_lines.h"

#define GRAPH_OWN_HEADER "pbitloop graph 1" /* first line of our own files */

/* What a reader found. name and provenance are empty unless the file has them. */
typedef struct {
  graph_builder builder;
  size_t n;
  int base; /* in: asked for or -1; out: used */
  char name[128], provenance[1024];
} graph_parse;

/* `r` is open and stands before the first line. */
pbl_status graph_read_own(graph_parse *p, graph_lines *r, pbl_error *err);
pbl_status graph_read_edges(graph_parse *p, graph_lines *r, pbl_error *err);
pbl_status graph_read_gset(graph_parse *p, graph_lines *r, pbl_error *err);
pbl_status graph_read_mtx(graph_parse *p, graph_lines *r, pbl_error *err);

#endif
