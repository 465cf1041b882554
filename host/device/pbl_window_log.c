#include "pbl_window_log.h"

#include <stdlib.h>

pbl_status pbl_window_log_append(pbl_window_log *log, const pbl_window *window, pbl_error *err) {
  if (log->n == log->capacity) {
    const size_t capacity = log->capacity ? 2 * log->capacity : 64;
    pbl_window *items = realloc(log->items, capacity * sizeof *items);
    if (!items) return pbl_fail(err, PBL_NO_MEMORY, "no memory for %zu window records", capacity);
    log->items = items;
    log->capacity = capacity;
  }
  log->items[log->n++] = *window;
  return PBL_OK;
}

void pbl_window_log_free(pbl_window_log *log) {
  if (!log) return;
  free(log->items);
  *log = (pbl_window_log){0};
}

static uint64_t pair_of(const uint32_t *words) {
  return (uint64_t)words[1] << 32 | words[0];
}

pbl_window pbl_window_decode(const uint32_t words[PBL_WINDOW_WORDS]) {
  return (pbl_window){
      .index = words[0],
      .sweep = words[1],
      .flips_v = words[2],
      .flips_h = words[3],
      .energy_ref = (int64_t)pair_of(words + 4),
      .energy_sum = (int64_t)pair_of(words + 6),
      .energy_sq = pair_of(words + 8),
      .rate = words[10],
      .filter = words[11],
      .lambda = (int32_t)words[12],
      .temperature = words[13],
      .beta = words[14],
      .flags = words[15],
  };
}
