/* A gate netlist behind the device vtable against the twin, bit by bit.
 *
 * Usage: compare_netlist parameters VARIANT       Verilog parameters, one -GName=value a line
 *        compare_netlist compare VARIANT OBJECT   exit status 0 equal, 1 different, else trouble */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "netlist_pair.h"
#include "pbl_chains.h"
#include "pbl_lattice_model.h"
#include "pbl_regs.h"
#include "variant_internal.h"

#define SWEEPS 1000    /* per kernel */
#define WINDOW_RUNS 20 /* of 1, 2, .. sweeps, per mode of the regulator */
#define DIFFERENT 1

/* Small enough for flip-flops in place of memories. */
static int find_variant(pbl_hw *hw, const char *name) {
  *hw = pbl_hw_default();
  hw->n_visible = 4;
  hw->n_hidden = 3;
  hw->replicas = hw->lanes = 2;
  hw->weight_int = 3;
  hw->weight_frac = 2;
  hw->beta_int = hw->beta_frac = 4;
  hw->table_size = 16;
  hw->table_range_log2 = 3;
  hw->threshold_bits = 8;
  hw->field_bits = pbl_hw_min_field_bits(hw);
  if (strcmp(name, "xoshiro") == 0) return 1;
  if (strcmp(name, "bare") == 0) { /* without the temperature regulator, two contexts */
    hw->replicas = 4;
    hw->no_regulator = 1;
    return 1;
  }
  if (strcmp(name, "lattice") == 0) { /* half a row, two lanes */
    hw->weight_int = 2;
    hw->lattice.n_rules = 1;
    hw->lattice.rule_b[0] = 1;
    pbl_hw_set_lattice(hw, 4, 1);
    hw->field_bits = pbl_hw_min_field_bits(hw);
    return 1;
  }
  if (strcmp(name, "lattice_rows") == 0) { /* two rows a step, each with a memory of its own */
    hw->weight_int = 2;
    hw->replicas = hw->lanes = 1;
    hw->lattice.n_rules = 1;
    hw->lattice.rule_b[0] = 1;
    pbl_hw_set_lattice(hw, 4, 4);
    hw->field_bits = pbl_hw_min_field_bits(hw);
    return 1;
  }
  if (strcmp(name, "options") == 0) { /* every option, two rungs of two lanes */
    hw->n_visible = 2;
    hw->n_hidden = 3;
    hw->replicas = 4;
    hw->exchange = hw->statistics = hw->trace = 1;
    hw->stat_pairs = 3;
    hw->field_bits = pbl_hw_min_field_bits(hw);
    return 1;
  }
  if (strcmp(name, "lfsr") != 0) return 0;
  /* two contexts, more hidden than visible, truncation */
  hw->n_visible = 2;
  hw->n_hidden = 3;
  hw->replicas = 2;
  hw->lanes = 1;
  hw->threshold_bits = 10;
  hw->rounding = 0;
  hw->generator = PBL_GEN_LFSR32;
  hw->lfsr_steps = 8;
  hw->field_bits = pbl_hw_min_field_bits(hw);
  return 1;
}

static void print_parameters(const pbl_hw *hw) {
  char parameters[PBL_N_PARAMETERS][PBL_PARAMETER_SIZE];
  pbl_variant_parameters(parameters, hw);
  /* IsSim pads the words of the lattice, which is for simulation */
  for (size_t i = 0; i < PBL_N_PARAMETERS; i++)
    puts(strcmp(parameters[i], "-GIsSim=1") == 0 ? "-GIsSim=0" : parameters[i]);
}

/* Both with the same image, seed and states; the driver compares the device's hash with the host's.
 */
