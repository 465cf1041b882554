/* Configuration: YAML in, typed values out, by one schema table.
 *
 * Every key has a type, range, default and one-line meaning in the table of pbl_schema.c;
 * `docs/configuration.md` is generated from it. An unknown key, a wrong type or a value out of
 * range is an error with file, line, column and the nearest known key; all errors of a file are
 * reported together. Limits: 1 MiB, depth 64, no duplicate keys. Numbers: YAML 1.2 core (1e6 is a
 * million; 0x10; underscores refused). */
#ifndef PBL_CONFIG_H
#define PBL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "pbl_error.h"
#include "pbl_hw.h"
#include "pbl_json.h"
#include "pbl_regulator.h"

typedef enum {
  PBL_DEVICE_RTL,
  PBL_DEVICE_TWIN,
  PBL_DEVICE_REMOTE,
  PBL_DEVICE_TLM,
  PBL_DEVICE_UIO
} pbl_backend;

/* Device `remote`: who lends it (docs/hil.md). */
typedef struct {
  char address[160]; /* unix:PATH or HOST:PORT; "" with the other devices */
  char secret[512];  /* file; "": none */
} pbl_remote_config;

/* Device `uio`: which board (docs/board.md). */
typedef struct {
  char where[512]; /* number, name or path; "" with the other devices */
  int timeout_ms;
} pbl_uio_config;

/* Negative controls. */
typedef struct {
  double beta_gain;                          /* device's beta times this; 1 = sound */
  int weight_row, weight_col, weight_offset; /* LSBs added to one word; offset 0 = sound */
  int stale_row;                             /* row left at the words of another image; -1 = none */
  int ladder_swap;                           /* rung with the next one's beta and back; -1 = none */
  bool before_hash; /* corrupt before the hash is taken (must be refused), else after */
} pbl_faults;

/* The device's temperature regulator in a case. */
typedef struct {
  pbl_regulator_settings settings;
  double macro; /* added to T in mode srtrbm */
  bool freeze, telemetry;
  int windows; /* compare: before FREEZE */
} pbl_case_regulator;

/* What the device's statistics unit counts in a case (hw.statistics). */
typedef struct {
  int every;             /* sweeps per sample; 0: as the draws */
  int further;           /* compare: samples after the draws that are not read out */
  char pairs[32];        /* "edges", or how many random pairs */
  char projections[512]; /* words: magnetisation, visible, hidden, random; or a .npy file */
} pbl_case_statistics;

/* Which pairs of rungs a pass tries. */
typedef enum { PBL_SCHEME_EVEN_ODD, PBL_SCHEME_RANDOM } pbl_ladder_scheme;

/* Replica exchange in a case: its chains are rungs times lanes. */
typedef struct {
  char betas[1024]; /* of the rungs, rung 0 first (pbl_ladder.h); "": no ladder */
  int every;        /* sweeps from pass to pass; 0: no exchange */
  pbl_ladder_scheme scheme;
  int rungs; /* betas are filled from these two when 2 or more; 0 afterwards */
  double beta_min;
  int adapt;                    /* compare: rounds that move the betas; 0: none */
  int alone_draws, alone_every; /* compare: of chains without exchange; 0 draws: none */
} pbl_case_ladder;

#define PBL_MAX_CASES 32

typedef struct {
  char name[64];
  char model[256]; /* folder, relative to the config file's folder or absolute; or "" */
  /* when model is "": a random RBM, a lattice or a graph */
  int random_visible, random_hidden;
  double random_scale, random_bias_scale;
  uint64_t random_seed;
  bool lattice;          /* section `lattice`: an Ising model on the graph of hw */
  int lattice_couplings; /* pbl_couplings */
  double lattice_scale, lattice_field_scale;
  int lattice_open; /* boundary: 0 torus, 1 open */
  uint64_t lattice_seed;
  char graph[256]; /* section `graph`: generator (pbl_graph_make.h) or file of an Ising graph, or ""
                    */
  char graph_couplings[64], graph_fields[64]; /* laws for a generator; "": its own */
  uint64_t graph_seed;
  int graph_colouring; /* pbl_colour_rule */
  bool graph_balanced; /* blocks evened out */
  double beta;         /* 0: the model's */
  pbl_hw hw;           /* n_visible/n_hidden filled from the model later (0 here); lattice: set */
  pbl_kernel kernel;
  int chains;        /* device replicas and reference chains */
  int burn_in;       /* sweeps */
  int draws;         /* per chain */
  int every;         /* sweeps per draw */
  int q_window;      /* sweeps per gradient window of Q_op, K */
  bool exact;        /* also compare with the exact law (needs <= 20 p-bits) */
  int coupled_pairs; /* that vouch for the reference; 0: none */
  int device_pairs;  /* of replicas coupled in the device; 0: none */
  pbl_faults faults;
  char clamp[256]; /* "" or list of p-bit indices/ranges "0-3,7" */
  bool coupled;    /* replicas 2p and 2p+1 on shared random words */
  pbl_case_regulator regulator;
  pbl_case_statistics statistics;
  char schedule[1024];  /* entries of the beta schedule (pbl_schedule.h); "": none */
  bool schedule_repeat; /* only for lockstep */
  pbl_case_ladder ladder;
} pbl_case_config;

