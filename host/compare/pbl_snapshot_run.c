#include "pbl_snapshot_run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compare_snapshots.h"

static pbl_status find_case(size_t *index, const pbl_compare_config *config, const char *name,
                            size_t after, pbl_error *err) {
  *index = pbl_config_case(config, name);
  if (*index == (size_t)config->n_cases)
    return pbl_fail(err, PBL_CONFIG, "--case %s: no case of %s has that name", name, config->path);
  const int draws = config->cases[*index].draws;
  if (after <= (size_t)draws) return PBL_OK;
  return pbl_fail(err, PBL_CONFIG, "--after %zu: case %s has %d draws", after, name, draws);
}

static pbl_status run_case(struct compare_snapshots *s, case_work *w, pbl_error *err) {
  pbl_status st = case_check_config(w->cc, err);
  if (!st) st = case_setup(w, err);
  if (!st) st = case_check_schedule(w, err);
  if (!st) st = case_tempering_open(w, err);
  if (!st) st = snapshots_begin_case(s, w, err);
  if (!st) st = case_sample_device(w, err);
  if (!st && !s->stopped)
    st = pbl_fail(err, PBL_CONFIG,
                  "case %s: --after %zu: the host did not look at the device between that draw and "
                  "the last; ask for fewer",
                  w->cc->name, s->after);
  if (st != PBL_INTERRUPTED || !s->stopped) return st;
  if (s->is_failed) return pbl_fail(err, s->error.status, "%s", s->error.message);
  return pbl_progress_stop_requested() ? st : PBL_OK;
}

pbl_status pbl_snapshot_run(const pbl_compare_config *config, const char *case_name, size_t after,
                            const char *file, pbl_progress *progress, pbl_error *err) {
  struct compare_snapshots *s = NULL;
  size_t index = 0;
  pbl_case_result *result = calloc(1, sizeof *result);
  if (!result) return pbl_fail(err, PBL_NO_MEMORY, "snapshot: out of memory");
  pbl_status st = find_case(&index, config, case_name, after, err);
  if (!st) st = snapshots_create(&s, config, progress, err);
  if (!st && strlen(file) >= sizeof s->path)
    st = pbl_fail(err, PBL_CONFIG, "--out: the path is too long");
  if (!st) {
    case_work w = {.config = config, .cc = &config->cases[index], .index = index, .result = result};
    snprintf(s->path, sizeof s->path, "%s", file);
    s->waits = true;
    s->after = after;
    st = run_case(s, &w, err);
    case_release(&w);
  }
  if (!st)
    printf("%s: case %s, %zu of %zu draws\n", file, s->head.name, s->head.n_draws,
           s->head.of_draws);
  snapshots_destroy(s);
  free(result);
  return st;
}

static void print_sections(FILE *f, const pbl_snapshot_file *file) {
  fprintf(f, "sections:    ");
  for (size_t k = 0; k < file->n_sections; k++)
    fprintf(f, "%s%s %zu", k ? ", " : "", file->sections[k].tag, file->sections[k].n);
  fprintf(f, " bytes; checksums are right\n");
}

pbl_status pbl_snapshot_print(FILE *f, const char *path, pbl_error *err) {
  pbl_snapshot_file file;
  snapshot_head h;
  const pbl_status st = snapshot_open(&file, &h, path, err);
  if (st) return st;
  const bool open = pbl_snapshot_find(&file, "DEVI")->n > 0;
  fprintf(f, "snapshot:    format %u, %zu bytes, made %.31s\n", PBL_SNAPSHOT_FORMAT, file.n_bytes,
          h.made);
  fprintf(f, "program:     pbitloop %.31s\n", h.program);
  fprintf(f, "device:      %.15s, register map 0x%08" PRIx32 "\n", h.backend, h.register_map);
  fprintf(f, "case:        %.63s, %zu of %zu; %zu finished\n", h.name, h.index + 1, h.n_cases,
          h.n_done);
  fprintf(f, "hardware:    %.127s\n", h.hardware);
  fprintf(f, "draws:       %zu of %zu; %s\n", h.n_draws, h.of_draws,
          open ? "the device is at work" : "no device is open");
  fprintf(f, "work so far: %.1f s\n", h.seconds);
  print_sections(f, &file);
  pbl_snapshot_free(&file);
  return PBL_OK;
}
