/* How fast back-ends answer: register round trips, image words and sample words per second of wall
 * time, and the wall time of a whole compare run against that of the RTL, 784 x 64 with 16 lanes.
 *
 * pbl_bench_device [--seconds S] [--draws N] [--rounds N] [--program PBITLOOP] [DEVICE...]
 * DEVICE: rtl, twin, tlm, remote:ADDRESS, uio:BOARD; without any: all that this machine can have,
 * lent ones over a Unix socket and behind a file. --draws 0: no compare runs. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_device_rig.h"
#include "pbl_driver.h"
#include "pbl_image.h"
#include "pbl_model.h"
#include "pbl_regs.h"
#include "pbl_tlm.h"

enum { VISIBLE = 784, HIDDEN = 64, CHAINS = 16, DRAWS = 50, MOST_ROUNDS = 15 };

typedef struct {
  double seconds; /* of one measurement */
  int draws, rounds;
  char program[PATH_MAX];
} options;

typedef struct {
  double reads[MOST_ROUNDS], words[MOST_ROUNDS], megabytes[MOST_ROUNDS]; /* per second */
  double compare[MOST_ROUNDS];                                           /* seconds */
  unsigned long crc;
} measured;

static pbl_status prepare(pbl_driver *d, const pbl_image *image, pbl_error *err) {
  const size_t n = (size_t)CHAINS * (VISIBLE + HIDDEN);
  signed char *states = malloc(n);
  if (states == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory");
  for (size_t i = 0; i < n; i++) states[i] = i * 2654435761u >> 16 & 1 ? 1 : -1;
  pbl_status s = pbl_driver_upload(d, image, NULL, err);
  if (s == PBL_OK) s = pbl_driver_seed(d, 1, err);
  if (s == PBL_OK) s = pbl_driver_set_state(d, states, err);
  free(states);
  return s;
}

static pbl_status measure_bus(measured *m, int round, pbl_device *dev, double seconds,
                              pbl_error *err) {
  pbl_status s = PBL_OK;
  uint32_t value = 0;
  unsigned long n = 0;
  double start = bench_now();
  for (; s == PBL_OK && bench_now() - start < seconds; n++)
    s = dev->ops->read32(dev, &value, PBL_REG_ID, err);
  m->reads[round] = (double)n / (bench_now() - start);
  start = bench_now();
  for (n = 0; s == PBL_OK && (n % 1024 != 0 || bench_now() - start < seconds); n++)
    s = dev->ops->write32(dev, PBL_REG_SCRATCH, value, err);
  if (s == PBL_OK) s = dev->ops->read32(dev, &value, PBL_REG_SCRATCH, err); /* all have arrived */
  m->words[round] = (double)n / (bench_now() - start);
  return s;
}

static pbl_status measure_samples(measured *m, int round, pbl_driver *d, double seconds,
                                  pbl_error *err) {
  pbl_chains *chains = NULL;
  pbl_status s = pbl_chains_create(&chains, CHAINS, DRAWS, VISIBLE + HIDDEN, err);
  const double start = bench_now();
  double bytes = 0;
  while (s == PBL_OK && bench_now() - start < seconds) {
    chains->n_recorded = 0;
    s = pbl_driver_run(d, chains, DRAWS, 1, NULL, err);
    bytes += (double)DRAWS * CHAINS * (VISIBLE + HIDDEN) / 8;
  }
  m->megabytes[round] = bytes / 1e6 / (bench_now() - start);
  pbl_chains_destroy(chains);
  return s;
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(const double *values, int n) {
  double sorted[MOST_ROUNDS];
  memcpy(sorted, values, (size_t)n * sizeof *sorted);
  qsort(sorted, (size_t)n, sizeof *sorted, compare_doubles);
  return sorted[n / 2];
}

static pbl_status measure(measured *m, bench_rig *rig, const bench_row *row, const pbl_image *image,
                          const options *o, pbl_error *err) {
  pbl_device *dev = NULL;
  pbl_driver *d = NULL;
  pbl_status s = bench_rig_open(&dev, rig, row, err);
  if (s == PBL_OK) s = pbl_driver_create(&d, dev, &image->hw, NULL, err);
  if (s == PBL_OK) s = prepare(d, image, err);
  for (int k = 0; s == PBL_OK && k < o->rounds; k++) {
    s = measure_bus(m, k, dev, o->seconds, err);
    if (s == PBL_OK) s = measure_samples(m, k, d, o->seconds, err);
  }
  pbl_driver_destroy(d);
  return s == PBL_OK ? s : pbl_wrap(err, s, "%s", row->label);
}

/* Every round takes every device in turn, so that what else the machine does meets all alike. */
static pbl_status measure_runs(measured *m, const bench_rig *rig, const options *o,
                               pbl_error *err) {
  pbl_status s = PBL_OK;
  for (int k = 0; s == PBL_OK && o->draws > 0 && k < o->rounds; k++)
    for (size_t i = 0; s == PBL_OK && i < rig->n; i++)
      s = bench_compare(&m[i].compare[k], &m[i].crc, rig, &rig->rows[i], o->program, o->draws, err);
  return s;
}

static void print_row(const bench_rig *rig, const measured *m, size_t i, const options *o) {
  double ratios[MOST_ROUNDS];
  const int n = o->rounds;
  printf("%-32.32s %10.3g %10.3g %10.3g", rig->rows[i].label, median(m[i].reads, n),
         median(m[i].words, n), median(m[i].megabytes, n));
  if (o->draws > 0) {
    for (int k = 0; k < n; k++) ratios[k] = m[i].compare[k] / m[0].compare[k];
    printf(" %10.3g %10.3g  %s", median(m[i].compare, n), median(ratios, n),
           m[i].crc == m[0].crc ? "same" : "OTHER");
  }
  printf("\n");
  fflush(stdout);
}

static pbl_status add_all(bench_rig *rig, pbl_error *err) {
  static const char *const lent[][2] = {
      {"remote", "rtl"}, {"remote", "twin"}, {"uio", "rtl"}, {"uio", "twin"}};
  pbl_status s = bench_rig_add(rig, "rtl", NULL, err); /* what the others are compared with */
  if (s == PBL_OK) s = bench_rig_add(rig, "twin", NULL, err);
  if (s == PBL_OK && pbl_tlm_version()) s = bench_rig_add(rig, "tlm", NULL, err);
  for (size_t k = 0; s == PBL_OK && k < sizeof lent / sizeof *lent; k++)
    s = bench_rig_add(rig, lent[k][0], lent[k][1], err);
  return s;
}

static pbl_status parse(options *o, bench_rig *rig, int argc, char **argv, pbl_error *err) {
  pbl_status s = PBL_OK;
  const char *slash = strrchr(argv[0], '/');
  snprintf(o->program, sizeof o->program, "%.*spbitloop", slash ? (int)(slash - argv[0] + 1) : 0,
           argv[0]);
  for (int k = 1; s == PBL_OK && k < argc; k++) {
    if (strcmp(argv[k], "--seconds") == 0 && k + 1 < argc)
      o->seconds = strtod(argv[++k], NULL);
    else if (strcmp(argv[k], "--draws") == 0 && k + 1 < argc)
      o->draws = (int)strtol(argv[++k], NULL, 10);
    else if (strcmp(argv[k], "--rounds") == 0 && k + 1 < argc)
      o->rounds = (int)strtol(argv[++k], NULL, 10);
    else if (strcmp(argv[k], "--program") == 0 && k + 1 < argc)
      snprintf(o->program, sizeof o->program, "%s", argv[++k]);
    else
      s = bench_rig_add(rig, argv[k], NULL, err);
  }
  if (s == PBL_OK && (o->rounds < 1 || o->rounds > MOST_ROUNDS))
    s = pbl_fail(err, PBL_USAGE, "--rounds: 1 to %d", MOST_ROUNDS);
  return s == PBL_OK && rig->n == 0 ? add_all(rig, err) : s;
}

static pbl_status run(int argc, char **argv, bench_rig *rig, const pbl_image *image,
                      pbl_error *err) {
  options o = {.seconds = 0.5, .draws = 1500, .rounds = 5};
  measured *m = calloc(BENCH_MOST_ROWS, sizeof *m);
  if (m == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory");
  pbl_status s = parse(&o, rig, argc, argv, err);
  for (size_t i = 0; s == PBL_OK && i < rig->n; i++)
    s = measure(&m[i], rig, &rig->rows[i], image, &o, err);
  if (s == PBL_OK) s = measure_runs(m, rig, &o, err);
  if (s == PBL_OK) {
    printf("784 x 64, 16 lanes, medians of %d; per second:\n%-32s %10s %10s %10s", o.rounds, "",
           "reads", "writes", "sample MB");
    if (o.draws > 0) printf(" %10s %10s  samples", "compare s", rig->n > 0 ? "ratio" : "");
    printf("\n");
  }
  for (size_t i = 0; s == PBL_OK && i < rig->n; i++) print_row(rig, m, i, &o);
  if (s == PBL_OK && o.draws > 0)
    printf(
        "compare: %d draws of 16 chains; ratio: wall time to that of the first row, round by "
        "round\n",
        o.draws);
  free(m);
  return s;
}

int main(int argc, char **argv) {
  pbl_error err = {0};
  pbl_rbm *model = NULL;
  pbl_image *image = NULL;
  bench_rig rig = {0};
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = VISIBLE;
  hw.n_hidden = HIDDEN;
  hw.replicas = hw.lanes = CHAINS;
  pbl_status s = pbl_rbm_random(&model, VISIBLE, HIDDEN, 0.05, 0.2, 1, &err);
  if (s == PBL_OK) s = pbl_image_create(&image, NULL, model, &hw, 1.0, &err);
  if (s == PBL_OK) s = bench_rig_start(&rig, &hw, &err);
  if (s == PBL_OK) s = run(argc, argv, &rig, image, &err);
  bench_rig_stop(&rig);
  pbl_image_destroy(image);
  pbl_rbm_destroy(model);
  if (s != PBL_OK) fprintf(stderr, "pbl_bench_device: %s\n", err.message);
  return pbl_status_exit_code(s);
}
