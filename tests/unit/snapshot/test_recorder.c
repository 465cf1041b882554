/* A host that is run again behind the recorder: the same answers, first from the journal, then from
 * the restored device; and what it must not do differently. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* after the above */
#include <cmocka.h>
#include <string.h>

#include "pbl_recorder.h"
#include "pbl_regs.h"

typedef struct {
  pbl_recorder *r;
  pbl_device *dev;
  pbl_error err;
  pbl_bytes position, journal, device; /* taken at `stop` */
  int step, stop;
  int other;         /* step at which the host does something else; 0: none */
  uint64_t seen[64]; /* answers, step by step */
} host;

static pbl_hw hardware(int n_visible) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = n_visible;
  hw.n_hidden = 3;
  hw.replicas = hw.lanes = 4;
  return hw;
}

static void attach(host *h, int n_visible) {
  const pbl_hw hw = hardware(n_visible);
  assert_int_equal(pbl_twin_open(&h->dev, &hw, NULL), PBL_OK);
  assert_int_equal(pbl_recorder_attach(h->r, &h->dev, &hw, "key", &h->err), PBL_OK);
}

static void keep(host *h, uint64_t answer) {
  h->seen[h->step++] = answer;
  if (h->step != h->stop) return;
  const pbl_bytes *journal = NULL;
  assert_int_equal(pbl_recorder_save(h->r, &h->position, &h->device, &journal, NULL), PBL_OK);
  assert_int_equal(pbl_bytes_append(&h->journal, journal->data, journal->n, NULL), PBL_OK);
}

/* Two devices, one after the other; the second run of each looks at everything. */
static pbl_status run(host *h, int n_visible) {
  pbl_status s = PBL_OK;
  h->step = 0;
  for (int k = 0; !s && k < 2; k++) {
    attach(h, n_visible);
    const pbl_device_ops *ops = h->dev->ops;
    ops->write32(h->dev, PBL_REG_SCRATCH, 77u + (uint32_t)k, NULL);
    ops->write32(h->dev, PBL_REG_SWEEPS, 20, NULL);
    ops->write32(h->dev, PBL_REG_SAMPLE_EVERY, 1, NULL);
    ops->write32(h->dev, PBL_REG_CTRL, PBL_CTRL_START_MASK, NULL);
    for (int i = 0; !s && i < 5; i++) {
      uint32_t words[64] = {0}, value = 0;
      uint8_t last[64] = {0};
      size_t n = 0;
      if (h->step == h->other && h->other) ops->write32(h->dev, PBL_REG_SCRATCH, 5, NULL);
      s = ops->advance(h->dev, 40, &h->err);
      if (!s) s = ops->stream_read(h->dev, words, last, 64, &n, &h->err);
      if (s) break;
      keep(h, n << 40 | (uint64_t)last[n ? n - 1 : 0] << 32 | words[0]);
      s = ops->read32(h->dev, &value, PBL_REG_SCRATCH, &h->err);
      keep(h, value + ops->cycles(h->dev));
      keep(h, (uint64_t)(1e9 * pbl_recorder_seconds(h->r)));
    }
    ops->close(h->dev);
    if (!s) keep(h, 1); /* no device is open */
  }
  return s;
}

static void start(host *h, int stop) {
  *h = (host){.stop = stop};
  assert_int_equal(pbl_recorder_create(&h->r, NULL), PBL_OK);
}

static void end(host *h) {
  pbl_recorder_destroy(h->r);
  pbl_bytes_free(&h->position);
  pbl_bytes_free(&h->journal);
  pbl_bytes_free(&h->device);
}

static void load(host *h, const host *from) {
  start(h, 0);
  const pbl_recorded pieces = {from->position.data, from->device.data, from->journal.data,
                               from->position.n,    from->device.n,    from->journal.n};
  assert_int_equal(pbl_recorder_load(h->r, &pieces, NULL), PBL_OK);
}

static void answers_go_on_from_every_step(void **state) {
  (void)state;
  for (int stop = 1; stop <= 32; stop++) {
    host first, second;
    start(&first, stop);
    assert_int_equal(run(&first, 4), PBL_OK);
    load(&second, &first);
    assert_int_equal(run(&second, 4), PBL_OK);
    for (int i = 0; i < 32; i++) {
      const int time = i % 16 < 15 && i % 16 % 3 == 2;
      if (!time || i < stop) assert_int_equal(first.seen[i], second.seen[i]);
      if (time && i >= stop) assert_true(second.seen[i] >= second.seen[i > 16 ? 2 : i]);
    }
    end(&first);
    end(&second);
  }
}

static void a_host_that_does_something_else_is_stopped(void **state) {
  (void)state;
  host first, second;
  start(&first, 12);
  assert_int_equal(run(&first, 4), PBL_OK);
  load(&second, &first);
  second.other = 3;
  assert_int_equal(run(&second, 4), PBL_FORMAT);
  assert_non_null(strstr(second.err.message, "does not do what it did"));
  end(&first);
  end(&second);
}

static void a_state_of_other_hardware_is_refused(void **state) {
  (void)state;
  host first, second;
  start(&first, 12);
  assert_int_equal(run(&first, 4), PBL_OK);
  load(&second, &first);
  assert_int_equal(run(&second, 5), PBL_CONFIG);
  assert_non_null(strstr(second.err.message, "other hardware"));
  end(&first);
  end(&second);
}

static void a_device_without_state_is_refused(void **state) {
  (void)state;
  host h;
  const pbl_hw hw = hardware(4);
  start(&h, 0);
  assert_int_equal(pbl_twin_open(&h.dev, &hw, NULL), PBL_OK);
  pbl_device_ops ops = *h.dev->ops;
  ops.save = NULL;
  h.dev->ops = &ops;
  assert_int_equal(pbl_recorder_attach(h.r, &h.dev, &hw, "", &h.err), PBL_INVALID);
  assert_null(h.dev);
  end(&h);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(answers_go_on_from_every_step),
                                     cmocka_unit_test(a_host_that_does_something_else_is_stopped),
                                     cmocka_unit_test(a_state_of_other_hardware_is_refused),
                                     cmocka_unit_test(a_device_without_state_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
