/* Colourings of a graph: nodes of one colour have no edge between them, so a sweep may update them
 * at the same time (block Gibbs). Every rule is deterministic: the same graph, the same colours. */
#ifndef PBL_COLOURING_H
#define PBL_COLOURING_H

#include <stdbool.h>

#include "pbl_graph.h"

typedef enum {
  PBL_COLOUR_GREEDY,        /* nodes in their order */
  PBL_COLOUR_LARGEST_FIRST, /* by falling degree, ties by lower number (Welsh and Powell 1967) */
  PBL_COLOUR_DSATUR         /* the node whose neighbours show most colours; ties by more uncoloured
                               neighbours, then by lower number (Brelaz 1979). Least colours for
                               bipartite graphs, cycles and wheels */
} pbl_colour_rule;

#define PBL_COLOUR_RULES "greedy, largest-first, dsatur"

typedef struct {
  size_t n, n_colours; /* n_colours <= largest degree + 1 for all three rules */
  uint32_t *colour;    /* n values in 0..n_colours-1 */
  size_t *block;       /* n_colours, nodes of each colour */
} pbl_colouring;

const char *pbl_colour_rule_name(pbl_colour_rule rule);
/* USAGE with the list of names. */
pbl_status pbl_colour_rule_parse(pbl_colour_rule *out, const char *name, pbl_error *err);

/* Each node takes the lowest colour that none of its neighbours has. NO_MEMORY. */
pbl_status pbl_colouring_create(pbl_colouring **out, const pbl_graph *g, pbl_colour_rule rule,
                                pbl_error *err);
/* Two colours (one without edges), by breadth-first search; the lowest node of every component has
 * colour 0. *out is NULL, with status OK, for a graph that is not bipartite. */
pbl_status pbl_colouring_bipartite(pbl_colouring **out, const pbl_graph *g, pbl_error *err);
void pbl_colouring_destroy(pbl_colouring *c); /* NULL is legal */

/* INVALID, naming the first edge whose ends have one colour, or what else is wrong: a colour out of
 * range, a colour without nodes, block sizes that do not add up. */
pbl_status pbl_colouring_verify(const pbl_colouring *c, const pbl_graph *g, pbl_error *err);
/* Evens out the blocks and stays a colouring with the same number of colours. Two colours: whole
 * components swap their colours, the most uneven ones first. More: single nodes move to the
 * smallest block that none of their neighbours is in, as long as that helps. A heuristic; the
 * difference of largest and smallest block never grows. NO_MEMORY. */
pbl_status pbl_colouring_balance(pbl_colouring *c, const pbl_graph *g, pbl_error *err);

#endif
