/* Graph files: every format read, written and refused; files damaged byte by byte. */
/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "graph_samples.h"
#include "pbl_graph_io.h"
#include "pbl_graph_make.h"
#include "scratch.h"

/* One model in every format: 0-1: 0.5, 0-3: -2, 1-2: 1; h_1 = 0.25, h_3 = -1. */
static const char k_own[] =
    "pbitloop graph 1\nname four\nprovenance made by hand\nnodes 4\nedges 3\nfields 2\n"
    "0 1 0.5\n0 3 -2\n1 2 1\nh 1 0.25\nh 3 -1\n";
static const char k_edges[] = "# four\n1 0 0.5\nh 3 -1\n\n  0\t3 -2e0\r\nh 1 .25\n2 1 1";
static const char k_edges_from_one[] = "2 1 0.5\nh 4 -1\n1 4 -2\nh 2 .25\n3 2 1\n";
static const char k_symmetric[] =
    "%%MatrixMarket matrix coordinate real symmetric\n% four\n\n4 4 5\n2 1 0.5\n4 1 -2\n3 2 1\n"
    "2 2 0.25\n4 4 -1\n";
static const char k_general[] =
    "%%matrixmarket MATRIX Coordinate Real General\n4 4 8\n1 2 0.5\n2 1 0.5\n1 4 -2\n2 2 0.25\n"
    "2 3 1\n3 2 1\n4 1 -2\n4 4 -1\n";
static const char k_gset[] = "4 3\n1 2 -1\n1 4 2\n2 3 -1\n";

static const char *put(char path[PATH_MAX], void **state, const char *name, const char *text) {
  assert_int_equal(scratch_write(scratch_path(path, state, name), text, strlen(text)), 0);
  return path;
}

static pbl_graph *load(const char *path, pbl_graph_source *source) {
  pbl_graph *g;
  pbl_error err;
  if (pbl_graph_load(&g, path, NULL, source, &err) != PBL_OK) fail_msg("%s", err.message);
  return g;
}

static void assert_is_four(const pbl_graph *g) {
  const double fields[] = {0, 0.25, 0, -1};
  assert_int_equal(g->n, 4);
  assert_int_equal(g->n_edges, 3);
  assert_true(sample_coupling(g, 1, 0) == 0.5);
  assert_true(sample_coupling(g, 0, 3) == -2);
  assert_true(sample_coupling(g, 2, 1) == 1);
  assert_memory_equal(g->field, fields, sizeof fields);
}

static void assert_reads_four(void **state, const char *text, pbl_graph_format format, int base) {
  char path[PATH_MAX];
  pbl_graph_source source;
  pbl_graph *g = load(put(path, state, "four", text), &source);
  assert_is_four(g);
  assert_int_equal(source.format, format);
  assert_int_equal(source.base, base);
  pbl_graph_destroy(g);
}

static void one_model_is_read_alike_from_every_format(void **state) {
  assert_reads_four(state, k_own, PBL_GRAPH_OWN, 0);
  assert_reads_four(state, k_edges, PBL_GRAPH_EDGES, 0);
  assert_reads_four(state, k_edges_from_one, PBL_GRAPH_EDGES, 1);
  assert_reads_four(state, k_symmetric, PBL_GRAPH_MTX, 1);
  assert_reads_four(state, k_general, PBL_GRAPH_MTX, 1);
}

/* Weights are those of max-cut: J = -w. The best cut is by hand: w 1-4 alone, 2 - 0. */
static void gset_weights_are_negative_couplings(void **state) {
  char path[PATH_MAX];
  pbl_graph_source source;
  pbl_graph *g = load(put(path, state, "four", k_gset), &source);
  signed char s[4];
  double best = -1e9;
  assert_int_equal(source.format, PBL_GRAPH_GSET);
  assert_true(sample_coupling(g, 0, 1) == 1 && sample_coupling(g, 0, 3) == -2);
  for (unsigned bits = 0; bits < 16; bits++) {
    sample_state(s, 4, bits);
    if (pbl_graph_cut(g, s) > best) best = pbl_graph_cut(g, s);
  }
  assert_true(best == 2);
  pbl_graph_destroy(g);
}

