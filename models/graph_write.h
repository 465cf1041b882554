/* Writers of graph files. Internal to models. */
#ifndef GRAPH_WRITE_H
#define GRAPH_WRITE_H

#include <stdio.h>

#include "pbl_graph_io.h"

/* format: one that can be saved. Failures stay in the stream's error flag. */
void graph_write(FILE *f, const pbl_graph *g, pbl_graph_format format);

#endif
