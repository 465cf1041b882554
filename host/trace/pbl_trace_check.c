#include "pbl_trace_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace_internal.h"

#define END 0x80000000u
#define TAIL 0x40000000u
#define VALID 0x80000000u
#define INDEX 0xFFFFu

const char *pbl_trace_part_name(pbl_trace_part part) {
  static const char *const names[] = {"equal",          "p-bit",       "replica",     "clamp bit",
                                      "old state",      "local field", "random word", "table entry",
                                      "saturation bit", "freeze bit",  "new state",   "unused bits",
                                      "missing record"};
  return (size_t)part < sizeof names / sizeof names[0] ? names[part] : "unknown";
}

/* ---- what a device would run ---- */

static pbl_status check_group(const pbl_trace_start *s, size_t g, pbl_error *err) {
  const size_t length = trace_schedule_word(s, g, 0) & INDEX, pbits = (size_t)s->hw.n_visible;
  const size_t first = trace_schedule_word(s, g, 1), cols = (size_t)pbl_hw_image_cols(&s->hw);
  if (length > PBL_HW_MAX_DEGREE || first + length > (size_t)s->hw.sparse.edge_rows)
    return pbl_fail(err, PBL_INVALID, "trace: group %zu has edge rows beyond the memory", g);
  for (size_t cell = 0; cell < (size_t)s->hw.sparse.sites; cell++) {
    const uint32_t word = trace_schedule_word(s, g, 2 + 2 * cell);
    if ((word & VALID) && (word & INDEX) >= pbits)
      return pbl_fail(err, PBL_INVALID, "trace: group %zu names p-bit %u of %zu", g, word & INDEX,
                      pbits);
    for (size_t row = first; (word & VALID) && row < first + length; row++) {
      const uint32_t entry = (uint32_t)s->words[row * cols + 2 * cell];
      if ((entry & VALID) && (entry & INDEX) >= pbits)
        return pbl_fail(err, PBL_INVALID, "trace: p-bit %u has a neighbour %u of %zu", word & INDEX,
                        entry & INDEX, pbits);
    }
  }
  return PBL_OK;
}

/* Groups up to END, those before TAIL. */
static pbl_status read_schedule(pbl_trace_check *c, pbl_error *err) {
  const pbl_trace_start *s = c->start;
  const size_t groups = (size_t)s->hw.sparse.groups;
  size_t g = 0;
  bool end = false, tail = false;
  for (; g < groups && !end; g++) {
    const uint32_t word = trace_schedule_word(s, g, 0);
    const pbl_status st = check_group(s, g, err);
    if (st != PBL_OK) return st;
    end = (word & END) != 0;
    if ((word & TAIL) && !tail) c->n_forward = g;
    tail = tail || (word & TAIL);
  }
  if (!end || !tail)
    return pbl_fail(err, PBL_INVALID, "trace: the schedule of the sparse fabric has no end");
  c->n_groups = g;
  return PBL_OK;
}

static pbl_status check_start(const pbl_trace_start *s, pbl_error *err) {
  const bool sparse = s->hw.fabric == PBL_FABRIC_SPARSE;
  if ((int)s->kernel < PBL_KERNEL_CYCLIC || s->kernel > PBL_KERNEL_RANDOM_SITE ||
      (s->kernel == PBL_KERNEL_RANDOM_SITE && !sparse))
    return pbl_fail(err, PBL_INVALID, "trace: the %s fabric has no kernel %s",
                    pbl_fabric_name(s->hw.fabric), pbl_kernel_name(s->kernel));
  if (s->coupled && s->hw.lanes % 2 != 0)
    return pbl_fail(err, PBL_INVALID, "trace: twins in %d lanes, an odd number", s->hw.lanes);
  if (pbl_hw_pbits(&s->hw) < 1) return pbl_fail(err, PBL_INVALID, "trace: no p-bits");
  for (size_t i = 0; i < pbl_trace_states(&s->hw); i++)
    if (s->state[i] > 1)
      return pbl_fail(err, PBL_INVALID, "trace: state %u is not 0 or 1", s->state[i]);
  for (size_t p = 0; p < (size_t)pbl_hw_pbits(&s->hw); p++)
    if (s->clamp[p] > 1)
      return pbl_fail(err, PBL_INVALID, "trace: clamp %u is not 0 or 1", s->clamp[p]);
  return PBL_OK;
}

static bool allocate(pbl_trace_check *c) {
  const pbl_hw *hw = &c->start->hw;
  const size_t cells = (size_t)pbl_hw_cells(hw), states = pbl_trace_states(hw);
  c->state = malloc(states);
  c->cell = malloc((cells + 1) * sizeof *c->cell);
  c->word = malloc(cells * sizeof *c->word);
  c->field = malloc(cells * sizeof *c->field);
  c->beta = calloc((size_t)hw->replicas, sizeof *c->beta);
  if (!c->state || !c->cell || !c->word || !c->field || !c->beta) return false;
  memcpy(c->state, c->start->state, states);
  for (size_t g = 0; g <= cells; g++) {
    c->cell[g] = (pbl_lane_rng){.generator = hw->generator, .lfsr_steps = hw->lfsr_steps};
    for (size_t w = 0; w < 4; w++) c->cell[g].state.s[w] = c->start->generators[4 * g + w];
  }
  return true;
}

