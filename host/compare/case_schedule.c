/* A case whose device anneals: the beta schedule runs during the burn-in and ends at the beta of
 * the case, which it holds while the device samples. */
#include <inttypes.h>

#include "compare_internal.h"
#include "pbl_schedule.h"

static pbl_status words_of(pbl_schedule_words *words, pbl_schedule *s, const case_work *w,
                           pbl_error *err) {
  const pbl_status st = pbl_schedule_parse(s, w->cc->schedule, err);
  return st ? st : pbl_schedule_quantise(words, s, &w->hw, w->cc->schedule_repeat, err);
}

pbl_status case_schedule_words(pbl_schedule_words *words, const case_work *w, pbl_error *err) {
  pbl_schedule s;
  return words_of(words, &s, w, err);
}

pbl_status case_set_schedule(pbl_driver *d, const case_work *w, pbl_error *err) {
  pbl_schedule s;
  pbl_schedule_words words;
  if (!w->cc->schedule[0]) return PBL_OK;
  const pbl_status st = words_of(&words, &s, w, err);
  return st ? st : pbl_driver_set_schedule(d, &words, err);
}

pbl_status case_check_schedule(const case_work *w, pbl_error *err) {
  const pbl_case_config *cc = w->cc;
  pbl_schedule s;
  pbl_schedule_words words;
  if (!cc->schedule[0]) return PBL_OK;
  if (cc->schedule_repeat || cc->regulator.freeze)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: schedule.repeat and regulator.freeze are only for pbitloop lockstep: "
                    "the schedule has to end at the beta that is compared",
                    cc->name);
  if (cc->faults.beta_gain > 0 && cc->faults.beta_gain != 1.0)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: faults.beta_gain has no effect where a schedule sets beta; drop one "
                    "of them",
                    cc->name);
  const pbl_status st = words_of(&words, &s, w, err);
  if (st) return pbl_wrap(err, st, "case %s", cc->name);
  if (words.beta[words.n - 1] != w->image->beta)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: schedule: its last beta is %g (word %" PRIu32
                    "), the beta of the case %g (word %" PRIu32
                    "): sampling begins where the schedule ends, so they must be the same",
                    cc->name, s.beta[s.n - 1], words.beta[words.n - 1], w->beta, w->image->beta);
  if (pbl_schedule_lead(&s) > (uint64_t)cc->burn_in)
    return pbl_fail(err, PBL_CONFIG,
                    "case %s: schedule: %" PRIu64
                    " sweeps come before its last entry, the burn-in has %d; raise burn_in_sweeps",
                    cc->name, pbl_schedule_lead(&s), cc->burn_in);
  return PBL_OK;
}

pbl_status case_check_annealed(pbl_driver *d, const case_work *w, pbl_error *err) {
  pbl_schedule s;
  uint32_t entry = 0, sweeps = 0;
  pbl_driver_counters c;
  if (!w->cc->schedule[0]) return PBL_OK;
  pbl_status st = pbl_schedule_parse(&s, w->cc->schedule, err);
  if (!st) st = pbl_driver_schedule_read(d, &entry, &sweeps, err);
  if (!st) st = pbl_driver_counters_read(d, &c, err);
  if (st) return st;
  const uint64_t lead = pbl_schedule_lead(&s), left = (uint64_t)w->cc->burn_in - lead;
  const uint32_t done = left < s.sweeps[s.n - 1] ? (uint32_t)left : s.sweeps[s.n - 1];
  /* a burn-in of no sweeps is no run: beta is taken over at the next START */
  const bool ran = w->cc->burn_in > 0;
  if (entry + 1 == (uint32_t)s.n && sweeps == done && (!ran || c.beta_active == w->image->beta))
    return PBL_OK;
  return pbl_fail(err, PBL_DEVICE,
                  "after %d sweeps the schedule stands at entry %" PRIu32 ", sweep %" PRIu32
                  ", beta word %" PRIu32 "; expected entry %d, sweep %" PRIu32
                  ", beta word %" PRIu32,
                  w->cc->burn_in, entry, sweeps, c.beta_active, s.n - 1, done, w->image->beta);
}
