#include "pbl_lattice.h"
#include "schema_macros.h"

static const pbl_choice devices[] = {{"rtl", PBL_DEVICE_RTL},       {"twin", PBL_DEVICE_TWIN},
                                     {"remote", PBL_DEVICE_REMOTE}, {"tlm", PBL_DEVICE_TLM},
                                     {"uio", PBL_DEVICE_UIO},       {NULL, 0}};
static const pbl_choice fabrics[] = {{"dense", PBL_FABRIC_DENSE},
                                     {"lattice", PBL_FABRIC_LATTICE},
                                     {"sparse", PBL_FABRIC_SPARSE},
                                     {NULL, 0}};
/* Only names: what they mean stands in pbl_lattice_graphs. */
static const pbl_choice graphs[] = {{"g4", 0},      {"g8", 0},      {"g12", 0},     {"g16", 0},
                                    {"g20", 0},     {"g24", 0},     {"g12_alt", 0}, {"g16_alt", 0},
                                    {"g20_alt", 0}, {"g24_alt", 0}, {"z1", 0},      {"custom", 0},
                                    {NULL, 0}};
static const pbl_choice couplings[] = {
    {"ferromagnet", PBL_FERROMAGNET}, {"gaussian", PBL_GAUSSIAN}, {"pm1", PBL_PM1}, {NULL, 0}};
static const pbl_choice boundaries[] = {{"torus", 0}, {"open", 1}, {NULL, 0}};
/* pbl_colour_rule of the models, which the configuration does not know. */
static const pbl_choice colourings[] = {
    {"greedy", 0}, {"largest-first", 1}, {"dsatur", 2}, {NULL, 0}};
static const pbl_choice options[] = {{"false", 0}, {"true", 1}, {NULL, 0}};
static const pbl_choice presences[] = {{"true", 0}, {"false", 1}, {NULL, 0}};
static const pbl_choice roundings[] = {{"round", 1}, {"truncate", 0}, {NULL, 0}};
static const pbl_choice generators[] = {{"xoshiro128++", PBL_GEN_XOSHIRO128PP},
                                        {"lfsr32", PBL_GEN_LFSR32},
                                        {"xorshift32", PBL_GEN_XORSHIFT32},
                                        {NULL, 0}};
static const pbl_choice kernels[] = {{"cyclic", PBL_KERNEL_CYCLIC},
                                     {"palindromic", PBL_KERNEL_PALINDROMIC},
                                     {"coin", PBL_KERNEL_COIN},
                                     {"random_site", PBL_KERNEL_RANDOM_SITE},
                                     {NULL, 0}};

