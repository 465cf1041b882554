/* Section `graph` of a case: an Ising model on any graph and its blocks. */
#include <string.h>

#include "compare_internal.h"
#include "pbl_graph_io.h"
#include "pbl_graph_make.h"

_Static_assert(PBL_COLOUR_GREEDY == 0 && PBL_COLOUR_LARGEST_FIRST == 1 && PBL_COLOUR_DSATUR == 2,
               "names of the configuration");

static pbl_status make(pbl_graph **out, const pbl_case_config *cc, uint64_t further,
                       pbl_error *err) {
  pbl_graph_recipe r;
  pbl_status st = pbl_graph_recipe_parse(&r, cc->graph, err);
  if (!st && cc->graph_couplings[0])
    st = pbl_value_law_parse(&r.couplings, cc->graph_couplings, err);
  if (!st && cc->graph_fields[0]) st = pbl_value_law_parse(&r.fields, cc->graph_fields, err);
  if (st) return st;
  r.seed = cc->graph_seed + further;
  return pbl_graph_make(out, &r, err);
}

/* As the configuration tells it: an unknown generator shall not be looked for as a file. */
static bool is_generator(const char *source) {
  const size_t word = strspn(source, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-");
  return word > 0 && source[word] == ':';
}

static pbl_status blocks_of(pbl_colouring **out, const pbl_graph *g, const pbl_case_config *cc,
                            pbl_error *err) {
  pbl_status st = pbl_colouring_create(out, g, (pbl_colour_rule)cc->graph_colouring, err);
  if (!st && cc->graph_balanced) st = pbl_colouring_balance(*out, g, err);
  return st ? st : pbl_colouring_verify(*out, g, err);
}

pbl_status case_graph(pbl_graph **graph, pbl_colouring **blocks, const pbl_case_config *cc,
                      uint64_t further, pbl_error *err) {
  pbl_graph *g = NULL;
  pbl_colouring *c = NULL;
  pbl_status st = is_generator(cc->graph) ? make(&g, cc, further, err)
                                          : pbl_graph_load(&g, cc->graph, NULL, NULL, err);
  if (!st && blocks) st = blocks_of(&c, g, cc, err);
  if (!st && blocks) *blocks = c;
  if (!st && graph) *graph = g;
  if (st || !blocks) pbl_colouring_destroy(c);
  if (st || !graph) pbl_graph_destroy(g);
  return st ? pbl_wrap(err, st, "graph") : PBL_OK;
}
