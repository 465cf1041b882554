/* Lock-step of the temperature regulator, of replica exchange and of the statistics unit. */
#ifndef LOCKSTEP_INTERNAL_H
#define LOCKSTEP_INTERNAL_H

#include "compare_internal.h"
#include "pbl_waveform_file.h"

typedef struct {
  pbl_driver *rtl, *twin;
  pbl_waveform *waveform; /* of rtl; borrowed, or NULL */
} lockstep_pair;

typedef struct {
  pbl_window_log rtl, twin;   /* records of the last run */
  uint64_t n_windows, n_runs; /* compared so far */
} lockstep_windows;

/* Lets both drivers log their windows here; the struct must stay where it is. */
void lockstep_watch(lockstep_windows *k, lockstep_pair *p);
void lockstep_windows_release(lockstep_windows *k);

/* Sweeps of the next run: `longest` without windows. With windows runs are of many lengths, from 1
 * to twice a window, so that windows begin and end anywhere in them. */
size_t lockstep_run_length(const lockstep_windows *k, const case_work *w, size_t longest);

typedef struct {
  case_unit unit;
  pbl_statistics *rtl, *twin; /* all banks drained so far; NULL without the unit */
  uint64_t n_runs;
} lockstep_statistics;

/* Sets up both units, when the case has them; release also after an error. */
pbl_status lockstep_statistics_begin(lockstep_statistics *k, const case_work *w, lockstep_pair *p,
                                     pbl_error *err);
void lockstep_statistics_release(lockstep_statistics *k);
/* Before a run of at most `longest` sweeps: says how many, of many lengths where there is a unit.
 */
size_t lockstep_statistics_run(lockstep_statistics *k, lockstep_pair *p, size_t longest);
/* After a run: swaps, compares, drains. Prints what differs and sets *equal to false. */
pbl_status lockstep_compare_statistics(bool *equal, lockstep_statistics *k, const case_work *w,
                                       lockstep_pair *p, uint64_t done, pbl_error *err);

/* May the RTL stall where the twin does not: for a busy receiver or statistics unit, or, with
 * windows, where a sweep of one context is too short to sum the energies of all lanes? */
bool lockstep_stalls(const case_work *w);

/* Every record of the last run, word by word, then every register of the regulator. Prints what
 * differs and sets *equal to false. */
pbl_status lockstep_compare_regulator(bool *equal, lockstep_windows *k, const case_work *w,
                                      lockstep_pair *p, uint64_t done, pbl_error *err);

typedef struct {
  uint64_t n_runs, tries, accepts; /* tries, accepts: of all pairs so far */
  uint32_t n_stopped;              /* runs that were stopped */
} lockstep_exchange;

/* Before the first compared sweep of a ladder; no ladder: nothing. */
pbl_status lockstep_begin_exchange(pbl_driver *d, const case_work *w, pbl_error *err);
/* Prints the first label that differs in the draws of a run that began after `done` sweeps. */
bool lockstep_labels_differ(const case_work *w, const pbl_chains *a, const pbl_chains *b,
                            uint64_t done);
/* Which replica a chain was in a draw. */
size_t lockstep_replica(const pbl_chains *c, size_t draw, size_t chain, size_t lanes);
/* Labels, counters and position. Prints what differs and sets *equal to false. */
pbl_status lockstep_compare_exchange(bool *equal, lockstep_exchange *x, const case_work *w,
                                     const lockstep_pair *p, uint64_t done, pbl_error *err);
/* Of a ladder, now and then: a run of both without samples that is stopped in the pauses after a
 * sweep. Adds its sweeps to *done. */
pbl_status lockstep_stopped_run(bool *equal, uint64_t *done, lockstep_exchange *x,
                                const case_work *w, const lockstep_pair *p, pbl_error *err);

#endif
