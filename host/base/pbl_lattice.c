#include "pbl_lattice.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pbl_lattice_offset(int *dx, int *dy, const pbl_hw_lattice *lat, int slot) {
  const int a = lat->rule_a[slot / 4], b = lat->rule_b[slot / 4];
  const int turned[4][2] = {{a, b}, {-b, a}, {-a, -b}, {b, -a}};
  *dx = turned[slot % 4][0];
  *dy = turned[slot % 4][1];
}

int pbl_lattice_neighbour(const pbl_hw_lattice *lat, int colour, int k, int slot) {
  int dx, dy;
  pbl_lattice_offset(&dx, &dy, lat, slot);
  const int x = (pbl_lattice_x(lat, colour, k) + dx + lat->side) % lat->side;
  const int y = (pbl_lattice_y(lat, k) + dy + lat->side) % lat->side;
  return pbl_lattice_site(lat, x, y);
}

bool pbl_lattice_crosses(const pbl_hw_lattice *lat, int colour, int k, int slot) {
  int dx, dy;
  pbl_lattice_offset(&dx, &dy, lat, slot);
  const int x = pbl_lattice_x(lat, colour, k) + dx, y = pbl_lattice_y(lat, k) + dy;
  return x < 0 || x >= lat->side || y < 0 || y >= lat->side;
}

long pbl_lattice_edges(const pbl_hw_lattice *lat, bool open) {
  const int n = lat->side * lat->side / 2;
  long edges = 0;
  for (int k = 0; k < n; k++) {
    for (int slot = 0; slot < 4 * lat->n_rules; slot++)
      edges += !(open && pbl_lattice_crosses(lat, 0, k, slot));
  }
  return edges;
}

const pbl_lattice_graph pbl_lattice_graphs[] = {
    {"g4", 1, {0}, {1}},
    {"g8", 2, {0, 4}, {1, 1}},
    {"g12", 3, {0, 4, 9}, {1, 1, 10}},
    {"g16", 4, {0, 4, 8, 14}, {1, 1, 7, 9}},
    {"g20", 5, {0, 4, 3, 8, 14}, {1, 1, 6, 7, 9}},
    {"g24", 6, {0, 1, 4, 3, 8, 14}, {1, 2, 1, 6, 7, 9}},
    {"g12_alt", 3, {0, 4, 10}, {1, 1, 9}},
    {"g16_alt", 4, {0, 4, 10, 11}, {1, 1, 9, 14}},
    {"g20_alt", 5, {0, 4, 10, 11, 23}, {1, 1, 9, 14, 6}},
    {"g24_alt", 6, {0, 4, 10, 11, 23, 3}, {1, 1, 9, 14, 6, 28}},
    {"z1", 4, {1, 2, 2, 4}, {0, 1, 3, 1}},
    {NULL, 0, {0}, {0}},
};

bool pbl_lattice_apply(pbl_hw_lattice *lat, const char *name) {
  for (const pbl_lattice_graph *g = pbl_lattice_graphs; g->name; g++) {
    if (strcmp(g->name, name) != 0) continue;
    lat->n_rules = g->n_rules;
    memcpy(lat->rule_a, g->a, sizeof g->a);
    memcpy(lat->rule_b, g->b, sizeof g->b);
    return true;
  }
  return false;
}

const char *pbl_lattice_name(const pbl_hw_lattice *lat) {
  for (const pbl_lattice_graph *g = pbl_lattice_graphs; g->name; g++) {
    if (g->n_rules == lat->n_rules && memcmp(g->a, lat->rule_a, sizeof g->a) == 0 &&
        memcmp(g->b, lat->rule_b, sizeof g->b) == 0)
      return g->name;
  }
  return "custom";
}

/* A number 0..127; moves *s behind it. */
static bool parse_number(int *value, const char **s) {
  if (!isdigit((unsigned char)**s)) return false;
  char *end;
  const long number = strtol(*s, &end, 10);
  *s = end;
  *value = (int)number;
  return number <= 127;
}

bool pbl_rules_parse(pbl_hw_lattice *lat, const char *text) {
  int a[PBL_HW_MAX_RULES] = {0}, b[PBL_HW_MAX_RULES] = {0}, n = 0;
  for (const char *s = text;; n++) {
    while (*s == ' ') s++;
    if (*s == '\0') break;
    if (n == PBL_HW_MAX_RULES || !parse_number(&a[n], &s)) return false;
    if (*s++ != ',' || !parse_number(&b[n], &s) || (*s != ' ' && *s != '\0')) return false;
  }
  if (n == 0) return false;
  lat->n_rules = n;
  memcpy(lat->rule_a, a, sizeof a);
  memcpy(lat->rule_b, b, sizeof b);
  return true;
}

void pbl_rules_print(char *text, size_t size, const pbl_hw_lattice *lat) {
  size_t used = 0;
  text[0] = '\0';
  for (int k = 0; k < lat->n_rules && used < size; k++)
    used += (size_t)snprintf(text + used, size - used, "%s%d,%d", k ? " " : "", lat->rule_a[k],
                             lat->rule_b[k]);
}
