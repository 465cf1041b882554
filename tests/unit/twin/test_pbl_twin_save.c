/* A restored twin goes on as the saved one would have. Random hosts do whatever the bus allows, the
 * state is taken in the middle, put into a twin that another host has used, and both get the same
 * further host: every answer must be the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pbl_rng.h"
#include "pbl_twin_internal.h"
#include "sparse_rig.h"

enum { STEPS = 250, MAX_WORDS = 4096 };

typedef struct {
  pbl_device *dev;
  pbl_xoshiro g;
  uint64_t seen; /* digest of all answers */
} host;

static uint32_t below(host *h, uint32_t n) {
  return pbl_xoshiro_next(&h->g) % n;
}

static void see(host *h, uint64_t x) {
  h->seen = (h->seen ^ x) * UINT64_C(0x9e3779b97f4a7c15);
  h->seen ^= h->seen >> 31;
}

/* Small numbers, which have effects, more often than large ones. */
static uint32_t any_word(host *h) {
  const uint32_t word = pbl_xoshiro_next(&h->g);
  return word >> (pbl_xoshiro_next(&h->g) % 31);
}

static void write_any(host *h, uint32_t address, uint32_t value) {
  see(h, (uint64_t)h->dev->ops->write32(h->dev, address, value, NULL));
}

static void read_any(host *h, uint32_t address) {
  uint32_t value = 0;
  see(h, (uint64_t)h->dev->ops->read32(h->dev, &value, address, NULL));
  see(h, value);
}

/* Words of an image target. What a schedule of the sparse fabric must not lose stays. */
static void write_image(host *h, const pbl_hw *hw) {
  static const uint32_t columns[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 8};
  const bool sparse = hw->fabric == PBL_FABRIC_SPARSE;
  uint32_t target = below(h, 8);
  if (sparse && (target == 0 || target == 5)) target = 3;
  if (below(h, 4) == 0) { /* goes on with the row that another one has begun */
    for (uint32_t n = sparse ? 0 : below(h, 6); n > 0; n--)
      write_any(h, PBL_REG_IMG_DATA, pbl_xoshiro_next(&h->g));
    return;
  }
  write_any(h, PBL_REG_IMG_SELECT, target);
  const uint32_t column = target == 0 ? 0 : columns[below(h, 12)];
  write_any(h, PBL_REG_IMG_ADDRESS, below(h, 4) << 16 | (target == 2 ? below(h, 12) : column));
  for (uint32_t n = below(h, 20); n > 0; n--)
    write_any(h, PBL_REG_IMG_DATA,
              target == 7   ? below(h, 3)
              : target == 6 ? below(h, 900)
                            : pbl_xoshiro_next(&h->g));
}

/* Settings that make things happen in a few sweeps. */
static void configure(host *h) {
  const uint32_t mode = below(h, 7);
  write_any(h, PBL_REG_REG_CONFIG,
            mode | (below(h, 2) << 3) | (below(h, 8) == 0 ? 1u : 0u) << 4 | 1u << 5);
  write_any(h, PBL_REG_WINDOW_SWEEPS, below(h, 6));
  write_any(h, PBL_REG_SCHED_LAST, below(h, 4));
  write_any(h, PBL_REG_EXCH_EVERY, below(h, 3));
  write_any(h, PBL_REG_EXCH_CONFIG, below(h, 2));
  write_any(h, PBL_REG_STAT_EVERY, below(h, 3));
  write_any(h, PBL_REG_STAT_PAIRS, below(h, 9));
  write_any(h, PBL_REG_STAT_SELECT, below(h, 8));
  write_any(h, PBL_REG_STAT_ADDRESS, below(h, 8));
  for (int k = 0; k < 4; k++) write_any(h, PBL_REG_STAT_DATA, below(h, 5) << 16 | below(h, 12));
  write_any(h, PBL_REG_CONFIG, below(h, 16));
  write_any(h, PBL_REG_BETA, 500 + below(h, 6000));
  write_any(h, PBL_REG_IRQ_ENABLE, below(h, 4));
}

static void start(host *h) {
  configure(h);
  write_any(h, PBL_REG_SWEEPS, below(h, 60));
  write_any(h, PBL_REG_SAMPLE_EVERY, below(h, 4));
  write_any(h, PBL_REG_CTRL, PBL_CTRL_START_MASK);
}

typedef pbl_status (*stream)(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                             size_t *n_words, pbl_error *err);

static void drain(host *h, stream read) {
  static uint32_t words[MAX_WORDS];
  static uint8_t last[MAX_WORDS];
  size_t n = 0;
  see(h, (uint64_t)read(h->dev, words, last, 1 + below(h, MAX_WORDS), &n, NULL));
  see(h, n);
  for (size_t i = 0; i < n; i++) see(h, (uint64_t)last[i] << 32 | words[i]);
}

static void look_at_statistics(host *h) {
  for (uint32_t memory = 0; memory < 8; memory++) {
    write_any(h, PBL_REG_STAT_SELECT, memory);
    write_any(h, PBL_REG_STAT_ADDRESS, 0);
    for (int k = 0; k < 300; k++) read_any(h, PBL_REG_STAT_DATA);
  }
}

