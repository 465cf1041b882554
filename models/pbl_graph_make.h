/* Graphs by recipe.
 *
 *   complete:N       K_N
 *   curie-weiss:N    K_N, J_ij = J/N (couplings constant J)
 *   sk:N             K_N, J_ij ~ N(0, S^2/N) (couplings normal S): Sherrington and Kirkpatrick 1975
 *   hopfield:N,P     K_N, J_ij = (J/N) sum_p x_pi x_pj over P random patterns x = +-1, each with
 *                    probability 1/2 (couplings constant J): Hopfield 1982
 *   king:WxL         open W x L board, every square coupled to up to 8 around it; node row W +
 * column torus:WxL        square lattice that closes on itself, W and L >= 3; node as above
 *   chimera:MxNxT    M x N cells K_T,T; node ((row N + column) 2 + u) T + k; u = 0 is coupled to
 * the cells above and below, u = 1 to those left and right pegasus:M        P(M), 8 (M-1)(3M-1)
 * nodes, degree up to 15: Boothby, Bunyk, Raymond, Roy 2020 (arXiv:2003.00133), its standard
 * offsets; nodes without crossing are left out, the others numbered in the order of (orientation,
 * w, k, z) regular:N,D      random D-regular graph, N D even, D <= 256: stubs paired at random,
 * unfit pairs drawn again (after Steger and Wormald 1999), close to uniform
 */
#ifndef PBL_GRAPH_MAKE_H
#define PBL_GRAPH_MAKE_H

#include <stdbool.h>

#include "pbl_graph.h"

#define PBL_GRAPH_RECIPES                                                               \
  "complete:N, curie-weiss:N, sk:N, hopfield:N,P, king:WxL, torus:WxL, chimera:MxNxT, " \
  "pegasus:M, regular:N,D"

typedef enum {
  PBL_MAKE_COMPLETE,
  PBL_MAKE_CURIE_WEISS,
  PBL_MAKE_SK,
  PBL_MAKE_HOPFIELD,
  PBL_MAKE_KING,
  PBL_MAKE_TORUS,
  PBL_MAKE_CHIMERA,
  PBL_MAKE_PEGASUS,
  PBL_MAKE_REGULAR
} pbl_graph_kind;

typedef enum {
  PBL_LAW_CONSTANT, /* every value is `size` */
  PBL_LAW_SIGN,     /* +size or -size, each with probability 1/2 */
  PBL_LAW_NORMAL    /* N(0, size^2) */
} pbl_law_kind;

typedef struct {
  pbl_law_kind kind;
  double size;
} pbl_value_law;

typedef struct {
  pbl_graph_kind kind;
  size_t size[3]; /* as in the list above */
  pbl_value_law couplings, fields;
  uint64_t seed; /* xoshiro128++: graph or patterns first, then couplings by lower and higher node,
                    then fields by node */
} pbl_graph_recipe;

/* Whether `text` starts with a kind and a colon. */
bool pbl_graph_is_recipe(const char *text);
/* The kind's own law of couplings, size 1; no fields; seed 1. USAGE with the form that is wanted.
 */
pbl_status pbl_graph_recipe_parse(pbl_graph_recipe *out, const char *text, pbl_error *err);
/* "constant,J", "sign,J" or "normal,S", sizes up to 1e100. USAGE. */
pbl_status pbl_value_law_parse(pbl_value_law *out, const char *text, pbl_error *err);
/* Whether anything of it is drawn at random, so that the seed matters. */
bool pbl_graph_recipe_is_random(const pbl_graph_recipe *r);
/* INVALID, naming the size and what is allowed, or a law that the kind does not take; NUMERIC when
 * no regular graph was found in 1000 attempts. */
pbl_status pbl_graph_make(pbl_graph **out, const pbl_graph_recipe *r, pbl_error *err);

#endif
