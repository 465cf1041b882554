/* Back-end `remote` against a server in another process: the same calls give the same words and
 * clocks as on a twin of this process, and what happens when one of the two is lost. */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hil_rig.h"
#include "pbl_hil.h"
#include "pbl_hil_server.h"
#include "pbl_regs.h"
#include "pbl_rng.h"
#include "pbl_twin.h"

typedef struct {
  pid_t server;
  char address[600];
  int ready; /* pipe: the server's child writes a byte when it listens */
  pbl_device *dev;
  pbl_error err;
} bench;

static bench the;

static void tell(void *user, const char *address) {
  (void)address;
  if (write(*(int *)user, "r", 1) != 1) _exit(9);
}

static void start_server(void) {
  int ends[2];
  char byte;
  assert_int_equal(pipe(ends), 0);
  the.server = fork();
  if (the.server == 0) {
    const pbl_hil_server_options o = {.listen = the.address,
                                      .device = "twin",
                                      .open = rig_open_twin,
                                      .user = &ends[1],
                                      .ready = tell};
    alarm(60);
    _exit(pbl_hil_serve(&o, NULL) == PBL_OK ? 0 : 1);
  }
  close(ends[1]);
  assert_int_equal(read(ends[0], &byte, 1), 1);
  close(ends[0]);
}

static void kill_server(void) {
  if (the.server > 0) {
    kill(the.server, SIGKILL);
    waitpid(the.server, NULL, 0);
  }
  the.server = 0;
}

static pbl_hw small(void) {
  pbl_hw hw = pbl_hw_default();
  hw.replicas = hw.lanes = 4;
  return hw;
}

static int set_up(void **state) {
  (void)state;
  memset(&the, 0, sizeof the);
  snprintf(the.address, sizeof the.address, "unix:%s", scratch_path("s"));
  start_server();
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  if (the.dev) the.dev->ops->close(the.dev);
  kill_server();
  return 0;
}

static void open_remote(const pbl_hw *hw) {
  if (pbl_hil_open(&the.dev, the.address, hw, NULL, &the.err)) fail_msg("%s", the.err.message);
}

static void assert_says(const char *text) {
  if (!strstr(the.err.message, text)) fail_msg("no '%s' in: %s", text, the.err.message);
}

/* ---- the same as a twin here ---- */

typedef struct {
  pbl_device *dev[2]; /* twin, remote */
  pbl_xoshiro rng;
} pair;

static void both_write(pair *p, uint32_t address, uint32_t value) {
  for (int k = 0; k < 2; k++)
    assert_int_equal(p->dev[k]->ops->write32(p->dev[k], address, value, NULL), PBL_OK);
}

static uint32_t both_read(pair *p, uint32_t address) {
  uint32_t v[2];
  for (int k = 0; k < 2; k++)
    assert_int_equal(p->dev[k]->ops->read32(p->dev[k], &v[k], address, NULL), PBL_OK);
  assert_int_equal(v[0], v[1]);
  return v[0];
}

static void both_advance(pair *p, uint64_t cycles) {
  for (int k = 0; k < 2; k++)
    assert_int_equal(p->dev[k]->ops->advance(p->dev[k], cycles, NULL), PBL_OK);
}

static size_t both_stream(pair *p, size_t most) {
  uint32_t words[2][512];
  uint8_t last[2][512];
  size_t n[2];
  for (int k = 0; k < 2; k++)
    assert_int_equal(p->dev[k]->ops->stream_read(p->dev[k], words[k], last[k], most, &n[k], NULL),
                     PBL_OK);
  assert_int_equal(n[0], n[1]);
  assert_memory_equal(words[0], words[1], n[0] * 4);
  assert_memory_equal(last[0], last[1], n[0]);
  return n[0];
}

static void both_cycles(pair *p) {
  assert_int_equal(p->dev[0]->ops->cycles(p->dev[0]), p->dev[1]->ops->cycles(p->dev[1]));
}