static void a_word_behind_the_header_of_a_gset_file_means_nothing(void **state) {
  char path[PATH_MAX];
  pbl_graph_source source;
  pbl_graph *g = load(put(path, state, "g", "3 2 J\n1 2 1\n2 3 1\n"), &source);
  assert_int_equal(source.format, PBL_GRAPH_GSET);
  assert_int_equal(g->n_edges, 2);
  pbl_graph_destroy(g);
}

static void a_pattern_has_couplings_of_one(void **state) {
  char path[PATH_MAX];
  pbl_graph *g = load(put(path, state, "p.mtx",
                          "%%MatrixMarket matrix coordinate pattern symmetric\n3 3 2\n2 1\n3 2\n"),
                      NULL);
  assert_true(sample_coupling(g, 0, 1) == 1 && sample_coupling(g, 1, 2) == 1);
  assert_string_equal(g->name, "p");
  pbl_graph_destroy(g);
  g = load(put(path, state, "t.mtx",
               "%%MatrixMarket matrix coordinate integer general\n"
               "3 3 2\n1 2 7\n2 3 -7\n"),
           NULL);
  assert_int_equal(g->n_edges, 2);
  assert_true(sample_coupling(g, 2, 1) == -7);
  pbl_graph_destroy(g);
}

static void gzip_files_are_read(void **state) {
  char path[PATH_MAX];
  gzFile f = gzopen(scratch_path(path, state, "four.graph.gz"), "wb");
  assert_non_null(f);
  assert_int_equal(gzwrite(f, k_own, sizeof k_own - 1), sizeof k_own - 1);
  assert_int_equal(gzclose(f), Z_OK);
  pbl_graph *g = load(path, NULL);
  assert_is_four(g);
  assert_string_equal(g->name, "four");
  assert_string_equal(g->provenance, "made by hand");
  pbl_graph_destroy(g);
}

static void nodes_may_be_announced_and_the_base_said(void **state) {
  char path[PATH_MAX];
  pbl_graph *g = load(put(path, state, "a", "# nodes 9\n# base 0\n1 2 1\n"), NULL);
  assert_int_equal(g->n, 9);
  assert_true(sample_coupling(g, 1, 2) == 1);
  pbl_graph_destroy(g);
  const pbl_graph_read_options zero = {.format = PBL_GRAPH_EDGES, .base = 0};
  assert_int_equal(pbl_graph_load(&g, put(path, state, "b", "1 2 1\n"), &zero, NULL, NULL), PBL_OK);
  assert_int_equal(g->n, 3);
  pbl_graph_destroy(g);
  g = load(path, NULL); /* no node 0: they count from 1 */
  assert_int_equal(g->n, 2);
  pbl_graph_destroy(g);
  g = load(put(path, state, "c", "h 65536 1\n"), NULL);
  assert_int_equal(g->n, 65536);
  assert_true(g->field[65535] == 1 && g->field[65534] == 0);
  pbl_graph_destroy(g);
}

static void assert_same(const pbl_graph *a, const pbl_graph *b) {
  assert_int_equal(a->n, b->n);
  assert_int_equal(a->n_edges, b->n_edges);
  assert_memory_equal(a->start, b->start, (a->n + 1) * sizeof *a->start);
  assert_memory_equal(a->neighbour, b->neighbour, 2 * a->n_edges * sizeof *a->neighbour);
  assert_memory_equal(a->coupling, b->coupling, 2 * a->n_edges * sizeof *a->coupling);
  assert_memory_equal(a->field, b->field, a->n * sizeof *a->field);
}

