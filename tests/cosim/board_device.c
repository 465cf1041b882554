/* The board in Verilator, behind the same host code as a board in silicon: driver, back-end `uio`
 * and window, against the twin. Samples, telemetry, counters and energies must be equal; the FIFOs
 * are so small that the device waits for the host all the time.
 *
 *   board_device BOARD.so
 *
 * The shared object is made by board.sh from rtl/board/pbit_board.sv: 6 x 6 p-bits, 6 replicas in 3
 * lanes. */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_driver.h"
#include "pbl_image.h"
#include "pbl_model.h"
#include "pbl_regs.h"
#include "uio_bus.h"

enum { REPLICAS = 6, PBITS = 12, DRAWS = 400, WINDOW = 7, CLOCK_NS = 10 };

typedef struct {
  uio_bus base;
  void *model;
  void (*destroy)(void *model);
  int (*write)(void *model, uint32_t address, uint32_t value);
  int (*read)(void *model, uint32_t *value, uint32_t address);
  void (*run)(void *model, uint64_t clocks);
} board_bus;

static void bus_close(uio_bus *bus) {
  board_bus *b = (board_bus *)bus;
  b->destroy(b->model);
  free(b);
}

static pbl_status bus_write(uio_bus *bus, uint32_t address, uint32_t value, pbl_error *err) {
  board_bus *b = (board_bus *)bus;
  if (b->write(b->model, address, value) == 0) return PBL_OK;
  return pbl_fail(err, PBL_DEVICE, "write of 0x%x: not answered with OKAY", address);
}

static pbl_status bus_read(uio_bus *bus, const uio_read *reads, size_t n, pbl_error *err) {
  board_bus *b = (board_bus *)bus;
  for (size_t k = 0; k < n; k++)
    for (uint32_t i = 0; i < reads[k].count; i++)
      if (b->read(b->model, &reads[k].values[i], reads[k].address) != 0)
        return pbl_fail(err, PBL_DEVICE, "read of 0x%x: not answered with OKAY", reads[k].address);
  return PBL_OK;
}

static pbl_status bus_wait(uio_bus *bus, uint64_t ns, pbl_error *err) {
  board_bus *b = (board_bus *)bus;
  (void)err;
  b->run(b->model, ns / CLOCK_NS);
  return PBL_OK;
}

static const uio_bus_ops bus_ops = {
    .close = bus_close, .write = bus_write, .read = bus_read, .wait = bus_wait};

static pbl_status open_board(pbl_device **out, const char *path, pbl_error *err) {
  void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void *(*create)(void) = NULL;
  board_bus *b = calloc(1, sizeof *b);
  if (!b) return pbl_fail(err, PBL_NO_MEMORY, "no memory");
  b->base.ops = &bus_ops;
  snprintf(b->base.name, sizeof b->base.name, "verilated");
  if (object) {
    *(void **)&create = dlsym(object, "board_create");
    *(void **)&b->destroy = dlsym(object, "board_destroy");
    *(void **)&b->write = dlsym(object, "board_write");
    *(void **)&b->read = dlsym(object, "board_read");
    *(void **)&b->run = dlsym(object, "board_run");
  }
  if (!create) {
    free(b);
    return pbl_fail(err, PBL_NOT_FOUND, "%s: %s", path, dlerror());
  }
  b->model = create();
  return uio_open_bus(out, &b->base, 1000, err);
}

typedef struct {
  pbl_driver *driver;
  pbl_chains *chains;
  pbl_window_log log;
  pbl_driver_counters counters;
  int64_t energy[REPLICAS];
} side;

static pbl_status run(side *s, pbl_device *dev, const pbl_image *image, pbl_error *err) {
  signed char states[REPLICAS * PBITS];
  const pbl_regulator_words words = {.mode = PBL_REGULATOR_HOST,
                                     .telemetry = true,
                                     .window_sweeps = WINDOW,
                                     .rate_scale = 1,
                                     .lambda_min = -(1 << 24),
                                     .lambda_max = 1 << 24,
                                     .t_min = 1 << 22,
                                     .t_max = 1 << 26};
  const pbl_driver_options opt = {.timeout_cycles = 100000000};
  for (size_t k = 0; k < sizeof states; k++) states[k] = k % 3 ? 1 : -1;
  pbl_status st = pbl_driver_create(&s->driver, dev, &image->hw, &opt, err);
  if (!st) st = pbl_driver_upload(s->driver, image, NULL, err);
  if (!st) st = pbl_driver_seed(s->driver, 5, err);
  if (!st) st = pbl_driver_set_state(s->driver, states, err);
  if (!st) st = pbl_driver_set_regulator(s->driver, &words, err);
  if (!st) st = pbl_chains_create(&s->chains, REPLICAS, DRAWS, PBITS, err);
  if (!st) pbl_driver_set_window_log(s->driver, &s->log);
  if (!st) st = pbl_driver_run(s->driver, s->chains, DRAWS, 1, NULL, err);
  if (!st) st = pbl_driver_counters_read(s->driver, &s->counters, err);
  return st ? st : pbl_driver_energy(s->driver, s->energy, err);
}