const pbl_field pbl_schema_hw[] = {
    C(pbl_hw, "fabric", fabric, fabrics, "dense",
      "Wiring of the array: all to all; a square with few weights per p-bit; any graph, whose "
      "edges "
      "stand in a memory."),
    I(pbl_hw, "side", lattice.side, 0, 0, 128, "0",
      "Side of the lattice: even, 4..128. Half of its p-bits are visible."),
    {.key = "graph",
     .kind = PBL_FIELD_GRAPH,
     .offset = offsetof(pbl_hw, lattice),
     .choices = graphs,
     .fallback = "g4",
     .meaning = "Neighbours in the lattice, 4 to 24 (docs/models.md). `custom`: as `rules` says."},
    {.key = "rules",
     .kind = PBL_FIELD_RULES,
     .offset = offsetof(pbl_hw, lattice),
     .fallback = "\"\"",
     .meaning = "Neighbours in the lattice as 1 to 6 steps `\"0,1 4,1\"`, each with its three "
                "turns by a right angle; in place of `graph`."},
    I(pbl_hw, "sites_per_clock", lattice.sites, 0, 0, 4096, "0",
      "p-bits of one replica that are updated at a time. Lattice: a divisor of half the side, or "
      "half the side times a divisor of the side; 0: half the side. Sparse: 1..64; 0: enough for "
      "the largest block, at most 16."),
    I(pbl_hw, "pbits", sparse.pbits, 0, 0, 65536, "0",
      "p-bits that fit the sparse fabric. Here and in the next two keys 0 is the least power of "
      "two "
      "that holds the model."),
    I(pbl_hw, "edge_rows", sparse.edge_rows, 0, 0, 65536, "0",
      "Rows of the sparse fabric's edge memory, of `sites_per_clock` neighbours each."),
    I(pbl_hw, "groups", sparse.groups, 0, 0, 65536, "0",
      "Rows of the sparse fabric's schedule, of `sites_per_clock` p-bits each."),
    I(pbl_hw, "lanes", lanes, 0, 0, 32, "0",
      "Replicas updated in parallel; must divide `chains`. 0: as many as `chains`, at most 32."),
    I(pbl_hw, "weight_int", weight_int, 0, 0, 23, "5",
      "Integer bits of a weight, without the sign."),
    I(pbl_hw, "weight_frac", weight_frac, 0, 0, 23, "6",
      "Fraction bits of a weight; 1 + `weight_int` + `weight_frac` is 4..24."),
    I(pbl_hw, "beta_int", beta_int, 0, 0, 24, "4", "Integer bits of beta, which is unsigned."),
    I(pbl_hw, "beta_frac", beta_frac, 0, 0, 24, "12",
      "Fraction bits of beta; `beta_int` + `beta_frac` is 4..24."),
    I(pbl_hw, "table_size", table_size, PBL_FIELD_POWER_OF_2, 16, 4096, "1024",
      "Entries of the activation table."),
    I(pbl_hw, "table_range_log2", table_range_log2, 0, 0, 8, "4",
      "The table covers arguments 2 beta abs(I) up to 2 to this power."),
    I(pbl_hw, "threshold_bits", threshold_bits, 0, 8, 32, "24",
      "Bits of a probability in the table."),
    C(pbl_hw, "rounding", rounding, roundings, "round",
      "How a local field becomes a table index. `truncate` is biased, a negative control."),
    C(pbl_hw, "generator", generator, generators, "xoshiro128++",
      "Random number generator of each lane (lattice, sparse: of each cell)."),
    I(pbl_hw, "lfsr_steps", lfsr_steps, 0, 1, 32, "32",
      "Steps of `lfsr32` per draw; fewer than 32 leaves words correlated."),
    I(pbl_hw, "cells_per_generator", cells_per_generator, 0, 1, PBL_HW_MAX_CELLS, "1",
      "Lattice and sparse fabric: neighbouring cells of a replica that take the same random words; "
      "a divisor of `sites_per_clock`. Above 1 it is a negative control."),
    I(pbl_hw, "field_bits", field_bits, 0, 0, 40, "32",
      "Width of a local field. 0: the least that never wraps."),
    C(pbl_hw, "regulator", no_regulator, presences, "true",
      "Temperature regulator, windows and telemetry. `false` leaves them out of the device, which "
      "is "
      "then half as large (docs/area.md); beta comes from the host, a schedule or a ladder."),
    C(pbl_hw, "exchange", exchange, options, "false",
      "Replica exchange between the contexts, 2..64 of them (docs/device-options.md)."),
    C(pbl_hw, "statistics", statistics, options, "false",
      "Statistics unit (docs/device-options.md); `lanes` must be a power of two."),
    I(pbl_hw, "statistics_pairs", stat_pairs, 0, 0, PBL_HW_MAX_STAT_PAIRS, "0",
      "Pairs of p-bits that the statistics unit can count; only with `statistics`."),
    C(pbl_hw, "trace", trace, options, "false", "Trace port (docs/device-options.md)."),
    END};

static const pbl_field random_fields[] = {
    I(pbl_case_config, "visible", random_visible, MUST, 1, 1024, NULL, "Visible p-bits."),
    I(pbl_case_config, "hidden", random_hidden, MUST, 1, 1024, NULL, "Hidden p-bits."),
    D(pbl_case_config, "scale", random_scale, 0, 0, 1000, "0.5",
      "Standard deviation of the weights."),
    D(pbl_case_config, "bias_scale", random_bias_scale, 0, 0, 1000, "0.2",
      "Standard deviation of the biases."),
    U(pbl_case_config, "seed", random_seed, 0, 0, U64_MAX, "1", "Seed of weights and biases."),
    END};