pbl_status pbl_trace_check_create(pbl_trace_check **out, const pbl_trace_start *start,
                                  pbl_error *err) {
  *out = NULL;
  pbl_status status = check_start(start, err);
  if (status != PBL_OK) return status;
  pbl_trace_check *c = calloc(1, sizeof *c);
  if (c == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory to check a trace");
  c->start = start;
  if (start->hw.fabric == PBL_FABRIC_SPARSE) status = read_schedule(c, err);
  if (status == PBL_OK && !allocate(c))
    status = pbl_fail(err, PBL_NO_MEMORY, "no memory to check a trace");
  if (status == PBL_OK) {
    *out = c;
  } else {
    pbl_trace_check_destroy(c);
  }
  return status;
}

void pbl_trace_check_destroy(pbl_trace_check *c) {
  if (c == NULL) return;
  free(c->state);
  free(c->cell);
  free(c->word);
  free(c->field);
  free(c->beta);
  free(c->update);
  free(c);
}

/* ---- sweeps ---- */

pbl_status pbl_trace_check_begin(pbl_trace_check *c, const uint32_t *betas, size_t n_betas,
                                 pbl_error *err) {
  const size_t replicas = (size_t)c->start->hw.replicas;
  if (c->mismatch.part != PBL_TRACE_EQUAL || (c->in_sweep && !pbl_trace_check_is_done(c)))
    return pbl_fail(err, PBL_INVALID, "trace: sweep %" PRIu64 " is not over", c->sweep);
  if (n_betas != 1 && n_betas != replicas)
    return pbl_fail(err, PBL_INVALID, "trace: %zu beta words for %zu replicas", n_betas, replicas);
  for (size_t r = 0; r < replicas; r++) {
    c->beta[r] = betas[n_betas == 1 ? 0 : r];
    if (c->beta[r] >> pbl_hw_beta_bits(&c->start->hw) != 0)
      return pbl_fail(err, PBL_INVALID, "trace: beta word %" PRIu32 " has more than %d bits",
                      c->beta[r], pbl_hw_beta_bits(&c->start->hw));
  }
  c->sweep++;
  c->place = 0;
  c->context = 0;
  c->in_sweep = true;
  return trace_replay(c, err);
}

/* The next context when the present one's updates have all been taken. */
static pbl_status go_on(pbl_trace_check *c, pbl_error *err) {
  while (c->at == c->n_updates && c->context + 1 < pbl_hw_contexts(&c->start->hw)) {
    c->context++;
    const pbl_status status = trace_replay(c, err);
    if (status != PBL_OK) return status;
  }
  return PBL_OK;
}

bool pbl_trace_check_is_done(const pbl_trace_check *c) {
  return !c->in_sweep ||
         (c->at == c->n_updates && c->context + 1 == pbl_hw_contexts(&c->start->hw));
}

static pbl_trace_part first_difference(const pbl_trace_update *e, const pbl_trace_update *f) {
  if (f->pbit != e->pbit) return PBL_TRACE_PBIT;
  if (f->replica != e->replica) return PBL_TRACE_REPLICA;
  if (f->clamped != e->clamped) return PBL_TRACE_CLAMPED;
  if (f->old_state != e->old_state) return PBL_TRACE_OLD_STATE;
  if (f->field != e->field) return PBL_TRACE_FIELD;
  if (f->random != e->random) return PBL_TRACE_RANDOM;
  if (f->entry != e->entry) return PBL_TRACE_ENTRY;
  if (f->saturated != e->saturated) return PBL_TRACE_SATURATED;
  if (f->frozen != e->frozen) return PBL_TRACE_FROZEN;
  if (f->new_state != e->new_state) return PBL_TRACE_NEW_STATE;
  return f->unused != e->unused ? PBL_TRACE_UNUSED : PBL_TRACE_EQUAL;
}

static void note(pbl_trace_check *c, pbl_trace_part part, const pbl_trace_update *found) {
  const pbl_trace_update *expected = &c->update[c->at];
  c->mismatch = (pbl_trace_mismatch){.part = part,
                                     .sweep = c->sweep,
                                     .place = c->place,
                                     .beta = c->beta[expected->replica],
                                     .expected = *expected};
  if (found != NULL) c->mismatch.found = *found;
}

pbl_status pbl_trace_check_push(pbl_trace_check *c, size_t *taken, const uint32_t *records,
                                size_t n, pbl_error *err) {
  *taken = 0;
  while (*taken < n && c->mismatch.part == PBL_TRACE_EQUAL) {
    pbl_trace_update found;
    const pbl_status status = go_on(c, err);
    if (status != PBL_OK) return status;
    if (pbl_trace_check_is_done(c)) return PBL_OK;
    pbl_trace_unpack(&found, records + *taken * PBL_TRACE_WORDS);
    const pbl_trace_part part = first_difference(&c->update[c->at], &found);
    if (part != PBL_TRACE_EQUAL) {
      note(c, part, &found);
      return PBL_OK;
    }
    ++*taken;
    c->at++;
    c->place++;
    c->n_right++;
  }
  return go_on(c, err);
}

pbl_status pbl_trace_check_skip(pbl_trace_check *c, pbl_error *err) {
  pbl_status status = PBL_OK;
  while (status == PBL_OK && !pbl_trace_check_is_done(c)) {
    c->place += c->n_updates - c->at;
    c->at = c->n_updates;
    status = go_on(c, err);
  }
  return status;
}

pbl_status pbl_trace_check_draw(pbl_trace_check *c, size_t n, uint32_t *first, pbl_error *err) {
  pbl_lane_rng *control = &c->cell[pbl_hw_cells(&c->start->hw)];
  if (!pbl_trace_check_is_done(c))
    return pbl_fail(err, PBL_INVALID, "trace: sweep %" PRIu64 " is not over", c->sweep);
  for (size_t k = 0; k < n; k++) {
    const uint32_t word = pbl_lane_rng_next(control);
    if (k == 0 && first != NULL) *first = word;
  }
  return PBL_OK;
}

pbl_status pbl_trace_check_end(pbl_trace_check *c, pbl_error *err) {
  const pbl_status status = go_on(c, err);
  if (status != PBL_OK || c->mismatch.part != PBL_TRACE_EQUAL || pbl_trace_check_is_done(c))
    return status;
  note(c, PBL_TRACE_MISSING, NULL);
  return PBL_OK;
}

pbl_status pbl_trace_check_make(pbl_trace_check *c, const uint32_t *betas, size_t n_betas,
                                uint32_t **records, size_t *n, pbl_error *err) {
  pbl_status status = pbl_trace_check_begin(c, betas, n_betas, err);
  while (status == PBL_OK && !pbl_trace_check_is_done(c)) {
    const size_t more = c->n_updates - c->at, words = (*n + more) * PBL_TRACE_WORDS;
    uint32_t *larger = realloc(*records, (words + 1) * sizeof *larger);
    if (larger == NULL) return pbl_fail(err, PBL_NO_MEMORY, "no memory for a trace");
    *records = larger;
    for (; c->at < c->n_updates; c->at++, c->place++, ++*n)
      pbl_trace_pack(larger + *n * PBL_TRACE_WORDS, &c->update[c->at]);
    status = go_on(c, err);
  }
  return status;
}

const pbl_trace_mismatch *pbl_trace_check_mismatch(const pbl_trace_check *c) {
  return c->mismatch.part != PBL_TRACE_EQUAL ? &c->mismatch : NULL;
}

uint64_t pbl_trace_check_sweeps(const pbl_trace_check *c) {
  return c->sweep;
}

uint64_t pbl_trace_check_updates(const pbl_trace_check *c) {
  return c->n_right;
}

const uint8_t *pbl_trace_check_state(const pbl_trace_check *c) {
  return c->state;
}

/* ---- text ---- */

static int update_text(char *text, size_t size, const pbl_trace_update *u) {
  return snprintf(text, size,
                  "p-bit %" PRIu32 " of replica %" PRIu32 ": new %d, old %d, field %" PRId32
                  ", random word 0x%08" PRIX32 ", table entry %" PRIu32 "%s%s%s",
                  u->pbit, u->replica, u->new_state ? 1 : -1, u->old_state ? 1 : -1, u->field,
                  u->random, u->entry, u->clamped ? ", clamped" : "",
                  u->saturated ? ", saturated" : "", u->frozen ? ", frozen" : "");
}

void pbl_trace_mismatch_text(char *text, size_t size, const pbl_trace_mismatch *m,
                             const pbl_hw *hw) {
  char expected[256], found[256] = "no record";
  (void)update_text(expected, sizeof expected, &m->expected);
  if (m->part != PBL_TRACE_MISSING) (void)update_text(found, sizeof found, &m->found);
  snprintf(text, size,
           "sweep %" PRIu64 ", update %" PRIu64 " of it (context %" PRIu32 ", lane %" PRIu32
           ", beta word %" PRIu32 "): %s\n  expected %s\n  found    %s",
           m->sweep, m->place + 1, m->expected.replica / (uint32_t)hw->lanes,
           m->expected.replica % (uint32_t)hw->lanes, m->beta, pbl_trace_part_name(m->part),
           expected, found);
}