/* Normal numbers have all 53 bits; the last node is isolated. */
static void saving_and_loading_keeps_every_bit(void **state) {
  const pbl_graph_format formats[] = {PBL_GRAPH_OWN, PBL_GRAPH_EDGES, PBL_GRAPH_MTX};
  char path[PATH_MAX];
  pbl_graph *g = sample_random(40, 0.15, 21), *back;
  g->coupling[0] = 5e-324; /* the mirror entry follows below */
  const size_t j = g->neighbour[0];
  for (size_t k = g->start[j]; k < g->start[j + 1]; k++) {
    if (g->neighbour[k] == 0) g->coupling[k] = 5e-324;
  }
  strcpy(g->name, " a name\\n with \\ blanks ");
  strcpy(g->provenance, "two\nlines, a return\r and a \\");
  for (int k = 0; k < 3; k++) {
    scratch_path(path, state, "saved");
    assert_int_equal(pbl_graph_save(g, path, formats[k], NULL), PBL_OK);
    back = load(path, NULL);
    assert_same(g, back);
    if (k == 0) assert_string_equal(back->name, g->name);
    if (k == 0) assert_string_equal(back->provenance, g->provenance);
    pbl_graph_destroy(back);
  }
  pbl_graph_destroy(g);
}

static void gset_files_are_saved_without_fields_only(void **state) {
  char path[PATH_MAX];
  pbl_error err;
  pbl_graph *g = load(put(path, state, "four", k_gset), NULL);
  assert_int_equal(pbl_graph_save(g, scratch_path(path, state, "x.gset"), PBL_GRAPH_GSET, NULL),
                   PBL_OK);
  pbl_graph *back = load(path, NULL);
  assert_same(g, back);
  pbl_graph_destroy(back);
  g->field[2] = 0.5;
  assert_int_equal(pbl_graph_save(g, path, PBL_GRAPH_GSET, &err), PBL_INVALID);
  assert_non_null(strstr(err.message, "h of node 2 is 0.5"));
  pbl_graph_destroy(g);
}

static void every_graph_of_one_node_can_be_saved(void **state) {
  char path[PATH_MAX];
  pbl_graph *g = sample_of_edges(1, NULL, 0, NULL);
  for (int format = PBL_GRAPH_OWN; format <= PBL_GRAPH_MTX; format++) {
    assert_int_equal(
        pbl_graph_save(g, scratch_path(path, state, "one"), (pbl_graph_format)format, NULL),
        PBL_OK);
    pbl_graph *back;
    const pbl_graph_read_options o = {.format = (pbl_graph_format)format, .base = -1};
    pbl_error err;
    if (pbl_graph_load(&back, path, &o, NULL, &err) != PBL_OK) fail_msg("%s", err.message);
    assert_same(g, back);
    pbl_graph_destroy(back);
  }
  pbl_graph_destroy(g);
}

static void assert_refused(void **state, const char *text, const char *words) {
  char path[PATH_MAX], expected[PATH_MAX + 256];
  pbl_graph *g = (pbl_graph *)1;
  pbl_error err = {0};
  put(path, state, "bad", text);
  assert_int_equal(pbl_graph_load(&g, path, NULL, NULL, &err), PBL_FORMAT);
  assert_null(g);
  snprintf(expected, sizeof expected, "%s:%s", path, words);
  if (strncmp(err.message, expected, strlen(expected)) != 0) {
    fail_msg("expected '%s', got '%s'", expected, err.message);
  }
}

