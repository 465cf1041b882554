/* Device driver: one code for every back-end behind the vtable of sim/pbl_device.h. */
#ifndef PBL_DRIVER_H
#define PBL_DRIVER_H

#include <stdint.h>

#include "pbl_chains.h"
#include "pbl_device.h"
#include "pbl_device_statistics.h"
#include "pbl_image.h"
#include "pbl_progress.h"
#include "pbl_regulator_words.h"
#include "pbl_window_log.h"

typedef struct pbl_driver pbl_driver;

typedef struct {
  uint64_t timeout_cycles; /* of one wait without any progress; 0: 10^9 */
} pbl_driver_options;

/* Takes ownership of dev (closed by destroy, also on failure). Checks ID, VERSION, SCRATCH and
 * every CAPS field against hw: DEVICE error that names the register, the expected and the read
 * value. */
pbl_status pbl_driver_create(pbl_driver **out, pbl_device *dev, const pbl_hw *hw,
                             const pbl_driver_options *opt, pbl_error *err);
void pbl_driver_destroy(pbl_driver *d);

/* Uploads weights, table, clamps and beta, lets the device hash what it holds, compares: HASH error
 * with both values. Sparse fabric: also the schedule; DEVICE error with what the colour guard has
 * found, when it has found something. Sampling before a successful upload is refused. */
pbl_status pbl_driver_upload(pbl_driver *d, const pbl_image *image, pbl_progress *p,
                             pbl_error *err);
/* Negative controls for tests and demonstrations (configs key `faults`): after the hash was
 * checked, corrupt what the device holds without telling anybody. From here to the next upload the
 * hash is not compared any more (set_clamp otherwise compares it again). */
pbl_status pbl_driver_poke_row(pbl_driver *d, int row, const int32_t *words, pbl_error *err);
/* Lets the device hash (sparse fabric: and prove) what it holds now, also after a poke, and
 * compares with the last upload: HASH error with both values, and sampling is refused. */
pbl_status pbl_driver_verify(pbl_driver *d, pbl_error *err);

/* Generator states of all lanes (lattice: cells) from one seed: xoshiro128++ seeded by `seed`, lane
 * (cell) l is l jumps of 2^64 ahead, the control generator one more than the last; LFSR32 takes the
 * first state word (all-ones is replaced by 1). */
pbl_status pbl_driver_seed(pbl_driver *d, uint64_t seed, pbl_error *err);
/* states: replicas x (V+H), +-1. */
pbl_status pbl_driver_set_state(pbl_driver *d, const signed char *states, pbl_error *err);
/* clamp: V+H, 1 = keeps its state. Clamps are part of the image: the device hashes it again. */
pbl_status pbl_driver_set_clamp(pbl_driver *d, const uint8_t *clamp, pbl_error *err);
pbl_status pbl_driver_set_beta(pbl_driver *d, uint32_t beta, pbl_error *err);
/* INVALID for random_site in another fabric than the sparse one. */
pbl_status pbl_driver_set_kernel(pbl_driver *d, pbl_kernel kernel, pbl_error *err);
/* Replicas 2p and 2p+1 on shared random words, from the next run on. INVALID with an odd number of
 * lanes. */
pbl_status pbl_driver_set_coupled(pbl_driver *d, bool coupled, pbl_error *err);

/* Run n_draws*every sweeps; every `every` sweeps one draw of all replicas goes to out (may be NULL:
 * burn-in). INTERRUPTED and TIMEOUT keep the draws made (out->n_recorded). A timeout's message
 * names what was late: "sample 17 of 400: no stream word for 1000000000 cycles". Draws are appended
 * after out->n_recorded. DEVICE with the guard's finding when a sparse fabric would refuse to
 * start, or that words of the stream were lost or doubled (docs/hil.md, "Lost frames"). n_draws = 1
 * with every = 0 fetches the present state without a sweep. INVALID before a successful upload,
 * seed and set_state: device memories are undefined after power-up. */
pbl_status pbl_driver_run(pbl_driver *d, pbl_chains *out, size_t n_draws, size_t every,
                          pbl_progress *p, pbl_error *err);