static const pbl_field lattice_fields[] = {
    C(pbl_case_config, "couplings", lattice_couplings, couplings, "gaussian",
      "Weights of the edges: all `scale`; normal with that standard deviation; plus or minus it."),
    D(pbl_case_config, "scale", lattice_scale, 0, -1000, 1000, "0.5",
      "Size of the weights; negative with `ferromagnet`: an antiferromagnet."),
    D(pbl_case_config, "field_scale", lattice_field_scale, 0, 0, 1000, "0",
      "Standard deviation of the fields (biases)."),
    C(pbl_case_config, "boundary", lattice_open, boundaries, "torus",
      "`open`: weights across the border are 0."),
    U(pbl_case_config, "seed", lattice_seed, 0, 0, U64_MAX, "1", "Seed of weights and fields."),
    END};

static const pbl_field graph_fields[] = {
    T(pbl_case_config, "source", graph, MUST, NULL, NULL,
      "A generator as of `pbitloop graph` (`sk:12`, `regular:200,5`), or a file that it reads."),
    T(pbl_case_config, "couplings", graph_couplings, 0, NULL, "\"\"",
      "Of a generator: `constant,J`, `sign,J` or `normal,S`. Empty: its own law, of size 1."),
    T(pbl_case_config, "fields", graph_fields, 0, NULL, "\"\"",
      "Of a generator: fields (biases), likewise. Empty: none."),
    U(pbl_case_config, "seed", graph_seed, 0, 0, U64_MAX, "1",
      "Of a generator that draws at random."),
    C(pbl_case_config, "colouring", graph_colouring, colourings, "dsatur",
      "Rule that makes the blocks, one for each colour (docs/models.md)."),
    B(pbl_case_config, "balanced", graph_balanced, "false", "Even out the blocks."),
    END};

static const pbl_field weight_fault_fields[] = {
    I(pbl_faults, "row", weight_row, 0, 0, 65535, "0",
      "Image row: a visible p-bit, or the number of them for the row of hidden biases. Lattice, "
      "sparse: row of the weight or edge memory (docs/device.md)."),
    I(pbl_faults, "col", weight_col, 0, 0, 65535, "0",
      "Image column: a hidden p-bit, or the number of them for the column of visible biases. "
      "Lattice: column of its weight memory. Sparse: of the edge memory, weights at odd columns."),
    I(pbl_faults, "offset", weight_offset, 0, -8388608, 8388607, "0",
      "Added to the word, in units of its last bit. 0: sound."),
    END};

static const pbl_field fault_fields[] = {
    D(pbl_faults, "beta_gain", beta_gain, ABOVE, 0, 100, "1",
      "The device's beta times this. 1: sound."),
    S("weight", 0, 0, weight_fault_fields, "One wrong weight word."),
    I(pbl_faults, "stale_row", stale_row, 0, -1, 65535, "-1",
      "Row that keeps the words of another image. -1: none."),
    I(pbl_faults, "ladder_swap", ladder_swap, 0, -1, 62, "-1",
      "Rung whose beta the device has exchanged with that of the next. -1: none."),
    B(pbl_faults, "before_hash", before_hash, "false",
      "Corrupt before the device hashes its image (the run must be refused), else after."),
    END};

static const pbl_choice regulators[] = {
    {"host", PBL_REGULATOR_HOST},     {"fixed", PBL_REGULATOR_FIXED},
    {"srtrbm", PBL_REGULATOR_SRTRBM}, {"setpoint", PBL_REGULATOR_SETPOINT},
    {"guard", PBL_REGULATOR_GUARD},   {NULL, 0}};

