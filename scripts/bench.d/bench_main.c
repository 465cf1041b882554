/* p-bit updates per second of device, twin, reference and a NumPy peer, interleaved, one thread
 * each. Called by scripts/bench, which documents the options. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_engine.h"
#include "pbl_compare.h"
#include "pbl_json.h"

enum { MAX_ENGINES = 6, MAX_ROWS = 2 * MAX_ENGINES, MAX_ROUNDS = 99 };

/* What the project promises (ratio: of the twin to rtl). */
static const double target_rtl = 5e6, target_twin_ratio = 20;

typedef struct {
  bool json;
  int n_rounds;
  double seconds;
  const char *commit, *peer;
} options;

typedef struct {
  char name[64];
  bench_engine *engine;
  bool sampled;
  size_t n_sweeps;
  double rates[MAX_ROUNDS];
  double median, low, high;
  double cpu_share; /* least of its rounds */
} row;

typedef struct {
  options opt;
  bench_machine machine;
  bench_engine engines[MAX_ENGINES];
  int n_engines;
  row rows[MAX_ROWS];
  int n_rows;
  char skipped[512]; /* one line each */
  char cpu[128], versions[512];
  double cpu_share; /* least of all measurements */
} bench;

static int parse(options *opt, int argc, char **argv) {
  *opt = (options){.n_rounds = 5, .seconds = 0.5, .commit = "unknown"};
  for (int i = 1; i < argc; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (strcmp(argv[i], "--json") == 0) {
      opt->json = true;
      continue;
    }
    if (strcmp(argv[i], "--rounds") == 0) {
      opt->n_rounds = atoi(value);
    } else if (strcmp(argv[i], "--seconds") == 0) {
      opt->seconds = atof(value);
    } else if (strcmp(argv[i], "--commit") == 0) {
      opt->commit = value;
    } else if (strcmp(argv[i], "--peer") == 0) {
      opt->peer = value;
    } else {
      return 0;
    }
    i++;
  }
  return opt->n_rounds >= 1 && opt->n_rounds <= MAX_ROUNDS && opt->seconds > 0;
}

/* An engine that this machine does not have is named and left out. */
static pbl_status add_engine(bench *b, const char *name, bench_kind kind, const char *simd,
                             pbl_error *err) {
  bench_engine *e = &b->engines[b->n_engines];
  const pbl_status s = bench_engine_open(e, name, kind, simd, b->opt.peer, &b->machine, err);
  const bool absent = kind != BENCH_REFERENCE && (s == PBL_NOT_FOUND || s == PBL_CONFIG);
  if (absent) {
    const size_t used = strlen(b->skipped);
    snprintf(b->skipped + used, sizeof b->skipped - used, "skipped: %s: %s\n", name, err->message);
    bench_engine_close(e);
    return PBL_OK;
  }
  b->n_engines++; /* also after a failure: it is closed at the end */
  return s;
}

static pbl_status add_engines(bench *b, pbl_error *err) {
  static const char *const narrower[][2] = {{"twin_avx2", "avx2"}, {"twin_portable", "portable"}};
  pbl_status s = add_engine(b, "rtl", BENCH_RTL, NULL, err);
  if (s == PBL_OK) s = add_engine(b, "twin", BENCH_TWIN, NULL, err);
  for (size_t i = 0; s == PBL_OK && i < sizeof narrower / sizeof narrower[0]; i++) {
    if (strcmp(b->engines[b->n_engines - 1].detail, narrower[i][1]) != 0) /* is the widest */
      s = add_engine(b, narrower[i][0], BENCH_TWIN, narrower[i][1], err);
  }
  if (s == PBL_OK) s = add_engine(b, "reference", BENCH_REFERENCE, NULL, err);
  if (s == PBL_OK) s = add_engine(b, "numpy", BENCH_PEER, NULL, err);
  for (int i = 1; s == PBL_OK && i < b->n_engines; i++) {
    if (b->engines[0].kind == BENCH_RTL && b->engines[i].kind == BENCH_TWIN)
      s = bench_engine_check(&b->engines[0], &b->engines[i], err);
  }
  return s;
}

/* ---- measuring ---- */

static pbl_status measure(bench *b, row *r, double *rate, size_t n_sweeps, double *seconds,
                          pbl_error *err) {
  const double updates = (double)n_sweeps * BENCH_CHAINS * (BENCH_VISIBLE + BENCH_HIDDEN);
  double share = 1;
  const pbl_status s = bench_engine_run(r->engine, seconds, &share, n_sweeps, r->sampled, err);
  if (share < b->cpu_share) b->cpu_share = share;
  if (share < r->cpu_share) r->cpu_share = share;
  *rate = updates / *seconds;
  return s == PBL_OK ? s : pbl_wrap(err, s, "%s", r->name);
}