static void look_at_all(host *h) {
  /* high words before the low ones that latch them */
  for (uint32_t k = 0; k <= PBL_REG_TRACE_SWEEPS; k += 4) read_any(h, PBL_REG_TRACE_SWEEPS - k);
  drain(h, h->dev->ops->stream_read);
  drain(h, h->dev->ops->telemetry_read);
  see(h, h->dev->ops->cycles(h->dev));
  see(h, h->dev->ops->irq(h->dev));
  look_at_statistics(h);
  write_any(h, PBL_REG_CTRL, PBL_CTRL_STAT_SWAP_MASK);
  look_at_statistics(h);
  for (uint32_t pair = 0; pair < 4; pair++) {
    write_any(h, PBL_REG_EXCH_SELECT, pair);
    read_any(h, PBL_REG_EXCH_TRIES);
    read_any(h, PBL_REG_EXCH_ACCEPTS);
  }
}

static void play(host *h, const pbl_hw *hw, uint64_t seed) {
  pbl_xoshiro_seed(&h->g, seed);
  h->seen = 0;
  for (int i = 0; i < STEPS; i++) {
    switch (below(h, 10)) {
      case 0:
        start(h);
        break;
      case 1:
        write_image(h, hw);
        break;
      case 2:
        write_any(h, 4 * below(h, PBL_REG_TRACE_SWEEPS / 4 + 1), any_word(h));
        break;
      case 3:
        write_any(h, PBL_REG_CTRL, any_word(h) & 0x3FFu);
        break;
      case 4:
        for (int k = 0; k < 12; k++) read_any(h, 4 * below(h, PBL_REG_TRACE_SWEEPS / 4 + 1));
        break;
      case 5:
        drain(h, below(h, 2) ? h->dev->ops->stream_read : h->dev->ops->telemetry_read);
        break;
      default:
        see(h, (uint64_t)h->dev->ops->advance(h->dev, 1 + below(h, 900), NULL));
    }
  }
  look_at_all(h);
}

static pbl_hw hardware(pbl_fabric fabric, int lanes, int contexts, int options) {
  pbl_hw hw = pbl_hw_default();
  hw.n_visible = 7;
  hw.n_hidden = 5;
  if (fabric == PBL_FABRIC_LATTICE) pbl_hw_set_lattice(&hw, 4, 2);
  const pbl_hw_sparse capacity = {.pbits = 48, .edge_rows = 1024, .groups = 128, .sites = 4};
  if (fabric == PBL_FABRIC_SPARSE) {
    pbl_hw_set_sparse(&hw, &capacity);
    hw.n_visible = 20;
  }
  hw.lanes = lanes;
  hw.replicas = lanes * contexts;
  hw.exchange = options && contexts > 1;
  hw.statistics = options;
  hw.stat_pairs = options ? 8 : 0;
  hw.trace = options;
  return hw;
}

