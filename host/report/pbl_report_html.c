/* report.html: one file with style, scripts and data inside. The tables are plain HTML and stay
 * readable without scripts; the plots are drawn by report.js from the data island. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pbl_report_internal.h"

void pbl_report_escape(FILE *f, const char *text) {
  for (const char *p = text ? text : "-"; *p; p++) {
    switch (*p) {
      case '&':
        fputs("&amp;", f);
        break;
      case '<':
        fputs("&lt;", f);
        break;
      case '>':
        fputs("&gt;", f);
        break;
      case '"':
        fputs("&quot;", f);
        break;
      case '\'':
        fputs("&#39;", f);
        break;
      case '\n':
      case '\t':
        fputc(*p, f);
        break;
      default:
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
          fputs("&#xfffd;", f);
        else
          fputc(*p, f);
    }
  }
}

static void put_asset(FILE *f, const char *open, const pbl_report_asset *a, const char *close) {
  fputs(open, f);
  fwrite(a->data, 1, a->size, f);
  fputs(close, f);
}

/* "<" occurs only inside JSON strings, where the escape means the same: no name can end the
 * script element. */
static void put_island(FILE *f, const char *json) {
  fputs("<script type=\"application/json\" id=\"pbl-data\">", f);
  for (const char *p = json; *p; p++) {
    if (*p == '<')
      fputs("\\u003c", f);
    else
      fputc(*p, f);
  }
  fputs("</script>\n", f);
}

static void put_head(FILE *f, const pbl_result *r) {
  fputs(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      /* the browser itself refuses any network access of this page */
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n<title>",
      f);
  pbl_report_escape(f, r->config->name);
  fprintf(f, ": %s (pbitloop)</title>\n", pbl_report_run_verdict(r));
  put_asset(f, "<style>\n", &pbl_report_uplot_style, "\n</style>\n");
  put_asset(f, "<style>\n", &pbl_report_style, "</style>\n</head>\n");
}

static void put_fact(FILE *f, const char *term, const char *text) {
  fprintf(f, "<div><dt>%s</dt><dd>", term);
  pbl_report_escape(f, text);
  fputs("</dd></div>\n", f);
}

static void put_facts(FILE *f, const pbl_result *r) {
  char text[64], number[PBL_NUMBER_CHARS];
  fputs("<dl class=\"facts\">\n", f);
  put_fact(f, "Configuration", r->config->path);
  snprintf(text, sizeof text, "%llu", (unsigned long long)r->config->seed);
  put_fact(f, "Seed", text);
  put_fact(f, "Hardware played by", pbl_report_backend_name(r));
  put_fact(f, "Started (UTC)", r->started);
  pbl_report_number(number, r->seconds, 3);
  snprintf(text, sizeof text, "%s s", number);
  put_fact(f, "Took", text);
  pbl_report_number(number, r->config->alpha, 3);
  snprintf(text, sizeof text, "%s for the whole verdict", number);
  put_fact(f, "False alarms", text);
  put_fact(f, "Versions", r->versions);
  fputs("</dl>\n", f);
}

static void put_contents(FILE *f, const pbl_result *r) {
  if (r->n_cases < 2) return;
  fputs("<nav aria-label=\"Cases\"><ul>\n", f);
  for (size_t i = 0; i < r->n_cases; i++) {
    const char *verdict = pbl_verdict_name(r->cases[i].verdict);
    fprintf(f, "<li><a href=\"#case-%zu\">", i);
    pbl_report_escape(f, r->cases[i].name);
    fprintf(f, "</a> <span class=\"badge %s\">%s</span></li>\n", verdict, verdict);
  }
  fputs("</ul></nav>\n", f);
}

static void put_reproduce(FILE *f, const pbl_result *r, const char *resolved) {
  fputs(
      "<section><h2>How to reproduce</h2>\n"
      "<p>Every number above follows from the configuration below, which names the seed. Save "
      "it as a file and run it with the versions listed at the top; timings are the only "
      "numbers that may change.</p>\n<pre class=\"command\">pbitloop compare ",
      f);
  pbl_report_escape(f, r->config->path);
  fprintf(f, " --set seed=%llu</pre>\n", (unsigned long long)r->config->seed);
  fputs("<details><summary>Resolved configuration</summary>\n<pre>", f);
  pbl_report_escape(f, resolved);
  fputs("</pre></details>\n</section>\n", f);
}

static void put_page(FILE *f, const pbl_result *r, const char *json, const char *resolved) {
  const char *verdict = pbl_report_run_verdict(r);
  put_head(f, r);
  fputs("<body>\n<header>\n<p class=\"program\">pbitloop compare</p>\n<h1>", f);
  pbl_report_escape(f, r->config->name);
  fprintf(f, " <span class=\"badge %s\">%s</span></h1>\n", verdict, verdict);
  put_facts(f, r);
  put_contents(f, r);
  fputs(
      "</header>\n<main>\n<noscript><p class=\"note\">The plots need JavaScript (all of it is "
      "inside this file); every table is complete without.</p></noscript>\n",
      f);
  for (size_t i = 0; i < r->n_cases; i++) pbl_report_html_case(f, r, i);
  put_reproduce(f, r, resolved);
  fputs("</main>\n", f);
  put_island(f, json);
  put_asset(f, "<script>\n", &pbl_report_uplot_script, "\n</script>\n");
  put_asset(f, "<script>\n", &pbl_report_script, "</script>\n</body>\n</html>\n");
}

/* Never a half file: written beside and renamed. */
static pbl_status write_page(const char *path, const pbl_result *r, const char *json,
                             const char *resolved, pbl_error *err) {
  char *temporary = NULL;
  if (asprintf(&temporary, "%s.tmp", path) < 0)
    return pbl_fail(err, PBL_NO_MEMORY, "%s: no memory for a file name", path);
  pbl_status s = PBL_OK;
  FILE *f = fopen(temporary, "wb");
  if (!f) {
    s = pbl_fail(err, PBL_IO, "%s: cannot create: %s", temporary, strerror(errno));
  } else {
    put_page(f, r, json, resolved);
    const bool written = !ferror(f);
    const bool closed = fclose(f) == 0;
    if (!written || !closed)
      s = pbl_fail(err, PBL_IO, "%s: cannot write: %s", temporary, strerror(errno));
    else if (rename(temporary, path) != 0)
      s = pbl_fail(err, PBL_IO, "%s: cannot rename to %s: %s", temporary, path, strerror(errno));
    if (s != PBL_OK) unlink(temporary);
  }
  free(temporary);
  return s;
}

static pbl_status build_island(char **json, const pbl_result *r, pbl_error *err) {
  pbl_json *j = NULL;
  pbl_error ignored;
  pbl_status s = pbl_json_create_memory(&j, err);
  if (s != PBL_OK) return s;
  s = pbl_report_emit(j, r, true, err);
  /* close must run in any case; the first error is the one to keep */
  const pbl_status closed = pbl_json_close(j, json, s == PBL_OK ? err : &ignored);
  return s == PBL_OK ? closed : s;
}

pbl_status pbl_report_write_html(const pbl_result *r, const char *path, pbl_error *err) {
  char *json = NULL, *resolved = NULL;
  pbl_status s = pbl_report_check(r, path, err);
  if (s == PBL_OK) s = build_island(&json, r, err);
  if (s == PBL_OK) s = pbl_config_dump_compare(&resolved, r->config, err);
  if (s == PBL_OK) s = write_page(path, r, json, resolved, err);
  free(resolved);
  free(json);
  return s;
}
