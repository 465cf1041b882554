#include "schema_macros.h"

static const pbl_choice datasets[] = {
    {"fashion-mnist", 0}, {"mnist", 0}, {"idx", 0}, {"bars", 0}, {NULL, 0}};
static const pbl_choice units[] = {{"spin", 0}, {"binary", 1}, {NULL, 0}};
static const pbl_choice starts[] = {{"data", 0}, {"blank", 1}, {NULL, 0}};
static const pbl_choice train_devices[] = {{"reference", 0}, {"twin", 1}, {"rtl", 2}, {"remote", 3},
                                           {"tlm", 4},       {"uio", 5},  {NULL, 0}};
static const pbl_choice regulators[] = {{"fixed", PBL_REGULATOR_FIXED},
                                        {"srtrbm", PBL_REGULATOR_SRTRBM},
                                        {"setpoint", PBL_REGULATOR_SETPOINT},
                                        {"guard", PBL_REGULATOR_GUARD},
                                        {NULL, 0}};

static const pbl_field dataset_fields[] = {
    T(pbl_train_root, "name", config.dataset, MUST, datasets, NULL,
      "`fashion-mnist` (Debian package), `mnist` (folder of IDX files), `idx` (one IDX file), "
      "`bars` (bars and stripes, generated)."),
    T(pbl_train_root, "path", config.dataset_path, 0, NULL, "\"\"",
      "Folder or file of the data; needed by `mnist` and `idx`. Looked for like a model."),
    I(pbl_train_root, "rows", config.rows, 0, 0, 1024, "0", "Image rows; needed by `bars`."),
    I(pbl_train_root, "cols", config.cols, 0, 0, 1024, "0", "Image columns; needed by `bars`."),
    I(pbl_train_root, "threshold", config.threshold, 0, 1, 255, "128",
      "A pixel of at least this value becomes +1, else -1."),
    I(pbl_train_root, "max_images", config.max_images, 0, 0, 1e7, "0",
      "Use the first so many images. 0: all."),
    END};

static const pbl_field model_fields[] = {
    I(pbl_train_root, "hidden", config.n_hidden, MUST, 1, 1024, NULL, "Hidden p-bits."),
    D(pbl_train_root, "initial_scale", config.initial_scale, 0, 0, 10, "0.01",
      "Standard deviation of the first weights."),
    D(pbl_train_root, "beta", config.beta, ABOVE, 0, 1000, "1",
      "Inverse temperature of the model."),
    END};

static const pbl_field training_fields[] = {
    C(pbl_train_root, "units", config.units, units, "spin",
      "Parametrisation: `spin` -1, +1 with the exact gradient, `binary` 0, 1 as in most of the "
      "literature. Weights, rates and decays are in these units."),
    C(pbl_train_root, "start", config.start, starts, "data",
      "`data`: visible biases at the log odds of the data, chains at that law; `blank`: biases 0, "
      "chains of fair coins."),
    D(pbl_train_root, "learning_rate", config.learning_rate, ABOVE, 0, 100, "0.01",
      "Step per update, on the mean gradient of a batch."),
    D(pbl_train_root, "weight_decay", config.weight_decay, 0, 0, 10, "1e-4",
      "L2 decay of the weights (not of the biases)."),
    D(pbl_train_root, "bias_decay", config.bias_decay, 0, 0, 10, "0",
      "L2 decay of the biases; units `binary` only."),
    D(pbl_train_root, "spectral_limit", config.spectral_limit, 0, 0, 100, "0",
      "Bound on the spectral norm of the effective coupling, which keeps the chains mixing; 0: "
      "none."),
    I(pbl_train_root, "batch_size", config.batch_size, 0, 1, 1e6, "100", "Images per update."),
    B(pbl_train_root, "drop_incomplete_batch", config.drop_incomplete_batch, "false",
      "Leave out an epoch's last batch when it is not full."),
    I(pbl_train_root, "chains", config.n_chains, 0, 1, 1e5, "100", "Persistent chains."),
    I(pbl_train_root, "sweeps_per_update", config.sweeps_per_update, 0, 1, 1e4, "1",
      "Sweeps of the persistent chains per update."),
    I(pbl_train_root, "epochs", config.epochs, 0, 1, 1e6, "10", "Passes over the data."),
    I(pbl_train_root, "checkpoint_every_epochs", config.checkpoint_every, 0, 0, 1e6, "1",
      "Epochs from checkpoint to checkpoint. 0: only at the end."),
    I(pbl_train_root, "log_every_epochs", config.log_every, 0, 1, 1e6, "1",
      "Epochs from log line to log line."),
    END};

static const pbl_field upload_fields[] = {
    I(pbl_train_root, "every_updates", config.upload_every, 0, 1, 1e6, "1",
      "Updates from upload to upload of the quantised weights."),
    B(pbl_train_root, "stochastic_rounding", config.stochastic_rounding, "false",
      "Round weights up or down at random so that their mean is exact."),
    END};