static void bad_edge_lists_are_refused_by_line(void **state) {
  assert_refused(state, "0 1 1\n1 0 2\n", "2: edge 1 - 0 again (first in line 1); keep one");
  assert_refused(state, "1 2 1\n\n3 2 1\n2 3 1\n", "4: edge 2 - 3 again (first in line 3)");
  assert_refused(state, "0 1 1\n2 2 1\n", "2: node 2 is coupled to itself");
  assert_refused(state, "0 1 1\n0 1\n", "2: two numbers; an edge is 'i j J'");
  assert_refused(state, "0 1 1\n-1 2 1\n", "2: node '-1' is no whole number from 0 to 65536");
  assert_refused(state, "0 1 1\n0 65537 1\n", "2: node '65537' is no whole number");
  assert_refused(state, "0 1 1\n2 3 1\n0 65536 1\n",
                 "3: node 65536; the limit is 65536 nodes, counted from 0");
  assert_refused(state, "0 1 1\n0 2 nan\n", "2: coupling 'nan' is no finite decimal number");
  assert_refused(state, "1 2 nan\n", "1: coupling 'nan' is no finite decimal number");
  assert_refused(state, "0 1 1\n0 2 1e999\n", "2: coupling '1e999' is no finite");
  assert_refused(state, "0 1 1\n0 2 -1e101\n", "2: coupling '-1e101' is beyond 1e+100");
  assert_refused(state, "0 1 1\n0 2 0x10\n", "2: coupling '0x10' is no finite");
  assert_refused(state, "0 1 1\n0 1.5 1\n", "2: node '1.5' is no whole number");
  assert_refused(state, "h 1 1\nh 1 2\n", "2: field of node 1 again (first in line 1)");
  assert_refused(state, "# base 1\n0 1 1\n", "2: node 0, but nodes count from 1 here");
  assert_refused(state, "# base 2\n0 1 1\n", "1: base '2' is no whole number from 0 to 1");
  assert_refused(state, "# nodes 2\n# base 0\n1 2 1\n", "3: node 2; '# nodes' announces 2 nodes");
  assert_refused(state, "0 1 1\nx y z\n", "2: node 'x' is no whole number");
  assert_refused(state, "0 1 1 1 1\n", " neither its beginning nor its name tells the format");
  assert_refused(state, "0 1 1\n0 2 1 7\n", "2: '0 2 1 7' is neither an edge");
}

static void bad_gset_files_are_refused_by_line(void **state) {
  assert_refused(state, "3 2\n1 2 1\n", "3: the file ends after 1 of the 2 lines");
  assert_refused(state, "3 1\n1 2 1\n2 3 1\n", "3: '2 3 1' comes after the 1 lines");
  assert_refused(state, "3 1\n0 2 1\n", "2: node '0' is no whole number from 1 to 3");
  assert_refused(state, "3 1\n1 4 1\n", "2: node '4' is no whole number from 1 to 3");
  assert_refused(state, "3 1\n1 2\n", "2: '1 2'; an edge of a Gset file is 'i j w'");
  assert_refused(state, "3 2\n1 2 1\n2 1 1\n", "3: edge 2 - 1 again (first in line 2)");
  assert_refused(state, "0 1\n1 2\n", "1: '0 1'; a Gset file starts with 'n m'");
  assert_refused(state, "70000 1\n1 2 1\n", "1: number of nodes '70000' is no whole number");
  assert_refused(state, "3 99999999999999999999\n1 2 1\n", "1: number of edges");
  assert_refused(state, "3 16777216\n1 2 1\n", "3: the file ends after 1 of the 16777216");
}

static void bad_matrices_are_refused_by_line(void **state) {
#define BANNER "%%MatrixMarket matrix coordinate "
  assert_refused(state, "%%MatrixMarket matrix array real general\n2 2\n",
                 "1: 'array'; only 'coordinate' is read: in Python");
  assert_refused(state, BANNER "complex general\n", "1: 'complex' entries; real, integer or");
  assert_refused(state, BANNER "real skew-symmetric\n", "1: 'skew-symmetric' matrix; symmetric");
  assert_refused(state, BANNER "real\n", "1: the first line of a Matrix Market file is '%%Matrix");
  assert_refused(state, BANNER "real general\n2 3 1\n1 2 1\n", "2: 2 x 3; a matrix of couplings");
  assert_refused(state, BANNER "real general\n2 2\n", "2: expected are 'rows columns entries'");
  assert_refused(state, BANNER "real general\n", "2: expected are 'rows columns entries'");
  assert_refused(state, BANNER "real symmetric\n2 2 2\n2 1 1\n1 2 1\n",
                 "4: edge 1 - 2 again (first in line 3)");
  assert_refused(state, BANNER "real general\n2 2 2\n2 1 1\n1 2 1.5\n",
                 "4: entry 1 2 is 1.5, but 2 1 in line 3 is 1; couplings must be symmetric");
  assert_refused(state, BANNER "real general\n2 2 2\n1 2 1\n1 2 1\n",
                 "4: entry 1 2 again (first in line 3)");
  assert_refused(state, BANNER "real general\n3 3 3\n1 2 1\n2 1 1\n1 3 1\n",
                 "5: entry 1 3 has no partner 3 1, but 1 2 (line 3) has one");
  assert_refused(state, BANNER "real general\n2 2 2\n1 1 1\n1 1 1\n",
                 "4: field of node 1 again (first in line 3)");
  assert_refused(state, BANNER "pattern symmetric\n2 2 1\n1 1\n", "3: entry 1 1: the diagonal");
  assert_refused(state, BANNER "pattern symmetric\n2 2 1\n2 1 1\n",
                 "3: '2 1 1'; an entry is 'i j'");
  assert_refused(state, BANNER "real symmetric\n2 2 2\n2 1 1\n", "4: the file ends after 1 of 2");
  assert_refused(state, BANNER "real symmetric\n2 2 0\n2 1 1\n", "3: '2 1 1' comes after the 0");
#undef BANNER
}

