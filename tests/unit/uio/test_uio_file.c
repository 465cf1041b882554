/* Back-end `uio` against a server in another process: what is equal to a twin here, what is told of
 * servers and devices that fail, and what a server makes of nonsense. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pbl_board_regs.h"
#include "pbl_driver.h"
#include "pbl_image.h"
#include "pbl_model.h"
#include "pbl_progress.h"
#include "pbl_regs.h"
#include "pbl_uio.h"
#include "pbl_uio_server.h"
#include "uio_bus.h"
#include "uio_mailbox.h"
#include "uio_rig.h"

typedef pbl_status (*opener)(void *user, pbl_device **out, pbl_error *err);

static struct {
  pid_t server;
  char path[600];
  pbl_device *dev;
  pbl_error err;
} the;

static void tell(void *user, const char *path) {
  (void)path;
  if (write(*(int *)user, "r", 1) != 1) _exit(9);
}

static void on_term(int signal_number) {
  (void)signal_number;
  pbl_progress_request_stop();
}

static int start_server(opener open) {
  int ends[2];
  char byte;
  if (pipe(ends) != 0) return -1;
  the.server = fork();
  if (the.server == 0) {
    const pbl_uio_server_options o = {
        .path = the.path, .open = open, .user = &ends[1], .ready = tell};
    alarm(60);
    signal(SIGTERM, on_term);
    _exit(pbl_uio_serve(&o, NULL) == PBL_OK ? 0 : 1);
  }
  close(ends[1]);
  const int started = read(ends[0], &byte, 1) == 1 ? 0 : -1;
  close(ends[0]);
  return started;
}

static void kill_server(void) {
  if (the.server > 0) {
    kill(the.server, SIGKILL);
    waitpid(the.server, NULL, 0);
  }
  the.server = 0;
}

static int set_up_with(opener open) {
  memset(&the, 0, sizeof the);
  snprintf(the.path, sizeof the.path, "%s", scratch_path("dev"));
  return start_server(open);
}

static int set_up(void **state) {
  (void)state;
  return set_up_with(rig_open_twin);
}

static int set_up_endless(void **state) {
  (void)state;
  return set_up_with(rig_open_endless);
}

static int tear_down(void **state) {
  (void)state;
  if (the.dev) the.dev->ops->close(the.dev);
  kill_server();
  unlink(the.path);
  return 0;
}

static void open_board(int timeout_ms) {
  const pbl_uio_options o = {.timeout_ms = timeout_ms};
  if (pbl_uio_open(&the.dev, the.path, &o, &the.err)) fail_msg("%s", the.err.message);
}

static void assert_says(const char *text) {
  if (!strstr(the.err.message, text)) fail_msg("no '%s' in: %s", text, the.err.message);
}

static size_t all_words(pbl_device *dev, uint32_t *words, uint8_t *last, size_t most) {
  size_t n = 0, total = 0;
  do {
    assert_int_equal(
        dev->ops->stream_read(dev, words + total, last + total, most - total, &n, NULL), PBL_OK);
    total += n;
  } while (n > 0);
  return total;
}

/* 3000 frames of 2 words: more than the FIFO holds, more than one transaction pops. */
static void a_run_gives_the_words_and_counters_of_a_twin(void **state) {
  (void)state;
  enum { SWEEPS = 3000, MOST = 2 * SWEEPS + 100 };
  static const uint32_t counters[] = {PBL_REG_SWEEP_COUNT_LO, PBL_REG_FLIPS_LO,
                                      PBL_REG_BUSY_CYCLES_LO, PBL_REG_SAMPLES_LO,
                                      PBL_REG_STALL_CYCLES_LO};
  static uint32_t words[2][MOST];
  static uint8_t last[2][MOST];
  pbl_device *dev[2] = {NULL, NULL};
  open_board(0);
  dev[1] = the.dev;
  assert_int_equal(rig_open_twin(NULL, &dev[0], NULL), PBL_OK);
  for (int k = 0; k < 2; k++) {
    size_t n = 0;
    rig_load(dev[k], 7);
    rig_start(dev[k], SWEEPS);
    for (int round = 0; round < 100000 && n < 2 * SWEEPS; round++) {
      assert_int_equal(dev[k]->ops->advance(dev[k], 5000, NULL), PBL_OK);
      n += all_words(dev[k], words[k] + n, last[k] + n, MOST - n);
    }
    assert_int_equal(n, 2 * SWEEPS);
    assert_true(dev[k]->ops->irq(dev[k]));
  }
  assert_memory_equal(words[0], words[1], 2 * SWEEPS * 4);
  assert_memory_equal(last[0], last[1], 2 * SWEEPS);
  for (size_t k = 0; k < sizeof counters / sizeof *counters; k++) {
    uint32_t v[2];
    for (int j = 0; j < 2; j++)
      assert_int_equal(dev[j]->ops->read32(dev[j], &v[j], counters[k], NULL), PBL_OK);
    assert_int_equal(v[0], v[1]);
  }
  dev[0]->ops->close(dev[0]);
}

