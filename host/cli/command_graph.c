#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "graph_output.h"
#include "pbl_cli.h"
#include "pbl_graph_make.h"
#include "pbl_hw.h"
#include "pbl_npy.h"

static pbl_status run(int *exit_code, const pbl_arguments *arguments, pbl_error *err);

enum { FORMAT, BASE, COUPLINGS, FIELDS, SEED, COLOUR, BALANCE, QUANTISE, OUT, COLOURS, JSON };

static const pbl_option options[] = {
    [FORMAT] = {"format", PBL_OPTION_VALUE, "F", NULL,
                "of the file: graph, edges, gset, mtx, model (detected)"},
    [BASE] = {"base", PBL_OPTION_VALUE, "0|1", NULL, "number of the first node of an edge list"},
    [COUPLINGS] = {"couplings", PBL_OPTION_VALUE, "LAW", NULL,
                   "of a generator: constant,J or sign,J or normal,S (size 1)"},
    [FIELDS] = {"fields", PBL_OPTION_VALUE, "LAW", NULL, "of a generator, likewise (none)"},
    [SEED] = {"seed", PBL_OPTION_VALUE, "N", NULL, "of a generator that draws at random"},
    [COLOUR] = {"colour", PBL_OPTION_VALUE, "RULE", NULL,
                "greedy, largest-first or dsatur (dsatur)"},
    [BALANCE] = {"balance", PBL_OPTION_FLAG, NULL, NULL, "even out the blocks"},
    [QUANTISE] = {"quantise", PBL_OPTION_VALUE, "I.F", NULL,
                  "round to s[I][F] words; I.F,SCALE with scale none, global, row"},
    [OUT] = {"out", PBL_OPTION_VALUE, "FILE", NULL,
             "write the graph: .graph, .edges, .el, .txt, .gset, .mtx"},
    [COLOURS] = {"colours", PBL_OPTION_VALUE, "FILE.npy", NULL, "write the colour of every node"},
    [JSON] = {"json", PBL_OPTION_FLAG, NULL, NULL, "one JSON object instead of the table"},
    {NULL, PBL_OPTION_FLAG, NULL, NULL, NULL}};

const pbl_command pbl_command_graph = {
    .name = "graph",
    .positional = "FILE|GENERATOR",
    .summary = "read or make an Ising graph, colour it, convert it",
    .details =
        "Reads an Ising model on any graph of up to 65536 p-bits, from the project's own .graph "
        "file,\n"
        "an edge list, a Gset max-cut file, a Matrix Market file (all also gzip-compressed) or a\n"
        "model folder, or makes one:\n"
        "\n"
        "  complete:N    curie-weiss:N    sk:N           hopfield:N,P    regular:N,D\n"
        "  king:WxL      torus:WxL        chimera:MxNxT  pegasus:M\n"
        "\n"
        "Prints nodes, edges, degrees, components, couplings, the blocks of a colouring, "
        "whether\n"
        "the dense fabric can hold it, and what it takes of the sparse one. A file whose name "
        "looks like a generator: write ./NAME.\n"
        "Formats, signs and rules: docs/models.md, \"Graphs\".\n"
        "\n"
        "Exit code: 0 done, 2 bad usage or impossible sizes, 3 unreadable file or failure.\n",
    .options = options,
    .run = run};

static pbl_status read_options(pbl_graph_read_options *o, const pbl_arguments *a, pbl_error *err) {
  *o = (pbl_graph_read_options){.format = PBL_GRAPH_DETECT, .base = -1};
  if (a->seen[FORMAT]) {
    const pbl_status status = pbl_graph_format_parse(&o->format, a->values[FORMAT], err);
    if (status != PBL_OK) return pbl_wrap(err, status, "option --format");
  }
  if (!a->seen[BASE]) return PBL_OK;
  if (strcmp(a->values[BASE], "0") != 0 && strcmp(a->values[BASE], "1") != 0) {
    return pbl_fail(err, PBL_USAGE, "option --base: '%s' is neither 0 nor 1", a->values[BASE]);
  }
  o->base = a->values[BASE][0] - '0';
  return PBL_OK;
}

