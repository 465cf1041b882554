/* Insides of the twin, shared by the files of this folder and by nobody else. */
#ifndef PBL_TWIN_INTERNAL_H
#define PBL_TWIN_INTERNAL_H

#include "pbl_lane_rng.h"
#include "pbl_twin.h"
#include "pbl_twin_exchange.h"
#include "pbl_twin_kernel.h"
#include "pbl_twin_regulator.h"
#include "pbl_twin_statistics.h"

enum {
  PBL_TWIN_STREAM_CAP = 1 << 20, /* words */
  PBL_TWIN_MAX_GROUPS = 2        /* 32 lanes */
};

typedef struct {
  uint64_t value;
  uint32_t latched_high;
} pbl_twin_counter;

/* In the order of their registers. */
enum {
  PBL_TWIN_BUSY,
  PBL_TWIN_STALL,
  PBL_TWIN_SWEEPS,
  PBL_TWIN_FLIPS,
  PBL_TWIN_SATURATIONS,
  PBL_TWIN_FREEZES,
  PBL_TWIN_SAMPLES,
  PBL_TWIN_N_COUNTERS
};

typedef enum {
  PBL_TWIN_IDLE,
  PBL_TWIN_SWEEPING,
  PBL_TWIN_READOUT,
  PBL_TWIN_START_PAUSE, /* the regulator computes the first beta of the run */
  PBL_TWIN_WINDOW_PAUSE,
  PBL_TWIN_LABEL_PAUSE,  /* the label frame leaves */
  PBL_TWIN_EXCHANGE_PASS /* replicas exchange their labels */
} pbl_twin_phase;

/* A stream behind the device: words [head, tail) of a buffer that grows up to the cap. */
typedef struct {
  uint32_t *words;
  uint8_t *last; /* of each word: TLAST */
  size_t capacity, head, tail;
  size_t frame_words; /* of a context's frame, or of a record */
} pbl_twin_stream;

/* One block of p-bits, as target and as source. */
typedef struct {
  int n, n_tiles, n_pairs;
  int first_pbit;
  int32_t *bias;         /* n_tiles * T */
  uint32_t *weights;     /* into this block, n_tiles x (pairs of the other block) x T, or NULL */
  int32_t *wide_weights; /* n x 2 * (pairs of the other block), or NULL */
  int16_t *states;       /* contexts x groups x n_pairs x G x 2 */
  uint16_t *bits;        /* contexts x groups x n */
} pbl_twin_block;

typedef struct pbl_twin_lattice pbl_twin_lattice;
typedef struct pbl_twin_sparse pbl_twin_sparse;

typedef struct {
  pbl_device base; /* first: the vtable casts */
  pbl_hw hw;
  const pbl_twin_kernel *kernel;
  int n_groups; /* of 16 lanes; lattice: of 16 cells */

  /* memories */
  int32_t *words;      /* pbl_hw_image_rows x pbl_hw_image_cols */
  int32_t *row_buffer; /* one row */
  uint32_t *table;
  uint8_t *clamp;                 /* V+H */
  uint16_t *clamp_mask;           /* the same for all lanes of a group: 0 or 0xFFFF */
  uint32_t *generator;            /* groups x 4 x G */
  uint32_t *shared;               /* rows x groups x G: words of shared generators; else NULL */
  pbl_lane_rng control;           /* throws the coin of the kernel */
  bool weights_packed;            /* blocks hold what `words` holds */
  pbl_twin_block visible, hidden; /* dense fabric only; so are the fields */
  int32_t *fields;                /* scratch of one block and group */
  pbl_twin_lattice *lattice;      /* lattice fabric, else NULL */
  pbl_twin_sparse *sparse;        /* sparse fabric, else NULL */

  /* registers */
  uint32_t scratch, config, sweeps, sample_every, beta, beta_active, irq_enable, irq_status;
  uint32_t img_select, img_row, img_col, img_expected, img_hash, replica_select, probe_select;
  bool done, hash_valid, error;
  pbl_twin_counter counters[PBL_TWIN_N_COUNTERS];
  int64_t *energy; /* replicas */
  uint32_t energy_latched_high;
  uint32_t probe_field, probe_random, probe_threshold, probe_state;

  /* the run, as latched by START */
  pbl_twin_phase phase;
  pbl_kernel run_kernel;
  bool run_coupled;
  uint32_t run_sweeps, run_every, run_done; /* run_done: sweeps ended */
  bool stop;
  bool window_ended, labels_due; /* pauses after the last sweep that are still to come */
  pbl_twin_phase after_pauses;   /* the phase that follows them */
  uint64_t elapsed, cost;        /* clocks into the present sweep, pass or pause, and all of them */
  uint64_t bus_cycles, run_cycles;

  pbl_twin_regulator regulator;
  pbl_twin_exchange exchange;
  uint32_t *cell_beta; /* groups x G: of the replicas of a context, when they differ; else NULL */
  uint64_t sweep_flips_v, sweep_flips_h; /* of the last sweep */
  uint32_t sweep_beta;                   /* and its beta */

  pbl_twin_statistics *statistics;    /* NULL: not built */
  uint32_t trace_first, trace_sweeps; /* registers only: the twin has no trace port */

  pbl_twin_stream stream, telemetry;
  pbl_twin_trace trace;
  void *trace_user;
} pbl_twin;

