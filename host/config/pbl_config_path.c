#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pbl_config_internal.h"

#define MAX_PATH 1024

static bool exists(const char *path, bool folder) {
  struct stat s;
  return stat(path, &s) == 0 && (!folder || S_ISDIR(s.st_mode));
}

/* Folder part of a path with its slash; "" for none. */
static size_t folder_length(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

static void list_places(pbl_problems *p, const pbl_node *node, char places[3][MAX_PATH], size_t n,
                        bool folder) {
  char tried[224];
  size_t used = 0;
  tried[0] = '\0';
  for (size_t k = 0; k < n && used < sizeof tried; k++) {
    used +=
        (size_t)snprintf(tried + used, sizeof tried - used, "%s%s", k > 0 ? ", " : "", places[k]);
  }
  pbl_problem_at(p, node, "%s: no such %s; tried %s", node->key->text,
                 folder ? "folder" : "file or folder", tried);
}

void pbl_path_resolve(pbl_problems *p, const pbl_node *node, char *text, size_t size, bool folder) {
  char places[3][MAX_PATH];
  size_t n = 0;
  snprintf(places[n++], MAX_PATH, "%s", text);
  if (text[0] != '/') {
    const size_t length = folder_length(p->path);
    if (length > 0) snprintf(places[n++], MAX_PATH, "%.*s%s", (int)length, p->path, text);
    const char *root = getenv("PBITLOOP_SOURCE_DIR");
    if (root != NULL && root[0] != '\0') snprintf(places[n++], MAX_PATH, "%s/%s", root, text);
  }
  for (size_t k = 0; k < n; k++) {
    if (!exists(places[k], folder)) continue;
    const size_t length = strlen(places[k]);
    if (length >= size) {
      pbl_problem_at(p, node, "%s: the path %.160s is %zu bytes long, at most %zu", node->key->text,
                     places[k], length, size - 1);
    } else {
      memset(text, 0, size);
      memcpy(text, places[k], length);
    }
    return;
  }
  list_places(p, node, places, n, folder);
}

void pbl_path_stem(char *name, size_t size, const char *path) {
  const char *base = path + folder_length(path);
  const char *dot = strrchr(base, '.');
  size_t length = dot == NULL || dot == base ? strlen(base) : (size_t)(dot - base);
  if (length >= size) length = size - 1;
  memset(name, 0, size);
  memcpy(name, base, length);
}