static const pbl_field regulator_fields[] = {
    C(pbl_train_root, "mode", config.regulator.mode, regulators, "fixed",
      "`fixed` holds T; `srtrbm`: flip rate against its own filtered past; `setpoint`: against "
      "`flip_rate`; `guard`: the same, heats only."),
    I(pbl_train_root, "window_updates", config.window_updates, 0, 0, 1e6, "0",
      "Updates between two steps of the temperature, at most an epoch's, since a window begins "
      "anew with each epoch. 0: the epoch."),
    B(pbl_train_root, "gauge_fixing", config.gauge_fixing, "false",
      "After each window fold T into the parameters, so that T is 1 again."),
    D(pbl_train_root, "flip_rate", config.regulator.flip_rate, 0, 0, 0.5, "0.05",
      "Target (`setpoint`) or floor (`guard`) of the flips per visible p-bit and update."),
    D(pbl_train_root, "gain", config.regulator.gain, 0, 0, 255, "0",
      "Step of log T per unit of flip rate and window. 0: 0.01 for `srtrbm`, else 0.5."),
    D(pbl_train_root, "smoothing", config.regulator.smoothing, ABOVE, 0, 0.9999, "0.01",
      "Weight of the new window in the filtered flip rate (`srtrbm`)."),
    D(pbl_train_root, "gap_scale", config.regulator.gap_scale, 0, 0, 1, "0.001",
      "Temperature per unit of the mean free-energy gap (`srtrbm`). 0: no such term."),
    D(pbl_train_root, "dead_band", config.regulator.dead_band, 0, 0, 0.5, "0",
      "Errors of the flip rate up to this are taken as 0 (`setpoint`, `guard`)."),
    D(pbl_train_root, "step_limit", config.regulator.step_limit, 0, 0, 3.9, "0",
      "Largest step of log T per window (`setpoint`, `guard`). 0: none."),
    D(pbl_train_root, "temperature", config.regulator.temperature, ABOVE, 0, 1000, "1",
      "First temperature of a regulated run (`fixed` holds 1 / `model.beta`)."),
    D(pbl_train_root, "temperature_min", config.regulator.temperature_min, 0, 1e-6, 1000, "0.125",
      "Lower limit of T."),
    D(pbl_train_root, "temperature_max", config.regulator.temperature_max, 0, 1e-6, 1000, "8",
      "Upper limit of T."),
    D(pbl_train_root, "filter", config.regulator.filter, 0, 0, 1, "0",
      "First value of the filtered flip rate (`srtrbm`)."),
    END};

static const pbl_field evaluation_fields[] = {
    I(pbl_train_root, "every_epochs", config.evaluate_every, 0, 0, 1e6, "0",
      "Epochs from evaluation to evaluation, a multiple of `training.log_every_epochs`. 0: only at "
      "the end."),
    I(pbl_train_root, "ais_chains", config.ais_chains, 0, 0, 1e5, "100",
      "Chains of annealed importance sampling; where one side has at most 14 p-bits log Z is exact "
      "without them. 0: no likelihood, no gap."),
    I(pbl_train_root, "ais_temperatures", config.ais_temperatures, 0, 2, 1e7, "10000",
      "Steps of its temperature ladder."),
    I(pbl_train_root, "tau_chains", config.tau_chains, 0, 0, 1e5, "0",
      "Chains for tau of the free energy at the held temperature, from random starts. 0: none; "
      "else at least 4."),
    I(pbl_train_root, "tau_burn_in_sweeps", config.tau_burn_in, 0, 0, 1e8, "500",
      "Sweeps of these chains before the first draw."),
    I(pbl_train_root, "tau_sweeps", config.tau_draws, 0, 16, 1e8, "2000",
      "Draws of each, one per sweep."),
    END};

const pbl_field pbl_schema_train[] = {
    I(pbl_train_root, "schema", schema, MUST, 1, 1, NULL, "Version of this file format."),
    U(pbl_train_root, "seed", config.seed, 0, 0, U64_MAX, "1",
      "Seed of the whole run; same seed, same bytes."),
    I(pbl_train_root, "threads", config.threads, 0, 0, 1024, "0", "Threads. 0: one per processor."),
    T(pbl_train_root, "out", config.out, 0, NULL, "\"\"",
      "Model folder to write. Empty: `results/` and the file's name."),
    C(pbl_train_root, "device", config.device, train_devices, "reference",
      "Who samples the negative phase: `reference` software, `twin` bit-exact model of the "
      "hardware, "
      "`rtl` the Verilated hardware, `remote` a device that `pbitloop serve` lends, "
      "`tlm` the Verilated hardware as a SystemC model, `uio` a board."),
    REMOTE_FIELDS(pbl_train_root),
    TLM_FIELDS(pbl_train_root),
    U(pbl_train_root, "timeout_cycles", config.timeout_cycles, 0, 1, 1e15, "1e9",
      "Device cycles without any progress before a run is given up."),
    UIO_FIELDS(pbl_train_root),
    S("hw", 0, offsetof(pbl_train_root, config.hw), pbl_schema_hw,
      "Hardware of all devices but `reference`; its replicas are the chains."),
    S("dataset", MUST, 0, dataset_fields, "What to learn."),
    S("model", MUST, 0, model_fields, "The restricted Boltzmann machine."),
    S("training", 0, 0, training_fields, "Persistent contrastive divergence."),
    S("upload", 0, 0, upload_fields, "What a device gets."),
    S("regulator", 0, 0, regulator_fields, "Temperature of the chains; units `binary` only."),
    S("evaluation", 0, 0, evaluation_fields, "Likelihood and mixing, at the end or more often."),
    END};