/* ---- pbl_twin_shared.c: generators that several cells share ---- */

/* Room for n_rows clocks; nothing where each cell has its own. False: out of memory. */
bool pbl_twin_shared_open(pbl_twin *t, size_t n_rows);
/* Words of a row: 16 for each group of cells. */
size_t pbl_twin_shared_stride(const pbl_twin *t);
/* One clock: words of all cells to row `row`. wanted: of each generator of a replica, whether it
 * draws; NULL: all. */
void pbl_twin_shared_draw(pbl_twin *t, size_t row, const bool *wanted);

static inline size_t pbl_twin_slot(const pbl_twin *t, int context, int group) {
  return (size_t)context * (size_t)t->n_groups + (size_t)group;
}
static inline int16_t *pbl_twin_states(const pbl_twin *t, const pbl_twin_block *b, int context,
                                       int group) {
  return b->states + pbl_twin_slot(t, context, group) * (size_t)b->n_pairs * PBL_TWIN_GROUP * 2;
}
static inline uint16_t *pbl_twin_bits(const pbl_twin *t, const pbl_twin_block *b, int context,
                                      int group) {
  return b->bits + pbl_twin_slot(t, context, group) * (size_t)b->n;
}

/* p-bits that there is room for. */
static inline int pbl_twin_capacity(const pbl_twin *t) {
  return t->sparse ? t->hw.sparse.pbits : pbl_hw_pbits(&t->hw);
}

/* pbl_twin.c: zeros, aligned to a cache line. */
void *pbl_twin_zeroed(size_t n, size_t size);

/* pbl_twin_bus.c */
pbl_status pbl_twin_read32(pbl_device *dev, uint32_t *value, uint32_t address, pbl_error *err);
pbl_status pbl_twin_write32(pbl_device *dev, uint32_t address, uint32_t value, pbl_error *err);

/* pbl_twin_options.c: false: no such register, or none that takes a write */
bool pbl_twin_options_read(pbl_twin *t, uint32_t *value, uint32_t address);
bool pbl_twin_options_write(pbl_twin *t, uint32_t address, uint32_t value);

/* pbl_twin_image.c */
int32_t pbl_twin_sign_extend(uint32_t word, int bits);
void pbl_twin_image_write(pbl_twin *t, uint32_t data); /* IMG_DATA; refusal sets STATUS.ERROR */
uint32_t pbl_twin_image_hash(const pbl_twin *t);
void pbl_twin_image_pack(pbl_twin *t); /* spreads changed weights for the kernels */

/* pbl_twin_run.c */
void pbl_twin_start(pbl_twin *t);
bool pbl_twin_stalled(const pbl_twin *t);
pbl_status pbl_twin_advance(pbl_device *dev, uint64_t max_cycles, pbl_error *err);

/* Mode 6: replicas run at the betas of their rungs. */
static inline bool pbl_twin_has_ladder(const pbl_twin *t) {
  return t->exchange.built && pbl_twin_regulator_is_ladder(&t->regulator);
}

