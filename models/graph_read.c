/* Readers of the project's own graph files, of edge lists and of Gset files. */
#include "graph_read.h"

#include <stdio.h>
#include <string.h>

/* Words `i j J`, node numbers in low..high, which become numbers from 0 by taking off `low`. */
static pbl_status read_edge(graph_parse *p, const graph_lines *r, size_t low, size_t high,
                            double sign, pbl_error *err) {
  size_t i, j;
  double value;
  pbl_status status = graph_word_count(&i, r, 0, "node", low, high, err);
  if (status == PBL_OK) status = graph_word_count(&j, r, 1, "node", low, high, err);
  if (status == PBL_OK) status = graph_word_number(&value, r, 2, "coupling", err);
  if (status != PBL_OK) return status;
  return graph_add_edge(&p->builder, r->number, i - low, j - low, sign * value, err);
}

/* Words `h i value`. */
static pbl_status read_field(graph_parse *p, const graph_lines *r, size_t low, size_t high,
                             pbl_error *err) {
  size_t i;
  double value;
  pbl_status status = graph_word_count(&i, r, 1, "node", low, high, err);
  if (status == PBL_OK) status = graph_word_number(&value, r, 2, "field", err);
  if (status != PBL_OK) return status;
  return graph_add_field(&p->builder, r->number, i - low, value, err);
}

static bool is_field_line(const graph_lines *r) {
  return r->n_words == 3 && strcmp(r->word[0], "h") == 0;
}

static pbl_status refuse_words(const graph_lines *r, pbl_error *err) {
  if (r->n_words == 2 && graph_is_number(r->word[0])) {
    return graph_line_refuse(r, err,
                             "two numbers; an edge is 'i j J' with its coupling (write 1 for "
                             "unweighted graphs), a field is 'h i value'");
  }
  return graph_line_refuse(r, err, "'%.60s' is neither an edge 'i j J' nor a field 'h i value'",
                           r->line);
}

/* `# base N` and `# nodes N` are not mere comments. */
typedef struct {
  size_t base, nodes, base_line, nodes_line; /* lines 0: not given */
} edge_notes;

static pbl_status read_note(edge_notes *notes, graph_lines *r, pbl_error *err) {
  const bool base = r->n_words == 3 && strcmp(r->word[1], "base") == 0;
  const bool nodes = r->n_words == 3 && strcmp(r->word[1], "nodes") == 0;
  if (strcmp(r->word[0], "#") != 0 || (!base && !nodes)) return PBL_OK;
  if (base ? notes->base_line > 0 : notes->nodes_line > 0) {
    return graph_line_refuse(r, err, "'# %s' again; keep one", r->word[1]);
  }
  *(base ? &notes->base_line : &notes->nodes_line) = r->number;
  return base ? graph_word_count(&notes->base, r, 2, "base", 0, 1, err)
              : graph_word_count(&notes->nodes, r, 2, "nodes", 1, PBL_GRAPH_MAX_NODES, err);
}

/* Lowest and highest number that occurs, and the lines where. */
typedef struct {
  size_t lowest, lowest_line, highest, highest_line;
} node_range;

static void note_node(node_range *range, size_t i, size_t line) {
  if (range->lowest_line == 0 || i < range->lowest) {
    range->lowest = i;
    range->lowest_line = line;
  }
  if (range->highest_line == 0 || i > range->highest) {
    range->highest = i;
    range->highest_line = line;
  }
}

static node_range find_range(const graph_builder *b) {
  node_range range = {0};
  for (size_t k = 0; k < b->n_edges; k++) {
    note_node(&range, b->edges[k].i, b->edges[k].line);
    note_node(&range, b->edges[k].j, b->edges[k].line);
  }
  for (size_t i = 0; b->field != NULL && i <= PBL_GRAPH_MAX_NODES; i++) {
    if (b->field_line[i] > 0) note_node(&range, i, b->field_line[i]);
  }
  return range;
}

/* From numbers as the file has them to numbers from 0. */
static void take_off_base(graph_builder *b, size_t base) {
  b->base = base;
  if (base == 0) return;
  for (size_t k = 0; k < b->n_edges; k++) {
    b->edges[k].i--;
    b->edges[k].j--;
  }
  if (b->field == NULL) return;
  memmove(b->field, b->field + 1, PBL_GRAPH_MAX_NODES * sizeof *b->field);
  memmove(b->field_line, b->field_line + 1, PBL_GRAPH_MAX_NODES * sizeof *b->field_line);
}

