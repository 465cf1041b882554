/* "Did you mean": edit distance with swaps of neighbours (Damerau 1964, optimal string alignment),
 * since swapped letters are the commonest slip of the hand. */
#include <string.h>

#include "pbl_config.h"

#define MAX_WORD 64

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

static size_t edit_distance(const char *a, size_t n_a, const char *b, size_t n_b) {
  size_t rows[3][MAX_WORD + 1];
  size_t *before = rows[0], *last = rows[1], *now = rows[2];
  for (size_t j = 0; j <= n_b; j++) last[j] = j;
  for (size_t i = 1; i <= n_a; i++) {
    now[0] = i;
    for (size_t j = 1; j <= n_b; j++) {
      const size_t change = last[j - 1] + (a[i - 1] != b[j - 1]);
      now[j] = least(change, least(last[j], now[j - 1]) + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = least(now[j], before[j - 2] + 1);
      }
    }
    size_t *spare = before;
    before = last;
    last = now;
    now = spare;
  }
  return last[n_b];
}

const char *pbl_did_you_mean(const char *word, const char *const *names, size_t n) {
  const size_t length = strnlen(word, MAX_WORD + 1);
  if (length > MAX_WORD || length == 0) return NULL;
  const char *best = NULL;
  size_t best_distance = length / 3 > 2 ? length / 3 : 2;
  for (size_t k = 0; k < n; k++) {
    const size_t n_name = strnlen(names[k], MAX_WORD + 1);
    if (n_name > MAX_WORD) continue;
    const size_t distance = edit_distance(word, length, names[k], n_name);
    /* Two edits turn any two-letter word into any other: demand one letter in common. */
    if (distance >= length && distance > 0) continue;
    if (best == NULL ? distance <= best_distance : distance < best_distance) {
      best = names[k];
      best_distance = distance;
    }
  }
  return best;
}
