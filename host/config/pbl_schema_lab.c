/* Keys of `pbitloop lab`. */
#include "pbl_lab_config.h"
#include "schema_macros.h"

static const pbl_choice modes[] = {{"fixed", PBL_REGULATOR_FIXED},
                                   {"srtrbm", PBL_REGULATOR_SRTRBM},
                                   {"setpoint", PBL_REGULATOR_SETPOINT},
                                   {"guard", PBL_REGULATOR_GUARD},
                                   {NULL, 0}};
static const pbl_choice statistics[] = {{"mean", PBL_LAB_MEAN}, {"least", PBL_LAB_LEAST},
                                        {"most", PBL_LAB_MOST}, {"low", PBL_LAB_LOW},
                                        {"high", PBL_LAB_HIGH}, {NULL, 0}};
static const pbl_choice relations[] = {
    {"ratio", PBL_LAB_RATIO}, {"difference", PBL_LAB_DIFFERENCE}, {NULL, 0}};

static const pbl_field regulator_fields[] = {
    C(pbl_regulator_settings, "mode", mode, modes, "fixed",
      "`fixed` holds T; `srtrbm`: flip rate against its own filtered past; `setpoint`: against "
      "`flip_rate`; `guard`: the same, heats only."),
    D(pbl_regulator_settings, "flip_rate", flip_rate, ABOVE, 0, 0.4999, "0.05",
      "Target (`setpoint`) or floor (`guard`) r*."),
    D(pbl_regulator_settings, "gain", gain, 0, 0, 255, "0",
      "eta, step of log T per unit of flip rate and window. 0: 0.01 for `srtrbm`, else 0.5."),
    D(pbl_regulator_settings, "smoothing", smoothing, ABOVE, 0, 0.9999, "0.01",
      "alpha, weight of the new window in the filtered flip rate (`srtrbm`)."),
    D(pbl_regulator_settings, "gap_scale", gap_scale, 0, 0, 1, "0.001",
      "eps, temperature per unit of the mean free-energy gap (`srtrbm`). 0: no such term."),
    D(pbl_regulator_settings, "dead_band", dead_band, 0, 0, 0.5, "0",
      "Errors of the flip rate up to this are taken as 0 (`setpoint`, `guard`)."),
    D(pbl_regulator_settings, "step_limit", step_limit, 0, 0, 3.9, "0",
      "Largest step of log T per window (`setpoint`, `guard`). 0: none."),
    D(pbl_regulator_settings, "temperature", temperature, 0, 1e-6, 1000, "1", "First T."),
    D(pbl_regulator_settings, "temperature_min", temperature_min, 0, 1e-6, 1000, "1e-6",
      "Lower limit of T."),
    D(pbl_regulator_settings, "temperature_max", temperature_max, 0, 1e-6, 1000, "1000",
      "Upper limit of T."),
    D(pbl_regulator_settings, "filter", filter, 0, 0, 1, "0",
      "First filtered flip rate c (`srtrbm`)."),
    END};

static const pbl_field loop_fields[] = {
    I(pbl_lab_loop, "windows", windows, 0, 0, 1e6, "0", "Windows; 0: no such stage."),
    D(pbl_lab_loop, "disturbance", disturbance, 0, 0, 0.5, "0",
      "Each flip rate is off by a uniform error of up to this."),
    D(pbl_lab_loop, "box", box, ABOVE, 0, 10, "0.5",
      "Half-width, in log T, of the box around the undisturbed end in which disturbed runs start."),
    I(pbl_lab_loop, "starts", starts, 0, 0, 1000, "0", "Disturbed runs; 0: none."),
    S("regulator", 0, offsetof(pbl_lab_loop, regulator), regulator_fields,
      "Regulator of this stage."),
    END};

static const pbl_field scan_fields[] = {
    I(pbl_lab_scan, "points", points, 0, 0, PBL_LAB_MAX_SCAN, "0",
      "Temperatures; 0: no such stage, else at least 2."),
    D(pbl_lab_scan, "from", from, 0, -10, 10, "-1", "log T of the first."),
    D(pbl_lab_scan, "to", to, 0, -10, 10, "1", "log T of the last."), END};

static const pbl_field gains_fields[] = {
    I(pbl_lab_gains, "points", points, 0, 0, PBL_LAB_MAX_SCAN, "0",
      "Gains; 0: no such scan, else at least 2."),
    I(pbl_lab_gains, "windows", windows, 0, 4, 1e6, "12", "Windows of each gain."),
    D(pbl_lab_gains, "from", from, ABOVE, 0, 255, "1", "The first gain."),
    D(pbl_lab_gains, "to", to, ABOVE, 0, 255, "10", "The last gain."), END};