static pbl_status settle_base(graph_parse *p, const edge_notes *notes, const node_range *range,
                              const char *path, pbl_error *err) {
  if (p->base < 0 && notes->base_line > 0) p->base = (int)notes->base;
  if (p->base < 0) p->base = range->lowest_line > 0 && range->lowest == 0 ? 0 : 1;
  if (p->base == 1 && range->lowest_line > 0 && range->lowest == 0) {
    return pbl_fail(err, PBL_FORMAT, "%s:%zu: node 0, but nodes count from 1 here; set base 0",
                    path, range->lowest_line);
  }
  return PBL_OK;
}

static pbl_status settle_nodes(graph_parse *p, const edge_notes *notes, const node_range *range,
                               const char *path, pbl_error *err) {
  const size_t most = notes->nodes_line > 0 ? notes->nodes : PBL_GRAPH_MAX_NODES;
  const size_t needed = range->highest_line > 0 ? range->highest + 1 - (size_t)p->base : 0;
  if (needed > most) {
    return pbl_fail(err, PBL_FORMAT, "%s:%zu: node %zu; %s %zu nodes, counted from %d", path,
                    range->highest_line, range->highest,
                    notes->nodes_line > 0 ? "'# nodes' announces" : "the limit is", most, p->base);
  }
  p->n = notes->nodes_line > 0 ? notes->nodes : needed;
  if (p->n > 0) return PBL_OK;
  return pbl_fail(err, PBL_FORMAT,
                  "%s: no edges and no fields; say '# nodes N' if this is what it should be", path);
}

pbl_status graph_read_edges(graph_parse *p, graph_lines *r, pbl_error *err) {
  edge_notes notes = {0};
  bool more = false;
  pbl_status status;
  while ((status = graph_lines_next(r, &more, err)) == PBL_OK && more) {
    if (r->n_words == 0) continue;
    if (r->word[0][0] == '#') {
      status = read_note(&notes, r, err);
    } else if (is_field_line(r)) {
      status = read_field(p, r, 0, PBL_GRAPH_MAX_NODES, err);
    } else if (r->n_words == 3) {
      status = read_edge(p, r, 0, PBL_GRAPH_MAX_NODES, 1, err);
    } else {
      status = refuse_words(r, err);
    }
    if (status != PBL_OK) return status;
  }
  if (status != PBL_OK) return status;
  const node_range range = find_range(&p->builder);
  status = settle_base(p, &notes, &range, r->path, err);
  if (status == PBL_OK) status = settle_nodes(p, &notes, &range, r->path, err);
  if (status == PBL_OK) take_off_base(&p->builder, (size_t)p->base);
  return status;
}

/* Body lines behind a header that counted them. */
static pbl_status next_counted(graph_lines *r, size_t done, size_t of, char comment,
                               pbl_error *err) {
  bool more;
  const pbl_status status = graph_lines_next_data(r, &more, comment, err);
  if (status != PBL_OK || more) return status;
  return pbl_fail(err, PBL_FORMAT,
                  "%s:%zu: the file ends after %zu of the %zu lines that its header announces",
                  r->path, r->number, done, of);
}

static pbl_status expect_end(graph_lines *r, size_t of, char comment, pbl_error *err) {
  bool more;
  const pbl_status status = graph_lines_next_data(r, &more, comment, err);
  if (status != PBL_OK || !more) return status;
  return graph_line_refuse(r, err, "'%.60s' comes after the %zu lines that the header announces",
                           r->line, of);
}

/* `n m`; some copies of the published files carry one more word, which means nothing. */
static pbl_status read_gset_header(size_t *n, size_t *n_edges, graph_lines *r, pbl_error *err) {
  bool more;
  pbl_status status = graph_lines_next_data(r, &more, '#', err);
  if (status != PBL_OK) return status;
  if (!more) return pbl_fail(err, PBL_FORMAT, "%s: empty; a Gset file starts with 'n m'", r->path);
  if (r->n_words < 2 || r->n_words > 3 || (r->n_words == 3 && graph_is_number(r->word[2]))) {
    return graph_line_refuse(r, err, "'%.60s'; a Gset file starts with 'n m', its nodes and edges",
                             r->line);
  }
  if (strcmp(r->word[0], "0") == 0) { /* an edge list without weights, from 0 */
    return graph_line_refuse(r, err,
                             "'%.60s'; a Gset file starts with 'n m', its nodes and edges; a line "
                             "of an edge list is 'i j J' (write 1 for unweighted graphs)",
                             r->line);
  }
  status = graph_word_count(n, r, 0, "number of nodes", 1, PBL_GRAPH_MAX_NODES, err);
  if (status != PBL_OK) return status;
  return graph_word_count(n_edges, r, 1, "number of edges", 0, PBL_GRAPH_MAX_EDGES, err);
}

