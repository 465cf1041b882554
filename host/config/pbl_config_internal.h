/* Shared by the loaders of the two file kinds. Internal to host/config. */
#ifndef PBL_CONFIG_INTERNAL_H
#define PBL_CONFIG_INTERNAL_H

#include "pbl_bind.h"

/* Finds a relative `text[size]` from the current folder, the folder of the config file `p->path`
 * and the environment's PBITLOOP_SOURCE_DIR, in this order, and replaces it by the path that
 * exists. Nothing found: noted at `node` with all places tried. */
void pbl_path_resolve(pbl_problems *p, const pbl_node *node, char *text, size_t size, bool folder);
/* File name without folder and extension; too long: cut. */
void pbl_path_stem(char *name, size_t size, const char *path);

/* Notes what single keys cannot show: keys that contradict each other. Fills what depends on other
 * keys (hw.lanes, hw.replicas, q_window). `node` is the case's mapping, `base_hw` the file's own
 * hw section or NULL. */
void pbl_case_check(pbl_problems *p, const pbl_node *node, const pbl_node *base_hw,
                    pbl_case_config *c);
/* Section `statistics`: finds a file of projections. */
void pbl_case_check_statistics(pbl_problems *p, const pbl_node *node, pbl_case_config *c);

#endif
