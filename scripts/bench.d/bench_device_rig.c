#include "bench_device_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "pbl_hil.h"
#include "pbl_hil_server.h"
#include "pbl_tlm.h"
#include "pbl_uio.h"
#include "pbl_uio_server.h"
#include "pbl_variant.h"

double bench_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

pbl_status bench_rig_start(bench_rig *r, const pbl_hw *hw, pbl_error *err) {
  *r = (bench_rig){.hw = *hw};
  snprintf(r->folder, sizeof r->folder, "/tmp/pbl-bench-XXXXXX");
  if (mkdtemp(r->folder)) return PBL_OK;
  r->folder[0] = '\0';
  return pbl_fail(err, PBL_IO, "no folder in /tmp: %s", strerror(errno));
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)st, (void)type, (void)ftw;
  return remove(path);
}

void bench_rig_stop(bench_rig *r) {
  for (size_t k = 0; k < r->n; k++) {
    if (r->rows[k].server <= 0) continue;
    kill(r->rows[k].server, SIGTERM);
    waitpid(r->rows[k].server, NULL, 0);
  }
  if (r->folder[0]) nftw(r->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- servers ---- */

static pbl_status need_variant(bench_rig *r, pbl_error *err) {
  if (r->variant[0]) return PBL_OK;
  return pbl_variant_build(r->variant, sizeof r->variant, &r->hw, NULL, NULL, err);
}

typedef struct {
  const bench_rig *rig;
  bool is_rtl;
  int ready; /* a pipe */
} lent;

static pbl_status open_board(void *user, pbl_device **out, pbl_error *err) {
  const lent *l = user;
  return l->is_rtl ? pbl_rtl_open(out, l->rig->variant, 1, err)
                   : pbl_twin_open(out, &l->rig->hw, err);
}

static pbl_status open_lent(void *user, pbl_device **out, const pbl_hw *hw, uint64_t reset_seed,
                            pbl_progress *p, pbl_error *err) {
  (void)hw, (void)reset_seed, (void)p;
  return open_board(user, out, err);
}

static void tell(void *user, const char *where) {
  (void)where;
  if (write(((const lent *)user)->ready, "r", 1) != 1) _exit(3);
}

static void on_term(int signal_number) {
  (void)signal_number;
  pbl_progress_request_stop();
}

static void serve(const bench_rig *r, const bench_row *row, const char *lends, int ready) {
  lent l = {.rig = r, .is_rtl = strcmp(lends, "rtl") == 0, .ready = ready};
  pbl_error err = {0};
  pbl_status st;
  signal(SIGTERM, on_term);
  if (strncmp(row->device, "uio:", 4) == 0) {
    const pbl_uio_server_options o = {
        .path = row->device + 4, .open = open_board, .user = &l, .ready = tell};
    st = pbl_uio_serve(&o, &err);
  } else {
    const pbl_hil_server_options o = {.listen = row->device + 7,
                                      .device = lends,
                                      .open = open_lent,
                                      .user = &l,
                                      .offered = &r->hw,
                                      .n_offered = 1,
                                      .ready = tell};
    st = pbl_hil_serve(&o, &err);
  }
  if (st) fprintf(stderr, "server of %s: %s\n", row->label, err.message);
  _exit(st ? 3 : 0);
}

static pbl_status start_server(bench_rig *r, bench_row *row, const char *lends, pbl_error *err) {
  int ends[2];
  char byte;
  if (pipe(ends) != 0) return pbl_fail(err, PBL_IO, "pipe: %s", strerror(errno));
  fflush(stdout);
  row->server = fork();
  if (row->server == 0) serve(r, row, lends, ends[1]);
  close(ends[1]);
  const bool is_up = row->server > 0 && read(ends[0], &byte, 1) == 1;
  close(ends[0]);
  return is_up ? PBL_OK : pbl_fail(err, PBL_IO, "the server of %s did not start", row->label);
}

pbl_status bench_rig_add(bench_rig *r, const char *device, const char *lends, pbl_error *err) {
  pbl_status st = PBL_OK;
  if (r->n == BENCH_MOST_ROWS)
    return pbl_fail(err, PBL_USAGE, "more than %d devices", BENCH_MOST_ROWS);
  bench_row *row = &r->rows[r->n++];
  if (strcmp(device, "rtl") == 0 || strcmp(device, "tlm") == 0 ||
      (lends && strcmp(lends, "rtl") == 0))
    st = need_variant(r, err);
  if (!lends) {
    snprintf(row->label, sizeof row->label, "%.70s", device);
    snprintf(row->device, sizeof row->device, "%s", device);
    return st;
  }
  const bool is_file = strcmp(device, "uio") == 0;
  snprintf(row->label, sizeof row->label, "%s behind a %s", lends, is_file ? "file" : "socket");
  snprintf(row->device, sizeof row->device, "%s:%s%s/%s%zu", device,
           is_file ? "" : "unix:", r->folder, lends, r->n);
  return st ? st : start_server(r, row, lends, err);
}

pbl_status bench_rig_open(pbl_device **out, bench_rig *r, const bench_row *row, pbl_error *err) {
  const char *name = row->device;
  if (strcmp(name, "twin") == 0) return pbl_twin_open(out, &r->hw, err);
  if (strncmp(name, "remote:", 7) == 0) return pbl_hil_open(out, name + 7, &r->hw, NULL, err);
  if (strncmp(name, "uio:", 4) == 0) return pbl_uio_open(out, name + 4, NULL, err);
  const bool is_tlm = strcmp(name, "tlm") == 0;
  if (!is_tlm && strcmp(name, "rtl") != 0)
    return pbl_fail(err, PBL_USAGE, "'%s': rtl, twin, tlm, remote:ADDRESS or uio:BOARD", name);
  pbl_status st = is_tlm ? pbl_tlm_available(err) : PBL_OK;
  if (!st) st = pbl_rtl_open(out, r->variant, 1, err);
  return !st && is_tlm ? pbl_tlm_open(out, *out, NULL, err) : st;
}

/* ---- whole runs ---- */

static pbl_status write_config(char *path, size_t size, const bench_rig *r, int draws,
                               pbl_error *err) {
  snprintf(path, size, "%s/compare.yaml", r->folder);
  FILE *f = fopen(path, "w");
  if (!f) return pbl_fail(err, PBL_IO, "%s: %s", path, strerror(errno));
  fprintf(
      f,
      "schema: 1\nseed: 1\ncases:\n  - name: b\n    random: {visible: %d, hidden: %d, seed: 7}\n"
      "    chains: %d\n    burn_in_sweeps: 200\n    draws: %d\n",
      r->hw.n_visible, r->hw.n_hidden, r->hw.replicas, draws);
  fclose(f);
  return PBL_OK;
}

static pbl_status file_crc(unsigned long *crc, const char *path, pbl_error *err) {
  unsigned char block[65536];
  size_t n;
  FILE *f = fopen(path, "rb");
  if (!f) return pbl_fail(err, PBL_IO, "%s: %s", path, strerror(errno));
  *crc = crc32(0, NULL, 0);
  while ((n = fread(block, 1, sizeof block, f)) > 0) *crc = crc32(*crc, block, (unsigned)n);
  fclose(f);
  return PBL_OK;
}

pbl_status bench_compare(double *seconds, unsigned long *crc, const bench_rig *r,
                         const bench_row *row, const char *program, int draws, pbl_error *err) {
  char config[128], out[128], samples[160];
  int ended = 0;
  snprintf(out, sizeof out, "%s/results", r->folder);
  snprintf(samples, sizeof samples, "%s/b/device.npy", out);
  const pbl_status st = write_config(config, sizeof config, r, draws, err);
  if (st) return st;
  const double start = bench_now();
  const pid_t child = fork();
  if (child == 0) {
    const int null = open("/dev/null", O_WRONLY);
    if (null >= 0) dup2(null, STDOUT_FILENO);
    execl(program, program, "compare", config, "--quiet", "--out", out, "--device", row->device,
          (char *)NULL);
    _exit(127);
  }
  if (child < 0 || waitpid(child, &ended, 0) != child)
    return pbl_fail(err, PBL_TOOL, "cannot run %s", program);
  *seconds = bench_now() - start;
  /* Any verdict will do: a short run is often not resolved. */
  if (!WIFEXITED(ended) || (WEXITSTATUS(ended) != 0 && WEXITSTATUS(ended) / 10 != 1))
    return pbl_fail(err, PBL_TOOL, "%s compare --device %s failed (status %d)", program,
                    row->device, ended);
  return file_crc(crc, samples, err);
}