typedef struct {
  char path[512]; /* of the file */
  char name[64];  /* file name without folder and extension */
  uint64_t seed;
  pbl_backend device;
  pbl_remote_config remote;
  pbl_uio_config uio;
  int tlm_quantum_ns; /* device `tlm` */
  int threads;        /* 0: all */
  char out[512];      /* results folder; "": results/<name> */
  uint64_t timeout_cycles;
  double clock_hz; /* assumed device clock for ESS per second of hardware; default 100e6 */
  double alpha;    /* false-alarm probability of the whole verdict, default 1e-4 */
  int n_cases;
  pbl_case_config cases[PBL_MAX_CASES];
  /* lockstep section */
  uint64_t lockstep_sweeps;
  unsigned lockstep_throttle_permille; /* random stream back-pressure, 1000 = none */
  uint64_t lockstep_reset_seed;
  struct pbl_waveform *waveform; /* no key: borrowed, of option --waveform; NULL: none */
} pbl_compare_config;

typedef struct {
  char path[512], name[64];
  char dataset[32], dataset_path[512];
  int rows, cols, threshold;
  int max_images; /* 0: all */
  uint64_t seed;
  char out[512]; /* model folder */
  int n_hidden, batch_size, n_chains, sweeps_per_update, epochs, checkpoint_every, log_every;
  double learning_rate, weight_decay, bias_decay, spectral_limit, initial_scale, beta;
  int units, start, device; /* pbl_units, pbl_start, pbl_train_device of pbl_train.h */
  pbl_remote_config remote;
  uint64_t timeout_cycles;
  pbl_uio_config uio;
  int tlm_quantum_ns; /* device `tlm` */
  bool drop_incomplete_batch;
  pbl_hw hw; /* sizes and replicas 0 */
  int upload_every;
  bool stochastic_rounding;
  pbl_regulator_settings regulator;
  int window_updates;
  bool gauge_fixing;
  int evaluate_every, ais_chains, ais_temperatures, tau_chains, tau_burn_in, tau_draws;
  int threads;
  struct pbl_waveform *waveform; /* as in pbl_compare_config */
} pbl_train_config;

/* Index of the case of that name; n_cases: there is none. */
size_t pbl_config_case(const pbl_compare_config *config, const char *name);

/* overrides: n strings "key.path=value" from --set, checked like the file ("cases[0].draws=100" or
 * "cases.NAME.draws=100"; "hw.table_size=256" at top level applies to all cases without their own).
 */
pbl_status pbl_config_load_compare(pbl_compare_config *out, const char *path,
                                   const char *const *overrides, size_t n_overrides,
                                   pbl_error *err);
/* The same from a text in memory; `name` stands in messages where the file's path would. */
pbl_status pbl_config_text_compare(pbl_compare_config *out, const char *name, const char *text,
                                   const char *const *overrides, size_t n_overrides,
                                   pbl_error *err);
pbl_status pbl_config_load_train(pbl_train_config *out, const char *path,
                                 const char *const *overrides, size_t n_overrides, pbl_error *err);
/* Name of a back-end as the configuration has it. */
const char *pbl_backend_name(pbl_backend b);
/* Whether `source` of section graph has the form of a generator, letters or dashes and a colon, and
 * not of a file. Whether the generator exists is for the models to say. */
bool pbl_config_is_generator(const char *source);
/* Resolved configuration as YAML text with every key (malloc'ed): reading it back gives the same.
 */
pbl_status pbl_config_dump_compare(char **text, const pbl_compare_config *c, pbl_error *err);
pbl_status pbl_config_dump_train(char **text, const pbl_train_config *c, pbl_error *err);
/* The reference page in Markdown, from the same table (malloc'ed). */
pbl_status pbl_config_reference(char **text, pbl_error *err);
/* Nearest of `n` names by edit distance, or NULL when none is near (distance > max(2, len/3)). */
const char *pbl_did_you_mean(const char *word, const char *const *names, size_t n);

#endif
