/* Section `statistics` of a case. */
#include <string.h>

#include "pbl_config_internal.h"

static bool is_number(const char *text) {
  return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && strlen(text) <= 7;
}

static bool ends_with(const char *text, const char *end) {
  const size_t n = strlen(text), m = strlen(end);
  return n >= m && strcmp(text + n - m, end) == 0;
}

/* Up to four of the known words. */
static bool names_projections(const char *text) {
  static const char *const words[] = {"magnetisation", "visible", "hidden", "random"};
  for (int n = 0; *text != '\0'; n++) {
    const size_t length = strcspn(text, " ");
    bool known = false;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
      known = known || (strlen(words[k]) == length && strncmp(text, words[k], length) == 0);
    if (!known || n == 4) return false;
    text += length + strspn(text + length, " ");
  }
  return true;
}

void pbl_case_check_statistics(pbl_problems *p, const pbl_node *node, pbl_case_config *c) {
  pbl_case_statistics *s = &c->statistics;
  const pbl_node *section = pbl_yaml_get(node, "statistics");
  if (!c->hw.statistics) {
    if (section != NULL && !pbl_yaml_is_null(section))
      pbl_problem_at(p, section, "statistics: needs hw.statistics: true");
    return;
  }
  const pbl_node *pairs = pbl_yaml_get(section, "pairs"),
                 *projections = pbl_yaml_get(section, "projections");
  if (strcmp(s->pairs, "edges") != 0 && !is_number(s->pairs))
    pbl_problem_at(p, pairs, "pairs: '%.31s' is neither edges nor a number", s->pairs);
  if (ends_with(s->projections, ".npy")) {
    pbl_path_resolve(p, projections, s->projections, sizeof s->projections, false);
  } else if (!names_projections(s->projections)) {
    pbl_problem_at(p, projections,
                   "projections: '%.80s' is neither a .npy file nor up to four of magnetisation, "
                   "visible, hidden, random",
                   s->projections);
  }
}
