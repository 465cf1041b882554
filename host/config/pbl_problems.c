#include "pbl_problems.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(pbl_problems *p, const char *origin, size_t line, size_t column, const char *format,
                va_list arguments) {
  if (p->n++ >= PBL_MAX_PROBLEMS) return;
  pbl_problem *item = &p->items[p->n - 1];
  item->origin = origin;
  item->line = line;
  item->column = column;
  vsnprintf(item->text, sizeof item->text, format, arguments);
}

void pbl_problem_at(pbl_problems *p, const pbl_node *node, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(p, node->origin, node->line, node->column, format, arguments);
  va_end(arguments);
}

void pbl_problem_of_set(pbl_problems *p, const char *origin, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  add(p, origin, 0, 0, format, arguments);
  va_end(arguments);
}

static int by_position(const void *a, const void *b) {
  const pbl_problem *x = a, *y = b;
  if ((x->origin != NULL) != (y->origin != NULL)) return x->origin != NULL ? 1 : -1;
  if (x->line != y->line) return x->line < y->line ? -1 : 1;
  if (x->column != y->column) return x->column < y->column ? -1 : 1;
  return 0;
}

pbl_status pbl_problems_report(pbl_problems *p, pbl_error *err) {
  if (p->n == 0) return PBL_OK;
  /* Room for the closing line, so that what does not fit is counted and not lost in silence. */
  char text[sizeof err->message - 48];
  char line[512];
  size_t used = 0, shown = 0;
  const size_t kept = p->n < PBL_MAX_PROBLEMS ? p->n : PBL_MAX_PROBLEMS;
  qsort(p->items, kept, sizeof p->items[0], by_position);
  text[0] = '\0';
  for (; shown < kept; shown++) {
    const pbl_problem *item = &p->items[shown];
    if (item->origin != NULL) {
      snprintf(line, sizeof line, "--set %.100s: %s", item->origin, item->text);
    } else {
      snprintf(line, sizeof line, "%.150s:%zu:%zu: %s", p->path, item->line, item->column,
               item->text);
    }
    const size_t length = strlen(line);
    if (used + length + 2 > sizeof text) break;
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? "\n" : "", line);
  }
  if (shown < p->n) return pbl_fail(err, PBL_CONFIG, "%s\n... and %zu more", text, p->n - shown);
  return pbl_fail(err, PBL_CONFIG, "%s", text);
}
