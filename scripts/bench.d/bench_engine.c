#include "bench_engine.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pbl_twin.h"
#include "pbl_variant.h"

#define BETA 1.0
#define SEED 1

static double now_seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the machine ---- */

pbl_status bench_machine_create(bench_machine *m, pbl_error *err) {
  m->hw = pbl_hw_default();
  m->hw.n_visible = BENCH_VISIBLE;
  m->hw.n_hidden = BENCH_HIDDEN;
  m->hw.replicas = m->hw.lanes = BENCH_CHAINS;
  /* Weights at which p-bits still flip: a frozen machine would flatter nobody, but bore everybody.
   */
  pbl_status s = pbl_rbm_random(&m->model, BENCH_VISIBLE, BENCH_HIDDEN, 0.05, 0.2, SEED, err);
  if (s == PBL_OK) s = pbl_image_create(&m->image, NULL, m->model, &m->hw, BETA, err);
  if (s != PBL_OK) return s;
  const char *parent = getenv("TMPDIR");
  snprintf(m->model_dir, sizeof m->model_dir, "%s/pbl_bench.XXXXXX", parent ? parent : "/tmp");
  if (mkdtemp(m->model_dir) == NULL) {
    m->model_dir[0] = '\0';
    return pbl_fail(err, PBL_IO, "cannot make a temporary folder");
  }
  return pbl_rbm_save(m->model, m->model_dir, err);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)st;
  (void)type;
  (void)ftw;
  return remove(path);
}

void bench_machine_release(bench_machine *m) {
  if (m->model_dir[0] != '\0') nftw(m->model_dir, remove_entry, 4, FTW_DEPTH | FTW_PHYS);
  pbl_image_destroy(m->image);
  pbl_rbm_destroy(m->model);
  *m = (bench_machine){.model = NULL};
}

/* ---- engines ---- */

