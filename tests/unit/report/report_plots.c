/* Writes filled.html and empty.html of the plots' fixture into a folder, for check_plots.py and for
 * a look by eye. */
#include <stdio.h>

#include "plots_fixture.h"

static pbl_status write_page(const char *folder, const char *name, bool full, pbl_error *err) {
  char path[1024];
  pbl_status s = PBL_OK;
  fixture *x = fixture_create();
  if (!x || (full && !plots_fill(x))) s = pbl_fail(err, PBL_NO_MEMORY, "out of memory");
  if (s == PBL_OK && !full) plots_empty(x);
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (s == PBL_OK) s = pbl_report_write_html(&x->result, path, err);
  fixture_destroy(x);
  return s;
}

int main(int argc, char **argv) {
  pbl_error err = {0};
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  pbl_status s = write_page(argv[1], "filled.html", true, &err);
  if (s == PBL_OK) s = write_page(argv[1], "empty.html", false, &err);
  if (s != PBL_OK) fprintf(stderr, "%s\n", err.message);
  return pbl_status_exit_code(s);
}