static void open_host(host *h, const pbl_hw *hw, uint64_t seed) {
  static plain_sparse sparse;
  plain_model dense;
  h->dev = rig_open(hw, "");
  if (hw->fabric == PBL_FABRIC_SPARSE) {
    plain_sparse_create(&sparse, hw, hw->n_visible + (int)(seed / 1000), 3, 1, seed);
    sparse_upload(h->dev, &sparse);
    plain_sparse_free(&sparse);
    rig_write(h->dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  } else if (hw->fabric == PBL_FABRIC_DENSE) {
    plain_create(&dense, hw, seed);
    rig_upload(h->dev, &dense);
    plain_free(&dense);
  }
}

/* What short runs do not reach by themselves, and the moments between two pauses. */
static void go_far(host *h) {
  pbl_twin *t = (pbl_twin *)h->dev;
  for (int k = 0; k < PBL_TWIN_N_COUNTERS; k++) t->counters[k].value += (uint64_t)any_word(h) << 24;
  t->regulator.window.flags ^= pbl_xoshiro_next(&h->g) & 0x3FFu;
  if (t->statistics && below(h, 2)) t->statistics->full = true;
  look_at_all(h); /* high words are latched */
  if (below(h, 2)) write_any(h, PBL_REG_CTRL, PBL_CTRL_CLEAR_MASK);
  start(h);
  for (uint32_t k = below(h, 400); k > 0; k--) {
    const bool pauses = t->phase != PBL_TWIN_IDLE && t->phase != PBL_TWIN_SWEEPING;
    if (pauses && below(h, 20) == 0) return;
    if (t->phase == PBL_TWIN_IDLE) start(h);
    see(h, (uint64_t)h->dev->ops->advance(h->dev, 30, NULL));
  }
}

/* Idle, in the middle of a row of the weight memory. */
static void stop_in_a_row(host *h) {
  write_any(h, PBL_REG_CTRL, PBL_CTRL_STOP_MASK);
  see(h, (uint64_t)h->dev->ops->advance(h->dev, 1u << 20, NULL));
  write_any(h, PBL_REG_IMG_SELECT, 0);
  write_any(h, PBL_REG_IMG_ADDRESS, 0);
  for (uint32_t n = 1 + below(h, 3); n > 0; n--) write_any(h, PBL_REG_IMG_DATA, below(h, 30));
}

static void finish_the_row(host *h) {
  for (int k = 0; k < 8; k++) write_any(h, PBL_REG_IMG_DATA, 3);
  write_any(h, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
  look_at_all(h);
}

static void bring_somewhere(host *h, const pbl_hw *hw, uint64_t seed, uint64_t how) {
  if (how > 0) play(h, hw, seed);
  if (how == 2) go_far(h);
  if (how == 3) stop_in_a_row(h);
}

static void continue_both(const pbl_hw *hw, uint64_t seed) {
  host a, b;
  pbl_bytes state = {0}, after_a = {0}, after_b = {0};
  pbl_error err = {0};
  open_host(&a, hw, seed);
  open_host(&b, hw, seed + 1000);
  bring_somewhere(&a, hw, seed, 1 + seed % 3);
  bring_somewhere(&b, hw, seed + 2000, seed / 3 % 4); /* whatever is not restored is wrong */
  assert_int_equal(a.dev->ops->save(a.dev, &state, &err), PBL_OK);
  if (b.dev->ops->restore(b.dev, state.data, state.n, &err)) fail_msg("restore: %s", err.message);
  a.seen = b.seen = 0;
  b.g = a.g;
  look_at_all(&a);
  look_at_all(&b);
  assert_true(a.seen == b.seen);
  if (seed % 3 == 2) finish_the_row(&a);
  if (seed % 3 == 2) finish_the_row(&b);
  assert_true(a.seen == b.seen);
  play(&a, hw, seed + 3000);
  play(&b, hw, seed + 3000);
  if (a.seen != b.seen)
    fail_msg("%s, %d lanes, %d replicas, seed %llu: the restored twin goes another way",
             pbl_fabric_name(hw->fabric), hw->lanes, hw->replicas, (unsigned long long)seed);
  a.dev->ops->save(a.dev, &after_a, NULL);
  b.dev->ops->save(b.dev, &after_b, NULL);
  assert_int_equal(after_a.n, after_b.n);
  assert_memory_equal(after_a.data, after_b.data, after_a.n);
  pbl_bytes_free(&state);
  pbl_bytes_free(&after_a);
  pbl_bytes_free(&after_b);
  a.dev->ops->close(a.dev);
  b.dev->ops->close(b.dev);
}

static void a_restored_twin_goes_on_like_the_saved_one(void **state) {
  (void)state;
  static const pbl_fabric fabrics[] = {PBL_FABRIC_DENSE, PBL_FABRIC_LATTICE, PBL_FABRIC_SPARSE};
  static const int lanes[] = {4, 1, 16, 2}, contexts[] = {2, 3, 1, 4};
  for (int f = 0; f < 3; f++) {
    for (int k = 0; k < 8; k++) {
      pbl_hw hw = hardware(fabrics[f], lanes[k % 4], contexts[k % 4], k < 4);
      if (k % 2) hw.generator = k % 4 == 1 ? PBL_GEN_LFSR32 : PBL_GEN_XORSHIFT32;
      if (k == 6 && f == 0) hw.weight_int += 12; /* fields in plain C */
      for (uint64_t seed = 0; seed < 12; seed++) continue_both(&hw, 120 * (uint64_t)k + seed);
    }
  }
}

static void a_state_of_other_hardware_or_cut_short_is_refused(void **state) {
  (void)state;
  const pbl_hw one = hardware(PBL_FABRIC_DENSE, 4, 2, 1),
               other = hardware(PBL_FABRIC_DENSE, 4, 3, 1);
  pbl_device *a = rig_open(&one, ""), *b = rig_open(&other, ""), *c = rig_open(&one, "");
  pbl_bytes bytes = {0};
  assert_int_equal(a->ops->save(a, &bytes, NULL), PBL_OK);
  assert_int_equal(b->ops->restore(b, bytes.data, bytes.n, NULL), PBL_FORMAT);
  assert_int_equal(c->ops->restore(c, bytes.data, bytes.n - 1, NULL), PBL_FORMAT);
  assert_int_equal(c->ops->restore(c, bytes.data, 0, NULL), PBL_FORMAT);
  bytes.data[0] ^= 1; /* number of the layout */
  assert_int_equal(c->ops->restore(c, bytes.data, bytes.n, NULL), PBL_FORMAT);
  bytes.data[0] ^= 1;
  assert_int_equal(c->ops->restore(c, bytes.data, bytes.n, NULL), PBL_OK);
  pbl_bytes_free(&bytes);
  a->ops->close(a);
  b->ops->close(b);
  c->ops->close(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_restored_twin_goes_on_like_the_saved_one),
      cmocka_unit_test(a_state_of_other_hardware_or_cut_short_is_refused)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
