/* Writes report.json, report.html and report.txt of the made-up result into a folder, for checks
 * by other programs (check_report.py) and for a look by eye. */
#include <stdio.h>

#include "fixture.h"

int main(int argc, char **argv) {
  char path[1024];
  pbl_error err = {0};
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  fixture *x = fixture_create();
  if (!x) return 3;
  snprintf(path, sizeof path, "%s/report.json", argv[1]);
  pbl_status s = pbl_report_write_json(&x->result, path, &err);
  if (s == PBL_OK) {
    snprintf(path, sizeof path, "%s/report.html", argv[1]);
    s = pbl_report_write_html(&x->result, path, &err);
  }
  if (s == PBL_OK) {
    snprintf(path, sizeof path, "%s/report.txt", argv[1]);
    FILE *f = fopen(path, "w");
    if (f) {
      pbl_report_print(f, &x->result, false);
      fclose(f);
    } else {
      s = pbl_fail(&err, PBL_IO, "%s: cannot create", path);
    }
  }
  if (s != PBL_OK) fprintf(stderr, "%s\n", err.message);
  fixture_destroy(x);
  return pbl_status_exit_code(s);
}