static pbl_status prepare(pbl_driver *d, const netlist_pair *p, pbl_kernel kernel, pbl_error *err) {
  const size_t n = (size_t)pbl_hw_pbits(&p->hw) * (size_t)p->hw.replicas;
  signed char *states = malloc(n);
  if (states == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory");
  for (size_t i = 0; i < n; i++) states[i] = i % 3 == 0 ? 1 : -1;
  pbl_status s = pbl_driver_upload(d, p->image, NULL, err);
  if (s == PBL_OK) s = pbl_driver_seed(d, 5, err);
  if (s == PBL_OK) s = pbl_driver_set_state(d, states, err);
  if (s == PBL_OK) s = pbl_driver_set_kernel(d, kernel, err);
  free(states);
  return s;
}

void netlist_compare(netlist_pair *p, const char *what, int64_t netlist, int64_t twin) {
  if (netlist == twin) return;
  p->n_different++;
  printf("DIFFERS %s: netlist %" PRId64 ", twin %" PRId64 "\n", what, netlist, twin);
}

static void compare_chains(netlist_pair *p, const pbl_chains *a, const pbl_chains *b) {
  for (size_t draw = 0; draw < a->n_recorded; draw++) {
    for (size_t chain = 0; chain < a->n_chains; chain++) {
      if (memcmp(pbl_chains_row(a, chain, draw), pbl_chains_row(b, chain, draw), a->row_bytes) == 0)
        continue;
      p->n_different++;
      printf("DIFFERS replica %zu after sweep %zu\n", chain, draw + 1);
      return;
    }
  }
}

static pbl_status compare_registers(netlist_pair *p, pbl_error *err) {
  pbl_driver_counters a = {0}, b = {0};
  int64_t energy_a[256], energy_b[256];
  uint32_t hash_a = 0, hash_b = 1;
  pbl_device *netlist = pbl_driver_device(p->netlist), *twin = pbl_driver_device(p->twin);
  pbl_status s = pbl_driver_counters_read(p->netlist, &a, err);
  if (s == PBL_OK) s = pbl_driver_counters_read(p->twin, &b, err);
  if (s == PBL_OK) s = pbl_driver_energy(p->netlist, energy_a, err);
  if (s == PBL_OK) s = pbl_driver_energy(p->twin, energy_b, err);
  if (s == PBL_OK) s = netlist->ops->read32(netlist, &hash_a, PBL_REG_IMG_HASH, err);
  if (s == PBL_OK) s = twin->ops->read32(twin, &hash_b, PBL_REG_IMG_HASH, err);
  if (s != PBL_OK) return s;
  netlist_compare(p, "SWEEP_COUNT", (int64_t)a.sweeps, (int64_t)b.sweeps);
  netlist_compare(p, "FLIPS", (int64_t)a.flips, (int64_t)b.flips);
  netlist_compare(p, "SATURATIONS", (int64_t)a.saturations, (int64_t)b.saturations);
  netlist_compare(p, "FREEZES", (int64_t)a.freezes, (int64_t)b.freezes);
  netlist_compare(p, "SAMPLES", (int64_t)a.samples, (int64_t)b.samples);
  netlist_compare(p, "BUSY_CYCLES", (int64_t)a.busy_cycles, (int64_t)b.busy_cycles);
  netlist_compare(p, "IMG_HASH", hash_a, hash_b);
  for (int r = 0; r < p->hw.replicas; r++) netlist_compare(p, "ENERGY", energy_a[r], energy_b[r]);
  printf("hash 0x%08" PRIx32 ", %" PRIu64 " sweeps, %" PRIu64 " flips, %" PRIu64
         " saturations, %" PRIu64 " freezes, %" PRIu64 " stalled clocks\n",
         hash_a, a.sweeps, a.flips, a.saturations, a.freezes, a.stall_cycles);
  if (b.flips == 0 || b.saturations == 0)
    return pbl_fail(err, PBL_INVALID,
                    "no flip or no saturation: the run does not reach everything");
  return s;
}

static pbl_status run_kernel(netlist_pair *p, pbl_kernel kernel, pbl_error *err) {
  const size_t n_pbits = (size_t)pbl_hw_pbits(&p->hw), chains = (size_t)p->hw.replicas;
  pbl_chains *a = NULL, *b = NULL;
  pbl_status s = prepare(p->netlist, p, kernel, err);
  if (s == PBL_OK) s = prepare(p->twin, p, kernel, err);
  if (s == PBL_OK) s = pbl_chains_create(&a, chains, SWEEPS, n_pbits, err);
  if (s == PBL_OK) s = pbl_chains_create(&b, chains, SWEEPS, n_pbits, err);
  if (s == PBL_OK) s = pbl_driver_run(p->netlist, a, SWEEPS, 1, NULL, err);
  if (s == PBL_OK) s = pbl_driver_run(p->twin, b, SWEEPS, 1, NULL, err);
  if (s == PBL_OK) compare_chains(p, a, b);
  if (s == PBL_OK) s = compare_registers(p, err);
  pbl_chains_destroy(a);
  pbl_chains_destroy(b);
  return s;
}

/* Every record of every window, in one mode of the regulator. */
static pbl_status run_windows(netlist_pair *p, const pbl_regulator_words *words, pbl_error *err) {
  pbl_window_log logs[2] = {{0}, {0}};
  pbl_driver *const drivers[] = {p->netlist, p->twin};
  pbl_status s = PBL_OK;
  for (int i = 0; s == PBL_OK && i < 2; i++) {
    s = pbl_driver_set_coupled(drivers[i], p->hw.lanes % 2 == 0, err);
    if (s == PBL_OK) s = pbl_driver_set_regulator(drivers[i], words, err);
    pbl_driver_set_window_log(drivers[i], &logs[i]);
    for (size_t n = 1; s == PBL_OK && n <= WINDOW_RUNS; n++)
      s = pbl_driver_run(drivers[i], NULL, 1, n, NULL, err);
    pbl_driver_set_window_log(drivers[i], NULL);
  }
  size_t n = logs[0].n < logs[1].n ? logs[0].n : logs[1].n;
  if (s == PBL_OK && n < WINDOW_RUNS) s = pbl_fail(err, PBL_INVALID, "%zu windows only", n);
  netlist_compare(p, "number of windows", (int64_t)logs[0].n, (int64_t)logs[1].n);
  for (size_t i = 0; s == PBL_OK && i < n; i++) {
    const pbl_window *a = &logs[0].items[i], *b = &logs[1].items[i];
    netlist_compare(p, "sweep of a window", a->sweep, b->sweep);
    netlist_compare(p, "visible flips of a window", a->flips_v, b->flips_v);
    netlist_compare(p, "hidden flips of a window", a->flips_h, b->flips_h);
    netlist_compare(p, "energies of a window", a->energy_ref, b->energy_ref);
    netlist_compare(p, "energies of a window", a->energy_sum, b->energy_sum);
    netlist_compare(p, "energies of a window", (int64_t)a->energy_sq, (int64_t)b->energy_sq);
    netlist_compare(p, "flip rate", a->rate, b->rate);
    netlist_compare(p, "FILTER", a->filter, b->filter);
    netlist_compare(p, "LAMBDA", a->lambda, b->lambda);
    netlist_compare(p, "TEMPERATURE", a->temperature, b->temperature);
    netlist_compare(p, "beta", a->beta, b->beta);
    netlist_compare(p, "flags", a->flags, b->flags);
  }
  if (n > 0)
    printf("%zu windows, last temperature 0x%08" PRIx32 "\n", n, logs[0].items[n - 1].temperature);
  pbl_window_log_free(&logs[0]);
  pbl_window_log_free(&logs[1]);
  return s;
}

static pbl_status run_modes(netlist_pair *p, pbl_error *err) {
  pbl_regulator_words words = pbl_regulator_words_default();
  words.telemetry = true;
  words.window_sweeps = 3;
  words.rate_scale = 0x400000;
  words.rate_shift = 2;
  words.rate_set = 0x300000;
  words.gain = 0x1800000;
  words.smoothing = 9000;
  words.filter = 0x10000000;
  words.macro = 0x200000;
  words.rate_limit = 0x200000;
  pbl_status s = PBL_OK;
  for (int mode = 0; s == PBL_OK && mode < PBL_N_REGULATOR_MODES; mode++) {
    words.mode = (pbl_regulator_mode)mode;
    words.source = mode % 2 == 1;
    s = run_windows(p, &words, err);
  }
  return s;
}

/* reset_seed: what the flip-flops without a reset start with must not matter. */
static pbl_status run(netlist_pair *p, const char *object, uint64_t reset_seed, pbl_error *err) {
  pbl_device *netlist = NULL, *twin = NULL;
  pbl_status s = pbl_rtl_open(&netlist, object, reset_seed, err);
  if (s != PBL_OK) return s;
  /* a receiver that is busy now and then */
  s = netlist->ops->stream_throttle(netlist, 50, reset_seed, err);
  if (s == PBL_OK) s = pbl_driver_create(&p->netlist, netlist, &p->hw, NULL, err);
  if (s == PBL_OK) s = pbl_twin_open(&twin, &p->hw, err);
  if (s == PBL_OK) s = pbl_driver_create(&p->twin, twin, &p->hw, NULL, err);
  if (s == PBL_OK) s = run_kernel(p, PBL_KERNEL_CYCLIC, err);
  if (s == PBL_OK) s = run_kernel(p, PBL_KERNEL_PALINDROMIC, err);
  if (s == PBL_OK) s = run_kernel(p, PBL_KERNEL_COIN, err);
  if (s == PBL_OK && p->hw.exchange) s = netlist_run_options(p, err);
  if (s == PBL_OK && !p->hw.exchange && !p->hw.no_regulator) s = run_modes(p, err);
  pbl_driver_destroy(p->netlist);
  pbl_driver_destroy(p->twin);
  p->netlist = p->twin = NULL;
  return s;
}

static pbl_status compare_all(netlist_pair *p, const char *object, pbl_error *err) {
  pbl_rbm *model = NULL;
  const pbl_lattice_law law = {
      .couplings = PBL_GAUSSIAN, .scale = 1.2, .field_scale = 0.4, .seed = 9};
  pbl_status s = p->hw.fabric == PBL_FABRIC_LATTICE
                     ? pbl_lattice_model(&model, &p->hw.lattice, &law, err)
                     : pbl_rbm_random(&model, p->hw.n_visible, p->hw.n_hidden, 1.2, 0.4, 9, err);
  if (s == PBL_OK) s = pbl_image_create(&p->image, NULL, model, &p->hw, 1.0, err);
  for (uint64_t seed = 1; s == PBL_OK && seed <= 2; seed++) s = run(p, object, seed, err);
  pbl_image_destroy(p->image);
  pbl_rbm_destroy(model);
  return s;
}

int main(int argc, char **argv) {
  netlist_pair p = {.netlist = NULL};
  pbl_error err = {.message = ""};
  if (argc < 3 || !find_variant(&p.hw, argv[2])) return 2;
  if (strcmp(argv[1], "parameters") == 0) {
    print_parameters(&p.hw);
    return 0;
  }
  if (argc != 4 || strcmp(argv[1], "compare") != 0) return 2;
  const pbl_status s = compare_all(&p, argv[3], &err);
  if (s == PBL_HASH || s == PBL_DEVICE || s == PBL_TIMEOUT) { /* the netlist misbehaves */
    printf("DIFFERS %s\n", err.message);
    return DIFFERENT;
  }
  if (s != PBL_OK) {
    fprintf(stderr, "compare_netlist: %s\n", err.message);
    return pbl_status_exit_code(s);
  }
  if (p.n_different == 0) puts("EQUAL netlist and twin");
  return p.n_different == 0 ? 0 : DIFFERENT;
}
