/* Pages beside the comparison's: one HTML file with style and drawings inside, no script, no
 * network, readable in print and in the dark. The same content gives the same bytes. */
#ifndef PBL_REPORT_PAGE_H
#define PBL_REPORT_PAGE_H

#include <stddef.h>
#include <stdio.h>

#include "pbl_error.h"

typedef struct {
  const char *program;                        /* "pbitloop train" */
  const char *name;                           /* title */
  void (*body)(FILE *f, const void *context); /* behind the title, up to the end of <main> */
  const void *context;
} pbl_report_page;

/* Never a half file: written beside and renamed. IO, NO_MEMORY. */
pbl_status pbl_report_page_write(const pbl_report_page *page, const char *path, pbl_error *err);

/* Parts of a body. All texts are escaped; NULL is "-". */
void pbl_report_heading(FILE *f, const char *text);
void pbl_report_note(FILE *f, const char *text);
void pbl_report_facts_open(FILE *f);
void pbl_report_fact(FILE *f, const char *term, const char *text);
void pbl_report_facts_close(FILE *f);
void pbl_report_table_open(FILE *f, const char *caption, const char *const *heads, size_t n);
/* The first of the n cells is the row's head. */
void pbl_report_table_row(FILE *f, const char *const *cells, size_t n);
void pbl_report_table_close(FILE *f);
/* Text as it is, folded away under `summary`, or open when summary is NULL. */
void pbl_report_listing(FILE *f, const char *summary, const char *text);

#endif
