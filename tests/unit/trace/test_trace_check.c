/* The checker of traces: sound ones pass, and a fault in any part of a record is named. */
#include "pbl_cmocka.h"
#include "trace_rig.h"

enum { SWEEPS = 6 };

/* Records of SWEEPS sweeps, first[t] the first one of sweep t. */
typedef struct {
  trace_rig rig;
  uint32_t *records;
  size_t n, first[SWEEPS + 1];
} sound;

static sound make(const trace_plan *plan) {
  sound s = {.records = NULL};
  pbl_trace_check *c = NULL;
  pbl_error err = {0};
  trace_rig_create(&s.rig, plan);
  assert_int_equal(pbl_trace_check_create(&c, &s.rig.start, &err), PBL_OK);
  for (int t = 0; t < SWEEPS; t++) {
    s.first[t] = s.n;
    assert_int_equal(pbl_trace_check_make(c, &s.rig.image->beta, 1, &s.records, &s.n, &err),
                     PBL_OK);
  }
  s.first[SWEEPS] = s.n;
  pbl_trace_check_destroy(c);
  return s;
}

static void release(sound *s) {
  trace_rig_release(&s->rig);
  free(s->records);
}

/* n records, up to `piece` of them at a time; mismatch.part EQUAL when all were right. */
static pbl_trace_mismatch check(const pbl_trace_start *start, uint32_t beta,
                                const uint32_t *records, size_t n, size_t piece) {
  pbl_trace_check *c = NULL;
  pbl_trace_mismatch m = {.part = PBL_TRACE_EQUAL};
  size_t at = 0, taken;
  assert_int_equal(pbl_trace_check_create(&c, start, NULL), PBL_OK);
  while (at < n && !pbl_trace_check_mismatch(c)) {
    if (pbl_trace_check_is_done(c))
      assert_int_equal(pbl_trace_check_begin(c, &beta, 1, NULL), PBL_OK);
    const size_t some = n - at < piece ? n - at : piece;
    assert_int_equal(pbl_trace_check_push(c, &taken, records + PBL_TRACE_WORDS * at, some, NULL),
                     PBL_OK);
    at += taken;
  }
  assert_int_equal(pbl_trace_check_end(c, NULL), PBL_OK);
  assert_int_equal(pbl_trace_check_updates(c), at);
  if (pbl_trace_check_mismatch(c)) m = *pbl_trace_check_mismatch(c);
  pbl_trace_check_destroy(c);
  return m;
}

static const trace_plan plans[] = {
    {.fabric = PBL_FABRIC_DENSE, .kernel = PBL_KERNEL_COIN, .lanes = 4, .contexts = 2},
    {.fabric = PBL_FABRIC_LATTICE, .kernel = PBL_KERNEL_CYCLIC, .lanes = 2, .contexts = 2},
    {.fabric = PBL_FABRIC_SPARSE, .kernel = PBL_KERNEL_PALINDROMIC, .lanes = 2, .contexts = 2},
    {.fabric = PBL_FABRIC_SPARSE,
     .kernel = PBL_KERNEL_RANDOM_SITE,
     .lanes = 2,
     .contexts = 2,
     .singles = true},
};
enum { PLANS = sizeof plans / sizeof plans[0] };

static void sound_traces_pass_in_pieces_of_any_size(void **state) {
  (void)state;
  for (int p = 0; p < PLANS; p++) {
    sound s = make(&plans[p]);
    const size_t pieces[] = {1, 7, s.n};
    for (int k = 0; k < 3; k++)
      assert_int_equal(check(&s.rig.start, s.rig.image->beta, s.records, s.n, pieces[k]).part,
                       PBL_TRACE_EQUAL);
    release(&s);
  }
}