/* Number of sweeps that takes about `target` seconds. */
static pbl_status calibrate(bench *b, row *r, double target, pbl_error *err) {
  double seconds = 0, rate;
  pbl_status s = PBL_OK;
  r->n_sweeps = 10;
  for (;;) {
    s = measure(b, r, &rate, r->n_sweeps, &seconds, err);
    if (s != PBL_OK || seconds > target / 4) break;
    r->n_sweeps *= seconds < target / 40 ? 10 : 3;
  }
  r->n_sweeps = (size_t)((double)r->n_sweeps * target / seconds) + 1;
  return s;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void summarise(row *r, int n) {
  qsort(r->rates, (size_t)n, sizeof r->rates[0], by_value);
  r->low = r->rates[0];
  r->high = r->rates[n - 1];
  r->median = n % 2 ? r->rates[n / 2] : (r->rates[n / 2 - 1] + r->rates[n / 2]) / 2;
}

/* Every round takes all rows in turn, so that a slow spell of the machine meets all of them. */
static pbl_status measure_all(bench *b, pbl_error *err) {
  pbl_status s = PBL_OK;
  double seconds;
  for (int mode = 0; mode < 2; mode++) {
    for (int i = 0; i < b->n_engines; i++) {
      row *r = &b->rows[b->n_rows++];
      *r = (row){.engine = &b->engines[i], .sampled = mode == 1};
      snprintf(r->name, sizeof r->name, "%s%s", b->engines[i].name, mode ? "_sampled" : "");
    }
  }
  for (int i = 0; s == PBL_OK && i < b->n_rows; i++)
    s = calibrate(b, &b->rows[i], b->opt.seconds, err);
  b->cpu_share = 1; /* what calibration saw does not count */
  for (int i = 0; i < b->n_rows; i++) b->rows[i].cpu_share = 1;
  for (int round = 0; round < b->opt.n_rounds; round++) {
    for (int i = 0; s == PBL_OK && i < b->n_rows; i++) {
      row *r = &b->rows[i];
      s = measure(b, r, &r->rates[round], r->n_sweeps, &seconds, err);
    }
    pbl_progress_report(b->machine.progress, "measuring", (uint64_t)round + 1,
                        (uint64_t)b->opt.n_rounds);
  }
  for (int i = 0; i < b->n_rows; i++) summarise(&b->rows[i], b->opt.n_rounds);
  return s;
}

/* ---- printing ---- */

/* Median of one engine in the same mode, or 0. */
static double median_of(const bench *b, const char *engine, bool sampled) {
  for (int i = 0; i < b->n_rows; i++) {
    const row *r = &b->rows[i];
    if (r->sampled == sampled && strcmp(r->engine->name, engine) == 0) return r->median;
  }
  return 0;
}

static void read_cpu(char *text, size_t size) {
  char line[256];
  snprintf(text, size, "unknown");
  FILE *f = fopen("/proc/cpuinfo", "r");
  if (f == NULL) return;
  while (fgets(line, sizeof line, f) != NULL) {
    const char *value = strchr(line, ':');
    if (value == NULL || strncmp(line, "model name", 10) != 0) continue;
    line[strcspn(line, "\n")] = '\0';
    snprintf(text, size, "%.*s", (int)size - 1, value + 1 + strspn(value + 1, " "));
    break;
  }
  fclose(f);
}

static void print_ratio(double value, double base) {
  if (base > 0) printf(" %9.2f", value / base);
  if (!(base > 0)) printf(" %9s", "-");
}

static void print_target(const char *what, double value, double target) {
  printf("target: %s at least %.3g: %.3g, %s\n", what, target, value,
         value >= target ? "met" : "MISSED");
}

static void print_table(const bench *b) {
  const double rtl = median_of(b, "rtl", false), twin = median_of(b, "twin", false);
  printf(
      "%d x %d, %d chains, cyclic kernel, one thread; median (lowest .. highest) of %d "
      "interleaved rounds of %.2g s\n\n",
      BENCH_VISIBLE, BENCH_HIDDEN, BENCH_CHAINS, b->opt.n_rounds, b->opt.seconds);
  printf("%-22s %12s %23s %9s %9s  %s\n", "", "updates/s", "range", "/ rtl", "/ numpy", "");
  for (int i = 0; i < b->n_rows; i++) {
    const row *r = &b->rows[i];
    if (i == 0) puts("no samples");
    if (i > 0 && r->sampled && !b->rows[i - 1].sampled) puts("a sample of every sweep");
    printf("  %-20s %12.3e %10.3e ..%10.3e", r->engine->name, r->median, r->low, r->high);
    print_ratio(r->median, median_of(b, "rtl", r->sampled));
    print_ratio(r->median, median_of(b, "numpy", r->sampled));
    printf("  %s\n", r->engine->detail);
  }
  printf("\n%scpu: %s\n%s\ncommit: %s\n", b->skipped, b->cpu, b->versions, b->opt.commit);
  if (b->cpu_share < 0.95)
    printf("warning: other programs were running; a measurement got only %.0f %% of a processor\n",
           100 * b->cpu_share);
  if (rtl > 0) print_target("rtl, updates/s,", rtl, target_rtl);
  if (rtl > 0) print_target("twin / rtl", twin / rtl, target_twin_ratio);
}

static pbl_status print_json(const bench *b, pbl_error *err) {
  pbl_json *j = NULL;
  char *text = NULL;
  pbl_status s = pbl_json_create_memory(&j, err);
  if (s != PBL_OK) return s;
  const double rtl = median_of(b, "rtl", false), twin = median_of(b, "twin", false);
  pbl_json_object(j, NULL);
  pbl_json_int(j, "visible", BENCH_VISIBLE);
  pbl_json_int(j, "hidden", BENCH_HIDDEN);
  pbl_json_int(j, "chains", BENCH_CHAINS);
  pbl_json_int(j, "rounds", b->opt.n_rounds);
  pbl_json_string(j, "cpu", b->cpu);
  pbl_json_string(j, "versions", b->versions);
  pbl_json_string(j, "commit", b->opt.commit);
  pbl_json_string(j, "skipped", b->skipped);
  pbl_json_double(j, "cpu_share", b->cpu_share);
  pbl_json_bool(j, "targets_met", rtl >= target_rtl && twin >= target_twin_ratio * rtl);
  pbl_json_array(j, "rows");
  for (int i = 0; i < b->n_rows; i++) {
    const row *r = &b->rows[i];
    pbl_json_object(j, NULL);
    pbl_json_string(j, "name", r->name);
    pbl_json_string(j, "detail", r->engine->detail);
    pbl_json_bool(j, "sampled", r->sampled);
    pbl_json_double(j, "updates_per_s", r->median);
    pbl_json_double(j, "low", r->low);
    pbl_json_double(j, "high", r->high);
    pbl_json_double(j, "cpu_share", r->cpu_share);
    /* to the row of rtl, and of the peer, in the same mode; null where that one is missing */
    pbl_json_double(j, "ratio_to_rtl", r->median / median_of(b, "rtl", r->sampled));
    pbl_json_double(j, "ratio_to_numpy", r->median / median_of(b, "numpy", r->sampled));
    pbl_json_end(j);
  }
  pbl_json_end(j);
  pbl_json_end(j);
  s = pbl_json_close(j, &text, err);
  if (s == PBL_OK) puts(text);
  free(text);
  return s;
}

int main(int argc, char **argv) {
  static bench b;
  pbl_error err = {.message = ""};
  if (!parse(&b.opt, argc, argv)) {
    fputs("usage: scripts/bench [--json] [--rounds N] [--seconds S]\n", stderr);
    return 2;
  }
  b.machine.progress = pbl_progress_stderr_create(false);
  pbl_progress *progress = b.machine.progress;
  read_cpu(b.cpu, sizeof b.cpu);
  pbl_status s = pbl_versions(b.versions, sizeof b.versions);
  if (s == PBL_OK) s = bench_machine_create(&b.machine, &err);
  if (s == PBL_OK) s = add_engines(&b, &err);
  if (s == PBL_OK) s = measure_all(&b, &err);
  if (s == PBL_OK && b.opt.json) s = print_json(&b, &err);
  if (s == PBL_OK && !b.opt.json) print_table(&b);
  for (int i = 0; i < b.n_engines; i++) bench_engine_close(&b.engines[i]);
  bench_machine_release(&b.machine);
  pbl_progress_stderr_destroy(progress);
  if (s != PBL_OK) fprintf(stderr, "bench: %s\n", err.message);
  return pbl_status_exit_code(s);
}