static const pbl_field device_fault_fields[] = {
    D(pbl_lab_device, "gain", gain_fault, ABOVE, 0, 100, "1",
      "The device's gain word times this. 1: sound."),
    D(pbl_lab_device, "flip_rate", rate_fault, ABOVE, 0, 100, "1",
      "The device's scale from flips to flip rate times this. 1: sound."),
    END};

static const pbl_field device_regulator_fields[] = {
    D(pbl_regulator_settings, "flip_rate", flip_rate, ABOVE, 0, 0.4999, "0.15", "Target r*."),
    D(pbl_regulator_settings, "gain", gain, ABOVE, 0, 255, "0.5",
      "eta, step of log T per unit of flip rate and window."),
    D(pbl_regulator_settings, "dead_band", dead_band, 0, 0, 0.5, "0",
      "Errors of the flip rate up to this are taken as 0."),
    D(pbl_regulator_settings, "step_limit", step_limit, 0, 0, 3.9, "0",
      "Largest step of log T per window. 0: none."),
    D(pbl_regulator_settings, "temperature", temperature, 0, 0.0184, 54, "1", "First T."),
    D(pbl_regulator_settings, "temperature_min", temperature_min, 0, 0.0184, 54, "0.125",
      "Lower limit of T."),
    D(pbl_regulator_settings, "temperature_max", temperature_max, 0, 0.0184, 54, "8",
      "Upper limit of T."),
    END};

static const pbl_field device_fields[] = {
    I(pbl_lab_device, "windows", windows, 0, 0, 1e6, "0",
      "Windows of each repeat; 0: no such stage, else at least 60."),
    I(pbl_lab_device, "window_sweeps", regulator.window_sweeps, 0, 1, 1e6, "1000",
      "Sweeps per window."),
    I(pbl_lab_device, "replicas", replicas, 0, 1, 256, "256", "Chains of the device."),
    I(pbl_lab_device, "repeats", repeats, 0, 1, 1000, "8",
      "Runs from the same T, each with states and generators of its own."),
    I(pbl_lab_device, "burn_in_sweeps", burn_in, 0, 0, 1e6, "500",
      "Sweeps at the first T before the first window."),
    I(pbl_lab_device, "weight_int", weight_int, 0, 0, 22, "5",
      "Integer bits of the device's weights."),
    I(pbl_lab_device, "weight_frac", weight_frac, 0, 0, 22, "6",
      "Fraction bits of the device's weights."),
    I(pbl_lab_device, "change_window", change_window, 0, 0, 1e6, "0",
      "Windows after which the host writes another target; 0: none, else at most half of "
      "`windows`."),
    D(pbl_lab_device, "change_flip_rate", change_flip_rate, ABOVE, 0, 0.4999, "0.15",
      "That target."),
    S("regulator", 0, offsetof(pbl_lab_device, regulator), device_regulator_fields,
      "The device's regulator, mode setpoint."),
    S("gains", 0, offsetof(pbl_lab_device, gains), gains_fields,
      "The same start at other gains: where does the loop become unstable?"),
    S("faults", 0, 0, device_fault_fields,
      "Negative controls: deliberate faults of the device that the expectations must find."),
    END};

#define RUN_FIELDS                                                                               \
  I(pbl_lab_run, "chains", chains, 0, 1, 4096, "64", "Persistent chains."),                      \
      D(pbl_lab_run, "learning_rate", learning_rate, 0, 0, 100, "0.02",                          \
        "Step per update. 0: frozen weights."),                                                  \
      D(pbl_lab_run, "weight_decay", weight_decay, 0, 0, 100, "1e-4", "L2, weights only."),      \
      D(pbl_lab_run, "initial_scale", initial_scale, 0, 0, 1000, "0.05",                         \
        "Standard deviation of the first weights."),                                             \
      I(pbl_lab_run, "burn_in_sweeps", burn_in, 0, 0, 1e6, "0",                                  \
        "Sweeps before the first update."),                                                      \
      B(pbl_lab_run, "clamped", clamped, "false", "After burn-in the chains stay as they are."), \
      I(pbl_lab_run, "updates_per_window", updates_per_window, 0, 1, 1e6, "100",                 \
        "Updates (and sweeps) per window of the regulator."),                                    \
      I(pbl_lab_run, "windows", windows, 0, 0, 1e7, "400", "Windows of training."),              \
      D(pbl_lab_run, "growth", growth, 0, -1, 1, "0",                                            \
        "Disturbance: after each window all parameters grow by this, in logarithm."),            \
      B(pbl_lab_run, "gauge_fixing", gauge_fixing, "false",                                      \
        "After each window fold T into the parameters, so that T is 1 again."),                  \
      S("regulator", 0, offsetof(pbl_lab_run, regulator), regulator_fields,                      \
        "Temperature of the chains."),                                                           \
      S("loop", 0, offsetof(pbl_lab_run, loop), loop_fields,                                     \
        "Second stage: a regulator on the frozen model with its exact flip rate."),              \
      S("scan", 0, offsetof(pbl_lab_run, scan), scan_fields,                                     \
        "Third stage: exact properties of the model over temperatures."),                        \
      S("device", 0, offsetof(pbl_lab_run, device), device_fields,                               \
        "Fourth stage: the regulator of the bit-exact device model on the frozen model.")