/* One bit of each part, in a record of sweep 4. */
static void a_fault_in_any_part_is_named_with_its_place(void **state) {
  (void)state;
  const struct {
    int word;
    uint32_t bit;
    pbl_trace_part part;
  } faults[] = {{0, 1u << 0, PBL_TRACE_PBIT},       {0, 1u << 15, PBL_TRACE_PBIT},
                {0, 1u << 16, PBL_TRACE_REPLICA},   {0, 1u << 23, PBL_TRACE_REPLICA},
                {0, 1u << 24, PBL_TRACE_NEW_STATE}, {0, 1u << 25, PBL_TRACE_OLD_STATE},
                {0, 1u << 26, PBL_TRACE_CLAMPED},   {0, 1u << 27, PBL_TRACE_SATURATED},
                {0, 1u << 28, PBL_TRACE_FROZEN},    {0, 1u << 31, PBL_TRACE_UNUSED},
                {1, 1u << 0, PBL_TRACE_FIELD},      {1, 1u << 31, PBL_TRACE_FIELD},
                {2, 1u << 0, PBL_TRACE_RANDOM},     {2, 1u << 31, PBL_TRACE_RANDOM},
                {3, 1u << 0, PBL_TRACE_ENTRY},      {3, 1u << 31, PBL_TRACE_ENTRY}};
  for (int p = 0; p < PLANS; p++) {
    sound s = make(&plans[p]);
    const size_t at = s.first[3] + 11;
    for (size_t k = 0; k < sizeof faults / sizeof faults[0]; k++) {
      uint32_t *word = s.records + PBL_TRACE_WORDS * at + faults[k].word;
      *word ^= faults[k].bit;
      const pbl_trace_mismatch m = check(&s.rig.start, s.rig.image->beta, s.records, s.n, s.n);
      *word ^= faults[k].bit;
      assert_int_equal(m.part, faults[k].part);
      assert_int_equal(m.sweep, 4);
      assert_int_equal(m.place, 11);
      char text[1024];
      pbl_trace_mismatch_text(text, sizeof text, &m, &s.rig.image->hw);
      assert_non_null(strstr(text, pbl_trace_part_name(m.part)));
      assert_non_null(strstr(text, "sweep 4, update 12"));
    }
    release(&s);
  }
}

/* Old and new exchanged in every record: found where the first p-bit moves. */
static void exchanged_states_are_found(void **state) {
  (void)state;
  for (int p = 0; p < PLANS; p++) {
    sound s = make(&plans[p]);
    size_t first = s.n;
    for (size_t k = 0; k < s.n; k++) {
      uint32_t *w = s.records + PBL_TRACE_WORDS * k;
      const uint32_t now = *w >> 24 & 1, old = *w >> 25 & 1;
      if (now != old && k < first) first = k;
      *w = (*w & ~(3u << 24)) | old << 24 | now << 25;
    }
    const pbl_trace_mismatch m = check(&s.rig.start, s.rig.image->beta, s.records, s.n, s.n);
    assert_int_equal(m.part, PBL_TRACE_OLD_STATE);
    assert_int_equal(s.first[m.sweep - 1] + m.place, first);
    release(&s);
  }
}

/* A record lost, doubled, exchanged with the next one; the last one missing. */
static void lost_and_disordered_records_are_found(void **state) {
  (void)state;
  enum { BYTES = 4 * PBL_TRACE_WORDS };
  for (int p = 0; p < PLANS; p++) {
    sound s = make(&plans[p]);
    const size_t at = s.first[2] + 5;
    uint32_t *bad = malloc((s.n + 1) * BYTES), *here = bad + PBL_TRACE_WORDS * at;
    const uint32_t *there = s.records + PBL_TRACE_WORDS * at;
    const pbl_trace_start *start = &s.rig.start;
    const uint32_t beta = s.rig.image->beta;
    memcpy(bad, s.records, s.n * BYTES);
    memcpy(here, there + PBL_TRACE_WORDS, (s.n - at - 1) * BYTES);
    pbl_trace_mismatch m = check(start, beta, bad, s.n - 1, s.n);
    assert_true(m.part != PBL_TRACE_EQUAL && m.sweep == 3 && m.place == 5);
    memcpy(here + PBL_TRACE_WORDS, there, (s.n - at) * BYTES);
    memcpy(here, there, BYTES);
    m = check(start, beta, bad, s.n + 1, s.n);
    assert_true(m.part != PBL_TRACE_EQUAL && m.sweep == 3 && m.place == 6);
    memcpy(bad, s.records, s.n * BYTES);
    memcpy(here, there + PBL_TRACE_WORDS, BYTES);
    memcpy(here + PBL_TRACE_WORDS, there, BYTES);
    m = check(start, beta, bad, s.n, s.n);
    assert_true(m.part != PBL_TRACE_EQUAL && m.sweep == 3 && m.place == 5);
    m = check(start, beta, s.records, s.n - 1, s.n);
    assert_int_equal(m.part, PBL_TRACE_MISSING);
    assert_int_equal(m.sweep, SWEEPS);
    assert_int_equal(s.first[SWEEPS - 1] + m.place, s.n - 1);
    free(bad);
    release(&s);
  }
}

