#include "pbl_snapshot_file.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "pbl_file.h"

#define FIXED 24 /* bytes before the table */
#define ENTRY 16 /* of the table */

static const unsigned char magic[8] = {0x89, 'P', 'B', 'L', 'S', 'N', 'A', 'P'};

static uint32_t checksum(const void *bytes, size_t n) {
  return (uint32_t)crc32_z(0, bytes, n);
}

static size_t header_bytes(size_t n_sections) {
  return FIXED + ENTRY * n_sections + sizeof(uint32_t);
}

static pbl_status put_header(pbl_bytes *file, const pbl_snapshot_section *sections, size_t n,
                             pbl_error *err) {
  uint32_t format = PBL_SNAPSHOT_FORMAT, count = (uint32_t)n;
  uint64_t total = header_bytes(n);
  for (size_t k = 0; k < n; k++) total += sections[k].n;
  pbl_status s = pbl_bytes_append(file, magic, sizeof magic, err);
  pbl_archive a = pbl_archive_writer(file);
  pbl_archive_u32(&a, &format, 1);
  pbl_archive_u32(&a, &count, 1);
  pbl_archive_u64(&a, &total, 1);
  for (size_t k = 0; k < n; k++) {
    uint32_t crc = checksum(sections[k].bytes, sections[k].n);
    uint64_t length = sections[k].n;
    char tag[4];
    memcpy(tag, sections[k].tag, sizeof tag);
    pbl_archive_u8(&a, (uint8_t *)tag, sizeof tag);
    pbl_archive_u32(&a, &crc, 1);
    pbl_archive_u64(&a, &length, 1);
  }
  uint32_t crc = checksum(file->data, file->n);
  pbl_archive_u32(&a, &crc, 1);
  return s ? s : pbl_archive_finish(&a, "snapshot", err);
}

pbl_status pbl_snapshot_write(const char *path, const pbl_snapshot_section *sections, size_t n,
                              pbl_error *err) {
  pbl_bytes header = {0};
  pbl_piece pieces[PBL_SNAPSHOT_MAX_SECTIONS + 1];
  if (n > PBL_SNAPSHOT_MAX_SECTIONS)
    return pbl_fail(err, PBL_INVALID, "snapshot: %zu sections, at most %d", n,
                    PBL_SNAPSHOT_MAX_SECTIONS);
  pbl_status s = put_header(&header, sections, n, err);
  pieces[0] = (pbl_piece){header.data, header.n};
  for (size_t k = 0; k < n; k++) pieces[k + 1] = (pbl_piece){sections[k].bytes, sections[k].n};
  if (!s) s = pbl_replace_file_by(path, pieces, n + 1, err);
  pbl_bytes_free(&header);
  return s ? pbl_wrap(err, s, "snapshot") : PBL_OK;
}

static pbl_status check_header(pbl_snapshot_file *f, const char *path, pbl_error *err) {
  uint32_t format = 0, count = 0;
  uint64_t total = 0;
  if (f->n_bytes < sizeof magic || memcmp(f->bytes, magic, sizeof magic) != 0)
    return pbl_fail(err, PBL_FORMAT, "%s is no snapshot of pbitloop", path);
  pbl_archive a = pbl_archive_reader(f->bytes + sizeof magic, f->n_bytes - sizeof magic);
  pbl_archive_u32(&a, &format, 1);
  pbl_archive_u32(&a, &count, 1);
  pbl_archive_u64(&a, &total, 1);
  if (!a.status && format != PBL_SNAPSHOT_FORMAT)
    return pbl_fail(err, PBL_FORMAT,
                    "%s is a snapshot of format %u, this program reads format %u: continue it with "
                    "the program that made it",
                    path, format, PBL_SNAPSHOT_FORMAT);
  if (a.status || f->n_bytes < total)
    return pbl_fail(err, PBL_FORMAT, "%s is cut off: it has %zu bytes%s; it cannot be continued",
                    path, f->n_bytes, a.status ? "" : ", fewer than were written");
  if (count > PBL_SNAPSHOT_MAX_SECTIONS || f->n_bytes != total || header_bytes(count) > total)
    return pbl_fail(err, PBL_FORMAT,
                    "%s is damaged: its header says %u sections and %llu bytes, it has %zu", path,
                    count, (unsigned long long)total, f->n_bytes);
  f->n_sections = count;
  return PBL_OK;
}

static pbl_status take_sections(pbl_snapshot_file *f, const char *path, pbl_error *err) {
  const size_t header = header_bytes(f->n_sections) - sizeof(uint32_t);
  pbl_archive a = pbl_archive_reader(f->bytes + FIXED, header + sizeof(uint32_t) - FIXED);
  size_t at = header + sizeof(uint32_t);
  uint32_t crc[PBL_SNAPSHOT_MAX_SECTIONS], stored = 0;
  uint64_t length[PBL_SNAPSHOT_MAX_SECTIONS];
  for (size_t k = 0; k < f->n_sections; k++) {
    pbl_archive_u8(&a, (uint8_t *)f->sections[k].tag, 4);
    pbl_archive_u32(&a, &crc[k], 1);
    pbl_archive_u64(&a, &length[k], 1);
  }
  pbl_archive_u32(&a, &stored, 1);
  if (a.status || stored != checksum(f->bytes, header))
    return pbl_fail(err, PBL_FORMAT, "%s is damaged: checksum of its header", path);
  for (size_t k = 0; k < f->n_sections; k++) {
    if (length[k] > f->n_bytes - at || checksum(f->bytes + at, (size_t)length[k]) != crc[k])
      return pbl_fail(err, PBL_FORMAT, "%s is damaged: checksum of section %s", path,
                      f->sections[k].tag);
    f->sections[k].bytes = f->bytes + at;
    f->sections[k].n = (size_t)length[k];
    at += (size_t)length[k];
  }
  return PBL_OK;
}

pbl_status pbl_snapshot_read(pbl_snapshot_file *out, const char *path, pbl_error *err) {
  *out = (pbl_snapshot_file){0};
  pbl_status s = pbl_read_file(&out->bytes, &out->n_bytes, path, err);
  if (!s && !out->bytes) s = pbl_fail(err, PBL_NOT_FOUND, "%s: there is no such snapshot", path);
  if (!s) s = check_header(out, path, err);
  if (!s) s = take_sections(out, path, err);
  if (s) pbl_snapshot_free(out);
  return s;
}

void pbl_snapshot_free(pbl_snapshot_file *f) {
  if (!f) return;
  free(f->bytes);
  *f = (pbl_snapshot_file){0};
}

const pbl_snapshot_section *pbl_snapshot_find(const pbl_snapshot_file *f, const char *tag) {
  for (size_t k = 0; k < f->n_sections; k++) {
    if (strcmp(f->sections[k].tag, tag) == 0) return &f->sections[k];
  }
  return NULL;
}