/* Weights, table, states and generators with random words. */
static void load(pair *p, const pbl_hw *hw) {
  const struct {
    uint32_t target, n, mask;
  } parts[] = {
      {0, (uint32_t)((hw->n_visible + 1) * (hw->n_hidden + 1)), 0x3F},
      {1, (uint32_t)hw->table_size, 0xFFFFFF},
      {2, (uint32_t)(hw->n_visible + hw->n_hidden), 0},
      {3, (uint32_t)(hw->n_visible + hw->n_hidden), 0xF},
      {4, (uint32_t)(4 * (hw->lanes + 1)), 0xFFFFFFFF},
  };
  for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
    both_write(p, PBL_REG_IMG_SELECT, parts[k].target);
    both_write(p, PBL_REG_IMG_ADDRESS, 0);
    for (uint32_t i = 0; i < parts[k].n; i++)
      both_write(p, PBL_REG_IMG_DATA, pbl_xoshiro_next(&p->rng) & parts[k].mask);
  }
  both_write(p, PBL_REG_BETA, 4096);
  assert_int_equal(both_read(p, PBL_REG_STATUS) & PBL_STATUS_ERROR_MASK, 0);
}

static void random_calls_give_the_words_and_clocks_of_a_twin(void **state) {
  (void)state;
  static const uint32_t safe[] = {PBL_REG_STATUS,   PBL_REG_SWEEP_COUNT_LO, PBL_REG_SWEEP_COUNT_HI,
                                  PBL_REG_FLIPS_LO, PBL_REG_BUSY_CYCLES_LO, PBL_REG_SAMPLES_LO,
                                  PBL_REG_ENERGY_LO};
  pair p;
  size_t n_words = 0;
  const pbl_hw hw = small();
  pbl_xoshiro_seed(&p.rng, 42);
  open_remote(&hw);
  p.dev[1] = the.dev;
  assert_int_equal(pbl_twin_open(&p.dev[0], &hw, NULL), PBL_OK);
  load(&p, &hw);
  both_cycles(&p);
  for (int run = 0; run < 40; run++) {
    both_write(&p, PBL_REG_IRQ_ENABLE, run & 1);
    both_write(&p, PBL_REG_IRQ_STATUS, 1);
    both_write(&p, PBL_REG_SWEEPS, pbl_xoshiro_next(&p.rng) % 200);
    both_write(&p, PBL_REG_SAMPLE_EVERY, 1 + pbl_xoshiro_next(&p.rng) % 3);
    both_write(&p, PBL_REG_CTRL, PBL_CTRL_START_MASK);
    for (int k = 0; k < 40; k++) {
      const uint32_t what = pbl_xoshiro_next(&p.rng) % 4, size = pbl_xoshiro_next(&p.rng) % 512;
      if (what == 0) both_advance(&p, size);
      if (what == 1) n_words += both_stream(&p, size);
      if (what == 2) both_read(&p, safe[size % 7]);
      if (what == 3) both_cycles(&p);
    }
    for (int k = 0; k < 10; k++) both_advance(&p, 1000);
    assert_int_equal(both_read(&p, PBL_REG_STATUS) & PBL_STATUS_BUSY_MASK, 0);
    for (size_t n; (n = both_stream(&p, 512)) > 0;) n_words += n;
    both_cycles(&p);
  }
  assert_true(n_words > 4000); /* of 2 words a frame, about 50 draws a run */
  p.dev[0]->ops->close(p.dev[0]);
}

/* More words than one reply holds wait, and come in order; 400,000 clocks are several frames. */
static void a_long_run_is_fetched_in_pieces(void **state) {
  (void)state;
  pair p;
  size_t n_words = 0;
  const pbl_hw hw = small();
  pbl_xoshiro_seed(&p.rng, 43);
  open_remote(&hw);
  p.dev[1] = the.dev;
  assert_int_equal(pbl_twin_open(&p.dev[0], &hw, NULL), PBL_OK);
  load(&p, &hw);
  both_write(&p, PBL_REG_SWEEPS, 1000000);
  both_write(&p, PBL_REG_SAMPLE_EVERY, 1);
  both_write(&p, PBL_REG_CTRL, PBL_CTRL_START_MASK);
  for (int k = 0; k < 5; k++) both_advance(&p, 400000);
  assert_int_equal(pbl_hil_last_advance(the.dev), 400000);
  both_cycles(&p);
  for (size_t n; (n = both_stream(&p, 512)) > 0;) n_words += n;
  assert_true(n_words > 2 * 32768);
  p.dev[0]->ops->close(p.dev[0]);
}

