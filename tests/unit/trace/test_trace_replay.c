/* The replay of traces against the bit-exact twin, which other hands wrote: every update of every
 * fabric and kernel, in the order of the device. */
#include "pbl_cmocka.h"
#include "pbl_twin.h"
#include "trace_rig.h"

enum { SWEEPS = 40 };

typedef struct {
  uint32_t *records; /* of the replay */
  size_t n, at;
  int lanes;
  uint64_t saturated, frozen; /* of p-bits that are not clamped */
} replay;

static void compare(void *user, const pbl_twin_update *u) {
  replay *r = user;
  pbl_trace_update mine;
  assert_true(r->at < r->n);
  pbl_trace_unpack(&mine, r->records + PBL_TRACE_WORDS * r->at);
  const int replica = u->context * r->lanes + u->lane;
  if ((int)mine.pbit != u->pbit || (int)mine.replica != replica || mine.field != u->field ||
      mine.random != u->random_word || mine.entry != u->threshold ||
      (int)mine.old_state != u->old_state || (int)mine.new_state != u->new_state ||
      (int)mine.clamped != u->clamped)
    fail_msg(
        "update %zu, sweep %d: twin p-bit %d, replica %d, field %ld, word %x, entry %u, %d "
        "from %d; replay %u, %u, %d, %x, %u, %u from %u",
        r->at, (int)u->sweep, u->pbit, replica, (long)u->field, u->random_word, u->threshold,
        u->new_state, u->old_state, mine.pbit, mine.replica, mine.field, mine.random, mine.entry,
        mine.new_state, mine.old_state);
  if (!mine.clamped) {
    r->saturated += mine.saturated;
    r->frozen += mine.frozen;
  }
  r->at++;
}

/* Another beta in every fifth sweep. */
static uint32_t beta_of(const trace_rig *rig, int sweep) {
  return sweep % 5 == 4 ? 2 * rig->image->beta : rig->image->beta;
}

static void follow(const trace_plan *plan) {
  trace_rig rig;
  replay r = {.lanes = plan->lanes};
  pbl_trace_check *c = NULL;
  pbl_driver_counters counters;
  pbl_error err = {0};
  trace_rig_create(&rig, plan);
  if (pbl_trace_check_create(&c, &rig.start, &err)) fail_msg("%s", err.message);
  for (int t = 0; t < SWEEPS; t++) {
    const uint32_t beta = beta_of(&rig, t);
    if (pbl_trace_check_make(c, &beta, 1, &r.records, &r.n, &err)) fail_msg("%s", err.message);
  }
  pbl_driver *d = trace_rig_twin(&rig);
  assert_int_equal(pbl_twin_set_trace(pbl_driver_device(d), compare, &r, &err), PBL_OK);
  for (int t = 0; t < SWEEPS; t++) {
    assert_int_equal(pbl_driver_set_beta(d, beta_of(&rig, t), &err), PBL_OK);
    if (pbl_driver_run(d, NULL, 1, 1, NULL, &err)) fail_msg("%s", err.message);
  }
  assert_int_equal(r.at, r.n);
  assert_int_equal(pbl_driver_counters_read(d, &counters, &err), PBL_OK);
  assert_int_equal(r.saturated, counters.saturations);
  assert_int_equal(r.frozen, counters.freezes);
  pbl_driver_destroy(d);
  pbl_trace_check_destroy(c);
  trace_rig_release(&rig);
  free(r.records);
}

static void dense_updates_are_those_of_the_twin(void **state) {
  (void)state;
  for (int kernel = PBL_KERNEL_CYCLIC; kernel <= PBL_KERNEL_COIN; kernel++) {
    const trace_plan plain = {
        .fabric = PBL_FABRIC_DENSE, .kernel = (pbl_kernel)kernel, .lanes = 4, .contexts = 2};
    trace_plan odd = plain;
    follow(&plain);
    odd.coupled = odd.lfsr = odd.truncating = true;
    odd.strength = 2.5;
    follow(&odd);
  }
}

static void lattice_updates_are_those_of_the_twin(void **state) {
  (void)state;
  for (int kernel = PBL_KERNEL_CYCLIC; kernel <= PBL_KERNEL_COIN; kernel++) {
    for (int sites = 2; sites <= 16; sites *= 2) {
      const trace_plan plan = {.fabric = PBL_FABRIC_LATTICE,
                               .kernel = (pbl_kernel)kernel,
                               .lanes = 2,
                               .contexts = 3,
                               .sites = sites,
                               .shared = sites == 4   ? 4
                                         : sites == 8 ? 2
                                                      : 0,
                               .coupled = sites == 4,
                               .truncating = sites == 8,
                               .strength = sites == 8 ? 2.0 : 0.4};
      follow(&plan);
    }
  }
}

static void sparse_updates_are_those_of_the_twin(void **state) {
  (void)state;
  for (int kernel = PBL_KERNEL_CYCLIC; kernel <= PBL_KERNEL_RANDOM_SITE; kernel++) {
    for (int sites = 1; sites <= 8; sites *= 2) {
      const trace_plan plan = {.fabric = PBL_FABRIC_SPARSE,
                               .kernel = (pbl_kernel)kernel,
                               .lanes = 4,
                               .contexts = 2,
                               .sites = sites,
                               .shared = sites == 4   ? 2
                                         : sites == 8 ? 4
                                                      : 0,
                               .singles = sites == 2,
                               .coupled = sites == 4,
                               .truncating = sites == 8,
                               .strength = sites == 8 ? 2.0 : 0.4};
      follow(&plan);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dense_updates_are_those_of_the_twin),
      cmocka_unit_test(lattice_updates_are_those_of_the_twin),
      cmocka_unit_test(sparse_updates_are_those_of_the_twin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