typedef struct {
  uint64_t sweeps, flips, saturations, freezes, samples; /* all replicas together, since upload */
  uint64_t busy_cycles, stall_cycles;
  uint32_t beta_active;
} pbl_driver_counters;
pbl_status pbl_driver_counters_read(pbl_driver *d, pbl_driver_counters *out, pbl_error *err);
/* Energy of every replica after its last sweep, in weight LSBs (int64, `replicas` values). */
pbl_status pbl_driver_energy(pbl_driver *d, int64_t *energy, pbl_error *err);
/* Probe of one p-bit of one replica: what its last update saw. */
typedef struct {
  int64_t field;
  uint32_t random_word, threshold; /* threshold: table entry */
  int new_state, old_state, clamped;
} pbl_probe;
pbl_status pbl_driver_probe_select(pbl_driver *d, int pbit, int replica, pbl_error *err);
pbl_status pbl_driver_probe_read(pbl_driver *d, pbl_probe *out, pbl_error *err);

/* Temperature regulator. Writes every register of it, lambda and filter too, between runs; what the
 * present window has gathered stays (see window_clear). INVALID names the word that does not fit
 * its register. In modes srtrbm, setpoint and guard the device sets beta by itself. */
pbl_status pbl_driver_set_regulator(pbl_driver *d, const pbl_regulator_words *words,
                                    pbl_error *err);
pbl_status pbl_driver_regulator_read(pbl_driver *d, pbl_regulator_state *out, pbl_error *err);
/* lambda in -2^26..2^26-1 (Q2.24), filter at most 2^31 (UQ1.31), else INVALID. */
pbl_status pbl_driver_regulator_write_state(pbl_driver *d, int32_t lambda, uint32_t filter,
                                            pbl_error *err);
/* Starts the present window anew and counts windows from 0; flags are cleared. */
pbl_status pbl_driver_window_clear(pbl_driver *d, pbl_error *err);
/* The last window that ended, from the WINDOW_* registers; not sweep, beta and flags, which only
 * the telemetry has: they are 0. filter, lambda and temperature are the present ones. INVALID when
 * no window has ended since window_clear. */
pbl_status pbl_driver_window_read(pbl_driver *d, pbl_window *out, pbl_error *err);
/* Writes the schedule and goes to its beginning; it acts where words.scheduled is set. INVALID. */
pbl_status pbl_driver_set_schedule(pbl_driver *d, const pbl_schedule_words *words, pbl_error *err);
/* Back to its beginning. */
pbl_status pbl_driver_schedule_clear(pbl_driver *d, pbl_error *err);
/* Position: entry of the next sweep, sweeps done in it. */
pbl_status pbl_driver_schedule_read(pbl_driver *d, uint32_t *entry, uint32_t *sweeps,
                                    pbl_error *err);
/* Replica exchange (hw.exchange; without it INVALID). The contexts of the device are the rungs,
 * rung 0 the first; each lane is a ladder of its own. A replica keeps its states, and its label,
 * the rung at which it runs, moves.
 *
 * Writes betas, distance of passes and scheme; they act where words.ladder of the regulator is set.
 * Labels, position and parity stay. words->n must be the device's contexts, else INVALID. */
pbl_status pbl_driver_set_ladder(pbl_driver *d, const pbl_ladder_words *words, pbl_error *err);
/* Back to the beginning: replica r at rung r / lanes, a pass is as far away as can be and takes the
 * even pairs. (SCHED_CLEAR: the schedule begins anew, too.) */
pbl_status pbl_driver_ladder_clear(pbl_driver *d, pbl_error *err);
/* Labels in force from the next sweep on: rung of every replica (`replicas` values). */
pbl_status pbl_driver_labels_read(pbl_driver *d, uint8_t *labels, pbl_error *err);
/* INVALID unless the labels of each lane are a permutation of the rungs. */
pbl_status pbl_driver_labels_write(pbl_driver *d, const uint8_t *labels, pbl_error *err);