static void an_idle_board_lets_so_many_clocks_pass(void **state) {
  (void)state;
  open_board(0);
  const pbl_device_ops *ops = the.dev->ops;
  const uint64_t before = ops->cycles(the.dev), ns = uio_now_ns();
  assert_int_equal(ops->advance(the.dev, 1000000, &the.err), PBL_OK);
  assert_true(ops->cycles(the.dev) - before >= 1000000);
  assert_true(uio_now_ns() - ns >= 9000000); /* at 100 MHz, and the counter began earlier */
}

static void the_error_of_a_posted_write_is_that_of_the_next_call(void **state) {
  (void)state;
  uint32_t value = 0;
  size_t n = 0;
  open_board(0);
  const pbl_device_ops *ops = the.dev->ops;
  assert_int_equal(ops->write32(the.dev, 0xFF0, 1, &the.err), PBL_OK);
  assert_int_equal(ops->read32(the.dev, &value, PBL_REG_ID, &the.err), PBL_DEVICE);
  assert_says("write of register 0xff0: bus error");
  assert_int_equal(ops->read32(the.dev, &value, PBL_REG_ID, &the.err), PBL_OK);
  assert_int_equal(value, PBL_RESET_ID);
  ops->write32(the.dev, 0xFF4, 1, NULL);
  assert_int_equal(ops->advance(the.dev, 10, &the.err), PBL_DEVICE);
  ops->write32(the.dev, 0xFF8, 1, NULL);
  assert_int_equal(ops->stream_read(the.dev, &value, NULL, 1, &n, &the.err), PBL_DEVICE);
  assert_says("0xff8");
  assert_int_equal(ops->read32(the.dev, &value, 0xFFC, &the.err), PBL_DEVICE);
  assert_says("read of register 0xffc");
  assert_int_equal(ops->read32(the.dev, &value, PBL_BOARD_ID, &the.err), PBL_DEVICE);
  assert_int_equal(ops->write32(the.dev, 6, 1, &the.err), PBL_DEVICE);
  assert_int_equal(pbl_device_trace_read(the.dev, &value, NULL, 1, &n, &the.err), PBL_DEVICE);
  assert_says("without a trace stream");
}

static void a_client_that_dies_in_a_run_leaves_a_fresh_device(void **state) {
  (void)state;
  uint32_t status = 0;
  const pid_t child = fork();
  if (child == 0) {
    pbl_device *dev = NULL;
    if (pbl_uio_open(&dev, the.path, NULL, NULL)) _exit(1);
    rig_load(dev, 9);
    rig_start(dev, 1000000);
    if (dev->ops->advance(dev, 1000, NULL)) _exit(2);
    kill(getpid(), SIGKILL);
  }
  int ended = 0;
  waitpid(child, &ended, 0);
  assert_true(WIFSIGNALED(ended));
  open_board(0);
  assert_int_equal(the.dev->ops->read32(the.dev, &status, PBL_REG_STATUS, NULL), PBL_OK);
  assert_int_equal(status & PBL_STATUS_BUSY_MASK, 0);
  pbl_device *second = NULL;
  assert_int_equal(pbl_uio_open(&second, the.path, NULL, &the.err), PBL_DEVICE);
  assert_says("another program uses");
}

