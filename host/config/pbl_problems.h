/* All faults of one configuration, collected so that one run shows them together. Internal to
 * host/config. */
#ifndef PBL_PROBLEMS_H
#define PBL_PROBLEMS_H

#include "pbl_error.h"
#include "pbl_yaml.h"

#define PBL_MAX_PROBLEMS 20

typedef struct {
  size_t line, column;
  const char *origin; /* as in pbl_node */
  char text[320];
} pbl_problem;

typedef struct {
  const char *path; /* of the file */
  size_t n;         /* found; the first PBL_MAX_PROBLEMS are kept */
  pbl_problem items[PBL_MAX_PROBLEMS];
} pbl_problems;

/* Notes a fault at `node`. */
void pbl_problem_at(pbl_problems *p, const pbl_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Notes a fault of a --set option as a whole. */
void pbl_problem_of_set(pbl_problems *p, const char *origin, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* OK when there are none; else CONFIG with one line per fault: those of the file in its order,
 * then those of --set. */
pbl_status pbl_problems_report(pbl_problems *p, pbl_error *err);

#endif
