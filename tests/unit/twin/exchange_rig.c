#include "exchange_rig.h"

#include "pbl_rng.h"

enum { MODE_LADDER = 6 };

static pbl_hw hardware(const exchange_case *c) {
  pbl_hw hw = pbl_hw_default();
  const pbl_hw_sparse capacity = {.pbits = 32, .edge_rows = 256, .groups = 64, .sites = 3};
  hw.n_visible = 5;
  hw.n_hidden = 4;
  if (c->fabric == PBL_FABRIC_LATTICE) pbl_hw_set_lattice(&hw, 4, 4);
  if (c->fabric == PBL_FABRIC_SPARSE) pbl_hw_set_sparse(&hw, &capacity);
  hw.lanes = c->lanes;
  hw.replicas = c->lanes * c->rungs;
  hw.generator = c->generator;
  hw.lfsr_steps = 32;
  hw.table_size = 256;
  hw.exchange = 1;
  return hw;
}

static void create(exchange_rig *g, const exchange_case *c, uint64_t seed) {
  plain_create(&g->dense, &g->hw, seed);
  g->dense.coupled = c->coupled;
  g->dense.betas = g->x.betas;
  rig_upload(g->dev, &g->dense);
}

static void create_lattice(exchange_rig *g, const exchange_case *c, uint64_t seed) {
  plain_lattice_create(&g->lattice, &g->hw, seed);
  g->lattice.coupled = c->coupled;
  g->lattice.betas = g->x.betas;
  lattice_upload(g->dev, &g->lattice);
}

static void create_sparse(exchange_rig *g, const exchange_case *c, uint64_t seed) {
  plain_sparse_create(&g->sparse, &g->hw, 14, 3, 1, seed);
  g->sparse.coupled = c->coupled;
  g->sparse.betas = g->x.betas;
  sparse_upload(g->dev, &g->sparse);
  rig_write(g->dev, PBL_REG_CTRL, PBL_CTRL_CHECK_MASK);
}

/* Such that exchanges are accepted now and then. */
static void write_betas(exchange_rig *g, uint64_t seed) {
  rig_image(g->dev, 6, 0, 0, NULL, 0);
  for (int k = 0; k < g->x.rungs; k++) {
    g->x.beta[k] = (uint32_t)(200 + pbl_splitmix64(&seed) % 4000);
    rig_write(g->dev, PBL_REG_IMG_DATA, g->x.beta[k]);
    rig_write(g->dev, PBL_REG_IMG_DATA, 0);
  }
}

void exchange_configure(exchange_rig *g) {
  rig_write(g->dev, PBL_REG_REG_CONFIG,
            MODE_LADDER | (uint32_t)g->x.frozen << PBL_REG_CONFIG_FREEZE_SHIFT);
  rig_write(g->dev, PBL_REG_EXCH_EVERY, (uint32_t)g->x.every);
  rig_write(g->dev, PBL_REG_EXCH_CONFIG, (uint32_t)g->x.random);
  rig_write(g->dev, PBL_REG_WINDOW_SWEEPS, g->window);
}

bool exchange_open(exchange_rig *g, const exchange_case *c, const char *simd, uint64_t seed) {
  static const uint32_t kernel_bits[] = {0, 1, PBL_CONFIG_COIN_MASK, PBL_CONFIG_RANDOM_MASK};
  *g = (exchange_rig){.hw = hardware(c), .kernel = c->kernel, .window = c->window};
  g->dev = rig_open(&g->hw, simd);
  if (!g->dev) return false;
  plain_exchange_begin(&g->x, &g->hw);
  g->x.every = c->every;
  g->x.random = c->random;
  if (c->fabric == PBL_FABRIC_DENSE) create(g, c, seed);
  if (c->fabric == PBL_FABRIC_LATTICE) create_lattice(g, c, seed);
  if (c->fabric == PBL_FABRIC_SPARSE) create_sparse(g, c, seed);
  write_betas(g, seed);
  rig_write(g->dev, PBL_REG_CONFIG, kernel_bits[c->kernel] | (uint32_t)c->coupled << 1);
  exchange_configure(g);
  return true;
}

void exchange_close(exchange_rig *g) {
  if (g->hw.fabric == PBL_FABRIC_DENSE) plain_free(&g->dense);
  if (g->hw.fabric == PBL_FABRIC_LATTICE) plain_lattice_free(&g->lattice);
  if (g->hw.fabric == PBL_FABRIC_SPARSE) plain_sparse_free(&g->sparse);
  g->dev->ops->close(g->dev);
}

void exchange_write_labels(exchange_rig *g) {
  rig_image(g->dev, 7, 0, 0, NULL, 0);
  for (int r = 0; r < g->hw.replicas; r++)
    rig_write(g->dev, PBL_REG_IMG_DATA, (uint32_t)g->x.label[r]);
}

/* ---- runs ---- */

static void energies(const exchange_rig *g, int64_t *energy) {
  for (int r = 0; r < g->hw.replicas; r++) {
    /* rounded down: 2E of a symmetric graph is even */
    energy[r] = g->hw.fabric == PBL_FABRIC_DENSE     ? g->dense.energy[r]
                : g->hw.fabric == PBL_FABRIC_LATTICE ? g->lattice.energy[r]
                                                     : g->sparse.energy2[r] / 2;
  }
}

