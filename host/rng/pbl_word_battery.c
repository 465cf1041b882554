#include "pbl_word_battery.h"

#include <math.h>
#include <stdlib.h>

#include "pbl_lane_rng.h"
#include "word_tests.h"

#define MIN_WORDS 4096u
#define MAX_WORDS (1u << 24)

static const struct {
  const char *name, *meaning;
  bool linear;
} descriptions[PBL_WORD_TESTS] = {
    [PBL_WORD_MONOBIT] = {"monobit", "z of the ones in one bit position", false},
    [PBL_WORD_POKER] = {"poker", "chi-square of hexadecimal digits, 15 d.f.", false},
    [PBL_WORD_SERIAL] = {"serial", "z of the correlation of successive words", false},
    [PBL_WORD_CROSS] = {"cross-lane", "z of the correlation of two lanes", false},
    [PBL_WORD_RANK] = {"rank 32x32", "chi-square of ranks over F2, 3 d.f.", true},
    [PBL_WORD_COMPLEXITY] = {"linear complexity", "register length for 2048 bits", true},
};

static pbl_status test_lane(pbl_word_report *out, const uint32_t *words, int lane, pbl_error *err) {
  const uint32_t *own = words + (size_t)lane * out->n_words;
  word_test_monobit(&out->test[PBL_WORD_MONOBIT], own, out->n_words, lane);
  word_test_poker(&out->test[PBL_WORD_POKER], own, out->n_words, lane);
  word_test_serial(&out->test[PBL_WORD_SERIAL], own, out->n_words, lane);
  for (int other = 0; other < lane; other++)
    word_test_cross(&out->test[PBL_WORD_CROSS], words + (size_t)other * out->n_words, own,
                    out->n_words, other, lane);
  word_test_rank(&out->test[PBL_WORD_RANK], own, out->n_words, lane);
  return word_test_complexity(&out->test[PBL_WORD_COMPLEXITY], own, lane, err);
}

static void judge(pbl_word_report *out) {
  out->distribution_passed = out->linear_passed = true;
  for (int k = 0; k < PBL_WORD_TESTS; k++) {
    pbl_word_result *r = &out->test[k];
    if (r->n_members > 0) r->p_value = fmin(1.0, r->p_value * (double)r->n_members);
    r->passed = r->p_value >= PBL_WORD_ALPHA;
    if (!r->passed) *(r->linear ? &out->linear_passed : &out->distribution_passed) = false;
  }
}

pbl_status pbl_word_battery(pbl_word_report *out, const pbl_word_options *opt, size_t n_words,
                            pbl_progress *progress, pbl_error *err) {
  *out = (pbl_word_report){.n_words = n_words, .lanes = opt->lanes};
  pbl_word_options all = *opt;
  all.lane = 0;
  pbl_status st = pbl_word_options_check(&all, err);
  if (st) return st;
  if (n_words < MIN_WORDS || n_words > MAX_WORDS || n_words % 32 != 0)
    return pbl_fail(err, PBL_USAGE, "words %zu: give a multiple of 32 in %u..%u", n_words,
                    MIN_WORDS, MAX_WORDS);
  for (int k = 0; k < PBL_WORD_TESTS; k++)
    out->test[k] = (pbl_word_result){.name = descriptions[k].name,
                                     .meaning = descriptions[k].meaning,
                                     .linear = descriptions[k].linear,
                                     .worst_a = -1,
                                     .worst_b = -1,
                                     .p_value = 1.0};
  uint32_t *words = malloc((size_t)opt->lanes * n_words * sizeof *words);
  if (!words)
    return pbl_fail(err, PBL_NO_MEMORY, "no memory for %d lanes of %zu words", opt->lanes, n_words);
  pbl_lane_rng lanes[PBL_LANE_RNG_MAX];
  pbl_lane_rng_seed(lanes, (size_t)opt->lanes, opt->generator, opt->lfsr_steps, opt->seed);
  for (int lane = 0; lane < opt->lanes && !st; lane++) {
    uint32_t *own = words + (size_t)lane * n_words;
    for (size_t t = 0; t < n_words; t++) own[t] = pbl_lane_rng_next(&lanes[lane]);
    st = test_lane(out, words, lane, err);
    if (!st &&
        !pbl_progress_report(progress, "testing lanes", (uint64_t)lane + 1, (uint64_t)opt->lanes) &&
        lane + 1 < opt->lanes)
      st = pbl_fail(err, PBL_INTERRUPTED, "stopped after lane %d of %d", lane + 1, opt->lanes);
  }
  free(words);
  judge(out);
  return st;
}