static int compare(const side *a, const side *b) {
  int n = 0;
  for (size_t r = 0; r < REPLICAS; r++)
    for (size_t t = 0; t < DRAWS; t++)
      n += memcmp(pbl_chains_row(a->chains, r, t), pbl_chains_row(b->chains, r, t),
                  a->chains->row_bytes) != 0;
  printf("%d of %d rows differ\n", n, REPLICAS * DRAWS);
  const int rows = n;
  n += a->log.n != b->log.n || a->log.n != DRAWS / WINDOW ||
       memcmp(a->log.items, b->log.items, a->log.n * sizeof *a->log.items) != 0;
  printf("%zu and %zu windows, %s\n", a->log.n, b->log.n, n > rows ? "DIFFERENT" : "equal");
  n += a->counters.flips != b->counters.flips || a->counters.sweeps != b->counters.sweeps ||
       a->counters.samples != b->counters.samples ||
       a->counters.busy_cycles != b->counters.busy_cycles ||
       memcmp(a->energy, b->energy, sizeof a->energy) != 0;
  printf("busy cycles %" PRIu64 " and %" PRIu64 ", flips %" PRIu64 " and %" PRIu64
         ", stalled %" PRIu64 " and %" PRIu64 "\n",
         a->counters.busy_cycles, b->counters.busy_cycles, a->counters.flips, b->counters.flips,
         a->counters.stall_cycles, b->counters.stall_cycles);
  if (a->counters.stall_cycles == 0) {
    printf("the board never waited: the FIFOs were not tried\n");
    n++;
  }
  return n;
}

static void release(side *s) {
  pbl_driver_destroy(s->driver);
  pbl_chains_destroy(s->chains);
  pbl_window_log_free(&s->log);
}

/* A bus error is counted by the board, told once, and does not stay. */
static int check_bus_error(pbl_device *dev) {
  pbl_error err = {0};
  uint32_t value = 0;
  dev->ops->write32(dev, 0xFF0, 1, NULL);
  const int wrong = dev->ops->read32(dev, &value, PBL_REG_ID, &err) != PBL_DEVICE ||
                    !strstr(err.message, "write of register 0xff0: bus error") ||
                    dev->ops->read32(dev, &value, PBL_REG_ID, &err) != PBL_OK ||
                    value != PBL_RESET_ID;
  if (wrong) printf("bus error: %s\n", err.message);
  return wrong;
}

int main(int argc, char **argv) {
  pbl_error err = {0};
  pbl_device *dev[2] = {NULL, NULL};
  side sides[2] = {{.driver = NULL}, {.driver = NULL}};
  pbl_rbm *model = NULL;
  pbl_image *image = NULL;
  pbl_hw hw = pbl_hw_default();
  hw.replicas = REPLICAS;
  hw.lanes = REPLICAS / 2;
  hw.field_bits = 32;
  if (argc != 2) return 2;
  pbl_status st = pbl_rbm_random(&model, 6, 6, 0.5, 0.2, 1, &err);
  if (!st) st = pbl_image_create(&image, NULL, model, &hw, 1.0, &err);
  if (!st) st = open_board(&dev[0], argv[1], &err);
  if (!st) st = pbl_twin_open(&dev[1], &hw, &err);
  int failed = !st ? check_bus_error(dev[0]) : 0;
  for (int k = 0; !st && k < 2; k++) st = run(&sides[k], dev[k], image, &err);
  if (!st) failed += compare(&sides[0], &sides[1]);
  if (st) fprintf(stderr, "board_device: %s\n", err.message);
  for (int k = 0; k < 2; k++) release(&sides[k]);
  pbl_image_destroy(image);
  pbl_rbm_destroy(model);
  printf("%s\n", st || failed ? "FAIL" : "PASS");
  return st || failed;
}
