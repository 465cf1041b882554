#include "view.h"

#include <stdlib.h>

#define SHOWN_CHAINS 64

pbl_status pbl_train_show(const pbl_pcd *t, const pbl_train_log *rows, size_t n_rows,
                          const char *identity, const char *telemetry, pbl_error *err) {
  const pbl_train_options *o = &t->opt;
  const size_t n_v = t->n_visible, n_chains = (size_t)o->n_chains;
  const size_t shown = n_chains < SHOWN_CHAINS ? n_chains : SHOWN_CHAINS;
  if (!o->observer || n_rows == 0) return PBL_OK;
  signed char *chains = malloc(shown * n_v);
  if (!chains) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu chains", shown);
  for (size_t c = 0; c < shown; c++) {
    const pbl_gibbs_block *b = &t->blocks[c / PBL_GIBBS_LANES];
    for (size_t i = 0; i < n_v; i++)
      chains[c * n_v + i] = b->v[i * PBL_GIBBS_LANES + c % PBL_GIBBS_LANES] > 0.0f ? 1 : -1;
  }
  const bool image = o->image_rows > 0 && o->image_cols > 0 &&
                     (size_t)o->image_rows * (size_t)o->image_cols == n_v;
  const pbl_train_view view = {.rows = rows,
                               .n_rows = n_rows,
                               .model = t->model,
                               .image_rows = image ? o->image_rows : 0,
                               .image_cols = image ? o->image_cols : 0,
                               .chains = chains,
                               .n_chains = shown,
                               .identity = identity,
                               .telemetry = telemetry};
  const pbl_status status = o->observer(o->observer_context, &view, err);
  free(chains);
  return status;
}
