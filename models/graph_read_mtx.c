/* Reader of Matrix Market files (Boisvert, Pozo, Remington 1996, NISTIR 5935). */
#include <string.h>
#include <strings.h>

#include "graph_read.h"

typedef struct {
  bool pattern, symmetric;
} mtx_kind;

static pbl_status check_word(const graph_lines *r, size_t k, const char *needed, pbl_error *err) {
  if (strcasecmp(r->word[k], needed) == 0) return PBL_OK;
  return graph_line_refuse(r, err, "'%.40s'; only '%s' is read", r->word[k], needed);
}

/* %%MatrixMarket matrix coordinate real|integer|pattern symmetric|general, in any case. */
static pbl_status read_banner(mtx_kind *kind, graph_lines *r, pbl_error *err) {
  bool more;
  pbl_status status = graph_lines_next(r, &more, err);
  if (status != PBL_OK) return status;
  if (!more || r->n_words != 5 || strcasecmp(r->word[0], "%%MatrixMarket") != 0) {
    return graph_line_refuse(r, err,
                             "the first line of a Matrix Market file is '%%%%MatrixMarket matrix "
                             "coordinate real|integer|pattern symmetric|general'");
  }
  status = check_word(r, 1, "matrix", err);
  if (status == PBL_OK && strcasecmp(r->word[2], "array") == 0) {
    return graph_line_refuse(r, err,
                             "'array'; only 'coordinate' is read: in Python "
                             "scipy.io.mmwrite(FILE, scipy.sparse.coo_matrix(J))");
  }
  if (status == PBL_OK) status = check_word(r, 2, "coordinate", err);
  if (status != PBL_OK) return status;
  kind->pattern = strcasecmp(r->word[3], "pattern") == 0;
  kind->symmetric = strcasecmp(r->word[4], "symmetric") == 0;
  if (!kind->pattern && strcasecmp(r->word[3], "real") != 0 &&
      strcasecmp(r->word[3], "integer") != 0) {
    return graph_line_refuse(r, err, "'%.40s' entries; real, integer or pattern are read",
                             r->word[3]);
  }
  if (!kind->symmetric && strcasecmp(r->word[4], "general") != 0) {
    return graph_line_refuse(r, err, "'%.40s' matrix; symmetric or general ones are read",
                             r->word[4]);
  }
  return PBL_OK;
}

static pbl_status read_sizes(size_t *n, size_t *n_entries, graph_lines *r, pbl_error *err) {
  size_t n_cols;
  bool more;
  pbl_status status = graph_lines_next_data(r, &more, '%', err);
  if (status != PBL_OK) return status;
  if (!more || r->n_words != 3) {
    return graph_line_refuse(r, err, "expected are 'rows columns entries'");
  }
  status = graph_word_count(n, r, 0, "number of rows", 1, PBL_GRAPH_MAX_NODES, err);
  if (status == PBL_OK) {
    status = graph_word_count(&n_cols, r, 1, "number of columns", 1, PBL_GRAPH_MAX_NODES, err);
  }
  if (status == PBL_OK) {
    status = graph_word_count(n_entries, r, 2, "number of entries", 0,
                              2 * PBL_GRAPH_MAX_EDGES + PBL_GRAPH_MAX_NODES, err);
  }
  if (status != PBL_OK || *n == n_cols) return status;
  return graph_line_refuse(r, err, "%zu x %zu; a matrix of couplings is square", *n, n_cols);
}

static pbl_status read_entry(graph_parse *p, const graph_lines *r, const mtx_kind *kind,
                             pbl_error *err) {
  size_t i, j;
  double value = 1;
  const size_t n_words = kind->pattern ? 2 : 3;
  if (r->n_words != n_words) {
    return graph_line_refuse(r, err, "'%.60s'; an entry is '%s' here", r->line,
                             kind->pattern ? "i j" : "i j value");
  }
  pbl_status status = graph_word_count(&i, r, 0, "row", 1, p->n, err);
  if (status == PBL_OK) status = graph_word_count(&j, r, 1, "column", 1, p->n, err);
  if (status == PBL_OK && !kind->pattern) status = graph_word_number(&value, r, 2, "entry", err);
  if (status != PBL_OK) return status;
  if (i == j && kind->pattern) {
    return graph_line_refuse(r, err,
                             "entry %zu %zu: the diagonal holds the fields, and a pattern has no "
                             "values; remove it",
                             i, j);
  }
  if (i == j) return graph_add_field(&p->builder, r->number, i - 1, value, err);
  return graph_add_edge(&p->builder, r->number, i - 1, j - 1, value, err);
}

pbl_status graph_read_mtx(graph_parse *p, graph_lines *r, pbl_error *err) {
  mtx_kind kind = {0};
  size_t n_entries = 0;
  bool more = true;
  pbl_status status = read_banner(&kind, r, err);
  if (status == PBL_OK) status = read_sizes(&p->n, &n_entries, r, err);
  p->base = 1;
  p->builder.base = 1;
  p->builder.both_orders = !kind.symmetric;
  for (size_t k = 0; status == PBL_OK && k < n_entries; k++) {
    status = graph_lines_next_data(r, &more, '%', err);
    if (status == PBL_OK && !more) {
      return pbl_fail(err, PBL_FORMAT, "%s:%zu: the file ends after %zu of %zu entries", r->path,
                      r->number, k, n_entries);
    }
    if (status == PBL_OK) status = read_entry(p, r, &kind, err);
  }
  if (status == PBL_OK) status = graph_lines_next_data(r, &more, '%', err);
  if (status != PBL_OK || !more) return status;
  return graph_line_refuse(r, err, "'%.60s' comes after the %zu announced entries", r->line,
                           n_entries);
}