/* A device that holds another weight, threshold, clamp, state or seed than it should. */
static void a_wrong_start_is_found(void **state) {
  (void)state;
  for (int p = 0; p < PLANS; p++) {
    sound s = make(&plans[p]);
    pbl_trace_start *start = &s.rig.start;
    const uint32_t beta = s.rig.image->beta;
    const size_t weight = start->hw.fabric == PBL_FABRIC_SPARSE ? 1 : 0;
    start->words[weight] += 8;
    assert_int_equal(check(start, beta, s.records, s.n, 64).part, PBL_TRACE_FIELD);
    start->words[weight] -= 8;
    for (int k = 0; k < start->hw.table_size; k++) start->table[k] ^= 1;
    assert_int_equal(check(start, beta, s.records, s.n, 64).part, PBL_TRACE_ENTRY);
    for (int k = 0; k < start->hw.table_size; k++) start->table[k] ^= 1;
    start->clamp[3] = 1;
    assert_int_equal(check(start, beta, s.records, s.n, 64).part, PBL_TRACE_CLAMPED);
    start->clamp[3] = 0;
    start->generators[2] ^= 1u << 7;
    assert_int_equal(check(start, beta, s.records, s.n, 64).part, PBL_TRACE_RANDOM);
    start->generators[2] ^= 1u << 7;
    start->state[0] ^= 1;
    assert_true(check(start, beta, s.records, s.n, 64).part != PBL_TRACE_EQUAL);
    start->state[0] ^= 1;
    assert_int_equal(check(start, beta + 200, s.records, s.n, 64).part, PBL_TRACE_ENTRY);
    release(&s);
  }
}

/* Coins and picks come from the control generator: another one gives other orders. */
static void wrong_coins_and_picks_are_found(void **state) {
  (void)state;
  for (int p = 0; p < PLANS; p += 3) {
    sound s = make(&plans[p]);
    s.rig.start.generators[4 * (size_t)pbl_hw_cells(&s.rig.start.hw)] ^= 0x80000001u;
    const pbl_trace_mismatch m = check(&s.rig.start, s.rig.image->beta, s.records, s.n, s.n);
    assert_int_equal(m.part, PBL_TRACE_PBIT);
    release(&s);
  }
}

/* A ladder: the replicas' own betas. */
static void replicas_may_have_betas_of_their_own(void **state) {
  (void)state;
  for (int p = 0; p < PLANS; p++) {
    trace_rig rig;
    pbl_trace_check *c = NULL;
    uint32_t betas[8], *records = NULL;
    size_t n = 0, taken;
    trace_rig_create(&rig, &plans[p]);
    const size_t replicas = (size_t)rig.start.hw.replicas;
    for (size_t r = 0; r < replicas; r++) betas[r] = rig.image->beta + 300 * (uint32_t)r;
    assert_int_equal(pbl_trace_check_create(&c, &rig.start, NULL), PBL_OK);
    assert_int_equal(pbl_trace_check_make(c, betas, replicas, &records, &n, NULL), PBL_OK);
    pbl_trace_check_destroy(c);
    assert_int_equal(pbl_trace_check_create(&c, &rig.start, NULL), PBL_OK);
    assert_int_equal(pbl_trace_check_begin(c, betas, 3, NULL), PBL_INVALID);
    betas[2] += 300;
    assert_int_equal(pbl_trace_check_begin(c, betas, replicas, NULL), PBL_OK);
    assert_int_equal(pbl_trace_check_push(c, &taken, records, n, NULL), PBL_OK);
    const pbl_trace_mismatch *m = pbl_trace_check_mismatch(c);
    assert_non_null(m);
    assert_int_equal(m->part, PBL_TRACE_ENTRY);
    assert_int_equal(m->expected.replica, 2);
    pbl_trace_check_destroy(c);
    trace_rig_release(&rig);
    free(records);
  }
}

