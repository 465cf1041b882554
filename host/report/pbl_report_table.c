/* Tables of report.html. */
#include "pbl_report_table.h"

#include "pbl_report_internal.h"

void pbl_report_open_table(FILE *f, const char *caption, const char *const *heads) {
  fprintf(f, "<div class=\"scroll\"><table>\n<caption>%s</caption>\n<thead><tr>", caption);
  for (size_t i = 0; heads[i]; i++) fprintf(f, "<th scope=\"col\">%s</th>", heads[i]);
  fputs("</tr></thead>\n<tbody>\n", f);
}

void pbl_report_close_table(FILE *f) {
  fputs("</tbody></table></div>\n", f);
}

void pbl_report_row_head(FILE *f, const char *text) {
  fputs("<tr><th scope=\"row\">", f);
  pbl_report_escape(f, text);
  fputs("</th>", f);
}

void pbl_report_cell(FILE *f, const char *text) {
  fputs("<td>", f);
  pbl_report_escape(f, text);
  fputs("</td>", f);
}

void pbl_report_cell_number(FILE *f, double x) {
  char text[PBL_NUMBER_CHARS];
  pbl_report_number(text, x, 4);
  pbl_report_cell(f, text);
}
