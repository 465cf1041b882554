/* Boards of userspace I/O: plain files in place of /dev and of sysfs, and a process in place of the
 * logic behind the window. */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pbl_board_regs.h"
#include "pbl_regs.h"
#include "pbl_uio.h"
#include "uio_bus.h"
#include "uio_rig.h"

static struct {
  char root[512];
  volatile uint32_t *window; /* of uio3 */
  pid_t logic;
  pbl_device *dev;
  pbl_error err;
} the;

static void put_file(const char *path, const char *text) {
  char whole[700];
  snprintf(whole, sizeof whole, "%s/%s", the.root, path);
  FILE *f = fopen(whole, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static void put_folder(const char *path) {
  char whole[700];
  snprintf(whole, sizeof whole, "%s/%s", the.root, path);
  assert_int_equal(mkdir(whole, 0700), 0);
}

static void put_board(const char *entry, const char *name, const char *size) {
  char path[100];
  snprintf(path, sizeof path, "sys/%s", entry);
  put_folder(path);
  snprintf(path, sizeof path, "sys/%s/name", entry);
  put_file(path, name);
  snprintf(path, sizeof path, "sys/%s/maps", entry);
  put_folder(path);
  snprintf(path, sizeof path, "sys/%s/maps/map0", entry);
  put_folder(path);
  snprintf(path, sizeof path, "sys/%s/maps/map0/size", entry);
  put_file(path, size);
  snprintf(path, sizeof path, "sys/%s/maps/map0/offset", entry);
  put_file(path, "0x0\n");
  snprintf(path, sizeof path, "dev/%s", entry);
  put_file(path, "");
}

static int set_up(void **state) {
  char path[700];
  (void)state;
  memset(&the, 0, sizeof the);
  snprintf(the.root, sizeof the.root, "%s", scratch_path("root"));
  if (mkdir(the.root, 0700) != 0) return -1;
  put_folder("sys");
  put_folder("dev");
  put_board("uio0", "gpio\n", "0x1000\n");
  put_board("uio3", "pbit\n", "0x2000\n");
  put_board("uio4", "twice\n", "0x2000\n");
  put_board("uio5", "twice\n", "0x2000\n");
  snprintf(path, sizeof path, "%s/dev/uio3", the.root);
  const int fd = open(path, O_RDWR);
  if (fd < 0 || ftruncate(fd, PBL_BOARD_WINDOW_BYTES) != 0) return -1;
  the.window = mmap(NULL, PBL_BOARD_WINDOW_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  return the.window == MAP_FAILED ? -1 : 0;
}

static int tear_down(void **state) {
  (void)state;
  if (the.dev) the.dev->ops->close(the.dev);
  if (the.logic > 0) {
    kill(the.logic, SIGKILL);
    waitpid(the.logic, NULL, 0);
  }
  munmap((void *)(uintptr_t)the.window, PBL_BOARD_WINDOW_BYTES);
  return nftw(the.root, scratch_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static pbl_status open_board(const char *where) {
  char sysfs[600], dev_folder[600];
  snprintf(sysfs, sizeof sysfs, "%s/sys", the.root);
  snprintf(dev_folder, sizeof dev_folder, "%s/dev", the.root);
  const pbl_uio_options o = {.sysfs = sysfs, .dev_folder = dev_folder, .timeout_ms = 200};
  return pbl_uio_open(&the.dev, where, &o, &the.err);
}

static void assert_says(const char *text) {
  if (!strstr(the.err.message, text)) fail_msg("no '%s' in: %s", text, the.err.message);
}

static void fill_in(uint32_t version) {
  the.window[PBL_REG_ID / 4] = PBL_RESET_ID;
  the.window[PBL_BOARD_ID / 4] = PBL_BOARD_ID_VALUE;
  the.window[PBL_BOARD_VERSION / 4] = version;
  the.window[PBL_BOARD_CLOCK_HZ / 4] = 50000000;
}

/* Ends a reset, and with `counts` lets the counter run: 1000 clocks at a time. */
static void start_logic(int counts) {
  the.logic = fork();
  if (the.logic != 0) return;
  alarm(60);
  for (;;) {
    if (the.window[PBL_BOARD_CONTROL / 4]) the.window[PBL_BOARD_CONTROL / 4] = 0;
    if (counts) the.window[PBL_BOARD_CYCLES_LO / 4] += 1000;
    usleep(20);
  }
}

typedef struct {
  size_t n;
  pbl_uio_board boards[8];
} listed;

static void keep(void *context, const pbl_uio_board *board) {
  listed *l = context;
  if (l->n < 8) l->boards[l->n++] = *board;
}

static void boards_are_listed_and_not_touched(void **state) {
  (void)state;
  char sysfs[600], dev_folder[600], path[700];
  listed l = {0};
  snprintf(sysfs, sizeof sysfs, "%s/sys", the.root);
  snprintf(dev_folder, sizeof dev_folder, "%s/dev", the.root);
  snprintf(path, sizeof path, "%s/dev/uio5", the.root);
  unlink(path);
  put_board("uio12", "far\033\n", "0x4000\n");
  put_folder("sys/uiox");
  const pbl_uio_options o = {.sysfs = sysfs, .dev_folder = dev_folder};
  assert_int_equal(pbl_uio_list(&o, keep, &l, &the.err), PBL_OK);
  assert_int_equal(l.n, 5);
  static const char *const wheres[] = {"0", "3", "4", "5", "12"};
  static const char *const names[] = {"gpio", "pbit", "twice", "twice", "far?"};
  static const pbl_uio_state states[] = {PBL_UIO_TOO_SMALL, PBL_UIO_THERE, PBL_UIO_THERE,
                                         PBL_UIO_NO_ACCESS, PBL_UIO_THERE};
  for (size_t k = 0; k < l.n; k++) {
    assert_string_equal(l.boards[k].where, wheres[k]);
    assert_string_equal(l.boards[k].name, names[k]);
    assert_int_equal(l.boards[k].state, states[k]);
  }
  assert_int_equal(l.boards[1].bytes, 0x2000);
  assert_int_equal(the.window[PBL_BOARD_CONTROL / 4], 0);
  const pbl_uio_options none = {.sysfs = "/no/such/folder"};
  l.n = 0;
  assert_int_equal(pbl_uio_list(&none, keep, &l, &the.err), PBL_OK);
  assert_int_equal(l.n, 0);
}

static void boards_are_found_by_number_and_name(void **state) {
  (void)state;
  start_logic(1);
  for (int k = 0; k < 2; k++) {
    fill_in(PBL_BOARD_VERSION_VALUE);
    if (open_board(k ? "pbit" : "3")) fail_msg("%s", the.err.message);
    uint32_t value = 0;
    assert_int_equal(the.dev->ops->read32(the.dev, &value, PBL_REG_ID, NULL), PBL_OK);
    assert_int_equal(value, PBL_RESET_ID);
    assert_int_equal(the.dev->ops->write32(the.dev, PBL_REG_SCRATCH, 42, NULL), PBL_OK);
    assert_int_equal(the.window[PBL_REG_SCRATCH / 4], 42);
    assert_int_equal(the.window[PBL_BOARD_IRQ_ENABLE / 4], 15);
    const uint64_t before = the.dev->ops->cycles(the.dev);
    assert_int_equal(the.dev->ops->advance(the.dev, 20000, &the.err), PBL_OK);
    assert_true(the.dev->ops->cycles(the.dev) - before >= 20000);
    the.dev->ops->close(the.dev);
    the.dev = NULL;
    assert_int_equal(the.window[PBL_BOARD_IRQ_ENABLE / 4], 0);
  }
}

static void boards_that_cannot_be_are_refused_by_name(void **state) {
  (void)state;
  assert_int_equal(open_board("7"), PBL_NOT_FOUND);
  assert_says("uio_pdrv_genirq");
  assert_int_equal(open_board("dma"), PBL_NOT_FOUND);
  assert_says("no UIO device has the name 'dma'");
  assert_says("uio3 (pbit)");
  assert_int_equal(open_board("twice"), PBL_NOT_FOUND);
  assert_says("more than one");
  assert_int_equal(open_board("gpio"), PBL_DEVICE);
  assert_says("map 0 has 4096 bytes");
  assert_int_equal(open_board(""), PBL_CONFIG);
  assert_int_equal(open_board("/"), PBL_IO);
}

static void what_is_behind_the_window_is_checked(void **state) {
  (void)state;
  assert_int_equal(open_board("3"), PBL_DEVICE);
  assert_says("0x00000000, expected 0x50425244");
  the.window[PBL_REG_ID / 4] = PBL_RESET_ID;
  assert_int_equal(open_board("3"), PBL_DEVICE);
  assert_says("a bare pbit_top answers");
  fill_in(0x00020000);
  assert_int_equal(open_board("3"), PBL_DEVICE);
  assert_says("BOARD_VERSION is 2.0");
  fill_in(0x00010007); /* a later minor version only adds */
  assert_int_equal(open_board("3"), PBL_TIMEOUT);
  assert_says("in reset for 200 ms");
}

static void a_clock_that_stands_still_is_a_timeout(void **state) {
  (void)state;
  fill_in(PBL_BOARD_VERSION_VALUE);
  start_logic(0);
  if (open_board("pbit")) fail_msg("%s", the.err.message);
  const uint64_t ns = uio_now_ns();
  assert_int_equal(the.dev->ops->advance(the.dev, 1000000000, &the.err), PBL_TIMEOUT);
  assert_says("cycle counter has stood at 0 for 200 ms");
  assert_true(uio_now_ns() - ns < 2000000000);
  /* and the registers are what they were */
  assert_int_equal(the.window[PBL_REG_ID / 4], PBL_RESET_ID);
  assert_int_equal(the.window[PBL_BOARD_IRQ / 4], 0);
}

static void bus_errors_of_the_board_are_named(void **state) {
  (void)state;
  uint32_t value = 0;
  fill_in(PBL_BOARD_VERSION_VALUE);
  start_logic(1);
  if (open_board("pbit")) fail_msg("%s", the.err.message);
  the.window[PBL_BOARD_BUS_ERROR_AT / 4] = 0x80000ABC;
  the.window[PBL_BOARD_BUS_ERRORS / 4] = 1;
  assert_int_equal(the.dev->ops->read32(the.dev, &value, PBL_REG_ID, &the.err), PBL_DEVICE);
  assert_says("write of register 0xabc: bus error");
  assert_int_equal(the.window[PBL_BOARD_BUS_ERRORS / 4], 0);
  the.window[(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_DEPTH) / 4] = 0;
  the.window[(PBL_BOARD_FIFO(0) + PBL_BOARD_FIFO_COUNT) / 4] = 5;
  size_t n = 0;
  assert_int_equal(the.dev->ops->stream_read(the.dev, &value, NULL, 1, &n, &the.err), PBL_DEVICE);
  assert_says("without a sample stream");
}

static void a_board_serves_one_program(void **state) {
  (void)state;
  char path[700];
  snprintf(path, sizeof path, "%s/dev/uio3", the.root);
  const int fd = open(path, O_RDWR);
  assert_int_equal(flock(fd, LOCK_EX), 0);
  fill_in(PBL_BOARD_VERSION_VALUE);
  assert_int_equal(open_board("3"), PBL_DEVICE);
  assert_says("another program uses this device");
  close(fd);
}

/* A board whose interrupt is up is waited for no longer than it is up. */
static void an_interrupt_ends_an_advance(void **state) {
  (void)state;
  fill_in(PBL_BOARD_VERSION_VALUE);
  start_logic(1);
  if (open_board("3")) fail_msg("%s", the.err.message);
  the.window[PBL_BOARD_IRQ / 4] = PBL_BOARD_IRQ_DEVICE;
  assert_true(the.dev->ops->irq(the.dev));
  const uint64_t before = the.dev->ops->cycles(the.dev);
  assert_int_equal(the.dev->ops->advance(the.dev, 1000000000, &the.err), PBL_OK);
  assert_true(the.dev->ops->cycles(the.dev) - before < 1000000000);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(boards_are_listed_and_not_touched),
      TEST(boards_are_found_by_number_and_name),
      TEST(boards_that_cannot_be_are_refused_by_name),
      TEST(what_is_behind_the_window_is_checked),
      TEST(a_clock_that_stands_still_is_a_timeout),
      TEST(bus_errors_of_the_board_are_named),
      TEST(a_board_serves_one_program),
      TEST(an_interrupt_ends_an_advance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
