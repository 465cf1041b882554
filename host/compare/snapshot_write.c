/* From a comparison to the file of a snapshot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "compare_snapshots.h"
#include "pbl_file.h"
#include "pbl_regs.h"
#include "tempering_internal.h"

uint64_t snapshot_build(void) {
  unsigned char *bytes = NULL;
  size_t n = 0;
  uint64_t build = 0;
  if (!pbl_read_file(&bytes, &n, "/proc/self/exe", NULL) && bytes)
    build = (uint64_t)n << 32 | crc32_z(0, bytes, n);
  free(bytes);
  return build;
}

static const char *refusal(pbl_backend backend) {
  switch (backend) {
    case PBL_DEVICE_RTL:
    case PBL_DEVICE_TWIN:
      return NULL;
    case PBL_DEVICE_TLM:
      return "time and processes of the SystemC kernel cannot be put back";
    case PBL_DEVICE_REMOTE:
      return "its state is on the other side of the connection";
    default:
      return "the state of a board cannot be read back";
  }
}

pbl_status snapshot_check_backend(pbl_backend backend, pbl_error *err) {
  const char *reason = refusal(backend);
  if (!reason) return PBL_OK;
  return pbl_fail(err, PBL_CONFIG,
                  "no snapshots with device %s: %s; take --device rtl or twin, or leave "
                  "--snapshot-every and --restore out",
                  pbl_backend_name(backend), reason);
}

void snapshot_walk_head(pbl_archive *a, snapshot_head *h) {
  pbl_archive_u8(a, (uint8_t *)h->program, sizeof h->program);
  pbl_archive_u8(a, (uint8_t *)h->backend, sizeof h->backend);
  pbl_archive_u8(a, (uint8_t *)h->made, sizeof h->made);
  pbl_archive_u8(a, (uint8_t *)h->started, sizeof h->started);
  pbl_archive_u64(a, &h->build, 1);
  pbl_archive_u32(a, &h->register_map, 1);
  pbl_archive_u8(a, (uint8_t *)h->name, sizeof h->name);
  pbl_archive_u8(a, (uint8_t *)h->hardware, sizeof h->hardware);
  pbl_archive_size(a, &h->index);
  pbl_archive_size(a, &h->n_cases);
  pbl_archive_size(a, &h->n_done);
  pbl_archive_size(a, &h->n_draws);
  pbl_archive_size(a, &h->of_draws);
  pbl_archive_f64(a, &h->seconds);
}

static size_t draws_so_far(const case_work *w) {
  const pbl_chains *c = w->tempering ? w->tempering->device : w->device;
  return c ? c->n_recorded : 0;
}

static void fill_head(struct compare_snapshots *s) {
  snapshot_head *h = &s->head;
  const case_work *w = s->work;
  const time_t now = time(NULL);
  struct tm utc;
  strftime(h->made, sizeof h->made, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
  snprintf(h->program, sizeof h->program, "%s", PBL_VERSION);
  snprintf(h->backend, sizeof h->backend, "%s", pbl_backend_name(s->config->device));
  if (s->result) snprintf(h->started, sizeof h->started, "%s", s->result->started);
  h->register_map = PBL_RESET_VERSION;
  h->index = w->index;
  h->n_cases = (size_t)s->config->n_cases;
  h->of_draws = (size_t)w->cc->draws;
  h->n_draws = draws_so_far(w);
  h->seconds = pbl_recorder_seconds_now(s->recorder);
  memset(h->name, 0, sizeof h->name);
  snprintf(h->name, sizeof h->name, "%s", w->cc->name);
  snprintf(h->hardware, sizeof h->hardware, "%s, %d p-bits, %d replicas in %d lanes",
           pbl_fabric_name(w->hw.fabric), pbl_hw_pbits(&w->hw), w->hw.replicas, w->hw.lanes);
}

/* Finished cases: how many, and of each its number and its result. */
static pbl_status put_results(pbl_bytes *out, struct compare_snapshots *s, pbl_error *err) {
  pbl_archive a = pbl_archive_writer(out);
  pbl_archive_size(&a, &s->head.n_done);
  for (int k = 0; k < s->config->n_cases; k++) {
    if (!s->done[k]) continue;
    pbl_archive_int(&a, &k);
    snapshot_walk_result(&a, &s->result->cases[k], &s->texts);
  }
  return pbl_archive_finish(&a, "snapshot: finished cases", err);
}

pbl_status snapshot_write_file(struct compare_snapshots *s, pbl_error *err) {
  pbl_bytes head = {0}, done = {0}, position = {0}, device = {0};
  const pbl_bytes *journal = NULL;
  s->head.n_done = 0;
  for (int k = 0; k < s->config->n_cases; k++) s->head.n_done += s->done[k];
  if (!s->head.build && s->head.n_done > 0) s->head.build = snapshot_build();
  fill_head(s);
  pbl_archive a = pbl_archive_writer(&head);
  snapshot_walk_head(&a, &s->head);
  pbl_status st = pbl_archive_finish(&a, "snapshot: head", err);
  if (!st) st = put_results(&done, s, err);
  if (!st) st = pbl_recorder_save(s->recorder, &position, &device, &journal, err);
  if (!st) {
    const pbl_snapshot_section sections[] = {
        {"HEAD", head.data, head.n},
        {"CONF", (const unsigned char *)s->config_text, strlen(s->config_text)},
        {"DONE", done.data, done.n},
        {"HOST", position.data, position.n},
        {"JOUR", journal->data, journal->n},
        {"DEVI", device.data, device.n}};
    st = pbl_snapshot_write(s->path, sections, sizeof sections / sizeof sections[0], err);
  }
  pbl_bytes_free(&head);
  pbl_bytes_free(&done);
  pbl_bytes_free(&position);
  pbl_bytes_free(&device);
  return st;
}