static void bad_files_of_our_own_are_refused_by_line(void **state) {
#define HEAD "pbitloop graph 1\nname\nprovenance\n"
  assert_refused(state, "pbitloop graph 2\n", "1: the first line must be 'pbitloop graph 1'");
  assert_refused(state, "pbitloop graph 1\nnodes 3\n", "2: 'nodes 3' where 'name' is expected");
  assert_refused(state, HEAD "nodes 0\n", "4: nodes '0' is no whole number from 1 to 65536");
  assert_refused(state, HEAD "nodes 3 3\n", "4: 'nodes 3 3'; expected is 'nodes N'");
  assert_refused(state, HEAD "nodes 3\n", "5: the file ends before 'edges'");
  assert_refused(state, HEAD "nodes 3\nedges 1\nfields 1\n0 1 1\n1 2 1\n",
                 " 0 fields, but the header announces 1");
  assert_refused(state, HEAD "nodes 3\nedges 1\nfields 0\n0 3 1\n",
                 "7: node '3' is no whole number from 0 to 2");
  assert_refused(state, HEAD "nodes 3\nedges 2\nfields 0\n0 1 1\n",
                 "8: the file ends after 1 of the 2 lines");
#undef HEAD
}

static void what_is_no_graph_file_is_refused(void **state) {
  char path[PATH_MAX];
  pbl_graph *g;
  pbl_error err;
  char *text = malloc(10001);
  assert_non_null(text);
  memset(text, '1', 10000);
  text[10000] = '\0';
  memcpy(text, "0 1 1\n", 6);
  assert_refused(state, text, "2: line of more than 4095 characters");
  free(text);
  assert_refused(state, "", " neither its beginning nor its name");
  assert_refused(state, "hello\n", " neither its beginning nor its name");
  assert_int_equal(scratch_write(scratch_path(path, state, "zero"), "0 1 1\n0\0 2 1\n", 13), 0);
  assert_int_equal(pbl_graph_load(&g, path, NULL, NULL, &err), PBL_FORMAT);
  assert_non_null(strstr(err.message, "2: a zero byte"));
  assert_int_equal(pbl_graph_load(&g, scratch_path(path, state, "none"), NULL, NULL, &err),
                   PBL_NOT_FOUND);
  const pbl_graph_read_options own = {.format = PBL_GRAPH_OWN, .base = -1};
  assert_int_equal(pbl_graph_load(&g, *state, &own, NULL, &err), PBL_IO);
  assert_non_null(strstr(err.message, "is a folder, not a graph file"));
  assert_int_equal(pbl_graph_save(NULL, path, PBL_GRAPH_MODEL, &err), PBL_INVALID);
}

/* Whatever a byte becomes and wherever the file ends: a graph, or one message that names the file.
 */
