/* A model on a graph as an image of the sparse fabric (docs/device.md).
 *
 * The blocks are the colours of a colouring, in their order. Within a block p-bits are sorted by
 * falling degree (ties by number) and cut into groups of P, so that p-bits of similar degree share
 * a group: it takes as many edge rows as its largest degree, and at least one clock. Words as in
 * pbl_graph_image.h with no scaling; a value beyond the format is clipped and counted.
 *
 * For random scan (the kernel random_site) a group may be one p-bit: every pick of a group is then
 * one p-bit, each equally likely, and a list is as long as its p-bit's degree. */
#ifndef PBL_SPARSE_IMAGE_H
#define PBL_SPARSE_IMAGE_H

#include "pbl_colouring.h"
#include "pbl_graph.h"
#include "pbl_graph_image.h"
#include "pbl_image.h"

/* How messages about capacities and degrees begin. */
#define PBL_SPARSE_NO_FIT "the graph does not fit the sparse fabric: "

typedef enum {
  PBL_SPARSE_FULL,   /* groups of up to P p-bits */
  PBL_SPARSE_SINGLES /* groups of one p-bit, on cell 0 of each lane */
} pbl_sparse_layout;
static inline pbl_sparse_layout pbl_sparse_layout_of(pbl_kernel kernel) {
  return kernel == PBL_KERNEL_RANDOM_SITE ? PBL_SPARSE_SINGLES : PBL_SPARSE_FULL;
}

/* What a graph needs of a fabric with P = sites. */
typedef struct {
  size_t pbits, groups, edge_rows;
  size_t clocks; /* of a forward sweep of one context, with drains and hand-over */
} pbl_sparse_need;

/* INVALID for sites out of 1..64; CONFIG naming a p-bit with more than 1024 neighbours. NO_MEMORY.
 */
pbl_status pbl_sparse_need_of(pbl_sparse_need *out, const pbl_graph *g, const pbl_colouring *c,
                              int sites, pbl_error *err);
/* Sets hw->n_visible to the graph's p-bits and, in hw->sparse, what is 0: sites to the least power
 * of two that holds the largest block, at most 16; the others to the least power of two that holds
 * the graph. Nothing else. CONFIG says which capacity is too small, how much is needed and how much
 * there is. */
pbl_status pbl_sparse_fit(pbl_hw *hw, const pbl_graph *g, const pbl_colouring *c, pbl_error *err);
/* hw: after pbl_sparse_fit. Clamps start all zero. report may be NULL. CONFIG as above, for beta
 * out of its format, and for a variant that pbl_hw_check refuses; INVALID for a colouring that is
 * none. */
pbl_status pbl_sparse_image_create(pbl_image **out, pbl_graph_quantisation *report,
                                   const pbl_graph *g, const pbl_colouring *c, const pbl_hw *hw,
                                   double beta, pbl_error *err);
/* The three above are of groups of up to P p-bits; these of any layout. Singles: sites that are 0
 * become 1, since the other cells have nothing to do. */
pbl_status pbl_sparse_need_laid(pbl_sparse_need *out, const pbl_graph *g, const pbl_colouring *c,
                                int sites, pbl_sparse_layout layout, pbl_error *err);
pbl_status pbl_sparse_fit_laid(pbl_hw *hw, const pbl_graph *g, const pbl_colouring *c,
                               pbl_sparse_layout layout, pbl_error *err);
pbl_status pbl_sparse_image_create_laid(pbl_image **out, pbl_graph_quantisation *report,
                                        const pbl_graph *g, const pbl_colouring *c,
                                        const pbl_hw *hw, double beta, pbl_sparse_layout layout,
                                        pbl_error *err);
/* What the image uses of its memories: the groups up to the one with END (all where none has it),
 * and the edge rows up to the last that a group names. */
void pbl_sparse_used(size_t *groups, size_t *edge_rows, const pbl_image *im);
/* The model that the image really holds, in real numbers; name and provenance of `original`, which
 * may be NULL. */
pbl_status pbl_sparse_dequantise(pbl_graph **out, const pbl_image *im, const pbl_graph *original,
                                 pbl_error *err);

#endif
