/* The results folder of a run: config.yaml, <case>/{device,reference}.npy, report.json,
 * report.html; case_export.c adds <case>/chains.nc and chains_reference.nc. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare_internal.h"
#include "pbl_folder.h"

static pbl_status write_text(const char *path, const char *text, pbl_error *err) {
  FILE *f = fopen(path, "w");
  if (!f) return pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
  const int bad = fputs(text, f) < 0;
  if (fclose(f) != 0 || bad)
    return pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
  return PBL_OK;
}

pbl_status results_path(char *folder, size_t size, const pbl_compare_config *config,
                        pbl_error *err) {
  const int n = config->out[0] ? snprintf(folder, size, "%s", config->out)
                               : snprintf(folder, size, "results/%s", config->name);
  if (n >= 0 && (size_t)n < size) return PBL_OK;
  return pbl_fail(err, PBL_CONFIG, "results folder: path too long");
}

pbl_status results_open(const char *folder, const pbl_compare_config *config, pbl_error *err) {
  char *text = NULL;
  char path[1200];
  pbl_status st = pbl_config_dump_compare(&text, config, err);
  snprintf(path, sizeof path, "%s/config.yaml", folder);
  if (!st) st = write_text(path, text, err);
  free(text);
  /* from here on an older run's report would stand beside this one's configuration and chains */
  static const char *const reports[] = {"report.json", "report.html"};
  for (size_t k = 0; !st && k < 2; k++) {
    snprintf(path, sizeof path, "%s/%s", folder, reports[k]);
    if (unlink(path) != 0 && errno != ENOENT) {
      st = pbl_fail(err, PBL_IO, "cannot replace %s: %s", path, strerror(errno));
    }
  }
  return st;
}

pbl_status results_write_case(const char *folder, const case_work *w, pbl_error *err) {
  char path[1400];
  snprintf(path, sizeof path, "%s/%s", folder, w->cc->name);
  pbl_status st = pbl_make_folders(path, err);
  /* those of an older run would stand beside this one's chains until the end, or for good */
  static const char *const series[] = {"chains.nc", "chains_reference.nc", "rungs.npy",
                                       "labels.npy"};
  for (size_t k = 0; !st && k < 4; k++) {
    snprintf(path, sizeof path, "%s/%s/%s", folder, w->cc->name, series[k]);
    if (unlink(path) != 0 && errno != ENOENT)
      st = pbl_fail(err, PBL_IO, "cannot replace %s: %s", path, strerror(errno));
  }
  const struct {
    const char *name;
    const pbl_chains *chains;
  } sides[] = {{"device", w->device}, {"reference", w->reference}};
  for (size_t k = 0; !st && k < 2; k++) {
    if (!sides[k].chains || sides[k].chains->n_recorded == 0) continue;
    snprintf(path, sizeof path, "%s/%s/%s.npy", folder, w->cc->name, sides[k].name);
    st = pbl_chains_write(sides[k].chains, path, err);
  }
  return st ? st : case_tempering_write(folder, w, err);
}

pbl_status results_write_report(const char *folder, const pbl_result *r, pbl_error *err) {
  char path[1200];
  snprintf(path, sizeof path, "%s/report.json", folder);
  pbl_status st = pbl_report_write_json(r, path, err);
  snprintf(path, sizeof path, "%s/report.html", folder);
  return st ? st : pbl_report_write_html(r, path, err);
}
