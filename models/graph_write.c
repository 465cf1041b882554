/* Writers of graph files: edges ordered by their lower, then their higher node. */
#include "graph_write.h"

#include <stdlib.h>

#include "graph_read.h"

/* The fewest of 15 to 17 digits that read back exactly. */
static void put_number(FILE *f, double x) {
  char text[40];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, x);
    if (strtod(text, NULL) == x) break;
  }
  fputs(text, f);
}

/* One line whatever the text holds. */
static void put_text(FILE *f, const char *key, const char *text) {
  fputs(key, f);
  if (*text != '\0') fputc(' ', f);
  for (; *text != '\0'; text++) {
    const bool plain = *text != '\\' && *text != '\n' && *text != '\r';
    if (!plain) fputc('\\', f);
    fputc(*text == '\n' ? 'n' : *text == '\r' ? 'r' : *text, f);
  }
  fputc('\n', f);
}

static void put_edge(FILE *f, size_t i, size_t j, double value) {
  fprintf(f, "%zu %zu ", i, j);
  put_number(f, value);
  fputc('\n', f);
}

/* lower_first: `i j` with i < j, else the lower triangle as Matrix Market wants it. */
static void put_edges(FILE *f, const pbl_graph *g, size_t base, double sign, int lower_first) {
  for (size_t i = 0; i < g->n; i++) {
    for (size_t k = g->start[i]; k < g->start[i + 1]; k++) {
      const size_t j = g->neighbour[k];
      const double value = g->coupling[k] == 0 ? 0 : sign * g->coupling[k];
      if (j <= i) continue;
      if (lower_first) {
        put_edge(f, i + base, j + base, value);
      } else {
        put_edge(f, j + base, i + base, value);
      }
    }
  }
}

static size_t count_fields(const pbl_graph *g) {
  size_t n = 0;
  for (size_t i = 0; i < g->n; i++) n += g->field[i] != 0;
  return n;
}

static void put_fields(FILE *f, const pbl_graph *g) {
  for (size_t i = 0; i < g->n; i++) {
    if (g->field[i] == 0) continue;
    fprintf(f, "h %zu ", i);
    put_number(f, g->field[i]);
    fputc('\n', f);
  }
}

static void write_mtx(FILE *f, const pbl_graph *g) {
  fprintf(f, "%%%%MatrixMarket matrix coordinate real symmetric\n%zu %zu %zu\n", g->n, g->n,
          g->n_edges + count_fields(g));
  for (size_t i = 0; i < g->n; i++) {
    if (g->field[i] != 0) put_edge(f, i + 1, i + 1, g->field[i]);
  }
  put_edges(f, g, 1, 1, 0);
}

void graph_write(FILE *f, const pbl_graph *g, pbl_graph_format format) {
  if (format == PBL_GRAPH_MTX) {
    write_mtx(f, g);
  } else if (format == PBL_GRAPH_GSET) {
    fprintf(f, "%zu %zu\n", g->n, g->n_edges);
    put_edges(f, g, 1, -1, 1);
  } else {
    if (format == PBL_GRAPH_OWN) {
      fputs(GRAPH_OWN_HEADER "\n", f);
      put_text(f, "name", g->name);
      put_text(f, "provenance", g->provenance);
      fprintf(f, "nodes %zu\nedges %zu\nfields %zu\n", g->n, g->n_edges, count_fields(g));
    } else {
      fprintf(f, "# base 0\n# nodes %zu\n", g->n);
    }
    put_edges(f, g, 0, 1, 1);
    put_fields(f, g);
  }
}
