/* Lends devices with planted faults: faulty_server LISTEN FOLDER [rtl]. Every client gets a fresh
 * twin (or RTL) with the fault of the line in FOLDER/fault (no such file: none); FOLDER/counts
 * tells what the last one did to it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_faulty_device.h"
#include "pbl_hil_server.h"
#include "pbl_variant.h"

typedef struct {
  const char *folder;
  bool is_rtl;
  pbl_faulty_counts counts;
} lender;

static pbl_status open_device(void *user, pbl_device **out, const pbl_hw *hw, uint64_t reset_seed,
                              pbl_progress *p, pbl_error *err) {
  lender *l = user;
  char path[4096], line[256] = "";
  pbl_device *inner = NULL;
  pbl_status st = l->is_rtl ? pbl_variant_build(path, sizeof path, hw, NULL, p, err)
                            : pbl_twin_open(&inner, hw, err);
  if (!st && l->is_rtl) st = pbl_rtl_open(&inner, path, reset_seed, err);
  if (st) return st;
  snprintf(path, sizeof path, "%s/fault", l->folder);
  FILE *f = fopen(path, "r");
  if (f && !fgets(line, sizeof line, f)) line[0] = '\0';
  if (f) fclose(f);
  return pbl_faulty_open(out, inner, line, &l->counts, err);
}

static void ready(void *user, const char *address) {
  (void)user;
  printf("serving %s\n", address);
  fflush(stdout);
}

/* A line of the server: after "left" or "released" the counts are those of the client that went. */
static void note(void *user, const char *line) {
  const lender *l = user;
  char path[4096], done[4200];
  if (!strstr(line, " after ")) return;
  snprintf(path, sizeof path, "%s/counts.new", l->folder);
  snprintf(done, sizeof done, "%s/counts", l->folder);
  FILE *f = fopen(path, "w");
  if (!f) return;
  pbl_faulty_print(f, &l->counts);
  fclose(f);
  rename(path, done);
}

static void stop(int signal_number) {
  (void)signal_number;
  pbl_progress_request_stop();
}

int main(int argc, char **argv) {
  pbl_error err = {0};
  if (argc < 3) return 2;
  signal(SIGTERM, stop);
  static lender l;
  l = (lender){.folder = argv[2], .is_rtl = argc > 3 && strcmp(argv[3], "rtl") == 0};
  const pbl_hil_server_options o = {.listen = argv[1],
                                    .device = "faulty",
                                    .open = open_device,
                                    .user = &l,
                                    .ready = ready,
                                    .log = note};
  if (pbl_hil_serve(&o, &err) == PBL_OK) return 0;
  fprintf(stderr, "%s\n", err.message);
  return 3;
}