/* ---- errors ---- */

static void the_error_of_a_posted_write_is_that_of_the_next_call(void **state) {
  (void)state;
  uint32_t value = 0;
  const pbl_hw hw = small();
  open_remote(&hw);
  const pbl_device_ops *ops = the.dev->ops;
  assert_int_equal(ops->write32(the.dev, 0xFF0, 1, &the.err), PBL_OK);
  assert_int_equal(ops->read32(the.dev, &value, PBL_REG_ID, &the.err), PBL_DEVICE);
  assert_says("ff0");
  assert_int_equal(ops->read32(the.dev, &value, PBL_REG_ID, &the.err), PBL_OK);
  assert_int_equal(value, PBL_RESET_ID);
  assert_int_equal(ops->write32(the.dev, 0xFF0, 1, &the.err), PBL_OK);
  (void)ops->cycles(the.dev); /* cannot tell it */
  assert_int_equal(ops->advance(the.dev, 10, &the.err), PBL_DEVICE);
  assert_says("ff0");
  assert_int_equal(ops->write32(the.dev, 6, 1, &the.err), PBL_DEVICE); /* not a multiple of 4 */
  assert_int_equal(ops->read32(the.dev, &value, PBL_REG_ID, &the.err), PBL_OK);
}

/* 64 KB of writes go out as a frame of their own, long before anybody waits. */
static void an_error_in_a_block_that_was_posted_long_ago_is_told(void **state) {
  (void)state;
  uint32_t value = 0;
  const pbl_hw hw = small();
  open_remote(&hw);
  const pbl_device_ops *ops = the.dev->ops;
  assert_int_equal(ops->write32(the.dev, 0xFF0, 1, &the.err), PBL_OK);
  for (uint32_t k = 0; k < 200000; k++)
    assert_int_equal(ops->write32(the.dev, PBL_REG_SCRATCH, k, &the.err), PBL_OK);
  assert_int_equal(ops->read32(the.dev, &value, PBL_REG_ID, &the.err), PBL_DEVICE);
  assert_says("ff0");
  assert_int_equal(ops->read32(the.dev, &value, PBL_REG_SCRATCH, &the.err), PBL_OK);
  assert_int_equal(value, 199999); /* the frames behind it were carried out */
}

static void every_register_that_there_is_not_is_a_bus_error(void **state) {
  (void)state;
  pbl_device *twin = NULL;
  const pbl_hw hw = small();
  open_remote(&hw);
  assert_int_equal(pbl_twin_open(&twin, &hw, NULL), PBL_OK);
  int n_errors = 0;
  for (uint32_t a = 0; a < 0x1000; a += 4) {
    uint32_t v[2] = {0, 0};
    const pbl_status here = twin->ops->read32(twin, &v[0], a, NULL);
    const pbl_status there = the.dev->ops->read32(the.dev, &v[1], a, &the.err);
    assert_int_equal(here, there);
    assert_int_equal(v[0], v[1]);
    n_errors += here != PBL_OK;
  }
  assert_true(n_errors > 500);
  twin->ops->close(twin);
}

static void a_trace_of_a_device_without_one_is_refused(void **state) {
  (void)state;
  uint32_t word;
  size_t n = 1;
  const pbl_hw hw = small();
  open_remote(&hw);
  assert_int_equal(pbl_device_trace_read(the.dev, &word, NULL, 1, &n, &the.err), PBL_DEVICE);
  assert_int_equal(n, 0);
  assert_says("no trace port");
  assert_int_equal(the.dev->ops->stream_throttle(the.dev, 500, 1, &the.err), PBL_DEVICE);
}

static void a_killed_server_is_an_io_error_for_every_call(void **state) {
  (void)state;
  uint32_t value;
  size_t n;
  const pbl_hw hw = small();
  open_remote(&hw);
  kill_server();
  const pbl_device_ops *ops = the.dev->ops;
  assert_int_equal(ops->advance(the.dev, 10, &the.err), PBL_IO);
  assert_says(the.address);
  assert_says("was lost");
  assert_int_equal(ops->read32(the.dev, &value, 0, &the.err), PBL_IO);
  assert_int_equal(ops->write32(the.dev, 8, 0, &the.err), PBL_IO);
  assert_int_equal(ops->advance(the.dev, 10, &the.err), PBL_IO);
  (void)ops->cycles(the.dev);
  pbl_status st = PBL_OK; /* words that have come may still be read */
  for (int k = 0; k < 3 && !st; k++) st = ops->stream_read(the.dev, &value, NULL, 1, &n, &the.err);
  assert_int_equal(st, PBL_IO);
}