/* pbl_twin_array.c */
void pbl_twin_sweep(pbl_twin *t); /* one sweep of all contexts; counts all but time */
pbl_twin_activation pbl_twin_activation_now(const pbl_twin *t);
/* Mode 6: betas of a context's cells to cell_beta, which the activation reads. */
void pbl_twin_set_betas(const pbl_twin *t, int context);
/* Betas of a group of cells; NULL: that of the activation. */
static inline const uint32_t *pbl_twin_betas(const pbl_twin_activation *act, int group) {
  return act->cell_beta ? act->cell_beta + (size_t)group * PBL_TWIN_GROUP : NULL;
}
void pbl_twin_collect(pbl_twin *t, const pbl_twin_job *job, bool visible); /* its counters */
/* From the capture of the watched target, of lane `within` of the group. */
void pbl_twin_record_probe(pbl_twin *t, const pbl_twin_job *job, int within);
void pbl_twin_trace_update(pbl_twin *t, const pbl_twin_job *job, int within, pbl_twin_update u);

/* pbl_twin_lattice.c */
bool pbl_twin_lattice_open(pbl_twin *t); /* false: no memory */
void pbl_twin_lattice_close(pbl_twin_lattice *lat);
void pbl_twin_lattice_pack(pbl_twin *t, bool weights); /* before a run */
/* States of all lanes of one p-bit. */
void pbl_twin_lattice_set_state(pbl_twin *t, int context, int pbit, uint32_t lanes);
void pbl_twin_lattice_half_sweep(pbl_twin *t, const pbl_twin_activation *act, int context, int half,
                                 bool last);
/* A frame of the context's states to `to`. */
void pbl_twin_lattice_frame(const pbl_twin *t, int context, uint32_t *to);

/* pbl_twin_sparse.c */
bool pbl_twin_sparse_open(pbl_twin *t); /* false: no memory */
void pbl_twin_sparse_close(pbl_twin_sparse *sp);
bool pbl_twin_sparse_write_edge(pbl_twin *t, uint32_t data); /* false: refused; so the next two */
bool pbl_twin_sparse_write_group(pbl_twin *t, uint32_t data);
bool pbl_twin_sparse_write_state(pbl_twin *t, uint32_t data);
void pbl_twin_sparse_write_pbits(pbl_twin *t, uint32_t value); /* refusal sets STATUS.ERROR */
bool pbl_twin_sparse_refuses_start(const pbl_twin *t);
void pbl_twin_sparse_pack(pbl_twin *t); /* before a run */
/* Of the sweep that comes next. */
uint64_t pbl_twin_sparse_cycles_sweep(const pbl_twin *t, bool sample);
uint64_t pbl_twin_sparse_cycles_readout(const pbl_twin *t);
void pbl_twin_sparse_frame(const pbl_twin *t, int context, uint32_t *to);
void pbl_twin_sparse_sweep(pbl_twin *t, const pbl_twin_activation *act); /* all contexts */
uint32_t pbl_twin_sparse_check(pbl_twin *t); /* the hash; sets GUARD_OK and GUARD */

/* pbl_twin_stream.c */
/* A context's frame, t->stream.frame_words words. */
void pbl_twin_frame(const pbl_twin *t, int context, uint32_t *to);
size_t pbl_twin_stream_free(const pbl_twin_stream *s);        /* words until the cap */
pbl_status pbl_twin_emit_sample(pbl_twin *t, pbl_error *err); /* C frames */
pbl_status pbl_twin_emit_labels(pbl_twin *t, pbl_error *err);
pbl_status pbl_twin_emit_record(pbl_twin *t, const uint32_t record[PBL_TWIN_RECORD_WORDS],
                                pbl_error *err);
pbl_status pbl_twin_stream_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                size_t *n_words, pbl_error *err);
pbl_status pbl_twin_telemetry_read(pbl_device *dev, uint32_t *dst, uint8_t *last, size_t max_words,
                                   size_t *n_words, pbl_error *err);

/* pbl_twin_save.c */
pbl_status pbl_twin_save(pbl_device *dev, pbl_bytes *out, pbl_error *err);
pbl_status pbl_twin_restore(pbl_device *dev, const void *bytes, size_t n, pbl_error *err);

#endif