static void damaged_files_never_do_harm(void **state) {
  static const char *const texts[] = {k_own, k_edges, k_symmetric, k_general, k_gset};
  static const char damage[] = {'9', '-', ' ', '\n', 'h', '\0', '\xff'};
  char path[PATH_MAX], text[512];
  size_t n_refused = 0, n_read = 0;
  for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
    const size_t length = strlen(texts[t]);
    for (size_t at = 0; at <= length; at++) {
      for (size_t k = 0; k <= sizeof damage; k++) {
        pbl_graph *g;
        pbl_error err = {0};
        memcpy(text, texts[t], length);
        if (k < sizeof damage) text[at] = damage[k];
        const size_t kept = k < sizeof damage ? length : at;
        assert_int_equal(scratch_write(scratch_path(path, state, "damaged"), text, kept), 0);
        const pbl_status status = pbl_graph_load(&g, path, NULL, NULL, &err);
        if (status == PBL_OK) assert_true(g->start[g->n] == 2 * g->n_edges);
        if (status != PBL_OK) {
          assert_int_equal(status, PBL_FORMAT);
          assert_int_equal(strncmp(err.message, path, strlen(path)), 0);
        }
        n_read += status == PBL_OK;
        n_refused += status != PBL_OK;
        pbl_graph_destroy(g);
      }
    }
  }
  assert_true(n_read > 200 && n_refused > 1000);
}

/* What the name says against what the first line looks like. */
static void assert_refused_as(void **state, const char *name, const char *text, const char *words) {
  char path[PATH_MAX];
  pbl_graph *g;
  pbl_error err = {0};
  assert_int_equal(pbl_graph_load(&g, put(path, state, name, text), NULL, NULL, &err), PBL_FORMAT);
  if (strstr(err.message, words) == NULL) fail_msg("no '%s' in '%s'", words, err.message);
}

static void a_name_helps_where_a_first_line_misleads(void **state) {
  char path[PATH_MAX];
  pbl_graph_source source;
  assert_refused_as(state, "a.edges", "1 2\n2 3\n", "1: two numbers; an edge is 'i j J'");
  assert_refused_as(state, "a.el", "3 1\n1 2 1\n", "1: two numbers; an edge is 'i j J'");
  assert_refused_as(state, "a.mtx", "2 2 1\n2 1 1\n", "1: the first line of a Matrix Market file");
  pbl_graph_destroy(load(put(path, state, "g.txt", k_gset), &source));
  assert_int_equal(source.format, PBL_GRAPH_GSET);
}

static void names_tell_formats(void **state) {
  (void)state;
  assert_int_equal(pbl_graph_format_of_name("a/b.graph"), PBL_GRAPH_OWN);
  assert_int_equal(pbl_graph_format_of_name("b.MTX.gz"), PBL_GRAPH_MTX);
  assert_int_equal(pbl_graph_format_of_name("b.el"), PBL_GRAPH_EDGES);
  assert_int_equal(pbl_graph_format_of_name(".mtx"), PBL_GRAPH_DETECT);
  assert_int_equal(pbl_graph_format_of_name("b.gz"), PBL_GRAPH_DETECT);
  for (int k = PBL_GRAPH_OWN; k <= PBL_GRAPH_MODEL; k++) {
    pbl_graph_format format;
    assert_int_equal(
        pbl_graph_format_parse(&format, pbl_graph_format_name((pbl_graph_format)k), NULL), PBL_OK);
    assert_int_equal(format, k);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_model_is_read_alike_from_every_format),
      cmocka_unit_test(gset_weights_are_negative_couplings),
      cmocka_unit_test(a_word_behind_the_header_of_a_gset_file_means_nothing),
      cmocka_unit_test(a_pattern_has_couplings_of_one),
      cmocka_unit_test(gzip_files_are_read),
      cmocka_unit_test(nodes_may_be_announced_and_the_base_said),
      cmocka_unit_test(saving_and_loading_keeps_every_bit),
      cmocka_unit_test(gset_files_are_saved_without_fields_only),
      cmocka_unit_test(every_graph_of_one_node_can_be_saved),
      cmocka_unit_test(bad_edge_lists_are_refused_by_line),
      cmocka_unit_test(bad_gset_files_are_refused_by_line),
      cmocka_unit_test(bad_matrices_are_refused_by_line),
      cmocka_unit_test(bad_files_of_our_own_are_refused_by_line),
      cmocka_unit_test(what_is_no_graph_file_is_refused),
      cmocka_unit_test(damaged_files_never_do_harm),
      cmocka_unit_test(a_name_helps_where_a_first_line_misleads),
      cmocka_unit_test(names_tell_formats),
  };
  return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
