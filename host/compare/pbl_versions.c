/* What a result was made with. */
#include <cblas.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "pbl_compare.h"

/* First line of `verilator --version`, or "none". The wrapper script takes ten times as long as the
 * program that it calls. */
static void verilator_version(char *text, size_t size) {
  snprintf(text, size, "none");
  FILE *p = popen("verilator_bin --version 2>/dev/null || verilator --version 2>/dev/null", "r");
  if (!p) return;
  char line[128];
  if (fgets(line, sizeof line, p)) {
    unsigned major, minor;
    if (sscanf(line, "Verilator %u.%u", &major, &minor) == 2) {
      snprintf(text, size, "%u.%03u", major, minor);
    }
  }
  pclose(p);
}

pbl_status pbl_versions(char *text, size_t size) {
  char verilator[32];
  verilator_version(verilator, sizeof verilator);
  snprintf(text, size, "pbitloop %s; verilator %s; %s; libyaml %s; compiler %s", PBL_VERSION,
           verilator, openblas_get_config(), yaml_get_version_string(), __VERSION__);
  return PBL_OK;
}