static void a_killed_server_is_an_error_of_every_call(void **state) {
  (void)state;
  uint32_t value;
  size_t n;
  open_board(0);
  kill_server();
  const pbl_device_ops *ops = the.dev->ops;
  for (int k = 0; k < 2; k++) {
    assert_int_equal(ops->advance(the.dev, 10, &the.err), PBL_IO);
    assert_says("has ended or was killed");
  }
  assert_int_equal(ops->write32(the.dev, 8, 1, &the.err), PBL_IO);
  assert_int_equal(ops->stream_read(the.dev, &value, NULL, 1, &n, &the.err), PBL_IO);
  (void)ops->cycles(the.dev);
  assert_false(ops->irq(the.dev));
  ops->close(the.dev);
  the.dev = NULL;
  assert_int_equal(pbl_uio_open(&the.dev, the.path, NULL, &the.err), PBL_NOT_FOUND);
  assert_says("no server is behind");
  assert_int_equal(start_server(rig_open_twin), 0); /* takes the file over */
  open_board(0);
}

/* The client of the killed server has its file still mapped. */
static void a_new_server_leaves_the_client_of_the_old_one_alone(void **state) {
  (void)state;
  uint32_t value;
  open_board(0);
  kill_server();
  assert_int_equal(start_server(rig_open_twin), 0);
  assert_int_equal(the.dev->ops->read32(the.dev, &value, PBL_REG_ID, &the.err), PBL_IO);
  assert_says("has ended or was killed");
}

static void a_file_that_is_cut_off_is_an_error_of_both_sides(void **state) {
  (void)state;
  uint32_t value = 0;
  int ended = 0;
  open_board(0);
  assert_int_equal(truncate(the.path, 0), 0);
  assert_int_equal(the.dev->ops->read32(the.dev, &value, PBL_REG_ID, &the.err), PBL_IO);
  assert_says("was cut off");
  assert_int_equal(waitpid(the.server, &ended, 0), the.server);
  the.server = 0;
  assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 1);
}

static void a_server_removes_no_file_but_its_own(void **state) {
  (void)state;
  int ended = 0;
  unlink(the.path);
  const pid_t first = the.server;
  assert_int_equal(start_server(rig_open_twin), 0);
  assert_int_equal(kill(first, SIGTERM), 0);
  assert_int_equal(waitpid(first, &ended, 0), first);
  assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
  open_board(0);
}

static void a_server_that_stands_still_is_a_timeout(void **state) {
  (void)state;
  open_board(200);
  kill(the.server, SIGSTOP);
  const uint64_t ns = uio_now_ns();
  assert_int_equal(the.dev->ops->advance(the.dev, 10, &the.err), PBL_TIMEOUT);
  assert_says("has not answered for 200 ms");
  assert_true(uio_now_ns() - ns >= 200000000);
  assert_int_equal(the.dev->ops->advance(the.dev, 10, &the.err), PBL_TIMEOUT); /* at once */
}

