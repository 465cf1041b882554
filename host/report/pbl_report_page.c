#include "pbl_report_page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pbl_report_internal.h"

static void put_element(FILE *f, const char *open, const char *text, const char *close) {
  fputs(open, f);
  pbl_report_escape(f, text);
  fputs(close, f);
}

static void put_style(FILE *f, const pbl_report_asset *a) {
  fputs("<style>\n", f);
  fwrite(a->data, 1, a->size, f);
  fputs("</style>\n", f);
}

static void put_page(FILE *f, const pbl_report_page *page) {
  fputs(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      /* the browser itself refuses any network access of this page */
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; img-src data:\">\n",
      f);
  put_element(f, "<title>", page->name, " (pbitloop)</title>\n");
  put_style(f, &pbl_report_style);
  put_style(f, &pbl_report_page_style);
  put_element(f, "</head>\n<body>\n<header>\n<p class=\"program\">", page->program, "</p>\n");
  put_element(f, "<h1>", page->name, "</h1>\n</header>\n<main>\n");
  page->body(f, page->context);
  fputs("</main>\n</body>\n</html>\n", f);
}

pbl_status pbl_report_page_write(const pbl_report_page *page, const char *path, pbl_error *err) {
  char *temporary = NULL;
  if (asprintf(&temporary, "%s.tmp", path) < 0)
    return pbl_fail(err, PBL_NO_MEMORY, "%s: no memory for a file name", path);
  pbl_status s = PBL_OK;
  FILE *f = fopen(temporary, "wb");
  if (!f) {
    s = pbl_fail(err, PBL_IO, "%s: cannot create: %s", temporary, strerror(errno));
  } else {
    put_page(f, page);
    const bool written = !ferror(f);
    const bool closed = fclose(f) == 0;
    if (!written || !closed || rename(temporary, path) != 0)
      s = pbl_fail(err, PBL_IO, "%s: cannot write: %s", path, strerror(errno));
    if (s != PBL_OK) unlink(temporary);
  }
  free(temporary);
  return s;
}

void pbl_report_heading(FILE *f, const char *text) {
  put_element(f, "<h2>", text, "</h2>\n");
}

void pbl_report_note(FILE *f, const char *text) {
  put_element(f, "<p class=\"note\">", text, "</p>\n");
}

void pbl_report_facts_open(FILE *f) {
  fputs("<dl class=\"facts\">\n", f);
}

void pbl_report_fact(FILE *f, const char *term, const char *text) {
  put_element(f, "<div><dt>", term, "</dt>");
  put_element(f, "<dd>", text, "</dd></div>\n");
}

void pbl_report_facts_close(FILE *f) {
  fputs("</dl>\n", f);
}

void pbl_report_table_open(FILE *f, const char *caption, const char *const *heads, size_t n) {
  put_element(f, "<div class=\"scroll\"><table>\n<caption>", caption, "</caption>\n<thead><tr>");
  for (size_t i = 0; i < n; i++) put_element(f, "<th scope=\"col\">", heads[i], "</th>");
  fputs("</tr></thead>\n<tbody>\n", f);
}

void pbl_report_table_row(FILE *f, const char *const *cells, size_t n) {
  for (size_t i = 0; i < n; i++)
    put_element(f, i ? "<td>" : "<tr><th scope=\"row\">", cells[i], i ? "</td>" : "</th>");
  fputs("</tr>\n", f);
}

void pbl_report_table_close(FILE *f) {
  fputs("</tbody></table></div>\n", f);
}

void pbl_report_listing(FILE *f, const char *summary, const char *text) {
  if (summary) put_element(f, "<details><summary>", summary, "</summary>\n");
  put_element(f, "<pre>", text, "</pre>\n");
  if (summary) fputs("</details>\n", f);
}