/* --base says nothing about formats that fix it. */
static pbl_status load(pbl_graph **out, pbl_graph_source *source, const pbl_arguments *a,
                       pbl_error *err) {
  static const int made_only[] = {COUPLINGS, FIELDS, SEED};
  pbl_graph_read_options o;
  for (size_t k = 0; k < 3; k++) {
    if (a->seen[made_only[k]]) {
      return pbl_fail(err, PBL_USAGE, "--%s goes with a generator, and '%s' is a file",
                      options[made_only[k]].name, a->positional);
    }
  }
  pbl_status status = read_options(&o, a, err);
  if (status == PBL_OK) status = pbl_graph_load(out, a->positional, &o, source, err);
  if (status != PBL_OK || !a->seen[BASE] || source->format == PBL_GRAPH_EDGES) return status;
  return pbl_fail(err, PBL_USAGE, "--base goes with an edge list; %s is a %s file", a->positional,
                  pbl_graph_format_name(source->format));
}

static pbl_status read_law(pbl_value_law *law, const pbl_arguments *a, int option, pbl_error *err) {
  if (!a->seen[option]) return PBL_OK;
  const pbl_status status = pbl_value_law_parse(law, a->values[option], err);
  return status == PBL_OK ? status : pbl_wrap(err, status, "option --%s", options[option].name);
}

static pbl_status read_seed(uint64_t *seed, const pbl_arguments *a, pbl_error *err) {
  char *end;
  const char *text = a->values[SEED];
  errno = 0;
  *seed = strtoull(text, &end, 10);
  if (text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0) return PBL_OK;
  return pbl_fail(err, PBL_USAGE, "option --seed: '%s' is not a whole number", text);
}

static pbl_status make(pbl_graph **out, const pbl_arguments *a, pbl_error *err) {
  pbl_graph_recipe r;
  if (a->seen[FORMAT] || a->seen[BASE]) {
    return pbl_fail(err, PBL_USAGE, "--%s goes with a file, and '%s' is a generator",
                    a->seen[FORMAT] ? "format" : "base", a->positional);
  }
  pbl_status status = pbl_graph_recipe_parse(&r, a->positional, err);
  if (status == PBL_OK) status = read_law(&r.couplings, a, COUPLINGS, err);
  if (status == PBL_OK) status = read_law(&r.fields, a, FIELDS, err);
  if (status == PBL_OK && a->seen[SEED]) status = read_seed(&r.seed, a, err);
  if (status == PBL_OK && !a->seen[SEED] && pbl_graph_recipe_is_random(&r)) {
    status = pbl_fail(err, PBL_USAGE, "%s draws at random and needs --seed N", a->positional);
  }
  return status == PBL_OK ? pbl_graph_make(out, &r, err) : status;
}

/* Sets r->dense: whether two blocks of the dense fabric's size can hold the graph. */
static pbl_status try_dense(graph_result *r, pbl_error *err) {
  pbl_colouring *two = NULL;
  pbl_error reason = {0};
  pbl_hw hw = pbl_hw_default();
  pbl_status status = pbl_colouring_bipartite(&two, r->graph, err);
  if (status == PBL_OK && two != NULL) status = pbl_colouring_balance(two, r->graph, err);
  r->two_colours = two != NULL;
  if (status == PBL_OK && two == NULL) {
    snprintf(r->dense, sizeof r->dense, "it has two blocks, and this graph is not bipartite");
  } else if (status == PBL_OK) {
    r->dense_blocks[0] = two->block[0];
    r->dense_blocks[1] = two->n_colours > 1 ? two->block[1] : 0;
    hw.n_visible = (int)r->dense_blocks[0];
    hw.n_hidden = (int)r->dense_blocks[1];
    if (pbl_hw_check(&hw, &reason) != PBL_OK) {
      snprintf(r->dense, sizeof r->dense, "blocks of %zu and %zu; %.400s", r->dense_blocks[0],
               r->dense_blocks[1], reason.message);
    }
  }
  pbl_colouring_destroy(two);
  return status;
}

/* Sets r->sparse: whether the sparse fabric can hold the graph in these blocks. */
static pbl_status try_sparse(graph_result *r, pbl_error *err) {
  pbl_error reason = {0};
  pbl_hw hw = pbl_hw_default();
  pbl_hw_set_sparse(&hw, &(pbl_hw_sparse){0});
  const pbl_status status = pbl_sparse_fit(&hw, r->graph, r->colouring, &reason);
  if (status == PBL_OK) {
    r->sparse_sites = hw.sparse.sites;
    return pbl_sparse_need_of(&r->need, r->graph, r->colouring, r->sparse_sites, err);
  }
  const size_t skip = sizeof PBL_SPARSE_NO_FIT - 1;
  const bool known = strncmp(reason.message, PBL_SPARSE_NO_FIT, skip) == 0;
  snprintf(r->sparse, sizeof r->sparse, "%.500s", reason.message + (known ? skip : 0));
  return status == PBL_CONFIG ? PBL_OK : pbl_fail(err, status, "%s", reason.message);
}