/* The board's clock runs on, so it is the driver that gives up, and names what was late. */
static void a_device_that_never_ends_is_a_timeout_of_the_driver(void **state) {
  (void)state;
  const pbl_hw hw = rig_hw();
  const pbl_driver_options opt = {.timeout_cycles = 200000};
  pbl_driver *d = NULL;
  pbl_rbm *model = NULL;
  pbl_image *image = NULL;
  pbl_chains *chains = NULL;
  signed char states[12 * 4];
  memset(states, 1, sizeof states);
  assert_int_equal(pbl_rbm_random(&model, 6, 6, 0.1, 0.1, 1, NULL), PBL_OK);
  assert_int_equal(pbl_image_create(&image, NULL, model, &hw, 1.0, NULL), PBL_OK);
  assert_int_equal(pbl_chains_create(&chains, 4, 10, 12, NULL), PBL_OK);
  open_board(0);
  assert_int_equal(pbl_driver_create(&d, the.dev, &hw, &opt, &the.err), PBL_OK);
  the.dev = NULL;
  assert_int_equal(pbl_driver_upload(d, image, NULL, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_seed(d, 1, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_set_state(d, states, &the.err), PBL_OK);
  assert_int_equal(pbl_driver_run(d, chains, 10, 1, NULL, &the.err), PBL_TIMEOUT);
  assert_says("uio device: end of the run: no STATUS.DONE for 2");
  assert_int_equal(chains->n_recorded, 10); /* what came is kept */
  pbl_driver_destroy(d);
  pbl_chains_destroy(chains);
  pbl_image_destroy(image);
  pbl_rbm_destroy(model);
}

/* Requests that no program of ours writes. */
static void nonsense_is_refused_and_the_server_stays(void **state) {
  (void)state;
  const uint32_t bad[][3] = {
      {1, 0, 0},                     /* half an access */
      {UIO_MAILBOX_WORDS + 2, 0, 0}, /* more than there is room for */
      {0xFFFFFFFE, 0, 0},            /* the same */
      {2, 0x2000, 1},                /* beyond the window */
      {2, 2, 1},                     /* no such access */
      {2, 0, UIO_MAILBOX_WORDS + 1}, /* an answer that does not fit */
      {2, 0, 0xFFFFFFFF},            /* the same */
  };
  const int fd = open(the.path, O_RDWR);
  uio_mailbox *box = mmap(NULL, sizeof *box, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  assert_true(box != MAP_FAILED);
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
    const uint32_t request = atomic_load(&box->request) + 1;
    box->n_in = bad[k][0];
    box->in[0] = bad[k][1];
    box->in[1] = bad[k][2];
    atomic_store(&box->request, request);
    uio_futex_wake(&box->request);
    const uint64_t ns = uio_now_ns();
    while (atomic_load(&box->reply) != request && uio_now_ns() - ns < 10000000000u)
      uio_futex_wait(&box->reply, request - 1, 1000000);
    assert_int_equal(atomic_load(&box->reply), request);
    assert_int_equal(box->status, PBL_FORMAT);
    assert_non_null(strstr(box->message, "cut or too long"));
  }
  munmap(box, sizeof *box);
  close(fd);
  open_board(0);
}

static void files_that_are_no_devices_are_refused(void **state) {
  (void)state;
  char path[600];
  snprintf(path, sizeof path, "%s", scratch_path("plain"));
  FILE *f = fopen(path, "w");
  fputs("some text", f);
  fclose(f);
  assert_int_equal(pbl_uio_open(&the.dev, path, NULL, &the.err), PBL_FORMAT);
  assert_says("is a plain file");
  const pbl_uio_server_options o = {.path = path, .open = rig_open_twin};
  assert_int_equal(pbl_uio_serve(&o, &the.err), PBL_CONFIG);
  assert_says("is there and is not a device file");
  f = fopen(path, "w");
  fputs(UIO_MAILBOX_MAGIC "\7", f);
  fclose(f);
  assert_int_equal(pbl_uio_open(&the.dev, path, NULL, &the.err), PBL_FORMAT);
  assert_says("version");
  unlink(path);
  assert_int_equal(pbl_uio_open(&the.dev, path, NULL, &the.err), PBL_NOT_FOUND);
  assert_says("serve --file");
  const pbl_uio_server_options twice = {.path = the.path, .open = rig_open_twin};
  assert_int_equal(pbl_uio_serve(&twice, &the.err), PBL_DEVICE);
  assert_says("another server");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(a_run_gives_the_words_and_counters_of_a_twin),
      TEST(an_idle_board_lets_so_many_clocks_pass),
      TEST(the_error_of_a_posted_write_is_that_of_the_next_call),
      TEST(a_client_that_dies_in_a_run_leaves_a_fresh_device),
      TEST(a_killed_server_is_an_error_of_every_call),
      TEST(a_new_server_leaves_the_client_of_the_old_one_alone),
      TEST(a_file_that_is_cut_off_is_an_error_of_both_sides),
      TEST(a_server_removes_no_file_but_its_own),
      TEST(a_server_that_stands_still_is_a_timeout),
      cmocka_unit_test_setup_teardown(a_device_that_never_ends_is_a_timeout_of_the_driver,
                                      set_up_endless, tear_down),
      TEST(nonsense_is_refused_and_the_server_stays),
      TEST(files_that_are_no_devices_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
