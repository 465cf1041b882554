#include "trace_betas.h"

static trace_beta_source source_of(const case_work *w) {
  if (case_has_exchange(w->cc)) return TRACE_BETA_LADDER;
  if (w->cc->schedule[0]) return TRACE_BETA_SCHEDULE;
  return case_is_regulated(w->cc) ? TRACE_BETA_READ : TRACE_BETA_FIXED;
}

pbl_status trace_betas_create(trace_betas *b, const case_work *w, pbl_error *err) {
  *b = (trace_betas){.source = source_of(w), .freeze = w->cc->regulator.freeze, .n = 1};
  b->word[0] = w->image->beta;
  if (b->source == TRACE_BETA_SCHEDULE) return case_schedule_words(&b->schedule, w, err);
  if (b->source == TRACE_BETA_LADDER) return case_ladder_words(&b->ladder, w, err);
  return PBL_OK;
}

pbl_status trace_betas_prepare(trace_betas *b, pbl_driver *d, pbl_error *err) {
  uint8_t label[TRACE_MOST_REPLICAS];
  if (b->source != TRACE_BETA_LADDER) return PBL_OK;
  const pbl_status st = pbl_driver_labels_read(d, label, err);
  if (st) return st;
  b->n = (size_t)pbl_driver_hw(d)->replicas;
  for (size_t r = 0; r < b->n; r++) {
    if (label[r] >= b->ladder.n)
      return pbl_fail(err, PBL_DEVICE, "label %d of replica %zu, the ladder has %u rungs", label[r],
                      r, b->ladder.n);
    b->word[r] = b->ladder.beta[label[r]];
  }
  return PBL_OK;
}

/* Words that the pass before this sweep drew: one of parity, if it is drawn, and one for each pair
 * of each lane. */
static pbl_status draw_pass(trace_betas *b, const pbl_hw *hw, pbl_trace_check *c, pbl_error *err) {
  const size_t rungs = (size_t)pbl_hw_contexts(hw);
  bool odd = b->odd;
  pbl_status st = PBL_OK;
  b->n_draws = 0;
  if (!b->pass) return PBL_OK;
  if (b->ladder.random) {
    uint32_t word = 0;
    st = pbl_trace_check_draw(c, 1, &word, err);
    odd = word >> 31;
    b->n_draws = 1;
  } else {
    b->odd = !b->odd;
  }
  const size_t pairs = (rungs - odd) / 2 * (size_t)hw->lanes;
  if (!st) st = pbl_trace_check_draw(c, pairs, NULL, err);
  b->n_draws += pairs;
  b->pass = false;
  return st;
}

pbl_status trace_betas_begin(trace_betas *b, pbl_driver *d, pbl_trace_check *c, pbl_error *err) {
  pbl_driver_counters counters;
  if (b->source == TRACE_BETA_SCHEDULE) b->word[0] = b->schedule.beta[b->entry];
  if (b->source == TRACE_BETA_LADDER) return draw_pass(b, pbl_driver_hw(d), c, err);
  if (b->source != TRACE_BETA_READ) return PBL_OK;
  const pbl_status st = pbl_driver_counters_read(d, &counters, err);
  if (!st) b->word[0] = counters.beta_active;
  return st;
}

static void end_of_schedule(trace_betas *b) {
  const pbl_schedule_words *s = &b->schedule;
  if (b->done < s->sweeps[b->entry]) b->done++;
  if (b->done < s->sweeps[b->entry]) return;
  if (b->entry + 1 < s->n) {
    b->entry++;
    b->done = 0;
  } else if (s->repeat) {
    b->entry = b->done = 0;
  }
}

void trace_betas_end(trace_betas *b) {
  if (b->freeze) return;
  if (b->source == TRACE_BETA_SCHEDULE) end_of_schedule(b);
  if (b->source != TRACE_BETA_LADDER) return;
  b->position++;
  b->pass = b->ladder.every > 0 && b->position >= b->ladder.every;
  if (b->pass) b->position = 0;
}

const char *trace_betas_text(const trace_betas *b) {
  static const char *const texts[] = {"beta of the configuration", "beta of the schedule",
                                      "beta as read from the device", "beta by the labels as read"};
  return texts[b->source];
}