static uint32_t *control_of(exchange_rig *g) {
  if (g->hw.fabric == PBL_FABRIC_DENSE) return g->dense.control;
  return g->hw.fabric == PBL_FABRIC_LATTICE ? g->lattice.control : g->sparse.control;
}

static void sweep(exchange_rig *g, bool sample) {
  plain_exchange_look_up(&g->x);
  if (g->hw.fabric == PBL_FABRIC_DENSE) plain_sweep(&g->dense, g->kernel, 0);
  if (g->hw.fabric == PBL_FABRIC_LATTICE) plain_lattice_sweep(&g->lattice, g->kernel, 0, sample);
  if (g->hw.fabric == PBL_FABRIC_SPARSE) plain_sparse_sweep(&g->sparse, g->kernel, 0, sample);
  if (g->window > 0 && ++g->window_position == g->window) {
    g->window_position = 0;
    g->clocks += 128;
  }
  if (sample) g->clocks += (uint64_t)(g->hw.replicas + 3) / 4 + 2;
}

static void check_labels(exchange_rig *g) {
  const int replicas = g->hw.replicas, words = (replicas + 3) / 4;
  for (int w = 0; w < words; w++) {
    uint32_t got = 0, want = 0;
    uint8_t last = 2;
    size_t n = 0;
    assert_int_equal(g->dev->ops->stream_read(g->dev, &got, &last, 1, &n, NULL), PBL_OK);
    assert_int_equal(n, 1);
    for (int i = 3; i >= 0; i--)
      want = want * 256 + (4 * w + i < replicas ? (uint32_t)g->x.label[4 * w + i] : 0);
    assert_int_equal(got, want);
    assert_int_equal(last, w == words - 1);
  }
}

static void check_sample(exchange_rig *g) {
  if (g->hw.fabric == PBL_FABRIC_DENSE) {
    check_labels(g);
    rig_check_sample(g->dev, &g->dense);
  } else {
    if (g->hw.fabric == PBL_FABRIC_LATTICE) lattice_check_sample(g->dev, &g->lattice);
    if (g->hw.fabric == PBL_FABRIC_SPARSE) sparse_check_sample(g->dev, &g->sparse);
    check_labels(g);
  }
}

/* The read-only pass of the dense fabric: accumulation, hidden p-bits and drain of each context. */
static uint64_t readout_clocks(const exchange_rig *g) {
  if (g->hw.fabric != PBL_FABRIC_DENSE) return 0;
  return (uint64_t)g->x.rungs * (uint64_t)(g->hw.n_visible + 1 + g->hw.n_hidden + 6 + 1);
}

void exchange_run(exchange_rig *g, uint32_t sweeps, uint32_t every) {
  int64_t energy[256];
  rig_start(g->dev, sweeps, every);
  rig_advance(g->dev, RIG_FOREVER);
  g->clocks += 128 + (uint64_t)g->hw.replicas + 4;
  for (uint32_t n = 1; n <= sweeps; n++) {
    const bool sample = every > 0 && n % every == 0;
    sweep(g, sample);
    if (sample) check_sample(g);
    energies(g, energy);
    plain_exchange_sweep(&g->x, &g->hw, control_of(g), energy);
  }
  if (every > 0 && sweeps % every == 0) g->clocks += readout_clocks(g);
  assert_int_equal(rig_words_waiting(g->dev), 0);
  exchange_check_registers(g);
}

static void check_pairs(exchange_rig *g) {
  for (int k = 0; k < 64; k++) {
    const bool exists = k + 1 < g->x.rungs;
    rig_write(g->dev, PBL_REG_EXCH_SELECT, (uint32_t)k);
    assert_int_equal(rig_read(g->dev, PBL_REG_EXCH_TRIES), exists ? g->x.tries[k] : 0);
    assert_int_equal(rig_read(g->dev, PBL_REG_EXCH_ACCEPTS), exists ? g->x.accepts[k] : 0);
  }
}

void exchange_check_registers(exchange_rig *g) {
  int64_t energy[256];
  energies(g, energy);
  for (int r = 0; r < g->hw.replicas; r++) {
    rig_write(g->dev, PBL_REG_REPLICA_SELECT, (uint32_t)r);
    assert_int_equal(rig_read(g->dev, PBL_REG_EXCH_LABEL), g->x.label[r]);
    assert_int_equal((int64_t)rig_read64(g->dev, PBL_REG_ENERGY_LO), energy[r]);
  }
  check_pairs(g);
  assert_int_equal(rig_read(g->dev, PBL_REG_EXCH_POSITION),
                   (uint32_t)g->x.parity << 31 | (uint32_t)g->x.position);
  assert_int_equal(rig_read(g->dev, PBL_REG_BETA_ACTIVE), g->x.beta[0]);
  const uint64_t swept = g->hw.fabric == PBL_FABRIC_DENSE     ? g->dense.busy
                         : g->hw.fabric == PBL_FABRIC_LATTICE ? g->lattice.busy
                                                              : g->sparse.busy;
  assert_int_equal(rig_read64(g->dev, PBL_REG_BUSY_CYCLES_LO), swept + g->clocks + g->x.clocks);
}