static const pbl_field case_regulator_fields[] = {
    C(pbl_case_regulator, "mode", settings.mode, regulators, "host",
      "`host`, `fixed`: beta as set; `srtrbm`: flip rate against its own filtered past; "
      "`setpoint`: against `flip_rate`; `guard`: the same, heats only."),
    I(pbl_case_regulator, "window_sweeps", settings.window_sweeps, 0, 0, 1e9, "0",
      "Device sweeps per window. 0: no windows."),
    I(pbl_case_regulator, "windows", windows, 0, 0, 1e6, "50",
      "Windows in which the temperature adapts before `compare` freezes it and samples."),
    B(pbl_case_regulator, "hidden_flips", settings.hidden_flips, "false",
      "Count flips of hidden p-bits too."),
    D(pbl_case_regulator, "flip_rate", settings.flip_rate, 0, 0, 0.5, "0.05",
      "Target (`setpoint`) or floor (`guard`) of the flips per p-bit and update."),
    D(pbl_case_regulator, "gain", settings.gain, ABOVE, 0, 255, "0.5",
      "Step of log T per unit of flip rate and window."),
    D(pbl_case_regulator, "smoothing", settings.smoothing, ABOVE, 0, 0.9999, "0.01",
      "Weight of the new window in the filtered flip rate (`srtrbm`)."),
    D(pbl_case_regulator, "dead_band", settings.dead_band, 0, 0, 0.5, "0",
      "Errors of the flip rate up to this are taken as 0 (`setpoint`, `guard`)."),
    D(pbl_case_regulator, "step_limit", settings.step_limit, 0, 0, 3.9, "0",
      "Largest step of log T per window (`setpoint`, `guard`). 0: none."),
    D(pbl_case_regulator, "temperature", settings.temperature, ABOVE, 0, 54, "1",
      "First temperature (`srtrbm`, `setpoint`, `guard`)."),
    D(pbl_case_regulator, "temperature_min", settings.temperature_min, ABOVE, 0, 54, "0.125",
      "Lower limit of T."),
    D(pbl_case_regulator, "temperature_max", settings.temperature_max, ABOVE, 0, 54, "8",
      "Upper limit of T."),
    D(pbl_case_regulator, "filter", settings.filter, 0, 0, 1, "0",
      "First value of the filtered flip rate (`srtrbm`)."),
    D(pbl_case_regulator, "macro", macro, 0, -127, 127, "0",
      "Added to T (`srtrbm`); constant here, the host's to move in training."),
    B(pbl_case_regulator, "freeze", freeze, "false", "Hold log T and the filtered flip rate."),
    B(pbl_case_regulator, "telemetry", telemetry, "true",
      "Send a record of every window on the telemetry stream."),
    END};

static const pbl_field schedule_fields[] = {
    T(pbl_case_config, "entries", schedule, 0, NULL, "\"\"",
      "Up to 64 entries, blanks between: `0.2:100` is beta 0.2 for 100 sweeps, `0.1..0.8/8:50` "
      "eight betas from 0.1 to 0.8 for 50 sweeps each. Empty: no schedule."),
    B(pbl_case_config, "repeat", schedule_repeat, "false",
      "After the last entry begin again instead of holding it. Only for `lockstep`."),
    END};

static const pbl_field statistics_fields[] = {
    I(pbl_case_statistics, "every", every, 0, 0, 1e6, "0",
      "Sweeps from sample to sample of the unit. 0: as `sweeps_per_draw`. In `compare` a multiple "
      "of that."),
    I(pbl_case_statistics, "further_samples", further, 0, 0, 1e9, "0",
      "`compare`: samples that the unit takes after the draws, without read-out."),
    T(pbl_case_statistics, "pairs", pairs, 0, NULL, "edges",
      "Pairs that are counted, at most `hw.statistics_pairs`: `edges`, those that the model "
      "couples, evenly left out where they do not fit; or a number of random pairs."),
    T(pbl_case_statistics, "projections", projections, 0, NULL,
      "magnetisation random random random",
      "Up to four words: `magnetisation`, `visible`, `hidden` (their magnetisations), `random` "
      "(plus or minus 1); or a .npy file of up to 4 x p-bits, each -1, 0 or 1."),
    END};

static const pbl_choice schemes[] = {
    {"even_odd", PBL_SCHEME_EVEN_ODD}, {"random", PBL_SCHEME_RANDOM}, {NULL, 0}};