static pbl_status colour(graph_result *r, const pbl_arguments *a, pbl_error *err) {
  pbl_status status = pbl_colouring_create(&r->colouring, r->graph, r->rule, err);
  if (status == PBL_OK && a->seen[BALANCE]) {
    status = pbl_colouring_balance(r->colouring, r->graph, err);
  }
  if (status == PBL_OK) status = pbl_colouring_verify(r->colouring, r->graph, err);
  if (status == PBL_OK) status = try_dense(r, err);
  return status == PBL_OK ? try_sparse(r, err) : status;
}

/* I.F or I.F,SCALE */
static pbl_status read_words(pbl_graph_words *w, const char *text, pbl_error *err) {
  int used = 0;
  const int n = sscanf(text, "%2d.%2d%n", &w->weight_int, &w->weight_frac, &used);
  w->scale = PBL_SCALE_NONE;
  if (n == 2 && text[0] != '-' && text[used] == '\0') return PBL_OK;
  if (n != 2 || text[0] == '-' || text[used] != ',') {
    return pbl_fail(err, PBL_USAGE, "option --quantise: '%s' is not like 5.6 or 5.6,global", text);
  }
  const pbl_status status = pbl_scale_rule_parse(&w->scale, text + used + 1, err);
  return status == PBL_OK ? status : pbl_wrap(err, status, "option --quantise");
}

static pbl_status quantise(graph_result *r, const pbl_arguments *a, pbl_error *err) {
  pbl_graph_image *im = NULL;
  if (!r->quantised) return PBL_OK;
  const pbl_status status = pbl_graph_image_create(&im, &r->quantisation, r->graph, &r->words, err);
  if (status == PBL_OK) r->hash = pbl_graph_image_hash(im, r->graph);
  pbl_graph_image_destroy(im);
  return status == PBL_OK ? status
                          : pbl_wrap(err, status, "option --quantise %s", a->values[QUANTISE]);
}

static pbl_status write_files(const graph_result *r, const pbl_arguments *a, pbl_error *err) {
  pbl_status status = PBL_OK;
  if (a->seen[OUT]) {
    status =
        pbl_graph_save(r->graph, a->values[OUT], pbl_graph_format_of_name(a->values[OUT]), err);
  }
  if (status == PBL_OK && a->seen[COLOURS]) {
    status =
        pbl_npy_write(a->values[COLOURS], PBL_U32, 1, &r->colouring->n, r->colouring->colour, err);
  }
  return status;
}

/* Everything that is wrong with the options shows before a large file is read. */
static pbl_status check_options(graph_result *r, const pbl_arguments *a, pbl_error *err) {
  pbl_status status = PBL_OK;
  r->rule = PBL_COLOUR_DSATUR;
  r->quantised = a->seen[QUANTISE];
  if (a->seen[COLOUR]) {
    status = pbl_colour_rule_parse(&r->rule, a->values[COLOUR], err);
    if (status != PBL_OK) return pbl_wrap(err, status, "option --colour");
  }
  if (r->quantised) status = read_words(&r->words, a->values[QUANTISE], err);
  if (status != PBL_OK || !a->seen[OUT]) return status;
  const char *out = a->values[OUT];
  const size_t length = strlen(out);
  const bool compressed = length > 3 && strcmp(out + length - 3, ".gz") == 0;
  if (!compressed && pbl_graph_format_of_name(out) != PBL_GRAPH_DETECT) return PBL_OK;
  return pbl_fail(err, PBL_USAGE,
                  "option --out: the ending of '%s' is none of .graph, .edges, .el, .txt, .gset, "
                  ".mtx",
                  out);
}

static pbl_status run(int *exit_code, const pbl_arguments *a, pbl_error *err) {
  pbl_graph *g = NULL;
  graph_result r = {0};
  *exit_code = 0;
  pbl_status status = check_options(&r, a, err);
  if (status == PBL_OK) {
    status = pbl_graph_is_recipe(a->positional) ? make(&g, a, err) : load(&g, &r.source, a, err);
  }
  r.graph = g;
  if (status == PBL_OK) status = pbl_graph_describe(&r.stats, g, err);
  if (status == PBL_OK) status = colour(&r, a, err);
  if (status == PBL_OK) status = quantise(&r, a, err);
  if (status == PBL_OK) status = write_files(&r, a, err);
  if (status == PBL_OK && a->seen[JSON]) {
    status = graph_print_json(&r, err);
  } else if (status == PBL_OK) {
    graph_print(&r);
  }
  pbl_colouring_destroy(r.colouring);
  pbl_graph_destroy(g);
  return status;
}
