/* Traces of single updates: the record of the device's trace port (docs/device-options.md), what a
 * replay has to start from, and the file that keeps both.
 *
 * A file is, in little-endian 32-bit words: "PBLTRACE", version, then blocks of tag, length in
 * bytes (64 bits), payload, CRC-32 of the payload. One block START holds everything from which the
 * sweeps can be computed; one block SWEEP for every device sweep since then holds its beta words
 * and its records, none where the sweep was not traced; END says how many sweeps there are, so that
 * a file that was cut is known as such. Thread rule: one thread per reader or writer. */
#ifndef PBL_TRACE_H
#define PBL_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pbl_hw.h"
#include "pbl_image.h"

#define PBL_TRACE_WORDS 4 /* of a record */
#define PBL_TRACE_VERSION 1u
#define PBL_TRACE_NAME 64

/* One update, unpacked. */
typedef struct {
  uint32_t pbit; /* visible first */
  uint32_t replica;
  uint32_t new_state, old_state; /* 1: +1 */
  uint32_t clamped, saturated, frozen;
  uint32_t unused; /* bits 31:29, which are 0 */
  int32_t field;
  uint32_t random; /* the word that decided */
  uint32_t entry;  /* of the table */
} pbl_trace_update;

void pbl_trace_unpack(pbl_trace_update *out, const uint32_t words[PBL_TRACE_WORDS]);
void pbl_trace_pack(uint32_t words[PBL_TRACE_WORDS], const pbl_trace_update *u);

/* What the device holds when the first sweep begins. */
typedef struct {
  char name[PBL_TRACE_NAME]; /* of the case, for messages */
  pbl_hw hw;                 /* sparse: n_visible is the register PBITS */
  pbl_kernel kernel;
  bool coupled;         /* CONFIG.COUPLED */
  int32_t *words;       /* weight memory: pbl_hw_image_rows x pbl_hw_image_cols */
  int32_t *schedule;    /* sparse: groups x (2P+2); else NULL */
  uint32_t *table;      /* table_size */
  uint8_t *clamp;       /* V+H, 1 = clamped */
  uint8_t *state;       /* replicas x (V+H), 1: +1 */
  uint32_t *generators; /* (cells + 1) x 4 state words, the control generator last */
} pbl_trace_start;

/* Sizes of its arrays, from hw. */
size_t pbl_trace_image_words(const pbl_hw *hw);
size_t pbl_trace_schedule_words(const pbl_hw *hw); /* 0 but for the sparse fabric */
size_t pbl_trace_states(const pbl_hw *hw);
size_t pbl_trace_generator_words(const pbl_hw *hw);
/* Sets hw, kernel and name (cut at the end) and allocates the arrays, zeroed. CONFIG for hardware
 * that pbl_hw_check refuses, NO_MEMORY. Release in any case. */
pbl_status pbl_trace_start_create(pbl_trace_start *out, const char *name, const pbl_hw *hw,
                                  pbl_kernel kernel, pbl_error *err);
/* The same of a device to which this image has been uploaded (copied, with its clamps), seeded by
 * pbl_driver_seed with `seed`, and given these states (replicas x (V+H), +-1). */
pbl_status pbl_trace_start_image(pbl_trace_start *out, const char *name, const pbl_image *image,
                                 pbl_kernel kernel, uint64_t seed, const signed char *states,
                                 pbl_error *err);
void pbl_trace_start_release(pbl_trace_start *s);

/* ---- file ---- */

typedef struct pbl_trace_writer pbl_trace_writer;

/* Creates the file (an old one is replaced) with its block START. IO, NO_MEMORY. */
pbl_status pbl_trace_writer_open(pbl_trace_writer **out, const char *path,
                                 const pbl_trace_start *start, pbl_error *err);
/* One device sweep. */
typedef struct {
  size_t n_draws; /* words of the control generator that an exchange pass drew before the sweep */
  size_t n_betas; /* 1 for all replicas, or one for each */
  const uint32_t *betas;
  size_t n_records;        /* 0: the sweep was not traced */
  const uint32_t *records; /* n x 4 */
} pbl_trace_sweep;

pbl_status pbl_trace_writer_sweep(pbl_trace_writer *w, const pbl_trace_sweep *sweep,
                                  pbl_error *err); /* IO, NO_MEMORY */
/* Writes END, unless the file is to be known as incomplete. IO. */
pbl_status pbl_trace_writer_close(pbl_trace_writer *w, bool complete, pbl_error *err);

typedef struct pbl_trace_reader pbl_trace_reader;

/* Reads and checks START. FORMAT: no trace, another version, damaged or cut; the message says
 * where. NOT_FOUND, IO, NO_MEMORY; CONFIG for hardware that cannot be. */
pbl_status pbl_trace_reader_open(pbl_trace_reader **out, const char *path, pbl_error *err);
void pbl_trace_reader_close(pbl_trace_reader *r); /* NULL is legal */
const pbl_trace_start *pbl_trace_reader_start(const pbl_trace_reader *r);
/* The next sweep; valid until the next call. *end: there are no more. FORMAT: cut, damaged, or
 * impossible. */
pbl_status pbl_trace_reader_next(pbl_trace_sweep *out, bool *end, pbl_trace_reader *r,
                                 pbl_error *err);

#endif
