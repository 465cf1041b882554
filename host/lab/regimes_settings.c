/* What a run of a comparison was trained under, kept beside it: a finished run is only taken over
 * when its configuration is the one asked for. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "regimes_internal.h"

/* Without what changes no number and with any number of epochs. */
static pbl_status describe(char **text, const pbl_train_config *config, pbl_error *err) {
  pbl_train_config plain = *config;
  plain.out[0] = '\0';
  plain.threads = 0;
  plain.checkpoint_every = 1;
  plain.epochs = 1;
  return pbl_config_dump_train(text, &plain, err);
}

static pbl_status path_of(char path[PATH_MAX], const char *folder, pbl_error *err) {
  const int n = snprintf(path, PATH_MAX, "%s/settings.yaml", folder);
  if (n > 0 && n < PATH_MAX) return PBL_OK;
  return pbl_fail(err, PBL_INVALID, "path too long: %.200s...", folder);
}

static void first_line(char line[160], const char *text) {
  while (*text == ' ') text++;
  snprintf(line, 160, "%.*s", (int)strcspn(text, "\n"), text);
}

static pbl_status refuse(const char *folder, const char *was, const char *asked, pbl_error *err) {
  size_t start = 0;
  for (size_t k = 0; was[k] != '\0' && was[k] == asked[k]; k++)
    if (was[k] == '\n') start = k + 1;
  char old[160], new[160];
  first_line(old, was + start);
  first_line(new, asked + start);
  return pbl_fail(
      err, PBL_CONFIG,
      "%s was trained with '%s', asked for is '%s'; choose another folder with --out, or "
      "remove this one to train it anew",
      folder, old, new);
}

pbl_status regime_settings_check(bool *known, const char *folder, const pbl_train_config *config,
                                 pbl_error *err) {
  char path[PATH_MAX], *asked = NULL;
  *known = false;
  pbl_status status = path_of(path, folder, err);
  if (status) return status;
  FILE *f = fopen(path, "r");
  if (!f && (errno == ENOENT || errno == ENOTDIR)) return PBL_OK;
  if (!f) return pbl_fail(err, PBL_IO, "cannot read %s: %s", path, strerror(errno));
  status = describe(&asked, config, err);
  const size_t room = status ? 0 : strlen(asked) + 4096;
  char *was = calloc(room + 1, 1);
  if (!status && !was) status = pbl_fail(err, PBL_NO_MEMORY, "no memory for %s", path);
  if (!status) fread(was, 1, room, f);
  fclose(f);
  if (!status && strcmp(was, asked) != 0) status = refuse(folder, was, asked, err);
  *known = !status;
  free(was);
  free(asked);
  return status;
}

pbl_status regime_settings_write(const char *folder, const pbl_train_config *config,
                                 pbl_error *err) {
  char path[PATH_MAX], *text = NULL;
  pbl_status status = path_of(path, folder, err);
  if (!status) status = describe(&text, config, err);
  if (status) return status;
  FILE *f = fopen(path, "w");
  const bool good = f && fputs(text, f) >= 0;
  if (!f || fclose(f) != 0 || !good)
    status = pbl_fail(err, PBL_IO, "cannot write %s: %s", path, strerror(errno));
  free(text);
  return status;
}
