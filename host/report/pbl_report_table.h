#pragma once
/* Tables of report.html. Texts are escaped, captions are HTML. Numbers get 4 digits. */
#include <stdio.h>

/* heads: of the columns, NULL at the end. */
void pbl_report_open_table(FILE *f, const char *caption, const char *const *heads);
void pbl_report_close_table(FILE *f);
/* Opens a row with its name; the caller ends it with </tr>. */
void pbl_report_row_head(FILE *f, const char *text);
void pbl_report_cell(FILE *f, const char *text);
void pbl_report_cell_number(FILE *f, double x);
