/* How fast back-ends answer: register round trips, image words and sample words per second of wall
 * time, 784 x 64 with 16 lanes. pbl_bench_device [--seconds S] twin|rtl|remote:ADDRESS... */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pbl_driver.h"
#include "pbl_hil.h"
#include "pbl_image.h"
#include "pbl_model.h"
#include "pbl_regs.h"
#include "pbl_twin.h"
#include "pbl_variant.h"

enum { VISIBLE = 784, HIDDEN = 64, CHAINS = 16, DRAWS = 50, ROUNDS = 5 };

typedef struct {
  double reads, words, megabytes; /* per second */
} speed;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static pbl_status open_named(pbl_device **dev, const char *name, const pbl_hw *hw, pbl_error *err) {
  char path[PATH_MAX];
  if (strcmp(name, "twin") == 0) return pbl_twin_open(dev, hw, err);
  if (strncmp(name, "remote:", 7) == 0) return pbl_hil_open(dev, name + 7, hw, NULL, err);
  if (strcmp(name, "rtl") != 0)
    return pbl_fail(err, PBL_USAGE, "'%s': twin, rtl or remote:ADDRESS is asked for", name);
  const pbl_status s = pbl_variant_build(path, sizeof path, hw, NULL, NULL, err);
  return s == PBL_OK ? pbl_rtl_open(dev, path, 1, err) : s;
}

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

static pbl_status measure_bus(speed *out, pbl_device *dev, double seconds, pbl_error *err) {
  pbl_status s = PBL_OK;
  uint32_t value = 0;
  unsigned long n = 0;
  double start = now();
  for (; s == PBL_OK && now() - start < seconds; n++)
    s = dev->ops->read32(dev, &value, PBL_REG_ID, err);
  out->reads = (double)n / (now() - start);
  start = now();
  for (n = 0; s == PBL_OK && (n % 1024 != 0 || now() - start < seconds); n++)
    s = dev->ops->write32(dev, PBL_REG_SCRATCH, value, err);
  if (s == PBL_OK) s = dev->ops->read32(dev, &value, PBL_REG_SCRATCH, err); /* all have arrived */
  out->words = (double)n / (now() - start);
  return s;
}

static pbl_status measure_samples(speed *out, pbl_driver *d, double seconds, pbl_error *err) {
  pbl_chains *chains = NULL;
  pbl_status s = pbl_chains_create(&chains, CHAINS, DRAWS, VISIBLE + HIDDEN, err);
  const double start = now();
  double bytes = 0;
  while (s == PBL_OK && now() - start < seconds) {
    chains->n_recorded = 0;
    s = pbl_driver_run(d, chains, DRAWS, 1, NULL, err);
    bytes += (double)DRAWS * CHAINS * (VISIBLE + HIDDEN) / 8;
  }
  out->megabytes = bytes / 1e6 / (now() - start);
  pbl_chains_destroy(chains);
  return s;
}

static int compare_doubles(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(const double values[ROUNDS]) {
  double sorted[ROUNDS];
  memcpy(sorted, values, sizeof sorted);
  qsort(sorted, ROUNDS, sizeof *sorted, compare_doubles);
  return sorted[ROUNDS / 2];
}

static pbl_status row(const char *name, const pbl_image *image, double seconds, pbl_error *err) {
  pbl_device *dev = NULL;
  pbl_driver *d = NULL;
  double reads[ROUNDS] = {0}, words[ROUNDS] = {0}, megabytes[ROUNDS] = {0};
  pbl_status s = open_named(&dev, name, &image->hw, err);
  if (s == PBL_OK) s = pbl_driver_create(&d, dev, &image->hw, NULL, err);
  if (s == PBL_OK) s = prepare(d, image, err);
  for (int k = 0; s == PBL_OK && k < ROUNDS; k++) {
    speed x = {0};
    s = measure_bus(&x, dev, seconds, err);
    if (s == PBL_OK) s = measure_samples(&x, d, seconds, err);
    reads[k] = x.reads;
    words[k] = x.words;
    megabytes[k] = x.megabytes;
  }
  pbl_driver_destroy(d);
  if (s == PBL_OK)
    printf("%-32.60s %12.3g %12.3g %12.3g\n", name, median(reads), median(words),
           median(megabytes));
  return s;
}

int main(int argc, char **argv) {
  pbl_error err = {0};
  pbl_rbm *model = NULL;
  pbl_image *image = NULL;
  double seconds = 0.5;
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = VISIBLE;
  hw.n_hidden = HIDDEN;
  hw.replicas = hw.lanes = CHAINS;
  pbl_status s = pbl_rbm_random(&model, VISIBLE, HIDDEN, 0.05, 0.2, 1, &err);
  if (s == PBL_OK) s = pbl_image_create(&image, NULL, model, &hw, 1.0, &err);
  printf("%-32s %12s %12s %12s\n", "per second, medians of 5", "reads", "writes", "sample MB");
  for (int k = 1; s == PBL_OK && k < argc; k++) {
    if (strcmp(argv[k], "--seconds") == 0 && k + 1 < argc)
      seconds = strtod(argv[++k], NULL);
    else
      s = row(argv[k], image, seconds, &err);
    fflush(stdout);
  }
  pbl_image_destroy(image);
  pbl_rbm_destroy(model);
  if (s != PBL_OK) fprintf(stderr, "pbl_bench_device: %s\n", err.message);
  return pbl_status_exit_code(s);
}