pbl_status graph_read_gset(graph_parse *p, graph_lines *r, pbl_error *err) {
  size_t n_edges = 0;
  pbl_status status = read_gset_header(&p->n, &n_edges, r, err);
  p->base = 1;
  p->builder.base = 1;
  for (size_t k = 0; status == PBL_OK && k < n_edges; k++) {
    status = next_counted(r, k, n_edges, '#', err);
    if (status == PBL_OK && r->n_words != 3) {
      status = graph_line_refuse(
          r, err, "'%.60s'; an edge of a Gset file is 'i j w' with its weight", r->line);
    }
    if (status == PBL_OK) status = read_edge(p, r, 1, p->n, -1, err);
  }
  return status == PBL_OK ? expect_end(r, n_edges, '#', err) : status;
}

/* Undoes the writer's \n, \r and \\. */
static void unescape(char *out, size_t size, const char *text) {
  size_t n = 0;
  for (; *text != '\0' && n + 1 < size; text++) {
    const bool escape = text[0] == '\\' && text[1] != '\0';
    if (escape) text++;
    out[n++] = (char)(escape && *text == 'n' ? '\n' : escape && *text == 'r' ? '\r' : *text);
  }
  out[n] = '\0';
}

/* A line `key rest`; the rest may be empty where it is a text. */
static pbl_status next_key(graph_lines *r, const char *key, pbl_error *err) {
  bool more;
  const pbl_status status = graph_lines_next_data(r, &more, '#', err);
  if (status != PBL_OK) return status;
  if (!more) {
    return pbl_fail(err, PBL_FORMAT, "%s:%zu: the file ends before '%s'", r->path, r->number, key);
  }
  if (strcmp(r->word[0], key) == 0) return PBL_OK;
  return graph_line_refuse(r, err, "'%.60s' where '%s' is expected", r->line, key);
}

static pbl_status next_text(char *out, size_t size, graph_lines *r, const char *key,
                            pbl_error *err) {
  const pbl_status status = next_key(r, key, err);
  if (status != PBL_OK) return status;
  const char *rest = strstr(r->line, key) + strlen(key);
  unescape(out, size, *rest == ' ' ? rest + 1 : rest);
  return PBL_OK;
}

static pbl_status next_count(size_t *out, graph_lines *r, const char *key, size_t low, size_t high,
                             pbl_error *err) {
  const pbl_status status = next_key(r, key, err);
  if (status != PBL_OK) return status;
  if (r->n_words != 2) {
    return graph_line_refuse(r, err, "'%.60s'; expected is '%s N'", r->line, key);
  }
  return graph_word_count(out, r, 1, key, low, high, err);
}

static pbl_status read_own_header(graph_parse *p, size_t *n_edges, size_t *n_fields, graph_lines *r,
                                  pbl_error *err) {
  bool more;
  pbl_status status = graph_lines_next(r, &more, err);
  if (status != PBL_OK) return status;
  if (!more || strcmp(r->line, GRAPH_OWN_HEADER) != 0) {
    return graph_line_refuse(r, err, "the first line must be '" GRAPH_OWN_HEADER "'");
  }
  status = next_text(p->name, sizeof p->name, r, "name", err);
  if (status == PBL_OK) {
    status = next_text(p->provenance, sizeof p->provenance, r, "provenance", err);
  }
  if (status == PBL_OK) status = next_count(&p->n, r, "nodes", 1, PBL_GRAPH_MAX_NODES, err);
  if (status == PBL_OK) status = next_count(n_edges, r, "edges", 0, PBL_GRAPH_MAX_EDGES, err);
  if (status == PBL_OK) status = next_count(n_fields, r, "fields", 0, p->n, err);
  return status;
}

pbl_status graph_read_own(graph_parse *p, graph_lines *r, pbl_error *err) {
  size_t n_edges = 0, n_fields = 0, seen_fields = 0;
  pbl_status status = read_own_header(p, &n_edges, &n_fields, r, err);
  p->base = 0;
  const size_t n_lines = n_edges + n_fields;
  for (size_t k = 0; status == PBL_OK && k < n_lines; k++) {
    status = next_counted(r, k, n_lines, '#', err);
    if (status != PBL_OK) break;
    const bool field = is_field_line(r);
    if (r->n_words != 3) {
      status = refuse_words(r, err);
    } else if (field) {
      status = read_field(p, r, 0, p->n - 1, err);
    } else {
      status = read_edge(p, r, 0, p->n - 1, 1, err);
    }
    seen_fields += field;
  }
  if (status == PBL_OK) status = expect_end(r, n_lines, '#', err);
  if (status != PBL_OK || seen_fields == n_fields) return status;
  return pbl_fail(err, PBL_FORMAT, "%s: %zu fields, but the header announces %zu", r->path,
                  seen_fields, n_fields);
}
