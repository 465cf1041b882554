/* From the file of a snapshot to a comparison: does it fit, and what is finished. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compare_snapshots.h"
#include "pbl_regs.h"

static void find_path(char *out, size_t size, const char *path) {
  struct stat st;
  const bool is_folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
  snprintf(out, size, is_folder ? "%s/" SNAPSHOT_NAME : "%s", path);
}

pbl_status snapshot_open(pbl_snapshot_file *file, snapshot_head *head, const char *path,
                         pbl_error *err) {
  static const char *const tags[] = {"HEAD", "CONF", "DONE", "HOST", "JOUR", "DEVI"};
  char full[4096];
  find_path(full, sizeof full, path);
  pbl_status st = pbl_snapshot_read(file, full, err);
  for (size_t k = 0; !st && k < sizeof tags / sizeof tags[0]; k++) {
    if (!pbl_snapshot_find(file, tags[k]))
      st = pbl_fail(err, PBL_FORMAT, "%s is damaged: section %s is missing", full, tags[k]);
  }
  if (st) return st;
  const pbl_snapshot_section *section = pbl_snapshot_find(file, "HEAD");
  pbl_archive a = pbl_archive_reader(section->bytes, section->n);
  snapshot_walk_head(&a, head);
  return pbl_archive_finish(&a, full, err);
}

static pbl_status check_program(const snapshot_head *h, const struct compare_snapshots *s,
                                const char *path, pbl_error *err) {
  const char *backend = pbl_backend_name(s->config->device);
  if (strcmp(h->program, PBL_VERSION) != 0)
    return pbl_fail(err, PBL_CONFIG,
                    "%s was made by pbitloop %.31s, this is %s: continue it with the program that "
                    "made it",
                    path, h->program, PBL_VERSION);
  if (h->register_map != PBL_RESET_VERSION)
    return pbl_fail(err, PBL_CONFIG,
                    "%s was made with register map 0x%08x, this program has 0x%08x: continue it "
                    "with the program that made it",
                    path, h->register_map, PBL_RESET_VERSION);
  if (strcmp(h->backend, backend) != 0)
    return pbl_fail(err, PBL_CONFIG,
                    "%s has the state of device %.15s, asked for is %s: use "
                    "--device %.15s",
                    path, h->backend, backend, h->backend);
  if (h->n_done > 0 && h->build != snapshot_build())
    return pbl_fail(err, PBL_CONFIG,
                    "%s holds results of %zu finished cases, which only the build of pbitloop that "
                    "made it can read; it was compiled anew since",
                    path, h->n_done);
  return PBL_OK;
}

/* The next line that matters; NULL at the end. Number of threads and results folder may change. */
static const char *next_line(const char **at, const char *end, size_t *n) {
  while (*at < end) {
    const char *line = *at, *stop = memchr(line, '\n', (size_t)(end - line));
    if (!stop) stop = end;
    *at = stop < end ? stop + 1 : end;
    *n = (size_t)(stop - line);
    if (strncmp(line, "threads:", 8) != 0 && strncmp(line, "out:", 4) != 0) return line;
  }
  return NULL;
}

static pbl_status check_config(const pbl_snapshot_file *file, const struct compare_snapshots *s,
                               const char *path, pbl_error *err) {
  const pbl_snapshot_section *section = pbl_snapshot_find(file, "CONF");
  const char *theirs = (const char *)section->bytes, *end = theirs + section->n;
  const char *ours = s->config_text, *our_end = ours + strlen(ours);
  for (;;) {
    size_t n = 0, m = 0;
    const char *line = next_line(&theirs, end, &n), *our_line = next_line(&ours, our_end, &m);
    if (!line && !our_line) return PBL_OK;
    if (line && our_line && n == m && memcmp(line, our_line, n) == 0) continue;
    return pbl_fail(err, PBL_CONFIG, "%s is of another configuration\n  there: %.*s\n  here:  %.*s",
                    path, line ? (int)n : 8, line ? line : "(no more)", our_line ? (int)m : 9,
                    our_line ? our_line : "(no more)");
  }
}

/* Their chains are in the results folder; a report without them would be half of it. */
static pbl_status check_chains(const struct compare_snapshots *s, const char *name,
                               pbl_error *err) {
  char path[1400];
  snprintf(path, sizeof path, "%.*s/%s/device.npy",
           (int)(strlen(s->path) - strlen("/" SNAPSHOT_NAME)), s->path, name);
  if (access(path, R_OK) == 0) return PBL_OK;
  return pbl_fail(err, PBL_NOT_FOUND,
                  "%s: the chains of a finished case are not there; continue with the results "
                  "folder of the interrupted run (--out)",
                  path);
}

static pbl_status take_results(struct compare_snapshots *s, pbl_error *err) {
  const pbl_snapshot_section *section = pbl_snapshot_find(&s->file, "DONE");
  pbl_archive a = pbl_archive_reader(section->bytes, section->n);
  size_t n = 0;
  pbl_status st = PBL_OK;
  pbl_archive_size(&a, &n);
  for (size_t i = 0; !st && !a.status && i < n; i++) {
    int k = -1;
    pbl_archive_int(&a, &k);
    if (k < 0 || k >= s->config->n_cases || !s->result) a.status = PBL_FORMAT;
    if (a.status) break;
    pbl_case_result *r = &s->result->cases[k];
    snapshot_walk_result(&a, r, &s->texts);
    if (a.status) {
      memset(r, 0, sizeof *r); /* its pointers are not its own */
    } else {
      s->done[k] = true;
      st = check_chains(s, s->config->cases[k].name, err);
    }
  }
  return st ? st : pbl_archive_finish(&a, "snapshot: finished cases", err);
}

pbl_status snapshots_load(struct compare_snapshots *s, const char *path, pbl_error *err) {
  snapshot_head head;
  pbl_status st = snapshot_open(&s->file, &head, path, err);
  if (!st) st = check_program(&head, s, path, err);
  if (!st) st = check_config(&s->file, s, path, err);
  if (!st && head.index >= (size_t)s->config->n_cases)
    st = pbl_fail(err, PBL_FORMAT, "%s: case %zu of %d", path, head.index + 1, s->config->n_cases);
  if (!st) st = take_results(s, err);
  if (st) return st;
  s->head = head;
  s->pending = true;
  head.started[sizeof head.started - 1] = '\0';
  if (s->result) snprintf(s->result->started, sizeof s->result->started, "%s", head.started);
  return PBL_OK;
}