static const pbl_field default_fields[] = {RUN_FIELDS, END};

const pbl_field pbl_schema_lab_run[] = {
    T(pbl_lab_run, "name", name, MUST, NULL, NULL, "Unique name."), RUN_FIELDS, END};

const pbl_field pbl_schema_lab_expectation[] = {
    T(pbl_lab_expectation, "run", run, MUST, NULL, NULL, "Name of a run."),
    T(pbl_lab_expectation, "quantity", quantity_name, MUST, NULL, NULL,
      "One of the quantities of docs/regulation.md."),
    I(pbl_lab_expectation, "at", at, 0, 0, PBL_LAB_MAX_SCAN - 1, "0",
      "Point of the scan, from 0, for quantities of one point."),
    C(pbl_lab_expectation, "of", of, statistics, "mean",
      "Statistic over the seeds; `low` and `high`: 95 % interval of the mean."),
    T(pbl_lab_expectation, "versus", versus, 0, NULL, "\"\"",
      "Another run to compare with, seed by seed."),
    C(pbl_lab_expectation, "relation", relation, relations, "ratio", "How to compare."),
    D(pbl_lab_expectation, "value", value, 0, -1e300, 1e300, "0", "Expected value."),
    D(pbl_lab_expectation, "tolerance", tolerance, 0, 0, 1e300, "0",
      "Largest distance from `value`."),
    D(pbl_lab_expectation, "min", min, 0, -1e300, 1e300, "0", "Least value that passes."),
    D(pbl_lab_expectation, "max", max, 0, -1e300, 1e300, "0", "Largest value that passes."),
    T(pbl_lab_expectation, "note", note, 0, NULL, "\"\"", "Where the expectation comes from."),
    END};

const pbl_field pbl_schema_lab[] = {
    I(pbl_lab_root, "schema", schema, MUST, 1, 1, NULL, "Version of this file format."),
    T(pbl_lab_root, "title", config.title, 0, NULL, "\"\"", "What the experiment asks."),
    U(pbl_lab_root, "seed", config.seed, 0, 0, U64_MAX, "1", "Seed of the first repetition."),
    I(pbl_lab_root, "seeds", config.seeds, 0, 1, 1000, "1", "Repetitions, with seeds in sequence."),
    I(pbl_lab_root, "threads", config.threads, 0, 0, 1024, "0", "Threads. 0: one per processor."),
    S("defaults", 0, offsetof(pbl_lab_root, defaults), default_fields, "Defaults of all runs."),
    {.key = "runs",
     .kind = PBL_FIELD_LIST,
     .flags = MUST | PBL_FIELD_INHERITS,
     .fields = pbl_schema_lab_run,
     .min = 1,
     .max = PBL_LAB_MAX_RUNS,
     .meaning =
         "What to do. Each entry has its own `name` and any key of `defaults`, which it replaces."},
    {.key = "expect",
     .kind = PBL_FIELD_LIST,
     .fields = pbl_schema_lab_expectation,
     .min = 0,
     .max = PBL_LAB_MAX_EXPECTATIONS,
     .meaning = "The pass line: every entry must hold."},
    END};

const pbl_lab_quantity_info *pbl_lab_quantity_of(int quantity) {
  static const pbl_lab_quantity_info table[PBL_N_LAB_QUANTITIES] = {
#define PBL_X(name_, stage_, meaning_) \
  [PBL_LAB_##name_] = {.name = #name_, .meaning = (meaning_), .stage = (stage_)},
      PBL_LAB_QUANTITIES(PBL_X)
#undef PBL_X
  };
  return quantity >= 0 && quantity < PBL_N_LAB_QUANTITIES ? &table[quantity] : NULL;
}