/* Image, generators and states: what every run of a device starts from. */
static pbl_status load(pbl_driver *d, const bench_machine *m, pbl_error *err) {
  const size_t n = (size_t)pbl_hw_pbits(&m->hw) * BENCH_CHAINS;
  signed char *states = malloc(n);
  if (states == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory");
  for (size_t i = 0; i < n; i++) states[i] = i * 2654435761u >> 16 & 1 ? 1 : -1;
  pbl_status s = pbl_driver_upload(d, m->image, NULL, err);
  if (s == PBL_OK) s = pbl_driver_seed(d, SEED, err);
  if (s == PBL_OK) s = pbl_driver_set_state(d, states, err);
  free(states);
  return s;
}

static pbl_status open_device(bench_engine *e, pbl_device *dev, pbl_error *err) {
  const pbl_status s = pbl_driver_create(&e->driver, dev, &e->machine->hw, NULL, err);
  return s == PBL_OK ? load(e->driver, e->machine, err) : s;
}

static pbl_status open_rtl(bench_engine *e, pbl_error *err) {
  char path[PATH_MAX];
  pbl_device *dev = NULL;
  pbl_status s =
      pbl_variant_build(path, sizeof path, &e->machine->hw, NULL, e->machine->progress, err);
  if (s == PBL_OK) s = pbl_rtl_open(&dev, path, SEED, err);
  if (s != PBL_OK) return s;
  snprintf(e->detail, sizeof e->detail, "Verilated");
  return open_device(e, dev, err);
}

static pbl_status open_twin(bench_engine *e, const char *simd, pbl_error *err) {
  pbl_device *dev = NULL;
  if (simd != NULL) setenv("PBITLOOP_SIMD", simd, 1);
  if (simd == NULL) unsetenv("PBITLOOP_SIMD");
  const pbl_status s = pbl_twin_open(&dev, &e->machine->hw, err);
  if (s != PBL_OK) return s;
  snprintf(e->detail, sizeof e->detail, "%s", pbl_twin_simd(dev));
  return open_device(e, dev, err);
}

static pbl_status open_reference(bench_engine *e, pbl_error *err) {
  const pbl_reference_options opt = {.n_chains = BENCH_CHAINS,
                                     .seed = SEED,
                                     .threads = 1,
                                     .kernel = PBL_KERNEL_CYCLIC,
                                     .beta = BETA};
  snprintf(e->detail, sizeof e->detail, "float32 on OpenBLAS");
  return pbl_reference_create(&e->reference, e->machine->model, &opt, err);
}

pbl_status bench_engine_open(bench_engine *e, const char *name, bench_kind kind, const char *simd,
                             const char *peer_command, const bench_machine *m, pbl_error *err) {
  *e = (bench_engine){.name = name, .kind = kind, .machine = m, .peer_command = peer_command};
  switch (kind) {
    case BENCH_RTL:
      return open_rtl(e, err);
    case BENCH_TWIN:
      return open_twin(e, simd, err);
    case BENCH_REFERENCE:
      return open_reference(e, err);
    case BENCH_PEER:
      break;
  }
  if (peer_command != NULL) return PBL_OK;
  return pbl_fail(err, PBL_NOT_FOUND, "no Python with NumPy: apt-get install python3-numpy");
}

void bench_engine_close(bench_engine *e) {
  pbl_driver_destroy(e->driver);
  pbl_reference_destroy(e->reference);
  *e = (bench_engine){.driver = NULL};
}

/* ---- measuring ---- */

/* A process of its own, which takes its own time, so that its start does not count. */
static pbl_status run_peer(bench_engine *e, double *seconds, size_t n_sweeps, bool sampled,
                           pbl_error *err) {
  char command[2 * PATH_MAX], line[512] = "";
  snprintf(command, sizeof command, "OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 %s '%s' %g %d %zu %s",
           e->peer_command, e->machine->model_dir, BETA, (int)BENCH_CHAINS, n_sweeps,
           sampled ? "every" : "none");
  FILE *pipe = popen(command, "r");
  if (pipe == NULL) return pbl_fail(err, PBL_TOOL, "cannot start %s", e->peer_command);
  const char *got = fgets(line, sizeof line, pipe);
  const int status = pclose(pipe);
  if (got == NULL || status != 0)
    return pbl_fail(err, PBL_TOOL, "%s failed (wait status 0x%x)", e->peer_command, status);
  char *rest;
  *seconds = strtod(line, &rest);
  rest[strcspn(rest, "\n")] = '\0';
  snprintf(e->detail, sizeof e->detail, "%.*s", (int)sizeof e->detail - 1,
           rest + strspn(rest, " "));
  return PBL_OK;
}

pbl_status bench_engine_run(bench_engine *e, double *seconds, double *cpu_share, size_t n_sweeps,
                            bool sampled, pbl_error *err) {
  *cpu_share = 1;
  if (e->kind == BENCH_PEER) return run_peer(e, seconds, n_sweeps, sampled, err);
  pbl_chains *out = NULL;
  if (sampled) {
    const pbl_status s =
        pbl_chains_create(&out, BENCH_CHAINS, n_sweeps, BENCH_VISIBLE + BENCH_HIDDEN, err);
    if (s != PBL_OK) return s;
    memset(out->bits, 0, out->n_chains * out->n_draws * out->row_bytes); /* pages are there */
  }
  const double cpu = now_seconds(CLOCK_PROCESS_CPUTIME_ID), start = now_seconds(CLOCK_MONOTONIC);
  const pbl_status s = e->kind == BENCH_REFERENCE
                           ? pbl_reference_run(e->reference, out, n_sweeps, 1, NULL, err)
                           : pbl_driver_run(e->driver, out, n_sweeps, 1, NULL, err);
  *seconds = now_seconds(CLOCK_MONOTONIC) - start;
  *cpu_share = (now_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) / *seconds;
  pbl_chains_destroy(out);
  return s;
}

pbl_status bench_engine_check(bench_engine *a, bench_engine *b, pbl_error *err) {
  const size_t draws = 25;
  bench_engine *both[] = {a, b};
  pbl_chains *out[2] = {NULL, NULL};
  pbl_status s = PBL_OK;
  for (int k = 0; s == PBL_OK && k < 2; k++) {
    s = pbl_chains_create(&out[k], BENCH_CHAINS, draws, BENCH_VISIBLE + BENCH_HIDDEN, err);
    if (s == PBL_OK) s = load(both[k]->driver, both[k]->machine, err);
    if (s == PBL_OK) s = pbl_driver_run(both[k]->driver, out[k], draws, 1, NULL, err);
  }
  if (s == PBL_OK && memcmp(out[0]->bits, out[1]->bits,
                            out[0]->n_chains * out[0]->n_draws * out[0]->row_bytes) != 0)
    s = pbl_fail(err, PBL_DEVICE, "%s and %s draw different samples from one seed", a->name,
                 b->name);
  pbl_chains_destroy(out[0]);
  pbl_chains_destroy(out[1]);
  return s;
}