/* While words.ladder is set, pbl_driver_run hands out chains at fixed temperature: chain k L + l of
 * `out` is what lane l had at rung k, whichever replica that was, at the labels of the sweep that
 * the draw shows, before the exchange that may follow it. (With every = 0, which makes no sweep: at
 * the labels in force.) Where out->label is not NULL it receives the labels of every draw. DEVICE
 * when the labels of a draw are no permutations. set_state, energies and probe stay in the order of
 * replicas; after ladder_clear that is the order of the chains. */
typedef struct {
  uint32_t tries[PBL_SCHEDULE_ENTRIES - 1]; /* of pair k: rungs k and k + 1, all lanes, since the */
  uint32_t accepts[PBL_SCHEDULE_ENTRIES - 1]; /* last upload; they stop at 2^32 - 1 */
  uint32_t sweeps;                            /* since the last pass */
  bool odd;                                   /* parity of the next pass, unless by a coin */
} pbl_exchange_state;
/* 0 for pairs that there are not. */
pbl_status pbl_driver_exchange_read(pbl_driver *d, pbl_exchange_state *out, pbl_error *err);
/* Runs append every record that the device sends (words.telemetry) to log (borrowed; NULL: records
 * are dropped). A missing or broken record is a DEVICE error. */
void pbl_driver_set_window_log(pbl_driver *d, pbl_window_log *log);

/* Statistics unit (docs/device-options.md). */
typedef struct {
  uint32_t every;                 /* sweeps of a run from sample to sample; 0: none */
  int64_t ref;                    /* energy that is taken off, weight LSBs */
  uint32_t shift;                 /* then shifted right, 0..31 */
  const signed char *projections; /* 4 x p-bits, row-major, each -1, 0 or 1; NULL: all 0 */
  const uint32_t (*pairs)[2];     /* n_pairs x 2 p-bits */
  size_t n_pairs;
} pbl_statistics_setup;
/* Between runs: writes everything of it and clears the unit; totals begin anew. INVALID for a
 * device without the unit and for settings that do not fit. */
pbl_status pbl_driver_statistics_setup(pbl_driver *d, const pbl_statistics_setup *setup,
                                       pbl_error *err);
/* Between runs: swaps the banks; adds the bank at rest to the totals (once for each swap); both.
 * DEVICE when a bank was lost. */
pbl_status pbl_driver_statistics_swap(pbl_driver *d, pbl_error *err);
pbl_status pbl_driver_statistics_collect(pbl_driver *d, pbl_statistics *t, pbl_error *err);
pbl_status pbl_driver_statistics_drain(pbl_driver *d, pbl_statistics *t, pbl_error *err);
/* From now on runs drain the unit while they go on, about every so many samples, into t (borrowed;
 * NULL: no more). What is left at a run's end waits for the next drain. */
void pbl_driver_watch_statistics(pbl_driver *d, pbl_statistics *t, uint64_t samples);
/* Clocks that a run lets pass until the host looks again; 0: as after create. */
void pbl_driver_set_batch(pbl_driver *d, uint64_t cycles);

/* Trace port (hw.trace; docs/device-options.md). Gets n whole records of four words, in the order
 * of the device, inside pbl_driver_run; may read registers. What it returns unless OK ends the run.
 */
#define PBL_TRACE_RECORD_WORDS 4
typedef pbl_status (*pbl_trace_sink)(void *user, const uint32_t *records, size_t n, pbl_error *err);
/* From the next run on: sweeps first, first + 1, .. of every run (counted from 1; 0: none),
 * `sweeps` of them (0: to its end). INVALID for a device without trace port. */
pbl_status pbl_driver_set_trace(pbl_driver *d, uint32_t first, uint32_t sweeps, pbl_trace_sink sink,
                                void *user, pbl_error *err);

pbl_device *pbl_driver_device(pbl_driver *d);
/* As given to create. */
const pbl_hw *pbl_driver_hw(const pbl_driver *d);
/* The driver's copy of the last upload with the clamps set since; NULL before the first. */
const pbl_image *pbl_driver_image(const pbl_driver *d);

#endif