static const pbl_field ladder_fields[] = {
    T(pbl_case_ladder, "betas", betas, 0, NULL, "\"\"",
      "Beta of each rung, 2 to 64, blanks between: `1 0.7 0.5 0.35`. The first, rung 0, is the "
      "beta "
      "of the case. Empty: no ladder, or `rungs`."),
    I(pbl_case_ladder, "rungs", rungs, 0, 0, 64, "0",
      "In place of `betas`: this many, in a constant ratio from `beta` to `beta_min`."),
    D(pbl_case_ladder, "beta_min", beta_min, 0, 0, 1000, "0", "Beta of the last rung."),
    I(pbl_case_ladder, "every", every, 0, 0, 1e9, "1",
      "Sweeps from pass to pass, each of which tries to exchange neighbouring rungs. 0: none."),
    C(pbl_case_ladder, "scheme", scheme, schemes, "even_odd",
      "Pairs that a pass tries: `even_odd` rungs (0,1), (2,3), .. and (1,2), (3,4), .. in turn; "
      "`random` by a coin (reversible)."),
    I(pbl_case_ladder, "adapt", adapt, 0, 0, 16, "0",
      "Rounds before the burn-in that move the betas between the first and the last until "
      "exchanges "
      "are refused equally often; each twice as long as the one before, the last as long as the "
      "burn-in. Only for `compare`."),
    I(pbl_case_ladder, "alone_draws", alone_draws, 0, 0, 1e9, "0",
      "Draws of chains without exchange at the beta of the case, for the factor between the two. "
      "0: none. Only for `compare`."),
    I(pbl_case_ladder, "alone_every", alone_every, 0, 1, 1e9, "1", "Sweeps per draw of those."),
    END};

const pbl_field pbl_schema_case[] = {
    T(pbl_case_config, "name", name, MUST, NULL, NULL,
      "Unique; letters, digits, `_` and `-`. Names the case in tables and results."),
    T(pbl_case_config, "model", model, 0, NULL, "\"\"",
      "Model folder. Either this, `random`, `lattice` or `graph`. Looked for from the current "
      "folder, then the file's folder, then `PBITLOOP_SOURCE_DIR`."),
    S("random", 0, 0, random_fields, "A random restricted Boltzmann machine instead of a model."),
    S("lattice", 0, 0, lattice_fields,
      "An Ising model on the graph of the lattice fabric instead of a model."),
    S("graph", 0, 0, graph_fields, "An Ising model on any graph, for the sparse fabric."),
    D(pbl_case_config, "beta", beta, 0, 0, 1000, "0", "Inverse temperature. 0: the model's."),
    C(pbl_case_config, "kernel", kernel, kernels, "cyclic",
      "Order of half-sweeps: `cyclic` A B, `palindromic` A B A (reversible), `coin` A B or B A, a "
      "coin per sweep (reversible). Graphs: blocks in turn, there and back, or there or back; "
      "`random_site`, for graphs only, updates as many single p-bits as there are, each picked at "
      "random (reversible)."),
    I(pbl_case_config, "chains", chains, 0, 1, 256, "16",
      "Replicas of the device and chains of the reference."),
    I(pbl_case_config, "burn_in_sweeps", burn_in, 0, 0, 1e9, "200",
      "Sweeps before the first draw."),
    I(pbl_case_config, "draws", draws, 0, 1, 1e8, "2000", "Draws per chain."),
    I(pbl_case_config, "sweeps_per_draw", every, 0, 1, 1e6, "1",
      "Sweeps from draw to draw; in `lockstep`, too, which then compares every so many."),
    I(pbl_case_config, "q_window_sweeps", q_window, 0, 1, 1e9, "100",
      "Window K of one gradient estimate in Q_op; at most `draws` times `sweeps_per_draw` (the "
      "default shrinks to that)."),
    B(pbl_case_config, "exact", exact, "false",
      "Also compare with the exact law; at most 20 p-bits."),
    I(pbl_case_config, "coupled_pairs", coupled_pairs, 0, 0, 100000, "512",
      "Pairs of coupled chains that vouch for the reference where the law is not exact. 0: none."),
    I(pbl_case_config, "device_pairs", device_pairs, 0, 0, 100000, "0",
      "`compare`: pairs of replicas coupled in the device: distance of its chains to their law "
      "after "
      "the burn-in, means without burn-in bias. 0: none; else 50 or more, an even number of lanes, "
      "no clamps."),
    T(pbl_case_config, "clamp", clamp, 0, NULL, "\"\"",
      "p-bits held at their first state, as `\"0-3,7\"`; visible first, then hidden."),
    S("faults", 0, offsetof(pbl_case_config, faults), fault_fields,
      "Negative controls: deliberate faults of the device that the comparison must find."),
    B(pbl_case_config, "coupled", coupled, "false",
      "Replicas 2p and 2p+1 share random words; an even number of lanes. Only for `lockstep`."),
    S("regulator", 0, offsetof(pbl_case_config, regulator), case_regulator_fields,
      "Temperature regulator of the device. In `compare` it adapts, is frozen, and the comparison "
      "takes place at the temperature it has found."),
    S("statistics", 0, offsetof(pbl_case_config, statistics), statistics_fields,
      "Statistics unit of the device (`hw.statistics`). `compare` drains it while sampling and "
      "compares it with the draws."),
    S("schedule", 0, 0, schedule_fields,
      "Beta schedule on the device, one beta after the other. In `compare` it runs during the "
      "burn-in and must end at the beta of the case, at which the sampling begins."),
    S("ladder", 0, offsetof(pbl_case_config, ladder), ladder_fields,
      "Replica exchange in the device, which needs `hw.exchange`. `chains` is rungs times lanes; "
      "`lanes: 0` is chosen so, and each lane is a ladder of its own."),
    S("hw", PBL_FIELD_INHERITS, offsetof(pbl_case_config, hw), pbl_schema_hw,
      "Keys of `hw` that differ in this case."),
    END};

