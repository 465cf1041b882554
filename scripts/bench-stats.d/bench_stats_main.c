/* Accuracy of the estimators, of the RESOLVED gate and of Q_op on chains of exactly known law.
 * Called by scripts/bench-stats, which documents the options. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench_stats.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool parse_count(uint64_t *out, const char *text, uint64_t low, uint64_t high) {
  char *end = NULL;
  errno = 0;
  const unsigned long long value = strtoull(text, &end, 10);
  if (errno != 0 || end == text || *end != '\0' || text[0] == '-') return false;
  *out = value;
  return value >= low && value <= high;
}

static bool parse(bench_options *opt, int argc, char **argv) {
  *opt = (bench_options){.seed = 1, .commit = "unknown"};
  for (int i = 1; i < argc; ++i) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    uint64_t count = 0;
    if (strcmp(argv[i], "--json") == 0) {
      opt->json = true;
      continue;
    }
    if (strcmp(argv[i], "--quick") == 0) {
      opt->quick = true;
      continue;
    }
    if (strcmp(argv[i], "--repetitions") == 0) {
      if (!parse_count(&count, value, 2, 1000000)) return false;
      opt->repetitions = (size_t)count;
    } else if (strcmp(argv[i], "--seed") == 0) {
      if (!parse_count(&opt->seed, value, 0, 1000000000)) return false;
    } else if (strcmp(argv[i], "--commit") == 0 && i + 1 < argc) {
      opt->commit = value;
    } else {
      return false;
    }
    ++i;
  }
  return true;
}

int main(int argc, char **argv) {
  static bench_results r;
  bench_options opt;
  pbl_error err = {.message = ""};
  if (!parse(&opt, argc, argv)) {
    fputs("usage: scripts/bench-stats [--json] [--quick] [--repetitions N] [--seed N]\n", stderr);
    return 2;
  }
  const double start = now();
  pbl_progress *progress = pbl_progress_stderr_create(opt.quick);
  opt.progress = progress;
  r.opt = &opt;
  pbl_status s = bench_accuracy(r.accuracy, &opt, &err);
  if (s == PBL_OK) s = bench_gate(r.gate, &opt, &err);
  if (s == PBL_OK) s = bench_qop(r.qop, &opt, &err);
  pbl_progress_stderr_destroy(progress);
  r.seconds = now() - start;
  if (s == PBL_OK && !opt.json) bench_print_table(&r);
  if (s == PBL_OK && opt.json) s = bench_print_json(&r, &err);
  if (s != PBL_OK) fprintf(stderr, "bench-stats: %s\n", err.message);
  return pbl_status_exit_code(s);
}