static void nobody_there_is_an_io_error_and_bad_addresses_are_configuration(void **state) {
  (void)state;
  static const char *const bad[] = {"unix:",           "",   "x",  "host:", ":1",
                                    "127.0.0.1:99999", "::", "a:b"};
  kill_server();
  assert_int_equal(pbl_hil_open(&the.dev, the.address, NULL, NULL, &the.err), PBL_IO);
  assert_says("pbitloop serve");
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
    assert_int_equal(pbl_hil_open(&the.dev, bad[k], NULL, NULL, &the.err), PBL_CONFIG);
  assert_null(the.dev);
}

/* The socket file of a killed server is taken over, one that is served is not. */
static void a_stale_socket_is_replaced_and_a_served_one_is_not(void **state) {
  (void)state;
  const pbl_hil_server_options o = {.listen = the.address, .device = "twin", .open = rig_open_twin};
  assert_int_equal(pbl_hil_serve(&o, &the.err), PBL_DEVICE);
  assert_says("another server listens");
  kill_server();
  start_server();
  const pbl_hw hw = small();
  open_remote(&hw);
}

/* A client that dies in the middle of a frame, 20 times, each followed by a sound one. */
static void half_frames_and_dead_clients_free_the_server(void **state) {
  (void)state;
  const pbl_hw hw = small();
  for (int k = 0; k < 20; k++) {
    const pid_t child = fork();
    if (child == 0) {
      pbl_device *dev = NULL;
      if (pbl_hil_open(&dev, the.address, &hw, NULL, NULL) || dev->ops->advance(dev, 100, NULL))
        _exit(1);
      for (int i = 0; i < 100 + k; i++) dev->ops->write32(dev, PBL_REG_SCRATCH, 1, NULL);
      kill(getpid(), SIGKILL);
    }
    int how = 0;
    waitpid(child, &how, 0);
    assert_true(WIFSIGNALED(how));
    pbl_status st = PBL_DEVICE;
    for (int i = 0; i < 100 && st; i++) { /* within a second */
      st = pbl_hil_open(&the.dev, the.address, &hw, NULL, &the.err);
      if (st) usleep(10000);
    }
    assert_int_equal(st, PBL_OK);
    the.dev->ops->close(the.dev);
    the.dev = NULL;
  }
}

static void a_frame_that_is_cut_in_two_by_its_client_is_forgotten(void **state) {
  (void)state;
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  uint8_t bytes[PBL_HIL_HEADER_BYTES];
  const pbl_hil_header h = {.length = 100, .opcode = PBL_HIL_HELLO};
  const pbl_hw hw = small();
  assert_true(strlen(the.address) - 5 < sizeof a.sun_path);
  memcpy(a.sun_path, the.address + 5, strlen(the.address) - 4);
  pbl_hil_header_put(bytes, &h);
  for (size_t n = 1; n <= sizeof bytes; n += 7) {
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(send(fd, bytes, n, 0), n);
    close(fd);
  }
  open_remote(&hw);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      T(random_calls_give_the_words_and_clocks_of_a_twin),
      T(a_long_run_is_fetched_in_pieces),
      T(the_error_of_a_posted_write_is_that_of_the_next_call),
      T(an_error_in_a_block_that_was_posted_long_ago_is_told),
      T(every_register_that_there_is_not_is_a_bus_error),
      T(a_trace_of_a_device_without_one_is_refused),
      T(a_killed_server_is_an_io_error_for_every_call),
      T(nobody_there_is_an_io_error_and_bad_addresses_are_configuration),
      T(a_stale_socket_is_replaced_and_a_served_one_is_not),
      T(half_frames_and_dead_clients_free_the_server),
      T(a_frame_that_is_cut_in_two_by_its_client_is_forgotten),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