static const pbl_field lockstep_fields[] = {
    U(pbl_compare_root, "sweeps", config.lockstep_sweeps, 0, 1, 1e12, "200", "Sweeps per case."),
    I(pbl_compare_root, "throttle_permille", config.lockstep_throttle_permille, 0, 1, 1000, "1000",
      "Probability, in thousandths, that the receiver takes a stream word on a clock. 1000: no "
      "back-pressure."),
    U(pbl_compare_root, "reset_seed", config.lockstep_reset_seed, 0, 0, U64_MAX, "1",
      "Seed of the values that uninitialised registers of the RTL start with."),
    END};

const pbl_field pbl_schema_compare[] = {
    I(pbl_compare_root, "schema", schema, MUST, 1, 1, NULL, "Version of this file format."),
    U(pbl_compare_root, "seed", config.seed, 0, 0, U64_MAX, "1",
      "Seed of the whole run; same seed, same bytes."),
    C(pbl_compare_root, "device", config.device, devices, "rtl",
      "Who plays the device: Verilated RTL, the bit-exact C twin, one that `pbitloop serve` "
      "lends, the Verilated RTL as a SystemC model (`tlm`), or a board (`uio`)."),
    REMOTE_FIELDS(pbl_compare_root),
    TLM_FIELDS(pbl_compare_root),
    UIO_FIELDS(pbl_compare_root),
    I(pbl_compare_root, "threads", config.threads, 0, 0, 1024, "0",
      "Threads of the reference. 0: one per processor."),
    T(pbl_compare_root, "out", config.out, 0, NULL, "\"\"",
      "Results folder. Empty: `results/` and the file's name."),
    U(pbl_compare_root, "timeout_cycles", config.timeout_cycles, 0, 1, 1e15, "1e9",
      "Device cycles without any progress before a run is given up."),
    D(pbl_compare_root, "clock_hz", config.clock_hz, ABOVE, 0, 1e12, "100e6",
      "Assumed device clock, for effective samples per second of hardware."),
    D(pbl_compare_root, "alpha", config.alpha, 0, 1e-12, 0.1, "1e-4",
      "False-alarm probability of the whole verdict."),
    S("hw", 0, offsetof(pbl_compare_root, hw), pbl_schema_hw, "Hardware of all cases."),
    S("lockstep", 0, 0, lockstep_fields, "Only for `pbitloop lockstep`."),
    {.key = "cases",
     .kind = PBL_FIELD_LIST,
     .flags = MUST,
     .fields = pbl_schema_case,
     .min = 1,
     .max = PBL_MAX_CASES,
     .meaning = "What to compare."},
    END};