static void sweeps_before_the_trace_are_computed(void **state) {
  (void)state;
  sound s = make(&plans[0]);
  pbl_trace_check *c = NULL;
  size_t taken;
  assert_int_equal(pbl_trace_check_create(&c, &s.rig.start, NULL), PBL_OK);
  for (int t = 0; t < 4; t++) {
    assert_int_equal(pbl_trace_check_begin(c, &s.rig.image->beta, 1, NULL), PBL_OK);
    assert_int_equal(pbl_trace_check_begin(c, &s.rig.image->beta, 1, NULL), PBL_INVALID);
    assert_int_equal(pbl_trace_check_skip(c, NULL), PBL_OK);
  }
  assert_int_equal(pbl_trace_check_begin(c, &s.rig.image->beta, 1, NULL), PBL_OK);
  const size_t n = s.first[5] - s.first[4];
  assert_int_equal(pbl_trace_check_push(c, &taken, s.records + PBL_TRACE_WORDS * s.first[4],
                                        s.n - s.first[4], NULL),
                   PBL_OK);
  assert_int_equal(taken, n);
  assert_true(pbl_trace_check_is_done(c));
  assert_null(pbl_trace_check_mismatch(c));
  assert_int_equal(pbl_trace_check_sweeps(c), 5);
  pbl_trace_check_destroy(c);
  release(&s);
}

static void what_no_device_runs_is_refused(void **state) {
  (void)state;
  pbl_trace_check *c = NULL;
  trace_rig rig;
  trace_rig_create(&rig, &plans[0]);
  rig.start.kernel = PBL_KERNEL_RANDOM_SITE;
  assert_int_equal(pbl_trace_check_create(&c, &rig.start, NULL), PBL_INVALID);
  rig.start.kernel = PBL_KERNEL_CYCLIC;
  rig.start.state[3] = 2;
  assert_int_equal(pbl_trace_check_create(&c, &rig.start, NULL), PBL_INVALID);
  trace_rig_release(&rig);
  trace_rig_create(&rig, &plans[2]);
  const size_t cols = (size_t)pbl_hw_schedule_cols(&rig.start.hw);
  const size_t end = rig.image->sparse->n_groups - 1;
  int32_t *word[] = {&rig.start.schedule[1], &rig.start.schedule[2], &rig.start.words[0],
                     &rig.start.schedule[end * cols]};
  const int32_t bad[] = {60000, (int32_t)(0x80000000u | 20), (int32_t)(0x80000000u | 20), 0};
  for (int k = 0; k < 4; k++) {
    const int32_t good = *word[k];
    *word[k] = bad[k];
    assert_int_equal(pbl_trace_check_create(&c, &rig.start, NULL), PBL_INVALID);
    *word[k] = good;
  }
  assert_int_equal(pbl_trace_check_create(&c, &rig.start, NULL), PBL_OK);
  pbl_trace_check_destroy(c);
  trace_rig_release(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sound_traces_pass_in_pieces_of_any_size),
      cmocka_unit_test(a_fault_in_any_part_is_named_with_its_place),
      cmocka_unit_test(exchanged_states_are_found),
      cmocka_unit_test(lost_and_disordered_records_are_found),
      cmocka_unit_test(a_wrong_start_is_found),
      cmocka_unit_test(wrong_coins_and_picks_are_found),
      cmocka_unit_test(replicas_may_have_betas_of_their_own),
      cmocka_unit_test(sweeps_before_the_trace_are_computed),
      cmocka_unit_test(what_no_device_runs_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
